//! Columns that no source holds: where a row comes from.

use std::iter::repeat_n;
use std::sync::Arc;

use ingest_columnar::arrow::array::{ArrayRef, Int64Array, StringArray};
use ingest_columnar::{Column, ColumnType, Counts};
use ingest_infer::{DataType, Summary};

use super::PlannedColumn;
use crate::error::{Code, Error, Result};
use crate::options::Options;
use crate::region::ParsedColumn;

/// What such a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The name of the row's source.
    Path,
    /// The row's number in the result, from 1.
    RowNumber,
}

/// A column that is made up of where its rows are.
#[derive(Clone, Debug)]
pub(crate) struct MadeColumn {
    pub name: String,
    what: What,
}

impl MadeColumn {
    /// Those that the options ask for, in their order behind the sources' columns.
    ///
    /// # Errors
    /// One has the name of another column.
    pub(super) fn all(options: &Options, columns: &[PlannedColumn]) -> Result<Vec<MadeColumn>> {
        let asked = [
            ("--path-column", What::Path, &options.path_column),
            ("--row-number", What::RowNumber, &options.row_number),
        ];
        let mut made: Vec<MadeColumn> = Vec::new();
        for (option, what, name) in asked {
            let Some(name) = name else { continue };
            let taken = columns.iter().any(|column| column.name == *name) || made.iter().any(|made| made.name == *name);
            if taken || name.is_empty() {
                let message = match taken {
                    true => format!("{option}: there is a column {name:?} already"),
                    false => format!("{option} needs a name"),
                };
                return Err(Error::new(Code::Usage, message).hint("give a name that no other column has"));
            }
            made.push(MadeColumn { name: name.clone(), what });
        }
        Ok(made)
    }

    pub(super) fn kind(&self) -> ColumnType {
        ColumnType::given(if self.what == What::Path { DataType::Utf8 } else { DataType::Int64 })
    }

    /// The values for `rows` rows of a source, `before` which the result has so many.
    pub(crate) fn column(&self, source: &str, before: u64, rows: usize) -> ParsedColumn {
        let array: ArrayRef = match self.what {
            What::Path => Arc::new(StringArray::from_iter_values(repeat_n(source, rows))),
            // Rows are counted in 64 bits with room to spare.
            What::RowNumber => Arc::new(Int64Array::from_iter_values((before.cast_signed() + 1..).take(rows))),
        };
        let column = Column { array, summary: Summary::default(), counts: Counts::default() };
        ParsedColumn { kind: self.kind(), column, errors: 0 }
    }
}
