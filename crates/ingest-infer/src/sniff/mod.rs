//! How a file is written, guessed from its first megabyte: one step a file, in the order in which they are taken.

mod behind;
mod comment;
mod delimiter;
mod forms;
mod header;
mod header_rows;
mod late;
mod names;
mod newline;
mod preamble;
mod quote;

use ingest_parse::{Delimiter, Dialect, Quoting, Trial, trial_records};

use crate::NullWords;
pub use behind::{Behind, Seam};
use delimiter::Candidate;
pub use late::{LateSign, refuted};
pub use names::{Names, name_columns, number_columns};
pub use newline::Newline;

/// Bytes that are read under every candidate dialect: some hundred records of most files, some milliseconds for all.
const WINDOW_BYTES: usize = 128 * 1024;

/// Line ends that the window should hold; with fewer the whole sample is read.
const WINDOW_LINES_MIN: usize = 100;

/// Records that are looked at under every candidate dialect.
const CANDIDATE_RECORDS_MAX: usize = 1000;

/// Records of the chosen dialect from which the header is told.
const HEADER_RECORDS_MAX: usize = 4096;

/// What the user fixed; it is not guessed. The default fixes nothing.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The delimiter; `Some(None)` for a table of one column.
    pub delimiter: Option<Option<Delimiter>>,
    /// The quote; `Some(None)` where quotes are text.
    pub quote: Option<Option<u8>>,
    /// The escape; `Some(None)` for none.
    pub escape: Option<Option<u8>>,
    /// What a comment line begins with; `Some(None)` where every line is a record.
    pub comment: Option<Option<u8>>,
    /// What is made of misplaced quotes. Never guessed.
    pub quoting: Quoting,
    /// Whether the first record holds the names.
    pub header: Option<bool>,
    /// How many records hold the names, where there is a header; one if nothing is given here but `header` is.
    pub header_rows: Option<usize>,
    /// Lines before the table.
    pub skip: Option<usize>,
    /// The null words in force.
    pub nulls: NullWords,
}

/// How a file is written, and why it is thought so.
#[derive(Clone, Debug, PartialEq)]
pub struct Sniffed {
    /// The characters that carry structure.
    pub dialect: Dialect,
    /// What ends the records.
    pub newline: Newline,
    /// Lines before the table that are no part of it.
    pub skip_lines: usize,
    /// Whether the first record of the table holds the names.
    pub header: bool,
    /// How many records hold them: 0 without a header, else mostly 1. A name of several is what stands above each other,
    /// joined by blanks.
    pub header_rows: usize,
    /// The final names, all different. Bytes that are not UTF-8 stand as U+FFFD. Empty where no record ends within the
    /// sample.
    pub columns: Vec<String>,
    /// A sentence for each name of the header that had to change.
    pub renamed: Vec<String>,
    /// How many records of the table the sample showed, names among them.
    pub records: usize,
    /// From 0 to 1.
    pub confidence: f64,
    /// What spoke for the answer, in sentences.
    pub reasons: Vec<String>,
}

/// Guesses how a file is written from `sample`, its first bytes decoded to UTF-8 or a superset of ASCII, without a
/// byte-order mark; 1 MiB is plenty.
///
/// `complete` says that the sample is all there is; otherwise its last record counts as cut off and is not looked at
/// (for its delimiter only, where it is the only one).
/// Any bytes have an answer. The same sample and hints give the same answer. O(sample) times the number of candidate
/// delimiters that occur in it.
#[must_use]
pub fn sniff(sample: &[u8], complete: bool, hints: &Hints) -> Sniffed {
    let (hints, announced) = delimiter::announced(sample, hints);
    let skipped = preamble::offset_of_line(sample, hints.skip.unwrap_or(0));
    let text = &sample[skipped..];
    let (window, window_complete) = window_of(text, complete);
    let best = comment::choose(text, complete, &hints, |hints| {
        let best = delimiter::choose(window, window_complete, hints);
        on_whole_sample(best, text, complete, window.len(), hints)
    });
    let mut sniffed = describe(&best, text, &hints);
    if !complete && ends_with_record(&best.trial, text) {
        // One record, longer than the sample: it tells the delimiter, but not all names.
        (sniffed.columns, sniffed.renamed) = (Vec::new(), Vec::new());
    }
    let blank = complete && !text.is_empty() && text.iter().all(|byte| matches!(byte, b'\n' | b'\r'));
    if blank {
        // In a table of one column a blank line is an empty field.
        sniffed.dialect.delimiter = hints.delimiter.flatten();
        (sniffed.columns, sniffed.renamed) = (number_columns(1), Vec::new());
    }
    sniffed.reasons.extend(announced);
    sniffed
}

