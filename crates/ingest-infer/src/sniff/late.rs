//! What a text shows of its dialect only behind the sample: signs that it had no use for before.

use ingest_parse::{Cells, Dialect, Quoting, RawRecord, Span, behind_line_end, read_records, unescape};
use serde::{Deserialize, Serialize};

use super::comment::{COMMENT, is_remark};
use super::quote::has_escaped_quote;

/// What stands before a quote inside quotes, if it is not doubled.
const ESCAPE: u8 = b'\\';

/// What fields are wrapped in, if not in `"`.
const QUOTE: u8 = b'\'';

/// A sign that a dialect lacks, and that records far down a text need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LateSign {
    /// Quotes inside quotes are escaped by it.
    Escape(u8),
    /// Fields are wrapped in it.
    Quote(u8),
    /// Lines that begin with it are no records.
    Comment(u8),
}

impl LateSign {
    /// All that are looked for.
    pub const ALL: [LateSign; 3] = [LateSign::Escape(ESCAPE), LateSign::Quote(QUOTE), LateSign::Comment(COMMENT)];

    /// The dialect with this sign.
    #[must_use]
    pub fn added_to(self, dialect: &Dialect) -> Dialect {
        match self {
            LateSign::Escape(escape) => Dialect { escape: Some(escape), ..*dialect },
            LateSign::Quote(quote) => Dialect { quote: Some(quote), ..*dialect },
            LateSign::Comment(comment) => Dialect { comment: Some(comment), ..*dialect },
        }
    }

    /// The dialect in which this sign was missing.
    #[must_use]
    pub fn taken_from(self, dialect: &Dialect) -> Dialect {
        match self {
            LateSign::Escape(_) => Dialect { escape: None, ..*dialect },
            LateSign::Quote(_) => Dialect { quote: Some(b'"'), ..*dialect },
            LateSign::Comment(_) => Dialect { comment: None, ..*dialect },
        }
    }

    /// Whether the sign stands in a record, as `dialect` reads it, where it would make a difference, and the dialect has none of its
    /// kind. O(`record`).
    #[must_use]
    pub fn may_explain(self, record: &[u8], dialect: &Dialect) -> bool {
        let is_in_delimiter = |byte: u8| dialect.delimiter.is_some_and(|it| it.as_bytes().contains(&byte));
        let may_wrap = dialect.escape.is_none() && dialect.quote == Some(b'"') && dialect.quoting == Quoting::Strict;
        let is_apart = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b' ';
        match self {
            LateSign::Escape(escape) => may_wrap && !is_in_delimiter(escape) && has_escaped_quote(record),
            // An apostrophe within a word is none.
            LateSign::Quote(quote) => {
                may_wrap
                    && !is_in_delimiter(quote)
                    && memchr::memchr_iter(quote, record).any(|at| at == 0 || is_apart(record[at - 1]))
            }
            LateSign::Comment(_) => {
                let line = record.split(|byte| is_break(*byte)).next().unwrap_or_default();
                dialect.comment.is_none() && !is_in_delimiter(COMMENT) && is_remark_alone(line, dialect)
            }
        }
    }

    /// Whether the record at the start of `text`, which does not fit its table of `width` columns under `dialect`, fits it with this
    /// sign, or is none, and so do the records that follow, but for those that do not without it either. `None` where neither a
    /// record nor a comment ends in `text`. `complete`: the source ends with it. O(`text`).
    ///
    /// Another quote explains nothing in a single column: there each line fits once `"` is text.
    #[must_use]
    pub fn explains(self, text: &[u8], complete: bool, dialect: &Dialect, width: usize) -> Option<bool> {
        if matches!(self, LateSign::Quote(_)) && width < 2 {
            return Some(false);
        }
        let (consumed, still) = misfits(text, complete, &self.added_to(dialect), width);
        if consumed == 0 {
            return None;
        }
        let (consumed_before, before) = misfits(text, complete, dialect, width);
        // A quote that does not close any more would swallow the rest.
        let goes_on = consumed >= consumed_before;
        Some(goes_on && still.iter().all(|start| *start > 0 && before.binary_search(start).is_ok()))
    }
}

