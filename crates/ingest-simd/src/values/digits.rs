//! Numbers: ints, doubles and decimals, a register of rows at a time.

use super::lanes::Register;
use super::rows::{Column, Verdict};
use super::{DecimalFacts, IntFacts, MANTISSA_MAX, POWERS, scaling};
use crate::Span;

/// Places of a lane's bytes.
const PLACES: [i8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The lengths of one register of rows.
#[derive(Clone, Copy)]
struct Lengths<R> {
    /// Per row: how many characters there are.
    len: R,
    /// Per row, all ones for yes: empty and unquoted?
    null: R,
}

impl<R: Register> Lengths<R> {
    /// # Safety
    /// As [`Column::rows`].
    #[inline(always)]
    unsafe fn read(spans: *const Span) -> Self {
        // SAFETY: the spans are readable.
        unsafe {
            let both = R::load_spans(spans);
            let offsets = both.and(R::splat64(0x7fff_ffff_7fff_ffff));
            let null = both.shift_right64::<32>().equal64(both.and(R::splat64(0xffff_ffff)));
            Lengths { len: offsets.shift_right64::<32>().sub64(offsets.and(R::splat64(0xffff_ffff))), null }
        }
    }

    /// All ones for the rows of more than `most` characters.
    #[inline(always)]
    unsafe fn above(&self, most: i64) -> R {
        // SAFETY: the instructions are enabled, as for all here.
        unsafe { self.len.above64(R::splat64(most)).or(R::splat64(0).above64(self.len)) }
    }
}

/// One register of rows, read as digits with at most one point among them.
#[derive(Clone, Copy)]
struct Digits<R> {
    /// Per row: the digits as one number, the point left out.
    value: R,
    /// Per row: the number of places from the point on, one more than there are digits after it; 0 without a point.
    after: R,
    /// Per row: how many characters there are beside the sign.
    count: R,
    /// Per row, all ones for yes: is there a minus?
    negative: R,
    /// Does a `0` follow the sign?
    leads_zero: R,
    /// Is anything in it no digit, or is it too long to tell?
    strange: R,
    /// Empty and unquoted?
    null: R,
}

impl<R: Register> Digits<R> {
    /// Reads a register of rows. Without `POINT` a point is as strange as any other character.
    ///
    /// Most registers hold short fields only, which take half the work.
    ///
    /// # Safety
    /// As [`Column::rows`].
    #[inline(always)]
    unsafe fn read<const POINT: bool>(base: *const u8, spans: *const Span) -> Self {
        // SAFETY: passed on.
        unsafe {
            let lengths = Lengths::<R>::read(spans);
            if lengths.above(8).row_bits() == 0 {
                Self::read_short::<POINT>(base, spans, lengths)
            } else {
                Self::read_long::<POINT>(base, spans, lengths)
            }
        }
    }

    /// Rows of up to 8 characters: each is one 64-bit element, right-justified.
    ///
    /// # Safety
    /// As [`Column::rows`]; no row is longer.
    #[inline(always)]
    unsafe fn read_short<const POINT: bool>(base: *const u8, spans: *const Span, lengths: Lengths<R>) -> Self {
        // SAFETY: the spans lie inside the block, so 8 bytes that end at a field's end do so within it and the 64 bytes
        // before it.
        unsafe {
            let (zero, one) = (R::splat64(0), R::splat64(1));
            let text = R::gather64(|row| base.add((*spans.add(row)).end()).sub(8));
            // What is before the field, in bits; a shift by 64 leaves nothing.
            let before = R::splat64(64).sub64(lengths.len.shift_left64::<3>());
            let justified_left = text.shift_right_by(before);
            let low_byte = R::splat64(0xff);
            let negative = justified_left.and(low_byte).equal64(R::splat64(b'-'.into()));
            let leading = justified_left.shift_right64::<8>().or_else(negative, justified_left).and(low_byte);
            let sign = negative.and(R::splat64(8));
            let keep = R::splat64(-1).shift_left_by(before.add64(sign));
            let mut digits = text.sub8(R::splat8(b'0'.cast_signed())).and(keep);
            let mut after = zero;
            if POINT {
                let points = digits.equal8(R::splat8(POINT_DIGIT));
                after = points.and(R::lanes8([8, 7, 6, 5, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1])).sum8(zero);
                // All bytes up to the first point take the byte before them.
                let first = points.and(zero.sub64(points));
                let upto = first.shift_left64::<8>().sub64(one).and(nonzero(points));
                digits = digits.shift_left64::<8>().or_else(upto, digits);
            }
            let fours = digits.fold8(R::lanes8(TENS)).fold16(R::lanes16(HUNDREDS));
            Digits {
                value: fours.product32(R::splat64(10_000)).add64(fours.shift_right64::<32>()),
                after,
                count: lengths.len.add64(negative),
                negative,
                leads_zero: leading.equal64(R::splat64(b'0'.into())),
                strange: nonzero(digits.excess8(R::splat8(9))),
                null: lengths.null,
            }
        }
    }

    /// Rows of up to 16 characters; longer ones are strange.
    ///
    /// # Safety
    /// As [`Column::rows`].
    #[inline(always)]
    unsafe fn read_long<const POINT: bool>(base: *const u8, spans: *const Span, lengths: Lengths<R>) -> Self {
        // SAFETY: as above, with 16 bytes.
        unsafe {
            // Lane `i` holds the rows 2 i and 2 i + 1, whose spans are its halves: byte 0 and byte 8 are their lengths.
            let even = R::gather(|lane| base.add((*spans.add(2 * lane)).end()).sub(16));
            let odd = R::gather(|lane| base.add((*spans.add(2 * lane + 1)).end()).sub(16));
            let mut even = Text::new(even, lengths.len.pick8(R::splat8(0)));
            let mut odd = Text::new(odd, lengths.len.pick8(R::splat8(8)));
            let negative = nonzero(rows_of(even.minus, odd.minus));
            let after = if POINT { close_points(&mut even.digits, &mut odd.digits) } else { R::splat64(0) };
            let nine = R::splat8(9);
            let strange = nonzero(rows_of(even.digits.excess8(nine), odd.digits.excess8(nine)));
            Digits {
                value: value(even.digits, odd.digits),
                after,
                count: lengths.len.add64(negative),
                negative,
                leads_zero: nonzero(rows_of(even.leading_zero, odd.leading_zero)),
                strange: strange.or(lengths.above(16)),
                null: lengths.null,
            }
        }
    }
}

/// A point after `0` has been taken from it.
const POINT_DIGIT: i8 = b'.'.wrapping_sub(b'0').cast_signed();

const TENS: [i8; 16] = [10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1];
const HUNDREDS: [i16; 8] = [100, 1, 100, 1, 100, 1, 100, 1];
const MYRIADS: [i16; 8] = [10_000, 1, 10_000, 1, 10_000, 1, 10_000, 1];

/// The value of sixteen digits, per row.
#[inline(always)]
unsafe fn value<R: Register>(even: R, odd: R) -> R {
    // SAFETY: the instructions are enabled.
    unsafe {
        let even = even.fold8(R::lanes8(TENS)).fold16(R::lanes16(HUNDREDS));
        let odd = odd.fold8(R::lanes8(TENS)).fold16(R::lanes16(HUNDREDS));
        // Two numbers of eight digits for each row, the higher one first.
        let eights = even.pack32(odd).fold16(R::lanes16(MYRIADS));
        eights.product32(R::splat64(100_000_000)).add64(eights.shift_right64::<32>())
    }
}

/// One row's byte flags in two registers as something that is zero only if all are.
#[inline(always)]
unsafe fn rows_of<R: Register>(even: R, odd: R) -> R {
    // SAFETY: the instructions are enabled, as for all here.
    unsafe { even.low_halves(odd).or(even.high_halves(odd)) }
}

/// All ones for the rows that are not zero.
#[inline(always)]
unsafe fn nonzero<R: Register>(rows: R) -> R {
    // SAFETY: as above.
    unsafe { rows.equal64(R::splat64(0)).xor(R::splat64(-1)) }
}

/// The text of each second row.
struct Text<R> {
    digits: R,
    /// The bytes that are the field's sign.
    minus: R,
    /// The bytes that are a `0` in first place after the sign.
    leading_zero: R,
}

impl<R: Register> Text<R> {
    /// `len`: each lane's number of characters, in all its bytes.
    #[inline(always)]
    unsafe fn new(text: R, len: R) -> Self {
        // SAFETY: the instructions are enabled.
        unsafe {
            // Byte `p` belongs to the field if p >= 16 - len, and is its first if p = 16 - len.
            let reach = R::lanes8(PLACES).add8(len);
            let first = reach.equal8(R::splat8(16));
            let minus = text.equal8(R::splat8(b'-'.cast_signed())).and(first);
            let keep = minus.not_and(reach.above8(R::splat8(15)));
            let digits = text.sub8(R::splat8(b'0'.cast_signed())).and(keep);
            let leading = minus.next_byte().or(minus.not_and(first));
            Text { digits, minus, leading_zero: digits.equal8(R::splat8(0)).and(leading) }
        }
    }
}

/// Two's complement negation of the rows in `negative`.
#[inline(always)]
unsafe fn signed<R: Register>(value: R, negative: R) -> R {
    // SAFETY: the instructions are enabled.
    unsafe { value.xor(negative).sub64(negative) }
}

/// The larger of each two rows, both at least 0, those of `new` only where `live` is all ones.
#[inline(always)]
unsafe fn larger<R: Register>(old: R, new: R, live: R) -> R {
    // SAFETY: the instructions are enabled.
    unsafe {
        let new = new.and(live);
        new.or_else(new.above64(old), old)
    }
}

/// The largest row.
#[inline(always)]
unsafe fn largest<R: Register>(rows: R) -> u64 {
    let mut stored = [0i64; 8];
    // SAFETY: the instructions are enabled, there is room for eight rows.
    unsafe { rows.store64(stored.as_mut_ptr()) };
    stored.into_iter().max().map_or(0, i64::cast_unsigned)
}

/// Whole numbers as int64.
pub(super) struct Ints<R> {
    largest: R,
    seen: u32,
}

// SAFETY: `rows` writes one register of values.
unsafe impl<R: Register> Column<R> for Ints<R> {
    type Value = i64;
    type Options = ();
    type Facts = IntFacts;

    #[inline(always)]
    unsafe fn new((): ()) -> Self {
        // SAFETY: the instructions are enabled.
        Ints { largest: unsafe { R::splat64(0) }, seen: 0 }
    }

    #[inline(always)]
    unsafe fn rows(&mut self, base: *const u8, spans: *const Span, out: *mut i64) -> Verdict {
        // SAFETY: as the trait says.
        unsafe {
            let digits = Digits::<R>::read::<false>(base, spans);
            let value = digits.value;
            let one = R::splat64(1);
            let padded = digits.leads_zero.and(digits.count.above64(one));
            let negative_zero = digits.negative.and(value.equal64(R::splat64(0)));
            let none = one.above64(digits.count);
            let bad = digits.strange.or(padded).or(negative_zero).or(none);
            let good = bad.xor(R::splat64(-1));
            self.largest = larger(self.largest, value, good);
            self.seen |= good.row_bits();
            signed(value, digits.negative).and(good).store64(out);
            Verdict { values: good.row_bits(), nulls: digits.null.row_bits() }
        }
    }

    #[inline(always)]
    unsafe fn facts(self) -> IntFacts {
        // SAFETY: the instructions are enabled.
        IntFacts { largest: (self.seen != 0).then_some(unsafe { largest(self.largest) }) }
    }
}

/// A number with or without a point, per row.
struct Decimal<R> {
    mantissa: R,
    /// Digits after the point.
    scale: R,
    /// Digits before the point.
    before: R,
    /// Is there a point?
    point: R,
    negative: R,
    /// Is it a number of the plain spelling?
    good: R,
    null: R,
}

impl<R: Register> Decimal<R> {
    /// # Safety
    /// As [`Column::rows`].
    #[inline(always)]
    unsafe fn read(base: *const u8, spans: *const Span) -> Self {
        // SAFETY: as the caller says.
        unsafe {
            let digits = Digits::<R>::read::<true>(base, spans);
            let (mantissa, after) = (digits.value, digits.after);
            let zero = R::splat64(0);
            let point = after.above64(zero);
            let before = digits.count.sub64(after);
            let padded = digits.leads_zero.and(before.above64(R::splat64(1)));
            let negative_zero = digits.negative.and(mantissa.equal64(zero));
            let none = R::splat64(1).above64(digits.count.add64(point));
            let wide = mantissa.above64(R::splat64(MANTISSA_MAX.cast_signed()));
            let bad = digits.strange.or(padded).or(negative_zero).or(none).or(wide);
            Decimal {
                mantissa,
                scale: after.add64(point),
                before,
                point,
                negative: digits.negative,
                good: bad.xor(R::splat64(-1)),
                null: digits.null,
            }
        }
    }
}

/// Moves what stands before a point one place down, onto it. Gives for each row the number of places from the point on:
/// one more than there are digits after it, 0 without a point.
///
/// In rows with several points the sum of their places is given and at most one of them goes away: the others are
/// still no digits.
#[inline(always)]
unsafe fn close_points<R: Register>(even: &mut R, odd: &mut R) -> R {
    // SAFETY: the instructions are enabled.
    unsafe {
        let places = R::lanes8([16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
        let point = R::splat8(POINT_DIGIT);
        let (zero, far) = (R::splat64(0), R::splat64(64));
        let in_even = even.equal8(point).and(places).sum8(zero);
        let in_odd = odd.equal8(point).and(places).sum8(zero);
        let after = in_even.low_halves(in_odd).add64(in_even.high_halves(in_odd));
        // Bytes up to the point's place, 16 - after, take the byte before them; without a point none does.
        let reach = after.or(after.equal64(zero).and(far));
        *even = close(*even, reach.pick8(R::splat8(0)));
        *odd = close(*odd, reach.pick8(R::splat8(8)));
        after
    }
}

#[inline(always)]
unsafe fn close<R: Register>(digits: R, reach: R) -> R {
    // SAFETY: the instructions are enabled.
    unsafe {
        let moved = R::splat8(17).above8(R::lanes8(PLACES).add8(reach));
        digits.next_byte().or_else(moved, digits)
    }
}

/// What decimal columns remember.
struct Seen<R> {
    largest_whole: R,
    before: R,
    after: R,
    wholes: u32,
    points: u32,
}

impl<R: Register> Seen<R> {
    #[inline(always)]
    unsafe fn new() -> Self {
        // SAFETY: the instructions are enabled.
        let zero = unsafe { R::splat64(0) };
        Seen { largest_whole: zero, before: zero, after: zero, wholes: 0, points: 0 }
    }

    #[inline(always)]
    unsafe fn note(&mut self, number: &Decimal<R>, good: R) {
        // SAFETY: the instructions are enabled.
        unsafe {
            let whole = number.point.not_and(good);
            let point = number.point.and(good);
            self.largest_whole = larger(self.largest_whole, number.mantissa, whole);
            self.before = larger(self.before, number.before, point);
            self.after = larger(self.after, number.scale, point);
            self.wholes |= whole.row_bits();
            self.points |= point.row_bits();
        }
    }

    #[inline(always)]
    unsafe fn facts(self) -> DecimalFacts {
        // SAFETY: the instructions are enabled.
        let (whole, before, after) =
            unsafe { (largest(self.largest_whole), largest(self.before), largest(self.after)) };
        DecimalFacts {
            largest_whole: (self.wholes != 0).then_some(whole),
            // Both are at most 16.
            digits: (self.points != 0).then_some((before as u32, after as u32)),
        }
    }
}

/// Numbers as doubles.
pub(super) struct Floats<R> {
    seen: Seen<R>,
}

// SAFETY: `rows` writes one register of values.
unsafe impl<R: Register> Column<R> for Floats<R> {
    type Value = f64;
    type Options = ();
    type Facts = DecimalFacts;

    #[inline(always)]
    unsafe fn new((): ()) -> Self {
        // SAFETY: the instructions are enabled.
        Floats { seen: unsafe { Seen::new() } }
    }

    #[inline(always)]
    unsafe fn rows(&mut self, base: *const u8, spans: *const Span, out: *mut f64) -> Verdict {
        const POWER_BITS: [i64; 16] = power_bits();
        // SAFETY: as the trait says.
        unsafe {
            let number = Decimal::<R>::read(base, spans);
            self.seen.note(&number, number.good);
            let sign = number.negative.shift_left64::<63>();
            let value = number.mantissa.to_doubles().divide_doubles(number.scale.lookup(&POWER_BITS));
            value.or(sign).and(number.good).store64(out.cast());
            Verdict { values: number.good.row_bits(), nulls: number.null.row_bits() }
        }
    }

    #[inline(always)]
    unsafe fn facts(self) -> DecimalFacts {
        // SAFETY: the instructions are enabled.
        unsafe { self.seen.facts() }
    }
}

const fn power_bits() -> [i64; 16] {
    let mut bits = [0; 16];
    let mut power = 0;
    while power < 16 {
        bits[power] = POWERS[power].to_bits().cast_signed();
        power += 1;
    }
    bits
}

/// Numbers as whole numbers of a power of ten.
pub(super) struct Decimals<R> {
    seen: Seen<R>,
    scaling: scaling::Scaling,
}

// SAFETY: `rows` writes one register of values.
unsafe impl<R: Register> Column<R> for Decimals<R> {
    type Value = i64;
    type Options = (u8, u8);
    type Facts = DecimalFacts;

    #[inline(always)]
    unsafe fn new((precision, scale): (u8, u8)) -> Self {
        // SAFETY: the instructions are enabled.
        Decimals { seen: unsafe { Seen::new() }, scaling: scaling::Scaling::to(precision, scale) }
    }

    #[inline(always)]
    unsafe fn rows(&mut self, base: *const u8, spans: *const Span, out: *mut i64) -> Verdict {
        // SAFETY: as the trait says.
        unsafe {
            let number = Decimal::<R>::read(base, spans);
            let wide = number.mantissa.above64(number.scale.lookup(&self.scaling.limits));
            let good = wide.not_and(number.good);
            self.seen.note(&number, good);
            let value = number.mantissa.product64(number.scale.lookup(&self.scaling.factors));
            signed(value, number.negative).and(good).store64(out);
            Verdict { values: good.row_bits(), nulls: number.null.row_bits() }
        }
    }

    #[inline(always)]
    unsafe fn facts(self) -> DecimalFacts {
        // SAFETY: the instructions are enabled.
        unsafe { self.seen.facts() }
    }
}
