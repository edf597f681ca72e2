//! What can be chosen about the bytes of a file.

use std::fmt;
use std::str::FromStr;

use parquet::basic::{Compression, ZstdLevel};

/// How pages are compressed. Displayed and parsed as `zstd[:LEVEL]`, `snappy`, `lz4`, `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Zstandard, levels 1 (fast) to 22 (small).
    Zstd(i32),
    /// Snappy.
    Snappy,
    /// LZ4 blocks (Parquet's `LZ4_RAW`).
    Lz4,
    /// Not at all.
    None,
}

impl Default for Codec {
    /// `zstd:1`: near the speed of the fast codecs, at a good part of the size of the small ones.
    fn default() -> Self {
        Codec::Zstd(1)
    }
}

impl Codec {
    const ZSTD_LEVELS: std::ops::RangeInclusive<i32> = 1..=22;

    pub(crate) fn compression(self) -> Compression {
        match self {
            Codec::Zstd(level) => Compression::ZSTD(zstd_level(level)),
            Codec::Snappy => Compression::SNAPPY,
            Codec::Lz4 => Compression::LZ4_RAW,
            Codec::None => Compression::UNCOMPRESSED,
        }
    }
}

/// The nearest level there is: a level that was not parsed from text was not checked yet.
pub(crate) fn zstd_level(level: i32) -> ZstdLevel {
    let level = level.clamp(*Codec::ZSTD_LEVELS.start(), *Codec::ZSTD_LEVELS.end());
    ZstdLevel::try_new(level).expect("levels 1 to 22 exist")
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Codec::Zstd(level) => write!(f, "zstd:{level}"),
            Codec::Snappy => f.write_str("snappy"),
            Codec::Lz4 => f.write_str("lz4"),
            Codec::None => f.write_str("none"),
        }
    }
}

/// The text names no codec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no codec {0:?}; codecs are zstd[:LEVEL] (levels 1 to 22), snappy, lz4, none")]
pub struct UnknownCodec(pub String);

impl FromStr for Codec {
    type Err = UnknownCodec;

    fn from_str(text: &str) -> Result<Self, UnknownCodec> {
        let unknown = || UnknownCodec(text.to_owned());
        match text {
            "zstd" => Ok(Codec::default()),
            "snappy" => Ok(Codec::Snappy),
            "lz4" => Ok(Codec::Lz4),
            "none" => Ok(Codec::None),
            _ => {
                let level = text.strip_prefix("zstd:").ok_or_else(unknown)?.parse().map_err(|_| unknown())?;
                if Codec::ZSTD_LEVELS.contains(&level) { Ok(Codec::Zstd(level)) } else { Err(unknown()) }
            }
        }
    }
}

/// What can be chosen about the bytes of a file. All writers of one file are given the same options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// How pages are compressed.
    pub codec: Codec,
}

/// A page of texts is closed at this many bytes before compression. 1 MiB is what readers expect, and fits in L2 while it is
/// compressed.
pub(crate) const PAGE_BYTES_MAX: usize = 1 << 20;

/// A page is closed at this many rows: 512 KiB of numbers.
pub(crate) const PAGE_ROWS_MAX: usize = 1 << 16;

/// Who wrote the file, in the form that the format prescribes.
pub(crate) fn created_by() -> String {
    format!("ingest version {}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_round_trip_as_text() {
        for codec in [Codec::Zstd(1), Codec::Zstd(22), Codec::Snappy, Codec::Lz4, Codec::None] {
            assert_eq!(codec.to_string().parse(), Ok(codec));
        }
        assert_eq!("zstd".parse(), Ok(Codec::default()));
        for text in ["", "ZSTD", "zstd:0", "zstd:23", "zstd:x", "gzip"] {
            assert!(text.parse::<Codec>().unwrap_err().to_string().contains("snappy"), "{text}");
        }
    }
}
