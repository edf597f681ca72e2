//! Columns without any value.

use arrow::array::NullArray;
use std::sync::Arc;

use super::rows::{Seen, column};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules};

/// Only counts. Empty fields are null, quoted or not, and so are given null words; all else is a misfit.
pub(crate) struct Nulls {
    rows: usize,
    seen: Seen,
    given: bool,
    text: Vec<u8>,
}

impl Nulls {
    pub(crate) fn new(column_type: &ColumnType) -> Self {
        Nulls { rows: 0, seen: Seen::new(column_type), given: column_type.given, text: Vec::new() }
    }
}

impl ColumnBuilder for Nulls {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.rows += fields.spans.len();
        // A default null word is null only beside values of another type: it is no reason for this one, if inferred.
        let words_are_null = self.given || rules.nulls.is_given();
        for (&span, row) in fields.spans.iter().zip(0u32..).filter(|(span, _)| !span.is_null_text()) {
            let text = fields.text(span, &mut self.text);
            if text.is_empty() || (words_are_null && rules.nulls.contains(text)) {
                self.seen.note(|summary| rules.observe(text, span.is_quoted(), summary));
            } else {
                misfits.push(row);
            }
        }
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn finish(&mut self) -> Column {
        column(Arc::new(NullArray::new(std::mem::take(&mut self.rows))), self.seen.take())
    }
}
