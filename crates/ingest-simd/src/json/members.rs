//! One member of many records of one layout.

use super::lanes::{self, Lanes, Words};
use super::{Layout, number_length};
use crate::{Kernel, Padded, Span};

/// What a text has of the characters that strings hold only as escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StringMarks {
    /// How many quotes.
    pub quotes: usize,
    /// How many LFs.
    pub lines: usize,
    /// Whether there is a backslash, or a control character other than LF.
    pub others: bool,
}

/// Counts quotes and LFs, and looks for backslashes and other control characters. O(bytes).
pub fn string_marks(kernel: Kernel, text: Padded<'_>) -> StringMarks {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe { marks_avx2(text) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx512 if kernel.is_available() => unsafe { marks_avx512(text) },
        // SAFETY: `Words` needs no special instructions.
        _ => unsafe { marks::<Words>(text) },
    }
}

/// # Safety
/// The CPU has [`Kernel::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
unsafe fn marks_avx2(text: Padded<'_>) -> StringMarks {
    // SAFETY: the instructions are enabled.
    unsafe { marks::<lanes::Ymm>(text) }
}

/// # Safety
/// The CPU has [`Kernel::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512bw,avx512vl")]
unsafe fn marks_avx512(text: Padded<'_>) -> StringMarks {
    // SAFETY: the instructions are enabled.
    unsafe { marks::<lanes::Zmm>(text) }
}

/// # Safety
/// The CPU has the instructions of `L`.
#[inline(always)]
unsafe fn marks<L: Lanes>(text: Padded<'_>) -> StringMarks {
    let (mut marks, mut seen) = (StringMarks::default(), 0);
    for at in (0..text.len()).step_by(L::BYTES) {
        // SAFETY: `at` lies within the text, behind which there are `PADDING` bytes, no fewer than are loaded.
        let [quotes, lines, others] = unsafe { L::all_marks(text.as_ptr().add(at)) };
        let rest = text.len() - at;
        let live = if rest >= 64 { !0 } else { (1 << rest) - 1 };
        marks.quotes += (quotes & live).count_ones() as usize;
        marks.lines += (lines & live).count_ones() as usize;
        seen |= others & live;
    }
    StringMarks { others: seen != 0, ..marks }
}

