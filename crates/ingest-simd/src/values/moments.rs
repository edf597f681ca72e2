//! Dates and timestamps of a fixed layout, a register of rows at a time.

use super::Range;
use super::lanes::Register;
use super::rows::{Column, Verdict};
use crate::Span;

/// What is fixed about a layout: which bytes separate, and where the digits are.
struct Layout {
    len: i64,
    /// Of the first sixteen bytes, for each place of the digits its index.
    head_digits: [i8; 16],
    /// Of the last sixteen bytes, likewise.
    tail_digits: [i8; 16],
    /// What stands at the separators of the first sixteen bytes, 0 elsewhere; and what may stand there instead.
    head_marks: [[i8; 16]; 2],
    /// What stands at the separators of the last sixteen bytes that are not among the first, 0 elsewhere.
    tail_marks: [i8; 16],
}

const DASH: i8 = b'-'.cast_signed();
const COLON: i8 = b':'.cast_signed();
const SPACE: i8 = b' '.cast_signed();
const LETTER: i8 = b'T'.cast_signed();

/// `YYYY-MM-DD`.
const DATE: Layout = Layout {
    len: 10,
    head_digits: [0, 1, 2, 3, 5, 6, 8, 9, -1, -1, -1, -1, -1, -1, -1, -1],
    tail_digits: [-1; 16],
    head_marks: [[0, 0, 0, 0, DASH, 0, 0, DASH, 0, 0, 0, 0, 0, 0, 0, 0]; 2],
    tail_marks: [0; 16],
};

/// `YYYY-MM-DD HH:MM:SS`, the space or a `T`.
const TIMESTAMP: Layout = Layout {
    len: 19,
    head_digits: [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, -1, -1, -1, -1],
    tail_digits: [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 14, 15, -1, -1],
    head_marks: [
        [0, 0, 0, 0, DASH, 0, 0, DASH, 0, 0, SPACE, 0, 0, COLON, 0, 0],
        [0, 0, 0, 0, DASH, 0, 0, DASH, 0, 0, LETTER, 0, 0, COLON, 0, 0],
    ],
    tail_marks: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, COLON, 0, 0],
};

/// The parts of one register of rows.
struct Parts<R> {
    /// Per row: the year, and in the high half month · 32 + day.
    date: R,
    /// Per row: the minute of the day, and in the high half the second.
    time: R,
    /// Not of the layout, or a part is out of its range (days of the month apart).
    bad: R,
    null: R,
}

impl<R: Register> Parts<R> {
    /// # Safety
    /// As [`Column::rows`].
    #[inline(always)]
    unsafe fn read(base: *const u8, spans: *const Span, layout: &Layout) -> Self {
        // SAFETY: the spans are readable; each begins and ends inside the block, and 64 bytes around it are readable.
        unsafe {
            let both = R::load_spans(spans);
            let offsets = both.and(R::splat64(0x7fff_ffff_7fff_ffff));
            let len = offsets.shift_right64::<32>().sub64(offsets.and(R::splat64(0xffff_ffff)));
            let even = Half::<R>::read(|lane| (base, *spans.add(2 * lane)), layout);
            let odd = Half::<R>::read(|lane| (base, *spans.add(2 * lane + 1)), layout);
            let strange = even.strange.low_halves(odd.strange).or(even.strange.high_halves(odd.strange));
            let fits = strange.equal64(R::splat64(0)).and(len.equal64(R::splat64(layout.len)));
            Parts {
                date: even.parts.low_halves(odd.parts),
                time: even.parts.high_halves(odd.parts),
                bad: fits.xor(R::splat64(-1)),
                null: both.shift_right64::<32>().equal64(both.and(R::splat64(0xffff_ffff))),
            }
        }
    }

    /// Days since 1970-01-01; days that are not in the calendar turn bad.
    #[inline(always)]
    unsafe fn days(&mut self) -> R {
        // SAFETY: the instructions are enabled.
        unsafe {
            let year = self.date.and(R::splat64(0xffff_ffff));
            let month = self.date.shift_right64::<37>();
            let day = self.date.shift_right64::<32>().and(R::splat64(31));
            let no_day = day.above64(month_days(year, month));
            self.bad = self.bad.or(no_day).or(year.equal64(R::splat64(0)));
            days_from(year, month, day)
        }
    }
}

