//! Sources that can be read at any offset, as often as needed, by many threads at once.

use std::io;
use std::os::unix::fs::FileExt;

use crate::block::Block;
use crate::error::SourceError;
use crate::extent::Extent;
use crate::held::Held;
use crate::memory::Shared;
use crate::spool::Spooled;

/// Bytes at offsets.
pub(crate) enum Random {
    /// Read by `pread` into the block's own memory.
    File(Held),
    /// Taken from a stream, as far as it went.
    Spooled(Spooled),
    /// A part of a file, or of what a caller gave, read the same way.
    Part(Extent),
    /// Borrowed by the block. The file is what was mapped, to see whether it still has its size.
    Shared { bytes: Shared, mapped: Option<Held> },
}

impl Random {
    /// The first `size` bytes of `file`, mapped.
    pub(crate) fn map(name: &str, file: Held, size: u64) -> Result<Random, SourceError> {
        let too_large = || SourceError::system(name, "map", io::Error::from(io::ErrorKind::FileTooLarge));
        let len = usize::try_from(size).map_err(|_| too_large())?;
        let bytes = file
            .file()
            .and_then(|file| Shared::map(&file, len))
            .map_err(|cause| SourceError::system(name, "map", cause))?;
        Ok(Random::Shared { bytes, mapped: Some(file) })
    }

    /// Makes `block` the `len` bytes at `offset`.
    pub(crate) fn read(&self, name: &str, offset: u64, block: &mut Block, len: usize) -> Result<(), SourceError> {
        match self {
            Random::Shared { bytes, mapped } => lend(name, bytes, mapped.as_ref(), offset, block, len),
            _ => self.fill(name, offset, block.prepare(0, len)),
        }
    }

    /// The same, and the byte before them (`None` at offset 0), with no more calls to the system than the bytes alone.
    pub(crate) fn read_with_previous(
        &self,
        name: &str,
        offset: u64,
        block: &mut Block,
        len: usize,
    ) -> Result<Option<u8>, SourceError> {
        let Some(before) = offset.checked_sub(1) else {
            return self.read(name, 0, block, len).map(|()| None);
        };
        match self {
            Random::Shared { bytes, .. } => {
                self.read(name, offset, block, len)?;
                Ok(Some(bytes[before as usize]))
            }
            _ => {
                self.fill(name, before, block.prepare(1, len))?;
                Ok(Some(block.byte_before()))
            }
        }
    }

    /// Copies the bytes at `offset`; all of them are there.
    fn fill(&self, name: &str, offset: u64, out: &mut [u8]) -> Result<(), SourceError> {
        let filled = match self {
            Random::File(file) => file.file().and_then(|file| file.read_exact_at(out, offset)),
            Random::Spooled(kept) => kept.read_exact_at(out, offset),
            Random::Part(part) => part.read_exact_at(offset, out),
            Random::Shared { bytes, .. } => Extent::of_bytes(bytes.clone()).read_exact_at(offset, out),
        };
        filled.map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => SourceError::shortened(name),
            _ => SourceError::system(name, "read", cause),
        })
    }

    /// Up to `max` of the first bytes.
    pub(crate) fn peek(&self, name: &str, size: u64, max: usize) -> Result<Vec<u8>, SourceError> {
        let mut block = Block::new();
        self.read(name, 0, &mut block, at_most(size, max))?;
        Ok(block.bytes().to_vec())
    }
}

/// All bytes, in order.
pub(crate) struct Onward {
    name: String,
    random: Random,
    size: u64,
    at: u64,
    block: Block,
}

impl Onward {
    pub(crate) fn of(name: &str, random: Random, size: u64) -> Onward {
        Onward { name: name.to_owned(), random, size, at: 0, block: Block::new() }
    }
}

impl io::Read for Onward {
    /// A failure is a [`SourceError`] within.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = at_most(self.size - self.at, out.len());
        self.random.read(&self.name, self.at, &mut self.block, count).map_err(io::Error::other)?;
        out[..count].copy_from_slice(self.block.bytes());
        self.at += count as u64;
        Ok(count)
    }
}

/// The smaller of the two.
pub(crate) fn at_most(bytes: u64, max: usize) -> usize {
    usize::try_from(bytes).map_or(max, |bytes| bytes.min(max))
}

fn lend(
    name: &str,
    bytes: &Shared,
    mapped: Option<&Held>,
    offset: u64,
    block: &mut Block,
    len: usize,
) -> Result<(), SourceError> {
    if let Some(file) = mapped {
        let metadata = file
            .file()
            .and_then(|file| file.metadata())
            .map_err(|cause| SourceError::system(name, "look at", cause))?;
        if metadata.len() < bytes.len() as u64 {
            return Err(SourceError::shortened(name));
        }
    }
    let end = offset.checked_add(len as u64).filter(|end| *end <= bytes.len() as u64);
    let end = end.ok_or_else(|| SourceError::shortened(name))?;
    block.lend(bytes, offset as usize, end as usize);
    Ok(())
}
