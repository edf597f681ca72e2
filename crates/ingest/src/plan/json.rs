//! The plan of JSON sources: keys stand in for a header.
//!
//! The start of the first source tells the first keys. Others may come anywhere: a run tells them at its end, and begins again
//! with all of them. So columns are in the order in which their keys come, wherever that is.

use std::collections::HashMap;
use std::sync::Arc;

use ingest_columnar::{ColumnType, OnError, Quotes};
use ingest_infer::{DataType, Newline};
use ingest_parse::json::{self, BadRecords, Framed, Framing, Keys};
use ingest_parse::{Batch, Dialect, Ragged};
use ingest_simd::{Kernel, Padded, with_padding};
use ingest_source::Source;

use super::suggest::{SUGGEST_BYTES, SUGGEST_ROWS};
use super::{Input, Known, Plan, PlannedColumn, SAMPLE_BYTES};
use super::{is_left_out, refuse_options_of_text, require_values};
use crate::error::{Code, Error, Result};
use crate::filter::Filter;
use crate::options::{Infer, InputFormat, Options};

/// What the workers know of JSON sources.
pub(crate) struct JsonPlan {
    /// The column of each key.
    pub keys: Keys,
    pub bad_records: BadRecords,
    /// Whether an option names a column whose key was not met yet: the keys are all that the run is for.
    pub looks_for_keys: bool,
    /// The type of columns whose keys come after those that settled the types.
    late: Option<ColumnType>,
}

impl Plan {
    /// Whether keys that are not known yet would change the result.
    pub(crate) fn wants_new_keys(&self) -> bool {
        self.json.as_ref().is_some_and(|json| json.keys.wants_new())
    }

    /// From now on, nothing of the records matters but their number.
    pub(crate) fn count_only(&mut self) {
        self.select_nothing();
        self.shape.ragged = Ragged::Truncate;
        self.may_end = false;
        if let Some(json) = &mut self.json {
            let wanted = self.filter.iter().flat_map(|filter| &filter.columns);
            let wanted = wanted.map(|column| PlannedColumn::named(column.name.clone()));
            self.columns = wanted.collect();
            json.keys = Keys::new(self.columns.iter().map(|column| column.name.as_str()), false);
            json.looks_for_keys = false;
            self.shape.columns = self.columns.len().max(1);
            self.find_filter_columns();
        }
    }

    /// Takes in the keys that decided the types, which no later key changes; later ones are texts.
    pub(super) fn learn_all<'n>(&mut self, names: impl Iterator<Item = &'n String>, options: &Options) -> Result<()> {
        if self.json.is_some() {
            let new = names.filter(|name| !self.has_column(name)).cloned().collect();
            self.learn_some(new, options, false)?;
        }
        if let Some(json) = &mut self.json {
            json.late = Some(ColumnType::given(DataType::Utf8));
        }
        Ok(())
    }

    /// Takes in keys that a run met; then all are known.
    pub(crate) fn learn(&mut self, keys: Vec<String>, options: &Options) -> Result<()> {
        self.learn_some(keys, options, true)
    }

    /// Takes in keys; `all`: no others are to come.
    fn learn_some(&mut self, keys: Vec<String>, options: &Options, all: bool) -> Result<()> {
        let known = std::mem::take(&mut self.columns);
        let suggested = std::mem::take(&mut self.suggested);
        let late = self.json.as_ref().and_then(|json| json.late.clone());
        let names = known.iter().map(|column| column.name.clone()).chain(keys).collect();
        self.settle_columns(names, options, all)?;
        for (column, number) in self.columns.iter_mut().zip(0..) {
            let given = known.get(number).map_or(late.clone(), |known| known.given.clone());
            column.given = column.given.take().or(given);
        }
        if let Some(json) = &mut self.json {
            json.late = late;
        }
        // The columns that were there are still the first ones.
        let kept = suggested.len().min(self.selected.len());
        self.suggested[..kept].clone_from_slice(&suggested[..kept]);
        Ok(())
    }

    /// Makes columns of the keys met so far, `names`; `all`: no others are to come.
    fn settle_columns(&mut self, names: Vec<String>, options: &Options, all: bool) -> Result<()> {
        let types = options.types.iter().map(|(name, _)| name);
        let filtered = options.filter.iter().flat_map(Filter::columns);
        let named = options.columns.iter().flatten().chain(&options.drop).chain(types).chain(filtered);
        let is_made = |name: &String| self.made.iter().any(|made| made.is_of_source() && made.name == *name);
        let is_filtered = |name: &String| options.filter.as_ref().is_some_and(|filter| filter.columns().contains(name));
        // What `--drop` names may be a key all the same, which shows where all keys are looked for.
        let is_made = |name: &String| is_made(name) && (options.columns.is_none() || is_filtered(name));
        let is_known = |name: &String| names.contains(name) || is_in_schema(options, name) || is_made(name);
        let looks_for_keys = !all && !named.clone().all(is_known);
        let wants_new = options.columns.is_none() || looks_for_keys;
        self.columns = columns(options, names)?;
        self.select(options, looks_for_keys)?;
        if let Some((name, _)) = options.types.iter().find(|(name, _)| !looks_for_keys && !self.has_column(name)) {
            let names = self.columns.iter().map(|column| column.name.as_str());
            return Err(super::unknown_column("--type", name, names));
        }
        self.shape.columns = self.columns.len().max(1);
        self.json = Some(JsonPlan {
            keys: Keys::new(self.columns.iter().map(|column| column.name.as_str()), wants_new),
            bad_records: bad_records(options),
            looks_for_keys,
            late: None,
        });
        self.find_filter_columns();
        Ok(())
    }

    fn has_column(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    /// Takes suggestions from records at the start of a source.
    fn suggest_from(&mut self, start: &Start, options: &Options) {
        let Some(json) = &self.json else { return };
        let padded = start.text();
        let batch = start.records(&json.keys, options);
        self.suggest_by(padded, &batch, rows_max(options));
    }
}

