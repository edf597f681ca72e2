//! Promise 4: the peak resident size of `convert` stays within its budget, whatever the size of the file.
//!
//! Each conversion is a process of its own, which reports its peak. With `INGEST_HEAVY=1` the file has 2 GB; every day it
//! has 160 MB, more than the narrowest limit here: whatever held on to all of it would show.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use ingest_benches::{Shape, generate};
use serde_json::Value;
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

fn is_heavy() -> bool {
    std::env::var_os("INGEST_HEAVY").is_some_and(|value| value == "1")
}

/// The rides that all tests here convert, made once, and how many there are.
struct Rides {
    folder: TempDir,
    path: PathBuf,
    rows: u64,
}

fn rides() -> &'static Rides {
    static RIDES: OnceLock<Rides> = OnceLock::new();
    RIDES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taxi.csv");
        let mut out = BufWriter::new(File::create(&path).unwrap());
        let bytes = if is_heavy() { 2_000 * 1_000_000 } else { 160 * 1_000_000 };
        let expected = generate(Shape::Taxi, bytes, 1, &mut out).unwrap();
        out.flush().unwrap();
        Rides { folder, path, rows: expected.rows }
    })
}

/// Converts, and returns what `--json` reports.
fn convert(source: &Path, out: &Path, options: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ingest"))
        .args(["convert", "--json", "--overwrite"])
        .args(options)
        .arg(source)
        .arg("-o")
        .arg(out)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A conversion took so many bytes at the peak, or fewer.
#[track_caller]
fn assert_peak(report: &Value, most: u64, what: &str) {
    let peak = report["peak_memory_bytes"].as_u64().unwrap();
    assert!(peak > MIB, "a process takes some memory: {peak}");
    assert!(peak <= most, "{what}: a peak of {} MiB, {} were allowed", peak.div_ceil(MIB), most / MIB);
}

/// Converts the rides within so many bytes at the peak.
#[track_caller]
fn check(out: &str, options: &[&str], most: u64) {
    let rides = rides();
    let out = rides.folder.path().join(out);
    let report = convert(&rides.path, &out, options);
    fs::remove_file(out).unwrap();
    assert_eq!(report["rows_out"].as_u64(), Some(rides.rows));
    assert_peak(&report, most, &format!("{options:?}"));
}

#[test]
fn convert_takes_512_mib_at_most() {
    check("default.parquet", &[], 512 * MIB);
}

#[test]
fn convert_keeps_to_a_limit_of_128_mib() {
    check("limited.parquet", &["--memory-limit", "128MiB"], 128 * MIB);
}

/// Columns that no builder makes leave nothing behind either.
#[test]
fn columns_that_say_where_rows_come_from_keep_to_the_limit() {
    check("traced.parquet", &["--memory-limit", "128MiB", "--path-column", "file", "--row-number", "row"], 128 * MIB);
}

#[test]
fn a_stored_table_keeps_to_the_limit() {
    let rides = rides();
    let [stored, out] = ["stored.parquet", "again.parquet"].map(|name| rides.folder.path().join(name));
    convert(&rides.path, &stored, &[]);
    let report = convert(&stored, &out, &["--memory-limit", "128MiB"]);
    assert_eq!(report["rows_out"].as_u64(), Some(rides.rows));
    assert_peak(&report, 128 * MIB, "Parquet to Parquet");
    let report = convert(&stored, &out, &["-j", "4"]);
    assert_peak(&report, 512 * MIB, "Parquet to Parquet without a limit");
}

/// A few kilobytes that decode to gigabytes: of nothing that could be a header, of one field, or of a header and one.
#[test]
fn a_bomb_is_an_error_that_names_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let zeroes = if is_heavy() { 2_000 * MIB } else { 300 * MIB };
    for (name, start) in [("zeroes", &b""[..]), ("field", b"a,b\n1,\""), ("lines", b"a\n1\n")] {
        let path = folder.path().join(name);
        let mut bomb = zstd::Encoder::new(File::create(&path).unwrap(), 1).unwrap();
        bomb.write_all(start).unwrap();
        std::io::copy(&mut std::io::repeat(b'0').take(zeroes), &mut bomb).unwrap();
        bomb.finish().unwrap();
        assert!(fs::metadata(&path).unwrap().len() < MIB);
        let mut command = Command::new("/bin/sh");
        // No more address space than this: beyond it the process would be gone without a word.
        let bounded = format!("ulimit -v {}; exec \"$0\" \"$@\"", 1500 * 1024);
        command.args(["-c", &bounded, env!("CARGO_BIN_EXE_ingest"), "schema", "-j", "2", "--memory-limit", "128MiB"]);
        let failed = command.arg(&path).output().unwrap();
        let told = String::from_utf8(failed.stderr).unwrap();
        assert!(matches!(failed.status.code(), Some(1 | 3)), "{name}: {:?} {told}", failed.status);
        let limits = ["MiB", "--memory-limit", "--max-field-bytes"];
        assert!(told.contains("error[E0") && limits.iter().any(|limit| told.contains(limit)), "{name}: {told}");
    }
}

