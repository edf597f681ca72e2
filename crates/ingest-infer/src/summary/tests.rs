//! The summary's laws, the table of types, and that every value converts under the type that was decided.

use super::*;
use crate::{DataType, DateOrder, Form, NullWords, TimeUnit, value};
use proptest::prelude::*;

/// Fields, a quoted empty one among them spelled `""`.
fn summary_of<T: AsRef<str>>(fields: &[T]) -> Summary {
    summary_with(fields, &NullWords::default())
}

fn summary_with<T: AsRef<str>>(fields: &[T], nulls: &NullWords) -> Summary {
    let mut summary = Summary::default();
    for field in fields {
        match field.as_ref() {
            "\"\"" => summary.observe(b"", true, nulls),
            text => summary.observe(text.as_bytes(), false, nulls),
        }
    }
    summary
}

fn joined(a: &Summary, b: &Summary) -> Summary {
    let mut both = a.clone();
    both.join(b);
    both
}

/// Each row: the fields of a column, and the name of its type.
fn check_table(table: &[(&[&str], &str)]) {
    for (fields, name) in table {
        assert_eq!(summary_of(fields).decide().data_type.to_string(), *name, "{fields:?}");
    }
}

#[test]
fn the_table_of_types_for_nulls_booleans_and_numbers() {
    check_table(&[
        (&[], "null"),
        (&["", ""], "null"),
        (&["NA", ""], "utf8"),
        (&["\"\""], "utf8"),
        (&["NA", "\"\"", "1"], "int64"),
        (&["null", "true"], "bool"),
        (&["NA", "x"], "utf8"),
        (&["true", "FALSE", "False"], "bool"),
        (&["0", "1"], "int64"),
        (&["true", "1"], "utf8"),
        (&["yes", "no"], "utf8"),
        (&["t", "f"], "utf8"),
        (&["0", "12", "-7", " 5 "], "int64"),
        (&["9223372036854775807", "-9223372036854775808"], "int64"),
        (&["9223372036854775808"], "decimal128(19,0)"),
        (&["1", "-99999999999999999999"], "decimal128(20,0)"),
        (&["99999999999999999999999999999999999999"], "decimal128(38,0)"),
        (&["100000000000000000000000000000000000000"], "utf8"),
        (&["007"], "utf8"),
        (&["02139"], "utf8"),
        (&["+5"], "utf8"),
        (&["1_000"], "utf8"),
        (&["1,000"], "utf8"),
        (&["0x10"], "utf8"),
        (&["12.9"], "float64"),
        (&[".5", "5.", "1e3", "-0", "-0.0"], "float64"),
        (&["-0"], "float64"),
        (&["1", "inf", "-inf"], "float64"),
        (&["inf"], "utf8"),
        (&["inf", "NaN"], "utf8"),
        (&["1e400"], "utf8"),
        (&["1e-400", "1"], "utf8"),
        (&["00.5"], "utf8"),
        (&["1", "2.5"], "float64"),
        (&["9007199254740992", "2.5"], "float64"),
        (&["9007199254740993", "2.5"], "decimal128(17,1)"),
        (&["9007199254740993", "2.50", "0.125"], "decimal128(19,3)"),
        (&["9223372036854775808", "2.5"], "decimal128(20,1)"),
        (&["9007199254740993", "1e3"], "utf8"),
        (&["9007199254740993", "-0"], "utf8"),
        (&["9007199254740993", "inf"], "utf8"),
        (&["9007199254740993", "0.12345678901234567890123"], "utf8"),
        (&["12345678901234567890.5"], "float64"),
        (&["0.1234567890123456789012345678901234567890"], "float64"),
        (&["1.5 ", "\t2"], "float64"),
    ]);
}