/// The even or the odd rows of a register.
struct Half<R> {
    /// Year, month · 32 + day, minute of the day, second.
    parts: R,
    /// Zero where all is as the layout says.
    strange: R,
}

impl<R: Register> Half<R> {
    /// # Safety
    /// The field of each lane lies inside a block with 64 readable bytes on both sides.
    #[inline(always)]
    unsafe fn read(field: impl Fn(usize) -> (*const u8, Span), layout: &Layout) -> Self {
        // SAFETY: as the caller says: 16 bytes from a field's start, and 16 up to its end, are readable.
        unsafe {
            let head = R::gather(|lane| {
                let (base, span) = field(lane);
                base.add(span.start())
            });
            let tail = R::gather(|lane| {
                let (base, span) = field(lane);
                base.add(span.end()).sub(16)
            });
            let zero = R::splat8(b'0'.cast_signed());
            let digits = head.sub8(zero).pick8(R::lanes8(layout.head_digits));
            let digits = digits.or(tail.sub8(zero).pick8(R::lanes8(layout.tail_digits)));
            // Year in two halves, month, day, hour, minute, second, nothing.
            let pairs = digits.fold8(R::lanes8([10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1]));
            let above = pairs.above16(R::lanes16([99, 99, 12, 31, 23, 59, 59, 0]));
            let below = R::lanes16([0, 0, 1, 1, 0, 0, 0, 0]).above16(pairs);
            let wrong = digits.excess8(R::splat8(9)).or(above).or(below);
            Half {
                parts: pairs.fold16(R::lanes16([100, 1, 32, 1, 60, 1, 1, 0])),
                strange: wrong.or(wrong_marks(head, tail, layout)),
            }
        }
    }
}

/// The bytes that should be separators and are not.
#[inline(always)]
unsafe fn wrong_marks<R: Register>(head: R, tail: R, layout: &Layout) -> R {
    // SAFETY: the instructions are enabled.
    unsafe {
        let none = R::splat8(0);
        let [mark, other] = layout.head_marks.map(|marks| R::lanes8(marks));
        let right = head.equal8(mark).or(head.equal8(other)).or(mark.equal8(none));
        let mark = R::lanes8(layout.tail_marks);
        let right = right.and(tail.equal8(mark).or(mark.equal8(none)));
        right.xor(R::splat8(-1))
    }
}

/// Per row, a hundredth of a year below 10,000: 5243 / 2^19 is near enough to 1 / 100 for all of them.
#[inline(always)]
unsafe fn centuries<R: Register>(year: R) -> R {
    // SAFETY: the instructions are enabled.
    unsafe { year.product32(R::splat64(5243)).shift_right64::<19>() }
}

/// How many days the month has.
#[inline(always)]
unsafe fn month_days<R: Register>(year: R, month: R) -> R {
    // SAFETY: the instructions are enabled.
    unsafe {
        let century = centuries(year);
        let turn = century.product32(R::splat64(100)).equal64(year);
        // A year that is a multiple of 100 leaps as its hundredth would: every fourth.
        let leap = century.or_else(turn, year).and(R::splat64(3)).equal64(R::splat64(0));
        let february = month.equal64(R::splat64(2));
        // Odd months up to July and even ones from August on have 31 days, the others 30, but February.
        let long = month.add64(month.shift_right64::<3>()).and(R::splat64(1));
        let missing = february.and(R::splat64(2).add64(leap));
        R::splat64(30).add64(long).sub64(missing)
    }
}

/// Days since 1970-01-01 of a day in the calendar.
///
/// Years begin in March here, so that the leap day comes last and months from March on repeat 153 days every five.
#[inline(always)]
unsafe fn days_from<R: Register>(year: R, month: R, day: R) -> R {
    // SAFETY: the instructions are enabled.
    unsafe {
        let late = month.above64(R::splat64(2));
        let month = month.add64(R::splat64(9)).sub64(late.and(R::splat64(12)));
        let year = year.sub64(R::splat64(1)).sub64(late);
        let century = centuries(year);
        let leap_days = year.shift_right64::<2>().sub64(century).add64(century.shift_right64::<2>());
        // 52429 / 2^18 is near enough to 1 / 5 for numbers up to 153 · 11 + 2.
        let months = month.product32(R::splat64(153)).add64(R::splat64(2));
        let months = months.product32(R::splat64(52_429)).shift_right64::<18>();
        let days = year.product32(R::splat64(365)).add64(leap_days).add64(months).add64(day);
        // 0000-03-01 lies 719,468 days before 1970-01-01, and days of the month count from 1.
        days.sub64(R::splat64(719_469))
    }
}

