//! A record far down a text may show a sign of the dialect that the first megabyte had no use for: then all is read as if an option
//! had named it. Where a record would read otherwise that fits the table without it, all is as if there was none.

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
        (clean() + "7,\"said \\\"so\\\", he\",1.5\n8,\"b\",2\n", escaped(&open()), vec!["escaped by \\"]),
        // It swallows the next line without the escape.
        (clean() + "7,\"\\\"\",1.5\n8,\"b\",2\n9,\"c\",3\n", escaped(&open()), vec!["escaped by \\"]),
        (clean() + "\\N,\"b\",\\N\n7,\"a \\\" b\",1\n", escaped(&open()), vec!["escaped by \\"]),
        (clean() + "# a remark\n8,\"b\",2\n## and one at the end", commented(&open()), vec!["# look like comments"]),
        (bare() + "7,'a, b',1\n8,'x, it''s',2\n", quoted(&open()), vec!["wrapped in '"]),
        (
            clean() + "7,\"a \\\" b\",1\n" + &clean().replace("id,text,price\n", "") + "# late\n8,\"b\",2\n",
            commented(&escaped(&open())),
            vec!["escaped by \\", "# look like comments"],
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
                        assert!(error.way_out().unwrap().contains(", if "), "{error}");
                    }
                }
            }
        }
        let mut out = Vec::new();
        let options = Options { infer: Infer::None, ..open() };
        let result = read(text.clone().into_bytes()).unwrap().options(options).write_to(&mut out, Format::Csv, &write);
        assert!(result.unwrap_err().way_out().unwrap().contains(", if "));
        let mut again = Vec::new();
        for (options, out) in [(open(), &mut out), (given, &mut again)] {
            out.clear();
            read(text.clone().into_bytes()).unwrap().options(options).write_to(out, Format::Jsonl, &write).unwrap();
        }
        assert!(out == again, "{told:?}");
    }
}

/// Texts of which some record tells against the sign that another shows.
fn refuted() -> Vec<String> {
    let escape = "7,\"said \\\"so\\\", he\",1.5\n";
    let single = "7,'a, b',1\n";
    let far = &clean()["id,text,price\n".len()..];
    let bare_far = &bare()["id,text,price\n".len()..];
    let head = |text: &str| clean() + text;
    vec![
        // A path would lose its backslashes, or a quote would not close any more: before, close behind or far behind.
        head("6,\"C:\\dir\",1\n") + escape,
        head(escape) + "6,\"C:\\dir\",1\n",
        head(escape) + far + "6,\"C:\\dir\",1\n",
        head("6,\"\\\\server\",1\n") + escape,
        head("5,x,\"C:\\\"\n6,\"y\",1\n") + escape,
        head("5,6,\"C:\\\"\n7,8,\"\nb,c\"\n") + escape,
        head(escape) + far + "1,2,\"C:\\\"\n6,y,\"D:\\\"\n",
        head(escape) + far + "1,2,\"C:\\\"\n2,3,\"\nb,c\"\n",
        head(escape) + "6,\"b\\\",1\n",
        head(escape) + "6,\"b\\\",1\n" + far,
        // Other fields are wrapped in the other quote, or begin with it.
        head(single),
        bare() + single + bare_far + "8,\"x y\",2\n",
        bare() + single + bare_far + "8,\"x, y\",2\n",
        bare() + single + bare_far + "9,'tis,1\n10,the boys',2\n",
        bare() + "6,'tis,2\n" + single,
        bare() + single + bare_far + "10,'tis,3\n",
        // A value that begins with the sign, or what is left of a record.
        head("#5,\"b\",1\n# late\n8,\"b\",2\n"),
        head("# late\n# 8,\"b\",2\n"),
        head("# late\n") + far + "#5,\"b\",1\n",
        head("# late\n") + far + "# of items,\"b\",1\n",
        head("# late\n") + far + "#12 Main Street\n8,\"b\",2\n",
        head("#12 Main Street\n8,\"b\",2\n"),
        head("## Hearts, Minds,Bob,5\n"),
        head("# 9 Dream,John Lennon\n"),
        head("8,\"b\"\n"),
    ]
}

/// Then all is as if an option had said that there is none.
#[test]
fn a_sign_that_may_change_a_record_is_none() {
    let nothing = Options { escape: Some(None), quote: Some(Some(b'"')), comment: Some(None), ..plain() };
    for (number, text) in refuted().into_iter().enumerate() {
        let end = &text[text.len() - 60..];
        let input = Input::new(text.as_bytes());
        for chunk_bytes in [20_011, 1 << 20] {
            let setting = Setting::numbered(number, chunk_bytes);
            for on_error in [OnError::Reject, OnError::Fail] {
                let read = |options: &Options| {
                    let options = Options { on_error, ..options.clone() };
                    setting
                        .reader(&input, &options)
                        .collect_with_report()
                        .map(|(frame, report)| (columns_of(&frame), report.rows_in, report.first_rejects, report.notes))
                };
                match (read(&open()), read(&nothing)) {
                    (Ok(ours), Ok(theirs)) => assert!(ours == theirs, "{end:?} {setting:?}"),
                    (Err(ours), Err(theirs)) => {
                        assert_eq!(ours.code(), theirs.code(), "{end:?}");
                        assert_eq!(ours.position(), theirs.position(), "{end:?}");
                    }
                    _ => panic!("{end:?}: one fails"),
                }
            }
        }
    }
    // An option that says so leaves nothing to be shown.
    for (text, _, told) in shown() {
        assert!(read(text.into_bytes()).unwrap().options(plain()).collect().is_err(), "{told:?}");
    }
}

/// What is wrong with a sign as without is told as ever, and that the sign was met.
#[test]
fn errors_tell_of_the_sign_that_all_was_read_with() {
    let text = clean() + "7,\"said \\\"so\\\", he\",1.5\n6,\"b\"\n";
    let error = read(text.into_bytes()).unwrap().options(open()).collect().unwrap_err();
    assert_eq!((error.code(), error.position().unwrap().line), (Code::Ragged, ROWS as u64 + 3));
    assert!(error.way_out().unwrap().contains("look escaped by \\; --escape none"), "{error}");
}

/// All sources count, before and behind the one that shows a sign, and their headers.
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
    let late = clean() + "# late\n";
    for (first, second) in
        [(&late[..], "id,text,price\n#1,b,2\n"), (&late, "#id,text,price\n1,a,2\n"), ("#id,text,price\n1,a,2\n", &late)]
    {
        let folder = tempfile::tempdir().unwrap();
        let source = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name).to_str().unwrap().to_owned()
        };
        let sources = vec![source("a.csv", &clean()), source("b.csv", first), source("c.csv", second)];
        let collect = |options: Options| {
            let options = Options { on_error: OnError::Reject, union_by_name: true, ..options };
            columns_of(&read(sources.clone()).unwrap().options(options).collect().unwrap())
        };
        assert_eq!(collect(open()), collect(plain()), "{first:.20} {second:.20}");
    }
}

/// In one column each line fits once its quotes are text: that speaks for no other quote.
#[test]
fn another_quote_explains_nothing_in_one_column() {
    let text = include_bytes!("../../../../testdata/regressions/another_quote_explains_nothing_in_one_column.csv");
    let input = Input::new(text);
    for number in 0..20 {
        let error =
            Setting::numbered(number, 1 + 7 * number).reader(&input, &Options::default()).collect().unwrap_err();
        assert_eq!((error.code(), error.position().unwrap().line), (Code::TextAfterQuote, 6));
    }
}