#[test]
fn the_table_of_types_for_dates_and_times() {
    check_table(&[
        (&["2020-01-02"], "date32"),
        (&["0001-01-01", "9999-12-31"], "date32"),
        (&["2020-02-30"], "utf8"),
        (&["24:00:00"], "utf8"),
        (&["03:04:05", "03:04:05.123456"], "time64[us]"),
        (&["03:04:05", "03:04:05.1234567"], "time64[ns]"),
        (&["2020-01-02 03:04:05", "2020-01-02T03:04"], "timestamp[us]"),
        (&["2020-01-02 03:04:05.123456789"], "timestamp[ns]"),
        (&["2020-01-02 03:04:05.123000000", "1600-01-01 00:00:00"], "timestamp[us]"),
        (&["2020-01-02 03:04:05.123456789", "1600-01-01 00:00:00"], "utf8"),
        (&["2020-01-02 03:04:05.123456789", "1600-01-01"], "utf8"),
        (&["1600-01-01 03:04:05.123456789"], "utf8"),
        (&["2020-01-02 03:04:05Z", "2020-01-02T03:04:05+0900", "2020-01-02T03:04:05-09:30"], "timestamp[us,UTC]"),
        (&["2020-01-02 03:04:05.1234567Z"], "timestamp[ns,UTC]"),
        (&["2020-01-02 03:04:05Z", "2020-01-02 03:04:05"], "utf8"),
        (&["2020-01-02 03:04:05Z", "2020-01-02"], "utf8"),
        (&["2020-01-02", "2020-01-02 03:04:05"], "timestamp[us]"),
        (&["2020-01-02", "03:04:05"], "utf8"),
        (&["2020-01-02", "1"], "utf8"),
        (&[" 2020-01-02"], "utf8"),
        (&["31/12/2020", "01/02/2020"], "date32"),
        (&["01/02/2020"], "utf8"),
        (&["31/12/2020", "12/31/2020"], "utf8"),
        (&["31/12/2020", "01-02-2020"], "utf8"),
        (&["31/12/2020", "2020-01-02"], "utf8"),
        (&["31/12/2020", "NA", "\"\""], "date32"),
        (&["32/12/2020"], "utf8"),
    ]);
}

#[test]
fn orders_of_dates() {
    let decide = |fields: &[&str]| {
        let decision = summary_of(fields).decide();
        (decision.date_order, decision.ambiguous_dates)
    };
    assert_eq!(decide(&["31/12/2020", "1/2/2020"]), (Some(DateOrder::DayFirst), false));
    assert_eq!(decide(&["12.31.2020"]), (Some(DateOrder::MonthFirst), false));
    assert_eq!(decide(&["1/2/2020", "NA", "\"\""]), (None, true));
    assert_eq!(decide(&["31/12/2020", "12/31/2020"]), (None, false));
    assert_eq!(decide(&["1/2/2020", "1-2-2020"]), (None, false));
    assert_eq!(decide(&["1/2/2020", "x"]), (None, false));
    assert_eq!(decide(&["2020-01-02"]), (None, false));
}

#[test]
fn given_null_words_are_nothing() {
    let nulls = NullWords::given(vec!["-1".into(), "x".into()]);
    assert_eq!(summary_with(&["-1", "x", ""], &nulls), Summary::default());
    assert_eq!(summary_with(&["-1", "2"], &nulls).decide().data_type, DataType::Int64);
    assert_eq!(summary_with(&["NA", "2"], &nulls).decide().data_type, DataType::Utf8);
}

#[test]
fn it_is_small() {
    assert!(size_of::<Summary>() <= 32);
}

/// Fields of all kinds, so mixed that columns of one type are as likely as text.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => integer(),
        4 => "-?(0|[1-9][0-9]{0,3})?\\.[0-9]{1,4}",
        1 => "-?[1-9][0-9]{15,40}",
        1 => "[1-9][0-9]{0,22}\\.[0-9]{0,22}",
        1 => "-?[1-9](\\.[0-9]{1,3})?[eE][+-]?[0-9]{1,3}",
        2 => prop::sample::select(vec!["-0", "-0.0", "inf", "-inf", "007", "+5", "1e400", " 3", "4\t"]).prop_map(String::from),
        2 => prop::sample::select(vec!["", "\"\"", "NA", "NaN", "null"]).prop_map(String::from),
        1 => prop::sample::select(vec!["true", "FALSE", "x", "n", "t", "i"]).prop_map(String::from),
        2 => date(),
        1 => clock(),
        2 => (date(), prop::sample::select(vec!["T", " "]), clock()).prop_map(|(day, gap, clock)| format!("{day}{gap}{clock}")),
        1 => (date(), clock(), offset()).prop_map(|(day, clock, offset)| format!("{day} {clock}{offset}")),
        1 => "[0-3]?[0-9]/[0-3]?[0-9]/20[0-9][0-9]",
        1 => "[1-9][-./]1[0-9][-./]2020",
    ]
}

