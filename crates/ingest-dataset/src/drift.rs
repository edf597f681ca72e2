//! Whether the files of a version are still what they were.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ingest::{AtEnd, Code, Error, Options, Remote, Result};

use crate::files::{Fingerprint, VersionFile, fingerprint, for_each, modified_ns, of_remote, web_address};
use crate::version::Version;
use crate::workspace::Workspace;

/// How a file differs from what it was when its version was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which file: its path.
    pub path: String,
    /// What is different.
    pub kind: ChangeKind,
}

/// What is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// There is no such file any more.
    Missing,
    /// Its size.
    Size {
        /// Bytes before.
        from: u64,
        /// Bytes now.
        to: u64,
    },
    /// Other bytes, as many as before.
    Content,
    /// It cannot be read, and why.
    Unreadable(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match &self.kind {
            ChangeKind::Missing => f.write_str("is missing"),
            ChangeKind::Size { from, to } => write!(f, "had {from} bytes and has {to}"),
            ChangeKind::Content => f.write_str("holds other bytes, as many as before"),
            ChangeKind::Unreadable(why) => write!(f, "cannot be read: {why}"),
        }
    }
}

/// How closely files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Sizes and times, of files of servers what the server tells; a file of another time and the same size is read.
    Quick,
    /// Every file is read.
    Thorough,
}

impl Workspace {
    /// How the files of a version differ from what they were; of a snapshot, how the copies in the workspace do. In the order of the
    /// files, each once. O(files), and O(bytes) of those that are read.
    ///
    /// # Errors
    /// The registry cannot be read, or the run was interrupted.
    pub fn changes(&self, version: &Version, check: Check, run: &Options) -> Result<Vec<Change>> {
        changes_in(&self.places_of(version, self.files(version)?), version.is_snapshot, check, run)
    }

    /// Each file once, in the order of the paths, with the place of its bytes.
    fn places_of(&self, version: &Version, mut files: Vec<VersionFile>) -> Vec<Placed> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        let placed = |file: VersionFile| Placed {
            place: self.place_of(&file, version.is_snapshot),
            path: file.path,
            print: file.fingerprint,
        };
        files.into_iter().map(placed).collect()
    }

    /// What fails where these files of a version are no longer what they were when it is asked: [`Code::ContentChanged`] names them;
    /// its hint says what may be done.
    pub(crate) fn are_unchanged(&self, version: &Version, files: &[VersionFile], run: &Options) -> AtEnd {
        let placed = self.places_of(version, files.to_vec());
        let (version, run) = (version.clone(), run.clone());
        Arc::new(move || {
            let changes = changes_in(&placed, version.is_snapshot, Check::Quick, &run)?;
            if changes.is_empty() { Ok(()) } else { Err(changed(&version, &changes)) }
        })
    }
}

/// A file of a version, and where its bytes lie.
struct Placed {
    place: PathBuf,
    path: String,
    print: Fingerprint,
}

fn changes_in(files: &[Placed], are_copies: bool, check: Check, run: &Options) -> Result<Vec<Change>> {
    let changes = for_each(files.iter().collect(), run, |file: &Placed| {
        let kind = file.print.difference(&file.place, check, are_copies, run)?;
        Ok(kind.map(|kind| Change { path: file.path.clone(), kind }))
    })?;
    Ok(changes.into_iter().flatten().collect())
}

impl Fingerprint {
    /// What is different about the file at a path; `None`: nothing. A time alone is no difference: then its bytes decide. Copies in
    /// the store have times of their own. `run` says how servers are asked.
    ///
    /// # Errors
    /// A server does not answer: that tells nothing about its file.
    pub fn difference(&self, path: &Path, check: Check, is_copy: bool, run: &Options) -> Result<Option<ChangeKind>> {
        let Some(address) = web_address(path) else {
            return Ok(self.difference_of_file(path, check, is_copy));
        };
        match Remote::open(address, &run.web).map_err(Error::from) {
            Err(error) if error.code() == Code::NotFound && !run.web.offline => Ok(Some(ChangeKind::Missing)),
            opened => self.difference_of_remote(&opened?, check),
        }
    }

    /// The same of a file of a server that is open.
    ///
    /// # Errors
    /// The server no longer answers.
    pub fn difference_of_remote(&self, remote: &Remote, check: Check) -> Result<Option<ChangeKind>> {
        if let Some(size) = remote.size().filter(|size| *size != self.size) {
            return Ok(Some(ChangeKind::Size { from: self.size, to: size }));
        }
        let is_told = self.validator.is_some() && remote.validator() == self.validator.as_deref();
        if check == Check::Quick && is_told {
            return Ok(None);
        }
        let now = of_remote(remote, |_| Ok(()))?;
        Ok((now.hash != self.hash).then_some(ChangeKind::Content))
    }

    fn difference_of_file(&self, path: &Path, check: Check, is_copy: bool) -> Option<ChangeKind> {
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(ChangeKind::Missing),
            Err(error) => return Some(ChangeKind::Unreadable(error.to_string())),
        };
        if metadata.len() != self.size {
            return Some(ChangeKind::Size { from: self.size, to: metadata.len() });
        }
        // Nobody changes a copy but by force: it is sealed, and its time is that of no source.
        let is_sealed = is_copy && metadata.permissions().readonly();
        if check == Check::Quick && (is_sealed || modified_ns(&metadata) == self.modified_ns) {
            return None;
        }
        match fingerprint(path, &Options::default(), |_| Ok(())) {
            Ok(now) if now.hash == self.hash => None,
            Ok(_) => Some(ChangeKind::Content),
            Err(error) => Some(ChangeKind::Unreadable(error.message().to_owned())),
        }
    }
}

/// The error for files that are no longer what they were.
#[cold]
fn changed(version: &Version, changes: &[Change]) -> Error {
    /// So many are named.
    const NAMED_MAX: usize = 10;
    if version.is_snapshot {
        let message = format!("{}: the copy in the workspace is not what was registered", changes[0].path);
        let hint = "registering a file of the same content with --snapshot puts it right; `ingest dataset verify` tells all copies";
        return Error::new(Code::ContentChanged, message).hint(hint);
    }
    let named: Vec<String> = changes.iter().take(NAMED_MAX).map(|change| format!("\n  {change}")).collect();
    let more = changes.len() - named.len();
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    let message = format!(
        "{} of the files of {} changed since it was registered:{}{more}",
        changes.len(),
        version.label(),
        named.concat()
    );
    Error::new(Code::ContentChanged, message).hint(format!(
        "`ingest dataset register {} ... --new-version` registers what is there now; a version with --snapshot keeps a copy",
        version.name
    ))
}
