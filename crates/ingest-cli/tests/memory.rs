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
use std::sync::{Mutex, MutexGuard, PoisonError};

use ingest_benches::{Shape, generate};
use serde_json::Value;
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

fn is_heavy() -> bool {
    std::env::var_os("INGEST_HEAVY").is_some_and(|value| value == "1")
}

/// Rides to convert, and how many there are.
struct Rides {
    folder: TempDir,
    path: PathBuf,
    rows: u64,
}

impl Rides {
    fn new(bytes: u64) -> Rides {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taxi.csv");
        let mut out = BufWriter::new(File::create(&path).unwrap());
        let expected = generate(Shape::Taxi, bytes, 1, &mut out).unwrap();
        out.flush().unwrap();
        Rides { folder, path, rows: expected.rows }
    }

    /// Converts them within so many bytes at the peak, and removes what came out.
    #[track_caller]
    fn check(&self, out: &str, options: &[&str], most: u64) {
        let out = self.folder.path().join(out);
        let report = convert(&self.path, &out, options);
        let removed = if out.is_dir() { fs::remove_dir_all(out) } else { fs::remove_file(out) };
        removed.unwrap();
        assert_eq!(report["rows_out"].as_u64(), Some(self.rows));
        assert_peak(&report, most, &format!("{options:?}"));
    }
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

/// One conversion after the other: beside another one, what is decoded ahead waits longer, and the peak is a matter of luck.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One after another: each needs both cores and up to twice the room of its source on disk.
#[test]
fn conversions_keep_to_their_limit() {
    let _alone = alone();
    let rides = Rides::new(if is_heavy() { 2_000 * 1_000_000 } else { 160 * 1_000_000 });
    let limited = &["--memory-limit", "128MiB"];
    let with = |options: &[&'static str]| [&limited[..], options].concat();
    rides.check("default.parquet", &[], 512 * MIB);
    rides.check("limited.parquet", limited, 128 * MIB);
    rides.check("rides.csv", limited, 128 * MIB);
    // Columns that no builder makes leave nothing behind either.
    rides.check("traced.parquet", &with(&["--path-column", "file", "--row-number", "row"]), 128 * MIB);
    // Rows are held for hundreds of folders, or for two.
    rides.check("zones", &["--partition-by", "pickup_zone", "-j", "2"], 512 * MIB);
    rides.check("payments", &with(&["--partition-by", "payment_type"]), 128 * MIB);
    rides.check("parts", &with(&["--max-file-bytes", "16MiB"]), 128 * MIB);
    a_stored_table_keeps_to_the_limit(&rides);
    a_compressed_source_keeps_to_the_limit(&rides);
}

/// There are 1,578 of them: a chunk has a handful of rows for each.
#[test]
fn rows_sorted_into_thousands_of_folders_keep_to_the_limit() {
    let _alone = alone();
    let options = ["--memory-limit", "128MiB", "--partition-by", "pickup_zone,passengers,payment_type"];
    Rides::new(40 * 1_000_000).check("crowds", &options, 128 * MIB);
}

fn a_stored_table_keeps_to_the_limit(rides: &Rides) {
    let [stored, out] = ["stored.parquet", "again.parquet"].map(|name| rides.folder.path().join(name));
    convert(&rides.path, &stored, &[]);
    let report = convert(&stored, &out, &["--memory-limit", "128MiB"]);
    assert_eq!(report["rows_out"].as_u64(), Some(rides.rows));
    assert_peak(&report, 128 * MIB, "Parquet to Parquet");
    let report = convert(&stored, &out, &["-j", "4"]);
    assert_peak(&report, 512 * MIB, "Parquet to Parquet without a limit");
    fs::remove_file(stored).unwrap();
    fs::remove_file(out).unwrap();
}

/// What a small file opens to is as large as the limit or larger: it must pass through, not pile up.
fn a_compressed_source_keeps_to_the_limit(rides: &Rides) {
    let packed = rides.folder.path().join("taxi.csv.zst");
    let mut source = File::open(&rides.path).unwrap();
    zstd::stream::copy_encode(&mut source, File::create(&packed).unwrap(), 1).unwrap();
    let report = convert(&packed, &rides.folder.path().join("packed.parquet"), &["--memory-limit", "128MiB"]);
    assert_eq!(report["rows_out"].as_u64(), Some(rides.rows));
    assert_peak(&report, 128 * MIB, "compressed");
}

/// A few kilobytes that decode to gigabytes: of nothing that could be a header, of one field, or of a header and one.
#[test]
fn a_bomb_is_an_error_that_names_a_limit() {
    let _alone = alone();
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
    let _alone = alone();
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
    let _alone = alone();
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
    let _alone = alone();
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
    let _alone = alone();
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

/// A few kB that decode to a gigabyte of blank lines, in frames that are decoded beside each other.
#[test]
fn a_bomb_passes_through() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (folder.path().join("bomb.zst"), folder.path().join("bomb.parquet"));
    let blank = zstd::encode_all(&vec![b'\n'; 64 << 20][..], 1).unwrap();
    let bomb = [zstd::encode_all(&b"a,b\n1,2\n"[..], 1).unwrap(), blank.repeat(16)].concat();
    assert!(bomb.len() < 200_000, "{}", bomb.len());
    fs::write(&source, bomb).unwrap();
    let report = convert(&source, &out, &["--memory-limit", "128MiB"]);
    assert_eq!(report["rows_out"].as_u64(), Some(1));
    assert_peak(&report, 128 * MIB, "a bomb");
}
