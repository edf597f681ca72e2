//! Workers on text: a worker takes a block, settles it in its turn to whole records, and parses them.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use ingest_parse::json::{self, Framed, Framing};
use ingest_parse::{Carry, Cells, Dialect, FaultKind, LineCounter, Settled, only_prolongs, read_records, settle};
use ingest_simd::{ChunkScan, Span, scan_chunk};
use ingest_source::{Block, BlockInfo};

use super::{CHUNK_BYTES, Chunk, Consumer, NAP, Place, Run, lock, padded};
use crate::error::{Code, Error, Result};
use crate::flaw::{Flaw, FlawKind};
use crate::listed::Listed;
use crate::region::{Parsed, Region, Scratch, Wanted, parse_region};
use crate::stages::Stage;

/// No chunk crosses a multiple of so many bytes, whatever its size, so that row groups can end there.
pub(crate) const CUT_BYTES: u64 = 1 << 20;

/// The same where a table is so wide that a megabyte holds few of its rows: each piece of a column costs some hundreds of bytes
/// and a tenth of a microsecond, however few its values.
const CUT_BYTES_WIDE: u64 = 4 << 20;

/// Columns from which on a table is that wide.
const WIDE_COLUMNS: usize = 4096;

impl Run<'_> {
    /// Reads the next block of text, and commits it; false if there is none left.
    pub(super) fn work_on_text(&self, consumer: &dyn Consumer, scratch: &mut Scratch) -> Result<bool> {
        let mut block = lock(&self.pool).pop().unwrap_or_default();
        let taken = self.next_block(&mut block)?;
        scratch.watch.lap(Stage::Read);
        let Some((input, info)) = taken else { return Ok(false) };
        let chunk = self.chunk(input, &info, &mut block, scratch)?;
        self.bytes_done.fetch_add(info.len as u64, Ordering::Relaxed);
        lock(&self.pool).push(block);
        if let Some(chunk) = chunk {
            self.commit((input, info.index), chunk, info.last, consumer, scratch)?;
        }
        Ok(true)
    }

    /// No chunk crosses a multiple of it: a function of the table and the options alone.
    fn cut_bytes(&self) -> u64 {
        let is_wide = self.plan.columns.len() >= WIDE_COLUMNS && self.options.memory_limit.is_none();
        if is_wide { CUT_BYTES_WIDE } else { CUT_BYTES }
    }

    fn next_block(&self, block: &mut Block) -> Result<Option<(usize, BlockInfo)>> {
        let cut_bytes = self.cut_bytes();
        let bytes = self.options.chunk_bytes.unwrap_or(CHUNK_BYTES.max(cut_bytes as usize)).max(1);
        loop {
            let input = self.current.load(Ordering::SeqCst);
            let Some(source) = self.inputs.get(input).map(|input| &input.source) else { return Ok(None) };
            if let Some(info) = source.next_block(block, bytes, cut_bytes)? {
                return Ok(Some((input, info)));
            }
            let _ = self.current.compare_exchange(input, input + 1, Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    /// Settles a block to whole records and parses them; `None` when the run has stopped.
    fn chunk(&self, input: usize, info: &BlockInfo, block: &mut Block, scratch: &mut Scratch) -> Result<Option<Chunk>> {
        let plan = self.plan;
        let data_offset = self.inputs[input].data_offset;
        let (first, lead, previous) = self.wanted(input, info, block);
        let start = info.offset + lead as u64;
        let scan = scan_chunk(plan.kernel, padded(block).slice(lead, info.len), previous, &plan.structure);
        scratch.watch.lap(Stage::Scan);
        let Some(mut carry) = self.take_carry(input, info.index) else { return Ok(None) };
        let cut = info.last || (info.offset + info.len as u64).is_multiple_of(self.cut_bytes());
        let place = |offset, bytes, exact| Place { input, offset, bytes, skipped: 0, exact, last: info.last, cut };
        if start + (info.len - lead) as u64 <= first && !info.last {
            self.give_carry(input, info.index, carry);
            scratch.watch.lap(Stage::Settle);
            return Ok(Some(Chunk::of_text(place(start, 0, false), self.nothing(), None)));
        }
        let tail = carry.tail.len();
        let region_start = start - tail as u64;
        let framed =
            self.inputs[input].framing.map(|framing| Framed { framing, at_start: region_start == data_offset });
        let document = framed.filter(|framed| framed.framing != Framing::Lines);
        let listed = self.inputs[input].listed_apart();
        if document.is_none() && listed.is_none() && only_prolongs(&scan, &carry, &plan.dialect, info.last) {
            prolong(&mut carry, padded(block).slice(lead, info.len).bytes(), &scan);
            let parsed = self.check_tail(input, &carry, region_start)?;
            self.give_carry(input, info.index, carry);
            scratch.watch.lap(Stage::Settle);
            return Ok(Some(Chunk::of_text(place(region_start, 0, false), parsed, None)));
        }
        if tail > 0 {
            block.prepend(&carry.tail);
        }
        let text = padded(block).slice(lead, tail + info.len);
        let mut lines = LineCounter::new(text.bytes(), tail, carry.lines);
        let lines_after = carry.lines + scan.line_breaks;
        let dialect = (&plan.dialect, self.inputs[input].shape(plan).columns);
        let Whole { end, mut next, cells, records_max, fault } = match (document, listed) {
            (Some(framed), _) => settle_document(text.bytes(), framed, lines_after, info.last),
            (None, Some(listed)) => settle_listed(text.bytes(), region_start, listed, lines_after, dialect),
            (None, None) => settle_lines(text.bytes(), tail, &scan, &carry, dialect, info.last),
        };
        next.tail = text.bytes()[end..].to_vec();
        let mut unfinished = self.check_tail(input, &next, region_start + end as u64)?;
        self.give_carry(input, info.index, next);
        scratch.watch.lap(Stage::Settle);
        let region = Region {
            text: text.slice(0, end),
            next: if info.last { None } else { text.bytes().get(end).copied().or(Some(0)) },
            records_max,
            cells,
            framed,
            offset: region_start,
            source: self.inputs[input].source.name(),
            layout: self.inputs[input].layout.as_deref(),
        };
        let exact = region.cells.is_some();
        let mut lines_end = LineCounter::new(text.bytes(), text.bytes().len(), lines_after);
        let mut parsed = self.parse(&region, scratch, &mut lines);
        parsed.refuted = self.refuted_in(&region, input);
        unfinished.flaws.extend(fault.map(|fault| fault.locate(text.bytes(), region_start, &mut lines)));
        for mut flaw in unfinished.flaws {
            flaw.record = parsed.records;
            parsed.flaws.push(flaw);
        }
        let lines_end = cut.then(|| lines_end.breaks_before(end));
        Ok(Some(Chunk::of_text(place(region_start, end, exact), parsed, lines_end)))
    }

    /// Where in a source the records begin that are wanted, how many bytes of a block come before them, and which comes last.
    fn wanted(&self, input: usize, info: &BlockInfo, block: &Block) -> (u64, usize, Option<u8>) {
        let data_offset = self.inputs[input].data_offset;
        let first = self.start_in(input).map_or(0, |start| start.offset).max(data_offset);
        let lead = first.saturating_sub(info.offset).min(info.len as u64) as usize;
        let before = lead.checked_sub(1).map_or(info.previous, |at| Some(padded(block).bytes()[at]));
        (first, lead, before.filter(|_| info.offset + lead as u64 > data_offset))
    }

    /// An error, or a flaw that is one, if the open record has grown beyond the limits. It begins at `offset`.
    fn check_tail(&self, input: usize, carry: &Carry, offset: u64) -> Result<Parsed> {
        let mut parsed = self.nothing();
        let tail = &carry.tail;
        if tail.len() as u64 > self.plan.max_field_bytes && self.plan.json.is_none() {
            let columns = Some(self.inputs[input].shape(self.plan).columns);
            let open = read_records(tail, false, &self.plan.dialect, columns, &mut Default::default());
            // The quotes around the field, and a CR that will turn out to be a line end's, are not of its length.
            let field = (open.field, open.reach.min(tail.len().saturating_sub(2)));
            if let Some(kind) = self.plan.first_too_long(&open.fields, Some(field)) {
                let mut lines = LineCounter::new(tail, tail.len(), carry.lines);
                parsed.flaws.push(Flaw::new(0, (0, tail.len()), kind).locate(tail, offset, &mut lines));
            }
        }
        if tail.len() as u64 > self.record_bytes_max() {
            return Err(Error::new(
                Code::MemoryLimit,
                format!("one record is longer than {} bytes", self.record_bytes_max()),
            )
            .hint("--memory-limit allows longer records; a quote that never closes is the usual cause of one"));
        }
        Ok(parsed)
    }

    /// A record is held a dozen times over while it is read, parsed and encoded; offsets in it have 31 bits.
    fn record_bytes_max(&self) -> u64 {
        self.options.memory_limit.map_or(1 << 30, |limit| limit / 16).min(Span::OFFSET_MAX as u64 / 2)
    }

    fn take_carry(&self, input: usize, index: u64) -> Option<Carry> {
        let turn = &self.turns[input];
        let mut state = lock(&turn.state);
        loop {
            if self.stop.load(Ordering::SeqCst) {
                return None;
            }
            if state.0 == index
                && let Some(carry) = state.1.take()
            {
                return Some(carry);
            }
            state = turn.changed.wait_timeout(state, 20 * NAP).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn give_carry(&self, input: usize, index: u64, carry: Carry) {
        let turn = &self.turns[input];
        *lock(&turn.state) = (index + 1, Some(carry));
        turn.changed.notify_all();
    }

    /// Parses all selected columns, starting from the types known so far, and adds what they showed.
    fn parse(&self, region: &Region<'_>, scratch: &mut Scratch, lines: &mut LineCounter<'_>) -> Parsed {
        if self.looks_for_keys.load(Ordering::Relaxed) {
            let wanted = Wanted { columns: &[], kinds: &[], known: &[], rows_max: None };
            return parse_region(self.plan, region, &wanted, scratch, lines);
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let kinds = self.kinds_to_parse(&known);
        let columns: Vec<usize> = (0..kinds.len()).collect();
        let wanted = Wanted { columns: &columns, kinds: &kinds, known: &known, rows_max: None };
        let parsed = parse_region(self.plan, region, &wanted, scratch, lines);
        let news = parsed.columns.iter().zip(&kinds).any(|(column, kind)| column.kind != *kind);
        if news {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            for (known, column) in known.iter_mut().zip(&parsed.columns) {
                known.join(&column.column.summary);
            }
        }
        parsed
    }
}

/// Adds a chunk in which no record ends to the open one.
fn prolong(carry: &mut Carry, text: &[u8], scan: &ChunkScan) {
    carry.tail.extend_from_slice(text);
    carry.inside = scan.starting(carry.inside).ends_inside;
    carry.lines += scan.line_breaks;
}

/// How much of a text is whole records.
struct Whole {
    end: usize,
    next: Carry,
    /// What the exact machine read, where it had to.
    cells: Option<Cells>,
    records_max: usize,
    /// Why nothing can be read behind them.
    fault: Option<Flaw>,
}

/// Settles a chunk, behind its predecessor's tail, whose records end with lines.
fn settle_lines(
    text: &[u8],
    tail: usize,
    scan: &ChunkScan,
    carry: &Carry,
    (dialect, columns): (&Dialect, usize),
    last: bool,
) -> Whole {
    let Settled { end, cells, next } = settle(text, tail, scan, carry, dialect, Some(columns), last);
    let records_max = match &cells {
        Some(cells) => cells.records.len(),
        // The last one may end with the source.
        None => scan.starting(carry.inside).record_ends as usize + 1,
    };
    Whole { end, next, cells, records_max, fault: None }
}

/// Settles some text of listed records, which begins at `offset` of them: where each ends is known. `lines`: line breaks before
/// its end.
fn settle_listed(
    text: &[u8],
    offset: u64,
    listed: &Listed,
    lines: u64,
    (dialect, columns): (&Dialect, usize),
) -> Whole {
    let cells = listed.cells(text, offset, dialect, columns);
    let end = listed.ends(offset, text.len()).last().unwrap_or(0);
    let next = Carry { lines, ..Carry::default() };
    Whole { end, next, records_max: cells.records.len(), cells: Some(cells), fault: None }
}

/// Settles some text of a JSON document. `lines`: line breaks before its end.
fn settle_document(text: &[u8], framed: Framed, lines: u64, last: bool) -> Whole {
    let json::Settled { end, records, fault } = json::settle(text, framed, last);
    let flaw = |fault: json::Fault| {
        let kind = FaultKind::Json { fault: fault.kind, at: fault.at as u32 };
        // Shown is what is there wherever the text is cut: all that follows, or one character.
        let end = match fault.kind {
            json::JsonFault::CutShort => text.len(),
            _ => fault.at + usize::from(text[fault.at].is_ascii()),
        };
        Flaw::new(0, (fault.at, end), FlawKind::Structure(kind))
    };
    let next = Carry { lines, ..Carry::default() };
    Whole { end, next, cells: None, records_max: records, fault: fault.map(flaw) }
}
