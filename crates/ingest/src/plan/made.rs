//! Columns that no source holds: where a row comes from, and what the folders of its source say.

use std::iter::repeat_n;
use std::sync::Arc;

use ingest_columnar::arrow::array::{Array, ArrayRef, Int64Array, StringArray, UInt32Array, new_null_array};
use ingest_columnar::arrow::compute::{cast, take};
use ingest_columnar::{Column, ColumnType, Counts, Fields, Quotes, Rules, Spares, arrow_type, builder_for};
use ingest_infer::{DataType, NullWords, Summary};
use ingest_parse::{Dialect, Span};
use ingest_simd::{Padded, with_padding};
use ingest_source::Source;

use crate::error::{Code, Error, Result};
use crate::flaw::FlawKind;
use crate::folders::PathKeys;
use crate::options::{Infer, Options};
use crate::region::ParsedColumn;

/// What such a column says.
#[derive(Clone, Debug, PartialEq)]
enum What {
    /// The name of the row's source.
    Path,
    /// The row's number in the result, from 1.
    RowNumber,
    /// What the source's path says of it.
    Folder(Arc<PathKeys>),
}

/// A column that is made up of where its rows are.
#[derive(Clone, Debug)]
pub(crate) struct MadeColumn {
    pub name: String,
    /// Which column of the result it is, if it is one; conditions may ask for it all the same.
    pub position: Option<usize>,
    what: What,
    /// Its type in the result, and for conditions where that keeps its text.
    kind: ColumnType,
    kind_in_filter: ColumnType,
    /// Whether a null in it is a flaw.
    required: bool,
}

/// The names of the columns that the options and the paths of these sources make: those of folders, then the others.
///
/// # Errors
/// A path is not made up as the options say.
pub(super) fn made_names<'s>(options: &Options, sources: impl IntoIterator<Item = &'s Source>) -> Result<Vec<String>> {
    let keys = PathKeys::new(options);
    let mut names: Vec<String> = Vec::new();
    if !keys.is_empty() {
        for source in sources {
            let new = keys.of(source.name())?.into_iter().map(|(key, _)| key);
            for key in new {
                if !names.contains(&key) {
                    names.push(key);
                }
            }
        }
    }
    names.extend(options.path_column.iter().chain(&options.row_number).cloned());
    Ok(names)
}

/// The names of the columns that the paths of these sources make, but not those of the ones that are looked at.
///
/// # Errors
/// As [`made_names`].
pub(crate) fn made_by_others<'s>(
    options: &Options,
    sources: &[Source],
    looked_at: impl IntoIterator<Item = &'s Source>,
) -> Result<Vec<String>> {
    let known = made_names(options, looked_at)?;
    let mut names = made_names(options, sources)?;
    names.retain(|name| !known.contains(name));
    Ok(names)
}

/// Whether a condition may ask for a column of this name that is made before any row is read.
pub(super) fn is_made(name: &str, options: &Options, sources: &[Source]) -> bool {
    let unnumbered = Options { row_number: None, ..options.clone() };
    made_names(&unnumbered, sources).is_ok_and(|names| names.iter().any(|made| made == name))
}

