//! The exact machine: one byte after the other, every dialect, every fault.
//!
//! It is the reference that the masks of `ingest-simd` are compared with, and it reads what they cannot express: stray
//! quotes, escapes, comments, lenient quoting. Itself it is checked against csv-core wherever csv-core can express the
//! case (`tests/oracle.rs`).

mod stray;

use ingest_simd::Span;

use crate::json::JsonFault;
use crate::{Dialect, Quoting};

/// What is wrong with a record, and where: offsets into the text that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Fewer fields than columns.
    TooFew {
        /// Fields found.
        found: u32,
    },
    /// More fields than columns.
    TooMany {
        /// Fields found.
        found: u32,
    },
    /// Text follows a closing quote.
    TextAfterQuote {
        /// Offset of that text.
        at: u32,
    },
    /// A quote opens a word within an unquoted field, after a blank.
    StrayQuote {
        /// Offset of the quote.
        at: u32,
    },
    /// A quote never closes.
    UnclosedQuote {
        /// Offset of the quote.
        at: u32,
    },
    /// A quote opens a field, the next one closes it lines below within another, and the lines between are records.
    SwallowingQuote {
        /// Offset of the quote.
        at: u32,
        /// Offset of the next one.
        next: u32,
    },
    /// It is no JSON.
    Json {
        /// What is wrong.
        fault: JsonFault,
        /// Offset of it.
        at: u32,
    },
}

/// One record as the machine read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// Number of its first field in [`Cells::spans`].
    pub first: u32,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset after its last byte, line end left out.
    pub end: u32,
    /// What is wrong with its quotes.
    pub fault: Option<FaultKind>,
}

/// Records of any number of fields, as the machine read them; blank lines are records of one empty field.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// The fields of all records, in order.
    pub spans: Vec<Span>,
    /// The records.
    pub records: Vec<RawRecord>,
}

impl Cells {
    /// The fields of a record.
    ///
    /// # Panics
    /// If there is no such record.
    pub fn fields(&self, record: usize) -> &[Span] {
        let first = self.records[record].first as usize;
        let end = self.records.get(record + 1).map_or(self.spans.len(), |next| next.first as usize);
        &self.spans[first..end]
    }
}

/// How far the machine came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Offset after the last complete record and its line end.
    pub consumed: usize,
    /// Whether the text after `consumed` ends inside quotes.
    pub inside: bool,
    /// Whether the text after `consumed` holds a quote where strict quoting has none.
    pub irregular: bool,
    /// The fields of the open record that have ended.
    pub fields: Vec<Span>,
    /// Where its last field begins, which has not, its quote included.
    pub field: usize,
    /// How far that one goes for sure: to the end of the text, or to a quote behind which it may turn out to end its line.
    pub reach: usize,
}

/// Reads the records that are complete in `text`, which starts at a record's start; at the end of the source
/// (`at_end`) all of it. Offsets are relative to `text`, which is at most [`Span::OFFSET_MAX`] long. `columns`: how many fields
/// a record should have, where that is known; it tells a quote that swallows records from a text that goes on over lines.
///
/// O(n): each misplaced quote costs a second look at the bytes up to the next one, and between the two no other costs more.
pub fn read_records(
    text: &[u8],
    at_end: bool,
    dialect: &Dialect,
    columns: Option<usize>,
    cells: &mut Cells,
) -> Progress {
    Machine { columns, ..Machine::new(text, at_end, dialect, cells, 0) }.run()
}

/// Reads pieces of `text` that follow one another, each as if it were a source of its own: nothing in one can change how the
/// next is read. `ends`: the offset after each. Offsets are relative to `text`, as those of [`read_records`].
pub fn read_pieces(
    text: &[u8],
    ends: impl IntoIterator<Item = usize>,
    dialect: &Dialect,
    columns: Option<usize>,
    cells: &mut Cells,
) {
    let mut start = 0;
    for end in ends {
        let text = &text[..end];
        Machine { columns, ..Machine::new(text, true, dialect, cells, start) }.run();
        start = end;
    }
}

