//! The same in plain Rust: one field at a time, eight digits at a time within a word.

use super::scaling::Scaling;
use super::{Batch, DecimalFacts, IntFacts, MANTISSA_MAX, POWERS, Range, check_spans};
use crate::{Padded, Span};

const HIGH_BITS: u128 = 0x8080_8080_8080_8080_8080_8080_8080_8080;
const LOW_BITS: u128 = !HIGH_BITS;
const ZEROS: u128 = 0x3030_3030_3030_3030_3030_3030_3030_3030;
const POINTS: u128 = 0x2e2e_2e2e_2e2e_2e2e_2e2e_2e2e_2e2e_2e2e;
/// Added to a digit's value, it stays below 0x80; to more than 9, it does not.
const ABOVE_NINE: u128 = 0x7676_7676_7676_7676_7676_7676_7676_7676;

/// Appends what `read` makes of each field.
#[inline(always)]
fn each<T: Copy + Default>(
    block: Padded<'_>,
    spans: &[Span],
    out: Batch<'_, T>,
    mut read: impl FnMut(Span) -> Option<T>,
) {
    check_spans(block, spans);
    out.values.reserve(spans.len());
    for (chunk, rows) in spans.chunks(64).enumerate() {
        let mut valid = 0;
        for (row, &span) in rows.iter().enumerate() {
            let value = if span.is_null_text() { None } else { read(span) };
            valid |= u64::from(value.is_some()) << row;
            if value.is_none() && !span.is_null_text() {
                // A block has fewer fields than bytes, and those are below 2^31.
                out.misfits.push((chunk * 64 + row) as u32);
            }
            out.values.push(value.unwrap_or_default());
        }
        out.validity.push(valid, rows.len());
    }
}

pub(super) fn ints(block: Padded<'_>, spans: &[Span], out: Batch<'_, i64>) -> IntFacts {
    let bytes = block.bytes();
    let mut largest = None;
    each(block, spans, out, |span| {
        let (value, negative) = whole(bytes, span)?;
        largest = largest.max(Some(value));
        Some(signed(value, negative))
    });
    IntFacts { largest }
}

pub(super) fn floats(block: Padded<'_>, spans: &[Span], out: Batch<'_, f64>) -> DecimalFacts {
    let bytes = block.bytes();
    let mut facts = DecimalFacts::default();
    each(block, spans, out, |span| {
        let number = Decimal::read(bytes, span)?;
        number.note(&mut facts);
        // Both are exact, so the division is rounded once, correctly. The mantissa is at most 2^53.
        let value = number.mantissa as f64 / POWERS[number.after];
        Some(if number.negative { -value } else { value })
    });
    facts
}

pub(super) fn decimals(
    block: Padded<'_>,
    spans: &[Span],
    (precision, scale): (u8, u8),
    out: Batch<'_, i64>,
) -> DecimalFacts {
    let bytes = block.bytes();
    let scaling = Scaling::to(precision, scale);
    let mut facts = DecimalFacts::default();
    each(block, spans, out, |span| {
        let number = Decimal::read(bytes, span)?;
        if number.mantissa.cast_signed() > scaling.limits[number.after] {
            return None;
        }
        number.note(&mut facts);
        Some(signed(number.mantissa, number.negative) * scaling.factors[number.after])
    });
    facts
}

fn signed(magnitude: u64, negative: bool) -> i64 {
    // At most sixteen digits: far below 2^63.
    if negative { -magnitude.cast_signed() } else { magnitude.cast_signed() }
}

/// A field of 1–16 bytes so that it ends in the highest byte; what is below it is not of the field.
#[inline(always)]
fn right_justified(bytes: &[u8], span: Span) -> Option<u128> {
    let end = span.end();
    if !(1..=16).contains(&(end.wrapping_sub(span.start()))) {
        return None;
    }
    if let Some((_, text)) = bytes[..end].split_last_chunk() {
        return Some(u128::from_le_bytes(*text));
    }
    // Only in the block's first sixteen bytes.
    let mut text = [0; 16];
    text[16 - end..].copy_from_slice(&bytes[..end]);
    Some(u128::from_le_bytes(text))
}

/// A sign taken off a right-justified field: the other characters with `0` taken out, all before them 0, and their number.
#[inline(always)]
fn unsigned(text: u128, len: usize) -> Option<(u128, usize, bool)> {
    let first = (text >> (128 - 8 * len)) as u8;
    let negative = first == b'-';
    let count = len - usize::from(negative);
    if count == 0 {
        return None;
    }
    // The xor with `0` is below 10 for digits alone, and unlike a difference it borrows nothing from the next byte.
    Some(((text ^ ZEROS) & (u128::MAX << (128 - 8 * count)), count, negative))
}

#[inline(always)]
fn are_digits(digits: u128) -> bool {
    (digits | digits.wrapping_add(ABOVE_NINE)) & HIGH_BITS == 0
}

/// The value of sixteen digits, the first one in the lowest byte.
#[inline(always)]
fn value(digits: u128) -> u64 {
    eight(digits as u64) * 100_000_000 + eight((digits >> 64) as u64)
}

/// The value of eight digits, the first one in the lowest byte: pairs, fours, all, each in place of its first.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    let pairs = (digits & 0x000f_000f_000f_000f) * 10 + ((digits >> 8) & 0x000f_000f_000f_000f);
    let fours = (pairs & 0x0000_007f_0000_007f) * 100 + ((pairs >> 16) & 0x0000_007f_0000_007f);
    (fours & 0x3fff) * 10_000 + (fours >> 32)
}

