//! Inputs that are known to be hard: what other engines got wrong, and every rule of records by itself.

use ingest::{DataType, Delimiter, Infer, OnError, Options, QuoteMode, Ragged};

use crate::plain;

/// One input and how it is to be read.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) text: Vec<u8>,
    pub(super) options: Options,
}

/// Texts that are read as they are.
const PLAIN: [(&str, &str); 34] = [
    ("nothing", ""),
    ("one line end", "\n"),
    ("only a header", "a,b"),
    ("only a header and its line end", "a,b\r\n"),
    ("line feeds", "a,b\n1,x\n2,y\n"),
    ("carriage returns and line feeds", "a,b\r\n1,x\r\n2,y\r\n"),
    ("carriage returns", "a,b\r1,x\r2,y\r"),
    ("all three line ends", "a,b\r\n1,x\r2,y\n3,z"),
    ("two carriage returns and a line feed", "a,b\r\r\n1,x\r\r\n2,y\r\r\n"),
    ("blank lines", "a,b\n\n1,x\n\n\n2,y\n\n"),
    ("blank lines of one column", "a\n\n1\n\n2\n"),
    ("a byte-order mark", "\u{feff}a,b\n1,x\n"),
    ("a byte-order mark alone", "\u{feff}"),
    ("no last line end", "a,b\n1,x\n2,y"),
    ("a lone carriage return at the end", "a,b\n1,x\r"),
    ("line ends in quotes", "a,b\n1,\"x\ny\"\n2,\"\n\n\"\n"),
    ("CRLF in quotes", "a,b\r\n1,\"x\r\ny\"\r\n2,\"\r\n\"\r\n"),
    ("doubled quotes", "a,b\n1,\"x \"\"y\"\" z\"\n2,\"\"\"\"\n3,\"\"\"\"\"\"\n"),
    ("delimiters in quotes", "a,b\n1,\",\"\n2,\",,,\"\n"),
    ("empty and quoted empty", "a,b,c\n1,,\"\"\n\"\",\"\",\n,,\n"),
    ("quoted numbers", "a,b\n\"1\",\"2.5\"\n\"3\",\"\"\n"),
    ("quotes in unquoted fields", "a,b\n1,5\" pipe\n2,37.8\"N 2\"W\n"),
    ("characters of several bytes", "å,b\n1,ʤ😎é\n2,\"€\n€\"\n"),
    ("NUL bytes", "a,b\n1,\u{0}\n\u{0}\u{0},y\n"),
    ("a type that changes late", "a,b\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,x\n8.5,8\n"),
    (
        "all kinds of values",
        "i,f,d,t,s,b,n\n1,1.5,2020-01-02,03:04:05,2020-01-02T03:04:05Z,true,\n-2,NA,NA,NA,,FALSE,\n",
    ),
    ("wide whole numbers", "a\n1\n9223372036854775808\n-2\n99999999999999999999999999999999999999\n"),
    ("dates whose order a late row settles", "d\n01/02/2020\n03/04/2020\n31/12/2020\n"),
    ("doubled names and names of nothing", "a,a,,a\n1,2,3,4\n"),
    ("too few fields", "a,b\n1,x\n2\n3,z\n"),
    ("too many fields", "a,b\n1,x\n2,y,z\n3,z\n"),
    ("text after a closing quote", "a,b\n1,\"x\" y\n2,z\n"),
    ("a quote that opens a word", "a,b\n1,x \"y\" z\n2,z\n"),
    ("a quote that never closes", "a,b\n1,x\n2,\"y\n3,z\n"),
];

/// Faulty records amid good ones, for every policy.
const FAULTY: &str = "a,b\n1,x\n2\n3,y,z\n4,\"q\" r\n5,s \"t\" u\nsix,v\n7.5,w\n8,\"multi\nline\",surplus\n9,\"ok\"\"\n\n\"\n,\"open\n10,end\n";

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    let case = |name, text: &[u8], options| Case { name, text: text.to_vec(), options };
    let mut cases: Vec<Case> = PLAIN.iter().map(|(name, text)| case(name, text.as_bytes(), plain())).collect();
    cases.push(case("invalid UTF-8", b"a,b\n1,x\n2,\xc3\n\xa9,y\n", plain()));
    cases.push(case(
        "invalid UTF-8 set aside",
        b"a,b\n1,x\n2,\xc3\n\xa9,y\n",
        Options { on_error: OnError::Reject, ..plain() },
    ));
    cases.extend(dialects());
    cases.extend(policies());
    cases
}

