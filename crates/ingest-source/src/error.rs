//! The one error of this crate: which source, what happened, and the way out.

use std::io;
use std::path::Path;

/// What kind of failure a [`SourceError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceErrorKind {
    /// No file is there, or nothing matches.
    NotFound,
    /// The system does not let this user read it.
    AccessDenied,
    /// The system failed to read or write.
    Io,
    /// The file became shorter while it was read.
    Changed,
    /// The compressed data is damaged or ends too early.
    Corrupt,
    /// The compressed data asks for more memory than its decoder may take.
    Memory,
    /// The folder for temporary files is full.
    TempFull,
    /// A server does not answer, or not as it should.
    Unreachable,
    /// What was asked for makes no sense for this source.
    Usage,
}

/// A failure to find or read a source. Its text names the source, says what happened and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {message}")]
pub struct SourceError {
    kind: SourceErrorKind,
    name: String,
    message: String,
    decoded_bytes: Option<u64>,
    #[source]
    cause: Option<io::Error>,
}

impl SourceError {
    /// What kind of failure it is.
    pub fn kind(&self) -> SourceErrorKind {
        self.kind
    }

    /// The source it happened to: a path, a pattern, `<stdin>`, or the name the caller gave.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What happened, without its name.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// How many bytes were decoded before compressed data turned out broken; `None` for other kinds.
    pub fn decoded_bytes(&self) -> Option<u64> {
        self.decoded_bytes
    }

    /// The system's or the decoder's own error, where there was one.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.cause.as_ref()
    }

    /// The error that the caller's own reader failed with, if it is of this type.
    ///
    /// # Errors
    /// This error, if it has another cause.
    pub fn into_carried<E: std::error::Error + Send + Sync + 'static>(mut self) -> Result<E, SourceError> {
        let Some(cause) = self.cause.take() else { return Err(self) };
        match cause.downcast::<E>() {
            Ok(carried) => Ok(carried),
            Err(cause) => Err(self.caused(cause)),
        }
    }

    pub(crate) fn new(kind: SourceErrorKind, name: &str, message: impl Into<String>) -> Self {
        SourceError { kind, name: name.to_owned(), message: message.into(), decoded_bytes: None, cause: None }
    }

    fn caused(self, cause: io::Error) -> Self {
        SourceError { cause: Some(cause), ..self }
    }

    /// `action` ("open", "read") failed.
    pub(crate) fn system(name: &str, action: &str, cause: io::Error) -> Self {
        let cause = match cause.downcast::<SourceError>() {
            Ok(error) => return error,
            Err(cause) => cause,
        };
        let kind = match cause.kind() {
            io::ErrorKind::StaleNetworkFileHandle => return Self::replaced(name),
            io::ErrorKind::NotFound => SourceErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => SourceErrorKind::AccessDenied,
            _ => SourceErrorKind::Io,
        };
        Self::new(kind, name, format!("cannot {action}: {cause}")).caused(cause)
    }

    /// The file is not what it was.
    pub fn changed(name: &str, message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Changed, name, message)
    }

    fn replaced(name: &str) -> Self {
        Self::changed(name, "another file took its place while it was read; run again once nothing writes to it")
    }

    pub(crate) fn shortened(name: &str) -> Self {
        Self::changed(name, "the file became shorter while it was read; run again once nothing writes to it")
    }

    pub(crate) fn corrupt(name: &str, format: &str, decoded_bytes: u64, cause: io::Error) -> Self {
        let what = if cause.kind() == io::ErrorKind::UnexpectedEof { "ends too early" } else { "is damaged" };
        let message = format!(
            "the {format} data {what}, after {decoded_bytes} decoded bytes ({cause}); fetch or compress the file again"
        );
        let error = Self::new(SourceErrorKind::Corrupt, name, message).caused(cause);
        SourceError { decoded_bytes: Some(decoded_bytes), ..error }
    }

    /// The decoder would need a window of more than `bytes_max`.
    pub(crate) fn window(name: &str, format: &str, bytes_max: u64, cause: io::Error) -> Self {
        let mebibytes = bytes_max >> 20;
        let message = format!(
            "decoding the {format} data takes more than the {mebibytes} MiB of memory allowed for it ({cause}); compress \
             the file with a smaller window, or, where --memory-limit is given, raise it"
        );
        Self::new(SourceErrorKind::Memory, name, message).caused(cause)
    }

    /// The temporary file in `dir` could not be made or written.
    pub(crate) fn spool(name: &str, dir: &Path, cause: io::Error) -> Self {
        let dir = dir.display();
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
        if full.contains(&cause.kind()) {
            let message = format!("no room for its temporary copy in {dir} ({cause}); name a folder with --temp-dir");
            return Self::new(SourceErrorKind::TempFull, name, message).caused(cause);
        }
        let error = Self::system(name, "keep a temporary copy", cause);
        let message = format!("{} in {dir}; name another folder with --temp-dir", error.message);
        SourceError { message, ..error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_folder_is_named_with_the_way_out() {
        let cause = io::Error::from(io::ErrorKind::StorageFull);
        let error = SourceError::spool("<stdin>", Path::new("/small"), cause);
        assert_eq!(error.kind(), SourceErrorKind::TempFull);
        let text = error.to_string();
        assert!(text.starts_with("<stdin>: ") && text.contains("/small") && text.contains("--temp-dir"), "{text}");
    }

    #[test]
    fn the_cause_is_kept_and_told() {
        let error = SourceError::system("a.csv", "open", io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(error.kind(), SourceErrorKind::AccessDenied);
        assert!(error.io_error().is_some() && std::error::Error::source(&error).is_some());
        assert!(error.to_string().contains("cannot open: permission denied"), "{error}");
    }
}
