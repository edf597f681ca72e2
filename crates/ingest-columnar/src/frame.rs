//! A table in memory.

use arrow::array::{RecordBatch, RecordBatchIterator};
use arrow::buffer::Buffer;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi_stream::FFI_ArrowArrayStream;

use std::sync::Arc;

use crate::{BYTES_MAX, type_name};

/// A table in memory: record batches of one schema, in the order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

/// A table could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A batch has other columns than the frame.
    #[error("batch {batch} of the frame has other columns than its schema")]
    OtherSchema {
        /// Number of the batch, from 0.
        batch: usize,
    },
    /// Arrow could not join the batches.
    #[error("the batches of the frame could not be joined")]
    Arrow(#[from] ArrowError),
}

impl Frame {
    /// A frame of these batches.
    ///
    /// # Errors
    /// A batch has another schema.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self, FrameError> {
        match batches.iter().position(|batch| batch.schema_ref() != &schema) {
            Some(batch) => Err(FrameError::OtherSchema { batch }),
            None => Ok(Frame { schema, batches }),
        }
    }

    /// The names and types of the columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Each column's name and the name of its type, e.g. `("id", "int64")`.
    pub fn columns(&self) -> Vec<(&str, String)> {
        self.schema.fields().iter().map(|field| (field.name().as_str(), type_name(field.data_type()))).collect()
    }

    /// The rows, in batches.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// The rows, in batches, to keep.
    pub fn into_batches(self) -> Vec<RecordBatch> {
        self.batches
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// All rows in one batch; columns of more text than 32-bit offsets reach get 64-bit ones. Copies. O(bytes).
    ///
    /// # Errors
    /// Arrow cannot join the batches.
    pub fn to_record_batch(&self) -> Result<RecordBatch, FrameError> {
        if let [batch] = self.batches.as_slice() {
            return Ok(batch.clone());
        }
        let fields = self.schema.fields().iter().enumerate();
        let fields = fields.map(|(column, field)| self.joined_field(column, field)).collect::<Vec<_>>();
        let schema = Arc::new(Schema::new_with_metadata(fields, self.schema.metadata().clone()));
        let batches = self.batches.iter().map(|batch| cast_batch(batch, &schema)).collect::<Result<Vec<_>, _>>()?;
        Ok(concat_batches(&schema, &batches)?)
    }

    /// The column's field in one batch of all rows.
    fn joined_field(&self, column: usize, field: &Arc<Field>) -> Arc<Field> {
        let bytes = |batch: &RecordBatch| batch.column(column).to_data().buffers().last().map_or(0, Buffer::len);
        let is_wide = || self.batches.iter().map(bytes).sum::<usize>() > BYTES_MAX;
        if field.data_type() == &ArrowType::Utf8 && is_wide() {
            Arc::new(field.as_ref().clone().with_data_type(ArrowType::LargeUtf8))
        } else {
            Arc::clone(field)
        }
    }

    /// The frame as a stream of Arrow's C data interface. Nothing is copied.
    pub fn into_c_stream(self) -> FFI_ArrowArrayStream {
        let batches = self.batches.into_iter().map(Ok);
        FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new(batches, self.schema)))
    }
}

fn cast_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
    use arrow::ffi_stream::RecordBatchStreamReader;

    fn frame() -> Frame {
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", ArrowType::Int64, true),
            Field::new("name", ArrowType::Utf8, true),
        ]));
        let batch = |ids: Vec<Option<i64>>, names: Vec<Option<&str>>| {
            let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(ids)), Arc::new(StringArray::from(names))];
            RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
        };
        let batches = vec![batch(vec![Some(1), None], vec![None, Some("b")]), batch(vec![Some(3)], vec![Some("")])];
        Frame::new(Arc::clone(&schema), batches).unwrap()
    }

    #[test]
    fn a_frame_is_its_batches() {
        let frame = frame();
        assert_eq!(frame.num_rows(), 3);
        assert_eq!(frame.columns(), [("id", "int64".to_owned()), ("name", "utf8".to_owned())]);
        let joined = frame.to_record_batch().unwrap();
        assert_eq!(joined.num_rows(), 3);
        assert_eq!(joined.column(1).as_string::<i32>().iter().collect::<Vec<_>>(), [None, Some("b"), Some("")]);
        let empty = Frame::new(Arc::clone(frame.schema()), vec![]).unwrap();
        assert_eq!(empty.to_record_batch().unwrap().num_rows(), 0);
    }

    #[test]
    fn a_batch_of_other_columns_is_refused() {
        let frame = frame();
        let other = Arc::new(Schema::new(vec![Field::new("id", ArrowType::Int64, true)]));
        let error = Frame::new(other, frame.into_batches()).unwrap_err();
        assert!(matches!(error, FrameError::OtherSchema { batch: 0 }));
    }

    #[test]
    fn the_c_stream_gives_the_same_batches_back() {
        let frame = frame();
        let reader = RecordBatchStreamReader::try_new(frame.clone().into_c_stream()).unwrap();
        assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), frame.batches());
    }
}
