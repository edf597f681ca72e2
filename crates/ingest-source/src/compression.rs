//! Compressed streams, recognised by their first bytes.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

/// How much of a compressed stream is read at a time.
const STORED_READ: usize = 256 * 1024;

/// As many bytes as tell every [`Compression`].
pub(crate) const MAGIC_BYTES: usize = 4;

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
}

impl Compression {
    /// What the first bytes of a source say; its name does not count.
    ///
    /// Neither magic can begin a text: 8B is no start of a UTF-8 character, and 18, CAN, stands in no table.
    pub(crate) fn sniff(start: &[u8]) -> Compression {
        match start {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            // The second form is a frame to be skipped, which parallel compressors put first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// A reader of the decoded bytes of `stored`.
    pub(crate) fn decode(self, stored: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        let buffered = |stored| BufReader::with_capacity(STORED_READ, stored);
        Ok(match self {
            Compression::None => Box::new(stored),
            Compression::Gzip => Box::new(Gzip::new(buffered(stored))),
            Compression::Zstd => Box::new(zstd::Decoder::with_buffer(buffered(stored))?),
        })
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::None => "plain",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        })
    }
}

/// Gzip members one after another.
///
/// Not flate2's own reader of many members: that takes the zeroes that tapes and block devices pad a file with for a
/// broken member.
struct Gzip<R: BufRead> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    fn new(stored: R) -> Self {
        Gzip { member: Some(GzDecoder::new(stored)) }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(mut member) = self.member.take() {
            let count = member.read(out)?;
            if count > 0 {
                self.member = Some(member);
                return Ok(count);
            }
            let mut stored = member.into_inner();
            if another_member(&mut stored)? {
                self.member = Some(GzDecoder::new(stored));
            }
        }
        Ok(0)
    }
}

/// Whether another member follows the one that just ended. Zeroes up to the end are padding.
fn another_member(stored: &mut impl BufRead) -> io::Result<bool> {
    match stored.fill_buf()?.first().copied() {
        None => Ok(false),
        Some(0x1f) => Ok(true),
        Some(0) if only_zeroes(stored)? => Ok(false),
        Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "other bytes follow the last member")),
    }
}

fn only_zeroes(stored: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = stored.fill_buf()?;
        if bytes.is_empty() {
            return Ok(true);
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        let count = bytes.len();
        stored.consume(count);
    }
}
