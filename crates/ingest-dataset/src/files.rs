//! The files of a dataset: where they are, their place in its layout, and what they hold.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use ingest::{Code, Error, Options, Remote, Result, SourceFile, threads_wanted, try_map};

use crate::definition::{Definition, Kind};
use crate::draw::Draw;
use crate::step::Step;

/// What a file holds, and how that is seen without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Bytes.
    pub size: u64,
    /// When it was changed, nanoseconds since 1970; 0 where a server does not say.
    pub modified_ns: i64,
    /// BLAKE3 of its bytes.
    pub hash: [u8; 32],
    /// What its server tells this version of it by; `None` of other files, and where the server tells none.
    pub validator: Option<String>,
}

/// One file of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionFile {
    /// What the engine reads it by: a path, or `archive!member`.
    pub name: String,
    /// Where its bytes lie: a path, or a web address.
    pub path: String,
    /// Its place in the layout of the dataset, below its root.
    pub relative: String,
    /// What it holds; of a member, what its archive does.
    pub fingerprint: Fingerprint,
}

/// A file as it was found, nothing read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub source: SourceFile,
    pub relative: String,
}

/// The files that a definition stands for now: those of its sources, in their order; of files, those that its steps leave.
pub(crate) fn find(definition: &Definition) -> Result<Vec<FoundFile>> {
    let options = definition.options(&Options::default())?;
    let root = common_root(definition.sources());
    let mut found = Vec::new();
    for source in definition.sources() {
        let files = match definition.kind() {
            Kind::Tabular => ingest::locate_sources(source, &options)?,
            Kind::File => ingest::locate_files(source)?,
        };
        for source in files {
            let relative = relative(&root, &layout_path(&source.path))?;
            found.push(FoundFile { source, relative });
        }
    }
    if definition.kind() == Kind::File {
        found = selected(found, definition.steps())?;
    }
    Ok(found)
}

/// The deepest folder in which all sources lie. It depends on how they are named alone, so a file that comes or goes moves no other.
fn common_root(sources: &[String]) -> PathBuf {
    let mut bases = sources.iter().map(|source| match web_address(Path::new(source)) {
        Some(_) => layout_path(Path::new(source)).parent().map(Path::to_owned).unwrap_or_default(),
        None => ingest::base_folder(source),
    });
    let first = bases.next().unwrap_or_default();
    bases.fold(first, |root, base| {
        let shared = root.components().zip(base.components()).take_while(|(a, b)| a == b);
        shared.map(|(part, _)| part).collect()
    })
}

/// The web address that a place is.
pub(crate) fn web_address(place: &Path) -> Option<&str> {
    place.to_str().filter(|place| ingest::is_web(place))
}

/// A place as a path: of a web address, server and path, without what is asked of them.
fn layout_path(place: &Path) -> PathBuf {
    match web_address(place) {
        Some(address) => PathBuf::from(address.split(['?', '#']).next().unwrap_or_default().replacen("://", "/", 1)),
        None => place.to_owned(),
    }
}

fn relative(root: &Path, path: &Path) -> Result<String> {
    use std::path::Component;
    let below = path.strip_prefix(root).unwrap_or(path);
    // A path that was typed with `..` in it would lead out of wherever the layout is made again.
    let parts: Vec<&str> = below
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let climbs = below.components().any(|part| part == Component::ParentDir);
    if climbs || parts.is_empty() {
        let message = format!("{}: the path has no place below {}", path.display(), root.display());
        return Err(Error::new(Code::BadDefinition, message).hint("name the source without .."));
    }
    Ok(parts.join("/"))
}

/// The files that the steps leave: a file is a row.
fn selected(mut files: Vec<FoundFile>, steps: &[Step]) -> Result<Vec<FoundFile>> {
    for step in steps {
        let length = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        match step {
            Step::Take(rows) => files.truncate(length(*rows)),
            Step::Skip(rows) => drop(files.drain(..length(*rows).min(files.len()))),
            step => {
                if let Some(draw) = Draw::of(step)? {
                    let mut row = 0..;
                    files.retain(|_| row.next().is_some_and(|row| draw.takes(row)));
                }
            }
        }
    }
    Ok(files)
}

/// What `work` makes of each file, in their order, by as many threads as `run` says, until Ctrl-C.
pub(crate) fn for_each<F: Send, T: Send>(
    files: Vec<F>,
    run: &Options,
    work: impl Fn(F) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let is_over = || run.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed));
    try_map(
        threads_wanted(run),
        files,
        || (),
        |(), file| {
            if is_over() { Err(Error::new(Code::Interrupted, "interrupted")) } else { work(file) }
        },
    )
}

/// Bytes that are read and hashed at once.
const PIECE_BYTES: usize = 256 << 10;

/// Reads a file as a whole and tells what it holds; `out` gets its bytes. `run` says how servers are asked.
///
/// # Errors
/// The file cannot be read, is none, or changes meanwhile.
pub(crate) fn fingerprint(path: &Path, run: &Options, mut out: impl FnMut(&[u8]) -> Result<()>) -> Result<Fingerprint> {
    if let Some(address) = web_address(path) {
        return of_remote(&Remote::open(address, &run.web)?, out);
    }
    let failed = |error| Error::from_io(path, error);
    // Asked before it is opened: opening a pipe waits for somebody who writes.
    let before = path.metadata().map_err(failed)?;
    if !before.is_file() {
        let message =
            format!("{}: only files can be registered: what comes out of this cannot be read again", path.display());
        return Err(Error::new(Code::BadDefinition, message));
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut size = 0;
    loop {
        let read = file.read(&mut piece).map_err(failed)?;
        if read == 0 {
            break;
        }
        hasher.update(&piece[..read]);
        out(&piece[..read])?;
        size += read as u64;
    }
    let after = file.metadata().map_err(failed)?;
    let state = |metadata: &std::fs::Metadata| (metadata.len(), modified_ns(metadata));
    if state(&before) != state(&after) || size != after.len() {
        let message = format!("{}: the file changed while it was read", path.display());
        return Err(Error::new(Code::SourceChanged, message).hint("register it once nothing writes to it"));
    }
    Ok(Fingerprint { size, modified_ns: modified_ns(&after), hash: *hasher.finalize().as_bytes(), validator: None })
}

/// The same of a file of a server.
pub(crate) fn of_remote(remote: &Remote, mut out: impl FnMut(&[u8]) -> Result<()>) -> Result<Fingerprint> {
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut size = 0;
    loop {
        let read = remote.read_at(size, &mut piece)?;
        if read == 0 {
            break;
        }
        hasher.update(&piece[..read]);
        out(&piece[..read])?;
        size += read as u64;
    }
    let modified = remote.modified().and_then(|time| jiff::fmt::rfc2822::parse(time).ok());
    let modified_ns = modified.and_then(|time| i64::try_from(time.timestamp().as_nanosecond()).ok()).unwrap_or(0);
    let validator = remote.validator().map(str::to_owned);
    Ok(Fingerprint { size, modified_ns, hash: *hasher.finalize().as_bytes(), validator })
}

/// When a file was changed, nanoseconds since 1970; times beyond the years 1677 to 2262 are the last ones within.
pub(crate) fn modified_ns(metadata: &std::fs::Metadata) -> i64 {
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}
