//! One column of one row group: values to pages.
//!
//! The simple version is the encoder of the `parquet` crate, which takes values one at a time through levels of 16 bits, a
//! dictionary of hashed bytes and an encoder; the tests read with it what is written here. This one departs from it so:
//!
//! 1. Values without nulls are written as they lie in memory; with nulls they are first moved together, 64 at a time.
//! 2. Definition levels are the validity bitmap itself.
//! 3. Whether a dictionary pays is asked of a sample; small ranges of numbers are looked up in a table, others by a hash.
//! 4. Statistics are taken from whole pages, or from the dictionary entries that a page uses.
//!
//! Thrift, page headers, metadata and Bloom filters are the crate's.

mod bloom;
mod bounds;
mod compress;
mod delta;
mod dictionary;
mod hybrid;
mod levels;
mod modern;
mod nested;
mod split;
mod values;
mod writer;

use std::ops::Range;

use ingest_columnar::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBufferBuilder, GenericStringArray,
    OffsetSizeTrait,
};
use ingest_columnar::arrow::buffer::{BooleanBuffer, NullBuffer};
use ingest_columnar::arrow::datatypes::*;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescPtr;

use crate::error::ParquetError;
use crate::options::{EncodingSet, PAGE_BYTES_MAX, PAGE_ROWS_MAX, WriteOptions};
use bloom::filter_of;
use bounds::boundary_order;
use bytes::Bytes;
use compress::Compressor;
use dictionary::dictionary_for;
use hybrid::{code_bits, write_codes};
use levels::{append_bits, write_levels};
use modern::runs_of_booleans;
use nested::Levels;
pub(crate) use nested::{Leaf, is_nested, leaf_count, leaves};
use values::{Bounds, Counts, Text, Value, Wide};
use writer::{ChunkFacts, ChunkWriter, PageFacts};

/// A finished chunk: its pages, and what the footer says of them.
pub(crate) type Chunk = (Bytes, ColumnCloseResult);

/// What encoding needs beside the values; reused from chunk to chunk.
pub(crate) struct ChunkEncoder {
    options: WriteOptions,
    compressor: Compressor,
    /// A page before compression.
    body: Vec<u8>,
    /// The pages of a chunk.
    room: Vec<u8>,
    codes: Vec<u32>,
    /// Empty between chunks.
    texts: Vec<Text<'static>>,
}

/// The rows of a chunk: how many, and which of them have values (`None`: all). Where the chunk is part of a list, or of a
/// struct, they are the places for values: a row has any number of them.
struct Rows {
    count: usize,
    validity: Option<BooleanBuffer>,
    levels: Option<Levels>,
}

impl Rows {
    fn of(arrays: &[ArrayRef]) -> Self {
        let count = arrays.iter().map(Array::len).sum();
        if arrays.iter().all(|array| array.null_count() == 0) {
            return Rows { count, validity: None, levels: None };
        }
        let mut validity = BooleanBufferBuilder::new(count);
        for array in arrays {
            match array.nulls() {
                Some(nulls) => validity.append_buffer(nulls.inner()),
                None => validity.append_n(array.len(), true),
            }
        }
        Rows { count, validity: Some(validity.finish()), levels: None }
    }

    /// How many rows begin in a page.
    fn begun_in(&self, page: &Range<usize>) -> usize {
        self.levels.as_ref().map_or(page.len(), |levels| levels.rows_in(page))
    }

    /// Whether a page may end before a place: no row lies on two pages.
    fn may_end_before(&self, place: usize) -> bool {
        place == self.count || self.levels.as_ref().is_none_or(|levels| levels.begins_row(place))
    }

    /// Appends the levels of a page.
    fn write_levels(&self, page: &Range<usize>, body: &mut Vec<u8>) {
        match &self.levels {
            Some(levels) => levels.write(page, body),
            None => write_levels(self.validity.as_ref(), page.clone(), body),
        }
    }

    fn has_value(&self, row: usize) -> bool {
        self.validity.as_ref().is_none_or(|validity| validity.value(row))
    }

    /// How many of some rows have values.
    fn values(&self, rows: &Range<usize>) -> usize {
        let of = |validity: &BooleanBuffer| validity.slice(rows.start, rows.len()).count_set_bits();
        self.validity.as_ref().map_or(rows.len(), of)
    }

