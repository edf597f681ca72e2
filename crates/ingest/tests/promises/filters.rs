//! Conditions on rows: those that are left are the rows of the whole table for which the condition is true.

use std::fmt::Write as _;

use ingest::{Code, DataType, Filter, Format, Infer, OnError, Options, Ragged, WriteOptions, read};
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::plain;
use crate::settings::{Input, Setting, any_setting};
use crate::tables::{Column, columns_of};

/// What a row of the tables here holds.
#[derive(Clone, Debug)]
struct Row {
    id: i64,
    cents: Option<i64>,
    name: Option<String>,
    /// Of a month of 2024.
    day: Option<u8>,
    flag: Option<bool>,
}

fn any_row() -> impl Strategy<Value = Row> {
    let name = prop::sample::select(vec!["Rom", "Wien", "a \"b\"", "line\nend", "größe", "R", "100%"]);
    (
        -5i64..30,
        prop::option::weighted(0.8, -500i64..3000),
        prop::option::weighted(0.8, name.prop_map(str::to_owned)),
        prop::option::weighted(0.8, 1u8..=28),
        prop::option::weighted(0.8, any::<bool>()),
    )
        .prop_map(|(id, cents, name, day, flag)| Row { id, cents, name, day, flag })
}

const HEADER: &str = "id,price,name,day,at,flag\n";

fn csv_of(rows: &[Row]) -> String {
    let mut text = HEADER.to_owned();
    for Row { id, cents, name, day, flag } in rows {
        let price = cents.map_or(String::new(), |cents| format!("{:.2}", cents as f64 / 100.0));
        let name = name.as_ref().map_or(String::new(), |name| format!("\"{}\"", name.replace('"', "\"\"")));
        let day = day.map_or(String::new(), |day| format!("2024-02-{day:02}"));
        let at = if day.is_empty() { String::new() } else { format!("{day}T12:00:00") };
        let flag = flag.map_or(String::new(), |flag| flag.to_string());
        writeln!(text, "{id},{price},{name},{day},{at},{flag}").unwrap();
    }
    text
}

type Meaning = fn(&Row) -> Option<bool>;

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    if left == Some(false) || right == Some(false) { Some(false) } else { Some(left? && right?) }
}

fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    and(left.map(|left| !left), right.map(|right| !right)).map(|both| !both)
}

/// Conditions, and what they mean.
const CONDITIONS: [(&str, Meaning); 27] = [
    ("id > 3", |row| Some(row.id > 3)),
    ("3 >= id", |row| Some(row.id <= 3)),
    ("id = 3.0", |row| Some(row.id == 3)),
    ("id > 3.5", |row| Some(row.id > 3)),
    ("id >= -3.5", |row| Some(row.id >= -3)),
    ("id <= -1.5", |row| Some(row.id <= -2)),
    ("id != 3.5", |_| Some(true)),
    ("id < 1e300", |_| Some(true)),
    ("id in (1, 2.5, 7)", |row| Some(row.id == 1 || row.id == 7)),
    ("id not between 2 and 10", |row| Some(!(2..=10).contains(&row.id))),
    ("price > 10.25", |row| Some(row.cents? > 1025)),
    ("price = 7", |row| Some(row.cents? == 700)),
    ("price not in (1.5, 2.75)", |row| Some(!matches!(row.cents?, 150 | 275))),
    ("name = 'Rom'", |row| Some(row.name.as_deref()? == "Rom")),
    ("name <> 'a \"b\"'", |row| Some(row.name.as_deref()? != "a \"b\"")),
    ("name >= 'S'", |row| Some(row.name.as_deref()? >= "S")),
    ("name like 'R%'", |row| Some(row.name.as_deref()?.starts_with('R'))),
    ("name like '_r%e' or name like '%\n%'", |row| Some(matches!(row.name.as_deref()?, "größe" | "line\nend"))),
    ("name is null", |row| Some(row.name.is_none())),
    ("not (name is null or price is not null)", |row| Some(row.name.is_some() && row.cents.is_none())),
    ("day > '2024-02-10'", |row| Some(row.day? > 10)),
    ("at >= '2024-02-10'", |row| Some(row.day? >= 10)),
    ("at between '2024-02-05 12:00:00' and '2024-02-09 11:59:59.5'", |row| Some((5..9).contains(&row.day?))),
    ("flag", |row| row.flag),
    ("not flag and price > 1", |row| and(row.flag.map(|flag| !flag), row.cents.map(|cents| cents > 100))),
    ("flag = true or \"price\" < 0 OR id = 9", |row| {
        or(or(row.flag, row.cents.map(|cents| cents < 0)), Some(row.id == 9))
    }),
    ("id < price", |row| Some(row.id * 100 < row.cents?)),
];

