//! What is known of a row group that has been written, as bytes: for a writer in another process, who goes on with the file.

use std::sync::Arc;

use bytes::Bytes;
use ingest_columnar::arrow::datatypes::{DataType, Field, Schema};
use ingest_columnar::arrow::error::ArrowError;
use ingest_columnar::arrow::ipc::reader::StreamReader;
use ingest_columnar::arrow::ipc::writer::StreamWriter;
use parquet::file::metadata::page_index::PageIndexBuilder;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, PageIndexPolicy, ParquetMetaDataBuilder, ParquetMetaDataOptions,
    ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::statistics::Statistics;

use crate::body::{FORMAT_VERSION, Group};
use crate::error::ParquetError;
use crate::options::created_by;

impl Group {
    /// The group as the footer of a file that has no other, behind the types of its columns as an empty Arrow stream, and a byte
    /// for each chunk, what the library does not say of its statistics when it has read them.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, ParquetError> {
        let fields: Vec<Field> = self.kinds.iter().map(|kind| Field::new("", kind.clone(), true)).collect();
        let kinds = StreamWriter::try_new(Vec::new(), &Schema::new(fields)).and_then(StreamWriter::into_inner);
        let kinds = kinds.map_err(encode)?;
        let descriptor = self.metadata.schema_descr_ptr();
        let mut index = PageIndexBuilder::new(1, descriptor.num_columns());
        for (column, bounds) in self.column_indexes.iter().enumerate() {
            bounds.iter().for_each(|bounds| index.put_column_index(bounds.clone(), 0, column));
        }
        for (column, places) in self.offset_indexes.iter().enumerate() {
            places.iter().for_each(|places| index.put_offset_index(places.clone(), 0, column));
        }
        let file =
            FileMetaData::new(FORMAT_VERSION, self.metadata.num_rows(), Some(created_by()), None, descriptor, None);
        let builder = ParquetMetaDataBuilder::new(file).set_row_groups(vec![self.metadata.clone()]);
        let metadata = builder.set_page_index(Some(Arc::new(index.build()))).build();
        let mut footer = Vec::new();
        ParquetMetaDataWriter::new(&mut footer, &metadata).finish()?;
        let len = u32::try_from(kinds.len()).map_err(|_| ParquetError::encode("a schema of more than 4 GiB"))?;
        let untold: Vec<u8> = self.metadata.columns().iter().map(untold).collect();
        Ok([&len.to_le_bytes()[..], &kinds, &untold, &footer].concat())
    }

    /// The group that these are the bytes of.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Group, ParquetError> {
        let cut = || ParquetError::encode("a saved row group is cut short");
        let (len, rest) = bytes.split_first_chunk::<4>().ok_or_else(cut)?;
        let (kinds, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or_else(cut)?;
        let schema = StreamReader::try_new(kinds, None).map_err(encode)?.schema();
        let kinds: Vec<DataType> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        let starts = Group::starts(&kinds);
        let (untold, footer) = starts.last().and_then(|&end| rest.split_at_checked(end)).ok_or_else(cut)?;
        let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = reader.with_metadata_options(Some(options)).parse_and_finish(&Bytes::copy_from_slice(footer))?;
        let mut group = metadata.row_groups().first().ok_or_else(cut)?.clone();
        for (chunk, &untold) in group.columns_mut().iter_mut().zip(untold) {
            *chunk = told(chunk, untold)?;
        }
        let pages = metadata.page_index_for_row_group(0);
        let chunks = 0..group.num_columns();
        Ok(Group {
            column_indexes: chunks.clone().map(|chunk| pages.column_index(chunk).cloned()).collect(),
            offset_indexes: chunks.map(|chunk| pages.offset_index(chunk).cloned()).collect(),
            starts,
            metadata: group,
            kinds,
        })
    }
}

/// Old readers are told the least and the greatest value too.
const FOR_OLD_READERS: u8 = 1;
/// The least value is one of the chunk.
const MIN_IS_EXACT: u8 = 1 << 1;
/// So is the greatest.
const MAX_IS_EXACT: u8 = 1 << 2;

