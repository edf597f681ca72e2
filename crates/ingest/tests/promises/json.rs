//! JSON as a source: the promises again, for records that bring their own names.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use ingest::{Code, DataType, Infer, InputFormat, OnError, Options, Reader, Report, WriteOptions, read};
use proptest::prelude::*;

use crate::settings::{Input, Setting, Supply, any_setting};
use crate::tables::{Column, Value, columns_of};
use crate::{is_heavy, scaled};

fn reader(text: &str, options: Options) -> Reader {
    read(text.as_bytes().to_vec()).unwrap().options(options)
}

fn columns(text: &str) -> Vec<Column> {
    columns_of(&reader(text, Options::default()).collect().unwrap_or_else(|error| panic!("{}", error.render())))
}

/// Names and types.
fn schema(columns: &[Column]) -> Vec<(&str, &str)> {
    columns.iter().map(|column| (column.name.as_str(), column.data_type.as_str())).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn as_text() -> Options {
    Options { infer: Infer::None, ..Options::default() }
}

/// A value as it is written, and the text that it is.
#[derive(Clone, Debug)]
struct Written {
    json: String,
    text: Option<String>,
}

fn same(json: String) -> Written {
    Written { text: Some(json.clone()), json }
}

/// Values of one kind, as a column has them.
fn value(kind: usize) -> BoxedStrategy<Written> {
    let string = |text: String| Written { json: serde_json::to_string(&text).unwrap(), text: Some(text) };
    match kind {
        0 => (-99i64..99).prop_map(|number| same(number.to_string())).boxed(),
        1 => any::<i64>().prop_map(|number| same(number.to_string())).boxed(),
        2 => "-?(0|[1-9][0-9]{0,3})\\.[0-9]{1,5}".prop_map(same).boxed(),
        3 => "-?[1-9][0-9]{0,30}".prop_map(same).boxed(),
        4 => "[1-9](\\.[0-9])?[eE][+-]?[0-9]{1,2}".prop_map(same).boxed(),
        5 => any::<bool>().prop_map(|value| same(value.to_string())).boxed(),
        6 => "20[0-2][0-9]-0[1-9]-[0-2][0-9]([T ]1[0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|\\+09:00)?)?"
            .prop_map(string)
            .boxed(),
        7 => "[0-9]{1,5}".prop_map(string).boxed(),
        8 => prop::sample::select(vec![r#"{"x":[1,"}\""]}"#, "[]", "{}", r#"[[1], {"a" : null}]"#])
            .prop_map(|text| same(text.to_owned()))
            .boxed(),
        9 => Just(Written { json: "null".to_owned(), text: None }).boxed(),
        _ => "[a-cé😀\"\\\\\n\r\t/\u{1}, {}\\[\\]:0-9]{0,12}".prop_map(string).boxed(),
    }
}

const KINDS: usize = 11;

/// A column: its key, and for each row its value, if it has one there.
fn column(key: usize, rows: usize) -> impl Strategy<Value = (String, Vec<Option<Written>>)> {
    let name = format!("{}{}", ["k", "a key ", "é\"", "\\"][key % 4], key);
    (0..KINDS, 0..KINDS).prop_flat_map(move |(kind, other)| {
        let cell = prop_oneof![20 => value(kind).prop_map(Some), 3 => Just(None), 1 => value(other).prop_map(Some)];
        (Just(name.clone()), prop::collection::vec(cell, rows))
    })
}

/// How records are written.
#[derive(Clone, Debug)]
struct Writing {
    mark: bool,
    blank: &'static str,
    line_end: &'static str,
    framing: usize,
}

/// Some records, how they are written, and in what order each one's keys come.
#[derive(Clone, Debug)]
struct Table {
    columns: Vec<(String, Vec<Option<Written>>)>,
    rows: usize,
    writing: Writing,
    turns: Vec<usize>,
}

fn table() -> impl Strategy<Value = Table> {
    let blank = prop::sample::select(vec!["", " ", " \t"]);
    let line_end = prop::sample::select(vec!["\n", "\r\n", "\n\n", "\n \n"]);
    let writing = (prop::bool::weighted(0.1), blank, line_end, 0usize..3)
        .prop_map(|(mark, blank, line_end, framing)| Writing { mark, blank, line_end, framing });
    (1usize..6, 1usize..40, writing).prop_flat_map(|(count, rows, writing)| {
        let columns: Vec<_> = (0..count).map(|key| column(key, rows)).collect();
        let turns = prop::collection::vec(prop_oneof![4 => Just(0), 1 => 0..count], rows);
        (columns, Just(rows), Just(writing), turns).prop_map(|(columns, rows, writing, turns)| Table {
            columns,
            rows,
            writing,
            turns,
        })
    })
}

impl Table {
    fn keys_of(&self, row: usize) -> impl Iterator<Item = (&str, &Written)> {
        let turned = self.columns.iter().cycle().skip(self.turns[row]).take(self.columns.len());
        turned.filter_map(move |(key, values)| Some((key.as_str(), values[row].as_ref()?)))
    }

    fn record(&self, row: usize, out: &mut String) {
        let blank = self.writing.blank;
        // Values one after the other are told by a first line that does not end its record.
        let inner = if self.writing.framing == 2 { format!("{blank}\n") } else { blank.to_owned() };
        out.push('{');
        if self.keys_of(row).next().is_none() {
            out.push_str(&inner);
        }
        for (number, (key, value)) in self.keys_of(row).enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let key = serde_json::to_string(key).unwrap();
            write!(out, "{comma}{inner}{key}{blank}:{blank}{}{blank}", value.json).unwrap();
        }
        out.push('}');
    }

    fn text(&self) -> String {
        let writing = &self.writing;
        let mut out = String::from(if writing.mark { "\u{feff}" } else { "" });
        let (open, between, close) = match writing.framing {
            0 => ("", "", ""),
            1 => ("[", ",", "]"),
            _ => ("", "", ""),
        };
        out.push_str(open);
        for row in 0..self.rows {
            out.push_str(if row == 0 { "" } else { between });
            out.push_str(if row == 0 { "" } else { writing.line_end });
            self.record(row, &mut out);
        }
        out.push_str(close);
        out
    }

    /// Every column as text, in the order in which the keys come.
    fn expected(&self) -> Vec<Column> {
        let mut names: Vec<&str> = Vec::new();
        for row in 0..self.rows {
            for (key, _) in self.keys_of(row) {
                if !names.contains(&key) {
                    names.push(key);
                }
            }
        }
        let values_of = |name: &str| &self.columns.iter().find(|(key, _)| key == name).unwrap().1;
        let value = |written: &Option<Written>| {
            written.as_ref().and_then(|written| written.text.clone()).map_or(Value::Null, Value::Text)
        };
        names
            .into_iter()
            .map(|name| Column {
                name: name.to_owned(),
                data_type: "utf8".to_owned(),
                values: values_of(name).iter().map(value).collect(),
            })
            .collect()
    }
}

fn config(everyday: u32, heavy: u32) -> ProptestConfig {
    ProptestConfig { cases: scaled(everyday, heavy), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(150, 1500))]

    #[test]
    fn every_value_comes_back_as_text(table in table(), settings in prop::collection::vec(any_setting(), 4)) {
        let input = Input::new(table.text());
        for setting in [Setting::SERIAL].into_iter().chain(settings) {
            let frame = setting.reader(&input, &as_text()).collect();
            let frame = frame.map_err(|error| TestCaseError::fail(format!("{}\n{}", error.render(), table.text())))?;
            prop_assert_eq!(columns_of(&frame), table.expected(), "{:?} {}", setting, table.text());
        }
    }

    #[test]
    fn types_do_not_depend_on_how_the_text_is_read(table in table(), limit in prop::option::of(0u64..20), settings in prop::collection::vec(any_setting(), 4)) {
        let (input, options) = (Input::new(table.text()), Options { limit, ..Options::default() });
        let expected = Setting::SERIAL.read(&input, &options);
        for setting in settings {
            prop_assert_eq!(&setting.read(&input, &options), &expected, "{:?} {}", setting, table.text());
        }
    }

    /// Records cut, doubled and spoiled anywhere.
    #[test]
    fn neither_do_errors(
        table in table(),
        accidents in prop::collection::vec((any::<usize>(), prop::sample::select(vec!["{", "}", "[", "]", ",", "\"", "\n", "\\", ":", "nul", "1", "é", "\u{1}"])), 1..4),
        on_error in prop::sample::select(vec![OnError::Fail, OnError::Null, OnError::Reject]),
        settings in prop::collection::vec(any_setting(), 4),
    ) {
        let mut text = table.text();
        for (at, accident) in accidents {
            let at = (0..=at % (text.len() + 1)).rev().find(|&at| text.is_char_boundary(at)).unwrap();
            text.insert_str(at, accident);
        }
        let options = Options { input_format: Some(InputFormat::Jsonl), on_error, ..Options::default() };
        let input = Input::new(text);
        let expected = Setting::SERIAL.read(&input, &options);
        for setting in settings {
            prop_assert_eq!(&setting.read(&input, &options), &expected, "{:?} {:?}", setting, String::from_utf8_lossy(input.text()));
        }
    }
}

#[test]
fn types_are_those_of_the_values_and_strings_stay_strings() {
    let table = columns(concat!(
        r#"{"int":1,"float":1,"big":1,"bool":true,"zip":"02139","digits":"12","date":"2020-01-02","at":"2020-01-02T03:04:05Z","mixed":1,"none":null,"empty":"","over":1e400}"#,
        "\n",
        r#"{"int":-7,"float":2.5,"big":9223372036854775808,"bool":false,"zip":"10001","digits":"13","date":"2020-01-03","at":"2020-01-02T03:04:05.5+09:00","mixed":"one","none":null,"empty":"2020-01-02","over":2}"#,
        "\n",
    ));
    assert_eq!(
        schema(&table),
        [
            ("int", "int64"),
            ("float", "float64"),
            ("big", "decimal128(19,0)"),
            ("bool", "bool"),
            ("zip", "utf8"),
            ("digits", "utf8"),
            ("date", "date32"),
            ("at", "timestamp[us,UTC]"),
            ("mixed", "utf8"),
            ("none", "null"),
            ("empty", "utf8"),
            ("over", "utf8"),
        ]
    );
    assert_eq!(table[8].values, [text("1"), text("one")]);
    assert_eq!(table[10].values, [text(""), text("2020-01-02")]);
    assert_eq!(table[11].values, [text("1e400"), text("2")]);
}

#[test]
fn null_words_are_null_only_where_they_are_given() {
    let json = "{\"a\":\"NA\",\"b\":1}\n{\"a\":\"x\",\"b\":2}\n";
    assert_eq!(columns(json)[0].values, [text("NA"), text("x")]);
    let given = Options { null_values: Some(vec!["NA".to_owned()]), ..Options::default() };
    assert_eq!(columns_of(&reader(json, given).collect().unwrap())[0].values, [Value::Null, text("x")]);
}

#[test]
fn objects_and_arrays_beside_other_values_are_json_text() {
    let table = columns("{\"a\":{\"b\" : \"\\n\"}}\n{\"a\":[1, [ ]]}\n{\"a\":\"\\u00e9\"}\n");
    assert_eq!(schema(&table), [("a", "utf8")]);
    assert_eq!(table[0].values, [text("{\"b\" : \"\\n\"}"), text("[1, [ ]]"), text("\"\\u00e9\"")]);
}

/// The last record of a long file brings a key of its own, and a value that changes a type.
#[test]
fn a_key_of_the_last_record_is_a_column() {
    let mut json: String = (0..300_000).map(|row| format!("{{\"id\":{row}}}\n")).collect();
    json.push_str("{\"id\":0.5,\"late\":\"x\"}\n");
    let input = Input::new(json);
    for setting in [Setting::SERIAL, Setting { threads: 3, supply: Supply::Gzip, ..Setting::SERIAL }] {
        let table = columns_of(&setting.reader(&input, &Options::default()).collect().unwrap());
        assert_eq!(schema(&table), [("id", "float64"), ("late", "utf8")]);
        assert_eq!(table[1].nulls(), 300_000);
        assert_eq!(table[1].values[300_000], text("x"));
    }
    // Nothing is inferred here, and still the stream has to be read twice.
    let piped = Setting { supply: Supply::Pipe, ..Setting::SERIAL }.reader(&input, &as_text()).collect().unwrap();
    assert_eq!(columns_of(&piped)[1].values[300_000], text("x"));
    let out = input.path("out.parquet");
    let report = Setting::SERIAL.reader(&input, &Options::default()).write_parquet(&out).unwrap();
    assert_eq!((report.rows_out, report.columns.len()), (300_001, 2));
    let late = |options: Options| Setting::SERIAL.reader(&input, &options);
    let named = Options { columns: Some(vec!["late".to_owned()]), ..Options::default() };
    assert_eq!(columns_of(&late(named).collect().unwrap())[0].values[300_000], text("x"));
    let typed = Options { types: vec![("late".to_owned(), DataType::Bool)], ..Options::default() };
    assert_eq!(late(typed).collect().unwrap_err().position().unwrap().line, 300_001);
    assert_eq!(late(Options { limit: Some(300_000), ..Options::default() }).schema().unwrap().columns.len(), 1);
    assert_eq!(
        late(Options { infer: Infer::First(10), ..Options::default() }).collect().unwrap_err().code(),
        Code::BadValue
    );
    let named = Options { infer: Infer::First(10), columns: Some(vec!["late".to_owned()]), ..Options::default() };
    assert_eq!(columns_of(&late(named).collect().unwrap())[0].values[300_000], text("x"), "no type was decided for it");
    let ragged = Options { ragged: Some(ingest::Ragged::Pad), ..Options::default() };
    assert_eq!(late(ragged).collect().unwrap_err().code(), Code::Usage);
    assert_eq!(late(Options::default()).count().unwrap(), 300_001);
    let bloom = WriteOptions { bloom: vec!["late".to_owned()], overwrite: true, ..WriteOptions::default() };
    assert_eq!(late(Options::default()).write(&out, &bloom).unwrap().columns.len(), 2);
    let missing = Options { columns: Some(vec!["later".to_owned()]), ..Options::default() };
    let error = late(missing).collect().unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.render().contains("id, late"), "{}", error.render());
}