fn filter(condition: &str) -> Filter {
    condition.parse().unwrap()
}

/// The columns with some of their rows.
fn picked(columns: &[Column], kept: &[usize]) -> Vec<Column> {
    let pick = |column: &Column| Column {
        values: kept.iter().map(|&row| column.values[row].clone()).collect(),
        ..column.clone()
    };
    columns.iter().map(pick).collect()
}

fn kept(rows: &[Row], meaning: Meaning) -> Vec<usize> {
    (0..rows.len()).filter(|&row| meaning(&rows[row]) == Some(true)).collect()
}

/// The types of the rows that are left out count, and files that are written hold the others alone.
/// A condition is asked before other columns are looked at, but not of records whose value for it is bad.
#[test]
fn every_bad_value_of_a_record_is_told_beside_a_condition() {
    let text =
        include_bytes!("../../../../testdata/regressions/every_bad_value_of_a_record_is_told_beside_a_condition.csv");
    let schema = ingest::parse_schema("a:int64,b:int64,c:int64").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let stored = folder.path().join("t.parquet");
    let plain = Options { infer: Infer::None, ..Options::default() };
    read(text.to_vec()).unwrap().options(plain).write_parquet(&stored).unwrap();
    let jsonl = b"{\"a\":1,\"b\":2,\"c\":3}\n{\"a\":\"x\",\"b\":\"y\",\"c\":\"z\"}\n{\"a\":9,\"b\":\"q\",\"c\":1}\n{\"a\":2,\"b\":\"y\",\"c\":4}\n";
    for text in [text.to_vec(), jsonl.to_vec(), std::fs::read(stored).unwrap()] {
        let validate = |on_error| {
            let options = Options { schema: Some(schema.clone()), on_error, ..Options::default() };
            read(text.clone()).unwrap().options(options).filter("a < 5 and c > 0").unwrap().validate()
        };
        let reasons =
            ["cannot read \"x\" as int64", "column 3 (c): cannot read \"z\"", "column 2 (b): cannot read \"y\""];
        let error = validate(OnError::Fail).unwrap_err();
        assert!(reasons.iter().all(|reason| error.message().contains(reason)), "{error}");
        assert_eq!(error.message().matches("cannot read").count(), 3, "{error}");
        let report = validate(OnError::Reject).unwrap();
        let errors: Vec<_> = report.columns.iter().map(|column| column.errors).collect();
        assert_eq!((report.rows_out, report.rejected, report.filtered, errors), (1, 2, 1, vec![1, 2, 1]));
        let reason = &report.first_rejects[0].reason;
        assert!(reasons.iter().all(|told| reason.contains(told)), "{reason}");
    }
}

#[test]
fn leave_out_first_rows_of_any_output() {
    let mut text = "a,b\n".to_owned();
    (0..9000).for_each(|row| writeln!(text, "{row},x{}", row % 7).unwrap());
    let input = Input::new(text.replacen("a,b\n0,", "a,b\n0.5,", 1));
    for offset in [1, 4000, 8999, 9000, 9001] {
        let options = |offset| Options { offset, chunk_bytes: Some(7000), threads: Some(3), ..plain() };
        let whole = columns_of(&Setting::SERIAL.reader(&input, &options(0)).collect().unwrap());
        let rest: Vec<usize> = (offset.min(9000)..9000).collect();
        let small = WriteOptions { row_group_bytes: Some(1), overwrite: true, ..WriteOptions::default() };
        for name in ["rest.parquet", "rest.arrow"] {
            let path = input.path(name);
            let reader = read(input.path("data.csv")).unwrap().options(options(offset as u64));
            let report = reader.write(&path, &small).unwrap();
            assert_eq!((report.rows_out, report.filtered), (rest.len() as u64, 9000 - rest.len() as u64));
            assert_eq!(columns_of(&read(path).unwrap().collect().unwrap()), picked(&whole, &rest), "{name} {offset}");
        }
        let head = Setting::SERIAL.reader(&input, &options(offset as u64)).head(1).unwrap();
        assert_eq!(head.rows.len(), rest.len().min(1));
    }
}

