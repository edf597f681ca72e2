//! Columns to delimited text: a header, then a record a row. Null is nothing, an empty string is `""`; structs and lists are
//! their JSON.

use std::io::Write;
use std::sync::Arc;

use ingest_columnar::arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StructArray};
use ingest_columnar::arrow::datatypes::{
    DataType, Schema, TimeUnit, TimestampMicrosecondType, TimestampNanosecondType,
};
use ingest_columnar::arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::{Error, Result};
use crate::jsonl::Values;

/// Appends a field: quoted where it must be, null as nothing.
pub(crate) fn write_field(text: Option<&[u8]>, out: &mut Vec<u8>) {
    let Some(text) = text else { return };
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !text.is_empty() && !text.iter().any(special) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for part in text.split_inclusive(|&byte| byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

/// The header.
pub(crate) fn header(schema: &Schema) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, field) in schema.fields().iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write_field(Some(field.name().as_bytes()), &mut out);
    }
    out.push(b'\n');
    out
}

/// The rows of a batch. A null in a table of one column is a blank line, which reads back as null there.
pub(crate) fn rows(batch: &RecordBatch) -> Result<Vec<u8>> {
    let options = FormatOptions::new();
    let columns: Vec<ArrayRef> = batch.columns().iter().map(named_by_offset).collect();
    let columns = columns.iter().map(|column| Cells::new(column, &options)).collect::<Result<Vec<_>>>()?;
    let mut out = Vec::new();
    let mut text = Vec::new();
    for row in 0..batch.num_rows() {
        for (number, column) in columns.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            write_field(column.text(row, &mut text), &mut out);
        }
        out.push(b'\n');
    }
    Ok(out)
}

/// The text of each value of a column as it stands in a field, without the quotes that it may need there; `None` for null.
pub(crate) fn texts(column: &ArrayRef) -> Result<Vec<Option<Vec<u8>>>> {
    let column = named_by_offset(column);
    let options = FormatOptions::new();
    let cells = Cells::new(&column, &options)?;
    let mut text = Vec::new();
    Ok((0..column.len()).map(|row| cells.text(row, &mut text).map(<[u8]>::to_vec)).collect())
}

/// The column, its zones (always UTC here) by offset: that can be shown without a table of time zones.
pub(crate) fn named_by_offset(column: &ArrayRef) -> ArrayRef {
    const UTC: &str = "+00:00";
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            Arc::new(column.as_primitive::<TimestampMicrosecondType>().clone().with_timezone(UTC))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, Some(_)) => {
            Arc::new(column.as_primitive::<TimestampNanosecondType>().clone().with_timezone(UTC))
        }
        DataType::Struct(fields) => {
            let array = column.as_struct();
            let columns: Vec<ArrayRef> = array.columns().iter().map(named_by_offset).collect();
            let kinds = fields.iter().zip(&columns);
            let fields = kinds.map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()));
            let named =
                StructArray::try_new_with_length(fields.collect(), columns, array.nulls().cloned(), array.len());
            Arc::new(named.expect("the same columns by other names"))
        }
        DataType::List(item) => {
            let array = column.as_list::<i32>();
            let items = named_by_offset(array.values());
            let item = Arc::new(item.as_ref().clone().with_data_type(items.data_type().clone()));
            Arc::new(ListArray::new(item, array.offsets().clone(), items, array.nulls().cloned()))
        }
        _ => column.clone(),
    }
}

/// One column's cells as text.
pub(crate) enum Cells<'a> {
    Text(&'a StringArray),
    Json(&'a dyn Array, Values<'a>),
    Formatted(&'a dyn Array, ArrayFormatter<'a>),
}

impl<'a> Cells<'a> {
    pub(crate) fn new(column: &'a dyn Array, options: &'a FormatOptions<'a>) -> Result<Self> {
        if let (DataType::Utf8, Some(text)) = (column.data_type(), column.as_any().downcast_ref()) {
            return Ok(Cells::Text(text));
        }
        if let DataType::Struct(_) | DataType::List(_) = column.data_type() {
            return Ok(Cells::Json(column, Values::new(column, options)?));
        }
        let formatter = ArrayFormatter::try_new(column, options).map_err(Error::encode)?;
        Ok(Cells::Formatted(column, formatter))
    }

    /// The text of one value, in `memory` where it has to be made.
    pub(crate) fn text<'t>(&'t self, row: usize, memory: &'t mut Vec<u8>) -> Option<&'t [u8]> {
        memory.clear();
        match self {
            Cells::Text(column) => return column.is_valid(row).then(|| column.value(row).as_bytes()),
            // A column without a type holds nothing but nulls, and no bits that say so.
            Cells::Formatted(column, _) if *column.data_type() == DataType::Null => return None,
            Cells::Formatted(column, _) | Cells::Json(column, _) if column.is_null(row) => return None,
            Cells::Json(_, values) => values.write(row, memory),
            Cells::Formatted(_, formatter) => {
                write!(memory, "{}", formatter.value(row)).expect("writing to memory");
            }
        }
        Some(memory)
    }
}

#[cfg(test)]
mod tests {
    use ingest_columnar::arrow::array::TimestampMicrosecondArray;
    use ingest_columnar::arrow::datatypes::Field;

    use super::*;

    #[test]
    fn instants_are_written_in_utc() {
        let instants = TimestampMicrosecondArray::from(vec![Some(1_500_000), None]).with_timezone("UTC");
        let field = Field::new("t", instants.data_type().clone(), true);
        let batch =
            RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(instants)]).expect("a batch");
        assert_eq!(rows(&batch).expect("text"), b"1970-01-01T00:00:01.500Z\n\n");
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let written = |text: Option<&str>| {
            let mut out = Vec::new();
            write_field(text.map(str::as_bytes), &mut out);
            String::from_utf8(out).expect("utf-8")
        };
        assert_eq!(written(None), "");
        assert_eq!(written(Some("")), "\"\"");
        assert_eq!(written(Some("1.50")), "1.50");
        assert_eq!(written(Some("a,\"b\"\n")), "\"a,\"\"b\"\"\n\"");
    }
}
