//! A header of several rows: groups above the names, or units below them.

use std::borrow::Cow;

use ingest_parse::{Trial, TrialRecord};

use super::Hints;
use super::header::{column_summaries, is_typed};
use super::preamble::Shape;
use crate::Summary;

/// Rows of a header, data records below it and columns of a type among them: fewer columns or records are no evidence, and
/// more rows are not looked for.
const ROWS_MAX: usize = 3;
const DATA_RECORDS_MIN: usize = 3;
const TYPED_COLUMNS_MIN: usize = 2;

/// Words that stand for a missing value in a column of numbers, beside the null words.
const MISSING_WORDS: [&[u8]; 6] = [b"unknown", b"missing", b"none", b"error", b"tbd", b"n.d."];

/// How many records at the table's start are rows of a header, if that is more than one; else 1. They all have the
/// table's width, are text wherever the data below are typed, and all data are typed there.
pub(super) fn count(trial: &Trial, shape: &Shape, hints: &Hints) -> usize {
    (2..=ROWS_MAX).rev().find(|&rows| are_header(trial, shape, hints, rows)).unwrap_or(1)
}

fn are_header(trial: &Trial, shape: &Shape, hints: &Hints, rows: usize) -> bool {
    if shape.total < rows + DATA_RECORDS_MIN {
        return false;
    }
    let data = trial.iter().skip(shape.first_record + rows).filter(|record| record.len() == shape.width);
    let summaries = column_summaries(data, hints);
    let typed: Vec<(usize, &Summary)> = summaries.iter().enumerate().filter(|(_, summary)| is_typed(summary)).collect();
    let mut header = trial.iter().skip(shape.first_record).take(rows);
    typed.len() >= TYPED_COLUMNS_MIN
        && header.all(|record| record.len() == shape.width && is_text_above(record, &typed, hints))
}

/// Whether what a record holds in typed columns is text: in half of them at least, and nothing in the others.
fn is_text_above(record: TrialRecord<'_>, typed: &[(usize, &Summary)], hints: &Hints) -> bool {
    let mut texts = 0;
    for &(column, summary) in typed {
        let text = record.get(column).unwrap_or_default();
        let mut joined = summary.clone();
        joined.observe(text, false, &hints.nulls);
        if text.is_empty() {
            continue;
        }
        if is_typed(&joined) || hints.nulls.contains(text) || !reads_as_name(text) {
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
