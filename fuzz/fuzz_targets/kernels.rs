//! Every kernel against the portable one and the naive twins: structure of a text, values and texts of a column.

#![no_main]

use std::fmt::Debug;

use arbitrary::Arbitrary;
use ingest_fuzz::{Field, Text, naive, with_paddings};
use ingest_infer::{TimeUnit, value};
use ingest_simd::{
    Batch, Kernel, PADDING, Padded, Span, Structure, TextBatch, Validity, copy_texts, index_fields, parse_dates,
    parse_decimals, parse_floats, parse_ints, parse_timestamps, scan_chunk,
};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Case {
    text: Text,
    previous: Option<u8>,
    next: Option<u8>,
    delimiter: Option<u8>,
    quote: Option<u8>,
    fields: Vec<Field>,
    gap: u8,
    precision: u8,
    scale: u8,
}

fuzz_target!(|case: Case| {
    check_structure(&case);
    check_values(&case);
    check_texts(&case);
});

/// The usual dialect most of the time; another byte in its place now and then. No line end is a delimiter or a quote.
fn structure(case: &Case) -> Structure {
    let other = |byte: Option<u8>, usual: u8| match byte {
        Some(byte @ (b'\n' | b'\r')) => Some(byte ^ 0x40),
        Some(byte) if byte < 128 => Some(usual),
        byte => byte,
    };
    let delimiter = other(case.delimiter, b',');
    Structure { delimiter, quote: other(case.quote, b'"').filter(|quote| Some(*quote) != delimiter) }
}

fn check_structure(case: &Case) {
    let (text, structure) = (&case.text.0, structure(case));
    let scan = naive::scan(text, case.previous, &structure);
    let index = naive::index(text, case.next, &structure);
    let mut ends = Vec::new();
    with_paddings(text, |padded| {
        for kernel in Kernel::available() {
            assert_eq!(scan_chunk(kernel, padded, case.previous, &structure), scan, "scan by {kernel}");
            ends.clear();
            index_fields(kernel, padded, case.next, &structure, &mut ends);
            assert_eq!(ends, index, "index by {kernel}");
        }
    });
}

/// The fields of the case one after the other, a byte between them, and their spans.
fn column(case: &Case) -> (Vec<u8>, Vec<Span>) {
    let (mut memory, mut spans) = (vec![b'7'; PADDING], Vec::new());
    for field in &case.fields {
        let start = (memory.len() - PADDING) as u32;
        memory.extend_from_slice(&field.0);
        spans.push(Span::new(start, start + field.0.len() as u32));
        memory.push(case.gap);
    }
    memory.extend_from_slice(&[b'7'; PADDING]);
    (memory, spans)
}

fn check_values(case: &Case) {
    let (memory, spans) = column(case);
    let block = Padded::new(&memory, PADDING, memory.len() - PADDING).expect("padded on both sides");
    let shape = (case.precision % 38 + 1, case.scale % 39);
    let timestamp = |text: &[u8]| {
        if text.len() == 19 { value::timestamp(text, TimeUnit::Microsecond, false) } else { None }
    };
    check(case, naive::int, |kernel, out| parse_ints(kernel, block, &spans, out));
    check(case, naive::decimal_of(shape), |kernel, out| parse_decimals(kernel, block, &spans, shape, out));
    check(case, timestamp, |kernel, out| parse_timestamps(kernel, block, &spans, out));
    check(case, value::date32, |kernel, out| parse_dates(kernel, block, &spans, out));
    check_floats(case, block, &spans);
}

/// What a kernel makes of a column must be what `read` makes of each field, and its facts those of the portable one.
fn check<T: Copy + Default + PartialEq + Debug, F: PartialEq + Debug>(
    case: &Case,
    read: impl Fn(&[u8]) -> Option<T>,
    mut parse: impl FnMut(Kernel, Batch<'_, T>) -> F,
) {
    let expected: Vec<_> = case.fields.iter().map(|field| read(&field.0).filter(|_| !field.0.is_empty())).collect();
    let mut facts = Vec::new();
    for kernel in Kernel::available() {
        let (mut values, mut validity, mut misfits) = (Vec::new(), Validity::default(), Vec::new());
        let out = Batch { values: &mut values, validity: &mut validity, misfits: &mut misfits };
        facts.push(parse(kernel, out));
        assert_eq!((values.len(), validity.len()), (expected.len(), expected.len()), "{kernel}");
        for (row, expected) in expected.iter().enumerate() {
            let found = validity.get(row).then_some(values[row]);
            assert_eq!(found, *expected, "{kernel}, row {row}: {:?}", case.fields[row]);
            let is_misfit = misfits.binary_search(&(row as u32)).is_ok();
            assert_eq!(is_misfit, expected.is_none() && !case.fields[row].0.is_empty(), "{kernel}, row {row}");
        }
    }
    assert!(facts.iter().all(|other| *other == facts[0]), "{facts:?} of {:?}", case.fields);
}

/// Doubles are compared as bits.
fn check_floats(case: &Case, block: Padded<'_>, spans: &[Span]) {
    let mut doubles = Vec::new();
    check(case, naive::float_bits, |kernel, out| {
        doubles.clear();
        let Batch { values, validity, misfits } = out;
        let facts = parse_floats(kernel, block, spans, Batch { values: &mut doubles, validity, misfits });
        values.extend(doubles.iter().map(|double| double.to_bits()));
        facts
    });
}

/// Fields as texts, every second one quoted.
fn check_texts(case: &Case) {
    let (memory, spans) = column(case);
    let block = Padded::new(&memory, PADDING, memory.len() - PADDING).expect("padded on both sides");
    // Offsets of short texts fit.
    let quoted = |span: &Span| Span::quoted(span.start() as u32, span.end() as u32, false);
    let spans: Vec<Span> =
        spans.iter().enumerate().map(|(row, span)| if row % 2 == 0 { quoted(span) } else { *span }).collect();
    let (mut texts, mut expected_ends) = (Vec::new(), Vec::new());
    for (field, span) in case.fields.iter().zip(&spans) {
        texts.extend(naive::text(&field.0, case.quote.filter(|_| span.is_quoted())));
        expected_ends.push(texts.len() as i32);
    }
    for kernel in Kernel::available() {
        let (mut bytes, mut ends, mut validity) = (Vec::new(), Vec::new(), Validity::default());
        let out = TextBatch { bytes: &mut bytes, ends: &mut ends, validity: &mut validity };
        assert!(copy_texts(kernel, block, &spans, case.quote, out), "short texts fit");
        assert_eq!((&bytes, &ends), (&texts, &expected_ends), "texts by {kernel}");
        for (row, span) in spans.iter().enumerate() {
            assert_eq!(validity.get(row), !span.is_null_text(), "{kernel}, row {row}");
        }
    }
}
