//! Text.

use ingest_parse::{Span, unescape};
use ingest_simd::{PADDING, Padded};
use std::sync::Arc;

use super::rows::{Seen, column};
use crate::unchecked::CheckedText;
use crate::{Column, ColumnBuilder, ColumnType, Fields, Room, Rules, Spares};

/// The most bytes that the fields of one text column may have between two calls of
/// [`finish`](ColumnBuilder::finish), since its offsets have 32 bits.
///
/// Who feeds a builder keeps its input below it: input bytes are never fewer than the column's. The rows of an `append`
/// that would go beyond are all misfits; nothing wraps around.
pub const BYTES_MAX: usize = i32::MAX as usize;

pub(crate) struct Text {
    text: CheckedText,
    seen: Seen,
    /// Fields that are not copied as they stand, put one after the other, padded on both sides; where they lie there.
    rewritten: Vec<u8>,
    spans: Vec<Span>,
}

impl Text {
    pub(crate) fn new(column_type: &ColumnType, room: Room, spares: &mut Spares) -> Self {
        Text {
            text: CheckedText::with_room(room, spares),
            seen: Seen::new(column_type),
            rewritten: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// Adds what fields show until it is sure that the column is text. Objects and arrays would still change how it is written.
    fn observe(&mut self, fields: &Fields<'_>, spans: &[Span], rules: &Rules<'_>) {
        for (number, &span) in spans.iter().enumerate() {
            if self.seen.is_settled_as_text() {
                return self.observe_nested(fields, &spans[number..], rules);
            }
            let text = fields.text(span, &mut self.rewritten);
            self.seen.note(|summary| rules.observe(text, span.is_quoted(), summary));
        }
    }

    fn observe_nested(&mut self, fields: &Fields<'_>, spans: &[Span], rules: &Rules<'_>) {
        if self.seen.is_settled_as_json_text() || spans.iter().all(|span| span.is_quoted()) {
            return;
        }
        let nested = spans.iter().find(|span| fields.is_nested(**span, rules));
        if let Some(nested) = nested {
            let text = nested.of(fields.block.bytes());
            self.seen.note(|summary| rules.observe(text, false, summary));
        }
    }

    /// Appends the fields at `spans`, all or, if one of them is not UTF-8 or they are too long, none.
    fn append_all(&mut self, fields: &Fields<'_>, spans: &[Span], rules: &Rules<'_>) -> bool {
        let hides_words = rules.nulls.is_given() && !rules.nulls.words().is_empty();
        if fields.dialect.escape.is_none() && !hides_words {
            return self.text.append(rules.kernel, fields.block, spans, fields.dialect.quote);
        }
        self.rewrite(fields, spans, rules);
        let end = self.rewritten.len() - PADDING;
        let block = Padded::new(&self.rewritten, PADDING, end).expect("padded on both sides");
        self.text.append(rules.kernel, block, &self.spans, None)
    }

    /// Puts the texts of fields whose bytes may say something else into `rewritten`: escapes undone, null words left out.
    fn rewrite(&mut self, fields: &Fields<'_>, spans: &[Span], rules: &Rules<'_>) {
        let (texts, block) = (&mut self.rewritten, fields.block.bytes());
        texts.clear();
        texts.resize(PADDING, 0);
        self.spans.clear();
        self.spans.extend(spans.iter().map(|&span| {
            let start = texts.len();
            if !span.is_null_text() {
                unescape(span.of(block), span.is_quoted(), fields.dialect, texts);
            }
            if span.is_null_text() || (rules.nulls.is_given() && rules.nulls.contains(&texts[start..])) {
                texts.truncate(start);
                return Span::default();
            }
            // Texts are not longer than their fields, whose offsets have 31 bits.
            Span::quoted((start - PADDING) as u32, (texts.len() - PADDING) as u32, false)
        }));
        texts.resize(texts.len() + PADDING, 0);
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
        let text = std::mem::take(&mut self.text);
        column(Arc::new(text.into_array()), self.seen.take())
    }
}
