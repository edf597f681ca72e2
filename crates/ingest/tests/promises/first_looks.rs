//! `head` shows rows that the whole conversion has too, and says so where a source breaks off.

use std::io::Write;

use ingest::{Code, DataType, OnError, Options, read};

use crate::plain;

fn texts(rows: &[Vec<Option<String>>]) -> Vec<Vec<&str>> {
    rows.iter().map(|row| row.iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect()).collect()
}

#[test]
fn rejected_records_are_not_shown() {
    let options = Options { types: vec![("v".to_owned(), DataType::Int64)], on_error: OnError::Reject, ..plain() };
    let head = |rows| {
        let text = b"k,v\n1,10\n2,abc\n3\n4,40\n5,50\n".to_vec();
        read(text).unwrap().options(options.clone()).head(rows).unwrap()
    };
    assert_eq!(texts(&head(2).rows), [["1", "10"], ["4", "40"]]);
    assert_eq!(texts(&head(9).rows), [["1", "10"], ["4", "40"], ["5", "50"]]);
}

#[test]
fn a_stream_that_breaks_off_says_so() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"a,b\n").unwrap();
    (0..20_000).for_each(|row| writeln!(packed, "{row},{row}").unwrap());
    let packed = packed.finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.csv.gz");
    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let head = |rows| read(path.as_path()).unwrap().options(plain()).head(rows);
    assert_eq!(texts(&head(2).unwrap().rows), [["0", "0"], ["1", "1"]]);
    assert_eq!(head(20_000).unwrap_err().code(), Code::CorruptSource);
}

/// A megabyte may hold no more than one whole record: that alone tells no header.
#[test]
fn records_longer_than_the_sample() {
    let row = |first: u32| (0..70_000).map(|n| format!("{}", first + n)).collect::<Vec<_>>().join(",") + "\n";
    let names = (0..70_000).map(|n| format!("c{n:012}")).collect::<Vec<_>>().join(",") + "\n";
    let rows = row(100_000_000) + &row(200_000_000) + &row(300_000_000);
    for (text, first) in [(names + &rows, "c000000000000"), (rows, "column_1")] {
        let report = read(text.into_bytes()).unwrap().schema().unwrap();
        assert_eq!((report.rows_in, report.columns[0].name.as_str()), (3, first));
    }
}

#[test]
fn lines_that_end_in_cr_are_not_cut() {
    let mut text = b"numbers\r".to_vec();
    (0..120_000).for_each(|row| text.extend(format!("{:010}\r", 1_000_000_000 + row).bytes()));
    let head = read(text).unwrap().head(95_325).unwrap();
    assert_eq!(head.rows.last().unwrap()[0].as_deref(), Some("1000095324"));
}
