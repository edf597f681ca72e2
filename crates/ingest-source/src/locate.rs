//! From what the user typed to the files that are meant.

use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::{DirEntry, WalkDir};

use crate::archive::{Member, Whole, members};
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::web::{Remote, is_web};

/// Where one source is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// Standard input.
    Stdin,
    /// A file, pipe or device.
    Path(PathBuf),
    /// A member of an archive.
    Member(Member),
    /// A file of a web server.
    Web(Remote),
}

/// The sources that `patterns` stand for, in the order of the patterns.
///
/// - `-` is standard input.
/// - What exists under that very name is that file, even if the name holds glob characters. A folder stands for the
///   regular files in it, at any depth, hidden ones left out, sorted by path.
/// - Anything with `*`, `?`, `[..]` or `{a,b}` is a glob: `*` stays within one folder, `**` does not; folders that
///   match are left out, and hidden names too unless a part of the pattern begins with a dot. Sorted by path. Links are
///   followed.
/// - `http://` and `https://` begin web addresses, taken literally: each stands for one file, which is asked for here.
/// - A zip or tar archive, by its content, stands for the files in it, hidden ones left out, sorted by name; `archive!name`,
///   where there is no such file, for one of them, for those in one of its folders, or for those that a glob matches.
///
/// # Errors
/// A pattern that stands for nothing (`NotFound`), a malformed glob (`Usage`), a folder that cannot be read.
pub fn locate(patterns: &[String], options: &SourceOptions) -> Result<Vec<Location>, SourceError> {
    let mut locations = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        if pattern == "-" {
            locations.push(Location::Stdin);
        } else if is_web(pattern) {
            locations.extend(locate_web(pattern, options)?);
        } else {
            locations.extend(locate_paths(pattern, options)?);
        }
    }
    Ok(locations)
}

/// The files that a pattern stands for, as [`locate()`] says, but archives are files like others: nothing is opened.
///
/// # Errors
/// As [`locate()`].
pub fn locate_files(pattern: &str) -> Result<Vec<PathBuf>, SourceError> {
    let path = Path::new(pattern);
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => files_under(pattern),
        Ok(_) => Ok(vec![path.to_owned()]),
        Err(_) if is_glob(pattern) => expand(pattern),
        Err(error) if is_absence(&error) => Err(not_found(pattern, "there is no such file")),
        Err(error) => Err(SourceError::system(pattern, "open", error)),
    }
}

/// The folder below which a pattern's files lie: itself, where it is one, else the folder of the file, or of a glob the folders
/// that it names plainly.
pub fn base_folder(pattern: &str) -> PathBuf {
    let path = Path::new(pattern);
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => path.to_owned(),
        Err(_) if is_glob(pattern) => split(pattern).0,
        _ => path.parent().map(Path::to_owned).unwrap_or_default(),
    }
}

fn locate_paths(pattern: &str, options: &SourceOptions) -> Result<Vec<Location>, SourceError> {
    if Path::new(pattern).metadata().is_err()
        && let Some(found) = members_named(pattern, options)?
    {
        return Ok(found);
    }
    with_members(locate_files(pattern)?, options)
}

/// The files, each archive among them replaced by its members.
fn with_members(paths: Vec<PathBuf>, options: &SourceOptions) -> Result<Vec<Location>, SourceError> {
    let mut locations = Vec::with_capacity(paths.len());
    for path in paths {
        let whole = Whole::of_file(&path)?;
        let found = whole.map(|whole| shown_members(&whole, &path.display().to_string(), options)).transpose()?;
        match found.flatten() {
            None => locations.push(Location::Path(path)),
            Some(found) => locations.extend(found),
        }
    }
    Ok(locations)
}

/// The members of an archive, if it is one.
fn shown_members(whole: &Whole, name: &str, options: &SourceOptions) -> Result<Option<Vec<Location>>, SourceError> {
    match members(whole, &|name| !is_hidden_member(name), options)? {
        Some(found) if found.is_empty() => {
            let message = "the archive holds no files (hidden ones are left out)";
            Err(SourceError::new(SourceErrorKind::NotFound, name, message))
        }
        found => Ok(found.map(|found| found.into_iter().map(Location::Member).collect())),
    }
}

