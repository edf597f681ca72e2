//! The table to a file, a folder of files or a pipe.

mod parquet;
mod partition;
mod parts;
mod resume;
mod text;

use parquet::{group_bytes, parquet_file, parquet_options, parquet_stream};
use text::{text_file, text_stream};

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ingest_columnar::arrow::array::RecordBatch;
use ingest_columnar::arrow::datatypes::SchemaRef;
use ingest_columnar::arrow::ipc::writer::{FileWriter as ArrowFileWriter, StreamWriter as ArrowStreamWriter};
use ingest_parquet::AtomicFile;

use crate::error::{Code, Error, Result};
use crate::options::{Format, WriteOptions};
use crate::pipeline::{Chunk, Consumer, Run};
use crate::reader::Reader;
use crate::report::Report;
use crate::session::{Session, batch_of};
use crate::settle::schema;

/// What is said to who wants to resume what cannot be.
const ANEW: &str = "--resume has begun anew: it goes on with one file of Parquet, CSV or JSON lines only";

pub(crate) fn to_path(reader: Reader, path: &Path, write: &WriteOptions) -> Result<Report> {
    let format = write.format.or_else(|| Format::of_path(path));
    if write.is_folder() {
        let mut report = parts::to_folder(reader, path, format, write)?;
        report.notes.extend(write.resume.then(|| ANEW.to_owned()));
        return Ok(report);
    }
    let Some(format) = format else {
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
        Format::Csv | Format::Jsonl => text_file(reader, path, format, write)?,
    };
    if write.resume && format == Format::Arrow {
        report.notes.push(ANEW.to_owned());
    }
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
    if write.is_folder() {
        let message = "--partition-by and --max-file-bytes write several files, and a pipe is one";
        return Err(Error::new(Code::Usage, message).hint("name a folder with -o"));
    }
    if write.resume {
        return Err(Error::new(Code::Usage, "--resume: what went through a pipe cannot be gone on with")
            .hint("name a file with -o"));
    }
    match format {
        Format::Parquet => parquet_stream(reader, out, write),
        Format::Arrow => arrow_stream(reader, out),
        Format::Csv | Format::Jsonl => text_stream(reader, out, format),
    }
}

/// Hands batches to a function, in order.
pub(crate) struct Handing<F> {
    pub schema: SchemaRef,
    pub act: Mutex<F>,
}

impl<F: FnMut(RecordBatch) -> Result<()> + Send> Consumer for Handing<F> {
    fn consume(&self, run: &Run<'_>, chunk: Chunk) -> Result<()> {
        let Some(batch) = batch_of_chunk(run, &self.schema, chunk)? else { return Ok(()) };
        (self.act.lock().unwrap_or_else(PoisonError::into_inner))(batch)
    }

    fn end(&self, _run: &Run<'_>) -> Result<()> {
        Ok(())
    }
}

/// The rows of a chunk whose types were settled before; `None` where it has none.
fn batch_of_chunk(run: &Run<'_>, schema: &SchemaRef, chunk: Chunk) -> Result<Option<RecordBatch>> {
    if chunk.parsed.rows == 0 {
        return Ok(None);
    }
    let arrays = chunk.parsed.columns.into_iter().map(|column| column.column.array).collect();
    let batch = batch_of(schema, arrays, chunk.parsed.rows);
    batch.map(Some).map_err(|_| Error::source_changed(run.inputs[chunk.place.input].source.name()))
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
