//! Values of JSON that have no type together: each as its JSON text, so that a string that looks like an object stays told from
//! one.

use ingest_parse::{Dialect, Span};

use super::rows::{Seen, column};
use super::utf8::Text;
use crate::{Column, ColumnBuilder, ColumnType, Fields, Room, Rules, Spares};

pub(crate) struct JsonText {
    text: Text,
    seen: Seen,
    /// The fields with their quotes.
    spans: Vec<Span>,
    unescaped: Vec<u8>,
}

impl JsonText {
    pub(crate) fn new(column_type: &ColumnType, room: Room, spares: &mut Spares) -> Self {
        // What is seen is seen here: there a string is no string any more.
        let text = Text::new(&column_type.clone().settled(), room, spares);
        JsonText { text, seen: Seen::new(column_type), spans: Vec::new(), unescaped: Vec::new() }
    }

    fn observe(&mut self, fields: &Fields<'_>, rules: &Rules<'_>) {
        for &span in fields.spans {
            if self.seen.is_settled_as_json_text() {
                return;
            }
            let text = fields.text(span, &mut self.unescaped);
            self.seen.note(|summary| rules.observe(text, span.is_quoted(), summary));
        }
    }
}

impl ColumnBuilder for JsonText {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.observe(fields, rules);
        self.spans.clear();
        for &span in fields.spans {
            self.spans.push(if !span.is_quoted() {
                span
            } else if rules.nulls.contains(fields.text(span, &mut self.unescaped)) {
                Span::default()
            } else {
                // A string has a quote on either side.
                Span::new(span.start() as u32 - 1, span.end() as u32 + 1)
            });
        }
        let fields = Fields { spans: &self.spans, dialect: &Dialect::PLAIN_JSON, ..*fields };
        self.text.append(&fields, rules, misfits);
    }

    fn len(&self) -> usize {
        self.text.len()
    }

    fn finish(&mut self) -> Column {
        column(self.text.finish().array, self.seen.take())
    }
}
