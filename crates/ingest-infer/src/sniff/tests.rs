//! The sniffer against handmade samples and public files.

use super::*;
use proptest::prelude::*;
use std::path::Path;

/// What is expected of a sample: delimiter, header, names joined by `|`, lines skipped.
type Expected = (Option<Delimiter>, bool, &'static str, usize);

const COMMA: Option<Delimiter> = Some(Delimiter::COMMA);
const SEMICOLON: Option<Delimiter> = Some(Delimiter::byte(b';'));
const TAB: Option<Delimiter> = Some(Delimiter::byte(b'\t'));
const PIPE: Option<Delimiter> = Some(Delimiter::byte(b'|'));

const SAMPLES: &[(&str, Expected)] = &[
    ("", (None, true, "", 0)),
    ("\n\n", (None, true, "column_1", 0)),
    ("a\n", (None, true, "a", 0)),
    ("a,b,c", (COMMA, true, "a|b|c", 0)),
    ("a;b;c\n", (SEMICOLON, true, "a|b|c", 0)),
    ("a,b\n1,2\n", (COMMA, true, "a|b", 0)),
    ("a\tb\n1\t2\n", (TAB, true, "a|b", 0)),
    ("a|b\nx|y\n", (PIPE, true, "a|b", 0)),
    ("a;b\nx;y\n", (SEMICOLON, true, "a|b", 0)),
    ("a\x01b\nx\x01y, z\n", (Some(Delimiter::byte(0x01)), true, "a|b", 0)),
    ("1\x1fx\n3\x1fy\n", (Some(Delimiter::byte(0x1f)), false, "column_1|column_2", 0)),
    // Headers by type.
    ("1,2\n3,4\n", (COMMA, false, "column_1|column_2", 0)),
    ("1.5,2\n3,4\n5,6\n", (COMMA, false, "column_1|column_2", 0)),
    ("1,x\n3,y\n", (COMMA, false, "column_1|column_2", 0)),
    ("x,y\nz,w\n", (COMMA, true, "x|y", 0)),
    ("name,2019,2020\nx,1,2\ny,3,4\n", (COMMA, false, "column_1|column_2|column_3", 0)),
    ("name,2018,2019,2020\nx,1,2,3\ny,3,4,5\n", (COMMA, true, "name|2018|2019|2020", 0)),
    ("x,2018,2019,2020\ny,2018,2019,2020\n", (COMMA, false, "column_1|column_2|column_3|column_4", 0)),
    ("id,when\n1,2020-01-02\n2,\n", (COMMA, true, "id|when", 0)),
    (",a,b\n0,x,1\n1,y,2\n", (COMMA, true, "column_1|a|b", 0)),
    ("NA,x\n3,y\n4,z\n", (COMMA, true, "NA|x", 0)),
    ("1\n2\n3\n", (None, false, "column_1", 0)),
    ("a\n1\n2\n", (None, true, "a", 0)),
    // One column with punctuation in its text.
    ("text\nHello, world\nYes\nNo, never, ever\n", (None, true, "text", 0)),
    ("name\nSmith, John\nDoe, Jane\nRoe, Richard\n", (None, true, "name", 0)),
    ("amount\n1,234\n5,678\n", (None, true, "amount", 0)),
    ("when\n2020-01-02 03:04:05\n2020-01-02 03:04:06\n", (None, true, "when", 0)),
    ("2020-01-02 03:04:05\n2020-01-02 03:04:06\n", (None, false, "column_1", 0)),
    ("03:04:05\n03:04:06\n", (None, false, "column_1", 0)),
    ("city\nNew York\nLos Angeles\n", (None, true, "city", 0)),
    ("New York\nLos Angeles\nSan Francisco\n", (None, true, "New York", 0)),
    ("product\nApple 1\nBanana 2\n", (None, true, "product", 0)),
    // Decimal commas.
    ("1,5;2,5\n3,5;4,5\n", (SEMICOLON, true, "1,5|2,5", 0)),
    ("a;b\n1,5;2,5\n3,5;4,5\n", (SEMICOLON, true, "a|b", 0)),
    ("1,5\t2,5\n3,5\t4,5\n", (TAB, true, "1,5|2,5", 0)),
    // One delimiter inside the fields of another.
    ("Smith, John\t25\nDoe, Jane\t30\n", (TAB, false, "column_1|column_2", 0)),
    ("id,tags\n1,x|y\n2,p|q\n", (COMMA, true, "id|tags", 0)),
    ("id;note\n1;x,y\n2;z,w\n", (SEMICOLON, true, "id|note", 0)),
    ("1,a;b;c\n2,d;e;f\n", (COMMA, false, "column_1|column_2", 0)),
    ("\"a,b\";\"c\"\n\"d,e\";\"f\"\n", (SEMICOLON, true, "a,b|c", 0)),
    ("id,time\n1,03:04:05\n2,03:04:06\n", (COMMA, true, "id|time", 0)),
    ("1,03:04:05,x\n2,03:04:06,y\n", (COMMA, false, "column_1|column_2|column_3", 0)),
    // Ragged rows are faults of the data.
    ("a,b,c\n1,2,3\n4,5\n", (COMMA, true, "a|b|c", 0)),
    ("a,b\n1,2,3\n", (COMMA, true, "a|b", 0)),
    ("a,b,c\n1,2\n3,4\n", (COMMA, true, "a|b|c", 0)),
    ("id,name\n1,x\n2\n3\n4\n", (COMMA, true, "id|name", 0)),
    ("1,2,3\n4,5\n6,7,8\n", (COMMA, false, "column_1|column_2|column_3", 0)),
    // Preambles.
    ("Report\n\nname,age\nx,1\ny,2\n", (COMMA, true, "name|age", 2)),
    ("Report of 2020\nname,age\nx,1\ny,2\n", (COMMA, true, "name|age", 1)),
    ("# made by\r\n# someone, once\r\nname,age\r\nx,1\r\ny,2\r\n", (COMMA, true, "name|age", 2)),
    ("##a,b\n##c\n#id,name\n1,x\n2,y\n", (COMMA, true, "#id|name", 2)),
    ("# id,name\n1,x\n2,y\n", (COMMA, true, "# id|name", 0)),
    ("#id,name\n1,x\n2,y\n", (COMMA, true, "#id|name", 0)),
    ("sep=;\na;b\n1;2\n", (SEMICOLON, true, "a|b", 1)),
    ("text\nhello,world\nfoo,bar\n", (None, true, "text", 0)),
    ("\n\na,b\n1,2\n", (COMMA, true, "a|b", 0)),
    // Several tables: the first is told.
    ("id,name\n1,x\n2,y\n\nkind,sum,when\na,1,2\nb,2,3\nc,4,5\n", (COMMA, true, "id|name", 0)),
    ("Report\n\nid,name\n1,x\n2,y\n\nPayments\nkind,sum,when\na,1,2\n", (COMMA, true, "id|name", 2)),
    ("# made by\n# someone\nid,name\n1,x\n2,y\n\na,b,c\nx,1,2\n", (COMMA, true, "id|name", 2)),
    ("by: me\nid,name,n\n1,x,1\n2,y,1\n\na,b\nx,1\ny,1\nz,2\n", (COMMA, true, "id|name|n", 1)),
    ("1,x,2\n2,y,3\n\ncode,sum\na,1\nb,2\nc,3\n", (COMMA, false, "column_1|column_2|column_3", 0)),
    ("by,me\nof,2020-01-01\n\nid,name,n\n1,x,2\n\na,b\nx,1\n", (COMMA, true, "id|name|n", 3)),
    ("key,value\nname,x\nday,2020-01-01\n\nkind,sum,when\na,1,2\nb,2,3\n", (COMMA, true, "kind|sum|when", 4)),
    // Weak delimiters.
    ("a b c\n1 2 3\n4 5 6\n", (Some(Delimiter::byte(b' ')), true, "a|b|c", 0)),
    ("root:x:0:0\nbin:x:1:1\n", (Some(Delimiter::byte(b':')), false, "column_1|column_2|column_3|column_4", 0)),
    ("a: 1\nb: 2\n", (None, true, "a: 1", 0)),
    // Several characters.
    ("a||b||c\nx||y||z\nu||||w\n", (Delimiter::new(b"||"), true, "a|b|c", 0)),
    ("a~|~b\nx, y~|~1\nz~|~2\n", (Delimiter::new(b"~|~"), true, "a|b", 0)),
    ("Report\n\na^|^b\n\"x^|^y\"^|^1\nz^|^2\n", (Delimiter::new(b"^|^"), true, "a|b", 2)),
    ("id::score\n1::2\n3::4\n", (Delimiter::new(b"::"), true, "id|score", 0)),
    ("sep=##\na##b\n1##2\n", (Delimiter::new(b"##"), true, "a|b", 1)),
    ("a|b|c\n1||2\n3||4\n5||6\n7||8\n", (Some(Delimiter::byte(b'|')), true, "a|b|c", 0)),
    ("id|a|b|c|name\n0||||n\n1||||m\n2||||o\n", (PIPE, true, "id|a|b|c|name", 0)),
    ("\"id\"|\"mid\"|\"name\"\n\"0\"||\"n0\"\n\"1\"||\"n1\"\n", (PIPE, true, "id|mid|name", 0)),
    ("0||Bob\n1||Al\n2||Cy\n", (PIPE, false, "column_1|column_2|column_3", 0)),
    ("a||b||c\n1||||2\n3||||4\n5||||6\n", (Delimiter::new(b"||"), true, "a|b|c", 0)),
    ("msg\n~~x~~\n~~y~~\n~~z~~\n", (None, true, "msg", 0)),
    ("sep=,,\na,b,c\n1,2,3\n", (COMMA, true, "a|b|c", 1)),
    ("sep=;;\r\na;b;c\r\n1;2;3\r\n", (SEMICOLON, true, "a|b|c", 1)),
    ("sep=12\nsep=14\nsep=17\n", (None, true, "sep=12", 0)),
    ("name\nstd::vec\nstd::string\n", (None, true, "name", 0)),
    ("id,text\n1,a||b\n2,c||d\n", (COMMA, true, "id|text", 0)),
    // Names.
    ("a,a,,a_1\n1,2,3,4\n5,6,7,8\n", (COMMA, true, "a|a_2|column_3|a_1", 0)),
    ("a, b\n1, 2\n", (COMMA, true, "a| b", 0)),
];

fn sniff_whole(text: &[u8]) -> Sniffed {
    sniff(text, true, &Hints::default())
}

#[test]
fn handmade_samples() {
    let mut wrong = Vec::new();
    for &(sample, (delimiter, header, names, skip)) in SAMPLES {
        let found = sniff_whole(sample.as_bytes());
        let got = (found.dialect.delimiter, found.header, found.columns.join("|"), found.skip_lines);
        if got != (delimiter, header, names.to_owned(), skip) {
            wrong.push(format!("{sample:?}: {got:?}, {:?}", found.reasons));
        }
        assert!((0.0..=1.0).contains(&found.confidence) && !found.reasons.is_empty(), "{sample:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn quotes_and_escapes() {
    for (sample, quote, escape) in [
        ("a,b\n\"x\",1\n", b'"', None),
        ("'a,b','c'\n'd,e','f'\n", b'\'', None),
        ("a,b\n'tis,x\nisn't,y\n", b'"', None),
        ("a,b\n'x',\"y\"\n'z',\"w\"\n", b'"', None),
        ("a,b\n\"say \\\"hi\\\" now\",1\n\"x\",2\n", b'"', Some(b'\\')),
        ("a,b\n\"x \\\", y\",1\n\"z\",2\n", b'"', Some(b'\\')),
        ("a,b\n\"C:\\\",1\n\"D:\\\",2\n", b'"', None),
        ("a,b\n\"say \"\"hi\"\"\",1\n", b'"', None),
        ("a,b\n\"\\\"\"x\",1\n", b'"', None),
        ("a,b\n5\" pipe,1\n6\" pipe,2\n", b'"', None),
        ("a,b\n'x\ny',1\nz,2\n", b'\'', None),
        ("a,b\n'x',1\nz,2\n", b'"', None),
        ("'it\\'s','x'\n'y','z'\n", b'\'', Some(b'\\')),
    ] {
        let found = sniff_whole(sample.as_bytes());
        assert_eq!((found.dialect.quote, found.dialect.escape), (Some(quote), escape), "{sample:?}");
        assert_eq!((found.dialect.delimiter, found.columns.len()), (Some(Delimiter::COMMA), 2), "{sample:?}");
    }
}

#[test]
fn newlines() {
    for (sample, newline) in [
        ("a,b", Newline::Lf),
        ("a,b\n1,2\n", Newline::Lf),
        ("a,b\r\n1,2\r\n", Newline::Crlf),
        ("a,b\r\n\"x\ny\",2\r\n", Newline::Crlf),
        ("a,b\r1,2\r", Newline::Cr),
        ("a,b\r\n1,2\n", Newline::Mixed),
    ] {
        assert_eq!(sniff_whole(sample.as_bytes()).newline, newline, "{sample:?}");
    }
}

#[test]
fn what_is_fixed_is_not_guessed() {
    let text = b"t\n\na;b,c\n1;2,3\n4;5,6\n";
    let given = |hints: Hints| sniff(text, true, &hints);
    let columns = |delimiter| given(Hints { delimiter: Some(delimiter), skip: Some(2), ..Hints::default() }).columns;
    assert_eq!(columns(None), ["a;b,c"]);
    assert_eq!(columns(Some(Delimiter::COMMA)), ["a;b", "c"]);
    assert_eq!(columns(Some(Delimiter::byte(b';'))), ["a", "b,c"]);
    let found = given(Hints { header: Some(false), skip: Some(0), ..Hints::default() });
    assert_eq!((found.header, found.skip_lines), (false, 0));
    let found =
        given(Hints { quote: Some(None), escape: Some(Some(b'^')), comment: Some(Some(b't')), ..Hints::default() });
    assert_eq!((found.dialect.quote, found.dialect.escape, found.dialect.comment), (None, Some(b'^'), Some(b't')));
}

#[test]
fn a_cut_record_is_not_looked_at() {
    let whole = sniff(b"a,b\n1,2\n3,x", false, &Hints::default());
    assert_eq!((whole.header, whole.columns.len()), (true, 2));
    let one = sniff(b"a;b;c", false, &Hints::default());
    assert_eq!((one.dialect.delimiter, one.columns.len()), (Some(Delimiter::byte(b';')), 0));
    let open = sniff(b"a,b\n1,2\n3,\"open, until\nthe, end, of, it\n", false, &Hints::default());
    assert_eq!((open.dialect.delimiter, open.columns.join("|")), (Some(Delimiter::COMMA), "a|b".to_owned()));
}

#[test]
fn long_samples_are_told_from_more_than_the_window() {
    let mut text = b"a,b,c\n".to_vec();
    for row in 0..40_000 {
        let late = if row == 30_000 { "\"an \\\"escape\\\" here\"" } else { "x" };
        text.extend_from_slice(format!("{row},{late},2020-01-02\n").as_bytes());
    }
    let found = sniff(&text, false, &Hints::default());
    assert_eq!((found.dialect.delimiter, found.dialect.escape), (Some(Delimiter::COMMA), Some(b'\\')));
    assert_eq!(found.columns, ["a", "b", "c"]);
    let mut text = b"a,b\n".to_vec();
    (0..4000).for_each(|row| text.extend_from_slice(format!("{row},{}\n", "some words ".repeat(10)).as_bytes()));
    text.extend_from_slice(b"# checked\n1,x\n2,y\n");
    assert_eq!(sniff(&text, false, &Hints::default()).dialect.comment, Some(b'#'));
}

#[test]
fn names_are_unique_whatever_they_are() {
    let names = name_columns(&[b"a", b"a", b"a_1", b"", b"column_4", b"a", b"\xff", b""]);
    assert_eq!(names.columns, ["a", "a_2", "a_1", "column_4_1", "column_4", "a_3", "\u{fffd}", "column_8"]);
    assert_eq!(names.renamed[0], "column 2 is another \"a\"; it is called \"a_2\"");
    assert_eq!(names.renamed[1], "column 4 has no name; it is called \"column_4_1\"");
    assert_eq!(names.renamed.len(), 4);
}

fn folder_of(file: &str) -> &'static str {
    if file == "titanic.csv" { "data" } else { "suites/csv-spectrum/csvs" }
}

#[test]
fn public_files() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    for (file, header) in [
        ("comma_in_quotes.csv", "first|last|address|city|zip"),
        ("empty.csv", "a|b|c"),
        ("empty_crlf.csv", "a|b|c"),
        ("escaped_quotes.csv", "a|b"),
        ("json.csv", "key|val"),
        ("location_coordinates.csv", "Contact Phone Number|Location Coordinates|Cities|Counties"),
        ("newlines.csv", "a|b|c"),
        ("newlines_crlf.csv", "a|b|c"),
        ("quotes_and_newlines.csv", "a|b"),
        ("simple.csv", "a|b|c"),
        ("simple_crlf.csv", "a|b|c"),
        ("utf8.csv", "a|b|c"),
        ("titanic.csv", "PassengerId|Survived|Pclass|Name|Sex|Age|SibSp|Parch|Ticket|Fare|Cabin|Embarked"),
    ] {
        let Ok(text) = std::fs::read(shared.join(folder_of(file)).join(file)) else {
            println!("skipped {file}: not in {}", shared.display());
            continue;
        };
        let found = sniff_whole(&text);
        assert_eq!(found.dialect, Dialect::default(), "{file}");
        assert_eq!((found.header, found.columns.join("|").as_str(), found.skip_lines), (true, header, 0), "{file}");
    }
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(
        sample in prop::collection::vec(prop::sample::select(b"a1,;\t|: \"'\\\n\r#.\xff".to_vec()), 0..120),
        complete: bool,
    ) {
        let found = sniff(&sample, complete, &Hints::default());
        prop_assert!((0.0..=1.0).contains(&found.confidence));
        let unique: std::collections::HashSet<_> = found.columns.iter().collect();
        prop_assert_eq!(unique.len(), found.columns.len());
        prop_assert_eq!(found, sniff(&sample, complete, &Hints::default()));
    }

    #[test]
    fn typed_tables_are_read_back(
        rows in prop::collection::vec((any::<i64>(), "[a-z ]{1,8}", -1e6..1e6f64), 2..20),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        newline in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        header: bool,
    ) {
        let mut lines: Vec<String> =
            rows.iter().map(|(a, b, c)| format!("{a}{delimiter}\"{b}\"{delimiter}{c:.2}{newline}")).collect();
        if header {
            lines.insert(0, format!("id{delimiter}text{delimiter}amount{newline}"));
        }
        let found = sniff_whole(lines.concat().as_bytes());
        prop_assert_eq!(found.dialect.delimiter, Some(Delimiter::byte(delimiter as u8)));
        prop_assert_eq!((found.header, found.columns.len(), found.skip_lines), (header, 3, 0));
    }

    #[test]
    fn names_are_unique(fields in prop::collection::vec("(a|a_1|a_1_1|column_2|column_2_1|)", 0..12)) {
        let fields: Vec<&[u8]> = fields.iter().map(String::as_bytes).collect();
        let names = name_columns(&fields).columns;
        prop_assert_eq!(names.len(), fields.len());
        prop_assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len());
        for (name, field) in names.iter().zip(&fields) {
            let written = !field.is_empty() && fields.iter().filter(|other| *other == field).count() == 1;
            prop_assert!(!written || name.as_bytes() == *field);
        }
    }
}

