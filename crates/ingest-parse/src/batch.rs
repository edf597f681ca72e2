//! A rectangle of fields: some whole records that all have the right number of fields, column by column.

use ingest_simd::{
    FIELD_END, Kernel, Layout as JsonLayout, Marks, Padded, Quoting, RECORD_END, Span, Structure, column_spans,
    index_fields, member_spans, string_marks,
};

use crate::json::{Findings, NewKey};
use crate::machine::{Cells, FaultKind};

/// What is made of records with too few or too many fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ragged {
    /// They are faults.
    #[default]
    Fail,
    /// Missing fields are null; surplus ones are dropped if they are empty, else the record is a fault.
    Pad,
    /// Missing fields are null; surplus ones are dropped and counted.
    Truncate,
    /// They are faults, which the caller sets aside.
    Reject,
}

impl std::str::FromStr for Ragged {
    type Err = UnknownRagged;

    fn from_str(word: &str) -> Result<Self, UnknownRagged> {
        match word {
            "fail" => Ok(Ragged::Fail),
            "pad" => Ok(Ragged::Pad),
            "truncate" => Ok(Ragged::Truncate),
            "reject" => Ok(Ragged::Reject),
            _ => Err(UnknownRagged(word.to_owned())),
        }
    }
}

impl std::fmt::Display for Ragged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Ragged::Fail => "fail",
            Ragged::Pad => "pad",
            Ragged::Truncate => "truncate",
            Ragged::Reject => "reject",
        })
    }
}

/// The word names no [`Ragged`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRagged(pub String);

impl std::fmt::Display for UnknownRagged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is none of fail, pad, truncate, reject", self.0)
    }
}

impl std::error::Error for UnknownRagged {}

/// A record that is not in the rectangle, and why. Offsets are relative to the batch's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Number of the record among the batch's records, from 0.
    pub record: u32,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset after its last byte, line end left out.
    pub end: u32,
}

/// One row of a batch, in its text and among its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number of the record among the batch's records, from 0; faults are records too, blank lines are not.
    pub record: u32,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset after its last byte, line end left out.
    pub end: u32,
}

/// Where the fields are.
#[derive(Debug, Default)]
enum Layout {
    /// Regular text: `ends[k]` is where field `k - 1` ends, and the next one starts behind it. `ends[0]` stands before the text.
    #[default]
    Ends,
    /// Anything else: a span for each field, row by row.
    Spans,
    /// JSON records of one layout: a span for each field, column by column; where rows stand, `ends` tell.
    Columns,
}

/// Some whole records. Its memory is reused from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    columns: usize,
    rows: usize,
    records: usize,
    layout: Layout,
    ends: Vec<u32>,
    spans: Vec<Span>,
    places: Vec<Row>,
    faults: Vec<Fault>,
    /// Surplus fields dropped, by row; rows beyond the list have none.
    dropped_fields: Vec<u32>,
    quote: Option<u8>,
    /// Whether fields may be quoted, or records end in CRLF, in this batch.
    has_quotes: bool,
    has_crlf: bool,
    /// What JSON shows beside the rows.
    findings: Findings,
    /// Of [`Layout::Columns`]: fields of a record, blanks around it, and room for fields of no column.
    members: usize,
    blanks: (usize, usize),
    unselected: Vec<Span>,
}

/// No more fields than this in a batch of JSON, but for those of its first record: a table of many keys needs a place for each
/// in every row.
pub(crate) const FIELDS_MAX: usize = 1 << 18;

/// The entry before the first field: one more than it is 0.
const BEFORE_TEXT: u32 = u32::MAX;

impl Batch {
    /// Number of rows in the rectangle.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of records read, rows and faults.
    pub fn records(&self) -> usize {
        self.records
    }

    /// The records that are no rows.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Surplus fields that [`Ragged::Truncate`] dropped.
    pub fn dropped_fields(&self) -> u64 {
        self.dropped_fields.iter().map(|&fields| u64::from(fields)).sum()
    }

    /// The keys of JSON records that were not known, in the order in which they were met.
    pub fn new_keys(&self) -> &[NewKey] {
        &self.findings.finder.met
    }

    /// How many keys of JSON records came again in their record; the last one counts.
    pub fn doubled_keys(&self) -> u64 {
        self.findings.doubled.len() as u64
    }

    /// How many rows are JSON records that could not be read.
    pub fn nulled_records(&self) -> u64 {
        self.findings.nulled.len() as u64
    }