/// Rows of every kind, so that types are what the conditions take them for.
fn full(mut rows: Vec<Row>) -> Vec<Row> {
    rows.push(Row { id: 4, cents: Some(150), name: Some("Rom".to_owned()), day: Some(3), flag: Some(true) });
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::scaled(60, 1000)))]

    #[test]
    fn are_as_the_whole_table_says(
        rows in prop::collection::vec(any_row(), 0..60),
        condition in prop::sample::select(CONDITIONS.to_vec()),
        setting in any_setting(),
        offset in 0usize..12,
    ) {
        let rows = full(rows);
        let (text, meaning) = condition;
        let kept = kept(&rows, meaning);
        let input = Input::new(csv_of(&rows));
        let whole = columns_of(&Setting::SERIAL.reader(&input, &plain()).collect().unwrap());
        let options = Options { filter: Some(filter(text)), ..plain() };
        let (frame, report) = setting.reader(&input, &options).collect_with_report().unwrap();
        prop_assert_eq!(columns_of(&frame), picked(&whole, &kept), "{}", text);
        prop_assert_eq!((report.rows_in, report.rows_out), (rows.len() as u64, kept.len() as u64));
        prop_assert_eq!((report.filtered, report.rejected), ((rows.len() - kept.len()) as u64, 0));
        prop_assert_eq!(setting.reader(&input, &options).count().unwrap(), kept.len() as u64);
        // A limit is one on the rows that are left; the others before the last of them count as read.
        let limit = 3;
        let limited = Options { limit: Some(limit), ..options };
        let (frame, report) = setting.reader(&input, &limited).collect_with_report().unwrap();
        let first = &kept[..kept.len().min(limit as usize)];
        prop_assert_eq!(columns_of(&frame), picked(&whole, first), "{}", text);
        prop_assert_eq!(report.rows_in, report.rows_out + report.filtered);
        if kept.len() >= limit as usize {
            prop_assert_eq!(report.rows_in, kept[limit as usize - 1] as u64 + 1);
        }
        // So is an offset; what it leaves out counts as filtered.
        for (filter, kept) in [(limited.filter.clone(), &kept), (None, &(0..rows.len()).collect::<Vec<_>>())] {
            let rest = &kept[offset.min(kept.len())..];
            let later = Options { offset: offset as u64, limit: None, filter, ..limited.clone() };
            let (frame, report) = setting.reader(&input, &later).collect_with_report().unwrap();
            prop_assert_eq!(columns_of(&frame), picked(&whole, rest), "{} from {}", text, offset);
            prop_assert_eq!((report.rows_in, report.rows_out), (rows.len() as u64, rest.len() as u64));
            prop_assert_eq!(report.filtered, (rows.len() - rest.len()) as u64);
            prop_assert_eq!(setting.reader(&input, &later).count().unwrap(), rest.len() as u64);
            let page = Options { limit: Some(limit), row_number: Some("row".to_owned()), ..later };
            let frame = setting.reader(&input, &page).collect().unwrap();
            let (columns, page) = (columns_of(&frame), &rest[..rest.len().min(limit as usize)]);
            let texts = |columns: &[Column]| columns.iter().map(|column| column.values.len()).collect::<Vec<_>>();
            prop_assert_eq!(texts(&columns), vec![page.len(); 7]);
            prop_assert_eq!(&columns[0].values, &picked(&whole, page)[0].values);
        }
    }
}

