//! The table as text: formatted by all workers, written in order.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ingest_columnar::arrow::array::RecordBatch;
use ingest_columnar::arrow::datatypes::SchemaRef;
use ingest_columnar::{ColumnType, OnError};
use ingest_parquet::{AtomicFile, Written};

use super::batch_of_chunk;
use super::resume::Resumption;
use crate::aside::Rejects;
use crate::error::{Error, Result};
use crate::journal::{Journal, Standing};
use crate::options::{Format, Infer, WriteOptions};
use crate::pipeline::{Chunk, Consumer, Run, Totals, lock};
use crate::reader::Reader;
use crate::region::Scratch;
use crate::report::Report;
use crate::session::Session;
use crate::settle::schema;
use crate::{csv, jsonl};

/// Delimited text or JSON lines to a file.
pub(super) fn text_file(reader: Reader, path: &Path, format: Format, write: &WriteOptions) -> Result<Report> {
    let session = Session::start_to_resume(to_text(reader, format))?;
    let (session, mut resumption) = Resumption::look(session, path, write)?;
    let (_, report) = session.attempt(|session| session.text_file(path, format, write, &mut resumption))?;
    Ok(resumption.told(report))
}

/// Delimited text or JSON lines to a pipe.
pub(super) fn text_stream(reader: Reader, out: impl Write + Send, format: Format) -> Result<Report> {
    let (session, kinds) = Session::start(to_text(reader, format))?.attempt(Session::settle_types)?;
    let mut rejects = session.rejects()?;
    let (_, totals) = session.text(out, format, &kinds, None, None, &mut rejects);
    session.report_as_parsed(totals?, &kinds, rejects)
}

/// To delimited text, without an option that asks for types, every field keeps its text, and one pass is enough.
fn to_text(mut reader: Reader, format: Format) -> Reader {
    let options = &mut reader.options;
    let is_json = format == Format::Jsonl;
    let typed = is_json || options.schema.is_some() || !options.types.is_empty() || options.infer != Infer::All;
    if !typed && options.null_values.is_none() && options.on_error != OnError::Null {
        options.keep_text();
    }
    reader
}

impl Session {
    fn text_file(
        &self,
        path: &Path,
        format: Format,
        write: &WriteOptions,
        resumption: &mut Resumption,
    ) -> Result<Report> {
        // What is wrong with the destination is told before the types are settled. What an earlier run has left waits until they
        // are.
        let create = || AtomicFile::create(path, write.overwrite);
        let new = if resumption.has_found() { None } else { Some(create()?) };
        let kinds = self.settle_types()?;
        let mut rejects = self.rejects()?;
        let earlier = resumption.open(|found| AtomicFile::go_on(path, write.overwrite, &found.path, found.written));
        let (file, found) = match earlier {
            Some((file, found)) => (file, Some(found)),
            None => (new.map_or_else(create, Ok)?, None),
        };
        let journal = match resumption.journal(self, file.journal(), found.as_ref(), &mut rejects) {
            Ok(journal) => journal,
            Err(error) => {
                // What the earlier run has left stays.
                file.leave()?;
                return Err(error);
            }
        };
        let journaled = journal.clone().map(|journal| Journaled { journal, written: AtomicFile::written });
        let start = found.as_ref().map(|found| &found.standing);
        let (file, totals) = self.text(file, format, &kinds, journaled, start, &mut rejects);
        let totals = match totals {
            Ok(totals) => totals,
            Err(error) => {
                return Err(resumption.failed(error, journal.as_deref(), || file.leave()));
            }
        };
        // Beyond --max-errors it is an error, and the file does not appear.
        let report = self.report_as_parsed(totals, &kinds, rejects)?;
        file.commit()?;
        Ok(report)
    }

    /// Writes the table, or what comes behind `start`; then gives back what it was written to.
    fn text<W: Write + Send>(
        &self,
        out: W,
        format: Format,
        kinds: &[ColumnType],
        journaled: Option<Journaled<W>>,
        start: Option<&Standing>,
        rejects: &mut Rejects,
    ) -> (W, Result<Totals>) {
        let schema = schema(&self.plan, kinds);
        let is_json = format == Format::Jsonl;
        let mut out = BufWriter::with_capacity(1 << 20, out);
        let header = if is_json || start.is_some() { Vec::new() } else { csv::header(&schema) };
        let begun = out.write_all(&header).map_err(unwritten);
        let out = InOrder { out, next: 0, early: BTreeMap::new() };
        let writer = TextWriter { schema, is_json, journaled, state: Mutex::default(), out: Mutex::new(out) };
        let totals = begun.and_then(|()| self.run_from(start, &writer, Some(kinds), rejects));
        let mut out = writer.out.into_inner().unwrap_or_else(PoisonError::into_inner).out;
        let totals = totals.and_then(|totals| out.flush().map_err(unwritten).map(|()| totals));
        (out.into_parts().0, totals)
    }
}

