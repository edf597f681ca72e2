//! Every type there and back: values, nulls, slices, and the memory itself.
#![allow(clippy::unwrap_used, reason = "a failed unwrap in a test is the report")]

use std::sync::Arc;

use arrow2::array::{Int64Array as Int64Array2, Utf8Array as Utf8Array2};
use ingest_arrow2::{from_arrow2, to_arrow2};
use ingest_columnar::arrow::array::*;
use ingest_columnar::arrow::compute::cast;
use ingest_columnar::arrow::datatypes::{DataType, Field, Int64Type, Schema, TimeUnit};

fn types() -> Vec<DataType> {
    let utc = || Some("UTC".into());
    vec![
        DataType::Null,
        DataType::Boolean,
        DataType::Int64,
        DataType::Float64,
        DataType::Decimal128(38, 6),
        DataType::Date32,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Time64(TimeUnit::Nanosecond),
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Nanosecond, utc()),
        DataType::Utf8,
        DataType::LargeUtf8,
    ]
}

fn column(kind: &DataType, rows: usize, nulls: bool) -> ArrayRef {
    let numbers = || (0..rows as i64).map(|row| (!nulls || row % 3 != 1).then_some(row * 7919 % 1000));
    match kind {
        DataType::Null => Arc::new(NullArray::new(rows)),
        DataType::Boolean => Arc::new(BooleanArray::from_iter(numbers().map(|n| n.map(|n| n % 2 == 0)))),
        DataType::Date32 => Arc::new(Date32Array::from_iter(numbers().map(|n| n.map(|n| n as i32)))),
        DataType::Decimal128(..) => {
            let values = Decimal128Array::from_iter(numbers().map(|n| n.map(|n| i128::from(n) << 70)));
            Arc::new(values.with_data_type(kind.clone()))
        }
        DataType::Utf8 | DataType::LargeUtf8 => {
            let texts = StringArray::from_iter(numbers().map(|n| n.map(|n| "ü".repeat(n as usize % 5))));
            cast(&texts, kind).unwrap()
        }
        _ => cast(&Int64Array::from_iter(numbers()), kind).unwrap(),
    }
}

fn batch(rows: usize, nulls: bool) -> RecordBatch {
    let fields: Vec<Field> = types().iter().map(|kind| Field::new(format!("{kind}\0x"), kind.clone(), true)).collect();
    let columns = types().iter().map(|kind| column(kind, rows, nulls)).collect();
    let metadata: std::collections::HashMap<_, _> = [("made".to_owned(), "here".to_owned())].into();
    RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, metadata)), columns).unwrap()
}

#[test]
fn every_type_comes_back_equal() {
    for rows in [0, 1, 100] {
        for nulls in [false, true] {
            let batch = batch(rows, nulls);
            let (schema, chunk) = to_arrow2(&batch).unwrap();
            assert_eq!(chunk.len(), rows);
            for (there, here) in chunk.arrays().iter().zip(batch.columns()) {
                assert_eq!(there.null_count(), here.logical_null_count(), "{:?}", there.data_type());
            }
            assert_eq!(from_arrow2(&schema, &chunk).unwrap(), batch);
        }
    }
}

#[test]
fn slices_keep_their_offsets() {
    let batch = batch(200, true);
    for (from, rows) in [(1, 100), (8, 9), (63, 65), (199, 1), (200, 0)] {
        let part = batch.slice(from, rows);
        let (schema, chunk) = to_arrow2(&part).unwrap();
        assert_eq!(from_arrow2(&schema, &chunk).unwrap(), part, "{from} {rows}");

        // Sliced over there as well.
        let arrays = chunk.arrays().iter().map(|array| array.sliced(rows / 3, rows - rows / 3)).collect();
        let chunk = arrow2::chunk::Chunk::new(arrays);
        assert_eq!(from_arrow2(&schema, &chunk).unwrap(), part.slice(rows / 3, rows - rows / 3));
    }
}

#[test]
fn the_values_are_those_values_and_not_copies() {
    let batch = batch(100, true);
    let (_, chunk) = to_arrow2(&batch).unwrap();
    let here = batch.column(2).as_primitive::<Int64Type>();
    let there = chunk.arrays()[2].as_any().downcast_ref::<Int64Array2>().unwrap();
    assert_eq!(there.iter().map(Option::<&i64>::copied).collect::<Vec<_>>(), here.iter().collect::<Vec<_>>());
    assert_eq!(there.values().as_ptr(), here.values().as_ptr());
    let here = batch.column(10).as_string::<i32>();
    let there = chunk.arrays()[10].as_any().downcast_ref::<Utf8Array2<i32>>().unwrap();
    assert_eq!(there.iter().collect::<Vec<_>>(), here.iter().collect::<Vec<_>>());
    assert_eq!(there.values().as_ptr(), here.values().as_ptr());
}

#[test]
fn memory_lives_as_long_as_its_last_user() {
    let (schema, chunk) = to_arrow2(&batch(100, true)).unwrap();
    let back = from_arrow2(&schema, &chunk).unwrap();
    drop(chunk);
    assert_eq!(back, batch(100, true));
}

#[test]
fn views_become_texts() {
    let views: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), None, Some("longer than twelve bytes")]));
    let (schema, chunk) = to_arrow2(&RecordBatch::try_from_iter([("v", views)]).unwrap()).unwrap();
    let back = from_arrow2(&schema, &chunk).unwrap();
    assert_eq!(back.column(0).as_string::<i64>().iter().collect::<Vec<_>>()[2], Some("longer than twelve bytes"));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (mut schema, chunk) = to_arrow2(&batch(3, false)).unwrap();
    schema.fields.swap(1, 2);
    let error = from_arrow2(&schema, &chunk).unwrap_err();
    assert!(error.to_string().contains("Int64") && error.column().starts_with("Int64"), "{error}");
    schema.fields.pop();
    assert!(from_arrow2(&schema, &chunk).unwrap_err().to_string().contains("11 fields for 12 arrays"));
}
