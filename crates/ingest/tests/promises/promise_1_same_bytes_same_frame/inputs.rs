//! Random inputs and options. Records of typed fields look like files; soups look like nothing on earth.

use ingest::{DataType, Delimiter, Encoding, Infer, OnError, Options, QuoteMode, Ragged, TimeUnit};
use proptest::prelude::*;

/// A text that prints as text.
#[derive(Clone)]
pub(super) struct Text(pub(super) Vec<u8>);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Fields of one kind, as a column has them.
fn field(kind: usize) -> BoxedStrategy<String> {
    match kind {
        0 => (-999i64..999).prop_map(|number| number.to_string()).boxed(),
        1 => any::<i64>().prop_map(|number| number.to_string()).boxed(),
        2 => "-?[0-9]{1,3}\\.[0-9]{1,4}".boxed(),
        3 => "20[0-2][0-9]-0[1-9]-[0-2][0-9]".boxed(),
        4 => "20[0-2][0-9]-0[1-9]-1[0-9][T ]1[0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|\\+09:00)?".boxed(),
        5 => prop::sample::select(vec!["true", "FALSE", "True"]).prop_map(str::to_owned).boxed(),
        6 => "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]".boxed(),
        7 => "[0-3][0-9]/0[1-9]/2020".boxed(),
        8 => "[1-9][0-9]{18,39}".boxed(),
        9 => prop::sample::select(vec!["", "NA", "null", "NaN"]).prop_map(str::to_owned).boxed(),
        _ => "[a-cé,;\t\"' \n\r#\\\\0-9]{0,9}".boxed(),
    }
}

const KINDS: usize = 11;

/// A column's fields: most of its kind, some empty, now and then one of another kind.
fn column(rows: usize) -> impl Strategy<Value = Vec<String>> {
    (0..KINDS, 0..KINDS).prop_flat_map(move |(kind, other)| {
        let cell = prop_oneof![
            24 => field(kind),
            3 => Just(String::new()),
            1 => prop_oneof![Just(0), Just(1)].prop_flat_map(move |rare| if rare == 0 { field(other) } else { field(kind) }),
        ];
        prop::collection::vec(cell, rows)
    })
}

/// How the records are written.
#[derive(Clone, Debug)]
struct Writing {
    delimiter: &'static str,
    mark: bool,
    always_quote: bool,
    line_ends: Vec<&'static str>,
    last_line_end: bool,
}

fn writing() -> impl Strategy<Value = Writing> {
    let line_end = prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", "\r\r\n"]);
    let line_ends = prop_oneof![
        4 => Just(vec!["\n"]),
        2 => Just(vec!["\r\n"]),
        1 => Just(vec!["\r"]),
        2 => prop::collection::vec(line_end, 1..5),
    ];
    let delimiter = prop_oneof![6 => Just(","), 1 => Just(";"), 1 => Just("\t"), 1 => Just("||")];
    (delimiter, prop::bool::weighted(0.1), prop::bool::weighted(0.2), line_ends, prop::bool::weighted(0.8)).prop_map(
        |(delimiter, mark, always_quote, line_ends, last_line_end)| Writing {
            delimiter,
            mark,
            always_quote,
            line_ends,
            last_line_end,
        },
    )
}

impl Writing {
    fn write(&self, columns: &[Vec<String>], accidents: &[(usize, &str)]) -> Vec<u8> {
        let mut text = if self.mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        let names = (0..columns.len()).map(|column| format!("c{column}")).collect::<Vec<_>>();
        self.record(names.iter().map(String::as_str), &mut text);
        for row in 0..columns[0].len() {
            text.extend_from_slice(self.line_ends[row % self.line_ends.len()].as_bytes());
            self.record(columns.iter().map(|column| column[row].as_str()), &mut text);
        }
        if self.last_line_end {
            text.extend_from_slice(self.line_ends[0].as_bytes());
        }
        for (at, accident) in accidents {
            let at = at % (text.len() + 1);
            text.splice(at..at, accident.bytes());
        }
        text
    }

    fn record<'f>(&self, fields: impl Iterator<Item = &'f str>, text: &mut Vec<u8>) {
        for (number, field) in fields.enumerate() {
            if number > 0 {
                text.extend_from_slice(self.delimiter.as_bytes());
            }
            let special = |byte: u8| matches!(byte, b'"' | b'\n' | b'\r') || self.delimiter.as_bytes().contains(&byte);
            if self.always_quote || field.bytes().any(special) {
                text.push(b'"');
                text.extend_from_slice(field.replace('"', "\"\"").as_bytes());
                text.push(b'"');
            } else {
                text.extend_from_slice(field.as_bytes());
            }
        }
    }
}

