//! Versions: what registering finds, what changes since, and what a snapshot keeps.

use std::fs::{self, File};
use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime};

use ingest::{Code, Options, WriteOptions};
use ingest_dataset::{ChangeKind, Check, Definition, Download, Registration};

use crate::{Room, new_version, numbers, tabular};

fn snapshot() -> Registration {
    Registration { snapshot: true, ..new_version() }
}

#[test]
fn the_same_content_is_the_same_version() {
    let room = Room::new();
    let source = room.file("t.csv", "a\n1\n");
    let definition = tabular(&source, Vec::new());
    let first = room.register("t", &definition, Registration::default()).unwrap();
    assert!(!first.was_there);
    // Another time is no other content.
    File::options()
        .write(true)
        .open(&source)
        .unwrap()
        .set_modified(SystemTime::now() + Duration::from_secs(5))
        .unwrap();
    let again = room.register("t", &definition, Registration::default()).unwrap();
    assert!(again.was_there && again.version.id == first.version.id);
    // What is now said of it is not lost.
    let said = Registration {
        description: Some("ones".to_owned()),
        tags: [("a".to_owned(), "b".to_owned())].into(),
        ..Registration::default()
    };
    let said = room.register("t", &definition, said).unwrap().version;
    assert_eq!((said.number, said.description.as_deref(), said.tags["a"].as_str()), (1, Some("ones"), "b"));
    assert_eq!(numbers(&room.rows("t").unwrap(), "a"), [Some(1)]);

    room.file("t.csv", "a\n2\n");
    let error = room.register("t", &definition, Registration::default()).unwrap_err();
    assert_eq!((error.code(), error.code().exit_status()), (Code::NameTaken, 2), "{error}");
    let second = room.register("t", &definition, new_version()).unwrap();
    assert_eq!((second.version.number, second.was_there), (2, false));
    assert_ne!(second.version.id, first.version.id);

    // What the first version held is there once more, and is that version.
    room.file("t.csv", "a\n1\n");
    let back = room.register("t", &definition, new_version()).unwrap();
    assert_eq!((back.version.number, back.was_there), (1, true));
}

#[test]
fn numbers_are_not_given_again() {
    let room = Room::new();
    let source = room.file("t.csv", "a\n1\n");
    let definition = tabular(&source, Vec::new());
    let first = room.register("t", &definition, Registration::default()).unwrap().version;
    room.workspace.unregister("t").unwrap();
    assert_eq!(room.workspace.get(&"t".parse().unwrap()).unwrap_err().code(), Code::UnknownDataset);
    assert_eq!(room.workspace.get(&first.id.parse().unwrap()).unwrap().label(), "t:1");
    room.file("t.csv", "a\n2\n");
    assert_eq!(room.register("t", &definition, Registration::default()).unwrap().version.number, 2);
    assert_eq!(room.workspace.clear().unwrap().versions, 1);
    assert_eq!(room.workspace.get(&first.id.parse().unwrap()).unwrap_err().code(), Code::UnknownDataset);
    room.workspace.unregister("t").unwrap();
    room.workspace.clear().unwrap();
    room.file("t.csv", "a\n3\n");
    assert_eq!(room.register("t", &definition, Registration::default()).unwrap().version.number, 3);
}

#[test]
fn what_changed_is_told_file_by_file() {
    let room = Room::new();
    for name in ["a", "b", "c", "d"] {
        room.file(&format!("d/{name}.csv"), format!("x\n1{name}\n"));
    }
    let definition = tabular(room.path("d").to_str().unwrap(), Vec::new());
    let version = room.register("d", &definition, Registration::default()).unwrap().version;
    assert!(room.workspace.changes(&version, Check::Thorough, &Options::default()).unwrap().is_empty());

    fs::remove_file(room.path("d/a.csv")).unwrap();
    room.file("d/b.csv", "x\n1b\n2b\n");
    let time = fs::metadata(room.path("d/c.csv")).unwrap().modified().unwrap();
    room.file("d/c.csv", "x\n9c\n");
    // A file that came since is none of the version.
    room.file("d/e.csv", "x\n1e\n");
    let kinds = |check| {
        let changes = room.workspace.changes(&version, check, &Options::default()).unwrap();
        changes.into_iter().map(|change| change.kind).collect::<Vec<_>>()
    };
    let expected = [ChangeKind::Missing, ChangeKind::Size { from: 5, to: 8 }, ChangeKind::Content];
    assert_eq!(kinds(Check::Quick), expected);
    // Of the same size and time: seen only where every byte is read.
    File::options().write(true).open(room.path("d/c.csv")).unwrap().set_modified(time).unwrap();
    assert_eq!(kinds(Check::Quick), expected[..2]);
    assert_eq!(kinds(Check::Thorough), expected);

    let error = room.rows("d").err().unwrap();
    assert_eq!((error.code(), error.code().exit_status()), (Code::ContentChanged, 5));
    for part in ["2 of the files of d:1", "d/a.csv: is missing", "d/b.csv: had 5 bytes and has 8", "--new-version"] {
        assert!(error.render().contains(part), "{}", error.render());
    }
}

