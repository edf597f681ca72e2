//! What the CPU does in bulk over bytes.
//!
//! In: [`Padded`] bytes. Out: masks folded into chunk summaries, field positions, columns of numbers. Every operation
//! takes a [`Kernel`] and gives the same answer on each; the naive twin that the tests compare with lies beside it.
//!
//! It does no I/O, knows no files, no Arrow and no policy, and has no dependencies.

#![deny(unsafe_code)]

mod bits;
#[allow(unsafe_code, reason = "vector loads and instructions, justified one by one")]
mod json;
mod kernel;
mod padded;
#[allow(unsafe_code, reason = "vector loads and instructions, justified one by one")]
mod structure;
#[allow(unsafe_code, reason = "vector loads and instructions, justified one by one")]
mod texts;
#[allow(unsafe_code, reason = "vector loads and instructions, justified one by one")]
mod values;

pub use bits::pack_bits;
pub use json::{Followed, Layout, StringMarks, follow_record, json_number_length, member_spans, string_marks};
pub use kernel::{KERNEL_VARIABLE, Kernel, UnknownKernel};
pub use padded::{PADDING, Padded, Span, with_padding};
pub use structure::{
    ChunkScan, FIELD_END, Hypothesis, Marks, Quoting, RECORD_END, Structure, column_spans, index_fields, scan_chunk,
};
pub use texts::{TextBatch, copy_texts};
pub use values::{
    Batch, DecimalFacts, IntFacts, Range, Validity, parse_dates, parse_decimals, parse_floats, parse_ints,
    parse_timestamps,
};