#[test]
fn a_given_delimiter_stays_where_all_lines_are_blank() {
    let text = include_bytes!("../../../../testdata/regressions/a_given_delimiter_stays_where_all_lines_are_blank.csv");
    let found = sniff(text, true, &Hints { delimiter: Some(Some(Delimiter::COMMA)), ..Hints::default() });
    assert_eq!((found.dialect.delimiter, found.columns.len()), (Some(Delimiter::COMMA), 1));
    assert_eq!(sniff(text, true, &Hints::default()).dialect.delimiter, None);
}

#[test]
fn comments_are_lines_that_do_not_fit() {
    const COMMENT: Option<u8> = Some(b'#');
    for (sample, comment, skip, columns) in [
        ("a,b\n1,2\n# checked\n3,4\n", COMMENT, 0, "a|b"),
        ("a,b\r1,2\r#checked\r3,4\r", COMMENT, 0, "a|b"),
        ("# made once\na,b\n1,2\n# checked\n3,4\n", COMMENT, 1, "a|b"),
        ("Report\n# made once\n\na,b\n1,2\n# checked\n3,4\n5,6\n", COMMENT, 3, "a|b"),
        ("a,b\n1,2\n3,4\n# the end\n", COMMENT, 0, "a|b"),
        ("n\n1\n# checked\n2\n", COMMENT, 0, "n"),
        ("a b c\n1 2 3\n# checked\n4 5 6\n", COMMENT, 0, "a|b|c"),
        ("a,b\n1,2\n# one\n# two\n# or, three\n3,4\n", COMMENT, 0, "a|b"),
        // Lines above the table are left out all the same; a record may still begin with the sign.
        ("# made by\n# someone, once\nname,age\nx,1\ny,2\n", None, 2, "name|age"),
        ("##a,b\n##c\n#id,name\n1,x\n2,y\n", None, 2, "#id|name"),
        ("#id,name\n1,x\n# late\n2,y\n", None, 0, "#id|name"),
        ("id,name\n#1,x\n#2,y\n", None, 0, "id|name"),
        ("id,name\n#1,x\n#2\n#3,y\n", None, 0, "id|name"),
        ("id,name\n1,x\n#2\n3,y\n", None, 0, "id|name"),
        ("id,name\n1,x\n#REF!\n3,y\n", None, 0, "id|name"),
        ("tag\n#one\n#two\nthree\n", None, 0, "tag"),
        ("id,text\n1,\"a\n# b\nc\"\n2,d\n", None, 0, "id|text"),
    ] {
        let found = sniff_whole(sample.as_bytes());
        let got = (found.dialect.comment, found.skip_lines, found.columns.join("|"));
        assert_eq!(got, (comment, skip, columns.to_owned()), "{sample:?}");
        assert_eq!(found.reasons.iter().any(|reason| reason.contains("comments")), comment.is_some(), "{sample:?}");
        let none = sniff(sample.as_bytes(), true, &Hints { comment: Some(None), ..Hints::default() });
        assert_eq!(none.dialect.comment, None, "{sample:?}");
    }
    let given = Hints { comment: Some(Some(b'#')), ..Hints::default() };
    assert_eq!(sniff(b"# x\na,b\n1,2\n", true, &given).skip_lines, 0);
    let given = Hints { quote: Some(Some(b'#')), ..Hints::default() };
    assert_eq!(sniff(b"a,b\n1,2\n#x#,3\n# y\n", true, &given).dialect.comment, None);
}

