//! Records that the options set aside: counted, shown, and written to the rejects table.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ingest_columnar::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use ingest_columnar::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use ingest_parquet::{AtomicFile, FileWriter, encode_group};

use crate::csv::write_field;
use crate::error::{Code, Error, Result};
use crate::flaw::Located;
use crate::journal::{Found, Journal};
use crate::options::MaxErrors;
use crate::pipeline::Aside;
use crate::plan::Plan;
use crate::report::{Reject, Report};

/// The rejects of one run.
pub(crate) struct Rejects {
    pub count: u64,
    pub first: Vec<Reject>,
    limit: Option<MaxErrors>,
    table: Option<Table>,
    /// Numbers of the records in all, where they were asked for.
    records: Option<Vec<u64>>,
    /// Where they are noted for a run that goes on with this one.
    journal: Option<Arc<Journal>>,
}

impl Rejects {
    /// Counts rejects, and writes them to `path` where one is given; the file appears when the run succeeds, or fails for
    /// having too many of them.
    pub(crate) fn new(path: Option<&Path>, limit: Option<MaxErrors>, overwrite: bool) -> Result<Self> {
        let table = path.map(|path| Table::create(path, overwrite)).transpose()?;
        Ok(Rejects { limit, table, ..Rejects::counting() })
    }

    /// Counts only.
    pub(crate) fn counting() -> Self {
        Rejects { count: 0, first: Vec::new(), limit: None, table: None, records: None, journal: None }
    }

    /// Counts, and lists the numbers of the records.
    pub(crate) fn listing() -> Self {
        Rejects { records: Some(Vec::new()), ..Rejects::counting() }
    }

    /// Notes in a journal what comes.
    pub(crate) fn note_in(&mut self, journal: &Arc<Journal>) {
        self.journal = Some(journal.clone());
    }

    /// Takes those of an earlier run, which this one goes on with.
    pub(crate) fn take_over(&mut self, found: &Found) -> Result<()> {
        found.each_reject(|reject| self.put(reject))?;
        self.count = found.standing.rejected;
        Ok(())
    }

    /// Shows the reject if it is among the first, and writes it to the table.
    fn put(&mut self, reject: Reject) -> Result<()> {
        if self.first.len() < Report::FIRST_REJECTS {
            self.first.push(reject.clone());
        }
        self.table.as_mut().map_or(Ok(()), |table| table.push(reject))
    }

    /// The numbers of the records, if they were to be listed.
    pub(crate) fn into_records(self) -> Vec<u64> {
        self.records.unwrap_or_default()
    }

    /// Checks the limit once all records are read: before anything appears.
    pub(crate) fn check(&mut self, rows_in: u64, nulled: u64) -> Result<()> {
        let errors = self.count + nulled;
        let beyond = match self.limit {
            Some(MaxErrors::Count(most)) => errors > most,
            Some(MaxErrors::Percent(most)) => errors as f64 * 100.0 > most * rows_in as f64,
            None => false,
        };
        if beyond { Err(self.too_many(nulled)) } else { Ok(()) }
    }

    /// Checks the limit, and makes the table appear.
    pub(crate) fn finish(mut self, rows_in: u64, nulled: u64) -> Result<Option<PathBuf>> {
        self.check(rows_in, nulled)?;
        self.table.map(Table::finish).transpose()
    }

    /// The failure beyond the limit. The table appears all the same, with the rejects so far: it was asked for to see what is
    /// wrong, and now something is.
    #[cold]
    fn too_many(&mut self, nulled: u64) -> Error {
        let path = match self.table.take().map(Table::finish).transpose() {
            Ok(path) => path,
            Err(error) => return error,
        };
        let first = self
            .first
            .first()
            .map_or_else(String::new, |reject| format!("; the first: {}: {}", reject.place(), reject.reason));
        let bad = count(self.count + nulled, "bad record or value", "bad records or values");
        let look = match path {
            Some(path) if self.count > 0 => format!("{} holds the rejects with place and reason", path.display()),
            None if self.count > 0 => "--rejects FILE writes them to a table".to_owned(),
            _ => "--on-error reject --rejects FILE writes them to a table".to_owned(),
        };
        Error::new(Code::TooManyErrors, format!("{bad}, more than --max-errors allows{first}"))
            .hint(format!("{look}; a greater --max-errors bears them"))
    }
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

impl Aside for Rejects {
    fn count(&self) -> u64 {
        self.count
    }

