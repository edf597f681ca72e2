//! Whether columns hold what the shape promised.

use ingest::arrow::array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use ingest::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, RecordBatch};
use ingest_benches::{ColumnExpected, Expected, text_checksum};
use ingest_columnar::type_name;

/// Panics unless the columns have the expected names, types, rows, nulls and checksums.
#[allow(dead_code, reason = "not every bench makes whole tables")]
pub(crate) fn check_batches(batches: &[RecordBatch], expected: &Expected) {
    assert_eq!(batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>(), expected.rows, "{}", expected.shape);
    for (number, column) in expected.columns.iter().enumerate() {
        let arrays: Vec<ArrayRef> = batches.iter().map(|batch| batch.column(number).clone()).collect();
        assert!(batches.iter().all(|batch| batch.schema_ref().field(number).name() == &column.name));
        check_arrays(&arrays, column);
    }
}

/// Panics unless the arrays together have the expected type, nulls and checksum.
pub(crate) fn check_arrays(arrays: &[ArrayRef], expected: &ColumnExpected) {
    let (mut nulls, mut sum) = (0, 0u64);
    for array in arrays {
        // Parquet knows no columns without a type: they come back as text.
        let untyped = expected.data_type == "null" && array.logical_null_count() == array.len();
        assert!(untyped || type_name(array.data_type()) == expected.data_type, "{}", expected.name);
        nulls += array.logical_null_count() as u64;
        sum = sum.wrapping_add(checksum(array));
    }
    assert_eq!((nulls, sum), (expected.nulls, expected.checksum), "nulls and checksum of {}", expected.name);
}

fn checksum(array: &ArrayRef) -> u64 {
    match type_name(array.data_type()).as_str() {
        "null" => 0,
        "bool" => array.as_boolean().true_count() as u64,
        "int64" => sum::<Int64Type>(array, i64::cast_unsigned),
        "float64" => sum::<Float64Type>(array, f64::to_bits),
        "date32" => sum::<Date32Type>(array, |days| i64::from(days).cast_unsigned()),
        "timestamp[us]" => sum::<TimestampMicrosecondType>(array, i64::cast_unsigned),
        "utf8" => {
            let texts = array.as_string::<i32>().iter().flatten();
            texts.fold(0, |sum, text| sum.wrapping_add(text_checksum(text.as_bytes())))
        }
        other => panic!("no shape has a column of type {other}"),
    }
}

fn sum<T: ArrowPrimitiveType>(array: &ArrayRef, share: impl Fn(T::Native) -> u64) -> u64 {
    array.as_primitive::<T>().iter().flatten().fold(0, |sum, value| sum.wrapping_add(share(value)))
}
