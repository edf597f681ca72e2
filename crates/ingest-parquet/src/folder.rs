//! A folder of files that appears whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::atomic::{SUFFIX, lock_new, ours_beside, prefix, remove_leftovers, sync_folder, temporary_name};
use crate::error::ParquetError;

/// What the names of folders that make room end with.
const OLD_SUFFIX: &str = ".ingest-old";

/// A folder being filled under a hidden name beside its destination, until [`commit`](AtomicFolder::commit) renames it.
///
/// Dropped before that, it is removed with all that is in it. What a killed process left is removed by the next writer to the
/// same destination, as with [`AtomicFile`](crate::AtomicFile); a folder that had just made room is kept until one has succeeded.
#[derive(Debug)]
pub struct AtomicFolder {
    /// Locked for as long as it is open.
    _lock: File,
    temporary: PathBuf,
    destination: PathBuf,
    /// The extension of the files in it.
    extension: &'static str,
    replaces: bool,
    is_committed: bool,
}

impl AtomicFolder {
    /// Makes a temporary folder beside `destination`, for files with this extension, and removes those that killed writers left
    /// there. An empty folder at the destination counts as none.
    ///
    /// # Errors
    /// The destination is a folder with something in it, and `overwrite` is false; it is a file; it holds anything but folders
    /// and files with the extension, which nobody meant to lose; or any other failure of the file system.
    pub fn create(destination: &Path, extension: &'static str, overwrite: bool) -> Result<Self, ParquetError> {
        let said = |error| ParquetError::io(destination, error);
        if destination.is_symlink() && !destination.exists() {
            return Err(said(io::Error::new(io::ErrorKind::NotFound, "a link to nothing has that name")));
        }
        let target =
            if destination.exists() { fs::canonicalize(destination).map_err(said)? } else { destination.to_owned() };
        let replaces = !is_free(&target, destination)?;
        if replaces && !overwrite {
            return Err(ParquetError::exists(destination, "folder"));
        }
        if replaces {
            check_replaceable(&target, destination, extension)?;
        }
        let prefix = prefix(&target).map_err(said)?;
        remove_leftovers(&target, &prefix, |path| fs::remove_dir_all(path));
        let (lock, temporary) = make_locked(&target, &prefix).map_err(said)?;
        Ok(AtomicFolder { _lock: lock, temporary, destination: target, extension, replaces, is_committed: false })
    }

    /// Where files are written until then.
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// Makes the folder appear at its destination, with all that is in it. A folder that it replaces is moved away first; who is
    /// killed between the two leaves none there, and the old one under its hidden name.
    ///
    /// # Errors
    /// The destination has appeared or changed meanwhile, or the file system fails; nothing changes then.
    pub fn commit(mut self) -> Result<(), ParquetError> {
        let destination = self.destination.clone();
        let said = |error| ParquetError::io(&destination, error);
        sync_folder(&self.temporary.join("within")).map_err(said)?;
        if is_free(&destination, &destination)? {
            fs::rename(&self.temporary, &destination).map_err(said)?;
        } else if self.replaces {
            check_replaceable(&destination, &destination, self.extension)?;
            let prefix = prefix(&destination).map_err(said)?;
            // Not among what is removed as a leftover: whoever is killed now leaves the old folder there.
            let old = temporary_name(&destination, &prefix, OLD_SUFFIX);
            fs::rename(&destination, &old).map_err(said)?;
            if let Err(error) = fs::rename(&self.temporary, &destination) {
                // As it was; if even that fails, the old folder is still there under its hidden name.
                let _ = fs::rename(&old, &destination);
                return Err(said(error));
            }
            // This one, and those of writers that were killed before they could.
            for old in ours_beside(&destination, &prefix, OLD_SUFFIX) {
                let _ = fs::remove_dir_all(old);
            }
        } else {
            return Err(ParquetError::exists(&destination, "folder"));
        }
        self.is_committed = true;
        sync_folder(&destination).map_err(said)
    }
}

impl Drop for AtomicFolder {
    fn drop(&mut self) {
        if !self.is_committed {
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

/// Whether nothing stands at the destination, or an empty folder.
fn is_free(target: &Path, destination: &Path) -> Result<bool, ParquetError> {
    let said = |error| ParquetError::io(destination, error);
    match fs::metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(said(error)),
        Ok(there) if there.is_dir() => Ok(fs::read_dir(target).map_err(said)?.next().is_none()),
        Ok(_) => Err(said(io::Error::new(
            io::ErrorKind::NotADirectory,
            "a file has that name, and a folder is to be written",
        ))),
    }
}

/// Whether a folder holds nothing but folders and files of one extension, at any depth.
fn check_replaceable(target: &Path, destination: &Path, extension: &str) -> Result<(), ParquetError> {
    let said = |error| ParquetError::io(destination, error);
    for entry in fs::read_dir(target).map_err(said)? {
        let entry = entry.map_err(said)?;
        let (kind, path) = (entry.file_type().map_err(said)?, entry.path());
        if kind.is_dir() {
            check_replaceable(&path, destination, extension)?;
        } else if !kind.is_file() || path.extension() != Some(OsStr::new(extension)) {
            return Err(ParquetError::holds_others(destination, &path, extension));
        }
    }
    Ok(())
}

/// Makes a new temporary folder and locks it.
fn make_locked(destination: &Path, prefix: &OsStr) -> io::Result<(File, PathBuf)> {
    loop {
        let path = temporary_name(destination, prefix, SUFFIX);
        match fs::create_dir(&path) {
            // Left by a killed process that had our process number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            other => other?,
        }
        let file = File::open(&path)?;
        if lock_new(&file, &path) {
            return Ok((file, path));
        }
        let _ = fs::remove_dir(&path);
    }
}