/// What a web address stands for: its file, the members of an archive, or one of them by `address!name`.
fn locate_web(address: &str, options: &SourceOptions) -> Result<Vec<Location>, SourceError> {
    let refused = match Remote::open(address, &options.web) {
        Ok(remote) => {
            let found = shown_members(&Whole::of_remote(&remote)?, remote.name(), options)?;
            return Ok(found.unwrap_or_else(|| vec![Location::Web(remote)]));
        }
        // Where a user may not list names, unknown ones are refused.
        Err(error) if matches!(error.kind(), SourceErrorKind::NotFound | SourceErrorKind::AccessDenied) => error,
        Err(error) => return Err(error),
    };
    for (at, _) in address.match_indices('!') {
        let (archive, name) = (&address[..at], &address[at + 1..]);
        let remote = match Remote::open(archive, &options.web) {
            Err(error) if error.kind() == SourceErrorKind::NotFound => continue,
            opened => opened?,
        };
        let found = members_like(address, &Whole::of_remote(&remote)?, archive, name, options)?;
        if found.is_empty() {
            return Err(not_found(address, "no member of the archive has that name"));
        }
        return Ok(found.into_iter().map(Location::Member).collect());
    }
    Err(refused)
}

/// What `archive!name` stands for; `None` where nothing before a `!` is a file, or a glob that matches some.
fn members_named(pattern: &str, options: &SourceOptions) -> Result<Option<Vec<Location>>, SourceError> {
    // In a glob, `[!` begins a class of its own.
    let marks = pattern.match_indices('!').map(|(at, _)| at).filter(|&at| !pattern[..at].ends_with('['));
    for at in marks {
        let (archive, name) = (&pattern[..at], &pattern[at + 1..]);
        let archives = match Path::new(archive).metadata() {
            Ok(metadata) if metadata.is_file() => vec![PathBuf::from(archive)],
            Err(_) if is_glob(archive) => expand(archive).unwrap_or_default(),
            _ => continue,
        };
        if archives.is_empty() || name.is_empty() {
            continue;
        }
        let mut found = Vec::new();
        for archive in archives {
            let shown = archive.display().to_string();
            let whole = Whole::of_file(&archive)?.ok_or_else(|| no_archive(pattern, &shown))?;
            found.extend(members_like(pattern, &whole, &shown, name, options)?.into_iter().map(Location::Member));
        }
        if found.is_empty() {
            return Err(not_found(pattern, "no member of the archive has that name"));
        }
        return Ok(Some(found));
    }
    Ok(None)
}

/// The members of an archive that a name, the name of a folder, or a glob stands for.
fn members_like(
    pattern: &str,
    whole: &Whole,
    archive: &str,
    name: &str,
    options: &SourceOptions,
) -> Result<Vec<Member>, SourceError> {
    let matcher = if is_glob(name) { Some(matcher(pattern, name)?) } else { None };
    let hidden = shows_hidden(name);
    let folder = format!("{}/", name.trim_end_matches('/'));
    let wants = |member: &str| {
        let is_shown = hidden || !is_hidden_member(member);
        let matches = matcher.as_ref().is_some_and(|matcher| matcher.is_match(member));
        member == name || is_shown && (matches || member.starts_with(&folder))
    };
    let found = members(whole, &wants, options)?.ok_or_else(|| no_archive(pattern, archive))?;
    let exact: Vec<Member> = found.iter().filter(|member| member.name() == name).cloned().collect();
    Ok(if exact.is_empty() { found } else { exact })
}

fn no_archive(pattern: &str, archive: &str) -> SourceError {
    let message = format!("{archive} is no zip or tar archive that could have members");
    SourceError::new(SourceErrorKind::Usage, pattern, message)
}

/// Whether a member, or a folder on the way to it, is hidden, or what a Mac adds to an archive.
fn is_hidden_member(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') && part != "." && part != ".." || part == "__MACOSX")
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

/// Whether a part of a glob begins with a dot.
fn shows_hidden(glob: &str) -> bool {
    glob.starts_with('.') || glob.contains("/.") || glob.contains("{.") || glob.contains(",.")
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
    let hidden = shows_hidden(&rest);
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
