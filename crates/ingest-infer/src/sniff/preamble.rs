//! The shape of the table, and the lines before it.

use ingest_parse::{Trial, TrialRecord};

use super::{Hints, header};

/// Records before the table are looked for so far down and no further.
const PREAMBLE_RECORDS_MAX: usize = 64;

/// The share of records behind a preamble that must have the table's width.
const STABLE_SHARE: f64 = 0.9;

/// The table that a trial parse shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Index of the table's first record, its header if it has one.
    pub(super) first_record: usize,
    /// Fields in a record.
    pub(super) width: usize,
    /// Records of that width, from the first on.
    pub(super) matching: usize,
    /// Records from the first on.
    pub(super) total: usize,
}

impl Shape {
    /// The share of records that have the table's width.
    pub(super) fn consistency(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.matching as f64 / self.total as f64 }
    }
}

/// The shape of the table in `trial`, which was read from `text`.
///
/// The width is that of most records (the first record's in doubt). Records before the first of that width are left out
/// as a preamble only on strong evidence; a ragged row stays where it is and will be reported as such.
pub(super) fn shape_of(trial: &Trial, text: &[u8], hints: &Hints) -> Shape {
    let counts: Vec<usize> = trial.iter().map(|record| record.len()).collect();
    let width = table_width(trial, &counts);
    let shape_from = |first_record: usize| Shape {
        first_record,
        width,
        matching: counts[first_record..].iter().filter(|&&count| count == width).count(),
        total: counts.len() - first_record,
    };
    let remarks = leading_remarks(trial, text);
    let table = remarks + counts[remarks..].iter().position(|&count| count == width).unwrap_or(0);
    let shape = shape_from(table);
    if table > 0 && hints.skip.is_none() && is_preamble(trial, text, &shape, hints) { shape } else { shape_from(0) }
}

/// How many records at the start are remarks whatever their width: two or more lines that begin with `# ` or `##`. A
/// single one may be a header.
fn leading_remarks(trial: &Trial, text: &[u8]) -> usize {
    let is_remark = |record: &TrialRecord<'_>| matches!(text[record.start()..], [b'#', b'#' | b' ', ..]);
    match trial.iter().take_while(is_remark).count() {
        1 => 0,
        remarks if remarks == trial.len() => 0,
        remarks => remarks,
    }
}

fn table_width(trial: &Trial, counts: &[usize]) -> usize {
    let Some(&first) = counts.first() else { return 0 };
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let (mut width, mut width_records) = (first, sorted.iter().filter(|&&count| count == first).count());
    // A row of names says how wide the table is meant to be, if a fair share of the records agrees.
    if width_records > 1 && width_records * 4 >= counts.len() && trial.get(0).is_some_and(header::looks_like_names) {
        return width;
    }
    for run in sorted.chunk_by(|a, b| a == b) {
        if run.len() > width_records {
            (width, width_records) = (run[0], run.len());
        }
    }
    width
}

/// Whether what comes before the table is no part of it. Each of those records must be a lone text in a narrower
/// record or a line that begins with `#`; a steady table must follow; and a mark must set them apart: the `#`, a blank
/// line, or that the table's first record is told from its data as a header.
fn is_preamble(trial: &Trial, text: &[u8], table: &Shape, hints: &Hints) -> bool {
    let remark = |record: TrialRecord<'_>| text[record.start()..].starts_with(b"#");
    let lone = |record: TrialRecord<'_>| record.iter().filter(|field| !field.is_empty()).count() <= 1;
    let before = || trial.iter().take(table.first_record);
    let is_steady = table.total >= 2 && table.consistency() >= STABLE_SHARE;
    let is_apart = before().all(|record| remark(record) || (record.len() < table.width && lone(record)));
    if table.width < 2 || table.first_record > PREAMBLE_RECORDS_MAX || !is_steady || !is_apart {
        return false;
    }
    before().all(remark)
        || follows_blank_line(trial, text, table.first_record)
        || (hints.header.is_none() && header::is_told_by_type(trial, table, hints))
}

fn follows_blank_line(trial: &Trial, text: &[u8], index: usize) -> bool {
    let (Some(before), Some(record)) = (trial.get(index - 1), trial.get(index)) else { return false };
    let between = &text[before.end()..record.start()];
    !between.is_empty() && between.iter().all(|&byte| byte == b'\n' || byte == b'\r')
}

/// How many lines of `text` come before the table, if there is a preamble.
pub(super) fn lines_before_table(trial: &Trial, shape: &Shape, text: &[u8]) -> usize {
    match trial.get(shape.first_record) {
        Some(record) if shape.first_record > 0 => line_ends(&text[..record.start()]).count(),
        _ => 0,
    }
}

/// Offset behind the first `lines` lines of `text`; its length if there are fewer.
pub(super) fn offset_of_line(text: &[u8], lines: usize) -> usize {
    match lines {
        0 => 0,
        _ => line_ends(text).nth(lines - 1).unwrap_or(text.len()),
    }
}

/// The offsets behind each LF, CRLF and lone CR.
fn line_ends(text: &[u8]) -> impl Iterator<Item = usize> {
    let next = |offset: usize| text.get(offset + 1);
    let is_end =
        move |&(offset, &byte): &(usize, &u8)| byte == b'\n' || (byte == b'\r' && next(offset) != Some(&b'\n'));
    text.iter().enumerate().filter(is_end).map(|(offset, _)| offset + 1)
}