/// The start of a source, if it is JSON.
pub(crate) fn json_start(options: &Options, source: &Source) -> Result<Option<Start>> {
    if first_with_text(options, std::slice::from_ref(source))?.is_none() {
        return Ok(None);
    }
    refuse_options_of_text(options, "JSON")?;
    Start::of(source).map(Some)
}

/// Bytes that show what a source is, unless they are blank.
const FIRST_BYTES: usize = 4096;

/// If the sources are JSON, the number of the first one that holds anything, or of the first. They are if the options say so,
/// or that one looks like it.
pub(super) fn first_with_text(options: &Options, sources: &[Source]) -> Result<Option<usize>> {
    if matches!(options.input_format, Some(InputFormat::Csv | InputFormat::Tsv)) {
        return Ok(None);
    }
    let given = options.input_format == Some(InputFormat::Jsonl);
    for (number, source) in sources.iter().enumerate() {
        for bytes in [FIRST_BYTES, SAMPLE_BYTES] {
            let start = source.peek(bytes)?;
            let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
            if !text.trim_ascii().is_empty() {
                return Ok((given || looks_like_json(text)).then_some(number));
            }
        }
    }
    Ok((given && !sources.is_empty()).then_some(0))
}

pub(super) fn looks_like_json(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let inner = text.get(1..).unwrap_or_default().trim_ascii_start();
    match (text.first(), inner) {
        (Some(b'{'), [b'"', ..] | [b'}', ..]) => true,
        (Some(b'['), [b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9', ..]) => true,
        (Some(b'['), _) => [&b"true"[..], b"false", b"null"].iter().any(|word| inner.starts_with(word)),
        _ => false,
    }
}

/// The plan, and where the data of each source begin.
pub(super) fn plan(options: &Options, sources: Vec<Source>, known: Known) -> Result<(Plan, Vec<Input>)> {
    refuse_options_of_text(options, "JSON")?;
    let mut first: Option<Start> = None;
    let mut inputs = Vec::with_capacity(sources.len());
    for source in sources {
        let start = Start::of(&source)?;
        let (data_offset, framing) = (start.data_offset as u64, start.framed.framing);
        if first.as_ref().is_none_or(|first| first.text().is_empty()) {
            first = Some(start);
        }
        let source = Arc::new(source);
        inputs.push(Input { framing: Some(framing), ..Input::of(source, data_offset) });
    }
    let Some(first) = first else { return Err(Error::new(Code::NotFound, "no source was named")) };
    let mut plan = Plan { quotes: Quotes::Mean, may_end: false, ..Plan::bare(options, Dialect::PLAIN_JSON, known)? };
    plan.settle_columns(first.keys(options), options, first.complete && inputs.len() == 1)?;
    plan.suggest_from(&first, options);
    Ok((plan, inputs))
}

fn bad_records(options: &Options) -> BadRecords {
    if options.on_error == OnError::Null { BadRecords::Null } else { BadRecords::Fault }
}

fn rows_max(options: &Options) -> usize {
    options.limit.map_or(SUGGEST_ROWS, |limit| SUGGEST_ROWS.min(limit as usize))
}

fn is_in_schema(options: &Options, name: &str) -> bool {
    options.schema.iter().flatten().any(|column| column.name == name)
}

/// The columns of these keys, or those of the schema, which must have them all.
fn columns(options: &Options, keys: Vec<String>) -> Result<Vec<PlannedColumn>> {
    let names = match &options.schema {
        None => keys,
        Some(schema) => {
            let unknown = |key: &&String| !is_in_schema(options, key);
            if let Some(key) = keys.iter().filter(unknown).find(|key| !is_left_out(options, key)) {
                let names: Vec<&str> = schema.iter().map(|column| column.name.as_str()).collect();
                return Err(Error::new(Code::HeaderMismatch, format!("the key {key:?} is not in the schema"))
                    .hint(format!("the schema has {}; --columns or --drop leaves other keys out", names.join(", "))));
            }
            let dropped = keys.iter().filter(unknown).filter(|key| options.drop.contains(key));
            schema.iter().map(|column| &column.name).chain(dropped).cloned().collect()
        }
    };
    let given: HashMap<&str, ColumnType> = options.given_types().collect();
    let text = (options.infer == Infer::None).then(|| ColumnType::given(DataType::Utf8));
    let type_of = |name: &str| given.get(name).or(text.as_ref()).cloned();
    let column = |name: String| PlannedColumn { given: type_of(&name), ..PlannedColumn::named(name) };
    let mut columns: Vec<PlannedColumn> = names.into_iter().map(column).collect();
    require_values(options, &mut columns);
    Ok(columns)
}

/// The start of a source: some whole records.
pub(crate) struct Start {
    /// Their text, padded on both sides.
    memory: Vec<u8>,
    framed: Framed,
    data_offset: usize,
    /// They are all that there are.
    complete: bool,
}

impl Start {
    fn of(source: &Source) -> Result<Start> {
        let bytes = source.peek(SAMPLE_BYTES)?;
        let complete = bytes.len() < SAMPLE_BYTES;
        let data_offset = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let text = &bytes[data_offset..];
        let framing = json::framing_of(text, complete);
        let framed = Framed { framing, at_start: true };
        let window = &text[..text.len().min(SUGGEST_BYTES)];
        let complete = complete && window.len() == text.len();
        let end = match framing {
            Framing::Lines if complete => window.len(),
            Framing::Lines => window.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1),
            Framing::Array | Framing::Values => json::settle(window, framed, complete).end,
        };
        let memory = with_padding(&window[..end]);
        Ok(Start { memory, framed, data_offset, complete })
    }

    fn text(&self) -> Padded<'_> {
        Padded::whole(&self.memory).expect("padded on both sides")
    }

    /// Its keys, its format by name, and what speaks for that.
    pub(crate) fn description(&self, options: &Options) -> (Vec<String>, &'static str, &'static str) {
        let keys = self.keys(options);
        match self.framed.framing {
            Framing::Lines => (keys, "jsonl", "every line begins a JSON value of its own"),
            Framing::Array => (keys, "json", "the text is one JSON array: its elements are the records"),
            Framing::Values => (keys, "json", "JSON values follow one another, not one a line"),
        }
    }

    /// Its keys, in the order in which they come.
    fn keys(&self, options: &Options) -> Vec<String> {
        let records = self.records(&Keys::new([], true), options);
        records.new_keys().iter().map(|key| key.name.clone()).collect()
    }

    /// What ends its lines.
    pub(crate) fn newline(&self) -> Newline {
        let text = self.text().bytes();
        let count = |byte| text.iter().filter(|&&other| other == byte).count();
        let pairs = text.windows(2).filter(|pair| pair == b"\r\n").count();
        match (count(b'\n') - pairs, count(b'\r') - pairs, pairs) {
            (_, 0, 0) => Newline::Lf,
            (0, 0, _) => Newline::Crlf,
            (0, _, 0) => Newline::Cr,
            _ => Newline::Mixed,
        }
    }

    /// The records that are looked at.
    fn records(&self, keys: &Keys, options: &Options) -> Batch {
        let mut batch = Batch::default();
        batch.read_json(Kernel::Portable, self.text(), usize::MAX, self.framed, keys, bad_records(options));
        batch.forget_findings_from(options.limit.map_or(usize::MAX, |limit| limit as usize));
        batch
    }
}