    /// Forgets what JSON records from this one on showed.
    pub fn forget_findings_from(&mut self, record: usize) {
        let is_before = |&other: &u32| (other as usize) < record;
        self.findings.doubled.retain(is_before);
        self.findings.nulled.retain(is_before);
        self.findings.finder.forget_from(record);
    }

    /// Reads the records that are whole lines in the first `text_bytes` of `text` by `layout`, as delimited text: all of them, or
    /// none. Returns how many bytes were read.
    ///
    /// All quotes and line ends must be accounted for: then those of the literals and around strings are all that there are, so
    /// that no comma was taken for one outside a string, no string ends early, and none holds a line end.
    pub(crate) fn read_members(
        &mut self,
        kernel: Kernel,
        text: Padded<'_>,
        text_bytes: usize,
        layout: &JsonLayout,
    ) -> Option<usize> {
        let window = text.slice(0, text.len().min(text_bytes.max(1)));
        let consumed = memchr::memrchr(b'\n', window.bytes())? + 1;
        let part = window.slice(0, consumed);
        let marks = string_marks(kernel, part);
        self.ends.clear();
        self.ends.push(BEFORE_TEXT);
        let structure = Structure { delimiter: Some(b','), quote: Some(b'"') };
        let rows = index_fields(kernel, part, Some(b'{'), &structure, &mut self.ends).records;
        let members = layout.members();
        let in_place = (1..=rows).all(|row| self.ends.get(row * members).is_some_and(|end| end & RECORD_END != 0));
        // A quote that does not close hides line ends.
        if rows == 0 || rows * self.columns > FIELDS_MAX {
            return None;
        }
        if marks.lines != rows || marks.others || self.ends.len() != rows * members + 1 || !in_place {
            return None;
        }
        for row in 1..=rows {
            self.ends[row * members] &= FIELD_END;
        }
        self.spans.clear();
        self.spans.resize(rows * self.columns, Span::default());
        self.unselected.resize(rows, Span::default());
        let mut strings = 0;
        for member in 0..members {
            let out = match layout.column(member) {
                Some(column) => &mut self.spans[column as usize * rows..][..rows],
                None => &mut self.unselected[..rows],
            };
            strings += member_spans(kernel, part, &self.ends, layout, member, out)?;
        }
        if marks.quotes != rows * layout.quotes() + 2 * strings {
            return None;
        }
        self.layout = Layout::Columns;
        self.rows = rows;
        self.records = rows;
        self.members = members;
        self.blanks = layout.blanks();
        Some(consumed)
    }

    /// Begins a batch of rows that are put together field by field.
    pub(crate) fn begin(&mut self, columns: usize) {
        if columns != self.columns {
            self.findings.forget_layout();
        }
        self.clear(columns, None);
        self.layout = Layout::Spans;
    }

    /// Begins anew, row by row.
    pub(crate) fn begin_spans(&mut self) {
        self.spans.clear();
        self.layout = Layout::Spans;
    }

    /// Fields in the rows so far.
    pub(crate) fn fields(&self) -> usize {
        self.rows * self.columns
    }

    /// A new row of empty fields, to be kept or discarded, and what else its record shows.
    pub(crate) fn open_row(&mut self) -> (&mut [Span], &mut Findings) {
        let start = self.fields();
        self.spans.truncate(start);
        self.spans.resize(start + self.columns, Span::default());
        (&mut self.spans[start..], &mut self.findings)
    }

    pub(crate) fn findings_mut(&mut self) -> &mut Findings {
        &mut self.findings
    }

    /// Keeps the open row.
    pub(crate) fn keep_row(&mut self, start: u32, end: u32) {
        self.places.push(Row { record: self.records as u32, start, end });
        self.rows += 1;
        self.records += 1;
    }

    /// Keeps the open row, its fields emptied.
    pub(crate) fn keep_row_without_values(&mut self, start: u32, end: u32) {
        self.forget_findings_from(self.records);
        self.findings.nulled.push(self.records as u32);
        self.open_row();
        self.keep_row(start, end);
    }

    /// Discards the open row: its record is a fault.
    pub(crate) fn discard_row(&mut self, kind: FaultKind, start: u32, end: u32) {
        self.forget_findings_from(self.records);
        self.spans.truncate(self.fields());
        self.faults.push(Fault { kind, record: self.records as u32, start, end });
        self.records += 1;
    }

