//! A record far down a text may show a sign of the dialect that the first megabyte had no use for: then all is read as if an option
//! had named it. What it could change in what came before is an error, as ever.

use ingest::{Code, Format, Infer, OnError, Options, Sources, WriteOptions, read};

use crate::settings::{Input, Setting};
use crate::tables::{Column, columns_of};
use crate::{plain, scaled};

/// More than what is sniffed.
const ROWS: usize = 12_000;

/// What all texts begin with: names, and records that are without flaw whatever the sign.
fn clean() -> String {
    let row = |n: usize| format!("{n},\"{}\",{}.5\n", "some text, and more ".repeat(5), n % 7);
    (0..ROWS).fold("id,text,price\n".to_owned(), |text, n| text + &row(n))
}

/// The same without any quote.
fn bare() -> String {
    (0..ROWS).fold("id,text,price\n".to_owned(), |text, n| text + &format!("{n},{},1\n", "x ".repeat(50)))
}

fn with(options: &Options, set: impl FnOnce(&mut Options)) -> Options {
    let mut options = options.clone();
    set(&mut options);
    options
}

/// Nothing of the three signs is given.
fn open() -> Options {
    Options { escape: None, quote: None, comment: None, ..plain() }
}

fn escaped(options: &Options) -> Options {
    with(options, |options| options.escape = Some(Some(b'\\')))
}

fn quoted(options: &Options) -> Options {
    with(options, |options| options.quote = Some(Some(b'\'')))
}

fn commented(options: &Options) -> Options {
    with(options, |options| options.comment = Some(Some(b'#')))
}

/// A text, its options as they would be given, and what is told.
fn shown() -> Vec<(String, Options, Vec<&'static str>)> {
    vec![
        (clean() + "7,\"said \\\"so\\\", he\",1.5\n8,\"\\\\\",2\n", escaped(&open()), vec!["escaped by \\"]),
        // It swallows the next line without the escape.
        (clean() + "7,\"\\\"\",1.5\n8,\"b\",2\n9,\"c\",3\n", escaped(&open()), vec!["escaped by \\"]),
        (clean() + "\\N,\"\\\\\",\\N\n7,\"a \\\" b\",1\n", escaped(&open()), vec!["escaped by \\"]),
        (clean() + "# a remark\n8,\"b\",2\n## and one at the end", commented(&open()), vec!["# are comments"]),
        (bare() + "7,'a, b',1\n8,'it''s',2\n", quoted(&open()), vec!["wrapped in '"]),
        (
            clean() + "7,\"a \\\" b\",1\n" + &clean().replace("id,text,price\n", "") + "# late\n8,\"b\",2\n",
            commented(&escaped(&open())),
            vec!["escaped by \\", "# are comments"],
        ),
    ]
}

fn columns(text: &str, options: &Options) -> Vec<Column> {
    columns_of(&read(text.as_bytes().to_vec()).unwrap().options(options.clone()).collect().unwrap())
}

#[test]
fn a_sign_that_a_record_shows_is_that_of_the_whole_text() {
    for (number, (text, given, told)) in shown().into_iter().enumerate() {
        let expected = columns(&text, &given);
        let input = Input::new(text.as_bytes());
        for (round, chunk_bytes) in [20_011, 200_003, 1 << 20, 1 << 21].into_iter().enumerate() {
            for on_error in [OnError::Fail, OnError::Reject] {
                let setting = Setting::numbered(number + round * 5, chunk_bytes);
                let options = Options { on_error, ..open() };
                let (frame, report) = setting.reader(&input, &options).collect_with_report().unwrap();
                assert_eq!(columns_of(&frame), expected, "{told:?} {setting:?}");
                assert_eq!(report.rejected, 0, "{told:?} {setting:?}");
                let is_told = |what: &&str| report.notes.iter().any(|note| note.contains(*what));
                assert!(told.iter().all(is_told), "{told:?}: {:?}", report.notes);
            }
        }
        let count = |options: Options| read(text.clone().into_bytes()).unwrap().options(options).count().unwrap();
        if given.comment == Some(None) || told == ["escaped by \\"] {
            assert_eq!(count(open()), count(given.clone()));
        }
        let filtered = |options: &Options| {
            let reader = read(text.clone().into_bytes()).unwrap().options(options.clone());
            columns_of(&reader.filter("id > 5").unwrap().collect().unwrap())
        };
        assert_eq!(filtered(&open()), filtered(&given), "{told:?}");
    }
}

