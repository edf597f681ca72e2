//! What is wrong with a record, from the moment a worker meets it to the message or the rejects table.

use std::fmt::Write;

use ingest_columnar::OnError;
use ingest_infer::DataType;
use ingest_parse::json::{DEPTH_MAX, JsonFault};
use ingest_parse::{Cells, Dialect, FaultKind, LineCounter, Ragged, read_records};
use ingest_source::Encoding;

use crate::error::{Code, Error, Position};
use crate::plan::Plan;
use crate::report::Reject;

/// Something wrong with one record. Offsets are relative to the region that a worker reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flaw {
    /// Number of the record in the region.
    pub record: usize,
    /// Offset of the record, and after its last byte.
    pub start: usize,
    pub end: usize,
    pub kind: FlawKind,
    /// What is wrong with other values of the record.
    pub also: Vec<FlawKind>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FlawKind {
    /// The record's structure; offsets in it are relative to the region.
    Structure(FaultKind),
    /// A value that its column's type cannot hold. `column` counts the file's columns.
    Value { column: usize, start: usize, end: usize, data_type: DataType },
    /// A null in a column that holds none. Where the source has nothing at all for it, the record is to blame.
    Null { column: usize, start: usize, end: usize },
    /// What the source's path says is no value of this type, or without one, a null in a column that holds none. `column` counts on
    /// behind the file's columns.
    Made { column: usize, text: Option<String>, data_type: Option<DataType> },
    /// A byte that is not UTF-8.
    Utf8 { at: usize },
    /// A field longer than the limit.
    TooLong { start: usize },
}

impl FlawKind {
    /// A field beyond the limit, with its offset counted from `base` bytes earlier; the other kinds are located as they are.
    pub(crate) fn moved(self, base: usize) -> FlawKind {
        match self {
            FlawKind::TooLong { start } => FlawKind::TooLong { start: start + base },
            other => other,
        }
    }

    /// The column of the value that is wrong, if one is; the file's columns are counted.
    pub(crate) fn column_of_value(&self) -> Option<usize> {
        match self {
            FlawKind::Value { column, .. } | FlawKind::Null { column, .. } | FlawKind::Made { column, .. } => {
                Some(*column)
            }
            _ => None,
        }
    }

    /// Where the value that is wrong lies in the region, if one is.
    fn place_of_value(&self) -> Option<(usize, usize)> {
        match *self {
            FlawKind::Value { start, end, .. } | FlawKind::Null { start, end, .. } => Some((start, end)),
            // It lies in none.
            FlawKind::Made { .. } => Some((0, 0)),
            _ => None,
        }
    }

    /// What is wrong with a value, as a sentence without its column. `text`: the value's.
    fn reason_of_value(&self, text: &str) -> Option<String> {
        match self {
            FlawKind::Value { data_type, .. } => Some(format!("cannot read {:?} as {data_type}", shortened(text, 60))),
            FlawKind::Made { text, data_type: Some(data_type), .. } => {
                let text = shortened(text.as_deref().unwrap_or_default(), 60);
                Some(format!("cannot read {text:?}, as the source's path says, as {data_type}"))
            }
            FlawKind::Made { .. } => {
                Some("the source's path says no value, and the schema says that the column has no nulls".to_owned())
            }
            FlawKind::Null { start, end, .. } if start == end => {
                Some("a value is missing, and the schema says that the column has no nulls".to_owned())
            }
            FlawKind::Null { .. } => {
                Some(format!("{:?} is null, and the schema says that the column has no nulls", shortened(text, 60)))
            }
            _ => None,
        }
    }
}

/// A flaw with all that its message needs, independent of the region's bytes.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub kind: FlawKind,
    /// Number of the record in its region, from 0.
    pub record: usize,
    pub line: u64,
    /// Offset of the record in the source.
    pub record_offset: u64,
    pub record_length: u64,
    /// Offset of the culprit in the source.
    pub byte_offset: u64,
    /// The record's text.
    pub text: String,
    /// Where the culprit lies in `text`, in bytes of it.
    pub culprit: (usize, usize),
    /// Of bytes that are no text, some around them, as they stand.
    pub bytes: Vec<u8>,
    /// What is wrong with other values of the record.
    pub also: Vec<Misfit>,
}

/// What is wrong with one value.
#[derive(Clone, Debug)]
pub(crate) struct Misfit {
    /// The file's columns are counted.
    pub column: usize,
    pub reason: String,
}

/// So many values of a record are told one by one: a row of garbage in a wide table has thousands.
const TOLD_VALUES_MAX: usize = 100;

