//! Quotes and escapes: which are worth trying, and how well they explain the text.

use ingest_parse::{Delimiter, Dialect};

/// How the quotes of a text look under a dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct QuoteEvidence {
    /// Fields that begin with a quote, and end with one.
    pub(super) quoted_fields: usize,
    /// Text after a closing quote, and a quote that never closes.
    pub(super) violations: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    Escaped,
    /// Behind a quote inside quotes: the field's end, or the first of a doubled quote.
    AfterQuote,
}

/// Walks over `text` and counts. `complete`: whether a quote that is open at the end is one that never closes. O(text).
pub(super) fn quote_evidence(text: &[u8], complete: bool, dialect: &Dialect) -> QuoteEvidence {
    let mut evidence = QuoteEvidence::default();
    let Some(quote) = dialect.quote.filter(|quote| text.contains(quote)) else { return evidence };
    let mut state = State::FieldStart;
    let delimiter = dialect.delimiter_byte();
    let short = dialect.delimiter.filter(|_| delimiter.is_none()).map(|long| with_short(text, long));
    for &byte in short.as_deref().unwrap_or(text) {
        let ends_field = delimiter == Some(byte) || byte == b'\n' || byte == b'\r';
        state = match state {
            State::FieldStart if byte == quote => State::Quoted,
            State::FieldStart | State::Unquoted if ends_field => State::FieldStart,
            State::FieldStart | State::Unquoted => State::Unquoted,
            State::Quoted if byte == quote => State::AfterQuote,
            State::Quoted if dialect.escape == Some(byte) => State::Escaped,
            State::Quoted | State::Escaped => State::Quoted,
            State::AfterQuote if byte == quote => State::Quoted,
            State::AfterQuote if ends_field => {
                evidence.quoted_fields += 1;
                State::FieldStart
            }
            State::AfterQuote => {
                evidence.violations += 1;
                State::Unquoted
            }
        };
    }
    match state {
        State::AfterQuote => evidence.quoted_fields += 1,
        State::Quoted | State::Escaped if complete => evidence.violations += 1,
        _ => {}
    }
    evidence
}

/// The text with a line end in place of each delimiter: it ends fields as well.
fn with_short(text: &[u8], long: Delimiter) -> Vec<u8> {
    let mut short = Vec::with_capacity(text.len());
    let mut at = 0;
    for found in memchr::memmem::find_iter(text, long.as_bytes()) {
        short.extend_from_slice(&text[at..found]);
        short.push(b'\n');
        at = found + long.as_bytes().len();
    }
    short.extend_from_slice(&text[at..]);
    short
}

/// Whether a backslash stands before a quote somewhere.
pub(super) fn has_escaped_quote(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', text).any(|at| matches!(text.get(at + 1), Some(b'"' | b'\'')))
}

/// Whether fields are wrapped in `'` throughout and in `"` nowhere: an apostrophe at the edge of a field here and there
/// is no quote. A single such field makes one only where the records are more even for it.
pub(super) fn is_single_quoted(text: &[u8], complete: bool, delimiter: Option<Delimiter>, escape: Option<u8>) -> bool {
    let under = |quote, escape| {
        let dialect = Dialect { delimiter, quote: Some(quote), escape, ..Dialect::default() };
        quote_evidence(text, complete, &dialect)
    };
    let single = under(b'\'', escape);
    let double = under(b'"', None);
    single.quoted_fields > 0 && single.violations == 0 && double == QuoteEvidence::default()
}
