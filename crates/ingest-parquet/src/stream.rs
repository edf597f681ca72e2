//! A Parquet file into anything that takes bytes, for columns whose types are settled.

use std::io::Write;

use ingest_columnar::arrow::datatypes::SchemaRef;

use crate::body::Body;
use crate::encode::EncodedGroup;
use crate::error::ParquetError;
use crate::file::FileReport;

/// Writes a Parquet file from front to back into `W`, e.g. standard output. What was written stays written: nothing is
/// atomic here, and no type can be widened afterwards.
pub struct StreamWriter<W: Write + Send> {
    body: Body<W>,
    schema: SchemaRef,
}

impl<W: Write + Send> StreamWriter<W> {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// `out` takes no bytes.
    pub fn new(out: W, schema: SchemaRef) -> Result<Self, ParquetError> {
        Ok(StreamWriter { body: Body::new(out)?, schema })
    }

    /// Writes a row group behind the others; its bytes leave memory.
    ///
    /// # Errors
    /// `out` takes no more bytes, or the group's columns differ in length.
    pub fn append(&mut self, group: EncodedGroup) -> Result<(), ParquetError> {
        self.body.append(group)
    }

    /// Bytes written so far: all but the footer.
    pub fn bytes(&self) -> u64 {
        self.body.bytes()
    }

    /// Writes the footer and gives `out` back, flushed.
    ///
    /// # Errors
    /// A group had other columns than the schema, or `out` takes no more bytes.
    pub fn finish(self) -> Result<(W, FileReport), ParquetError> {
        let row_groups = self.body.groups().len();
        let (mut out, bytes) = self.body.finish(&self.schema).map_err(|(error, _)| error)?;
        out.flush()?;
        Ok((out, FileReport { bytes, row_groups }))
    }
}
