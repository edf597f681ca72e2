//! What a column is to be.

use ingest_infer::{DataType, DateOrder, Decision, Form};

/// What a column is to be, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnType {
    /// The type of its values.
    pub data_type: DataType,
    /// For a date column written like `31/12/2020`: which number comes first. `None` reads `2020-12-31`.
    pub date_order: Option<DateOrder>,
    /// Whether the type is settled: a misfit is then a bad value, else it means that the type must widen.
    pub given: bool,
    /// Which spellings of numbers it takes: `+5` and `007` only where the user named the type.
    pub form: Form,
}

impl ColumnType {
    /// A type that inference proposes.
    pub fn inferred(data_type: DataType) -> Self {
        ColumnType { data_type, date_order: None, given: false, form: Form::Inferred }
    }

    /// A type that the user asked for.
    pub fn given(data_type: DataType) -> Self {
        ColumnType { data_type, date_order: None, given: true, form: Form::Given }
    }
}

impl From<Decision> for ColumnType {
    fn from(decision: Decision) -> Self {
        ColumnType { date_order: decision.date_order, ..ColumnType::inferred(decision.data_type) }
    }
}
