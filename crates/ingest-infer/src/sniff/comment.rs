//! Comment lines: whether lines that begin with `#` are no records.

use ingest_parse::{Dialect, trial_records};

use super::delimiter::{self, Candidate};
use super::{Hints, forms, header};

/// What comment lines begin with, if there are any: no other sign is guessed.
const COMMENT: u8 = b'#';

/// What spreadsheets write where a value could not be computed.
const SPREADSHEET_ERRORS: [&[u8]; 7] = [b"#N/A", b"#REF!", b"#VALUE!", b"#NAME?", b"#DIV/0!", b"#NUM!", b"#NULL!"];

/// Records of a table of one column from which its type is told.
const COLUMN_RECORDS_MAX: usize = 200;

/// The dialect that explains `text` best, with comments where lines speak for them. `complete`: whether nothing was cut
/// off its end.
///
/// Lines that begin with `#` above the table are a preamble, whatever their number, and make no comments: a record
/// further down may still begin with `#`, and only comments between or behind the records show that it does not.
pub(super) fn choose(text: &[u8], complete: bool, hints: &Hints) -> Candidate {
    let plain = delimiter::choose(text, complete, hints);
    if hints.comment.is_some() || !begins_a_line(text) {
        return plain;
    }
    let commented = delimiter::choose(text, complete, &Hints { comment: Some(Some(COMMENT)), ..hints.clone() });
    if is_told(&commented, text, complete, hints) { commented } else { plain }
}

fn begins_a_line(text: &[u8]) -> bool {
    text.windows(2).any(|pair| matches!(pair, [b'\n' | b'\r', COMMENT]))
}

/// Whether the lines that a dialect leaves out as comments are none of the table's records: some stand behind its first
/// record, read as words and do not fit the table; and none fits it, but for a few that are plainly remarks.
fn is_told(commented: &Candidate, text: &[u8], complete: bool, hints: &Hints) -> bool {
    let Some(first) = commented.trial.get(commented.shape.first_record) else { return false };
    let plain = Dialect { comment: None, ..commented.dialect };
    let fits = |line: &[u8]| fits_table(line, &plain, commented, hints);
    let (mut misfits, mut remarks) = (0usize, 0usize);
    for (offset, line) in comment_lines(commented, text, complete) {
        match (offset > first.start(), fits(line)) {
            // What stands right above the first record may be its header.
            (false, true) if line.len() + offset + 2 >= first.start() && !is_remark(line) => return false,
            (false, _) => {}
            (true, true) if !is_remark(line) => return false,
            (true, true) => remarks += 1,
            (true, false) if is_wordy(line) => misfits += 1,
            (true, false) => return false,
        }
    }
    commented.shape.total >= 2 && misfits > remarks
}

/// The lines between the records that were left out, with where they begin; one that may have been cut off is not there.
fn comment_lines<'a>(commented: &Candidate, text: &'a [u8], complete: bool) -> Vec<(usize, &'a [u8])> {
    let starts = commented.trial.iter().map(|record| record.start());
    let last_end = if complete { text.len() } else { commented.trial.iter().next_back().map_or(0, |last| last.end()) };
    let ends = std::iter::once(0).chain(commented.trial.iter().map(|record| record.end()));
    let mut lines = Vec::new();
    for (from, to) in ends.zip(starts.chain(std::iter::once(last_end))) {
        let mut at = from;
        for line in text[from..to.max(from)].split(|&byte| byte == b'\n' || byte == b'\r') {
            if line.first() == Some(&COMMENT) {
                lines.push((at, line));
            }
            at += line.len() + 1;
        }
    }
    lines
}

/// Whether a line would be a record of the table: of its width, or in one column of its type or form.
fn fits_table(line: &[u8], dialect: &Dialect, table: &Candidate, hints: &Hints) -> bool {
    let trial = trial_records(line, dialect, 1);
    let has_width = trial.get(0).is_some_and(|record| record.len() == table.shape.width);
    if table.shape.width > 1 || !has_width {
        return has_width;
    }
    let records = header::data_of(&table.trial, &table.shape).take(COLUMN_RECORDS_MAX);
    let is_typed = header::column_summaries(records, hints).first().is_some_and(header::is_typed);
    !is_typed && forms::may_hold(&table.trial, &table.shape, 0, line, hints)
}

/// `# ` or `##`, as remarks begin and values seldom do.
fn is_remark(line: &[u8]) -> bool {
    matches!(line, [COMMENT, COMMENT | b' ', ..])
}

/// Whether a line has letters, as numbered values (`#12`) have not, and is no error value of a spreadsheet.
fn is_wordy(line: &[u8]) -> bool {
    let is_rule = line.iter().all(|byte| byte.is_ascii_punctuation() || *byte == b' ');
    let has_letters = line.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    (has_letters || is_rule) && !SPREADSHEET_ERRORS.iter().any(|error| line.starts_with(error))
}
