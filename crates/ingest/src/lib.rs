//! The engine and the public library.

mod error;
mod options;
mod report;
