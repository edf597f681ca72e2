//! Arrays to encoded column chunks: pure computation, on any thread.

use std::fmt;
use std::io;
use std::sync::Arc;

use ingest_columnar::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, new_empty_array, new_null_array};
use ingest_columnar::arrow::compute::{cast, concat};
use ingest_columnar::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};

use crate::dictionary;
use crate::error::ParquetError;
use crate::options::WriteOptions;

/// One column of one row group: compressed pages, their statistics and index, held in memory.
pub struct EncodedColumn {
    pub(crate) chunk: ArrowColumnChunk,
    pub(crate) kind: DataType,
}

impl EncodedColumn {
    /// Number of values, nulls included.
    pub fn rows(&self) -> u64 {
        self.chunk.close().rows_written
    }

    /// Bytes the pages take in memory, and will take in the file.
    pub fn bytes(&self) -> u64 {
        self.chunk.close().metadata.compressed_size() as u64
    }

    pub(crate) fn descriptor(&self) -> ColumnDescPtr {
        self.chunk.close().metadata.column_descr_ptr()
    }
}

impl fmt::Debug for EncodedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.descriptor().name().to_owned();
        write!(f, "EncodedColumn({name:?}: {}, {} rows, {} bytes)", self.kind, self.rows(), self.bytes())
    }
}

/// One row group: a chunk of every column, in order.
#[derive(Debug)]
pub struct EncodedGroup {
    pub(crate) columns: Vec<EncodedColumn>,
}

impl EncodedGroup {
    /// A group of these columns; the writer refuses columns of unequal length.
    pub fn new(columns: Vec<EncodedColumn>) -> Self {
        EncodedGroup { columns }
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.columns.first().map_or(0, EncodedColumn::rows)
    }

    /// Bytes the pages take in memory, and will take in the file.
    pub fn bytes(&self) -> u64 {
        self.columns.iter().map(EncodedColumn::bytes).sum()
    }
}

/// Encodes the rows of all batches as one row group. O(values); holds one column in Arrow form beside its encoding.
///
/// # Errors
/// A batch has other columns or types than the schema, or a type that Parquet cannot hold.
pub fn encode_group(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    options: &WriteOptions,
) -> Result<EncodedGroup, ParquetError> {
    let columns = schema.fields().len();
    if let Some(batch) = batches.iter().find(|batch| batch.num_columns() != columns) {
        return Err(ParquetError::encode(format!("a batch of {} columns, {columns} wanted", batch.num_columns())));
    }
    let encode = |(number, field): (usize, &Arc<Field>)| {
        let arrays: Vec<ArrayRef> = batches.iter().map(|batch| batch.column(number).clone()).collect();
        encode_column(field, &arrays, options)
    };
    Ok(EncodedGroup::new(schema.fields().iter().enumerate().map(encode).collect::<Result<_, _>>()?))
}

/// Encodes the values of all arrays, one after the other, as one column chunk. The field's type must be theirs (text may
/// come with either size of offsets); a column of type null becomes text, all null. O(values).
///
/// # Errors
/// An array is of another type, or the type is one that Parquet cannot hold.
pub fn encode_column(
    field: &Field,
    arrays: &[ArrayRef],
    options: &WriteOptions,
) -> Result<EncodedColumn, ParquetError> {
    let array = join(field, arrays)?;
    let properties = options.properties(dictionary::pays(&array));
    let stored = Field::new(field.name(), array.data_type().clone(), true);
    let mut writer = column_writer(&stored, properties)?;
    for leaf in compute_leaves(&stored, &array)? {
        writer.write(&leaf)?;
    }
    let mut chunk = writer.close()?;
    if let Some(Statistics::Double(found)) = chunk.close().metadata.statistics() {
        let statistics = Statistics::Double(readable_by_all(found));
        let metadata = &mut chunk.close_mut().metadata;
        *metadata = metadata.clone().into_builder().set_statistics(statistics).build()?;
    }
    Ok(EncodedColumn { chunk, kind: kind_of(field.data_type()) })
}

/// A chunk of nulls only.
pub(crate) fn encode_nulls(field: &Field, rows: u64, options: &WriteOptions) -> Result<EncodedColumn, ParquetError> {
    let rows = usize::try_from(rows).map_err(|_| ParquetError::encode(format!("{rows} rows in one group")))?;
    encode_column(field, &[new_null_array(field.data_type(), rows)], options)
}