struct Machine<'a> {
    text: &'a [u8],
    at_end: bool,
    dialect: &'a Dialect,
    /// The first byte of the delimiter, and those behind it.
    delimiter: Option<u8>,
    delimiter_rest: &'a [u8],
    /// Whether a byte may mean something in an unquoted field.
    means: [bool; 256],
    cells: &'a mut Cells,
    /// How many fields a record should have.
    columns: Option<usize>,
    /// Where the record being read begins.
    record: usize,
    /// The next byte to read.
    at: usize,
    /// Where the field being read begins, and how far it goes for sure.
    field: usize,
    reach: usize,
    /// A misplaced quote was met since the last complete record.
    irregular: bool,
    /// Whether a quote swallows records was asked since the last complete record.
    was_asked: bool,
}

/// How a field, and with it perhaps its record, came to an end.
enum FieldEnd {
    Delimiter,
    Record,
    /// The quote at this offset swallows records.
    Swallowed {
        quote: usize,
    },
    /// The text ends first and more may follow.
    Cut {
        inside: bool,
    },
}

/// A record's fault so far: the first one counts.
type Fault = Option<FaultKind>;

impl<'a> Machine<'a> {
    fn new(text: &'a [u8], at_end: bool, dialect: &'a Dialect, cells: &'a mut Cells, at: usize) -> Self {
        let delimiter = dialect.delimiter.as_ref().and_then(|delimiter| delimiter.as_bytes().split_first());
        let (delimiter, delimiter_rest) = delimiter.map_or((None, &[][..]), |(first, rest)| (Some(*first), rest));
        let mut means = [false; 256];
        let signs = [Some(b'\n'), Some(b'\r'), delimiter, dialect.quote, dialect.escape];
        signs.into_iter().flatten().for_each(|sign| means[usize::from(sign)] = true);
        Machine {
            text,
            at_end,
            dialect,
            delimiter,
            delimiter_rest,
            means,
            cells,
            columns: None,
            record: at,
            at,
            field: at,
            reach: text.len(),
            irregular: false,
            was_asked: false,
        }
    }

    fn run(mut self) -> Progress {
        loop {
            let start = self.at;
            self.record = start;
            self.irregular = false;
            self.was_asked = false;
            if start == self.text.len() {
                return self.between_records(start);
            }
            if self.is_comment(start) {
                if !self.skip_line(start) {
                    return self.between_records(start);
                }
                continue;
            }
            let first = self.cells.spans.len();
            if let Some(inside) = self.record(first) {
                let fields = self.cells.spans.split_off(first);
                let Machine { irregular, field, reach, .. } = self;
                return Progress { consumed: start, inside, irregular, fields, field, reach };
            }
        }
    }

    fn between_records(&self, at: usize) -> Progress {
        Progress { consumed: at, inside: false, irregular: false, fields: Vec::new(), field: at, reach: at }
    }

    fn is_comment(&self, at: usize) -> bool {
        self.dialect.comment == Some(self.text[at])
    }

    /// Moves behind the line that `from` lies in; false where it is not complete.
    fn skip_line(&mut self, from: usize) -> bool {
        match self.break_from(from).map(|end| (end, self.line_end(end))) {
            Some((_, Some(after))) => self.at = after,
            None if self.at_end => self.at = self.text.len(),
            _ => return false,
        }
        true
    }

    /// The offset after the line end that begins at `at`; `None` where a CR ends the text and an LF may follow.
    fn line_end(&self, at: usize) -> Option<usize> {
        let may_go_on = self.text[at..] == *b"\r" && !self.at_end;
        (!may_go_on).then(|| behind_line_end(self.text, at))
    }

    /// Reads one record; `Some(inside)` where the text ends before it.
    fn record(&mut self, first: usize) -> Option<bool> {
        let mut fault = None;
        loop {
            match self.field(&mut fault) {
                FieldEnd::Delimiter => self.at += 1 + self.delimiter_rest.len(),
                FieldEnd::Cut { inside } => return Some(inside),
                FieldEnd::Swallowed { quote } => {
                    self.recover(first, quote, fault);
                    return None;
                }
                FieldEnd::Record => {
                    let end = self.at;
                    if end < self.text.len() {
                        let Some(after) = self.line_end(end) else { return Some(false) };
                        self.at = after;
                    }
                    if let Some(FaultKind::UnclosedQuote { at }) = fault {
                        self.recover(first, at as usize, fault);
                        return None;
                    }
                    self.mend(end, first);
                    self.push(end, first, fault);
                    return None;
                }
            }
        }
    }

