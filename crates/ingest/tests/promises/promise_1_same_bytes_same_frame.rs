//! Same bytes, same frame, same file: for every input, dialect, kernel, thread count, chunk size and kind of source the
//! result is the serial reference reader's.

mod handmade;
mod inputs;

use ingest::{Code, Encoding, EncodingSet, Format, Infer, Options, Ragged, Report, WriteOptions, read};
use ingest_benches::{Shape, generate};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::oracle::{Answer, answer};
use crate::settings::{Input, Outcome, Setting, Supply, any_setting};
use crate::tables::{Column, columns_of, columns_of_batches};
use crate::{is_heavy, plain, scaled};
use inputs::{Text, choices, records, soup};

fn config(everyday: u32, heavy: u32) -> ProptestConfig {
    ProptestConfig { cases: scaled(everyday, heavy), failure_persistence: None, ..ProptestConfig::default() }
}

/// Reads in every setting, and wants the oracle's answer and the serial reader's words.
fn check(text: &[u8], options: &Options, settings: &[Setting]) -> TestCaseResult {
    let input = Input::new(text);
    let expected = Outcome::expected(answer(text, options));
    let serial = Setting::SERIAL.read(&input, options);
    prop_assert_eq!(&serial.answer, &expected, "serial");
    for setting in settings {
        let outcome = setting.read(&input, options);
        prop_assert_eq!(&outcome, &serial, "{:?}", setting);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(150, 2500))]

    #[test]
    fn records_of_typed_fields(Text(text) in records(), choices in choices(), settings in prop::collection::vec(any_setting(), 4)) {
        check(&text, &choices.options(), &settings)?;
    }

    #[test]
    fn any_mixture_of_what_carries_structure(Text(text) in soup(), choices in choices(), settings in prop::collection::vec(any_setting(), 4)) {
        check(&text, &choices.options(), &settings)?;
    }

    #[test]
    fn guessed_dialects(Text(text) in records(), settings in prop::collection::vec(any_setting(), 3)) {
        // Bad bytes among few others may look like another encoding, which the oracle knows nothing of.
        check(&text, &Options { encoding: Some(Encoding::UTF_8), ..Options::default() }, &settings)?;
    }
}

proptest! {
    #![proptest_config(config(60, 800))]

    /// A field's limit is a limit whatever chunk its bytes arrive in. The excerpt alone may differ: it ends where reading
    /// stopped.
    #[test]
    fn limits_of_fields(Text(text) in soup(), limit in 1u64..12, settings in prop::collection::vec(any_setting(), 4)) {
        let (input, options) = (Input::new(text), Options { max_field_bytes: limit, ..plain() });
        let expected = Outcome::expected(answer(input.text(), &options));
        for setting in [Setting::SERIAL].into_iter().chain(settings) {
            prop_assert_eq!(&setting.read(&input, &options).answer, &expected, "{:?}", setting);
        }
    }

    /// The rejects table holds all rejects, in order.
    #[test]
    fn rejects(Text(text) in soup(), choices in choices(), setting in any_setting()) {
        let input = Input::new(text);
        let table = input.path("rejects.jsonl");
        let options = Options { rejects: Some(table.clone()), ..choices.rejecting().options() };
        let Answer::Table(expected) = answer(input.text(), &options) else { return Ok(()) };
        setting.reader(&input, &options).collect().unwrap();
        let lines = std::fs::read_to_string(table).unwrap();
        let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(lines.len(), expected.rejects.len());
        for (line, reject) in lines.iter().zip(&expected.rejects) {
            prop_assert_eq!(line["line"].as_u64(), Some(reject.line));
            prop_assert_eq!(line["byte_offset"].as_u64(), Some(reject.byte_offset));
            prop_assert_eq!(line["byte_length"].as_u64(), Some(reject.byte_length));
            prop_assert_eq!(line["record"].as_u64(), Some(reject.record));
            prop_assert_eq!(line["column"].as_str(), reject.column.as_deref());
            prop_assert_eq!(line["code"].as_str(), Some(reject.code.as_str()));
            prop_assert_eq!(line["text"].as_str(), Some(reject.text.as_str()));
        }
    }

    /// What hands rows out piece by piece hands out the same rows; what only counts counts them.
    #[test]
    fn batches_schema_and_count(Text(text) in records(), choices in choices(), setting in any_setting()) {
        let (input, options) = (Input::new(text), choices.options());
        let reader = || setting.reader(&input, &options);
        let Answer::Table(expected) = answer(input.text(), &options) else { return Ok(()) };
        let batches = reader().batches().unwrap();
        let schema = batches.schema().clone();
        let batches = batches.collect::<ingest::Result<Vec<_>>>().unwrap();
        prop_assert_eq!(columns_of_batches(&schema, &batches), expected.columns.clone());
        let told = |report: Report| report.columns.into_iter().map(|column| (column.name, column.data_type, column.nulls));
        let known = |column: &Column| (column.name.clone(), column.data_type.clone(), column.nulls());
        let expected_columns: Vec<_> = expected.columns.iter().map(known).collect();
        prop_assert_eq!(told(reader().schema().unwrap()).collect::<Vec<_>>(), expected_columns);
        // Records count whatever their number of fields; a limit is one of records then.
        let structural =
            Options { types: Vec::new(), infer: Infer::None, ragged: Some(Ragged::Truncate), ..options.clone() };
        if let Answer::Table(lines) = answer(input.text(), &structural) {
            prop_assert_eq!(setting.reader(&input, &structural).count().unwrap(), lines.rows_in);
        }
    }
}

