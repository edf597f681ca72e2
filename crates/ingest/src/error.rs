//! The one error table: every failure a caller can meet, its code, its exit status, and how it is shown.

use std::fmt;
use std::path::Path;

use ingest_columnar::arrow::error::ArrowError;
use ingest_parquet::{ParquetError, ParquetErrorKind};
use ingest_source::{SourceError, SourceErrorKind};

use crate::pipeline::Late;
use crate::report::place;

/// What went wrong, by number. Codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Code {
    /// An option or argument that makes no sense here.
    Usage = 100,
    /// A source, column or name that is not there.
    NotFound = 101,
    /// The output exists and may not be replaced.
    OutputExists = 102,
    /// A format that is recognised but not read (yet).
    UnsupportedInput = 103,
    /// The system refused an operation on a file.
    Io = 200,
    /// Permission denied.
    AccessDenied = 201,
    /// The source changed while it was read.
    SourceChanged = 202,
    /// The disk or the temporary folder is full.
    DiskFull = 203,
    /// The work does not fit the memory limit.
    MemoryLimit = 204,
    /// The caller or the user stopped the run.
    Interrupted = 205,
    /// The writer of Parquet or Arrow refused the columns.
    Encode = 206,
    /// A server does not answer, or not as it should.
    Unreachable = 207,
    /// A compressed source is broken, or a table (Parquet, Arrow).
    CorruptSource = 300,
    /// A record has too few or too many fields.
    Ragged = 310,
    /// Text stands after a closing quote.
    TextAfterQuote = 311,
    /// A value cannot be read as its column's type.
    BadValue = 312,
    /// A quote never closes.
    UnclosedQuote = 313,
    /// A quote opens in the middle of an unquoted field.
    StrayQuote = 314,
    /// A field is longer than the limit.
    FieldTooLong = 315,
    /// Bytes that are not UTF-8.
    InvalidUtf8 = 316,
    /// A text that should be JSON and is none.
    BadJson = 317,
    /// A null in a column that holds none, as the schema says.
    UnexpectedNull = 318,
    /// A header differs from the schema, or from the first file's.
    HeaderMismatch = 320,
    /// More bad records than `--max-errors` allows.
    TooManyErrors = 330,
    /// No dataset, version or workspace of that name.
    UnknownDataset = 400,
    /// The name of a dataset stands for other content.
    NameTaken = 401,
    /// Files are no longer what they were when a version of a dataset was registered.
    ContentChanged = 402,
    /// The registry of a workspace cannot be used.
    Registry = 403,
    /// A definition of a dataset that makes no sense.
    BadDefinition = 404,
    /// A dataset cannot be mounted, or unmounted.
    Mount = 405,
}

impl Code {
    /// The code as messages show it: `E0312`.
    pub fn label(self) -> String {
        format!("E{:04}", self as u16)
    }

    /// The exit status of the command line for it.
    pub fn exit_status(self) -> u8 {
        match self {
            Code::Usage | Code::OutputExists | Code::UnsupportedInput | Code::NameTaken | Code::BadDefinition => 2,
            Code::NotFound | Code::UnknownDataset => 4,
            Code::ContentChanged => 5,
            Code::AccessDenied => 6,
            Code::Interrupted => 130,
            Code::Io | Code::SourceChanged | Code::DiskFull | Code::MemoryLimit | Code::Encode => 1,
            Code::Unreachable | Code::Registry | Code::Mount => 1,
            _ => 3,
        }
    }
}

/// Where in the input something was found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Position {
    /// The source's name.
    pub source: String,
    /// Line, from 1, in which the record begins; line breaks inside quotes count. 0 in a table, which has none.
    pub line: u64,
    /// Byte offset of the field (or record) in the decoded source, from 0.
    pub byte_offset: u64,
    /// Record number, from 1; the header is none.
    pub record: u64,
    /// Column number, from 1, and name, where a column is concerned.
    pub column: Option<(usize, String)>,
    /// The record's text, cut to a line of moderate length around the field.
    pub excerpt: String,
    /// Where in `excerpt` the field stands: offset and length in characters.
    pub caret: Option<(usize, usize)>,
}

/// Any failure of the library: what, where, and the way out.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    message: String,
    position: Option<Position>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Why the run is to begin again, if it is.
    again: Option<Again>,
}

