//! The files of a version: where its sources lie, here or on servers, or the copies that its workspace keeps.

use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use ingest::{Code, Error, Options, Remote, Result};
use ingest_dataset::{Change, Check, Fingerprint, Version, VersionFile, Workspace};
use nix::fcntl::OFlag;

use crate::content::{Content, Facts};
use crate::held::Held;
use crate::texts::Texts;

/// The files of a version.
pub(crate) struct Files {
    /// Where each one lies.
    places: Texts,
    prints: Vec<Fingerprint>,
    are_copies: bool,
    /// Whether none of them lies on a server.
    are_near: bool,
    /// How servers are asked.
    run: Options,
    held: Held<OpenFile>,
}

/// An open file that was what the version recorded.
enum OpenFile {
    /// Of this machine, and what it looked like then.
    Here(File, State),
    /// Of a server: what comes is of that version of it, or an error.
    Remote(Remote),
}

/// The system changes one of these whenever somebody writes to a file or puts another in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State([i64; 4], [u64; 3]);

impl State {
    fn of(metadata: &Metadata) -> State {
        let times = [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()];
        State(times, [metadata.dev(), metadata.ino(), metadata.len()])
    }
}

impl Files {
    pub(crate) fn new(version: &Version, run: &Options) -> Files {
        let (are_copies, run) = (version.is_snapshot, run.clone());
        Files { places: Texts::default(), prints: Vec::new(), are_copies, are_near: true, run, held: Held::new() }
    }

    /// Adds a file under the next number.
    pub(crate) fn push(&mut self, workspace: &Workspace, file: &VersionFile) -> Result<()> {
        let place = workspace.place_of(file, self.are_copies);
        let text = place
            .to_str()
            .ok_or_else(|| Error::new(Code::Usage, format!("{}: the workspace's path is no UTF-8", place.display())))?;
        self.places.push(text);
        self.are_near &= !ingest::is_web(text);
        self.prints.push(file.fingerprint.clone());
        Ok(())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.prints.iter().map(|print| print.size).sum()
    }

    /// Whether one of the first files is where it was: else their disk is not there, and it is better to say so than to mount.
    pub(crate) fn check_reachable(&self) -> Result<()> {
        /// So many are looked for.
        const FILES_MAX: usize = 16;
        let mut places = (0..self.places.len().min(FILES_MAX)).map(|file| Path::new(self.places.get(file)));
        let is_there = |place: &Path| place.to_str().is_some_and(ingest::is_web) || place.exists();
        if self.places.is_empty() || places.any(is_there) {
            return Ok(());
        }
        let first = self.places.get(0);
        Err(Error::new(Code::NotFound, format!("{first}: there is no such file, nor are those after it there")).hint(
            "look whether the disk of the sources is there; `ingest dataset verify` tells all files that are gone",
        ))
    }

    fn open(&self, file: u32) -> Result<OpenFile> {
        let text = self.places.get(file as usize);
        let place = Path::new(text);
        let print = &self.prints[file as usize];
        let checked = |difference| match difference {
            None => Ok(()),
            Some(kind) => Err(changed(&Change { path: text.to_owned(), kind }.to_string())),
        };
        if ingest::is_web(text) {
            let remote = Remote::open(text, &self.run.web)?;
            checked(print.difference_of_remote(&remote, Check::Quick)?)?;
            return Ok(OpenFile::Remote(remote));
        }
        let failed = |error| Error::from_io(place, error);
        // Where a pipe has come in its place, opening must not wait for somebody who writes.
        let flags = OFlag::O_NONBLOCK.bits();
        let open = File::options().read(true).custom_flags(flags).open(place).map_err(failed)?;
        let state = State::of(&open.metadata().map_err(failed)?);
        checked(print.difference(place, Check::Quick, self.are_copies, &self.run)?)?;
        // What was looked at is what is open.
        if State::of(&place.metadata().map_err(failed)?) != state {
            return Err(changed(&format!("{}: the file changed while it was opened", place.display())));
        }
        Ok(OpenFile::Here(open, state))
    }
}

#[cold]
fn changed(what: &str) -> Error {
    Error::new(Code::ContentChanged, what)
        .hint("the mount gives no other bytes than those registered; a version with --snapshot keeps a copy")
}

impl Content for Files {
    fn facts(&self, file: u32) -> Result<Facts> {
        let print = &self.prints[file as usize];
        Ok(Facts { size: print.size, modified_ns: print.modified_ns })
    }

    fn is_near(&self) -> bool {
        self.are_near
    }

    /// Reads, then looks whether the file is still as it was when it was checked: what was read of another is thrown away.
    fn read_at(&self, file: u32, offset: u64, length: usize) -> Result<Vec<u8>> {
        /// A changed mode changes the time as well, though no bytes: a second look tells.
        const LOOKS: usize = 2;
        let size = self.prints[file as usize].size;
        let length = length.min(usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX));
        let failed = |error| Error::from_io(Path::new(self.places.get(file as usize)), error);
        for _ in 0..LOOKS {
            let opened = self.held.get(file, || self.open(file));
            let open = opened.as_ref().as_ref().map_err(told_again)?;
            let mut bytes = vec![0; length];
            let (open, state) = match open {
                OpenFile::Here(open, state) => (open, state),
                OpenFile::Remote(remote) => {
                    let read = remote.read_at(offset, &mut bytes)?;
                    return if read == length {
                        Ok(bytes)
                    } else {
                        Err(changed(&format!("{}: is shorter", remote.name())))
                    };
                }
            };
            let read = open.read_exact_at(&mut bytes, offset);
            if State::of(&open.metadata().map_err(failed)?) == *state {
                read.map_err(failed)?;
                return Ok(bytes);
            }
            self.held.forget(file);
        }
        Err(changed(&format!("{}: the file changes while it is read", self.places.get(file as usize))))
    }
}

/// The same error for another of those who waited.
#[cold]
fn told_again(error: &Error) -> Error {
    let again = Error::new(error.code(), error.message());
    match error.way_out() {
        Some(hint) => again.hint(hint),
        None => again,
    }
}
