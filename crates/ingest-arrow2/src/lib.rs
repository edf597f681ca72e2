//! A record batch as an [`arrow2`] chunk and back, for loaders written for that library.
//!
//! A batch of the engine's Arrow comes in and a chunk over the same memory goes out, or the other way round. Values are
//! not copied: both libraries describe arrays by the same C structures, and whichever side is dropped last frees the
//! memory. Three exceptions: text held as views is copied, since `arrow2` has no views; a validity bitmap whose bits begin
//! at another place than its values' may be shifted into a new one; and texts are checked once more to be UTF-8 as they
//! arrive, which reads but does not copy them.
//!
//! **`arrow2` is archived**: no release since 2023, and an open memory-safety advisory against it. That is why this crate
//! is outside the workspace's default members, and why nothing else depends on it. Use it to feed code that cannot be
//! changed, and [`arrow`](ingest_columnar::arrow) for everything else.
//!
//! What this crate does not do: it converts no types. A type that one side does not know is an error.
//!
//! ```
//! use std::sync::Arc;
//! use ingest_columnar::arrow::array::{Int64Array, RecordBatch};
//!
//! let batch = RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(vec![Some(1), None])) as _)])?;
//! let (schema, chunk) = ingest_arrow2::to_arrow2(&batch)?;
//! assert_eq!((schema.fields[0].name.as_str(), chunk.len()), ("n", 2));
//! assert_eq!(ingest_arrow2::from_arrow2(&schema, &chunk)?, batch);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![allow(
    unsafe_code,
    reason = "both libraries' C structures are handed over as raw memory; each block says why it is sound"
)]

mod export;

mod import;

mod error;

pub use error::Arrow2Error;
pub use export::to_arrow2;
pub use import::from_arrow2;