fn dialects() -> Vec<Case> {
    let case = |name, text: &str, options| Case { name, text: text.into(), options };
    let backslash = Options { escape: Some(Some(b'\\')), ..plain() };
    let unquoted = Options { quote: Some(None), escape: Some(Some(b'\\')), ..plain() };
    let comments = Options { comment: Some(Some(b'#')), ..plain() };
    let lenient = Options { quoting: QuoteMode::Lenient, ..plain() };
    let one_column = Options { delimiter: Some(None), ..plain() };
    vec![
        case("backslashes in quotes", "a,b\n1,\"x\\\"y\"\n2,\"\\\\\"\n3,\"\\\n\"\n4,x\\\"y\n", backslash),
        case("backslashes without quotes", "a,b\n1,x\\,y\n2,x\\\ny\n3,\\\\\n", unquoted),
        case("comments", "# no, \"header\na,b\n1,x\n#2,y\n3,#\n#\n#end", comments),
        case("lenient quotes", "a,b\n1,\"x\" y\n2,\"z\n3,\"w\"\n4,q \"r\n", lenient.clone()),
        case("a lenient quote that never closes", "a,b\n1,\"x\n2,y\n", lenient),
        case("quotes as text", "a,b\n1,\"x\n2,\"y\"\n", Options { quoting: QuoteMode::None, ..plain() }),
        case("tabs", "a\tb\n1\t\"x\ty\"\n2\t,\n", Options { delimiter: Some(Some(Delimiter::byte(b'\t'))), ..plain() }),
        case("apostrophes", "a,b\n1,'x,''y'\n2,\"\n", Options { quote: Some(Some(b'\'')), ..plain() }),
        case("one column of lines", "a,b\n1,2\n\n\"x\ny\"\n", one_column),
        case("no header", "1,x\n2,y\n", Options { header: Some(false), ..plain() }),
        case("lines before the header", "title\r\n\"more\r\na,b\n1,x\n", Options { skip: Some(2), ..plain() }),
        case("comments that are told", "# one\r\na,b\r\n1,x\r\n# \"two\r\n2,y\r\n#end", Options::default()),
        case("two rows of names", "a,a,b\n\nx,\"y\nz\",w\n1,2,3\n4,5,6\n7,8,9\n", Options::default()),
        case("guessed", "a;b\n1;x\n2;\"y;\nz\"\n", Options::default()),
    ]
}

fn policies() -> Vec<Case> {
    let given = || Options { types: vec![("a".to_owned(), DataType::Int64)], ..plain() };
    let case = |name, options| Case { name, text: FAULTY.into(), options };
    let reject = || Options { on_error: OnError::Reject, ..given() };
    let value = |name, options| Case { name, text: "a,b\n1,x\nsix,v\n7.5,w\n+8,y\n,z\n".into(), options };
    vec![
        case("faults set aside", reject()),
        case("faults set aside, short rows padded", Options { ragged: Some(Ragged::Pad), ..reject() }),
        case("faults set aside, rows cut", Options { ragged: Some(Ragged::Truncate), ..reject() }),
        case(
            "ragged rows set aside, quotes lenient",
            Options { ragged: Some(Ragged::Reject), quoting: QuoteMode::Lenient, infer: Infer::None, ..plain() },
        ),
        case("the first rows of faulty ones", Options { limit: Some(2), ..reject() }),
        case("the first row", Options { limit: Some(1), ..plain() }),
        case("no row", Options { limit: Some(0), ..plain() }),
        value("a bad value", given()),
        value("bad values nulled", Options { on_error: OnError::Null, ..given() }),
        value("bad values set aside", reject()),
        value(
            "words that are null",
            Options { null_values: Some(vec!["six".to_owned(), "7.5".to_owned()]), ..given() },
        ),
    ]
}