/// The fields of one member of all records of a text, where they lie as `layout` says: how many of them are strings, or `None`
/// if one lies otherwise, or is neither a number nor a string, `true`, `false` or `null`.
///
/// The text is read as delimited by commas and wrapped in quotes: `ends` holds where each such field ends, record by record,
/// one a member; it begins with an entry before the first field (`u32::MAX` for offset 0). What is a string begins and ends with
/// a quote; that no quote and no LF stands between is for the caller to check, by counting ([`string_marks`], [`Layout::quotes`]),
/// and that there are no escapes. O(records).
///
/// # Panics
/// If the layout has no such member, `ends` are no whole records or not as many as `out`, or an end lies beyond the text.
pub fn member_spans(
    kernel: Kernel,
    text: Padded<'_>,
    ends: &[u32],
    layout: &Layout,
    member: usize,
    out: &mut [Span],
) -> Option<usize> {
    assert_eq!(ends.len(), out.len() * layout.members() + 1, "whole records, an end for each member");
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe { spans_avx2(text, ends, layout, member, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx512 if kernel.is_available() => unsafe { spans_avx512(text, ends, layout, member, out) },
        // SAFETY: `Words` needs no special instructions.
        _ => unsafe { spans::<Words>(text, ends, layout, member, out) },
    }
}

/// # Safety
/// The CPU has [`Kernel::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
unsafe fn spans_avx2(
    text: Padded<'_>,
    ends: &[u32],
    layout: &Layout,
    member: usize,
    out: &mut [Span],
) -> Option<usize> {
    // SAFETY: the instructions are enabled.
    unsafe { spans::<lanes::Ymm>(text, ends, layout, member, out) }
}

/// # Safety
/// The CPU has [`Kernel::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512bw,avx512vl")]
unsafe fn spans_avx512(
    text: Padded<'_>,
    ends: &[u32],
    layout: &Layout,
    member: usize,
    out: &mut [Span],
) -> Option<usize> {
    // SAFETY: the instructions are enabled.
    unsafe { spans::<lanes::Zmm>(text, ends, layout, member, out) }
}

/// # Safety
/// The CPU has the instructions of `L`.
#[inline(always)]
unsafe fn spans<L: Lanes>(
    text: Padded<'_>,
    ends: &[u32],
    layout: &Layout,
    member: usize,
    out: &mut [Span],
) -> Option<usize> {
    let (members, before) = (layout.members(), &layout.members[member].before);
    if out.is_empty() {
        return Some(0);
    }
    let is_last = member + 1 == members;
    let mut strings = 0;
    for (span, ends) in out.iter_mut().zip(ends[member..].chunks(members)) {
        // Of the last record, the chunk may end with the member's own entries.
        let (&[from, end], _) = ends.split_first_chunk()?;
        // A first member begins behind the line end before, the others with the comma there.
        let from = if member == 0 { from.wrapping_add(1) } else { from } as usize;
        let start = from + before.text.len();
        let mut end = end as usize;
        assert!(end <= text.len(), "an end lies in the text");
        if is_last {
            end = end.checked_sub(layout.closing.text.len())?;
        }
        if start >= end || !before.stands_at(text, from) || (is_last && !layout.closing.stands_at(text, end)) {
            return None;
        }
        // SAFETY: passed on from the caller; the value lies in the text.
        *span = unsafe { whole_value::<L>(text, start, end) }?;
        strings += usize::from(span.is_quoted());
    }
    Some(strings)
}

/// The field of the value `start..end`; `None` if it is none, or an object or array.
///
/// # Safety
/// The CPU has the instructions of `L`; `start < end`, which is no offset beyond the text.
#[inline(always)]
unsafe fn whole_value<L: Lanes>(text: Padded<'_>, start: usize, end: usize) -> Option<Span> {
    let bytes = text.bytes();
    // SAFETY: the value lies in the text, see above.
    let (first, last) = unsafe { (*bytes.get_unchecked(start), *bytes.get_unchecked(end - 1)) };
    match first {
        b'"' => (last == b'"' && end - start >= 2).then(|| Span::quoted(start as u32 + 1, end as u32 - 1, false)),
        b'-' | b'0'..=b'9' => {
            // SAFETY: behind the text lie `PADDING` bytes, more than the 16 that are loaded.
            let (digits, points) = unsafe { L::digits_and_points(text.as_ptr().add(start)) };
            let sign = usize::from(first == b'-');
            let is_short = number_length(first, digits, points) == Some(end - start)
                && !(bytes[start + sign] == b'0' && end - start > sign + 1 && points & (2 << sign) == 0);
            (is_short || json_number_length(&bytes[start..end]) == Some(end - start))
                .then(|| Span::new(start as u32, end as u32))
        }
        _ => match &bytes[start..end] {
            b"true" | b"false" => Some(Span::new(start as u32, end as u32)),
            b"null" => Some(Span::new(end as u32, end as u32)),
            _ => None,
        },
    }
}

/// Length of the number of JSON that `text` begins with, as RFC 8259 has it; `None` if it begins with none, or breaks off
/// within one. What follows is not looked at. O(length).
// Kept out of the loops that read short numbers by masks.
#[cold]
#[inline(never)]
pub fn json_number_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let some_digits = |from: usize| Some(digits(from)).filter(|&length| length > 0).map(|length| from + length);
    let mut end = usize::from(text.first() == Some(&b'-'));
    end = if text.get(end) == Some(&b'0') { end + 1 } else { some_digits(end)? };
    if text.get(end) == Some(&b'.') {
        end = some_digits(end + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = matches!(text.get(end + 1), Some(b'+' | b'-'));
        end = some_digits(end + 1 + usize::from(sign))?;
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PADDING, Structure, index_fields};

    fn padded(text: &[u8]) -> Vec<u8> {
        [&[b'1'; PADDING][..], text, &[b'1'; PADDING]].concat()
    }

    #[test]
    fn marks_are_counted_to_the_last_byte_and_no_further() {
        for length in 0..200 {
            let quotes = vec![b'"'; length];
            for other in [b'x', b'\\', b'\t', b'\r', b'\n', 0, 0x80] {
                let text = [&quotes[..], &[other]].concat();
                let memory = [&[b'"'; PADDING][..], &text, &[b'\\'; PADDING]].concat();
                let block = Padded::new(&memory, PADDING, PADDING + text.len()).expect("padded on both sides");
                let others = matches!(other, b'\\' | b'\t' | b'\r' | 0);
                let expected = StringMarks { quotes: length, lines: usize::from(other == b'\n'), others };
                for kernel in Kernel::available() {
                    assert_eq!(string_marks(kernel, block), expected, "{kernel} {length} {other}");
                }
            }
        }
    }

    /// The fields of both members of records like `{"a":…,"b":…}`, and how many are strings.
    fn members_of(text: &str) -> Option<Vec<(Vec<Span>, usize)>> {
        let layout = Layout::new(b"{\"a\":1,\"b\":2}", &[(5, 6, Some(0)), (11, 12, Some(1))]);
        assert!(layout.is_regular() && layout.quotes() == 4);
        let memory = padded(text.as_bytes());
        let block = Padded::new(&memory, PADDING, PADDING + text.len()).expect("padded on both sides");
        let answer = |kernel| {
            let mut ends = vec![u32::MAX];
            let structure = Structure { delimiter: Some(b','), quote: Some(b'"') };
            let marks = index_fields(kernel, block, None, &structure, &mut ends);
            ends.iter_mut().skip(1).for_each(|end| *end &= crate::FIELD_END);
            let mut spans = vec![Span::default(); marks.records];
            if ends.len() != 2 * marks.records + 1 {
                return None;
            }
            let mut members = Vec::new();
            for member in 0..2 {
                let strings = member_spans(kernel, block, &ends, &layout, member, &mut spans)?;
                members.push((spans.clone(), strings));
            }
            Some(members)
        };
        let answers: Vec<_> = Kernel::available().into_iter().map(answer).collect();
        answers.iter().for_each(|other| assert_eq!(other, &answers[0], "{text}"));
        answers.into_iter().next().flatten()
    }

    #[test]
    fn values_of_all_kinds_are_found_in_every_record() {
        for value in
            ["0", "-0", "-0.5", "123456789012345678", "1e5", "-2.5E-30", "0.1234567890123456789", "true", "false"]
        {
            let found =
                members_of(&format!("{{\"a\":{value},\"b\":\"x,y\"}}\n{{\"a\":\"\",\"b\":{value}}}")).expect(value);
            let length = value.len() as u32;
            let second = 5 + length + 12;
            assert_eq!(
                found[0],
                (vec![Span::new(5, 5 + length), Span::quoted(second + 6, second + 6, false)], 1),
                "{value}"
            );
            let last = second + 12;
            let strings = (vec![Span::quoted(11 + length, 14 + length, false), Span::new(last, last + length)], 1);
            assert_eq!(found[1], strings, "{value}");
        }
        let nulls = members_of("{\"a\":null,\"b\":null}\n").expect("nulls");
        assert_eq!(nulls[0].0, [Span::new(9, 9)]);
    }

    #[test]
    fn what_lies_otherwise_is_found_out() {
        for value in [
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "1.2.3",
            "00000000000000001",
            "1e5x",
            "tru",
            "nulls",
            "{}",
            "[1]",
            "",
            " 1",
            "\"",
            "1\n",
        ] {
            assert_eq!(members_of(&format!("{{\"a\":1,\"b\":2}}\n{{\"a\":{value},\"b\":2}}\n")), None, "{value}");
            assert_eq!(members_of(&format!("{{\"a\":1,\"b\":2}}\n{{\"a\":1,\"b\":{value}}}\n")), None, "{value}");
        }
        for text in [
            "{\"a\":1,\"c\":2}\n",
            "{\"b\":1,\"a\":2}\n",
            "{\"a\":1,\"b\":2} \n",
            " {\"a\":1,\"b\":2}\n",
            "{\"a\":1}\n",
            "x,y\n",
            "1,}\n",
        ] {
            assert_eq!(members_of(text), None, "{text}");
        }
    }
}
