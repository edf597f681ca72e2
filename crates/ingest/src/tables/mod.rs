//! Parquet files and Arrow IPC files and streams as sources: their columns come in as columns.
//!
//! The libraries decode; here is what is read when. A source is cut into chunks of so many rows, numbered as those of text are.
//! Row groups are read side by side, batches of Arrow one after the other, which hardly need decoding.

mod values;

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ingest_columnar::arrow::array::{RecordBatch, RecordBatchOptions};
use ingest_columnar::arrow::datatypes::{Schema, SchemaRef};
use ingest_columnar::arrow::error::ArrowError;
use ingest_columnar::arrow::ipc::reader::{FileReader, StreamReader};
use ingest_columnar::arrow::ipc::{self as arrow_ipc, root_as_footer};
use ingest_columnar::{own_array, own_type};
use ingest_parquet::{ColumnRanges, ParquetError, ParquetFile, ReadAt};
use ingest_source::{Block, Source};

use crate::error::{Code, Error, Result};
use crate::filter::Known;
use crate::pipeline::CHUNK_BYTES;
use crate::plan::{FilterColumn, PlannedFilter};

pub(crate) use values::{parsed, records_of_rows};

/// How a table is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableFormat {
    Parquet,
    /// An Arrow IPC file, which Feather is, too.
    Arrow,
    ArrowStream,
}

impl TableFormat {
    /// Bytes that tell.
    pub(crate) const MAGIC_BYTES: usize = 6;

    /// What a source is by its first bytes, if it is a table.
    pub(crate) fn of(bytes: &[u8]) -> Option<TableFormat> {
        match bytes {
            [b'P', b'A', b'R', b'1', ..] => Some(TableFormat::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some(TableFormat::Arrow),
            // A stream has no magic bytes: its first message begins with a mark and a length.
            [0xff, 0xff, 0xff, 0xff, ..] => Some(TableFormat::ArrowStream),
            _ => None,
        }
    }

    pub(crate) fn is_arrow(self) -> bool {
        self != TableFormat::Parquet
    }

    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            TableFormat::Parquet => "Parquet",
            TableFormat::Arrow => "Arrow IPC",
            TableFormat::ArrowStream => "an Arrow IPC stream",
        }
    }

    /// As `sniff` calls it.
    pub(crate) fn label(self) -> &'static str {
        if self.is_arrow() { "arrow" } else { "parquet" }
    }
}

/// One source that is a table.
pub(crate) struct Table {
    pub format: TableFormat,
    /// Its columns as they are stored.
    pub schema: SchemaRef,
    bytes: Arc<Bytes>,
    parquet: Option<ParquetFile>,
    next: Mutex<Next>,
}

type Batches = Box<dyn Iterator<Item = std::result::Result<RecordBatch, ArrowError>> + Send>;

/// What comes next of a table.
#[derive(Default)]
struct Next {
    chunk: u64,
    group: usize,
    /// For Arrow, the batches that are left.
    batches: Option<Batches>,
    /// For Parquet, what is known of the filter's columns, once somebody asked.
    known: Option<Vec<Option<Known>>>,
    ended: bool,
}

/// What one worker reads at a time: some chunks in a row.
pub(crate) struct Unit {
    /// The number of its first chunk.
    pub first: u64,
    pub rows: u64,
    what: What,
}

enum What {
    Group(usize),
    /// A row group that holds no wanted row.
    Passed,
    Batch(RecordBatch),
    End,
}

impl Unit {
    /// Whether it is what comes after the last row.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self.what, What::End)
    }

    /// Whether it is passed over, as one chunk.
    pub(crate) fn is_passed(&self) -> bool {
        matches!(self.what, What::Passed)
    }

    /// How many chunks of `rows` rows it is.
    pub(crate) fn chunks(&self, rows: usize) -> u64 {
        if self.is_passed() { 1 } else { self.rows.div_ceil(rows as u64) }
    }
}

