//! Sources with different columns as one table, by the columns' names: as if one file had all columns, with nothing where a
//! source does not have one.

use std::path::Path;

use ingest::{Code, Format, OnError, Options, Ragged, WriteOptions, read};
use proptest::prelude::*;

use crate::plain;
use crate::settings::{Input, Setting};
use crate::tables::columns_of;

/// Some rows under some of the columns `a` to `e`, in some order.
#[derive(Clone, Debug)]
struct Part {
    columns: Vec<char>,
    rows: Vec<Vec<String>>,
}

fn any_part() -> impl Strategy<Value = Part> {
    let columns = Just(vec!['a', 'b', 'c', 'd', 'e']).prop_shuffle();
    (columns, 1usize..=5, 0usize..12).prop_flat_map(|(mut columns, width, rows)| {
        columns.truncate(width);
        let field = prop::sample::select(vec!["1", "-7", "2.5", "x", "\"q\nr\"", "", "2024-01-02", "\"\""]);
        let row = prop::collection::vec(field.prop_map(str::to_owned), width);
        // A row of one field that is nothing is a blank line, which is a row where there is one column alone.
        let row = row.prop_filter("no blank line", |row| row.len() > 1 || !row[0].is_empty());
        prop::collection::vec(row, rows).prop_map(move |rows| Part { columns: columns.clone(), rows })
    })
}

impl Part {
    fn text(&self) -> String {
        let header = self.columns.iter().map(char::to_string).collect::<Vec<_>>().join(",");
        let rows = self.rows.iter().map(|row| row.join(",") + "\n");
        format!("{header}\n{}", rows.collect::<String>())
    }
}

/// The columns of all parts, in the order in which they come, and the rows under them.
fn joined(parts: &[Part]) -> String {
    let mut all: Vec<char> = Vec::new();
    for column in parts.iter().flat_map(|part| &part.columns) {
        if !all.contains(column) {
            all.push(*column);
        }
    }
    let row = |part: &Part, row: &Vec<String>| {
        let place = |column| part.columns.iter().position(|other| other == column);
        all.iter().map(|column| place(column).map_or("", |place| &row[place]).to_owned()).collect()
    };
    let rows = parts.iter().flat_map(|part| part.rows.iter().map(move |fields| row(part, fields))).collect();
    Part { columns: all.clone(), rows }.text()
}

/// Writes the parts as files; their names.
fn files(folder: &Path, parts: &[Part]) -> Vec<String> {
    let file = |(number, part): (usize, &Part)| {
        let path = folder.join(format!("{number}.csv"));
        std::fs::write(&path, part.text()).unwrap();
        path.display().to_string()
    };
    parts.iter().enumerate().map(file).collect()
}

fn by_name() -> Options {
    Options { union_by_name: true, ..plain() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::scaled(40, 800)))]

    #[test]
    fn are_as_one_file_with_all_columns(
        parts in prop::collection::vec(any_part(), 1..6),
        threads in 1usize..=4,
        chunk_bytes in prop_oneof![1usize..40, Just(1 << 20)],
    ) {
        let whole = Input::new(joined(&parts));
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path(), &parts);
        let one = |options: &Options| Setting::SERIAL.reader(&whole, options);
        let many = |options: &Options| {
            let options = Options { threads: Some(threads), chunk_bytes: Some(chunk_bytes), ..options.clone() };
            read(files.clone()).unwrap().options(options)
        };
        let same = |options: Options| {
            let (frame, report) = many(&options).collect_with_report().unwrap();
            let (expected, expected_report) = one(&options).collect_with_report().unwrap();
            assert_eq!(columns_of(&frame), columns_of(&expected));
            assert_eq!((report.rows_in, report.filtered), (expected_report.rows_in, expected_report.filtered));
        };
        same(by_name());
        same(Options { limit: Some(5), ..by_name() });
        same(Options { columns: Some(vec![parts[0].columns[0].to_string()]), ..by_name() });
        let last = parts[parts.len() - 1].columns[0];
        same(Options { filter: Some(format!("{last} is not null").parse().unwrap()), ..by_name() });
        let bytes = |options: &Options, out: Format, one_source: bool| {
            let mut bytes = Vec::new();
            let reader = if one_source { one(options) } else { many(options) };
            reader.write_to(&mut bytes, out, &WriteOptions::default()).unwrap();
            bytes
        };
        for format in [Format::Csv, Format::Jsonl] {
            prop_assert_eq!(bytes(&by_name(), format, false), bytes(&by_name(), format, true));
        }
    }
}

