//! A Parquet file that appears whole or not at all, and whose columns may turn out wider than they began.

use std::path::{Path, PathBuf};

use ingest_columnar::arrow::datatypes::{Schema, SchemaRef};

use crate::atomic::{AtomicFile, Written};
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
    destination: PathBuf,
    columns: usize,
}

/// What a file holds so far, for a writer who [goes on](FileWriter::go_on) with it.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Its bytes.
    pub written: Written,
    /// What the footer will say of row groups, one after the other.
    pub groups: Vec<Vec<u8>>,
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

    /// Goes on with the file that belongs to a journal ([`AtomicFile::go_on`]): `saved` has all its groups. Otherwise as
    /// [`create`](FileWriter::create). `None` where the file does not hold what was saved.
    ///
    /// # Errors
    /// Those of [`AtomicFile::go_on`], or a group is not what [`save`](FileWriter::save) gave.
    pub fn go_on(
        destination: &Path,
        schema: SchemaRef,
        options: &WriteOptions,
        overwrite: bool,
        journal: &Path,
        saved: &Saved,
    ) -> Result<Option<Self>, ParquetError> {
        let Some(file) = AtomicFile::go_on(destination, overwrite, journal, saved.written)? else { return Ok(None) };
        let groups = saved.groups.iter().map(|group| Group::from_bytes(group)).collect::<Result<_, _>>()?;
        let body = Body::go_on(file, saved.written.bytes, groups).map_err(|error| error.at(destination))?;
        let (destination, columns) = (destination.to_owned(), schema.fields().len());
        Ok(Some(FileWriter { body, options: options.clone(), overwrite, destination, columns }))
    }

    /// What the file holds, with the row groups from number `first` on; all of it has arrived at the system. O(groups).
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn save(&mut self, first: usize) -> Result<Saved, ParquetError> {
        let written = self.body.arrived(AtomicFile::written).map_err(|error| error.at(&self.destination))?;
        let groups = self.body.groups()[first..].iter().map(Group::to_bytes).collect::<Result<_, _>>()?;
        Ok(Saved { written, groups })
    }

    /// Where a journal of the file belongs, as [`AtomicFile::journal`] says.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn journal(&mut self) -> Result<PathBuf, ParquetError> {
        self.body.arrived(AtomicFile::journal).map_err(|error| error.at(&self.destination))
    }

    /// Leaves what was written where it is, for a writer who goes on with it.
    ///
    /// # Errors
    /// The file system fails; it is removed then.
    pub fn leave(self) -> Result<(), ParquetError> {
        self.body.abandon().leave()
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
        self.finish_or_return(final_schema, replace).map_err(|(error, _)| error)
    }

    /// The same, but after a failure gives back the temporary file with the row groups, for whoever wants to
    /// [leave](AtomicFile::leave) it, where it is still there.
    ///
    /// # Errors
    /// As [`finish`](FileWriter::finish).
    pub fn finish_or_return<E: From<ParquetError>>(
        self,
        final_schema: SchemaRef,
        replace: impl FnMut(usize, usize) -> Result<Option<EncodedColumn>, E>,
    ) -> Result<FileReport, (E, Option<AtomicFile>)> {
        let FileWriter { body, options, overwrite, destination, .. } = self;
        let row_groups = body.groups().len();
        let of_finish = |(error, file): (ParquetError, AtomicFile)| (error.at(&destination).into(), Some(file));
        let fits_all = body.groups().iter().all(|group| fits(group, &final_schema));
        if fits_all {
            let (file, bytes) = body.finish(&final_schema).map_err(of_finish)?;
            file.commit().map_err(|error| (error.into(), None))?;
            return Ok(FileReport { bytes, row_groups });
        }
        let (first, groups) = body.into_parts().map_err(of_finish)?;
        let second = || -> Result<u64, E> {
            let second = AtomicFile::create(&destination, overwrite)?;
            let body = rewrite(&first, &groups, second, &final_schema, &options, replace)?;
            let (second, bytes) = body.finish(&final_schema).map_err(|(error, _)| error.at(&destination))?;
            second.commit()?;
            Ok(bytes)
        };
        match second() {
            Ok(bytes) => Ok(FileReport { bytes, row_groups }),
            Err(error) => Err((error, Some(first))),
        }
    }
}

/// Row groups once more, in a file of their final types.
fn rewrite<E: From<ParquetError>>(
    first: &AtomicFile,
    groups: &[Group],
    second: AtomicFile,
    schema: &Schema,
    options: &WriteOptions,
    mut replace: impl FnMut(usize, usize) -> Result<Option<EncodedColumn>, E>,
) -> Result<Body<AtomicFile>, E> {
    let destination = second.destination().to_owned();
    let mut body = Body::new(second).map_err(|error| error.at(&destination))?;
    for (number, group) in groups.iter().enumerate() {
        let chunks = (0..schema.fields().len()).map(|column| {
            if group.fits(schema, column) {
                return Ok(Source::Kept(first.file(), group, column));
            }
            let chunk = replace(number, column)?;
            let chunk = replacement(chunk, group, schema, column, options)?;
            Ok(Source::Encoded(Box::new(chunk)))
        });
        let kinds = schema.fields().iter().map(|field| kind_of(field.data_type())).collect();
        body.append_sources::<E>(file_schema(schema)?, kinds, chunks)?;
    }
    Ok(body)
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
