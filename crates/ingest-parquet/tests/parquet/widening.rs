//! A file whose columns turned out wider equals one that had the final types from the start.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use ingest_columnar::arrow::array::{Array, ArrayRef, new_null_array};
use ingest_columnar::arrow::compute::cast;
use ingest_columnar::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use ingest_parquet::{
    EncodedColumn, EncodedGroup, EncodingSet, FileWriter, ParquetError, ParquetErrorKind, WriteOptions, encode_column,
};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use proptest::prelude::*;

use crate::table::{Nulls, column, read};

const FINAL: [DataType; 5] = [
    DataType::Float64,
    DataType::Utf8,
    DataType::Timestamp(TimeUnit::Nanosecond, None),
    DataType::Int64,
    DataType::Utf8,
];

/// What each column may have begun as; values of every one of them survive the cast to the final type.
const NARROW: [DataType; 5] = [
    DataType::Int64,
    DataType::Int64,
    DataType::Timestamp(TimeUnit::Microsecond, None),
    DataType::Null,
    DataType::Null,
];

const GROUP_ROWS: usize = 500;

fn schema(kinds: &[DataType]) -> SchemaRef {
    let field = |(number, kind): (usize, &DataType)| Field::new(format!("c{number}"), kind.clone(), true);
    Arc::new(Schema::new(kinds.iter().enumerate().map(field).collect::<Vec<_>>()))
}

/// The values of a column in a group, in its narrow or its final type.
fn values(group: usize, number: usize, narrow: bool) -> ArrayRef {
    let rows = group * GROUP_ROWS..(group + 1) * GROUP_ROWS;
    // Small numbers, so that they survive every cast.
    let base = column(&DataType::Date32, rows, Nulls::Some);
    let base = cast(&cast(&base, &DataType::Int32).unwrap(), &DataType::Int64).unwrap();
    match NARROW[number] {
        DataType::Null if narrow => new_null_array(&DataType::Null, GROUP_ROWS),
        DataType::Null => new_null_array(&FINAL[number], GROUP_ROWS),
        _ => {
            let values = cast(&base, &NARROW[number]).unwrap();
            if narrow { values } else { cast(&values, &FINAL[number]).unwrap() }
        }
    }
}

/// All that a chunk can have: newer encodings, and a filter for each column, which is copied or made anew with it.
fn options() -> WriteOptions {
    let bloom = (0..FINAL.len()).map(|number| format!("c{number}")).collect();
    WriteOptions { encoding_set: EncodingSet::Modern, bloom, ..WriteOptions::default() }
}

fn chunk(group: usize, number: usize, narrow: bool) -> EncodedColumn {
    let values = values(group, number, narrow);
    let field = Field::new(format!("c{number}"), values.data_type().clone(), true);
    encode_column(&field, &[values], &options()).unwrap()
}

/// Writes groups whose columns are narrow where `narrow[group][column]` says so.
fn writer(path: &Path, narrow: &[[bool; 5]]) -> FileWriter {
    let mut writer = FileWriter::create(path, schema(&FINAL), &options(), true).unwrap();
    for (group, narrow) in narrow.iter().enumerate() {
        let columns = (0..5).map(|number| chunk(group, number, narrow[number])).collect();
        writer.append(EncodedGroup::new(columns)).unwrap();
    }
    writer
}

fn never(_: usize, _: usize) -> Result<Option<EncodedColumn>, ParquetError> {
    panic!("nothing to replace")
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: Result<fs::DirEntry, _>| entry.unwrap().file_name().into_string().unwrap();
    fs::read_dir(folder).unwrap().map(name).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_widened_file_equals_one_written_wide(
        narrow in prop::collection::vec(prop::array::uniform5(any::<bool>()), 0..5),
        leave_nulls in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (late, wide) = (folder.path().join("late.parquet"), folder.path().join("wide.parquet"));
        let mut asked = Vec::new();
        let report = writer(&late, &narrow).finish(schema(&FINAL), |group, number| {
            asked.push((group, number));
            let all_null = NARROW[number] == DataType::Null;
            Ok::<_, ParquetError>((!(leave_nulls && all_null)).then(|| chunk(group, number, false)))
        }).unwrap();
        let cells = (0..narrow.len()).flat_map(|group| (0..5).map(move |number| (group, number)));
        prop_assert_eq!(asked, cells.filter(|(group, number)| narrow[*group][*number]).collect::<Vec<_>>());

        let all_wide = vec![[false; 5]; narrow.len()];
        prop_assert_eq!(writer(&wide, &all_wide).finish(schema(&FINAL), never).unwrap(), report);
        prop_assert!(fs::read(&late).unwrap() == fs::read(&wide).unwrap(), "bytes differ");
        prop_assert_eq!(names(folder.path()).len(), 2);
        if !narrow.is_empty() {
            let (batch, metadata) = read(&fs::read(&late).unwrap());
            prop_assert_eq!(metadata.num_row_groups(), narrow.len());
            prop_assert_eq!(&batch.column(1).slice(0, GROUP_ROWS), &values(0, 1, false));
            let chunks = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
            let places: HashSet<_> = chunks.map(ColumnChunkMetaData::bloom_filter_offset).collect();
            prop_assert!(!places.contains(&None) && places.len() == narrow.len() * 5, "a filter for each chunk");
        }
    }
}

#[test]
fn a_failed_replacement_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.parquet");
    let narrow = [[true, false, false, false, false]];
    type Answer = fn() -> Result<Option<EncodedColumn>, ParquetError>;
    let answers: [Answer; 3] =
        [|| Ok(None), || Ok(Some(chunk(0, 1, false))), || Err(std::io::Error::other("the source went away").into())];
    for answer in answers {
        let error = writer(&path, &narrow).finish(schema(&FINAL), |_, _| answer()).unwrap_err();
        assert!(matches!(error.kind(), ParquetErrorKind::Encode | ParquetErrorKind::Io), "{error}");
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[test]
fn groups_of_other_columns_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.parquet");
    let mut writer = writer(&path, &[]);
    assert!(writer.append(EncodedGroup::new(vec![chunk(0, 0, false)])).is_err());
    let options = WriteOptions::default();
    let uneven = encode_column(&Field::new("c4", DataType::Utf8, true), &[], &options).unwrap();
    let columns = (0..4).map(|number| chunk(0, number, false)).chain([uneven]).collect();
    assert_eq!(writer.append(EncodedGroup::new(columns)).unwrap_err().kind(), ParquetErrorKind::Encode);
}
