//! The engine: delimited text and JSON to typed columns, in memory or in a Parquet file, as fast as the machine allows.
//!
//! In: [`Sources`] (paths, globs, standard input, bytes) and [`Options`]. Out: a [`Frame`], a stream of batches, a file
//! that appears whole or not at all, or facts about the source (schema, count, head, sniff). Whatever the kernel, the
//! number of threads or the size of a chunk, the result is the same.
//!
//! ```
//! let frame = ingest::read(b"name,size\nant,2\nbee,3\n".to_vec())?.columns(["size"]).collect()?;
//! assert_eq!(frame.num_rows(), 2);
//! assert_eq!(frame.schema().field(0).name(), "size");
//! # Ok::<(), ingest::Error>(())
//! ```
//!
//! The one crate that parses by threads; [`try_map`] shares out other work. It prints nothing, and it knows no datasets.

#![forbid(unsafe_code)]

mod aside;
mod batches;
mod bench;
mod csv;
mod cycles;
mod diff;
mod error;
mod filter;
mod flaw;
mod folders;
mod groups;
mod journal;
mod jsonl;
mod listed;
mod look;
mod measure;
mod options;
mod parallel;
mod partition_format;
mod pipeline;
mod plan;
mod reader;
mod region;
mod report;
mod schema;
mod session;
mod settings;
mod settle;
mod sources;
mod stages;
mod tables;
mod targets;
mod words;
mod write;

pub use batches::BatchIter;
pub use diff::{Renulled, Reread, Retyped, SchemaDiff};
pub use error::{Code, Error, Position, Result};
pub use filter::{Filter, FilterError};
pub use ingest_columnar::{Frame, OnError, arrow, type_name};
pub use ingest_infer::{DataType, DateOrder, TimeUnit};
pub use ingest_parquet::{Codec, EncodingSet};
pub use ingest_parse::{Delimiter, Ragged};
pub use ingest_simd::{KERNEL_VARIABLE, Kernel};
pub use ingest_source::{Access, Compression, Encoding, Remote, UnknownEncoding, WebOptions, base_folder, is_web};
pub use options::{
    AtEnd, EncodingErrors, Format, Infer, InputFormat, MAX_FIELD_BYTES, MaxErrors, OnProgress, Options, Progress,
    QuoteMode, WriteOptions,
};
pub use parallel::try_map;
pub use partition_format::{PartitionFormat, PartitionFormatError};
pub use reader::{Reader, read};
pub use report::{BenchReport, ColumnReport, Head, Reject, Report, SniffReport, SweepCell};
pub use schema::{SchemaColumn, begins_like_schema, parse_schema, parse_typed_name};
pub use session::threads_wanted;
pub use sources::{SourceFile, Sources, locate_files, locate_sources};
pub use tables::panics_are_caught;
pub use words::{Character, Separator, UnknownWord};
