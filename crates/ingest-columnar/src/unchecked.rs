//! Arrays built from parts that are already checked.

use arrow::array::StringArray;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

/// The most bytes that 32-bit offsets reach.
pub(crate) const TEXT_BYTES_MAX: usize = i32::MAX as usize;

/// Rows of text. Whatever is in it is valid UTF-8, row by row: the one way to add rows checks them, many at once.
///
/// The simple version validates each row by itself, or the whole array at its end. Here a batch is checked while it is
/// in cache, at the speed of a look for bytes above 0x7f where it is ASCII.
#[derive(Debug, Default)]
pub(crate) struct CheckedText {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<i32>,
}

impl CheckedText {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        CheckedText { bytes: Vec::new(), ends: Vec::with_capacity(rows) }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds rows. `write` gets `room` bytes, puts the rows' text there one after the other and pushes where each ends.
    ///
    /// Adds nothing and says `false` if a row is not UTF-8, if the text leaves the room or goes backwards, or if it goes
    /// beyond [`TEXT_BYTES_MAX`]. O(bytes).
    pub(crate) fn append(&mut self, room: usize, write: impl FnOnce(&mut [u8], &mut Vec<i32>)) -> bool {
        let (bytes, rows) = (self.bytes.len(), self.ends.len());
        if bytes + room > TEXT_BYTES_MAX {
            return false;
        }
        self.bytes.resize(bytes + room, 0);
        write(&mut self.bytes[bytes..], &mut self.ends);
        let written = self.ends.get(rows..).is_some_and(|ends| are_texts(&self.bytes[bytes..], ends));
        if !written {
            self.bytes.truncate(bytes);
            self.ends.truncate(rows);
            return false;
        }
        let base = i32::try_from(bytes).expect("at most TEXT_BYTES_MAX");
        let end = self.ends.last().map_or(0, |&end| end as usize);
        self.ends[rows..].iter_mut().for_each(|end| *end += base);
        self.bytes.truncate(bytes + if self.ends.len() > rows { end } else { 0 });
        true
    }

    /// The rows as an array, null where `nulls` says so.
    ///
    /// # Panics
    /// If `nulls` has another number of rows.
    pub(crate) fn into_array(self, nulls: Option<NullBuffer>) -> StringArray {
        assert!(nulls.as_ref().is_none_or(|nulls| nulls.len() == self.ends.len()), "a null bit for each row");
        let mut offsets = self.ends;
        offsets.insert(0, 0);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        // SAFETY: `append` let nothing in but rows of valid UTF-8 with ascending ends inside the bytes, of which
        // `OffsetBuffer::new` has just checked the order once more; the number of null bits is asserted above.
        unsafe { StringArray::new_unchecked(offsets, Buffer::from_vec(self.bytes), nulls) }
    }
}

/// Whether the pieces of `bytes` that end at `ends` are in order, inside, and each valid UTF-8.
fn are_texts(bytes: &[u8], ends: &[i32]) -> bool {
    let Some(&last) = ends.last() else { return true };
    let ordered = ends.first().is_some_and(|&first| first >= 0) && ends.is_sorted();
    let Some(written) = usize::try_from(last).ok().and_then(|last| bytes.get(..last)) else { return false };
    if !ordered || written.is_ascii() {
        return ordered;
    }
    // Ends are not negative: they are in order and the first is not.
    simdutf8::basic::from_utf8(written).is_ok_and(|text| ends.iter().all(|&end| text.is_char_boundary(end as usize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(text: &mut CheckedText, bytes: &[u8], ends: &[i32]) -> bool {
        text.append(bytes.len() + 3, |room, all| {
            room[..bytes.len()].copy_from_slice(bytes);
            all.extend_from_slice(ends);
        })
    }

    #[test]
    fn only_texts_get_in() {
        let mut text = CheckedText::default();
        assert!(append(&mut text, b"abc", &[0, 1, 3]));
        assert!(!append(&mut text, b"a\xff", &[2]));
        assert!(!append(&mut text, "é".as_bytes(), &[1, 2]), "cut within a letter");
        assert!(!append(&mut text, b"abc", &[2, 1]), "backwards");
        assert!(!append(&mut text, b"abc", &[-1, 1]) && !append(&mut text, b"abc", &[7]), "outside");
        assert!(!text.append(TEXT_BYTES_MAX - 2, |_, _| unreachable!()), "beyond the offsets");
        assert!(append(&mut text, "é한".as_bytes(), &[2, 5]));
        assert!(append(&mut text, b"", &[]));
        assert!(append(&mut text, b"", &[0]));
        let array = text.into_array(None);
        assert_eq!(array.iter().flatten().collect::<Vec<_>>(), ["", "a", "bc", "é", "한", ""]);
    }
}
