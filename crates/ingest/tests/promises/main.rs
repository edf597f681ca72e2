//! The promises of the engine, each by tests of its name.
//!
//! They are kept against an independent reader ([`oracle`]) that is slow and plain: one pass, one thread, the whole text
//! in memory, every field converted by the scalar rules. With `INGEST_HEAVY=1` the same tests run over far more input.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap is a failed test; skips are announced")]

mod compressions;
mod encodings;
mod ends;
mod filters;
mod first_looks;
mod folders;
mod json;
mod late;
mod listed;
mod made;
mod nested;
mod oracle;
mod origins;
mod parts;
mod resume;
mod schemas;
mod settings;
mod stored;
mod tables;
mod unions;

mod promise_1_same_bytes_same_frame;
mod promise_2_nothing_is_changed_silently;
mod promise_3_every_error_says_where;
mod promise_4_memory_is_bounded;
mod promise_5_output_appears_whole;
mod promise_6_strange_input_never_panics;
mod suites;

use ingest::{Delimiter, Encoding, Options, Ragged};

/// Whether the tests run over far more input.
fn is_heavy() -> bool {
    std::env::var_os("INGEST_HEAVY").is_some_and(|value| value == "1")
}

/// Everyday or heavy, whichever runs.
fn scaled<T>(everyday: T, heavy: T) -> T {
    if is_heavy() { heavy } else { everyday }
}

/// Comma and double quote, with a header: nothing is left to be guessed.
fn plain() -> Options {
    Options {
        delimiter: Some(Some(Delimiter::byte(b','))),
        quote: Some(Some(b'"')),
        escape: Some(None),
        comment: Some(None),
        header: Some(true),
        skip: Some(0),
        encoding: Some(Encoding::UTF_8),
        ragged: Some(Ragged::Fail),
        ..Options::default()
    }
}
