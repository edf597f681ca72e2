//! A header of several rows: groups above the names, or units below them.

use std::borrow::Cow;

use ingest_parse::{Trial, TrialRecord};

use super::Hints;
use super::header::{TOTALS_RECORDS_MIN, column_summaries, is_typed};
use super::preamble::Shape;
use crate::Summary;

/// Rows of a header, data records below it and columns of a type among them: fewer columns or records are no evidence, and
/// more rows are not looked for.
const ROWS_MAX: usize = 3;
const DATA_RECORDS_MIN: usize = 3;
const TYPED_COLUMNS_MIN: usize = 2;

/// Records below a header that are looked at: a table's first hundreds tell its types, and wide ones have many fields.
const DATA_RECORDS_MAX: usize = 500;

/// Words that stand for a missing value in a column of numbers, beside the null words.
const MISSING_WORDS: [&[u8]; 6] = [b"unknown", b"missing", b"none", b"error", b"tbd", b"n.d."];

/// How many records at the table's start are rows of a header, if that is more than one; else 1. They all have the
/// table's width, are text wherever the data below are typed, and all data are typed there. O(fields) of some hundred records, once; nothing
/// where the second record has no two texts, as most have not.
pub(super) fn count(trial: &Trial, shape: &Shape, hints: &Hints) -> usize {
    let record = |row: usize| trial.get(shape.first_record + row).filter(|record| record.len() == shape.width);
    let is_text = |text: &&[u8]| reads_as_name(text) && !is_typed(&joined(&Summary::default(), text, hints));
    if record(1).is_none_or(|second| second.iter().filter(is_text).count() < TYPED_COLUMNS_MIN) {
        return 1;
    }
    // The last of many records may hold totals.
    let records = shape.total - usize::from(shape.total >= TOTALS_RECORDS_MIN);
    let data = trial.iter().take(shape.first_record + records).skip(shape.first_record + ROWS_MAX);
    let data = data.filter(|record| record.len() == shape.width).take(DATA_RECORDS_MAX);
    let mut summaries = column_summaries(data, hints);
    summaries.resize(shape.width, Summary::default());
    for rows in (2..=ROWS_MAX).rev() {
        if shape.total >= rows + DATA_RECORDS_MIN && are_header((0..rows).map(record), &summaries, hints) {
            return rows;
        }
        // With fewer rows the last of them is data.
        for (summary, text) in summaries.iter_mut().zip(record(rows - 1).iter().flat_map(TrialRecord::iter)) {
            summary.observe(text, false, &hints.nulls);
        }
    }
    1
}

/// Whether all `rows` (none where one has another width) are text above the columns of a type, of which there are enough.
fn are_header<'a>(
    mut rows: impl Iterator<Item = Option<TrialRecord<'a>>>,
    summaries: &[Summary],
    hints: &Hints,
) -> bool {
    let typed: Vec<(usize, &Summary)> = summaries.iter().enumerate().filter(|(_, summary)| is_typed(summary)).collect();
    typed.len() >= TYPED_COLUMNS_MIN && rows.all(|row| row.is_some_and(|row| is_text_above(row, &typed, hints)))
}

/// What is known of a column with one more value.
fn joined(summary: &Summary, text: &[u8], hints: &Hints) -> Summary {
    let mut joined = summary.clone();
    joined.observe(text, false, &hints.nulls);
    joined
}

/// Whether what a record holds in typed columns is text: in half of them at least, and nothing in the others.
fn is_text_above(record: TrialRecord<'_>, typed: &[(usize, &Summary)], hints: &Hints) -> bool {
    let mut texts = 0;
    for &(column, summary) in typed {
        let text = record.get(column).unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        if is_typed(&joined(summary, text, hints)) || hints.nulls.contains(text) || !reads_as_name(text) {
            return false;
        }
        texts += 1;
    }
    texts * 2 >= typed.len()
}

/// Whether a text could be a name or a unit: it has a letter or a sign of a unit, and is no word for what is missing.
fn reads_as_name(text: &[u8]) -> bool {
    let has_sign = text.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii() || b"%$".contains(byte));
    has_sign && !MISSING_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text.trim_ascii()))
}

/// The names that `rows` records from the table's first on make together: what stands above each other, joined by blanks;
/// empty parts are left out. O(fields).
pub(super) fn names<'a>(trial: &'a Trial, shape: &Shape, rows: usize) -> Vec<Cow<'a, [u8]>> {
    let records: Vec<_> = trial.iter().skip(shape.first_record).take(rows).collect();
    let Some(first) = records.first() else { return Vec::new() };
    let name = |column: usize| {
        let parts = records.iter().filter_map(|record| record.get(column));
        parts.fold(Cow::Borrowed(&b""[..]), |name, part| match (name.is_empty(), part.is_empty()) {
            (_, true) => name,
            (true, false) => Cow::Borrowed(part),
            (false, false) => Cow::Owned([&name, &b" "[..], part].concat()),
        })
    };
    (0..first.len()).map(name).collect()
}
