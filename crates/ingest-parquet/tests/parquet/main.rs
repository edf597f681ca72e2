//! What is written is read back by the `parquet` crate's own reader, and files appear whole or not at all.
#![allow(clippy::unwrap_used, reason = "a failed unwrap in a test is the report")]

mod atomic;
mod bloom;
mod folder;
mod matrix;
mod round_trip;
mod table;
mod widening;