    fn push(&mut self, end: usize, first: usize, fault: Fault) {
        let record = RawRecord { first: first as u32, start: self.record as u32, end: end as u32, fault };
        self.cells.records.push(record);
    }

    /// A quote that never closes, or swallows records, costs the line it opened in: reading goes on in the next one, so that no
    /// neighbour suffers.
    #[cold]
    fn recover(&mut self, first: usize, quote: usize, fault: Fault) {
        let end = self.break_from(quote).unwrap_or(self.text.len());
        self.at = if end == self.text.len() { end } else { self.line_end(end).unwrap_or(end) };
        let keep = self.cells.spans[first..].iter().take_while(|span| span.end() < quote).count();
        self.cells.spans.truncate(first + keep);
        self.push(end, first, fault);
    }

    /// The next line break at or behind `at`, quoted or not.
    fn break_from(&self, at: usize) -> Option<usize> {
        self.text[at..].iter().position(|&byte| is_break(byte)).map(|length| at + length)
    }

    /// Reads one field and appends its span; `at` is left on the byte that ended it.
    fn field(&mut self, fault: &mut Fault) -> FieldEnd {
        let start = self.at;
        self.field = start;
        if self.dialect.quote.is_some() && self.text.get(start).copied() == self.dialect.quote {
            if let Some(end) = self.quoted_field(start, fault) {
                return end;
            }
            // Lenient: the quote is text.
            self.irregular = true;
            self.at = start + 1;
        }
        self.unquoted_field(start, fault)
    }

    /// Reads a field that begins with a quote; `None` where lenient quoting takes that quote as text.
    fn quoted_field(&mut self, start: usize, fault: &mut Fault) -> Option<FieldEnd> {
        let (quote, escape) = (self.text[start], self.dialect.escape);
        let lenient = self.dialect.quoting == Quoting::Lenient;
        let mut escaped = false;
        let mut at = start + 1;
        while let Some(&byte) = self.text.get(at) {
            if Some(byte) == escape && byte != quote {
                escaped = true;
                at += 2;
            } else if byte != quote {
                at += 1;
            } else if self.text.get(at + 1) == Some(&quote) {
                escaped = true;
                at += 2;
            } else {
                return self.closing_quote(start, at, escaped, fault);
            }
        }
        if !self.at_end {
            return Some(FieldEnd::Cut { inside: true });
        }
        if lenient {
            return None;
        }
        self.at = self.text.len();
        // It stands before an earlier fault of the same record: the unclosed quote is what swallowed the rest.
        *fault = Some(FaultKind::UnclosedQuote { at: start as u32 });
        self.cells.spans.push(Span::quoted(start as u32 + 1, self.text.len() as u32, escaped));
        Some(FieldEnd::Record)
    }

    /// A quote at `at` that is not doubled: it closes the field, if the field may end there.
    #[inline(never)]
    fn closing_quote(&mut self, start: usize, at: usize, escaped: bool, fault: &mut Fault) -> Option<FieldEnd> {
        let after = at + 1;
        let is_cut =
            after == self.text.len() || self.dialect.delimiter.is_some_and(|it| it.is_cut_at(self.text, after));
        if is_cut && !self.at_end {
            return Some(FieldEnd::Cut { inside: false });
        }
        if after == self.text.len() || self.ends_field(after) {
            self.cells.spans.push(Span::quoted(start as u32 + 1, at as u32, escaped));
            self.at = at + 1;
            return Some(self.field_end());
        }
        if self.dialect.quoting == Quoting::Lenient {
            return None;
        }
        self.irregular = true;
        if self.may_swallow_records(start, at) {
            let Some(until) = self.break_from(at).or_else(|| self.at_end.then_some(self.text.len())) else {
                self.reach = at;
                return Some(FieldEnd::Cut { inside: false });
            };
            if self.swallows_records(start, at, until) {
                // As a quote that never closes, it stands before an earlier fault of the same record.
                *fault = Some(FaultKind::SwallowingQuote { at: start as u32, next: at as u32 });
                return Some(FieldEnd::Swallowed { quote: start });
            }
        }
        fault.get_or_insert(FaultKind::TextAfterQuote { at: at as u32 + 1 });
        self.at = at + 1;
        Some(self.unquoted_field(start, fault))
    }

