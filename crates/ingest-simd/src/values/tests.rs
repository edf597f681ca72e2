use proptest::prelude::*;

use super::*;
use crate::PADDING;

/// Fields laid out one after the other, and the spans of them.
struct Column {
    buffer: Vec<u8>,
    len: usize,
    spans: Vec<Span>,
}

impl Column {
    /// The paddings hold what must not be taken for the field's own bytes.
    fn new(fields: &[Vec<u8>], gap: &str) -> Self {
        let mut buffer = vec![b'7'; PADDING];
        let mut spans = Vec::new();
        for (row, field) in fields.iter().enumerate() {
            if row > 0 {
                buffer.extend_from_slice(gap.as_bytes());
            }
            let start = (buffer.len() - PADDING) as u32;
            buffer.extend_from_slice(field);
            spans.push(Span::new(start, start + field.len() as u32));
        }
        let len = buffer.len() - PADDING;
        buffer.resize(buffer.len() + PADDING, b'7');
        Column { buffer, len, spans }
    }

    fn block(&self) -> Padded<'_> {
        Padded::new(&self.buffer, PADDING, PADDING + self.len).unwrap()
    }
}

/// What a kernel gave, row by row: a value, null, or a misfit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome<T> {
    Value(T),
    Null,
    Misfit,
}

/// Runs `parse` over the column in two calls that meet at `split`.
fn outcomes<T: Copy + Default + PartialEq + std::fmt::Debug, F>(
    column: &Column,
    split: usize,
    mut parse: impl FnMut(&[Span], Batch<'_, T>) -> F,
) -> (Vec<Outcome<T>>, [F; 2]) {
    let (mut values, mut validity) = (Vec::new(), Validity::default());
    let mut rows = Vec::new();
    let (first, second) = column.spans.split_at(split.min(column.spans.len()));
    let facts = [first, second].map(|spans| {
        let mut misfits = Vec::new();
        let before = values.len();
        let batch = Batch { values: &mut values, validity: &mut validity, misfits: &mut misfits };
        let facts = parse(spans, batch);
        rows.extend(misfits.into_iter().map(|row| before + row as usize));
        facts
    });
    let nulls = validity.nulls();
    let (words, len) = validity.into_words();
    assert_eq!((len, values.len()), (column.spans.len(), column.spans.len()));
    let valid = |row: usize| words[row / 64] >> (row % 64) & 1 == 1;
    assert_eq!((0..len).filter(|&row| !valid(row)).count(), nulls);
    let outcome = |row| match (valid(row), rows.contains(&row)) {
        (true, false) => Outcome::Value(values[row]),
        (false, misfit) => {
            assert_eq!(values[row], T::default(), "placeholders are 0");
            if misfit { Outcome::Misfit } else { Outcome::Null }
        }
        (true, true) => panic!("a misfit has no value"),
    };
    ((0..len).map(outcome).collect(), facts)
}

/// The oracle: each field by itself.
fn expected<T>(fields: &[Vec<u8>], read: impl Fn(&str) -> Option<T>) -> Vec<Outcome<T>> {
    let one = |field: &Vec<u8>| match std::str::from_utf8(field).ok().and_then(&read) {
        _ if field.is_empty() => Outcome::Null,
        Some(value) => Outcome::Value(value),
        None => Outcome::Misfit,
    };
    fields.iter().map(one).collect()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn naive_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = text == "0" || (!digits.starts_with('0') && !digits.is_empty());
    (text.len() <= 16 && is_digits(digits) && canonical).then(|| text.parse().unwrap())
}

/// The digits before the point, and those after it if there is one.
fn naive_parts(text: &str) -> Option<(&str, Option<&str>)> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (before, after) = plain.split_once('.').map_or((plain, None), |(before, after)| (before, Some(after)));
    let digits = format!("{before}{}", after.unwrap_or_default());
    let negative_zero = text.starts_with('-') && digits.bytes().all(|byte| byte == b'0');
    let padded = before.len() > 1 && before.starts_with('0');
    let exact = digits.parse::<u64>().is_ok_and(|mantissa| mantissa <= MANTISSA_MAX);
    let fits = text.len() <= 16 && is_digits(&digits) && exact && !padded && !negative_zero;
    fits.then_some((before, after))
}

fn naive_float(text: &str) -> Option<f64> {
    naive_parts(text).map(|_| text.parse().unwrap())
}