#[test]
fn files_are_joined_by_key() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("1.jsonl"), "{\"a\":1,\"b\":2}\n").unwrap();
    fs::write(folder.path().join("2.json"), "[{\"b\":3,\"c\":true}, {\"a\":4}]").unwrap();
    fs::write(folder.path().join("3.json"), "").unwrap();
    let frame = read(folder.path().join("*").display().to_string()).unwrap().collect().unwrap();
    let table = columns_of(&frame);
    assert_eq!(schema(&table), [("a", "int64"), ("b", "int64"), ("c", "bool")]);
    assert_eq!(table[1].values, [Value::Whole(2), Value::Whole(3), Value::Null]);
    fs::write(folder.path().join("4.csv"), "a,b\n1,2\n").unwrap();
    let error = read(folder.path().join("*").display().to_string()).unwrap().collect().unwrap_err();
    assert_eq!(error.code(), Code::BadJson, "{error}");
}

#[test]
fn records_that_are_no_objects_are_a_column_of_their_own() {
    let table = columns("{\"a\":1}\n7\n[1, 2]\n");
    assert_eq!(schema(&table), [("a", "int64"), ("value", "utf8")]);
    assert_eq!(table[1].values, [Value::Null, text("7"), text("[1, 2]")]);
    assert_eq!(schema(&columns("[[1], [2, 3]]\n")), [("value", "list<int64>")]);
    assert_eq!(schema(&columns("[1, 2.5, null]")), [("value", "float64")]);
    assert_eq!(columns("[]"), []);
    let three = Options { input_format: Some(InputFormat::Jsonl), ..Options::default() };
    assert_eq!(reader("{}\n{}\n\n{}\n", three.clone()).count().unwrap(), 3);
    assert_eq!(reader("{}\n{}\n\n{}\n", three).collect().unwrap().num_rows(), 3);
}