    fn reject(&mut self, plan: &Plan, source: &str, (record, in_all): (u64, u64), flaw: Located) -> Result<()> {
        self.count += 1;
        if let Some(records) = &mut self.records {
            records.push(in_all);
        }
        if self.first.len() < Report::FIRST_REJECTS || self.table.is_some() {
            let reject = flaw.into_reject(plan, source, record);
            if let Some(journal) = &self.journal {
                journal.note_reject(self.count - 1, &reject);
            }
            self.put(reject)?;
        }
        match self.limit {
            Some(MaxErrors::Count(most)) if self.count > most => Err(self.too_many(0)),
            _ => Ok(()),
        }
    }
}

/// The rejects table, by the extension of its file.
enum Table {
    Csv(AtomicFile, PathBuf),
    JsonLines(AtomicFile, PathBuf),
    Parquet(Box<FileWriter>, PathBuf, Vec<Reject>),
}

const COLUMNS: [&str; 9] =
    ["source", "line", "byte_offset", "byte_length", "record", "column", "code", "reason", "text"];

/// Rejects held until a row group of the Parquet table is written.
const GROUP_ROWS: usize = 10_000;

impl Table {
    fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "csv" => {
                let mut file = AtomicFile::create(path, overwrite)?;
                writeln!(file, "{}", COLUMNS.join(",")).map_err(|error| io(path, error))?;
                Ok(Table::Csv(file, path.to_owned()))
            }
            "jsonl" | "ndjson" => Ok(Table::JsonLines(AtomicFile::create(path, overwrite)?, path.to_owned())),
            "parquet" => {
                let writer = FileWriter::create(path, schema(), &Default::default(), overwrite)?;
                Ok(Table::Parquet(Box::new(writer), path.to_owned(), Vec::new()))
            }
            _ => Err(Error::new(Code::Usage, format!("--rejects {}: unknown extension", path.display()))
                .hint("the rejects table is written as .csv, .jsonl or .parquet")),
        }
    }

    fn push(&mut self, reject: Reject) -> Result<()> {
        match self {
            Table::Csv(file, path) => file.write_all(&csv_line(&reject)).map_err(|error| io(path, error)),
            Table::JsonLines(file, path) => writeln!(file, "{}", reject.to_json()).map_err(|error| io(path, error)),
            Table::Parquet(writer, _, held) => {
                held.push(reject);
                if held.len() == GROUP_ROWS {
                    append(writer, held)?;
                }
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<PathBuf> {
        match self {
            Table::Csv(file, path) | Table::JsonLines(file, path) => {
                file.commit()?;
                Ok(path)
            }
            Table::Parquet(mut writer, path, mut held) => {
                append(&mut writer, &mut held)?;
                writer.finish(schema(), |_, _| -> Result<Option<_>> { Ok(None) })?;
                Ok(path)
            }
        }
    }
}

fn io(path: &Path, error: std::io::Error) -> Error {
    Error::from_io(path, error)
}

fn schema() -> SchemaRef {
    let kind = |name: &str| match name {
        "line" | "byte_offset" | "byte_length" | "record" => DataType::Int64,
        _ => DataType::Utf8,
    };
    let field = |name: &&str| Field::new(*name, kind(name), true);
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

fn csv_line(reject: &Reject) -> Vec<u8> {
    let of_text = [reject.line, reject.byte_offset, reject.byte_length].map(|number| reject.of_text(number));
    let numbers =
        of_text.into_iter().chain([Some(reject.record)]).map(|number| number.map(|number| number.to_string()));
    let numbers: Vec<Option<String>> = numbers.collect();
    let column = reject.column.as_deref();
    let fields = [Some(reject.source.as_str())].into_iter().chain(numbers.iter().map(Option::as_deref)).chain([
        column,
        Some(&reject.code),
        Some(&reject.reason),
        Some(&reject.text),
    ]);
    let mut line = Vec::new();
    for (number, field) in fields.enumerate() {
        if number > 0 {
            line.push(b',');
        }
        write_field(field.map(str::as_bytes), &mut line);
    }
    line.push(b'\n');
    line
}

fn append(writer: &mut FileWriter, held: &mut Vec<Reject>) -> Result<()> {
    if held.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Reject) -> Option<&str>| -> ArrayRef { Arc::new(StringArray::from_iter(held.iter().map(of))) };
    let number = |of: fn(&Reject) -> Option<u64>| -> ArrayRef {
        // Lines and offsets of files are below 2^63.
        Arc::new(Int64Array::from_iter(held.iter().map(|reject| of(reject).map(u64::cast_signed))))
    };
    let columns = vec![
        text(|reject| Some(&reject.source)),
        number(|reject| reject.of_text(reject.line)),
        number(|reject| reject.of_text(reject.byte_offset)),
        number(|reject| reject.of_text(reject.byte_length)),
        number(|reject| Some(reject.record)),
        text(|reject| reject.column.as_deref()),
        text(|reject| Some(&reject.code)),
        text(|reject| Some(&reject.reason)),
        text(|reject| Some(&reject.text)),
    ];
    let batch = RecordBatch::try_new(schema(), columns).map_err(Error::encode)?;
    writer.append(encode_group(&schema(), &[batch], &Default::default())?)?;
    held.clear();
    Ok(())
}
