//! The files of a version copied to a folder: every one of them, with the bytes that were registered, or an error.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use ingest::{Code, Error, Options, Result};

use crate::doctor::free_bytes;
use crate::files::{Fingerprint, VersionFile, fingerprint, for_each, web_address};
use crate::version::Version;
use crate::workspace::Workspace;

/// How files are copied.
#[derive(Clone, Copy, Debug, Default)]
pub struct Download {
    /// Whether other files of the same names are replaced.
    pub overwrite: bool,
    /// Whether files that are gone are left out, and told; else that is an error.
    pub ignore_not_found: bool,
}

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downloaded {
    /// Files that were copied.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were there already, with the same bytes.
    pub present: u64,
    /// Paths of the files that are gone.
    pub missing: Vec<String>,
}

/// What came of one file.
enum Copied {
    Now(u64),
    Before,
    Missing(String),
}

impl Workspace {
    /// Copies the files of a version into a folder, which is made if need be, in the layout of the dataset. Each appears whole or not
    /// at all, with the size and hash that were registered; one that is there already with these is left, so that a download that was
    /// broken off goes on where it was. `run` says how many threads do it.
    ///
    /// # Errors
    /// [`Code::DiskFull`] before the first byte, where the folder's disk cannot hold them; [`Code::ContentChanged`]: a file is no longer
    /// what was registered; [`Code::OutputExists`]: another file has its name.
    pub fn download(&self, version: &Version, target: &Path, how: Download, run: &Options) -> Result<Downloaded> {
        let mut files = self.files(version)?;
        files.sort_by(|a, b| a.relative.cmp(&b.relative));
        // Members of one archive are one file.
        files.dedup_by(|a, b| a.relative == b.relative && a.path == b.path);
        if let Some(pair) = files.windows(2).find(|pair| pair[0].relative == pair[1].relative) {
            let message = format!("{} and {} would be the same file", pair[0].path, pair[1].path);
            return Err(Error::new(Code::BadDefinition, message));
        }
        fs::create_dir_all(target).map_err(|error| Error::from_io(target, error))?;
        check_room(target, &files)?;
        let copied = for_each(files, run, |file| self.copy(version, &file, target, how, run))?;
        // On the disk, all at once: a hundred thousand small files would each wait for it.
        File::open(target)
            .and_then(|folder| Ok(rustix::fs::syncfs(folder)?))
            .map_err(|error| Error::from_io(target, error))?;
        let mut done = Downloaded::default();
        for one in copied {
            match one {
                Copied::Now(bytes) => (done.files, done.bytes) = (done.files + 1, done.bytes + bytes),
                Copied::Before => done.present += 1,
                Copied::Missing(path) => done.missing.push(path),
            }
        }
        Ok(done)
    }

    fn copy(&self, version: &Version, file: &VersionFile, root: &Path, how: Download, run: &Options) -> Result<Copied> {
        let target = place(root, &file.relative)?;
        match target.symlink_metadata() {
            Ok(metadata) if metadata.is_file() && metadata.len() == file.fingerprint.size => {
                if fingerprint(&target, run, |_| Ok(()))?.hash == file.fingerprint.hash {
                    return Ok(Copied::Before);
                }
                check_replaceable(&target, how)?;
            }
            Ok(_) => check_replaceable(&target, how)?,
            Err(_) => {}
        }
        let source = self.place_of(file, version.is_snapshot);
        if how.ignore_not_found && web_address(&source).is_none() && !source.exists() {
            return Ok(Copied::Missing(file.path.clone()));
        }
        let folder = target.parent().unwrap_or(root);
        let failed = |error| Error::from_io(&target, error);
        let (mut draft, path) = draft(folder, &file.relative)?;
        let copied = fingerprint(&source, run, |bytes| draft.write_all(bytes).map_err(failed))
            .and_then(|now| check_same(file, &now).map(|()| now));
        let copied = copied.inspect_err(|_| {
            // The error that is told is why it is not wanted.
            let _ = fs::remove_file(&path);
        });
        let now = match copied {
            Err(error) if how.ignore_not_found && error.code() == Code::NotFound && !run.web.offline => {
                return Ok(Copied::Missing(file.path.clone()));
            }
            copied => copied?,
        };
        fs::rename(&path, &target).map_err(failed)?;
        Ok(Copied::Now(now.size))
    }
}

