//! What batched kernels report: the same facts as observing each value of the batch, a few figures at a time.
//!
//! Each method is for a batch of at least one such value and says which texts it stands for; after it the summary is
//! the one that observing those texts would have given. All are O(1).

use super::observe::is_day_in_nanos;
use super::{Flags, Kinds, Summary};
use crate::TimeUnit;

impl Summary {
    /// Whole numbers that fit int64 (no `-0` among them): `magnitude` is the largest absolute value, at most 2^63.
    pub fn note_whole(&mut self, magnitude: u64) {
        let digits = magnitude.checked_ilog10().map_or(1, |log| log as usize + 1);
        self.kinds.insert(Kinds::INT);
        self.whole_max = self.whole_max.max(u128::from(magnitude));
        self.see_digits(digits, 0);
    }

    /// Numbers with a point, no exponent and no negative zero: the most digits that one of them has before its point
    /// (`.5`: 0; `0.5`: 1) and the most that one has after it (`5.`: 0), as written. At most 300 each.
    pub fn note_decimal(&mut self, digits_before: u32, digits_after: u32) {
        self.kinds.insert(Kinds::DECIMAL);
        self.see_digits(digits_before as usize, digits_after as usize);
    }

    /// Numbers with an exponent that [`float64`](crate::value::float64) takes.
    pub fn note_exponent(&mut self) {
        self.kinds.insert(Kinds::EXPONENT);
    }

    /// `true` and `false`.
    pub fn note_bool(&mut self) {
        self.kinds.insert(Kinds::BOOL);
    }

    /// Dates as `2020-01-02`: the least and the greatest, in days since 1970-01-01.
    pub fn note_date(&mut self, min_days: i32, max_days: i32) {
        self.kinds.insert(Kinds::DATE);
        if !is_day_in_nanos(min_days) || !is_day_in_nanos(max_days) {
            self.flags.insert(Flags::DATE_OUTSIDE_NANOS);
        }
    }

    /// Times of day: the most digits that a fraction has up to its last digit other than zero, 0–9.
    pub fn note_time(&mut self, fraction_digits: u8) {
        self.kinds.insert(Kinds::TIME);
        self.fraction_digits = self.fraction_digits.max(fraction_digits);
    }

    /// Timestamps, all with an offset (`utc`) or all without, dates alone not among them: the most digits that a
    /// fraction has up to its last digit other than zero, and the least and the greatest value in `unit`.
    pub fn note_timestamp(&mut self, utc: bool, fraction_digits: u8, min_value: i64, max_value: i64, unit: TimeUnit) {
        self.kinds.insert(if utc { Kinds::ZONED } else { Kinds::NAIVE });
        self.fraction_digits = self.fraction_digits.max(fraction_digits);
        // Values that are in nanoseconds already have shown that they fit.
        let fits = |value: i64| unit == TimeUnit::Nanosecond || value.checked_mul(1000).is_some();
        if !fits(min_value) || !fits(max_value) {
            self.flags.insert(Flags::TIMESTAMP_OUTSIDE_NANOS);
        }
    }
}
