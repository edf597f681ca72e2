//! Values, types, statistics and page index are those that were written, however the rows were cut into batches.

use std::sync::Arc;

use ingest_columnar::arrow::array::*;
use ingest_columnar::arrow::buffer::NullBuffer;
use ingest_columnar::arrow::datatypes::{DataType, Field, Int64Type};
use ingest_parquet::{Codec, EncodingSet, ParquetErrorKind, WriteOptions, encode_column, encode_group};
use parquet::basic::Encoding;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use proptest::prelude::*;

use crate::table::{Nulls, as_read, batch, column, file, group, opened, read, schema, types};

#[test]
fn every_type_is_read_back() {
    let schema = schema(&types());
    for nulls in [Nulls::None, Nulls::Some, Nulls::All] {
        for rows in [1, 1000, 70_000] {
            let written = batch(&schema, 0..rows, nulls);
            let bytes = file(&schema, vec![group(&written, &WriteOptions::default())]);
            let (read, _) = read(&bytes);
            for (number, field) in schema.fields().iter().enumerate() {
                assert_eq!(read.column(number), &as_read(written.column(number)), "{field} {nulls:?} {rows}");
                assert!(read.schema().field(number).is_nullable());
            }
        }
    }
}

#[test]
fn every_codec_is_read_back() {
    let schema = schema(&types());
    let written = batch(&schema, 0..5000, Nulls::Some);
    let mut sizes = Vec::new();
    for codec in [Codec::None, Codec::Snappy, Codec::Lz4, Codec::Zstd(1), Codec::Zstd(19)] {
        let bytes = file(&schema, vec![group(&written, &WriteOptions { codec, ..WriteOptions::default() })]);
        assert_eq!(read(&bytes).0.column(2), written.column(2), "{codec}");
        sizes.push(bytes.len());
    }
    assert!(sizes.iter().skip(1).all(|size| *size < sizes[0]), "{sizes:?}");
}

#[test]
fn several_groups_are_read_in_order() {
    let schema = schema(&[DataType::Int64, DataType::Utf8]);
    let cuts = [0..100, 100..40_000, 40_000..40_001];
    let groups = cuts.iter().map(|rows| group(&batch(&schema, rows.clone(), Nulls::Some), &WriteOptions::default()));
    let (read, metadata) = read(&file(&schema, groups.collect()));
    assert_eq!(metadata.num_row_groups(), 3);
    assert_eq!(read.column(1), batch(&schema, 0..40_001, Nulls::Some).column(1));
}

#[test]
fn a_file_without_rows_has_its_columns() {
    let schema = schema(&types());
    let empty = group(&RecordBatch::new_empty(schema.clone()), &WriteOptions::default());
    for groups in [vec![], vec![empty]] {
        let input = opened(&file(&schema, groups));
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(input).unwrap();
        assert_eq!(reader.schema().fields().len(), schema.fields().len());
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
        assert_eq!(reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 0);
    }
}

#[test]
fn every_chunk_has_statistics_and_a_page_index() {
    let schema = schema(&types());
    let sets = [EncodingSet::Compatible, EncodingSet::Modern];
    let nulls = [Nulls::None, Nulls::Some, Nulls::All];
    for (encoding_set, nulls) in sets.into_iter().flat_map(|set| nulls.map(|nulls| (set, nulls))) {
        let rows = 150_000;
        let written = batch(&schema, 0..rows, nulls);
        let options = WriteOptions { encoding_set, ..WriteOptions::default() };
        let (_, metadata) = read(&file(&schema, vec![group(&written, &options)]));
        assert_eq!(metadata.file_metadata().created_by(), Some("ingest version 0.1.0"));
        assert!(metadata.file_metadata().key_value_metadata().is_none());
        let index = metadata.page_index_for_row_group(0);
        for (number, chunk) in metadata.row_group(0).columns().iter().enumerate() {
            let array = as_read(written.column(number));
            let statistics = chunk.statistics().expect("statistics");
            assert_eq!(statistics.null_count_opt(), Some(array.null_count() as u64), "{chunk:?}");
            let has_values = array.null_count() < rows;
            assert_eq!(statistics.min_bytes_opt().is_some(), has_values, "{chunk:?}");
            let pages = index.offset_index(number).expect("offset index").page_locations();
            assert!(pages.len() >= 3, "{} pages of {chunk:?}", pages.len());
            assert_eq!(pages[0].first_row_index, 0);
            assert!(index.column_index(number).is_some());
            let encodings: Vec<Encoding> = chunk.encodings().collect();
            let known = [Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY];
            let is_known = encodings.iter().all(|encoding| known.contains(encoding));
            assert!(is_known || encoding_set == EncodingSet::Modern, "{encodings:?}");
        }
    }
}

