//! Text.

use ingest_parse::Span;
use ingest_simd::Validity;
use std::sync::Arc;

use super::rows::{Seen, column, null_buffer};
use crate::unchecked::{CheckedText, TEXT_BYTES_MAX};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules};

/// The most bytes that the fields of one text column may have between two calls of
/// [`finish`](ColumnBuilder::finish), since its offsets have 32 bits.
///
/// Who feeds a builder keeps its input below it: input bytes are never fewer than the column's. The rows of an `append`
/// that would go beyond are all misfits; nothing wraps around.
pub const BYTES_MAX: usize = TEXT_BYTES_MAX - ROOM_AFTER;

/// Short fields are copied as so many bytes, whatever their length: two loads and two stores instead of a call.
const SHORT: usize = 32;

/// What such a copy may write beyond a field.
const ROOM_AFTER: usize = SHORT;

pub(crate) struct Text {
    text: CheckedText,
    validity: Validity,
    seen: Seen,
    scratch: Vec<u8>,
}

impl Text {
    pub(crate) fn new(column_type: &ColumnType, rows_hint: usize) -> Self {
        Text {
            text: CheckedText::with_capacity(rows_hint),
            validity: Validity::with_capacity(rows_hint),
            seen: Seen::new(column_type),
            scratch: Vec::new(),
        }
    }

    /// Adds what fields show until it is sure that the column is text.
    fn observe(&mut self, fields: &Fields<'_>, spans: &[Span], rules: &Rules<'_>) {
        for &span in spans {
            if self.seen.is_settled_as_text() {
                return;
            }
            let text = fields.text(span, &mut self.scratch);
            self.seen.note(|summary| summary.observe(text, span.is_quoted(), rules.nulls));
        }
    }

    /// Appends the fields at `spans`, all or, if one of them is not UTF-8 or they are too long, none.
    fn append_all(&mut self, fields: &Fields<'_>, spans: &[Span], rules: &Rules<'_>) -> bool {
        let room = spans.iter().map(|span| span.len()).sum::<usize>() + ROOM_AFTER;
        let (validity, scratch) = (&mut self.validity, &mut self.scratch);
        let before = validity.len();
        let appended = self.text.append(room, |room, ends| {
            let mut copy = Copy { fields, rules, room, at: 0, scratch };
            ends.reserve(spans.len());
            for spans in spans.chunks(64) {
                let mut valid = 0;
                for (row, &span) in spans.iter().enumerate() {
                    valid |= u64::from(copy.field(span)) << row;
                    // Below the room, which is below 2^31.
                    ends.push(copy.at as i32);
                }
                validity.push(valid, spans.len());
            }
        });
        if !appended {
            self.validity.truncate(before);
        }
        appended
    }

    /// Appends row by row, for batches that hold something that is no text.
    fn append_each(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        for (span, row) in fields.spans.chunks(1).zip(0u32..) {
            if self.append_all(fields, span, rules) {
                self.observe(fields, span, rules);
            } else {
                self.append_all(fields, &[Span::default()], rules);
                misfits.push(row);
            }
        }
    }
}

/// The copying of one batch's fields into the room for them.
struct Copy<'a, 'b> {
    fields: &'a Fields<'a>,
    rules: &'a Rules<'a>,
    room: &'b mut [u8],
    at: usize,
    scratch: &'b mut Vec<u8>,
}

impl Copy<'_, '_> {
    /// Appends a field's text; `false` if the field is null.
    #[inline]
    fn field(&mut self, span: Span) -> bool {
        if span.is_null_text() {
            return false;
        }
        let block = self.fields.block.bytes();
        if self.fields.has_escapes(span) || self.rules.nulls.is_given() {
            return self.rewritten(span);
        }
        let (start, len) = (span.start(), span.len());
        // Copied in full; what follows the field is overwritten by the next one, or cut off.
        if len <= SHORT
            && let Some(from) = block.get(start..).and_then(<[u8]>::first_chunk::<SHORT>)
            && let Some(to) = self.room[self.at..].first_chunk_mut::<SHORT>()
        {
            *to = *from;
        } else {
            self.room[self.at..self.at + len].copy_from_slice(span.of(block));
        }
        self.at += len;
        true
    }

    /// The same for a field whose text may differ from its bytes, or may be a null word.
    fn rewritten(&mut self, span: Span) -> bool {
        let text = self.fields.text(span, self.scratch);
        if self.rules.nulls.is_given() && self.rules.nulls.contains(text) {
            return false;
        }
        self.room[self.at..self.at + text.len()].copy_from_slice(text);
        self.at += text.len();
        true
    }
}

impl ColumnBuilder for Text {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        if self.append_all(fields, fields.spans, rules) {
            self.observe(fields, fields.spans, rules);
        } else {
            self.append_each(fields, rules, misfits);
        }
    }

    fn len(&self) -> usize {
        self.text.len()
    }

    fn finish(&mut self) -> Column {
        let nulls = null_buffer(std::mem::take(&mut self.validity));
        let text = std::mem::take(&mut self.text);
        column(Arc::new(text.into_array(nulls)), self.seen.take())
    }
}
