//! Every data error says where and what to do: source, line, byte offset, record, column, text, reason, the option that
//! helps. The rejects table says the same.

use std::fs::File;
use std::path::Path;

use ingest::{Code, DataType, Error, Infer, MaxErrors, OnError, Options, QuoteMode, Ragged, Sources, read};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value as Json, json};

use crate::settings::{Input, Setting};
use crate::tables::{Value, columns_of_batches};
use crate::{plain, scaled};

/// One way to fail.
struct Case {
    text: &'static [u8],
    options: Options,
    code: Code,
    line: u64,
    byte_offset: u64,
    record: u64,
    column: Option<(usize, &'static str)>,
    /// What stands over the carets.
    culprit: &'static str,
    /// Parts of message and hint.
    says: &'static [&'static str],
}

fn given() -> Options {
    Options { types: vec![("n".to_owned(), DataType::Int64)], ..plain() }
}

fn structure_cases() -> Vec<Case> {
    vec![
        Case {
            text: b"m,n\n1,2\n3\n",
            options: plain(),
            code: Code::Ragged,
            line: 3,
            byte_offset: 8,
            record: 2,
            column: None,
            culprit: "3",
            says: &["1 field", "2 columns: column 2 (n) is the first without one", "--ragged"],
        },
        Case {
            text: b"m,n\n1,\"a\nb\"\n3,4,5\n",
            options: plain(),
            code: Code::Ragged,
            line: 4,
            byte_offset: 12,
            record: 2,
            column: None,
            culprit: "3,4,5",
            says: &["3 fields", "2 columns: column 2 (n) is the last", "--ragged"],
        },
        Case {
            text: b"m,n\r\n\r\n1,\"a\" b\r\n",
            options: plain(),
            code: Code::TextAfterQuote,
            line: 3,
            byte_offset: 12,
            record: 1,
            column: Some((2, "n")),
            culprit: " ",
            says: &["closing quote", "--quoting lenient"],
        },
        Case {
            text: b"m,n\r1,a \"b\" c\r",
            options: plain(),
            code: Code::StrayQuote,
            line: 2,
            byte_offset: 8,
            record: 1,
            column: Some((2, "n")),
            culprit: "\"",
            says: &["quote", "--quoting lenient"],
        },
        Case {
            text: b"m,n\n1,2\n3,\"4\n5,6\n7,8\n",
            options: plain(),
            code: Code::UnclosedQuote,
            line: 3,
            byte_offset: 10,
            record: 2,
            column: Some((2, "n")),
            culprit: "\"",
            says: &["never closes", "--quoting"],
        },
        Case {
            text: b"m,n\n1,2\n,\"4\n",
            options: plain(),
            code: Code::UnclosedQuote,
            line: 3,
            byte_offset: 9,
            record: 2,
            column: Some((2, "n")),
            culprit: "\"",
            says: &["never closes", "--quoting"],
        },
    ]
}

fn value_cases() -> Vec<Case> {
    vec![
        Case {
            text: b"m,n\n1,2\n\"a\n\nb\",3\n4,abc\n",
            options: given(),
            code: Code::BadValue,
            line: 6,
            byte_offset: 19,
            record: 3,
            column: Some((2, "n")),
            culprit: "abc",
            says: &["cannot read \"abc\" as int64", "--type", "--on-error"],
        },
        Case {
            text: b"m,n\n\"a\nb\",\"1\n2\"\n",
            options: given(),
            code: Code::BadValue,
            line: 2,
            byte_offset: 11,
            record: 1,
            column: Some((2, "n")),
            culprit: "1 2",
            says: &["as int64", "--on-error"],
        },
        Case {
            text: b"m,n\n1,2\n\xc3\xa9\xff,4\n",
            options: plain(),
            code: Code::InvalidUtf8,
            line: 3,
            byte_offset: 10,
            record: 2,
            column: Some((1, "m")),
            culprit: "\u{fffd}",
            says: &["UTF-8", "--encoding windows-1252"],
        },
        // A byte that would go on with a character, had one begun.
        Case {
            text: b"m,n\n1,2\n\x80,4\n",
            options: plain(),
            code: Code::InvalidUtf8,
            line: 3,
            byte_offset: 8,
            record: 2,
            column: Some((1, "m")),
            culprit: "\u{fffd}",
            says: &["UTF-8", "--encoding windows-1252"],
        },
        Case {
            text: b"m,n\n1,2\n3,xxxxx\n",
            options: Options { max_field_bytes: 4, ..plain() },
            code: Code::FieldTooLong,
            line: 3,
            byte_offset: 10,
            record: 2,
            column: Some((2, "n")),
            culprit: "x",
            says: &["longer than 4 bytes", "--max-field-bytes"],
        },
    ]
}