/// Tables too: each with its own columns, in its own order.
#[test]
fn join_stored_tables() {
    let folder = tempfile::tempdir().unwrap();
    let parts = ["a,b\n1,x\n2,y\n", "c,a\n2.5,3\n,4\n", "b\nz\n"];
    for extension in ["parquet", "arrow"] {
        let stored = |(number, text): (usize, &str)| {
            let path = folder.path().join(format!("{number}.{extension}"));
            read(text.as_bytes().to_vec()).unwrap().write(&path, &WriteOptions::default()).unwrap();
            path.display().to_string()
        };
        let names: Vec<String> = parts.into_iter().enumerate().map(stored).collect();
        let reader = |options: Options| read(names.clone()).unwrap().options(options);
        let options = || Options { union_by_name: true, ..Options::default() };
        let whole = b"a,b,c\n1,x,\n2,y,\n3,,2.5\n4,,\n,z,\n".to_vec();
        let expected = columns_of(&read(whole).unwrap().collect().unwrap());
        assert_eq!(columns_of(&reader(options()).collect().unwrap()), expected, "{extension}");
        let filter = |condition: &str| Options { filter: Some(condition.parse().unwrap()), ..options() };
        assert_eq!(reader(filter("c is null")).count().unwrap(), 4);
        assert_eq!(reader(filter("c = 2.5")).count().unwrap(), 1);
        let two = Options { columns: Some(vec!["c".to_owned(), "b".to_owned()]), limit: Some(3), ..options() };
        let frame = columns_of(&reader(two).collect().unwrap());
        assert_eq!(frame[0].values, expected[2].values[..3]);
        assert_eq!(frame[1].values, expected[1].values[..3]);
        let error = reader(Options::default()).collect().unwrap_err();
        assert!(error.code() == Code::HeaderMismatch && error.render().contains("--union-by-name"), "{error}");
    }
}

/// A message speaks of the columns of the file that it is about.
#[test]
fn name_columns_by_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let texts = ["a,b,c\n1,2,3\n", "c,a\n4,5\n6\n7,x\n8,9,10\n"];
    let names: Vec<String> = texts
        .into_iter()
        .enumerate()
        .map(|(number, text)| {
            let path = folder.path().join(format!("{number}.csv"));
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        })
        .collect();
    let of = |options: Options| read(names.clone()).unwrap().options(options).collect_with_report();
    let told = of(by_name()).unwrap_err().render();
    assert!(told.contains("the record has 1 field, the table has 2 columns: column 2 (a) is the first"), "{told}");
    let integers = vec![("a".to_owned(), ingest::DataType::Int64)];
    let padded = Options { ragged: Some(Ragged::Truncate), types: integers.clone(), ..by_name() };
    let error = of(padded.clone()).unwrap_err();
    assert_eq!(error.position().unwrap().column, Some((2, "a".to_owned())), "{error}");
    let (_, report) = of(Options { on_error: OnError::Null, ..padded }).unwrap();
    assert_eq!((report.rows_out, report.dropped_fields, report.columns[0].errors), (5, 1, 1));
    let rejecting = Options { on_error: OnError::Reject, types: integers, ..by_name() };
    let (frame, report) = of(rejecting).unwrap();
    assert_eq!((frame.num_rows(), report.rejected), (2, 3));
    let columns: Vec<_> = report.first_rejects.iter().map(|reject| reject.column.as_deref()).collect();
    assert_eq!(columns, [None, Some("a"), None]);
    let plainly = of(plain()).unwrap_err();
    assert!(plainly.render().contains("--union-by-name"), "{plainly}");
    let named = Options { names: Some(vec!["x".to_owned(), "y".to_owned(), "z".to_owned()]), ..by_name() };
    assert_eq!(of(named).unwrap_err().code(), Code::Usage);
    // Whole lines are no column.
    let other = folder.path().join("other.csv");
    std::fs::write(&other, "a;d\n1;2\n").unwrap();
    let names = vec![names[0].clone(), other.display().to_string()];
    let sniffing = Options { union_by_name: true, ..Options::default() };
    let error = read(names).unwrap().options(sniffing).collect().unwrap_err();
    let told = "other.csv: fields are divided by ';', in the sources before it by ','";
    assert!(error.code() == Code::UnsupportedInput && error.message().ends_with(told), "{error}");
}
