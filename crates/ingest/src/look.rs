//! Looking at a source without reading it whole: `head` and `sniff`.

use std::sync::Arc;

use ingest_columnar::Frame;
use ingest_columnar::arrow::datatypes::{Field, Fields};
use ingest_infer::DataType;
use ingest_source::{Compression, Source};

use crate::csv;
use crate::error::{Code, Error, Result};
use crate::options::{Infer, Options};
use crate::plan::{Input, Kind, json_start, kind_of, made_by_others, open_table, sniff_source};
use crate::reader::Reader;
use crate::report::{Head, SniffReport};
use crate::schema::texts_of_schema;
use crate::session::Session;
use crate::sources::Sources;

/// Bytes looked at first for `head`; more only where records are long.
const HEAD_BYTES: usize = 1 << 20;

impl Reader {
    /// The first rows as the text that stands there: of the first source, and of those behind it while there are too few. Reads
    /// no more than it needs, also of compressed sources; the types are those of these rows alone.
    ///
    /// # Errors
    /// As [`Reader::collect`].
    pub fn head(self, rows: usize) -> Result<Head> {
        let Reader { sources, options } = self;
        let sources = opened(sources, &options)?;
        let kind = kind_of(&options, &sources[..1])?;
        let rows = options.limit.map_or(rows as u64, |limit| limit.min(rows as u64));
        let (is_table, is_json) = (kind == Kind::Table, kind == Kind::Json);
        // Where rows are left out, nobody knows how far off the first of these are.
        if is_table || options.filter.is_some() || options.only_rejects.is_some() || options.offset > 0 {
            let provisional = !is_table && options.filter.is_none();
            let options = Options { limit: Some(rows), rejects: None, ..options };
            let (_, frame) = Session::of_sources(sources, options)?.attempt(Session::frame_alone)?;
            return Ok(Head { provisional, ..head_of_table(&frame)? });
        }
        let mut starts = Starts::of(sources)?;
        loop {
            let typed = match starts.rows(Options { limit: Some(rows), ..options.clone() }) {
                Err(error) if starts.may_cut_short(&error) => {
                    starts.look_further()?;
                    continue;
                }
                // An empty source has no columns; others may have more.
                Err(error) if error.code() == Code::NotFound && starts.is_whole() => match starts.look_further()? {
                    true => continue,
                    false => return Err(error),
                },
                other => other?,
            };
            if (typed.frame.num_rows() as u64) < rows && starts.look_further()? {
                continue;
            }
            let text = starts.rows(Options { limit: Some(typed.records()), ..as_text(options) })?;
            return head_of(&typed, &text, is_json);
        }
    }

    /// What the first source looks like, and why.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn sniff(self) -> Result<SniffReport> {
        let Reader { sources, options } = self;
        let source = opened(sources, &options)?.swap_remove(0);
        let encoding = source.encoding().name();
        let compression = Some(source.compression()).filter(|&stored| stored != Compression::None);
        let compression = compression.map(|stored| stored.name().to_owned());
        if kind_of(&options, std::slice::from_ref(&source))? == Kind::Table {
            let input = open_table(source, &options)?;
            return Ok(SniffReport { encoding, compression, ..sniffed_table(&input) });
        }
        if let Some(start) = json_start(&options, &source)? {
            let (keys, format, reason) = start.description(&options);
            let newline = Some(start.newline().to_string());
            return Ok(SniffReport { encoding, compression, newline, ..undelimited(format, keys, reason) });
        }
        let sniffed = sniff_source(&options, &source)?;
        Ok(SniffReport {
            format: "csv".to_owned(),
            delimiter: sniffed.dialect.delimiter.map(|delimiter| delimiter.to_string()),
            quote: sniffed.dialect.quote.map(char::from),
            escape: sniffed.dialect.escape.map(char::from),
            comment: sniffed.dialect.comment.map(char::from),
            header: sniffed.header,
            header_rows: sniffed.header_rows,
            encoding,
            compression,
            newline: Some(sniffed.newline.to_string()),
            skip: sniffed.skip_lines,
            columns: sniffed.columns,
            confidence: sniffed.confidence,
            reasons: sniffed.reasons,
        })
    }
}

