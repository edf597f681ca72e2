//! How sources are opened.

use crate::compression::{Compression, WINDOW_BYTES_MAX};

/// How a plain file is read. Streams and compressed files are read one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// `pread` into recycled buffers: bounded memory, and every failure is an error.
    #[default]
    Pread,
    /// Mapped: no copy. The file's size is checked before each block, but a file that is cut while a block is being
    /// read still ends the process (SIGBUS); for files that nothing writes to.
    Map,
}

/// How sources are opened; by default all is decided by their content.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// How plain files are read.
    pub access: Access,
    /// How the bytes are stored; `None`: as the first of them say.
    pub compression: Option<Compression>,
    /// The most memory that a stream may ask of its decoder, bytes.
    pub window_bytes_max: u64,
}

impl Default for SourceOptions {
    fn default() -> Self {
        SourceOptions { access: Access::default(), compression: None, window_bytes_max: WINDOW_BYTES_MAX }
    }
}

impl SourceOptions {
    /// What is stored in a source that begins with these bytes.
    pub(crate) fn compression_of(&self, start: &[u8]) -> Compression {
        self.compression.unwrap_or_else(|| Compression::sniff(start))
    }
}