fn integer() -> impl Strategy<Value = String> {
    prop_oneof![any::<i64>().prop_map(|v| v.to_string()), (-999i64..999).prop_map(|v| v.to_string())]
}

fn date() -> impl Strategy<Value = String> {
    "(0001|16[0-9]{2}|1677|19[0-9]{2}|2[0-9]{3}|9999)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
}

fn clock() -> impl Strategy<Value = String> {
    "([01][0-9]|2[0-4]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9}|\\.[0-9]{3}000000)?"
}

fn offset() -> impl Strategy<Value = String> {
    "Z|[+-](0[0-9]|1[0-9]):?[0-5][0-9]"
}

/// Columns of one field strategy's kind as well as of mixed ones.
fn column() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        prop::collection::vec(field(), 0..4),
        prop::collection::vec(integer(), 0..8),
        (prop::collection::vec(integer(), 1..4), prop::collection::vec("-?[0-9]{1,3}\\.[0-9]{0,4}", 1..4))
            .prop_map(|(a, b)| [a, b].concat()),
        prop::collection::vec(prop_oneof![date(), (date(), clock()).prop_map(|(d, c)| format!("{d}T{c}"))], 0..6),
        prop::collection::vec((date(), clock(), offset()).prop_map(|(d, c, o)| format!("{d} {c}{o}")), 0..4),
        prop::collection::vec("[0-3]?[0-9]/0?[1-9]/20[0-9][0-9]", 0..6),
        prop::collection::vec(clock(), 0..4),
    ]
}

