//! What one field shows.

use super::{Flags, Kinds, Summary};
use crate::value::{self, Clock, DAY_SECONDS, DateOrder, Form, Moment, Number, ShortDate, accumulate};
use crate::{NullWords, TimeUnit};

/// Within so many digits on each side of the point a number is inside float64's range: no need to compute it.
const DIGITS_SURELY_IN_RANGE: usize = 300;

impl Summary {
    /// Adds what one field shows. `text` is unescaped; `quoted` tells `""` from nothing.
    ///
    /// An empty unquoted field and a null word that the user gave are null in every type and change nothing. O(length).
    pub fn observe(&mut self, text: &[u8], quoted: bool, nulls: &NullWords) {
        if text.is_empty() && !quoted {
            return;
        }
        if nulls.contains(text) {
            if !nulls.is_given() {
                self.kinds.insert(Kinds::NULL_WORD);
            }
        } else if text.is_empty() {
            self.kinds.insert(Kinds::QUOTED_EMPTY);
        } else if !self.observe_value(text) {
            self.kinds.insert(Kinds::TEXT);
        }
    }

    /// Adds what one string of a source shows that tells strings from numbers, as JSON does: it is a date or time, or else text,
    /// even if its letters are those of a number. A null word that the user gave changes nothing. O(length).
    pub fn observe_string(&mut self, text: &[u8], nulls: &NullWords) {
        if nulls.is_given() && nulls.contains(text) {
            return;
        }
        if !(text.first().is_some_and(u8::is_ascii_digit) && self.observe_moment(text)) {
            self.kinds.insert(Kinds::TEXT);
        }
    }

    /// Whether `text` is anything but text; if so, its kind and figures are added.
    fn observe_value(&mut self, text: &[u8]) -> bool {
        match text[0] {
            b'0'..=b'9' => self.observe_number(text) || self.observe_moment(text),
            b'+' | b'-' | b'.' | b' ' | b'\t' | b'i' => self.observe_number(text),
            b't' | b'T' | b'f' | b'F' => value::bool(text).is_some_and(|_| self.see(Kinds::BOOL)),
            _ => false,
        }
    }

    /// Adds a kind; true, for the chains here.
    fn see(&mut self, kinds: Kinds) -> bool {
        self.kinds.insert(kinds);
        true
    }

    fn observe_number(&mut self, text: &[u8]) -> bool {
        let Some(number) = Number::read(text) else {
            return value::infinity(text).is_some_and(|_| self.see(Kinds::INFINITY));
        };
        if !number.is_plain() {
            return false;
        }
        if number.has_exponent {
            return value::float64(text, Form::Inferred).is_some_and(|_| self.see(Kinds::EXPONENT));
        }
        match number.fraction {
            None => self.observe_whole(&number),
            Some(fraction) => self.observe_decimal(text, &number, fraction),
        }
    }

    fn observe_whole(&mut self, number: &Number<'_>) -> bool {
        if number.whole.len() > 38 {
            return false;
        }
        let magnitude = accumulate(number.whole.iter().copied());
        let int64_max = i64::MAX.unsigned_abs() + u64::from(number.negative);
        self.see_digits(number.whole.len(), 0);
        self.whole_max = self.whole_max.max(magnitude);
        self.see(match magnitude {
            0 if number.negative => Kinds::NEGATIVE_ZERO,
            _ if magnitude <= u128::from(int64_max) => Kinds::INT,
            _ => Kinds::BIG_WHOLE,
        })
    }

    fn observe_decimal(&mut self, text: &[u8], number: &Number<'_>, fraction: &[u8]) -> bool {
        let near = number.whole.len().max(fraction.len()) <= DIGITS_SURELY_IN_RANGE;
        if !near && value::float64(text, Form::Inferred).is_none() {
            return false;
        }
        if number.negative && number.is_zero() {
            self.kinds.insert(Kinds::NEGATIVE_ZERO);
        }
        self.see_digits(number.whole.len(), fraction.len());
        self.see(Kinds::DECIMAL)
    }

    /// Dates, times and timestamps: all begin with a digit.
    fn observe_moment(&mut self, text: &[u8]) -> bool {
        if let Some(days) = value::date32(text) {
            self.note_date(days, days);
        } else if let Some(clock) = Clock::read_all(text) {
            self.note_time(clock.fraction_digits);
        } else if let Some(moment) = Moment::read(text) {
            self.observe_timestamp(&moment);
        } else {
            return self.observe_ordered_date(text);
        }
        true
    }

    fn observe_timestamp(&mut self, moment: &Moment) {
        self.kinds.insert(if moment.is_zoned() { Kinds::ZONED } else { Kinds::NAIVE });
        self.fraction_digits = self.fraction_digits.max(moment.clock.fraction_digits);
        if value::in_unit(moment.nanos(), TimeUnit::Nanosecond).is_none() {
            self.flags.insert(Flags::TIMESTAMP_OUTSIDE_NANOS);
        }
    }

    fn observe_ordered_date(&mut self, text: &[u8]) -> bool {
        let Some(date) = ShortDate::read(text) else { return false };
        let (day_first, month_first) = (date.days(DateOrder::DayFirst), date.days(DateOrder::MonthFirst));
        if day_first.is_none() && month_first.is_none() {
            return false;
        }
        if day_first.is_none() {
            self.flags.insert(Flags::NOT_DAY_FIRST);
        }
        if month_first.is_none() {
            self.flags.insert(Flags::NOT_MONTH_FIRST);
        }
        self.flags.insert(match date.separator {
            b'/' => Flags::SLASH,
            b'-' => Flags::DASH,
            _ => Flags::DOT,
        });
        self.see(Kinds::ORDERED_DATE)
    }
}

/// Whether midnight of a day can be counted in nanoseconds since 1970.
pub(super) fn is_day_in_nanos(days: i32) -> bool {
    value::in_unit(i128::from(days) * i128::from(DAY_SECONDS) * 1_000_000_000, TimeUnit::Nanosecond).is_some()
}