/// A journal of what is written, and how much that is.
struct Journaled<W> {
    journal: Arc<Journal>,
    written: fn(&W) -> Written,
}

#[cold]
fn unwritten(error: std::io::Error) -> Error {
    Error::from_io(Path::new("output"), error)
}

/// Takes batches in order, has workers format them, and writes them in order.
struct TextWriter<W: Write> {
    schema: SchemaRef,
    is_json: bool,
    journaled: Option<Journaled<W>>,
    state: Mutex<Waiting>,
    out: Mutex<InOrder<W>>,
}

#[derive(Default)]
struct Waiting {
    batches: VecDeque<(u64, RecordBatch)>,
    taken: u64,
    /// Batches that are taken in and not written.
    unwritten: usize,
    /// Batches that are being formatted.
    running: usize,
    /// Where the run stood behind the batch before that number.
    standings: BTreeMap<u64, Standing>,
}

/// Writes pieces in their order, whichever comes first.
struct InOrder<W: Write> {
    out: BufWriter<W>,
    next: u64,
    early: BTreeMap<u64, Vec<u8>>,
}

impl<W: Write> InOrder<W> {
    /// Writes the piece that is next, if it is there.
    fn write_next(&mut self) -> Result<bool> {
        let Some(piece) = self.early.remove(&self.next) else { return Ok(false) };
        self.out.write_all(&piece).map_err(unwritten)?;
        self.next += 1;
        Ok(true)
    }
}

impl<W: Write> TextWriter<W> {
    /// Notes in the journal how far the output has come, if the run told where it stood then.
    fn note_step(&self, out: &mut InOrder<W>) -> Result<()> {
        let Some(journaled) = &self.journaled else { return Ok(()) };
        let mut state = lock(&self.state);
        let Some(standing) = state.standings.remove(&out.next) else { return Ok(()) };
        state.standings = state.standings.split_off(&out.next);
        drop(state);
        out.out.flush().map_err(unwritten)?;
        journaled.journal.note_step((journaled.written)(out.out.get_ref()), Vec::new(), standing);
        Ok(())
    }
}

impl<W: Write + Send> Consumer for TextWriter<W> {
    fn consume(&self, run: &Run<'_>, chunk: Chunk) -> Result<()> {
        let Some(batch) = batch_of_chunk(run, &self.schema, chunk)? else { return Ok(()) };
        let mut state = lock(&self.state);
        let number = state.taken;
        state.batches.push_back((number, batch));
        state.taken += 1;
        state.unwritten += 1;
        Ok(())
    }

    fn wants_standing(&self) -> bool {
        self.journaled.as_ref().is_some_and(|journaled| journaled.journal.is_due())
    }

    fn keep_standing(&self, standing: Standing) {
        let mut state = lock(&self.state);
        let taken = state.taken;
        state.standings.insert(taken, standing);
    }

    fn end(&self, _run: &Run<'_>) -> Result<()> {
        Ok(())
    }

    fn help(&self, _run: &Run<'_>, _scratch: &mut Scratch) -> Result<bool> {
        let mut state = lock(&self.state);
        let Some((number, batch)) = state.batches.pop_front() else { return Ok(false) };
        state.running += 1;
        drop(state);
        let piece = if self.is_json { jsonl::rows(&batch)? } else { csv::rows(&batch)? };
        let mut out = lock(&self.out);
        out.early.insert(number, piece);
        let mut written = 0;
        while out.write_next()? {
            // Behind each: the next may be one too many for the disk.
            self.note_step(&mut out)?;
            written += 1;
        }
        drop(out);
        let mut state = lock(&self.state);
        state.unwritten -= written;
        state.running -= 1;
        Ok(true)
    }

    fn is_crowded(&self, run: &Run<'_>) -> bool {
        lock(&self.state).unwritten > 2 * run.threads
    }

    fn is_idle(&self) -> bool {
        let state = lock(&self.state);
        state.batches.is_empty() && state.running == 0
    }
}