/// What there is to tell of a table: nothing of it is guessed.
fn sniffed_table(input: &Input) -> SniffReport {
    let table = input.table.as_ref().expect("it was opened as one");
    let reason = format!("the first bytes are those of {}", table.format.name());
    undelimited(table.format.label(), names_of(table.schema.fields()), &reason)
}

/// What there is to tell of a source that is no delimited text, but for how it is stored.
fn undelimited(format: &str, columns: Vec<String>, reason: &str) -> SniffReport {
    SniffReport {
        format: format.to_owned(),
        delimiter: None,
        quote: None,
        escape: None,
        comment: None,
        header: false,
        header_rows: 0,
        encoding: String::new(),
        compression: None,
        newline: None,
        skip: 0,
        columns,
        confidence: 1.0,
        reasons: vec![reason.to_owned()],
    }
}

/// The sources, at least one.
fn opened(sources: Sources, options: &Options) -> Result<Vec<Source>> {
    let opened = sources.open(options)?;
    if opened.is_empty() {
        return Err(Error::new(Code::NotFound, "no source was named"));
    }
    Ok(opened)
}

/// The starts of the first sources. All but the last one are whole.
struct Starts {
    sources: Vec<Source>,
    starts: Vec<Start>,
    /// Bytes of the last source that are looked at.
    wanted: usize,
}

impl Starts {
    /// The start of the first.
    fn of(sources: Vec<Source>) -> Result<Starts> {
        let mut starts = Starts { sources, starts: Vec::new(), wanted: HEAD_BYTES };
        starts.look_further()?;
        Ok(starts)
    }

    /// Looks at more: of the last source, or at as many more as there are. False where there is no more.
    fn look_further(&mut self) -> Result<bool> {
        if let Some(last) = self.starts.pop_if(|start| !start.complete || start.failure.is_some()) {
            if let Some(failure) = last.failure {
                return Err(failure);
            }
            self.wanted *= 4;
            self.starts.push(Start::of(&self.sources[self.starts.len()], self.wanted)?);
            return Ok(true);
        }
        let before = self.starts.len();
        for source in self.sources.iter().skip(before).take(before.max(1)) {
            self.wanted = HEAD_BYTES;
            self.starts.push(Start::of(source, self.wanted)?);
            if !self.is_whole() {
                break;
            }
        }
        Ok(self.starts.len() > before)
    }

    fn is_whole(&self) -> bool {
        self.starts.last().is_none_or(|start| start.complete)
    }

    /// Whether an error may come from a record that the look cuts short, which is no fault of the file's.
    fn may_cut_short(&self, error: &Error) -> bool {
        let last = || self.sources[self.starts.len() - 1].name();
        !self.is_whole() && self.wanted < 1 << 30 && error.position().is_some_and(|place| place.source == last())
    }

    fn rows(&self, options: Options) -> Result<Rows> {
        let others = made_by_others(&options, &self.sources, &self.sources[..self.starts.len()])?;
        let options = Options { rejects: None, ..options.for_decoded_text().without_columns(&others) };
        let texts = self.sources.iter().zip(&self.starts).map(|(source, start)| (source.name(), start.text.clone()));
        let reader = Reader { sources: texts.collect(), options };
        let (session, (frame, rejected)) = reader.collect_with_rejected()?;
        let made = session.plan.made_of_result().into_iter().map(|(position, _)| position).collect();
        Ok(Rows { frame, rejected, made })
    }
}

/// The start of a source, in whole lines.
struct Start {
    text: Vec<u8>,
    /// That is all of it.
    complete: bool,
    /// Why there is no more, where the source breaks off.
    failure: Option<Error>,
}

impl Start {
    fn of(source: &Source, wanted: usize) -> Result<Start> {
        let mut text = source.peek(wanted)?;
        let complete = text.len() < wanted;
        let failure = if complete { failure_of(source) } else { None };
        if !complete || failure.is_some() {
            let last = |mark: u8| text.iter().rposition(|&byte| byte == mark);
            // Without any LF, lines may end in CR.
            let end = last(b'\n').or_else(|| last(b'\r')).map_or(text.len(), |at| at + 1);
            text.truncate(end);
        }
        Ok(Start { text, complete, failure })
    }
}

