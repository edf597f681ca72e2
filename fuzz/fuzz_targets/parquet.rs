//! Text to Parquet and back by a reader that is not ours: the frame. Written in two ways: the same bytes.

#![no_main]

use std::fs::File;
use std::path::Path;

use arbitrary::Arbitrary;
use ingest::arrow::array::{Array, RecordBatch};
use ingest::arrow::compute::concat_batches;
use ingest::arrow::datatypes::DataType;
use ingest::{Codec, EncodingSet, Format, Kernel, Options, WriteOptions};
use ingest_fuzz::{Text, Way, Wishes, describe, run};
use libfuzzer_sys::fuzz_target;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

#[derive(Arbitrary, Debug)]
struct Case {
    text: Text,
    wishes: Wishes,
    codec: u8,
    row_group_bytes: Option<u8>,
    modern: bool,
    threads: u8,
    chunk_bytes: u8,
}

fuzz_target!(|case: Case| {
    let (text, options) = (&case.text.0, case.wishes.options());
    let frame = run(text, &options, Way::PLAIN, false);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (first, second) = (folder.path().join("first.parquet"), folder.path().join("second.parquet"));
    let write = write_options(&case);
    let written = write_file(text, &Way::PLAIN.of(&options), &write, &first);
    assert_eq!(written, write_file(text, &way(&case).of(&options), &write, &second), "{:?}", way(&case));
    match (frame, written) {
        (Ok(frame), Ok(())) => {
            assert_eq!(bytes(&first), bytes(&second), "the bytes of the file, {:?}", way(&case));
            if let Some(rows) = frame.rows {
                check_rows(&read_back(&first), &rows);
            }
        }
        (frame, written) => {
            assert_eq!(frame.err(), written.err(), "frame and file fail alike");
            assert!(!first.exists() && !second.exists(), "what fails leaves no file");
        }
    }
});

fn way(case: &Case) -> Way {
    Way {
        kernel: Kernel::fastest(),
        threads: usize::from(case.threads) % 3 + 2,
        chunk_bytes: usize::from(case.chunk_bytes) + 1,
    }
}

fn write_options(case: &Case) -> WriteOptions {
    let codec = [Codec::None, Codec::Snappy, Codec::Lz4, Codec::default()][usize::from(case.codec) % 4];
    let row_group_bytes = case.row_group_bytes.map(|bytes| u64::from(bytes) + 1);
    let encoding_set = if case.modern { EncodingSet::Modern } else { EncodingSet::Compatible };
    WriteOptions { format: Some(Format::Parquet), codec, encoding_set, row_group_bytes, ..WriteOptions::default() }
}

fn write_file(text: &[u8], options: &Options, write: &WriteOptions, path: &Path) -> Result<(), String> {
    let written = ingest::read(text.to_vec()).and_then(|reader| reader.options(options.clone()).write(path, write));
    let report = written.map_err(|error| describe(&error))?;
    assert_eq!(report.bytes_out, bytes(path).len() as u64);
    Ok(())
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("the file was written")
}

fn read_back(path: &Path) -> RecordBatch {
    let file = File::open(path).expect("the file was written");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("the footer can be read");
    let schema = builder.schema().clone();
    let batches = builder.build().expect("a reader").collect::<Result<Vec<_>, _>>().expect("the pages can be read");
    concat_batches(&schema, &batches).expect("batches of one file go together")
}

/// A column of type null is stored as text, all null.
fn check_rows(stored: &RecordBatch, frame: &RecordBatch) {
    assert_eq!(stored.num_rows(), frame.num_rows());
    let (stored_schema, schema) = (stored.schema(), frame.schema());
    let names = |schema: &ingest::arrow::datatypes::Schema| {
        schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&stored_schema), names(&schema));
    for (field, (stored, column)) in schema.fields().iter().zip(stored.columns().iter().zip(frame.columns())) {
        match field.data_type() {
            DataType::Null => assert_eq!(stored.null_count(), stored.len(), "{field:?}"),
            _ => assert_eq!(stored, column, "{field:?}"),
        }
    }
}
