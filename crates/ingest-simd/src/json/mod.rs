//! JSON records that look like the one before them: between the values stands the same text.
//!
//! Programs write the records of a file in one way, so that only values differ from line to line: `{"id":`, a number,
//! `,"name":`, a string, `}`. A [`Layout`] holds what stands between the values, and [`follow_record`] reads a line by it: each
//! text is one compare of 16 bytes, each number or string ends where a mask of 16 to 64 bytes says so. What it takes is valid
//! JSON if the line was from which the layout comes; where a line differs it says so, and the exact machine of `ingest-parse`
//! reads on. The simple version, which the tests compare with, is that machine.
//!
//! One value after the other, a line takes as long as each waits for the one before to end. So whole batches are read another
//! way first: as delimited text, whose fields are a key and its value each, all ends known at once; then [`member_spans`] goes
//! down one member of all records, none of which waits for another.

mod lanes;
mod members;

pub use members::{StringMarks, json_number_length, member_spans, string_marks};

#[cfg(test)]
mod tests;

use self::lanes::{Lanes, Words};
use crate::{Kernel, Padded, Span};

/// What stands between the values of a record on a line of its own.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    members: Vec<Member>,
    closing: Literal,
    /// Blanks around the record.
    lead: usize,
    trail: usize,
}

/// A value: the text before it, and the column that it belongs to.
#[derive(Clone, Debug)]
struct Member {
    before: Literal,
    column: Option<u32>,
}

/// A text to be compared with.
#[derive(Clone, Debug, Default)]
struct Literal {
    /// The first 16 bytes, zeros behind shorter texts; which of them count.
    first: u128,
    mask: u128,
    text: Vec<u8>,
}

impl Literal {
    fn new(text: &[u8]) -> Self {
        let mut first = [0; 16];
        let length = text.len().min(16);
        first[..length].copy_from_slice(&text[..length]);
        let mask = if length == 16 { !0 } else { (1 << (8 * length)) - 1 };
        Literal { first: u128::from_le_bytes(first), mask, text: text.to_vec() }
    }

    /// Whether it stands at an offset of the text. One compare for most texts.
    #[inline(always)]
    fn stands_at(&self, text: Padded<'_>, at: usize) -> bool {
        let length = self.text.len();
        if text.len() - at < length {
            return false;
        }
        // SAFETY: `at` is at most the text's length, behind which lie `PADDING` bytes, more than 16.
        let bytes = unsafe { text.as_ptr().add(at).cast::<[u8; 16]>().read() };
        let same = (u128::from_le_bytes(bytes) ^ self.first) & self.mask == 0;
        same && (length <= 16 || text.bytes()[at + 16..at + length] == self.text[16..])
    }
}

impl Layout {
    /// The layout of `line`, a record without its line end. `members`: for each value, where it stands in the line, the quotes of
    /// strings included, and its column, if it has one.
    ///
    /// # Panics
    /// If values overlap or reach beyond the line.
    pub fn new(line: &[u8], members: &[(usize, usize, Option<u32>)]) -> Self {
        let mut from = 0;
        let mut texts = Vec::with_capacity(members.len());
        for &(start, end, column) in members {
            texts.push(Member { before: Literal::new(&line[from..start]), column });
            from = end;
        }
        let blanks = |bytes: &[u8]| bytes.len() - bytes.trim_ascii_start().len();
        Layout {
            members: texts,
            closing: Literal::new(&line[from..]),
            lead: blanks(line),
            trail: line.len() - line.trim_ascii_end().len(),
        }
    }

    /// Whether there is nothing to go by: a record without values, or none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many values a record has.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// Whether a comma comes directly behind each value: then records can be read as delimited text.
    pub fn is_regular(&self) -> bool {
        !self.is_empty() && self.members[1..].iter().all(|member| member.before.text.starts_with(b","))
    }

    /// The quotes of a record that are not a value's.
    pub fn quotes(&self) -> usize {
        let quotes = |literal: &Literal| literal.text.iter().filter(|&&byte| byte == b'"').count();
        self.members.iter().map(|member| quotes(&member.before)).sum::<usize>() + quotes(&self.closing)
    }

    /// Blanks before a record and behind it.
    pub fn blanks(&self) -> (usize, usize) {
        (self.lead, self.trail)
    }

    /// The column of a value.
    pub fn column(&self, member: usize) -> Option<u32> {
        self.members[member].column
    }
}

/// How far [`follow_record`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// To the end of the record.
    Record {
        /// Offset of the record's first byte behind the blanks before it: counted from where the line began.
        lead: usize,
        /// Offset after its last byte, blanks left out.
        end: usize,
        /// Offset of the next line.
        next: usize,
    },
    /// To a value that the exact machine has to read, at an offset.
    Value {
        /// Its number in the layout.
        member: usize,
        /// Where it begins.
        at: usize,
    },
    /// To something else: the record has another layout, or the text ends.
    Other,
}

/// Reads a record that lies as `layout` says: from the beginning of its line (`member` 0), or from the end of the value before
/// `member`. The field of each value is put into its column of `row`: empty for null, quoted for a string. O(bytes).
///
/// Fields keep what they had where the record turns out to be another one.
///
/// # Panics
/// If `at` lies beyond the text, or a column of the layout beyond `row`.
#[inline]
pub fn follow_record(
    kernel: Kernel,
    text: Padded<'_>,
    at: usize,
    layout: &Layout,
    member: usize,
    row: &mut [Span],
) -> Followed {
    assert!(at <= text.len() && text.len() <= Span::OFFSET_MAX, "an offset of the text");
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe { follow_avx2(text, at, layout, member, row) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx512 if kernel.is_available() => unsafe { follow_avx512(text, at, layout, member, row) },
        // SAFETY: `Words` needs no special instructions.
        _ => unsafe { follow::<Words>(text, at, layout, member, row) },
    }
}

