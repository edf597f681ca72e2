//! What is between a file's first and last bytes: row groups in order, then the footer. Shared by the writer of files and
//! the writer of streams.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ingest_columnar::arrow::datatypes::{DataType, Schema};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::page_index::PageIndexBuilder;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{OnCloseRowGroup, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::{SchemaDescriptor, Type};

use crate::chunk::leaf_count;
use crate::encode::{EncodedColumn, EncodedGroup, file_schema, kind_of};
use crate::error::ParquetError;
use crate::options::created_by;

/// The bytes that a Parquet file begins and ends with.
const MAGIC: &[u8] = b"PAR1";

/// Bytes that are written at a time: the library copies chunks in pieces of a few kilobytes.
const WRITE_BYTES: usize = 1 << 17;

/// The version that the format asks every writer to name, whatever the encodings.
pub(crate) const FORMAT_VERSION: i32 = 1;

/// A file in the making.
pub(crate) struct Body<W: Write> {
    out: TrackedWrite<Shared<W>>,
    shared: Shared<W>,
    groups: Vec<Group>,
}

/// A row group that has been written, with what the footer will say of it.
pub(crate) struct Group {
    pub(crate) metadata: RowGroupMetaData,
    pub(crate) column_indexes: Vec<Option<ColumnIndexMetaData>>,
    pub(crate) offset_indexes: Vec<Option<OffsetIndexMetaData>>,
    pub(crate) kinds: Vec<DataType>,
    /// Where the chunks of each column begin among those of the group, and at last where they end.
    pub(crate) starts: Vec<usize>,
}

impl Group {
    /// [`Group::starts`] of columns of these types.
    pub(crate) fn starts(kinds: &[DataType]) -> Vec<usize> {
        let ends = kinds.iter().scan(0, |end, kind| {
            *end += leaf_count(kind);
            Some(*end)
        });
        std::iter::once(0).chain(ends).collect()
    }

    /// The chunks of a column.
    fn chunks(&self, column: usize) -> Range<usize> {
        self.starts[column]..self.starts[column + 1]
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.metadata.num_rows() as u64
    }

    /// Whether a column has the type that the schema gives it.
    pub(crate) fn fits(&self, schema: &Schema, column: usize) -> bool {
        self.kinds.get(column) == Some(&kind_of(schema.field(column).data_type()))
    }

    /// Whether every value of a column is null.
    pub(crate) fn is_null(&self, column: usize) -> bool {
        let is_null = |chunk: usize| {
            let chunk = self.metadata.column(chunk);
            chunk.statistics().and_then(Statistics::null_count_opt) == Some(chunk.num_values() as u64)
        };
        self.chunks(column).all(is_null)
    }

    /// What is known of a written chunk, in the form that lets it be copied; its Bloom filter is in the file alone.
    fn written(&self, file: &File, chunk: usize) -> Result<ColumnCloseResult, ParquetError> {
        let metadata = self.metadata.column(chunk).clone();
        Ok(ColumnCloseResult {
            bytes_written: metadata.compressed_size() as u64,
            rows_written: self.rows(),
            bloom_filter: Sbbf::read_from_column_chunk(&metadata, file)?,
            metadata,
            column_index: self.column_indexes[chunk].clone(),
            offset_index: self.offset_indexes[chunk].clone(),
        })
    }

    /// Whether names, count and types of the columns are the schema's.
    fn check(&self, schema: &Schema) -> Result<(), ParquetError> {
        let columns = self.kinds.len();
        let name = |column: usize| self.metadata.column(self.starts[column]).column_path().parts().first();
        let same = columns == schema.fields().len()
            && (0..columns)
                .all(|column| name(column) == Some(schema.field(column).name()) && self.fits(schema, column));
        if same { Ok(()) } else { Err(ParquetError::encode("a row group has other columns than the file")) }
    }
}

