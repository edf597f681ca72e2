//! The conversions against tables and against the standard library.

use super::*;
use crate::TimeUnit::{Microsecond, Nanosecond};
use proptest::prelude::*;

fn int(text: &str, form: Form) -> Option<i64> {
    int64(text.as_bytes(), form)
}

fn float(text: &str, form: Form) -> Option<f64> {
    float64(text.as_bytes(), form)
}

#[test]
fn whole_numbers() {
    for (text, value) in
        [("0", 0), ("-7", -7), (" 12\t", 12), ("9223372036854775807", i64::MAX), ("-9223372036854775808", i64::MIN)]
    {
        assert_eq!((int(text, Form::Inferred), int(text, Form::Given)), (Some(value), Some(value)), "{text}");
    }
    for (text, value) in [("+5", 5), ("007", 7), ("-0", 0), ("-007", -7), ("+0", 0), ("00000000000000000000001", 1)] {
        assert_eq!((int(text, Form::Inferred), int(text, Form::Given)), (None, Some(value)), "{text}");
    }
    for text in [
        "",
        " ",
        "-",
        "+",
        "--1",
        "+-1",
        "- 1",
        "1 2",
        "1.",
        "1.0",
        "1e0",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999",
        "1_000",
        "1,000",
        "0x10",
        "\n1",
        "1\u{a0}",
        "١",
    ] {
        assert_eq!((int(text, Form::Inferred), int(text, Form::Given)), (None, None), "{text:?}");
    }
}

#[test]
fn decimals() {
    let both = |text: &str, precision, scale| {
        let text = text.as_bytes();
        (decimal128(text, precision, scale, Form::Inferred), decimal128(text, precision, scale, Form::Given))
    };
    let nines = "9".repeat(38);
    for (text, precision, scale, value) in [
        ("12.50", 4, 2, 1250),
        ("12.50", 3, 1, 125),
        ("-.5", 3, 2, -50),
        ("5.", 3, 0, 5),
        ("0", 1, 0, 0),
        ("0.000", 1, 1, 0),
        (" 1 ", 3, 2, 100),
        (&nines, 38, 0, 10i128.pow(38) - 1),
    ] {
        assert_eq!(both(text, precision, scale), (Some(value), Some(value)), "{text}");
    }
    for (text, value) in [("007", 70), ("+5", 50), ("-0", 0), ("-0.0", 0), ("00.5", 5)] {
        assert_eq!(both(text, 38, 1), (None, Some(value)), "{text}");
    }
    for (text, precision, scale) in
        [("12.51", 4, 1), ("123", 2, 0), ("1", 2, 2), ("1e3", 38, 0), ("inf", 38, 0), (".", 38, 0), ("", 38, 0)]
    {
        assert_eq!(both(text, precision, scale), (None, None), "{text}");
    }
    assert_eq!(both(&"9".repeat(39), 38, 0), (None, None));
    assert_eq!(both("1", 38, 60), (None, None));
}

#[test]
fn floats() {
    let same = |text: &str, value: f64| {
        for form in [Form::Inferred, Form::Given] {
            assert_eq!(float(text, form).map(f64::to_bits), Some(value.to_bits()), "{text} {form:?}");
        }
    };
    for (text, value) in [
        ("12.9", 12.9),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("1.5e-3", 0.0015),
        ("5.e2", 500.0),
        ("-0", -0.0),
        ("-0.0", -0.0),
        ("0", 0.0),
        ("0e999999999999", 0.0),
        (" -7\t", -7.0),
        ("inf", f64::INFINITY),
        ("-inf", f64::NEG_INFINITY),
        ("9007199254740992", 9_007_199_254_740_992.0),
        ("9007199254740993.0", 9_007_199_254_740_992.0),
        ("5e-324", 5e-324),
        ("1.7976931348623157e308", f64::MAX),
    ] {
        same(text, value);
    }
    for (text, value) in [("+5", 5.0), ("007", 7.0), ("00.5", 0.5), ("9007199254740994", 9_007_199_254_740_994.0)] {
        assert_eq!((float(text, Form::Inferred), float(text, Form::Given)), (None, Some(value)), "{text}");
    }
    let power = format!("{:.0}", 2f64.powi(200));
    assert_eq!((float(&power, Form::Inferred), float(&power, Form::Given)), (None, Some(2f64.powi(200))));
    for text in [
        "",
        ".",
        "-",
        "e5",
        "1e",
        "1e+",
        "1e5.0",
        "0x10",
        "1_000",
        "1,5",
        "nan",
        "NaN",
        "Inf",
        "+inf",
        "infinity",
        "1e400",
        "-1e400",
        "1e-400",
        "0.0000000000000001e-320",
        "9007199254740993",
        "1 .5",
        "1.5.2",
        "1f64",
    ] {
        assert_eq!((float(text, Form::Inferred), float(text, Form::Given)), (None, None), "{text:?}");
    }
    assert_eq!(float(&"9".repeat(400), Form::Given), None);
}