/// The same rows as JSON lines, Parquet and Arrow, and into each of them.
#[test]
fn hold_for_every_format() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let rows = prop::collection::vec(any_row(), 300).new_tree(&mut runner).unwrap().current();
    let rows = full(rows);
    let input = Input::new(csv_of(&rows));
    let all = |options: Options| Setting::SERIAL.reader(&input, &options);
    let small = WriteOptions { row_group_bytes: Some(1), overwrite: true, ..WriteOptions::default() };
    for (text, meaning) in CONDITIONS {
        let kept = kept(&rows, meaning);
        let options = Options { filter: Some(filter(text)), ..Options::default() };
        for name in ["all.jsonl", "all.parquet", "all.arrow"] {
            let stored = input.path(name);
            all(plain()).write(&stored, &small).unwrap();
            let whole = columns_of(&read(stored.clone()).unwrap().collect().unwrap());
            let reader = |options: &Options| read(stored.clone()).unwrap().options(options.clone());
            assert_eq!(columns_of(&reader(&options).collect().unwrap()), picked(&whole, &kept), "{name}: {text}");
            assert_eq!(reader(&options).count().unwrap(), kept.len() as u64, "{name}: {text}");
            let page = Options { offset: 1, limit: Some(2), columns: Some(vec!["flag".to_owned()]), ..options.clone() };
            let (frame, report) = reader(&page).collect_with_report().unwrap();
            assert_eq!(
                columns_of(&frame),
                picked(&whole[5..], &kept[kept.len().min(1)..kept.len().min(3)]),
                "{name}: {text}"
            );
            assert_eq!(report.rows_in, report.rows_out + report.filtered);
        }
        let whole = columns_of(&all(plain()).collect().unwrap());
        for name in ["left.parquet", "left.arrow"] {
            let left = input.path(name);
            let report = all(Options { filter: Some(filter(text)), ..plain() }).write(&left, &small).unwrap();
            assert_eq!((report.rows_out, report.filtered), (kept.len() as u64, (rows.len() - kept.len()) as u64));
            assert_eq!(columns_of(&read(left).unwrap().collect().unwrap()), picked(&whole, &kept), "{name}: {text}");
        }
        let left = rows.iter().enumerate().filter(|(row, _)| kept.contains(row)).map(|(_, row)| row.clone());
        let mut csv = Vec::new();
        all(Options { filter: Some(filter(text)), ..plain() })
            .write_to(&mut csv, Format::Csv, &WriteOptions::default())
            .unwrap();
        let expected = csv_of(&left.collect::<Vec<_>>());
        // Quotes stand where they are needed alone.
        let plainly = ["Rom", "Wien", "größe", "R", "100%"];
        let expected = plainly.iter().fold(expected, |text, name| text.replace(&format!("\"{name}\""), name));
        assert_eq!(String::from_utf8(csv).unwrap(), expected, "{text}");
    }
}

/// What the rows that are not wanted hold decides the types, and nothing else.
#[test]
fn leave_the_types_of_all_rows() {
    let input = Input::new("a,b\n1,1\n2,x\n3,2.5\nz,4\n");
    for number in 0..12 {
        let setting = Setting::numbered(number, 1 + number);
        let read = |condition: &str| {
            let options = Options { filter: Some(filter(condition)), columns: Some(vec!["b".to_owned()]), ..plain() };
            columns_of(&setting.reader(&input, &options).collect().unwrap())
        };
        let columns = read("a = '1' or a = 'z'");
        assert_eq!((columns[0].data_type.as_str(), columns[0].values.len()), ("utf8", 2), "{setting:?}");
        assert!(read("a = 'none'")[0].values.is_empty());
    }
}

/// A key of the last record, another order of keys, and one that no record has.
#[test]
fn know_late_keys() {
    let json: String = (0..3000).map(|row| format!("{{\"n\":{row}}}\n")).collect::<String>() + "{\"late\":1,\"n\":7}\n";
    let input = Input::new(json);
    for number in 0..6 {
        let setting = Setting::numbered(number, 1000);
        let options = |condition: &str| Options { filter: Some(filter(condition)), ..Options::default() };
        let rows = |options: &Options| setting.reader(&input, options).collect().map(|frame| frame.num_rows());
        assert_eq!(rows(&options("late = 1 or n < 2")).unwrap(), 3);
        assert_eq!(rows(&Options { columns: Some(vec!["n".to_owned()]), ..options("late is null") }).unwrap(), 3000);
        assert_eq!(setting.reader(&input, &options("late is not null")).count().unwrap(), 1);
        let mut csv = Vec::new();
        let reader = setting.reader(&input, &options("late > 0"));
        reader.write_to(&mut csv, Format::Csv, &WriteOptions::default()).unwrap();
        assert_eq!(String::from_utf8(csv).unwrap(), "n,late\n7,1\n");
        assert_eq!(rows(&options("later = 1")).unwrap_err().code(), Code::NotFound);
    }
}

/// Records that cannot be read count as rejected or fail, whatever the condition; values of wanted rows alone are looked at.
#[test]
fn keep_account_of_bad_records() {
    let input = Input::new("k,v\n1,1\n2\n3,x\nq,5\n5,6\n");
    let typed = |on_error| Options {
        on_error,
        ragged: Some(Ragged::Reject),
        types: vec![("k".to_owned(), DataType::Int64), ("v".to_owned(), DataType::Int64)],
        filter: Some(filter("k >= 3")),
        ..plain()
    };
    for number in 0..12 {
        let setting = Setting::numbered(number, 1 + number);
        let report =
            |options: &Options| setting.reader(&input, options).collect_with_report().map(|(_, report)| report);
        let rejecting = report(&typed(OnError::Reject)).unwrap();
        assert_eq!((rejecting.rows_in, rejecting.rows_out, rejecting.rejected, rejecting.filtered), (5, 1, 3, 1));
        let nulling = report(&typed(OnError::Null)).unwrap();
        assert_eq!((nulling.rows_in, nulling.rows_out, nulling.rejected, nulling.filtered), (5, 2, 1, 2));
        assert_eq!(nulling.columns[1].errors, 1);
        let error = report(&Options { filter: Some(filter("k = 1 or k = 5")), ..typed(OnError::Fail) }).unwrap_err();
        assert_eq!((error.code(), error.position().unwrap().record), (Code::BadValue, 4));
    }
}