#[test]
fn each_kind_of_error_in_every_setting() {
    for case in structure_cases().into_iter().chain(value_cases()) {
        let input = Input::new(case.text);
        check(
            &case,
            &read(Sources::bytes("data.csv", case.text.to_vec()))
                .unwrap()
                .options(case.options.clone())
                .collect()
                .unwrap_err(),
        );
        for number in 0..40 {
            let error = Setting::numbered(number, 1 + number).reader(&input, &case.options).collect().unwrap_err();
            let found = error.position().map(|place| (place.line, place.byte_offset, place.record));
            assert_eq!(found, Some((case.line, case.byte_offset, case.record)), "{number}: {error}");
        }
    }
}

#[track_caller]
fn check(case: &Case, error: &Error) {
    let place = error.position().unwrap_or_else(|| panic!("no place: {error}"));
    assert_eq!(error.code(), case.code, "{error}");
    assert_eq!(
        (place.source.as_str(), place.line, place.byte_offset, place.record),
        ("data.csv", case.line, case.byte_offset, case.record),
        "{error}"
    );
    assert_eq!(place.column, case.column.map(|(number, name)| (number, name.to_owned())), "{error}");
    let (from, length) = place.caret.unwrap();
    assert_eq!(place.excerpt.chars().skip(from).take(length).collect::<String>(), case.culprit, "{error}");
    let rendered = error.render();
    let first = format!("error[{}]: data.csv:{}: ", case.code.label(), case.line);
    assert!(rendered.starts_with(&first) && rendered.contains(&format!("(byte {})", case.byte_offset)), "{rendered}");
    for part in case.says {
        assert!(rendered.contains(part), "{part:?} is missing in {rendered}");
    }
    check_json(case, &error.to_json()["error"]);
}

fn check_json(case: &Case, facts: &Json) {
    assert_eq!(facts["code"], case.code.label());
    assert_eq!((&facts["source"], &facts["line"]), (&json!("data.csv"), &json!(case.line)));
    assert_eq!((&facts["byte_offset"], &facts["record"]), (&json!(case.byte_offset), &json!(case.record)));
    assert_eq!(facts["column_name"].as_str(), case.column.map(|(_, name)| name));
    assert!(facts["message"].is_string() && facts["hint"].is_string() && facts["text"].is_string());
}

#[test]
fn the_message_in_full() {
    let text = b"id,v\n1,2\n2,abc\n".to_vec();
    let options = Options { types: vec![("v".to_owned(), DataType::Int64)], ..Options::default() };
    let error = read(Sources::bytes("data.csv", text)).unwrap().options(options).collect().unwrap_err();
    let expected = "error[E0312]: data.csv:3: column 2 (v): cannot read \"abc\" as int64 (byte 11)\n  | 2,abc\n  |   ^^^\n  hint: ";
    assert!(error.render().starts_with(expected), "{}", error.render());
}

/// The line, byte and record count from the start of the source that has the fault.
#[test]
fn the_file_at_fault_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = format!("m,n\n{}", "1,2\n".repeat(1000));
    for (name, text) in [("a.csv", good.as_str()), ("b.csv", "m,n\n1,2\n3,x\n"), ("c.csv", "m,n\n1\n")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let pattern = folder.path().join("*.csv").display().to_string();
    for number in 0..20 {
        let options = Setting::numbered(number, 1 + 37 * number).options(&given());
        let error = read(pattern.clone()).unwrap().options(options).collect().unwrap_err();
        let place = error.position().unwrap();
        assert_eq!(place.source, folder.path().join("b.csv").display().to_string());
        assert_eq!((place.line, place.byte_offset, place.record), (3, 10, 2), "{error}");
    }
}

