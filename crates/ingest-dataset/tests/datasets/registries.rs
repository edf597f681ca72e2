//! Registries as they lie on disks: of earlier versions, of later ones, copies, and what is none.

use std::fs;
use std::path::Path;

use ingest::Code;
use ingest_dataset::{Registration, Workspace};

use crate::{Room, new_version, tabular};

/// A workspace with this file as its registry.
fn with_registry(registry: &Path) -> (tempfile::TempDir, ingest::Result<Workspace>) {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(registry, folder.path().join("registry.sqlite")).unwrap();
    let workspace = Workspace::open(folder.path());
    (folder, workspace)
}

#[test]
fn registries_of_every_version_open() {
    // Made by the version that wrote such registries first; see testdata/README.md.
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/registries/1.sqlite");
    let (_folder, workspace) = with_registry(&registry);
    let workspace = workspace.unwrap();
    assert!(workspace.check().unwrap().is_empty());
    let names: Vec<_> =
        workspace.names().unwrap().into_iter().map(|name| (name.name, name.latest, name.rows)).collect();
    assert_eq!(names, [("images".to_owned(), 1, None), ("people".to_owned(), 2, Some(4))]);
    let version = workspace.get(&"people:1".parse().unwrap()).unwrap();
    assert_eq!(version.tags["source"], "hand");
    assert_eq!(version.description.as_deref(), Some("three people"));
    assert_eq!(version.definition.sources(), ["/data/people.csv"]);
    assert_eq!(workspace.get(&version.id.parse().unwrap()).unwrap(), version);
    assert_eq!(version.definition.id(), version.definition_id, "the id is still made in the same way");
    assert_eq!(workspace.files(&version).unwrap()[0].relative, "people.csv");
    let (_folder, workspace) = with_registry(&registry.with_file_name("2.sqlite"));
    let workspace = workspace.unwrap();
    let version = workspace.get(&"people:1".parse().unwrap()).unwrap();
    assert_eq!(version.id, "49a0388ceca365950c92c4935082ca63");
    assert_eq!(version.definition.sources(), ["http://localhost/people.csv"]);
    let print = workspace.files(&version).unwrap()[0].fingerprint.clone();
    assert_eq!((print.size, print.validator.as_deref()), (28, Some("Sat, 28 Nov 2026 10:10:14 GMT")));
}

#[test]
fn a_copy_is_a_registry() {
    let room = Room::new();
    let source = room.file("t.csv", "a\n1\n");
    room.register("t", &tabular(&source, Vec::new()), Registration::default()).unwrap();
    let copy = room.path("copy.sqlite");
    room.workspace.backup(&copy).unwrap();
    room.file("t.csv", "a\n2\n");
    room.register("t", &tabular(&source, Vec::new()), new_version()).unwrap();
    let (_folder, workspace) = with_registry(&copy);
    assert_eq!(workspace.unwrap().versions("t").unwrap().len(), 1);
    assert_eq!(room.workspace.backup(&copy).unwrap_err().code(), Code::OutputExists);
}

#[test]
fn a_definition_that_cannot_be_read_is_told_by_a_check() {
    let room = Room::new();
    let source = room.file("t.csv", "a\n1\n");
    room.register("t", &tabular(&source, Vec::new()), Registration::default()).unwrap();
    let registry = rusqlite::Connection::open(room.path("space/registry.sqlite")).unwrap();
    registry.execute_batch("UPDATE definitions SET body = '{}'").unwrap();
    let faults = room.workspace.check().unwrap();
    assert!(faults.len() == 1 && faults[0].starts_with("t:1: "), "{faults:?}");
}

#[test]
fn what_is_no_registry_is_told() {
    let room = Room::new();
    assert_eq!(Workspace::open(&room.path("nowhere")).err().unwrap().code(), Code::UnknownDataset);
    let text = room.file("text", "this is no database, but long enough to look like one ".repeat(100));
    let error = with_registry(Path::new(&text)).1.err().unwrap();
    assert_eq!(error.code(), Code::Registry, "{error}");
    // What was emptied is none either: else all copies would be cleared away as nobody's.
    let empty = room.file("empty", "");
    assert_eq!(with_registry(Path::new(&empty)).1.err().unwrap().code(), Code::Registry);
    // A database of somebody else's, and one of a version to come.
    for (name, change, part) in [
        ("other", "PRAGMA application_id = 7", "no registry of ingest"),
        ("later", "PRAGMA user_version = 99", "a newer version of ingest"),
    ] {
        let copy = room.path(name);
        room.workspace.backup(&copy).unwrap();
        rusqlite::Connection::open(&copy).unwrap().execute_batch(change).unwrap();
        let error = with_registry(&copy).1.err().unwrap();
        assert!(error.code() == Code::Registry && error.message().contains(part), "{error}");
    }
}
