//! Arrays to encoded column chunks: pure computation, on any thread.

use std::fmt;
use std::sync::Arc;

use ingest_columnar::arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use ingest_columnar::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::schema::types::{SchemaDescriptor, TypePtr};

use crate::chunk::{Chunk, ChunkEncoder, is_nested, leaf_count, leaves};
use crate::error::ParquetError;
use crate::options::WriteOptions;

/// One column of one row group: compressed pages, their statistics and index, held in memory.
pub struct EncodedColumn {
    /// Of the column, or of each column of values within it.
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) kind: DataType,
    /// The column in Parquet's terms.
    pub(crate) described: TypePtr,
    rows: u64,
}

impl EncodedColumn {
    /// Number of values, nulls included.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes the pages take in memory, and will take in the file.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|(pages, _)| pages.len() as u64).sum()
    }
}

impl fmt::Debug for EncodedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.described.name();
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

/// Encodes the rows of all batches as one row group. O(values).
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
    let mut encoder = Encoder::new(options)?;
    let encode = |(number, field): (usize, &Arc<Field>)| {
        let arrays: Vec<ArrayRef> = batches.iter().map(|batch| batch.column(number).clone()).collect();
        encoder.encode(field, &arrays)
    };
    Ok(EncodedGroup::new(schema.fields().iter().enumerate().map(encode).collect::<Result<_, _>>()?))
}

/// Encodes columns one after the other; what the codec needs is kept between them. The bytes of a chunk do not depend on what
/// was encoded before it.
pub struct Encoder(ChunkEncoder);

impl Encoder {
    /// An encoder with these options.
    ///
    /// # Errors
    /// The codec does not come up.
    pub fn new(options: &WriteOptions) -> Result<Self, ParquetError> {
        Ok(Encoder(ChunkEncoder::new(options)?))
    }

    /// Encodes the values of all arrays, one after the other, as one column chunk. The field's type must be theirs (text may
    /// come with either size of offsets); a column of type null becomes text, all null. O(values).
    ///
    /// # Errors
    /// An array is of another type, or the type is one that frames do not have.
    pub fn encode(&mut self, field: &Field, arrays: &[ArrayRef]) -> Result<EncodedColumn, ParquetError> {
        let (name, kind) = (field.name(), kind_of(field.data_type()));
        if let Some(other) = arrays.iter().find(|array| kind_of(array.data_type()) != kind) {
            let other = other.data_type();
            return Err(ParquetError::encode(format!(
                "column {name:?} of type {kind} was given values of type {other}"
            )));
        }
        let schema = file_schema(&Schema::new(vec![field.clone()]))?;
        let mut chunks = Vec::with_capacity(leaf_count(&kind));
        if is_nested(&kind) {
            for (number, leaf) in leaves(&kind, arrays)?.into_iter().enumerate() {
                chunks.extend(self.0.encode_leaf(schema.column(number), leaf)?);
            }
        } else {
            chunks.extend(self.0.encode(schema.column(0), &kind, arrays)?);
        }
        if chunks.len() < leaf_count(&kind) {
            return Err(ParquetError::encode(format!("column {name:?}: no frame has columns of type {kind}")));
        }
        let rows = arrays.iter().map(|array| array.len() as u64).sum();
        Ok(EncodedColumn { chunks, kind, described: schema.root_schema().get_fields()[0].clone(), rows })
    }
}

/// The same with an encoder of its own.
///
/// # Errors
/// As [`Encoder::encode`].
pub fn encode_column(
    field: &Field,
    arrays: &[ArrayRef],
    options: &WriteOptions,
) -> Result<EncodedColumn, ParquetError> {
    Encoder::new(options)?.encode(field, arrays)
}

/// A chunk of nulls only.
pub(crate) fn encode_nulls(field: &Field, rows: u64, options: &WriteOptions) -> Result<EncodedColumn, ParquetError> {
    let rows = usize::try_from(rows).map_err(|_| ParquetError::encode(format!("{rows} rows in one group")))?;
    encode_column(field, &[new_null_array(field.data_type(), rows)], options)
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
    let stored = Schema::new(schema.fields().iter().map(|field| stored_as(field)).collect::<Vec<_>>());
    // What lies in lists gets the names that the format prescribes.
    Ok(ArrowSchemaConverter::new().with_coerce_types(true).schema_root("schema").convert(&stored)?)
}

fn stored_as(field: &Field) -> Field {
    let kind = match field.data_type() {
        DataType::Null => DataType::Utf8,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| stored_as(field)).collect()),
        DataType::List(item) => DataType::List(Arc::new(stored_as(item))),
        other => other.clone(),
    };
    Field::new(field.name(), kind, true)
}
