//! One page at a time through a codec. What the codec needs is kept between pages, and so is the room for what it makes.

use std::io;

use parquet::basic::Type;
use zstd::bulk::Compressor as Zstd;
use zstd::zstd_safe::{CParameter, compress_bound};

use crate::error::ParquetError;
use crate::options::{Codec, zstd_level};

/// A codec, ready to compress.
pub(super) struct Compressor {
    method: Method,
    /// The page made last, and what earlier ones left behind it.
    made: Vec<u8>,
}

enum Method {
    /// And its level.
    Zstd(Box<Zstd<'static>>, i32),
    Snappy(Box<snap::raw::Encoder>),
    Lz4,
    None,
}

/// The level of Zstandard that is adjusted to what pages hold.
const FASTEST_LEVEL: i32 = 1;

/// The shortest match, and the logarithm of the places in the table of matches, at the fastest level; 0: the library's choice.
///
/// For pages as large as ours the library looks for repetitions of seven bytes with a table of 2^14 places. The lower bytes
/// of decimal fractions repeat with no regard to their upper ones, and what is among the latest 2^14 positions is too little
/// to find them again: pages of them shrink by a quarter with these numbers, texts by a twentieth, at the same speed.
fn fastest_level_for(kind: Type) -> (u32, u32) {
    match kind {
        Type::DOUBLE => (6, 16),
        Type::BYTE_ARRAY => (6, 15),
        _ => (0, 0),
    }
}

impl Compressor {
    pub(super) fn new(codec: Codec) -> Result<Self, ParquetError> {
        let method = match codec {
            Codec::Zstd(level) => {
                let level = zstd_level(level).compression_level();
                Method::Zstd(Box::new(Zstd::new(level)?), level)
            }
            Codec::Snappy => Method::Snappy(Box::new(snap::raw::Encoder::new())),
            Codec::Lz4 => Method::Lz4,
            Codec::None => Method::None,
        };
        Ok(Compressor { method, made: Vec::new() })
    }

    /// Prepares for pages of values of this kind.
    pub(super) fn suit(&mut self, kind: Type) -> Result<(), ParquetError> {
        if let Method::Zstd(zstd, FASTEST_LEVEL) = &mut self.method {
            let (min_match, hash_log) = fastest_level_for(kind);
            zstd.set_parameter(CParameter::MinMatch(min_match))?;
            zstd.set_parameter(CParameter::HashLog(hash_log))?;
        }
        Ok(())
    }

    /// The page as it will be written.
    pub(super) fn compress<'a>(&'a mut self, body: &'a [u8]) -> Result<&'a [u8], ParquetError> {
        let made = &mut self.made;
        let room = |made: &mut Vec<u8>, bytes: usize| made.resize(made.len().max(bytes), 0);
        let bytes = match &mut self.method {
            Method::Zstd(zstd, _) => {
                room(made, compress_bound(body.len()));
                zstd.compress_to_buffer(body, made.as_mut_slice())?
            }
            Method::Snappy(snappy) => {
                room(made, snap::raw::max_compress_len(body.len()));
                snappy.compress(body, made).map_err(io::Error::from)?
            }
            Method::Lz4 => {
                room(made, lz4_flex::block::get_maximum_output_size(body.len()));
                lz4_flex::block::compress_into(body, made).map_err(io::Error::other)?
            }
            Method::None => return Ok(body),
        };
        Ok(&made[..bytes])
    }
}