#[test]
fn statistics_are_the_extremes() {
    let schema = schema(&[DataType::Int64, DataType::Float64, DataType::Utf8]);
    let written = batch(&schema, 0..100_000, Nulls::Some);
    for encoding_set in [EncodingSet::Compatible, EncodingSet::Modern] {
        let options = WriteOptions { encoding_set, ..WriteOptions::default() };
        let (_, metadata) = read(&file(&schema, vec![group(&written, &options)]));
        check_extremes(&written, metadata.row_group(0).columns());
    }
}

/// Of a whole number, a float and a text.
fn check_extremes(written: &RecordBatch, chunks: &[ColumnChunkMetaData]) {
    let values = || written.column(0).as_primitive::<Int64Type>().iter().flatten();
    let Some(Statistics::Int64(found)) = chunks[0].statistics() else { panic!("{chunks:?}") };
    assert_eq!((found.min_opt(), found.max_opt()), (values().min().as_ref(), values().max().as_ref()));
    let Some(Statistics::Double(found)) = chunks[1].statistics() else { panic!("{chunks:?}") };
    assert_eq!(found.min_opt().copied(), values().min().map(|n| n as f64 / 8.0));
    let texts = || written.column(2).as_string::<i32>().iter().flatten();
    let Some(Statistics::ByteArray(found)) = chunks[2].statistics() else { panic!("{chunks:?}") };
    assert_eq!(found.min_bytes_opt(), texts().min().map(str::as_bytes));
    assert_eq!(found.max_bytes_opt(), texts().max().map(str::as_bytes));
}

#[test]
fn zeros_of_either_sign_keep_it_and_lie_within_the_statistics() {
    let schema = schema(&[DataType::Float64]);
    for values in [vec![0.0, 1.0], vec![-0.0, -1.0], vec![-0.0, 0.0], vec![0.0; 20_000], vec![-0.0; 20_000]] {
        let written = RecordBatch::try_new(schema.clone(), vec![Arc::new(Float64Array::from(values.clone()))]).unwrap();
        let (read, metadata) = read(&file(&schema, vec![group(&written, &WriteOptions::default())]));
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let read = read.column(0).as_primitive::<ingest_columnar::arrow::datatypes::Float64Type>();
        assert_eq!(bits(read.values()), bits(&values));
        let Some(Statistics::Double(found)) = metadata.row_group(0).column(0).statistics() else { panic!() };
        let (min, max) = (found.min_opt().unwrap(), found.max_opt().unwrap());
        assert!(values.iter().all(|value| min <= value && value <= max), "{values:?}");
        // Old readers compare zeros as bits: the bounds must take in both.
        assert!(*min != 0.0 || min.is_sign_negative(), "{values:?}");
        assert!(*max != 0.0 || max.is_sign_positive(), "{values:?}");
    }
}

