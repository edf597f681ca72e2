//! What stands where a record does not fit its table any more: remarks at the end, or further tables.

use ingest_parse::{Dialect, Trial, TrialRecord};

use super::preamble::{Shape, leading_remarks, line_ends};
use super::{CANDIDATE_RECORDS_MAX, Hints, header, trial_of};
use crate::{DataType, NullWords, Summary};

/// Remarks are no more than so many lines.
const REMARKS_MAX: usize = 10;

/// A further table has at most so many times as many records as the one above it: else that may be no more than a remark above
/// the table.
const TIMES_LONGER_MAX: u64 = 10;

/// What is looked at behind a table: of what is set apart, and of the rest, of which no more than one line can be a remark.
const APART_BYTES: usize = 1 << 20;
const CLOSE_BYTES: usize = 4 << 10;

/// What mark the end of a text was, long ago.
const END_OF_TEXT: u8 = 0x1a;

/// What stands behind a table, if it ends before its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// Remarks up to the end: how many.
    Remarks(usize),
    /// Further tables: where the names of each stand, offsets from the start of what stands behind the table.
    Tables(Vec<usize>),
}

/// A place in a source where a table of several columns may have ended: before a record that does not have its width.
///
/// - Remarks stand behind a blank line, each a text alone in its line or a sentence, and nothing but them follows. Where the
///   table's first column is text, too, they are told by a colon, a full stop, or a sign or bracket at their start. Without a
///   blank line, blanks alone or one text in parentheses make a remark.
/// - A further table stands behind a blank line, with or without a title above it: names, different from each other, of the same
///   number as the fields of each record below them, up to the next blank line. Types tell the names from the records.
///
/// Where blank lines stand within the table, too, or records of its width follow further down (but below a title), they tell
/// nothing.
pub struct Seam<'a> {
    table: Trial,
    /// Blanks set apart what follows.
    is_apart: bool,
    dialect: &'a Dialect,
    width: usize,
    hints: Hints,
}

impl<'a> Seam<'a> {
    /// A seam behind `above`, the table's last lines without its header. `dialect`, `width` (the number of columns) and `nulls` are
    /// those of the table. O(`above`).
    #[must_use]
    pub fn new(above: &[u8], dialect: &'a Dialect, width: usize, nulls: &NullWords) -> Seam<'a> {
        let table = trial_of(above, true, dialect, CANDIDATE_RECORDS_MAX);
        let last = table.iter().next_back().map_or(0, |record| record.end());
        let has_gaps = (1..table.len()).any(|index| follows_blank_line(&table, above, index));
        let is_apart = has_blank_line(&above[last..]) && !has_gaps;
        Seam { table, is_apart, dialect, width, hints: Hints { nulls: nulls.clone(), ..Hints::default() } }
    }

    /// How many bytes behind it are to be looked at.
    #[must_use]
    pub fn bytes_wanted(&self) -> usize {
        if self.is_apart { APART_BYTES } else { CLOSE_BYTES }
    }

    /// Tells what stands behind it. `None`: a part of the table all the same, or nobody can tell. O(`rest`).
    ///
    /// `rows`: how many records the table has. `complete`: the source ends with `rest`; otherwise its last record may be cut.
    #[must_use]
    pub fn behind(&self, rest: &[u8], complete: bool, rows: u64) -> Option<Behind> {
        // In one column a blank line is a record.
        if self.width < 2 || rows == 0 {
            return None;
        }
        let trial = trial_of(rest, complete, self.dialect, usize::MAX);
        if complete && self.are_remarks(&trial, rest) {
            return Some(Behind::Remarks(trial.len()));
        }
        let tables = if self.is_apart { tables(&trial, rest, 0, (self.width, rows), &self.hints) } else { Vec::new() };
        Some(tables).filter(|tables| !tables.is_empty()).map(Behind::Tables)
    }

    /// Whether all records are remarks.
    fn are_remarks(&self, trial: &Trial, rest: &[u8]) -> bool {
        let reaches_end = trial.iter().next_back().is_some_and(|last| rest[last.end()..].trim_ascii().is_empty());
        if trial.len() > REMARKS_MAX || !reaches_end {
            return false;
        }
        let mut written = trial.iter().filter(|record| !is_blank(*record, rest));
        if self.is_apart {
            let is_typed = self.has_type();
            return written.all(|record| self.is_remark(record, is_typed));
        }
        let is_in_parentheses = |record: TrialRecord<'_>| {
            let text = record.get(0).unwrap_or_default().trim_ascii();
            record.len() == 1 && text.starts_with(b"(") && text.ends_with(b")")
        };
        match (written.next(), written.next()) {
            (None, _) => true,
            (Some(only), None) => is_in_parentheses(only) && self.has_type(),
            _ => false,
        }
    }

