//! Strange input never panics: it has a defined answer or a located error.

use ingest::{Code, Frame, Options, Result, read};
use proptest::prelude::*;

use crate::settings::{Input, Setting, any_setting};
use crate::tables::{Value, columns_of};
use crate::{plain, scaled};

fn collect(text: impl Into<Vec<u8>>) -> Result<Frame> {
    read(text.into()).unwrap().collect()
}

/// Number of rows, and the columns' names and types.
fn shape(frame: &Frame) -> (usize, Vec<(&str, String)>) {
    (frame.num_rows(), frame.columns())
}

#[track_caller]
fn assert_shape(text: &[u8], rows: usize, columns: &[(&str, &str)]) {
    let frame = collect(text).unwrap();
    let columns: Vec<_> = columns.iter().map(|(name, kind)| (*name, (*kind).to_owned())).collect();
    assert_eq!(shape(&frame), (rows, columns), "{}", text.escape_ascii());
}

#[test]
fn an_empty_file_is_a_table_of_nothing() {
    assert_shape(b"", 0, &[]);
    assert_shape(b"\xef\xbb\xbf", 0, &[]);
    assert_eq!(read(Vec::<u8>::new()).unwrap().count().unwrap(), 0);
    assert_eq!(read(Vec::<u8>::new()).unwrap().schema().unwrap().columns, []);
    assert_eq!(read(Vec::<u8>::new()).unwrap().batches().unwrap().count(), 0);
    assert!(read(Vec::<u8>::new()).unwrap().head(5).unwrap().rows.is_empty());
    assert!(read(Vec::<u8>::new()).unwrap().sniff().unwrap().columns.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let report = read(Vec::<u8>::new()).unwrap().write_parquet(folder.path().join("out.parquet")).unwrap();
    assert_eq!((report.rows_out, report.columns.len()), (0, 0));
}

#[test]
fn only_a_header() {
    for end in ["", "\n", "\r\n", "\r"] {
        assert_shape(format!("a,b{end}").as_bytes(), 0, &[("a", "null"), ("b", "null")]);
    }
}

#[test]
fn one_column() {
    assert_shape(b"v\n1\n\n3\n", 3, &[("v", "int64")]);
    assert_shape(b"v\nx\n\"\"\n", 2, &[("v", "utf8")]);
}

#[test]
fn fifty_thousand_columns() {
    let width = 50_000;
    let names: Vec<String> = (0..width).map(|column| format!("c{column}")).collect();
    let mut text = names.join(",");
    for row in 0..3 {
        let fields: Vec<String> = (0..width).map(|column| (row * column).to_string()).collect();
        text.push('\n');
        text.push_str(&fields.join(","));
    }
    let frame = collect(text.clone()).unwrap();
    assert_eq!((frame.num_rows(), frame.columns().len()), (3, width));
    let last = columns_of(&frame).pop().unwrap();
    assert_eq!(last.values, [0, 49_999, 99_998].map(Value::Whole));
    let error = collect(text + "\n1,2").unwrap_err();
    assert_eq!((error.code(), error.position().map(|position| position.line)), (Code::Ragged, Some(5)));
}

#[test]
fn records_that_end_in_carriage_returns_only() {
    assert_shape(b"a,b\r1,x\r2,y\r", 2, &[("a", "int64"), ("b", "utf8")]);
    assert_shape(b"a,b\r1,x\r2,y", 2, &[("a", "int64"), ("b", "utf8")]);
}

#[test]
fn nul_bytes_are_text() {
    let columns = columns_of(&collect(b"a,b\n1,x\0y\n2,\0\n".to_vec()).unwrap());
    assert_eq!(columns[1].values, ["x\0y", "\0"].map(|text| Value::Text(text.to_owned())));
    // A file of nothing else (a hole that a crash left) has an answer too.
    let frame = read(vec![0; 100_000]).unwrap().options(plain()).collect().unwrap();
    assert_eq!((frame.num_rows(), frame.columns().len()), (0, 1));
}

#[test]
fn byte_order_marks() {
    assert_shape(b"\xef\xbb\xbfa,b\n1,x\n", 1, &[("a", "int64"), ("b", "utf8")]);
    assert_shape(b"\xef\xbb\xbf\"a\",b\n1,x\n", 1, &[("a", "int64"), ("b", "utf8")]);
    for utf16 in [&b"\xff\xfea\0,\0b\0\n\0"[..], b"\xfe\xff\0a\0,\0b\0\n"] {
        assert_shape(utf16, 0, &[("a", "null"), ("b", "null")]);
    }
}

#[test]
fn a_quote_that_never_closes() {
    let mut text = b"a,b\n1,x\n2,\"y\n".to_vec();
    for row in 3..20_000 {
        text.extend_from_slice(format!("{row},z\n").as_bytes());
    }
    let input = Input::new(text);
    for number in 0..6 {
        let setting = Setting::numbered(number, 10_000);
        let error = setting.reader(&input, &plain()).collect().unwrap_err();
        let position = error.position().unwrap();
        assert_eq!((error.code(), position.line, position.byte_offset), (Code::UnclosedQuote, 3, 10), "{setting:?}");
    }
}

/// A field of a gigabyte, or of a few megabytes under a narrower limit.
#[test]
fn a_huge_field() {
    let (bytes, limit) = scaled((6 << 20, 4 << 20), (1 << 30, 64 << 20));
    let mut text = b"a,b\n1,x\n2,\"".to_vec();
    text.resize(text.len() + bytes, b'y');
    text.extend_from_slice(b"\"\n3,z\n");
    let options = Options { max_field_bytes: limit, ..plain() };
    let error = read(text).unwrap().options(options.clone()).collect().unwrap_err();
    let position = error.position().unwrap();
    assert_eq!((error.code(), position.line), (Code::FieldTooLong, 3), "{error}");
    assert!(error.way_out().unwrap().contains("--max-field-bytes"), "{error}");

    // What the limit allows is read.
    let mut text = b"a,b\n1,x\n2,\"".to_vec();
    text.resize(text.len() + limit as usize, b'y');
    text.extend_from_slice(b"\"\n3,z\n");
    let columns = columns_of(&read(text).unwrap().options(options).collect().unwrap());
    assert!(matches!(&columns[1].values[1], Value::Text(field) if field.len() as u64 == limit));
}

#[test]
fn compressed_sources_that_are_broken() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, "a,b\n1,x\n".repeat(1000).as_bytes()).unwrap();
    let packed = [gzip.finish().unwrap(), zstd::encode_all("a,b\n1,x\n".repeat(1000).as_bytes(), 1).unwrap()];
    for packed in packed {
        for end in 4..packed.len() {
            match collect(&packed[..end]) {
                Err(error) => assert_eq!(error.code(), Code::CorruptSource, "cut at {end}: {error}"),
                Ok(frame) => panic!("cut at {end} it is a table of {} rows", frame.num_rows()),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: scaled(150, 2000), failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes: a table whose columns are all of one length, or an error with a code; never a panic.
    #[test]
    fn random_bytes(bytes in prop::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(b','), 1 => Just(b'\n'), 1 => Just(b'"')], 0..300), setting in any_setting()) {
        let input = Input::new(bytes);
        let verbs = |options: &Options| {
            let _ = setting.reader(&input, options).count();
            let _ = setting.reader(&input, options).head(3);
            let _ = setting.reader(&input, options).sniff();
            setting.reader(&input, options).collect()
        };
        for options in [Options::default(), plain(), Options { on_error: ingest::OnError::Reject, ..Options::default() }] {
            match verbs(&options) {
                Ok(frame) => {
                    let rows = frame.num_rows();
                    prop_assert!(columns_of(&frame).iter().all(|column| column.values.len() == rows));
                }
                Err(error) => prop_assert!(matches!(error.code().exit_status(), 2 | 3), "{}", error),
            }
        }
    }
}

#[test]
fn bad_bytes_in_an_array_are_counted_without_columns() {
    let bytes =
        include_bytes!("../../../../testdata/regressions/bad_bytes_in_an_array_are_counted_without_columns.json");
    let reader = || read(bytes.to_vec()).unwrap();
    assert_eq!(reader().count().unwrap_err().code(), Code::InvalidUtf8);
    assert_eq!(reader().collect().unwrap_err().code(), Code::InvalidUtf8);
    let rejecting = Options { on_error: ingest::OnError::Reject, ..Options::default() };
    let error = reader().options(rejecting).count().unwrap_err();
    assert_eq!(error.code(), Code::BadJson, "the array does not end");
}