#[test]
fn a_doubled_key_keeps_its_last_value_and_is_counted() {
    let json = "{\"a\":1,\"a\":2}\n{\"a\":3}\n{\"a\":null,\"a\":4,\"\\u0061\":5}\n";
    let (frame, report) = reader(json, Options::default()).collect_with_report().unwrap();
    assert_eq!(columns_of(&frame)[0].values, [Value::Whole(2), Value::Whole(3), Value::Whole(5)]);
    assert_eq!(report.notes, ["a key came again in its record 3 times; its last value counts"]);
}

const BAD: &str = "{\"a\":1}\n{\"a\":2,}\n{\"a\":3}\n{\"a\":\"x\"\n";

#[test]
fn a_bad_line_fails_is_nulled_or_set_aside() {
    let error = reader(BAD, Options::default()).collect().unwrap_err();
    let position = error.position().unwrap();
    assert_eq!((error.code(), position.line, position.byte_offset, position.record), (Code::BadJson, 2, 15, 2));
    assert_eq!(
        error.render(),
        concat!(
            "error[E0317]: <bytes>:2: a key in double quotes should stand here (byte 15)\n",
            "  | {\"a\":2,}\n",
            "  |        ^\n",
            "  hint: --on-error reject sets such records aside, --on-error null keeps them as rows without values",
        )
    );
    let run = |on_error| reader(BAD, Options { on_error, ..Options::default() }).collect_with_report().unwrap();
    let (frame, report) = run(OnError::Null);
    assert_eq!(columns_of(&frame)[0].values, [Value::Whole(1), Value::Null, Value::Whole(3), Value::Null]);
    assert_eq!(report.columns[0].errors, 2);
    let (frame, report): (_, Report) = run(OnError::Reject);
    assert_eq!(columns_of(&frame)[0].values, [Value::Whole(1), Value::Whole(3)]);
    assert_eq!((report.rows_in, report.rows_out, report.rejected), (4, 2, 2));
    let second = &report.first_rejects[1];
    assert_eq!((second.line, second.byte_offset, second.record, second.text.as_str()), (4, 25, 4, "{\"a\":\"x\""));
}

