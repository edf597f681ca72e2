//! Where every field of some whole records ends: four bytes a field.

use super::lanes::{Lanes, Words};
use super::{Structure, low_bits};
use crate::{Kernel, Padded, Span};

/// The bits of an index entry that hold the offset at which the field ends.
pub const FIELD_END: u32 = RECORD_END - 1;

/// The bit of an index entry that says the field is its record's last.
///
/// The offset is then that of the line end's last byte: in CRLF text the CR before it still belongs to the span.
pub const RECORD_END: u32 = 1 << 31;

/// What [`index_fields`] met on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Marks {
    /// Records that end in the text: entries with [`RECORD_END`].
    pub records: usize,
    /// Whether there is any quote in the text.
    pub quotes: bool,
    /// Whether there is any carriage return in the text.
    pub carriage_returns: bool,
}

/// Appends one entry for each field that ends in `text`, which starts at a record's start.
///
/// `next` is the byte after `text` in the source, `None` at its end; it decides whether a CR as the last byte ends a
/// record (with an LF to follow it does not). At the source's end a last field without a line end gets an entry at
/// `text.len()`. Whether the parity of quotes may be trusted is the caller's business ([`super::Hypothesis::irregular`]).
///
/// # Panics
/// If `text` is longer than [`Span::OFFSET_MAX`].
pub fn index_fields(
    kernel: Kernel,
    text: Padded<'_>,
    next: Option<u8>,
    structure: &Structure,
    ends: &mut Vec<u32>,
) -> Marks {
    assert!(text.len() <= Span::OFFSET_MAX, "offsets have 31 bits");
    let (mut marks, open) = match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: checked.
        Kernel::Avx2 if kernel.is_available() => unsafe { index_avx2(text, next, structure, ends) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: checked.
        Kernel::Avx512 if kernel.is_available() => unsafe { index_avx512(text, next, structure, ends) },
        // SAFETY: plain Rust; `index` gives `append_bits` the room it demands.
        _ => unsafe { index::<Words>(text, next, structure, ends, |to, at, all, last| append_bits(to, at, all, last)) },
    };
    if next.is_none() && open {
        ends.push(text.len() as u32 | RECORD_END);
        marks.records += 1;
    }
    marks
}

/// # Safety
/// The CPU has the named features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,pclmulqdq")]
unsafe fn index_avx2(text: Padded<'_>, next: Option<u8>, structure: &Structure, ends: &mut Vec<u32>) -> (Marks, bool) {
    // SAFETY: the features are enabled.
    unsafe {
        index::<super::lanes::Ymm>(text, next, structure, ends, |to, at, all, last| append_bits(to, at, all, last))
    }
}

/// # Safety
/// The CPU has the named features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi1,bmi2,popcnt,lzcnt,pclmulqdq")]
unsafe fn index_avx512(
    text: Padded<'_>,
    next: Option<u8>,
    structure: &Structure,
    ends: &mut Vec<u32>,
) -> (Marks, bool) {
    // SAFETY: the features are enabled.
    unsafe {
        index::<super::lanes::Zmm>(text, next, structure, ends, |to, at, all, last| {
            append_compressed(to, at, all, last);
        })
    }
}

/// How the fields of a rectangle are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoting {
    /// The quote, where any field may be quoted. A field of two bytes or more that begins with it ends with it too.
    pub quote: Option<u8>,
    /// Whether a CR before the end of a field belongs to the line end.
    pub crlf: bool,
}

/// Appends the spans of one column of a rectangle to `out`: field `column` of every `columns` ones. Spans leave quotes out.
///
/// `ends` holds where each field of whole records of `text` ends, row by row, the flags of records taken off; it begins with
/// an entry before the first field, one less than where that starts (so `u32::MAX` for 0). O(rows).
///
/// # Panics
/// If there is no such column, `ends` are no whole rows, or an end lies beyond the text.
pub fn column_spans(
    text: &[u8],
    ends: &[u32],
    (columns, column): (usize, usize),
    quoting: Quoting,
    out: &mut Vec<Span>,
) {
    assert!(column < columns && ends.len() % columns == 1 % columns, "a column of whole rows");
    let rows = (ends.len() - 1) / columns;
    out.reserve(rows);
    // Fields of an empty text are empty: nothing of them is looked at, but there must be something to look at.
    let text = if text.is_empty() { b"\0" } else { text };
    let last_byte = text.len() - 1;
    let mut from = ends[column..].as_ptr();
    let mut reach = 0;
    // SAFETY: row `r` reads the entries `r * columns + column` and the next, of which the last is within `ends` as the column is
    // below `columns`; `reserve` made room for all rows, which are written before the length is set. `wrapping_add` because
    // the pointer may be moved beyond the end after the last row, where it is not read. Bytes of the text are read up to its
    // last one.
    unsafe {
        let mut to = out.spare_capacity_mut().as_mut_ptr().cast::<Span>();
        for _ in 0..rows {
            let [before, end] = from.cast::<[u32; 2]>().read();
            let (start, mut end) = (before.wrapping_add(1), end);
            reach = reach.max(end);
            let byte_at = |at: u32| *text.get_unchecked((at as usize).min(last_byte));
            if quoting.crlf {
                let crlf = end > start && byte_at(end) == b'\n' && byte_at(end - 1) == b'\r';
                end -= u32::from(crlf);
            }
            let quoted = match quoting.quote {
                Some(quote) => end > start.saturating_add(1) && byte_at(start) == quote,
                None => false,
            };
            let span = if quoted { Span::quoted(start + 1, end - 1, false) } else { Span::new(start, end) };
            to.write(span);
            from = from.wrapping_add(columns);
            to = to.add(1);
        }
        out.set_len(out.len() + rows);
    }
    assert!(reach as usize <= text.len(), "ends within the text");
}

