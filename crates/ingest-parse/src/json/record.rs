//! Records to rows of a batch.

use ingest_simd::{Followed, Kernel, Layout, Padded, Span, follow_record};

use super::document::{Elements, line_end};
use super::keys::KeyFinder;
use super::scanner::{Fault, Kind, Scanner, Value};
use super::{Framing, JsonFault, Keys, unescape};
use crate::batch::{Batch, FIELDS_MAX};
use crate::machine::FaultKind;

/// What becomes of records that are no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRecords {
    /// They are faults.
    Fault,
    /// They are rows without values, and counted.
    Null,
}

/// How a text holds records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framed {
    /// What separates them.
    pub framing: Framing,
    /// Whether the text begins where the source does: there an array opens.
    pub at_start: bool,
}

/// What a batch of JSON records shows beside its rows.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub finder: KeyFinder,
    /// The records in which a key came again, once for each time.
    pub doubled: Vec<u32>,
    /// The records that became rows without values.
    pub nulled: Vec<u32>,
    /// Room for a key without its escapes.
    key: Vec<u8>,
    layouts: Layouts,
}

/// The layout of records on lines, learned from one and tried on the next.
#[derive(Debug, Default)]
struct Layouts {
    current: Layout,
    /// Where the values of the record in hand stand in the text, quotes included, and their columns.
    members: Vec<(usize, usize, Option<u32>)>,
    /// Where records differ, layouts are not worth their making.
    pause: Pause,
    /// The same for batches that are read as a whole.
    batch_pause: Pause,
}

/// How long something that did not help is not tried again: each time twice as long as the time before.
#[derive(Debug, Default)]
struct Pause {
    left: u32,
    next: u32,
}

impl Pause {
    /// Whether it is over; else it is one shorter now.
    fn is_over(&mut self) -> bool {
        let over = self.left == 0;
        self.left -= u32::from(!over);
        over
    }

    fn begin(&mut self) {
        self.left = self.next;
        self.next = (2 * self.next).clamp(1, PAUSE_MAX);
    }
}

/// The longest pause: where a layout never helps, trying one costs a hundredth.
const PAUSE_MAX: u32 = 64;

impl Layouts {
    /// What the record of `line`, which begins at `start` of the text, says of the next ones.
    fn learn(&mut self, line: &[u8], start: usize) {
        if !self.pause.is_over() {
            return;
        }
        for (from, to, _) in &mut self.members {
            (*from, *to) = (*from - start, *to - start);
        }
        self.current = Layout::new(line, &self.members);
        self.pause.begin();
    }
}

impl Findings {
    pub(crate) fn clear(&mut self) {
        self.finder.clear();
        self.doubled.clear();
        self.nulled.clear();
    }

    /// Forgets the layout: the columns are others.
    pub(crate) fn forget_layout(&mut self) {
        self.layouts = Layouts::default();
    }
}

impl Batch {
    /// Reads whole records of JSON: those that begin in the first `text_bytes` of `text`, at least one. Returns how many bytes
    /// were read, line ends included. Blank lines are no records.
    pub fn read_json(
        &mut self,
        kernel: Kernel,
        text: Padded<'_>,
        text_bytes: usize,
        framed: Framed,
        keys: &Keys,
        bad_records: BadRecords,
    ) -> usize {
        self.begin(keys.len());
        match framed.framing {
            Framing::Lines => self.read_lines(kernel, text, text_bytes, keys, bad_records),
            Framing::Array | Framing::Values => self.read_elements(text.bytes(), text_bytes, framed, keys, bad_records),
        }
    }

    fn has_room(&self, at: usize, text_bytes: usize) -> bool {
        self.records() == 0 || (at < text_bytes && self.fields() < FIELDS_MAX)
    }

    fn read_lines(
        &mut self,
        kernel: Kernel,
        block: Padded<'_>,
        text_bytes: usize,
        keys: &Keys,
        bad_records: BadRecords,
    ) -> usize {
        if let Some(read) = self.follow_lines(kernel, block, text_bytes) {
            return read;
        }
        let text = block.bytes();
        let mut at = 0;
        while at < text.len() && self.has_room(at, text_bytes) {
            if let Some(next) = self.follow_line(kernel, block, at) {
                at = next;
                continue;
            }
            let end = line_end(text, at);
            let line = &text[..end];
            let mut scanner = Scanner::new(line, at);
            scanner.blanks();
            if scanner.at < end {
                let start = scanner.at;
                let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
                let end = text[..end].iter().rposition(|byte| !is_blank(byte)).map_or(start, |at| at + 1);
                let read = self.read_record(&mut scanner, keys).and_then(|can_lead| {
                    scanner.blanks();
                    let fault = Fault { kind: JsonFault::TextAfterRecord, at: scanner.at };
                    if scanner.at < line.len() { Err(fault) } else { Ok(can_lead) }
                });
                if read == Ok(true) {
                    self.findings_mut().layouts.learn(&line[at..], at);
                }
                self.settle_record(read.map(drop), (start, end), bad_records);
            }
            at = end + usize::from(end < text.len());
            at += usize::from(text[end..].starts_with(b"\r\n"));
        }
        at
    }

