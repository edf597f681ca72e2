//! The machine against csv-core, and the masks in chunks of every size against the machine.

use ingest_parse::{
    Batch, Carry, Delimiter, Dialect, LineCounter, Quoting, Ragged, Shape, only_prolongs, reference, settle, unescape,
};
use ingest_simd::{Kernel, PADDING, Padded, scan_chunk};
use proptest::prelude::*;

/// All records as csv-core reads them.
fn csv_core_records(text: &[u8], dialect: &Dialect) -> Vec<Vec<Vec<u8>>> {
    let mut builder = csv_core::ReaderBuilder::new();
    builder.delimiter(dialect.delimiter_byte().expect("csv-core wants a delimiter of one byte"));
    match dialect.quote {
        Some(quote) => builder.quote(quote),
        None => builder.quoting(false),
    };
    builder.escape(dialect.escape).comment(dialect.comment);
    let mut reader = builder.build();
    let (mut out, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 2]);
    let (mut rest, mut records) = (text, Vec::new());
    let (mut out_len, mut ends_len) = (0, 0);
    loop {
        let (result, read, written, count) = reader.read_record(rest, &mut out[out_len..], &mut ends[ends_len..]);
        rest = &rest[read..];
        out_len += written;
        ends_len += count;
        match result {
            csv_core::ReadRecordResult::Record => {
                let starts = std::iter::once(0).chain(ends[..ends_len].iter().copied());
                records.push(starts.zip(&ends[..ends_len]).map(|(start, &end)| out[start..end].to_vec()).collect());
                (out_len, ends_len) = (0, 0);
            }
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::End => return records,
            full => panic!("the buffers hold any record of the text: {full:?}"),
        }
    }
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&'static [u8]> = vec![
        b"a",
        b"12",
        b",",
        b",",
        b"\n",
        b"\r\n",
        b"\r",
        b"\"",
        b"\"\"",
        b"\"x,y\"",
        b"\"a\nb\"",
        b" ",
        b"#",
        b"\\",
        b"\\\"",
        b"\xc3\xa9",
        b"\"q\"\"q\"",
        b",\"\",",
        b"5\" p",
    ];
    prop::collection::vec(prop::sample::select(parts), 0..40).prop_map(|parts| parts.concat())
}

