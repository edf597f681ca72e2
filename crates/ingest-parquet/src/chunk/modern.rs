//! The encodings of [`EncodingSet::Modern`](crate::EncodingSet), for chunks that no dictionary pays for.
//!
//! A chunk's type names one newer encoding, its values decide whether all its pages have that or PLAIN:
//!
//! | values | newer encoding |
//! |---|---|
//! | whole numbers, dates, times, decimals of up to 18 digits | DELTA_BINARY_PACKED |
//! | texts | DELTA_LENGTH_BYTE_ARRAY |
//! | floats | BYTE_STREAM_SPLIT |
//! | booleans | RLE |
//! | decimals of more digits | none: DuckDB and Polars read no BYTE_STREAM_SPLIT of them |
//!
//! What counts is the size after compression, and no rule of thumb foretells it: BYTE_STREAM_SPLIT makes measured values a
//! tenth to a third smaller, but prices, whose low bytes come from few patterns, up to twice as large. So stretches of the
//! values are tried both ways through the chunk's own codec: the answer is a function of the values and the options. Booleans,
//! whose bits leave a codec little, go by the bytes before it.
//!
//! Pages end at the same rows in either set.

use std::borrow::Cow;
use std::ops::Range;

use ingest_columnar::arrow::buffer::BooleanBuffer;
use parquet::basic::Encoding;

use super::compress::Compressor;
use super::delta::{write_differences, write_texts};
use super::hybrid::write_codes;
use super::split::write_split;
use super::values::{Text, Value, Wide};
use super::{Chunk, InChunk, Rows};
use crate::error::ParquetError;

/// A stretch that is tried is the values that PLAIN writes in so many bytes.
const STRETCH_BYTES: usize = 8 << 10;

/// A stretch is tried for so many values: a thirty-second of the numbers.
const VALUES_PER_STRETCH: usize = 1 << 15;

/// No more stretches are tried.
const STRETCHES_MAX: usize = 8;

/// An encoding, and how values are appended in it.
pub(super) struct Newer<T> {
    encoding: Encoding,
    write: fn(&[T], &mut Vec<u8>),
}

/// A value that may have a newer encoding than PLAIN.
pub(super) trait Modern: Copy {
    /// The encoding, if all readers in wide use take it.
    const NEWER: Option<Newer<Self>>;
}

impl Modern for i32 {
    const NEWER: Option<Newer<Self>> =
        Some(Newer { encoding: Encoding::DELTA_BINARY_PACKED, write: write_differences });
}

impl Modern for i64 {
    const NEWER: Option<Newer<Self>> =
        Some(Newer { encoding: Encoding::DELTA_BINARY_PACKED, write: write_differences });
}

impl Modern for f64 {
    const NEWER: Option<Newer<Self>> = Some(Newer { encoding: Encoding::BYTE_STREAM_SPLIT, write: write_split });
}

impl Modern for Wide {
    const NEWER: Option<Newer<Self>> = None;
}

impl Modern for Text<'_> {
    const NEWER: Option<Newer<Self>> = Some(Newer { encoding: Encoding::DELTA_LENGTH_BYTE_ARRAY, write: write_texts });
}

impl<T: Value> Newer<T> {
    /// Whether stretches of a chunk's values, spread evenly over it, take fewer compressed bytes so than in PLAIN. O(1)
    /// values.
    ///
    /// # Errors
    /// The codec fails.
    fn pays(&self, values: &[T], width: usize, compressor: &mut Compressor) -> Result<bool, ParquetError> {
        let stretches = (values.len() / VALUES_PER_STRETCH).clamp(1, STRETCHES_MAX);
        let (mut newer, mut plain, mut body) = (0, 0, Vec::new());
        for stretch in 0..stretches {
            let values = stretch_of(&values[values.len() / stretches * stretch..], width);
            body.clear();
            (self.write)(values, &mut body);
            newer += compressor.compress(&body)?.len();
            body.clear();
            T::write_plain(values, width, &mut body);
            plain += compressor.compress(&body)?.len();
        }
        Ok(newer < plain)
    }
}