/// The column is that of the record as its dialect reads it, delimiters in quotes and escaped ones included.
#[test]
fn the_column_is_counted_as_the_dialect_reads() {
    let column = |text: &[u8], options: Options| {
        let error = read(text.to_vec()).unwrap().options(options).collect().unwrap_err();
        let column = error.position().and_then(|place| place.column.clone());
        (error.code(), column.map(|(number, name)| format!("{number} {name}")))
    };
    let third = |code: Code| (code, Some("3 o".to_owned()));
    let header = "m,n,o\n";
    let with = |record: &[u8]| [header.as_bytes(), record].concat();
    assert_eq!(column(&with(b"\"1,\"\"2\",\"3\n,4\",5\xff\n"), plain()), third(Code::InvalidUtf8));
    assert_eq!(column(&with(b"\"1,2\",,\"5,\xff\"\n"), plain()), third(Code::InvalidUtf8));
    assert_eq!(column(&with(b"\"1,2\",,\"5\"x\n"), plain()), third(Code::TextAfterQuote));
    assert_eq!(column(&with(b"\"1,2\",,\"5,6\n7,8,9\n"), plain()), third(Code::UnclosedQuote));
    // A byte that would go on with a character, had one begun.
    let text = include_bytes!("../../../../testdata/regressions/the_column_is_counted_as_the_dialect_reads.csv");
    assert_eq!(column(text, plain()), third(Code::InvalidUtf8));
    assert_eq!(
        column(&with(b"1,,\x80,4\n"), Options { ragged: Some(Ragged::Truncate), ..plain() }),
        third(Code::InvalidUtf8)
    );
    let escaped = Options { quote: Some(None), escape: Some(Some(b'\\')), ..plain() };
    assert_eq!(column(&with(b"1\\,2,3,\xff\n"), escaped), third(Code::InvalidUtf8));
    let lenient = Options { quoting: QuoteMode::Lenient, ..plain() };
    assert_eq!(column(&with(b"\"1,2,\xff\n"), lenient), third(Code::InvalidUtf8));
    let long = Options { max_field_bytes: 2, ..plain() };
    assert_eq!(column(&with(b"1,\"2\",\"345\"\n"), long), third(Code::FieldTooLong));
    // Of a record without end a part is kept; the column is told where the culprit lies in it.
    let mut huge = with(b"1,2,\xff");
    huge.resize(3 << 20, b'x');
    assert_eq!(column(&huge, plain()), third(Code::InvalidUtf8));
    let end = huge.len() - 1;
    (huge[10], huge[end]) = (b'x', 0xff);
    assert_eq!(column(&huge, plain()), (Code::InvalidUtf8, None));
}

/// The keys of an error as JSON do not hang on the error.
#[test]
fn the_json_of_every_error_has_the_same_keys() {
    let keys = |error: &Error| {
        let json = error.to_json();
        json["error"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let of_value = read(b"m,n\n1,x\n".to_vec()).unwrap().options(given()).collect().unwrap_err();
    let of_record = read(b"m,n\n1\n".to_vec()).unwrap().options(plain()).collect().unwrap_err();
    let of_file = read("missing.csv").unwrap().collect().unwrap_err();
    assert_eq!(keys(&of_value), keys(&of_record));
    assert_eq!(keys(&of_value), keys(&of_file));
    assert_eq!(of_record.to_json()["error"]["column_name"], Json::Null);
}

#[test]
fn errors_without_a_place_name_what_they_are_about() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.csv");
    let error = read(missing.as_path()).unwrap().collect().unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.to_string().contains("missing.csv"), "{error}");

    let collect = |options: Options| read(b"m,n\n1,2\n".to_vec()).unwrap().options(options).collect().unwrap_err();
    let error = collect(Options { columns: Some(vec!["o".to_owned()]), ..plain() });
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.render().contains("\"o\"") && error.render().contains("m, n"), "{}", error.render());
    let error = collect(Options { names: Some(vec!["o".to_owned()]), ..plain() });
    assert_eq!(error.code(), Code::HeaderMismatch, "{error}");
    let error = collect(Options { schema: Some(vec![("o".to_owned(), DataType::Utf8).into()]), ..plain() });
    assert_eq!(error.code(), Code::HeaderMismatch, "{error}");

    let error = read(b"PAR1....PAR1".to_vec()).unwrap().collect().unwrap_err();
    assert_eq!(error.code(), Code::CorruptSource);
    assert!(error.to_string().contains("<bytes>: the table cannot be read"), "{error}");
}

#[test]
fn a_header_that_differs_from_the_first_file_s_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "m,n\n1,2\n").unwrap();
    std::fs::write(folder.path().join("b.csv"), "m,o\n1,2\n").unwrap();
    let error = read(folder.path().join("*.csv").display().to_string()).unwrap().collect().unwrap_err();
    assert_eq!(error.code(), Code::HeaderMismatch);
    assert!(error.to_string().contains("b.csv") && error.to_string().contains("m,o"), "{error}");
}