/// Rows of a chunk: few enough that a wide table's fit the memory of a chunk of text, enough that their columns cost nothing.
/// Rows without columns are but a number, which a damaged file may make huge.
pub(crate) fn chunk_rows(columns: usize) -> usize {
    const VALUES: usize = 1 << 18;
    VALUES.checked_div(columns).map_or(usize::MAX, |rows| rows.clamp(1 << 10, 1 << 16))
}

impl Table {
    /// Opens a table. What passes only once is kept in the temporary folder: a Parquet file begins with its end.
    pub(crate) fn open(source: Arc<Source>, size: u64, format: TableFormat) -> Result<Table> {
        let bytes = Arc::new(Bytes { source, size });
        let name = bytes.source.name();
        let arrow = |error| of_arrow(error, name);
        let (schema, parquet) = guarded(name, || {
            Ok(match format {
                TableFormat::Parquet => {
                    let file = ParquetFile::open(Arc::clone(&bytes) as Arc<dyn ReadAt>);
                    let file = file.map_err(|error| of_parquet(error, name))?;
                    (Arc::clone(file.schema()), Some(file))
                }
                TableFormat::Arrow => {
                    check_blocks(&bytes)?;
                    (FileReader::try_new_buffered(Onward::of(&bytes), None).map_err(arrow)?.schema(), None)
                }
                TableFormat::ArrowStream => {
                    (StreamReader::try_new_buffered(Onward::of(&bytes), None).map_err(arrow)?.schema(), None)
                }
            })
        })?;
        Ok(Table { format, schema, bytes, parquet, next: Mutex::default() })
    }

    /// Its bytes, in all.
    pub(crate) fn size(&self) -> u64 {
        self.bytes.size
    }

    /// The share of its bytes that so many of its rows take, for a progress display; 0 where nobody knows how many there are.
    pub(crate) fn share(&self, rows: u64) -> u64 {
        let all: u64 = self.parquet.iter().flat_map(ParquetFile::rows_by_group).sum();
        let share = (u128::from(self.size()) * u128::from(rows)).checked_div(u128::from(all));
        // It is no more than the whole.
        share.and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
    }

    /// Begins again.
    pub(crate) fn rewind(&self) {
        *self.next() = Next::default();
    }

    fn next(&self) -> MutexGuard<'_, Next> {
        // A thread that panicked under the lock left counters that are each whole.
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a worker is to read next, in chunks of `rows` rows; `None` behind the end. `columns`: those that are wanted,
    /// ascending; `place`: which of the table's columns is one of the plan's.
    pub(crate) fn next_unit(
        &self,
        columns: &[usize],
        rows: usize,
        filter: Option<&PlannedFilter>,
        place: &dyn Fn(usize) -> Option<usize>,
    ) -> Result<Option<Unit>> {
        let mut guard = self.next();
        let next = &mut *guard;
        if next.ended {
            return Ok(None);
        }
        let (what, unit_rows) = match &self.parquet {
            Some(file) => {
                let groups = file.rows_by_group();
                next.group += groups[next.group..].iter().take_while(|&&rows| rows == 0).count();
                let group = next.group;
                next.group += 1;
                let mut is_wanted = |rows| {
                    filter.is_none_or(|filter| {
                        let known = next.known.get_or_insert_with(|| self.known(file, filter, place));
                        filter.predicate.can_hold(known, group, rows)
                    })
                };
                match groups.get(group) {
                    None => (What::End, 0),
                    Some(&rows) if is_wanted(rows) => (What::Group(group), rows),
                    Some(&rows) => (What::Passed, rows),
                }
            }
            None => match guarded(self.bytes.source.name(), || self.next_batch(next, columns)) {
                Ok(Some(batch)) => {
                    let rows = batch.num_rows() as u64;
                    (What::Batch(batch), rows)
                }
                Ok(None) => (What::End, 0),
                Err(error) => {
                    next.ended = true;
                    return Err(error);
                }
            },
        };
        let unit = Unit { first: next.chunk, rows: unit_rows, what };
        next.ended = unit.is_end();
        next.chunk += unit.chunks(rows);
        Ok(Some(unit))
    }

