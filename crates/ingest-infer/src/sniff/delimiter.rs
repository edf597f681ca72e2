//! The delimiter, with the quote and escape that go with it: every candidate dialect reads the text, and the evidence
//! is weighed.

use ingest_parse::{Delimiter, Dialect, Trial, TrialRecord};

use super::behind::split_off;
use super::preamble::{Shape, shape_of};
use super::quote::{has_escaped_quote, is_single_quoted, quote_evidence};
use super::{CANDIDATE_RECORDS_MAX, Hints, header, trial_of};
use crate::value::Number;

/// The delimiters that may win by a steady number of fields, each with what breaks a tie. The last two separate fields by their
/// names: start of heading, as Hive writes it, and unit separator.
const STRONG: [(u8, f64); 6] = [(b',', 1.0), (b'\t', 1.0), (b';', 0.5), (b'|', 0.3), (0x01, 1.0), (0x1f, 1.0)];

/// The delimiters that also stand in ordinary text: they need types to speak for them.
const WEAK: [u8; 2] = [b':', b' '];

/// What delimiters of several characters are made of.
const LONG: &[u8] = b"|~^:";

/// With one of these they need no types to speak for them.
const LONG_STRONG: &[u8] = b"|~^";

/// Whether a byte is one of [`LONG`].
const IS_LONG: [bool; 256] = {
    let mut is_long = [false; 256];
    let mut at = 0;
    while at < LONG.len() {
        is_long[LONG[at] as usize] = true;
        at += 1;
    }
    is_long
};

/// How many characters they have, and how many lines are searched for them.
const LONG_LENGTHS: std::ops::RangeInclusive<usize> = 2..=4;
const LONG_LINES: usize = 20;

/// Records whose fields are looked into.
const FIELDS_OF_RECORDS: usize = 200;

/// The share of records with the table's width above which the text may look like prose.
const STEADY_SHARE: f64 = 0.9;

/// The share below which only a row of names can speak for a delimiter, and the share it needs then.
const RAGGED_SHARE: f64 = 0.5;
const NAMED_SHARE: f64 = 0.25;

/// Points for single quotes, which are tried only where they wrap fields throughout, and given where they wrap more than
/// one: enough to outweigh the columns that delimiters between them would add, too few to outweigh uneven records.
const SINGLE_QUOTED: f64 = 10.0;

/// A dialect, what it makes of the text, and what speaks for it.
pub(super) struct Candidate {
    pub(super) dialect: Dialect,
    pub(super) trial: Trial,
    pub(super) shape: Shape,
    /// Where the names of tables stand behind the one of `trial`.
    pub(super) further: Vec<usize>,
    pub(super) confidence: f64,
    pub(super) score: f64,
}

impl Candidate {
    /// What spoke for it, in sentences.
    pub(super) fn reasons(&self, hints: &Hints) -> Vec<String> {
        let Shape { width, matching, total, .. } = self.shape;
        let mut reasons = vec![match self.dialect.delimiter {
            None if hints.delimiter.is_some() => "one column was asked for".to_owned(),
            None => "no delimiter divides the records evenly: one column".to_owned(),
            Some(delimiter) => {
                format!(
                    "fields are divided by {}: {matching} of {total} records have {width}",
                    spelled_delimiter(delimiter)
                )
            }
        }];
        if let Some(quote) = self.dialect.quote.filter(|&quote| quote != b'"') {
            reasons.push(format!("fields are wrapped in {}", spelled(quote)));
        }
        if let Some(comment) = self.dialect.comment.filter(|_| hints.comment.is_none()) {
            reasons.push(format!("lines that begin with {} do not fit the table: they are comments", spelled(comment)));
        }
        if let Some(escape) = self.dialect.escape {
            reasons.push(format!("quotes inside fields are escaped by {}", spelled(escape)));
        }
        reasons
    }
}

/// A character as a reader would name it.
fn spelled(byte: u8) -> String {
    match byte {
        b'\t' => "tab".to_owned(),
        b' ' => "space".to_owned(),
        _ if byte.is_ascii_control() => format!("byte {byte:#04x}"),
        _ => format!("'{}'", char::from(byte)),
    }
}

/// A delimiter as a reader would name it.
fn spelled_delimiter(delimiter: Delimiter) -> String {
    delimiter.as_byte().map_or_else(|| format!("'{delimiter}'"), spelled)
}

/// A first line `sep=X`, as spreadsheets write it, settles the delimiter and is no part of the table: the hints with
/// that added, and the reason.
pub(super) fn announced(sample: &[u8], hints: &Hints) -> (Hints, Option<String>) {
    let mut hints = hints.clone();
    let delimiter = sample.strip_prefix(b"sep=").filter(|_| hints.skip.is_none()).and_then(named_delimiter);
    let Some(delimiter) = delimiter else { return (hints, None) };
    hints.skip = Some(1);
    hints.delimiter.get_or_insert(Some(delimiter));
    (hints, Some("the first line names the delimiter".to_owned()))
}