/// What changes while it is read is told once it is read, and no output appears.
#[test]
fn what_changes_meanwhile_is_told_at_the_end() {
    let room = Room::new();
    let text = "n\n".to_owned() + &"1234567\n".repeat(400_000);
    let source = room.file("t.csv", &text);
    let version = room.register("t", &tabular(&source, Vec::new()), Registration::default()).unwrap().version;
    let other = text.replace("1234567", "7654321");
    let change = Once::new();
    let on_progress = move |_| change.call_once(|| fs::write(&source, &other).unwrap());
    let run = Options { on_progress: Some(Arc::new(on_progress)), threads: Some(1), ..Options::default() };
    let out = room.path("out.parquet");
    let written = room.workspace.open_table(&version, &run).unwrap().write(&out, &WriteOptions::default());
    assert_eq!(written.unwrap_err().code(), Code::ContentChanged);
    assert!(!out.exists());
}

#[test]
fn a_snapshot_outlives_its_sources() {
    let room = Room::new();
    room.file("d/year=2023/a.csv", "x\n1\n");
    room.file("d/year=2024/a.csv", "x\n2\n");
    let mut read = Options::default();
    read.set("hive", &true.into()).unwrap();
    read.set("path_column", &"path".into()).unwrap();
    let sources = [room.path("d").to_str().unwrap().to_owned()];
    let definition = Definition::tabular(&sources, &read, Vec::new()).unwrap();
    room.register("d", &definition, snapshot()).unwrap();
    let texts = |frame: &ingest::Frame| format!("{:?}", frame.to_record_batch().unwrap());
    let before = texts(&room.rows("d").unwrap());
    assert!(before.contains("d/year=2023/a.csv"), "{before}");

    fs::write(room.path("d/year=2023/a.csv"), "x\n7\n8\n").unwrap();
    fs::remove_file(room.path("d/year=2024/a.csv")).unwrap();
    assert_eq!(texts(&room.rows("d").unwrap()), before, "paths, folders and values are what they were");
    room.workspace.clear().unwrap();
    assert_eq!(texts(&room.rows("d").unwrap()), before, "nothing is cleared that a version needs");

    let contents = contents(&room);
    assert_eq!(contents.len(), 2);
    for path in &contents {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(room.rows("d").err().unwrap().code(), Code::ContentChanged);
}

/// The files that the workspace keeps.
fn contents(room: &Room) -> Vec<std::path::PathBuf> {
    let folders = fs::read_dir(room.path("space/content")).unwrap();
    folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap()).map(|file| file.unwrap().path()).collect()
}

#[test]
fn content_is_kept_once_and_never_written_through() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    let source = room.file("t.csv", "a\n1\n");
    room.file("copy.csv", "a\n1\n");
    room.register("t", &tabular(&source, Vec::new()), snapshot()).unwrap();
    room.register("u", &tabular(room.path("*.csv").to_str().unwrap(), Vec::new()), snapshot()).unwrap();
    assert_eq!(contents(&room).len(), 1);
    // Nor by who owns a file that nobody may write to.
    fs::write(&source, "a\n2\n").unwrap();
    assert_eq!(numbers(&room.rows("t").unwrap(), "a"), [Some(1)]);
    let fixed = room.file("fixed.csv", "a\n5\n");
    fs::set_permissions(&fixed, fs::Permissions::from_mode(0o444)).unwrap();
    room.register("fixed", &tabular(&fixed, Vec::new()), snapshot()).unwrap();
    fs::set_permissions(&fixed, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&fixed, "a\n6\n").unwrap();
    assert_eq!(numbers(&room.rows("fixed").unwrap(), "a"), [Some(5)]);

    for name in ["t", "u", "fixed"] {
        room.workspace.unregister(name).unwrap();
    }
    let cleared = room.workspace.clear().unwrap();
    assert_eq!((cleared.versions, cleared.files, cleared.bytes), (3, 2, 8));
    assert!(contents(&room).is_empty());
}

