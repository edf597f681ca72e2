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

/// What separates fields: a character or several, as `,`, `||`, `~|~` or `¦`.
///
/// One byte is what the masks of `ingest-simd` look for; longer ones are read by the exact machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delimiter {
    /// Zero behind `length`.
    bytes: [u8; Delimiter::BYTES_MAX],
    length: u8,
}

impl Delimiter {
    /// No delimiter is longer than this.
    pub const BYTES_MAX: usize = 8;

    /// The delimiter of most files.
    pub const COMMA: Delimiter = Delimiter::byte(b',');

    /// A delimiter of one byte.
    #[must_use]
    pub const fn byte(byte: u8) -> Delimiter {
        Delimiter { bytes: [byte, 0, 0, 0, 0, 0, 0, 0], length: 1 }
    }

    /// A delimiter of these bytes; `None` where there is none of them or more than [`Delimiter::BYTES_MAX`].
    #[must_use]
    pub const fn new(text: &[u8]) -> Option<Delimiter> {
        if text.is_empty() || text.len() > Self::BYTES_MAX {
            return None;
        }
        let mut bytes = [0; Self::BYTES_MAX];
        bytes.split_at_mut(text.len()).0.copy_from_slice(text);
        Some(Delimiter { bytes, length: text.len() as u8 })
    }

    /// Its bytes, one or more.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Its only byte, if it has no more.
    #[must_use]
    pub fn as_byte(&self) -> Option<u8> {
        (self.length == 1).then_some(self.bytes[0])
    }

    /// Whether `text` ends, at `at` or behind it, before it can be told if the delimiter stands at `at`.
    #[must_use]
    pub fn is_cut_at(&self, text: &[u8], at: usize) -> bool {
        let rest = &text[at.min(text.len())..];
        rest.len() < self.as_bytes().len() && self.as_bytes().starts_with(rest)
    }
}

impl std::fmt::Display for Delimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        String::from_utf8_lossy(self.as_bytes()).fmt(f)
    }
}

impl std::fmt::Debug for Delimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

/// The characters that carry structure in a delimited file. All but the delimiter are single bytes of ASCII.
///
/// Records end at LF, CRLF or a lone CR outside quotes, in any mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialect {
    /// What separates fields; `None` for a table of one column.
    pub delimiter: Option<Delimiter>,
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

impl Dialect {
    /// The delimiter, if it is one byte.
    #[must_use]
    pub fn delimiter_byte(&self) -> Option<u8> {
        self.delimiter.and_then(|delimiter| delimiter.as_byte())
    }

    pub(crate) fn has_long_delimiter(&self) -> bool {
        self.delimiter.is_some() && self.delimiter_byte().is_none()
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect {
            delimiter: Some(Delimiter::COMMA),
            quote: Some(b'"'),
            escape: None,
            comment: None,
            quoting: Quoting::Strict,
        }
    }
}