#[test]
fn headers_of_several_rows() {
    for (sample, rows, names) in [
        ("name,mass,height\n,kg,m\nx,1,2\ny,3,4\nz,5,6\n", 2, "name|mass kg|height m"),
        ("Sales,Sales,Costs\nQ1,Q2,Q1\n1,2,3\n4,5,6\n7,8,9\n", 2, "Sales Q1|Sales Q2|Costs Q1"),
        ("A,,B\nx,y,z\n1,2,3\n4,5,6\n7,8,9\n", 2, "A x|y|B z"),
        ("A,A,B\nx,y,z\nkg,m,%\n1,2,3\n4,5,6\n7,8,9\n", 3, "A x kg|A y m|B z %"),
        ("Report\n\nA,A,B\nx,y,z\n1,2,3\n4,5,6\n7,8,9\n", 2, "A x|A y|B z"),
        ("# made, by, me\nx,y,z\n1,2,3\n4,5,6\n7,8,9\n", 1, "x|y|z"),
        // Too little to tell: one column of a type, two records, years, words for what is missing, a row that is narrower.
        ("name,mass\n,kg\nx,1\ny,2\nz,3\n", 1, "name|mass"),
        ("a,b\nkg,m\n1,2\n3,4\n", 1, "a|b"),
        ("a,b,c\nkg,m,1\n1,2,3\n3,4,5\n5,6,7\n", 1, "a|b|c"),
        ("a,b\nunknown,unknown\n1,2\n3,4\n5,6\n", 1, "a|b"),
        ("a,b\nNA,NA\n1,2\n3,4\n5,6\n", 1, "a|b"),
        ("a,b\n-,-\n1,2\n3,4\n5,6\n", 1, "a|b"),
        ("a,b,c\nx,y\n1,2,3\n3,4,5\n5,6,7\n", 1, "a|b|c"),
        ("a,b\nx,y\nz,w\nu,v\nq,r\n", 1, "a|b"),
        ("1,2\n3,4\n5,6\n7,8\n9,10\n", 0, "column_1|column_2"),
    ] {
        let found = sniff_whole(sample.as_bytes());
        assert_eq!((found.header_rows, found.columns.join("|").as_str()), (rows, names), "{sample:?}");
        assert_eq!(found.header, rows > 0, "{sample:?}");
        let one = sniff(sample.as_bytes(), true, &Hints { header: Some(true), ..Hints::default() });
        assert_eq!(one.header_rows, 1, "{sample:?}");
    }
    let given = Hints { header: Some(true), header_rows: Some(2), ..Hints::default() };
    assert_eq!(sniff(b"a,b\nc,d\n", true, &given).columns, ["a c", "b d"]);
}

