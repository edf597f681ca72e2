//! A table may end before its source: remarks and further tables behind it are left out and told. What could be a part of it
//! is an error, as ever.

use ingest::{Code, Encoding, Format, OnError, Options, Ragged, Sources, WriteOptions, read};
use proptest::prelude::*;

use crate::settings::{Input, Outcome, Setting, any_setting};
use crate::tables::columns_of;
use crate::{plain, scaled};

/// Nothing but the end of the table is left to be told.
fn asked() -> Options {
    Options { ragged: None, ..plain() }
}

const TABLE: &str = "id,name,price\n1,one,1.5\n2,two,2.5\n3,three,3.5\n";

/// What stands behind [`TABLE`], and what is told of it.
const BEHIND: [(&str, &str); 15] = [
    ("\n(3 rows)\n", "line 6 is no part of the table"),
    ("\nTotal\n", "line 6 is no part of the table"),
    ("\n\n\nTotal\n\nSource: the office", "ends before line 8"),
    ("\nNote: prices in EUR, rounded\n", "line 6 is no part"),
    ("\nall prices, names and ids, as of today, are wrong\n", "line 6 is no part"),
    ("(3 rows)\n", "line 5 is no part"),
    ("\x1a", "line 5 is no part"),
    ("   \n", "line 5 is no part"),
    (" \r\n\x1a", "ends before line 5"),
    ("\nid,qty\n1,5\n2,6\n", "another table begins in line 6 and is left out; --skip 5 reads it"),
    ("\nPayments\nkind,sum\ncash,5\n", "another table begins in line 7 and is left out; --skip 6 reads it"),
    (
        "\nPayments\n\nkind,sum\ncash,5\n\nwho,where,when,why\na,b,1,d\n",
        "other tables begin in lines 8, 11 and are left out; --skip 7 reads the first of them",
    ),
    ("\nPayments\nid,name,price\n1,one,7\n", "another table begins in line 7"),
    ("\na,b,c,d\n1,2,3,\"4\n5\"\n\n\nx,y\n1,2\n(1 row)\n", "another table begins in line 6"),
    ("\n총계\n", "line 6 is no part"),
];

/// What is no end of [`TABLE`].
const WITHIN: [&str; 18] = [
    "\n4\n",
    "\n4,four\n",
    "4\n",
    "fou",
    "2024-01-01T0",
    "End of report",
    "\nTotal\n4,four,4.5\n",
    "\n4,four\n5,five\n",
    "\n4,four\n5,five,5.5\n",
    "id,qty\n1,5\n",
    "\nTotal,6\n",
    "\nTotal,,,\n",
    "\nx,y,\n1,2\n",
    "\ntrue\n",
    "\"\n\"",
    // Nothing but text: nobody can tell names.
    "\nfirst,last\nAda,Lovelace\nAlan,Turing\n",
    // The table goes on.
    "\nid,qty\n1,5\n\n4,four,4.5\n",
    "\nid,qty\n1,5\n4,four,4.5\n",
];

fn columns(text: &str, options: &Options) -> Vec<crate::tables::Column> {
    columns_of(&read(text.as_bytes().to_vec()).unwrap().options(options.clone()).collect().unwrap())
}

#[test]
fn what_stands_behind_a_table_is_left_out() {
    for (number, (behind, told)) in BEHIND.into_iter().enumerate() {
        for newline in ["\n", "\r\n", "\r"] {
            let text = format!("{TABLE}{behind}").replace('\n', newline);
            let input = Input::new(text.as_bytes());
            for chunk_bytes in [1, 7, 40, 1 << 20] {
                let setting = Setting::numbered(number + chunk_bytes, chunk_bytes);
                for options in [asked(), Options::default()] {
                    let (frame, report) = setting.reader(&input, &options).collect_with_report().unwrap();
                    assert_eq!(columns_of(&frame), columns(TABLE, &asked()), "{text:?} {setting:?}");
                    assert!(report.notes.iter().any(|note| note.contains(told)), "{text:?}: {:?}", report.notes);
                    assert_eq!(report.rows_in, 3);
                }
            }
        }
        for ragged in [Ragged::Fail, Ragged::Reject] {
            let options = Options { ragged: Some(ragged), ..asked() };
            let result = read(format!("{TABLE}{behind}").into_bytes()).unwrap().options(options).collect_with_report();
            match ragged {
                Ragged::Fail => assert_eq!(result.unwrap_err().code(), Code::Ragged, "{behind:?}"),
                _ => assert!(result.unwrap().1.rejected > 0, "{behind:?}"),
            }
        }
    }
}

