//! How a delimited file is written: the characters that carry structure.

/// What is made of quotes that stand where the dialect does not allow them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Quoting {
    /// Text after a closing quote, and a quote that never closes, are errors.
    #[default]
    Strict,
    /// Both are taken literally: such a field is read as if it were not quoted.
    Lenient,
    /// There are none: fields are JSON values, their quotes checked and left out, and escapes are JSON's.
    Json,
}

/// The characters that carry structure in a delimited file. All are single bytes of ASCII.
///
/// Records end at LF, CRLF or a lone CR outside quotes, in any mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialect {
    /// What separates fields; `None` for a table of one column.
    pub delimiter: Option<u8>,
    /// What a field may be wrapped in; `None` takes every quote as text.
    pub quote: Option<u8>,
    /// What makes the next byte plain text, inside quotes (everywhere when `quote` is `None`). Doubled quotes work beside it.
    pub escape: Option<u8>,
    /// A line that begins with it is no record.
    pub comment: Option<u8>,
    /// What is made of misplaced quotes.
    pub quoting: Quoting,
}

impl Dialect {
    /// How the fields of JSON records are written: none is separated or quoted any more, strings hold JSON's escapes.
    pub const JSON: Dialect =
        Dialect { delimiter: None, quote: None, escape: Some(b'\\'), comment: None, quoting: Quoting::Json };

    /// The same where no string holds an escape.
    pub const PLAIN_JSON: Dialect = Dialect { escape: None, ..Dialect::JSON };
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect { delimiter: Some(b','), quote: Some(b'"'), escape: None, comment: None, quoting: Quoting::Strict }
    }
}
