//! Only the records that a table of rejects names, each read by itself and told where it really is.
//!
//! The records of a source are handed on as a text of their own, one after the other, each with a line end behind it. A record is
//! compared with what the table shows of it: where the source has changed, its places mean nothing any more.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use ingest_columnar::arrow::array::{Array, AsArray, RecordBatch};
use ingest_columnar::arrow::datatypes::Int64Type;
use ingest_infer::DataType;
use ingest_parse::json::Framing;
use ingest_parse::{Cells, Delimiter, Dialect, read_pieces};
use ingest_source::{Block, Compression, Encoding, Source, SourceOptions};

use crate::error::{Code, Error, Result};
use crate::flaw::{Located, RECORD_TEXT_BYTES_MAX};
use crate::options::{InputFormat, Options};
use crate::plan::{Input, are_tables};
use crate::reader::read;

/// The records of one source that are read, in its order.
pub(crate) struct Listed(Vec<Record>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    /// Where it is in the source.
    offset: u64,
    length: u64,
    line: u64,
    number: u64,
    /// Of what the table shows of its text.
    hash: u64,
    /// Where it is among the listed ones.
    at: u64,
}

impl Record {
    /// Where the next one is among the listed ones: a line end is between them.
    fn end(&self) -> u64 {
        self.at.saturating_add(self.length).saturating_add(1)
    }
}

impl Listed {
    /// The offsets in a text, which begins at `offset` of the listed records, after each record that lies in it as a whole.
    pub(crate) fn ends(&self, offset: u64, bytes: usize) -> impl Iterator<Item = usize> {
        let first = self.0.partition_point(|record| record.end() <= offset);
        let end = offset + bytes as u64;
        self.0[first..].iter().map(Record::end).take_while(move |&at| at <= end).map(move |at| (at - offset) as usize)
    }

    /// The records of a text that begins at `offset` of the listed ones, each read by itself. `columns`: how many fields they
    /// should have.
    pub(crate) fn cells(&self, text: &[u8], offset: u64, dialect: &Dialect, columns: usize) -> Cells {
        let mut cells = Cells::default();
        read_pieces(text, self.ends(offset, text.len()), dialect, Some(columns), &mut cells);
        cells
    }

    /// A flaw that was met among the listed records, where it is in the source, and the number of its record there.
    pub(crate) fn placed(&self, flaw: Located) -> (Located, u64) {
        let after = self.0.partition_point(|record| record.at <= flaw.record_offset);
        let record = self.0[after.saturating_sub(1)];
        let moved = |offset: u64| record.offset + offset.saturating_sub(record.at);
        let (record_offset, byte_offset) = (moved(flaw.record_offset), moved(flaw.byte_offset));
        (Located { line: record.line, record_offset, byte_offset, ..flaw }, record.number)
    }
}

/// Leaves of the inputs the records that a table of rejects names.
///
/// # Errors
/// The file is no such table, or it names sources that are not read; the inputs are tables, whose records have no places.
pub(crate) fn keep_listed(inputs: &mut Vec<Input>, table: &Path, options: &Options) -> Result<()> {
    if are_tables(inputs) {
        let message = "--only-rejects reads text; the records of a stored table have no places in a file";
        return Err(Error::new(Code::Usage, message).hint("--where picks rows of a table"));
    }
    let by_source = listed_in(table, options)?;
    let is_read = |name: &&String| inputs.iter().any(|input| input.source.name() == *name);
    if let Some(name) = by_source.keys().filter(|name| !is_read(name)).min() {
        let message = format!("--only-rejects: {} names records of {name}, which is not read", table.display());
        return Err(
            Error::new(Code::Usage, message).hint("name all sources as they were named when they were rejected")
        );
    }
    let mut kept = Vec::new();
    for input in inputs.drain(..) {
        let Some(mut records) = by_source.get(input.source.name()).cloned() else { continue };
        records.sort_unstable();
        records.dedup_by_key(|record| record.offset);
        let mut at = 0;
        for record in &mut records {
            record.at = at;
            at = record.end();
        }
        kept.push(of_listed(input, Arc::new(Listed(records)), table));
    }
    *inputs = kept;
    Ok(())
}

/// The records that a table names, by source.
fn listed_in(table: &Path, options: &Options) -> Result<HashMap<String, Vec<Record>>> {
    const NUMBERS: [&str; 4] = ["byte_offset", "byte_length", "line", "record"];
    let kinds = NUMBERS.map(|name| (name.to_owned(), DataType::Int64)).into_iter();
    let texts = ["source", "text"].map(|name| (name.to_owned(), DataType::Utf8));
    let is_csv = table.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let reading = Options {
        input_format: is_csv.then_some(InputFormat::Csv),
        delimiter: is_csv.then_some(Some(Delimiter::COMMA)),
        quote: is_csv.then_some(Some(b'"')),
        escape: is_csv.then_some(None),
        comment: is_csv.then_some(None),
        header: is_csv.then_some(true),
        skip: is_csv.then_some(0),
        types: kinds.chain(texts).collect(),
        columns: Some(NUMBERS.into_iter().chain(["source", "text"]).map(str::to_owned).collect()),
        memory_limit: options.memory_limit,
        temp_dir: options.temp_dir.clone(),
        cancel: options.cancel.clone(),
        ..Options::default()
    };
    let names = read(table)?.options(reading.clone()).sniff()?.columns;
    if let Some((missing, _)) = reading.types.iter().find(|(name, _)| !names.contains(name)) {
        let message = format!("--only-rejects {}: the table has no column {missing:?}", table.display());
        return Err(Error::new(Code::Usage, message).hint("it takes a table that --rejects has written"));
    }
    let mut by_source: HashMap<String, Vec<Record>> = HashMap::new();
    for batch in read(table)?.options(reading).batches()? {
        add(&mut by_source, &batch?).ok_or_else(|| placeless(table))?;
    }
    Ok(by_source)
}