#[test]
fn that_make_no_sense_say_so() {
    let fails = |condition: &str| {
        let table = b"n,t,d,f\n1,x,2024-01-01,true\n".to_vec();
        read(table).unwrap().filter(condition).and_then(ingest::Reader::collect).unwrap_err()
    };
    for (condition, told) in [
        ("n > 'x'", "the column \"n\" is int64; it is compared with a number, without quotes, not with 'x'"),
        ("t > 3", "the column \"t\" is utf8; it is compared with a text, in single quotes, not with 3"),
        ("d > '2024-02-30'", "compared with a day, as '2020-12-31', not with '2024-02-30'"),
        ("f > true", "true and false have no order; = and <> compare them"),
        ("n", "the column \"n\" is int64; it is no condition by itself"),
        ("n like 'x'", "like looks into texts alone"),
        ("n = t", "it is not compared with \"t\", which is utf8"),
        ("x = 1", "--where: there is no column \"x\""),
        ("n = ", "the condition ends where a column or a value is expected"),
    ] {
        let error = fails(condition);
        assert!(error.render().contains(told), "{condition}: {}", error.render());
        assert_eq!(error.code(), if condition == "x = 1" { Code::NotFound } else { Code::Usage });
    }
}

/// A Parquet file of many row groups, each with rows of one `id` or two.
fn grouped(input: &Input, rows: &mut [Row]) -> std::path::PathBuf {
    rows.sort_by_key(|row| row.id);
    let names = rows.chunks(9).enumerate().map(|(number, rows)| {
        let path = input.path(&format!("part{number:03}.csv"));
        std::fs::write(&path, csv_of(rows)).unwrap();
        path.display().to_string()
    });
    let stored = input.path("grouped.parquet");
    let small = WriteOptions { row_group_bytes: Some(1), ..WriteOptions::default() };
    read(names.collect::<Vec<_>>()).unwrap().options(plain()).write(&stored, &small).unwrap();
    stored
}

/// Row groups that cannot hold a wanted row are passed over, and the answer is the same.
#[test]
fn pass_over_row_groups() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut rows = full(prop::collection::vec(any_row(), 300).new_tree(&mut runner).unwrap().current());
    let input = Input::new("");
    let stored = grouped(&input, &mut rows);
    let whole = columns_of(&read(stored.clone()).unwrap().collect().unwrap());
    for threads in [1, 3] {
        for (text, meaning) in CONDITIONS {
            let kept = kept(&rows, meaning);
            let options = Options { filter: Some(filter(text)), threads: Some(threads), ..Options::default() };
            let (frame, report) = read(stored.clone()).unwrap().options(options).collect_with_report().unwrap();
            assert_eq!(columns_of(&frame), picked(&whole, &kept), "{text}");
            let filtered = (rows.len() - kept.len()) as u64;
            assert_eq!(
                (report.rows_in, report.rows_out, report.filtered),
                (rows.len() as u64, kept.len() as u64, filtered)
            );
        }
    }
    // What is passed over is not read: it may be damaged.
    let file = SerializedFileReader::new(std::fs::File::open(&stored).unwrap()).unwrap();
    let mut bytes = std::fs::read(&stored).unwrap();
    let groups = file.metadata().row_groups();
    assert!(groups.len() > 20);
    for group in &groups[2..] {
        let (start, length) = group.column(0).byte_range();
        bytes[start as usize..(start + length) as usize].fill(0xff);
    }
    let read = |condition: &str| read(bytes.clone()).unwrap().filter(condition).unwrap().collect();
    assert!(read("id > -100").is_err());
    let first = rows[0].id;
    let count = rows.iter().filter(|row| row.id == first).count();
    assert_eq!(read(&format!("id = {first}")).unwrap().num_rows(), count);
    assert_eq!(read("id > 100 or name is null and name is not null and id < -100").unwrap().num_rows(), 0);
}