/// What stands between `sep=` and the end of its line, `text`: one character, or several that stand in the next line too.
/// Spreadsheets write the delimiter itself behind it, as often as there are columns.
fn named_delimiter(text: &[u8]) -> Option<Delimiter> {
    let end = memchr::memchr2(b'\n', b'\r', text)?;
    let (named, after) = text.split_at(end);
    let after = after.trim_ascii_start();
    let next_line = &after[..memchr::memchr2(b'\n', b'\r', after).unwrap_or(after.len())];
    let first = *named.first()?;
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\'' | b'\\');
    let is_sign = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b' ';
    match named {
        [byte] => Some(Delimiter::byte(*byte)).filter(|_| byte.is_ascii() && is_plain(byte)),
        _ if !named.iter().all(|byte| is_sign(byte) && is_plain(byte)) || std::str::from_utf8(named).is_err() => None,
        _ if memchr::memmem::find(next_line, named).is_some() => Delimiter::new(named),
        _ => named.iter().all(|byte| *byte == first).then_some(Delimiter::byte(first)),
    }
}

/// The dialect that explains `text` best. `complete`: whether nothing was cut off its end.
pub(super) fn choose(text: &[u8], complete: bool, hints: &Hints) -> Candidate {
    if let Some(delimiter) = hints.delimiter {
        return best_quoting(text, complete, hints, delimiter);
    }
    let mut strong: Vec<_> = STRONG
        .iter()
        .filter(|(byte, _)| text.contains(byte))
        .map(|&(byte, preference)| (best_quoting(text, complete, hints, Some(Delimiter::byte(byte))), preference))
        .filter(|(candidate, _)| divides(candidate))
        .map(|(mut candidate, preference)| {
            candidate.score += preference;
            candidate
        })
        .collect();
    for mut long in long_candidates(text, complete, hints) {
        let parts = long.dialect.delimiter.expect("it has one");
        // A part of it divides as often, or twice as often, and leaves empty columns or the rest of it in the fields.
        strong.retain(|short| {
            let is_part = short.dialect.delimiter_byte().is_some_and(|byte| parts.as_bytes().contains(&byte));
            !(is_part && short.shape.consistency() <= long.shape.consistency())
        });
        long.score += 1.0;
        strong.push(long);
    }
    // Stable: equals stay in the order of the list.
    strong.sort_by(|a, b| b.score.total_cmp(&a.score));
    let runner_up = strong.get(1).map(|second| second.score);
    match strong.into_iter().next() {
        Some(mut best) => {
            let margin = runner_up.map_or(1.0, |score| ((best.score - score) / 20.0).clamp(0.0, 1.0));
            best.confidence = best.shape.consistency() * (0.6 + 0.4 * margin);
            best
        }
        None => one_column_or_weak(text, complete, hints),
    }
}

/// Delimiters of several characters that make a table.
fn long_candidates(text: &[u8], complete: bool, hints: &Hints) -> Vec<Candidate> {
    let is_sure = |candidate: &Candidate, delimiter: Delimiter| {
        let bytes = delimiter.as_bytes();
        let is_strong = bytes.iter().any(|byte| LONG_STRONG.contains(byte));
        // A character twice may be two delimiters with nothing between them in every row: names tell.
        let is_named =
            candidate.shape.first_record == 0 && candidate.trial.get(0).is_some_and(header::looks_like_names);
        divides(candidate) && (is_mixed(bytes) || is_named) && (is_strong || divides_for_sure(candidate, hints))
    };
    long_delimiters(text)
        .into_iter()
        .map(|delimiter| (best_quoting(text, complete, hints, Some(delimiter)), delimiter))
        .filter(|(candidate, delimiter)| is_sure(candidate, *delimiter))
        .map(|(candidate, _)| candidate)
        .collect()
}