#[test]
fn headers_are_told_by_how_values_are_built() {
    let table = |first: &str, row: fn(usize) -> String| {
        let rows: Vec<String> = (10..16).map(row).collect();
        sniff_whole(format!("{first}{}", rows.concat()).as_bytes()).header
    };
    let dates = |row: usize| format!("{row}.12.2020;Oslo\n");
    assert!(!table("", dates) && table("Day;City\n", dates));
    let phones = |row: usize| format!("Ann|+49 {row} 12345\n");
    assert!(!table("", phones) && table("Name|Phone\n", phones));
    let codes = |row: usize| format!("AB-{row},{row}\n");
    assert!(!table("", codes) && table("Code,2019\n", codes));
    // Words are built alike too, and names like codes: they tell nothing.
    let words = |row: usize| format!("x{row},Oslo\n");
    assert!(table("", words) && table("c1,c2\n", words));
}

#[test]
fn titles_and_footers_are_no_part_of_the_table() {
    for (sample, delimiter, skip, columns) in [
        ("Sales, 2020\n\nid;city;sum;x\n1;Oslo;2;3\n2;Rome;3;4\n", SEMICOLON, 2, 4),
        ("Station: Oslo\nOwner: me\na,b\nx,y\nz,w\nu,v\n", COMMA, 2, 2),
        ("Owner,me\nMade,2020-01-02\n\nid,x,y,z\n1,2,3,4\n2,3,4,5\n3,4,5,6\n", COMMA, 3, 4),
        ("From;1.1.2020;\nTo;2.1.2020;\nSum;3,5 EUR;\n\na;b;c;d;e;\nx;y;z;u;1,5;\nx;y;z;u;2,5;\n", SEMICOLON, 4, 6),
        ("Owner,me\nMade,2020-01-02\nid,x,y,z\n1,2,3,4\n2,3,4,5\n3,4,5,6\n", COMMA, 0, 2),
        ("Report,,\n,,\nname,city,note\nx,y,z\nu,v,w\np,q,r\n", COMMA, 2, 3),
        ("id,x,y\n1,2,3\n4,5,6\n7,8,9\n\nSource: me\n", COMMA, 0, 3),
        ("# made once\nid\n1\n2\n3\n", None, 1, 1),
        ("Report,,\nname,x,y\na,1,2\nb,2,3\nc,3,4\n", COMMA, 1, 3),
        ("when,,\n2020-01-02,1,2\n2020-01-03,2,3\n2020-01-04,3,4\n", COMMA, 0, 3),
        // Sparse rows are data, as are short ones; numbers may be grouped.
        ("x,,\ny,,\n,a,\nz,,b\n,,c\n", COMMA, 0, 3),
        ("total amount\n1,234,567\n2,345,678\n3,456,789\n4,567,890\n", None, 0, 1),
    ] {
        let found = sniff_whole(sample.as_bytes());
        let got = (found.dialect.delimiter, found.skip_lines, found.columns.len());
        assert_eq!(got, (delimiter, skip, columns), "{sample:?}: {:?}", found.reasons);
    }
}

