//! The buffer that bytes are handed out in.

use std::fmt;

use crate::memory::{Buffer, Shared};

/// How many readable bytes lie before and after the bytes of every [`Block`]: one AVX-512 register.
pub const PADDING: usize = 64;

/// Room before the bytes of a freshly filled block, beside the padding: the unfinished end of the block before it can
/// be put there without moving anything. 64 KiB holds all but freak records.
pub const FRONT_SLACK: usize = 64 * 1024;

/// A recycled run of bytes with [`PADDING`] readable bytes on both sides and room to grow at its front.
///
/// A block keeps its memory from one fill to the next, and never zeroes what will be overwritten. It may instead borrow
/// from a mapped file, or from the bytes of a library caller; that shows in nothing but speed. What the bytes around it
/// hold is undefined.
pub struct Block {
    buffer: Buffer,
    shared: Option<Shared>,
    start: usize,
    end: usize,
}

impl Block {
    /// An empty block; memory comes with the first fill.
    pub fn new() -> Block {
        Block { buffer: Buffer::zeroed(2 * PADDING), shared: None, start: PADDING, end: PADDING }
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.whole()[self.start..self.end]
    }

    /// The memory around the bytes, and where they start and end in it: `start >= PADDING` and
    /// `whole.len() - end >= PADDING`.
    #[inline]
    pub fn parts(&self) -> (&[u8], usize, usize) {
        (self.whole(), self.start, self.end)
    }

    /// The number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are no bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How much memory of its own the block holds on to, in bytes; what it borrows is not counted.
    pub fn memory_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Puts `tail` right before the bytes. `tail` must be the bytes that come before them in the source: a block that
    /// borrows just begins earlier.
    ///
    /// Costs a copy of `tail` while it fits in front (at least [`FRONT_SLACK`] bytes after a fill), and nothing where
    /// the block borrows. Beyond that the bytes move, once, to memory with room for twice the tail or more, so that
    /// tails that grow from block to block move a recycled block a logarithmic number of times.
    pub fn prepend(&mut self, tail: &[u8]) {
        if self.shared.is_some() && self.start >= PADDING + tail.len() {
            let from = self.start - tail.len();
            debug_assert!(self.whole()[from..self.start] == *tail, "the tail is what comes before the block");
            self.start = from;
            return;
        }
        if self.shared.is_some() || self.start < PADDING + tail.len() {
            self.make_room(tail.len());
        }
        let from = self.start - tail.len();
        self.buffer[from..self.start].copy_from_slice(tail);
        self.start = from;
    }

    /// Keeps the first `len` bytes; no effect where there are no more than that.
    pub fn truncate(&mut self, len: usize) {
        self.end = self.end.min(self.start.saturating_add(len));
    }

    /// Lets go of the bytes and of what they were borrowed from; the block's own memory stays for the next fill.
    pub fn clear(&mut self) {
        self.shared = None;
        self.start = PADDING;
        self.end = PADDING;
    }

    /// Makes the block `len` bytes of its own, whatever they held before, and gives them to be written, `lead` (at most
    /// [`FRONT_SLACK`]) bytes before them too.
    pub(crate) fn prepare(&mut self, lead: usize, len: usize) -> &mut [u8] {
        self.shared = None;
        let need = 2 * PADDING + FRONT_SLACK + len;
        if self.buffer.len() < need {
            // The old memory goes first: both at once would double the peak.
            self.buffer = Buffer::zeroed(0);
            self.buffer = Buffer::zeroed(need);
        }
        self.start = self.rear_start(len);
        self.end = self.start + len;
        &mut self.buffer[self.start - lead..self.end]
    }

    /// The byte before the first: what a `lead` of 1 was filled with.
    pub(crate) fn byte_before(&self) -> u8 {
        self.buffer[self.start - 1]
    }

    /// Makes the block the bytes `from..to` of `shared`: borrowed, or copied where the padding would lie outside.
    pub(crate) fn lend(&mut self, shared: &Shared, from: usize, to: usize) {
        if from >= PADDING && shared.len() - to >= PADDING {
            self.shared = Some(shared.clone());
            self.start = from;
            self.end = to;
        } else {
            self.prepare(0, to - from).copy_from_slice(&shared[from..to]);
        }
    }

