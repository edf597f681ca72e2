//! The shape of the table, and the lines before it.

use ingest_parse::{Trial, TrialRecord};

use super::{Hints, forms, header, header_rows};

/// Records before the table are looked for so far down and no further.
const PREAMBLE_RECORDS_MAX: usize = 64;

/// The share of records behind a preamble that must have the table's width.
const STABLE_SHARE: f64 = 0.9;

/// Records that make an even table, and as many as make one of two columns.
const EVEN_RECORDS_MIN: usize = 3;
const EVEN_RECORDS_MANY: usize = 6;

/// Records behind the table that may be its footer.
const FOOTER_RECORDS_MAX: usize = 3;

/// The table that a trial parse shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Index of the table's first record, its header if it has one.
    pub(super) first_record: usize,
    /// Fields in a record.
    pub(super) width: usize,
    /// Records of that width, from the first on.
    pub(super) matching: usize,
    /// Records from the first on, without those of a footer.
    pub(super) total: usize,
}

impl Shape {
    /// The share of records that have the table's width.
    pub(super) fn consistency(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.matching as f64 / self.total as f64 }
    }

    /// Whether every record has the table's width, and some do.
    fn is_even(&self) -> bool {
        self.total >= EVEN_RECORDS_MIN && self.matching == self.total
    }
}

/// The shape of the table in `trial`, which was read from `text`.
///
/// The width is that of most records (the first record's in doubt). Records before the first of that width are left out
/// as a preamble only on strong evidence; a ragged row stays where it is and will be reported as such.
pub(super) fn shape_of(trial: &Trial, text: &[u8], hints: &Hints) -> Shape {
    let counts: Vec<usize> = trial.iter().map(|record| record.len()).collect();
    let remarks = leading_remarks(trial, text);
    let width = table_width(trial, &counts);
    let shape_from = |first_record: usize| {
        let end = counts.len() - footer_records(trial, first_record, width);
        Shape {
            first_record,
            width,
            matching: counts[first_record..end].iter().filter(|&&count| count == width).count(),
            total: end - first_record,
        }
    };
    if hints.skip.is_some() {
        return shape_from(0);
    }
    let begins_as_remark = trial.get(0).is_some_and(|first| text[first.start()..].starts_with(b"# "));
    if remarks == 0 && begins_as_remark && header_rows::count(trial, &shape_from(0), hints) > 1 {
        // Two rows of names, the upper one a remark that happens to have their width.
        return shape_from(1);
    }
    let table = remarks + counts[remarks..].iter().position(|&count| count == width).unwrap_or(0);
    let shape = shape_from(table);
    if table > 0 && !is_preamble(trial, text, &shape, hints) {
        return shape_from(0);
    }
    let padded = table + padded_titles(trial, &shape);
    if padded == table + 1 && !header::is_told(trial, &shape_from(padded), hints) {
        // A single one may be a header that names but the first column.
        return shape;
    }
    if padded > table { shape_from(padded) } else { shape }
}

/// How many records at the start are remarks: two or more lines that begin with `# ` or `##`, whatever their width, or
/// with `#` and have another width than the first record that does not. A single one may be a header. In one column, which
/// has no widths, all that begin with `#`, if no other record does.
pub(super) fn leading_remarks(trial: &Trial, text: &[u8]) -> usize {
    let begins = |record: &TrialRecord<'_>| text[record.start()..].starts_with(b"#");
    let Some(next) = trial.iter().find(|record| !begins(record)) else { return 0 };
    let leading = trial.iter().take_while(begins).count();
    if trial.iter().all(|record| record.len() == 1) {
        return if trial.iter().skip(leading).any(|record| begins(&record)) { 0 } else { leading };
    }
    let is_remark = |record: &TrialRecord<'_>| match text[record.start()..] {
        [b'#', b'#' | b' ', ..] => true,
        [b'#', ..] => record.len() != next.len(),
        _ => false,
    };
    let remarks = trial.iter().take_while(is_remark).count();
    if remarks == 1 { 0 } else { remarks }
}