/// Whatever stands in a record of the table's width, it is one of the table.
#[test]
fn records_of_the_tables_width_are_read() {
    for text in [
        "id,name,when\n1,one,5\n\nid,name,when\n4,four,2020-01-02\n",
        include_str!("../../../../testdata/regressions/records_of_the_tables_width_are_read.csv"),
    ] {
        let (frame, report) = read(text.as_bytes().to_vec()).unwrap().collect_with_report().unwrap();
        assert_eq!((frame.num_rows(), report.notes.len()), (3, 0), "{text}");
    }
    let schema =
        |text: &str| Some(text.split(',').map(|name| (name.to_owned(), ingest::DataType::Utf8).into()).collect());
    let options = Options { schema: schema("id,name,price"), ..asked() };
    let checked = read(format!("{TABLE}\nTotal\n").into_bytes()).unwrap().options(options).validate();
    assert_eq!(checked.unwrap_err().code(), Code::Ragged, "a check leaves nothing out");
}

/// A record as long as what is looked at of the table above is no blank line.
#[test]
fn long_records_set_nothing_apart() {
    let text = include_bytes!("../../../../testdata/regressions/long_records_set_nothing_apart.csv");
    assert_eq!(read(text.to_vec()).unwrap().options(asked()).collect().unwrap_err().code(), Code::Ragged);
    for length in 4080..4100 {
        let long = format!("1,{},2\n", "x".repeat(length));
        for behind in ["Total: 5\n", "a,b\nx,1\n"] {
            let text = format!("id,name,price\n{long}{behind}");
            assert_eq!(read(text.into_bytes()).unwrap().options(asked()).collect().unwrap_err().code(), Code::Ragged);
        }
        let text = format!("id,name,price\n{long}\nTotal: 5\n");
        assert_eq!(read(text.into_bytes()).unwrap().options(asked()).collect().unwrap().num_rows(), 1);
    }
}

#[test]
fn what_may_be_a_part_of_a_table_is_an_error() {
    for (number, behind) in WITHIN.into_iter().enumerate() {
        let input = Input::new(format!("{TABLE}{behind}"));
        for chunk_bytes in [1, 7, 40, 1 << 20] {
            let setting = Setting::numbered(number + chunk_bytes, chunk_bytes);
            let error = setting.reader(&input, &asked()).collect().unwrap_err();
            assert_eq!(error.code(), Code::Ragged, "{behind:?}");
        }
    }
    let about = format!("{TABLE}\na,b\n{}", "1,2\n".repeat(31));
    assert_eq!(read(about.into_bytes()).unwrap().options(asked()).collect().unwrap_err().code(), Code::Ragged);
    // Blank lines everywhere set nothing apart, and a sentence may be a record where all fields begin with blanks.
    for text in
        ["id,name,price\n\n1,one,1\n\n2,two,2\n\nTotal\n", "id, name, price\n1, one, 1\n2, two, 2\n\nNew York, 5\n"]
    {
        let result = read(text.as_bytes().to_vec()).unwrap().options(asked()).collect();
        assert_eq!(result.unwrap_err().code(), Code::Ragged, "{text:?}");
    }
}

