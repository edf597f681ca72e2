//! Promise 5: output appears whole or not at all. A kill at any moment, a full disk and a folder that cannot be written
//! leave the old file or none, and no litter after the next run.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap is a failed test; skips are announced")]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ingest_benches::{Random, Shape, generate};
use tempfile::TempDir;

fn is_heavy() -> bool {
    std::env::var_os("INGEST_HEAVY").is_some_and(|value| value == "1")
}

/// A folder with a source in it.
fn room(bytes: u64) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("taxi.csv");
    let mut out = BufWriter::new(File::create(&source).unwrap());
    generate(Shape::Taxi, bytes, 3, &mut out).unwrap();
    drop(out);
    (folder, source)
}

fn convert(source: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest"));
    command.args(["convert", "--overwrite", "-q"]).arg(source).arg("-o").arg(out);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(source: &Path, out: &Path) -> Output {
    run_with(&mut convert(source, out))
}

fn run_with(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// Everything in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

/// Kills conversions at random moments; `old` is what stands at the destination before each, if something does.
fn kill_at_random(format: &str, old: Option<&[u8]>) {
    let (folder, source) = room(if is_heavy() { 60_000_000 } else { 6_000_000 });
    let results = tempfile::tempdir_in(folder.path()).unwrap();
    let out = results.path().join("out").with_extension(format);
    let started = Instant::now();
    assert!(run(&source, &out).status.success());
    let whole = fs::read(&out).unwrap();
    // A little beyond the end, so that some conversions finish.
    let longest = started.elapsed().as_micros() as u32 * 11 / 10;
    let mut random = Random::new(17);
    let (mut tried, mut killed) = (0, 0);
    let tries = if is_heavy() { 50 } else { 5 };
    // On a busy machine the first few may all be over before they are killed.
    while tried < tries || (killed == 0 && tried < 10 * tries) {
        tried += 1;
        let _ = fs::remove_file(&out);
        if let Some(old) = old {
            fs::write(&out, old).unwrap();
        }
        let mut child = convert(&source, &out).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(random.below(longest))));
        let _ = child.kill();
        killed += usize::from(!child.wait().unwrap().success());
        let found = fs::read(&out).ok();
        let as_before = found.as_deref() == old;
        assert!(
            as_before || found.as_deref() == Some(&whole[..]),
            "a torn file of {:?} bytes",
            found.map(|file| file.len())
        );
    }
    assert!(killed > 0, "no conversion was killed before its end");
    assert!(run(&source, &out).status.success());
    assert_eq!(fs::read(&out).unwrap(), whole);
    assert_eq!(listing(results.path()), [format!("out.{format}")], "litter");
}

#[test]
fn a_kill_leaves_no_file_where_there_was_none() {
    kill_at_random("parquet", None);
}

#[test]
fn a_kill_leaves_the_old_file_where_there_was_one() {
    kill_at_random("parquet", Some(b"the old file"));
}

#[test]
fn a_kill_tears_no_text_or_arrow_file() {
    kill_at_random("csv", Some(b"the old file"));
    kill_at_random("arrow", None);
}

