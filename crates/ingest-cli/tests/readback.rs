//! What `convert` writes, read by the three readers that people use: PyArrow, DuckDB and Polars.
//!
//! The comparing is done by `readback.py` and `readback_nested.py`, in the Python that `INGEST_TEST_PYTHON` names (`.ci/test` sets it).

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use ingest_benches::{Shape, generate};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A row for each corner of each type, and a hole in every column. Columns: name, type, values.
const EVERY_TYPE: [(&str, &str, [&str; 6]); 16] = [
    ("flag", "bool", ["true", "", "false", "TRUE", "False", "true"]),
    ("whole", "int64", ["0", "-9223372036854775808", "", "9223372036854775807", "-1", "42"]),
    (
        "huge",
        "decimal128(38,0)",
        ["99999999999999999999999999999999999999", "-1", "0", "", "9223372036854775808", "12"],
    ),
    (
        "amount",
        "decimal128(38,2)",
        ["999999999999999999999999999999999999", "0.25", "-0.01", "7", "", "-999999999999999999999999999999999999"],
    ),
    ("ratio", "float64", ["0.1", "-2.5", "1e300", "5e-324", "3", ""]),
    ("signed_zero", "float64", ["-0.0", "", "0.0", "-0", "0.5", "-0.5"]),
    ("limit", "float64", ["inf", "-inf", "", "1.5", "2.5", "1.7976931348623157e308"]),
    ("day", "date32", ["", "0001-01-01", "9999-12-31", "2000-02-29", "1970-01-01", "1969-12-31"]),
    ("clock", "time64[us]", ["00:00:00", "23:59:59.999999", "", "03:04:05.5", "12:00:00", "03:04:05"]),
    (
        "fine_clock",
        "time64[ns]",
        ["00:00:00.000000001", "", "23:59:59.999999999", "03:04:05", "12:00:00.5", "01:02:03"],
    ),
    (
        "stamp",
        "timestamp[us]",
        [
            "0001-01-01 00:00:00",
            "9999-12-31T23:59:59.999999",
            "",
            "1970-01-01 00:00:00",
            "1969-12-31 23:59:59.5",
            "2024-02-29 12:34",
        ],
    ),
    (
        "fine_stamp",
        "timestamp[ns]",
        [
            "1969-12-31 23:59:59.999999999",
            "2024-02-29 12:34:56.123456789",
            "1700-01-01 00:00:00",
            "",
            "2262-01-01 00:00:00",
            "1970-01-01 00:00:00",
        ],
    ),
    (
        "zoned",
        "timestamp[us,UTC]",
        [
            "2020-01-02T03:04:05Z",
            "2020-01-02 03:04:05+09:00",
            "2020-01-02 03:04:05.25-0330",
            "",
            "1969-12-31 23:00:00+01:00",
            "1970-01-01T00:00:00Z",
        ],
    ),
    ("words", "utf8", ["plain", "žluťoučký 🚲", "a, b", "say \"so\"", "two\nlines", ""]),
    ("code", "utf8", ["02139", "00501", "", "007", "10115", "+5"]),
    ("nothing", "null", ["", "", "", "", "", ""]),
];

/// The Python with the three readers; without one the test says so and ends.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("INGEST_TEST_PYTHON").map(PathBuf::from);
    if python.is_none() {
        // Written past the test harness, which hides what a passing test prints.
        let _ = writeln!(std::io::stderr().lock(), "skipped: readback (INGEST_TEST_PYTHON is not set; run .ci/test)");
    }
    python
}

/// Bytes of each shape, and how many seeds.
fn effort() -> (u64, u64) {
    if std::env::var_os("INGEST_HEAVY").is_some() { (10_000_000, 3) } else { (1_000_000, 1) }
}

fn convert(source: &Path, out: &Path, options: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest"));
    let output = command.arg("convert").arg(source).arg("-o").arg(out).args(options).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "convert {} {options:?}: {}\n{message}", source.display(), output.status);
}

fn read_back(python: &Path, parquet: &Path, expected: &Value) {
    let expected_path = parquet.with_extension("json");
    std::fs::write(&expected_path, expected.to_string()).unwrap();
    compare(python, "readback.py", parquet, &expected_path);
}

fn compare(python: &Path, program: &str, parquet: &Path, expected: &Path) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(program);
    let output = Command::new(python).arg(program).arg(parquet).arg(expected).output().unwrap();
    let (said, message) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{said}{message}", parquet.display());
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