/// Why a run has to begin again.
#[derive(Debug)]
pub(crate) enum Again {
    /// Keys came that its plan did not know.
    NewKeys(Vec<String>),
    /// A record showed a sign of the dialect.
    Late(Late),
    /// The text does not bear out the signs that records showed.
    Refuted,
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure without a position.
    #[cold]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { code, message: message.into(), position: None, hint: None, source: None, again: None }))
    }

    /// The signal that a run has to begin again; callers of the library never see it, unless it carries an error.
    #[cold]
    pub(crate) fn begin_again(why: Again) -> Self {
        Error::new(Code::SourceChanged, "what the run was begun with no longer holds").or_again(why)
    }

    /// The same error, unless the run begins again.
    #[cold]
    pub(crate) fn or_again(mut self, why: Again) -> Self {
        self.0.again = Some(why);
        self
    }

    /// Why to begin again, taken out; `None` in other errors.
    pub(crate) fn take_again(&mut self) -> Option<Again> {
        self.0.again.take()
    }

    /// The same, at a position in the input.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.0.position = Some(position);
        self
    }

    /// The same, with the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same with more to its way out.
    #[cold]
    pub(crate) fn also(mut self, way_out: &str) -> Self {
        let before = self.0.hint.take().map_or_else(String::new, |hint| format!("{hint}; "));
        self.0.hint = Some(before + way_out);
        self
    }

    /// The same, caused by another error.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Which failure it is.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Where in the input, if it is about the input.
    pub fn position(&self) -> Option<&Position> {
        self.0.position.as_ref()
    }

    /// What helps, if something does.
    pub fn way_out(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// What went wrong, without code, position and hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The whole message for a person: one line, then the record with a caret, then the hint.
    pub fn render(&self) -> String {
        let mut text = self.to_string();
        if let Some(position) = self.position().filter(|position| !position.excerpt.is_empty()) {
            text.push_str("\n  | ");
            text.push_str(&position.excerpt);
            if let Some((at, length)) = position.caret {
                text.push_str("\n  | ");
                text.extend(std::iter::repeat_n(' ', at));
                text.extend(std::iter::repeat_n('^', length.max(1)));
            }
        }
        if let Some(hint) = self.way_out() {
            text.push_str("\n  hint: ");
            text.push_str(hint);
        }
        text
    }

    /// The same facts as one JSON object; its keys are always the same, a fact that there is not is null.
    pub fn to_json(&self) -> serde_json::Value {
        let position = self.position();
        let column = position.and_then(|position| position.column.as_ref());
        let text = position.filter(|position| position.line > 0);
        serde_json::json!({ "error": {
            "code": self.0.code.label(),
            "message": self.0.message,
            "source": position.map(|position| &position.source),
            "line": text.map(|position| position.line),
            "byte_offset": text.map(|position| position.byte_offset),
            "record": position.map(|position| position.record),
            "column": column.map(|(number, _)| number),
            "column_name": column.map(|(_, name)| name),
            "text": position.map(|position| &position.excerpt),
            "hint": self.0.hint,
        } })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: ", self.0.code.label())?;
        let Some(position) = &self.0.position else { return f.write_str(&self.0.message) };
        write!(f, "{}: ", place(&position.source, position.line, position.record))?;
        if let Some((number, name)) = &position.column {
            write!(f, "column {number} ({name}): ")?;
        }
        f.write_str(&self.0.message)?;
        if position.line > 0 { write!(f, " (byte {})", position.byte_offset) } else { Ok(()) }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

impl Error {
    /// A system call on `path` failed.
    #[cold]
    pub fn from_io(path: &Path, error: std::io::Error) -> Self {
        let code = match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => Code::AccessDenied,
            std::io::ErrorKind::NotFound => Code::NotFound,
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Code::DiskFull,
            _ => Code::Io,
        };
        Error::new(code, format!("{}: {error}", path.display())).caused_by(error)
    }

    /// A source showed other values than when it was read first.
    #[cold]
    pub(crate) fn source_changed(name: &str) -> Self {
        Error::new(Code::SourceChanged, format!("{name}: the source changed while it was read"))
    }

    /// A writer refused the columns, or could not write.
    #[cold]
    pub(crate) fn encode(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Error::from_io(Path::new("output"), error),
            other => Error::new(Code::Encode, other.to_string()),
        }
    }
}

impl From<SourceError> for Error {
    #[cold]
    fn from(error: SourceError) -> Self {
        // A reader that is another run of this library fails with that run's error.
        let error = match error.into_carried::<Error>() {
            Ok(carried) => return carried,
            Err(error) => error,
        };
        let code = match error.kind() {
            SourceErrorKind::NotFound => Code::NotFound,
            SourceErrorKind::AccessDenied => Code::AccessDenied,
            SourceErrorKind::Changed => Code::SourceChanged,
            SourceErrorKind::Corrupt => Code::CorruptSource,
            SourceErrorKind::Memory => Code::MemoryLimit,
            SourceErrorKind::TempFull => Code::DiskFull,
            SourceErrorKind::Unreachable => Code::Unreachable,
            SourceErrorKind::Usage => Code::Usage,
            SourceErrorKind::Io => Code::Io,
        };
        Error::new(code, error.to_string()).caused_by(error)
    }
}

impl From<ParquetError> for Error {
    #[cold]
    fn from(error: ParquetError) -> Self {
        let code = match error.kind() {
            ParquetErrorKind::Exists => Code::OutputExists,
            ParquetErrorKind::Full => Code::DiskFull,
            ParquetErrorKind::AccessDenied => Code::AccessDenied,
            ParquetErrorKind::Encode => Code::Encode,
            ParquetErrorKind::Damaged => Code::CorruptSource,
            ParquetErrorKind::Io => Code::Io,
        };
        Error::new(code, error.to_string()).caused_by(error)
    }
}
