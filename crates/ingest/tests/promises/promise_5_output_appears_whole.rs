//! Output appears whole or not at all: what fails after the last record was read leaves the old file, or none. Kills, full
//! disks and folders that cannot be written are tested where the program is a process of its own
//! (`ingest-cli/tests/whole_output.rs`).

use std::fs;
use std::path::Path;

use ingest::{Code, DataType, MaxErrors, OnError, Options, WriteOptions, read};

use crate::plain;

/// Converts a column of numbers, two of four of which are none, and gives back the failure.
fn failure(to: &Path, on_error: OnError, most: MaxErrors) -> ingest::Error {
    let options =
        Options { types: vec![("v".to_owned(), DataType::Int64)], on_error, max_errors: Some(most), ..plain() };
    let write = WriteOptions { overwrite: true, ..WriteOptions::default() };
    read(b"v\n1\nx\ny\n4\n".to_vec()).unwrap().options(options).write(to, &write).unwrap_err()
}

#[test]
fn more_errors_than_are_borne_leave_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["out.parquet", "out.arrow", "out.csv", "out.jsonl"] {
        let path = folder.path().join(name);
        for (on_error, most) in [
            (OnError::Reject, MaxErrors::Percent(10.0)),
            (OnError::Reject, MaxErrors::Count(1)),
            (OnError::Null, MaxErrors::Percent(10.0)),
            (OnError::Null, MaxErrors::Count(1)),
        ] {
            let error = failure(&path, on_error, most);
            assert_eq!(error.code(), Code::TooManyErrors, "{name} {on_error:?} {most:?}: {error}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{name} {on_error:?} {most:?}");
        }
        fs::write(&path, "old").unwrap();
        failure(&path, OnError::Reject, MaxErrors::Percent(10.0));
        assert_eq!(fs::read(&path).unwrap(), b"old", "{name}");
        fs::remove_file(&path).unwrap();
    }
}
