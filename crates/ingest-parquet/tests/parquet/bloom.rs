//! Bloom filters are there for the columns that they were asked for, and hold what the columns hold.

use std::sync::Arc;

use ingest_columnar::arrow::array::*;
use ingest_columnar::arrow::datatypes::{DataType, Float64Type};
use ingest_parquet::{EncodingSet, WriteOptions};
use parquet::bloom_filter::Sbbf;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};

use crate::table::{Nulls, batch, file, group, opened, schema, types};

/// The filters of each row group, as a reader finds them.
fn filters(bytes: &[u8]) -> Vec<Vec<Option<Sbbf>>> {
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_reader_properties(properties).build();
    let reader = SerializedFileReader::new_with_options(opened(bytes), options).unwrap();
    let of_group = |number| {
        let group = reader.get_row_group(number).unwrap();
        (0..group.num_columns()).map(|column| group.get_column_bloom_filter(column).cloned()).collect()
    };
    (0..reader.num_row_groups()).map(of_group).collect()
}

/// Whether a filter has the value of a row, as the format writes it.
fn holds(filter: &Sbbf, column: &ArrayRef, row: usize) -> bool {
    match column.data_type() {
        DataType::Utf8 => filter.check(column.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => filter.check(column.as_string::<i64>().value(row)),
        DataType::Float64 => filter.check(&column.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => filter.check(&i32::from_le_bytes(bytes_of(column, row).try_into().unwrap())),
        DataType::Decimal128(precision, _) => {
            let value = i128::from_le_bytes(bytes_of(column, row).try_into().unwrap());
            match precision {
                ..=9 => filter.check(&(value as i32)),
                10..=18 => filter.check(&(value as i64)),
                _ => filter.check(&value.to_be_bytes()[..]),
            }
        }
        _ => filter.check(&i64::from_le_bytes(bytes_of(column, row).try_into().unwrap())),
    }
}

/// The bytes of a value in memory.
fn bytes_of(column: &ArrayRef, row: usize) -> Vec<u8> {
    let data = column.to_data();
    let width = data.data_type().primitive_width().unwrap();
    let at = (data.offset() + row) * width;
    data.buffers()[0][at..at + width].to_vec()
}

#[test]
fn every_type_but_bool_gets_filters_that_hold_its_values() {
    let schema = schema(&types());
    let bloom = schema.fields().iter().map(|field| field.name().clone()).collect();
    for encoding_set in [EncodingSet::Compatible, EncodingSet::Modern] {
        let options = WriteOptions { encoding_set, bloom: Clone::clone(&bloom), ..WriteOptions::default() };
        for nulls in [Nulls::None, Nulls::Some, Nulls::All] {
            let tables = [batch(&schema, 0..5000, nulls), batch(&schema, 5000..5400, nulls)];
            let bytes = file(&schema, tables.iter().map(|table| group(table, &options)).collect());
            for (table, filters) in tables.iter().zip(filters(&bytes)) {
                for (column, filter) in table.columns().iter().zip(filters) {
                    let is_boolean = *column.data_type() == DataType::Boolean;
                    assert_eq!(filter.is_none(), is_boolean, "{}", column.data_type());
                    let Some(filter) = filter else { continue };
                    let rows = (0..table.num_rows()).filter(|row| column.is_valid(*row) && nulls_allow(column));
                    let missing = rows.filter(|row| !holds(&filter, column, *row)).count();
                    assert_eq!(missing, 0, "{} {nulls:?}", column.data_type());
                }
            }
        }
    }
}

/// A column of type null calls none of its rows null.
fn nulls_allow(column: &ArrayRef) -> bool {
    *column.data_type() != DataType::Null
}

#[test]
fn only_the_columns_asked_for_get_filters() {
    let schema = schema(&[DataType::Int64, DataType::Int64]);
    let bloom = [schema.field(1).name().clone()].into();
    let options = WriteOptions { bloom, ..WriteOptions::default() };
    let table = batch(&schema, 0..1000, Nulls::Some);
    let found = filters(&file(&schema, vec![group(&table, &options)]));
    assert_eq!(found[0].iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    let none = filters(&file(&schema, vec![group(&table, &WriteOptions::default())]));
    assert!(none[0].iter().all(Option::is_none));
}

#[test]
fn one_absent_value_in_a_hundred_is_taken_to_be_there() {
    let schema = schema(&[DataType::Int64, DataType::Int64, DataType::Utf8]);
    let bloom = schema.fields().iter().map(|field| field.name().clone()).collect();
    let options = WriteOptions { bloom, ..WriteOptions::default() };
    let rows = 99_000;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values((0..rows).map(|n| n * 2))),
        // A dictionary of 1,560 values.
        Arc::new(Int64Array::from_iter_values((0..rows).map(|n| n % 1560 * 2))),
        Arc::new(StringArray::from_iter_values((0..rows).map(|n| format!("word {}", n * 2)))),
    ];
    let written = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let found = filters(&file(&schema, vec![group(&written, &options)])).remove(0);
    let absent = 100_000i64;
    let share =
        |is_found: &dyn Fn(i64) -> bool| (0..absent).filter(|n| is_found(n * 2 + 1)).count() as f64 / absent as f64;
    let [whole, coded, texts] = &found[..] else { panic!("three columns") };
    let (whole, coded, texts) = (whole.as_ref().unwrap(), coded.as_ref().unwrap(), texts.as_ref().unwrap());
    let shares = [
        share(&|n| whole.check(&n)),
        share(&|n| coded.check(&n)),
        share(&|n| texts.check(format!("word {n}").as_str())),
    ];
    assert!(shares.iter().all(|share| *share > 0.0005 && *share < 0.012), "{shares:?}");
    assert!((0..rows).all(|n| whole.check(&(n * 2)) && coded.check(&(n % 1560 * 2))));
    // The dictionary's filter is sized by its entries: 10.5 bits each, to the next power of two.
    assert_eq!(coded.num_blocks() * 32, 2048);
}