    /// What a Parquet file says of a filter's columns, where they are stored as the filter takes them.
    fn known(
        &self,
        file: &ParquetFile,
        filter: &PlannedFilter,
        place: &dyn Fn(usize) -> Option<usize>,
    ) -> Vec<Option<Known>> {
        let of_column = |column: &FilterColumn| {
            let ColumnRanges { mins, maxes, nulls } = file.ranges(place(column.place.in_source()?)?)?;
            let own = own_type(mins.data_type()).filter(|own| *own == column.kind.data_type)?;
            Some(Known { mins: own_array(&mins, &own).ok()?, maxes: own_array(&maxes, &own).ok()?, nulls })
        };
        let all = || filter.columns.iter().map(of_column).collect();
        let nothing = || filter.columns.iter().map(|_| None).collect();
        // Statistics are a help: where they are damaged, the rows may still be whole.
        guarded(self.bytes.source.name(), || Ok(all())).unwrap_or_else(|_| nothing())
    }

    /// The next batch that has rows.
    fn next_batch(&self, next: &mut Next, columns: &[usize]) -> Result<Option<RecordBatch>> {
        let name = self.bytes.source.name();
        if next.batches.is_none() {
            // Where no column is wanted, one is read all the same: a batch's rows are believed if a column has so many.
            let one: &[usize] = if self.schema.fields().is_empty() { &[] } else { &[0] };
            let (reader, columns) = (Onward::of(&self.bytes), if columns.is_empty() { one } else { columns });
            let columns = Some(columns.to_vec());
            let batches: std::result::Result<Batches, ArrowError> = match self.format {
                TableFormat::ArrowStream => {
                    StreamReader::try_new_buffered(reader, columns).map(|batches| Box::new(batches) as Batches)
                }
                _ => FileReader::try_new_buffered(reader, columns).map(|batches| Box::new(batches) as Batches),
            };
            next.batches = Some(batches.map_err(|error| of_arrow(error, name))?);
        }
        let mut batches = next.batches.iter_mut().flatten();
        let batch = batches.find(|batch| batch.as_ref().map_or(true, |batch| batch.num_rows() > 0));
        batch.transpose().map_err(|error| of_arrow(error, name))
    }

    /// The chunks of a unit, of `rows` rows each but for the last.
    pub(crate) fn chunks<'t>(
        &'t self,
        unit: Unit,
        columns: &[usize],
        rows: usize,
    ) -> Result<Box<dyn Iterator<Item = Result<RecordBatch>> + 't>> {
        let name = self.bytes.source.name();
        let left = (0..unit.rows).step_by(rows).map(move |at| (unit.rows - at).min(rows as u64) as usize);
        Ok(match (unit.what, &self.parquet) {
            (What::Batch(batch), _) => Box::new(
                (0..unit.rows as usize).step_by(rows).zip(left).map(move |(at, rows)| Ok(batch.slice(at, rows))),
            ),
            // Where no column is wanted, the footer has said it all.
            (What::Group(_), _) if columns.is_empty() => {
                Box::new(left.map(|rows| rows_alone(rows).map_err(Error::encode)))
            }
            (What::Group(group), Some(file)) => {
                let mut batches =
                    guarded(name, || file.batches(group, columns, rows).map_err(|error| of_parquet(error, name)))?;
                let mut batch = move |rows: usize| match batches.next() {
                    Some(Ok(batch)) if batch.num_rows() == rows => Ok(batch),
                    Some(Err(error)) => Err(of_parquet(error, name)),
                    _ => Err(damaged(name, "a row group has not as many rows as the footer says")),
                };
                Box::new(left.map(move |rows| guarded(name, || batch(rows))))
            }
            _ => Box::new(std::iter::empty()),
        })
    }
}

fn rows_alone(rows: usize) -> std::result::Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)
}

