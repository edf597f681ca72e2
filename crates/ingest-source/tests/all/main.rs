//! The crate from outside: one binary, so that what stores bytes is compiled once.

mod archives;
mod blocks;
mod locate;
mod servers;
mod sources;
mod support;
mod web;