/// One column on its way into a group.
pub(crate) enum Source<'a> {
    /// Just encoded.
    Encoded(Box<EncodedColumn>),
    /// In a file, as part of a group there.
    Kept(&'a File, &'a Group, usize),
}

impl Source<'_> {
    fn append_to<W: Write + Send>(self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<(), ParquetError> {
        match self {
            Source::Encoded(column) => {
                column.chunks.into_iter().try_for_each(|(pages, close)| group.append_column(&pages, close))?;
            }
            Source::Kept(file, from, column) => {
                for chunk in from.chunks(column) {
                    group.append_column(file, from.written(file, chunk)?)?;
                }
            }
        }
        Ok(())
    }
}

impl<W: Write + Send> Body<W> {
    /// Begins a file.
    pub(crate) fn new(out: W) -> Result<Self, ParquetError> {
        let mut body = Body::over(out, 0, Vec::new());
        body.out.write_all(MAGIC)?;
        Ok(body)
    }

    /// Goes on with a file that has so many bytes, and these groups among them.
    pub(crate) fn go_on(out: W, bytes: u64, groups: Vec<Group>) -> Result<Self, ParquetError> {
        let mut body = Body::over(out, bytes, groups);
        // The library counts what it writes from 0, and places are what it counts: it is shown what is there.
        let nothing = vec![0; WRITE_BYTES];
        let mut left = bytes;
        while left > 0 {
            let len = left.min(WRITE_BYTES as u64);
            body.out.write_all(&nothing[..len as usize])?;
            left -= len;
        }
        body.out.flush()?;
        Ok(body)
    }

    fn over(out: W, there: u64, groups: Vec<Group>) -> Self {
        let out = BufWriter::with_capacity(WRITE_BYTES, out);
        let shared = Shared(Arc::new(Mutex::new(Arrived { out, there, bytes: 0, failure: None, held: None })));
        Body { out: TrackedWrite::new(shared.clone()), shared, groups }
    }

    /// Sees to it that all that was written has arrived, and looks at what it was written to.
    pub(crate) fn arrived<T>(&mut self, look: impl FnOnce(&W) -> T) -> Result<T, ParquetError> {
        self.out.flush()?;
        Ok(look(self.shared.lock().out.get_ref()))
    }

    /// Writes a group behind the others.
    pub(crate) fn append(&mut self, group: EncodedGroup) -> Result<(), ParquetError> {
        let fields = group.columns.iter().map(|column| column.described.clone()).collect();
        let root = Type::group_type_builder("schema").with_fields(fields).build()?;
        let kinds = group.columns.iter().map(|column| column.kind.clone()).collect();
        let sources = group.columns.into_iter().map(|column| Ok::<_, ParquetError>(Source::Encoded(Box::new(column))));
        self.append_sources(SchemaDescriptor::new(Arc::new(root)), kinds, sources)
    }

    /// Writes a group of chunks from anywhere; each is asked for when its turn comes, so that one is held at a time.
    pub(crate) fn append_sources<'a, E: From<ParquetError>>(
        &mut self,
        schema: SchemaDescriptor,
        kinds: Vec<DataType>,
        sources: impl Iterator<Item = Result<Source<'a>, E>>,
    ) -> Result<(), E> {
        let ordinal =
            i32::try_from(self.groups.len()).map_err(|_| ParquetError::encode("more than 2^31 row groups"))?;
        let groups = &mut self.groups;
        let starts = Group::starts(&kinds);
        let on_close: OnCloseRowGroup<'_, _> =
            Box::new(move |out, mut metadata, filters, column_indexes, offset_indexes| {
                write_filters(out, &mut metadata, &filters)?;
                groups.push(Group { metadata, column_indexes, offset_indexes, kinds, starts });
                Ok(())
            });
        let properties = Arc::new(WriterProperties::default());
        let mut group =
            SerializedRowGroupWriter::new(Arc::new(schema), properties, &mut self.out, ordinal, Some(on_close));
        for source in sources {
            source?.append_to(&mut group)?;
        }
        group.close().map_err(ParquetError::from)?;
        Ok(())
    }

    /// How many bytes were written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.shared.lock().bytes
    }

    /// The groups written so far.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Writes the footer, and gives back what was written to, with the number of bytes in it.
    ///
    /// # Errors
    /// A group has other columns than the schema, or the bytes did not arrive.
    pub(crate) fn finish(self, schema: &Schema) -> Result<(W, u64), (ParquetError, W)> {
        let Body { out, shared, groups } = self;
        match write_footer(out, &shared, groups, schema) {
            Ok(()) => shared.into_inner(),
            Err(error) => Err((error, shared.abandon())),
        }
    }

    /// What was written to, whatever has become of it.
    pub(crate) fn abandon(self) -> W {
        drop(self.out);
        self.shared.abandon()
    }

    /// Ends without a footer: what was written to, and the groups in it.
    pub(crate) fn into_parts(self) -> Result<(W, Vec<Group>), (ParquetError, W)> {
        drop(self.out);
        Ok((self.shared.into_inner()?.0, self.groups))
    }
}