/// Which of two flaws of one record is told does not depend on how much of it is there when the first shows.
#[test]
fn a_field_beyond_its_limit_before_invalid_bytes() {
    let text = include_bytes!("../../../../testdata/regressions/a_field_beyond_its_limit_before_invalid_bytes.csv");
    let (input, options) = (Input::new(text), Options { max_field_bytes: 1, ..plain() });
    let expected = Outcome::expected(answer(text, &options));
    for number in 0..60 {
        let setting = Setting::numbered(number, 1 + number / 2);
        assert_eq!(setting.read(&input, &options).answer, expected, "{setting:?}");
    }
}

/// Every chunk size from one byte on, for the inputs that are known to be hard: each size in another setting, or, where the
/// tests are heavy, in every one.
#[test]
fn handmade_inputs_in_chunks_of_every_size() {
    let mut number = 0;
    for case in handmade::cases() {
        let text = &case.text;
        let sizes = 1..=(text.len() + 1).min(257);
        let settings: Vec<_> = if is_heavy() {
            sizes.flat_map(Setting::all).collect()
        } else {
            let setting = |chunk_bytes| {
                number += 1;
                Setting::numbered(number, chunk_bytes)
            };
            sizes.step_by(2).map(setting).collect()
        };
        if let Err(difference) = check(text, &case.options, &settings) {
            panic!("{}: {difference}\ntext: {:?}", case.name, String::from_utf8_lossy(text));
        }
    }
}

/// What is no record is told and left out, and a header of several rows makes one name a column, in every setting.
#[test]
fn remarks_and_rows_of_names() {
    let text = "Sales of 2020\n\n# by region\n,North,North,South\nmonth,units,sum,units\n1,2,3.5,4\n# checked\n2,3,4.5,5\n3,4,5.5,6\n";
    let input = Input::new(text);
    for setting in
        (1..40).step_by(3).flat_map(|number| [Setting::numbered(number, number), Setting::numbered(number, 1 << 20)])
    {
        let (frame, report) = setting.reader(&input, &Options::default()).collect_with_report().unwrap();
        let columns = columns_of(&frame);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["month", "North units", "North sum", "South units"], "{setting:?}");
        let types: Vec<&str> = columns.iter().map(|column| column.data_type.as_str()).collect();
        assert_eq!(types, ["int64", "int64", "float64", "int64"], "{setting:?}");
        assert_eq!((report.rows_in, report.rows_out), (3, 3), "{setting:?}");
        let tells = |word: &str| report.notes.iter().any(|note| note.contains(word));
        assert!(tells("--skip 0") && tells("--comment none") && tells("--header yes"), "{:?}", report.notes);
    }
}

/// What the handmade inputs are for: they must meet every kind of flaw, and no flaw.
#[test]
fn handmade_inputs_reach_every_answer() {
    let mut codes: Vec<Option<Code>> = Vec::new();
    for case in handmade::cases() {
        codes.push(match answer(&case.text, &case.options) {
            Answer::Table(_) => None,
            Answer::Failure { code, .. } => Some(code),
        });
    }
    let wanted =
        [Code::Ragged, Code::TextAfterQuote, Code::BadValue, Code::UnclosedQuote, Code::StrayQuote, Code::InvalidUtf8];
    for code in wanted.map(Some).into_iter().chain([None]) {
        assert!(codes.contains(&code), "{code:?} is never met");
    }
}

/// Shapes of a few hundred kilobytes: chunk edges fall everywhere, batches and widenings meet.
#[test]
fn shapes_in_many_settings() {
    for (number, shape) in Shape::ALL.into_iter().filter(|shape| shape.is_delimited()).enumerate() {
        let mut text = Vec::new();
        generate(shape, scaled(60_000, 2_000_000), 7, &mut text).unwrap();
        let options = Options { ragged: Some(Ragged::Reject), ..Options::default() };
        let settings: Vec<_> = [61, 4096, 33_333]
            .into_iter()
            .enumerate()
            .map(|(step, chunk_bytes)| Setting::numbered(3 * number + step, chunk_bytes))
            .collect();
        if let Err(difference) = check(&text, &options, &settings) {
            panic!("{shape}: {}", difference.to_string().chars().take(2000).collect::<String>());
        }
    }
}

