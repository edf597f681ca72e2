//! Zip and tar archives: their members as files.
//!
//! A directory is read, nothing is unpacked: a member is a part of the archive, stored there in some way. Only a compressed
//! tar archive, which has no directory, is decoded once to an unnamed temporary file.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::DeflateDecoder;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::checksum::{Checked, Sum};
use crate::compression::Compression;
use crate::error::{SourceError, SourceErrorKind};
use crate::extent::{Extent, ReadFailed};
use crate::held::{Held, open_file};
use crate::options::SourceOptions;
use crate::web::Remote;
use crate::zip_names::count_names;

/// As many bytes as tell an archive: a block of tar.
pub(crate) const START_BYTES: usize = 512;

/// Two kinds of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Archive {
    Zip,
    Tar,
}

impl Archive {
    /// What the first bytes of a file say.
    pub(crate) fn sniff(start: &[u8]) -> Option<Archive> {
        match start {
            // A member, or the end of an archive of none.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Archive::Zip),
            _ => (start.get(257..262) == Some(b"ustar")).then_some(Archive::Tar),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Archive::Zip => "zip",
            Archive::Tar => "tar",
        }
    }
}

/// A file in an archive. Called `archive.zip!inner.csv`.
#[derive(Clone)]
pub struct Member {
    archive: PathBuf,
    name: String,
    stored: Extent,
    coding: Coding,
    /// What its bytes come to, where the archive says.
    sum: Option<Sum>,
    /// How many members of its name come before it: it stands for them all.
    earlier: usize,
}

#[derive(Clone)]
enum Coding {
    Stored,
    Deflate,
    Deflate64,
    Of(Compression),
    /// It cannot be read, and why.
    None(String),
}

impl Member {
    /// The file in which it lies.
    pub fn archive(&self) -> &Path {
        &self.archive
    }

    /// Its name within the archive.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a reader should know: only the last of several members of one name is read, as unpacking would leave it alone.
    pub(crate) fn note(&self) -> Option<String> {
        let more = match self.earlier {
            0 => return None,
            1 => "a member of the same name before it is".to_owned(),
            more => format!("{more} members of the same name before it are"),
        };
        Some(format!("{self} is the last of its name in the archive; {more} not read"))
    }

    /// Its own bytes, where they lie in the archive as they are, and what they come to.
    pub(crate) fn as_stored(&self) -> Option<(&Extent, Option<Sum>)> {
        matches!(self.coding, Coding::Stored).then_some((&self.stored, self.sum))
    }

    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored.len()
    }

    /// Its own bytes, whose number and checksum are looked at.
    pub(crate) fn decode(&self, window_bytes_max: u64) -> Result<Box<dyn Read + Send>, SourceError> {
        let (name, stored) = (self.to_string(), self.stored.at(0));
        let failed = |cause| SourceError::system(&name, "decode", cause);
        let (label, reader): (_, Box<dyn Read + Send>) = match &self.coding {
            Coding::Stored => ("stored", Box::new(stored)),
            Coding::Deflate => ("deflate", Box::new(DeflateDecoder::new(stored))),
            Coding::Deflate64 => ("deflate64", Box::new(deflate64::Deflate64Decoder::with_buffer(stored))),
            Coding::Of(compression) => {
                (compression.name(), compression.decode(stored, window_bytes_max).map_err(failed)?)
            }
            Coding::None(why) => return Err(SourceError::new(SourceErrorKind::Usage, &name, why)),
        };
        Ok(Box::new(Checked::new(&name, label, reader, self.sum, window_bytes_max)))
    }

    fn key(&self) -> (&Path, &str) {
        (&self.archive, &self.name)
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.archive.display(), self.name)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member({self})")
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Member {}

impl PartialOrd for Member {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Member {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for Member {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Stored bytes that may be an archive, and what they are called.
pub(crate) struct Whole {
    path: PathBuf,
    stored: Extent,
}

impl Whole {
    /// Of the file at a path; `None` where it is none: a pipe gives its bytes once.
    pub(crate) fn of_file(path: &Path) -> Result<Option<Whole>, SourceError> {
        if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Ok(None);
        }
        let opened = open_file(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) =
            opened.map_err(|cause| SourceError::system(&path.display().to_string(), "open", cause))?;
        let stored = Extent::of_file(Held::at(path, file, &metadata), metadata.len());
        Ok(Some(Whole { path: path.to_owned(), stored }))
    }

