//! Named, seeded data shapes with known answers.
//!
//! What comes in: a [`Shape`], a size in bytes and a seed. What goes out: delimited text of about that size, and the
//! [`Expected`] answer, worked out while the text is written: row count, and for each column its type, its nulls and a
//! checksum that depends neither on the order of the rows nor on the engine that reads them. A bench or test that reads
//! the text must come to the same figures, or its timing is worth nothing.
//!
//! [`dialects`] does the like for sniffers: small messy files, each with the dialect in which it was written. [`web`] is a server
//! with known faults.
//!
//! What it does not do: read anything. The answers come from the values that were written, never from a parser, so they
//! can accuse one.
//!
//! The same shape, size and seed give the same bytes on every machine. The binary `shapes` does the same from a shell.
//!
//! ```
//! use ingest_benches::{Shape, generate};
//!
//! let mut text = Vec::new();
//! let expected = generate(Shape::Narrow, 1_000, 1, &mut text)?;
//! let lines = text.iter().filter(|byte| **byte == b'\n').count() as u64;
//! assert_eq!(lines, expected.rows + 1, "one line is the header");
//! assert_eq!(expected.columns[0].data_type, "int64");
//! # Ok::<(), std::io::Error>(())
//! ```

mod calendar;
mod command;
pub mod dialects;
mod digits;
mod expected;
mod random;
mod shape;
mod shapes;
mod size;
mod table;
pub mod web;
mod words;

pub use command::run_command;
pub use expected::{ColumnExpected, Expected, text_checksum};
pub use random::Random;
pub use shape::{Shape, UnknownShape, generate};
pub use size::{BadSize, parse_size};
