use arrow::array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow::array::{Array, ArrayRef, AsArray};
use ingest_infer::{DataType, DateOrder, NullWords, Summary, TimeUnit, value};
use ingest_parse::{Dialect, Span};
use ingest_simd::{Kernel, PADDING, Padded};
use proptest::prelude::*;

use crate::{ColumnType, Fields, Quotes, Rules, Spares, arrow_type, builder_for};

/// A field as it was meant.
#[derive(Clone, Debug, PartialEq)]
struct Cell {
    text: String,
    quoted: bool,
}

fn plain(text: &str) -> Cell {
    Cell { text: text.into(), quoted: false }
}

fn quoted(text: &str) -> Cell {
    Cell { text: text.into(), quoted: true }
}

/// What a cell is worth, whatever the type.
#[derive(Clone, Debug, PartialEq)]
enum Worth {
    Null,
    Misfit,
    Bool(bool),
    Whole(i128),
    /// By its bits: `-0.0` is not `0.0`.
    Float(u64),
    Text(String),
}

/// The oracle: one cell, by the scalar functions.
fn worth(cell: &Cell, column_type: &ColumnType, nulls: &NullWords) -> Worth {
    let text = cell.text.as_bytes();
    let is_text = column_type.data_type == DataType::Utf8;
    let is_word = nulls.contains(text) && (nulls.is_given() || !is_text);
    let word_counts = column_type.data_type != DataType::Null || column_type.given || nulls.is_given();
    if (text.is_empty() && !(cell.quoted && is_text)) || (is_word && word_counts) {
        return Worth::Null;
    }
    let form = column_type.form;
    let worth = match column_type.data_type {
        DataType::Null => None,
        DataType::Bool => value::bool(text).map(Worth::Bool),
        DataType::Int64 => value::int64(text, form).map(|value| Worth::Whole(value.into())),
        DataType::Decimal128 { precision, scale } => value::decimal128(text, precision, scale, form).map(Worth::Whole),
        DataType::Float64 => value::float64(text, form).map(|value| Worth::Float(value.to_bits())),
        DataType::Date32 => match column_type.date_order {
            Some(order) => value::ordered_date(text, order),
            None => value::date32(text),
        }
        .map(|value| Worth::Whole(value.into())),
        DataType::Time64(unit) => value::time64(text, unit).map(|value| Worth::Whole(value.into())),
        DataType::Timestamp { unit, utc } => value::timestamp(text, unit, utc).map(|value| Worth::Whole(value.into())),
        DataType::Utf8 => Some(Worth::Text(cell.text.clone())),
        DataType::Struct(_) | DataType::List(_) => unreachable!("the cells here are not nested"),
    };
    worth.unwrap_or(Worth::Misfit)
}

/// A row of an array.
fn held(array: &ArrayRef, row: usize) -> Worth {
    if array.logical_nulls().is_some_and(|nulls| nulls.is_null(row)) {
        return Worth::Null;
    }
    use arrow::datatypes::{DataType as A, TimeUnit as U};
    match array.data_type() {
        A::Boolean => Worth::Bool(array.as_boolean().value(row)),
        A::Int64 => Worth::Whole(array.as_primitive::<Int64Type>().value(row).into()),
        A::Decimal128(..) => Worth::Whole(array.as_primitive::<Decimal128Type>().value(row)),
        A::Float64 => Worth::Float(array.as_primitive::<Float64Type>().value(row).to_bits()),
        A::Date32 => Worth::Whole(array.as_primitive::<Date32Type>().value(row).into()),
        A::Time64(U::Microsecond) => Worth::Whole(array.as_primitive::<Time64MicrosecondType>().value(row).into()),
        A::Time64(_) => Worth::Whole(array.as_primitive::<Time64NanosecondType>().value(row).into()),
        A::Timestamp(U::Microsecond, _) => {
            Worth::Whole(array.as_primitive::<TimestampMicrosecondType>().value(row).into())
        }
        A::Timestamp(..) => Worth::Whole(array.as_primitive::<TimestampNanosecondType>().value(row).into()),
        A::Utf8 => Worth::Text(array.as_string::<i32>().value(row).into()),
        other => panic!("no such column: {other}"),
    }
}

/// The cells as a line of text, quotes doubled, and where they are in it. No span is marked as escaped.
fn laid_out(cells: &[Cell]) -> (Vec<u8>, usize, Vec<Span>) {
    let mut buffer = vec![b'1'; PADDING];
    let mut spans = Vec::new();
    for cell in cells {
        let quotes = usize::from(cell.quoted);
        buffer.extend(std::iter::repeat_n(b'"', quotes));
        let start = (buffer.len() - PADDING) as u32;
        let text = if cell.quoted { cell.text.replace('"', "\"\"") } else { cell.text.clone() };
        buffer.extend_from_slice(text.as_bytes());
        let end = (buffer.len() - PADDING) as u32;
        buffer.extend(std::iter::repeat_n(b'"', quotes));
        spans.push(if cell.quoted { Span::quoted(start, end, false) } else { Span::new(start, end) });
    }
    let end = buffer.len();
    buffer.resize(end + PADDING, b'1');
    (buffer, end, spans)
}

