//! Files appear whole or not at all, and nothing is left lying about.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use ingest_parquet::{AtomicFile, ParquetErrorKind};

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let name = |entry: Result<fs::DirEntry, _>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_when_it_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let mut file = AtomicFile::create(&path, false).unwrap();
    file.write_all(b"hel").unwrap();
    file.write_all(b"lo").unwrap();
    assert!(!path.exists());
    let hidden = names(folder.path());
    assert!(hidden[0].starts_with(".out.") && hidden[0].ends_with(".ingest-tmp"), "{hidden:?}");
    file.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"hello");
    assert_eq!(names(folder.path()), ["out"]);
}

#[test]
fn a_dropped_file_leaves_nothing_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "old").unwrap();
    let mut file = AtomicFile::create(&path, true).unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert_eq!(names(folder.path()), ["out"]);
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
fn an_existing_file_is_replaced_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "old").unwrap();
    let error = AtomicFile::create(&path, false).unwrap_err();
    assert_eq!(error.kind(), ParquetErrorKind::Exists);
    assert!(error.to_string().contains("--overwrite"), "{error}");
    let mut file = AtomicFile::create(&path, true).unwrap();
    file.write_all(b"new").unwrap();
    file.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn a_destination_that_appears_meanwhile_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let file = AtomicFile::create(&path, false).unwrap();
    fs::write(&path, "other").unwrap();
    assert_eq!(file.commit().unwrap_err().kind(), ParquetErrorKind::Exists);
    assert_eq!(fs::read(&path).unwrap(), b"other");
    assert_eq!(names(folder.path()), ["out"]);
}

#[test]
fn leftovers_of_the_dead_go_and_files_of_the_living_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let living = AtomicFile::create(&path, true).unwrap();
    let hidden = names(folder.path());
    for name in [".out.4000000-0.ingest-tmp", ".out.b.4000000-0.ingest-tmp", ".out.x.ingest-tmp", "out.1-1.ingest-tmp"]
    {
        fs::write(folder.path().join(name), "half").unwrap();
    }
    drop(AtomicFile::create(&path, true).unwrap());
    let mut expected =
        vec![hidden[0].as_str(), ".out.b.4000000-0.ingest-tmp", ".out.x.ingest-tmp", "out.1-1.ingest-tmp"];
    expected.sort_unstable();
    assert_eq!(names(folder.path()), expected);
    living.commit().unwrap();
    assert!(path.exists());
}

/// Where the process to be killed is told to write.
const VICTIM: &str = "INGEST_TEST_VICTIM";

#[test]
fn victim_of_the_next_test() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let mut file = AtomicFile::create(Path::new(&path), true).unwrap();
    file.write_all(b"half").unwrap();
    println!("\nwriting");
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn a_killed_writer_is_cleaned_up_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "old").unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["atomic::victim_of_the_next_test", "--exact", "--nocapture"])
        .env(VICTIM, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.into_iter().any(|line| line == "writing"));
    drop(AtomicFile::create(&path, true).unwrap());
    assert_eq!(names(folder.path()).len(), 2, "the living writer's file stays");
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_eq!(names(folder.path()).len(), 2);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    drop(AtomicFile::create(&path, true).unwrap());
    assert_eq!(names(folder.path()), ["out"]);
}

#[test]
fn destinations_that_cannot_be_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = AtomicFile::create(&folder.path().join("no/out"), false).unwrap_err();
    assert_eq!(missing.kind(), ParquetErrorKind::Io);
    assert!(missing.to_string().contains("mkdir"), "{missing}");
    let error = AtomicFile::create(folder.path(), true).unwrap_err();
    assert!(error.to_string().contains("file inside"), "{error}");
    assert!(AtomicFile::create(Path::new("/"), true).is_err());
    assert!(AtomicFile::create(Path::new(""), true).is_err());
}

#[cfg(unix)]
#[test]
fn devices_are_never_replaced_and_links_survive() {
    let error = AtomicFile::create(Path::new("/dev/null"), true).unwrap_err();
    assert!(error.to_string().contains("-o -"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::write(&real, "old").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let mut file = AtomicFile::create(&link, true).unwrap();
    file.write_all(b"new").unwrap();
    file.commit().unwrap();
    assert_eq!(fs::read(&real).unwrap(), b"new");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn long_names_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n".repeat(255));
    let mut file = AtomicFile::create(&path, false).unwrap();
    file.write_all(b"x").unwrap();
    file.commit().unwrap();
    assert!(path.exists());
}
