//! Where the bytes of a mount come from.

use ingest::Result;

/// What a file shows without being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Bytes.
    pub size: u64,
    /// When it was changed, nanoseconds since 1970.
    pub modified_ns: i64,
}

/// The files of a mount by their numbers. They never change: what was read once is kept by the kernel.
pub trait Content: Send + Sync + 'static {
    /// What a file shows.
    ///
    /// # Errors
    /// It has to be made first, and cannot be.
    fn facts(&self, file: u32) -> Result<Facts>;

    /// Whether [`Content::facts`] are known: then whoever lists a folder gets them at once.
    fn knows_facts(&self) -> bool {
        true
    }

    /// Whether bytes cost little: then the kernel reads much of them ahead.
    fn is_near(&self) -> bool {
        false
    }

    /// The bytes of a file from an offset on: as many as were asked for, or those up to its end.
    ///
    /// # Errors
    /// They cannot be had as they were registered; then there are none.
    fn read_at(&self, file: u32, offset: u64, length: usize) -> Result<Vec<u8>>;
}