/// Killed at random moments, each time going on with what the one before has left, conversions end in the bytes of one that was
/// not.
fn kill_and_resume(format: &str) {
    let (folder, source) = room(if is_heavy() { 60_000_000 } else { 30_000_000 });
    let results = tempfile::tempdir_in(folder.path()).unwrap();
    let out = results.path().join("out").with_extension(format);
    let resume = || {
        let mut command = convert(&source, &out);
        command.args(["--resume", "--row-group-bytes", "1MiB"]);
        command
    };
    let started = Instant::now();
    assert!(run_with(convert(&source, &out).args(["--row-group-bytes", "1MiB"])).status.success());
    let longest = started.elapsed();
    let whole = fs::read(&out).unwrap();
    let mut random = Random::new(19);
    let mut gone_on = 0;
    for _ in 0..if is_heavy() { 6 } else { 2 } {
        fs::remove_file(&out).unwrap();
        // Each one removes what it does not need: the journal of one whose output is whole, too.
        for attempt in 0.. {
            let mut child = resume().spawn().unwrap();
            // Longer each time: on a busy machine what is done anew may take all of the first ones.
            let share = 0.25 + f64::from(random.below(100)) / 200.0 + f64::from(attempt) / 8.0;
            std::thread::sleep(longest.mul_f64(share));
            let _ = child.kill();
            if child.wait().unwrap().success() {
                break;
            }
            // Whole, if it was killed between the renaming and its end.
            assert!(fs::read(&out).ok().is_none_or(|file| file == whole), "a torn file");
            gone_on += usize::from(listing(results.path()).iter().any(|name| name.ends_with(".ingest-journal")));
        }
        assert!(fs::read(&out).unwrap() == whole, "other bytes");
        assert_eq!(listing(results.path()), [format!("out.{format}")], "litter");
    }
    assert!(gone_on > 0, "nothing was gone on with");
}

#[test]
fn after_a_kill_a_conversion_goes_on() {
    kill_and_resume("parquet");
    kill_and_resume("csv");
    kill_and_resume("jsonl");
}

/// A folder of files is there with all of them, or not at all.
#[test]
fn a_kill_tears_no_folder() {
    let (folder, source) = room(if is_heavy() { 60_000_000 } else { 6_000_000 });
    let results = tempfile::tempdir_in(folder.path()).unwrap();
    let out = results.path().join("out");
    let sort = || {
        let mut command = convert(&source, &out);
        command.args(["--partition-by", "pickup_zone", "--row-group-bytes", "1MiB"]);
        command
    };
    let started = Instant::now();
    assert!(sort().output().unwrap().status.success());
    let longest = started.elapsed().as_micros() as u32 * 11 / 10;
    let whole = tree(&out);
    assert!(whole.len() > 100, "{:?}", whole.keys());
    let mut random = Random::new(18);
    let (mut tried, mut killed) = (0, 0);
    // Each of them puts hundreds of files on disk.
    let tries = if is_heavy() { 15 } else { 5 };
    while tried < tries || (killed == 0 && tried < 10 * tries) {
        tried += 1;
        let mut child = sort().spawn().unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(random.below(longest))));
        let _ = child.kill();
        killed += usize::from(!child.wait().unwrap().success());
        assert!(!out.exists() || tree(&out) == whole, "a torn folder");
    }
    assert!(killed > 0, "no conversion was killed before its end");
    assert!(sort().output().unwrap().status.success());
    assert!(tree(&out) == whole);
    assert_eq!(listing(results.path()), ["out"], "litter");
}