/// Bytes that are no text are no remark: a file that was cut off within a character says so.
#[test]
fn broken_text_is_no_remark() {
    let utf_16 = |end: &[u8]| {
        let units = format!("\u{feff}{TABLE}\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        [&units, end].concat()
    };
    let utf_8 = |end: &[u8]| [format!("{TABLE}\n").as_bytes(), end].concat();
    let by_content = Options { encoding: None, ..asked() };
    let given = Options { encoding: Some(Encoding::UTF_8), ..asked() };
    let cases = [
        (utf_16(b"5"), by_content.clone()),
        (utf_16(b"\x00\xd8"), by_content),
        (utf_8(b"\xff"), given.clone()),
        (utf_8(b"Total \xc3"), given.clone()),
        (utf_8(&[b"Note ", &[b'-'; 100][..], b"\xc3\n"].concat()), given),
    ];
    for (text, options) in cases {
        let input = Input::new(text);
        for number in 1..12 {
            let outcome = Setting::numbered(number, number).reader(&input, &options).collect();
            let error = outcome.unwrap_err();
            assert!(matches!(error.code(), Code::Ragged | Code::InvalidUtf8), "{error}");
            assert_eq!(error.position().unwrap().line, 6, "{error}");
        }
    }
}

#[test]
fn every_verb_and_format_ends_with_the_table() {
    let text = format!("{TABLE}\nPayments\nid,name,price\n1,x,y\n");
    let reader = |options: &Options| {
        let sources = Sources::reader("pipe", std::io::Cursor::new(text.clone().into_bytes()));
        read(sources).unwrap().options(options.clone())
    };
    for infer in [ingest::Infer::All, ingest::Infer::None, ingest::Infer::First(2)] {
        let options = Options { infer, ..asked() };
        let expected = columns(TABLE, &options);
        assert_eq!(columns_of(&reader(&options).collect().unwrap()), expected, "{infer:?}");
        let folder = tempfile::tempdir().unwrap();
        for format in [Format::Parquet, Format::Arrow, Format::Csv, Format::Jsonl] {
            let write = WriteOptions { format: Some(format), ..WriteOptions::default() };
            let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
            let report = reader(&options).write(&cut, &WriteOptions { overwrite: true, ..write.clone() }).unwrap();
            assert_eq!((report.rows_in, report.rows_out, report.notes.len()), (3, 3, 1));
            let known = read(TABLE.as_bytes().to_vec()).unwrap().options(options.clone());
            known.write(&whole, &WriteOptions { overwrite: true, ..write.clone() }).unwrap();
            assert!(std::fs::read(&whole).unwrap() == std::fs::read(&cut).unwrap(), "{format:?} {infer:?}");
            let mut out = Vec::new();
            assert_eq!(reader(&options).write_to(&mut out, format, &write).unwrap().rows_out, 3);
        }
        let batches = reader(&options).batches().unwrap();
        assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 3);
    }
    let payments = columns(&text, &Options { skip: Some(6), ..asked() });
    assert_eq!(payments, columns("id,name,price\n1,x,y\n", &asked()));
    let report = reader(&asked()).schema().unwrap();
    assert_eq!((report.rows_in, report.columns[0].data_type.as_str(), report.notes.len()), (3, "int64", 1));
    let filtered = reader(&asked()).filter("id > 1").unwrap().limit(5).collect_with_report().unwrap().1;
    assert_eq!((filtered.rows_out, filtered.filtered), (2, 1));
    let options = Options { on_error: OnError::Reject, offset: 1, row_number: Some("n".to_owned()), ..asked() };
    let (frame, report) = reader(&options).collect_with_report().unwrap();
    assert_eq!((frame.num_rows(), report.rejected, report.rows_in), (2, 0, 3));
    // Records are counted, whatever they are.
    assert_eq!(reader(&asked()).count().unwrap(), 6);
}

#[test]
fn every_source_has_its_own_end() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..9 {
        let behind = if number % 2 == 0 { "\nTotal\n" } else { "" };
        std::fs::write(folder.path().join(format!("{number}.csv")), format!("{TABLE}{behind}")).unwrap();
    }
    let pattern = folder.path().join("*.csv");
    for threads in 1..5 {
        let options = Options { threads: Some(threads), chunk_bytes: Some(20), ..asked() };
        let (frame, report) = read(pattern.clone()).unwrap().options(options).collect_with_report().unwrap();
        assert_eq!((frame.num_rows(), report.rows_in), (27, 27));
        assert_eq!(report.notes.len(), 4, "{:?}", report.notes);
        assert_eq!(report.notes[3], "2 more sources go on behind their tables");
    }
}

/// A part of some text: records, blanks, names, remarks.
fn part() -> impl Strategy<Value = String> {
    let value = prop_oneof!["[0-9]{1,3}", "[a-c]{1,4}", Just("\"q\nq\"".to_owned()), Just(String::new())];
    let record = |fields| prop::collection::vec(value.clone(), fields).prop_map(|values| values.join(",") + "\n");
    prop_oneof![
        8 => record(3..4),
        2 => Just("\n".to_owned()),
        1 => record(1..5),
        1 => Just("a word of it\n".to_owned()),
        1 => Just("\nx,y\n".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(scaled(60, 1000)))]

    /// Whether a table ends, and where, depends on its text alone.
    #[test]
    fn a_table_ends_at_one_place(
        rows in prop::collection::vec("[1-9][0-9]{0,2},[a-c]{1,4},[0-9]\n", 1..60),
        parts in prop::collection::vec(part(), 0..20),
        on_error in prop::sample::select(vec![OnError::Fail, OnError::Reject]),
        settings in prop::collection::vec(any_setting(), 3),
    ) {
        let text = format!("n,name,m\n{}{}", rows.concat(), parts.concat());
        let options = Options { on_error, ..asked() };
        let input = Input::new(text);
        let first: Outcome = Setting::SERIAL.read(&input, &options);
        for setting in settings {
            prop_assert_eq!(&setting.read(&input, &options), &first, "{:?}", setting);
        }
    }

    /// All that comes before the end is there.
    #[test]
    fn a_table_is_whole_up_to_its_end(
        rows in prop::collection::vec("[1-9][0-9]{0,2},[a-c]{1,4},[0-9]\n", 1..60),
        (behind, _) in prop::sample::select(BEHIND.to_vec()),
        setting in any_setting(),
    ) {
        let table = format!("id,name,price\n{}", rows.concat());
        let input = Input::new(format!("{table}{behind}"));
        let frame = setting.reader(&input, &asked()).collect().unwrap();
        prop_assert_eq!(columns_of(&frame), columns(&table, &asked()));
    }
}
