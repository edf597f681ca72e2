//! The table to a file or a pipe.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ingest_columnar::arrow::array::RecordBatch;
use ingest_columnar::arrow::datatypes::SchemaRef;
use ingest_columnar::arrow::ipc::writer::{FileWriter as ArrowFileWriter, StreamWriter as ArrowStreamWriter};
use ingest_columnar::{Counts, OnError};
use ingest_parquet::{
    AtomicFile, EncodedColumn, EncodedGroup, FileWriter, StreamWriter, WriteOptions as ParquetOptions,
};

use crate::aside::Rejects;
use crate::error::{Code, Error, Result};
use crate::groups::{GroupWriter, Grouper, encode_again};
use crate::options::{Format, Infer, WriteOptions};
use crate::pipeline::{Chunk, Consumer, Run};
use crate::plan::{Plan, unknown_column};
use crate::reader::{Reader, Session, batch_of};
use crate::report::Report;
use crate::settle::{final_kinds, schema};
use crate::{csv, jsonl};

/// The default of [`WriteOptions::row_group_bytes`]. Two groups wait while a third fills: 192 MiB of columns.
const ROW_GROUP_BYTES: u64 = 64 << 20;

pub(crate) fn to_path(reader: Reader, path: &Path, write: &WriteOptions) -> Result<Report> {
    let Some(format) = write.format.or_else(|| Format::of_path(path)) else {
        return Err(Error::new(Code::Usage, format!("{}: the name does not tell the format", path.display()))
            .hint("name it .parquet, .arrow, .csv or .jsonl, or give --format"));
    };
    let mut report = match format {
        Format::Parquet => parquet_file(reader, path, write)?,
        Format::Arrow => {
            let mut file = AtomicFile::create(path, write.overwrite)?;
            let report = arrow_file(reader, &mut file)?;
            file.commit()?;
            report
        }
        Format::Csv | Format::Jsonl => {
            let mut file = AtomicFile::create(path, write.overwrite)?;
            let report = text(reader, &mut file, format)?;
            file.commit()?;
            report
        }
    };
    report.files.insert(0, path.to_owned());
    report.bytes_out = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    Ok(report)
}

pub(crate) fn to_writer(
    reader: Reader,
    out: impl Write + Send,
    format: Format,
    write: &WriteOptions,
) -> Result<Report> {
    match format {
        Format::Parquet => parquet_stream(reader, out, write),
        Format::Arrow => arrow_stream(reader, out),
        Format::Csv | Format::Jsonl => text(reader, out, format),
    }
}

/// What the columns of a plan are written with.
///
/// # Errors
/// A Bloom filter is wanted of a column that there is not.
fn parquet_options(plan: &Plan, write: &WriteOptions) -> Result<ParquetOptions> {
    let bloom: BTreeSet<String> = write.bloom.iter().cloned().collect();
    let names: BTreeSet<&str> = plan.names().collect();
    match bloom.iter().find(|name| !names.contains(name.as_str())) {
        Some(unknown) => Err(unknown_column("--bloom", unknown, plan.names())),
        None => Ok(ParquetOptions { codec: write.codec, encoding_set: write.encoding_set, bloom }),
    }
}

fn group_bytes(session: &Session, write: &WriteOptions) -> u64 {
    let wanted = write.row_group_bytes.unwrap_or(ROW_GROUP_BYTES);
    session.options.memory_limit.map_or(wanted, |limit| wanted.min(limit / 16)).max(1)
}

impl GroupWriter for FileWriter {
    fn append(&mut self, group: EncodedGroup) -> Result<()> {
        Ok(FileWriter::append(self, group)?)
    }
}

impl<W: Write + Send> GroupWriter for StreamWriter<W> {
    fn append(&mut self, group: EncodedGroup) -> Result<()> {
        Ok(StreamWriter::append(self, group)?)
    }
}

/// One pass; columns that a late value widens are encoded again at the end.
fn parquet_file(reader: Reader, path: &Path, write: &WriteOptions) -> Result<Report> {
    let (_, report) = Session::start(reader)?.attempt(|session| session.parquet_file(path, write))?;
    Ok(report)
}

impl Session {
    fn parquet_file(&self, path: &Path, write: &WriteOptions) -> Result<Report> {
        let plan = &self.plan;
        let options = match parquet_options(plan, write) {
            // Its key may be still to come: then this pass tells so.
            Err(error) if plan.wants_new_keys() => {
                self.types_and_counts(&mut Rejects::counting())?;
                return Err(error);
            }
            other => other?,
        };
        let start = schema(plan, &final_kinds(plan, &plan.suggested));
        let writer = FileWriter::create(path, start, &options, write.overwrite)?;
        let mut rejects = self.rejects()?;
        let grouper = Grouper::new(plan, writer, group_bytes(self, write), options.clone());
        let totals = self.run(&grouper, None, &mut rejects)?;
        let (writer, places, mut counts) = grouper.into_parts();
        let kinds = final_kinds(plan, &totals.summaries);
        rejects.check(totals.rows_in, totals.errors.iter().sum())?;
        writer.finish(schema(plan, &kinds), |group, position| -> Result<Option<EncodedColumn>> {
            let (column, counts_now) =
                encode_again(plan, &self.inputs, &places[group], position, &kinds[position], &options)?;
            counts[group][position] = counts_now;
            Ok(Some(column))
        })?;
        let of_column = |column: usize| counts.iter().map(|group| group[column]).sum();
        let counts: Vec<Counts> = (0..kinds.len()).map(of_column).collect();
        self.report(totals, &kinds, &counts, rejects)
    }
}

