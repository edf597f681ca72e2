//! From the engine's Arrow to `arrow2`.

use std::mem;

use arrow2::array::Array as Array2;
use arrow2::chunk::Chunk;
use arrow2::datatypes::{Field as Field2, Schema as Schema2};
use arrow2::ffi::{ArrowArray, ArrowSchema, import_array_from_c, import_field_from_c};
use ingest_columnar::arrow::array::{Array, ArrayRef, RecordBatch};
use ingest_columnar::arrow::compute::cast;
use ingest_columnar::arrow::datatypes::{DataType, Field};
use ingest_columnar::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};

use crate::error::Arrow2Error;

/// A batch as an `arrow2` chunk over the same memory, with its schema. O(columns), beside one look at every text.
///
/// A batch without columns becomes a chunk without rows, since a chunk counts rows by its columns.
///
/// # Errors
/// A column has a type that `arrow2` does not know.
pub fn to_arrow2(batch: &RecordBatch) -> Result<(Schema2, Chunk<Box<dyn Array2>>), Arrow2Error> {
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut arrays = Vec::with_capacity(batch.num_columns());
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let (field, array) = export_column(field, column)?;
        fields.push(field);
        arrays.push(array);
    }
    let metadata = batch.schema_ref().metadata().clone().into_iter().collect();
    let chunk = Chunk::try_new(arrays).map_err(Arrow2Error::of(""))?;
    Ok((Schema2 { fields, metadata }, chunk))
}

fn export_column(field: &Field, column: &ArrayRef) -> Result<(Field2, Box<dyn Array2>), Arrow2Error> {
    let name = field.name();
    let column = match column.data_type() {
        DataType::Utf8View => &cast(column, &DataType::LargeUtf8).map_err(Arrow2Error::of(name))?,
        _ => column,
    };
    let (array, schema) = to_ffi(&column.to_data()).map_err(Arrow2Error::of(name))?;
    let schema = schema_to_arrow2(schema);
    // SAFETY: `schema` was just exported by `to_ffi`, which fills it in as the C data interface asks.
    let kind = unsafe { import_field_from_c(&schema) }.map_err(Arrow2Error::of(name))?.data_type;
    // SAFETY: `array` was exported together with `schema`, from which `kind` was read.
    let array = unsafe { import_array_from_c(array_to_arrow2(array), kind) }.map_err(Arrow2Error::of(name))?;
    // The name does not pass through C: there it would end at its first NUL.
    let field = Field2::new(name, array.data_type().clone(), field.is_nullable())
        .with_metadata(field.metadata().clone().into_iter().collect());
    Ok((field, array))
}

fn array_to_arrow2(array: FFI_ArrowArray) -> ArrowArray {
    // SAFETY: both are `repr(C)` with the members of the C data interface's ArrowArray, and the compiler checks that
    // their sizes agree. The structure may be moved; its duty to call `release` moves with it.
    unsafe { mem::transmute(array) }
}

fn schema_to_arrow2(schema: FFI_ArrowSchema) -> ArrowSchema {
    // SAFETY: as for the array: one C structure, ArrowSchema, under two names; moved, not duplicated.
    unsafe { mem::transmute(schema) }
}