/// What a regression's input comes to in chunks of so many bytes: rows and rejects.
fn rows_and_rejects(name: &str, chunk_bytes: usize) -> (usize, u64) {
    let regressions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/regressions");
    let input = Input::new(fs::read(regressions.join(name)).unwrap());
    let options = Options { on_error: OnError::Reject, ..Options::default() };
    let reader = Setting { chunk_bytes, ..Setting::SERIAL }.reader(&input, &options);
    let (frame, report) = reader.collect_with_report().unwrap();
    (frame.num_rows(), report.rejected)
}

/// A quote that does not close hides line ends from whoever reads lines as delimited text.
#[test]
fn a_quote_left_open_ends_with_its_line() {
    for chunk_bytes in 1..60 {
        assert_eq!(
            rows_and_rejects("a_quote_left_open_ends_with_its_line.jsonl", chunk_bytes),
            (2, 1),
            "{chunk_bytes}"
        );
    }
}

#[test]
fn a_line_end_in_a_string_is_no_part_of_it() {
    for chunk_bytes in 1..90 {
        let found = rows_and_rejects("a_line_end_in_a_string_is_no_part_of_it.jsonl", chunk_bytes);
        assert_eq!(found, (3, 2), "{chunk_bytes}");
    }
}

#[test]
fn an_array_that_breaks_off_fails_whatever_the_options() {
    for (json, line, offset) in
        [("[{\"a\":1},\n{\"a\":2", 2, 10), ("[{\"a\":1}\n {\"a\":2}]", 2, 10), ("[{\"a\":1}] x", 1, 10)]
    {
        let options = Options { on_error: OnError::Reject, ..Options::default() };
        let error = reader(json, options).collect().unwrap_err();
        let position = error.position().unwrap();
        assert_eq!((error.code(), position.line, position.byte_offset), (Code::BadJson, line, offset), "{json}");
    }
}

