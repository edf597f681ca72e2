//! Standard output: data, and nothing but data.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ingest::{Code, Error, Result};

/// Bytes gathered before a write: large enough that a pipe's system calls do not show.
const BUFFER_BYTES: usize = 256 << 10;

/// Whether whoever read our output went away, as `head` does when it has enough. That is no failure.
static READER_LEFT: AtomicBool = AtomicBool::new(false);

/// Whether a write failed because nobody reads standard output any more.
pub(crate) fn reader_left() -> bool {
    READER_LEFT.load(Ordering::Relaxed)
}

/// Standard output, buffered, as a place for the library to write to.
pub(crate) struct Data(BufWriter<Watched>);

impl Data {
    /// Standard output from here on; nothing else may write to it meanwhile.
    pub(crate) fn new() -> Self {
        Data(BufWriter::with_capacity(BUFFER_BYTES, Watched(io::stdout())))
    }

    /// Hands on what is still buffered.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush().map_err(cannot_write)
    }
}

impl Write for Data {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Standard output that remembers that its reader left, whatever becomes of the error on its way up.
struct Watched(Stdout);

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).inspect_err(note_reader)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().inspect_err(note_reader)
    }
}

fn note_reader(error: &io::Error) {
    if error.kind() == io::ErrorKind::BrokenPipe {
        READER_LEFT.store(true, Ordering::Relaxed);
    }
}

/// Writes text as it is.
pub(crate) fn text(text: &str) -> Result<()> {
    bytes(text.as_bytes())
}

/// Writes one line.
pub(crate) fn line(text: &str) -> Result<()> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes one JSON value on one line.
pub(crate) fn json(value: &serde_json::Value) -> Result<()> {
    line(&value.to_string())
}

/// Writes bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut data = Data::new();
    data.write_all(bytes).map_err(cannot_write)?;
    data.finish()
}

fn cannot_write(error: io::Error) -> Error {
    let code = if error.kind() == io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Io };
    Error::new(code, format!("cannot write to standard output: {error}")).caused_by(error)
}