/// Entries that one block can add, and that `append` may write beyond what it adds.
const BLOCK_ENTRIES: usize = 64;
const OVERSHOOT: usize = 16;

/// Returns what was met, and whether the text ends within a record.
///
/// # Safety
/// The CPU has the instructions of `L`; `append(to, at, fields, records)` writes the entries of the bits in `fields` from `to`
/// on, and no more than [`BLOCK_ENTRIES`]` + `[`OVERSHOOT`] in all.
#[inline(always)]
unsafe fn index<L: Lanes>(
    text: Padded<'_>,
    next: Option<u8>,
    structure: &Structure,
    ends: &mut Vec<u32>,
    append: impl Fn(*mut u32, u32, u64, u64),
) -> (Marks, bool) {
    let length = text.len();
    let bytes = text.as_ptr();
    let (mut quotes, mut carriage_returns, mut count_of_records) = (0, 0, 0);
    let mut parity = 0u64;
    let mut open = false;
    let mut at = 0;
    while at < length {
        if ends.capacity() - ends.len() < BLOCK_ENTRIES + OVERSHOOT {
            ends.reserve((BLOCK_ENTRIES + OVERSHOOT).max(ends.len() / 2));
        }
        let live = low_bits(length - at);
        // SAFETY: `at < length` and 64 readable bytes follow the text.
        let masks = unsafe { L::masks(bytes.add(at), structure) }.keep(live);
        // SAFETY: at most one byte past the block, still within the padding.
        let lf_after = masks.cr >> 63 != 0 && at + 64 < length && unsafe { *bytes.add(at + 64) } == b'\n';
        let mut records = masks.line_ends(lf_after);
        if at + 64 >= length && next == Some(b'\n') {
            records &= !(masks.cr & (1 << (length - 1 - at)));
        }
        let inside = if masks.quote == 0 {
            parity
        } else {
            // SAFETY: the instructions of `L` are there.
            let inside = unsafe { L::prefix_xor(masks.quote) } ^ parity;
            parity = (inside.cast_signed() >> 63).cast_unsigned();
            inside
        };
        records &= !inside;
        let fields = (masks.delimiter & !inside) | records;
        quotes |= masks.quote;
        carriage_returns |= masks.cr;
        count_of_records += records.count_ones() as usize;
        let count = ends.len();
        // SAFETY: there is room for BLOCK_ENTRIES + OVERSHOOT entries after `count`, `append` writes no more, and the first
        // `fields.count_ones()` of them are written.
        unsafe {
            append(ends.as_mut_ptr().add(count), at as u32, fields, records);
            ends.set_len(count + fields.count_ones() as usize);
        }
        // The last live byte ends a record, or the text goes on.
        open = records & (live ^ (live >> 1)) == 0;
        at += 64;
    }
    (Marks { records: count_of_records, quotes: quotes != 0, carriage_returns: carriage_returns != 0 }, open)
}

/// One entry a bit; eight at a time, what is written too much is overwritten by the next block.
///
/// # Safety
/// `to` has room for `fields.count_ones()` entries and eight more.
#[inline(always)]
unsafe fn append_bits(to: *mut u32, at: u32, fields: u64, records: u64) {
    let mut rest = fields;
    let mut written = 0;
    while rest != 0 {
        for lane in 0..8 {
            let bit = rest.trailing_zeros() & 63;
            let flag = ((records >> bit) as u32 & 1) << 31;
            // SAFETY: `written + lane < 64 + 8`, see `index`.
            unsafe { to.add(written + lane).write((at + bit) | flag) };
            rest &= rest.wrapping_sub(1);
        }
        written += 8;
    }
}

/// Sixteen offsets a register, those of the set bits moved together, then stored (compressing to memory is slow on Zen 4).
///
/// # Safety
/// The CPU has AVX-512 F, and `to` has room for `fields.count_ones()` entries and sixteen more.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi1,bmi2,popcnt")]
#[inline]
unsafe fn append_compressed(to: *mut u32, at: u32, fields: u64, records: u64) {
    use std::arch::x86_64::*;
    let mut to = to;
    let mut offsets = _mm512_add_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        _mm512_set1_epi32(at.cast_signed()),
    );
    let flag = _mm512_set1_epi32(RECORD_END.cast_signed());
    for quarter in 0..4 {
        let chosen = (fields >> (16 * quarter)) as u16;
        let last = (records >> (16 * quarter)) as u16;
        let entries = _mm512_mask_or_epi32(offsets, last, offsets, flag);
        // SAFETY: at most 48 entries lie before the last store of 16, see `index`.
        unsafe {
            _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi32(chosen, entries));
            to = to.add(chosen.count_ones() as usize);
        }
        offsets = _mm512_add_epi32(offsets, _mm512_set1_epi32(16));
    }
}
