//! Times of day, and moments: a date with a time of day.

use super::calendar::{DAY_SECONDS, date32, number};
use crate::TimeUnit;

const NANOS_A_SECOND: i128 = 1_000_000_000;

/// A time of day as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Since midnight.
    seconds: u32,
    nanos: u32,
    /// Digits of the fraction up to the last that is not zero, 0–9: what a unit has to hold.
    pub(crate) fraction_digits: u8,
}

impl Clock {
    /// `HH:MM:SS[.f{1,9}]` at the start of `text`, and what follows it.
    fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let &[h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] = text else { return None };
        let seconds = hours_and_minutes([h1, h2], [m1, m2])? + number([s1, s2]).filter(|&seconds| seconds < 60)?;
        let (nanos, fraction_digits, rest) = read_fraction(rest)?;
        Some((Clock { seconds, nanos, fraction_digits }, rest))
    }

    /// The same where `:SS` may be left out.
    fn read_short(text: &[u8]) -> Option<(Self, &[u8])> {
        match text {
            &[h1, h2, b':', m1, m2, ref rest @ ..] if rest.first() != Some(&b':') => {
                let seconds = hours_and_minutes([h1, h2], [m1, m2])?;
                Some((Clock { seconds, nanos: 0, fraction_digits: 0 }, rest))
            }
            _ => Clock::read(text),
        }
    }

    /// The whole of `text` as `HH:MM:SS[.f{1,9}]`.
    pub(crate) fn read_all(text: &[u8]) -> Option<Self> {
        Clock::read(text).filter(|(_, rest)| rest.is_empty()).map(|(clock, _)| clock)
    }

    fn nanos_since_midnight(&self) -> i128 {
        i128::from(self.seconds) * NANOS_A_SECOND + i128::from(self.nanos)
    }
}

fn hours_and_minutes(hours: [u8; 2], minutes: [u8; 2]) -> Option<u32> {
    let hours = number(hours).filter(|&hours| hours < 24)?;
    let minutes = number(minutes).filter(|&minutes| minutes < 60)?;
    Some(hours * 3600 + minutes * 60)
}

/// Nanoseconds and significant digits of `.f{1,9}`, or zero where there is no point, and what follows.
fn read_fraction(text: &[u8]) -> Option<(u32, u8, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, 0, text)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&count) {
        return None;
    }
    let (digits, rest) = digits.split_at(count);
    let (mut nanos, mut significant) = (0, 0);
    for place in 0..9u8 {
        let digit = digits.get(usize::from(place)).map_or(0, |digit| u32::from(digit - b'0'));
        nanos = nanos * 10 + digit;
        if digit != 0 {
            significant = place + 1;
        }
    }
    Some((nanos, significant, rest))
}

/// A date with a time of day, and its distance from UTC where that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    days: i32,
    pub(crate) clock: Clock,
    offset_seconds: Option<i32>,
}

impl Moment {
    /// `YYYY-MM-DD[T ]HH:MM[:SS[.f{1,9}]]`, then nothing or an offset: `Z`, `+09:00`, `+0900`.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b" "))?;
        let (clock, rest) = Clock::read_short(rest)?;
        let offset_seconds = if rest.is_empty() { None } else { Some(read_offset(rest)?) };
        Some(Moment { days: date32(date)?, clock, offset_seconds })
    }

    pub(crate) fn is_zoned(&self) -> bool {
        self.offset_seconds.is_some()
    }

    /// Since 1970-01-01T00:00:00, in UTC if an offset is written.
    pub(crate) fn nanos(&self) -> i128 {
        let midnight = i64::from(self.days) * DAY_SECONDS - i64::from(self.offset_seconds.unwrap_or(0));
        i128::from(midnight) * NANOS_A_SECOND + self.clock.nanos_since_midnight()
    }
}

fn read_offset(text: &[u8]) -> Option<i32> {
    let (sign, hours, minutes) = match *text {
        [b'Z'] => return Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            (sign, [h1, h2], [m1, m2])
        }
        _ => return None,
    };
    let seconds = hours_and_minutes(hours, minutes)?.cast_signed();
    Some(if sign == b'-' { -seconds } else { seconds })
}

/// Nanoseconds in `unit`, if they are a whole number of it and fit.
pub(crate) fn in_unit(nanos: i128, unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Microsecond if nanos % 1000 == 0 => i64::try_from(nanos / 1000).ok(),
        TimeUnit::Microsecond => None,
        TimeUnit::Nanosecond => i64::try_from(nanos).ok(),
    }
}

/// `HH:MM:SS[.f{1,9}]` (00–23, 00–59, 00–59) in `unit` since midnight; `None` if the unit cannot hold the digits.
#[must_use]
pub fn time64(text: &[u8], unit: TimeUnit) -> Option<i64> {
    in_unit(Clock::read_all(text)?.nanos_since_midnight(), unit)
}

/// A timestamp in `unit` since 1970-01-01T00:00:00; `None` if the unit cannot hold the digits or the distance.
///
/// Without `utc`: `YYYY-MM-DD[T ]HH:MM[:SS[.f{1,9}]]`, or a date alone, which is its midnight. With `utc`: the former
/// followed by `Z`, `+09:00` or `+0900` (hours up to 23, minutes up to 59), converted to UTC; a text without offset is
/// refused there, as is one with an offset here.
#[must_use]
pub fn timestamp(text: &[u8], unit: TimeUnit, utc: bool) -> Option<i64> {
    if text.len() == 10 && !utc {
        return in_unit(i128::from(date32(text)?) * i128::from(DAY_SECONDS) * NANOS_A_SECOND, unit);
    }
    let moment = Moment::read(text)?;
    if moment.is_zoned() != utc {
        return None;
    }
    in_unit(moment.nanos(), unit)
}
