//! A table as a folder of Parquet files, each up to a size, or in folders that are named by the values of columns.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ingest_columnar::arrow::array::RecordBatch;
use ingest_columnar::arrow::datatypes::SchemaRef;
use ingest_parquet::{AtomicFolder, EncodedGroup, StreamWriter, WriteOptions as ParquetOptions, encode_group};

use super::partition::Partitioner;
use super::{group_bytes, parquet_options};
use crate::error::{Code, Error, Result};
use crate::groups::{GroupWriter, Grouper};
use crate::options::{Format, WriteOptions};
use crate::reader::Reader;
use crate::report::Report;
use crate::session::Session;
use crate::settle::schema;

/// Files that are written at a time. Where rows of more folders alternate, a file is ended, and another begun later.
const OPEN_FILES_MAX: usize = 200;

/// Files that are put on disk at a time: the system writes its journal once for all of them. Each thread for it has a heap of its
/// own, which takes a megabyte or two.
const SYNCS_MAX: usize = 8;

/// What the footer says of each column of each row group, at most, but for the longest of names.
const FOOTER_BYTES: u64 = 1024;

/// Writes a folder, which appears whole or not at all. As no file of it can be taken back once it is full, the types are settled
/// by a pass of its own first.
pub(super) fn to_folder(reader: Reader, path: &Path, format: Option<Format>, write: &WriteOptions) -> Result<Report> {
    if format.is_some_and(|format| format != Format::Parquet) {
        let option = if write.partition_by.is_empty() { "--max-file-bytes" } else { "--partition-by" };
        return Err(Error::new(Code::Usage, format!("{option}: only Parquet is written in several files"))
            .hint("leave out the option, or write parquet"));
    }
    let folder = AtomicFolder::create(path, "parquet", write.overwrite)?;
    let (session, kinds) = Session::start(reader)?.attempt(Session::settle_types)?;
    let schema = schema(&session.plan, &kinds);
    let mut rejects = session.rejects()?;
    let options = parquet_options(&session.plan, write)?;
    let (totals, parts) = if write.partition_by.is_empty() {
        let parts = Parts::new(&folder, path, schema.clone(), write.max_file_bytes);
        let grouper = Grouper::new(&session.plan, parts, group_bytes(&session, write), options);
        let totals = session.run(&grouper, Some(&kinds), &mut rejects)?;
        (totals, grouper.into_parts().0)
    } else {
        let keys = super::partition::keys(&session.plan, &kinds, &write.partition_by)?;
        let others: Vec<usize> = (0..kinds.len()).filter(|position| !keys.contains(position)).collect();
        let within = Arc::new(schema.project(&others).map_err(Error::encode)?);
        let options = ParquetOptions {
            bloom: options.bloom.iter().filter(|name| within.index_of(name).is_ok()).cloned().collect(),
            ..options
        };
        let parts = Parts::new(&folder, path, within, write.max_file_bytes);
        let partitioner =
            Partitioner::new(keys, others, parts, group_bytes(&session, write), options, &session.options);
        let totals = session.run(&partitioner, Some(&kinds), &mut rejects)?;
        (totals, partitioner.into_parts())
    };
    rejects.check(totals.rows_in, totals.errors.iter().sum())?;
    let (files, bytes_out) = parts.finish(&schema)?;
    folder.commit()?;
    let mut report = session.report_as_parsed(totals, &kinds, rejects)?;
    report.files.splice(0..0, files);
    report.bytes_out = bytes_out;
    Ok(report)
}

/// Writes groups into the files of a folder.
pub(super) struct Parts {
    /// Where the folder is until it is whole, and where it will be.
    meanwhile: PathBuf,
    destination: PathBuf,
    schema: SchemaRef,
    file_bytes_max: u64,
    open: HashMap<Arc<str>, Part>,
    /// How many files each folder has.
    counts: BTreeMap<Arc<str>, usize>,
    appended: u64,
    files: Vec<PathBuf>,
    bytes: u64,
}

/// A file in the making.
struct Part {
    writer: StreamWriter<File>,
    /// Where it will be.
    path: PathBuf,
    footer_bytes: u64,
    /// The number of the last group that went into it, of all.
    last: u64,
}

impl Parts {
    fn new(folder: &AtomicFolder, destination: &Path, schema: SchemaRef, file_bytes_max: Option<u64>) -> Parts {
        Parts {
            meanwhile: folder.path().to_owned(),
            destination: destination.to_owned(),
            schema,
            file_bytes_max: file_bytes_max.unwrap_or(u64::MAX),
            open: HashMap::new(),
            counts: BTreeMap::new(),
            appended: 0,
            files: Vec::new(),
            bytes: 0,
        }
    }

