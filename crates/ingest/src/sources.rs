//! What can be named as the source of a read.

use std::io::Read;
use std::path::{Path, PathBuf};

use ingest_source::{Encoding, Location, Source, SourceOptions, is_web, locate};

use crate::error::{Code, Error, Result};
use crate::options::{EncodingErrors, InputFormat, Options};
use crate::parallel::try_map;
use crate::plan::SAMPLE_BYTES;
use crate::session::threads_wanted;
use crate::tables::TableFormat;

/// The sources of one table, in order.
///
/// Made from a path or pattern (`&str`, `String`, `&Path`, `PathBuf`), a list of them, bytes (`Vec<u8>`), or any reader
/// ([`Sources::reader`]). The pattern `-` is standard input.
pub struct Sources(Vec<Item>);

enum Item {
    Pattern(String),
    Located(Location),
    /// What is called so, and the pattern that stands for it alone.
    Called(String, String),
    Bytes(String, Vec<u8>),
    Reader(String, Box<dyn Read + Send>),
}

impl Sources {
    /// A stream, read once from start to end; `name` is what messages call it.
    pub fn reader(name: &str, reader: impl Read + Send + 'static) -> Self {
        Sources(vec![Item::Reader(name.to_owned(), Box::new(reader))])
    }

    /// Bytes in memory; `name` is what messages call them.
    pub fn bytes(name: &str, bytes: Vec<u8>) -> Self {
        Sources(vec![Item::Bytes(name.to_owned(), bytes)])
    }

    /// Sources that messages call otherwise than by where they lie: each its name, and a path or `archive!member`.
    pub fn called(sources: impl IntoIterator<Item = (String, String)>) -> Self {
        Sources(sources.into_iter().map(|(name, place)| Item::Called(name, place)).collect())
    }

    /// The patterns, if all sources are named by patterns.
    pub(crate) fn into_patterns(self) -> Option<Vec<String>> {
        let pattern = |item| match item {
            Item::Pattern(pattern) => Some(pattern),
            _ => None,
        };
        self.0.into_iter().map(pattern).collect()
    }

    /// The same, every pattern replaced by the files that it stands for now.
    pub(crate) fn located(self, options: &Options) -> Result<Sources> {
        let options = options.of_sources();
        let mut items = Vec::with_capacity(self.0.len());
        for item in self.0 {
            match item {
                Item::Pattern(pattern) => items.extend(locate(&[pattern], &options)?.into_iter().map(Item::Located)),
                other => items.push(other),
            }
        }
        Ok(Sources(items))
    }

    /// The files among the located sources, and those in which they lie.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter_map(|item| match item {
            Item::Located(Location::Path(path)) => Some(path.as_path()),
            Item::Located(Location::Member(member)) => Some(member.archive()),
            _ => None,
        })
    }

    /// The sources as they are now: names, sizes, times of change or what servers tell instead; `None` where they are not all files.
    pub(crate) fn states(&self) -> Option<String> {
        let state = |item: &Item| {
            if let Item::Located(Location::Web(remote)) = item {
                return Some(format!("{remote:?} {:?} {}\n", remote.size(), remote.validator()?));
            }
            let (location, path) = match item {
                Item::Located(location @ Location::Path(path)) => (location, path.as_path()),
                Item::Located(location @ Location::Member(member)) => (location, member.archive()),
                _ => return None,
            };
            let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
            Some(format!("{location:?} {} {:?}\n", metadata.len(), metadata.modified().ok()?))
        };
        self.0.iter().map(state).collect()
    }

    /// Opens every source, and sees how its text is encoded.
    pub(crate) fn open(self, options: &Options) -> Result<Vec<Source>> {
        let (threads, of_sources) = (threads_wanted(options), options.of_sources());
        let located = self.located(options)?;
        located.refuse_stdin_twice()?;
        let open = |(number, item): (usize, Item)| {
            let source = decoded(item.open(&of_sources)?, options)?;
            if number >= KEPT_READY {
                source.put_back();
            }
            Ok(source)
        };
        try_map(threads, located.0.into_iter().enumerate().collect(), || (), |(), item| open(item))
    }

    fn refuse_stdin_twice(&self) -> Result<()> {
        let is_stdin = |item: &&Item| matches!(item, Item::Located(Location::Stdin));
        if self.0.iter().filter(is_stdin).count() > 1 {
            return Err(Error::new(Code::Usage, "standard input can be named once only"));
        }
        Ok(())
    }
}