    fn clear(&mut self, columns: usize, quote: Option<u8>) {
        self.columns = columns;
        self.findings.clear();
        self.quote = quote;
        self.rows = 0;
        self.records = 0;
        self.dropped_fields.clear();
        self.ends.clear();
        self.spans.clear();
        self.places.clear();
        self.faults.clear();
    }

    /// Reads whole records of regular text by the masks: those that end in the first `text_bytes` of `text`, at least one.
    /// `next` is the byte after `text`, as for [`index_fields`]. Returns how many bytes were read, line ends included.
    ///
    /// # Panics
    /// If one record is longer than [`Span::OFFSET_MAX`].
    pub fn read_regular(
        &mut self,
        kernel: Kernel,
        text: Padded<'_>,
        text_bytes: usize,
        next: Option<u8>,
        structure: &Structure,
        shape: Shape,
    ) -> usize {
        let mut window = text_bytes.max(1);
        loop {
            let part = text.slice(0, window.min(text.len()));
            let next = if part.len() < text.len() { Some(text.bytes()[part.len()]) } else { next };
            self.clear(shape.columns, structure.quote);
            self.ends.push(BEFORE_TEXT);
            let marks = index_fields(kernel, part, next, structure, &mut self.ends);
            if let Some(last) = self.ends.iter().skip(1).rposition(|entry| entry & RECORD_END != 0) {
                self.ends.truncate(last + 2);
                let bytes = part.bytes();
                let consumed = ((self.ends[last + 1] & FIELD_END) as usize + 1).min(bytes.len());
                self.settle(&bytes[..consumed], marks, shape);
                return consumed;
            }
            assert!(part.len() < text.len(), "the text ends with a record");
            window *= 2;
        }
    }

    /// Makes the rectangle of the entries in `ends`: checks that every record has the right number of fields.
    fn settle(&mut self, text: &[u8], marks: Marks, shape: Shape) {
        self.has_quotes = marks.quotes;
        self.has_crlf = marks.carriage_returns;
        let fields = self.ends.len() - 1;
        let rows = fields / shape.columns;
        let whole = rows * shape.columns == fields && marks.records == rows;
        let in_place = || (1..=rows).all(|row| self.ends[row * shape.columns] & RECORD_END != 0);
        if whole && in_place() {
            self.layout = Layout::Ends;
            self.rows = rows;
            self.records = rows;
            for row in 1..=rows {
                self.ends[row * shape.columns] &= FIELD_END;
            }
        } else {
            self.layout = Layout::Spans;
            self.walk(text, shape);
        }
    }

    /// The slow way for entries that are no rectangle: record by record.
    fn walk(&mut self, text: &[u8], shape: Shape) {
        let ends = std::mem::take(&mut self.ends);
        let mut fields = Vec::with_capacity(shape.columns);
        let mut start = 0u32;
        for &entry in &ends[1..] {
            let stop = entry & FIELD_END;
            if entry & RECORD_END == 0 {
                fields.push(unquoted_or_quoted(text, start, stop, self.quote));
            } else {
                let end = before_cr(text, start, stop);
                fields.push(unquoted_or_quoted(text, start, end, self.quote));
                let from = fields[0].start() as u32 - u32::from(fields[0].is_quoted());
                self.add_record(&fields, from, end, None, shape);
                fields.clear();
            }
            start = stop + 1;
        }
        self.ends = ends;
    }

    /// Takes over what the exact machine read: one batch for all of it.
    pub fn read_cells(&mut self, cells: &Cells, shape: Shape) {
        self.clear(shape.columns, None);
        self.layout = Layout::Spans;
        for (number, record) in cells.records.iter().enumerate() {
            self.add_record(cells.fields(number), record.start, record.end, record.fault, shape);
        }
    }

    /// Adds one record: as a row, as a fault, or, if it is a blank line in a table of several columns, not at all.
    fn add_record(&mut self, fields: &[Span], start: u32, end: u32, fault: Option<FaultKind>, shape: Shape) {
        let blank = fields.len() == 1 && fields[0].is_null_text() && fault.is_none();
        if blank && shape.columns > 1 {
            return;
        }
        let record = self.records as u32;
        self.records += 1;
        let fault = fault.or_else(|| shape.fault_of(fields));
        if let Some(kind) = fault {
            self.faults.push(Fault { kind, record, start, end });
            return;
        }
        let kept = fields.len().min(shape.columns);
        self.spans.extend_from_slice(&fields[..kept]);
        self.spans.extend(std::iter::repeat_n(Span::new(end, end), shape.columns - kept));
        if shape.ragged == Ragged::Truncate {
            self.dropped_fields.resize(self.rows + 1, 0);
            self.dropped_fields[self.rows] = (fields.len() - kept) as u32;
        }
        self.places.push(Row { record, start, end });
        self.rows += 1;
    }