#[test]
fn a_key_and_its_value_stand_above_tables_of_any_width() {
    let table = "city,units,weight\nRom,3,2.5\nWien,4,3.5\nGraz,6,7.5\n";
    for (above, lines) in [("Report,May 2024\n\n", 2), ("Date:,May 2024\nOffice,Rom\n\n", 3)] {
        let sniffed = sniff(format!("{above}{table}").as_bytes(), true, &Hints::default());
        assert_eq!((sniffed.skip_lines, sniffed.columns.join(" ")), (lines, "city units weight".to_owned()));
    }
    // Without a blank line it is a short record.
    let sniffed = sniff(format!("Report,May 2024\n{table}").as_bytes(), true, &Hints::default());
    assert_eq!(sniffed.skip_lines, 0);
}

/// What is told of `behind`, behind the records of `above`, of which a table of three columns is made.
fn behind(above: &str, behind: &str, complete: bool) -> Option<Behind> {
    let dialect = Dialect { comment: Some(b'#'), ..Dialect::default() };
    Seam::new(above.as_bytes(), &dialect, 3, &NullWords::default()).behind(behind.as_bytes(), complete, 2)
}

#[test]
fn what_stands_behind_a_table() {
    let above = "1,x,2\n2,y,3\n";
    let apart = format!("{above}\n");
    let table = |names| Some(Behind::Tables(vec![names]));
    for (text, complete, expected) in [
        ("Total\n", true, Some(Behind::Remarks(1))),
        ("Total\n", false, None),
        ("Total: 5\nby me, and you\n", true, Some(Behind::Remarks(2))),
        ("a,b\nx,1\n", true, table(0)),
        ("a,b\nx,1\ny,", false, table(0)),
        ("a,b\nx", false, None),
        ("Title\n\na,b\nx,1\n", true, table(7)),
        ("Title\na,b,c\nx,1,1\n", true, table(6)),
        ("a,b,c\nx,1,1\n", true, None),
        ("a,b\nx,1\n\n3,z,4\n", true, None),
        ("a,b\nx,1\n\na,b,c\nx,1,1\n", true, None),
        ("a,b\nx,1\ny\n", true, None),
        ("first,last\nAda,Lovelace\n", true, None),
        ("3,4\n5,6\n", true, None),
        ("a,a\n5,6\n", true, None),
        ("3,z\n", true, None),
        ("7\n", true, None),
    ] {
        assert_eq!(behind(&apart, text, complete), expected, "{text:?}");
        // Nothing sets it apart.
        for above in ["", "1,x,2\n", &format!("{above}# no gap\n"), &apart.replace('1', "1,z,3\n\n1"), "1,x,\"\n#\"\n"]
        {
            assert_eq!(behind(above, text, complete), None, "{above:?} {text:?}");
        }
    }
    let many = format!("a,b\n{}", "x,1\n".repeat(21));
    assert_eq!(behind(&apart, &many, true), None, "what stands above it may be no table");
    assert_eq!(behind(&apart, &many[..many.len() - 4], true), table(0));
    assert_eq!(behind(above, "(2 rows)\n", true), Some(Behind::Remarks(1)));
    assert_eq!(behind(above, "two rows\n", true), None, "a value may go on there");
    for (text, told) in [("Total", false), ("New York", false), ("Total: 5", true), ("* by now", true), ("End.", true)]
    {
        assert_eq!(
            behind("x,1,2\ny,2,3\n\n", text, true).is_some(),
            told,
            "{text}: it may be a text of the first column"
        );
    }
    assert_eq!(behind("x,1,2\ny,2,3\n", "(2 rows)\n", true), None);
    // In one column a blank line is a record.
    let dialect = Dialect::default();
    let seam = Seam::new(b"1\n2\n\n", &dialect, 1, &NullWords::default());
    assert_eq!(seam.behind(b"Total,1\n", true, 2), None);
}