/// Adds the records of a batch; `None` where one has no place.
fn add(by_source: &mut HashMap<String, Vec<Record>>, batch: &RecordBatch) -> Option<()> {
    if batch.columns().iter().take(5).any(|column| column.null_count() > 0) {
        return None;
    }
    let numbers = [0, 1, 2, 3].map(|column| batch.column(column).as_primitive::<Int64Type>());
    let [sources, texts] = [4, 5].map(|column| batch.column(column).as_string::<i32>());
    for row in 0..batch.num_rows() {
        let [offset, length, line, number] = numbers.map(|column| u64::try_from(column.value(row)).ok());
        // An empty text is read as none.
        let text = if texts.is_valid(row) { texts.value(row) } else { "" };
        let record = Record { offset: offset?, length: length?, line: line?, number: number?, hash: hash(text), at: 0 };
        match by_source.get_mut(sources.value(row)) {
            Some(records) => records.push(record),
            None => drop(by_source.insert(sources.value(row).to_owned(), vec![record])),
        }
    }
    Some(())
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cold]
fn placeless(table: &Path) -> Error {
    let message = format!("--only-rejects: {} holds records without a place in a text", table.display());
    Error::new(Code::Usage, message).hint("records of stored tables cannot be read by themselves; --where picks rows")
}

/// The same input with nothing but the listed records.
fn of_listed(input: Input, listed: Arc<Listed>, table: &Path) -> Input {
    let name = input.source.name().to_owned();
    let reader = Picked {
        source: input.source,
        listed: Arc::clone(&listed),
        table: table.display().to_string(),
        next: 0,
        within: 0,
        block: Block::new(),
        block_offset: 0,
        ready: Vec::new(),
        given: 0,
    };
    let as_is = SourceOptions {
        compression: Some(Compression::None),
        encoding: Some(Encoding::UTF_8),
        ..SourceOptions::default()
    };
    Input {
        source: Arc::new(Source::from_reader(&name, Box::new(reader), &as_is)),
        data_offset: 0,
        data_lines: 0,
        // An element may stand on several lines.
        framing: input.framing.map(|framing| if framing == Framing::Lines { framing } else { Framing::Values }),
        listed: Some(listed),
        ..input
    }
}

/// Bytes of a record that are read at a time; as many as a table of rejects shows of its text.
const PIECE_BYTES: u64 = RECORD_TEXT_BYTES_MAX as u64;

/// The listed records of a source, each with a line end.
struct Picked {
    source: Arc<Source>,
    listed: Arc<Listed>,
    table: String,
    /// The record that is read, and what was read of it.
    next: usize,
    within: u64,
    /// Of a source that passes once, what is in hand.
    block: Block,
    block_offset: u64,
    /// What waits to be given.
    ready: Vec<u8>,
    given: usize,
}

impl Picked {
    /// Reads the next piece; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.ready.clear();
        self.given = 0;
        let Some(&record) = self.listed.0.get(self.next) else { return Ok(false) };
        let count = (record.length - self.within).min(PIECE_BYTES);
        self.take(record.offset + self.within, count as usize).map_err(io::Error::other)?;
        let is_same = self.ready.len() as u64 == count
            && (self.within > 0 || hash(&String::from_utf8_lossy(&self.ready)) == record.hash);
        if !is_same {
            return Err(io::Error::other(self.changed(&record)));
        }
        self.within += count;
        if self.within == record.length {
            self.ready.push(b'\n');
            (self.next, self.within) = (self.next + 1, 0);
        }
        Ok(true)
    }

    /// Takes bytes of the source: as many as it has of those.
    fn take(&mut self, offset: u64, count: usize) -> std::result::Result<(), ingest_source::SourceError> {
        if self.source.is_seekable() {
            self.source.read_at(offset, &mut self.block, count)?;
            self.ready.extend_from_slice(self.block.bytes());
            return Ok(());
        }
        while self.ready.len() < count {
            // A table that somebody has changed may name places that have passed.
            let Some(from) = (offset + self.ready.len() as u64).checked_sub(self.block_offset) else { break };
            if let Some(rest) = self.block.bytes().get(from as usize..).filter(|rest| !rest.is_empty()) {
                self.ready.extend_from_slice(&rest[..rest.len().min(count - self.ready.len())]);
                continue;
            }
            let Some(info) = self.source.next_block(&mut self.block, 1 << 20, 0)? else { break };
            self.block_offset = info.offset;
        }
        Ok(())
    }

    #[cold]
    fn changed(&self, record: &Record) -> ingest_source::SourceError {
        let (line, number, table) = (record.line, record.number, &self.table);
        let message =
            format!("record {number} (line {line}) is not what {table} shows of it; the file has changed since");
        ingest_source::SourceError::changed(self.source.name(), message)
    }
}

impl Read for Picked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            if !self.advance()? {
                return Ok(0);
            }
        }
        let count = out.len().min(self.ready.len() - self.given);
        out[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