/// A table of numbers but for one field in the eighth column.
fn wide_table(width: usize, height: usize, odd_row: usize) -> String {
    let field = |row: usize, column: usize| {
        if (row, column) == (odd_row, 7) { "x".into() } else { (row * column).to_string() }
    };
    let names = (0..width).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    let rows = (0..height).map(|row| (0..width).map(|column| field(row, column)).collect::<Vec<_>>().join(","));
    std::iter::once(names).chain(rows).collect::<Vec<_>>().join("\n")
}

/// Batches of a wide table are as large as it takes to hold many rows: a surprise comes in the second of a chunk.
#[test]
fn wide_rows_in_many_settings() {
    let text = wide_table(2_000, 160, 100);
    let settings: Vec<_> = [1 << 20, 300_000, 7_001]
        .into_iter()
        .flat_map(|chunk_bytes| [1, 2, 3].map(|number| Setting::numbered(number, chunk_bytes)))
        .collect();
    if let Err(difference) = check(text.as_bytes(), &plain(), &settings) {
        panic!("{}", difference.to_string().chars().take(2000).collect::<String>());
    }
}

/// A few megabytes, so that there are several row groups; a type that only the last row settles among them.
#[test]
fn parquet_files_are_equal_byte_for_byte() {
    let sets = [EncodingSet::Compatible, EncodingSet::Modern];
    let shapes = [Shape::Taxi, Shape::LateSurprise, Shape::Text, Shape::Ndjson];
    for (shape, encoding_set) in shapes.into_iter().flat_map(|shape| sets.map(|set| (shape, set))) {
        let mut text = Vec::new();
        let expected = generate(shape, scaled(3_500_000, 20_000_000), 5, &mut text).unwrap();
        let input = Input::new(text);
        let bloom = expected.columns.into_iter().map(|column| column.name).collect();
        let groups = WriteOptions { row_group_bytes: Some(1), overwrite: true, ..WriteOptions::default() };
        let write = WriteOptions { encoding_set, bloom, ..groups };
        let file = |setting: &Setting| parquet_file(setting, &input, &write);
        let stream = |setting: &Setting| {
            let mut out = Vec::new();
            setting.reader(&input, &Options::default()).write_to(&mut out, Format::Parquet, &write).unwrap();
            out
        };
        let (first_file, first_stream) = (file(&Setting::SERIAL), stream(&Setting::SERIAL));
        for (number, chunk_bytes) in [3_001, 100_000, 1 << 20, 5 << 20].into_iter().enumerate() {
            let setting = Setting::numbered(number + 1, chunk_bytes);
            assert!(file(&setting) == first_file, "{shape}, {encoding_set}: another file with {setting:?}");
            assert!(stream(&setting) == first_stream, "{shape}, {encoding_set}: another stream with {setting:?}");
        }
    }
}

/// Chunks of so wide a table may be larger, and its row groups end elsewhere.
#[test]
fn parquet_files_of_wide_tables_are_equal_byte_for_byte() {
    let input = Input::new(wide_table(4_100, 300, 290).into_bytes());
    let write = WriteOptions { row_group_bytes: Some(1), overwrite: true, ..WriteOptions::default() };
    let first = parquet_file(&Setting::SERIAL, &input, &write);
    for (number, chunk_bytes) in [1 << 20, 3_000_001, 5 << 20].into_iter().enumerate() {
        let setting = Setting::numbered(number + 1, chunk_bytes);
        assert!(parquet_file(&setting, &input, &write) == first, "another file with {setting:?}");
    }
}

fn parquet_file(setting: &Setting, input: &Input, write: &WriteOptions) -> Vec<u8> {
    let path = input.path("out.parquet");
    setting.reader(input, &Options::default()).write(&path, write).unwrap();
    std::fs::read(path).unwrap()
}

/// Several files are one table; types and errors are those of all of them in order.
#[test]
fn several_files_in_every_setting() {
    let folder = tempfile::tempdir().unwrap();
    let texts = ["a,b\n1,x\n2,\"y\ny\"\n", "a,b\n", "a,b\r\n3.5,\r\n", "a,b\n4,z"];
    for (number, text) in texts.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.csv")), text).unwrap();
    }
    let joined = answer(b"a,b\n1,x\n2,\"y\ny\"\n3.5,\n4,z\n", &plain());
    let Answer::Table(expected) = joined else { panic!("a table") };
    for number in 0..60 {
        let setting = Setting { supply: Supply::Pread, ..Setting::numbered(number, 1 + number) };
        let pattern = folder.path().join("*.csv").display().to_string();
        let frame = read(pattern).unwrap().options(setting.options(&plain())).collect().unwrap();
        assert_eq!(columns_of(&frame), expected.columns, "{setting:?}");
    }
}