#[test]
fn what_a_sign_explains() {
    let plain = Dialect::default();
    let [escape, quote, comment] = LateSign::ALL;
    for (sign, text, complete, expected) in [
        (escape, "1,\"a \\\" b\",2\n3,x,4\n", true, Some(true)),
        (escape, "1,\"a \\\" b\",2\n3,x", false, Some(true)),
        (escape, "1,\"a \\\" b\",2", false, None),
        (escape, "1,\"a \\\" b\",2,3\n", true, Some(false)),
        // Flawed either way, or by the sign alone.
        (escape, "1,\"a \\\" b\",2\n3,4\n", true, Some(true)),
        (escape, "1,\"a \\\" b\",2\n3,\"x\\\",4\n", true, Some(false)),
        (escape, "1,\"a \\\" b\",2\n3,\"x\\\",4\n5,y,6\n", false, Some(false)),
        (quote, "1,'a,b',2\n", true, Some(true)),
        (comment, "# a\n1,2,3\n", true, Some(true)),
        (comment, "# a\n# b\n", false, Some(true)),
        (comment, "# a", false, None),
        (comment, "# a", true, Some(true)),
    ] {
        assert!(sign.may_explain(text.as_bytes(), &plain), "{text:?}");
        assert_eq!(sign.explains(text.as_bytes(), complete, &plain, 3), expected, "{text:?}");
        let settled = LateSign::ALL.into_iter().fold(plain, |dialect, sign| sign.added_to(&dialect));
        assert!(!sign.may_explain(text.as_bytes(), &settled), "{text:?}");
    }
    assert_eq!(quote.explains(b"\"x,'0\" y\n", true, &plain, 1), Some(false), "every line is a field");
    assert!(!escape.may_explain(b"1,\"a\\b\",2,3", &plain));
    assert!(!quote.may_explain(b"1,it's,2,3", &plain));
    for line in ["#a", "#12 Main", "# a,b", " # a", "1,# a"] {
        assert!(!comment.may_explain(line.as_bytes(), &plain), "{line}");
    }
}

