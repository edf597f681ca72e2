//! Whether the first record holds names, where no column has a type: by how the values of a column are built.

use ingest_parse::Trial;

use super::Hints;
use super::header::{Verdict, data_of};
use super::preamble::Shape;

/// Values from which a form is believed, and the share of them that must have it.
const VALUES_MIN: usize = 5;
const SAME_SHARE: f64 = 0.9;

/// Records that are looked at.
const RECORDS_MAX: usize = 200;

/// What the forms of the values say of the table's first record: names are built otherwise than the values of a regular
/// column, such as `31.12.2020`, `+49 30 901820` or `https://…`; data are built like them in every such column.
pub(super) fn verdict(trial: &Trial, shape: &Shape, hints: &Hints) -> Verdict {
    let Some(first) = trial.get(shape.first_record) else { return Verdict::Unknown };
    let mut is_data = false;
    for (column, text) in first.iter().enumerate().take(shape.width) {
        let Some(form) = column_form(trial, shape, column, hints) else { continue };
        if text.is_empty() || hints.nulls.contains(text) {
            continue;
        }
        if form_of(text) != form {
            return Verdict::Names(column);
        }
        is_data = true;
    }
    if is_data { Verdict::Data } else { Verdict::Unknown }
}

/// Whether the values of a column, counted from 0, are built alike.
pub(super) fn is_regular(trial: &Trial, shape: &Shape, column: usize, hints: &Hints) -> bool {
    column_form(trial, shape, column, hints).is_some()
}

/// Whether a value of the column, counted from 0, could have been written like `text`: all could where its values are
/// built in different ways.
pub(super) fn may_hold(trial: &Trial, shape: &Shape, column: usize, text: &[u8], hints: &Hints) -> bool {
    column_form(trial, shape, column, hints).is_none_or(|form| form == form_of(text))
}

/// The form of the column's values behind the first record, if they have one.
fn column_form(trial: &Trial, shape: &Shape, column: usize, hints: &Hints) -> Option<Vec<u8>> {
    let values = data_of(trial, shape).take(RECORDS_MAX).filter_map(|record| record.get(column));
    regular_form(values.filter(|value| !hints.nulls.contains(value)))
}

/// The form that nearly all values have, if it is one that names do not have: with digits, and a sign that is neither a
/// blank nor a part of words.
fn regular_form<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = values.filter(|value| !value.is_empty()).map(form_of).collect();
    forms.sort_unstable();
    let most = forms.chunk_by(|a, b| a == b).max_by_key(|same| same.len())?;
    let is_steady = forms.len() >= VALUES_MIN && most.len() as f64 >= SAME_SHARE * forms.len() as f64;
    let is_sign = |byte: &u8| !byte.is_ascii_alphanumeric() && !b" _".contains(byte);
    let tells = most[0].contains(&b'9') && most[0].iter().any(is_sign) || most[0].contains(&b'@');
    (is_steady && tells).then(|| most[0].clone())
}

/// A value with each run of digits made one `9` and each run of letters one `a`; all else stands as it is.
fn form_of(text: &[u8]) -> Vec<u8> {
    let mut form = Vec::with_capacity(16);
    for &byte in text {
        let class = match byte {
            b'0'..=b'9' => b'9',
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => b'a',
            other => other,
        };
        let goes_on = matches!(class, b'9' | b'a') && form.last() == Some(&class);
        if !goes_on {
            form.push(class);
        }
    }
    form
}