/// Builds the column in two batches and compares every row, the misfits, the count of nulls and the summary.
fn check(cells: &[Cell], column_type: &ColumnType, nulls: &NullWords, split: usize) {
    for kernel in Kernel::available() {
        check_kernel(cells, column_type, nulls, split, kernel);
    }
}

fn check_kernel(cells: &[Cell], column_type: &ColumnType, nulls: &NullWords, split: usize, kernel: Kernel) {
    let context = format!("{kernel} {column_type:?} {cells:?}");
    let mut builder = builder_for(column_type, cells.len(), &mut Spares::default());
    let mut misfits = Vec::new();
    let (first, second) = cells.split_at(split.min(cells.len()));
    for (part, before) in [(first, 0), (second, first.len())] {
        let (buffer, end, spans) = laid_out(part);
        let block = Padded::new(&buffer, PADDING, end).unwrap();
        let mut found = vec![u32::MAX];
        let rules = Rules { nulls, kernel, quotes: Quotes::Wrap };
        builder.append(&Fields { block, spans: &spans, dialect: &Dialect::default() }, &rules, &mut found);
        assert_eq!(found.remove(0), u32::MAX, "what is there stays");
        assert!(found.is_sorted(), "{context}");
        misfits.extend(found.into_iter().map(|row| before + row as usize));
    }
    assert_eq!(builder.len(), cells.len());
    let column = builder.finish();
    assert_eq!((builder.len(), column.array.len()), (0, cells.len()));
    assert_eq!(column.array.data_type(), &arrow_type(&column_type.data_type));
    column.array.to_data().validate_full().unwrap();

    let mut summary = Summary::default();
    let mut null_rows = 0;
    for (row, cell) in cells.iter().enumerate() {
        let worth = worth(cell, column_type, nulls);
        assert_eq!(misfits.contains(&row), worth == Worth::Misfit, "row {row} of {context}");
        null_rows += usize::from(matches!(worth, Worth::Null | Worth::Misfit));
        let stops = column_type.data_type == DataType::Utf8 && summary.is_text();
        if worth != Worth::Misfit && !stops && !column_type.given {
            summary.observe(cell.text.as_bytes(), cell.quoted, nulls);
        }
        let expected = if worth == Worth::Misfit { Worth::Null } else { worth };
        assert_eq!(held(&column.array, row), expected, "row {row} of {context}");
    }
    assert_eq!(column.counts.nulls, null_rows as u64, "{context}");
    assert_eq!(column.summary, summary, "{context}");
}

fn every_type() -> Vec<ColumnType> {
    let plain = [
        "null",
        "bool",
        "int64",
        "decimal128(20,2)",
        "decimal128(5,2)",
        "decimal128(38,0)",
        "decimal128(38,30)",
        "float64",
        "date32",
        "time64[us]",
        "time64[ns]",
        "timestamp[us]",
        "timestamp[ns]",
        "timestamp[us,UTC]",
        "timestamp[ns,UTC]",
        "utf8",
    ];
    let plain = plain.into_iter().map(|name| name.parse().unwrap());
    let mut types: Vec<ColumnType> = plain
        .flat_map(|data_type: DataType| [ColumnType::inferred(data_type.clone()), ColumnType::given(data_type)])
        .collect();
    for order in [DateOrder::DayFirst, DateOrder::MonthFirst] {
        types.push(ColumnType { date_order: Some(order), ..ColumnType::inferred(DataType::Date32) });
    }
    types
}