/// Bytes on either side of what is no text that tell what it may be.
const BYTES_AROUND: usize = 2048;

/// The most text of a record that a message or the rejects table shows, bytes. A record may be a gigabyte.
pub(crate) const RECORD_TEXT_BYTES_MAX: usize = 1 << 20;

impl Flaw {
    /// One that says all that is wrong with its record, `start..end` of the region.
    pub(crate) fn new(record: usize, (start, end): (usize, usize), kind: FlawKind) -> Flaw {
        Flaw { record, start, end, kind, also: Vec::new() }
    }

    /// Joins what is wrong with the values of one record: it is one flaw. `flaws` are sorted by their records.
    pub(crate) fn join(flaws: &mut Vec<Flaw>) {
        let is_of_value = |flaw: &Flaw| flaw.kind.column_of_value().is_some();
        flaws.dedup_by(|flaw, last| {
            let joins = flaw.record == last.record && is_of_value(flaw) && is_of_value(last);
            last.also.extend(joins.then(|| flaw.kind.clone()));
            joins
        });
    }

    /// The part of the region that is to blame.
    pub(crate) fn culprit(&self) -> (usize, usize) {
        match self.kind {
            FlawKind::Structure(FaultKind::TooFew { .. } | FaultKind::TooMany { .. }) => (self.start, self.end),
            FlawKind::Structure(
                FaultKind::TextAfterQuote { at }
                | FaultKind::StrayQuote { at }
                | FaultKind::UnclosedQuote { at }
                | FaultKind::SwallowingQuote { at, .. },
            ) => (at as usize, at as usize + 1),
            FlawKind::Structure(FaultKind::Json { at, .. }) => (at as usize, (at as usize + 1).min(self.end)),
            FlawKind::Value { start, end, .. } | FlawKind::Null { start, end, .. } => (start, end),
            FlawKind::Made { .. } => (self.start, self.start),
            FlawKind::Utf8 { at } => (at, at + 1),
            FlawKind::TooLong { start } => (start, start + 1),
        }
    }

    /// Takes what the message needs out of the region. `offset`: where the region begins in the source.
    pub(crate) fn locate(self, region: &[u8], offset: u64, lines: &mut LineCounter<'_>) -> Located {
        let (from, to) = self.culprit();
        let shown = self.end.min(self.start + RECORD_TEXT_BYTES_MAX);
        let (from_shown, to_shown) = (from.clamp(self.start, shown), to.clamp(self.start, shown));
        // The culprit begins with a character, or with a byte that is in none; where it ends one may go on.
        let rest = region[to_shown..shown].iter().take(3);
        let to_shown = to_shown + rest.take_while(|&&byte| byte & 0xc0 == 0x80).count();
        let misfit = |kind: &FlawKind| {
            let (column, (from, to)) = (kind.column_of_value()?, kind.place_of_value()?);
            let reason = kind.reason_of_value(&String::from_utf8_lossy(&region[from..to]))?;
            Some(Misfit { column, reason })
        };
        let also = self.also.iter().filter_map(misfit).collect();
        let before = String::from_utf8_lossy(&region[self.start..from_shown]).into_owned();
        let culprit = String::from_utf8_lossy(&region[from_shown..to_shown]).into_owned();
        let after = String::from_utf8_lossy(&region[to_shown..shown]);
        let bytes = match self.kind {
            FlawKind::Utf8 { at } => {
                let around = at.saturating_sub(BYTES_AROUND).max(self.start)..(at + BYTES_AROUND).min(self.end);
                region[around].to_vec()
            }
            _ => Vec::new(),
        };
        Located {
            record: self.record,
            line: lines.line_of(self.start),
            record_offset: offset + self.start as u64,
            record_length: (self.end - self.start) as u64,
            byte_offset: offset + from as u64,
            culprit: (before.len(), before.len() + culprit.len()),
            text: before + &culprit + &after,
            kind: self.kind,
            bytes,
            also,
        }
    }
}

impl Located {
    fn code(&self) -> Code {
        match &self.kind {
            FlawKind::Structure(FaultKind::TooFew { .. } | FaultKind::TooMany { .. }) => Code::Ragged,
            FlawKind::Structure(FaultKind::TextAfterQuote { .. }) => Code::TextAfterQuote,
            FlawKind::Structure(FaultKind::StrayQuote { .. }) => Code::StrayQuote,
            FlawKind::Structure(FaultKind::UnclosedQuote { .. } | FaultKind::SwallowingQuote { .. }) => {
                Code::UnclosedQuote
            }
            FlawKind::Structure(FaultKind::Json { .. }) => Code::BadJson,
            FlawKind::Value { .. } | FlawKind::Made { data_type: Some(_), .. } => Code::BadValue,
            FlawKind::Null { .. } | FlawKind::Made { .. } => Code::UnexpectedNull,
            FlawKind::Utf8 { .. } => Code::InvalidUtf8,
            FlawKind::TooLong { .. } => Code::FieldTooLong,
        }
    }