/// Faulty records of every kind amid good ones.
const FAULTY: &[u8] = b"m,n\n1,2\nshort\n3,\"q\" r\n4,\"two\nlines\"\n\xff,5\n6,w \"x\" y\n7,8,9\n,\"open\n10,11\n";

/// Line, byte offset, byte length, record; column, code, text.
type Row = ([u64; 4], Option<&'static str>, Code, &'static str);

/// What the rejects table must hold.
const REJECTS: [Row; 7] = [
    ([3, 8, 5, 2], None, Code::Ragged, "short"),
    ([4, 14, 7, 3], Some("n"), Code::TextAfterQuote, "3,\"q\" r"),
    ([5, 22, 13, 4], Some("n"), Code::BadValue, "4,\"two\nlines\""),
    ([7, 36, 3, 5], Some("m"), Code::InvalidUtf8, "\u{fffd},5"),
    ([8, 40, 9, 6], Some("n"), Code::StrayQuote, "6,w \"x\" y"),
    ([9, 50, 5, 7], None, Code::Ragged, "7,8,9"),
    ([10, 56, 6, 8], Some("n"), Code::UnclosedQuote, ",\"open"),
];

/// Rejects the faulty records in some setting, into a table of this name.
fn reject_into(name: &str, number: usize) -> (Input, std::path::PathBuf) {
    let input = Input::new(FAULTY);
    let path = input.path(name);
    let options = Options { on_error: OnError::Reject, rejects: Some(path.clone()), ..given() };
    let (frame, report) =
        Setting::numbered(number, 1 + 3 * number).reader(&input, &options).collect_with_report().unwrap();
    assert_eq!((frame.num_rows(), report.rows_in, report.rejected), (2, 9, 7));
    assert!(report.files.contains(&path), "{:?}", report.files);
    (input, path)
}

fn check_rejects(rows: &[Json]) {
    assert_eq!(rows.len(), REJECTS.len(), "{rows:?}");
    for (row, (place, column, code, text)) in rows.iter().zip(REJECTS) {
        let numbers = ["line", "byte_offset", "byte_length", "record"].map(|name| row[name].as_u64());
        assert_eq!(numbers, place.map(Some), "{row}");
        assert_eq!(row["column"].as_str(), column, "{row}");
        assert_eq!((row["code"].as_str(), row["text"].as_str()), (Some(code.label().as_str()), Some(text)), "{row}");
        assert!(row["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{row}");
        assert!(row["source"].as_str().is_some_and(|source| !source.is_empty()), "{row}");
    }
}

#[test]
fn rejects_as_json_lines() {
    for number in 0..20 {
        let (_input, path) = reject_into("bad.jsonl", number);
        let lines = std::fs::read_to_string(path).unwrap();
        check_rejects(&lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>());
    }
}

#[test]
fn rejects_as_parquet() {
    let (_input, path) = reject_into("bad.parquet", 1);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    check_rejects(&rows_of(&schema, &batches));
}

/// Read back by our own reader, every field as its text.
#[test]
fn rejects_as_csv() {
    let (_input, path) = reject_into("bad.csv", 2);
    check_rejects(&rows_of_csv(&path));
}

fn rows_of(
    schema: &ingest::arrow::datatypes::Schema,
    batches: &[ingest::arrow::record_batch::RecordBatch],
) -> Vec<Json> {
    use ingest::arrow::array::AsArray;
    use ingest::arrow::datatypes::Int64Type;
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let cell = |column: usize| {
                let array = batch.column(column);
                match array.as_primitive_opt::<Int64Type>() {
                    Some(numbers) => json!(numbers.value(row)),
                    None => array.is_valid(row).then(|| json!(array.as_string::<i32>().value(row))).into(),
                }
            };
            let names = schema.fields().iter().map(|field| field.name().clone());
            rows.push(names.enumerate().map(|(column, name)| (name, cell(column))).collect());
        }
    }
    rows
}

