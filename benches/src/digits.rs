//! Numbers and times as text, appended to a buffer.

use crate::calendar::{DAY_SECONDS, civil};

/// Appends `value` in decimal.
#[inline]
pub(crate) fn push_int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_unsigned(out, value.unsigned_abs(), 1);
}

/// Appends `value` with at least `width` digits (20 at most), zeros in front.
#[inline]
pub(crate) fn push_unsigned(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut text = [b'0'; 20];
    let mut start = text.len();
    while value > 0 {
        start -= 1;
        text[start] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&text[start.min(text.len() - width)..]);
}

/// Appends `mantissa` / 10^`scale` with all `scale` digits after the point (`-0.05`); `scale` is 1–18.
#[inline]
pub(crate) fn push_decimal(out: &mut Vec<u8>, mantissa: i64, scale: u32) {
    let power = 10_u64.pow(scale);
    if mantissa < 0 {
        out.push(b'-');
    }
    push_unsigned(out, mantissa.unsigned_abs() / power, 1);
    out.push(b'.');
    push_unsigned(out, mantissa.unsigned_abs() % power, scale as usize);
}

/// Appends a day number as `YYYY-MM-DD`; years 0–9999.
#[inline]
pub(crate) fn push_date(out: &mut Vec<u8>, day: i64) {
    let (year, month, day_of_month) = civil(day);
    let mut text = *b"0000-00-00";
    two_digits(&mut text, 0, (year / 100) as u8);
    two_digits(&mut text, 2, (year % 100) as u8);
    two_digits(&mut text, 5, month as u8);
    two_digits(&mut text, 8, day_of_month as u8);
    out.extend_from_slice(&text);
}

/// Appends seconds since 1970-01-01T00:00:00 as `YYYY-MM-DD HH:MM:SS`.
#[inline]
pub(crate) fn push_timestamp(out: &mut Vec<u8>, seconds: i64) {
    push_date(out, seconds.div_euclid(DAY_SECONDS));
    let of_day = seconds.rem_euclid(DAY_SECONDS);
    let mut text = *b" 00:00:00";
    two_digits(&mut text, 1, (of_day / 3_600) as u8);
    two_digits(&mut text, 4, (of_day / 60 % 60) as u8);
    two_digits(&mut text, 7, (of_day % 60) as u8);
    out.extend_from_slice(&text);
}

#[inline]
fn two_digits(text: &mut [u8], at: usize, value: u8) {
    text[at] = b'0' + value / 10;
    text[at + 1] = b'0' + value % 10;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn agree_with_the_standard_library() {
        for value in [0, 7, -7, 10, 99, 100, i64::MAX, i64::MIN, 1_000_000] {
            assert_eq!(text(|out| push_int(out, value)), value.to_string());
        }
        for mantissa in [0_i64, 5, -5, 50, 1_234, -1_234, 100_000] {
            let naive = format!("{:.2}", mantissa as f64 / 100.0);
            assert_eq!(text(|out| push_decimal(out, mantissa, 2)), naive);
        }
        assert_eq!(text(|out| push_unsigned(out, 42, 5)), "00042");
    }

    #[test]
    fn times_are_laid_out() {
        assert_eq!(text(|out| push_timestamp(out, 0)), "1970-01-01 00:00:00");
        assert_eq!(text(|out| push_timestamp(out, -1)), "1969-12-31 23:59:59");
        assert_eq!(text(|out| push_timestamp(out, 951_827_696)), "2000-02-29 12:34:56");
        assert_eq!(text(|out| push_date(out, 19_782)), "2024-02-29");
    }
}
