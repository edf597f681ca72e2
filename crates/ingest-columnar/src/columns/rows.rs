//! What the builders of all types but text share: values, nulls, what was seen, and the fields that the kernels leave.

use arrow::array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::ArrowNativeType;
use ingest_infer::Summary;
use ingest_parse::Span;
use ingest_simd::{Batch, Validity};
use std::sync::Arc;

use crate::{Column, ColumnType, Counts, Fields, Quotes, Rules};

/// The rows of a column whose values are of type `T`.
#[derive(Debug)]
pub(super) struct Rows<T> {
    values: Vec<T>,
    validity: Validity,
    seen: Seen,
    /// Rows of the current call that the kernel left, and room for text and spans that have to be rewritten.
    left: Vec<u32>,
    text: Vec<u8>,
    spans: Vec<Span>,
    /// Fields of the current call without the strings.
    unquoted: Vec<Span>,
}

/// What a column has seen, if anybody asks.
#[derive(Debug)]
pub(super) struct Seen {
    summary: Summary,
    asked: bool,
}

impl Seen {
    /// Nobody asks where the user gave the type.
    pub(super) fn new(column_type: &ColumnType) -> Self {
        Seen { summary: Summary::default(), asked: !column_type.given }
    }

    /// Adds facts.
    #[inline]
    pub(super) fn note(&mut self, note: impl FnOnce(&mut Summary)) {
        if self.asked {
            note(&mut self.summary);
        }
    }

    /// Whether nothing that could still be seen would change the type.
    #[inline]
    pub(super) fn is_settled_as_text(&self) -> bool {
        !self.asked || self.summary.is_text()
    }

    /// The same where objects and arrays may come.
    pub(super) fn is_settled_as_json_text(&self) -> bool {
        !self.asked || self.summary.is_json_text()
    }

    /// Whether anybody asks.
    pub(super) fn is_asked(&self) -> bool {
        self.asked
    }

    /// All that was seen; begins anew.
    pub(super) fn take(&mut self) -> Summary {
        std::mem::take(&mut self.summary)
    }
}

/// How the fields of a type become values.
pub(super) trait Reading<T> {
    /// What the kernel reports.
    type Facts;

    /// Whether the values can be strings where strings are told from other values: dates and times are.
    const IS_STRING: bool;

