//! Sources that change, tables, and folders that cannot be mounted over.

use std::fs;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use ingest::{Code, Options};
use ingest_dataset::{Definition, Step};
use ingest_mount::{Mount, Unmounted, View};

use crate::{Room, is_skipped, tell};

#[test]
fn a_file_that_changed_cannot_be_read() {
    if is_skipped() {
        return;
    }
    let room = Room::new();
    for name in ["shorter", "other", "gone", "touched", "same", "pipe"] {
        room.file(&format!("files/{name}"), "bytes");
    }
    let (mount, told) = room.mount(&room.files(), false);
    room.file("files/shorter", "byte");
    room.file("files/other", "BYTES");
    for name in ["gone", "pipe"] {
        fs::remove_file(room.path("files").join(name)).unwrap();
    }
    let made = std::process::Command::new("mkfifo").arg(room.path("files/pipe")).status().unwrap();
    assert!(made.success());
    let touched = fs::File::options().write(true).open(room.path("files/touched")).unwrap();
    touched.set_modified(SystemTime::now() - Duration::from_secs(1_000)).unwrap();
    for name in ["shorter", "other", "gone", "pipe"] {
        let error = fs::read(mount.point().join(name)).unwrap_err();
        // EIO.
        assert_eq!(error.raw_os_error(), Some(5), "{name}: {error}");
    }
    for name in ["touched", "same"] {
        assert_eq!(fs::read(mount.point().join(name)).unwrap(), b"bytes", "{name}: other times, the same bytes");
    }
    let lines = told.lock().unwrap().clone();
    assert_eq!(lines.len(), 4, "each once: {lines:?}");
    assert!(lines[0].contains("shorter: had 5 bytes and has 4") && lines[1].contains("other: holds other bytes"));
    // Once the bytes are back, so is the file.
    room.file("files/other", "bytes");
    assert_eq!(fs::read(mount.point().join("other")).unwrap(), b"bytes");
}

#[test]
fn a_file_that_changes_while_it_is_open_gives_no_other_bytes() {
    if is_skipped() {
        return;
    }
    use std::os::unix::fs::FileExt;
    let room = Room::new();
    let old = vec![b'o'; 1 << 20];
    room.file("files/big", &old);
    let (mount, _) = room.mount(&room.files(), false);
    let open = fs::File::open(mount.point().join("big")).unwrap();
    let mut piece = [0; 4096];
    open.read_exact_at(&mut piece, 512 << 10).unwrap();
    fs::write(room.path("files/big"), vec![b'n'; 1 << 20]).unwrap();
    for offset in (0..1 << 20).step_by(piece.len()) {
        match open.read_exact_at(&mut piece, offset) {
            Ok(()) => assert_eq!(piece, [b'o'; 4096], "what was read before is kept"),
            Err(error) => assert_eq!(error.raw_os_error(), Some(5)),
        }
    }
}

#[test]
fn a_snapshot_outlives_its_sources() {
    if is_skipped() {
        return;
    }
    let room = Room::new();
    room.file("files/a", "kept");
    let (mount, told) = room.mount(&room.files(), true);
    fs::remove_dir_all(room.path("files")).unwrap();
    assert_eq!(fs::read(mount.point().join("a")).unwrap(), b"kept");
    assert!(told.lock().unwrap().is_empty());
}

#[test]
fn a_table_is_one_parquet_file() {
    if is_skipped() {
        return;
    }
    let room = Room::new();
    let rows: String = (0..50_000).map(|row| format!("{row},text {row}\n")).collect();
    room.file("t.csv", format!("n,text\n{rows}"));
    let source = room.path("t.csv").to_str().unwrap().to_owned();
    let definition = Definition::tabular(&[source], &Options::default(), vec![Step::Skip(10)]).unwrap();
    let (mount, told) = room.mount(&definition, false);
    let names: Vec<_> = fs::read_dir(mount.point()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["data.parquet"]);
    let scratch = || fs::read_dir(room.path("space/scratch")).unwrap().count();
    let path = mount.point().join("data.parquet");
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || fs::read(path).unwrap())
        })
        .collect();
    let mut copies: Vec<Vec<u8>> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
    copies.dedup();
    assert_eq!((copies.len(), copies[0].len() as u64), (1, path.metadata().unwrap().len()));
    assert_eq!(ingest::read(path.to_str().unwrap()).unwrap().collect().unwrap().num_rows(), 49_990);
    assert_eq!((scratch(), told.lock().unwrap().len()), (1, 0), "the lock alone");
}

