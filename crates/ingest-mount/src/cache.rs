//! Blocks of files that lie elsewhere: fetched when touched, kept on the disk up to a limit that is never passed.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ingest::{Code, Error, Result};

use crate::ahead::Ahead;
use crate::content::{Content, Facts};
use crate::slots::{BLOCK_BYTES, PAGE_BYTES, Slots, mask};

/// Where files lie.
pub trait Fetch: Send + Sync + 'static {
    /// These bytes of a file: all of them. Several threads ask at once.
    ///
    /// # Errors
    /// They cannot be had, or are not those that were registered.
    fn fetch(&self, file: u32, offset: u64, length: usize) -> Result<Vec<u8>>;
}

/// A file that lies elsewhere.
#[derive(Clone, Debug)]
pub struct RemoteFile {
    /// What it is called in messages.
    pub name: String,
    /// What it shows.
    pub facts: Facts,
}

/// Files behind a cache. It lies in one file without a name, which goes with the process however that ends.
pub struct BlockCache<F> {
    source: F,
    files: Vec<RemoteFile>,
    folder: PathBuf,
    disk: File,
    state: Mutex<State>,
    /// Pages came, or a slot is free.
    changed: Condvar,
}

struct State {
    slots: Slots,
    ahead: Ahead,
}

/// Blocks that are held to be fetched with one request: a slot and its pages each, the bytes that they are, and where they begin.
struct Span {
    offset: u64,
    end: u64,
    slots: Vec<(usize, u64)>,
}

/// What is to be done for the next bytes of a read.
enum Next {
    /// They are there, in a slot that is held.
    Read(usize),
    Fetch(Span),
}

