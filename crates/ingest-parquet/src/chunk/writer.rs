//! Pages of one column chunk, one after the other, and what the footer will say of them.

use bytes::Bytes;
use parquet::basic::{BoundaryOrder, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::Chunk;
use super::compress::Compressor;
use crate::error::ParquetError;
use crate::options::Codec;

/// What is said of a data page beside its bytes.
pub(super) struct PageFacts {
    /// Values and nulls: as many as rows, unless the column lies in a list.
    pub(super) places: usize,
    pub(super) rows: usize,
    pub(super) nulls: usize,
    /// NaNs, for types that have them.
    pub(super) nans: Option<usize>,
    /// The least and the greatest value as the format writes them; `None` if there is no value.
    pub(super) bounds: Option<(Vec<u8>, Vec<u8>)>,
    /// Bytes of the values themselves, for texts.
    pub(super) text_bytes: Option<usize>,
}

/// What is said of the chunk beside its pages.
pub(super) struct ChunkFacts {
    pub(super) statistics: Statistics,
    pub(super) order: BoundaryOrder,
}

/// A column chunk in the making, in memory.
pub(super) struct ChunkWriter<'a> {
    descriptor: ColumnDescPtr,
    codec: Codec,
    compressor: &'a mut Compressor,
    out: TrackedWrite<&'a mut Vec<u8>>,
    dictionary_offset: Option<i64>,
    data_offset: Option<i64>,
    pages: Vec<PageEncodingStats>,
    places: usize,
    rows: usize,
    uncompressed_bytes: usize,
    text_bytes: Option<usize>,
    column_index: ColumnIndexBuilder,
    offset_index: OffsetIndexBuilder,
}

impl<'a> ChunkWriter<'a> {
    /// `room` is where the pages are put together: what is in it goes, its memory is used again.
    pub(super) fn new(
        descriptor: ColumnDescPtr,
        codec: Codec,
        compressor: &'a mut Compressor,
        room: &'a mut Vec<u8>,
    ) -> Self {
        room.clear();
        ChunkWriter {
            codec,
            compressor,
            out: TrackedWrite::new(room),
            dictionary_offset: None,
            data_offset: None,
            pages: Vec::new(),
            places: 0,
            rows: 0,
            uncompressed_bytes: 0,
            text_bytes: None,
            column_index: ColumnIndexBuilder::new(descriptor.physical_type()),
            offset_index: OffsetIndexBuilder::new(),
            descriptor,
        }
    }

    fn write(&mut self, page: Page, uncompressed_bytes: usize) -> Result<PageWriteSpec, ParquetError> {
        let (page_type, encoding) = (page.page_type(), page.encoding());
        match self.pages.last_mut() {
            Some(last) if last.page_type == page_type && last.encoding == encoding => last.count += 1,
            _ => self.pages.push(PageEncodingStats { page_type, encoding, count: 1 }),
        }
        let page = CompressedPage::new(page, uncompressed_bytes);
        let written = SerializedPageWriter::new(&mut self.out).write_page(page)?;
        self.uncompressed_bytes += written.uncompressed_size;
        Ok(written)
    }

    /// Writes the dictionary; no data page came before.
    pub(super) fn dictionary(&mut self, body: &[u8], entries: usize) -> Result<(), ParquetError> {
        let page = Page::DictionaryPage {
            buf: Bytes::copy_from_slice(self.compressor.compress(body)?),
            num_values: entries as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.dictionary_offset = Some(self.write(page, body.len())?.offset.cast_signed());
        Ok(())
    }

    /// Writes a data page: levels and values as the encoding wants them.
    pub(super) fn page(&mut self, body: &[u8], encoding: Encoding, facts: PageFacts) -> Result<(), ParquetError> {
        let page = Page::DataPage {
            buf: Bytes::copy_from_slice(self.compressor.compress(body)?),
            num_values: facts.places as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let written = self.write(page, body.len())?;
        self.data_offset.get_or_insert(written.offset.cast_signed());
        self.places += facts.places;
        self.rows += facts.rows;
        if let Some(bytes) = facts.text_bytes {
            *self.text_bytes.get_or_insert(0) += bytes;
        }
        let is_null = facts.bounds.is_none();
        let (min, max) = facts.bounds.unwrap_or_default();
        let (nulls, nans) = (facts.nulls as i64, facts.nans.map(|nans| nans as i64));
        self.column_index.append(is_null, min, max, nulls, nans);
        self.offset_index.append_row_count(facts.rows as i64);
        self.offset_index.append_offset_and_size(written.offset.cast_signed(), written.compressed_size as i32);
        self.offset_index.append_unencoded_byte_array_data_bytes(facts.text_bytes.map(|bytes| bytes as i64));
        Ok(())
    }

    /// The whole chunk. A page of nothing but NaNs has no bounds and is not null either: then there is no index of columns.
    pub(super) fn finish(self, facts: ChunkFacts, index_holds: bool) -> Result<Chunk, ParquetError> {
        let bytes = Bytes::copy_from_slice(self.out.into_inner()?);
        let data_pages = self.pages.iter().filter(|page| page.page_type == PageType::DATA_PAGE);
        let mut encodings: Vec<Encoding> = data_pages.map(|page| page.encoding).collect();
        encodings.push(Encoding::RLE);
        if self.dictionary_offset.is_some() {
            encodings.push(Encoding::PLAIN);
        }
        let metadata = ColumnChunkMetaData::builder(self.descriptor)
            .set_compression(self.codec.compression())
            .set_encodings(encodings)
            .set_page_encoding_stats(self.pages)
            .set_num_values(self.places as i64)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed_bytes as i64)
            .set_data_page_offset(self.data_offset.unwrap_or(0))
            .set_dictionary_page_offset(self.dictionary_offset)
            .set_unencoded_byte_array_data_bytes(self.text_bytes.map(|bytes| bytes as i64))
            .set_statistics(facts.statistics)
            .build()?;
        let mut column_index = self.column_index;
        column_index.set_boundary_order(facts.order);
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows as u64,
            metadata,
            bloom_filter: None,
            column_index: if index_holds { Some(column_index.build()?) } else { None },
            offset_index: Some(self.offset_index.build()),
        };
        Ok((bytes, close))
    }
}
