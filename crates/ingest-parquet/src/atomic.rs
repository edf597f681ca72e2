//! A file that appears whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempPath;

use crate::error::ParquetError;

/// What the names of all temporary files end with: `.NAME.PID-NUMBER.ingest-tmp`, beside the destination `NAME`.
const SUFFIX: &str = ".ingest-tmp";

/// File systems take names of 255 bytes; a longer destination's name is shortened so that ours still fits.
const NAME_BYTES_MAX: usize = 180;

/// A file being written under a hidden name beside its destination, until [`commit`](AtomicFile::commit) renames it.
///
/// Dropped before that, it is removed. A process that was killed cannot do so; its file is removed by the next writer to
/// the same destination, who can tell by the lock that a living writer holds on its file. Bytes are not buffered here.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    // Below `file`, so that it is closed when the path is removed; some systems insist.
    temporary: TempPath,
    destination: PathBuf,
    overwrite: bool,
}

impl AtomicFile {
    /// Opens a temporary file beside `destination` and removes those that killed writers left there.
    ///
    /// # Errors
    /// The destination exists and `overwrite` is false; it is something else than a regular file; its folder is missing or
    /// may not be written; or any other failure of the file system.
    pub fn create(destination: &Path, overwrite: bool) -> Result<Self, ParquetError> {
        let said = |error| ParquetError::io(destination, error);
        let target = target(destination, overwrite)?;
        let prefix = prefix(&target).map_err(said)?;
        remove_leftovers(&target, &prefix);
        let (file, temporary) = open_locked(&target, &prefix).map_err(said)?;
        if overwrite && let Ok(old) = fs::metadata(&target) {
            // A replaced file keeps who may read it. Not being able to see to it is no reason to fail.
            let _ = file.set_permissions(old.permissions());
        }
        Ok(AtomicFile { file, temporary, destination: target, overwrite })
    }

    /// Where the file will appear.
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// What was written so far, for reading.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Puts all bytes on disk and makes the file appear at its destination, in one step.
    ///
    /// # Errors
    /// The disk is full or fails, or (without `overwrite`) the destination has appeared meanwhile; nothing changes then.
    pub fn commit(self) -> Result<(), ParquetError> {
        let AtomicFile { file, temporary, destination, overwrite } = self;
        let said = |error| ParquetError::io(&destination, error);
        file.sync_all().map_err(said)?;
        let renamed =
            if overwrite { temporary.persist(&destination) } else { temporary.persist_noclobber(&destination) };
        renamed.map_err(|error| said(error.error))?;
        sync_folder(&destination).map_err(said)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// The file to replace: behind a link it is what the link shows, so that the link survives.
fn target(destination: &Path, overwrite: bool) -> Result<PathBuf, ParquetError> {
    let said = |error| ParquetError::io(destination, error);
    match fs::symlink_metadata(destination) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(destination.to_owned()),
        Err(error) => Err(said(error)),
        Ok(there) if there.is_dir() => Err(said(io::ErrorKind::IsADirectory.into())),
        Ok(_) if !overwrite => Err(ParquetError::exists(destination)),
        Ok(there) if there.is_file() => Ok(destination.to_owned()),
        Ok(_) => match fs::canonicalize(destination).map_err(said)? {
            // Renaming over a device or a pipe would destroy it.
            real if real.is_file() => Ok(real),
            _ => Err(said(io::Error::other("it is no regular file; to write to a pipe or device, use `-o -`"))),
        },
    }
}

fn folder(destination: &Path) -> &Path {
    match destination.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// How the names of temporary files for this destination begin.
fn prefix(destination: &Path) -> io::Result<OsString> {
    let name = destination.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut prefix = OsString::from(".");
    if name.len() <= NAME_BYTES_MAX {
        prefix.push(name);
    } else {
        prefix.push(format!("{:016x}", name_hash(name)));
    }
    prefix.push(".");
    Ok(prefix)
}

/// FNV-1a: short, and the same in every build.
fn name_hash(name: &OsStr) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    name.as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Whether a name is one of ours for the destination that the prefix stands for.
fn is_ours(name: &OsStr, prefix: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let middle = name.strip_prefix(prefix.as_encoded_bytes()).and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    middle.is_some_and(|middle| {
        middle.split(|byte| *byte == b'-').count() == 2
            && middle.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
    })
}

/// Removes what killed writers left. This is housekeeping for others: a failure here never stops the writer.
fn remove_leftovers(destination: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(folder(destination)) else { return };
    for entry in entries.flatten().filter(|entry| is_ours(&entry.file_name(), prefix)) {
        let Ok(file) = File::open(entry.path()) else { continue };
        // The lock is held while the name is removed: a writer between creating its file and locking it notices.
        if file.try_lock().is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Creates a new temporary file and locks it for as long as it is open.
fn open_locked(destination: &Path, prefix: &OsStr) -> io::Result<(File, TempPath)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut name = prefix.to_owned();
        name.push(format!("{}-{number}{SUFFIX}", std::process::id()));
        let path = folder(destination).join(name);
        let file = match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => file,
            // Left by a killed process that had our process number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        let locked = match file.try_lock() {
            Ok(()) => path.exists(),
            Err(TryLockError::WouldBlock) => false,
            // A file system without locks: nobody can lock the file to remove it either.
            Err(TryLockError::Error(_)) => true,
        };
        if locked {
            return Ok((file, TempPath::try_from_path(path)?));
        }
        // Somebody takes it for a leftover and is about to remove it; a second attempt to remove it does no harm.
        let _ = fs::remove_file(&path);
    }
}

/// Makes the new name survive a power cut; file systems that cannot do so for folders say "invalid".
fn sync_folder(destination: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(folder(destination)).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        // A folder that may be written but not read cannot be opened; the rename itself has happened.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}