#[test]
fn damage_to_a_copy_does_not_spread() {
    let room = Room::new();
    let source = room.file("t.csv", "a\n1\n");
    room.register("t", &tabular(&source, Vec::new()), snapshot()).unwrap();
    let copy = contents(&room).pop().unwrap();
    fs::remove_file(&copy).unwrap();
    fs::write(&copy, "a\n7\n").unwrap();
    assert_eq!(room.rows("t").err().unwrap().code(), Code::ContentChanged, "it is no longer sealed, so it is read");
    room.file("u.csv", "a\n1\n");
    room.register("u", &tabular(room.path("u.csv").to_str().unwrap(), Vec::new()), snapshot()).unwrap();
    for name in ["t", "u"] {
        assert_eq!(numbers(&room.rows(name).unwrap(), "a"), [Some(1)], "what was put there anew serves both");
    }
}

#[test]
fn members_of_archives_are_registered_with_their_archive() {
    let room = Room::new();
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in [("in/a.csv", "x\n1\n"), ("in/b.csv", "x\n2\n")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let source = room.file("t.tar", archive.into_inner().unwrap());
    let version = room.register("t", &tabular(&source, Vec::new()), snapshot()).unwrap().version;
    assert_eq!(room.workspace.files(&version).unwrap().len(), 2);
    fs::remove_file(&source).unwrap();
    assert_eq!(numbers(&room.rows("t").unwrap(), "x"), [Some(1), Some(2)]);
}

#[test]
fn names_that_are_near_are_proposed() {
    let room = Room::new();
    let source = room.file("t.csv", "a\n1\n");
    room.register("titanic", &tabular(&source, Vec::new()), Registration::default()).unwrap();
    let error = |name: &str| room.workspace.get(&name.parse().unwrap()).unwrap_err();
    assert_eq!((error("titanc").code(), error("titanc").code().exit_status()), (Code::UnknownDataset, 4));
    assert!(error("titanc").render().ends_with("did you mean titanic?"));
    assert!(error("ships").render().contains("ingest dataset list"));
    assert!(error("titanic:3").render().ends_with("it has 1"));
    assert!(error("0123456789abcdef0123456789abcdef").render().contains("of the id"));
}

#[test]
fn versions_are_compared_by_what_is_on_record() {
    let room = Room::new();
    room.file("d/a.csv", "x,y\n1,\n");
    room.file("d/b.csv", "x,y\n2,3\n");
    let definition = tabular(room.path("d").to_str().unwrap(), Vec::new());
    room.register("d", &definition, Registration::default()).unwrap();
    fs::remove_file(room.path("d/a.csv")).unwrap();
    room.file("d/b.csv", "x,y\n2,3.5\n4,5\n");
    room.file("d/c.csv", "x,y\n2,3\n");
    room.register("d", &definition, new_version()).unwrap();
    let version = |name: &str| room.workspace.get(&name.parse().unwrap()).unwrap();
    let diff = room.workspace.diff(&version("d:1"), &version("d:2")).unwrap();
    assert_eq!((diff.added, diff.removed, diff.same), (vec!["c.csv".to_owned()], vec!["a.csv".to_owned()], 0));
    assert_eq!(diff.changed, [("b.csv".to_owned(), 8, 14)]);
    assert_eq!((diff.rows, diff.nulls), (Some((2, 3)), vec![("y".to_owned(), 1, 0)]));
    let schema = diff.schema.unwrap();
    assert_eq!((schema.retyped.len(), schema.renulled.len()), (1, 1));
}

#[test]
fn files_arrive_whole_or_not_at_all() {
    let room = Room::new();
    room.file("d/sub/a.bin", [0, 255, 1]);
    room.file("d/b.bin", "bbb");
    let sources = [room.path("d").to_str().unwrap().to_owned()];
    let version =
        room.register("d", &Definition::files(&sources, Vec::new()).unwrap(), Registration::default()).unwrap().version;
    let download = |how| room.workspace.download(&version, &room.path("out"), how, &Options::default());
    let done = download(Download::default()).unwrap();
    assert_eq!((done.files, done.bytes, done.present), (2, 6, 0));
    assert_eq!(fs::read(room.path("out/sub/a.bin")).unwrap(), [0, 255, 1]);
    assert_eq!(download(Download::default()).unwrap().present, 2);

    room.file("out/b.bin", "ccc");
    assert_eq!(download(Download::default()).unwrap_err().code(), Code::OutputExists);
    assert_eq!(fs::read(room.path("out/b.bin")).unwrap(), b"ccc");
    let overwrite = Download { overwrite: true, ..Download::default() };
    assert_eq!(download(overwrite).unwrap().files, 1);

    room.file("d/b.bin", "xyz");
    fs::remove_file(room.path("out/b.bin")).unwrap();
    assert_eq!(download(Download::default()).unwrap_err().code(), Code::ContentChanged);
    fs::remove_file(room.path("d/b.bin")).unwrap();
    assert_eq!(download(Download::default()).unwrap_err().code(), Code::NotFound);
    let ignore = Download { ignore_not_found: true, ..Download::default() };
    assert_eq!(download(ignore).unwrap().missing, [room.path("d/b.bin").to_str().unwrap()]);
    let left: Vec<_> = fs::read_dir(room.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["sub"], "no litter");
}

#[test]
fn what_a_kill_leaves_of_a_download_is_written_over() {
    let room = Room::new();
    room.file("d/a", "a");
    let sources = [room.path("d").to_str().unwrap().to_owned()];
    let definition = Definition::files(&sources, Vec::new()).unwrap();
    let version = room.register("d", &definition, Registration::default()).unwrap().version;
    // As much as a killed download leaves: the draft, longer than the file.
    let draft = format!("out/.download-{}", &blake3::hash(b"a").to_hex()[..16]);
    room.file(&draft, "left behind");
    let lock = File::options().write(true).open(room.path(&draft)).unwrap();
    lock.lock().unwrap();
    let download = || room.workspace.download(&version, &room.path("out"), Download::default(), &Options::default());
    assert!(download().unwrap_err().message().contains("another download writes this file"));
    drop(lock);
    assert_eq!(download().unwrap().files, 1);
    let left: Vec<_> = fs::read_dir(room.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((left, fs::read(room.path("out/a")).unwrap()), (vec!["a".into()], b"a".to_vec()));
}

#[test]
fn downloads_into_one_folder_do_not_harm_each_other() {
    let room = Room::new();
    for number in 0..8 {
        room.file(&format!("d/{number}"), number.to_string().repeat(200_000));
    }
    let sources = [room.path("d").to_str().unwrap().to_owned()];
    let definition = Definition::files(&sources, Vec::new()).unwrap();
    let version = room.register("d", &definition, Registration::default()).unwrap().version;
    let out = room.path("out");
    let download = |overwrite| {
        let how = Download { overwrite, ..Download::default() };
        room.workspace.download(&version, &out, how, &Options::default())
    };
    for _ in 0..10 {
        let _ = fs::remove_dir_all(&out);
        let all: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| download(true))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        // Whoever meets another at a file says so; nobody writes into what another has finished.
        let refused = all.into_iter().filter_map(Result::err);
        refused.for_each(|error| assert_eq!(error.code(), Code::OutputExists, "{error}"));
        download(false).unwrap();
        for number in 0..8 {
            assert_eq!(
                fs::read(out.join(number.to_string())).unwrap(),
                number.to_string().repeat(200_000).into_bytes()
            );
        }
        assert_eq!(fs::read_dir(&out).unwrap().count(), 8, "no litter");
    }
}

#[test]
fn links_do_not_lead_a_download_out_of_its_folder() {
    let room = Room::new();
    room.file("d/sub/a", "a");
    room.file("d/b", "b");
    let sources = [room.path("d").to_str().unwrap().to_owned()];
    let version =
        room.register("d", &Definition::files(&sources, Vec::new()).unwrap(), Registration::default()).unwrap().version;
    fs::create_dir_all(room.path("out")).unwrap();
    fs::create_dir_all(room.path("elsewhere")).unwrap();
    let target = room.file("elsewhere/b", "mine");
    std::os::unix::fs::symlink(room.path("elsewhere"), room.path("out/sub")).unwrap();
    std::os::unix::fs::symlink(&target, room.path("out/b")).unwrap();
    for overwrite in [false, true] {
        let how = Download { overwrite, ..Download::default() };
        let done = room.workspace.download(&version, &room.path("out"), how, &Options::default());
        assert_eq!(done.unwrap_err().code(), Code::OutputExists);
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert!(!room.path("elsewhere/a").exists());
    }
}

#[test]
fn what_cannot_be_registered_says_why() {
    let room = Room::new();
    let source = room.file("t.csv", "a,b\n1,2\n3\n");
    let error = room.register("t", &tabular(&source, Vec::new()), Registration::default()).unwrap_err();
    assert_eq!((error.code(), error.position().unwrap().line), (Code::Ragged, 3));
    assert!(room.workspace.names().unwrap().is_empty());
    let unread = Registration { unread: true, ..Registration::default() };
    assert_eq!(room.register("t", &tabular(&source, Vec::new()), unread).unwrap().version.rows, None);
    let gone = tabular(room.path("gone.csv").to_str().unwrap(), Vec::new());
    assert_eq!(room.register("u", &gone, Registration::default()).unwrap_err().code(), Code::NotFound);
    let fifo = room.path("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
    let fifo = Definition::files(&[fifo.to_str().unwrap().to_owned()], Vec::new()).unwrap();
    assert_eq!(room.register("u", &fifo, Registration::default()).unwrap_err().code(), Code::BadDefinition);
}