/// # Safety
/// The CPU has [`Kernel::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
unsafe fn follow_avx2(text: Padded<'_>, at: usize, layout: &Layout, member: usize, row: &mut [Span]) -> Followed {
    // SAFETY: the instructions are enabled.
    unsafe { follow::<lanes::Ymm>(text, at, layout, member, row) }
}

/// # Safety
/// The CPU has [`Kernel::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512bw,avx512vl")]
unsafe fn follow_avx512(text: Padded<'_>, at: usize, layout: &Layout, member: usize, row: &mut [Span]) -> Followed {
    // SAFETY: the instructions are enabled.
    unsafe { follow::<lanes::Zmm>(text, at, layout, member, row) }
}

/// # Safety
/// The CPU has the instructions of `L`; `at` is no offset beyond the text.
#[inline(always)]
unsafe fn follow<L: Lanes>(
    text: Padded<'_>,
    mut at: usize,
    layout: &Layout,
    member: usize,
    row: &mut [Span],
) -> Followed {
    for (number, member) in layout.members.iter().enumerate().skip(member) {
        if !member.before.stands_at(text, at) {
            return Followed::Other;
        }
        at += member.before.text.len();
        // SAFETY: passed on from the caller; the text before the value lies within the text.
        let Some((span, end)) = (unsafe { value::<L>(text, at) }) else {
            return Followed::Value { member: number, at };
        };
        if let Some(column) = member.column {
            row[column as usize] = span;
        }
        at = end;
    }
    if !layout.closing.stands_at(text, at) {
        return Followed::Other;
    }
    let end = at + layout.closing.text.len();
    let next = match text.bytes()[end..] {
        [] => end,
        [b'\r', b'\n', ..] => end + 2,
        [b'\n' | b'\r', ..] => end + 1,
        _ => return Followed::Other,
    };
    Followed::Record { lead: layout.lead, end: end - layout.trail, next }
}

/// The field of the value at `at`, and the offset behind it; `None` for what the exact machine has to look at.
///
/// # Safety
/// The CPU has the instructions of `L`; `at` is no offset beyond the text.
#[inline(always)]
unsafe fn value<L: Lanes>(text: Padded<'_>, at: usize) -> Option<(Span, usize)> {
    // SAFETY: behind the text lie `PADDING` bytes.
    let from = unsafe { text.as_ptr().add(at) };
    // SAFETY: as above.
    let first = unsafe { from.read() };
    let (span, end) = match first {
        b'"' => {
            // SAFETY: passed on from the caller.
            let end = unsafe { string_end::<L>(text, at + 1) }?;
            (Span::quoted(at as u32 + 1, end as u32, false), end + 1)
        }
        b'-' | b'0'..=b'9' => {
            // SAFETY: as above.
            let (digits, points) = unsafe { L::digits_and_points(from) };
            let length = number_length(first, digits, points)?;
            let sign = usize::from(first == b'-');
            // SAFETY: a number is shorter than 16 bytes.
            let (leading, behind) = unsafe { (from.add(sign).read(), from.add(length).read()) };
            // A zero leads only itself or a fraction.
            let leads = leading == b'0' && length > sign + 1 && points & (2 << sign) == 0;
            if leads || !matches!(behind, b',' | b'}' | b' ') {
                return None;
            }
            (Span::new(at as u32, (at + length) as u32), at + length)
        }
        _ => {
            // SAFETY: behind the text lie `PADDING` bytes.
            let word = unsafe { from.cast::<[u8; 8]>().read() };
            let (length, is_null) = match &word {
                [b't', b'r', b'u', b'e', b',' | b'}' | b' ', ..] => (4, false),
                [b'f', b'a', b'l', b's', b'e', b',' | b'}' | b' ', ..] => (5, false),
                [b'n', b'u', b'l', b'l', b',' | b'}' | b' ', ..] => (4, true),
                _ => return None,
            };
            let end = at + length;
            (Span::new(if is_null { end } else { at } as u32, end as u32), end)
        }
    };
    (end <= text.len()).then_some((span, end))
}

/// Length of a number without exponent of fewer than 16 characters whose digits and points are these; `None` if it is another
/// one, or none.
#[inline(always)]
fn number_length(first: u8, digits: u32, points: u32) -> Option<usize> {
    let sign = u32::from(first == b'-');
    let length = (digits | points | sign).trailing_ones();
    let inside = (1u32 << (length & 31)) - 1;
    let points = points & inside;
    // The point, if there is one, stands between two digits: beside it both bits are digits' bits.
    let between = (digits << 1) & (digits >> 1);
    let starts = digits & (1 << sign) != 0;
    (length < 16 && starts && points & points.wrapping_sub(1) == 0 && points & !between == 0).then_some(length as usize)
}

/// The offset of the quote that closes a string without escapes whose text begins at `at`; `None` for other strings.
///
/// # Safety
/// The CPU has the instructions of `L`; at most [`crate::PADDING`] bytes from `at` on lie beyond the text.
#[inline(always)]
unsafe fn string_end<L: Lanes>(text: Padded<'_>, mut at: usize) -> Option<usize> {
    while at < text.len() {
        // SAFETY: `at` lies within the text, behind which there are `PADDING` bytes, no fewer than are loaded.
        let special = unsafe { L::string_marks(text.as_ptr().add(at)) };
        if special != 0 {
            at += special.trailing_zeros() as usize;
            return (at < text.len() && text.bytes()[at] == b'"').then_some(at);
        }
        at += L::BYTES;
    }
    None
}