impl<F: Fetch> BlockCache<F> {
    /// A cache of at most `limit` bytes on the disk of a folder: whole blocks of 256 KiB, one at least.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn new(source: F, files: Vec<RemoteFile>, folder: &Path, limit: u64) -> Result<BlockCache<F>> {
        let disk = tempfile::tempfile_in(folder).map_err(|error| Error::from_io(folder, error))?;
        let slots = Slots::new(usize::try_from(limit / BLOCK_BYTES).unwrap_or(usize::MAX));
        let state = Mutex::new(State { slots, ahead: Ahead::default() });
        Ok(BlockCache { source, files, folder: folder.to_owned(), disk, state, changed: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the byte at `offset` is there, or the caller has to fetch it.
    fn next(&self, file: u32, offset: u64, end: u64, until: u64) -> Next {
        let block = offset / BLOCK_BYTES;
        let mut state = self.lock();
        loop {
            if let Some(slot) = state.slots.hold((file, block)) {
                let first = offset % BLOCK_BYTES / PAGE_BYTES;
                let last = (end.min((block + 1) * BLOCK_BYTES) - 1) % BLOCK_BYTES / PAGE_BYTES;
                let missing = mask(first, last + 1) & !state.slots.pages(slot);
                if missing == 0 {
                    return Next::Read(slot);
                }
                if state.slots.begin_fetch(slot) {
                    let page = u64::from(missing.trailing_zeros());
                    return Next::Fetch(span(&mut state.slots, (file, block), slot, page, until));
                }
                state.slots.release(slot);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Fetches a span, and keeps it. Whoever waits for it goes on either way.
    fn fill(&self, file: u32, span: &Span) -> Result<()> {
        let size = self.files[file as usize].facts.size;
        let length = (span.end.min(size) - span.offset) as usize;
        let done = self.source.fetch(file, span.offset, length).and_then(|bytes| {
            if bytes.len() != length {
                let name = &self.files[file as usize].name;
                let message = format!("{name}: {length} bytes were asked for at {}, {} came", span.offset, bytes.len());
                return Err(Error::new(Code::Io, message).hint("what lies between here and there cuts answers short"));
            }
            self.write(span, &bytes).map_err(|error| Error::from_io(&self.folder, error))
        });
        let mut state = self.lock();
        for (slot, pages) in &span.slots {
            state.slots.end_fetch(*slot, if done.is_ok() { *pages } else { 0 });
            state.slots.release(*slot);
        }
        if done.is_ok() {
            state.ahead.fetched(file);
        }
        drop(state);
        self.changed.notify_all();
        done
    }

    fn write(&self, span: &Span, bytes: &[u8]) -> std::io::Result<()> {
        let mut rest = bytes;
        let mut within = span.offset % BLOCK_BYTES;
        for (slot, _) in &span.slots {
            let (now, after) = rest.split_at(rest.len().min((BLOCK_BYTES - within) as usize));
            self.disk.write_all_at(now, *slot as u64 * BLOCK_BYTES + within)?;
            (rest, within) = (after, 0);
        }
        Ok(())
    }
}

/// What is fetched at once from a page on: pages that are missing in a row, of blocks that nobody fetches, up to `until`. Nobody waits
/// for a slot while others are held, so that all get on.
fn span(slots: &mut Slots, key: (u32, u64), slot: usize, page: u64, until: u64) -> Span {
    let (file, mut block) = key;
    let offset = block * BLOCK_BYTES + page * PAGE_BYTES;
    let mut span = Span { offset, end: offset, slots: Vec::new() };
    let (mut slot, mut first) = (slot, page);
    loop {
        let wanted = (until.saturating_sub(block * BLOCK_BYTES)).min(BLOCK_BYTES).div_ceil(PAGE_BYTES);
        let there = slots.pages(slot) & mask(first, 64);
        let end = wanted.min(u64::from(there.trailing_zeros())).max(first);
        span.end = block * BLOCK_BYTES + end * PAGE_BYTES;
        span.slots.push((slot, mask(first, end)));
        block += 1;
        if end < 64 || block * BLOCK_BYTES >= until {
            return span;
        }
        let Some(next) = slots.hold((file, block)) else { return span };
        if slots.pages(next) & 1 == 1 || !slots.begin_fetch(next) {
            slots.release(next);
            return span;
        }
        (slot, first) = (next, 0);
    }
}

impl<F: Fetch> Content for BlockCache<F> {
    fn facts(&self, file: u32) -> Result<Facts> {
        Ok(self.files[file as usize].facts)
    }

    fn read_at(&self, file: u32, offset: u64, length: usize) -> Result<Vec<u8>> {
        let size = self.files[file as usize].facts.size;
        let end = offset.saturating_add(length as u64).min(size);
        if offset >= end {
            return Ok(Vec::new());
        }
        let until = self.lock().ahead.note(file, offset, end).min(size);
        let mut bytes = vec![0; (end - offset) as usize];
        let mut at = offset;
        while at < end {
            match self.next(file, at, end, until) {
                Next::Fetch(span) => self.fill(file, &span)?,
                Next::Read(slot) => {
                    let within = at % BLOCK_BYTES;
                    let now = (end - at).min(BLOCK_BYTES - within) as usize;
                    let start = (at - offset) as usize;
                    let read =
                        self.disk.read_exact_at(&mut bytes[start..start + now], slot as u64 * BLOCK_BYTES + within);
                    self.lock().slots.release(slot);
                    self.changed.notify_all();
                    read.map_err(|error| Error::from_io(&self.folder, error))?;
                    at += now as u64;
                }
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    struct Zeros;

    impl Fetch for Zeros {
        fn fetch(&self, _file: u32, _offset: u64, length: usize) -> Result<Vec<u8>> {
            Ok(vec![1; length])
        }
    }

    #[test]
    fn the_disk_never_holds_more_than_the_limit() {
        const LIMIT: u64 = 5 * BLOCK_BYTES;
        let folder = tempfile::tempdir().unwrap();
        let size = 64 * BLOCK_BYTES + 17;
        let file = RemoteFile { name: "zeros".to_owned(), facts: Facts { size, modified_ns: 0 } };
        let cache = BlockCache::new(Zeros, vec![file; 2], folder.path(), LIMIT).unwrap();
        for file in [0, 1, 0] {
            for offset in (0..size).step_by(100_000) {
                let bytes = cache.read_at(file, offset, 100_000).unwrap();
                assert!(bytes.len() == (size - offset).min(100_000) as usize && bytes.iter().all(|byte| *byte == 1));
                let disk = cache.disk.metadata().unwrap();
                assert!(disk.len() <= LIMIT && disk.blocks() * 512 <= LIMIT);
            }
        }
    }
}