    /// `is_typed`: the table's first column is no text.
    fn is_remark(&self, record: TrialRecord<'_>, is_typed: bool) -> bool {
        let first = record.get(0).unwrap_or_default();
        let is_sentence =
            || has_blanks(record) && first.trim_ascii().contains(&b' ') && !self.records().any(has_blanks);
        record.len() != self.width
            && is_text(first, &self.hints.nulls)
            && (record.len() == 1 || is_sentence())
            && (is_typed || is_marked(record))
    }

    /// The records above.
    fn records(&self) -> impl Iterator<Item = TrialRecord<'_>> {
        self.table.iter().filter(|record| record.len() == self.width)
    }

    /// Whether the first column has a type.
    fn has_type(&self) -> bool {
        header::is_first_typed(self.records(), &self.hints)
    }
}

/// Whether one of some lines is blank.
fn has_blank_line(lines: &[u8]) -> bool {
    let mut start = 0;
    line_ends(lines).any(|end| {
        let line = &lines[std::mem::replace(&mut start, end)..end];
        line.iter().all(|byte| matches!(byte, b'\n' | b'\r'))
    })
}

/// Whether a blank line stands before a record; comments are none.
fn follows_blank_line(trial: &Trial, text: &[u8], index: usize) -> bool {
    let (Some(before), Some(record)) = (trial.get(index - 1), trial.get(index)) else { return false };
    has_blank_line(&text[before.end()..record.start()])
}

/// Whether a record of a text is nothing but blanks and the mark of an end.
fn is_blank(record: TrialRecord<'_>, text: &[u8]) -> bool {
    let written = &text[record.start()..record.end()];
    record.len() == 1 && written.iter().all(|byte| byte.is_ascii_whitespace() || *byte == END_OF_TEXT)
}

/// Whether a blank follows the delimiter wherever it stands.
fn has_blanks(record: TrialRecord<'_>) -> bool {
    record.iter().skip(1).all(|field| field.starts_with(b" "))
}

/// Whether a field is of no type but text, and has a letter.
fn is_text(field: &[u8], nulls: &NullWords) -> bool {
    let mut summary = Summary::default();
    summary.observe(field, false, nulls);
    let has_letter = field.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    has_letter && summary.decide().data_type == DataType::Utf8
}

/// Whether signs tell that a record is no value of a column of text.
fn is_marked(record: TrialRecord<'_>) -> bool {
    let text = record.get(0).unwrap_or_default().trim_ascii();
    let last = record.iter().last().unwrap_or_default().trim_ascii();
    text.first().is_some_and(u8::is_ascii_punctuation) || text.contains(&b':') || last.ends_with(b".")
}