/// The columns of these names, typed as the options say, or else by all of their values.
pub(super) fn made_columns(
    options: &Options,
    names: &[String],
    sources: &[Source],
    nulls: &NullWords,
) -> Result<Vec<MadeColumn>> {
    let asked = [(What::Path, &options.path_column), (What::RowNumber, &options.row_number)];
    let asked: Vec<_> = asked.into_iter().filter_map(|(what, name)| Some((what, name.as_ref()?))).collect();
    let (of_folders, _) = names.split_at(names.len() - asked.len());
    let keys = Arc::new(PathKeys::new(options));
    let mut summaries = vec![Summary::default(); of_folders.len()];
    for source in sources.iter().filter(|_| !of_folders.is_empty()) {
        for (key, value) in keys.of(source.name())? {
            let number = of_folders.iter().position(|known| *known == key).expect("the name of every key is known");
            if let Some(value) = value {
                // Nulls have a folder of their own: nothing is the empty text.
                summaries[number].observe(value.as_bytes(), value.is_empty(), nulls);
            }
        }
    }
    let kind = |summary: &Summary, infer: Infer| match infer {
        Infer::None => ColumnType::given(DataType::Utf8),
        _ => ColumnType::from(summary.decide()).with_text_for_null().settled(),
    };
    let infer_of_filter = options.filter.as_ref().map_or(options.infer, |filter| filter.infer(options.infer));
    let of_folder = |(name, summary): (&String, Summary)| {
        let (of_result, of_filter) = (kind(&summary, options.infer), kind(&summary, infer_of_filter));
        MadeColumn::new(name, What::Folder(keys.clone()), of_result, of_filter)
    };
    let other = |(what, name): (What, &String)| {
        let kind = ColumnType::given(if what == What::Path { DataType::Utf8 } else { DataType::Int64 });
        MadeColumn::new(name, what, kind.clone(), kind)
    };
    let columns = of_folders.iter().zip(summaries).map(of_folder).chain(asked.into_iter().map(other));
    columns.map(|column| column.typed_by(options)).collect()
}

impl MadeColumn {
    fn new(name: &str, what: What, kind: ColumnType, kind_in_filter: ColumnType) -> MadeColumn {
        MadeColumn { name: name.to_owned(), position: None, what, kind, kind_in_filter, required: false }
    }

    /// The column as the schema or `--type` wants it.
    fn typed_by(mut self, options: &Options) -> Result<MadeColumn> {
        self.required = options.required().any(|name| name == self.name);
        let Some((_, given)) = options.given_types().filter(|(name, _)| *name == self.name).last() else {
            return Ok(self);
        };
        let is_fit = match (&self.what, &given.data_type) {
            (_, DataType::Struct(_) | DataType::List(_)) => false,
            (What::RowNumber, kind) => holds_numbers(kind),
            _ => true,
        };
        if !is_fit {
            let message = format!("column {:?} cannot be {}: {}", self.name, given.data_type, self.says());
            return Err(Error::new(Code::Usage, message).hint("utf8 takes its text"));
        }
        let given = given.with_json_texts(&[]);
        (self.kind, self.kind_in_filter) = (given.clone(), given);
        Ok(self)
    }

