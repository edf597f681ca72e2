//! Columns to Parquet, and back: typed columns come in, a file comes out that is whole or not there at all.
//!
//! - [`Encoder`], [`encode_column`] and [`encode_group`] turn Arrow arrays into one row group of compressed column chunks, held in
//!   memory. They are pure computation: any thread may call them, and the bytes depend on the values and the
//!   [`WriteOptions`] alone, not on how the values were cut into batches.
//! - [`FileWriter`] takes groups in order and puts them into an [`AtomicFile`]. A column whose type turned out wider
//!   after its first groups were written is replaced when the file is finished; the result equals a file that was
//!   written with the final types from the start, byte for byte.
//! - [`StreamWriter`] does the same into any `Write`, for types that are settled beforehand.
//! - [`ParquetFile`] is the way back: a footer, and row groups as Arrow batches, whoever wrote them.
//!
//! Every column is optional (nullable), and so is all that structs and lists hold; each column of values within one is a chunk
//! of its own. A chunk carries statistics and a page index, and a Bloom filter where one is asked for. Encodings are PLAIN and
//! RLE_DICTIONARY only, which every reader knows, unless [`EncodingSet::Modern`] allows more. The Arrow schema is not embedded: Parquet's own types say all that the supported types need.
//!
//! What this crate does not do: it starts no threads, and decides no types and no row group sizes.
//!
//! ```
//! use std::sync::Arc;
//! use ingest_columnar::arrow::array::{Int64Array, RecordBatch};
//! use ingest_columnar::arrow::datatypes::{DataType, Field, Schema};
//! use ingest_parquet::{FileWriter, ParquetError, WriteOptions, encode_group};
//!
//! let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
//! let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(vec![Some(1), None]))])?;
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("out.parquet");
//!
//! let options = WriteOptions::default();
//! let mut writer = FileWriter::create(&path, schema.clone(), &options, false)?;
//! writer.append(encode_group(&schema, &[batch], &options)?)?;
//! assert!(!path.exists());
//! let report = writer.finish(schema, |_group, _column| Ok::<_, ParquetError>(None))?;
//! assert_eq!(report.bytes, path.metadata()?.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod options;

mod chunk;

mod encode;

mod body;

mod saved;

mod stream;

mod read;

mod atomic;

mod folder;

mod file;

mod error;

pub use atomic::{AtomicFile, Written};
pub use encode::{EncodedColumn, EncodedGroup, Encoder, encode_column, encode_group};
pub use error::{ParquetError, ParquetErrorKind};
pub use file::{FileReport, FileWriter, Saved};
pub use folder::AtomicFolder;
pub use options::{Codec, EncodingSet, UnknownCodec, UnknownEncodingSet, WriteOptions};
pub use read::{ColumnRanges, ParquetFile, ReadAt};
pub use stream::StreamWriter;