#[test]
fn a_schema_names_all_keys() {
    let options = |names: &[&str]| Options {
        schema: Some(names.iter().map(|name| ((*name).to_owned(), DataType::Int64).into()).collect()),
        ..Options::default()
    };
    let table = columns_of(&reader("{\"b\":\"2\"}\n", options(&["a", "b"])).collect().unwrap());
    assert_eq!(schema(&table), [("a", "int64"), ("b", "int64")]);
    assert_eq!(table[1].values, [Value::Whole(2)]);
    let error = reader("{\"b\":1,\"c\":2}\n", options(&["a", "b"])).collect().unwrap_err();
    assert_eq!(error.code(), Code::HeaderMismatch);
    assert!(error.render().contains("\"c\"") && error.render().contains("a, b"), "{}", error.render());
    let some = Options { columns: Some(vec!["b".to_owned()]), ..options(&["a", "b"]) };
    assert_eq!(reader("{\"b\":1,\"c\":2}\n", some).collect().unwrap().num_rows(), 1);
}

#[test]
fn options_of_delimited_text_are_refused() {
    let error = reader("{\"a\":1}\n", Options { header: Some(true), ..Options::default() }).collect().unwrap_err();
    assert_eq!(error.code(), Code::Usage);
    assert!(error.to_string().contains("--header"), "{error}");
    let csv = Options { input_format: Some(InputFormat::Csv), header: Some(false), ..Options::default() };
    assert_eq!(columns_of(&reader("{\"a\":1}\n{\"a\":2}\n", csv).collect().unwrap())[0].values.len(), 2);
}