    /// Where a row stands. `text` is what the batch was read from.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, text: &[u8], row: usize) -> Row {
        match self.layout {
            Layout::Spans => self.places[row],
            Layout::Columns => {
                let start = self.ends[row * self.members].wrapping_add(1) + self.blanks.0 as u32;
                let end = self.ends[(row + 1) * self.members] - self.blanks.1 as u32;
                Row { record: row as u32, start, end }
            }
            Layout::Ends => {
                let start = self.ends[row * self.columns].wrapping_add(1);
                let end = before_cr(text, start, self.ends[(row + 1) * self.columns]);
                Row { record: row as u32, start, end }
            }
        }
    }

    /// The fields of one column, top to bottom, into `out` (which is cleared). `text` is what the batch was read from.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn column(&self, text: &[u8], column: usize, out: &mut Vec<Span>) {
        assert!(column < self.columns, "a column of the batch");
        out.clear();
        match self.layout {
            Layout::Columns => out.extend_from_slice(&self.spans[column * self.rows..][..self.rows]),
            // Behind the rows there may be one that was opened and not kept.
            Layout::Spans => {
                out.extend(self.spans[..self.fields()].iter().skip(column).step_by(self.columns));
            }
            Layout::Ends => {
                let crlf = self.has_crlf && column + 1 == self.columns;
                let quoting = Quoting { quote: self.quote.filter(|_| self.has_quotes), crlf };
                column_spans(text, &self.ends, (self.columns, column), quoting, out);
            }
        }
    }

    /// Takes rows out of the rectangle: those that `keep` says false of. They stay counted as records.
    pub fn retain_rows(&mut self, text: &[u8], keep: &[bool]) {
        let places: Vec<Row> = (0..self.rows).filter(|&row| keep[row]).map(|row| self.row(text, row)).collect();
        let mut spans = vec![Span::default(); places.len() * self.columns];
        let mut column_spans = Vec::with_capacity(self.rows);
        for column in 0..self.columns {
            self.column(text, column, &mut column_spans);
            let kept = column_spans.iter().zip(keep).filter(|(_, keep)| **keep).map(|(span, _)| *span);
            for (row, span) in kept.enumerate() {
                spans[row * self.columns + column] = span;
            }
        }
        let mut kept = keep.iter();
        self.dropped_fields.retain(|_| *kept.next().unwrap_or(&true));
        self.rows = places.len();
        self.places = places;
        self.spans = spans;
        self.layout = Layout::Spans;
    }
}

/// How many fields a record has, and what is made of those that have not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of columns, at least 1.
    pub columns: usize,
    /// What is made of other numbers of fields.
    pub ragged: Ragged,
}

impl Shape {
    fn fault_of(&self, fields: &[Span]) -> Option<FaultKind> {
        let found = fields.len() as u32;
        let surplus_is_empty = || fields[self.columns..].iter().all(|field| field.len() == 0);
        match (fields.len().cmp(&self.columns), self.ragged) {
            (std::cmp::Ordering::Equal, _) => None,
            (std::cmp::Ordering::Less, Ragged::Pad | Ragged::Truncate) => None,
            (std::cmp::Ordering::Less, _) => Some(FaultKind::TooFew { found }),
            (std::cmp::Ordering::Greater, Ragged::Truncate) => None,
            (std::cmp::Ordering::Greater, Ragged::Pad) if surplus_is_empty() => None,
            (std::cmp::Ordering::Greater, _) => Some(FaultKind::TooMany { found }),
        }
    }
}

/// `end`, or the offset of the CR before it where the record's line end is CRLF.
#[inline(always)]
fn before_cr(text: &[u8], start: u32, end: u32) -> u32 {
    let at = end as usize;
    let crlf = end > start && text.get(at) == Some(&b'\n') && text[at - 1] == b'\r';
    end - u32::from(crlf)
}

/// The span of a field of regular text: if it begins with a quote it ends with one.
#[inline(always)]
fn unquoted_or_quoted(text: &[u8], start: u32, end: u32, quote: Option<u8>) -> Span {
    if end > start + 1 && Some(text[start as usize]) == quote {
        Span::quoted(start + 1, end - 1, false)
    } else {
        Span::new(start, end)
    }
}