    /// The name of the next file of a folder, within the whole.
    fn next_name(&mut self, folder: &Arc<str>) -> PathBuf {
        let count = self.counts.entry(folder.clone()).or_default();
        *count += 1;
        Path::new(&**folder).join(format!("part-{:05}.parquet", *count - 1))
    }

    fn begin(&mut self, folder: &Arc<str>, schema: SchemaRef) -> Result<Part> {
        let name = self.next_name(folder);
        let (path, meanwhile) = (self.destination.join(&name), self.meanwhile.join(&name));
        let above = meanwhile.parent().expect("it is within the whole");
        std::fs::create_dir_all(above).map_err(|error| self.no_folder(folder, error))?;
        let file = File::create_new(&meanwhile).map_err(|error| Error::from_io(&path, error))?;
        let writer = StreamWriter::new(file, schema).map_err(|error| error.at(&path))?;
        self.files.push(name);
        Ok(Part { writer, path, footer_bytes: 0, last: 0 })
    }

    #[cold]
    fn no_folder(&self, folder: &str, error: std::io::Error) -> Error {
        let is_name = error.kind() == std::io::ErrorKind::InvalidFilename;
        let told = Error::from_io(&self.destination.join(folder), error);
        if is_name {
            told.hint("a value of a --partition-by column is too long for the name of a folder")
        } else {
            told
        }
    }

    fn end(&mut self, folder: &Arc<str>) -> Result<()> {
        self.open.remove(folder).map_or(Ok(()), |part| self.end_file(part))
    }

    fn end_file(&mut self, part: Part) -> Result<()> {
        let (_, written) = part.writer.finish().map_err(|error| error.at(&part.path))?;
        self.bytes += written.bytes;
        Ok(())
    }

    /// Ends all files; their names and what they hold together. A table without rows is one file with all of its columns, so
    /// that these are not lost.
    fn finish(mut self, schema: &SchemaRef) -> Result<(Vec<PathBuf>, u64)> {
        let mut open: Vec<Arc<str>> = self.open.keys().cloned().collect();
        open.sort();
        open.iter().try_for_each(|folder| self.end(folder))?;
        if self.files.is_empty() {
            let mut part = self.begin(&Arc::from(""), schema.clone())?;
            let nothing = RecordBatch::new_empty(schema.clone());
            part.writer.append(encode_group(schema, &[nothing], &ParquetOptions::default())?)?;
            self.end_file(part)?;
        }
        self.files.sort();
        self.sync()?;
        Ok((self.files.iter().map(|name| self.destination.join(name)).collect(), self.bytes))
    }

    /// Puts all files, and the names of them, on disk.
    fn sync(&self) -> Result<()> {
        let folders: BTreeSet<&Path> = self.files.iter().flat_map(|name| name.ancestors().skip(1)).collect();
        let names: Vec<&Path> = self.files.iter().map(PathBuf::as_path).chain(folders).collect();
        let next = AtomicUsize::new(0);
        let work = || -> Result<()> {
            while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                let synced = File::open(self.meanwhile.join(name)).and_then(|file| file.sync_all());
                synced.map_err(|error| Error::from_io(&self.destination.join(name), error))?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (0..SYNCS_MAX.min(names.len())).map(|_| scope.spawn(work)).collect();
            others.into_iter().try_for_each(|other| other.join().expect("a worker does not panic"))
        })
    }
}

impl GroupWriter for Parts {
    fn append(&mut self, group: EncodedGroup, folder: &Arc<str>) -> Result<()> {
        let footer_bytes = self.schema.fields().len() as u64 * FOOTER_BYTES;
        let more = group.bytes() + footer_bytes;
        let is_full = |part: &Part| part.writer.bytes() + part.footer_bytes + more > self.file_bytes_max;
        if self.open.get(folder).is_some_and(is_full) {
            self.end(folder)?;
        }
        if !self.open.contains_key(folder) {
            let idle = self.open.iter().min_by_key(|(_, part)| part.last).map(|(folder, _)| folder.clone());
            if let Some(idle) = idle.filter(|_| self.open.len() == OPEN_FILES_MAX) {
                self.end(&idle)?;
            }
            let part = self.begin(folder, self.schema.clone())?;
            self.open.insert(folder.clone(), part);
        }
        let part = self.open.get_mut(folder).expect("it was just opened");
        part.writer.append(group).map_err(|error| error.at(&part.path))?;
        part.footer_bytes += footer_bytes;
        self.appended += 1;
        part.last = self.appended;
        Ok(())
    }
}
