//! What a column is to be.

use ingest_infer::{DataType, DateOrder, Decision, Form};

/// What a column is to be, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnType {
    /// The type of its values.
    pub data_type: DataType,
    /// For a date column written like `31/12/2020`: which number comes first. `None` reads `2020-12-31`.
    pub date_order: Option<DateOrder>,
    /// Whether the user asked for the type. Then `+5` and `007` are numbers and a misfit is a bad value; else a misfit
    /// means that the type must widen.
    pub given: bool,
}

impl ColumnType {
    /// A type that inference proposes.
    pub fn inferred(data_type: DataType) -> Self {
        ColumnType { data_type, date_order: None, given: false }
    }

    /// A type that the user asked for.
    pub fn given(data_type: DataType) -> Self {
        ColumnType { data_type, date_order: None, given: true }
    }

    /// Which spellings of numbers it takes.
    pub fn form(&self) -> Form {
        if self.given { Form::Given } else { Form::Inferred }
    }
}

impl From<Decision> for ColumnType {
    fn from(decision: Decision) -> Self {
        ColumnType { data_type: decision.data_type, date_order: decision.date_order, given: false }
    }
}