/// Texts in which every quote is where strict quoting wants it.
fn regular_texts() -> impl Strategy<Value = Vec<u8>> {
    let field = prop::sample::select(vec![
        "",
        "1",
        "abc",
        "\"\"",
        "\"a,b\"",
        "\"a\"\"b\"",
        "\"l1\nl2\"",
        "\"l1\r\nl2\"",
        "\"\"\"\"",
        "é",
    ]);
    let record = prop::collection::vec(field, 1..5).prop_map(|fields| fields.join(","));
    (prop::collection::vec((record, prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n"])), 0..20), any::<bool>())
        .prop_map(|(records, close)| {
            let mut text: String = records.iter().map(|(record, end)| format!("{record}{end}")).collect();
            if !close {
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
            }
            text.into_bytes()
        })
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let plain = Dialect::default();
    prop::sample::select(vec![
        plain,
        Dialect { quote: None, ..plain },
        Dialect { escape: Some(b'\\'), ..plain },
        Dialect { comment: Some(b'#'), ..plain },
        Dialect { quoting: Quoting::Lenient, ..plain },
        Dialect { delimiter: Some(Delimiter::byte(b' ')), quote: Some(b'\''), ..plain },
        Dialect { delimiter: Delimiter::new(b",,"), ..plain },
        Dialect { delimiter: Delimiter::new(b"a,"), quoting: Quoting::Lenient, ..plain },
    ])
}

/// The fields of a row by column, with whether they were quoted.
type Rows = Vec<Vec<(Vec<u8>, bool)>>;

/// Rows, faulty records, and the line each of both begins in, as a chunked reader finds them.
#[derive(Debug, PartialEq, Default)]
struct Found {
    rows: Rows,
    faults: usize,
    lines: Vec<u64>,
}

fn read_chunked(
    text: &[u8],
    chunk_bytes: usize,
    batch_bytes: usize,
    kernel: Kernel,
    dialect: &Dialect,
    shape: Shape,
) -> Found {
    let structure = dialect.structure();
    let mut found = Found::default();
    let mut carry = Carry::default();
    let mut start = 0;
    while start < text.len() || start == 0 {
        let chunk = &text[start..text.len().min(start + chunk_bytes)];
        let last = start + chunk.len() == text.len();
        let memory = [&[b'"'; PADDING][..], &carry.tail, chunk, &[b'\n'; PADDING]].concat();
        let from = PADDING + carry.tail.len();
        let padded = Padded::new(&memory, from, from + chunk.len()).expect("padded");
        let previous = start.checked_sub(1).map(|at| text[at]);
        let scan = scan_chunk(kernel, padded, previous, &structure);
        let whole = Padded::new(&memory, PADDING, from + chunk.len()).expect("padded");
        let tail = carry.tail.len();
        let settled = settle(whole.bytes(), tail, &scan, &carry, dialect, Some(shape.columns), last);
        assert!(!only_prolongs(&scan, &carry, dialect, last) || settled.end == 0);
        let region = whole.slice(0, settled.end);
        let mut batch = Batch::default();
        let mut at = 0;
        while at < region.len() {
            let rest = region.slice(at, region.len());
            let read = match &settled.cells {
                Some(cells) => {
                    batch.read_cells(cells, shape);
                    rest.len()
                }
                None => {
                    let next = if last { None } else { whole.bytes().get(settled.end).copied().or(Some(0)) };
                    batch.read_regular(kernel, rest, batch_bytes, next, &structure, shape)
                }
            };
            take_rows(&batch, &rest.bytes()[..read], dialect, shape, &mut found);
            let mut starts: Vec<_> =
                (0..batch.rows()).map(|row| batch.row(&rest.bytes()[..read], row)).map(|row| row.start).collect();
            starts.extend(batch.faults().iter().map(|fault| fault.start));
            starts.sort_unstable();
            let mut lines = LineCounter::new(whole.bytes(), tail, carry.lines);
            found.lines.extend(starts.iter().map(|&start| lines.line_of(at + start as usize)));
            at += read;
        }
        carry = Carry { tail: whole.bytes()[settled.end..].to_vec(), ..settled.next };
        if last {
            break;
        }
        start += chunk.len();
    }
    assert!(carry.tail.is_empty());
    found
}

fn take_rows(batch: &Batch, text: &[u8], dialect: &Dialect, shape: Shape, found: &mut Found) {
    let first = found.rows.len();
    found.rows.resize(first + batch.rows(), Vec::new());
    found.faults += batch.faults().len();
    let mut spans = Vec::new();
    for column in 0..shape.columns {
        batch.column(text, column, &mut spans);
        for (row, span) in spans.iter().enumerate() {
            let mut value = Vec::new();
            if span.is_quoted() || span.is_escaped() {
                unescape(span.of(text), span.is_quoted(), dialect, &mut value);
            } else {
                value.extend_from_slice(span.of(text));
            }
            found.rows[first + row].push((value, span.is_quoted()));
        }
    }
}

/// What the reference reader and a plain reading of the ragged rules give.
fn read_plainly(text: &[u8], dialect: &Dialect, shape: Shape) -> (Rows, usize) {
    let (mut rows, mut faults) = (Vec::new(), 0);
    for record in reference::read_all(text, dialect, Some(shape.columns)) {
        let blank = record.fault.is_none()
            && record.fields.len() == 1
            && record.fields[0].text.is_empty()
            && !record.fields[0].quoted;
        if blank && shape.columns > 1 {
            continue;
        }
        let surplus_empty = record.fields.iter().skip(shape.columns).all(|field| field.text.is_empty());
        let fits = match shape.ragged {
            Ragged::Truncate => true,
            Ragged::Pad => record.fields.len() <= shape.columns || surplus_empty,
            _ => record.fields.len() == shape.columns,
        };
        if record.fault.is_some() || !fits {
            faults += 1;
            continue;
        }
        let mut row: Vec<_> = record.fields.into_iter().map(|field| (field.text, field.quoted)).collect();
        row.resize(shape.columns, (Vec::new(), false));
        rows.push(row);
    }
    (rows, faults)
}

/// What `dialect` reads, all at once: fields, and whether each record is at fault.
fn read_whole(text: &[u8], dialect: &Dialect) -> Vec<(Vec<Vec<u8>>, bool)> {
    let records = reference::read_all(text, dialect, None).into_iter();
    records
        .map(|record| (record.fields.into_iter().map(|field| field.text).collect(), record.fault.is_some()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    // A delimiter of several bytes is read as one of one byte that is written in its place.
    #[test]
    fn a_long_delimiter_is_as_good_as_a_short_one(
        tokens in prop::collection::vec(prop::sample::select(vec!["a", "b ", "\"", "|", "||", "~|~", "~", "\n", "\r\n", "é"]), 0..40),
        long in prop::sample::select(vec!["||", "~|~", "é"]),
        quoting in prop::sample::select(vec![Quoting::Strict, Quoting::Lenient]),
    ) {
        let text = tokens.concat();
        let ours = Dialect { delimiter: Delimiter::new(long.as_bytes()), quoting, ..Dialect::default() };
        let found = read_whole(text.as_bytes(), &ours);
        let short = Dialect { delimiter: Some(Delimiter::byte(1)), ..ours };
        let back = |field: Vec<u8>| String::from_utf8(field).expect("whole characters").replace('\x01', long).into_bytes();
        let expected: Vec<_> = read_whole(text.replace(long, "\x01").as_bytes(), &short)
            .into_iter().map(|(fields, fault)| (fields.into_iter().map(back).collect(), fault)).collect();
        prop_assert_eq!(found, expected);
    }


    #[test]
    fn the_machine_equals_csv_core_where_it_can_express_the_case(
        text in prop_oneof![texts(), regular_texts()],
        dialect in dialects().prop_filter("csv-core knows it", |dialect| {
            dialect.quoting == Quoting::Strict && dialect.delimiter_byte().is_some()
        }),
    ) {
        // An unfinished comment is an empty record to csv-core.
        let mut text = if dialect.comment.is_some() { [&text[..], b"\n"].concat() } else { text };
        if dialect.comment.is_some() {
            // And it ends at LF alone.
            text.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        let records = reference::read_all(&text, &dialect, None);
        prop_assume!(records.iter().all(|record| record.fault.is_none()));
        let ours: Vec<Vec<Vec<u8>>> = records
            .into_iter()
            .filter(|record| record.fields.len() > 1 || !record.fields[0].text.is_empty() || record.fields[0].quoted)
            .map(|record| record.fields.into_iter().map(|field| field.text).collect())
            .collect();
        prop_assert_eq!(ours, csv_core_records(&text, &dialect));
    }

    #[test]
    fn chunks_of_any_size_equal_the_reference_on_every_kernel(
        text in prop_oneof![texts(), regular_texts()],
        dialect in dialects(),
        chunk_bytes in prop_oneof![1usize..20, 1usize..300],
        batch_bytes in 1usize..100,
        columns in 1usize..5,
        ragged in prop::sample::select(vec![Ragged::Fail, Ragged::Pad, Ragged::Truncate]),
    ) {
        let shape = Shape { columns, ragged };
        let (rows, faults) = read_plainly(&text, &dialect, shape);
        let whole = read_chunked(&text, text.len().max(1), text.len(), Kernel::Portable, &dialect, shape);
        prop_assert_eq!(&whole.rows, &rows);
        prop_assert_eq!(whole.faults, faults);
        for kernel in Kernel::available() {
            let found = read_chunked(&text, chunk_bytes, batch_bytes, kernel, &dialect, shape);
            prop_assert_eq!(&found, &whole, "{}", kernel);
        }
    }

    #[test]
    fn removing_rows_leaves_the_others(text in regular_texts(), keep in prop::collection::vec(any::<bool>(), 100)) {
        let shape = Shape { columns: 2, ragged: Ragged::Truncate };
        let memory = [&[0; PADDING][..], &text, &[0; PADDING]].concat();
        let padded = Padded::new(&memory, PADDING, PADDING + text.len()).expect("padded");
        prop_assume!(!text.is_empty());
        let dialect = Dialect::default();
        let mut batch = Batch::default();
        let read = batch.read_regular(Kernel::Portable, padded, text.len(), None, &dialect.structure(), shape);
        prop_assert_eq!(read, text.len());
        let (mut all, mut kept) = (Found::default(), Found::default());
        take_rows(&batch, &text, &dialect, shape, &mut all);
        let places: Vec<_> = (0..batch.rows()).map(|row| batch.row(&text, row)).collect();
        batch.retain_rows(&text, &keep);
        take_rows(&batch, &text, &dialect, shape, &mut kept);
        let expected: Vec<_> = all.rows.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(row, _)| row.clone()).collect();
        prop_assert_eq!(&kept.rows, &expected);
        let expected: Vec<_> = places.into_iter().zip(&keep).filter(|(_, keep)| **keep).map(|(place, _)| place).collect();
        prop_assert_eq!((0..batch.rows()).map(|row| batch.row(&text, row)).collect::<Vec<_>>(), expected);
    }
}
