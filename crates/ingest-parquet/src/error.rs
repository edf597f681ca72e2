//! The one error of this crate.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What kind of thing went wrong, for callers that act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParquetErrorKind {
    /// The destination is there already and was not to be replaced.
    Exists,
    /// No space is left for the output.
    Full,
    /// The destination's folder or file may not be written.
    AccessDenied,
    /// The columns cannot be put into a Parquet file.
    Encode,
    /// A file that was to be read is damaged, or no Parquet file.
    Damaged,
    /// Any other failure of reading or writing.
    Io,
}

/// Why no file was written, or none read. Displayed as what failed, where, why, and what helps.
#[derive(Debug)]
pub struct ParquetError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ParquetErrorKind,
    path: Option<PathBuf>,
    reason: String,
    hint: Option<&'static str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ParquetError {
    /// The kind of failure.
    pub fn kind(&self) -> ParquetErrorKind {
        self.0.kind
    }

    /// The destination, where the failure belongs to one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The operating system's error below, if any: a broken pipe is told by it.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.source.as_deref()?.downcast_ref()
    }

    #[cold]
    pub(crate) fn exists(path: &Path, what: &str) -> Self {
        let hint = Some("give another name, or --overwrite to replace it");
        Self::build(ParquetErrorKind::Exists, Some(path), format!("the {what} exists"), hint, None)
    }

    /// A folder is not replaced where something of somebody else lies in it.
    #[cold]
    pub(crate) fn holds_others(path: &Path, other: &Path, extension: &str) -> Self {
        let reason = format!("the folder holds more than .{extension} files: {}", other.display());
        let hint = Some("give the name of another folder, or remove this one");
        Self::build(ParquetErrorKind::Exists, Some(path), reason, hint, None)
    }

    #[cold]
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::from_io(Some(path), source)
    }

    #[cold]
    pub(crate) fn encode(reason: impl Into<String>) -> Self {
        Self::build(ParquetErrorKind::Encode, None, reason.into(), None, None)
    }

    /// The file that was to be read is not what it should be, or could not be read.
    #[cold]
    pub(crate) fn read(error: parquet::errors::ParquetError) -> Self {
        let error = ParquetError::from(error);
        match error.kind() {
            ParquetErrorKind::Encode => ParquetError(Box::new(Inner { kind: ParquetErrorKind::Damaged, ..*error.0 })),
            _ => error,
        }
    }

    /// This error, said of a destination.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        self.0.path.get_or_insert_with(|| path.to_owned());
        self
    }

    fn from_io(path: Option<&Path>, source: io::Error) -> Self {
        let (kind, hint) = classify(&source);
        Self::build(kind, path, source.to_string(), hint, Some(Box::new(source)))
    }

    fn build(
        kind: ParquetErrorKind,
        path: Option<&Path>,
        reason: String,
        hint: Option<&'static str>,
        source: Option<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        ParquetError(Box::new(Inner { kind, path: path.map(Path::to_owned), reason, hint, source }))
    }
}

fn classify(error: &io::Error) -> (ParquetErrorKind, Option<&'static str>) {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::AlreadyExists => (ParquetErrorKind::Exists, Some("give another name, or --overwrite to replace it")),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            (ParquetErrorKind::Full, Some("free some space, or write to another disk; nothing was left behind"))
        }
        ErrorKind::FileTooLarge => {
            (ParquetErrorKind::Full, Some("the file system or a limit (ulimit -f) takes no file of this size"))
        }
        ErrorKind::ReadOnlyFilesystem => {
            (ParquetErrorKind::AccessDenied, Some("the file system is read-only; write to another folder"))
        }
        ErrorKind::PermissionDenied => {
            (ParquetErrorKind::AccessDenied, Some("the output's folder must be writable; write to another one"))
        }
        ErrorKind::NotFound => (ParquetErrorKind::Io, Some("the output's folder must exist; make it with mkdir -p")),
        ErrorKind::IsADirectory => (ParquetErrorKind::Io, Some("name a file inside that folder")),
        _ => (ParquetErrorKind::Io, None),
    }
}

impl fmt::Display for ParquetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.path {
            _ if self.kind() == ParquetErrorKind::Damaged => f.write_str(&self.0.reason)?,
            Some(path) => write!(f, "cannot write {}: {}", path.display(), self.0.reason)?,
            None => write!(f, "cannot write Parquet: {}", self.0.reason)?,
        }
        match self.0.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl Error for ParquetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.source.as_deref()?)
    }
}

impl From<io::Error> for ParquetError {
    #[cold]
    fn from(source: io::Error) -> Self {
        Self::from_io(None, source)
    }
}

impl From<parquet::errors::ParquetError> for ParquetError {
    #[cold]
    fn from(error: parquet::errors::ParquetError) -> Self {
        use parquet::errors::ParquetError as Below;
        match error {
            Below::External(source) => match source.downcast::<io::Error>() {
                Ok(source) => Self::from_io(None, *source),
                Err(source) => Self::build(ParquetErrorKind::Encode, None, source.to_string(), None, Some(source)),
            },
            other => Self::build(ParquetErrorKind::Encode, None, other.to_string(), None, Some(Box::new(other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_destination_the_reason_and_the_way_out() {
        let error = ParquetError::exists(Path::new("out.parquet"), "file");
        assert_eq!(error.kind(), ParquetErrorKind::Exists);
        assert!(error.to_string().contains("out.parquet") && error.to_string().contains("--overwrite"));

        let full = parquet::errors::ParquetError::from(io::Error::from(io::ErrorKind::StorageFull));
        let error = ParquetError::from(full).at(Path::new("out.parquet"));
        assert_eq!(error.kind(), ParquetErrorKind::Full);
        assert_eq!(error.io_error().map(io::Error::kind), Some(io::ErrorKind::StorageFull));
        assert_eq!(error.path(), Some(Path::new("out.parquet")));
    }
}