    /// Reads on to the field's end; its text runs from `start`, quotes in it are text.
    #[inline(always)]
    fn unquoted_field(&mut self, start: usize, fault: &mut Fault) -> FieldEnd {
        let escape = self.dialect.escape.filter(|_| self.dialect.quote.is_none());
        let (text, mut escaped, mut at) = (self.text, false, self.at);
        loop {
            // Nearly all bytes pass here, one by one.
            while text.get(at).is_some_and(|&byte| !self.means[usize::from(byte)]) {
                at += 1;
            }
            let Some(&byte) = text.get(at).filter(|_| !self.ends_field(at)) else { break };
            if Some(byte) == escape {
                escaped = true;
                at += 1;
            } else if Some(byte) == self.dialect.quote {
                self.irregular = true;
                self.check_stray_quote(start, at, fault);
            }
            at += 1;
        }
        if at >= text.len() && !self.at_end {
            return FieldEnd::Cut { inside: false };
        }
        self.at = at.min(text.len());
        let span = Span::new(start as u32, self.at as u32);
        self.cells.spans.push(if escaped { span.with_escapes() } else { span });
        self.field_end()
    }

    /// `5" pipe` and `37.8"N` are text; in `This "word"` the quote after a blank opens something, and guessing what is not
    /// our business: strict quoting refuses it.
    #[cold]
    fn check_stray_quote(&self, start: usize, at: usize, fault: &mut Fault) {
        let blank = |byte: u8| byte == b' ' || byte == b'\t';
        let opens = at > start && blank(self.text[at - 1]);
        let next = at + 1;
        let word = self.text.get(next).is_some_and(|&byte| !blank(byte)) && !self.ends_field(next);
        if opens && word && self.dialect.quoting == Quoting::Strict {
            fault.get_or_insert(FaultKind::StrayQuote { at: at as u32 });
        }
    }

    /// Whether a field ends before the byte at `at`, which there is.
    fn ends_field(&self, at: usize) -> bool {
        let byte = self.text[at];
        let rest = self.delimiter_rest;
        is_break(byte) || (Some(byte) == self.delimiter && (rest.is_empty() || self.text[at + 1..].starts_with(rest)))
    }

    fn field_end(&self) -> FieldEnd {
        match self.text.get(self.at) {
            Some(&byte) if !is_break(byte) => FieldEnd::Delimiter,
            _ => FieldEnd::Record,
        }
    }
}

/// The offset behind the line end at `end`, or `end` where the text ends there.
pub fn behind_line_end(text: &[u8], end: usize) -> usize {
    match (text.get(end), text.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) => end + 2,
        (Some(_), _) => end + 1,
        (None, _) => end,
    }
}

