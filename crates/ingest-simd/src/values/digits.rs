//! Numbers: ints, doubles and decimals, a register of rows at a time.

use super::lanes::Register;
use super::rows::{Column, Verdict};
use super::{DecimalFacts, IntFacts, MANTISSA_MAX, POWERS, scaling};
use crate::Span;

/// Places of a lane's bytes.
const PLACES: [i8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The text of one register of rows, right-justified, sign and all that is before the field blanked to 0.
#[derive(Clone, Copy)]
struct Digits<R> {
    /// Bytes less `0`, of the even and the odd rows. A point is 0xfe now.
    even: R,
    odd: R,
    /// Per row: how many characters there are beside the sign.
    count: R,
    /// Per row, all ones for yes: is there a minus?
    negative: R,
    /// Does a `0` follow the sign?
    leads_zero: R,
    /// More than 16 characters?
    long: R,
    /// Empty and unquoted?
    null: R,
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

impl<R: Register> Digits<R> {
    /// # Safety
    /// As [`Column::rows`].
    #[inline(always)]
    unsafe fn read(base: *const u8, spans: *const Span) -> Self {
        // SAFETY: the spans are readable and lie inside the block, so 16 bytes that end at a field's end do so within
        // the block and the 64 bytes before it.
        unsafe {
            let both = R::load_spans(spans);
            let offsets = both.and(R::splat64(0x7fff_ffff_7fff_ffff));
            let len = offsets.shift_right64::<32>().sub64(offsets.and(R::splat64(0xffff_ffff)));
            // Lane `i` holds the rows 2 i and 2 i + 1, whose spans are its halves: byte 0 and byte 8 are their lengths.
            let even = R::gather(|lane| base.add((*spans.add(2 * lane)).end()).sub(16));
            let odd = R::gather(|lane| base.add((*spans.add(2 * lane + 1)).end()).sub(16));
            let even = Text::new(even, len.pick8(R::splat8(0)));
            let odd = Text::new(odd, len.pick8(R::splat8(8)));
            let negative = nonzero(rows_of(even.minus, odd.minus));
            Digits {
                even: even.digits,
                odd: odd.digits,
                count: len.add64(negative),
                negative,
                leads_zero: nonzero(rows_of(even.leading_zero, odd.leading_zero)),
                long: len.above64(R::splat64(16)).or(R::splat64(0).above64(len)),
                null: both.shift_right64::<32>().equal64(both.and(R::splat64(0xffff_ffff))),
            }
        }
    }

    /// All ones for the rows that hold a byte that is no digit.
    #[inline(always)]
    unsafe fn strange(&self) -> R {
        // SAFETY: the instructions are enabled.
        unsafe {
            let nine = R::splat8(9);
            nonzero(rows_of(self.even.excess8(nine), self.odd.excess8(nine)))
        }
    }

    /// The value of sixteen digits, per row.
    #[inline(always)]
    unsafe fn value(&self) -> R {
        // SAFETY: the instructions are enabled.
        unsafe {
            let tens = R::lanes8([10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1]);
            let hundreds = R::lanes16([100, 1, 100, 1, 100, 1, 100, 1]);
            let myriads = R::lanes16([10_000, 1, 10_000, 1, 10_000, 1, 10_000, 1]);
            let even = self.even.fold8(tens).fold16(hundreds);
            let odd = self.odd.fold8(tens).fold16(hundreds);
            // Two numbers of eight digits for each row, the higher one first.
            let eights = even.pack32(odd).fold16(myriads);
            eights.product32(R::splat64(100_000_000)).add64(eights.shift_right64::<32>())
        }
    }
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
            let digits = Digits::<R>::read(base, spans);
            let value = digits.value();
            let one = R::splat64(1);
            let padded = digits.leads_zero.and(digits.count.above64(one));
            let negative_zero = digits.negative.and(value.equal64(R::splat64(0)));
            let none = one.above64(digits.count);
            let bad = digits.strange().or(digits.long).or(padded).or(negative_zero).or(none);
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
            let mut digits = Digits::<R>::read(base, spans);
            let after = close_points(&mut digits);
            let mantissa = digits.value();
            let zero = R::splat64(0);
            let point = after.above64(zero);
            let before = digits.count.sub64(after);
            let padded = digits.leads_zero.and(before.above64(R::splat64(1)));
            let negative_zero = digits.negative.and(mantissa.equal64(zero));
            let none = R::splat64(1).above64(digits.count.add64(point));
            let wide = mantissa.above64(R::splat64(MANTISSA_MAX.cast_signed()));
            let bad = digits.strange().or(digits.long).or(padded).or(negative_zero).or(none).or(wide);
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
unsafe fn close_points<R: Register>(digits: &mut Digits<R>) -> R {
    // SAFETY: the instructions are enabled.
    unsafe {
        let places = R::lanes8([16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
        let point = R::splat8(b'.'.wrapping_sub(b'0').cast_signed());
        let (zero, far) = (R::splat64(0), R::splat64(64));
        let even = digits.even.equal8(point).and(places).sum8(zero);
        let odd = digits.odd.equal8(point).and(places).sum8(zero);
        let after = even.low_halves(odd).add64(even.high_halves(odd));
        // Bytes up to the point's place, 16 - after, take the byte before them; without a point none does.
        let reach = after.or(after.equal64(zero).and(far));
        digits.even = close(digits.even, reach.pick8(R::splat8(0)));
        digits.odd = close(digits.odd, reach.pick8(R::splat8(8)));
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
