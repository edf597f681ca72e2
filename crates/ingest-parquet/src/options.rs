//! What can be chosen about the bytes of a file.

use std::collections::BTreeSet;
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

/// Which encodings pages may have. Displayed and parsed as `compatible`, `modern`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum EncodingSet {
    /// PLAIN and RLE_DICTIONARY, which every reader knows.
    #[default]
    Compatible,
    /// Beside them DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, BYTE_STREAM_SPLIT, and RLE for booleans: smaller files, for
    /// readers of the last years. Each is used where no dictionary pays and a trial on some of the values says that it does.
    Modern,
}

impl fmt::Display for EncodingSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EncodingSet::Compatible => "compatible",
            EncodingSet::Modern => "modern",
        })
    }
}

/// The text names no set of encodings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no encoding set {0:?}; encoding sets are compatible, modern")]
pub struct UnknownEncodingSet(pub String);

impl FromStr for EncodingSet {
    type Err = UnknownEncodingSet;

    fn from_str(text: &str) -> Result<Self, UnknownEncodingSet> {
        match text {
            "compatible" => Ok(EncodingSet::Compatible),
            "modern" => Ok(EncodingSet::Modern),
            _ => Err(UnknownEncodingSet(text.to_owned())),
        }
    }
}

/// What can be chosen about the bytes of a file. All writers of one file are given the same options.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// How pages are compressed.
    pub codec: Codec,
    /// Which encodings pages may have.
    pub encoding_set: EncodingSet,
    /// Names of the columns that get a Bloom filter in each row group, so that readers who look for a value can pass over
    /// groups without it. Of values that are not there, one in a hundred is taken to be. Columns of booleans get none: two
    /// values are nearly always both there.
    pub bloom: BTreeSet<String>,
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
    fn encoding_sets_round_trip_as_text() {
        for set in [EncodingSet::Compatible, EncodingSet::Modern] {
            assert_eq!(set.to_string().parse(), Ok(set));
        }
        assert!("Modern".parse::<EncodingSet>().unwrap_err().to_string().contains("compatible, modern"));
    }

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
