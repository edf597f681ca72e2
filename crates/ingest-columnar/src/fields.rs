//! One column of one batch, as bytes.

use ingest_infer::{NullWords, Summary};
use ingest_parse::{Dialect, Span, unescape};
use ingest_simd::{Kernel, Padded};

/// The fields of one column in one batch.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// The batch's text.
    pub block: Padded<'a>,
    /// Where in it the fields are, one for each row. Escapes are looked for here: no span need be marked.
    pub spans: &'a [Span],
    /// How the text is written.
    pub dialect: &'a Dialect,
}

/// How fields are read, whatever the column.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The words that stand for null.
    pub nulls: &'a NullWords,
    /// The kernel that reads numbers and times.
    pub kernel: Kernel,
    /// What it says of a field that it stood in quotes.
    pub quotes: Quotes,
}

/// What quotes around a field say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Quotes {
    /// Nothing: in delimited text `"12"` is a number.
    #[default]
    Wrap,
    /// That it is a string: in JSON `"12"` is a text.
    Mean,
}

impl Rules<'_> {
    /// Adds what one field shows to a summary. `text` is unescaped.
    #[inline]
    pub fn observe(&self, text: &[u8], quoted: bool, summary: &mut Summary) {
        match self.quotes {
            Quotes::Mean if quoted => summary.observe_string(text, self.nulls),
            Quotes::Mean => summary.observe_json(text, self.nulls),
            _ => summary.observe(text, quoted, self.nulls),
        }
    }
}

impl<'a> Fields<'a> {
    /// Fields of JSON values: escapes need undoing only where a span says so.
    pub fn of_json(block: Padded<'a>, spans: &'a [Span]) -> Self {
        let has_escapes = spans.iter().any(|span| span.is_escaped());
        Fields { block, spans, dialect: if has_escapes { &Dialect::JSON } else { &Dialect::PLAIN_JSON } }
    }

    /// The field's text. `scratch` holds it where escapes had to be undone. O(length).
    #[inline]
    pub(crate) fn text<'s>(&self, span: Span, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        let raw = span.of(self.block.bytes());
        if !self.has_escapes(span) {
            return raw;
        }
        scratch.clear();
        unescape(raw, span.is_quoted(), self.dialect, scratch);
        scratch
    }

    /// Whether the field's text is another than its bytes, or may be.
    #[inline]
    pub(crate) fn has_escapes(&self, span: Span) -> bool {
        let may_hold = span.is_quoted() || (self.dialect.quote.is_none() && self.dialect.escape.is_some());
        span.is_escaped() || (may_hold && self.holds_marks(span))
    }

    /// Whether the field is an object or array of JSON.
    #[inline]
    pub(crate) fn is_nested(&self, span: Span, rules: &Rules<'_>) -> bool {
        let is_nested = |first: Option<&u8>| matches!(first, Some(b'{' | b'['));
        rules.quotes == Quotes::Mean && !span.is_quoted() && is_nested(span.of(self.block.bytes()).first())
    }

    fn holds_marks(&self, span: Span) -> bool {
        let quote = self.dialect.quote.filter(|_| span.is_quoted());
        let raw = span.of(self.block.bytes());
        quote.is_some_and(|quote| holds(raw, quote)) || self.dialect.escape.is_some_and(|escape| holds(raw, escape))
    }

    /// Whether a field that the batched kernels take can never hold an escape: no letter of a number or a time is one.
    pub(crate) fn suits_kernels(&self) -> bool {
        let in_values = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'.' | b':' | b' ' | b'T' | b'Z');
        !self.dialect.quote.is_some_and(in_values) && !self.dialect.escape.is_some_and(in_values)
    }
}

/// Whether `byte` is in `text`. Sixteen bytes at a time without leaving early, which the compiler turns into vectors.
fn holds(text: &[u8], byte: u8) -> bool {
    let (chunks, rest) = text.as_chunks::<16>();
    let in_chunk = |chunk: &[u8; 16]| chunk.iter().fold(false, |found, &other| found | (other == byte));
    chunks.iter().any(in_chunk) || rest.contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_wherever_it_is() {
        for len in 0..70 {
            let mut text = vec![b'a'; len];
            assert!(!holds(&text, b'"'));
            for at in 0..len {
                text[at] = b'"';
                assert!(holds(&text, b'"'), "{at} of {len}");
                text[at] = b'a';
            }
        }
    }
}