/// How many records at the end are no part of the table: texts on their own that stand behind a blank line, or one
/// without it. They leave more of the table than there are of them.
fn footer_records(trial: &Trial, first_record: usize, width: usize) -> usize {
    let is_footer = |record: &TrialRecord<'_>| record.len() < width && filled(*record) == 1;
    let records = trial.iter().rev().take(FOOTER_RECORDS_MAX + 1).take_while(is_footer).count();
    let rest = trial.len() - first_record;
    if records == 0 || records > FOOTER_RECORDS_MAX || records * 2 >= rest {
        return 0;
    }
    if follows_gap(trial, trial.len() - records) { records } else { usize::from(records == 1) }
}

fn table_width(trial: &Trial, counts: &[usize]) -> usize {
    // Lone texts at the start are titles if the rest is wider, and a part of it if not.
    let titles = counts.iter().take_while(|&&count| count == 1).take(PREAMBLE_RECORDS_MAX).count();
    let titles = if counts.len() - titles < 2 { 0 } else { titles };
    let counts = &counts[titles..];
    let Some(&first) = counts.first() else { return 0 };
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let (mut width, mut width_records) = (first, sorted.iter().filter(|&&count| count == first).count());
    // Pairs of a key and a value stand above wider records, behind a blank line; they have no say.
    let leading = counts.iter().take_while(|&&count| count == first).count();
    let are_pairs = leading == width_records
        && counts.get(leading).is_some_and(|&count| count > first)
        && follows_gap(trial, titles + leading);
    // A row of names says how wide the table is meant to be, if a fair share of the records agrees.
    let is_fair = width_records > 1 && width_records * 4 >= counts.len() && !are_pairs;
    if is_fair && trial.get(titles).is_some_and(header::looks_like_names) {
        return width;
    }
    for run in sorted.chunk_by(|a, b| a == b) {
        if run.len() > width_records || (are_pairs && run.len() == width_records) {
            (width, width_records) = (run[0], run.len());
        }
    }
    width
}

/// Fields that are not empty.
fn filled(record: TrialRecord<'_>) -> usize {
    record.iter().filter(|field| !field.is_empty()).count()
}

/// Whether what comes before the table is no part of it. Each of those records must be a lone text or a sentence in a
/// narrower record, or a line that begins with `#`; a steady table must follow; and a mark must set them apart: the `#`,
/// a blank line, that the table's first record is told from its data as a header, or that the table is even and they are
/// not like it at all. Pairs of a key and a value need two such marks, one of them the blank line.
fn is_preamble(trial: &Trial, text: &[u8], table: &Shape, hints: &Hints) -> bool {
    let remark = |record: TrialRecord<'_>| text[record.start()..].starts_with(b"#");
    let before = || trial.iter().take(table.first_record);
    let is_steady = table.total >= 2 && table.consistency() >= STABLE_SHARE;
    let has_gap = follows_gap(trial, table.first_record);
    let has_pairs = !before().all(|record| remark(record) || is_title(record, table.width));
    let is_apart =
        !has_pairs || has_gap && before().all(|record| is_title(record, table.width) || is_pair(record, table.width));
    if table.width < 2 {
        let many = table.first_record > 1 && before().all(|record| text[record.start()..].starts_with(b"# "));
        return before().all(remark) && (many || is_column(trial, table, hints));
    }
    if table.first_record > PREAMBLE_RECORDS_MAX || !is_steady || !is_apart {
        return false;
    }
    before().all(remark)
        || (has_gap && !has_pairs)
        || (hints.header != Some(false) && header::is_told(trial, table, hints))
        || (table.is_even() && is_no_text(trial, text, table))
}

/// Whether a record above a table of this width could be a title: a text without the delimiter, or one that is followed by
/// blanks wherever it stands, which is not often.
fn is_title(record: TrialRecord<'_>, width: usize) -> bool {
    let is_sentence = record.len() * 2 <= width && record.iter().skip(1).all(|field| field.starts_with(b" "));
    record.len() < width && (filled(record) <= 1 || is_sentence)
}

/// Whether a record above a table of this width, and apart from it, could be a key and its value.
fn is_pair(record: TrialRecord<'_>, width: usize) -> bool {
    record.len() < width && filled(record) <= 2
}