fn rows_of_csv(path: &Path) -> Vec<Json> {
    let options = Options { infer: Infer::None, ..plain() };
    let frame = read(path).unwrap().options(options).collect().unwrap();
    let columns = columns_of_batches(frame.schema(), frame.batches());
    let cell = |name: &str, value: &Value| match value {
        Value::Text(text) if ["line", "byte_offset", "byte_length", "record"].contains(&name) => {
            json!(text.parse::<u64>().unwrap())
        }
        Value::Text(text) => json!(text),
        _ => Json::Null,
    };
    (0..frame.num_rows())
        .map(|row| {
            columns.iter().map(|column| (column.name.clone(), cell(&column.name, &column.values[row]))).collect()
        })
        .collect()
}

#[test]
fn without_a_table_the_report_shows_the_first_rejects() {
    let options = Options { on_error: OnError::Reject, ..given() };
    let (_, report) = read(FAULTY.to_vec()).unwrap().options(options).collect_with_report().unwrap();
    let shown: Vec<_> = report.first_rejects.iter().map(|reject| (reject.line, reject.text.as_str())).collect();
    assert_eq!(shown, [(3, "short"), (4, "3,\"q\" r"), (5, "4,\"two\nlines\"")]);
    assert_eq!((report.rejected, report.files.len()), (7, 0));
}

/// What is counted is bound by the same limit as what is read.
#[test]
fn a_count_heeds_the_limit_of_errors() {
    let count = |max_errors| {
        let options = Options { on_error: OnError::Reject, max_errors: Some(max_errors), ..plain() };
        read(b"m,n\n1,\"2\"x\n3,\"4\"x\n5,6\n".to_vec()).unwrap().options(options).count()
    };
    assert_eq!(count(MaxErrors::Count(2)).unwrap(), 3);
    assert_eq!(count(MaxErrors::Percent(67.0)).unwrap(), 3);
    for limit in [MaxErrors::Count(1), MaxErrors::Percent(66.0)] {
        assert_eq!(count(limit).unwrap_err().code(), Code::TooManyErrors);
    }
}

/// Workers meet the errors in any order; the first one in the file is told, however often it is tried.
#[test]
fn the_first_of_many_errors_is_the_one() {
    let input = Input::new(format!("m,n\n{}", "1\n".repeat(300)));
    for number in 0..scaled(2000, 20_000) {
        let setting = Setting { threads: 8, ..Setting::numbered(number, 2 + number % 5) };
        let error = setting.reader(&input, &plain()).collect().unwrap_err();
        let place = error.position().map(|place| (place.line, place.byte_offset, place.record));
        assert_eq!(place, Some((2, 4, 1)), "try {number}, {setting:?}: {error}");
    }
}

/// A faulty record costs itself: never a neighbour's fields.
#[test]
fn neighbours_of_faulty_records_are_whole() {
    let options =
        Options { on_error: OnError::Reject, ragged: Some(Ragged::Reject), quoting: QuoteMode::Strict, ..given() };
    let input = Input::new(FAULTY);
    for number in 0..60 {
        let frame = Setting::numbered(number, 1 + number).reader(&input, &options).collect().unwrap();
        let columns = columns_of_batches(frame.schema(), frame.batches());
        assert_eq!(columns[0].values, [1, 10].map(Value::Whole));
        assert_eq!(columns[1].values, [2, 11].map(Value::Whole));
    }
}

/// A stray quote opens, and the next one, lines below, does not close: the lines between are records, and stay ones.
#[test]
fn a_quote_that_swallows_records_costs_its_line() {
    let text = include_bytes!("../../../../testdata/regressions/a_quote_that_swallows_records_costs_its_line.csv");
    let input = Input::new(text);
    for number in 0..60 {
        let path = input.path(&format!("{number}.csv"));
        let options = Options { on_error: OnError::Reject, rejects: Some(path.clone()), ..Options::default() };
        let frame = Setting::numbered(number, 1 + number).reader(&input, &options).collect().unwrap();
        let columns = columns_of_batches(frame.schema(), frame.batches());
        assert_eq!(columns[0].values, [2, 3, 4, 5, 6].map(Value::Whole));
        assert_eq!(columns[1].values[2], Value::Text("d\"x".into()));
        let rejects = std::fs::read_to_string(&path).unwrap();
        assert!(rejects.contains(",2,5,4,1,t,E0313,") && rejects.lines().count() == 2, "{rejects}");
        assert!(rejects.ends_with(",\"1,\"\"a\"\n"), "{rejects}");
    }
    let error = Setting::numbered(3, 4).reader(&input, &Options::default()).collect().unwrap_err();
    assert_eq!(error.code(), Code::UnclosedQuote);
}