/// Whether a field is read under a decision, nulls aside.
fn converts(text: &str, decision: &Decision) -> bool {
    let bytes = text.as_bytes();
    match decision.data_type {
        DataType::Null => false,
        DataType::Bool => value::bool(bytes).is_some(),
        DataType::Int64 => value::int64(bytes, Form::Inferred).is_some(),
        DataType::Decimal128 { precision, scale } => {
            value::decimal128(bytes, precision, scale, Form::Inferred).is_some()
        }
        DataType::Float64 => value::float64(bytes, Form::Inferred).is_some(),
        DataType::Date32 => match decision.date_order {
            Some(order) => value::ordered_date(bytes, order).is_some(),
            None => value::date32(bytes).is_some(),
        },
        DataType::Time64(unit) => value::time64(bytes, unit).is_some(),
        DataType::Timestamp { unit, utc } => value::timestamp(bytes, unit, utc).is_some(),
        DataType::Struct(_) | DataType::List(_) => unreachable!("fields of delimited text"),
        DataType::Utf8 => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_value_converts_under_the_decision(fields in column()) {
        let decision = summary_of(&fields).decide();
        let nulls = NullWords::default();
        let is_null = |text: &String| {
            text.is_empty()
                || decision.data_type != DataType::Utf8 && (text == "\"\"" || nulls.contains(text.as_bytes()))
        };
        for text in fields.iter().filter(|text| !is_null(text)) {
            prop_assert!(converts(text, &decision), "{:?} as {:?}", text, decision);
        }
    }

    #[test]
    fn the_join_is_a_semilattice(a in column(), b in column(), c in column()) {
        let [a, b, c] = [summary_of(&a), summary_of(&b), summary_of(&c)];
        prop_assert_eq!(joined(&a, &a), a.clone());
        prop_assert_eq!(joined(&a, &b), joined(&b, &a));
        prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
        prop_assert_eq!(joined(&a, &Summary::default()), a);
    }

    #[test]
    fn joining_is_observing(a in column(), b in column()) {
        let all = summary_of(&[a.clone(), b.clone()].concat());
        prop_assert_eq!(&joined(&summary_of(&a), &summary_of(&b)), &all);
        let backwards: Vec<_> = a.iter().chain(&b).rev().collect();
        prop_assert_eq!(summary_of(&backwards), all);
    }

    #[test]
    fn text_stays_text(a in column(), b in column()) {
        let (a, both) = (summary_of(&a), summary_of(&[a, b].concat()));
        if a.is_text() {
            prop_assert!(both.is_text());
            prop_assert_eq!(both.decide(), DataType::Utf8.into());
        }
    }

    #[test]
    fn what_is_not_text_for_good_can_still_be_something(fields in column()) {
        let summary = summary_of(&fields);
        let partners = ["1", "31/12/2020", "12/31/2020", "31-12-2020", "12-31-2020", "31.12.2020", "12.31.2020", ""];
        let is_open = |partner: &&str| joined(&summary, &summary_of(&[partner])).decide().data_type != DataType::Utf8;
        prop_assert_eq!(!summary.is_text(), partners.iter().any(is_open), "{:?}", fields);
    }

    #[test]
    fn notes_of_numbers_are_observations(
        wholes in prop::collection::vec(any::<i64>(), 1..5),
        decimals in prop::collection::vec((0u64..100_000, 0u32..8, any::<bool>()), 1..5),
    ) {
        let mut noted = Summary::default();
        noted.note_whole(wholes.iter().map(|v| v.unsigned_abs()).max().unwrap());
        prop_assert_eq!(&noted, &summary_of(&wholes.iter().map(ToString::to_string).collect::<Vec<_>>()));
        let (mut before, mut after, mut texts) = (0, 0, Vec::new());
        for (whole, places, bare) in decimals {
            let whole = if bare && places > 0 { String::new() } else { whole.to_string() };
            texts.push(format!("{whole}.{}", "7".repeat(places as usize)));
            (before, after) = (before.max(u32::try_from(whole.len()).unwrap()), after.max(places));
        }
        let mut noted = Summary::default();
        noted.note_decimal(before, after);
        prop_assert_eq!(noted, summary_of(&texts));
    }

    #[test]
    fn notes_of_times_are_observations(dates in prop::collection::vec(date(), 1..4), clocks in prop::collection::vec(clock(), 1..4), utc: bool) {
        let days: Vec<_> = dates.iter().filter_map(|text| value::date32(text.as_bytes())).collect();
        prop_assume!(days.len() == dates.len());
        let mut noted = Summary::default();
        noted.note_date(*days.iter().min().unwrap(), *days.iter().max().unwrap());
        prop_assert_eq!(noted, summary_of(&dates));

        let nanos: Vec<_> = clocks.iter().filter_map(|text| value::time64(text.as_bytes(), TimeUnit::Nanosecond)).collect();
        prop_assume!(nanos.len() == clocks.len());
        let digits = clocks.iter().map(|text| significant_digits(text)).max().unwrap();
        let mut noted = Summary::default();
        noted.note_time(digits);
        prop_assert_eq!(noted, summary_of(&clocks));

        let zone = if utc { "+01:00" } else { "" };
        let moments: Vec<_> = dates.iter().zip(&clocks).map(|(date, clock)| format!("{date} {clock}{zone}")).collect();
        let digits = moments.iter().zip(&clocks).map(|(_, clock)| significant_digits(clock)).max().unwrap();
        for unit in [TimeUnit::Microsecond, TimeUnit::Nanosecond] {
            let values: Option<Vec<_>> = moments.iter().map(|text| value::timestamp(text.as_bytes(), unit, utc)).collect();
            if let Some(values) = values {
                let mut noted = Summary::default();
                noted.note_timestamp(utc, digits, *values.iter().min().unwrap(), *values.iter().max().unwrap(), unit);
                prop_assert_eq!(noted, summary_of(&moments));
            }
        }
    }
}

/// Digits of the fraction up to the last that is not zero.
fn significant_digits(clock: &str) -> u8 {
    let fraction = clock.split_once('.').map_or("", |(_, fraction)| fraction);
    u8::try_from(fraction.trim_end_matches('0').len()).unwrap()
}

#[test]
fn notes_without_figures_are_observations() {
    let mut noted = Summary::default();
    noted.note_bool();
    assert_eq!(noted, summary_of(&["true", "false"]));
    let mut noted = Summary::default();
    noted.note_exponent();
    assert_eq!(noted, summary_of(&["1e5", "2.25E-3"]));
}
