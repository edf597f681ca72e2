//! How sources are opened.

use std::path::PathBuf;

use crate::archive::Archive;
use crate::compression::{Compression, WINDOW_BYTES_MAX};
use crate::encoding::Encoding;
use crate::web::WebOptions;

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
    /// How the text is encoded; `None`: as its first bytes show, else UTF-8.
    pub encoding: Option<Encoding>,
    /// What is no text in its encoding becomes U+FFFD; else the byte FF, which is none in UTF-8 either. Where nothing shows an
    /// encoding and none is given, bytes stay as they are until [`Source::decode_as`](crate::Source::decode_as).
    pub replaces_bad_text: bool,
    /// The most memory that a stream may ask of its decoder, bytes.
    pub window_bytes_max: u64,
    /// Where a compressed tar archive is decoded to; `None`: the system's folder for such.
    pub temp_dir: Option<PathBuf>,
    /// How files of web servers are read.
    pub web: WebOptions,
}

impl Default for SourceOptions {
    fn default() -> Self {
        SourceOptions {
            access: Access::default(),
            compression: None,
            encoding: None,
            replaces_bad_text: false,
            window_bytes_max: WINDOW_BYTES_MAX,
            temp_dir: None,
            web: WebOptions::default(),
        }
    }
}

impl SourceOptions {
    /// What is stored in a source that begins with these bytes.
    pub(crate) fn compression_of(&self, start: &[u8]) -> Compression {
        self.compression.unwrap_or_else(|| Compression::sniff(start))
    }

    /// The encoding of a text that begins with these bytes.
    pub(crate) fn encoding_of(&self, start: &[u8]) -> Encoding {
        self.encoding.unwrap_or_else(|| Encoding::sniff(start))
    }

    /// Whether the bytes of a source that begins with these are handed out as they are stored.
    pub(crate) fn keeps(&self, start: &[u8]) -> bool {
        self.compression_of(start) == Compression::None
            && self.keeps_text(self.encoding_of(start))
            && self.archive_of(start).is_none()
    }

    /// Which archive begins with these bytes. What is said to be stored in a certain way is none.
    pub(crate) fn archive_of(&self, start: &[u8]) -> Option<Archive> {
        Archive::sniff(start).filter(|_| self.compression.is_none())
    }

    /// Whether text of an encoding is handed out as it is.
    pub(crate) fn keeps_text(&self, encoding: Encoding) -> bool {
        encoding == Encoding::UTF_8 && !(self.replaces_bad_text && self.encoding.is_some())
    }

    /// What stands for what is no text.
    pub(crate) fn bad_text(&self) -> &'static [u8] {
        bad_text(self.replaces_bad_text)
    }
}

/// What stands for what is no text.
pub(crate) fn bad_text(is_replaced: bool) -> &'static [u8] {
    if is_replaced { "\u{fffd}".as_bytes() } else { &[0xff] }
}
