//! The whole of a text at once, serially: the answer that every fast way must give.

use crate::machine::{Cells, FaultKind, read_records};
use crate::{Dialect, unescape};

/// A field as the reference reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The text with quotes taken off and escapes undone.
    pub text: Vec<u8>,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// A record as the reference reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its fields.
    pub fields: Vec<Field>,
    /// What is wrong with its quotes.
    pub fault: Option<FaultKind>,
}

/// Reads all records of `text`, blank lines as records of one empty field. `columns` as for [`read_records`]. O(n), slow and plain.
pub fn read_all(text: &[u8], dialect: &Dialect, columns: Option<usize>) -> Vec<Record> {
    let mut cells = Cells::default();
    read_records(text, true, dialect, columns, &mut cells);
    let field = |span: &ingest_simd::Span| {
        let mut unescaped = Vec::with_capacity(span.len());
        if span.is_quoted() || span.is_escaped() {
            unescape(span.of(text), span.is_quoted(), dialect, &mut unescaped);
        } else {
            unescaped.extend_from_slice(span.of(text));
        }
        Field { text: unescaped, quoted: span.is_quoted() }
    };
    (0..cells.records.len())
        .map(|number| Record {
            fields: cells.fields(number).iter().map(field).collect(),
            fault: cells.records[number].fault,
        })
        .collect()
}