/// JSON that was said to be right or wrong by others: <https://github.com/nst/JSONTestSuite>.
#[test]
fn json_test_suite() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites/json/test_parsing");
    if !suite.exists() {
        let _ = writeln!(std::io::stderr().lock(), "skipped: json_test_suite (there is no {})", suite.display());
        return;
    }
    let mut paths: Vec<_> = fs::read_dir(suite).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 318);
    let options = Options { input_format: Some(InputFormat::Jsonl), ..Options::default() };
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = fs::read(&path).unwrap();
        let has_content = !bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).trim_ascii().is_empty();
        let input = Input::new(bytes);
        let serial = Setting::SERIAL.read(&input, &options);
        let step = if is_heavy() { 1 } else { 5 };
        // Chunks far smaller than a record cost the square of its length.
        let least = 1 + input.text().len() / 1000;
        for setting in (0..18).step_by(step).map(|number| Setting::numbered(number, least + number * 3)) {
            assert_eq!(setting.read(&input, &options), serial, "{name} {setting:?}");
        }
        let result = Setting::SERIAL.reader(&input, &options).collect();
        match (&name[..2], result) {
            ("y_", Err(error)) => panic!("{name}: {}", error.render()),
            ("n_", Ok(frame)) if has_content => panic!("{name}: {} rows", frame.num_rows()),
            ("n_", Err(error)) => assert!(error.position().is_some(), "{name}: {error}"),
            _ => {}
        }
    }
}