/// Well-formed records of columns of one type, with an accident now and then.
pub(super) fn records() -> impl Strategy<Value = Text> {
    let columns = (1usize..5, 0usize..25).prop_flat_map(|(width, rows)| prop::collection::vec(column(rows), width));
    let accident = prop::sample::select(vec!["\"", "\r", "\n", ",", "\" ", " \"w", "x\"", "\\", "\u{0}"]);
    let accidents = prop_oneof![
        3 => Just(Vec::new()),
        1 => prop::collection::vec((any::<usize>(), accident), 1..3),
    ];
    (writing(), columns, accidents).prop_map(|(writing, columns, accidents)| Text(writing.write(&columns, &accidents)))
}

/// Anything made of the bytes that matter.
pub(super) fn soup() -> impl Strategy<Value = Text> {
    let token = prop_oneof![
        8 => prop::sample::select(vec![",", "\n", "\r\n", "\""]),
        4 => prop::sample::select(vec!["\r", "\"\"", "a", "1", "2.5", "\",\"", "\"\n\"", "\n\""]),
        3 => prop::sample::select(vec![" ", "é", "\\", "#", "NA", "2020-01-02", ";", "\u{0}", "true", "007", "\t"]),
    ];
    let bytes = prop::collection::vec(token.prop_map(|token| token.as_bytes().to_vec()), 0..60);
    let broken = prop_oneof![9 => Just(None), 1 => (any::<usize>(), 0x80u8..).prop_map(Some)];
    (bytes, broken).prop_map(|(tokens, broken)| {
        let mut text = tokens.concat();
        if let Some((at, byte)) = broken {
            text.insert(at % (text.len() + 1), byte);
        }
        Text(text)
    })
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    delimiter: Option<&'static str>,
    quote: Option<u8>,
    escape: Option<u8>,
    comment: Option<u8>,
    quoting: QuoteMode,
    header: bool,
    ragged: Ragged,
    on_error: OnError,
    infer: Infer,
    given: Option<DataType>,
    null_values: Option<Vec<String>>,
    limit: Option<u64>,
}

impl Choices {
    /// The same, where whatever can be set aside is set aside.
    pub(super) fn rejecting(self) -> Choices {
        Choices { on_error: OnError::Reject, ..self }
    }

    pub(super) fn options(&self) -> Options {
        let first = if self.header { "c0" } else { "column_1" };
        Options {
            delimiter: Some(self.delimiter.and_then(|delimiter| Delimiter::new(delimiter.as_bytes()))),
            quote: Some(self.quote),
            escape: Some(self.escape),
            comment: Some(self.comment),
            quoting: self.quoting,
            header: Some(self.header),
            skip: Some(0),
            // Zeroes among letters are what they are.
            encoding: Some(Encoding::UTF_8),
            ragged: Some(self.ragged),
            on_error: self.on_error,
            infer: self.infer,
            types: self.given.clone().map(|given| (first.to_owned(), given)).into_iter().collect(),
            null_values: self.null_values.clone(),
            limit: self.limit,
            ..Options::default()
        }
    }
}

pub(super) fn choices() -> impl Strategy<Value = Choices> {
    let dialect = (
        prop_oneof![
            8 => Just(Some(",")),
            1 => prop::sample::select(vec![Some(";"), Some("||"), Some(",,"), Some("1,")]),
            1 => Just(None),
        ],
        prop_oneof![8 => Just(Some(b'"')), 1 => Just(None), 1 => Just(Some(b'\''))],
        prop_oneof![6 => Just(None), 1 => Just(Some(b'\\'))],
        prop_oneof![6 => Just(None), 1 => Just(Some(b'#'))],
        prop_oneof![5 => Just(QuoteMode::Strict), 2 => Just(QuoteMode::Lenient), 1 => Just(QuoteMode::None)],
        any::<bool>(),
    );
    let given = [
        DataType::Int64,
        DataType::Utf8,
        DataType::Float64,
        DataType::Bool,
        DataType::Date32,
        DataType::Decimal128 { precision: 9, scale: 2 },
        DataType::Timestamp { unit: TimeUnit::Microsecond, utc: false },
    ];
    let policies = (
        prop::sample::select(vec![Ragged::Fail, Ragged::Pad, Ragged::Truncate, Ragged::Reject]),
        prop::sample::select(vec![OnError::Fail, OnError::Null, OnError::Reject]),
        prop_oneof![5 => Just(Infer::All), 1 => Just(Infer::None)],
        prop::option::weighted(0.3, prop::sample::select(given.to_vec())),
        prop::option::weighted(0.2, Just(vec!["1".to_owned(), "a".to_owned(), String::new()])),
        prop::option::weighted(0.2, 0u64..8),
    );
    (dialect, policies).prop_map(
        |(
            (delimiter, quote, escape, comment, quoting, header),
            (ragged, on_error, infer, given, null_values, limit),
        )| {
            Choices {
                delimiter,
                quote,
                escape,
                comment,
                quoting,
                header,
                ragged,
                on_error,
                infer,
                given,
                null_values,
                limit,
            }
        },
    )
}