#[test]
fn long_texts_have_short_inexact_bounds() {
    let schema = schema(&[DataType::Utf8]);
    let long = "x".repeat(100_000);
    let written = RecordBatch::try_new(schema.clone(), vec![Arc::new(StringArray::from(vec![long.as_str()]))]).unwrap();
    let (_, metadata) = read(&file(&schema, vec![group(&written, &WriteOptions::default())]));
    let found = metadata.row_group(0).column(0).statistics().unwrap();
    assert!(found.max_bytes_opt().unwrap().len() <= 64 && !found.max_is_exact() && !found.min_is_exact());
    assert!(found.max_bytes_opt().unwrap() > long.as_bytes());
}

#[test]
fn dictionaries_are_used_where_they_help() {
    let schema = schema(&[DataType::Int64, DataType::Int64]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values((0..50_000).map(|n| n % 100))),
        Arc::new(Int64Array::from_iter_values(0..50_000)),
    ];
    let written = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let (read, metadata) = read(&file(&schema, vec![group(&written, &WriteOptions::default())]));
    let has_dictionary = |number| metadata.row_group(0).column(number).dictionary_page_offset().is_some();
    assert!(has_dictionary(0) && !has_dictionary(1));
    assert_eq!(read.column(0), written.column(0));
}

#[test]
fn wrong_columns_are_errors() {
    let field = Field::new("a", DataType::Int64, true);
    let options = WriteOptions::default();
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let error = encode_column(&field, std::slice::from_ref(&text), &options).unwrap_err();
    assert_eq!(error.kind(), ParquetErrorKind::Encode);
    assert!(error.to_string().contains("\"a\" of type Int64") && error.to_string().contains("Utf8"), "{error}");
    let one = batch(&schema(&[DataType::Int64]), 0..1, Nulls::None);
    assert!(encode_group(&schema(&[DataType::Int64, DataType::Utf8]), &[one], &options).is_err());
}

/// The same column, with a validity bitmap even if it has no nulls.
fn with_bitmap(array: &ArrayRef) -> ArrayRef {
    let nulls = NullBuffer::from_iter((0..array.len()).map(|row| array.is_valid(row)));
    make_array(array.to_data().into_builder().nulls(Some(nulls)).build().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Bytes depend on the values alone: not on where batches end, nor on how "no nulls" is said, nor on offsets.
    #[test]
    fn bytes_do_not_depend_on_the_batches(
        kind in prop::sample::select(types()),
        rows in prop_oneof![0..300usize, 60_000..140_000usize],
        cuts in prop::collection::vec(0.0..1.0f64, 0..4),
        nulls in prop::sample::select(vec![Nulls::None, Nulls::Some, Nulls::All]),
        encoding_set in prop::sample::select(vec![EncodingSet::Compatible, EncodingSet::Modern]),
    ) {
        let options = WriteOptions { codec: Codec::None, encoding_set, bloom: ["a".to_owned()].into() };
        let whole = column(&kind, 0..rows, nulls);
        let field = Field::new("a", kind.clone(), true);
        let mut edges: Vec<usize> = cuts.iter().map(|cut| (cut * rows as f64) as usize).chain([0, rows]).collect();
        edges.sort_unstable();
        let parts: Vec<ArrayRef> = edges.windows(2).map(|edge| whole.slice(edge[0], edge[1] - edge[0])).collect();
        let schema = Arc::new(ingest_columnar::arrow::datatypes::Schema::new(vec![field.clone()]));
        let encode = |arrays: &[ArrayRef]| {
            let column = encode_column(&field, arrays, &options).unwrap();
            file(&schema, vec![ingest_parquet::EncodedGroup::new(vec![column])])
        };
        let expected = encode(std::slice::from_ref(&whole));
        prop_assert_eq!(&encode(&parts), &expected);
        if kind != DataType::Null {
            prop_assert_eq!(&encode(&[with_bitmap(&whole)]), &expected);
        }
        if rows > 0 {
            let (found, _) = read(&expected);
            prop_assert_eq!(found.column(0), &as_read(&whole));
        }
    }
}
