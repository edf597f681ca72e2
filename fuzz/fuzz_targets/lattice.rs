//! The laws of the summary, every value under the type that was decided, and a sniffer that always answers.

#![no_main]

use arbitrary::Arbitrary;
use ingest_fuzz::{Drawn, Field, Text};
use ingest_infer::{DataType, Decision, Form, Hints, NullWords, Summary, sniff, value};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Case {
    columns: [Vec<Cell>; 3],
    null_words: Option<Vec<Field>>,
    sample: Text,
    complete: bool,
    dialect: Option<Drawn>,
    header: Option<bool>,
    skip: Option<u8>,
}

#[derive(Arbitrary, Clone, Debug)]
struct Cell {
    field: Field,
    quoted: bool,
}

fuzz_target!(|case: Case| {
    let nulls = null_words(&case);
    check_laws(&case.columns, &nulls);
    for column in &case.columns {
        check_decision(column, &nulls);
    }
    check_sniff(&case, nulls);
});

fn null_words(case: &Case) -> NullWords {
    let text = |word: &Field| String::from_utf8_lossy(&word.0).into_owned();
    case.null_words.as_ref().map_or_else(NullWords::default, |words| NullWords::given(words.iter().map(text).collect()))
}

fn summary_of<'c>(cells: impl IntoIterator<Item = &'c Cell>, nulls: &NullWords) -> Summary {
    let mut summary = Summary::default();
    for cell in cells {
        summary.observe(&cell.field.0, cell.quoted, nulls);
    }
    summary
}

fn joined(a: &Summary, b: &Summary) -> Summary {
    let mut both = a.clone();
    both.join(b);
    both
}

fn check_laws(columns: &[Vec<Cell>; 3], nulls: &NullWords) {
    let [a, b, c] = columns.each_ref().map(|column| summary_of(column, nulls));
    assert_eq!(joined(&a, &a), a, "idempotent");
    assert_eq!(joined(&a, &b), joined(&b, &a), "commutative");
    assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)), "associative");
    assert_eq!(joined(&Summary::default(), &a), a, "nothing is neutral");
    let all = summary_of(columns.iter().flatten(), nulls);
    assert_eq!(joined(&joined(&a, &b), &c), all, "joining is observing");
    assert_eq!(summary_of(columns.iter().flatten().rev(), nulls), all, "in any order");
    assert!(!a.is_text() || (all.is_text() && all.decide() == DataType::Utf8.into()), "text stays text");
}

/// Every field that is not null converts under the decided type, and would have alone decided no wider one.
fn check_decision(column: &[Cell], nulls: &NullWords) {
    let decision = summary_of(column, nulls).decide();
    assert!(decision.date_order.is_none() || decision.data_type == DataType::Date32);
    assert!(!decision.ambiguous_dates || decision.data_type == DataType::Utf8);
    for cell in column.iter().filter(|cell| !is_null(cell, &decision, nulls)) {
        assert!(converts(&cell.field.0, &decision), "{cell:?} as {decision:?}");
    }
}

fn is_null(cell: &Cell, decision: &Decision, nulls: &NullWords) -> bool {
    let text = &cell.field.0;
    let is_word = nulls.contains(text);
    if decision.data_type == DataType::Utf8 {
        (text.is_empty() && !cell.quoted) || (is_word && nulls.is_given())
    } else {
        text.is_empty() || is_word
    }
}

fn converts(text: &[u8], decision: &Decision) -> bool {
    match decision.data_type {
        DataType::Null => false,
        DataType::Bool => value::bool(text).is_some(),
        DataType::Int64 => value::int64(text, Form::Inferred).is_some_and(|number| reads_back(text, number)),
        DataType::Decimal128 { precision, scale } => {
            value::decimal128(text, precision, scale, Form::Inferred).is_some()
        }
        DataType::Float64 => value::float64(text, Form::Inferred).is_some(),
        DataType::Date32 => match decision.date_order {
            Some(order) => value::ordered_date(text, order).is_some(),
            None => value::date32(text).is_some(),
        },
        DataType::Time64(unit) => value::time64(text, unit).is_some(),
        DataType::Timestamp { unit, utc } => value::timestamp(text, unit, utc).is_some(),
        DataType::Utf8 => true,
        DataType::Struct(_) | DataType::List(_) => unreachable!("fields of delimited text"),
    }
}

/// An inferred whole number is written again as it stood, blanks aside.
fn reads_back(text: &[u8], number: i64) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    text.iter().filter(|byte| !is_blank(byte)).eq(number.to_string().as_bytes())
}

fn check_sniff(case: &Case, nulls: NullWords) {
    let dialect = case.dialect.map(|drawn| drawn.0);
    let hints = Hints {
        delimiter: dialect.map(|dialect| dialect.delimiter),
        quote: dialect.map(|dialect| dialect.quote),
        escape: dialect.map(|dialect| dialect.escape),
        comment: dialect.map(|dialect| dialect.comment),
        quoting: dialect.map(|dialect| dialect.quoting).unwrap_or_default(),
        header: case.header,
        header_rows: None,
        skip: case.skip.map(usize::from),
        nulls,
    };
    let sniffed = sniff(&case.sample.0, case.complete, &hints);
    assert_eq!(sniffed, sniff(&case.sample.0, case.complete, &hints), "the same question, the same answer");
    assert!((0.0..=1.0).contains(&sniffed.confidence), "{sniffed:?}");
    assert!(
        hints.delimiter.is_none_or(|delimiter| delimiter == sniffed.dialect.delimiter),
        "what is given is not guessed"
    );
    assert!(hints.quote.is_none_or(|quote| quote == sniffed.dialect.quote), "what is given is not guessed");
    let mut names = sniffed.columns.clone();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), sniffed.columns.len(), "names differ: {sniffed:?}");
}
