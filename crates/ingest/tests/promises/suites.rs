//! Public test suites and a table that everyone knows, read from beside the repository.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use ingest::{Code, DataType, Infer, Options, Reader, read};
use serde_json::{Value as Json, json};

use crate::is_heavy;
use crate::settings::{Input, Setting};
use crate::tables::{Column, Value, columns_of};

/// The folder of a suite; `None`, said aloud, where it is not there.
fn beside(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if !path.exists() {
        // Not by `eprintln!`, which is captured where a test passes.
        let _ = writeln!(std::io::stderr().lock(), "skipped: {name} (there is no {})", path.display());
    }
    path.exists().then_some(path)
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

fn json_beside(csv: &Path) -> Json {
    let json = csv.parent().unwrap().parent().unwrap().join("json").join(stem(csv)).with_extension("json");
    serde_json::from_slice(&fs::read(json).unwrap()).unwrap()
}

/// Text as it stands; dialect guessed.
fn as_text(header: bool) -> Options {
    Options { infer: Infer::None, header: Some(header), ..Options::default() }
}

fn reader(path: &Path, options: Options) -> Reader {
    read(path).unwrap().options(options)
}

/// The suites know no null: an empty field is an empty text.
fn text(value: &Value) -> Json {
    match value {
        Value::Null => json!(""),
        Value::Text(text) => json!(text),
        other => panic!("{other:?} is no text"),
    }
}

fn rows(columns: &[Column]) -> usize {
    columns.first().map_or(0, |column| column.values.len())
}

/// Records as lists of texts.
fn lists(columns: &[Column]) -> Json {
    let row = |row: usize| columns.iter().map(|column| text(&column.values[row])).collect::<Vec<_>>();
    json!((0..rows(columns)).map(row).collect::<Vec<_>>())
}

/// Records as objects.
fn objects(columns: &[Column]) -> Json {
    let row = |row: usize| -> Json {
        columns.iter().map(|column| (column.name.clone(), text(&column.values[row]))).collect()
    };
    Json::Array((0..rows(columns)).map(row).collect())
}

/// Reads a file whole and in small chunks: in six settings, or, where the tests are heavy, in all of them.
fn read_twice(path: &Path, options: &Options) -> Vec<Column> {
    let columns = columns_of(&reader(path, options.clone()).collect().unwrap());
    let text = fs::read(path).unwrap();
    let sizes = 1..=(text.len() + 1).min(257);
    let input = Input::new(text);
    let settings: Vec<Setting> = if is_heavy() {
        sizes.step_by(7).flat_map(Setting::all).collect()
    } else {
        (0..6).map(|number| Setting::numbered(number, 1 + number)).collect()
    };
    for setting in settings {
        let frame = setting.reader(&input, options).collect().unwrap();
        assert_eq!(columns_of(&frame), columns, "{}", path.display());
    }
    columns
}

#[test]
fn csv_spectrum() {
    let Some(suite) = beside("suites/csv-spectrum/csvs") else { return };
    let files = files_of(&suite);
    assert_eq!(files.len(), 12);
    for path in files {
        let mut expected = json_beside(&path);
        if stem(&path) == "location_coordinates" {
            expected = corrected_coordinates(expected);
        }
        assert_eq!(objects(&read_twice(&path, &as_text(true))), expected, "{}", path.display());
    }
}

/// The suite's result is one record without its list, with another telephone number than its input; the input decides.
fn corrected_coordinates(mut record: Json) -> Json {
    assert_eq!(record["Contact Phone Number"], "1234567890", "the suite was corrected: this exception can go");
    record["Contact Phone Number"] = json!("2095257564");
    json!([record])
}

#[test]
fn csv_test_data() {
    let Some(suite) = beside("suites/csv-test-data/csv") else { return };
    let valid: Vec<_> = files_of(&suite).into_iter().filter(|path| !stem(path).starts_with("bad-")).collect();
    assert_eq!(valid.len(), 18);
    for path in valid {
        let header = stem(&path).starts_with("header-");
        let columns = read_twice(&path, &as_text(header));
        let found = if header { objects(&columns) } else { lists(&columns) };
        assert_eq!(found, json_beside(&path), "{}", path.display());
    }
}

#[test]
fn csv_test_data_that_is_invalid_gives_a_located_error() {
    let Some(suite) = beside("suites/csv-test-data/csv") else { return };
    let table = [
        ("bad-header-less-fields", true, Code::Ragged, 2, 12),
        ("bad-header-more-fields", true, Code::Ragged, 2, 12),
        ("bad-missing-quote", false, Code::UnclosedQuote, 2, 14),
        ("bad-quotes-with-unescaped-quote", false, Code::TextAfterQuote, 2, 30),
        ("bad-unescaped-quote", false, Code::StrayQuote, 2, 19),
    ];
    for (name, header, code, line, byte_offset) in table {
        let path = suite.join(name).with_extension("csv");
        let error = reader(&path, as_text(header)).collect().expect_err(name);
        let position = error.position().expect(name);
        assert_eq!((error.code(), position.line, position.byte_offset), (code, line, byte_offset), "{name}: {error}");
        assert!(position.source.ends_with(&format!("{name}.csv")) && error.way_out().is_some(), "{name}: {error}");
    }
}

#[test]
fn csv_test_data_whose_header_is_wrong_or_missing() {
    let Some(suite) = beside("suites/csv-test-data/csv") else { return };
    let wrong = suite.join("bad-header-wrong-header.csv");
    assert_eq!(reader(&wrong, as_text(true)).collect().unwrap().num_rows(), 0);
    let schema = ["foo", "bar", "baz"].map(|name| (name.to_owned(), DataType::Utf8).into()).to_vec();
    let error = reader(&wrong, Options { schema: Some(schema), ..as_text(true) }).collect().unwrap_err();
    assert_eq!(error.code(), Code::HeaderMismatch);
    assert!(error.to_string().contains("qux") && error.to_string().contains("foo"), "{error}");

    let empty = reader(&suite.join("bad-header-no-header.csv"), as_text(true)).collect().unwrap();
    assert_eq!((empty.num_rows(), empty.columns().len()), (0, 0));
}

#[test]
fn titanic() {
    let Some(path) = beside("data/titanic.csv") else { return };
    let columns = read_twice(&path, &Options::default());
    assert_eq!(rows(&columns), 891);
    let found: Vec<_> =
        columns.iter().map(|column| (column.name.as_str(), column.data_type.as_str(), column.nulls())).collect();
    let expected = [
        ("PassengerId", "int64", 0),
        ("Survived", "int64", 0),
        ("Pclass", "int64", 0),
        ("Name", "utf8", 0),
        ("Sex", "utf8", 0),
        ("Age", "float64", 177),
        ("SibSp", "int64", 0),
        ("Parch", "int64", 0),
        ("Ticket", "utf8", 0),
        ("Fare", "float64", 0),
        ("Cabin", "utf8", 687),
        ("Embarked", "utf8", 2),
    ];
    assert_eq!(found, expected);
}
