//! Parquet and Arrow files that others wrote, read by `convert`: PyArrow's, DuckDB's and Polars'.
//!
//! `foreign.py` writes them, in the Python that `INGEST_TEST_PYTHON` names (`.ci/test` sets it).

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap is a failed test; skips are announced")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_others_wrote_is_read_as_they_meant_it() {
    let Some(python) = std::env::var_os("INGEST_TEST_PYTHON") else {
        eprintln!("skipped: INGEST_TEST_PYTHON names no Python with pyarrow, duckdb and polars");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign.py");
    let output = Command::new(python).arg(program).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = lines(&std::fs::read_to_string(folder.path().join("expected.jsonl")).unwrap());
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut read = 0;
    for file in files.filter(|path| path.extension().is_some_and(|extension| extension != "jsonl")) {
        let mut convert = Command::new(env!("CARGO_BIN_EXE_ingest"));
        let output = convert.arg("convert").arg(&file).args(["-o", "-", "-f", "jsonl"]).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {message}", file.display());
        let found = lines(std::str::from_utf8(&output.stdout).unwrap());
        assert_eq!(found.len(), expected.len(), "{}", file.display());
        for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found, expected, "{}, row {row}", file.display());
        }
        read += 1;
    }
    assert_eq!(read, 18, "files of others");
}
