//! Text cut into chunks of any size, read by every kernel, against the reference that reads it whole.

#![no_main]

use arbitrary::Arbitrary;
use ingest_fuzz::{Drawn, Text};
use ingest_parse::{Batch, Carry, Dialect, LineCounter, Ragged, Shape, only_prolongs, reference, settle, unescape};
use ingest_simd::{ChunkScan, Kernel, PADDING, Padded, scan_chunk};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Case {
    text: Text,
    dialect: Drawn,
    chunk_bytes: u8,
    batch_bytes: u8,
    columns: u8,
    ragged: u8,
}

fuzz_target!(|case: Case| {
    let (text, dialect) = (&case.text.0, case.dialect.0);
    let ragged = [Ragged::Fail, Ragged::Pad, Ragged::Truncate][usize::from(case.ragged) % 3];
    let shape = Shape { columns: usize::from(case.columns) % 6 + 1, ragged };
    let plain = read_plainly(text, &dialect, shape);
    let whole = Chunked::read(text, &dialect, shape, Cut::NONE);
    assert_eq!((&whole.rows, whole.faults), (&plain.rows, plain.faults), "in one chunk");
    for kernel in Kernel::available() {
        let (chunk_bytes, batch_bytes) = (usize::from(case.chunk_bytes) + 1, usize::from(case.batch_bytes) + 1);
        let found = Chunked::read(text, &dialect, shape, Cut { kernel, chunk_bytes, batch_bytes });
        assert_eq!(found, whole, "in chunks, by {kernel}");
    }
});

/// Where the text is cut, and who reads it.
#[derive(Clone, Copy)]
struct Cut {
    kernel: Kernel,
    chunk_bytes: usize,
    batch_bytes: usize,
}

impl Cut {
    const NONE: Cut = Cut { kernel: Kernel::Portable, chunk_bytes: usize::MAX, batch_bytes: usize::MAX };
}

/// The rows: the text of each field, and whether it was quoted.
type Rows = Vec<Vec<(Vec<u8>, bool)>>;

/// What a reader found.
#[derive(Debug, Default, PartialEq)]
struct Found {
    rows: Rows,
    faults: usize,
    /// The line in which each record begins.
    lines: Vec<u64>,
}

/// The reference, and the rules for ragged records in plain words.
fn read_plainly(text: &[u8], dialect: &Dialect, shape: Shape) -> Found {
    let mut found = Found::default();
    for record in reference::read_all(text, dialect, Some(shape.columns)) {
        let fields = &record.fields;
        let empty = fields.len() == 1 && fields[0].text.is_empty() && !fields[0].quoted;
        if shape.columns > 1 && empty && record.fault.is_none() {
            continue;
        }
        let surplus_is_empty = fields.iter().skip(shape.columns).all(|field| field.text.is_empty());
        let fits = match shape.ragged {
            Ragged::Truncate => true,
            Ragged::Pad => fields.len() <= shape.columns || surplus_is_empty,
            Ragged::Fail | Ragged::Reject => fields.len() == shape.columns,
        };
        if !fits || record.fault.is_some() {
            found.faults += 1;
            continue;
        }
        let mut row: Vec<_> = record.fields.into_iter().map(|field| (field.text, field.quoted)).collect();
        row.resize(shape.columns, (Vec::new(), false));
        found.rows.push(row);
    }
    found
}

/// A reader of chunks, as the engine is one, without its threads.
struct Chunked<'a> {
    dialect: &'a Dialect,
    shape: Shape,
    cut: Cut,
    carry: Carry,
    found: Found,
}

/// One chunk with the tail before it, between paddings that would mislead.
struct Chunk {
    memory: Vec<u8>,
    tail: usize,
    previous: Option<u8>,
    last: bool,
}

impl Chunk {
    fn part(&self, from: usize) -> Padded<'_> {
        Padded::new(&self.memory, PADDING + from, self.memory.len() - PADDING).expect("padded on both sides")
    }
}

impl<'a> Chunked<'a> {
    fn read(text: &[u8], dialect: &'a Dialect, shape: Shape, cut: Cut) -> Found {
        let mut reader = Chunked { dialect, shape, cut, carry: Carry::default(), found: Found::default() };
        let mut at = 0usize;
        loop {
            let end = text.len().min(at.saturating_add(cut.chunk_bytes));
            let last = end == text.len();
            let memory = [&[b'"'; PADDING][..], &reader.carry.tail, &text[at..end], &[b'\n'; PADDING]].concat();
            let previous = at.checked_sub(1).map(|before| text[before]);
            reader.take(&Chunk { memory, tail: reader.carry.tail.len(), previous, last });
            at = end;
            if last {
                assert!(reader.carry.tail.is_empty(), "the last chunk leaves nothing");
                return reader.found;
            }
        }
    }

    fn take(&mut self, chunk: &Chunk) {
        let scan = scan_chunk(self.cut.kernel, chunk.part(chunk.tail), chunk.previous, &self.dialect.structure());
        let whole = chunk.part(0);
        let prolongs = only_prolongs(&scan, &self.carry, self.dialect, chunk.last);
        let end = self.take_records(chunk, whole, &scan);
        assert!(!prolongs || end == 0, "a chunk that only prolongs holds no record's end");
        self.carry.tail = whole.bytes()[end..].to_vec();
    }

    /// Reads the records that the chunk completes; how far they reach.
    fn take_records(&mut self, chunk: &Chunk, whole: Padded<'_>, scan: &ChunkScan) -> usize {
        let settled = settle(whole.bytes(), chunk.tail, scan, &self.carry, self.dialect, Some(self.shape.columns), chunk.last);
        let region = whole.slice(0, settled.end);
        let next = whole.bytes().get(settled.end).copied().or((!chunk.last).then_some(0));
        let mut lines = LineCounter::new(whole.bytes(), chunk.tail, self.carry.lines);
        let (mut batch, mut at) = (Batch::default(), 0);
        while at < region.len() {
            let rest = region.slice(at, region.len());
            let read = if let Some(cells) = &settled.cells {
                batch.read_cells(cells, self.shape);
                rest.len()
            } else {
                let (structure, bytes) = (self.dialect.structure(), self.cut.batch_bytes.min(rest.len()));
                batch.read_regular(self.cut.kernel, rest, bytes, next, &structure, self.shape)
            };
            self.take_batch(&batch, &rest.bytes()[..read], at, &mut lines);
            at += read;
        }
        self.carry = settled.next;
        settled.end
    }

    fn take_batch(&mut self, batch: &Batch, text: &[u8], offset: usize, lines: &mut LineCounter<'_>) {
        self.found.faults += batch.faults().len();
        let mut starts: Vec<_> = (0..batch.rows()).map(|row| batch.row(text, row).start).collect();
        starts.extend(batch.faults().iter().map(|fault| fault.start));
        starts.sort_unstable();
        self.found.lines.extend(starts.into_iter().map(|start| lines.line_of(offset + start as usize)));
        let first = self.found.rows.len();
        self.found.rows.resize(first + batch.rows(), Vec::new());
        let mut spans = Vec::new();
        for column in 0..self.shape.columns {
            batch.column(text, column, &mut spans);
            for (row, span) in self.found.rows[first..].iter_mut().zip(&spans) {
                let mut value = Vec::new();
                if span.is_quoted() || span.is_escaped() {
                    unescape(span.of(text), span.is_quoted(), self.dialect, &mut value);
                } else {
                    value.extend_from_slice(span.of(text));
                }
                row.push((value, span.is_quoted()));
            }
        }
    }
}