#[test]
fn a_table_that_changed_is_not_made() {
    if is_skipped() {
        return;
    }
    let room = Room::new();
    room.file("t.csv", "a\n1\n");
    let source = room.path("t.csv").to_str().unwrap().to_owned();
    let (mount, told) = room.mount(&Definition::tabular(&[source], &Options::default(), Vec::new()).unwrap(), false);
    room.file("t.csv", "a\n1\n2\n");
    assert_eq!(fs::read(mount.point().join("data.parquet")).unwrap_err().raw_os_error(), Some(5));
    assert!(told.lock().unwrap()[0].contains("changed since it was registered"));
}

#[test]
fn folders_that_cannot_be_mounted_over_are_refused() {
    if is_skipped() {
        return;
    }
    let room = Room::new();
    room.file("files/a", "x");
    room.file("taken/b", "y");
    let (mount, _) = room.mount(&room.files(), false);
    let version = room.workspace().get(&"data".parse().unwrap()).unwrap();
    let start = |name: &str| {
        let view = View::of(room.workspace(), version.clone(), &Options::default()).unwrap();
        Mount::start(view, &room.path(name), tell().0, None).map(drop).unwrap_err()
    };
    assert_eq!(start("mount").code(), Code::OutputExists);
    assert_eq!(start("taken").code(), Code::OutputExists);
    assert!(start("taken/b").message().contains("taken/b"));
    std::os::unix::fs::symlink(mount.point(), room.path("link")).unwrap();
    assert_eq!(start("link").code(), Code::OutputExists, "through a link, too");
    let held = fs::File::open(mount.point().join("a")).unwrap();
    assert_eq!(ingest_mount::unmount(&room.path("mount")).unwrap(), Unmounted::OnceUnused);
    drop(held);
    assert_eq!(ingest_mount::unmount(&room.path("mount")).unwrap_err().code(), Code::NotFound);
    assert_eq!(fs::read(mount.point().join("a")).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn sources_that_are_not_there_are_told_at_the_start() {
    let room = Room::new();
    room.file("files/a", "x");
    let files = room.files();
    let done = room.workspace().register("data", &files, &ingest_dataset::Registration::default(), &Options::default());
    fs::remove_dir_all(room.path("files")).unwrap();
    let error = View::of(room.workspace(), done.unwrap().version, &Options::default()).map(drop).unwrap_err();
    assert!(error.code() == Code::NotFound && error.message().contains("files/a"), "{error}");
}

#[test]
fn links_are_the_files_they_lead_to_and_loops_end() {
    if is_skipped() {
        return;
    }
    let room = Room::new();
    room.file("files/a/f", "x");
    std::os::unix::fs::symlink("..", room.path("files/a/up")).unwrap();
    for name in ["link", "late"] {
        std::os::unix::fs::symlink("a/f", room.path("files").join(name)).unwrap();
    }
    let (mount, _) = room.mount(&room.files(), false);
    let names = |folder: &str| {
        let entries = fs::read_dir(mount.point().join(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!((names(""), names("a")), (["a", "late", "link"].map(str::to_owned).to_vec(), vec!["f".to_owned()]));
    let link = mount.point().join("link");
    assert!(link.symlink_metadata().unwrap().is_file() && fs::read(link).unwrap() == b"x");
    // Whoever puts another link in its place shows nothing of where that leads.
    fs::remove_file(room.path("files/late")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", room.path("files/late")).unwrap();
    assert_eq!(fs::read(mount.point().join("late")).unwrap_err().raw_os_error(), Some(5));
}