    /// The reason as a sentence, without its place: that of the first value, then those of others.
    fn reason(&self, plan: &Plan, source: &str) -> String {
        let mut reason = self.reason_of_first(plan, source);
        for Misfit { column, reason: other } in self.also.iter().take(TOLD_VALUES_MAX) {
            let place = plan.place_in(source, *column).filter(|_| *column < plan.columns.len());
            let label = place.map(|place| column_label(plan, source, place));
            let label = label.unwrap_or_else(|| format!("column {} ({})", column + 1, plan.name_of(*column)));
            let _ = write!(reason, "; {label}: {other}");
        }
        match self.also.len().saturating_sub(TOLD_VALUES_MAX) {
            0 => reason,
            more => format!("{reason}; and {more} more columns"),
        }
    }

    fn reason_of_first(&self, plan: &Plan, source: &str) -> String {
        let culprit = &self.text[self.culprit.0..self.culprit.1];
        match &self.kind {
            FlawKind::Structure(FaultKind::TooFew { found }) => {
                let first = column_label(plan, source, *found as usize);
                format!("{}: {first} is the first without one", lengths(*found, plan, source))
            }
            FlawKind::Structure(FaultKind::TooMany { found }) => {
                let last = plan.columns_in(source).saturating_sub(1);
                format!("{}: {} is the last", lengths(*found, plan, source), column_label(plan, source, last))
            }
            FlawKind::Structure(FaultKind::TextAfterQuote { .. }) => "text follows a closing quote".to_owned(),
            FlawKind::Structure(FaultKind::StrayQuote { .. }) => "a quote opens within an unquoted field".to_owned(),
            FlawKind::Structure(FaultKind::UnclosedQuote { .. } | FaultKind::SwallowingQuote { .. }) => {
                "a quote opens here and never closes".to_owned()
            }
            FlawKind::Structure(FaultKind::Json { fault, .. }) => json_reason(*fault),
            FlawKind::Value { .. } | FlawKind::Null { .. } | FlawKind::Made { .. } => {
                self.kind.reason_of_value(culprit).unwrap_or_default()
            }
            FlawKind::Utf8 { .. } => {
                let encoding = plan.encodings.get(source).copied().unwrap_or(Encoding::UTF_8);
                format!("these bytes are not {}", encoding_label(encoding))
            }
            FlawKind::TooLong { .. } => format!("a field is longer than {}", size_label(plan.max_field_bytes)),
        }
    }

