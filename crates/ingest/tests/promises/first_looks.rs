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

/// Beside objects strings are text in their quotes, which is what conditions see.
#[test]
fn strings_beside_objects_are_shown_as_they_are() {
    let text = br#"{"a":"x","b":"y","c":1.50}
{"a":{"k":1},"b":"NA","c":"z"}
"#;
    let head = |options| read(text.to_vec()).unwrap().options(options).head(9).unwrap().rows;
    assert_eq!(texts(&head(Options::default())), [["\"x\"", "y", "1.50"], [r#"{"k":1}"#, "NA", "z"]]);
    let filter = Some(r#"a = '"x"'"#.parse().unwrap());
    assert_eq!(texts(&head(Options { filter, ..Options::default() })), [["\"x\"", "y", "1.50"]]);
}

/// The first rows of all sources are the first rows of their table, however few the first of them has.
#[test]
fn the_rows_of_later_sources_follow() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", "");
    write("b.csv", "k,v\n1,10\n");
    write("c.csv", "k,v\n2,x\n3\n3,30\n");
    write("d.csv", "k,v\n");
    let many = |from: usize| (from..from + 150_000).map(|k| format!("{k},{:06}\n", k * 2)).collect::<String>();
    write("e.csv", &format!("k,v\n{}", many(4)));
    write("f.csv", "k,v\n7,8\n");
    let head = |rows, options: Options| {
        let files = ["*.csv"].map(|name| folder.path().join(name).display().to_string());
        read(files.to_vec()).unwrap().options(options).head(rows).unwrap()
    };
    let rejecting = || Options { on_error: OnError::Reject, ..plain() };
    let shown = head(4, rejecting());
    assert_eq!(texts(&shown.rows), [["1", "10"], ["2", "x"], ["3", "30"], ["4", "000008"]]);
    assert_eq!((shown.types, shown.provisional), (vec!["int64".to_owned(), "utf8".to_owned()], true));
    let typed = Options { types: vec![("v".to_owned(), DataType::Int64)], ..rejecting() };
    let paths = Options { path_column: Some("from".to_owned()), row_number: Some("n".to_owned()), ..typed };
    let shown = head(3, paths.clone());
    let ends = |row: &Vec<Option<String>>| row[2].as_ref().is_some_and(|path| path.ends_with("c.csv"));
    assert!(ends(&shown.rows[1]) && !ends(&shown.rows[0]) && !ends(&shown.rows[2]));
    let numbers = |rows: &[Vec<Option<String>>]| rows.iter().map(|row| row[3].clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(numbers(&shown.rows), ["1", "2", "3"]);
    assert_eq!(head(150_002, paths).rows.len(), 150_002);
    let last = head(200_000, rejecting()).rows.pop().unwrap();
    assert_eq!(texts(&[last]), [["7", "8"]]);
    let filtered = Options { filter: Some("k = 150003".parse().unwrap()), ..rejecting() };
    assert_eq!(texts(&head(1, filtered).rows), [["150003", "300006"]]);
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
