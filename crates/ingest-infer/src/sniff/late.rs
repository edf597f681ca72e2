//! What a text shows of its dialect only behind the sample: signs that it had no use for before.

use ingest_parse::{Cells, Dialect, Quoting, RawRecord, read_records};
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

    /// Whether the record at the start of `text`, which does not fit its table of `width` columns under `dialect`, fits it with this
    /// sign, or is none, and so do the records that follow, but for those that do not without it either. `None` where neither a
    /// record nor a comment ends in `text`. `complete`: the source ends with it. O(`text`).
    #[must_use]
    pub fn explains(self, text: &[u8], complete: bool, dialect: &Dialect, width: usize) -> Option<bool> {
        let (consumed, still) = misfits(text, complete, &self.added_to(dialect), width);
        if consumed == 0 {
            return None;
        }
        let (consumed_before, before) = misfits(text, complete, dialect, width);
        // A quote that does not close any more would swallow the rest.
        let goes_on = consumed >= consumed_before;
        let are_known = still.iter().all(|start| *start > 0 && before.binary_search(start).is_ok());
        Some(goes_on && are_known && self.leaves_the_rest(&text[..consumed], dialect, width))
    }

    /// Whether the sign stands in a record, as `dialect` reads it, where it would make a difference, and the dialect has none of its
    /// kind. O(`record`).
    #[must_use]
    pub fn may_explain(self, record: &[u8], dialect: &Dialect) -> bool {
        let is_in_delimiter = |byte: u8| dialect.delimiter.is_some_and(|it| it.as_bytes().contains(&byte));
        match self {
            LateSign::Escape(escape) => {
                let is_free = dialect.escape.is_none() && dialect.quote == Some(b'"') && !is_in_delimiter(escape);
                is_free && dialect.quoting == Quoting::Strict && has_escaped_quote(record)
            }
            LateSign::Quote(quote) => {
                let is_free = dialect.escape.is_none() && dialect.quote == Some(b'"') && !is_in_delimiter(quote);
                is_free && lines_of(record).next().is_some_and(|line| begins_field(line, quote, dialect))
            }
            LateSign::Comment(_) => dialect.comment.is_none() && !is_in_delimiter(COMMENT) && is_remark(record),
        }
    }

    /// Whether nothing that was read with the sign and is no use of it would read differently without.
    fn leaves_the_rest(self, text: &[u8], dialect: &Dialect, width: usize) -> bool {
        let fits_alone = |line: &[u8]| {
            let mut cells = Cells::default();
            read_records(line, true, dialect, &mut cells);
            cells.records.len() == 1 && cells.fields(0).len() == width
        };
        match self {
            LateSign::Escape(_) => lines_of(text).all(|line| self.is_unused_in(line, dialect)),
            LateSign::Quote(_) => !text.contains(&b'"'),
            LateSign::Comment(_) => {
                lines_of(text).filter(|line| line.starts_with(&[COMMENT])).all(|line| !fits_alone(line))
            }
        }
    }

    /// Whether a line of the text before, read without this sign, would mean the same with it, or what the sign makes of it is no
    /// more than what it is for: an escape may stand before an escape, a quote, or for a null alone in its field.
    #[must_use]
    pub fn is_unused_in(self, line: &[u8], dialect: &Dialect) -> bool {
        match self {
            LateSign::Escape(escape) => are_escapes(line, escape, dialect),
            LateSign::Quote(quote) => !line.contains(&b'"') && !begins_field(line, quote, dialect),
            LateSign::Comment(comment) => !line.starts_with(&[comment]),
        }
    }
}

/// Where the records begin that do not fit a table of so many columns, and where the last one that is whole ends.
fn misfits(text: &[u8], complete: bool, dialect: &Dialect, width: usize) -> (usize, Vec<u32>) {
    let mut cells = Cells::default();
    let progress = read_records(text, complete, dialect, &mut cells);
    let is_misfit = |(number, record): &(usize, &RawRecord)| {
        let is_blank = record.start == record.end && width > 1;
        record.fault.is_some() || !is_blank && cells.fields(*number).len() != width
    };
    let starts = cells.records.iter().enumerate().filter(is_misfit).map(|(_, record)| record.start).collect();
    (progress.consumed, starts)
}

/// Whether each escape in a line stands before an escape or a quote, or is `\N` alone in its field.
fn are_escapes(line: &[u8], escape: u8, dialect: &Dialect) -> bool {
    let delimiter = dialect.delimiter.as_ref().map_or(&[][..], |it| it.as_bytes());
    let is_alone = |at: usize| {
        let (before, after) = (&line[..at], &line[at + 2..]);
        let ends = !delimiter.is_empty() && after.starts_with(delimiter);
        (before.is_empty() || !delimiter.is_empty() && before.ends_with(delimiter)) && (after.is_empty() || ends)
    };
    let mut at = 0;
    while let Some(found) = memchr::memchr(escape, &line[at..]).map(|found| at + found) {
        match line.get(found + 1) {
            Some(&next) if next == escape || Some(next) == dialect.quote => {}
            Some(b'N') if is_alone(found) => {}
            _ => return false,
        }
        at = found + 2;
    }
    true
}

/// Whether a field in a line begins with a byte.
fn begins_field(line: &[u8], byte: u8, dialect: &Dialect) -> bool {
    let delimiter = dialect.delimiter.as_ref().map_or(&[][..], |it| it.as_bytes());
    let begins = |at: usize| at == 0 || !delimiter.is_empty() && line[..at].ends_with(delimiter);
    memchr::memchr_iter(byte, line).any(begins)
}

/// The lines of a text, without what ends them.
fn lines_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n' || byte == b'\r')
}
