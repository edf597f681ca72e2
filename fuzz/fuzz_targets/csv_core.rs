//! The exact machine against csv-core, wherever csv-core can express the case: strict quoting, no fault, a delimiter,
//! blank lines left out.

#![no_main]

use arbitrary::Arbitrary;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use ingest_fuzz::{Drawn, Text};
use ingest_parse::{Dialect, Quoting, reference};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Case {
    text: Text,
    dialect: Drawn,
}

type Records = Vec<Vec<Vec<u8>>>;

fuzz_target!(|case: Case| {
    let dialect = Dialect { quoting: Quoting::Strict, ..case.dialect.0 };
    let Some(delimiter) = dialect.delimiter_byte() else { return };
    if dialect.quote.is_none() && dialect.escape.is_some() {
        // csv-core knows escapes inside quotes only.
        return;
    }
    let mut text = case.text.0;
    if dialect.comment.is_some() {
        // csv-core ends comments at LF alone, and one that does not end is an empty record to it.
        let lone_cr = |pair: &[u8]| pair[0] == b'\r' && pair[1] != b'\n';
        if text.ends_with(b"\r") || text.windows(2).any(lone_cr) {
            return;
        }
        text.push(b'\n');
    }
    if text.starts_with(b"\xef\xbb\xbf") {
        // csv-core takes the mark off; here that is not the machine's business.
        return;
    }
    let Some(ours) = our_records(&text, &dialect) else { return };
    assert_eq!(ours, core_records(&text, delimiter, &dialect), "of {:?}", text.escape_ascii().to_string());
});

/// Without blank lines; `None` where a record has a fault.
fn our_records(text: &[u8], dialect: &Dialect) -> Option<Records> {
    let mut records = Records::new();
    for record in reference::read_all(text, dialect, None) {
        if record.fault.is_some() {
            return None;
        }
        let blank = matches!(&record.fields[..], [only] if only.text.is_empty() && !only.quoted);
        if !blank {
            records.push(record.fields.into_iter().map(|field| field.text).collect());
        }
    }
    Some(records)
}

fn core_reader(delimiter: u8, dialect: &Dialect) -> Reader {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).escape(dialect.escape).comment(dialect.comment);
    match dialect.quote {
        Some(quote) => builder.quote(quote),
        None => builder.quoting(false),
    };
    builder.build()
}

fn core_records(text: &[u8], delimiter: u8, dialect: &Dialect) -> Records {
    let mut reader = core_reader(delimiter, dialect);
    let (mut fields, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 2]);
    let (mut rest, mut records) = (text, Records::new());
    let (mut written, mut count) = (0, 0);
    loop {
        let (result, read, more, fresh) = reader.read_record(rest, &mut fields[written..], &mut ends[count..]);
        rest = &rest[read..];
        written += more;
        count += fresh;
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::Record => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                records.push(starts.zip(&ends[..count]).map(|(start, &end)| fields[start..end].to_vec()).collect());
                (written, count) = (0, 0);
            }
            ReadRecordResult::End => return records,
            full => unreachable!("the buffers hold every record: {full:?}"),
        }
    }
}