/// Takes further tables out of `trial`, which was read from `text`, where they stand behind the first. Where their names stand.
pub(super) fn split_off(trial: &mut Trial, text: &[u8], hints: &Hints) -> Vec<usize> {
    let mut from = leading_remarks(trial, text);
    while let Some(end) = (from + 1..trial.len()).find(|&index| follows_blank_line(trial, text, index)) {
        match block(trial, from, end, hints) {
            Block::Preamble if hints.skip.is_none() => from = end,
            Block::Table { width, rows } => {
                let tables = tables(trial, text, end, (width, rows), hints);
                if !tables.is_empty() {
                    trial.truncate(end);
                }
                return tables;
            }
            Block::Preamble | Block::Other => break,
        }
    }
    Vec::new()
}

/// Records between blank lines.
enum Block {
    /// Titles, or pairs of a key and a value.
    Preamble,
    /// As wide as this, maybe below titles, with so many records below its names.
    Table {
        width: usize,
        rows: u64,
    },
    Other,
}

/// What the records from `from` to `end` are. A table of two columns is told from pairs by the type of its first one.
fn block(trial: &Trial, from: usize, end: usize, hints: &Hints) -> Block {
    let width_of = |index: usize| trial.get(index).map_or(0, |record| record.len());
    let width = width_of(end - 1);
    let body = (from..end).rev().take_while(|&index| width_of(index) == width).count();
    let first_record = end - body;
    let shape = Shape { first_record, width, matching: body, total: body };
    let are_titles = (from..first_record).all(|index| width_of(index) < width);
    let data = trial.iter().skip(first_record + 1).take(body - 1);
    match width {
        1 => Block::Preamble,
        _ if body < 2 || !are_titles => Block::Other,
        // Below titles, and without names, they may be lines of one column.
        2 if from < first_record && !header::is_told(trial, &shape, hints) => Block::Other,
        2 if !header::is_first_typed(data, hints) => Block::Preamble,
        _ => Block::Table { width, rows: body as u64 - 1 },
    }
}

/// The first record of a block, from `from` to `end`, that is no title: a text that stands alone.
fn behind_titles(trial: &Trial, from: usize, end: usize, hints: &Hints) -> usize {
    let is_title = |index: usize| {
        let record = trial.get(index).filter(|record| record.len() == 1);
        record.and_then(|record| record.get(0)).is_some_and(|text| is_text(text, &hints.nulls))
    };
    (from..end).find(|&index| !is_title(index)).unwrap_or(end)
}

/// Where the names of tables stand, of the record `from` and those behind it, below a table of this width and so many records. None
/// if the first is no table, or some records may belong to the one above.
fn tables(trial: &Trial, text: &[u8], mut from: usize, (width, rows): (usize, u64), hints: &Hints) -> Vec<usize> {
    let fits = |index: usize| trial.get(index).is_some_and(|record| record.len() == width);
    let mut found = Vec::new();
    let mut is_titled = false;
    while from < trial.len() {
        let end = (from + 1..trial.len()).find(|&index| follows_blank_line(trial, text, index)).unwrap_or(trial.len());
        let names = behind_titles(trial, from, end, hints);
        is_titled |= from < names;
        if names < end {
            let is_longer = found.is_empty() && (end - names) as u64 > rows.saturating_mul(TIMES_LONGER_MAX) + 1;
            if is_table(trial, names, end, hints) && !is_longer && (is_titled || !fits(names)) {
                found.extend(trial.get(names).map(|record| record.start()));
            } else if found.is_empty() || (from..end).any(fits) {
                return Vec::new();
            }
            is_titled = false;
        }
        from = end;
    }
    found
}

/// Whether the records from `names` to `end` are a table: types tell the first from the others.
fn is_table(trial: &Trial, names: usize, end: usize, hints: &Hints) -> bool {
    let Some(first) = trial.get(names) else { return false };
    let (width, total) = (first.len(), end - names);
    let is_even = (names..end).all(|index| trial.get(index).is_some_and(|record| record.len() == width));
    let shape = Shape { first_record: names, width, matching: total, total };
    width > 1 && total > 1 && is_even && header::looks_like_names(first) && header::is_told(trial, &shape, hints)
}