fn is_break(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Delimiter;

    fn read(text: &str, dialect: &Dialect) -> (Vec<Vec<String>>, Vec<Option<FaultKind>>) {
        let mut cells = Cells::default();
        let progress = read_records(text.as_bytes(), true, dialect, None, &mut cells);
        assert_eq!(progress.consumed, text.len());
        let row = |record| {
            cells
                .fields(record)
                .iter()
                .map(|span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned())
                .collect()
        };
        ((0..cells.records.len()).map(row).collect(), cells.records.iter().map(|record| record.fault).collect())
    }

    fn rows(text: &str, dialect: &Dialect) -> Vec<Vec<String>> {
        read(text, dialect).0
    }

    pub(super) const STRICT: Dialect = Dialect {
        delimiter: Some(Delimiter::COMMA),
        quote: Some(b'"'),
        escape: None,
        comment: None,
        quoting: Quoting::Strict,
    };
    pub(super) const LENIENT: Dialect = Dialect { quoting: Quoting::Lenient, ..STRICT };

    #[test]
    fn line_ends_of_every_kind_end_records() {
        assert_eq!(rows("a,b\r\nc,d\re,f\ng", &STRICT), [vec!["a", "b"], vec!["c", "d"], vec!["e", "f"], vec!["g"]]);
        assert_eq!(rows("a\r\r\nb\n", &STRICT), [["a"], [""], ["b"]]);
    }

    #[test]
    fn quotes_in_unquoted_fields_are_text_unless_they_open_a_word() {
        for text in ["5\" pipe,x", "37°36'37.8\"N 121°2'17.9\"W,x", "5 \" pipe,x", "a\"b\"c,x"] {
            let (rows, faults) = read(text, &STRICT);
            assert_eq!(rows[0].len(), 2, "{text}");
            assert_eq!(faults, [None], "{text}");
        }
        assert_eq!(read("1,This \"quotes\" x,3", &STRICT).1, [Some(FaultKind::StrayQuote { at: 7 })]);
        assert_eq!(read("1,This \"quotes\" x,3", &LENIENT).1, [None]);
    }

    #[test]
    fn strict_quoting_names_the_fault_and_the_next_record_is_whole() {
        let (rows, faults) = read("1,\"a\" b,2\n3,4,5\n", &STRICT);
        assert_eq!(faults, [Some(FaultKind::TextAfterQuote { at: 5 }), None]);
        assert_eq!(rows[1], ["3", "4", "5"]);
        let (rows, faults) = read("1,\"a,2\n3,4,5\n", &STRICT);
        assert_eq!(faults, [Some(FaultKind::UnclosedQuote { at: 2 }), None]);
        assert_eq!(rows[1], ["3", "4", "5"]);
    }

    #[test]
    fn lenient_quoting_costs_at_most_the_cell() {
        assert_eq!(rows("1,\"a\" b,2\n", &LENIENT), [["1", "\"a\" b", "2"]]);
        assert_eq!(rows("1,\"a,2\n3,\"b\",4\n", &LENIENT), [["1", "\"a", "2"], ["3", "b", "4"]]);
        assert_eq!(rows("1,\"a\n2,b\n", &LENIENT), [["1", "\"a"], ["2", "b"]]);
    }

    #[test]
    fn pieces_do_not_reach_into_each_other() {
        let text = b"1,\"a\n2,\"b\nc\"\n3,d\n";
        let mut cells = Cells::default();
        read_pieces(text, [5, 13, 17], &STRICT, None, &mut cells);
        let faults: Vec<_> = cells.records.iter().map(|record| record.fault).collect();
        assert_eq!(faults, [Some(FaultKind::UnclosedQuote { at: 2 }), None, None]);
        assert_eq!(cells.fields(2).iter().map(|span| span.start()).collect::<Vec<_>>(), [13, 15]);
        let mut whole = Cells::default();
        read_records(text, true, &STRICT, None, &mut whole);
        assert_ne!(whole.records.iter().map(|record| record.fault).collect::<Vec<_>>(), faults, "it does as one text");
    }

    #[test]
    fn escapes_and_comments() {
        let dialect = Dialect { escape: Some(b'\\'), comment: Some(b'#'), ..STRICT };
        assert_eq!(rows("# x,\"y\n1,\"a\\\",b\"\n#\n", &dialect), [["1", "a\\\",b"]]);
        let dialect = Dialect { escape: Some(b'\\'), quote: None, ..STRICT };
        assert_eq!(rows("a\\,b,c\\\nd\n", &dialect), [["a\\,b", "c\\\nd"]]);
    }

    #[test]
    fn a_cut_text_is_read_up_to_its_last_whole_record() {
        let mut cells = Cells::default();
        let progress = read_records(b"a,b\n\"c\nd", false, &STRICT, None, &mut cells);
        assert_eq!((progress.consumed, progress.inside, cells.records.len(), cells.spans.len()), (4, true, 1, 2));
        let progress = read_records(b"a\r", false, &STRICT, None, &mut Cells::default());
        assert_eq!((progress.consumed, progress.inside), (0, false));
    }
}
