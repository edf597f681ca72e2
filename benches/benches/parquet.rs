//! Columns to Parquet: one column chunk of each type, by codec and encoding set. Throughput counts the columns' bytes in memory.

mod answer;
mod material;

use std::fs::File;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput};
use ingest::arrow::array::{Array, ArrayRef, RecordBatch};
use ingest::arrow::datatypes::{Field, Schema};
use ingest_benches::{ColumnExpected, Shape};
use ingest_parquet::{Codec, EncodedColumn, EncodedGroup, EncodingSet, StreamWriter, WriteOptions, encode_column};
use material::Material;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    columns(&mut criterion, Shape::Taxi, &["vendor_id", "pickup_zone", "pickup_at", "fare", "stored_flag"]);
    columns(&mut criterion, Shape::LongText, &[]);
    criterion.final_summary();
}

/// These columns of a shape, or all of them.
fn columns(criterion: &mut Criterion, shape: Shape, names: &[&str]) {
    let material = Material::new(shape);
    let reader = ingest::read(material.text().to_vec()).expect("bytes");
    let batches = reader.collect().expect("the shape can be read").into_batches();
    for (number, expected) in material.expected.columns.iter().enumerate() {
        if names.is_empty() || names.contains(&expected.name.as_str()) {
            let arrays: Vec<_> = batches.iter().map(|batch| batch.column(number).clone()).collect();
            let field = batches[0].schema_ref().field(number).clone();
            column(criterion, shape, &field, &arrays, expected);
        }
    }
}

fn column(criterion: &mut Criterion, shape: Shape, field: &Field, arrays: &[ArrayRef], expected: &ColumnExpected) {
    let mut group = criterion.benchmark_group(format!("encode/{shape}/{} {}", expected.data_type, expected.name));
    group.throughput(Throughput::Bytes(arrays.iter().map(|array| array.get_buffer_memory_size() as u64).sum()));
    group.sample_size(20);
    let codecs = [Codec::default(), Codec::Snappy, Codec::Lz4, Codec::None];
    let sets = [EncodingSet::Compatible, EncodingSet::Modern];
    for (encoding_set, codec) in sets.into_iter().flat_map(|set| codecs.map(|codec| (set, codec))) {
        let options = WriteOptions { codec, encoding_set, ..WriteOptions::default() };
        let encode = || encode_column(field, arrays, &options).expect("Parquet holds every type of the shapes");
        check(field, encode(), expected);
        let id = BenchmarkId::from_parameter(format!("{codec} {encoding_set}"));
        group.bench_function(id, |bencher| bencher.iter(encode));
    }
    group.finish();
}

/// Reads the chunk back as a file of one column.
fn check(field: &Field, column: EncodedColumn, expected: &ColumnExpected) {
    let schema = Arc::new(Schema::new(vec![field.clone()]));
    let file = tempfile::tempfile().expect("a temporary file");
    let mut writer = StreamWriter::new(file, schema).expect("a file takes bytes");
    writer.append(EncodedGroup::new(vec![column])).expect("a file takes bytes");
    let (file, _) = writer.finish().expect("a file takes bytes");
    answer::check_arrays(&read_back(file), expected);
}

fn read_back(file: File) -> Vec<ArrayRef> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("a footer");
    let batches: Result<Vec<RecordBatch>, _> = builder.build().expect("a reader").collect();
    batches.expect("pages").iter().map(|batch| batch.column(0).clone()).collect()
}