    #[inline]
    fn whole(&self) -> &[u8] {
        match &self.shared {
            Some(shared) => shared,
            None => &self.buffer,
        }
    }

    /// Where `len` bytes start when they lie as far back as they can: all spare memory is in front, where tails go.
    /// Rounded down to a whole cache line.
    fn rear_start(&self, len: usize) -> usize {
        (self.buffer.len() - PADDING - len) & !(PADDING - 1)
    }

    /// Moves the bytes to own memory with at least `front` bytes of room before them.
    fn make_room(&mut self, front: usize) {
        let len = self.len();
        let slack = (front * 2).next_multiple_of(PADDING).max(FRONT_SLACK);
        let need = 2 * PADDING + slack + len;
        let old = (self.start, self.end);
        match self.shared.take() {
            Some(shared) => {
                if self.buffer.len() < need {
                    self.buffer = Buffer::zeroed(need);
                }
                self.start = self.rear_start(len);
                self.buffer[self.start..self.start + len].copy_from_slice(&shared[old.0..old.1]);
            }
            None if self.buffer.len() < need => {
                let smaller = std::mem::replace(&mut self.buffer, Buffer::zeroed(need));
                self.start = self.rear_start(len);
                self.buffer[self.start..self.start + len].copy_from_slice(&smaller[old.0..old.1]);
            }
            None => {
                self.start = self.rear_start(len);
                self.buffer.copy_within(old.0..old.1, self.start);
            }
        }
        self.end = self.start + len;
    }
}

impl Default for Block {
    fn default() -> Self {
        Block::new()
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("len", &self.len()).field("borrowed", &self.shared.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(block: &Block, expected: &[u8]) {
        let (whole, start, end) = block.parts();
        assert!(start >= PADDING && whole.len() - end >= PADDING);
        assert_eq!(&whole[start..end], expected);
        assert_eq!(block.bytes(), expected);
    }

    #[test]
    fn a_new_block_is_empty_and_padded() {
        check(&Block::new(), b"");
    }

    #[test]
    fn tails_fit_or_move_the_bytes_and_the_memory_stays() {
        let mut block = Block::new();
        let mut moves = 0;
        for tail_len in [0, 1, FRONT_SLACK - 1, FRONT_SLACK, FRONT_SLACK + 64, 100_000, 150_000, 250_000] {
            let before = block.memory_bytes();
            let tail: Vec<u8> = (0..tail_len).map(|i| (i % 251) as u8).collect();
            block.prepare(0, 1000).fill(b'x');
            block.prepend(&tail);
            check(&block, &[&tail[..], &[b'x'; 1000]].concat());
            moves += usize::from(block.memory_bytes() != before);
        }
        assert!(moves <= 4, "{moves} moves");
    }

    #[test]
    fn repeated_prepends_and_a_truncated_block() {
        let mut block = Block::new();
        block.prepare(0, 100_000).fill(b'x');
        block.truncate(10);
        block.prepend(&[b'a'; 70_000]);
        block.prepend(&[b'b'; 90_000]);
        check(&block, &[vec![b'b'; 90_000], vec![b'a'; 70_000], vec![b'x'; 10]].concat());
        block.truncate(usize::MAX);
        block.clear();
        check(&block, b"");
    }

    #[test]
    fn a_borrowing_block_begins_earlier_and_is_copied_near_the_edges() {
        let bytes: Vec<u8> = (0..1000).map(|i| (i % 251) as u8).collect();
        let shared = Shared::from_vec(bytes.clone());
        for (from, to, borrowed) in [(63, 500, false), (64, 936, true), (300, 937, false), (200, 200, true)] {
            let mut block = Block::new();
            block.lend(&shared, from, to);
            assert_eq!(block.shared.is_some(), borrowed);
            check(&block, &bytes[from..to]);
            block.prepend(&bytes[from - 10..from]);
            assert_eq!(block.shared.is_some(), borrowed && from >= 74);
            block.prepend(&bytes[..from - 10]);
            check(&block, &bytes[..to]);
        }
    }
}
