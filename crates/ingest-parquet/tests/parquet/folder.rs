//! Folders appear whole or not at all, and never in the place of what nobody meant to lose.

use std::fs;

use ingest_parquet::{AtomicFolder, ParquetErrorKind};

use crate::atomic::names;

#[test]
fn a_folder_appears_when_it_is_committed() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("out");
    let folder = AtomicFolder::create(&path, "parquet", false).unwrap();
    fs::create_dir(folder.path().join("a=1")).unwrap();
    fs::write(folder.path().join("a=1/part.parquet"), "new").unwrap();
    assert!(!path.exists());
    folder.commit().unwrap();
    assert_eq!(names(room.path()), ["out"]);
    assert_eq!(fs::read(path.join("a=1/part.parquet")).unwrap(), b"new");
}

#[test]
fn a_dropped_folder_leaves_nothing_and_changes_nothing() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("out");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("old.parquet"), "old").unwrap();
    let folder = AtomicFolder::create(&path, "parquet", true).unwrap();
    fs::write(folder.path().join("new.parquet"), "half").unwrap();
    drop(folder);
    assert_eq!((names(room.path()), names(&path)), (vec!["out".to_owned()], vec!["old.parquet".to_owned()]));
}

#[test]
fn an_existing_folder_is_replaced_only_when_asked() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("out");
    fs::create_dir(&path).unwrap();
    // An empty one is as good as none.
    let free = AtomicFolder::create(&path, "parquet", false).unwrap();
    fs::write(path.join("old.parquet"), "old").unwrap();
    assert_eq!(free.commit().unwrap_err().kind(), ParquetErrorKind::Exists, "it was filled meanwhile");
    let error = AtomicFolder::create(&path, "parquet", false).unwrap_err();
    assert_eq!(error.kind(), ParquetErrorKind::Exists);
    assert!(error.to_string().contains("--overwrite"), "{error}");
    let folder = AtomicFolder::create(&path, "parquet", true).unwrap();
    fs::write(folder.path().join("new.parquet"), "new").unwrap();
    folder.commit().unwrap();
    assert_eq!((names(room.path()), names(&path)), (vec!["out".to_owned()], vec!["new.parquet".to_owned()]));
}

#[test]
fn a_folder_with_other_things_in_it_is_kept() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("out");
    fs::create_dir_all(path.join("a=1")).unwrap();
    fs::write(path.join("a=1/part.parquet"), "old").unwrap();
    let folder = AtomicFolder::create(&path, "parquet", true).unwrap();
    fs::write(path.join("a=1/thesis.txt"), "years of work").unwrap();
    let error = AtomicFolder::create(&path, "parquet", true).unwrap_err();
    assert!(error.kind() == ParquetErrorKind::Exists && error.to_string().contains("thesis.txt"), "{error}");
    assert_eq!(folder.commit().unwrap_err().kind(), ParquetErrorKind::Exists, "nor if they come meanwhile");
    assert_eq!(names(&path.join("a=1")), ["part.parquet", "thesis.txt"]);
    assert_eq!(names(room.path()), ["out"]);
    let file = path.join("a=1/thesis.txt");
    assert!(AtomicFolder::create(&file, "parquet", true).unwrap_err().to_string().contains("a file has that name"));
}

#[test]
fn leftovers_of_the_dead_go_and_folders_of_the_living_stay() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("out");
    let living = AtomicFolder::create(&path, "parquet", false).unwrap();
    let dead = room.path().join(".out.4000000-0.ingest-tmp");
    fs::create_dir_all(dead.join("a=1")).unwrap();
    fs::write(dead.join("a=1/part.parquet"), "half").unwrap();
    fs::create_dir(room.path().join(".out.b.4000000-0.ingest-tmp")).unwrap();
    drop(AtomicFolder::create(&path, "parquet", false).unwrap());
    assert!(!dead.exists() && living.path().exists());
    drop(living);
    assert_eq!(names(room.path()), [".out.b.4000000-0.ingest-tmp"], "of another destination");
}

#[test]
fn what_had_made_room_is_kept_until_a_writer_succeeds() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("out");
    let old = room.path().join(".out.4000000-0.ingest-old");
    fs::create_dir(&old).unwrap();
    fs::write(old.join("old.parquet"), "old").unwrap();
    drop(AtomicFolder::create(&path, "parquet", true).unwrap());
    assert!(old.exists());
    fs::create_dir(&path).unwrap();
    fs::write(path.join("half.parquet"), "half").unwrap();
    AtomicFolder::create(&path, "parquet", true).unwrap().commit().unwrap();
    assert_eq!(names(room.path()), ["out"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_told_at_once() {
    let room = tempfile::tempdir().unwrap();
    let link = room.path().join("link");
    std::os::unix::fs::symlink(room.path().join("nothing"), &link).unwrap();
    assert!(AtomicFolder::create(&link, "parquet", true).unwrap_err().to_string().contains("a link to nothing"));
}

/// Behind a link the folder is replaced, and the link stays.
#[cfg(unix)]
#[test]
fn a_link_to_a_folder_survives() {
    let room = tempfile::tempdir().unwrap();
    let (real, link) = (room.path().join("real"), room.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let folder = AtomicFolder::create(&link, "parquet", false).unwrap();
    fs::write(folder.path().join("new.parquet"), "new").unwrap();
    folder.commit().unwrap();
    assert!(link.is_symlink() && names(&real) == ["new.parquet"]);
}