fn untold(chunk: &ColumnChunkMetaData) -> u8 {
    let Some(statistics) = chunk.statistics() else { return 0 };
    let flag = |holds: bool, flag: u8| if holds { flag } else { 0 };
    flag(statistics.is_min_max_backwards_compatible(), FOR_OLD_READERS)
        | flag(statistics.min_is_exact(), MIN_IS_EXACT)
        | flag(statistics.max_is_exact(), MAX_IS_EXACT)
}

/// The chunk that was read, with what [`untold`] said of it.
fn told(chunk: &ColumnChunkMetaData, untold: u8) -> Result<ColumnChunkMetaData, ParquetError> {
    macro_rules! of_kinds {
        ($statistics:expr, $($kind:ident),*) => {
            match $statistics {
                $(Statistics::$kind(known) => Statistics::$kind(
                    known
                        .clone()
                        .with_backwards_compatible_min_max(untold & FOR_OLD_READERS > 0)
                        .with_min_is_exact(untold & MIN_IS_EXACT > 0)
                        .with_max_is_exact(untold & MAX_IS_EXACT > 0),
                ),)*
            }
        };
    }
    let Some(statistics) = chunk.statistics() else { return Ok(chunk.clone()) };
    let told = of_kinds!(statistics, Boolean, Int32, Int64, Int96, Float, Double, ByteArray, FixedLenByteArray);
    Ok(chunk.clone().into_builder().set_statistics(told).build()?)
}

fn encode(error: ArrowError) -> ParquetError {
    ParquetError::encode(error.to_string())
}

#[cfg(test)]
mod tests {
    use ingest_columnar::arrow::array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray, RecordBatch,
        StringArray,
    };
    use ingest_columnar::arrow::datatypes::Int64Type;

    use super::*;
    use crate::body::Body;
    use crate::{EncodingSet, WriteOptions, encode_group};

    #[test]
    fn a_group_is_read_back_as_it_was() {
        let texts: Vec<Option<String>> = (0..5000).map(|n| (n % 7 > 0).then(|| format!("text {}", n % 90))).collect();
        let lists = (0..5000).map(|n| (n % 3 > 0).then(|| (0..n % 5).map(|item| (item > 1).then_some(item))));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("n", Arc::new(Int64Array::from_iter((0..5000).map(|n| (n % 5 > 0).then_some(n))))),
            ("text", Arc::new(StringArray::from(texts))),
            ("list", Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists))),
            ("nan", Arc::new(Float64Array::from(vec![f64::NAN; 5000]))),
            ("zero", Arc::new(Float64Array::from_iter_values((0..5000).map(f64::from)))),
            ("long", Arc::new(StringArray::from(vec!["z".repeat(1000); 5000]))),
            ("wide", Arc::new(Decimal128Array::from(vec![1 << 100; 5000]))),
            ("flag", Arc::new(BooleanArray::from(vec![true; 5000]))),
            ("day", Arc::new(Date32Array::from_iter_values(0..5000))),
            ("null", Arc::new(Int64Array::from(vec![None; 5000]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        for encoding_set in [EncodingSet::Compatible, EncodingSet::Modern] {
            let bloom = ["text".to_owned()].into();
            let options = WriteOptions { encoding_set, bloom, ..WriteOptions::default() };
            let mut body = Body::new(Vec::new()).unwrap();
            body.append(encode_group(&batch.schema(), std::slice::from_ref(&batch), &options).unwrap()).unwrap();
            let group = &body.groups()[0];
            let back = Group::from_bytes(&group.to_bytes().unwrap()).unwrap();
            assert_eq!((&back.kinds, &back.starts), (&group.kinds, &group.starts));
            assert_eq!(format!("{:?}", back.column_indexes), format!("{:?}", group.column_indexes));
            assert_eq!(format!("{:?}", back.offset_indexes), format!("{:?}", group.offset_indexes));
            assert!(back.to_bytes().unwrap() == group.to_bytes().unwrap());
        }
    }
}