/// Every spelling that the table of types speaks of, and those around them.
const TEXTS: &[&str] = &[
    "",
    "true",
    "false",
    "TRUE",
    "False",
    "yes",
    "t",
    "Y",
    "0",
    "12",
    "-7",
    "1",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "99999999999999999999999999999999999999",
    "100000000000000000000000000000000000000",
    "9007199254740992",
    "9007199254740993",
    "1234567890123456",
    "12345678901234567",
    "007",
    "02139",
    "+5",
    "1_000",
    "1,000",
    "0x10",
    "12.9",
    ".5",
    "5.",
    "1e3",
    "-0",
    "-0.0",
    "0.0",
    "inf",
    "-inf",
    "nan",
    "1e400",
    "1e-400",
    "0.1",
    "-123.456",
    "0.12345678901234567",
    "123.456789012345",
    "999.99",
    "1000.00",
    "2020-01-02",
    "2020-02-30",
    "0001-01-01",
    "9999-12-31",
    "03:04:05",
    "24:00:00",
    "03:04:05.5",
    "03:04:05.123456",
    "03:04:05.123456789",
    "2020-01-02 03:04:05",
    "2020-01-02T03:04:05",
    "2020-01-02T03:04",
    "2020-01-02 03:04:05.25",
    "2020-01-02 03:04:05.123456789",
    "1600-01-02 03:04:05",
    "2300-01-02T03:04:05",
    "1600-01-02T03:04:05Z",
    "2020-01-02T03:04:05Z",
    "2020-01-02 03:04:05Z",
    "2020-01-02T03:04:05+09:00",
    "2020-01-02T03:04:05+0900",
    "2020-01-02T03:04:05.123456789Z",
    "2020-01-02T03:04Z",
    "2020-01-02 03:04:05z",
    "01/02/2020",
    "31/12/2020",
    "12/31/2020",
    "1.2.2020",
    " 12 ",
    " 12.5",
    "\t7",
    " x ",
    "NA",
    "NULL",
    "\\N",
    "NaN",
    "None",
    "abc",
    "서울",
    "naïve",
    "5\" pipe",
    "a text that is longer than the thirty-two bytes that are copied at once",
];

fn words() -> [NullWords; 3] {
    let given = ["-7", "12.9", "NA", "abc", "true", "2020-01-02"].map(String::from).to_vec();
    [NullWords::default(), NullWords::given(vec![]), NullWords::given(given)]
}

#[test]
fn every_text_in_every_type() {
    let cells: Vec<Cell> = TEXTS.iter().flat_map(|text| [plain(text), quoted(text)]).collect();
    for column_type in every_type() {
        for nulls in words() {
            for split in [0, 1, 7, 64, 100] {
                check(&cells, &column_type, &nulls, split);
            }
            // One by one, so that no fact of another cell hides what the summary should hold.
            for cell in &cells {
                check(std::slice::from_ref(cell), &column_type, &nulls, 0);
            }
        }
    }
}

#[test]
fn given_types_take_what_inference_leaves() {
    let nulls = NullWords::default();
    let int = |text, given: bool| {
        let of = if given { ColumnType::given } else { ColumnType::inferred };
        worth(&plain(text), &of(DataType::Int64), &nulls)
    };
    for (text, value) in [("+5", 5), ("007", 7), ("-0", 0)] {
        assert_eq!((int(text, true), int(text, false)), (Worth::Whole(value), Worth::Misfit));
    }
    let cells = ["+5", "007", "-0", "x", "12"].map(plain);
    check(&cells, &ColumnType::given(DataType::Int64), &nulls, 2);
}

#[test]
fn a_quoted_empty_field_is_text_only_in_a_text_column() {
    let cells = [quoted(""), plain(""), quoted("x")];
    let text = ColumnType::inferred(DataType::Utf8);
    assert_eq!(worth(&cells[0], &text, &NullWords::default()), Worth::Text(String::new()));
    for column_type in every_type() {
        check(&cells[..2], &column_type, &NullWords::default(), 1);
    }
    check(&cells, &text, &NullWords::default(), 1);
}

#[test]
fn what_is_no_utf8_is_a_misfit_and_its_neighbours_are_not() {
    let mut buffer = vec![0; PADDING];
    buffer.extend_from_slice(b"ab\xff\xec\x84\x9cc");
    let end = buffer.len();
    buffer.resize(end + PADDING, 0);
    let block = Padded::new(&buffer, PADDING, end).unwrap();
    let spans = [Span::new(0, 2), Span::new(2, 3), Span::new(3, 6), Span::new(3, 4), Span::new(6, 7), Span::new(7, 7)];
    let mut builder = builder_for(&ColumnType::inferred(DataType::Utf8), 0, &mut Spares::default());
    let mut misfits = Vec::new();
    let rules = Rules { nulls: &NullWords::default(), kernel: Kernel::fastest(), quotes: Quotes::Wrap };
    builder.append(&Fields { block, spans: &spans, dialect: &Dialect::default() }, &rules, &mut misfits);
    let column = builder.finish();
    assert_eq!(misfits, [1, 3]);
    let texts: Vec<_> = column.array.as_string::<i32>().iter().collect();
    assert_eq!(texts, [Some("ab"), None, Some("서"), None, Some("c"), None]);
}