    /// The pages, if no page is cut short by its bytes.
    fn pages(&self) -> Vec<Range<usize>> {
        let mut pages = Vec::with_capacity(self.count.div_ceil(PAGE_ROWS_MAX));
        let mut start = 0;
        while start < self.count {
            let mut end = (start + PAGE_ROWS_MAX).min(self.count);
            while !self.may_end_before(end) {
                end += 1;
            }
            pages.push(start..end);
            start = end;
        }
        pages
    }

    /// The pages of texts in the PLAIN encoding: each ends with the row that fills it.
    fn pages_of_texts<T: Value>(&self, texts: &[T]) -> Vec<Range<usize>> {
        let (mut pages, mut start, mut bytes, mut next) = (Vec::new(), 0, 0, 0);
        for row in 0..self.count {
            if self.has_value(row) {
                bytes += texts[next].plain_bytes(0);
                next += 1;
            }
            let is_full = bytes >= PAGE_BYTES_MAX || row + 1 - start >= PAGE_ROWS_MAX || row + 1 == self.count;
            if is_full && self.may_end_before(row + 1) {
                pages.push(start..row + 1);
                (start, bytes) = (row + 1, 0);
            }
        }
        pages
    }
}

impl ChunkEncoder {
    pub(crate) fn new(options: &WriteOptions) -> Result<Self, ParquetError> {
        Ok(ChunkEncoder {
            options: options.clone(),
            compressor: Compressor::new(options.codec)?,
            body: Vec::new(),
            room: Vec::new(),
            codes: Vec::new(),
            texts: Vec::new(),
        })
    }

    /// Encodes the arrays, all of type `kind`, as one chunk of the described column. `None` if there is no way to write the
    /// type.
    pub(crate) fn encode(
        &mut self,
        descriptor: ColumnDescPtr,
        kind: &DataType,
        arrays: &[ArrayRef],
    ) -> Result<Option<Chunk>, ParquetError> {
        self.encode_rows(descriptor, kind, arrays, Rows::of(arrays))
    }

    /// The same for a column within others.
    pub(crate) fn encode_leaf(&mut self, descriptor: ColumnDescPtr, leaf: Leaf) -> Result<Option<Chunk>, ParquetError> {
        let Leaf { kind, values, levels } = leaf;
        let (count, validity) = (levels.places(), levels.validity());
        self.encode_rows(descriptor, &kind, &values, Rows { count, validity, levels: Some(levels) })
    }

    fn encode_rows(
        &mut self,
        descriptor: ColumnDescPtr,
        kind: &DataType,
        arrays: &[ArrayRef],
        rows: Rows,
    ) -> Result<Option<Chunk>, ParquetError> {
        self.compressor.suit(descriptor.physical_type())?;
        let width = usize::try_from(descriptor.type_length()).unwrap_or(0);
        let mut chunk = InChunk { encoder: self, descriptor, rows, width };
        Ok(Some(match kind {
            DataType::Null => {
                let count = chunk.rows.count;
                chunk.rows.validity = Some(BooleanBuffer::new_unset(count));
                chunk.values::<Text<'_>>(&[])?
            }
            DataType::Boolean => chunk.booleans(arrays)?,
            DataType::Int64 => chunk.primitives::<Int64Type>(arrays)?,
            DataType::Float64 => chunk.primitives::<Float64Type>(arrays)?,
            DataType::Date32 => chunk.primitives::<Date32Type>(arrays)?,
            DataType::Time64(TimeUnit::Microsecond) => chunk.primitives::<Time64MicrosecondType>(arrays)?,
            DataType::Time64(TimeUnit::Nanosecond) => chunk.primitives::<Time64NanosecondType>(arrays)?,
            DataType::Timestamp(TimeUnit::Microsecond, _) => chunk.primitives::<TimestampMicrosecondType>(arrays)?,
            DataType::Timestamp(TimeUnit::Nanosecond, _) => chunk.primitives::<TimestampNanosecondType>(arrays)?,
            DataType::Decimal128(..) => chunk.decimals(arrays)?,
            DataType::Utf8 => chunk.texts(arrays)?,
            _ => return Ok(None),
        }))
    }
}

/// One chunk in the making.
struct InChunk<'e> {
    encoder: &'e mut ChunkEncoder,
    descriptor: ColumnDescPtr,
    rows: Rows,
    width: usize,
}