/// The files below a folder, with their bytes.
fn tree(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    for name in listing(folder) {
        let path = folder.join(name);
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

/// A data error late in the file leaves what was there.
#[test]
fn a_failed_conversion_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("late.csv");
    fs::write(&source, format!("a,b\n{}1,2,3\n", "1,2\n".repeat(500_000))).unwrap();
    for format in ["parquet", "csv", "arrow"] {
        let out = folder.path().join("out").with_extension(format);
        for old in [None, Some(b"old")] {
            if let Some(old) = old {
                fs::write(&out, old).unwrap();
            }
            assert_eq!(run(&source, &out).status.code(), Some(3));
            assert_eq!(fs::read(&out).ok().as_deref(), old.map(|old| &old[..]));
        }
        fs::remove_file(out).unwrap();
    }
    assert_eq!(listing(folder.path()), ["late.csv"]);
}

/// A small file system of its own; unmounted when dropped.
struct Mount {
    folder: TempDir,
}

impl Mount {
    /// `None`, said aloud, where mounting is not allowed.
    fn new(size: &str) -> Option<Mount> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Mount { folder });
        }
        // Not by `eprintln!`, which is captured where a test passes.
        let _ = writeln!(std::io::stderr().lock(), "skipped: a tmpfs of {size} cannot be mounted here (only root may)");
        None
    }

    fn remount(&self, mode: &str) {
        let remount = format!("remount,{mode}");
        let status = Command::new("mount").args(["-o", &remount]).arg(self.folder.path()).status().unwrap();
        assert!(status.success(), "mount -o {remount}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}

#[test]
fn a_full_disk_is_an_error_and_leaves_the_old_file() {
    let Some(mount) = Mount::new("256k") else { return };
    let (_folder, source) = room(6_000_000);
    for (format, old) in [("parquet", None), ("parquet", Some(b"old")), ("csv", None), ("arrow", Some(b"old"))] {
        let out = mount.folder.path().join("out").with_extension(format);
        if let Some(old) = old {
            fs::write(&out, old).unwrap();
        }
        let output = run(&source, &out);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{format}: {message}");
        assert!(message.contains("error[E0203]"), "{format}: {message}");
        assert_eq!(fs::read(&out).ok().as_deref(), old.map(|old| &old[..]), "{format}");
        let _ = fs::remove_file(out);
        assert_eq!(listing(mount.folder.path()), Vec::<String>::new(), "{format}: litter");
    }
}

/// Once there is room, a conversion that was to be resumed goes on.
#[test]
fn after_a_full_disk_a_conversion_goes_on() {
    let Some(mount) = Mount::new("700k") else { return };
    let (folder, source) = room(6_000_000);
    for (format, size) in [("parquet", "size=700k"), ("csv", "size=4m")] {
        mount.remount(size);
        let whole = folder.path().join("whole").with_extension(format);
        let small = ["--row-group-bytes", "1MiB", "--resume"];
        assert!(run_with(convert(&source, &whole).args(small)).status.success());
        let out = mount.folder.path().join("out").with_extension(format);
        let resume = || run_with(convert(&source, &out).args(small));
        for _ in 0..2 {
            let output = resume();
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(message.contains("error[E0203]") && message.contains("goes on from there"), "{format}: {message}");
            let left = listing(mount.folder.path());
            let ends = |end: &str| left.iter().filter(|name| name.ends_with(end)).count();
            assert_eq!((ends(".ingest-tmp"), ends(".ingest-journal"), left.len()), (1, 1, 2), "{format}: {left:?}");
        }
        mount.remount("size=20m");
        assert!(resume().status.success());
        assert!(fs::read(&out).unwrap() == fs::read(&whole).unwrap(), "{format}: other bytes");
        fs::remove_file(out).unwrap();
        assert_eq!(listing(mount.folder.path()), Vec::<String>::new(), "{format}: litter");
    }
}

#[test]
fn a_full_folder_for_temporary_files_is_an_error_that_names_the_option() {
    let Some(mount) = Mount::new("256k") else { return };
    let (folder, source) = room(6_000_000);
    let out = folder.path().join("out.parquet");
    let mut command = convert(Path::new("-"), &out);
    command.arg("--temp-dir").arg(mount.folder.path()).stdin(File::open(source).unwrap());
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("error[E0203]") && message.contains("--temp-dir"), "{message}");
    assert_eq!(listing(folder.path()), ["taxi.csv"]);
}

/// A read-only mount, as root ignores permissions.
#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_stays_as_it_is() {
    let Some(mount) = Mount::new("1m") else { return };
    let (_folder, source) = room(100_000);
    let out = mount.folder.path().join("out.parquet");
    fs::write(&out, b"old").unwrap();
    mount.remount("ro");
    let output = run(&source, &out);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{message}");
    assert!(message.contains("error[E0201]"), "{message}");
    assert_eq!(fs::read(&out).unwrap(), b"old");
    assert_eq!(listing(mount.folder.path()), ["out.parquet"]);
}
