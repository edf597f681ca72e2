//! One file a shape: its columns, and how a row of it is written.

pub(crate) mod late_surprise;
pub(crate) mod long_text;
pub(crate) mod mostly_empty;
pub(crate) mod narrow;
pub(crate) mod quote_all;
pub(crate) mod ragged;
pub(crate) mod taxi;
pub(crate) mod text;
pub(crate) mod tsv;
pub(crate) mod wide;