/// Where some whole records, as they are read with signs, tell against them: the first in which one would fit the table of
/// `width` columns without them, and be another; or the one behind a comment that may be a broken record. `None` where each is
/// the same, or does not fit without. Blank lines do not count where there are several columns. O(`text`).
#[must_use]
pub fn refuted(text: &[u8], with: &Dialect, without: &Dialect, width: usize) -> Option<usize> {
    let mut cells = Cells::default();
    read_records(text, true, with, Some(width), &mut cells);
    let signs = Signs { with, without, width };
    let (mut behind, mut count) = (0, 0);
    for (number, record) in cells.records.iter().enumerate() {
        let (start, end) = (record.start as usize, behind_line_end(text, record.end as usize));
        let between = &text[std::mem::replace(&mut behind, end)..start];
        let fields = Some(cells.fields(number)).filter(|_| record.fault.is_none());
        if !signs.leave_out(between) || !signs.keep(&text[start..end], text, fields) {
            return Some(count);
        }
        count += usize::from(!is_blank(record, width));
    }
    (!signs.leave_out(&text[behind..])).then_some(count)
}

/// A dialect with late signs, and without.
struct Signs<'a> {
    with: &'a Dialect,
    without: &'a Dialect,
    width: usize,
}

impl Signs<'_> {
    /// Whether all lines that are left out for comments are remarks, and no broken records.
    fn leave_out(&self, lines: &[u8]) -> bool {
        let mut lines = lines.split(|byte| is_break(*byte)).filter(|line| !line.is_empty());
        self.with.comment == self.without.comment || lines.all(|line| is_remark_alone(line, self.without))
    }

    /// Whether nothing in a record fits the table without signs, or it is the same. `fields`: of `text`, if nothing is wrong with it.
    fn keep(&self, record: &[u8], text: &[u8], fields: Option<&[Span]>) -> bool {
        let Signs { with, without, width } = *self;
        let signs = [with.quote, without.quote, with.escape];
        let is_new = with.escape != without.escape || with.quote != without.quote;
        if !is_new || !record.iter().any(|byte| signs.contains(&Some(*byte))) {
            return true;
        }
        let mut alone = Cells::default();
        read_records(record, true, without, Some(width), &mut alone);
        let fits =
            |(number, record): (usize, &RawRecord)| record.fault.is_none() && alone.fields(number).len() == width;
        // A field that goes on over lines may have swallowed records.
        if !alone.records.iter().enumerate().any(fits) {
            return true;
        }
        let value = |text: &[u8], span: &Span, dialect| {
            let mut value = Vec::new();
            unescape(span.of(text), span.is_quoted(), dialect, &mut value);
            value
        };
        let ours = fields.unwrap_or_default().iter().map(|span| value(text, span, with));
        let theirs = alone.fields(0).iter().map(|span| value(record, span, without));
        alone.records.len() == 1 && ours.eq(theirs)
    }
}

/// Where the records begin that do not fit a table of so many columns, and where the last one that is whole ends.
fn misfits(text: &[u8], complete: bool, dialect: &Dialect, width: usize) -> (usize, Vec<u32>) {
    let mut cells = Cells::default();
    let progress = read_records(text, complete, dialect, Some(width), &mut cells);
    let is_misfit = |(number, record): &(usize, &RawRecord)| {
        record.fault.is_some() || !is_blank(record, width) && cells.fields(*number).len() != width
    };
    let starts = cells.records.iter().enumerate().filter(is_misfit).map(|(_, record)| record.start).collect();
    (progress.consumed, starts)
}

/// Whether a record is a blank line, which is none in a table of several columns.
fn is_blank(record: &RawRecord, width: usize) -> bool {
    record.start == record.end && width > 1
}

/// Whether a line reads like a remark and holds no delimiter: else it may be a broken record.
fn is_remark_alone(line: &[u8], dialect: &Dialect) -> bool {
    let delimiter = dialect.delimiter.as_ref().map_or(&[][..], |it| it.as_bytes());
    is_remark(line) && !delimiter.is_empty() && memchr::memmem::find(line, delimiter).is_none()
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