impl InChunk<'_> {
    fn primitives<P: ArrowPrimitiveType<Native: Value>>(self, arrays: &[ArrayRef]) -> Result<Chunk, ParquetError> {
        let slices = arrays.iter().map(|array| (&**array.as_primitive::<P>().values(), array.nulls()));
        self.numbers(slices)
    }

    fn numbers<'a, T: Value + 'a>(
        mut self,
        slices: impl Iterator<Item = (&'a [T], Option<&'a NullBuffer>)>,
    ) -> Result<Chunk, ParquetError> {
        self.width = size_of::<T>();
        if self.rows.validity.is_none() {
            return self.values(&slices.map(|(values, _)| values).collect::<Vec<_>>());
        }
        let mut together = Vec::with_capacity(self.rows.count);
        slices.for_each(|(values, nulls)| append_valid(values, nulls, &mut together));
        self.values(&[&together])
    }

    /// Decimal numbers as the narrowest type that holds their digits.
    fn decimals(mut self, arrays: &[ArrayRef]) -> Result<Chunk, ParquetError> {
        let mut together = Vec::with_capacity(self.rows.count);
        for array in arrays {
            append_valid(array.as_primitive::<Decimal128Type>().values(), array.nulls(), &mut together);
        }
        match self.descriptor.physical_type() {
            // The precision bounds the values: that they fit is checked where they are made.
            parquet::basic::Type::INT32 => {
                self.width = 4;
                self.values(&[&together.iter().map(|&value| value as i32).collect::<Vec<_>>()])
            }
            parquet::basic::Type::INT64 => {
                self.width = 8;
                self.values(&[&together.iter().map(|&value| value as i64).collect::<Vec<_>>()])
            }
            _ => self.values(&[&together.into_iter().map(Wide).collect::<Vec<_>>()]),
        }
    }

    fn texts(self, arrays: &[ArrayRef]) -> Result<Chunk, ParquetError> {
        let mut texts = emptied(std::mem::take(&mut self.encoder.texts));
        texts.reserve(self.rows.count);
        for array in arrays {
            match array.as_string_opt::<i64>() {
                Some(array) => append_texts(array, &mut texts),
                None => append_texts(array.as_string::<i32>(), &mut texts),
            }
        }
        let encoder = self.encoder;
        let chunk = InChunk { encoder: &mut *encoder, ..self }.values(&[&texts]);
        encoder.texts = emptied(texts);
        chunk
    }

    /// Values of all rows that have one, in parts.
    fn values<T: Value>(self, parts: &[&[T]]) -> Result<Chunk, ParquetError> {
        let (width, set) = (self.width, self.encoder.options.encoding_set);
        let wants_filter = self.encoder.options.bloom.contains(&self.descriptor.path().string());
        let dictionary = dictionary_for(parts, width, &mut self.encoder.codes);
        let filter = wants_filter.then(|| match &dictionary {
            Some(entries) => filter_of(&[entries], width),
            None => filter_of(parts, width),
        });
        let (pages, close) = match (dictionary, set) {
            (Some(entries), _) => self.coded(&entries),
            (None, EncodingSet::Modern) => self.modern(parts),
            (None, EncodingSet::Compatible) => self.plain(parts),
        }?;
        Ok((pages, ColumnCloseResult { bloom_filter: filter, ..close }))
    }

    fn plain<T: Value>(self, parts: &[&[T]]) -> Result<Chunk, ParquetError> {
        let width = self.width;
        self.uncoded(parts, Encoding::PLAIN, |values, body| T::write_plain(values, width, body))
    }

    /// Values themselves. `write` appends those of a page in the encoding, or of each part that a page has.
    fn uncoded<T: Value>(
        self,
        parts: &[&[T]],
        encoding: Encoding,
        write: impl Fn(&[T], &mut Vec<u8>),
    ) -> Result<Chunk, ParquetError> {
        let InChunk { encoder: ChunkEncoder { options, compressor, body, room, .. }, descriptor, rows, width } = self;
        let mut writer = ChunkWriter::new(descriptor, options.codec, compressor, room);
        let mut of_pages = OfPages::default();
        let pages = if T::IS_TEXT { rows.pages_of_texts(parts.first().unwrap_or(&&[][..])) } else { rows.pages() };
        let mut parts = parts.iter().copied();
        let mut rest = parts.next().unwrap_or(&[]);
        for page in pages {
            body.clear();
            rows.write_levels(&page, body);
            let values = rows.values(&page);
            let (mut left, mut bounds, mut nans, mut text_bytes) = (values, None, 0, 0);
            // An encoding may have something to say of no values, too.
            loop {
                let (now, later) = rest.split_at(left.min(rest.len()));
                write(now, body);
                bounds = Bounds::join(bounds, T::bounds(now));
                nans += if T::HAS_NAN { now.iter().filter(|value| value.is_nan()).count() } else { 0 };
                text_bytes += if T::IS_TEXT { text_bytes_of(now.iter().copied()) } else { 0 };
                left -= now.len();
                rest = if later.is_empty() { parts.next().unwrap_or(&[]) } else { later };
                if left == 0 {
                    break;
                }
            }
            let facts = of_pages.take(&rows, &page, values, nans, bounds, width, text_bytes);
            writer.page(body, encoding, facts)?;
        }
        of_pages.finish(writer, None, width)
    }

    /// Values as numbers of dictionary entries, which the encoder holds.
    fn coded<T: Value>(self, entries: &[T]) -> Result<Chunk, ParquetError> {
        let InChunk { encoder: ChunkEncoder { options, compressor, body, room, codes, .. }, descriptor, rows, width } =
            self;
        let mut writer = ChunkWriter::new(descriptor, options.codec, compressor, room);
        let mut of_pages = OfPages::default();
        body.clear();
        T::write_plain(entries, width, body);
        writer.dictionary(body, entries.len())?;
        let bits = code_bits(entries.len());
        let mut rest = codes.as_slice();
        for page in rows.pages() {
            body.clear();
            rows.write_levels(&page, body);
            let values = rows.values(&page);
            let (codes, later) = rest.split_at(values);
            rest = later;
            body.push(bits as u8);
            write_codes(bits, codes, body);
            let mut uses = vec![0u32; entries.len()];
            codes.iter().for_each(|&code| uses[code as usize] += 1);
            let used = entries.iter().zip(&uses).filter(|(_, uses)| **uses > 0);
            let (mut bounds, mut nans, mut text_bytes) = (None, 0, 0);
            for (&entry, &uses) in used {
                let is_nan = T::HAS_NAN && entry.is_nan();
                bounds = Bounds::join(bounds, (!is_nan).then_some(Bounds { min: entry, max: entry }));
                nans += if is_nan { uses as usize } else { 0 };
                text_bytes += if T::IS_TEXT { uses as usize * text_bytes_of(std::iter::once(entry)) } else { 0 };
            }
            let facts = of_pages.take(&rows, &page, values, nans, bounds, width, text_bytes);
            writer.page(body, Encoding::RLE_DICTIONARY, facts)?;
        }
        of_pages.finish(writer, Some(entries.len()), width)
    }

    fn booleans(self, arrays: &[ArrayRef]) -> Result<Chunk, ParquetError> {
        let InChunk { encoder: ChunkEncoder { options, compressor, body, room, .. }, descriptor, rows, .. } = self;
        let mut together = BooleanBufferBuilder::new(rows.count);
        arrays.iter().for_each(|array| append_booleans(array.as_boolean(), &mut together));
        let values = together.finish();
        let mut writer = ChunkWriter::new(descriptor, options.codec, compressor, room);
        let (mut bounds_of_pages, mut next) = (Vec::new(), 0);
        let is_modern = options.encoding_set == EncodingSet::Modern;
        let runs = if is_modern { runs_of_booleans(&rows, &rows.pages(), &values) } else { None };
        for (number, page) in rows.pages().into_iter().enumerate() {
            body.clear();
            rows.write_levels(&page, body);
            let count = rows.values(&page);
            let bits = values.slice(next, count);
            next += count;
            let encoding = match &runs {
                Some(runs) => {
                    body.extend_from_slice(&runs[number]);
                    Encoding::RLE
                }
                None => {
                    append_bits(&bits, body);
                    Encoding::PLAIN
                }
            };
            let trues = bits.count_set_bits();
            let bounds = (count > 0).then_some(Bounds { min: i32::from(trues == count), max: i32::from(trues > 0) });
            bounds_of_pages.push(bounds);
            let facts = PageFacts {
                places: page.len(),
                rows: rows.begun_in(&page),
                nulls: page.len() - count,
                nans: None,
                bounds: bounds.map(|Bounds { min, max }| (vec![min as u8], vec![max as u8])),
                text_bytes: None,
            };
            writer.page(body, encoding, facts)?;
        }
        let bounds = bounds_of_pages.iter().copied().reduce(Bounds::join).flatten();
        let (min, max) = (bounds.map(|bounds| bounds.min != 0), bounds.map(|bounds| bounds.max != 0));
        let nulls = (rows.count - values.len()) as u64;
        let statistics =
            ValueStatistics::new(min, max, None, Some(nulls), false).with_backwards_compatible_min_max(true);
        let order = boundary_order(&bounds_of_pages);
        writer.finish(ChunkFacts { statistics: Statistics::Boolean(statistics), order }, rows.count > 0)
    }
}

