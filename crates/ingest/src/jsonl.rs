//! Columns to JSON lines: an object a row, with every column as a member; null is `null`.
//!
//! Numbers and booleans are written as such, all else as strings, and so are infinities and NaN, which JSON has no numbers for.

use std::io::Write;

use ingest_columnar::arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StructArray};
use ingest_columnar::arrow::datatypes::DataType;
use ingest_columnar::arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::csv::named_by_offset;
use crate::error::{Error, Result};

/// The rows of a batch, a line each.
pub(crate) fn rows(batch: &RecordBatch) -> Result<Vec<u8>> {
    let options = FormatOptions::new();
    let columns: Vec<ArrayRef> = batch.columns().iter().map(named_by_offset).collect();
    let schema = batch.schema();
    let members = schema.fields().iter().zip(&columns);
    let members =
        members.map(|(field, column)| Member::new(field.name(), column, &options)).collect::<Result<Vec<_>>>()?;
    let mut out = Vec::new();
    for row in 0..batch.num_rows() {
        write_object(&members, row, &mut out);
        out.push(b'\n');
    }
    Ok(out)
}

/// One member of an object: its key as JSON, and the values.
pub(crate) struct Member<'a> {
    key: String,
    values: Values<'a>,
}

impl<'a> Member<'a> {
    fn new(name: &str, column: &'a dyn Array, options: &'a FormatOptions<'a>) -> Result<Self> {
        Ok(Member { key: serde_json::Value::from(name).to_string(), values: Values::new(column, options)? })
    }
}

/// The values of an array, of which timestamps are [named by their offset](named_by_offset).
pub(crate) enum Values<'a> {
    Null,
    Text(&'a StringArray),
    Number(&'a dyn Array, ArrayFormatter<'a>),
    Other(&'a dyn Array, ArrayFormatter<'a>),
    Object(&'a StructArray, Vec<Member<'a>>),
    List(&'a ListArray, Box<Values<'a>>),
}

impl<'a> Values<'a> {
    pub(crate) fn new(column: &'a dyn Array, options: &'a FormatOptions<'a>) -> Result<Self> {
        let formatter = || ArrayFormatter::try_new(column, options).map_err(Error::encode);
        Ok(match column.data_type() {
            DataType::Null => Values::Null,
            DataType::Utf8 => Values::Text(column.as_string()),
            DataType::Struct(fields) => {
                let members = fields.iter().zip(column.as_struct().columns());
                let members = members.map(|(field, column)| Member::new(field.name(), column, options));
                Values::Object(column.as_struct(), members.collect::<Result<_>>()?)
            }
            DataType::List(_) => {
                let items = Values::new(column.as_list::<i32>().values(), options)?;
                Values::List(column.as_list(), Box::new(items))
            }
            DataType::Boolean | DataType::Int64 | DataType::Float64 | DataType::Decimal128(..) => {
                Values::Number(column, formatter()?)
            }
            _ => Values::Other(column, formatter()?),
        })
    }

    /// Appends the JSON of one value.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) {
        let start = out.len();
        match self {
            Values::Text(column) if column.is_valid(row) => write_text(column.value(row), out),
            Values::Number(column, formatter) if column.is_valid(row) => {
                write!(out, "{}", formatter.value(row)).expect("writing to memory");
                if out.ends_with(b"inf") || out.ends_with(b"NaN") {
                    out.insert(start, b'"');
                    out.push(b'"');
                }
            }
            Values::Other(column, formatter) if column.is_valid(row) => {
                write_text(&formatter.value(row).to_string(), out);
            }
            Values::Object(column, members) if column.is_valid(row) => write_object(members, row, out),
            Values::List(column, items) if column.is_valid(row) => {
                let ends = column.value_offsets();
                out.push(b'[');
                for item in ends[row] as usize..ends[row + 1] as usize {
                    if item > ends[row] as usize {
                        out.push(b',');
                    }
                    items.write(item, out);
                }
                out.push(b']');
            }
            _ => out.extend_from_slice(b"null"),
        }
    }
}

fn write_object(members: &[Member<'_>], row: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    for (number, member) in members.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        out.extend_from_slice(member.key.as_bytes());
        out.push(b':');
        member.values.write(row, out);
    }
    out.push(b'}');
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing to memory");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ingest_columnar::arrow::array::Float64Array;

    use super::*;

    #[test]
    fn what_is_no_number_of_json_is_a_string() {
        let column = Float64Array::from(vec![Some(1.5), Some(f64::NAN), Some(f64::NEG_INFINITY), None]);
        let batch = RecordBatch::try_from_iter([("f", Arc::new(column) as ArrayRef)]).expect("a column");
        let text = String::from_utf8(rows(&batch).expect("they have a form")).expect("UTF-8");
        assert_eq!(text, "{\"f\":1.5}\n{\"f\":\"NaN\"}\n{\"f\":\"-inf\"}\n{\"f\":null}\n");
        assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    }
}