/// Two passes: the types, then the groups.
fn parquet_stream(reader: Reader, out: impl Write + Send, write: &WriteOptions) -> Result<Report> {
    let (session, kinds) = Session::start(reader)?.attempt(Session::settle_types)?;
    let options = parquet_options(&session.plan, write)?;
    let writer = StreamWriter::new(out, schema(&session.plan, &kinds))?;
    let mut rejects = session.rejects()?;
    let grouper = Grouper::new(&session.plan, writer, group_bytes(&session, write), options);
    let totals = session.run(&grouper, Some(&kinds), &mut rejects)?;
    grouper.into_parts().0.finish()?;
    session.report_as_parsed(totals, &kinds, rejects)
}

/// Hands batches to a function, in order.
pub(crate) struct Handing<F> {
    pub schema: SchemaRef,
    pub act: Mutex<F>,
}

impl<F: FnMut(RecordBatch) -> Result<()> + Send> Consumer for Handing<F> {
    fn consume(&self, run: &Run<'_>, chunk: Chunk) -> Result<()> {
        if chunk.parsed.rows == 0 {
            return Ok(());
        }
        let arrays = chunk.parsed.columns.into_iter().map(|column| column.column.array).collect();
        let batch = batch_of(&self.schema, arrays, chunk.parsed.rows).map_err(|_| {
            let name = run.inputs[chunk.place.input].source.name();
            Error::new(Code::SourceChanged, format!("{name}: the source changed while it was read"))
        })?;
        (self.act.lock().unwrap_or_else(PoisonError::into_inner))(batch)
    }

    fn end(&self, _run: &Run<'_>) -> Result<()> {
        Ok(())
    }
}

/// Settles the types, then writes batch after batch.
fn in_batches(
    reader: Reader,
    start: impl FnOnce(&SchemaRef) -> Result<()>,
    act: impl FnMut(RecordBatch) -> Result<()> + Send,
) -> Result<Report> {
    let (session, kinds) = Session::start(reader)?.attempt(Session::settle_types)?;
    let schema = schema(&session.plan, &kinds);
    start(&schema)?;
    let mut rejects = session.rejects()?;
    let totals = session.run(&Handing { schema, act: Mutex::new(act) }, Some(&kinds), &mut rejects)?;
    session.report_as_parsed(totals, &kinds, rejects)
}

fn arrow_file(reader: Reader, out: &mut AtomicFile) -> Result<Report> {
    let (session, kinds) = Session::start(reader)?.attempt(Session::settle_types)?;
    let schema = schema(&session.plan, &kinds);
    let encode = Error::encode;
    let mut writer = ArrowFileWriter::try_new_buffered(out, &schema).map_err(encode)?;
    let mut rejects = session.rejects()?;
    let act = Mutex::new(|batch: RecordBatch| writer.write(&batch).map_err(encode));
    let totals = session.run(&Handing { schema, act }, Some(&kinds), &mut rejects)?;
    writer.finish().map_err(encode)?;
    session.report_as_parsed(totals, &kinds, rejects)
}

fn arrow_stream(reader: Reader, out: impl Write + Send) -> Result<Report> {
    let (session, kinds) = Session::start(reader)?.attempt(Session::settle_types)?;
    let schema = schema(&session.plan, &kinds);
    let encode = Error::encode;
    let mut writer = ArrowStreamWriter::try_new_buffered(out, &schema).map_err(encode)?;
    let mut rejects = session.rejects()?;
    let act = Mutex::new(|batch: RecordBatch| writer.write(&batch).map_err(encode));
    let totals = session.run(&Handing { schema, act }, Some(&kinds), &mut rejects)?;
    writer.finish().map_err(encode)?;
    session.report_as_parsed(totals, &kinds, rejects)
}

/// Delimited text or JSON lines. To delimited text, without an option that asks for types, every field keeps its text, and one
/// pass is enough.
fn text(mut reader: Reader, out: impl Write + Send, format: Format) -> Result<Report> {
    let is_json = format == Format::Jsonl;
    let options = &mut reader.options;
    let typed = is_json || options.schema.is_some() || !options.types.is_empty() || options.infer != Infer::All;
    if !typed && options.null_values.is_none() && options.on_error != OnError::Null {
        options.keep_text();
    }
    let out = Mutex::new(BufWriter::with_capacity(1 << 20, out));
    let put = |bytes: &[u8]| {
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(bytes).map_err(|error| Error::from_io(Path::new("output"), error))
    };
    let header = |schema: &SchemaRef| if is_json { Ok(()) } else { put(&csv::header(schema)) };
    let rows = |batch: RecordBatch| put(&if is_json { jsonl::rows(&batch)? } else { csv::rows(&batch)? });
    let report = in_batches(reader, header, rows)?;
    let mut out = out.into_inner().unwrap_or_else(PoisonError::into_inner);
    out.flush().map_err(|error| Error::from_io(Path::new("output"), error))?;
    Ok(report)
}