/// Keeps a source that passes only once, whole. Returns its size.
pub(crate) fn keep(source: &mut Source, folder: Option<&Path>) -> Result<u64> {
    if let Some(size) = source.stored_bytes().filter(|_| source.is_seekable()) {
        return Ok(size);
    }
    source.spool(folder)?;
    let mut block = Block::new();
    let mut size = 0;
    while let Some(info) = source.next_block(&mut block, CHUNK_BYTES, 0)? {
        size += info.len as u64;
    }
    Ok(size)
}

fn of_parquet(error: ParquetError, name: &str) -> Error {
    match error.io_error().map(io::Error::kind) {
        Some(kind) => Error::from_io(Path::new(name), io::Error::new(kind, error)),
        None => damaged(name, &error.to_string()),
    }
}

fn of_arrow(error: ArrowError, name: &str) -> Error {
    match error {
        ArrowError::IoError(_, error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Error::from_io(Path::new(name), error)
        }
        other => damaged(name, &other.to_string()),
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a decoder of Parquet or Arrow whose panic becomes an [`Error`]: a panic hook has nothing to say
/// then. The decoders are libraries written for files that are whole.
pub fn panics_are_caught() -> bool {
    GUARDED.get()
}

/// Calls a decoder. Where it panics on a damaged file, that is an error here.
fn guarded<T>(name: &str, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    let around = GUARDED.replace(true);
    // What it leaves half done is not used again: the run ends.
    let result = std::panic::catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(around);
    result.unwrap_or_else(|_| Err(damaged(name, "what it says of itself contradicts itself")))
}

fn damaged(name: &str, reason: &str) -> Error {
    Error::new(Code::CorruptSource, format!("{name}: the table cannot be read: {reason}"))
        .hint("the file is damaged or not whole: fetch or write it again")
}

/// Refuses an Arrow file whose footer names blocks that reach beyond its end: the library takes memory for them before it reads.
/// A footer that is none is for the library to refuse.
fn check_blocks(bytes: &Bytes) -> Result<()> {
    /// The footer's length, and the mark behind it.
    const TRAILER_BYTES: u64 = 10;
    let name = bytes.source.name();
    let read = |offset, length| bytes.read_at(offset, length).map_err(|error| Error::from_io(Path::new(name), error));
    let Some(footer_end) = bytes.size.checked_sub(TRAILER_BYTES) else { return Ok(()) };
    let length = read(footer_end, 4)?.first_chunk().map_or(0, |length| u64::from(u32::from_le_bytes(*length)));
    let Some(start) = footer_end.checked_sub(length) else { return Ok(()) };
    let footer = read(start, length as usize)?;
    let Ok(footer) = root_as_footer(&footer) else { return Ok(()) };
    let is_within = |block: &arrow_ipc::Block| {
        let parts = [block.offset(), block.metaDataLength().into(), block.bodyLength()].map(u64::try_from);
        let end = parts.into_iter().try_fold(0u64, |end, part| end.checked_add(part.ok()?));
        end.is_some_and(|end| end <= bytes.size)
    };
    let mut blocks = footer.recordBatches().into_iter().flatten().chain(footer.dictionaries().into_iter().flatten());
    match blocks.all(is_within) {
        true => Ok(()),
        false => Err(damaged(name, "its footer names a batch that reaches beyond its end")),
    }
}

/// A source's bytes, wherever they are asked for.
struct Bytes {
    source: Arc<Source>,
    size: u64,
}

impl ReadAt for Bytes {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut block = Block::new();
        self.source.read_at(offset, &mut block, length).map_err(io::Error::other)?;
        Ok(block.bytes().to_vec())
    }
}

/// A source's bytes from some offset on.
struct Onward {
    bytes: Arc<Bytes>,
    at: u64,
}

impl Onward {
    fn of(bytes: &Arc<Bytes>) -> Onward {
        Onward { bytes: Arc::clone(bytes), at: 0 }
    }
}

impl Read for Onward {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.size.saturating_sub(self.at);
        // What is read passes through a block: not the whole body of a message at once.
        let count = left.min(into.len().min(CHUNK_BYTES) as u64) as usize;
        into[..count].copy_from_slice(&self.bytes.read_at(self.at, count)?);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Onward {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
