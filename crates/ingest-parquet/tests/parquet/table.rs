//! Tables of every type, and how they are read back.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use ingest_columnar::arrow::array::*;
use ingest_columnar::arrow::compute::{cast, concat_batches};
use ingest_columnar::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use ingest_parquet::{EncodedGroup, StreamWriter, WriteOptions, encode_group};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::ParquetMetaData;

/// Which rows are null.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nulls {
    None,
    Some,
    All,
}

impl Nulls {
    fn is_null(self, row: usize) -> bool {
        match self {
            Nulls::None => false,
            Nulls::Some => row % 7 == 3 || row.is_multiple_of(11),
            Nulls::All => true,
        }
    }
}

/// A number that varies with the row, of both signs, sometimes repeating.
fn number(row: usize) -> i64 {
    let mixed = (row as i64).wrapping_mul(0x5851_f42d_4c95_7f2d) >> 20;
    if row.is_multiple_of(3) { (row % 10) as i64 - 5 } else { mixed }
}

pub(crate) fn types() -> Vec<DataType> {
    let utc = || Some("UTC".into());
    vec![
        DataType::Null,
        DataType::Boolean,
        DataType::Int64,
        DataType::Float64,
        DataType::Decimal128(9, 2),
        DataType::Decimal128(18, 3),
        DataType::Decimal128(38, 6),
        DataType::Date32,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Time64(TimeUnit::Nanosecond),
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Nanosecond, None),
        DataType::Timestamp(TimeUnit::Microsecond, utc()),
        DataType::Timestamp(TimeUnit::Nanosecond, utc()),
        DataType::Utf8,
        DataType::LargeUtf8,
    ]
}

/// A column of any of the types.
pub(crate) fn column(kind: &DataType, rows: std::ops::Range<usize>, nulls: Nulls) -> ArrayRef {
    let numbers = || rows.clone().map(|row| (!nulls.is_null(row)).then(|| number(row)));
    let texts = || numbers().map(|n| n.map(|n| if n == 0 { String::new() } else { format!("é {n}") }));
    match kind {
        DataType::Null => Arc::new(NullArray::new(rows.len())),
        DataType::Boolean => Arc::new(BooleanArray::from_iter(numbers().map(|n| n.map(|n| n > 0)))),
        DataType::Float64 => Arc::new(Float64Array::from_iter(numbers().map(|n| n.map(|n| n as f64 / 8.0)))),
        DataType::Date32 => Arc::new(Date32Array::from_iter(numbers().map(|n| n.map(|n| (n % 20_000) as i32)))),
        DataType::Decimal128(precision, _) => {
            let bound = 10i128.pow(u32::from(*precision));
            let values = Decimal128Array::from_iter(numbers().map(|n| n.map(|n| i128::from(n).pow(2) % bound - 17)));
            Arc::new(values.with_data_type(kind.clone()))
        }
        DataType::Time64(_) => {
            let day = Int64Array::from_iter(numbers().map(|n| n.map(|n| n.rem_euclid(86_400_000_000))));
            cast(&day, kind).unwrap()
        }
        DataType::Utf8 => Arc::new(StringArray::from_iter(texts())),
        DataType::LargeUtf8 => Arc::new(LargeStringArray::from_iter(texts())),
        _ => cast(&Int64Array::from_iter(numbers()), kind).unwrap(),
    }
}

pub(crate) fn schema(kinds: &[DataType]) -> SchemaRef {
    let field = |(number, kind): (usize, &DataType)| Field::new(format!("c{number}.{kind}"), kind.clone(), true);
    Arc::new(Schema::new(kinds.iter().enumerate().map(field).collect::<Vec<_>>()))
}

pub(crate) fn batch(schema: &SchemaRef, rows: std::ops::Range<usize>, nulls: Nulls) -> RecordBatch {
    let columns = schema.fields().iter().map(|field| column(field.data_type(), rows.clone(), nulls)).collect();
    RecordBatch::try_new(schema.clone(), columns).unwrap()
}

pub(crate) fn group(batch: &RecordBatch, options: &WriteOptions) -> EncodedGroup {
    encode_group(&batch.schema(), std::slice::from_ref(batch), options).unwrap()
}

/// A whole file of these groups.
pub(crate) fn file(schema: &SchemaRef, groups: Vec<EncodedGroup>) -> Vec<u8> {
    let mut writer = StreamWriter::new(Vec::new(), schema.clone()).unwrap();
    for group in groups {
        writer.append(group).unwrap();
    }
    let (bytes, report) = writer.finish().unwrap();
    assert_eq!(report.bytes, bytes.len() as u64);
    bytes
}

pub(crate) fn opened(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// The file's rows and everything its footer says.
pub(crate) fn read(bytes: &[u8]) -> (RecordBatch, Arc<ParquetMetaData>) {
    use parquet::file::metadata::PageIndexPolicy;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(opened(bytes), options).unwrap();
    let (schema, metadata) = (builder.schema().clone(), builder.metadata().clone());
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    (concat_batches(&schema, &batches).unwrap(), metadata)
}

/// A column as it is read back: text has small offsets, null is text.
pub(crate) fn as_read(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Null | DataType::LargeUtf8 => cast(column, &DataType::Utf8).unwrap(),
        _ => column.clone(),
    }
}
