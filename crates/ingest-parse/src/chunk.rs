//! Where records begin and end when the text comes in chunks that are cut anywhere.
//!
//! A worker scans its chunk for both possible starts, then waits for its predecessor's [`Carry`]: whether the chunk
//! starts inside quotes, and the tail of the record that is still open. What it then settles is a whole number of
//! records, `tail + chunk[..end]`, and a carry for its successor. The scan is parallel; settling is a look-up and the copy
//! of a tail, unless the text is irregular: then the exact machine reads the records here, in order.

use ingest_simd::{ChunkScan, Structure};

use crate::Dialect;
use crate::machine::{Cells, read_records};

impl Dialect {
    /// The bytes that the masks look for.
    pub fn structure(&self) -> Structure {
        Structure { delimiter: self.delimiter_byte(), quote: self.quote }
    }

    /// Whether only the exact machine can read this dialect: the masks know neither escapes nor comments, nor delimiters of
    /// several bytes.
    pub fn needs_machine(&self) -> bool {
        self.escape.is_some() || self.comment.is_some() || self.has_long_delimiter()
    }
}

/// What a chunk hands to its successor.
#[derive(Clone, Debug, Default)]
pub struct Carry {
    /// The bytes of the record that is still open.
    pub tail: Vec<u8>,
    /// Whether the tail ends inside quotes.
    pub inside: bool,
    /// Whether the tail holds a quote where strict quoting has none.
    pub irregular: bool,
    /// Line breaks before the chunk.
    pub lines: u64,
}

/// What a chunk was settled to. `text` is the predecessor's tail with the chunk behind it.
#[derive(Debug)]
pub struct Settled {
    /// `text[..end]` is whole records.
    pub end: usize,
    /// The records, where the exact machine had to read them.
    pub cells: Option<Cells>,
    /// The state after `text`, its `tail` still to be filled with `text[end..]`.
    pub next: Carry,
}

/// Whether no record ends in a chunk, so that all of it joins the tail.
pub fn only_prolongs(scan: &ChunkScan, carry: &Carry, dialect: &Dialect, last: bool) -> bool {
    let side = scan.starting(carry.inside);
    !(last || dialect.needs_machine() || side.irregular || carry.irregular) && side.last_record_end.is_none()
}

/// Settles a chunk: `text` is `carry`'s tail, `tail` bytes long, and the chunk behind it; `last` if the source ends there.
/// `columns` as for [`read_records`].
pub fn settle(
    text: &[u8],
    tail: usize,
    scan: &ChunkScan,
    carry: &Carry,
    dialect: &Dialect,
    columns: Option<usize>,
    last: bool,
) -> Settled {
    let side = scan.starting(carry.inside);
    let lines = carry.lines + scan.line_breaks;
    let unclosed = last && side.ends_inside;
    if dialect.needs_machine() || side.irregular || carry.irregular || unclosed {
        let mut cells = Cells::default();
        let progress = read_records(text, last, dialect, columns, &mut cells);
        let next = Carry { tail: Vec::new(), inside: progress.inside, irregular: progress.irregular, lines };
        return Settled { end: progress.consumed, cells: Some(cells), next };
    }
    let end = match side.last_record_end {
        _ if last => text.len(),
        Some(end) => tail + end,
        None => 0,
    };
    Settled { end, cells: None, next: Carry { tail: Vec::new(), inside: side.ends_inside, irregular: false, lines } }
}

/// Counts lines, by which people find a record, from one offset of a text to the next.
#[derive(Clone, Debug)]
pub struct LineCounter<'a> {
    text: &'a [u8],
    at: usize,
    before: u64,
}

impl<'a> LineCounter<'a> {
    /// `breaks` line breaks come before offset `anchor` of `text`, counted as [`ChunkScan::line_breaks`] does: a lone CR
    /// counts with the byte after it, which shows that no LF follows. O(1): the tail before an anchor can be megabytes, and
    /// mostly nobody asks for a line.
    pub fn new(text: &'a [u8], anchor: usize, breaks: u64) -> Self {
        LineCounter { text, at: anchor, before: breaks }
    }

    /// The line, from 1, in which the record that begins at `at` lies; O(distance from the last call's offset, or the anchor).
    pub fn line_of(&mut self, at: usize) -> u64 {
        if at < self.at {
            self.before -= self.breaks(at, self.at);
        } else {
            self.before += self.breaks(self.at, at);
        }
        self.at = at;
        self.before + u64::from(self.after_lone_cr(at)) + 1
    }

    /// Line breaks before offset `at`, counted as those before the anchor; O(distance from the last call's offset, or the anchor).
    pub fn breaks_before(&mut self, at: usize) -> u64 {
        self.line_of(at);
        self.before
    }

    fn breaks(&self, from: usize, to: usize) -> u64 {
        (from..to).filter(|&at| self.text[at] == b'\n' || self.after_lone_cr(at)).count() as u64
    }

    fn after_lone_cr(&self, at: usize) -> bool {
        at > 0 && self.text[at - 1] == b'\r' && self.text.get(at) != Some(&b'\n')
    }
}
