//! The same bytes, stored in every way that a source may be.

use std::io::{self, Read, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use ingest_source::{Access, Location, Source};

/// Every way of storing bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Bytes,
    Pread,
    Map,
    Drip,
    GzipFile,
    ZstdFile,
    GzipDrip,
    ZstdBytes,
}

pub(crate) const KINDS: [Kind; 8] =
    [Kind::Bytes, Kind::Pread, Kind::Map, Kind::Drip, Kind::GzipFile, Kind::ZstdFile, Kind::GzipDrip, Kind::ZstdBytes];

impl Kind {
    pub(crate) fn is_seekable(self) -> bool {
        matches!(self, Kind::Bytes | Kind::Pread | Kind::Map)
    }

    /// `bytes` as a source; files are put in `dir`, compressed data in members of `part` bytes.
    pub(crate) fn source(self, dir: &Path, bytes: &[u8], part: usize) -> Source {
        match self {
            Kind::Bytes => Source::from_bytes("bytes", bytes.to_vec()),
            Kind::Pread => open(dir, bytes, Access::Pread),
            Kind::Map => open(dir, bytes, Access::Map),
            Kind::Drip => Source::from_reader("drip", Box::new(Drip::new(bytes.to_vec(), part))),
            Kind::GzipFile => open(dir, &gzip(bytes, part), Access::Map),
            Kind::ZstdFile => open(dir, &zstd(bytes, part), Access::Pread),
            Kind::GzipDrip => Source::from_reader("drip", Box::new(Drip::new(gzip(bytes, part), part))),
            Kind::ZstdBytes => Source::from_bytes("bytes", zstd(bytes, part)),
        }
    }
}

/// Writes `bytes` to a file of a misleading name and opens it.
pub(crate) fn open(dir: &Path, bytes: &[u8], access: Access) -> Source {
    let path = dir.join("table.csv");
    std::fs::write(&path, bytes).expect("written");
    Source::open(&Location::Path(path), access).expect("opened")
}

/// Members of `part` bytes each; at least one.
pub(crate) fn gzip(bytes: &[u8], part: usize) -> Vec<u8> {
    members(bytes, part, |part| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    })
}

/// Frames of `part` bytes each; at least one.
pub(crate) fn zstd(bytes: &[u8], part: usize) -> Vec<u8> {
    members(bytes, part, |part| zstd::encode_all(part, 1).expect("in memory"))
}

fn members(bytes: &[u8], part: usize, encode: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    if bytes.is_empty() { encode(bytes) } else { bytes.chunks(part).flat_map(encode).collect() }
}

/// Gives 1, 2, ... up to `most` bytes a read, and is interrupted now and then.
pub(crate) struct Drip {
    bytes: io::Cursor<Vec<u8>>,
    most: usize,
    reads: usize,
}

impl Drip {
    pub(crate) fn new(bytes: Vec<u8>, most: usize) -> Self {
        Drip { bytes: io::Cursor::new(bytes), most, reads: 0 }
    }
}

impl Read for Drip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        if self.reads.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = (self.reads % self.most + 1).min(out.len());
        self.bytes.read(&mut out[..count])
    }
}