/// A text that goes on over lines and holds a stray quote stays one record: its lines are none.
#[test]
fn the_lines_of_a_broken_text_are_no_records() {
    let texts: [(&[u8], u64); 5] = [
        // So many fields by chance.
        (b"id,t\n1,\"Sir,\nwe need 5,of size 3\"x6\" now\"\n2,b\n", 1),
        (b"id,t,n\n1,\"first, of\nsecond \"word\" and\nthird\",5\n2,b,6\n", 2),
        (b"id,t,n\n1,\"first\nsecond\" \",5\n2,b,6\n", 1),
        (b"t,n\n\"first\nsecond\"x,5\nb,6\n", 1),
        (b"t\n\"first\nsecond\"x\nb\n", 1),
    ];
    for (text, rejected) in texts {
        let input = Input::new(text);
        let options = Options { on_error: OnError::Reject, header: Some(true), ..Options::default() };
        for number in 0..20 {
            let (frame, report) =
                Setting::numbered(number, 1 + number).reader(&input, &options).collect_with_report().unwrap();
            assert_eq!((frame.num_rows(), report.rejected), (1, rejected), "{}", String::from_utf8_lossy(text));
        }
    }
}

/// One quote too many or too few costs no other record: under strict quoting its own, under lenient one cell.
#[test]
fn one_quote_costs_one_record() {
    let row = |number: usize| match number % 5 {
        0 => format!("{number},\"Doe, J {number}\",x\n"),
        1 => format!("{number},\"q{number}\",\"y\"\n"),
        _ => format!("{number},plain {number},z\n"),
    };
    let rows: String = (0..100).map(row).collect();
    let text = format!("id,name,k\n{rows}");
    let options = Options { on_error: OnError::Reject, infer: Infer::None, ..Options::default() };
    let whole = Input::new(text.as_str());
    let whole = Setting::SERIAL.reader(&whole, &options).collect().unwrap();
    let whole = columns_of_batches(whole.schema(), whole.batches());
    for (number, at) in ("id,name,k\n".len()..text.len()).step_by(scaled(5, 1)).enumerate() {
        let rest = text[at..].strip_prefix('"');
        let broken = [&text[..at], rest.map_or("\"", |_| ""), rest.unwrap_or(&text[at..])].concat();
        let input = Input::new(broken.as_str());
        let reader = Setting::numbered(number, 1 + number % 700).reader(&input, &options);
        let (_, report) = reader.collect_with_report().unwrap();
        let line = broken[..at].lines().last().unwrap_or_default();
        assert!(report.rejected <= 1 && report.rows_in == 100, "at {at}, behind {line}: {report:?}");
        if rest.is_some() {
            continue;
        }
        let lenient = Options { quoting: QuoteMode::Lenient, ..options.clone() };
        let frame = Setting::numbered(number, 1 + number % 700).reader(&input, &lenient).collect().unwrap();
        let columns = columns_of_batches(frame.schema(), frame.batches());
        let others = columns.iter().zip(&whole).flat_map(|(column, whole)| column.values.iter().zip(&whole.values));
        let changed = others.filter(|(value, whole)| value != whole).count();
        let missing = 100 - columns[0].values.len();
        assert!((changed, missing) <= (1, 0), "at {at}, behind {line}: {changed} changed");
    }
}

/// A stray quote of the header would take records into a name.
#[test]
fn a_header_that_takes_in_records_is_an_error() {
    let text = include_bytes!("../../../../testdata/regressions/a_header_that_takes_in_records_is_an_error.csv");
    for (text, code, line, byte) in [
        (&text[..], Code::TextAfterQuote, 3, 21),
        (b"id,\"na\"me,v\n2,b,2\n", Code::TextAfterQuote, 1, 7),
        (b"id,name,\"v\n2,b,2\n3,c,3\n", Code::UnclosedQuote, 1, 8),
    ] {
        let input = Input::new(text);
        for number in 0..10 {
            let options = Options { header: Some(true), on_error: OnError::Reject, ..Options::default() };
            let error = Setting::numbered(number, 1 + number).reader(&input, &options).collect().unwrap_err();
            let place = error.position().unwrap();
            assert_eq!((error.code(), place.line, place.byte_offset), (code, line, byte), "{error}");
            assert!(error.to_string().contains("in the header, which begins in line 1"), "{error}");
        }
    }
}
