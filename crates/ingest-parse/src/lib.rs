//! Bytes to fields.
//!
//! In: the text of a delimited source, whole or in chunks cut anywhere, and its [`Dialect`]; or JSON records and their keys
//! ([`json`]). Out: batches of whole records as rectangles of [`Span`]s, column by column, and the records that are no part of
//! a rectangle with what is wrong with them.
//!
//! It reads no files, knows no types and makes no threads. Values are bytes here: [`unescape`] gives their text.
//!
//! ```
//! use ingest_parse::{Dialect, reference};
//!
//! let records = reference::read_all(b"id,name\n1,\"O \"\"x\"\"\"\n", &Dialect::default(), None);
//! assert_eq!(records[1].fields[1].text, b"O \"x\"");
//! ```

mod batch;
mod chunk;
mod dialect;
pub mod json;
mod machine;
pub mod reference;
mod trial;
mod unescape;
mod utf8;

pub use batch::{Batch, Fault, Ragged, Row, Shape, UnknownRagged};
pub use chunk::{Carry, LineCounter, Settled, only_prolongs, settle};
pub use dialect::{Delimiter, Dialect, Quoting};
pub use ingest_simd::Span;
pub use machine::{Cells, FaultKind, Progress, RawRecord, behind_line_end, read_pieces, read_records};
pub use trial::{Trial, TrialRecord, trial_records};
pub use unescape::unescape;
pub use utf8::invalid_utf8;
