//! Compressed streams, recognised by their first bytes.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::str::FromStr;

use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream as XzStream};

use crate::members::{Bzip2Member, GzipMember, Lz4Member, Members, WithoutTail, ZstdMember};

/// How much of a compressed stream is read at a time.
const STORED_READ: usize = 256 * 1024;

/// As many bytes as tell every [`Compression`].
pub(crate) const MAGIC_BYTES: usize = 13;

/// The most memory that a stream may ask of its decoder. `zstd -22` and `xz -9` stay within it; a header can ask for
/// gigabytes with a few bytes.
pub(crate) const WINDOW_BYTES_MAX: u64 = 128 << 20;

/// How the bytes of a source are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// Gzip, of any number of members.
    Gzip,
    /// Zstandard, of any number of frames.
    Zstd,
    /// Bzip2, of any number of streams.
    Bzip2,
    /// Xz, of any number of streams.
    Xz,
    /// What `lzma` wrote before there was xz.
    Lzma,
    /// LZ4 frames, of any number.
    Lz4,
}

impl Compression {
    /// Every compression, in the order that messages list them.
    pub const ALL: [Compression; 7] = [
        Compression::None,
        Compression::Gzip,
        Compression::Zstd,
        Compression::Bzip2,
        Compression::Xz,
        Compression::Lz4,
        Compression::Lzma,
    ];

    /// The word that options and findings use.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Lzma => "lzma",
            Compression::Lz4 => "lz4",
        }
    }

    /// What the first bytes of a source say; its name does not count.
    ///
    /// No magic can begin a text: gzip's 8B, zstd's FD, xz's FD and lz4's lone 04 are no start of one, bzip2 is known by
    /// ten bytes of which most are none, and the header of lzma must make sense as a whole.
    pub fn sniff(start: &[u8]) -> Compression {
        match start {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            // The second form is a frame to be skipped, which parallel compressors put first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            // The first block's mark, or at once that of the end: the digits of pi, and of its root.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Compression::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => Compression::Xz,
            [0x04, 0x22, 0x4d, 0x18, ..] => Compression::Lz4,
            [0x5d, 0x00, 0x00, rest @ ..] if is_lzma(rest) => Compression::Lzma,
            _ => Compression::None,
        }
    }

    /// A reader of the decoded bytes of `stored`, whose decoder takes no more memory than `window_bytes_max`.
    pub(crate) fn decode(
        self,
        stored: impl Read + Send + 'static,
        window_bytes_max: u64,
    ) -> io::Result<Box<dyn Read + Send>> {
        let buffered = |stored| BufReader::with_capacity(STORED_READ, stored);
        Ok(match self {
            Compression::None => Box::new(stored),
            Compression::Gzip => Box::new(Members::<_, GzipMember<_>>::new(buffered(stored), window_bytes_max)),
            Compression::Bzip2 => Box::new(Members::<_, Bzip2Member<_>>::new(buffered(stored), window_bytes_max)),
            Compression::Lz4 => Box::new(Members::<_, Lz4Member<_>>::new(buffered(stored), window_bytes_max)),
            Compression::Zstd => Box::new(Members::<_, ZstdMember<_>>::new(buffered(stored), window_bytes_max)),
            Compression::Xz => {
                let stream = XzStream::new_stream_decoder(window_bytes_max, CONCATENATED)?;
                Box::new(XzDecoder::new_stream(buffered(stored), stream))
            }
            Compression::Lzma => {
                let stream = XzStream::new_lzma_decoder(window_bytes_max)?;
                Box::new(WithoutTail::new(XzDecoder::new_stream(buffered(stored), stream)))
            }
        })
    }

    /// Whether a decoder gave up because the stream asks for more memory than it may.
    pub(crate) fn is_too_large(cause: &io::Error) -> bool {
        let inner = cause.get_ref().and_then(|inner| inner.downcast_ref::<liblzma::stream::Error>());
        // Zstd's errors are texts.
        inner == Some(&liblzma::stream::Error::MemLimit) || cause.to_string().contains("requires too much memory")
    }
}

/// Whether what follows `5D 00 00` is the rest of a header of lzma: a dictionary of 2^n or 2^n + 2^(n-1) bytes, as every
/// encoder writes it, and a length that is unknown or below 2^48.
fn is_lzma(rest: &[u8]) -> bool {
    let Some((head, _)) = rest.split_first_chunk::<10>() else { return false };
    let dictionary = u32::from_le_bytes([0, 0, head[0], head[1]]);
    let length = u64::from_le_bytes([head[2], head[3], head[4], head[5], head[6], head[7], head[8], head[9]]);
    let bits = dictionary >> dictionary.trailing_zeros().min(31);
    matches!(bits, 1 | 3) && (length == u64::MAX || length < 1 << 48)
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no compression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of none, gzip, zstd, bzip2, xz, lz4, lzma")]
pub struct UnknownCompression(String);

impl FromStr for Compression {
    type Err = UnknownCompression;

    fn from_str(word: &str) -> Result<Self, UnknownCompression> {
        let known = Compression::ALL.into_iter().find(|compression| compression.name() == word);
        known.ok_or_else(|| UnknownCompression(word.to_owned()))
    }
}