/// The first values, as many as a stretch takes.
fn stretch_of<T: Value>(values: &[T], width: usize) -> &[T] {
    let mut bytes = 0;
    let fits = |value: &&T| {
        bytes += value.plain_bytes(width);
        bytes <= STRETCH_BYTES
    };
    &values[..values.iter().take_while(fits).count()]
}

impl InChunk<'_> {
    /// Values of all rows that have one, in parts, in the encoding that suits them.
    pub(super) fn modern<T: Value>(self, parts: &[&[T]]) -> Result<Chunk, ParquetError> {
        // Encoders want the values of a page side by side, wherever batches ended.
        let together = if let [one] = parts { Cow::Borrowed(*one) } else { Cow::Owned(parts.concat()) };
        let width = self.width;
        let mut pays = |newer: &Newer<T>| newer.pays(&together, width, &mut self.encoder.compressor);
        match T::NEWER {
            Some(newer) if pays(&newer)? => self.uncoded(&[&together], newer.encoding, newer.write),
            _ => self.plain(&[&together]),
        }
    }
}

/// The values of each page as RLE runs, with their length before them, if they take fewer bytes than the bits; `values` are
/// those of all rows that have one. O(values).
pub(super) fn runs_of_booleans(rows: &Rows, pages: &[Range<usize>], values: &BooleanBuffer) -> Option<Vec<Vec<u8>>> {
    let mut from = 0;
    let runs: Vec<Vec<u8>> = pages
        .iter()
        .map(|page| {
            let count = rows.values(page);
            let codes: Vec<u32> = values.slice(from, count).iter().map(u32::from).collect();
            from += count;
            let mut runs = vec![0; 4];
            write_codes(1, &codes, &mut runs);
            let length = (runs.len() - 4) as u32;
            runs[..4].copy_from_slice(&length.to_le_bytes());
            runs
        })
        .collect();
    (runs.iter().map(Vec::len).sum::<usize>() < values.len() / 8).then_some(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Codec;

    fn pays_with<T: Value>(codec: Codec, values: &[T]) -> bool {
        let mut compressor = Compressor::new(codec).expect("a codec");
        let pays = |newer: Newer<T>| newer.pays(values, size_of::<T>(), &mut compressor).expect("a codec takes bytes");
        T::NEWER.is_some_and(pays)
    }

    fn pays<T: Value>(values: &[T]) -> bool {
        pays_with(Codec::default(), values)
    }

    fn noise(count: usize) -> Vec<i64> {
        let mut state = 1u64;
        let next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state ^ state >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15).cast_signed()
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn numbers_become_differences_unless_they_are_noise() {
        let noise = noise(100_000);
        assert!(!pays(&noise) && !pays(&noise[..1000]));
        assert!(pays(&noise.iter().map(|value| value >> 8).collect::<Vec<_>>()));
        assert!(pays(&(0..100_000).collect::<Vec<i64>>()) && pays(&(0..100).collect::<Vec<i32>>()));
        assert!(!pays::<i64>(&[]) && !pays(&[5i32]));
    }

    #[test]
    fn floats_are_split_where_that_helps_a_codec() {
        let measured: Vec<f64> = noise(100_000).iter().map(|&value| value as f64 / 1e17).collect();
        let prices: Vec<f64> = noise(100_000).iter().map(|&value| (value % 100_000) as f64 / 100.0).collect();
        let counts: Vec<f64> = noise(100_000).iter().map(|&value| (value % 1_000_000) as f64).collect();
        assert!(pays(&measured) && pays(&counts) && !pays(&prices));
        assert!(!pays::<f64>(&[]) && !pays(&[0.5]));
        assert!(!pays_with(Codec::None, &counts), "as many bytes as before");
    }

    #[test]
    fn lengths_of_texts_go_ahead_of_them() {
        let texts: Vec<String> = noise(20_000).iter().map(|value| format!("{value:x}")).collect();
        assert!(pays(&texts.iter().map(|text| Text::new(text.as_bytes(), 0, text.len())).collect::<Vec<_>>()));
        let long = vec![b'x'; STRETCH_BYTES];
        let long = Text::new(&long, 0, long.len());
        assert!(!pays(&[long, long]), "too long to be tried");
        assert!(!pays::<Text<'_>>(&[]));
    }

    #[test]
    fn wide_decimals_have_no_newer_encoding() {
        assert!(Wide::NEWER.is_none());
    }
}