/// The table of every type as CSV: each row of the constant `repeats` times over.
fn every_type_csv(repeats: usize) -> String {
    let line = |fields: Vec<String>| fields.join(",") + "\n";
    let header = line(EVERY_TYPE.iter().map(|(name, ..)| (*name).to_owned()).collect());
    let row = |row: usize| line(EVERY_TYPE.iter().map(|(_, _, values)| quoted(values[row])).collect());
    let rows: String = (0..6).map(row).collect();
    header + &rows.repeat(repeats)
}

/// The answer to a CSV file whose values are compared one by one.
fn expected_of(csv: &Path, rows: u64, columns: Vec<Value>) -> Value {
    json!({ "rows": rows, "columns": columns, "csv": csv })
}

#[test]
fn every_type_and_every_codec() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().unwrap();
    let source = folder.path().join("every.csv");
    let repeats = 500;
    std::fs::write(&source, every_type_csv(repeats)).unwrap();
    let column = |(name, data_type, values): &(&str, &str, [&str; 6])| {
        let nulls = values.iter().filter(|text| text.is_empty()).count() * repeats;
        json!({ "name": name, "type": data_type, "nulls": nulls })
    };
    let columns: Vec<Value> = EVERY_TYPE.iter().map(column).collect();
    for codec in ["zstd", "zstd:9", "snappy", "lz4", "none"] {
        let out = folder.path().join(format!("every-{}.parquet", codec.replace(':', "-")));
        convert(&source, &out, &["--codec", codec]);
        read_back(&python, &out, &expected_of(&source, 6 * repeats as u64, columns.clone()));
    }
}

/// Lists and structs over many pages and row groups: null, empty, short, long, and within each other.
#[test]
fn structs_and_lists() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().unwrap();
    let source = folder.path().join("nested.jsonl");
    let list = |row: usize| match row % 7 {
        0 => Value::Null,
        1 => json!([]),
        2 => json!([null, row]),
        _ => Value::from_iter((0..row % 40).map(|item| item * row)),
    };
    let record = |row: usize| {
        let items: Vec<Value> = (0..row % 4)
            .map(|item| {
                if item == 2 {
                    Value::Null
                } else {
                    json!({ "name": format!("n{item}"), "tags": [[row.is_multiple_of(3)], []] })
                }
            })
            .collect();
        let shop = json!({ "id": row, "open": row.is_multiple_of(3), "at": { "lat": row as f64 / 8.0, "lon": null } });
        let text = ["", "é \"quoted\"", "a, b"][row % 3];
        match row % 11 {
            0 => json!({ "row": row, "text": text }),
            1 => json!({ "row": row, "shop": {}, "list": list(row), "items": [] }),
            _ => json!({ "row": row, "shop": shop, "list": list(row), "items": items, "text": text }),
        }
    };
    let lines: String = (0..12_000).map(|row| format!("{}\n", record(row))).collect();
    std::fs::write(&source, lines).unwrap();
    for (number, options) in [&["--row-group-bytes", "1MiB"][..], &["--codec", "snappy"], &["--encoding-set", "modern"]]
        .into_iter()
        .enumerate()
    {
        let out = folder.path().join(format!("nested-{number}.parquet"));
        convert(&source, &out, options);
        compare(&python, "readback_nested.py", &out, &source);
    }
}

#[test]
fn the_sample() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/sample.csv").canonicalize().unwrap();
    let out = folder.path().join("sample.parquet");
    convert(&source, &out, &[]);
    let columns = [
        ("loan_id", "int64", 0),
        ("borrowed_at", "timestamp[us]", 0),
        ("due_on", "date32", 0),
        ("returned_on", "date32", 27),
        ("branch", "utf8", 0),
        ("postcode", "utf8", 0),
        ("title", "utf8", 0),
        ("author", "utf8", 0),
        ("pages", "int64", 0),
        ("renewals", "int64", 0),
        ("fine", "float64", 148),
        ("large_print", "bool", 0),
        ("remark", "utf8", 124),
    ];
    let columns = columns.map(|(name, kind, nulls)| json!({ "name": name, "type": kind, "nulls": nulls }));
    read_back(&python, &out, &expected_of(&source, 204, columns.to_vec()));
}

#[test]
fn every_shape() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().unwrap();
    let (bytes, seeds) = effort();
    for shape in Shape::ALL {
        for seed in 1..=seeds {
            let source = folder.path().join(format!("{shape}-{seed}.csv"));
            let out = source.with_extension("parquet");
            let expected = generate(shape, bytes, seed, &mut File::create(&source).unwrap()).unwrap();
            // Small row groups, so that there are several, also for the column that has to be written once more.
            let mut options = vec!["--row-group-bytes", "256KiB"];
            if shape == Shape::Ragged {
                options.extend(["--ragged", "reject"]);
            }
            convert(&source, &out, &options);
            read_back(&python, &out, &serde_json::from_str(&expected.to_json()).unwrap());
        }
    }
}