    fn hint(&self) -> &'static str {
        match &self.kind {
            FlawKind::Structure(FaultKind::TooFew { found: 1 }) => {
                "a line of one field may be a footer or a remark: --ragged reject sets such records aside; --ragged pad fills missing fields with nulls"
            }
            FlawKind::Structure(FaultKind::TooFew { .. } | FaultKind::TooMany { .. }) => {
                "--ragged pad fills missing fields with nulls, --ragged truncate drops surplus ones too, --ragged reject sets such records aside"
            }
            FlawKind::Structure(FaultKind::UnclosedQuote { .. } | FaultKind::SwallowingQuote { .. }) => {
                "--quoting lenient takes such a quote as text, --quoting none all quotes; --on-error reject sets the record aside"
            }
            FlawKind::Structure(FaultKind::Json { fault, .. }) if fault.is_final() => {
                "records cannot be told apart behind it; if this is no JSON, --input-format csv reads it as delimited text"
            }
            FlawKind::Structure(FaultKind::Json { .. }) => {
                "--on-error reject sets such records aside, --on-error null keeps them as rows without values"
            }
            FlawKind::Structure(_) => {
                "--quoting lenient takes misplaced quotes as text; --on-error reject sets such records aside"
            }
            FlawKind::Null { .. } | FlawKind::Made { data_type: None, .. } => {
                "\"nullable\": true in the schema lets the column hold nulls; --on-error reject sets such records aside; --null-values says which words are null"
            }
            FlawKind::Value { .. } | FlawKind::Made { .. } => {
                "give the column another type (--type NAME=utf8), or --on-error null or reject"
            }
            FlawKind::Utf8 { .. } => {
                "if the file is in another encoding, name it with --encoding; --encoding-errors replace takes them, --on-error reject sets such records aside"
            }
            FlawKind::TooLong { .. } => {
                "a quote that never closes is the usual cause (--quoting lenient); --max-field-bytes allows longer fields"
            }
        }
    }

    /// The way out where this policy for bad values is in force.
    fn hint_under(&self, on_error: OnError) -> &'static str {
        match (&self.kind, on_error) {
            (FlawKind::Value { .. } | FlawKind::Made { data_type: Some(_), .. }, OnError::Null) => {
                "it cannot be null either, as the schema says that the column has no nulls: \"nullable\": true lets it; --on-error reject sets such records aside"
            }
            _ => self.hint(),
        }
    }

    /// Whether the options set such a record aside instead of failing.
    pub(crate) fn is_rejected(&self, plan: &Plan) -> bool {
        match &self.kind {
            FlawKind::TooLong { .. } => false,
            FlawKind::Structure(FaultKind::Json { fault, .. }) if fault.is_final() => false,
            FlawKind::Structure(FaultKind::TooFew { .. } | FaultKind::TooMany { .. })
                if plan.shape.ragged == Ragged::Reject =>
            {
                true
            }
            _ => plan.on_error == OnError::Reject,
        }
    }

    /// Number, from 1, and name of the column concerned; a record with the wrong number of fields concerns them all.
    fn column<'p>(&self, plan: &'p Plan, source: &str) -> Option<(usize, &'p str)> {
        let place = match self.kind {
            FlawKind::Structure(FaultKind::TooFew { .. } | FaultKind::TooMany { .. }) => return None,
            FlawKind::Value { column, .. } => plan.place_in(source, column)?,
            FlawKind::Made { column, .. } => return Some((column + 1, plan.name_of(column))),
            // The source may not have the column.
            FlawKind::Null { column, .. } => match plan.place_in(source, column) {
                Some(place) => place,
                None => return Some((column + 1, plan.name_of(column))),
            },
            _ if plan.json.is_some() => return None,
            _ => self.field_of_culprit(&plan.dialect, plan.columns_in(source))?,
        };
        plan.column_at(source, place).map(|index| (place + 1, plan.name_of(index)))
    }

    /// Which field of the record the culprit lies in, from 0; `None` where the text kept of a huge record ends before it.
    fn field_of_culprit(&self, dialect: &Dialect, columns: usize) -> Option<usize> {
        let whole = self.record_length <= RECORD_TEXT_BYTES_MAX as u64;
        if !whole && self.culprit.0 >= self.text.len() {
            return None;
        }
        let mut cells = Cells::default();
        let open = read_records(self.text.as_bytes(), whole, dialect, Some(columns), &mut cells);
        let fields = if cells.records.is_empty() { &open.fields[..] } else { cells.fields(0) };
        // A field's text ends before the delimiter behind it; the last one may still be open.
        Some(fields.partition_point(|span| span.end() <= self.culprit.0))
    }

    /// The columns whose values are wrong; the file's columns are counted.
    pub(crate) fn columns_of_values(&self) -> impl Iterator<Item = usize> {
        self.kind.column_of_value().into_iter().chain(self.also.iter().map(|misfit| misfit.column))
    }

    /// Joins what is wrong with the values of one record, as [`Flaw::join`]; of a stored table nothing else can be wrong.
    pub(crate) fn join(flaws: &mut Vec<Located>) {
        flaws.dedup_by(|flaw, last| {
            let misfit = |flaw: &Located| {
                let reason = flaw.kind.reason_of_value(&flaw.text)?;
                Some(Misfit { column: flaw.kind.column_of_value()?, reason })
            };
            let joins = flaw.record == last.record;
            last.also.extend(joins.then(|| misfit(flaw)).flatten());
            joins
        });
    }

    /// The error of a run that ends here. `record`: the record's number in its source, from 1.
    pub(crate) fn into_error(self, plan: &Plan, source: &str, record: u64) -> Error {
        let (excerpt, caret) = excerpt(&self.text, self.culprit);
        let position = Position {
            source: source.to_owned(),
            line: self.line,
            byte_offset: self.byte_offset,
            record,
            column: self.column(plan, source).map(|(number, name)| (number, name.to_owned())),
            excerpt,
            caret: Some(caret),
        };
        let error = Error::new(self.code(), self.reason(plan, source)).at(position);
        if self.bytes.is_empty() || plan.encodings.contains_key(source) {
            return error.hint(self.hint_under(plan.on_error));
        }
        error.hint(bad_text_hint(Encoding::likely(&self.bytes)))
    }

    /// The row of the rejects table.
    pub(crate) fn into_reject(self, plan: &Plan, source: &str, record: u64) -> Reject {
        Reject {
            source: source.to_owned(),
            line: self.line,
            byte_offset: self.record_offset,
            byte_length: self.record_length,
            record,
            column: self.column(plan, source).map(|(_, name)| name.to_owned()),
            code: self.code().label(),
            reason: self.reason(plan, source),
            text: self.text,
        }
    }
}

