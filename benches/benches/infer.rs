//! Types and dialects: what one field after the other shows, and what the first megabyte does.

mod fields;
mod material;

use criterion::{BenchmarkId, Criterion, Throughput};
use fields::Fields;
use ingest_benches::Shape;
use ingest_infer::{Hints, NullWords, Summary, sniff};
use material::Material;

/// What the engine looks at before it reads.
const SAMPLE_BYTES: usize = 1 << 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let taxi = Material::new(Shape::Taxi);
    for name in ["vendor_id", "pickup_at", "fare", "stored_flag"] {
        observe(&mut criterion, &taxi, name);
    }
    for shape in [Shape::Taxi, Shape::Text, Shape::Wide, Shape::QuoteAll, Shape::Tsv] {
        sniff_sample(&mut criterion, &Material::new(shape));
    }
    criterion.final_summary();
}

fn observe(criterion: &mut Criterion, material: &Material, name: &str) {
    let (number, expected) = material.column(name);
    let (fields, nulls) = (Fields::new(material, number), NullWords::default());
    let summarize = || {
        let mut summary = Summary::default();
        for (block, spans) in &fields.batches {
            spans.iter().for_each(|span| summary.observe(span.of(block.bytes()), span.is_quoted(), &nulls));
        }
        summary
    };
    assert_eq!(summarize().decide().data_type.to_string(), expected.data_type);
    let mut group = criterion.benchmark_group("observe");
    group.throughput(Throughput::Bytes(fields.bytes));
    group.bench_function(BenchmarkId::new(&expected.data_type, name), |bencher| bencher.iter(summarize));
    group.finish();
}

fn sniff_sample(criterion: &mut Criterion, material: &Material) {
    let sample = &material.text()[..SAMPLE_BYTES];
    let look = || sniff(sample, false, &Hints::default());
    let sniffed = look();
    assert!(sniffed.header);
    assert!(sniffed.columns.iter().eq(material.expected.columns.iter().map(|column| &column.name)));
    let mut group = criterion.benchmark_group("sniff");
    group.throughput(Throughput::Bytes(SAMPLE_BYTES as u64));
    group.bench_function(&material.expected.shape, |bencher| bencher.iter(look));
    group.finish();
}