/// The file that becomes another, under a name that is always the same: what a kill leaves is written over by whoever goes on. The
/// system takes the lock back from whoever was killed.
fn draft(folder: &Path, relative: &str) -> Result<(File, PathBuf)> {
    let name = format!(".download-{}", &blake3::hash(relative.as_bytes()).to_hex()[..16]);
    let path = folder.join(name);
    let failed = |error| Error::from_io(&path, error);
    let flags = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    let is_at = |draft: &File| -> std::io::Result<bool> {
        let same = path.symlink_metadata()?;
        Ok((same.dev(), same.ino()) == (draft.metadata()?.dev(), draft.metadata()?.ino()))
    };
    loop {
        let open = File::options().write(true).create(true).truncate(false).custom_flags(flags).open(&path);
        let draft = open.map_err(failed)?;
        draft.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                let message = format!("{}: another download writes this file", folder.join(relative).display());
                Error::new(Code::OutputExists, message).hint("run again once it is done")
            }
            TryLockError::Error(error) => failed(error),
        })?;
        // Whoever held it before may have given it its own name meanwhile: then it is no draft any more.
        if is_at(&draft).unwrap_or(false) {
            draft.set_len(0).map_err(failed)?;
            return Ok((draft, path));
        }
    }
}

fn check_same(file: &VersionFile, now: &Fingerprint) -> Result<()> {
    if (now.size, now.hash) == (file.fingerprint.size, file.fingerprint.hash) {
        return Ok(());
    }
    let message = format!("{}: the file is not what was registered", file.path);
    Err(Error::new(Code::ContentChanged, message)
        .hint("`ingest dataset verify` tells all that changed; a version with --snapshot keeps a copy"))
}

fn check_replaceable(target: &Path, how: Download) -> Result<()> {
    if how.overwrite && !target.is_dir() {
        return Ok(());
    }
    let message = format!("{} is there already, and is not the file that was registered", target.display());
    Err(Error::new(Code::OutputExists, message).hint("--overwrite replaces it"))
}

/// Where a file of this layout lies below a folder; the folders on the way are made. Links are not followed: they might lead out.
fn place(root: &Path, relative: &str) -> Result<PathBuf> {
    let outside = || Error::new(Code::Registry, format!("{relative:?} would lie outside of the folder"));
    let parts: Vec<Component<'_>> = Path::new(relative).components().collect();
    let (name, folders) = parts.split_last().ok_or_else(outside)?;
    let mut path = root.to_owned();
    for folder in folders {
        let Component::Normal(folder) = folder else { return Err(outside()) };
        path.push(folder);
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(_) if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) => {}
            Err(_) if path.is_symlink() => {
                let message = format!("{} is a link, which may lead out of the folder", path.display());
                return Err(Error::new(Code::OutputExists, message).hint("remove it, or download to another folder"));
            }
            Err(error) => return Err(Error::from_io(&path, error)),
        }
    }
    let Component::Normal(name) = name else { return Err(outside()) };
    Ok(path.join(name))
}

/// Whether the disk of a folder can hold the files that are not there yet.
fn check_room(target: &Path, files: &[VersionFile]) -> Result<()> {
    let present = |file: &VersionFile| {
        target.join(&file.relative).symlink_metadata().is_ok_and(|metadata| metadata.len() == file.fingerprint.size)
    };
    let wanted: u64 = files.iter().filter(|file| !present(file)).map(|file| file.fingerprint.size).sum();
    let free = free_bytes(target)?;
    if wanted <= free {
        return Ok(());
    }
    let message = format!("{}: the files have {wanted} bytes, and the disk has {free} left", target.display());
    Err(Error::new(Code::DiskFull, message).hint("name a folder on another disk"))
}