impl Item {
    /// Opens what was located.
    fn open(self, options: &SourceOptions) -> Result<Source> {
        match self {
            Item::Located(location) => Ok(Source::open(&location, options)?),
            Item::Called(name, place) => {
                let mut found = locate(std::slice::from_ref(&place), options)?;
                let location = found.pop().filter(|_| found.is_empty());
                let location = location.ok_or_else(|| Error::new(Code::Usage, format!("{place} is not one source")))?;
                Ok(Source::open(&location, options)?.called(&name))
            }
            Item::Bytes(name, bytes) => Ok(Source::from_bytes(&name, bytes, options)),
            Item::Reader(name, reader) => Ok(Source::from_reader(&name, reader, options)),
            // All patterns were located; one that was not is a path.
            Item::Pattern(pattern) => Ok(Source::open(&Location::Path(pattern.into()), options)?),
        }
    }
}

/// So many sources keep what was looked at of them until they are read; more would fill the memory.
pub(crate) const KEPT_READY: usize = 32;

/// A source that is no UTF-8 in the encoding that its first bytes look like. Stored tables stay as they are.
fn decoded(source: Source, options: &Options) -> Result<Source> {
    if options.encoding.is_some() || source.encoding() != Encoding::UTF_8 {
        return Ok(source);
    }
    let sample = source.peek(SAMPLE_BYTES)?;
    let is_text = matches!(options.input_format, Some(InputFormat::Csv | InputFormat::Tsv | InputFormat::Jsonl));
    if TableFormat::of(&sample).is_some() && !is_text {
        return Ok(source);
    }
    let replaces = options.encoding_errors == EncodingErrors::Replace;
    let detected = Encoding::detect(&sample, sample.len() < SAMPLE_BYTES);
    let encoding = detected.or(replaces.then_some(Encoding::UTF_8));
    Ok(match encoding {
        Some(encoding) => source.decode_as(encoding, replaces),
        None => source,
    })
}

/// A file that is read, or holds a member of an archive that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// What messages and `path_column` call the source; it is read again by this name.
    pub name: String,
    /// Where its bytes lie: the archive, if it is a member of one. A web address is one here, too.
    pub path: PathBuf,
}

/// The sources that a pattern stands for now, in the order in which they are read.
///
/// # Errors
/// It stands for nothing or for standard input, or a folder or an archive cannot be looked into.
pub fn locate_sources(pattern: &str, options: &Options) -> Result<Vec<SourceFile>> {
    let found = |location: Location| match location {
        Location::Stdin => Err(Error::new(Code::Usage, "standard input cannot be read again").hint("name files")),
        Location::Path(path) => Ok(SourceFile { name: named(&path)?, path }),
        Location::Web(remote) => Ok(SourceFile { name: remote.name().to_owned(), path: remote.name().into() }),
        Location::Member(member) => {
            named(member.archive())?;
            Ok(SourceFile { name: member.to_string(), path: member.archive().to_owned() })
        }
    };
    locate(&[pattern.to_owned()], &options.of_sources())?.into_iter().map(found).collect()
}

/// The same for files as they are: archives are not looked into, and servers not asked.
///
/// # Errors
/// It stands for nothing, or a folder cannot be looked into.
pub fn locate_files(pattern: &str) -> Result<Vec<SourceFile>> {
    if is_web(pattern) {
        return Ok(vec![SourceFile { name: pattern.to_owned(), path: pattern.into() }]);
    }
    let files = ingest_source::locate_files(pattern)?;
    files.into_iter().map(|path| Ok(SourceFile { name: named(&path)?, path })).collect()
}

/// A path as the text by which it is found again.
fn named(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("{}: the name is no UTF-8, so it cannot be kept as text", path.display());
        Error::new(Code::Usage, message).hint("rename the file")
    })
}

/// Bytes in memory, each with what messages call them.
impl<'a> FromIterator<(&'a str, Vec<u8>)> for Sources {
    fn from_iter<I: IntoIterator<Item = (&'a str, Vec<u8>)>>(texts: I) -> Self {
        Sources(texts.into_iter().map(|(name, bytes)| Item::Bytes(name.to_owned(), bytes)).collect())
    }
}

impl From<&str> for Sources {
    fn from(pattern: &str) -> Self {
        Sources(vec![Item::Pattern(pattern.to_owned())])
    }
}

impl From<String> for Sources {
    fn from(pattern: String) -> Self {
        Sources(vec![Item::Pattern(pattern)])
    }
}

impl From<&Path> for Sources {
    fn from(path: &Path) -> Self {
        Sources(vec![Item::Pattern(path.to_string_lossy().into_owned())])
    }
}

impl From<PathBuf> for Sources {
    fn from(path: PathBuf) -> Self {
        Self::from(path.as_path())
    }
}

impl From<Vec<String>> for Sources {
    fn from(patterns: Vec<String>) -> Self {
        Sources(patterns.into_iter().map(Item::Pattern).collect())
    }
}

impl From<Vec<u8>> for Sources {
    fn from(bytes: Vec<u8>) -> Self {
        Sources::bytes("<bytes>", bytes)
    }
}
