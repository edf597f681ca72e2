//! The builders, one file for each type, and what they share.

mod boolean;
mod date32;
mod decimal128;
mod float64;
mod int64;
mod json_text;
mod list;
mod null;
mod rows;
mod structure;
mod time64;
mod timestamp;
mod utf8;

pub(crate) use boolean::Booleans;
pub(crate) use date32::Dates;
pub(crate) use decimal128::Decimals;
pub(crate) use float64::Floats;
pub(crate) use int64::Ints;
pub(crate) use json_text::JsonText;
pub(crate) use list::Lists;
pub(crate) use null::Nulls;
pub(crate) use rows::null_buffer;
pub(crate) use structure::Structs;
pub(crate) use time64::Times;
pub(crate) use timestamp::Timestamps;
pub use utf8::BYTES_MAX;
pub(crate) use utf8::Text;

#[cfg(test)]
mod tests;
