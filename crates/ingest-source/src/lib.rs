//! Where bytes come from: files, globs, web addresses, standard input, compressed streams.
//!
//! **In**: what the user typed ([`locate()`]: files, web addresses), bytes of a library caller, or any reader. **Out**: [`Block`]s of decoded
//! bytes, taken in order by as many threads as like ([`Source::next_block`]), or read again at an offset
//! ([`Source::read_at`]).
//!
//! Members of zip and tar archives are sources like files. Gzip, zstd, bzip2, xz, lz4 and lzma are recognised by their first bytes, never by a name; members and frames that
//! follow one another are one stream. A file is read by `pread` into recycled buffers, or mapped where the caller asks
//! for it. What cannot be read twice can be spooled to a temporary file as it passes.
//!
//! Text in another encoding than UTF-8 is decoded as it passes: where a byte-order mark or the zeroes of UTF-16 and UTF-32
//! show it, or the caller names it. Offsets are then those of the UTF-8.
//!
//! **Not here**: records, quotes, characters (blocks are cut anywhere), threads, and file formats. A source that grows
//! while it is read is read up to the size it had when it was opened.
//!
//! ```
//! use ingest_source::{Block, Source, SourceOptions};
//!
//! let source = Source::from_bytes("greeting", b"hello, world".to_vec(), &SourceOptions::default());
//! let mut block = Block::new();
//! let mut seen = Vec::new();
//! while let Some(info) = source.next_block(&mut block, 5, 0)? {
//!     assert_eq!(info.offset, seen.len() as u64);
//!     seen.extend_from_slice(block.bytes());
//! }
//! assert_eq!(seen, b"hello, world");
//! # Ok::<(), ingest_source::SourceError>(())
//! ```
#![deny(unsafe_code)]

// In the order the bytes pass.
mod legacy;
mod locate;

mod archive;
mod zip_names;

mod options;

mod source;

mod origin;
mod spool;

mod compression;
mod encoding;
mod stream;

mod members;

mod borders;

mod ahead;

mod extent;

mod held;

mod checksum;

mod random;

mod web;

mod memory;

mod block;

mod error;

pub use archive::Member;
pub use block::{Block, FRONT_SLACK, PADDING};
pub use compression::{Compression, UnknownCompression};
pub use encoding::{Encoding, UnknownEncoding};
pub use error::{SourceError, SourceErrorKind};
pub use legacy::is_utf_8;
pub use locate::{Location, base_folder, locate, locate_files};
pub use options::{Access, SourceOptions};
pub use source::{BlockInfo, Source};
pub use spool::Spool;
pub use web::{Remote, WebOptions, cache_folder, is_web};
