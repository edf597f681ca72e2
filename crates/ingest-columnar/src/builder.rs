//! The builder of a column, and which one a type takes.

use std::iter::Sum;
use std::ops::AddAssign;

use arrow::array::{ArrayRef, AsArray};
use ingest_infer::{DataType, Summary};
use serde::{Deserialize, Serialize};

use crate::columns::{
    Booleans, Dates, Decimals, Floats, Ints, JsonText, Lists, Nulls, Structs, Text, Times, Timestamps,
};
use crate::{ColumnType, Fields, Rules, Spares};

/// A column in the making.
pub trait ColumnBuilder: Send {
    /// Appends a row for each field.
    ///
    /// A field that is no value of the column's type and not null either is a misfit: its row, numbered within `fields`,
    /// is pushed to `misfits` (ascending; what is there already stays), and null stands in its place. O(bytes).
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>);

    /// The rows so far.
    fn len(&self) -> usize;

    /// Whether there are no rows yet.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column of all rows so far; the builder is empty then and can be used again.
    fn finish(&mut self) -> Column;
}

/// A finished column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its values, of the type that [`arrow_type`](crate::arrow_type) gives.
    pub array: ArrayRef,
    /// What observing every field but the misfits shows. Empty where the type was given. A text column stops looking
    /// when it is sure to be text.
    pub summary: Summary,
    /// What there is to report of it.
    pub counts: Counts,
}

/// What is counted of the values of a column, whatever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that are null, misfits among them.
    pub nulls: u64,
    /// Keys that came again in an object inside, whose last value is the one that is kept.
    pub doubled_keys: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.nulls += other.nulls;
        self.doubled_keys += other.doubled_keys;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(counts: I) -> Counts {
        let mut sum = Counts::default();
        counts.for_each(|count| sum += count);
        sum
    }
}

impl Column {
    /// Bytes of text in it; 0 for other types.
    pub fn text_bytes(&self) -> usize {
        self.array.as_string_opt::<i32>().map_or(0, |texts| texts.value_data().len())
    }
}

/// How much memory a builder sets aside from the start. More is taken as it is needed; a good guess saves moving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Room {
    /// Rows of any type.
    pub rows: usize,
    /// Bytes of text.
    pub text_bytes: usize,
}

impl From<usize> for Room {
    /// So many rows, and nothing known of their text.
    fn from(rows: usize) -> Self {
        Room { rows, text_bytes: 0 }
    }
}

/// The builder of a column of this type, with this much room, taken from `spares` where there is some.
pub fn builder_for(column_type: &ColumnType, room: impl Into<Room>, spares: &mut Spares) -> Box<dyn ColumnBuilder> {
    let room = room.into();
    let rows = room.rows;
    match &column_type.data_type {
        DataType::Null => Box::new(Nulls::new(column_type)),
        DataType::Bool => Box::new(Booleans::new(column_type, rows)),
        DataType::Int64 => Box::new(Ints::new(column_type, rows, spares)),
        DataType::Decimal128 { precision, scale } => {
            Box::new(Decimals::new(column_type, *precision, *scale, rows, spares))
        }
        DataType::Float64 => Box::new(Floats::new(column_type, rows, spares)),
        DataType::Date32 => Box::new(Dates::new(column_type, rows, spares)),
        DataType::Time64(unit) => Box::new(Times::new(column_type, *unit, rows, spares)),
        DataType::Timestamp { unit, utc } => Box::new(Timestamps::new(column_type, *unit, *utc, rows, spares)),
        DataType::Utf8 if column_type.json_text => Box::new(JsonText::new(column_type, room, spares)),
        DataType::Struct(members) => Box::new(Structs::new(column_type, members, rows, spares)),
        DataType::List(_) => Box::new(Lists::new(column_type, rows, spares)),
        DataType::Utf8 => Box::new(Text::new(column_type, room, spares)),
    }
}