#[inline(always)]
fn whole(bytes: &[u8], span: Span) -> Option<(u64, bool)> {
    let (digits, count, negative) = unsigned(right_justified(bytes, span)?, span.len())?;
    let leads_zero = (digits >> (128 - 8 * count)) as u8 == 0;
    if !are_digits(digits) || (leads_zero && (count > 1 || negative)) {
        return None;
    }
    Some((value(digits), negative))
}

/// A number with or without a point.
struct Decimal {
    mantissa: u64,
    negative: bool,
    point: bool,
    before: usize,
    after: usize,
}

impl Decimal {
    #[inline(always)]
    fn read(bytes: &[u8], span: Span) -> Option<Self> {
        let (text, count, negative) = unsigned(right_justified(bytes, span)?, span.len())?;
        let (digits, from_point) = close_point(text)?;
        let after = from_point.saturating_sub(1);
        let before = count - from_point;
        let leads_zero = (text >> (128 - 8 * count)) as u8 == 0;
        let mantissa = value(digits);
        let bad = before + after == 0 || (leads_zero && before > 1) || (negative && mantissa == 0);
        let bad = bad || !are_digits(digits) || mantissa > MANTISSA_MAX;
        (!bad).then_some(Decimal { mantissa, negative, point: from_point > 0, before, after })
    }

    fn note(&self, facts: &mut DecimalFacts) {
        if self.point {
            let (before, after) = facts.digits.unwrap_or_default();
            facts.digits = Some((before.max(self.before as u32), after.max(self.after as u32)));
        } else {
            facts.largest_whole = facts.largest_whole.max(Some(self.mantissa));
        }
    }
}

/// Moves what stands before the point one byte up, onto it, and gives the number of bytes from the point on, 0 without
/// one. `None` for several points.
#[inline(always)]
fn close_point(text: u128) -> Option<(u128, usize)> {
    let differences = text ^ (POINTS ^ ZEROS);
    // 0x80 in each byte that is a point; exact, no carry crosses bytes.
    let points = !(((differences & LOW_BITS) + LOW_BITS) | differences | LOW_BITS);
    if points == 0 {
        return Some((text, 0));
    }
    if points & (points - 1) != 0 {
        return None;
    }
    let before = (points >> 7) - 1;
    let after = !(before | ((points >> 7) * 0xff));
    Some((((text & before) << 8) | (text & after), points.leading_zeros() as usize / 8 + 1))
}

pub(super) fn timestamps(block: Padded<'_>, spans: &[Span], out: Batch<'_, i64>) -> Option<Range<i64>> {
    let bytes = block.bytes();
    let mut range = None;
    each(block, spans, out, |span| {
        let value = timestamp(bytes.get(span.start()..span.end())?.try_into().ok()?)?;
        range = Range::and(range, value);
        Some(value)
    });
    range
}

pub(super) fn dates(block: Padded<'_>, spans: &[Span], out: Batch<'_, i32>) -> Option<Range<i32>> {
    let bytes = block.bytes();
    let mut range = None;
    each(block, spans, out, |span| {
        let value = date(bytes.get(span.start()..span.end())?.try_into().ok()?)?;
        range = Range::and(range, value);
        Some(value)
    });
    range
}

/// Microseconds of `YYYY-MM-DD HH:MM:SS`.
#[inline(always)]
fn timestamp(text: &[u8; 19]) -> Option<i64> {
    let &[y1, y2, y3, y4, d1, m1, m2, d2, c1, c2, mark, h1, h2, t1, n1, n2, t2, s1, s2] = text;
    if !matches!(mark, b' ' | b'T') || t1 != b':' || t2 != b':' {
        return None;
    }
    let days = date(&[y1, y2, y3, y4, d1, m1, m2, d2, c1, c2])?;
    let clock = u64::from_le_bytes([b'0', b'0', h1, h2, n1, n2, s1, s2]) ^ ZEROS as u64;
    let pairs = two_digits(clock)?;
    let (hour, minute, second) = ((pairs >> 16) & 0xff, (pairs >> 32) & 0xff, pairs >> 48);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(days) * 86_400 + (hour * 3600 + minute * 60 + second).cast_signed();
    Some(seconds * 1_000_000)
}

/// The values of four pairs of digits, 16 bits each, if all are digits.
#[inline(always)]
fn two_digits(digits: u64) -> Option<u64> {
    if !are_digits(u128::from(digits)) {
        return None;
    }
    Some((digits & 0x00ff_00ff_00ff_00ff) * 10 + ((digits >> 8) & 0x00ff_00ff_00ff_00ff))
}

/// Days of `YYYY-MM-DD`.
#[inline(always)]
fn date(text: &[u8; 10]) -> Option<i32> {
    let &[y1, y2, y3, y4, d1, m1, m2, d2, c1, c2] = text;
    let digits = u64::from_le_bytes([y1, y2, y3, y4, m1, m2, c1, c2]) ^ ZEROS as u64;
    let pairs = two_digits(digits)?;
    let year = ((pairs & 0xff) * 100 + ((pairs >> 16) & 0xff)) as u32;
    let (month, day) = (((pairs >> 32) & 0xff) as u32, (pairs >> 48) as u32);
    let marks = d1 == b'-' && d2 == b'-';
    if !marks || year == 0 || !(1..=12).contains(&month) || day == 0 || day > month_days(year, month) {
        return None;
    }
    // Years begin in March here: the leap day comes last, and months from March on repeat 153 days every five.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1;
    // 0000-03-01 lies 719,468 days before 1970-01-01.
    Some(days.cast_signed() - 719_468)
}

fn month_days(year: u32, month: u32) -> u32 {
    // A year that is a multiple of 100 leaps as its hundredth would: every fourth.
    let turns = if year.is_multiple_of(100) { year / 100 } else { year };
    match month {
        2 => 28 + u32::from(turns.is_multiple_of(4)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
