//! A file that appears whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crc32fast::Hasher;
use tempfile::TempPath;

use crate::error::ParquetError;

/// What the names of all temporary files end with: `.NAME.PID-NUMBER.ingest-tmp`, beside the destination `NAME`.
pub(crate) const SUFFIX: &str = ".ingest-tmp";

/// What the names of journals end with, instead: of what was written to the temporary file, so that another process can go on.
const JOURNAL_SUFFIX: &str = ".ingest-journal";

/// File systems take names of 255 bytes; a longer destination's name is shortened so that ours still fits.
const NAME_BYTES_MAX: usize = 180;

/// A file being written under a hidden name beside its destination, until [`commit`](AtomicFile::commit) renames it.
///
/// Dropped before that, it is removed. A process that was killed cannot do so; its file is removed by the next writer to
/// the same destination, who can tell by the lock that a living writer holds on its file; or, if a journal says enough of it, that
/// writer [goes on](AtomicFile::go_on) with it. Bytes are not buffered here.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    bytes: u64,
    sum: Hasher,
    // Below `file`, so that it is closed when the path is removed; some systems insist.
    temporary: TempPath,
    destination: PathBuf,
    overwrite: bool,
}

/// The first bytes of a file: how many, and their CRC-32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Their number.
    pub bytes: u64,
    /// Their sum.
    pub sum: u32,
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
        remove_leftovers(&target, &prefix, |path| fs::remove_file(path));
        let (file, temporary) = open_locked(&target, &prefix).map_err(said)?;
        if overwrite && let Ok(old) = fs::metadata(&target) {
            // A replaced file keeps who may read it. Not being able to see to it is no reason to fail.
            let _ = file.set_permissions(old.permissions());
        }
        Ok(AtomicFile { file, bytes: 0, sum: Hasher::new(), temporary, destination: target, overwrite })
    }

    /// The journals that lie beside `destination`, of writers that were killed or still live.
    pub fn journals(destination: &Path) -> Vec<PathBuf> {
        let beside = |target: PathBuf| Some(ours_beside(&target, &prefix(&target).ok()?, JOURNAL_SUFFIX));
        target(destination, true).ok().and_then(beside).unwrap_or_default()
    }

    /// Takes over the temporary file that belongs to a journal, with so much in it, to go on behind that; what comes after is
    /// cut off. `None` where its writer lives, or it does not hold these bytes. O(bytes).
    ///
    /// # Errors
    /// As [`AtomicFile::create`].
    pub fn go_on(
        destination: &Path,
        overwrite: bool,
        journal: &Path,
        written: Written,
    ) -> Result<Option<Self>, ParquetError> {
        let target = target(destination, overwrite)?;
        let path = journal.with_extension(&SUFFIX[1..]);
        let Ok(mut file) = OpenOptions::new().read(true).write(true).open(&path) else { return Ok(None) };
        if !lock_new(&file, &path) {
            return Ok(None);
        }
        let mut sum = Hasher::new();
        let mut take = || -> io::Result<bool> {
            let holds = read_sum(&mut (&file).take(written.bytes), &mut sum)? == written.bytes;
            if holds {
                file.set_len(written.bytes)?;
                file.seek(SeekFrom::End(0))?;
            }
            Ok(holds)
        };
        if !take().map_err(|error| ParquetError::io(destination, error))? || sum.clone().finalize() != written.sum {
            return Ok(None);
        }
        let said = |error| ParquetError::io(destination, error);
        let temporary = TempPath::try_from_path(path).map_err(said)?;
        remove_leftovers(&target, &prefix(&target).map_err(said)?, |path| fs::remove_file(path));
        Ok(Some(AtomicFile { file, bytes: written.bytes, sum, temporary, destination: target, overwrite }))
    }

    /// What was written so far.
    pub fn written(&self) -> Written {
        Written { bytes: self.bytes, sum: self.sum.clone().finalize() }
    }

    /// Where a journal of this file belongs. Whoever finds the one and not the other removes it.
    pub fn journal(&self) -> PathBuf {
        self.temporary.with_extension(&JOURNAL_SUFFIX[1..])
    }

    /// Leaves the temporary file where it is, for a writer who goes on with it.
    ///
    /// # Errors
    /// The file system fails; it is removed then.
    pub fn leave(self) -> Result<(), ParquetError> {
        let AtomicFile { temporary, destination, .. } = self;
        temporary.keep().map(drop).map_err(|error| ParquetError::io(&destination, error.error))
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
        let AtomicFile { file, temporary, destination, overwrite, .. } = self;
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
        let count = self.file.write(bytes)?;
        self.sum.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads to the end; the number of bytes.
fn read_sum(source: &mut impl Read, sum: &mut Hasher) -> io::Result<u64> {
    let mut part = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        match source.read(&mut part) {
            Ok(0) => return Ok(bytes),
            Ok(count) => {
                sum.update(&part[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The file to replace: behind a link it is what the link shows, so that the link survives.
fn target(destination: &Path, overwrite: bool) -> Result<PathBuf, ParquetError> {
    let said = |error| ParquetError::io(destination, error);
    match fs::symlink_metadata(destination) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(destination.to_owned()),
        Err(error) => Err(said(error)),
        Ok(there) if there.is_dir() => Err(said(io::ErrorKind::IsADirectory.into())),
        Ok(_) if !overwrite => Err(ParquetError::exists(destination, "file")),
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
pub(crate) fn prefix(destination: &Path) -> io::Result<OsString> {
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

/// Whether a name is one of ours, with this end, for the destination that the prefix stands for.
fn is_ours(name: &OsStr, prefix: &OsStr, suffix: &str) -> bool {
    let name = name.as_encoded_bytes();
    let middle = name.strip_prefix(prefix.as_encoded_bytes()).and_then(|rest| rest.strip_suffix(suffix.as_bytes()));
    middle.is_some_and(|middle| {
        middle.split(|byte| *byte == b'-').count() == 2
            && middle.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
    })
}

/// The paths beside the destination whose names are ours, with this end.
pub(crate) fn ours_beside(destination: &Path, prefix: &OsStr, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder(destination)) else { return Vec::new() };
    let ours = entries.flatten().filter(|entry| is_ours(&entry.file_name(), prefix, suffix));
    ours.map(|entry| entry.path()).collect()
}

/// Removes what killed writers left. This is housekeeping for others: a failure here never stops the writer.
pub(crate) fn remove_leftovers(destination: &Path, prefix: &OsStr, remove: impl Fn(&Path) -> io::Result<()>) {
    for path in ours_beside(destination, prefix, SUFFIX) {
        let Ok(file) = File::open(&path) else { continue };
        // The lock is held while the name is removed: a writer between creating its file and locking it notices.
        if file.try_lock().is_ok() {
            let _ = remove(&path);
        }
    }
    for journal in ours_beside(destination, prefix, JOURNAL_SUFFIX) {
        if !journal.with_extension(&SUFFIX[1..]).exists() {
            let _ = fs::remove_file(&journal);
        }
    }
}

/// A name with this end for something temporary beside the destination, which this process has not given before.
pub(crate) fn temporary_name(destination: &Path, prefix: &OsStr, suffix: &str) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut name = prefix.to_owned();
    name.push(format!("{}-{number}{suffix}", std::process::id()));
    folder(destination).join(name)
}

/// Locks something new at a path; false where somebody takes it for a leftover and is about to remove it.
pub(crate) fn lock_new(file: &File, path: &Path) -> bool {
    match file.try_lock() {
        Ok(()) => path.exists(),
        Err(TryLockError::WouldBlock) => false,
        // A file system without locks: nobody can lock it to remove it either.
        Err(TryLockError::Error(_)) => true,
    }
}

/// Creates a new temporary file and locks it for as long as it is open.
fn open_locked(destination: &Path, prefix: &OsStr) -> io::Result<(File, TempPath)> {
    loop {
        let path = temporary_name(destination, prefix, SUFFIX);
        let file = match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => file,
            // Left by a killed process that had our process number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        if lock_new(&file, &path) {
            return Ok((file, TempPath::try_from_path(path)?));
        }
        // A second attempt to remove it does no harm.
        let _ = fs::remove_file(&path);
    }
}

/// Makes the new name survive a power cut; file systems that cannot do so for folders say "invalid".
pub(crate) fn sync_folder(destination: &Path) -> io::Result<()> {
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
