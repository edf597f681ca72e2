//! Where the decoded bytes of a file begin, again.

use std::io::{self, Read};
use std::sync::Arc;

use crate::ahead::Ahead;
use crate::compression::Compression;
use crate::extent::Extent;

/// Stored bytes, and what decodes them.
#[derive(Clone)]
pub(crate) struct Origin {
    pub stored: Extent,
    pub compression: Compression,
    pub ahead: Option<Arc<Ahead>>,
    pub window_bytes_max: u64,
}

impl Origin {
    /// The decoded bytes; nothing is read or made ready before the first of them is.
    pub(crate) fn later(self) -> impl Read + Send {
        Later { origin: self, reader: None }
    }

    fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.ahead {
            Some(ahead) => Ok(Box::new(ahead.reader())),
            None => self.compression.decode(self.stored.at(0), self.window_bytes_max),
        }
    }
}

struct Later {
    origin: Origin,
    reader: Option<Box<dyn Read + Send>>,
}

impl Read for Later {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(self.origin.reader()?),
        };
        reader.read(out)
    }
}
