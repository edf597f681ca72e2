//! The same bytes, stored in every way that a source may be.

use std::io::{self, Read, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use ingest_source::{Access, Location, Source, SourceOptions};

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
    Bzip2Drip,
    XzFile,
    Lz4Drip,
    BgzfFile,
}

pub(crate) const KINDS: [Kind; 12] = [
    Kind::Bytes,
    Kind::Pread,
    Kind::Map,
    Kind::Drip,
    Kind::GzipFile,
    Kind::ZstdFile,
    Kind::GzipDrip,
    Kind::ZstdBytes,
    Kind::Bzip2Drip,
    Kind::XzFile,
    Kind::Lz4Drip,
    Kind::BgzfFile,
];

impl Kind {
    pub(crate) fn is_seekable(self) -> bool {
        matches!(self, Kind::Bytes | Kind::Pread | Kind::Map)
    }

    /// `bytes` as a source; files are put in `dir`, compressed data in members of `part` bytes.
    pub(crate) fn source(self, dir: &Path, bytes: &[u8], part: usize) -> Source {
        let all = SourceOptions::default();
        match self {
            Kind::Bytes => Source::from_bytes("bytes", bytes.to_vec(), &all),
            Kind::Pread => open(dir, bytes, Access::Pread),
            Kind::Map => open(dir, bytes, Access::Map),
            Kind::Drip => Source::from_reader("drip", Box::new(Drip::new(bytes.to_vec(), part)), &all),
            Kind::GzipFile => open(dir, &gzip(bytes, part), Access::Map),
            Kind::ZstdFile => open(dir, &zstd(bytes, part), Access::Pread),
            Kind::GzipDrip => Source::from_reader("drip", Box::new(Drip::new(gzip(bytes, part), part)), &all),
            Kind::ZstdBytes => Source::from_bytes("bytes", zstd(bytes, part), &all),
            Kind::Bzip2Drip => Source::from_reader("drip", Box::new(Drip::new(bzip2(bytes, part), part)), &all),
            Kind::XzFile => open(dir, &xz(bytes, part), Access::Map),
            Kind::BgzfFile => open(dir, &bgzf(bytes, part), Access::Pread),
            Kind::Lz4Drip => Source::from_reader("drip", Box::new(Drip::new(lz4(bytes, part), part)), &all),
        }
    }
}

/// Writes `bytes` to a file of a misleading name and opens it.
pub(crate) fn open(dir: &Path, bytes: &[u8], access: Access) -> Source {
    let path = dir.join("table.csv");
    std::fs::write(&path, bytes).expect("written");
    Source::open(&Location::Path(path), &SourceOptions { access, ..SourceOptions::default() }).expect("opened")
}

/// Members of `part` bytes each; at least one.
pub(crate) fn gzip(bytes: &[u8], part: usize) -> Vec<u8> {
    members(bytes, part, |part| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    })
}

/// Members of `part` bytes, and no more than 60,000, that tell their length, as `bgzip` writes them.
pub(crate) fn bgzf(bytes: &[u8], part: usize) -> Vec<u8> {
    let member = |part: &[u8]| {
        let plain = gzip(part, part.len().max(1));
        let size = u16::try_from(plain.len() + 8 - 1).expect("a small part").to_le_bytes();
        let extra = [6, 0, b'B', b'C', 2, 0, size[0], size[1]];
        [&[0x1f, 0x8b, 8, 4], &plain[4..10], &extra, &plain[10..]].concat()
    };
    [members(bytes, part.min(60_000), member), member(b"")].concat()
}

/// Frames of `part` bytes each; at least one.
pub(crate) fn zstd(bytes: &[u8], part: usize) -> Vec<u8> {
    members(bytes, part, |part| zstd::encode_all(part, 1).expect("in memory"))
}

/// Streams of `part` bytes each; at least one.
pub(crate) fn bzip2(bytes: &[u8], part: usize) -> Vec<u8> {
    members(bytes, part, |part| {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    })
}

/// Streams of `part` bytes each; at least one.
pub(crate) fn xz(bytes: &[u8], part: usize) -> Vec<u8> {
    members(bytes, part, |part| liblzma::encode_all(part, 1).expect("in memory"))
}

/// Frames of `part` bytes each; at least one.
pub(crate) fn lz4(bytes: &[u8], part: usize) -> Vec<u8> {
    members(bytes, part, |part| {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    })
}

/// The format before xz, which knows one stream a file.
pub(crate) fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(1).expect("a preset");
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).expect("in memory");
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
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
