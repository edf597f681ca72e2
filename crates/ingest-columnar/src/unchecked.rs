//! Arrays built from parts that are already checked.

use arrow::array::StringArray;
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use ingest_simd::{Kernel, Padded, Span, TextBatch, Validity, copy_texts};

use crate::{Room, Spares};

/// Rows of text, some of them null. Whatever is in it is valid UTF-8, row by row: the one way to add rows checks them, many
/// at once.
///
/// The simple version validates each row by itself, or the whole array at its end. Here a batch is checked while it is
/// in cache, at the speed of a look for bytes above 0x7f where it is ASCII.
#[derive(Debug)]
pub(crate) struct CheckedText {
    bytes: Vec<u8>,
    /// Where each row ends; before them a 0, where the first one starts.
    offsets: Vec<i32>,
    validity: Validity,
}

impl CheckedText {
    /// No rows, with room for some.
    pub(crate) fn with_room(room: Room, spares: &mut Spares) -> Self {
        let mut offsets = spares.take(room.rows + 1);
        offsets.push(0);
        let bytes = spares.take(room.text_bytes);
        CheckedText { bytes, offsets, validity: Validity::with_capacity(room.rows) }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Adds a row for each field, as [`copy_texts`] does.
    ///
    /// Adds nothing and says `false` if a row is not UTF-8, or if the text goes beyond what 32-bit offsets reach. O(bytes).
    pub(crate) fn append(&mut self, kernel: Kernel, block: Padded<'_>, spans: &[Span], quote: Option<u8>) -> bool {
        let (bytes, rows) = (self.bytes.len(), self.len());
        let out = TextBatch { bytes: &mut self.bytes, ends: &mut self.offsets, validity: &mut self.validity };
        if !copy_texts(kernel, block, spans, quote, out) {
            return false;
        }
        let added = are_texts(&self.bytes, bytes, &self.offsets[rows + 1..]);
        if !added {
            self.bytes.truncate(bytes);
            self.offsets.truncate(rows + 1);
            self.validity.truncate(rows);
        }
        added
    }

    /// The rows as an array.
    pub(crate) fn into_array(self) -> StringArray {
        let rows = self.len();
        let nulls = crate::columns::null_buffer(self.validity);
        assert!(nulls.as_ref().is_none_or(|nulls| nulls.len() == rows), "a null bit for each row");
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        // SAFETY: `append` let nothing in but rows of valid UTF-8 with ascending ends inside the bytes, of which
        // `OffsetBuffer::new` has just checked the order once more; the number of null bits is asserted above.
        unsafe { StringArray::new_unchecked(offsets, Buffer::from_vec(self.bytes), nulls) }
    }
}

impl Default for CheckedText {
    fn default() -> Self {
        CheckedText::with_room(Room::default(), &mut Spares::default())
    }
}

/// Whether the pieces of `bytes` from `start` on that end at `ends` are in order, inside, and each valid UTF-8.
fn are_texts(bytes: &[u8], start: usize, ends: &[i32]) -> bool {
    let Some(&last) = ends.last() else { return true };
    let ordered = ends.first().is_some_and(|&first| first >= 0 && first as usize >= start) && ends.is_sorted();
    let Some(written) = usize::try_from(last).ok().and_then(|last| bytes.get(start..last)) else { return false };
    if !ordered || written.is_ascii() {
        return ordered;
    }
    // Ends are not below `start`: they are in order and the first is not.
    simdutf8::basic::from_utf8(written)
        .is_ok_and(|text| ends.iter().all(|&end| text.is_char_boundary(end as usize - start)))
}

#[cfg(test)]
mod tests {
    use ingest_simd::PADDING;

    use super::*;

    fn append(text: &mut CheckedText, bytes: &[u8], cuts: &[u32]) -> bool {
        let mut memory = vec![0; PADDING];
        memory.extend_from_slice(bytes);
        memory.extend_from_slice(&[0; PADDING]);
        let block = Padded::new(&memory, PADDING, PADDING + bytes.len()).unwrap();
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let spans: Vec<Span> = starts.zip(cuts).map(|(start, &end)| Span::quoted(start, end, false)).collect();
        text.append(Kernel::fastest(), block, &spans, None)
    }

    #[test]
    fn only_texts_get_in() {
        let mut text = CheckedText::default();
        assert!(append(&mut text, b"abc", &[0, 1, 3]));
        assert!(!append(&mut text, b"a\xff", &[2]));
        assert!(!append(&mut text, "é".as_bytes(), &[1, 2]), "cut within a letter");
        assert!(append(&mut text, "é한".as_bytes(), &[2, 5]));
        assert!(append(&mut text, b"", &[]));
        assert!(append(&mut text, b"", &[0]));
        let array = text.into_array();
        assert_eq!(array.iter().flatten().collect::<Vec<_>>(), ["", "a", "bc", "é", "한", ""]);
    }

    #[test]
    fn ends_are_in_order_inside_and_between_letters() {
        assert!(are_texts(b"xabc", 1, &[1, 2, 4]) && are_texts(b"", 0, &[]));
        assert!(!are_texts(b"xabc", 1, &[3, 2]), "backwards");
        assert!(!are_texts(b"xabc", 1, &[0, 2]) && !are_texts(b"xabc", 1, &[-1, 2]), "before the start");
        assert!(!are_texts(b"xabc", 1, &[5]), "outside");
        assert!(!are_texts("é".as_bytes(), 0, &[1, 2]), "cut within a letter");
    }
}
