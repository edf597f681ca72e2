//! A Parquet file that appears whole or not at all, and whose columns may turn out wider than they began.

use std::path::Path;

use ingest_columnar::arrow::datatypes::{Schema, SchemaRef};

use crate::atomic::AtomicFile;
use crate::body::{Body, Group, Source};
use crate::encode::{EncodedColumn, EncodedGroup, encode_nulls, file_schema, kind_of};
use crate::error::ParquetError;
use crate::options::WriteOptions;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Size of the file.
    pub bytes: u64,
    /// Number of row groups in it.
    pub row_groups: usize,
}

/// Writes row groups to a file as they come; memory holds no more than what the footer will say of them.
///
/// Each group names the types it was encoded with. Early groups may have narrower types than late ones; [`finish`] is
/// told the final types and has the chunks that differ replaced. Dropped without it, nothing appears.
///
/// [`finish`]: FileWriter::finish
pub struct FileWriter {
    body: Body<AtomicFile>,
    options: WriteOptions,
    overwrite: bool,
    destination: std::path::PathBuf,
    columns: usize,
}

impl FileWriter {
    /// Begins a file that will appear at `destination`. `schema` says how many columns groups have; their types may still
    /// change. `options` are those the groups are encoded with.
    ///
    /// # Errors
    /// Those of [`AtomicFile::create`].
    pub fn create(
        destination: &Path,
        schema: SchemaRef,
        options: &WriteOptions,
        overwrite: bool,
    ) -> Result<Self, ParquetError> {
        let body = Body::new(AtomicFile::create(destination, overwrite)?).map_err(|error| error.at(destination))?;
        let (destination, columns) = (destination.to_owned(), schema.fields().len());
        Ok(FileWriter { body, options: options.clone(), overwrite, destination, columns })
    }

    /// Writes a row group behind the others; its bytes leave memory.
    ///
    /// # Errors
    /// The disk is full or fails, or the group has another number of columns, or columns of unequal length.
    pub fn append(&mut self, group: EncodedGroup) -> Result<(), ParquetError> {
        if group.columns.len() != self.columns {
            let (given, wanted) = (group.columns.len(), self.columns);
            return Err(ParquetError::encode(format!("a row group of {given} columns, {wanted} wanted")));
        }
        self.body.append(group).map_err(|error| error.at(&self.destination))
    }

    /// Writes the footer with the final types and makes the file appear, synced to disk.
    ///
    /// For every chunk whose type is not the final one, `replace(group, column)` gives the chunk as the final type;
    /// `None` says that all its values are null, as they were. The file is then written anew, beside the first attempt:
    /// chunks that keep their type are copied, one replacement is held in memory at a time. The bytes equal those of a
    /// file that had the final types from the start.
    ///
    /// # Errors
    /// `replace` fails, a replacement has the wrong type or length, or the disk is full or fails; nothing appears then.
    pub fn finish<E: From<ParquetError>>(
        self,
        final_schema: SchemaRef,
        replace: impl FnMut(usize, usize) -> Result<Option<EncodedColumn>, E>,
    ) -> Result<FileReport, E> {
        let (destination, row_groups) = (self.destination.clone(), self.body.groups().len());
        let body = if self.body.groups().iter().all(|group| fits(group, &final_schema)) {
            self.body
        } else {
            self.rewrite(&final_schema, replace)?
        };
        let (file, bytes) = body.finish(&final_schema).map_err(|error| error.at(&destination))?;
        file.commit()?;
        Ok(FileReport { bytes, row_groups })
    }

    fn rewrite<E: From<ParquetError>>(
        self,
        schema: &Schema,
        mut replace: impl FnMut(usize, usize) -> Result<Option<EncodedColumn>, E>,
    ) -> Result<Body<AtomicFile>, E> {
        let said = |error: ParquetError| error.at(&self.destination);
        let (first, groups) = self.body.into_parts().map_err(said)?;
        let second = AtomicFile::create(&self.destination, self.overwrite)?;
        let mut body = Body::new(second).map_err(said)?;
        for (number, group) in groups.iter().enumerate() {
            let chunks = (0..schema.fields().len()).map(|column| {
                if group.fits(schema, column) {
                    return Ok(Source::Kept(first.file(), group, column));
                }
                let chunk = replace(number, column)?;
                let chunk = replacement(chunk, group, schema, column, &self.options)?;
                Ok(Source::Encoded(Box::new(chunk)))
            });
            let kinds = schema.fields().iter().map(|field| kind_of(field.data_type())).collect();
            body.append_sources::<E>(file_schema(schema)?, kinds, chunks)?;
        }
        Ok(body)
    }
}

fn fits(group: &Group, schema: &Schema) -> bool {
    (0..schema.fields().len()).all(|column| group.fits(schema, column))
}

/// The chunk given for a column of a group, checked; or one of nulls where that is what the column holds.
fn replacement(
    chunk: Option<EncodedColumn>,
    group: &Group,
    schema: &Schema,
    column: usize,
    options: &WriteOptions,
) -> Result<EncodedColumn, ParquetError> {
    let field = schema.field(column);
    match chunk {
        Some(chunk) if chunk.kind == kind_of(field.data_type()) && chunk.rows() == group.rows() => Ok(chunk),
        Some(chunk) => {
            let (kind, rows) = (field.data_type(), group.rows());
            Err(ParquetError::encode(format!("{chunk:?} cannot stand for {rows} rows of type {kind}")))
        }
        None if group.is_null(column) => encode_nulls(field, group.rows(), options),
        None => Err(ParquetError::encode(format!("the values of column {:?} were lost as it widened", field.name()))),
    }
}
