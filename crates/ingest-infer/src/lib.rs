//! Fields to types.
//!
//! In: the unescaped bytes of fields, or a sample of a file. Out: what a field is worth under a type ([`value`]), the
//! type of a column as a function of all its fields ([`Summary`]), and how a file is written ([`sniff()`]).
//!
//! A [`Summary`] is a set of facts that joins with another's in any order; the [`DataType`] is decided from the final
//! one. So chunks of a file can be looked at apart, by any number of threads, and the type is that of the whole.
//!
//! It does no I/O, builds no columns and keeps no policy for values that do not fit: the conversions say `None`, and
//! the caller decides.
//!
//! ```
//! use ingest_infer::{DataType, Form, NullWords, Summary, value};
//!
//! let words = NullWords::default();
//! let mut summary = Summary::default();
//! for field in ["12", "-7.25", "", "NA"] {
//!     summary.observe(field.as_bytes(), false, &words);
//! }
//! assert_eq!(summary.decide().data_type, DataType::Float64);
//! assert_eq!(value::float64(b"-7.25", Form::Inferred), Some(-7.25));
//!
//! // One postal code settles it: its leading zero is worth keeping.
//! summary.observe(b"02139", false, &words);
//! assert_eq!(summary.decide().data_type, DataType::Utf8);
//! ```

#![forbid(unsafe_code)]

mod data_type;
mod null_words;
pub mod value;

mod summary;

mod sniff;

pub use data_type::{DataType, Member, NESTING_MAX, TimeUnit, UnknownType, member_name};
pub use null_words::{DEFAULT_NULL_WORDS, NullWords};
pub use sniff::{Behind, Hints, LateSign, Names, Newline, Seam, Sniffed, name_columns, number_columns, refuted, sniff};
pub use summary::{Decision, Summary};
pub use value::{DateOrder, Form};
