//! From what the user typed to the files that are meant.

use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::{DirEntry, WalkDir};

use crate::error::{SourceError, SourceErrorKind};

/// Where one source is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// Standard input.
    Stdin,
    /// A file, pipe or device.
    Path(PathBuf),
}

/// The sources that `patterns` stand for, in the order of the patterns.
///
/// - `-` is standard input.
/// - What exists under that very name is that file, even if the name holds glob characters. A folder stands for the
///   regular files in it, at any depth, hidden ones left out, sorted by path.
/// - Anything with `*`, `?`, `[..]` or `{a,b}` is a glob: `*` stays within one folder, `**` does not; folders that
///   match are left out, and hidden names too unless a part of the pattern begins with a dot. Sorted by path. Links are
///   followed.
///
/// # Errors
/// A pattern that stands for nothing (`NotFound`), a malformed glob (`Usage`), a folder that cannot be read.
pub fn locate(patterns: &[String]) -> Result<Vec<Location>, SourceError> {
    let mut locations = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        if pattern == "-" {
            locations.push(Location::Stdin);
        } else {
            locations.extend(locate_paths(pattern)?.into_iter().map(Location::Path));
        }
    }
    Ok(locations)
}

fn locate_paths(pattern: &str) -> Result<Vec<PathBuf>, SourceError> {
    let path = Path::new(pattern);
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => files_under(pattern),
        Ok(_) => Ok(vec![path.to_owned()]),
        Err(_) if is_glob(pattern) => expand(pattern),
        Err(error) if is_absence(&error) => Err(not_found(pattern, "there is no such file")),
        Err(error) => Err(SourceError::system(pattern, "open", error)),
    }
}

/// Whether the system says that nothing has that name, rather than that it may not look.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename | InvalidInput)
}

fn not_found(pattern: &str, what: &str) -> SourceError {
    let place = std::env::current_dir().map(|dir| format!(" (looked from {})", dir.display())).unwrap_or_default();
    SourceError::new(SourceErrorKind::NotFound, pattern, format!("{what}{place}"))
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

fn files_under(folder: &str) -> Result<Vec<PathBuf>, SourceError> {
    let walk = WalkDir::new(folder).min_depth(1).follow_links(true);
    let files = walked(folder, walk, false, |entry| entry.file_type().is_file())?;
    if files.is_empty() {
        return Err(not_found(folder, "the folder holds no files (hidden ones are left out)"));
    }
    Ok(files)
}

fn expand(pattern: &str) -> Result<Vec<PathBuf>, SourceError> {
    let (base, rest) = split(pattern);
    let matcher = matcher(pattern, &rest)?;
    let place = if base.as_os_str().is_empty() { Path::new(".") } else { &base };
    if !place.is_dir() {
        return Err(not_found(pattern, "no file matches"));
    }
    let depth = if rest.contains("**") { usize::MAX } else { rest.matches('/').count() + 1 };
    let hidden = rest.starts_with('.') || rest.contains("/.") || rest.contains("{.") || rest.contains(",.");
    let below = |path: &Path| path.strip_prefix(place).expect("the walk stays below its start").to_owned();
    let walk = WalkDir::new(place).min_depth(1).max_depth(depth).follow_links(true);
    let wanted = |entry: &DirEntry| !entry.file_type().is_dir() && matcher.is_match(below(entry.path()));
    let files = walked(pattern, walk, hidden, wanted)?;
    if files.is_empty() {
        return Err(not_found(pattern, "no file matches"));
    }
    Ok(files.iter().map(|path| base.join(below(path))).collect())
}

/// The folders that a pattern names plainly, and the rest, from the first part that is a glob on.
fn split(pattern: &str) -> (PathBuf, String) {
    let is_plain = |part: &Component<'_>| !is_glob(&part.as_os_str().to_string_lossy());
    let path = Path::new(pattern);
    let base: PathBuf = path.components().take_while(is_plain).collect();
    let rest: PathBuf = path.components().skip_while(is_plain).collect();
    (base, rest.to_string_lossy().into_owned())
}

fn matcher(pattern: &str, rest: &str) -> Result<GlobMatcher, SourceError> {
    let glob = GlobBuilder::new(rest).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| {
        let message = format!("no file has that name, and it is no glob: {}", error.kind());
        SourceError::new(SourceErrorKind::Usage, pattern, message)
    })
}

/// What a walk finds that is wanted, sorted.
fn walked(
    name: &str,
    walk: WalkDir,
    hidden: bool,
    wanted: impl Fn(&DirEntry) -> bool,
) -> Result<Vec<PathBuf>, SourceError> {
    let is_shown = |entry: &DirEntry| hidden || entry.depth() == 0 || !is_hidden(entry);
    let mut paths = Vec::new();
    for entry in walk.into_iter().filter_entry(is_shown) {
        match entry {
            Ok(entry) if wanted(&entry) => paths.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => skip_or_fail(name, error)?,
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// A link that points nowhere, or back to a folder above it, is nobody's file; anything else is a failure.
fn skip_or_fail(name: &str, error: walkdir::Error) -> Result<(), SourceError> {
    let place = error.path().map(|path| path.display().to_string()).unwrap_or_else(|| name.to_owned());
    match error.into_io_error() {
        None => Ok(()),
        Some(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Some(cause) => Err(SourceError::system(&place, "look into the folder", cause)),
    }
}
