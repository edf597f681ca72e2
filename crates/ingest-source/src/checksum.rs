//! The checksums of members of archives, of bytes that pass in order and of blocks in any.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use crc32fast::Hasher;

use crate::compression::Compression;
use crate::error::SourceError;
use crate::extent::ReadFailed;

/// What the bytes of a member come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub crc: u32,
    pub len: u64,
}

impl Sum {
    fn check(self, hasher: Hasher, len: u64) -> io::Result<()> {
        if len != self.len {
            return Err(invalid("it has not as many bytes as the archive says"));
        }
        if hasher.finalize() != self.crc { Err(invalid("its checksum is wrong")) } else { Ok(()) }
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Decoded bytes, in order, whose failures say what and where; and whose sum is looked at, where there is one.
pub(crate) struct Checked<R> {
    name: String,
    format: &'static str,
    decoded: R,
    sum: Option<Sum>,
    window_bytes_max: u64,
    hasher: Hasher,
    len: u64,
}

impl<R: Read> Checked<R> {
    pub(crate) fn new(
        name: &str,
        format: &'static str,
        decoded: R,
        sum: Option<Sum>,
        window_bytes_max: u64,
    ) -> Checked<R> {
        Checked { name: name.to_owned(), format, decoded, sum, window_bytes_max, hasher: Hasher::new(), len: 0 }
    }

    fn read_on(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.decoded.read(out)?;
        self.len += count as u64;
        let Some(sum) = self.sum else { return Ok(count) };
        self.hasher.update(&out[..count]);
        if self.len > sum.len || count == 0 {
            sum.check(self.hasher.clone(), self.len)?;
        }
        Ok(count)
    }

    fn error(&self, cause: io::Error) -> io::Error {
        let error = match cause.downcast::<ReadFailed>() {
            Ok(ReadFailed(cause)) => SourceError::system(&self.name, "read", cause),
            Err(cause) if Compression::is_too_large(&cause) => {
                SourceError::window(&self.name, self.format, self.window_bytes_max, cause)
            }
            Err(cause) => SourceError::corrupt(&self.name, self.format, self.len, cause),
        };
        io::Error::other(error)
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.read_on(out).map_err(|cause| self.error(cause))
    }
}

/// The sum of blocks that come in any order.
pub(crate) struct BlockSum {
    sum: Sum,
    parts: Mutex<Parts>,
}

/// What is known of the start, and blocks that lie further on.
#[derive(Default)]
struct Parts {
    start: Hasher,
    len: u64,
    ahead: BTreeMap<u64, (Hasher, u64)>,
}

impl BlockSum {
    pub(crate) fn new(sum: Sum) -> BlockSum {
        BlockSum { sum, parts: Mutex::default() }
    }

    /// Fails when all bytes were seen and are not those of the sum. What was seen already counts once.
    pub(crate) fn add(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if offset < parts.len {
            return Ok(());
        }
        parts.ahead.insert(offset, (hasher, bytes.len() as u64));
        while let Some((hasher, len)) = {
            let next = parts.len;
            parts.ahead.remove(&next)
        } {
            parts.start.combine(&hasher);
            parts.len += len;
        }
        if parts.len < self.sum.len { Ok(()) } else { self.sum.check(parts.start.clone(), parts.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_in_any_order_come_to_the_sum_of_all() {
        let bytes: Vec<u8> = (0..1000u32).map(|number| (number * 7 % 251) as u8).collect();
        let crc = crc32fast::hash(&bytes);
        for (crc, is_right) in [(crc, true), (crc ^ 1, false)] {
            let sum = BlockSum::new(Sum { crc, len: 1000 });
            let blocks = [(300, 700), (0, 100), (700, 1000), (100, 300)];
            let results = blocks.map(|(from, to)| sum.add(from as u64, &bytes[from..to]).is_ok());
            assert_eq!(results, [true, true, true, is_right]);
        }
        assert!(BlockSum::new(Sum { crc: 0, len: 0 }).add(0, b"").is_ok());
    }
}
