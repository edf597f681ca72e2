//! Files that are open while they are read: a table may come from more of them than a process may have open.

use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// So many files stay open when none of them is being read: far below what any system allows, far above what is read at a time.
const OPEN_MAX: usize = 32;

/// How often a file is tried to be opened while others are closed for it.
const TRIES: usize = 100;

/// Files that are open, the one opened longest ago first.
static OPEN: Mutex<VecDeque<Weak<Named>>> = Mutex::new(VecDeque::new());

/// A regular file.
#[derive(Clone)]
pub(crate) enum Held {
    /// Closed and opened again as others are.
    Named(Arc<Named>),
    /// Without a name by which it could be opened again.
    Unnamed(Arc<File>),
}

/// A file that can be opened again.
pub(crate) struct Named {
    path: PathBuf,
    /// Device and number: what is opened again must be the same file.
    identity: (u64, u64),
    open: Mutex<Option<Arc<File>>>,
}

impl Held {
    /// A file that was opened at a path.
    pub(crate) fn at(path: &Path, file: File, metadata: &Metadata) -> Held {
        let named =
            Named { path: path.to_owned(), identity: identity(metadata), open: Mutex::new(Some(Arc::new(file))) };
        let named = Arc::new(named);
        remember(&named);
        Held::Named(named)
    }

    pub(crate) fn unnamed(file: File) -> Held {
        Held::Unnamed(Arc::new(file))
    }

    /// The file, open for as long as the caller keeps it.
    ///
    /// # Errors
    /// It cannot be opened again, or another one has taken its place.
    pub(crate) fn file(&self) -> io::Result<Arc<File>> {
        let named = match self {
            Held::Named(named) => named,
            Held::Unnamed(file) => return Ok(file.clone()),
        };
        let mut open = lock(&named.open);
        if let Some(file) = &*open {
            return Ok(file.clone());
        }
        let file = open_file(&named.path)?;
        if identity(&file.metadata()?) != named.identity {
            return Err(io::ErrorKind::StaleNetworkFileHandle.into());
        }
        let file = Arc::new(file);
        *open = Some(file.clone());
        drop(open);
        remember(named);
        Ok(file)
    }
}

/// Opens a file, for which others are closed where the system allows no more.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    // Other threads open files, too.
    for _ in 0..TRIES {
        match File::open(path) {
            Err(error) if error.raw_os_error() == Some(libc::EMFILE) => close_all_but(0, &mut lock(&OPEN)),
            other => return other,
        }
        std::thread::yield_now();
    }
    File::open(path)
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Counts a file among the open ones, and closes others where they become too many.
fn remember(named: &Arc<Named>) {
    let mut open = lock(&OPEN);
    open.push_back(Arc::downgrade(named));
    close_all_but(OPEN_MAX, &mut open);
}

/// Closes files, the one opened longest ago first, until so many are left; passes over those that a thread just looks at.
fn close_all_but(most: usize, open: &mut VecDeque<Weak<Named>>) {
    for _ in most..open.len() {
        let Some(oldest) = open.pop_front() else { break };
        let Some(named) = oldest.upgrade() else { continue };
        // Without waiting: whoever holds its lock may wait for that of the list.
        match named.open.try_lock() {
            Ok(mut file) => *file = None,
            Err(_) => open.push_back(oldest),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn more_files_than_stay_open_are_read_again_and_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let held: Vec<Held> = (0..3 * OPEN_MAX)
            .map(|number| {
                let path = folder.path().join(number.to_string());
                std::fs::write(&path, format!("{number:05}")).expect("written");
                let file = File::open(&path).expect("there");
                let metadata = file.metadata().expect("there");
                Held::at(&path, file, &metadata)
            })
            .collect();
        let is_open = |held: &&Held| matches!(held, Held::Named(named) if lock(&named.open).is_some());
        std::thread::scope(|scope| {
            for start in 0..3 {
                let held = &held;
                scope.spawn(move || {
                    for number in (0..2 * held.len()).map(|step| (start * 100 + step * 7) % held.len()) {
                        let mut bytes = [0; 5];
                        held[number].file().and_then(|file| file.read_exact_at(&mut bytes, 0)).expect("read");
                        assert_eq!(bytes, *format!("{number:05}").as_bytes());
                    }
                });
            }
        });
        // Other tests have files open, too.
        assert!(held.iter().filter(is_open).count() <= OPEN_MAX);
        // What was put in the place of a closed file is not it.
        let closed = held.iter().position(|held| !is_open(&held)).expect("some are closed");
        let path = folder.path().join(closed.to_string());
        std::fs::write(folder.path().join("new"), "other").expect("written");
        std::fs::rename(folder.path().join("new"), &path).expect("replaced");
        assert_eq!(held[closed].file().map(|_| ()).unwrap_err().kind(), io::ErrorKind::StaleNetworkFileHandle);
    }
}
