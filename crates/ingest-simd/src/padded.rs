//! Bytes that may be over-read: every kernel loads whole vectors, so what it reads has spare bytes on both sides.

/// How many readable bytes lie before and after every [`Padded`] slice. One AVX-512 register.
pub const PADDING: usize = 64;

/// A slice of bytes with at least [`PADDING`] readable bytes before its start and after its end.
///
/// What the spare bytes hold never decides an answer; a kernel masks them out.
#[derive(Clone, Copy, Debug)]
pub struct Padded<'a> {
    buffer: &'a [u8],
    start: usize,
    end: usize,
}

/// A copy of `text` with [`PADDING`] zeroes on either side, for [`Padded::whole`].
#[must_use]
pub fn with_padding(text: &[u8]) -> Vec<u8> {
    [&[0; PADDING][..], text, &[0; PADDING]].concat()
}

impl<'a> Padded<'a> {
    /// All of `buffer` but [`PADDING`] bytes on either side, or `None` where it has not as many.
    pub fn whole(buffer: &'a [u8]) -> Option<Self> {
        Padded::new(buffer, PADDING, buffer.len().checked_sub(PADDING)?)
    }

    /// The bytes `start..end` of `buffer`, or `None` where less than [`PADDING`] bytes lie on either side.
    pub fn new(buffer: &'a [u8], start: usize, end: usize) -> Option<Self> {
        let fits = start >= PADDING && start <= end && buffer.len().checked_sub(end)? >= PADDING;
        fits.then_some(Padded { buffer, start, end })
    }

    /// The bytes themselves, without their padding.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        &self.buffer[self.start..self.end]
    }

    /// The number of bytes, without their padding.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are no bytes between the paddings.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// A part of these bytes, offsets relative to them; what lies around it serves as padding.
    ///
    /// # Panics
    /// If `from > to` or `to > self.len()`.
    #[inline]
    pub fn slice(&self, from: usize, to: usize) -> Padded<'a> {
        assert!(from <= to && to <= self.len(), "a part lies inside the whole");
        Padded { buffer: self.buffer, start: self.start + from, end: self.start + to }
    }

    /// A pointer to the first byte; [`PADDING`] bytes before it and after the last one may be read.
    #[inline]
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "the portable kernels load by slice"))]
    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.buffer[self.start..].as_ptr()
    }
}

/// Where a field lies in its block: `start..end`, 31-bit offsets, and two facts about it in the top bits.
///
/// A quoted field's span leaves the quotes out. `repr(C)`: kernels load eight spans as one register of 64-bit lanes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    start: u32,
    end: u32,
}

const FLAG: u32 = 1 << 31;

impl Span {
    /// The longest block that spans can address: 2 GiB less one byte.
    pub const OFFSET_MAX: usize = (FLAG - 1) as usize;

    /// A plain field between two offsets of at most [`Span::OFFSET_MAX`].
    #[inline]
    pub fn new(start: u32, end: u32) -> Self {
        debug_assert!(start <= end && end < FLAG);
        Span { start, end }
    }

    /// A field that stood in quotes; `start..end` lies between them. `escaped`: doubled quotes or escapes are left to undo.
    #[inline]
    pub fn quoted(start: u32, end: u32, escaped: bool) -> Self {
        Span { start: start | FLAG, end: end | if escaped { FLAG } else { 0 } }
    }

    /// This field, marked as holding escapes that are left to undo.
    #[inline]
    pub fn with_escapes(self) -> Self {
        Span { start: self.start, end: self.end | FLAG }
    }

    /// Offset of the first byte.
    #[inline]
    pub fn start(self) -> usize {
        (self.start & !FLAG) as usize
    }

    /// Offset after the last byte.
    #[inline]
    pub fn end(self) -> usize {
        (self.end & !FLAG) as usize
    }

    /// Number of bytes.
    #[inline]
    #[allow(clippy::len_without_is_empty, reason = "emptiness is asked of `is_null_text` and `len` only")]
    pub fn len(self) -> usize {
        self.end() - self.start()
    }

    /// Whether the field stood in quotes.
    #[inline]
    pub fn is_quoted(self) -> bool {
        self.start & FLAG != 0
    }

    /// Whether the text between `start` and `end` holds doubled quotes or escapes that are left to undo.
    #[inline]
    pub fn is_escaped(self) -> bool {
        self.end & FLAG != 0
    }

    /// Whether the field is empty and unquoted: what every type reads as null.
    #[inline]
    pub fn is_null_text(self) -> bool {
        self.start == self.end
    }

    /// The field's bytes within its block, quotes left out, escapes not undone.
    ///
    /// # Panics
    /// If the span reaches beyond the block.
    #[inline]
    pub fn of(self, block: &[u8]) -> &[u8] {
        &block[self.start()..self.end()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_checked_on_both_sides() {
        let buffer = vec![7u8; 3 * PADDING];
        assert!(Padded::new(&buffer, PADDING - 1, 70).is_none());
        assert!(Padded::new(&buffer, PADDING, 2 * PADDING + 1).is_none());
        let padded = Padded::new(&buffer, PADDING, 2 * PADDING).expect("padded");
        assert_eq!(padded.slice(3, 5).bytes(), &[7, 7]);
        assert_eq!(Padded::whole(&with_padding(b"abc")).expect("padded").bytes(), b"abc");
        assert!(Padded::whole(&buffer[..2 * PADDING - 1]).is_none());
    }

    #[test]
    fn spans_keep_their_flags_apart_from_their_offsets() {
        let span = Span::quoted(3, 5, true);
        assert_eq!((span.start(), span.end(), span.is_quoted(), span.is_escaped()), (3, 5, true, true));
        assert!(!Span::quoted(3, 3, false).is_null_text());
        assert!(Span::new(3, 3).is_null_text());
    }
}
