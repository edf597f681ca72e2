//! What the fuzz targets share.
//!
//! In: the fuzzer's bytes. Out: delimited texts that reach deep ([`Text`]), [`Drawn`] dialects, [`Wishes`] for options,
//! the slow and plain [`naive`] twins of the kernels, and what a run of the engine came to ([`Outcome`]), ready to be compared.
//!
//! Every target compares two ways to the same answer and panics where they differ. This crate holds no check itself.
//!
//! ```
//! assert_eq!(ingest_fuzz::spell(b"a,b\n"), b"a,b\n");
//! ```

#![forbid(unsafe_code)]

mod cells;
mod dialect;
pub mod naive;
mod outcome;
mod padding;
mod text;
mod wishes;

pub use cells::{Field, Kind};
pub use dialect::Drawn;
pub use outcome::{Outcome, Way, describe, run};
pub use padding::with_paddings;
pub use text::{Text, spell};
pub use wishes::Wishes;