fn json_reason(fault: JsonFault) -> String {
    match fault {
        JsonFault::NoValue => "a JSON value should stand here",
        JsonFault::NoKey => "a key in double quotes should stand here",
        JsonFault::NoColon => "a colon should follow the key",
        JsonFault::NoComma => "a comma or the closing bracket should stand here",
        JsonFault::Unclosed => "the record ends before all its brackets are closed",
        JsonFault::UnclosedString => "a string opens here and never closes",
        JsonFault::ControlCharacter => "a control character stands in a string, where JSON wants an escape",
        JsonFault::BadEscape => "a backslash begins no escape of JSON's",
        JsonFault::LoneSurrogate => "this escape is half of a surrogate pair, which is no character",
        JsonFault::BadNumber => "this is no JSON number",
        JsonFault::BadWord => "JSON knows no words but true, false and null",
        JsonFault::TextAfterRecord => "text follows the record",
        JsonFault::TooDeep => return format!("objects and arrays lie more than {DEPTH_MAX} deep within each other"),
        JsonFault::BetweenRecords => "something stands here that is no record and separates none",
        JsonFault::CutShort => "the text ends before this is closed",
    }
    .to_owned()
}

/// An encoding as messages call it.
pub(crate) fn encoding_label(encoding: Encoding) -> String {
    if encoding == Encoding::UTF_8 { "UTF-8".to_owned() } else { encoding.name() }
}

/// What helps where bytes are not UTF-8, and what they look like.
pub(crate) fn bad_text_hint(likely: Encoding) -> String {
    format!(
        "the text around them looks like {likely}: --encoding {likely} reads all as that; --encoding-errors replace takes such bytes, --on-error reject sets their records aside"
    )
}

/// Characters of a column's name that a reason shows.
const NAME_CHARS_MAX: usize = 60;

fn lengths(found: u32, plan: &Plan, source: &str) -> String {
    let columns = plan.columns_in(source) as u32;
    format!("the record has {}, the table has {}", count(found, "field"), count(columns, "column"))
}

/// `column 2 (name)`
fn column_label(plan: &Plan, source: &str, place: usize) -> String {
    let name = plan.column_at(source, place).map_or("", |index| plan.name_of(index));
    format!("column {} ({})", place + 1, shortened(name, NAME_CHARS_MAX))
}

fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Sizes as the options take them: `64MiB`.
pub(crate) fn size_label(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Characters shown on either side of the culprit.
const CONTEXT_CHARS: usize = 50;

/// One line around the culprit, and where it stands there: offset and length in characters.
pub(crate) fn excerpt(text: &str, culprit: (usize, usize)) -> (String, (usize, usize)) {
    let visible = |part: &str| part.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let before = &text[..culprit.0];
    let skipped = before.chars().count().saturating_sub(CONTEXT_CHARS);
    let mut line = if skipped > 0 { "…".to_owned() } else { String::new() };
    line.extend(visible(before).chars().skip(skipped));
    let at = line.chars().count();
    line.push_str(&visible(&shortened(&text[culprit.0..culprit.1], 2 * CONTEXT_CHARS)));
    let length = line.chars().count() - at;
    line.push_str(&visible(&shortened(&text[culprit.1..], CONTEXT_CHARS)));
    (line, (at, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_one_line_around_the_culprit() {
        let text = format!("{},é\nbad,{}", "x".repeat(100), "y".repeat(100));
        let at = text.find("bad").expect("there");
        let (line, (from, length)) = excerpt(&text, (at, at + 3));
        assert_eq!(line.chars().skip(from).take(length).collect::<String>(), "bad");
        assert!(line.starts_with('…') && line.ends_with('…') && !line.contains('\n'));
    }

    #[test]
    fn sizes_are_said_as_they_are_typed() {
        assert_eq!(size_label(64 << 20), "64MiB");
        assert_eq!(size_label(1000), "1000 bytes");
    }
}