#[test]
fn what_refutes_a_sign() {
    let plain = Dialect::default();
    let [escape, quote, comment] = LateSign::ALL;
    for (sign, text, expected) in [
        (escape, "1,\"a \\\" b\",2\n\n\\N,\"x\",a\\b\n", None),
        (escape, "1,x,2\n\n1,\"a\\b\",2\n", Some(1)),
        (escape, "1,x,2\r\n1,\"\\\\\",2", Some(1)),
        (escape, "1,2,\"C:\\\"\n2,3,\"\nb\"\n", Some(0)),
        (escape, "1,2,\"C:\\\"\n", Some(0)),
        (escape, "\"\\\"\n1,2,3\n\"\n", Some(0)),
        // Wrong either way.
        (escape, "1,\"a\\b\"\n", None),
        (quote, "1,'a,b',2\n3,it's,\"4\n", None),
        (quote, "1,'a',2\n", Some(0)),
        (quote, "1,\"a\",2\n", Some(0)),
        (quote, "1,'a,2\n3,b',4\n", Some(0)),
        (comment, "1,2,3\n# a remark\n## and\n4,5,6\n", None),
        (comment, "1,2,3\n#4,5,6\n7,8,9\n", Some(1)),
        (comment, "1,2,3\n# 4,5\n", Some(1)),
        (comment, "#12\n", Some(0)),
    ] {
        assert_eq!(refuted(text.as_bytes(), &sign.added_to(&plain), &plain, 3), expected, "{text:?}");
        assert_eq!(sign.taken_from(&sign.added_to(&plain)), plain);
    }
}