#[test]
fn escapes_are_undone_wherever_the_dialect_has_them() {
    let cases: [(Dialect, &str, bool, &str); 5] = [
        (Dialect::default(), r#"a ""b"""#, true, r#"a "b""#),
        (Dialect { escape: Some(b'\\'), ..Dialect::default() }, r#"a \"b\\"#, true, r#"a "b\"#),
        (Dialect { escape: Some(b'\\'), ..Dialect::default() }, r"a\b", false, r"a\b"),
        (Dialect { quote: None, escape: Some(b'\\'), ..Dialect::default() }, r"a\,b", false, "a,b"),
        (Dialect { quote: None, ..Dialect::default() }, r#"""a"#, false, r#"""a"#),
    ];
    for (dialect, raw, is_quoted, text) in cases {
        let (buffer, end, mut spans) = laid_out(&[plain(raw)]);
        let block = Padded::new(&buffer, PADDING, end).unwrap();
        if is_quoted {
            spans = vec![Span::quoted(0, raw.len() as u32, false), Span::quoted(0, raw.len() as u32, true)];
        }
        let mut builder = builder_for(&ColumnType::given(DataType::Utf8), 1, &mut Spares::default());
        let rules = Rules { nulls: &NullWords::default(), kernel: Kernel::fastest(), quotes: Quotes::Wrap };
        builder.append(&Fields { block, spans: &spans, dialect: &dialect }, &rules, &mut vec![]);
        for row in 0..spans.len() {
            assert_eq!(builder.finish().array.as_string::<i32>().iter().nth(row), Some(Some(text)));
            builder.append(&Fields { block, spans: &spans, dialect: &dialect }, &rules, &mut vec![]);
        }
    }
}

/// A digit as the escape: numbers are then read one by one.
#[test]
fn an_escape_that_is_a_digit_is_undone_in_numbers_too() {
    let dialect = Dialect { escape: Some(b'1'), ..Dialect::default() };
    let (buffer, end, _) = laid_out(&[plain("2134")]);
    let block = Padded::new(&buffer, PADDING, end).unwrap();
    let spans = [Span::quoted(0, 4, false), Span::new(0, 4)];
    let mut builder = builder_for(&ColumnType::inferred(DataType::Int64), 1, &mut Spares::default());
    let rules = Rules { nulls: &NullWords::default(), kernel: Kernel::fastest(), quotes: Quotes::Wrap };
    builder.append(&Fields { block, spans: &spans, dialect: &dialect }, &rules, &mut vec![]);
    assert_eq!(builder.finish().array.as_primitive::<Int64Type>().values(), &[234, 2134]);
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let text = prop_oneof![
        4 => prop::sample::select(TEXTS).prop_map(String::from),
        2 => "-?(0|[1-9][0-9]{0,20})",
        2 => "-?[0-9]{0,10}\\.[0-9]{0,10}",
        1 => "[0-9]{4}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+]0[0-9]:00)?",
        1 => "(1[56789]|2[0123])[0-9]{2}-0[1-9]-[012][0-9]",
        1 => "[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?",
        1 => "[0-3]?[0-9]/[01]?[0-9]/2020",
        1 => "[a-z\", é한]{0,40}",
    ];
    (text, prop::bool::weighted(0.2)).prop_map(|(text, quoted)| Cell { text, quoted })
}

/// Mostly cells that one type takes, as columns are.
fn any_column() -> impl Strategy<Value = Vec<Cell>> {
    let one_kind = prop_oneof![
        Just("-?[1-9][0-9]{0,14}"),
        Just("-?[1-9][0-9]{0,4}\\.[0-9]{1,5}"),
        Just("(19|20)[0-9]{2}-0[1-9]-[012][0-9] [01][0-9]:[0-5][0-9]:[0-5][0-9]"),
        Just("[a-z ]{0,50}"),
    ]
    .prop_flat_map(|pattern| {
        prop::collection::vec(prop_oneof![9 => pattern.prop_map(|text| plain(&text)), 1 => any_cell()], 0..100)
    });
    prop_oneof![one_kind, prop::collection::vec(any_cell(), 0..30)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn builders_equal_the_scalar_functions(cells in any_column(), split in 0usize..100, which in 0usize..3) {
        for column_type in every_type() {
            check(&cells, &column_type, &words()[which], split);
        }
    }

    /// The type that a summary decides takes every field that it was decided from.
    #[test]
    fn a_column_of_its_own_type_has_no_misfits(cells in any_column()) {
        let nulls = NullWords::default();
        let mut summary = Summary::default();
        cells.iter().for_each(|cell| summary.observe(cell.text.as_bytes(), cell.quoted, &nulls));
        let column_type = ColumnType::from(summary.decide());
        prop_assert!(cells.iter().all(|cell| worth(cell, &column_type, &nulls) != Worth::Misfit));
        check(&cells, &column_type, &nulls, cells.len() / 2);
        if let DataType::Timestamp { unit: TimeUnit::Nanosecond, .. } = column_type.data_type {
            prop_assert!(!summary.is_text());
        }
    }
}