/// Whether the table of one column is more than lines of text: all of one type, or built alike.
fn is_column(trial: &Trial, table: &Shape, hints: &Hints) -> bool {
    header::is_first_typed(header::data_of(trial, table), hints) || forms::is_regular(trial, table, 0, hints)
}

/// Whether the table's delimiter is more than punctuation in one column of text or of grouped numbers (`1,234`): no
/// blank follows it, and three fields, or many records, or lines `key: value` above them, are no chance.
fn is_no_text(trial: &Trial, text: &[u8], table: &Shape) -> bool {
    let has_key = |record: TrialRecord<'_>| text[record.start()..record.end()].windows(2).any(|pair| pair == b": ");
    let is_enough =
        table.width > 2 || table.total >= EVEN_RECORDS_MANY || trial.iter().take(table.first_record).all(has_key);
    let records = || trial.iter().skip(table.first_record).take(EVEN_RECORDS_MANY);
    let is_group = |field: &[u8]| field.len() == 3 && field.iter().all(u8::is_ascii_digit);
    let are_numbers = records().all(|record| record.iter().skip(1).all(is_group));
    let is_prose = records().flat_map(|record| record.iter().skip(1)).any(|field| field.starts_with(b" "));
    is_enough && !are_numbers && !is_prose
}

/// Whether blank lines or comments stand right before the record.
fn follows_gap(trial: &Trial, index: usize) -> bool {
    let (Some(before), Some(record)) = (trial.get(index - 1), trial.get(index)) else { return false };
    before.end() < record.start()
}

/// How many records at the table's start are titles that a spreadsheet padded to its width: nothing but a first field,
/// or nothing at all, above a record that is filled (but for one field, or below two such lines half of them), while hardly
/// any other has so little in it.
fn padded_titles(trial: &Trial, table: &Shape) -> usize {
    let is_padded = |record: &TrialRecord<'_>| {
        record.len() == table.width
            && filled(*record) == usize::from(record.get(0).is_some_and(|field| !field.is_empty()))
    };
    let records = || trial.iter().skip(table.first_record).take(table.total);
    let titles = records().take_while(is_padded).count();
    let has_title = records().take(titles).any(|record| filled(record) == 1);
    let is_filled = records()
        .nth(titles)
        .is_some_and(|record| filled(record) + 1 >= table.width || (titles > 1 && filled(record) * 2 >= table.width));
    let rest = table.total - titles;
    // One may be the row of totals.
    let alike = records().skip(titles).filter(is_padded).count();
    let is_table = rest >= EVEN_RECORDS_MIN && alike <= 1.max(rest / 20);
    if table.width > 2 && titles <= PREAMBLE_RECORDS_MAX && has_title && is_filled && is_table { titles } else { 0 }
}

/// How many lines of `text` come before the table, if there is a preamble. Blank lines alone are none.
pub(super) fn lines_before_table(trial: &Trial, shape: &Shape, text: &[u8]) -> usize {
    let Some(record) = trial.get(shape.first_record) else { return 0 };
    let before = &text[..record.start()];
    if before.iter().all(|&byte| byte == b'\n' || byte == b'\r') { 0 } else { line_ends(before).count() }
}

/// The line, from 1, that begins at an offset.
pub(super) fn line_of(text: &[u8], offset: usize) -> usize {
    line_ends(&text[..offset]).count() + 1
}

/// Offset behind the first `lines` lines of `text`; its length if there are fewer.
pub(super) fn offset_of_line(text: &[u8], lines: usize) -> usize {
    match lines {
        0 => 0,
        _ => line_ends(text).nth(lines - 1).unwrap_or(text.len()),
    }
}

/// The offsets behind each LF, CRLF and lone CR.
pub(super) fn line_ends(text: &[u8]) -> impl Iterator<Item = usize> {
    let next = |offset: usize| text.get(offset + 1);
    let is_end =
        move |&(offset, &byte): &(usize, &u8)| byte == b'\n' || (byte == b'\r' && next(offset) != Some(&b'\n'));
    text.iter().enumerate().filter(is_end).map(|(offset, _)| offset + 1)
}
