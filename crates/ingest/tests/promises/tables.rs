//! A table as plain values, so that what two readers made can be compared whatever batches it came in.

use ingest::arrow::array::{Array, ArrayRef, AsArray};
use ingest::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Schema, Time64MicrosecondType, Time64NanosecondType,
    TimeUnit, TimestampMicrosecondType, TimestampNanosecondType,
};
use ingest::arrow::record_batch::RecordBatch;
use ingest::{Frame, type_name};

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: String,
    pub(crate) values: Vec<Value>,
}

/// One value. The column's type says what a number counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// Whole numbers, unscaled decimals, days, parts of a second.
    Whole(i128),
    /// The bits: -0 is not 0.
    Float(u64),
    Text(String),
    /// The fields of a struct, or the items of a list.
    Nested(Vec<Value>),
}

impl Column {
    pub(crate) fn nulls(&self) -> u64 {
        self.values.iter().filter(|value| **value == Value::Null).count() as u64
    }
}

/// The columns of a frame.
pub(crate) fn columns_of(frame: &Frame) -> Vec<Column> {
    columns_of_batches(frame.schema(), frame.batches())
}

/// The columns of batches of one schema.
pub(crate) fn columns_of_batches(schema: &Schema, batches: &[RecordBatch]) -> Vec<Column> {
    let column = |(index, field): (usize, &std::sync::Arc<ingest::arrow::datatypes::Field>)| Column {
        name: field.name().clone(),
        data_type: type_name(field.data_type()),
        values: batches.iter().flat_map(|batch| values_of(batch.column(index))).collect(),
    };
    schema.fields().iter().enumerate().map(column).collect()
}

fn values_of(array: &ArrayRef) -> Vec<Value> {
    let nulls = array.logical_nulls();
    let is_null = |row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    (0..array.len()).map(|row| if is_null(row) { Value::Null } else { value_of(array, row) }).collect()
}

fn value_of(array: &ArrayRef, row: usize) -> Value {
    use TimeUnit::{Microsecond, Nanosecond};
    Value::Whole(match array.data_type() {
        DataType::Boolean => return Value::Bool(array.as_boolean().value(row)),
        DataType::Float64 => return Value::Float(array.as_primitive::<Float64Type>().value(row).to_bits()),
        DataType::Utf8 => return Value::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => return Value::Text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => return Value::Text(array.as_string_view().value(row).to_owned()),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value(row),
        DataType::Date32 => array.as_primitive::<Date32Type>().value(row).into(),
        DataType::Time64(Microsecond) => array.as_primitive::<Time64MicrosecondType>().value(row).into(),
        DataType::Time64(Nanosecond) => array.as_primitive::<Time64NanosecondType>().value(row).into(),
        DataType::Timestamp(Microsecond, _) => array.as_primitive::<TimestampMicrosecondType>().value(row).into(),
        DataType::Timestamp(Nanosecond, _) => array.as_primitive::<TimestampNanosecondType>().value(row).into(),
        DataType::Struct(_) => {
            let fields = array.as_struct().columns().iter();
            return Value::Nested(fields.flat_map(|field| values_of(&field.slice(row, 1))).collect());
        }
        DataType::List(_) => return Value::Nested(values_of(&array.as_list::<i32>().value(row))),
        other => panic!("the engine makes no {other}"),
    })
}
