//! Dates of the proleptic Gregorian calendar as days since 1970-01-01.

/// Seconds in a day; leap seconds are not counted.
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// Which number comes first in a date like `01/02/2020`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

/// `YYYY-MM-DD` as days since 1970-01-01: a real day of the years 0001–9999.
#[must_use]
pub fn date32(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    days(number([y1, y2, y3, y4])?, number([m1, m2])?, number([d1, d2])?)
}

/// `D/M/YYYY` or `M/D/YYYY`, by `order`, as days since 1970-01-01: one or two digits for day and month, four for the
/// year, and `/`, `-` or `.` between them, the same twice. Only real days of the years 0001–9999.
#[must_use]
pub fn ordered_date(text: &[u8], order: DateOrder) -> Option<i32> {
    ShortDate::read(text)?.days(order)
}

/// A date whose day and month stand in an order that is not known yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShortDate {
    first: u32,
    second: u32,
    year: u32,
    pub(crate) separator: u8,
}

impl ShortDate {
    /// Reads the layout only: neither order need give a real day.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let (first, rest) = one_or_two_digits(text)?;
        let (&separator, rest) = rest.split_first().filter(|(byte, _)| matches!(byte, b'/' | b'-' | b'.'))?;
        let (second, rest) = one_or_two_digits(rest)?;
        let &[again, y1, y2, y3, y4] = rest else { return None };
        let year = number([y1, y2, y3, y4])?;
        (again == separator).then_some(ShortDate { first, second, year, separator })
    }

    /// The day that is meant if the numbers stand in `order`.
    pub(crate) fn days(&self, order: DateOrder) -> Option<i32> {
        match order {
            DateOrder::DayFirst => days(self.year, self.second, self.first),
            DateOrder::MonthFirst => days(self.year, self.first, self.second),
        }
    }
}

fn one_or_two_digits(text: &[u8]) -> Option<(u32, &[u8])> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => Some((number([*tens, *ones])?, rest)),
        [ones @ b'0'..=b'9', rest @ ..] => Some((number([*ones])?, rest)),
        _ => None,
    }
}

/// The value of a few digits; `None` if one of them is something else.
pub(super) fn number<const N: usize>(digits: [u8; N]) -> Option<u32> {
    digits.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

fn days(year: u32, month: u32, day: u32) -> Option<i32> {
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    // Years begin in March here, so that the leap day is the last of its year and months from March on have a pattern
    // of 153 days every five.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let since_march_of_year_zero = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1;
    // 0000-03-01 lies 719,468 days before 1970-01-01; 9999-12-31 stays far inside i32.
    Some(since_march_of_year_zero.cast_signed() - 719_468)
}

fn days_in_month(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
