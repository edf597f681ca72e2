//! Whether the first records hold names.

use ingest_parse::{Trial, TrialRecord};

use super::Hints;
use super::forms;
use super::header_rows;
use super::preamble::Shape;
use crate::{DataType, Summary};

/// What the types, or the forms, of the values say of the first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does not fit what follows in the column of this index.
    Names(usize),
    /// It fits what follows.
    Data,
    /// It fits what follows, but only with numbers that are years, as names are too.
    Years,
    /// Nothing follows, or nothing but text.
    Unknown,
}

/// How many records at the table's start hold the names, and the reason. Where the types do not tell, it is one.
pub(super) fn decide(trial: &Trial, shape: &Shape, hints: &Hints) -> (usize, String) {
    if let Some(header) = hints.header {
        let rows = if header { hints.header_rows.unwrap_or(1) } else { 0 };
        return (rows, format!("whether there is a header was given: {}", if header { "yes" } else { "no" }));
    }
    if shape.total <= 1 {
        return (1, "a file of one record is taken for its header".to_owned());
    }
    let rows = header_rows::count(trial, shape, hints);
    if rows > 1 {
        return (rows, format!("the first {rows} records are the header: they are text above columns that are not"));
    }
    let (header, reason) = decide_first(trial, shape, hints);
    (usize::from(header), reason)
}

/// Whether the first record holds the names, and the reason.
fn decide_first(trial: &Trial, shape: &Shape, hints: &Hints) -> (bool, String) {
    let by_type = verdict(trial, shape, hints);
    // The forms have a say only where the types have none, or years for names.
    let by_form = match by_type {
        Verdict::Names(_) | Verdict::Data => Verdict::Unknown,
        Verdict::Years | Verdict::Unknown => forms::verdict(trial, shape, hints),
    };
    match (by_type, by_form) {
        (Verdict::Names(column), _) => {
            (true, format!("the first record is a header: its field {} is of another type than the rest", column + 1))
        }
        (Verdict::Years | Verdict::Unknown, Verdict::Names(column)) => {
            (true, format!("the first record is a header: its field {} is not built like the rest", column + 1))
        }
        (Verdict::Data | Verdict::Years, _) => {
            (false, "the first record is data: it has the types of those after it".to_owned())
        }
        (Verdict::Unknown, Verdict::Data | Verdict::Years) => {
            (false, "the first record is data: it is built like those after it".to_owned())
        }
        (Verdict::Unknown, Verdict::Unknown) => {
            (true, "the first record cannot be told from the data and is taken for the header".to_owned())
        }
    }
}

/// Whether the types, or the forms where there are none, show that the table's first record is a header.
pub(super) fn is_told(trial: &Trial, shape: &Shape, hints: &Hints) -> bool {
    if header_rows::count(trial, shape, hints) > 1 {
        return true;
    }
    match verdict(trial, shape, hints) {
        Verdict::Names(_) => true,
        Verdict::Data => false,
        Verdict::Years | Verdict::Unknown => matches!(forms::verdict(trial, shape, hints), Verdict::Names(_)),
    }
}

/// Whether a record could be a row of names: all different, none empty, none a number, no spaces around them.
pub(super) fn looks_like_names(record: TrialRecord<'_>) -> bool {
    let mut names: Vec<&[u8]> = record.iter().collect();
    let is_name = |name: &&[u8]| {
        name.trim_ascii().len() == name.len() && name.first().is_some_and(|byte| !b"+-.0123456789".contains(byte))
    };
    let all_names = names.iter().all(is_name);
    names.sort_unstable();
    names.dedup();
    all_names && names.len() == record.len()
}

fn verdict(trial: &Trial, shape: &Shape, hints: &Hints) -> Verdict {
    let Some(first) = trial.get(shape.first_record) else { return Verdict::Unknown };
    let data = column_summaries(data_of(trial, shape), hints);
    let (mut fits, mut years) = (false, true);
    for (column, (text, data)) in first.iter().zip(&data).enumerate().filter(|(_, (_, data))| is_typed(data)) {
        let mut alone = Summary::default();
        alone.observe(text, false, &hints.nulls);
        let mut joined = data.clone();
        joined.join(&alone);
        // A value may widen the type, as 1.5 does above whole numbers; a name makes it text.
        if !is_typed(&joined) {
            return Verdict::Names(column);
        }
        let has_value = alone != Summary::default() && !hints.nulls.contains(text);
        fits |= has_value;
        years &= !has_value || is_year(text);
    }
    match (fits, years) {
        (false, _) => Verdict::Unknown,
        (true, true) => {
            series_of_years(first, trial.get(shape.first_record + 1)).map_or(Verdict::Years, Verdict::Names)
        }
        (true, false) => Verdict::Data,
    }
}

/// Where three or more years stand in the first record, in equal steps, and not in the second: the column of the first.
fn series_of_years(first: TrialRecord<'_>, second: Option<TrialRecord<'_>>) -> Option<usize> {
    let years = |record: TrialRecord<'_>| {
        let years: Vec<i32> = record.iter().filter(|text| is_year(text)).map(number).collect();
        let is_series = years.windows(3).all(|three| three[1] - three[0] == three[2] - three[1]);
        years.len() >= SERIES_YEARS_MIN && is_series && years[0] != years[1]
    };
    let is_told = years(first) && !second.is_some_and(years);
    first.iter().position(is_year).filter(|_| is_told)
}

/// Years that make a series.
const SERIES_YEARS_MIN: usize = 3;

/// The number that the digits of a text make.
fn number(text: &[u8]) -> i32 {
    text.trim_ascii().iter().fold(0, |number, digit| 10 * number + i32::from(digit - b'0'))
}

fn is_year(text: &[u8]) -> bool {
    let digits = text.trim_ascii();
    matches!(digits, [b'1', b'8' | b'9', b'0'..=b'9', b'0'..=b'9'] | [b'2', b'0', b'0'..=b'9', b'0'..=b'9'])
}

/// The records behind the table's first one. Those of another width are left out: they are footers or flaws, and one text
/// among numbers makes text of a column. So is the last of many, which may hold totals and begin with a word.
pub(super) fn data_of<'a>(trial: &'a Trial, shape: &Shape) -> impl Iterator<Item = TrialRecord<'a>> {
    let width = shape.width;
    let records = if shape.total < TOTALS_RECORDS_MIN { shape.total.saturating_sub(1) } else { shape.total - 2 };
    trial.iter().skip(shape.first_record + 1).take(records).filter(move |record| record.len() == width)
}

/// Records of a table whose last one may hold totals.
pub(super) const TOTALS_RECORDS_MIN: usize = 8;

/// What is known of each column of `records`.
pub(super) fn column_summaries<'a>(records: impl Iterator<Item = TrialRecord<'a>>, hints: &Hints) -> Vec<Summary> {
    let mut summaries: Vec<Summary> = Vec::new();
    for record in records {
        if record.len() > summaries.len() {
            summaries.resize(record.len(), Summary::default());
        }
        for (summary, text) in summaries.iter_mut().zip(record.iter()) {
            summary.observe(text, false, &hints.nulls);
        }
    }
    summaries
}

/// Whether the first column of `records` has a type.
pub(super) fn is_first_typed<'a>(records: impl Iterator<Item = TrialRecord<'a>>, hints: &Hints) -> bool {
    column_summaries(records, hints).first().is_some_and(is_typed)
}

/// Whether the type is neither text nor null.
pub(super) fn is_typed(summary: &Summary) -> bool {
    !matches!(summary.decide().data_type, DataType::Utf8 | DataType::Null)
}