    /// Of a file of a server.
    pub(crate) fn of_remote(remote: &Remote) -> Result<Whole, SourceError> {
        let path = PathBuf::from(remote.name());
        let mut start = [0; START_BYTES];
        let count = remote.read_at(0, &mut start)?;
        // Of an archive, all has to be there; how long others are shows while they are read.
        let is_packed = Compression::sniff(&start[..count]) != Compression::None;
        let size = match remote.size() {
            Some(size) => size,
            None if is_packed || Archive::sniff(&start[..count]).is_some() => remote.size_at_end()?,
            None => count as u64,
        };
        Ok(Whole { path, stored: Extent::of_remote(remote.clone(), size) })
    }
}

/// The members of an archive for whose names `wants` says yes, in the order of their names; `None` where it is none. What is said
/// to be stored in a certain way is none.
pub(crate) fn members(
    whole: &Whole,
    wants: &dyn Fn(&str) -> bool,
    options: &SourceOptions,
) -> Result<Option<Vec<Member>>, SourceError> {
    let Whole { path, stored } = whole;
    let name = path.display().to_string();
    if options.compression.is_some() {
        return Ok(None);
    }
    let start = stored.first(START_BYTES).map_err(|cause| SourceError::system(&name, "read", cause))?;
    let found = match (Archive::sniff(&start), Compression::sniff(&start)) {
        (Some(Archive::Zip), _) => of_zip(path, stored, wants),
        (Some(Archive::Tar), _) => of_tar(path, stored, wants),
        (None, Compression::None) => return Ok(None),
        (None, compression) => {
            let decoded = || compression.decode(stored.at(0), options.window_bytes_max);
            let mut start = Vec::new();
            // What is damaged here is told when it is read.
            let looked = decoded().and_then(|decoded| decoded.take(START_BYTES as u64).read_to_end(&mut start));
            if looked.is_err() || Archive::sniff(&start) != Some(Archive::Tar) {
                return Ok(None);
            }
            decoded()
                .map_err(|cause| SourceError::system(&name, "decode", cause))
                .and_then(|decoded| of_packed_tar(path, compression, decoded, wants, options))
        }
    };
    found.map(|found| Some(in_order(found)))
}

/// By name, and of each name the last: that is what unpacking would leave.
fn in_order(mut members: Vec<Member>) -> Vec<Member> {
    members.reverse();
    let order = |one: &Member, other: &Member| Path::new(&one.name).cmp(Path::new(&other.name));
    members.sort_by(|one, other| order(one, other).then_with(|| one.name.cmp(&other.name)));
    members.dedup_by(|one, last| {
        let is_earlier = one.name == last.name;
        last.earlier += usize::from(is_earlier);
        is_earlier
    });
    members
}

fn damaged(path: &Path, archive: Archive, cause: impl fmt::Display) -> SourceError {
    let message = format!("the {} archive is damaged ({cause}); fetch the file again", archive.name());
    SourceError::new(SourceErrorKind::Corrupt, &path.display().to_string(), message)
}

/// A failure of whoever reads an archive: of the bytes' own source, or because they make no sense.
fn unread(path: &Path, archive: Archive, cause: io::Error) -> SourceError {
    let cause = match cause.downcast::<ReadFailed>() {
        Ok(ReadFailed(cause)) => cause,
        Err(cause) => cause,
    };
    match cause.downcast::<SourceError>() {
        Ok(error) => error,
        Err(cause) => damaged(path, archive, cause),
    }
}

fn of_zip(path: &Path, stored: &Extent, wants: &dyn Fn(&str) -> bool) -> Result<Vec<Member>, SourceError> {
    let failed = |error| match error {
        ZipError::Io(cause) => unread(path, Archive::Zip, cause),
        error => damaged(path, Archive::Zip, error),
    };
    let mut zip = ZipArchive::new(stored.at(0)).map_err(failed)?;
    if zip.index_for_name("[Content_Types].xml").is_some() {
        let message = "is an Office document (such as xlsx), which is not read; save the sheet as CSV";
        return Err(SourceError::new(SourceErrorKind::Usage, &path.display().to_string(), message));
    }
    let mut counts = HashMap::new();
    if zip.has_duplicate_names() {
        let directory = BufReader::new(stored.at(zip.central_directory_start()));
        counts = count_names(directory).map_err(|cause| unread(path, Archive::Zip, cause))?;
    }
    let mut members = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).map_err(failed)?;
        let name = entry.name().map_err(failed)?.into_owned();
        if !entry.is_file() || !wants(&name) {
            continue;
        }
        let coding = if entry.encrypted() {
            Coding::None("is encrypted, which is not read; unpack it with its password".to_owned())
        } else {
            coding_of(entry.compression())
        };
        let entry = zip.by_index_raw(index).map_err(failed)?;
        let from = entry.data_start().unwrap_or(u64::MAX);
        let stored = stored.part(from, entry.compressed_size());
        let stored = stored.ok_or_else(|| damaged(path, Archive::Zip, format_args!("{name} lies outside it")))?;
        if matches!(coding, Coding::Stored) && entry.compressed_size() != entry.size() {
            return Err(damaged(path, Archive::Zip, format_args!("two lengths of {name} differ")));
        }
        let sum = Some(Sum { crc: entry.crc32(), len: entry.size() });
        let earlier = counts.get(entry.name_raw()).map_or(0, |count| count - 1);
        members.push(Member { archive: path.to_owned(), name, stored, coding, sum, earlier });
    }
    Ok(members)
}