/// What the pages of a chunk add up to.
struct OfPages<T> {
    bounds: Vec<Option<Bounds<T>>>,
    counts: Counts,
    /// A page has values and no bounds: nothing but NaNs.
    is_unbounded: bool,
}

impl<T> Default for OfPages<T> {
    fn default() -> Self {
        OfPages { bounds: Vec::new(), counts: Counts::default(), is_unbounded: false }
    }
}

impl<T: Value> OfPages<T> {
    /// Adds a page; what is said of it.
    #[allow(clippy::too_many_arguments, reason = "what a page shows, figure by figure")]
    fn take(
        &mut self,
        rows: &Rows,
        page: &Range<usize>,
        values: usize,
        nans: usize,
        bounds: Option<Bounds<T>>,
        width: usize,
        text_bytes: usize,
    ) -> PageFacts {
        let nulls = page.len() - values;
        self.bounds.push(bounds);
        self.counts.nulls += nulls as u64;
        if T::HAS_NAN {
            *self.counts.nans.get_or_insert(0) += nans as u64;
        }
        self.is_unbounded |= values > 0 && bounds.is_none();
        PageFacts {
            places: page.len(),
            rows: rows.begun_in(page),
            nulls,
            nans: T::HAS_NAN.then_some(nans),
            bounds: bounds.map(|bounds| T::index_bounds(bounds, width)),
            text_bytes: T::IS_TEXT.then_some(text_bytes),
        }
    }