    fn says(&self) -> &'static str {
        match self.what {
            What::Path => "it says what the source is called",
            What::RowNumber => "it numbers rows",
            What::Folder(_) => "it says what the source's path says",
        }
    }

    pub(super) fn is_folder(&self) -> bool {
        matches!(self.what, What::Folder(_))
    }

    #[cold]
    pub(super) fn refused(&self, is_taken: bool) -> Error {
        let (option, hint) = match self.what {
            What::Path => ("--path-column", "give a name that no other column has"),
            What::RowNumber => ("--row-number", "give a name that no other column has"),
            What::Folder(_) => {
                ("a key of the sources' paths", "--drop leaves out the column of that name in the files")
            }
        };
        let message = match is_taken {
            true => format!("{option}: there is a column {:?} already", self.name),
            false => format!("{option} needs a name"),
        };
        Error::new(Code::Usage, message).hint(hint)
    }

    pub(super) fn kind(&self) -> ColumnType {
        self.kind.clone()
    }

    /// Its type as conditions take it.
    pub(super) fn kind_in_filter(&self) -> ColumnType {
        self.kind_in_filter.clone()
    }

    /// Whether a condition can ask for it: it is known before rows are picked.
    pub(super) fn is_of_source(&self) -> bool {
        self.what != What::RowNumber
    }

    /// The values for `rows` rows of a source, before which the result has `before`.
    pub(crate) fn column(&self, source: &str, before: u64, rows: usize, rules: &Rules<'_>) -> ParsedColumn {
        let (array, fits) = match &self.what {
            What::RowNumber => (self.numbers(before, rows), true),
            _ => self.values_of_source(source, rows, &self.kind, rules),
        };
        let nulls = array.logical_null_count() as u64;
        let column = Column { array, summary: Summary::default(), counts: Counts { nulls, doubled_keys: 0 } };
        ParsedColumn { kind: self.kind(), column, errors: if fits { 0 } else { rows as u64 } }
    }

    /// The same for a condition.
    pub(crate) fn values_in_filter(&self, source: &str, rows: usize, rules: &Rules<'_>) -> ArrayRef {
        self.values_of_source(source, rows, &self.kind_in_filter, rules).0
    }

    fn numbers(&self, before: u64, rows: usize) -> ArrayRef {
        // Rows are counted in 64 bits with room to spare.
        let numbers = Int64Array::from_iter_values((before.cast_signed() + 1..).take(rows));
        cast(&numbers, &arrow_type(&self.kind.data_type)).expect("a type that holds numbers of rows was asked for")
    }

    /// The values, and whether what the path says fits their type; they are null where it does not.
    fn values_of_source(&self, source: &str, rows: usize, kind: &ColumnType, rules: &Rules<'_>) -> (ArrayRef, bool) {
        if self.what == What::Path && kind.data_type == DataType::Utf8 {
            return (Arc::new(StringArray::from_iter_values(repeat_n(source, rows))), true);
        }
        let Some(text) = self.text_of(source) else {
            return (new_null_array(&arrow_type(&kind.data_type), rows), true);
        };
        let (value, fits) = value_of(&text, kind, rules);
        let values = take(&value, &UInt32Array::from(vec![0; rows]), None).expect("there is one value");
        (values, fits)
    }

    /// What a source's path says; `None` where it says nothing, or null.
    fn text_of(&self, source: &str) -> Option<String> {
        match &self.what {
            What::Path => Some(source.to_owned()),
            What::RowNumber => None,
            // Whether all paths are made up as they should be was seen when the columns were.
            What::Folder(keys) => {
                let said = keys.of(source).unwrap_or_default();
                said.into_iter().find_map(|(key, value)| value.filter(|_| key == self.name))
            }
        }
    }

    /// What is wrong with each row of a source: its path says no value of the type that was asked for, or none where there must be
    /// one. `column`: its number among all; `nulls_misfits`: what is no value of the type is null.
    pub(super) fn flaw(&self, column: usize, source: &str, rules: &Rules<'_>, nulls_misfits: bool) -> Option<FlawKind> {
        if !self.is_of_source() || !(self.required || self.kind.given) {
            return None;
        }
        let text = self.text_of(source);
        let (array, fits) = self.values_of_source(source, 1, &self.kind, rules);
        let is_wrong =
            if fits { self.required && array.logical_null_count() > 0 } else { self.required || !nulls_misfits };
        let data_type = (!fits).then(|| self.kind.data_type.clone());
        is_wrong.then_some(FlawKind::Made { column, text, data_type })
    }
}

/// Whether a type holds every number of a row.
fn holds_numbers(kind: &DataType) -> bool {
    const INT64_DIGITS: i32 = 19;
    match kind {
        DataType::Int64 | DataType::Float64 | DataType::Utf8 => true,
        DataType::Decimal128 { precision, scale } => i32::from(*precision) - i32::from(*scale) >= INT64_DIGITS,
        _ => false,
    }
}

/// A text as a value of a type, in an array of one, and whether it fits.
fn value_of(text: &str, kind: &ColumnType, rules: &Rules<'_>) -> (ArrayRef, bool) {
    let memory = with_padding(text.as_bytes());
    let block = Padded::whole(&memory).expect("padded on both sides");
    let end = text.len() as u32;
    let span = if end == 0 { Span::quoted(0, 0, false) } else { Span::new(0, end) };
    let (mut builder, mut misfits) = (builder_for(kind, 1, &mut Spares::default()), Vec::new());
    // A path is no JSON, whatever its source is.
    let rules = Rules { quotes: Quotes::Wrap, ..*rules };
    builder.append(&Fields { block, spans: &[span], dialect: &Dialect::PLAIN_JSON }, &rules, &mut misfits);
    (builder.finish().array, misfits.is_empty())
}
