//! The encodings of [`EncodingSet::Modern`](crate::EncodingSet), for chunks that no dictionary pays for.
//!
//! One encoding for all pages of a chunk, chosen by its type and its values alone, before any codec:
//!
//! | values | encoding |
//! |---|---|
//! | whole numbers, dates, times, decimals of up to 18 digits | DELTA_BINARY_PACKED where it takes fewer bytes than PLAIN |
//! | texts | DELTA_LENGTH_BYTE_ARRAY where the packed lengths take fewer than four bytes each |
//! | floats | BYTE_STREAM_SPLIT, which takes the bytes of PLAIN and leaves a codec more to find |
//! | booleans | RLE where the runs take fewer bytes than the bits |
//! | decimals of more digits | PLAIN: DuckDB and Polars read no BYTE_STREAM_SPLIT of them |
//!
//! A chunk without values is PLAIN. Pages end at the same rows in either set.

use std::borrow::Cow;
use std::ops::Range;

use ingest_columnar::arrow::buffer::BooleanBuffer;
use parquet::basic::Encoding;

use super::delta::{differences_pay, lengths, write_differences, write_texts};
use super::hybrid::write_codes;
use super::levels::write_levels;
use super::split::write_split;
use super::values::{Value, Wide};
use super::writer::ChunkWriter;
use super::{Chunk, ChunkEncoder, InChunk, OfPages, Rows, text_bytes_of};
use crate::error::ParquetError;

/// An encoding, and how values are appended in it.
pub(super) struct Newer<T> {
    encoding: Encoding,
    write: fn(&[T], &mut Vec<u8>),
}

/// A value that may have a newer encoding than PLAIN.
pub(super) trait Modern: Copy {
    /// The encoding that is worth it for these values, the whole chunk's; `None`: PLAIN.
    fn newer(values: &[Self]) -> Option<Newer<Self>>;
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl Modern for $number {
            fn newer(values: &[Self]) -> Option<Newer<Self>> {
                let newer = Newer { encoding: Encoding::DELTA_BINARY_PACKED, write: write_differences };
                differences_pay(values).then_some(newer)
            }
        }
    )*};
}

whole_numbers!(i32, i64);

impl Modern for f64 {
    fn newer(values: &[Self]) -> Option<Newer<Self>> {
        (!values.is_empty()).then_some(Newer { encoding: Encoding::BYTE_STREAM_SPLIT, write: write_split })
    }
}

impl Modern for Wide {
    fn newer(_values: &[Self]) -> Option<Newer<Self>> {
        None
    }
}

impl Modern for &[u8] {
    fn newer(values: &[Self]) -> Option<Newer<Self>> {
        let newer =
            Newer { encoding: Encoding::DELTA_LENGTH_BYTE_ARRAY, write: |values, out| write_texts(values, out) };
        differences_pay(&lengths(values)).then_some(newer)
    }
}

impl InChunk<'_> {
    /// Values of all rows that have one, in parts, in the encoding that suits them.
    pub(super) fn modern<T: Value>(self, parts: &[&[T]]) -> Result<Chunk, ParquetError> {
        // Encoders want the values of a page side by side, wherever batches ended.
        let together = if let [one] = parts { Cow::Borrowed(*one) } else { Cow::Owned(parts.concat()) };
        let Some(Newer { encoding, write }) = T::newer(&together) else { return self.plain(&[&together]) };
        let InChunk { encoder: ChunkEncoder { options, compressor, body }, descriptor, rows, width } = self;
        let mut writer = ChunkWriter::new(descriptor, options.codec, compressor);
        let mut of_pages = OfPages::default();
        let pages = if T::IS_TEXT { rows.pages_of_texts(&together) } else { rows.pages() };
        let mut rest = &*together;
        for page in pages {
            body.clear();
            write_levels(rows.validity.as_ref(), page.clone(), body);
            let (values, later) = rest.split_at(rows.values(&page));
            rest = later;
            write(values, body);
            let nans = if T::HAS_NAN { values.iter().filter(|value| value.is_nan()).count() } else { 0 };
            let text_bytes = if T::IS_TEXT { text_bytes_of(values.iter().copied()) } else { 0 };
            let facts = of_pages.take(&page, values.len(), nans, T::bounds(values), width, text_bytes);
            writer.page(body, encoding, facts)?;
        }
        of_pages.finish(writer, None, width)
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