/// The least and the greatest row so far.
struct Extremes<R> {
    min: R,
    max: R,
    seen: u32,
}

impl<R: Register> Extremes<R> {
    #[inline(always)]
    unsafe fn new() -> Self {
        // SAFETY: the instructions are enabled.
        unsafe { Extremes { min: R::splat64(i64::MAX), max: R::splat64(i64::MIN), seen: 0 } }
    }

    #[inline(always)]
    unsafe fn note(&mut self, values: R, good: R) {
        // SAFETY: the instructions are enabled.
        unsafe {
            self.min = values.or_else(self.min.above64(values).and(good), self.min);
            self.max = values.or_else(values.above64(self.max).and(good), self.max);
            self.seen |= good.row_bits();
        }
    }

    #[inline(always)]
    unsafe fn range(self) -> Option<Range<i64>> {
        let (mut least, mut greatest) = ([i64::MAX; 8], [i64::MIN; 8]);
        // SAFETY: the instructions are enabled, there is room for eight rows.
        unsafe {
            self.min.store64(least.as_mut_ptr());
            self.max.store64(greatest.as_mut_ptr());
        }
        let min = least.into_iter().fold(i64::MAX, i64::min);
        let max = greatest.into_iter().fold(i64::MIN, i64::max);
        (self.seen != 0).then_some(Range { min, max })
    }
}

/// Timestamps as microseconds.
pub(super) struct Timestamps<R>(Extremes<R>);

// SAFETY: `rows` writes one register of values.
unsafe impl<R: Register> Column<R> for Timestamps<R> {
    type Value = i64;
    type Options = ();
    type Facts = Option<Range<i64>>;

    #[inline(always)]
    unsafe fn new((): ()) -> Self {
        // SAFETY: the instructions are enabled.
        Timestamps(unsafe { Extremes::new() })
    }

    #[inline(always)]
    unsafe fn rows(&mut self, base: *const u8, spans: *const Span, out: *mut i64) -> Verdict {
        // SAFETY: as the trait says.
        unsafe {
            let mut parts = Parts::<R>::read(base, spans, &TIMESTAMP);
            let days = parts.days();
            let good = parts.bad.xor(R::splat64(-1));
            let seconds = parts.time.product32(R::splat64(60)).add64(parts.time.shift_right64::<32>());
            // A day's 86,400,000,000 microseconds are 675,000,000 · 2^7, and that factor fits 32 bits.
            let midnight = days.signed_product32(R::splat64(675_000_000)).shift_left64::<7>();
            let value = midnight.add64(seconds.product32(R::splat64(1_000_000)));
            self.0.note(value, good);
            value.and(good).store64(out);
            Verdict { values: good.row_bits(), nulls: parts.null.row_bits() }
        }
    }

    #[inline(always)]
    unsafe fn facts(self) -> Self::Facts {
        // SAFETY: the instructions are enabled.
        unsafe { self.0.range() }
    }
}

/// Dates as days.
pub(super) struct Dates<R>(Extremes<R>);

// SAFETY: `rows` writes one register of values.
unsafe impl<R: Register> Column<R> for Dates<R> {
    type Value = i32;
    type Options = ();
    type Facts = Option<Range<i32>>;

    #[inline(always)]
    unsafe fn new((): ()) -> Self {
        // SAFETY: the instructions are enabled.
        Dates(unsafe { Extremes::new() })
    }

    #[inline(always)]
    unsafe fn rows(&mut self, base: *const u8, spans: *const Span, out: *mut i32) -> Verdict {
        // SAFETY: as the trait says.
        unsafe {
            let mut parts = Parts::<R>::read(base, spans, &DATE);
            let days = parts.days();
            let good = parts.bad.xor(R::splat64(-1));
            self.0.note(days, good);
            days.and(good).store32(out);
            Verdict { values: good.row_bits(), nulls: parts.null.row_bits() }
        }
    }

    #[inline(always)]
    unsafe fn facts(self) -> Self::Facts {
        // SAFETY: the instructions are enabled. Days of the years 1–9999 fit 32 bits.
        unsafe { self.0.range() }.map(|range| Range { min: range.min as i32, max: range.max as i32 })
    }
}