    /// Reads what can be read many fields at a time; the rest are its misfits.
    fn kernel(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, out: Batch<'_, T>) -> Self::Facts;

    /// Adds what the kernel reported.
    fn note(&self, summary: &mut Summary, facts: Self::Facts);

    /// Reads one field, exactly.
    fn read(&self, text: &[u8]) -> Option<T>;
}

impl<T: Copy + Default> Rows<T> {
    /// No rows yet; `values` is an empty list with room for them.
    pub(super) fn new(column_type: &ColumnType, values: Vec<T>) -> Self {
        Rows {
            validity: Validity::with_capacity(values.capacity()),
            values,
            seen: Seen::new(column_type),
            left: Vec::new(),
            text: Vec::new(),
            spans: Vec::new(),
            unquoted: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Appends all fields; strings are no values of an inferred type that has none, even if they read like some.
    pub(super) fn append<R: Reading<T>>(
        &mut self,
        reading: &mut R,
        fields: &Fields<'_>,
        rules: &Rules<'_>,
        misfits: &mut Vec<u32>,
    ) {
        let tells_strings = rules.quotes == Quotes::Mean && !R::IS_STRING && self.seen.is_asked();
        if !tells_strings || !fields.spans.iter().any(|span| span.is_quoted()) {
            return self.append_values(reading, fields, rules, misfits);
        }
        let mut unquoted = std::mem::take(&mut self.unquoted);
        unquoted.clear();
        unquoted.extend(fields.spans.iter().map(|&span| if span.is_quoted() { Span::default() } else { span }));
        let before = misfits.len();
        let strings = fields.spans.iter().zip(0..).filter(|(span, _)| span.is_quoted());
        misfits.extend(strings.map(|(_, row)| row));
        self.append_values(reading, &Fields { spans: &unquoted, ..*fields }, rules, misfits);
        misfits[before..].sort_unstable();
        self.unquoted = unquoted;
    }

    /// Appends all fields: those that the kernel takes by the kernel, the others one by one.
    fn append_values(
        &mut self,
        reading: &mut impl Reading<T>,
        fields: &Fields<'_>,
        rules: &Rules<'_>,
        misfits: &mut Vec<u32>,
    ) {
        let first = self.values.len();
        let mut left = std::mem::take(&mut self.left);
        left.clear();
        let out = Batch { values: &mut self.values, validity: &mut self.validity, misfits: &mut left };
        if !fields.suits_kernels() {
            leave_all(fields.spans, out);
        } else {
            let hidden = hide_null_words(fields, rules, &mut self.text, &mut self.spans);
            let spans = if hidden { &self.spans } else { fields.spans };
            let facts = reading.kernel(&Fields { spans, ..*fields }, rules, out);
            self.seen.note(|summary| reading.note(summary, facts));
        }
        left.retain(|&row| !self.settle(reading, first, row, fields, rules));
        misfits.extend_from_slice(&left);
        self.left = left;
    }

    /// Reads one field by the exact functions; `false` if it is a misfit.
    fn settle(
        &mut self,
        reading: &impl Reading<T>,
        first: usize,
        row: u32,
        fields: &Fields<'_>,
        rules: &Rules<'_>,
    ) -> bool {
        let span = fields.spans[row as usize];
        let text = fields.text(span, &mut self.text);
        if !text.is_empty() && !rules.nulls.contains(text) {
            let Some(value) = reading.read(text) else { return false };
            self.values[first + row as usize] = value;
            self.validity.set(first + row as usize);
        }
        self.seen.note(|summary| rules.observe(text, span.is_quoted(), summary));
        true
    }

    /// The values, the nulls and the rest; begins anew.
    pub(super) fn take(&mut self) -> (Vec<T>, Option<NullBuffer>, Summary) {
        let nulls = null_buffer(std::mem::take(&mut self.validity));
        (std::mem::take(&mut self.values), nulls, self.seen.take())
    }
}

impl<T: ArrowNativeType> Rows<T> {
    /// The column, its values in an array of type `P`.
    pub(super) fn finish<P: ArrowPrimitiveType<Native = T>>(
        &mut self,
        typed: impl FnOnce(PrimitiveArray<P>) -> PrimitiveArray<P>,
    ) -> Column {
        let (values, nulls, summary) = self.take();
        column(Arc::new(typed(PrimitiveArray::new(ScalarBuffer::from(values), nulls))), summary)
    }
}

/// A kernel for types that have none: leaves all fields but the empty ones.
pub(super) fn leave_all<T: Copy + Default>(spans: &[Span], out: Batch<'_, T>) {
    out.values.resize(out.values.len() + spans.len(), T::default());
    out.validity.push_nulls(spans.len());
    // A block has fewer fields than bytes, and those are below 2^31.
    let rows = spans.iter().zip(0u32..).filter(|(span, _)| !span.is_null_text());
    out.misfits.extend(rows.map(|(_, row)| row));
}

/// Puts empty fields in place of null words that a kernel might take for values. `false`: there are none to look for.
fn hide_null_words(fields: &Fields<'_>, rules: &Rules<'_>, text: &mut Vec<u8>, spans: &mut Vec<Span>) -> bool {
    let may_be_value = |word: &String| word.starts_with(|first: char| matches!(first, '0'..='9' | '-' | '.'));
    if !rules.nulls.words().iter().any(may_be_value) {
        return false;
    }
    spans.clear();
    spans.extend(
        fields.spans.iter().map(
            |&span| {
                if rules.nulls.contains(fields.text(span, text)) { Span::default() } else { span }
            },
        ),
    );
    true
}

/// The rows without a value as Arrow wants them; `None` if there are none.
pub(crate) fn null_buffer(validity: Validity) -> Option<NullBuffer> {
    if validity.nulls() == 0 {
        return None;
    }
    let (words, rows) = validity.into_words();
    Some(NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(words), 0, rows)))
}

/// A finished column.
pub(super) fn column(array: ArrayRef, summary: Summary) -> Column {
    let nulls = array.logical_null_count() as u64;
    Column { array, summary, counts: Counts { nulls, doubled_keys: 0 } }
}