/// Runs of punctuation in the first lines, where none of their characters stands in another way: once, or several times where
/// fields are empty. One that repeats a character divides the first line, and in other lines the character may stand alone.
fn long_delimiters(text: &[u8]) -> Vec<Delimiter> {
    let mut lines: Vec<Vec<&[u8]>> = Vec::new();
    let mut rest = text.trim_ascii_start();
    for _ in 0..LONG_LINES {
        let (line, after) = rest.split_at(memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()));
        rest = after.get(1..).unwrap_or_default();
        let mut runs = Vec::new();
        let mut at = 0;
        while let Some(start) = line[at..].iter().position(|byte| IS_LONG[usize::from(*byte)]).map(|start| at + start) {
            let length = line[start..].iter().take_while(|byte| IS_LONG[usize::from(**byte)]).count();
            at = start + length;
            runs.push(&line[start..at]);
        }
        lines.push(runs);
    }
    let explains = |run: &[u8], other: &[u8]| {
        other.chunks(run.len()).all(|part| part == run) || !other.iter().any(|byte| run.contains(byte))
    };
    let mut found = Vec::new();
    for (number, run) in lines.iter().enumerate().flat_map(|(number, runs)| runs.iter().map(move |run| (number, *run)))
    {
        let told = if is_mixed(run) { &lines[..] } else { &lines[..1] };
        let is_first = number == 0 || is_mixed(run);
        if is_first && LONG_LENGTHS.contains(&run.len()) && told.iter().flatten().all(|other| explains(run, other)) {
            found.extend(Delimiter::new(run).filter(|delimiter| !found.contains(delimiter)));
        }
    }
    found
}

fn is_mixed(run: &[u8]) -> bool {
    run.iter().any(|byte| *byte != run[0])
}

fn one_column_or_weak(text: &[u8], complete: bool, hints: &Hints) -> Candidate {
    let mut column = best_quoting(text, complete, hints, None);
    if !header::is_first_typed(column.trial.iter().skip(1), hints) {
        let mut weak: Vec<Candidate> = WEAK
            .into_iter()
            .filter(|byte| text.contains(byte))
            .map(|byte| best_quoting(text, complete, hints, Some(Delimiter::byte(byte))))
            .filter(|candidate| divides_for_sure(candidate, hints))
            .collect();
        // Stable: equals stay in the order of the list. Times make columns of what colons divide, but not the more of them.
        weak.sort_by(|a, b| b.score.total_cmp(&a.score));
        if let Some(mut best) = weak.into_iter().next() {
            best.confidence = 0.6;
            return best;
        }
    }
    let is_clean = !STRONG.iter().any(|(byte, _)| text.contains(byte));
    column.confidence = if is_clean { 1.0 } else { 0.7 };
    column
}

/// Whether a strong delimiter makes a table at all. Punctuation in text does not: there the first record, a name or a
/// line, is whole, or the numbers of pieces differ, and a space follows.
fn divides(candidate: &Candidate) -> bool {
    let Shape { first_record, width, .. } = candidate.shape;
    let Some(first) = candidate.trial.get(first_record) else { return false };
    if width < 2 || first.len() < 2 {
        return false;
    }
    let share = candidate.shape.consistency();
    if share >= STEADY_SHARE {
        return true;
    }
    let is_named = header::looks_like_names(first) && first.len() == width;
    share >= if is_named { NAMED_SHARE } else { RAGGED_SHARE } && !is_prose(candidate)
}

/// Whether a weak delimiter makes a table: every record alike but for remarks above, and most columns (of two: both) of a
/// type.
fn divides_for_sure(candidate: &Candidate, hints: &Hints) -> bool {
    let Shape { first_record, width, matching, total } = candidate.shape;
    let is_remark = |record: TrialRecord<'_>| record.get(0).is_some_and(|field| field.starts_with(b"#"));
    let are_remarks = candidate.trial.iter().take(first_record).all(is_remark);
    if width < 2 || total < 2 || matching < total || !are_remarks || is_prose(candidate) {
        return false;
    }
    let data = candidate.trial.iter().skip(first_record + 1);
    let typed = header::column_summaries(data, hints).iter().filter(|s| header::is_typed(s)).count();
    let is_passwd_like = candidate.dialect.delimiter == Some(Delimiter::byte(b':')) && width >= 4 && typed > 0;
    is_passwd_like || if width == 2 { typed == 2 } else { typed * 2 >= width }
}

/// Whether a space follows the delimiter wherever it stands, as in sentences.
fn is_prose(candidate: &Candidate) -> bool {
    table(candidate).all(|record| record.iter().skip(1).all(|field| field.starts_with(b" ")))
}

fn table(candidate: &Candidate) -> impl Iterator<Item = TrialRecord<'_>> {
    candidate.trial.iter().skip(candidate.shape.first_record).take(FIELDS_OF_RECORDS)
}