#[test]
fn every_output_is_that_of_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let write = WriteOptions { overwrite: true, ..WriteOptions::default() };
    for (number, (text, given, told)) in shown().into_iter().enumerate() {
        for (round, name) in ["t.parquet", "t.csv", "t.jsonl", "t.arrow"].into_iter().enumerate() {
            if number % 3 != round % 3 && scaled(true, false) {
                continue;
            }
            for infer in [Infer::All, Infer::None, Infer::First(5)] {
                let path = folder.path().join(name);
                let bytes = |options: &Options| {
                    let options = Options { infer, ..options.clone() };
                    let source = Sources::reader("text", std::io::Cursor::new(text.clone().into_bytes()));
                    let result = read(source).unwrap().options(options).write(&path, &write);
                    result.map(|_| std::fs::read(&path).unwrap())
                };
                let expected = bytes(&given).unwrap();
                match bytes(&open()) {
                    Ok(bytes) => assert!(bytes == expected, "{told:?} {name} {infer:?}"),
                    // Types are known before the first row, and no pass comes before it is written.
                    Err(error) => {
                        assert!(name == "t.arrow" && infer != Infer::All, "{told:?} {name} {infer:?}: {error}");
                        assert!(error.way_out().unwrap().contains("reads it so"), "{error}");
                    }
                }
            }
        }
        let mut out = Vec::new();
        let options = Options { infer: Infer::None, ..open() };
        let result = read(text.clone().into_bytes()).unwrap().options(options).write_to(&mut out, Format::Csv, &write);
        assert!(result.unwrap_err().way_out().unwrap().contains("reads it so"));
        let mut again = Vec::new();
        for (options, out) in [(open(), &mut out), (given, &mut again)] {
            out.clear();
            read(text.clone().into_bytes()).unwrap().options(options).write_to(out, Format::Jsonl, &write).unwrap();
        }
        assert!(out == again, "{told:?}");
    }
}

#[test]
fn a_sign_that_may_change_what_came_before_is_none() {
    let escape = "7,\"said \\\"so\\\", he\",1.5\n";
    let cases = [
        // A path would lose its backslashes, whether it stands before or behind.
        (clean() + "6,\"C:\\dir\",1\n" + escape, Code::TextAfterQuote),
        (clean() + escape + "6,\"C:\\dir\",1\n", Code::TextAfterQuote),
        // Something else is wrong beside it.
        (clean() + escape + "6,\"b\"\n", Code::Ragged),
        (clean() + escape + "6,\"b\\\",1\n", Code::TextAfterQuote),
        (clean() + escape + "6,\"b\\\",1\n" + &bare().repeat(2), Code::TextAfterQuote),
        (clean() + "6,\"b\"\n" + escape, Code::Ragged),
        // Other fields are wrapped in the other quote.
        (clean() + "7,'a, b',1\n", Code::Ragged),
        (bare() + "6,'tis,2\n7,'a, b',1\n", Code::Ragged),
        // A value that begins with the sign.
        (clean() + "#5,\"b\",1\n# late\n8,\"b\",2\n", Code::Ragged),
        (clean() + "# late\n# 8,\"b\",2\n", Code::Ragged),
        (clean() + "#12 Main Street\n8,\"b\",2\n", Code::Ragged),
        (clean() + "8,\"b\"\n", Code::Ragged),
    ];
    for (text, code) in cases {
        let end = &text[text.len() - 60..];
        for options in [open(), Options { ragged: None, ..open() }] {
            let result = read(text.clone().into_bytes()).unwrap().options(options).collect();
            assert_eq!(result.map(|_| ()).unwrap_err().code(), code, "{end:?}");
        }
    }
    // An option that says so leaves nothing to be shown.
    for (text, given, told) in shown() {
        let result = read(text.into_bytes()).unwrap().options(plain()).collect_with_report();
        assert!(result.is_err(), "{told:?} {given:?}");
    }
}

/// The sources before count as well.
#[test]
fn a_sign_is_that_of_all_sources() {
    let second = "id,text,price\n1,\"b\",1\n7,\"said \\\"so\\\", he\",1.5\n";
    let folder = tempfile::tempdir().unwrap();
    let paths = |first: &str| {
        let named = [("a.csv", first), ("b.csv", second)];
        named.map(|(name, text)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        })
    };
    let collect = |first: &str, options: Options| {
        let sources = Sources::from(paths(first).to_vec());
        read(sources).unwrap().options(options).collect().map(|frame| columns_of(&frame))
    };
    assert_eq!(collect(&clean(), open()).unwrap(), collect(&clean(), escaped(&open())).unwrap());
    let path = clean() + "6,\"C:\\dir\",1\n";
    assert_eq!(collect(&path, open()).unwrap_err().code(), Code::TextAfterQuote);
}