    /// Reads all lines of a batch by the layout of an earlier record; `None` if one of them lies otherwise.
    fn follow_lines(&mut self, kernel: Kernel, block: Padded<'_>, text_bytes: usize) -> Option<usize> {
        let layouts = &mut self.findings_mut().layouts;
        if !layouts.current.is_regular() || !layouts.batch_pause.is_over() {
            return None;
        }
        let layout = std::mem::take(&mut layouts.current);
        let read = self.read_members(kernel, block, text_bytes, &layout);
        let layouts = &mut self.findings_mut().layouts;
        layouts.current = layout;
        match read {
            Some(_) => layouts.batch_pause = Pause::default(),
            None => layouts.batch_pause.begin(),
        }
        if read.is_none() {
            self.begin_spans();
        }
        read
    }

    /// Reads the record of a line that lies as an earlier one did; the offset of the next line, or `None` if it lies otherwise.
    fn follow_line(&mut self, kernel: Kernel, block: Padded<'_>, start: usize) -> Option<usize> {
        let (row, findings) = self.open_row();
        let layouts = &mut findings.layouts;
        if layouts.current.is_empty() {
            return None;
        }
        let text = block.bytes();
        let (mut at, mut first) = (start, 0);
        let mut end = None;
        loop {
            match follow_record(kernel, block, at, &layouts.current, first, row) {
                Followed::Record { lead, end, next } => {
                    layouts.pause = Pause::default();
                    self.keep_row((start + lead) as u32, end as u32);
                    return Some(next);
                }
                Followed::Value { member, at: value } => {
                    let line = &text[..*end.get_or_insert_with(|| line_end(text, value))];
                    let mut scanner = Scanner::new(line, value);
                    let field = span_of(scanner.value().ok()?);
                    if let Some(column) = layouts.current.column(member) {
                        row[column as usize] = field;
                    }
                    (at, first) = (scanner.at, member + 1);
                }
                Followed::Other => return None,
            }
        }
    }

    fn read_elements(
        &mut self,
        text: &[u8],
        text_bytes: usize,
        framed: Framed,
        keys: &Keys,
        bad_records: BadRecords,
    ) -> usize {
        let mut elements = Elements::new(text, framed);
        while self.has_room(elements.at(), text_bytes) {
            let Some((start, end)) = elements.next_element() else { return text.len() };
            let mut scanner = Scanner::new(&text[..end], start);
            let read = self.read_record(&mut scanner, keys);
            let fault = Fault { kind: JsonFault::TextAfterRecord, at: scanner.at };
            let read = read.and(if scanner.at < end { Err(fault) } else { Ok(()) });
            self.settle_record(read, (start, end), bad_records);
        }
        elements.at()
    }

    /// Reads one record into a new row, which is still to be settled. Whether records that look like it could be read by its
    /// layout alone: none of its keys is doubled, or new where that matters.
    fn read_record(&mut self, scanner: &mut Scanner<'_>, keys: &Keys) -> Result<bool, Fault> {
        let record = self.records() as u32;
        let (row, findings) = self.open_row();
        findings.layouts.members.clear();
        if scanner.peek() != Some(b'{') {
            let value = scanner.value()?;
            match keys.value() {
                Some(column) => row[column as usize] = span_of(value),
                None => findings.finder.note(keys, super::VALUE.as_bytes(), record),
            }
            return Ok(false);
        }
        scanner.at += 1;
        scanner.blanks();
        if scanner.take(b'}') {
            return Ok(false);
        }
        let mut can_lead = true;
        let mut place = 0;
        loop {
            let (start, end, escaped) = scanner.key()?;
            let mut key = &scanner.text[start..end];
            if escaped {
                findings.key.clear();
                unescape(key, &mut findings.key);
                key = &findings.key;
            }
            let column = findings.finder.find(keys, place, key, record);
            let value = scanner.value()?;
            if let Some(column) = column {
                let field = &mut row[column as usize];
                // As a new row has it: no value of a member stands at offset 0, not even null.
                if *field != Span::default() {
                    findings.doubled.push(record);
                    can_lead = false;
                }
                *field = span_of(value);
            }
            can_lead &= column.is_some() || !keys.wants_new();
            let quotes = usize::from(matches!(value.kind, Kind::String { .. }));
            findings.layouts.members.push((value.start - quotes, value.end + quotes, column));
            place += 1;
            scanner.blanks();
            if !scanner.take(b',') {
                break;
            }
            scanner.blanks();
        }
        if scanner.take(b'}') {
            return Ok(can_lead);
        }
        let kind = if scanner.peek().is_some() { JsonFault::NoComma } else { JsonFault::Unclosed };
        Err(Fault { kind, at: scanner.at })
    }

    fn settle_record(&mut self, read: Result<(), Fault>, place: (usize, usize), bad_records: BadRecords) {
        let (start, end) = (place.0 as u32, place.1 as u32);
        match read {
            Ok(()) => self.keep_row(start, end),
            Err(_) if bad_records == BadRecords::Null => self.keep_row_without_values(start, end),
            Err(Fault { kind, at }) => {
                let kind = FaultKind::Json { fault: kind, at: at as u32 };
                self.discard_row(kind, start, end);
            }
        }
    }
}

/// A value's field.
pub(super) fn span_of(value: Value) -> Span {
    let (start, end) = (value.start as u32, value.end as u32);
    match value.kind {
        Kind::Null => Span::new(end, end),
        Kind::Plain | Kind::Nested => Span::new(start, end),
        Kind::String { escaped } => Span::quoted(start, end, escaped),
    }
}
