//! Columns that no source holds: where a row comes from, and what the folders of its source say.

use std::iter::repeat_n;
use std::sync::Arc;

use ingest_columnar::arrow::array::{ArrayRef, Int64Array, StringArray, UInt32Array, new_null_array};
use ingest_columnar::arrow::compute::take;
use ingest_columnar::{Column, ColumnType, Counts, Fields, Rules, Spares, arrow_type, builder_for};
use ingest_infer::{DataType, Summary};
use ingest_parse::{Dialect, Span};
use ingest_simd::{Padded, with_padding};
use ingest_source::Source;

use super::{Input, Plan};
use crate::error::{Code, Error, Result};
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
    /// What the source's path says of it, read as one type for the result, and as another,
    /// where that keeps its text, for conditions.
    Folder { keys: Arc<PathKeys>, of_result: ColumnType, of_filter: ColumnType },
}

/// A column that is made up of where its rows are.
#[derive(Clone, Debug)]
pub(crate) struct MadeColumn {
    pub name: String,
    what: What,
}

impl Plan {
    /// Adds the columns that the options ask for, behind the sources' columns: those of folders, then the others.
    ///
    /// # Errors
    /// One has the name of another column.
    pub(super) fn make_columns(&mut self, options: &Options) -> Result<()> {
        self.made.retain(MadeColumn::is_folder);
        let asked = [(What::Path, &options.path_column), (What::RowNumber, &options.row_number)];
        for (what, name) in asked {
            self.made.extend(name.iter().map(|name| MadeColumn { name: name.clone(), what: what.clone() }));
        }
        self.check_made_names()
    }

    /// Adds a column for each key that the paths of the sources say, typed by all of its values.
    pub(super) fn make_folder_columns(&mut self, options: &Options, inputs: &[Input]) -> Result<()> {
        let keys = Arc::new(PathKeys::new(options));
        let mut folders: Vec<(String, Summary)> = Vec::new();
        for input in inputs {
            for (key, value) in keys.of(input.source.name())? {
                let number = folders.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                    folders.push((key, Summary::default()));
                    folders.len() - 1
                });
                if let Some(value) = value {
                    // Nulls have a folder of their own: nothing is the empty text.
                    folders[number].1.observe(value.as_bytes(), value.is_empty(), &self.nulls);
                }
            }
        }
        let kind = |summary: &Summary, infer: Infer| match infer {
            Infer::None => ColumnType::given(DataType::Utf8),
            _ => ColumnType::from(summary.decide()).with_text_for_null().settled(),
        };
        let infer_of_filter = options.filter.as_ref().map_or(options.infer, |filter| filter.infer(options.infer));
        let column = |(name, summary): (String, Summary)| {
            let (of_result, of_filter) = (kind(&summary, options.infer), kind(&summary, infer_of_filter));
            MadeColumn { name, what: What::Folder { keys: keys.clone(), of_result, of_filter } }
        };
        let folders = folders.into_iter().map(column);
        self.made.splice(0..0, folders);
        self.check_made_names()
    }

    fn check_made_names(&self) -> Result<()> {
        for (number, MadeColumn { name, .. }) in self.made.iter().enumerate() {
            let others = || self.selected.iter().map(|&index| self.name_of(index));
            let is_taken =
                others().any(|other| other == name) || self.made[..number].iter().any(|made| made.name == *name);
            if is_taken || name.is_empty() {
                return Err(self.made[number].refused(is_taken));
            }
        }
        Ok(())
    }
}

/// Whether a column of this name is made of where rows are, before any is read.
pub(super) fn is_made(name: &str, options: &Options, sources: &[Source]) -> bool {
    let keys = PathKeys::new(options);
    let of_source = |source: &Source| keys.of(source.name()).unwrap_or_default();
    let is_key = |source: &Source| of_source(source).iter().any(|(key, _)| key == name);
    options.path_column.as_deref() == Some(name) || sources.iter().any(is_key)
}

impl MadeColumn {
    fn is_folder(&self) -> bool {
        matches!(self.what, What::Folder { .. })
    }

    #[cold]
    fn refused(&self, is_taken: bool) -> Error {
        let (option, hint) = match self.what {
            What::Path => ("--path-column", "give a name that no other column has"),
            What::RowNumber => ("--row-number", "give a name that no other column has"),
            What::Folder { .. } => {
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
        match &self.what {
            What::Path => ColumnType::given(DataType::Utf8),
            What::RowNumber => ColumnType::given(DataType::Int64),
            What::Folder { of_result, .. } => of_result.clone(),
        }
    }

    /// Its type as conditions take it.
    pub(super) fn kind_in_filter(&self) -> ColumnType {
        match &self.what {
            What::Folder { of_filter, .. } => of_filter.clone(),
            _ => self.kind(),
        }
    }

    /// Whether a condition can ask for it: it is known before rows are picked.
    pub(super) fn is_of_source(&self) -> bool {
        self.what != What::RowNumber
    }

    /// The values for `rows` rows of a source, before which the result has `before`.
    pub(crate) fn column(&self, source: &str, before: u64, rows: usize, rules: &Rules<'_>) -> ParsedColumn {
        let array: ArrayRef = match &self.what {
            // Rows are counted in 64 bits with room to spare.
            What::RowNumber => Arc::new(Int64Array::from_iter_values((before.cast_signed() + 1..).take(rows))),
            _ => self.values_of_source(source, rows, &self.kind(), rules),
        };
        let nulls = array.logical_null_count() as u64;
        let column = Column { array, summary: Summary::default(), counts: Counts { nulls, doubled_keys: 0 } };
        ParsedColumn { kind: self.kind(), column, errors: 0 }
    }

    /// The same for a condition.
    pub(crate) fn values_in_filter(&self, source: &str, rows: usize, rules: &Rules<'_>) -> ArrayRef {
        self.values_of_source(source, rows, &self.kind_in_filter(), rules)
    }

    fn values_of_source(&self, source: &str, rows: usize, kind: &ColumnType, rules: &Rules<'_>) -> ArrayRef {
        if self.what == What::Path {
            return Arc::new(StringArray::from_iter_values(repeat_n(source, rows)));
        }
        self.folder_value(source, kind, rules).map_or_else(
            || new_null_array(&arrow_type(&kind.data_type), rows),
            |value| take(&value, &UInt32Array::from(vec![0; rows]), None).expect("there is one value"),
        )
    }

    /// What a source's folder says, as an array of one; `None` where there is none.
    fn folder_value(&self, source: &str, kind: &ColumnType, rules: &Rules<'_>) -> Option<ArrayRef> {
        let What::Folder { keys, .. } = &self.what else { return None };
        // Whether all paths are made up as they should be was seen when the columns were.
        let said = keys.of(source).unwrap_or_default();
        let value = said.into_iter().find_map(|(key, value)| value.filter(|_| key == self.name))?;
        let memory = with_padding(value.as_bytes());
        let block = Padded::whole(&memory)?;
        let end = value.len() as u32;
        let span = if end == 0 { Span::quoted(0, 0, false) } else { Span::new(0, end) };
        let mut builder = builder_for(kind, 1, &mut Spares::default());
        builder.append(&Fields { block, spans: &[span], dialect: &Dialect::PLAIN_JSON }, rules, &mut Vec::new());
        Some(builder.finish().array)
    }
}
