//! What is written is read back by the `parquet` crate's own reader, and files appear whole or not at all.

mod atomic;
mod round_trip;
mod table;
mod widening;
