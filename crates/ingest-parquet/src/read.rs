//! Parquet files as sources: the footer once, then row groups, each on its own, by as many threads as like.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use ingest_columnar::arrow::array::{ArrayRef, RecordBatch};
use ingest_columnar::arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::{ParquetError as Below, Result as BelowResult};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;

use crate::error::ParquetError;

/// Bytes that can be read anywhere, any number of times, by any thread.
pub trait ReadAt: Send + Sync {
    /// How many there are.
    fn size(&self) -> u64;

    /// `length` of them from `offset` on; an error where there are fewer.
    ///
    /// # Errors
    /// They cannot be read.
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>>;
}

/// An opened Parquet file.
pub struct ParquetFile {
    bytes: Bytewise,
    footer: ArrowReaderMetadata,
    rows_by_group: Vec<u64>,
}

impl ParquetFile {
    /// Reads the footer. `bytes`: the whole file.
    ///
    /// # Errors
    /// It is no Parquet file, a damaged one, or cannot be read.
    pub fn open(bytes: Arc<dyn ReadAt>) -> Result<ParquetFile, ParquetError> {
        let bytes = Bytewise(bytes);
        let footer = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new()).map_err(ParquetError::read)?;
        let rows = footer.metadata().row_groups().iter().map(RowGroupMetaData::num_rows);
        let rows: Option<Vec<u64>> = rows.map(|rows| u64::try_from(rows).ok()).collect();
        // A damaged footer may say anything: whoever adds them up is to get a number.
        let rows =
            rows.filter(|rows| rows.iter().try_fold(0_i64, |sum, &rows| sum.checked_add_unsigned(rows)).is_some());
        let impossible =
            || ParquetError::read(Below::General("the row groups have impossible numbers of rows".to_owned()));
        Ok(ParquetFile { bytes, footer, rows_by_group: rows.ok_or_else(impossible)? })
    }

    /// Its columns, of Arrow's types.
    pub fn schema(&self) -> &SchemaRef {
        self.footer.schema()
    }

    /// The rows of each row group.
    pub fn rows_by_group(&self) -> &[u64] {
        &self.rows_by_group
    }

    /// What the footer says of a column's values in each row group. `None` for columns of structs and lists, and where nothing
    /// that can be relied on is said: the order that old writers had for texts and unsigned numbers is not known.
    pub fn ranges(&self, column: usize) -> Option<ColumnRanges> {
        let (schema, leaves) = (self.footer.schema(), self.footer.parquet_schema());
        let field = schema.fields().get(column).filter(|field| !field.data_type().is_nested())?;
        let leaf = (0..leaves.num_columns()).find(|&leaf| leaves.get_column_root_idx(leaf) == column)?;
        let groups = self.footer.metadata().row_groups();
        let is_deprecated =
            |group: &RowGroupMetaData| group.column(leaf).statistics().is_some_and(Statistics::is_min_max_deprecated);
        if groups.iter().any(is_deprecated) {
            return None;
        }
        let converter = StatisticsConverter::from_column_index(leaf, field, leaves).ok()?;
        let nulls = groups.iter().map(|group| group.column(leaf).statistics()?.null_count_opt());
        Some(ColumnRanges {
            mins: converter.row_group_mins(groups).ok()?,
            maxes: converter.row_group_maxes(groups).ok()?,
            nulls: nulls.collect(),
        })
    }

    /// The rows of one group in batches of `batch_rows` (the last may have fewer), with some of the file's columns, in the
    /// file's order. Holds a page of each of them at a time.
    ///
    /// # Errors
    /// There is no such group, or the file is damaged there; each batch may say so too.
    pub fn batches(
        &self,
        group: usize,
        columns: &[usize],
        batch_rows: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, ParquetError>> + use<>, ParquetError> {
        if group >= self.footer.metadata().num_row_groups() {
            return Err(ParquetError::read(Below::General(format!("there is no row group {group}"))));
        }
        let mask = ProjectionMask::roots(self.footer.parquet_schema(), columns.iter().copied());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.footer.clone());
        let builder = builder.with_row_groups(vec![group]).with_projection(mask).with_batch_size(batch_rows);
        let batches = builder.build().map_err(ParquetError::read)?;
        Ok(batches.map(|batch| batch.map_err(|error| ParquetError::read(error.into()))))
    }
}

/// What is known of a column's values, by row group. What is not known is null or none.
pub struct ColumnRanges {
    /// No value is less; it need not be a value itself. NaN stands beside all ranges.
    pub mins: ArrayRef,
    /// No value is greater.
    pub maxes: ArrayRef,
    /// How many of the rows are null.
    pub nulls: Vec<Option<u64>>,
}

/// The bytes as the `parquet` crate wants them.
#[derive(Clone)]
struct Bytewise(Arc<dyn ReadAt>);

impl Length for Bytewise {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Bytewise {
    type T = Onward;

    fn get_read(&self, start: u64) -> BelowResult<Onward> {
        Ok(Onward { bytes: self.clone(), at: start, ahead: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> BelowResult<Bytes> {
        // Lengths come from the file: a damaged one names any.
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.size()) {
            return Err(Below::EOF(format!("the file has no {length} bytes at {start}")));
        }
        Ok(self.0.read_at(start, length)?.into())
    }
}

/// The bytes from some offset on.
struct Onward {
    bytes: Bytewise,
    at: u64,
    ahead: Bytes,
}

/// Page headers are read by this: they have some dozens of bytes, with statistics some hundreds.
const AHEAD_BYTES: u64 = 4096;

impl Read for Onward {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            let left = self.bytes.0.size().saturating_sub(self.at);
            let length = left.min(AHEAD_BYTES) as usize;
            self.ahead = self.bytes.0.read_at(self.at, length)?.into();
            self.at += length as u64;
        }
        let count = into.len().min(self.ahead.len());
        into[..count].copy_from_slice(&self.ahead.split_to(count));
        Ok(count)
    }
}