fn coding_of(method: CompressionMethod) -> Coding {
    match method {
        CompressionMethod::STORE => Coding::Stored,
        CompressionMethod::DEFLATE => Coding::Deflate,
        CompressionMethod::DEFLATE64 => Coding::Deflate64,
        CompressionMethod::BZIP2 => Coding::Of(Compression::Bzip2),
        CompressionMethod::ZSTD => Coding::Of(Compression::Zstd),
        CompressionMethod::XZ => Coding::Of(Compression::Xz),
        other => Coding::None(format!("is compressed by a method that is not read ({other}); unpack it")),
    }
}

/// A file among the entries of a tar archive: its name, its length, and why it is not read, if it is not.
fn file_of<R: Read>(entry: &mut tar::Entry<'_, R>) -> Option<(String, u64, Option<&'static str>)> {
    let kind = entry.header().entry_type();
    let name = text_of(&entry.path_bytes());
    let name = name.trim_start_matches("./").to_owned();
    let of_pax = entry.pax_extensions().ok().flatten();
    let mut of_pax = of_pax.into_iter().flatten().filter_map(Result::ok);
    let has_holes = kind.is_gnu_sparse() || of_pax.any(|record| record.key_bytes().starts_with(b"GNU.sparse."));
    let unread = match has_holes {
        true => Some("is a file with holes, which is not read from an archive; unpack it"),
        false if kind.is_hard_link() => {
            Some("is a link to another file, which is not followed in an archive; unpack it")
        }
        false => None,
    };
    let is_file = kind.is_file() || kind.is_contiguous() || unread.is_some();
    is_file.then_some((name, entry.size(), unread))
}

/// A name as text. Bytes that are none stand as `%E9` and the like, so that two names do not become one.
fn text_of(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02X}")));
    }
    text
}

fn of_tar(path: &Path, stored: &Extent, wants: &dyn Fn(&str) -> bool) -> Result<Vec<Member>, SourceError> {
    let failed = |cause| unread(path, Archive::Tar, cause);
    let mut tar = tar::Archive::new(stored.at(0));
    let mut members = Vec::new();
    for entry in tar.entries_with_seek().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let Some((name, len, unread)) = file_of(&mut entry).filter(|(name, ..)| wants(name)) else { continue };
        let part = stored.part(entry.raw_file_position(), len).filter(|_| unread.is_none());
        let coding = match (&part, unread) {
            (Some(_), _) => Coding::Stored,
            (None, Some(why)) => Coding::None(why.to_owned()),
            (None, None) => return Err(damaged(path, Archive::Tar, format_args!("it ends within {name}"))),
        };
        let stored = part.unwrap_or_else(|| stored.clone());
        members.push(Member { archive: path.to_owned(), name, stored, coding, sum: None, earlier: 0 });
    }
    Ok(members)
}

/// The same of a compressed archive, decoded once.
fn of_packed_tar(
    path: &Path,
    compression: Compression,
    decoded: Box<dyn Read + Send>,
    wants: &dyn Fn(&str) -> bool,
    options: &SourceOptions,
) -> Result<Vec<Member>, SourceError> {
    let name = path.display().to_string();
    let dir = options.temp_dir.clone().unwrap_or_else(std::env::temp_dir);
    let spooled = |cause| SourceError::spool(&name, &dir, cause);
    let mut spool = tempfile::tempfile_in(&dir).map_err(spooled)?;
    // Failures of the stream are told as those of a compressed file are.
    let stream = Checked::new(&name, compression.name(), decoded, None, options.window_bytes_max);
    let failed = |cause| unread(path, Archive::Tar, cause);
    let mut tar = tar::Archive::new(stream);
    let mut found = Vec::new();
    let mut at = 0;
    let mut bytes = vec![0; 1 << 18];
    for entry in tar.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let Some((name, _, unread)) = file_of(&mut entry).filter(|(name, ..)| wants(name)) else { continue };
        let from = at;
        while unread.is_none() {
            let count = entry.read(&mut bytes).map_err(failed)?;
            if count == 0 {
                break;
            }
            spool.write_all(&bytes[..count]).map_err(spooled)?;
            at += count as u64;
        }
        found.push((name, from, at - from, unread));
    }
    // What follows the last file, and whether the stream is whole.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(failed)?;
    let spool = Extent::of_file(Held::unnamed(spool), at);
    let member = |(name, from, len, unread): (String, u64, u64, Option<&str>)| {
        let stored = spool.part(from, len)?;
        let coding = unread.map_or(Coding::Stored, |why| Coding::None(why.to_owned()));
        Some(Member { archive: path.to_owned(), name, stored, coding, sum: None, earlier: 0 })
    };
    Ok(found.into_iter().filter_map(member).collect())
}

/// An archive where none can be read.
#[derive(Debug, thiserror::Error)]
#[error("is a {} archive that passes by once, or lies within another; make it a file of its own, whose members are read", .0.name())]
pub(crate) struct IsArchive(pub Archive);