fn write_footer<W: Write>(
    out: TrackedWrite<Shared<W>>,
    shared: &Shared<W>,
    groups: Vec<Group>,
    schema: &Schema,
) -> Result<(), ParquetError> {
    groups.iter().try_for_each(|group| group.check(schema))?;
    let metadata = file_metadata(groups, schema)?;
    let chunks = metadata.file_metadata().schema_descr().num_columns();
    out.inner().hold();
    ParquetMetaDataWriter::new_with_tracked(out, &metadata).finish()?;
    Ok(shared.release(chunks)?)
}

/// Writes the Bloom filters of a group behind its pages, so that none is held until the footer, and says where they are.
fn write_filters<W: Write>(
    out: &mut TrackedWrite<W>,
    metadata: &mut RowGroupMetaData,
    filters: &[Option<Sbbf>],
) -> parquet::errors::Result<()> {
    for (chunk, filter) in metadata.columns_mut().iter_mut().zip(filters) {
        let Some(filter) = filter else { continue };
        let start = out.bytes_written();
        filter.write(&mut *out)?;
        let length = out.bytes_written() - start;
        let builder = chunk.clone().into_builder().set_bloom_filter_offset(Some(start as i64));
        *chunk = builder.set_bloom_filter_length(Some(length as i32)).build()?;
    }
    Ok(())
}

fn file_metadata(groups: Vec<Group>, schema: &Schema) -> Result<ParquetMetaData, ParquetError> {
    let descriptor = Arc::new(file_schema(schema)?);
    let mut index = PageIndexBuilder::new(groups.len(), descriptor.num_columns());
    let mut row_groups = Vec::with_capacity(groups.len());
    for (number, group) in groups.into_iter().enumerate() {
        for (column, page_bounds) in group.column_indexes.into_iter().enumerate() {
            page_bounds.into_iter().for_each(|page_bounds| index.put_column_index(page_bounds, number, column));
        }
        for (column, places) in group.offset_indexes.into_iter().enumerate() {
            places.into_iter().for_each(|places| index.put_offset_index(places, number, column));
        }
        row_groups.push(group.metadata);
    }
    let rows = row_groups.iter().map(RowGroupMetaData::num_rows).sum();
    let file = FileMetaData::new(FORMAT_VERSION, rows, Some(created_by()), None, descriptor, None);
    let builder = ParquetMetaDataBuilder::new(file).set_row_groups(row_groups);
    Ok(builder.set_page_index(Some(Arc::new(index.build()))).build())
}

