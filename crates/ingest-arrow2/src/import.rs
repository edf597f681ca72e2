//! From `arrow2` to the engine's Arrow.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use arrow2::array::Array as Array2;
use arrow2::chunk::Chunk;
use arrow2::datatypes::{DataType as DataType2, Field as Field2, Schema as Schema2};
use arrow2::ffi::{ArrowArray, ArrowSchema, export_array_to_c, export_field_to_c};
use ingest_columnar::arrow::array::{ArrayRef, NullArray, RecordBatch, RecordBatchOptions, make_array};
use ingest_columnar::arrow::datatypes::{Field, Schema};
use ingest_columnar::arrow::error::ArrowError;
use ingest_columnar::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};

use crate::error::Arrow2Error;

/// An `arrow2` chunk as a batch over the same memory. O(columns), beside one look at every text.
///
/// # Errors
/// The schema has another number of fields or other types than the chunk has arrays, a field that says it has no nulls has
/// some, or the engine's Arrow does not know a type.
pub fn from_arrow2(schema: &Schema2, chunk: &Chunk<Box<dyn Array2>>) -> Result<RecordBatch, Arrow2Error> {
    if schema.fields.len() != chunk.arrays().len() {
        let (fields, arrays) = (schema.fields.len(), chunk.arrays().len());
        let message = format!("{fields} fields for {arrays} arrays");
        return Err(Arrow2Error::of("")(ArrowError::InvalidArgumentError(message)));
    }
    let mut fields = Vec::with_capacity(schema.fields.len());
    let mut columns = Vec::with_capacity(schema.fields.len());
    for (field, array) in schema.fields.iter().zip(chunk.arrays()) {
        let (field, column) = import_column(field, array.as_ref())?;
        fields.push(field);
        columns.push(column);
    }
    let schema = Schema::new_with_metadata(fields, schema.metadata.clone().into_iter().collect::<HashMap<_, _>>());
    let options = RecordBatchOptions::new().with_row_count(Some(chunk.len()));
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &options).map_err(Arrow2Error::of(""))
}

fn import_column(field: &Field2, array: &dyn Array2) -> Result<(Field, ArrayRef), Arrow2Error> {
    let name = field.name.as_str();
    if field.data_type != *array.data_type() {
        let message = format!("declared as {:?}, of type {:?}", field.data_type, array.data_type());
        return Err(Arrow2Error::of(name)(ArrowError::SchemaError(message)));
    }
    let column = match field.data_type {
        // `arrow2` exports nulls with a validity bitmap, which the C data interface says they do not have.
        DataType2::Null => Arc::new(NullArray::new(array.len())),
        _ => import_array(array).map_err(Arrow2Error::of(name))?,
    };
    let field = Field::new(name, column.data_type().clone(), field.is_nullable)
        .with_metadata(field.metadata.clone().into_iter().collect::<HashMap<_, _>>());
    Ok((field, column))
}

fn import_array(array: &dyn Array2) -> Result<ArrayRef, ArrowError> {
    // The column's name does not pass through C: there it would end at its first NUL.
    let field = Field2::new("", array.data_type().clone(), true);
    let (schema, array) = (export_field_to_c(&field), export_array_to_c(array.to_boxed()));
    // SAFETY: both were just exported by `arrow2`, which fills them in as the C data interface asks, for one and the same
    // type.
    let data = unsafe { from_ffi(array_from_arrow2(array), &schema_from_arrow2(schema)) }?;
    Ok(make_array(data))
}

fn array_from_arrow2(array: ArrowArray) -> FFI_ArrowArray {
    // SAFETY: both are `repr(C)` with the members of the C data interface's ArrowArray, and the compiler checks that
    // their sizes agree. The structure may be moved; its duty to call `release` moves with it.
    unsafe { mem::transmute(array) }
}

fn schema_from_arrow2(schema: ArrowSchema) -> FFI_ArrowSchema {
    // SAFETY: as for the array: one C structure, ArrowSchema, under two names; moved, not duplicated.
    unsafe { mem::transmute(schema) }
}
