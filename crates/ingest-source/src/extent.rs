//! Stored bytes that stay where they are: a file's or the caller's, or a part of them, to be read at any offset by many at
//! once.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use crate::held::Held;
use crate::memory::Shared;
use crate::random::at_most;
use crate::web::Remote;

/// A run of stored bytes.
#[derive(Clone)]
pub(crate) struct Extent {
    whole: Whole,
    from: u64,
    len: u64,
}

#[derive(Clone)]
enum Whole {
    File(Held),
    Shared(Shared),
    Remote(Remote),
}

impl Extent {
    /// The first `len` bytes of a file.
    pub(crate) fn of_file(file: Held, len: u64) -> Extent {
        Extent { whole: Whole::File(file), from: 0, len }
    }

    /// The first `len` bytes of a file of a server.
    pub(crate) fn of_remote(remote: Remote, len: u64) -> Extent {
        Extent { whole: Whole::Remote(remote), from: 0, len }
    }

    pub(crate) fn of_bytes(bytes: Shared) -> Extent {
        let len = bytes.len() as u64;
        Extent { whole: Whole::Shared(bytes), from: 0, len }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// `len` of the bytes from `from` on, if there are so many.
    pub(crate) fn part(&self, from: u64, len: u64) -> Option<Extent> {
        let end = from.checked_add(len)?;
        (end <= self.len).then(|| Extent { whole: self.whole.clone(), from: self.from + from, len })
    }

    /// Fills `out` with the bytes at `offset`; fewer only at the end, of the extent or of a file that became shorter.
    pub(crate) fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let offset = offset.min(self.len);
        let wanted = at_most(self.len - offset, out.len());
        let (start, out) = (self.from + offset, &mut out[..wanted]);
        match &self.whole {
            Whole::File(file) => read_full(&*file.file()?, start, out),
            Whole::Shared(bytes) => {
                out.copy_from_slice(&bytes[start as usize..start as usize + wanted]);
                Ok(wanted)
            }
            Whole::Remote(remote) => remote.read_at(start, out).map_err(io::Error::other),
        }
    }

    /// Fills `out` with the bytes at `offset`, if there are so many.
    pub(crate) fn read_exact_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let count = self.read_at(offset, out)?;
        if count < out.len() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// The first bytes: `max` of them, or all where there are fewer.
    pub(crate) fn first(&self, max: usize) -> io::Result<Vec<u8>> {
        let mut start = vec![0; max];
        let count = self.read_at(0, &mut start)?;
        start.truncate(count);
        Ok(start)
    }

    /// The bytes from `offset` on, in order.
    pub(crate) fn at(&self, offset: u64) -> At {
        At { extent: self.clone(), next: offset, buffer: Vec::new(), taken: 0, filled: 0 }
    }
}

/// Reads at an offset until `out` is full or the file ends.
pub(crate) fn read_full(file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < out.len() {
        match file.read_at(&mut out[count..], offset + count as u64) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// How much of an extent is read at a time.
const STORED_READ: usize = 128 * 1024;

/// A reader of an extent that knows where it is.
pub(crate) struct At {
    extent: Extent,
    /// Where the bytes behind those in the buffer lie.
    next: u64,
    buffer: Vec<u8>,
    taken: usize,
    filled: usize,
}

impl At {
    /// The offset of the byte that comes next.
    pub(crate) fn position(&self) -> u64 {
        self.next - (self.filled - self.taken) as u64
    }
}

impl BufRead for At {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.filled {
            (self.taken, self.filled) = (0, 0);
            self.buffer.resize(STORED_READ, 0);
            let read = self.extent.read_at(self.next, &mut self.buffer);
            self.filled = read.map_err(ReadFailed::mark)?;
            self.next += self.filled as u64;
        }
        Ok(&self.buffer[self.taken..self.filled])
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
    }
}

impl Read for At {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl Seek for At {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.position().checked_add_signed(by),
            SeekFrom::End(by) => self.extent.len.checked_add_signed(by),
        };
        self.next = place.ok_or(io::ErrorKind::InvalidInput)?;
        (self.taken, self.filled) = (0, 0);
        Ok(self.next)
    }
}

/// The stored bytes could not be read: marks an error that passes through a decoder as none of the decoder's own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ReadFailed(pub io::Error);

impl ReadFailed {
    pub(crate) fn mark(error: io::Error) -> io::Error {
        io::Error::new(error.kind(), ReadFailed(error))
    }
}
