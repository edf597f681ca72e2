//! One page at a time through a codec. What the codec needs is kept between pages.

use std::io;

use zstd::bulk::Compressor as Zstd;

use crate::error::ParquetError;
use crate::options::{Codec, zstd_level};

/// A codec, ready to compress.
pub(super) enum Compressor {
    Zstd(Box<Zstd<'static>>),
    Snappy(Box<snap::raw::Encoder>),
    Lz4,
    None,
}

impl Compressor {
    pub(super) fn new(codec: Codec) -> Result<Self, ParquetError> {
        Ok(match codec {
            Codec::Zstd(level) => Compressor::Zstd(Box::new(Zstd::new(zstd_level(level).compression_level())?)),
            Codec::Snappy => Compressor::Snappy(Box::new(snap::raw::Encoder::new())),
            Codec::Lz4 => Compressor::Lz4,
            Codec::None => Compressor::None,
        })
    }

    /// The page as it will be written.
    pub(super) fn compress(&mut self, body: &[u8]) -> Result<Vec<u8>, ParquetError> {
        match self {
            Compressor::Zstd(zstd) => Ok(zstd.compress(body)?),
            Compressor::Snappy(snappy) => Ok(snappy.compress_vec(body).map_err(io::Error::from)?),
            Compressor::Lz4 => Ok(lz4_flex::block::compress(body)),
            Compressor::None => Ok(body.to_vec()),
        }
    }
}