/// Says of float columns that their statistics follow the type's own order.
///
/// The library names the newer IEEE 754 total order, which readers in wide use do not know: they then ignore the statistics.
/// Without NaN, and with zeros of both signs as readers must expect them, both orders agree on what is written here. In
/// Thrift's compact form the list of orders ends the footer: a union of three bytes a column, its field's number in the
/// upper half of the first, then the footer's own stop byte; behind it come the length and the magic bytes.
fn name_known_orders(held: &mut [u8], columns: usize) {
    const TOTAL_ORDER: [u8; 3] = [0x2c, 0, 0];
    const TYPE_ORDER: [u8; 3] = [0x1c, 0, 0];
    let Some(end) = held.len().checked_sub(4 + MAGIC.len() + 1) else { return };
    let Some(start) = end.checked_sub(3 * columns) else { return };
    for order in held[start..end].as_chunks_mut::<3>().0 {
        if *order == TOTAL_ORDER {
            *order = TYPE_ORDER;
        }
    }
}

/// A handle on what is written to. The library's footer writer keeps the handle it is given, and when that is dropped it
/// writes out its buffer and swallows the error; this handle remembers the error, and outlives it.
struct Shared<W: Write>(Arc<Mutex<Arrived<W>>>);

struct Arrived<W: Write> {
    out: BufWriter<W>,
    /// Bytes that are there already: the first that come are these.
    there: u64,
    bytes: u64,
    failure: Option<io::Error>,
    /// What is held back until the footer is whole.
    held: Option<Vec<u8>>,
}

impl<W: Write> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<W: Write> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, Arrived<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds back what is written from now on.
    fn hold(&self) {
        self.lock().held = Some(Vec::new());
    }

    /// Writes what was held back: the page indexes and the footer of a file of so many columns of values.
    fn release(&self, columns: usize) -> io::Result<()> {
        let mut held = self.lock().held.take().unwrap_or_default();
        name_known_orders(&mut held, columns);
        self.clone().write_all(&held)
    }

    /// What was written to, and how many bytes arrived there, once all other handles are gone.
    fn into_inner(self) -> Result<(W, u64), (ParquetError, W)> {
        let mut arrived = self.last();
        match arrived.failure.take().map_or_else(|| arrived.out.flush(), Err) {
            Ok(()) => Ok((arrived.out.into_parts().0, arrived.bytes)),
            Err(failure) => Err((failure.into(), arrived.out.into_parts().0)),
        }
    }

    /// What was written to, once all other handles are gone; what has not arrived there is lost.
    fn abandon(self) -> W {
        self.last().out.into_parts().0
    }

    fn last(self) -> Arrived<W> {
        let arrived = Arc::into_inner(self.0).expect("the other handle was dropped with its writer");
        arrived.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut arrived = self.lock();
        if let Some(held) = &mut arrived.held {
            held.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        if arrived.bytes < arrived.there {
            let count = bytes.len().min(usize::try_from(arrived.there - arrived.bytes).unwrap_or(usize::MAX));
            arrived.bytes += count as u64;
            return Ok(count);
        }
        match arrived.out.write_all(bytes) {
            Ok(()) => {
                arrived.bytes += bytes.len() as u64;
                Ok(bytes.len())
            }
            Err(error) => {
                let told = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
                arrived.failure.get_or_insert(error);
                Err(told)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().out.flush()
    }
}

#[cfg(test)]
mod tests {
    use ingest_columnar::arrow::datatypes::Field;

    use super::*;

    /// Takes a number of bytes, then no more.
    struct Narrow(usize);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_footer_that_does_not_arrive_is_an_error() {
        let schema = Schema::new(vec![Field::new("a", DataType::Utf8, true)]);
        let whole = Body::new(Narrow(1000)).unwrap().finish(&schema).map_err(|(error, _)| error).unwrap().1 as usize;
        for room in 0..whole {
            let result = Body::new(Narrow(room)).and_then(|body| body.finish(&schema).map_err(|(error, _)| error));
            assert_eq!(result.err().map(|error| error.kind()), Some(crate::ParquetErrorKind::Full), "{room}");
        }
        assert!(Body::new(Narrow(whole)).unwrap().finish(&schema).is_ok());
    }
}