    fn finish(mut self, writer: ChunkWriter<'_>, distinct: Option<usize>, width: usize) -> Result<Chunk, ParquetError> {
        self.counts.distinct = distinct.map(|distinct| distinct as u64);
        let bounds = self.bounds.iter().copied().reduce(Bounds::join).flatten();
        let facts =
            ChunkFacts { statistics: T::statistics(bounds, width, self.counts), order: boundary_order(&self.bounds) };
        writer.finish(facts, !self.bounds.is_empty() && !self.is_unbounded)
    }
}

/// Bytes of some texts.
fn text_bytes_of<T: Value>(texts: impl Iterator<Item = T>) -> usize {
    texts.map(|text| text.plain_bytes(0) - values::LENGTH_BYTES).sum()
}

/// Appends the values of rows that have one.
fn append_valid<T: Copy>(values: &[T], nulls: Option<&NullBuffer>, out: &mut Vec<T>) {
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else {
        out.extend_from_slice(values);
        return;
    };
    let words = nulls.inner().bit_chunks();
    for (values, word) in values.chunks(64).zip(words.iter_padded()) {
        if word.count_ones() as usize == values.len() {
            out.extend_from_slice(values);
            continue;
        }
        let mut left = word;
        while left != 0 {
            out.push(values[left.trailing_zeros() as usize]);
            left &= left - 1;
        }
    }
}

/// Appends the texts of rows that have one.
fn append_texts<'a, O: OffsetSizeTrait>(array: &'a GenericStringArray<O>, out: &mut Vec<Text<'a>>) {
    let (bytes, offsets) = (array.value_data(), array.value_offsets());
    let text = |pair: &[O]| Text::new(bytes, pair[0].as_usize(), pair[1].as_usize());
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => out.extend(offsets.windows(2).map(text)),
        Some(nulls) => out.extend(nulls.valid_indices().map(|row| text(&offsets[row..row + 2]))),
    }
}

/// The memory of a list of texts, for texts from elsewhere: collecting from a list of its own size takes its place.
fn emptied<'a>(mut texts: Vec<Text<'_>>) -> Vec<Text<'a>> {
    texts.clear();
    texts.into_iter().map(|_| unreachable!("the list is empty")).collect()
}

/// Appends the values of rows that have one.
fn append_booleans(array: &BooleanArray, out: &mut BooleanBufferBuilder) {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => out.append_buffer(array.values()),
        Some(nulls) => nulls.valid_indices().for_each(|row| out.append(array.value(row))),
    }
}