#[test]
fn booleans() {
    assert_eq!((bool(b"true"), bool(b"TRUE"), bool(b"False")), (Some(true), Some(true), Some(false)));
    for text in ["1", "0", "t", "yes", " true", "truee", ""] {
        assert_eq!(bool(text.as_bytes()), None, "{text:?}");
    }
}

#[test]
fn dates() {
    for (text, days) in [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2000-02-29", 11_016),
        ("0001-01-01", -719_162),
        ("9999-12-31", 2_932_896),
        ("2020-01-02", 18_263),
    ] {
        assert_eq!(date32(text.as_bytes()), Some(days), "{text}");
    }
    for text in [
        "2020-02-30",
        "1900-02-29",
        "2020-04-31",
        "2020-13-01",
        "2020-00-01",
        "2020-01-00",
        "0000-01-01",
        "2020-1-2",
        "2020/01/02",
        " 2020-01-02",
        "2020-01-02 ",
        "20200102",
        "+020-01-02",
        "",
    ] {
        assert_eq!(date32(text.as_bytes()), None, "{text:?}");
    }
}

#[test]
fn every_day_follows_the_one_before() {
    let mut next = -719_162;
    for (year, month, day) in
        (1..=9999).flat_map(|year| (1..=12).flat_map(move |month| (1..=31).map(move |day| (year, month, day))))
    {
        if let Some(days) = date32(format!("{year:04}-{month:02}-{day:02}").as_bytes()) {
            assert_eq!(days, next, "{year}-{month}-{day}");
            next += 1;
        }
    }
    assert_eq!(next, 2_932_897);
}

#[test]
fn ordered_dates() {
    let both = |text: &str| {
        let text = text.as_bytes();
        (ordered_date(text, DateOrder::DayFirst), ordered_date(text, DateOrder::MonthFirst))
    };
    assert_eq!(both("01/02/2020"), (date32(b"2020-02-01"), date32(b"2020-01-02")));
    assert_eq!(both("1.2.2020"), both("01-02-2020"));
    assert_eq!(both("31/12/2020"), (date32(b"2020-12-31"), None));
    assert_eq!(both("12-31-2020"), (None, date32(b"2020-12-31")));
    for text in
        ["31/31/2020", "1/2/20", "1/2-2020", "001/2/2020", "/2/2020", "1//2020", "1/2/20200", "1/2/0000", "1 2 2020"]
    {
        assert_eq!(both(text), (None, None), "{text}");
    }
}

#[test]
fn times_of_day() {
    let both = |text: &str| (time64(text.as_bytes(), Microsecond), time64(text.as_bytes(), Nanosecond));
    assert_eq!(both("00:00:00"), (Some(0), Some(0)));
    assert_eq!(both("23:59:59.5"), (Some(86_399_500_000), Some(86_399_500_000_000)));
    assert_eq!(both("00:00:01.000001000"), (Some(1_000_001), Some(1_000_001_000)));
    assert_eq!(both("00:00:01.000000001"), (None, Some(1_000_000_001)));
    for text in [
        "24:00:00",
        "00:60:00",
        "00:00:60",
        "0:00:00",
        "00:00",
        "00:00:00.",
        "00:00:00.0000000000",
        "00:00:00Z",
        " 00:00:00",
        "00:00:00,5",
        "",
    ] {
        assert_eq!(both(text), (None, None), "{text:?}");
    }
}

#[test]
fn timestamps() {
    let naive = |text: &str| timestamp(text.as_bytes(), Microsecond, false);
    let zoned = |text: &str| timestamp(text.as_bytes(), Microsecond, true);
    let expected = Some((18_263 * 86_400 + 3 * 3600 + 4 * 60 + 5) * 1_000_000);
    for text in ["2020-01-02 03:04:05", "2020-01-02T03:04:05", "2020-01-02T03:04:05.000"] {
        assert_eq!((naive(text), zoned(text)), (expected, None), "{text}");
    }
    for text in [
        "2020-01-02 03:04:05Z",
        "2020-01-02T12:04:05+09:00",
        "2020-01-02T12:04:05+0900",
        "2020-01-01 22:34:05-04:30",
        "2020-01-02 03:04:05-00:00",
    ] {
        assert_eq!((naive(text), zoned(text)), (None, expected), "{text}");
    }
    assert_eq!(naive("2020-01-02 03:04"), expected.map(|value| value - 5_000_000));
    assert_eq!(zoned("2020-01-02T03:04Z"), naive("2020-01-02 03:04"));
    assert_eq!((naive("1970-01-02"), zoned("1970-01-02")), (Some(86_400_000_000), None));
    for text in [
        "2020-02-30 00:00:00",
        "2020-01-02 24:00:00",
        "2020-01-02  03:04:05",
        "2020-01-02t03:04:05",
        "2020-01-02 03",
        "2020-01-02 03:04:05 Z",
        "2020-01-02 03:04:05z",
        "2020-01-02 03:04:05+9:00",
        "2020-01-02 03:04:05+24:00",
        "2020-01-02 03:04:05+09:60",
        "2020-01-02 03:04:05+09",
        "2020-01-02 03:04.5",
        "2020-01-02 ",
        "",
        "2020-01-02 03:04:05.1234567890",
    ] {
        assert_eq!((naive(text), zoned(text)), (None, None), "{text:?}");
    }
    assert_eq!(naive("2020-01-02 03:04:05.0000001"), None);
}