/// What a stream that broke off says when it is read to its end.
fn failure_of(source: &Source) -> Option<Error> {
    if source.is_seekable() {
        return None;
    }
    let mut block = Default::default();
    loop {
        match source.next_block(&mut block, HEAD_BYTES, 0) {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => return Some(error.into()),
        }
    }
}

/// Some rows, and the numbers of the records among them that were set aside, from 1 over all sources.
struct Rows {
    frame: Frame,
    rejected: Vec<u64>,
    /// Which of the columns no source holds.
    made: Vec<usize>,
}

impl Rows {
    /// Numbers of all records that were read.
    fn records(&self) -> u64 {
        (self.frame.num_rows() + self.rejected.len()) as u64
    }

    /// The record that each row is.
    fn numbers(&self) -> impl Iterator<Item = u64> {
        (1..=self.records()).filter(|record| self.rejected.binary_search(record).is_err())
    }
}

/// The same with every column read as text: values that do not fit their types are then no faults.
fn as_text(options: Options) -> Options {
    let texts = |types: Vec<(String, DataType)>| types.into_iter().map(|(name, _)| (name, DataType::Utf8)).collect();
    Options { infer: Infer::None, types: texts(options.types), schema: options.schema.map(texts_of_schema), ..options }
}

/// The rows of a table as text.
fn head_of_table(frame: &Frame) -> Result<Head> {
    let fields = frame.schema().fields();
    let mut rows: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(fields.len()); frame.num_rows()];
    add_columns(&mut rows, frame)?;
    Ok(Head { names: names_of(fields), types: types_of(fields), provisional: false, rows })
}

/// Adds the text of the columns of a frame.
fn add_columns(rows: &mut [Vec<Option<String>>], frame: &Frame) -> Result<()> {
    let mut before = 0;
    for batch in frame.batches() {
        for column in batch.columns() {
            let text = |text: Vec<u8>| String::from_utf8_lossy(&text).into_owned();
            let texts = csv::texts(column)?.into_iter().map(|cell| cell.map(text));
            rows[before..].iter_mut().zip(texts).for_each(|(row, text)| row.push(text));
        }
        before += batch.num_rows();
    }
    Ok(())
}

fn names_of(fields: &Fields) -> Vec<String> {
    fields.iter().map(|field| field.name().clone()).collect()
}

fn types_of(fields: &Fields) -> Vec<String> {
    fields.iter().map(|field| ingest_columnar::type_name(field.data_type())).collect()
}

/// Shows some columns as they are in the frame: those that are made, and of JSON those of text. There, strings beside objects are text
/// in their quotes; no number and no null reads as text otherwise.
fn show_as_typed(rows: &mut [Vec<Option<String>>], typed: &Rows, is_json: bool) -> Result<()> {
    let is_text = |field: &Arc<Field>| is_json && field.data_type().is_string();
    let mut as_typed: Vec<bool> = typed.frame.schema().fields().iter().map(is_text).collect();
    typed.made.iter().for_each(|&column| as_typed[column] = true);
    if as_typed.contains(&true) {
        let mut shown: Vec<Vec<Option<String>>> = vec![Vec::new(); rows.len()];
        add_columns(&mut shown, &typed.frame)?;
        for (row, shown) in rows.iter_mut().zip(shown) {
            let cells = row.iter_mut().zip(shown).zip(&as_typed).filter(|(_, as_typed)| **as_typed);
            cells.for_each(|((cell, shown), _)| *cell = shown);
        }
    }
    Ok(())
}

/// The text of the rows that both looks have.
fn head_of(typed: &Rows, text: &Rows, is_json: bool) -> Result<Head> {
    let fields = typed.frame.schema().fields();
    let kept: Vec<bool> = text.numbers().map(|record| typed.rejected.binary_search(&record).is_err()).collect();
    let mut kept = kept.into_iter();
    let mut rows = vec![Vec::new(); text.frame.num_rows()];
    add_columns(&mut rows, &text.frame)?;
    rows.retain(|_| kept.next() == Some(true));
    rows.truncate(typed.frame.num_rows());
    show_as_typed(&mut rows, typed, is_json)?;
    Ok(Head { names: names_of(fields), types: types_of(fields), provisional: true, rows })
}
