//! Fields and types to columns.
//!
//! In: the fields of one column, batch after batch, as spans of a block of bytes ([`Fields`]), and what the column is to
//! be ([`ColumnType`]). Out: an Arrow array and the [`Summary`](ingest_infer::Summary) of all that was read ([`Column`]);
//! columns together are a [`Frame`].
//!
//! A field that does not fit is never dropped, rounded or guessed at: its row is reported as a misfit and holds null
//! until the caller decides, by [`OnError`] where the type was given, by widening the column where it was inferred.
//!
//! It makes no threads, reads no files and infers no types. Other crates name Arrow through the re-export here.
//!
//! ```
//! use ingest_columnar::arrow::array::{AsArray, types::Int64Type};
//! use ingest_columnar::{ColumnType, Fields, Quotes, Rules, Spares, builder_for};
//! use ingest_infer::{DataType, NullWords};
//! use ingest_parse::{Dialect, Span};
//! use ingest_simd::{Kernel, PADDING, Padded};
//!
//! let mut buffer = vec![0; PADDING];
//! buffer.extend_from_slice(b"12,,x,-7");
//! let end = buffer.len();
//! buffer.resize(end + PADDING, 0);
//! let spans = [Span::new(0, 2), Span::new(3, 3), Span::new(4, 5), Span::new(6, 8)];
//! let block = Padded::new(&buffer, PADDING, end).expect("padded on both sides");
//!
//! let mut builder = builder_for(&ColumnType::inferred(DataType::Int64), 4, &mut Spares::default());
//! let mut misfits = Vec::new();
//! builder.append(
//!     &Fields { block, spans: &spans, dialect: &Dialect::default() },
//!     &Rules { nulls: &NullWords::default(), kernel: Kernel::fastest(), quotes: Quotes::Wrap },
//!     &mut misfits,
//! );
//! let column = builder.finish();
//! assert_eq!(misfits, [2]);
//! assert_eq!(column.array.as_primitive::<Int64Type>().values(), &[12, 0, 0, -7]);
//! assert_eq!(column.counts.nulls, 2);
//! ```

#![deny(unsafe_code)]

pub use arrow;

mod arrow_type;
mod builder;
mod column_type;
mod columns;
mod fields;
mod foreign;
mod frame;
mod on_error;
mod spares;
#[allow(unsafe_code, reason = "arrays built from parts that are already checked")]
mod unchecked;

pub use arrow_type::{arrow_type, type_name};
pub use builder::{Column, ColumnBuilder, Counts, Room, builder_for};
pub use column_type::ColumnType;
pub use columns::BYTES_MAX;
pub use fields::{Fields, Quotes, Rules};
pub use foreign::{own_array, own_type};
pub use frame::{Frame, FrameError};
pub use on_error::{OnError, UnknownPolicy};
pub use spares::Spares;