#[test]
fn nanoseconds_end_where_they_overflow() {
    let nanos = |text: &str| timestamp(text.as_bytes(), Nanosecond, false);
    assert_eq!(nanos("2262-04-11 23:47:16.854775807"), Some(i64::MAX));
    assert_eq!(nanos("2262-04-11 23:47:16.854775808"), None);
    assert_eq!(nanos("1677-09-21 00:12:43.145224192"), Some(i64::MIN));
    assert_eq!(nanos("1677-09-21 00:12:43.145224191"), None);
    assert_eq!((nanos("1677-09-21"), nanos("2262-04-11").is_some()), (None, true));
}

/// Texts near the form of numbers.
fn numberish() -> impl Strategy<Value = String> {
    "[ ]?[-+]?(0{0,2}[0-9]{0,25})(\\.[0-9]{0,25})?([eE][-+]?[0-9]{1,3})?[\t]?"
}

proptest! {
    #[test]
    fn ints_as_the_standard_library_reads_them(text in numberish()) {
        let trimmed = text.trim_matches([' ', '\t']);
        prop_assert_eq!(int(&text, Form::Given), trimmed.parse::<i64>().ok());
        let canonical = trimmed.parse::<i64>().ok().filter(|value| value.to_string() == trimmed);
        prop_assert_eq!(int(&text, Form::Inferred), canonical);
    }

    #[test]
    fn floats_as_the_standard_library_reads_them(text in numberish()) {
        let number = text.trim_matches([' ', '\t']);
        let zero = !number.split(['e', 'E']).next().unwrap().contains(|c: char| ('1'..='9').contains(&c));
        let in_range = |value: &f64| value.is_finite() && (*value != 0.0 || zero);
        let expected = number.parse::<f64>().ok().filter(in_range);
        let whole = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'+');
        match float(&text, Form::Given) {
            Some(value) => prop_assert_eq!(Some(value.to_bits()), expected.map(f64::to_bits)),
            // Refused beyond what the standard library refuses: only whole numbers that are not exact.
            None => if let Some(value) = expected {
                let digits = number.trim_start_matches(['-', '+']).trim_start_matches('0');
                prop_assert!(whole);
                prop_assert_ne!(format!("{:.0}", value.abs()), digits);
            }
        }
        if let Some(value) = float(&text, Form::Inferred) {
            prop_assert_eq!(float(&text, Form::Given), Some(value));
            prop_assert!(!whole || value.abs() <= 9_007_199_254_740_992.0);
        }
    }

    #[test]
    fn decimals_are_exact(value in -10i128.pow(20)..10i128.pow(20), scale in 0u8..10, zeros in 0usize..3) {
        let digits = format!("{:0width$}", value.unsigned_abs(), width = usize::from(scale) + 1);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
        let sign = if value < 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{fraction}{}", "0".repeat(zeros));
        for form in [Form::Inferred, Form::Given] {
            prop_assert_eq!(decimal128(text.as_bytes(), 38, scale, form), Some(value));
            let digits = u8::try_from(value.unsigned_abs().checked_ilog10().map_or(0, |log| log + 1)).unwrap();
            prop_assert_eq!(decimal128(text.as_bytes(), digits, scale, form), Some(value));
            if digits > 0 {
                prop_assert_eq!(decimal128(text.as_bytes(), digits - 1, scale, form), None);
            }
        }
    }

    #[test]
    fn nothing_panics(text in "[-+0-9.eE:/TZ \t]{0,40}", precision: u8, scale: u8) {
        let text = text.as_bytes();
        for form in [Form::Inferred, Form::Given] {
            let _ = (int64(text, form), float64(text, form), decimal128(text, precision, scale, form));
        }
        for unit in [Microsecond, Nanosecond] {
            let _ = (time64(text, unit), timestamp(text, unit, true), timestamp(text, unit, false), date32(text));
        }
    }
}