/// The best of the quotes and escapes that are worth trying with a delimiter.
fn best_quoting(text: &[u8], complete: bool, hints: &Hints, delimiter: Option<Delimiter>) -> Candidate {
    let is_in_delimiter = |byte: u8| delimiter.is_some_and(|delimiter| delimiter.as_bytes().contains(&byte));
    let escapes = match hints.escape {
        Some(escape) => vec![escape],
        None if hints.quote != Some(None) && !is_in_delimiter(b'\\') && has_escaped_quote(text) => {
            vec![None, Some(b'\\')]
        }
        None => vec![None],
    };
    let mut best: Option<Candidate> = None;
    for escape in escapes {
        let quotes = match hints.quote {
            Some(quote) => vec![quote],
            None if !is_in_delimiter(b'\'') && is_single_quoted(text, complete, delimiter, escape) => {
                vec![Some(b'"'), Some(b'\'')]
            }
            None => vec![Some(b'"')],
        };
        for quote in quotes {
            let dialect =
                Dialect { delimiter, quote, escape, comment: hints.comment.flatten(), quoting: hints.quoting };
            let candidate = evaluate(text, complete, hints, dialect);
            // Strictly better: what doubled quotes explain needs no escape.
            if best.as_ref().is_none_or(|best| candidate.score > best.score) {
                best = Some(candidate);
            }
        }
    }
    best.expect("there is a quote and an escape to try, if none at all")
}

fn evaluate(text: &[u8], complete: bool, hints: &Hints, dialect: Dialect) -> Candidate {
    let mut trial = trial_of(text, complete, &dialect, CANDIDATE_RECORDS_MAX);
    let further = split_off(&mut trial, text, hints);
    let shape = shape_of(&trial, text, hints);
    let mut candidate = Candidate { dialect, trial, shape, further, confidence: 1.0, score: 0.0 };
    let quotes = quote_evidence(text, complete, &dialect);
    let violations = quotes.violations as f64 / candidate.trial.len().max(1) as f64;
    candidate.confidence = shape.consistency();
    let single_quoted = if dialect.quote == Some(b'\'') && quotes.quoted_fields > 1 { SINGLE_QUOTED } else { 0.0 };
    candidate.score = score(&candidate, hints) + single_quoted - 100.0 * violations.min(1.0);
    candidate
}

/// Points: 100 for a steady number of fields, 10 for fields that no other delimiter would divide, 5 for types, up to 10
/// for the number of columns; up to 10 less where a space follows the delimiter, as in sentences.
fn score(candidate: &Candidate, hints: &Hints) -> f64 {
    let delimiter = candidate.dialect.delimiter_byte();
    let (mut fields, mut atoms) = (0usize, 0usize);
    for field in table(candidate).flat_map(|record| record.iter()).filter(|field| !field.is_empty()) {
        fields += 1;
        atoms += usize::from(is_atom(field, delimiter));
    }
    let share = |part: usize, all: usize| if all == 0 { 0.0 } else { part as f64 / all as f64 };
    let (mut rest, mut blanks) = (0usize, 0usize);
    for field in table(candidate).flat_map(|record| record.iter().skip(1)) {
        rest += 1;
        blanks += usize::from(field.starts_with(b" "));
    }
    let width = candidate.shape.width;
    100.0 * candidate.shape.consistency()
        + 10.0 * share(atoms, fields)
        + 5.0 * share(typed_columns(candidate, hints), width)
        + 0.5 * width.min(20) as f64
        - 10.0 * share(blanks, rest)
}

/// Whether no other strong delimiter stands in a field, or only as a comma in a number, whatever is around it (`$1,234`).
fn is_atom(field: &[u8], delimiter: Option<u8>) -> bool {
    let divides = |byte: u8| delimiter != Some(byte) && STRONG.iter().any(|&(strong, _)| strong == byte);
    let is_digit = |at: Option<usize>| at.and_then(|at| field.get(at)).is_some_and(u8::is_ascii_digit);
    let in_number = |at: usize| field[at] == b',' && is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1));
    (0..field.len()).all(|at| !divides(field[at]) || in_number(at))
}

/// A number with a decimal comma, its comma made a point.
fn with_point(field: &[u8], delimiter: Option<Delimiter>) -> Option<Vec<u8>> {
    let comma = field.iter().position(|&byte| byte == b',').filter(|_| delimiter != Some(Delimiter::COMMA))?;
    let mut field = field.to_vec();
    field[comma] = b'.';
    Number::read(&field).is_some().then_some(field)
}

/// How many columns have a type after the first record, decimal commas taken for points.
fn typed_columns(candidate: &Candidate, hints: &Hints) -> usize {
    let delimiter = candidate.dialect.delimiter;
    let mut summaries = vec![crate::Summary::default(); candidate.shape.width];
    for record in table(candidate).skip(1) {
        for (summary, field) in summaries.iter_mut().zip(record.iter()) {
            match with_point(field, delimiter) {
                Some(number) => summary.observe(&number, false, &hints.nulls),
                None => summary.observe(field, false, &hints.nulls),
            }
        }
    }
    summaries.iter().filter(|summary| header::is_typed(summary)).count()
}
