//! Columns that say where a row comes from: its source, and its number in the result.

use std::path::Path;

use ingest::{Code, Format, OnError, Options, Ragged, WriteOptions, read};

use crate::settings::{Input, Setting};
use crate::tables::{Value, columns_of};

fn asked() -> Options {
    Options { path_column: Some("from".to_owned()), row_number: Some("row".to_owned()), ..Options::default() }
}

fn numbers(count: i128) -> Vec<Value> {
    (1..=count).map(Value::Whole).collect()
}

fn texts(words: &[&str]) -> Vec<Value> {
    words.iter().map(|word| Value::Text((*word).to_owned())).collect()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
    folder
}

fn pattern(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn rows_are_numbered_over_all_sources_which_are_named() {
    let folder = folder(&[("a.csv", "n\n1\n2\n"), ("b.csv", "n\n"), ("c.csv", "n\nx\n")]);
    for (threads, chunk_bytes) in [(1, 1), (2, 3), (4, 1 << 20)] {
        let options = Options { threads: Some(threads), chunk_bytes: Some(chunk_bytes), ..asked() };
        let frame = read(pattern(folder.path(), "*.csv")).unwrap().options(options).collect().unwrap();
        let columns = columns_of(&frame);
        assert_eq!(columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["n", "from", "row"]);
        let [a, c] = ["a.csv", "c.csv"].map(|name| pattern(folder.path(), name));
        assert_eq!((&columns[1].data_type, &columns[1].values), (&"utf8".to_owned(), &texts(&[&a, &a, &c])));
        assert_eq!((&columns[2].data_type, &columns[2].values), (&"int64".to_owned(), &numbers(3)));
    }
}

#[test]
fn the_numbers_are_those_of_the_rows_that_are_left() {
    let input = Input::new("n,m\n1,1\nx\n3,3\n4,4\n5,5\n");
    for number in 0..12 {
        let setting = Setting::numbered(number, 1 + number);
        let options =
            Options { ragged: Some(Ragged::Reject), limit: Some(3), columns: Some(vec!["m".to_owned()]), ..asked() };
        let (frame, report) = setting.reader(&input, &options).collect_with_report().unwrap();
        let columns = columns_of(&frame);
        assert_eq!(columns[0].values, [1, 3, 4].map(Value::Whole), "{setting:?}");
        assert_eq!(columns[2].values, numbers(3), "{setting:?}");
        assert_eq!((report.rejected, report.columns.len(), report.columns[2].nulls), (1, 3, 0));
        let head = setting.reader(&input, &options).head(2).unwrap();
        let cells: Vec<_> = head.rows.iter().map(|row| (row[0].as_deref(), row[2].as_deref())).collect();
        assert_eq!(cells, [(Some("1"), Some("1")), (Some("3"), Some("2"))]);
        assert_eq!(setting.reader(&input, &Options { limit: None, ..options }).count().unwrap(), 5);
    }
}

#[test]
fn every_output_has_them() {
    let json: String = (0..3000).map(|row| format!("{{\"n\":{row}}}\n")).collect::<String>() + "{\"late\":1}\n";
    let input = Input::new(json);
    let reader = || Setting::SERIAL.reader(&input, &asked());
    let small = WriteOptions { row_group_bytes: Some(1), overwrite: true, ..WriteOptions::default() };
    let wanted = columns_of(&reader().collect().unwrap());
    assert_eq!(wanted.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["n", "late", "from", "row"]);
    assert_eq!(wanted[3].values, numbers(3001));
    for name in ["out.parquet", "out.arrow"] {
        let out = input.path(name);
        reader().write(&out, &small).unwrap();
        assert_eq!(columns_of(&read(out.clone()).unwrap().collect().unwrap()), wanted, "{name}");
        // A table gets columns of its own names, behind those.
        let again = Options { path_column: Some("file".to_owned()), limit: Some(2), ..Options::default() };
        let frame = read(out.clone()).unwrap().options(again).collect().unwrap();
        assert_eq!(columns_of(&frame)[4].values, texts(&[&*out.display().to_string(); 2]));
    }
    let mut piped = Vec::new();
    reader().write_to(&mut piped, Format::Parquet, &small).unwrap();
    assert_eq!(columns_of(&read(piped).unwrap().collect().unwrap()), wanted);
    let mut csv = Vec::new();
    let numbered = Options { row_number: Some("row".to_owned()), ..Options::default() };
    let reader = read(b"a\n1.50\n02\n".to_vec()).unwrap().options(numbered);
    reader.write_to(&mut csv, Format::Csv, &WriteOptions::default()).unwrap();
    assert_eq!(String::from_utf8(csv).unwrap(), "a,row\n1.50,1\n02,2\n");
}

#[test]
fn a_source_without_anything_has_them_too() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.parquet");
    let report = read(Vec::<u8>::new()).unwrap().options(asked()).write_parquet(&out).unwrap();
    assert_eq!((report.rows_out, report.columns.len()), (0, 2));
    let nulled = Options { on_error: OnError::Null, ..asked() };
    assert_eq!(read(b"n\n".to_vec()).unwrap().options(nulled).collect().unwrap().schema().fields().len(), 3);
}

#[test]
fn their_names_are_theirs_alone() {
    let fails =
        |options: Options, text: &str| read(text.as_bytes().to_vec()).unwrap().options(options).collect().unwrap_err();
    let path = |name: &str| Options { path_column: Some(name.to_owned()), ..Options::default() };
    for (options, text) in [
        (path("n"), "n\n1\n"),
        (path("late"), "{\"n\":1}\n{\"late\":1}\n"),
        (path(""), "n\n1\n"),
        (Options { row_number: Some("from".to_owned()), ..path("from") }, "n\n1\n"),
    ] {
        let error = fails(options, text);
        assert_eq!(error.code(), Code::Usage, "{error}");
        assert!(error.render().contains("hint: "));
    }
}
