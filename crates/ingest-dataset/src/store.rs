//! The content store: copies of files, each under the hash of its bytes, so that what many versions hold is kept once.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ingest::{Code, Error, Options, Result};

use crate::files::{Fingerprint, fingerprint};

/// The store of a workspace.
pub(crate) struct Store {
    content: PathBuf,
    scratch: PathBuf,
}

/// Locked by whoever puts content here, together, or clears the store, alone. The system unlocks it when a process ends.
const LOCK: &str = "lock";

impl Store {
    pub(crate) fn new(content: PathBuf, scratch: PathBuf) -> Store {
        Store { content, scratch }
    }

    /// Where content of this hash lies, if it is kept.
    pub(crate) fn path(&self, hash: &[u8; 32]) -> PathBuf {
        let hex = blake3::Hash::from_bytes(*hash).to_hex();
        self.content.join(&hex[..2]).join(&hex[2..])
    }

    /// Keeps what a file holds, and tells it. A clone of the file where the file system makes some, else a copy; never a hard link:
    /// through it, what is written into the file would change the content as well, and who owns a file may always write to it.
    pub(crate) fn keep(&self, path: &Path, run: &Options) -> Result<Fingerprint> {
        let (draft, print) = self.draft_of(path, run)?;
        let target = self.path(&print.hash);
        let folder = target.parent().unwrap_or(&self.content);
        fs::create_dir_all(folder).map_err(|error| Error::from_io(folder, error))?;
        // What lies there already is looked at: damage must not spread to whoever registers the same content once more.
        if fingerprint(&target, run, |_| Ok(())).is_ok_and(|kept| kept.hash == print.hash) {
            return Ok(print);
        }
        fs::rename(&draft, &target).map_err(|error| Error::from_io(&target, error))?;
        // The file is gone from where it would be removed.
        let _ = draft.keep();
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::from_io(folder, error))?;
        Ok(print)
    }

    /// A copy in the scratch folder, with the fingerprint of what it holds.
    fn draft_of(&self, path: &Path, run: &Options) -> Result<(tempfile::TempPath, Fingerprint)> {
        let failed = |error| Error::from_io(&self.scratch, error);
        let builder = || tempfile::Builder::new().prefix("content-").tempfile_in(&self.scratch);
        let mut draft = builder().map_err(failed)?;
        if path.is_file() {
            let source = File::open(path).map_err(|error| Error::from_io(path, error))?;
            if rustix::fs::ioctl_ficlone(draft.as_file(), &source).is_ok() {
                let print = fingerprint(draft.path(), run, |_| Ok(()))?;
                let original = source.metadata().map_err(|error| Error::from_io(path, error))?;
                sealed(draft.as_file()).map_err(failed)?;
                let modified_ns = crate::files::modified_ns(&original);
                return Ok((draft.into_temp_path(), Fingerprint { modified_ns, ..print }));
            }
        }
        let print = fingerprint(path, run, |bytes| draft.write_all(bytes).map_err(failed))?;
        sealed(draft.as_file()).map_err(failed)?;
        Ok((draft.into_temp_path(), print))
    }

    /// The folder of drafts.
    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Held while content is put here that no version names yet: until it is dropped, nobody clears the store.
    pub(crate) fn use_it(&self) -> Result<File> {
        let lock = self.lock_file()?;
        lock.lock_shared().map_err(|error| Error::from_io(&self.scratch, error))?;
        Ok(lock)
    }

    /// Removes content that `kept` does not name, and what broken runs left; the number of files, and their bytes.
    ///
    /// # Errors
    /// A snapshot is being taken; a folder cannot be looked into.
    pub(crate) fn clear(&self, kept: impl FnOnce() -> Result<HashSet<[u8; 32]>>) -> Result<(u64, u64)> {
        let lock = self.lock_file()?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                Error::new(Code::Registry, "a snapshot is being taken in this workspace, or a table made")
                    .hint("run again once it is done")
            }
            TryLockError::Error(error) => Error::from_io(&self.scratch, error),
        })?;
        let kept = kept()?;
        let is_kept = |path: &Path| hash_of(path).is_none_or(|hash| kept.contains(&hash));
        let folders = entries(&self.content)?.into_iter().filter(|path| path.is_dir());
        let contents = folders.map(|folder| entries(&folder)).collect::<Result<Vec<_>>>()?.concat();
        let litter = entries(&self.scratch)?.into_iter().filter(|path| *path != self.scratch.join(LOCK));
        let mut removed = (0, 0);
        for path in contents.into_iter().filter(|path| !is_kept(path)).chain(litter) {
            let bytes = path.symlink_metadata().map_or(0, |metadata| metadata.len());
            fs::remove_file(&path).map_err(|error| Error::from_io(&path, error))?;
            removed = (removed.0 + 1, removed.1 + bytes);
        }
        Ok(removed)
    }

    fn lock_file(&self) -> Result<File> {
        let path = self.scratch.join(LOCK);
        let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        open.map_err(|error| Error::from_io(&path, error))
    }
}

/// Nobody writes to it any more, and it is on the disk.
fn sealed(file: &File) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(0o444))?;
    file.sync_all()
}

/// The hash that a path in the store stands for.
fn hash_of(path: &Path) -> Option<[u8; 32]> {
    let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    let hex = name(path.parent()?)? + &name(path)?;
    blake3::Hash::from_hex(hex).ok().map(|hash| *hash.as_bytes())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(|error| Error::from_io(folder, error)),
    }
}