/// The widest, the longest and the narrowest tables keep to it too, however many threads are asked for.
#[test]
fn every_shape_keeps_to_the_limit_with_many_threads() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = if is_heavy() { 500_000_000 } else { 40_000_000 };
    for shape in [Shape::Text, Shape::LongText, Shape::Narrow, Shape::Wide, Shape::MostlyEmpty] {
        let source = folder.path().join("shape.csv");
        let expected = generate(shape, bytes, 1, &mut BufWriter::new(File::create(&source).unwrap())).unwrap();
        for threads in ["1", "8"] {
            let out = folder.path().join("shape.parquet");
            let report = convert(&source, &out, &["--memory-limit", "128MiB", "-j", threads]);
            assert_eq!(report["rows_out"].as_u64(), Some(expected.rows));
            assert_peak(&report, 128 * MIB, &format!("{shape:?}, {threads} threads"));
        }
    }
}

/// What is said of each column until the file is finished is memory too.
#[test]
fn a_table_too_wide_for_the_limit_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (folder.path().join("wide.csv"), folder.path().join("wide.parquet"));
    let width = 50_000;
    let names: Vec<String> = (0..width).map(|column| format!("c{column}")).collect();
    let row = vec!["0.25"; width].join(",");
    let rows = vec![row.as_str(); 20].join("\n");
    fs::write(&source, [&names.join(","), rows.as_str()].join("\n")).unwrap();
    assert_eq!(convert(&source, &out, &[])["rows_out"].as_u64(), Some(20));
    fs::remove_file(&out).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest"));
    let failed =
        command.args(["convert", "--memory-limit", "128MiB"]).arg(&source).arg("-o").arg(&out).output().unwrap();
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    let told = String::from_utf8(failed.stderr).unwrap();
    assert!(told.contains("50000 columns") && told.contains("--memory-limit"), "{told}");
    assert!(!out.exists());
}

/// How much room a column gets must not depend on a guess about rows: here no record ends within what is looked at first.
/// A megabyte holds three of these rows: what each piece of a column takes beside its values is what counts.
#[test]
fn fifty_thousand_columns_take_no_more_than_a_few() {
    let room = tempfile::tempdir().unwrap();
    let (source, out) = (room.path().join("wide.csv"), room.path().join("wide.parquet"));
    let (columns, rows) = (50_000, if is_heavy() { 180 } else { 60 });
    let mut text = BufWriter::new(File::create(&source).unwrap());
    let names = (0..columns).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    writeln!(text, "{names}").unwrap();
    for row in 0..rows {
        let fields = (0..columns).map(|column| format!("{}.{:04}", row % 10, column * 7919 % 10_000));
        writeln!(text, "{}", fields.collect::<Vec<_>>().join(",")).unwrap();
    }
    text.flush().unwrap();
    let report = convert(&source, &out, &[]);
    assert_eq!(report["rows_out"].as_u64(), Some(rows));
    assert_peak(&report, 512 * MIB, "fifty thousand columns");
}

#[test]
fn a_long_first_record_costs_no_more_than_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (folder.path().join("long.csv"), folder.path().join("long.parquet"));
    let width = 3000;
    let names: Vec<String> = (0..width).map(|column| format!("c{column}")).collect();
    let (long, short) = (vec!["x".repeat(200); width].join(","), vec!["7"; width].join(","));
    fs::write(&source, [names.join(","), long, short].join("\n")).unwrap();
    let report = convert(&source, &out, &[]);
    assert_eq!(report["rows_out"].as_u64(), Some(2));
    assert_peak(&report, 100 * MIB, "a table of 600 kB");
}

/// What a small file opens to is as large as the limit or larger: it must pass through, not pile up.
#[test]
fn a_compressed_source_keeps_to_the_limit_too() {
    let rides = rides();
    let packed = rides.folder.path().join("taxi.csv.zst");
    let mut source = File::open(&rides.path).unwrap();
    zstd::stream::copy_encode(&mut source, File::create(&packed).unwrap(), 1).unwrap();
    let out = rides.folder.path().join("packed.parquet");
    let report = convert(&packed, &out, &["--memory-limit", "128MiB"]);
    assert_eq!(report["rows_out"].as_u64(), Some(rides.rows));
    assert_peak(&report, 128 * MIB, "compressed");
}

#[test]
fn text_out_takes_no_more_than_its_chunks() {
    check("rides.csv", &["--memory-limit", "128MiB"], 128 * MIB);
}
