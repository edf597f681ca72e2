//! Comment lines: whether lines that begin with `#` are no records.

use ingest_parse::{Dialect, trial_records};

use super::delimiter::Candidate;
use super::{Hints, forms, header};
use crate::Summary;

/// What comment lines begin with, if there are any: no other sign is guessed.
pub(super) const COMMENT: u8 = b'#';

/// What spreadsheets write where a value could not be computed.
const SPREADSHEET_ERRORS: [&[u8]; 7] = [b"#N/A", b"#REF!", b"#VALUE!", b"#NAME?", b"#DIV/0!", b"#NUM!", b"#NULL!"];

/// Records from which the types of columns are told.
const RECORDS_MAX: usize = 200;

/// What `explain` makes of `text`, with comments where lines speak for them. `complete`: whether nothing was cut off its
/// end.
///
/// Lines that begin with `#` above the table are a preamble, whatever their number, and make no comments: a record
/// further down may still begin with `#`, and only comments between or behind the records show that it does not.
pub(super) fn choose(text: &[u8], complete: bool, hints: &Hints, explain: impl Fn(&Hints) -> Candidate) -> Candidate {
    let plain = explain(hints);
    let means_something = [hints.quote, hints.escape].contains(&Some(Some(COMMENT)))
        || hints.delimiter.flatten().is_some_and(|delimiter| delimiter.as_bytes().contains(&COMMENT));
    if hints.comment.is_some() || means_something || !begins_a_line(text) {
        return plain;
    }
    let commented = explain(&Hints { comment: Some(Some(COMMENT)), ..hints.clone() });
    if is_told(&commented, text, complete, hints) { commented } else { plain }
}

fn begins_a_line(text: &[u8]) -> bool {
    memchr::memchr_iter(COMMENT, text).any(|at| at > 0 && matches!(text[at - 1], b'\n' | b'\r'))
}

/// Whether the lines that a dialect leaves out as comments are none of the table's records: some stand behind its first
/// record, read as words and do not fit the table; and what does fit it is plainly a remark.
fn is_told(commented: &Candidate, text: &[u8], complete: bool, hints: &Hints) -> bool {
    let Some(first) = commented.trial.get(commented.shape.first_record) else { return false };
    let columns = Columns::of(commented, hints);
    let mut misfits = 0;
    for (offset, line) in comment_lines(commented, text, complete) {
        let is_above = offset < first.start();
        match columns.fit(line) {
            // What stands right above the first record may be its header.
            Fit::Width | Fit::Whole if is_above && line.len() + offset + 2 >= first.start() && !is_remark(line) => {
                return false;
            }
            _ if is_above => {}
            Fit::Whole if !is_remark(line) => return false,
            Fit::None if !is_wordy(line) => return false,
            Fit::None => misfits += 1,
            Fit::Width if is_remark(line) => misfits += 1,
            // A record that was taken out is no evidence by itself.
            Fit::Width | Fit::Whole => {}
        }
    }
    commented.shape.total >= 2 && misfits > 0
}

/// The comment lines between the records, with where they begin; behind the last record only where nothing else follows and
/// nothing was cut off.
fn comment_lines<'a>(commented: &Candidate, text: &'a [u8], complete: bool) -> Vec<(usize, &'a [u8])> {
    let starts = commented.trial.iter().map(|record| record.start());
    let ends = std::iter::once(0).chain(commented.trial.iter().map(|record| record.end()));
    let last_end = commented.trial.iter().next_back().map_or(0, |last| last.end());
    let is_rest = complete && lines_of(text, last_end, text.len()).all(|(_, line)| line.starts_with(&[COMMENT]));
    let gaps = ends.zip(starts.chain(std::iter::once(if is_rest { text.len() } else { last_end })));
    let lines = gaps.flat_map(|(from, to)| lines_of(text, from, to));
    lines.filter(|(_, line)| line.starts_with(&[COMMENT])).collect()
}

/// The lines in a part of the text that are not blank, with where they begin.
fn lines_of(text: &[u8], from: usize, to: usize) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = from;
    let lines = text[from..to].split(|&byte| byte == b'\n' || byte == b'\r').map(move |line| {
        let start = at;
        at += line.len() + 1;
        (start, line)
    });
    lines.filter(|(_, line)| !line.is_empty())
}

/// How a line would fit the table as a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It has another number of fields.
    None,
    /// It has the table's width, but not the types and forms of its columns.
    Width,
    /// It may be a record.
    Whole,
}

/// What the columns of the table hold.
struct Columns<'a> {
    table: &'a Candidate,
    hints: &'a Hints,
    summaries: Vec<Summary>,
}

impl<'a> Columns<'a> {
    fn of(table: &'a Candidate, hints: &'a Hints) -> Self {
        let records = header::data_of(&table.trial, &table.shape).take(RECORDS_MAX);
        Columns { table, hints, summaries: header::column_summaries(records, hints) }
    }

    fn fit(&self, line: &[u8]) -> Fit {
        let dialect = Dialect { comment: None, ..self.table.dialect };
        let trial = trial_records(line, &dialect, 1);
        let Some(record) = trial.get(0).filter(|record| record.len() == self.table.shape.width) else {
            return Fit::None;
        };
        match record.iter().enumerate().all(|(column, field)| self.holds(column, field)) {
            true => Fit::Whole,
            // In one column every line has the width.
            false if record.len() == 1 => Fit::None,
            false => Fit::Width,
        }
    }

    fn holds(&self, column: usize, field: &[u8]) -> bool {
        let Some(summary) = self.summaries.get(column).filter(|summary| header::is_typed(summary)) else {
            return forms::may_hold(&self.table.trial, &self.table.shape, column, field, self.hints);
        };
        let mut joined = summary.clone();
        joined.observe(field, false, &self.hints.nulls);
        header::is_typed(&joined)
    }
}

/// `# ` or `##`, as remarks begin and values seldom do.
pub(super) fn is_remark(line: &[u8]) -> bool {
    matches!(line, [COMMENT, COMMENT | b' ', ..])
}

/// Whether a line has letters, as numbered values (`#12`) have not, and is no error value of a spreadsheet.
fn is_wordy(line: &[u8]) -> bool {
    let is_rule = line.iter().all(|byte| byte.is_ascii_punctuation() || *byte == b' ');
    let has_letters = line.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    (has_letters || is_rule) && !SPREADSHEET_ERRORS.iter().any(|error| line.starts_with(error))
}
