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
use crate::options::{Infer, Options};
use crate::region::ParsedColumn;

/// What such a column says.
#[derive(Clone, Debug, PartialEq)]
enum What {
    /// The name of the row's source.
    Path,
    /// The row's number in the result, from 1.
    RowNumber,
    /// What stands behind `KEY=` in the name of a folder on the source's path, read as one type for the result, and as another,
    /// where that keeps its text, for conditions.
    Folder { of_result: ColumnType, of_filter: ColumnType },
}

/// A column that is made up of where its rows are.
#[derive(Clone, Debug)]
pub(crate) struct MadeColumn {
    pub name: String,
    what: What,
}

/// How folders of tables say that a value is null.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

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

    /// Adds a column for each `KEY=VALUE` among the folders of the sources, typed by all of its values.
    pub(super) fn make_folder_columns(&mut self, options: &Options, inputs: &[Input]) -> Result<()> {
        let mut folders: Vec<(String, Summary)> = Vec::new();
        for input in inputs {
            for (key, value) in folders_of(input.source.name()) {
                let number = folders.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                    folders.push((key, Summary::default()));
                    folders.len() - 1
                });
                if value != NULL_FOLDER {
                    folders[number].1.observe(value.as_bytes(), false, &self.nulls);
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
            MadeColumn { name, what: What::Folder { of_result, of_filter } }
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
    let is_key = |source: &Source| folders_of(source.name()).any(|(key, _)| key == name);
    options.path_column.as_deref() == Some(name) || (options.hive && sources.iter().any(is_key))
}

/// The keys and values of the folders on a path, as they are meant.
fn folders_of(path: &str) -> impl Iterator<Item = (String, String)> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let pairs = folders.split('/').filter_map(|folder| folder.split_once('=')).filter(|(key, _)| !key.is_empty());
    pairs.map(|(key, value)| (unescaped(key), unescaped(value)))
}

/// A name with `%3A` and the like as the bytes they stand for, unless these are no text.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
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
            What::Folder { .. } => ("--hive", "--drop leaves out the column of that name in the files"),
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
        let (_, value) = folders_of(source).find(|(key, value)| *key == self.name && value != NULL_FOLDER)?;
        let memory = with_padding(value.as_bytes());
        let block = Padded::whole(&memory)?;
        let span = Span::new(0, value.len() as u32);
        let mut builder = builder_for(kind, 1, &mut Spares::default());
        builder.append(&Fields { block, spans: &[span], dialect: &Dialect::PLAIN_JSON }, rules, &mut Vec::new());
        Some(builder.finish().array)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_keys_and_values() {
        let found = |path: &str| folders_of(path).collect::<Vec<_>>();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            found("data/year=2024/city=S%C3%A3o%20Paulo/x=1.csv"),
            [pair("year", "2024"), pair("city", "São Paulo")]
        );
        assert_eq!(found("/a/=b/c=/d.csv"), [pair("c", "")]);
        assert_eq!(found("x=1.csv"), []);
        assert_eq!(found("k=100%/x.csv"), [pair("k", "100%")]);
        assert_eq!(found("k=%ff%/x.csv"), [pair("k", "%ff%")], "no text");
    }
}
