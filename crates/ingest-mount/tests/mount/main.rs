//! Mounts as whoever reads them meets them.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod changes;
mod model;
mod remote;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ingest::Options;
use ingest_dataset::{Definition, Registration, Workspace};
use ingest_mount::{Mount, Tell, View};
use tempfile::TempDir;

/// A folder with a workspace and files beside it.
struct Room {
    folder: TempDir,
}

/// What was told of files that cannot be read.
type Told = Arc<Mutex<Vec<String>>>;

impl Room {
    fn new() -> Room {
        let room = Room { folder: tempfile::tempdir().unwrap() };
        Workspace::create(&room.path("space")).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn workspace(&self) -> Workspace {
        Workspace::open(&self.path("space")).unwrap()
    }

    /// Registers the folder `files` as such, or another source as a table, and mounts it.
    fn mount(&self, definition: &Definition, snapshot: bool) -> (Mount, Told) {
        let registration = Registration { snapshot, ..Registration::default() };
        let done = self.workspace().register("data", definition, &registration, &Options::default()).unwrap();
        let (tell, told) = tell();
        let view = View::of(self.workspace(), done.version, &Options::default()).unwrap();
        (Mount::start(view, &self.path("mount"), tell, None).unwrap(), told)
    }

    fn files(&self) -> Definition {
        Definition::files(&[self.path("files").to_str().unwrap().to_owned()], Vec::new()).unwrap()
    }
}

fn tell() -> (Tell, Told) {
    let told = Told::default();
    let list = Arc::clone(&told);
    (Box::new(move |error| list.lock().unwrap().push(error.message().to_owned())), told)
}

/// Whether there is no FUSE here, which is then said.
fn is_skipped() -> bool {
    let Some(error) = ingest_mount::why_not() else { return false };
    // Not by `eprintln!`, which is captured where a test passes.
    let _ = writeln!(std::io::stderr().lock(), "skipped: {}", error.message());
    true
}

/// Everything below a folder: paths, and bytes of files.
fn content(root: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    fn within(root: &Path, folder: &Path, all: &mut Vec<(String, Option<Vec<u8>>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                all.push((name, None));
                within(root, &path, all);
            } else {
                all.push((name, Some(fs::read(&path).unwrap())));
            }
        }
    }
    let mut all = Vec::new();
    within(root, root, &mut all);
    all.sort();
    all
}