fn naive_decimal(text: &str, (precision, scale): (u8, u8)) -> Option<i64> {
    let (before, after) = naive_parts(text)?;
    let after = after.unwrap_or_default();
    let zeros = "0".repeat(usize::from(scale).checked_sub(after.len())?);
    let magnitude: i128 = format!("{before}{after}{zeros}").parse().ok()?;
    let magnitude =
        i64::try_from(magnitude).ok().filter(|&magnitude| magnitude < 10i64.pow(u32::from(precision).min(18)))?;
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

fn naive_decimal_facts(fields: &[Vec<u8>], taken: impl Fn(&str) -> bool) -> DecimalFacts {
    let mut facts = DecimalFacts::default();
    for text in fields.iter().filter_map(|field| std::str::from_utf8(field).ok()).filter(|text| taken(text)) {
        match naive_parts(text).unwrap() {
            (before, None) => facts.largest_whole = facts.largest_whole.max(Some(before.parse().unwrap())),
            (before, Some(after)) => {
                let (most_before, most_after) = facts.digits.unwrap_or_default();
                facts.digits = Some((most_before.max(before.len() as u32), most_after.max(after.len() as u32)));
            }
        }
    }
    facts
}

/// Counts days by walking the months from 1970 on; slow, and obviously right.
fn naive_days(text: &str) -> Option<i32> {
    let parts: Vec<&str> = text.split('-').collect();
    let &[year, month, day] = parts.as_slice() else { return None };
    if [year.len(), month.len(), day.len()] != [4, 2, 2] || !is_digits(&parts.concat()) {
        return None;
    }
    let (year, month, day): (i32, usize, i32) = (year.parse().unwrap(), month.parse().unwrap(), day.parse().unwrap());
    let leaps = |year: i32| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let months = |year| [31, 28 + i32::from(leaps(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if year == 0 || !(1..=12).contains(&month) || day < 1 || day > months(year)[month - 1] {
        return None;
    }
    let year_days = |year| 365 + i32::from(leaps(year));
    let years: i32 =
        if year >= 1970 { (1970..year).map(year_days).sum() } else { -(year..1970).map(year_days).sum::<i32>() };
    Some(years + months(year)[..month - 1].iter().sum::<i32>() + day - 1)
}

fn naive_timestamp(text: &str) -> Option<i64> {
    if text.len() != 19 || !text.is_ascii() {
        return None;
    }
    let (date, rest) = text.split_at(10);
    let clock: Vec<&str> = rest.strip_prefix([' ', 'T'])?.split(':').collect();
    let &[hour, minute, second] = clock.as_slice() else { return None };
    if [hour.len(), minute.len(), second.len()] != [2, 2, 2] || !is_digits(&clock.concat()) {
        return None;
    }
    let part = |text: &str, limit: i64| text.parse().ok().filter(|&value: &i64| value < limit);
    let seconds = part(hour, 24)? * 3600 + part(minute, 60)? * 60 + part(second, 60)?;
    Some((i64::from(naive_days(date)?) * 86_400 + seconds) * 1_000_000)
}

fn naive_range<T: Copy + Ord>(outcomes: &[Outcome<T>]) -> Option<Range<T>> {
    outcomes.iter().fold(None, |range, outcome| match outcome {
        Outcome::Value(value) => Range::and(range, *value),
        _ => range,
    })
}

fn joined<T: Copy + Ord>(ranges: [Option<Range<T>>; 2]) -> Option<Range<T>> {
    ranges.into_iter().flatten().fold(None, |range, part| Range::and(Range::and(range, part.min), part.max))
}

/// All kernels against the oracles, every type on the same fields.
fn check(fields: &[Vec<u8>], gap: &str, split: usize) {
    let column = Column::new(fields, gap);
    let block = column.block();
    for kernel in Kernel::available() {
        let (ints, facts) = outcomes(&column, split, |spans, out| parse_ints(kernel, block, spans, out));
        assert_eq!(ints, expected(fields, naive_int), "{kernel} ints of {fields:?}");
        let magnitudes = ints.iter().filter_map(|outcome| match outcome {
            Outcome::Value(value) => Some(value.unsigned_abs()),
            _ => None,
        });
        assert_eq!(facts[0].largest.max(facts[1].largest), magnitudes.max(), "{kernel} ints of {fields:?}");

        let (floats, facts) = outcomes(&column, split, |spans, out| parse_floats(kernel, block, spans, out));
        assert_eq!(floats, expected(fields, naive_float), "{kernel} floats of {fields:?}");
        let naive = |part: &[Vec<u8>]| naive_decimal_facts(part, |text| naive_float(text).is_some());
        let (first, second) = fields.split_at(split.min(fields.len()));
        assert_eq!(facts, [naive(first), naive(second)], "{kernel} floats of {fields:?}");

        for scale in [(16, 0), (5, 2), (38, 2), (38, 17), (38, 38)] {
            let naive = |text: &str| naive_decimal(text, scale);
            let (decimals, facts) =
                outcomes(&column, split, |spans, out| parse_decimals(kernel, block, spans, scale, out));
            assert_eq!(decimals, expected(fields, naive), "{kernel} decimals{scale:?} of {fields:?}");
            let naive_facts = |part: &[Vec<u8>]| naive_decimal_facts(part, |text| naive(text).is_some());
            assert_eq!(facts, [naive_facts(first), naive_facts(second)], "{kernel} decimals{scale:?} of {fields:?}");
        }

        let (moments, facts) = outcomes(&column, split, |spans, out| parse_timestamps(kernel, block, spans, out));
        assert_eq!(moments, expected(fields, naive_timestamp), "{kernel} timestamps of {fields:?}");
        assert_eq!(joined(facts), naive_range(&moments), "{kernel} timestamps of {fields:?}");

        let (dates, facts) = outcomes(&column, split, |spans, out| parse_dates(kernel, block, spans, out));
        assert_eq!(dates, expected(fields, naive_days), "{kernel} dates of {fields:?}");
        assert_eq!(joined(facts), naive_range(&dates), "{kernel} dates of {fields:?}");
    }
}

fn check_texts(texts: &[&str]) {
    let fields: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    for split in [0, 1, 3, 8, fields.len()] {
        check(&fields, ",", split);
        check(&fields, "", split);
    }
    for field in &fields {
        check(std::slice::from_ref(field), "", 0);
    }
}

#[test]
fn numbers_by_hand() {
    check_texts(&[
        "0",
        "-0",
        "00",
        "7",
        "-7",
        "12345678",
        "123456789",
        "1234567890123456",
        "12345678901234567",
        "-123456789012345",
        "-1234567890123456",
        "9007199254740992",
        "9007199254740993",
        "9999999999999999",
        "-",
        "",
        "--1",
        "1-",
        "+1",
        " 1",
        "1 ",
        "1_0",
        "1/",
        "1:",
        "0x10",
    ]);
    check_texts(&[
        "0.5",
        ".5",
        "5.",
        "-.5",
        "-5.",
        ".",
        "-.",
        "..",
        "1.2.3",
        "00.5",
        "0.0",
        "-0.0",
        "0.",
        "-0.",
        "123456.789",
        "1.5e3",
        "0.12345678901234",
        "12345678.1234567",
        "-1234567.1234567",
        "-12345678.123456",
        "1234567.12345678",
        "0.1",
        "0.3",
        "123456789012345.",
        ".123456789012345",
        "................",
        "1..............",
        "..............11",
        "1,5",
        "-9.99",
    ]);
}

#[test]
fn times_by_hand() {
    check_texts(&[
        "2020-02-29",
        "2021-02-29",
        "1900-02-29",
        "2000-02-29",
        "0001-01-01",
        "0000-01-01",
        "9999-12-31",
        "2020-13-01",
        "2020-00-10",
        "2020-01-00",
        "2020-01-32",
        "2020-04-31",
        "2020/01/02",
        "2020-1-02",
        "20200-01-2",
        "1969-12-31",
        "1970-01-01",
        "2020-01-0a",
        "2020-01-0",
        "2020-01-021",
        "0400-02-29",
        "0100-02-29",
        "0004-02-29",
    ]);
    check_texts(&[
        "2020-01-02 03:04:05",
        "2020-01-02T03:04:05",
        "2020-01-02t03:04:05",
        "2020-01-02 24:00:00",
        "2020-01-02 23:59:59",
        "2020-01-02 03:60:05",
        "2020-01-02 03:04:60",
        "0001-01-01 00:00:00",
        "9999-12-31T23:59:59",
        "1969-12-31 23:59:59",
        "2020-01-02 03:04;05",
        "2020-01-02 03;04:05",
        "2020-01-02 03:04",
        "2020-01-02 03:04:05Z",
        "2020-02-30 03:04:05",
        "2020-01-02 0a:04:05",
        "2020-01-02 03:04:0/",
        "2020-01-02 03:04:/0",
        "x020-01-02 03:04:05",
        "",
    ]);
}

#[test]
fn every_day_of_four_centuries_and_the_edges_of_time() {
    let mut fields = Vec::new();
    for year in (1..5).chain(1899..1905).chain(1968..1973).chain(1999..2005).chain(9996..10_000) {
        for month in 0..14 {
            for day in [0, 1, 2, 27, 28, 29, 30, 31, 32] {
                fields.push(format!("{year:04}-{month:02}-{day:02}").into_bytes());
            }
        }
    }
    check(&fields, ",", 100);
}

#[test]
fn quoted_empty_is_no_null_and_flags_do_not_disturb() {
    let column = Column::new(&[b"12".to_vec(), b"34".to_vec()], ",");
    let mut spans =
        vec![Span::quoted(0, 2, false), Span::quoted(2, 2, false), Span::quoted(3, 5, true), Span::new(2, 2)];
    spans.resize(11, Span::quoted(3, 5, false));
    for kernel in Kernel::available() {
        let (mut values, mut validity, mut misfits) = (vec![1], Validity::default(), vec![]);
        validity.push(1, 1);
        let out = Batch { values: &mut values, validity: &mut validity, misfits: &mut misfits };
        parse_ints(kernel, column.block(), &spans, out);
        assert_eq!(values, [1, 12, 0, 34, 0, 34, 34, 34, 34, 34, 34, 34]);
        assert_eq!((misfits, validity.into_words()), (vec![1], (vec![0b1111_1110_1011], 12)));
    }
}

#[test]
#[should_panic(expected = "inside its block")]
fn a_span_beyond_the_block_is_refused() {
    let column = Column::new(&[b"12".to_vec()], "");
    let (mut values, mut validity, mut misfits) = (vec![], Validity::default(), vec![]);
    let out = Batch { values: &mut values, validity: &mut validity, misfits: &mut misfits };
    parse_ints(Kernel::fastest(), column.block(), &[Span::new(0, 3)], out);
}

/// Fields of all sorts, most of them nearly right.
fn field() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        "-?[0-9]{0,20}",
        "-?[1-9][0-9]{0,15}",
        "-?[0-9]{0,9}\\.[0-9]{0,9}",
        "-?[1-9][0-9]{0,7}\\.[0-9]{1,7}",
        "[-0-9.+ e/:]{0,20}",
        "[0-9]{4}-[01][0-9]-[0-3][0-9]",
        "[0-9]{4}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
        "(19|20)[0-9]{2}-0[1-9]-[012][0-9][ T][01][0-9]:[0-5][0-9]:[0-5][0-9]",
    ];
    prop_oneof![9 => text.prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn kernels_equal_the_naive_twins(
        fields in prop::collection::vec(field(), 0..40), gap in "[0-9.,-]{0,3}", split in 0usize..40,
    ) {
        check(&fields, &gap, split);
    }

    /// One byte of a good field changed to any other.
    #[test]
    fn one_wrong_byte_is_seen(at in 0usize..19, byte: u8, which in 0usize..4) {
        let good = ["2020-01-02 03:04:05", "2020-01-02", "1234567890123456", "-1234567.123456"][which];
        let mut field = good.as_bytes().to_vec();
        let at = at % field.len();
        field[at] = byte;
        check(&[field], "", 0);
    }

    #[test]
    fn validity_keeps_every_bit(parts in prop::collection::vec((any::<u64>(), 0usize..=64), 0..20)) {
        let (mut validity, mut plain) = (Validity::default(), Vec::new());
        for (bits, count) in parts {
            let bits = if count == 64 { bits } else { bits & ((1 << count) - 1) };
            validity.push(bits, count);
            plain.extend((0..count).map(|bit| bits >> bit & 1 == 1));
        }
        prop_assert_eq!(validity.nulls(), plain.iter().filter(|bit| !**bit).count());
        let (words, len) = validity.into_words();
        let bits: Vec<bool> = (0..len).map(|row| words[row / 64] >> (row % 64) & 1 == 1).collect();
        prop_assert_eq!(bits, plain);
    }
}