/// Statistics of floats as every reader takes them. The library orders floats by their bits and says so in a way that is
/// new: readers that do not know it look at the older pair of fields, and compare values. For them that pair is filled in
/// too, and a bound of zero has the sign that takes in both zeros.
fn readable_by_all(found: &ValueStatistics<f64>) -> ValueStatistics<f64> {
    let zero = |bound: &f64| *bound == 0.0;
    let min = found.min_opt().map(|min| if zero(min) { -0.0 } else { *min });
    let max = found.max_opt().map(|max| if zero(max) { 0.0 } else { *max });
    ValueStatistics::new(min, max, None, found.null_count_opt(), false)
        .with_backwards_compatible_min_max(true)
        .with_nan_count(found.nan_count_opt())
        .with_min_is_exact(min.map(f64::to_bits) == found.min_opt().copied().map(f64::to_bits))
        .with_max_is_exact(max.map(f64::to_bits) == found.max_opt().copied().map(f64::to_bits))
}

/// The type of a column in files: the size of a text's offsets is a matter of memory only.
pub(crate) fn kind_of(data_type: &DataType) -> DataType {
    match data_type {
        DataType::LargeUtf8 => DataType::Utf8,
        other => other.clone(),
    }
}

/// Parquet's own schema for these columns, all of them optional; a column of type null is text.
///
/// # Errors
/// A type that Parquet cannot hold.
pub(crate) fn file_schema(schema: &Schema) -> Result<SchemaDescriptor, ParquetError> {
    let stored = |field: &Arc<Field>| match field.data_type() {
        DataType::Null => Field::new(field.name(), DataType::Utf8, true),
        other => Field::new(field.name(), other.clone(), true),
    };
    let stored = Schema::new(schema.fields().iter().map(stored).collect::<Vec<_>>());
    Ok(ArrowSchemaConverter::new().schema_root("schema").convert(&stored)?)
}

/// The values as one array: pages then end at rows that do not depend on how the values came.
fn join(field: &Field, arrays: &[ArrayRef]) -> Result<ArrayRef, ParquetError> {
    let kind = kind_of(field.data_type());
    if let Some(other) = arrays.iter().find(|array| kind_of(array.data_type()) != kind) {
        let (name, other) = (field.name(), other.data_type());
        return Err(ParquetError::encode(format!("column {name:?} of type {kind} was given values of type {other}")));
    }
    match (&kind, arrays) {
        (DataType::Null, _) => Ok(new_null_array(&DataType::Utf8, arrays.iter().map(Array::len).sum())),
        (_, []) => Ok(new_empty_array(&kind)),
        (_, [array]) => Ok(array.clone()),
        (DataType::Utf8, _) => join_texts(arrays),
        _ => concat_all(arrays),
    }
}

/// Texts are joined with small offsets where all of them have such and the sum still fits.
fn join_texts(arrays: &[ArrayRef]) -> Result<ArrayRef, ParquetError> {
    let small_bytes = |array: &ArrayRef| {
        let offsets = array.as_string_opt::<i32>()?.value_offsets();
        Some((offsets[offsets.len() - 1] - offsets[0]) as usize)
    };
    let bytes: Option<usize> = arrays.iter().map(small_bytes).sum();
    if bytes.is_some_and(|bytes| i32::try_from(bytes).is_ok()) {
        return concat_all(arrays);
    }
    let large = |array: &ArrayRef| cast(array, &DataType::LargeUtf8).map_err(|error| refused(&error));
    concat_all(&arrays.iter().map(large).collect::<Result<Vec<_>, _>>()?)
}

fn concat_all(arrays: &[ArrayRef]) -> Result<ArrayRef, ParquetError> {
    let parts: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    concat(&parts).map_err(|error| refused(&error))
}

#[cold]
fn refused(error: &ingest_columnar::arrow::error::ArrowError) -> ParquetError {
    ParquetError::encode(error.to_string())
}

/// The encoder of one column. The library hands encoders out by file only, so this one belongs to a file of one column
/// that goes nowhere.
fn column_writer(field: &Field, properties: WriterProperties) -> Result<ArrowColumnWriter, ParquetError> {
    let schema = Arc::new(Schema::new(vec![field.clone()]));
    let root = file_schema(&schema)?.root_schema_ptr();
    let nowhere = SerializedFileWriter::new(io::sink(), root, Arc::new(properties))?;
    let writers = ArrowRowGroupWriterFactory::new(&nowhere, schema).create_column_writers(0)?;
    let count = writers.len();
    let only: Result<[ArrowColumnWriter; 1], _> = writers.try_into();
    match only {
        Ok([writer]) => Ok(writer),
        Err(_) => Err(ParquetError::encode(format!("column {:?} is {count} columns, nested", field.name()))),
    }
}
