//! The whole way: a file of each shape to a typed frame, and to a Parquet file. Throughput counts the bytes of text.

mod answer;
mod material;

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use ingest::arrow::array::RecordBatch;
use ingest::{Options, Ragged, Reader, Report, WriteOptions};
use ingest_benches::{Expected, Shape};
use material::Material;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for shape in Shape::ALL {
        let material = Material::new(shape);
        let path = folder.path().join(format!("{shape}.csv"));
        std::fs::write(&path, material.text()).expect("the temporary folder takes the file");
        bench(&mut criterion, shape, &path, &material.expected);
    }
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion, shape: Shape, path: &Path, expected: &Expected) {
    let output = path.with_extension("parquet");
    let collect = || reader(path).collect().expect("the shape can be read");
    answer::check_batches(collect().batches(), expected);
    let report = convert(path, &output);
    assert_eq!((report.rows_out, report.rejected), (expected.rows, expected.short_rows + expected.long_rows));
    answer::check_batches(&read_back(&output), expected);

    let mut group = criterion.benchmark_group(format!("end_to_end/{shape}"));
    group.throughput(Throughput::Bytes(expected.bytes)).sample_size(10).measurement_time(Duration::from_secs(2));
    group.bench_function("count", |bencher| bencher.iter(|| reader(path).count().expect("the shape can be read")));
    group.bench_function("frame", |bencher| bencher.iter(collect));
    if shape == Shape::Wide {
        // Two of its two hundred columns: what is left is finding them.
        let two = || reader(path).columns(["f003", "f150"]).collect().expect("the shape can be read");
        group.bench_function("frame of two columns", |bencher| bencher.iter(two));
    }
    group.bench_function("parquet", |bencher| bencher.iter(|| convert(path, &output)));
    group.finish();
}

/// Ragged records are rejected; only one shape has them.
fn reader(path: &Path) -> Reader {
    let options = Options { ragged: Some(Ragged::Reject), ..Options::default() };
    ingest::read(path).expect("a path").options(options)
}

fn convert(path: &Path, output: &Path) -> Report {
    let write = WriteOptions { overwrite: true, ..WriteOptions::default() };
    reader(path).write(output, &write).expect("the shape can be written")
}

fn read_back(path: &Path) -> Vec<RecordBatch> {
    let file = File::open(path).expect("the file was written");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(ParquetRecordBatchReaderBuilder::build);
    reader.expect("a footer").collect::<Result<_, _>>().expect("pages")
}