/// The part of the sample on which candidates are compared, and whether nothing was cut off it.
fn window_of(text: &[u8], complete: bool) -> (&[u8], bool) {
    let cut = text.len().min(WINDOW_BYTES);
    let lines = text[..cut].iter().filter(|&&byte| byte == b'\n' || byte == b'\r').count();
    // Backslashes before quotes need the longest look: the telling one may come late.
    if cut == text.len() || lines < WINDOW_LINES_MIN || quote::has_escaped_quote(text) {
        (text, complete)
    } else {
        (&text[..cut], false)
    }
}

/// The winner with as many records as the header's verdict may use.
fn on_whole_sample(best: Candidate, text: &[u8], complete: bool, window_len: usize, hints: &Hints) -> Candidate {
    if window_len == text.len() && best.trial.len() < CANDIDATE_RECORDS_MAX {
        return best;
    }
    let mut trial = trial_of(text, complete, &best.dialect, HEADER_RECORDS_MAX);
    let further = behind::split_off(&mut trial, text, hints);
    let shape = preamble::shape_of(&trial, text, hints);
    Candidate { trial, shape, further, ..best }
}

/// The records of `text`; a last one that was cut off is left out unless there is no other.
fn trial_of(text: &[u8], complete: bool, dialect: &Dialect, records_max: usize) -> Trial {
    let mut trial = trial_records(text, dialect, records_max);
    if !complete && trial.len() > 1 && ends_with_record(&trial, text) {
        // It may be a part of one.
        trial.truncate(trial.len() - 1);
    }
    trial
}

/// Whether the last record of `trial` reaches the end of the text, where it may have been cut.
fn ends_with_record(trial: &Trial, text: &[u8]) -> bool {
    trial.iter().next_back().is_some_and(|last| last.end() == text.len())
}

fn describe(best: &Candidate, text: &[u8], hints: &Hints) -> Sniffed {
    let first_record = best.trial.get(best.shape.first_record);
    let preamble_lines = match (best.shape.first_record, hints.comment.flatten()) {
        // Those are comments, which nobody has to skip.
        (0, Some(_)) => 0,
        _ => preamble::lines_before_table(&best.trial, &best.shape, text),
    };
    let (header_rows, header_reason) = header::decide(&best.trial, &best.shape, hints);
    let names = match first_record {
        None => Names::default(),
        Some(_) if header_rows > 0 => {
            let written = header_rows::names(&best.trial, &best.shape, header_rows);
            name_columns(&written.iter().map(AsRef::as_ref).collect::<Vec<_>>())
        }
        Some(_) => Names { columns: number_columns(best.shape.width), renamed: Vec::new() },
    };
    let mut reasons = best.reasons(hints);
    if preamble_lines > 0 {
        let lines = if preamble_lines == 1 { "1 line comes" } else { &format!("{preamble_lines} lines come") };
        reasons.push(format!("{lines} before the table, whose records have {} fields", best.shape.width));
    }
    reasons.push(header_reason);
    if let Some(&names) = best.further.first() {
        let line = hints.skip.unwrap_or(0) + preamble::line_of(text, names);
        reasons.push(format!("another table begins in line {line}"));
    }
    Sniffed {
        dialect: best.dialect,
        newline: newline::newline_of(&best.trial, text),
        skip_lines: hints.skip.unwrap_or(preamble_lines),
        header: header_rows > 0,
        header_rows,
        columns: names.columns,
        records: best.trial.len() - best.shape.first_record.min(best.trial.len()),
        renamed: names.renamed,
        confidence: best.confidence,
        reasons,
    }
}

#[cfg(test)]
mod tests;
