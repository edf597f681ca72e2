//! Structure: one pass for the masks' sums, and the index of all fields, by every kernel.

mod material;

use criterion::{BenchmarkId, Criterion, Throughput};
use ingest_benches::Shape;
use ingest_parse::Dialect;
use ingest_simd::{Kernel, Padded, RECORD_END, index_fields, scan_chunk};
use material::Material;

/// Text that is indexed at a time, as in the engine: the index of so much stays in the L2 cache.
const BATCH_BYTES: usize = 96 << 10;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, material) in [
        ("unquoted", Material::new(Shape::Taxi)),
        ("all-quoted", Material::new(Shape::QuoteAll)),
        ("crlf", Material::new(Shape::Taxi).with_crlf()),
    ] {
        scan(&mut criterion, name, &material);
        index(&mut criterion, name, &material);
    }
    criterion.final_summary();
}

fn scan(criterion: &mut Criterion, name: &str, material: &Material) {
    let structure = Dialect::default().structure();
    let mut group = criterion.benchmark_group(format!("scan_chunk/{name}"));
    group.throughput(Throughput::Bytes(material.text().len() as u64));
    for kernel in Kernel::available() {
        let scan = || scan_chunk(kernel, material.padded(), None, &structure).outside;
        let side = scan();
        assert!(!side.irregular && !side.ends_inside);
        assert_eq!(side.record_ends, material.expected.rows + 1, "the rows and the header");
        group.bench_function(BenchmarkId::from_parameter(kernel), |bencher| bencher.iter(scan));
    }
    group.finish();
}

fn index(criterion: &mut Criterion, name: &str, material: &Material) {
    let (parts, mut ends) = (parts(material), Vec::new());
    let mut group = criterion.benchmark_group(format!("index_fields/{name}"));
    group.throughput(Throughput::Bytes(material.text().len() as u64));
    for kernel in Kernel::available() {
        let records = material.expected.rows + 1;
        assert_eq!(index_all(kernel, &parts, &mut ends), (records, records * material.expected.columns.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(kernel), |bencher| {
            bencher.iter(|| parts.iter().map(|part| index_one(kernel, *part, &mut ends)).sum::<usize>());
        });
    }
    group.finish();
}

/// The text cut at line ends, none of which is in quotes in these shapes.
fn parts(material: &Material) -> Vec<Padded<'_>> {
    let (text, mut parts, mut at) = (material.padded(), Vec::new(), 0);
    while at < text.len() {
        let from = text.len().min(at + BATCH_BYTES);
        let line = text.bytes()[from..].iter().position(|byte| *byte == b'\n');
        let end = line.map_or(text.len(), |line| from + line + 1);
        parts.push(text.slice(at, end));
        at = end;
    }
    parts
}

fn index_one(kernel: Kernel, part: Padded<'_>, ends: &mut Vec<u32>) -> usize {
    ends.clear();
    index_fields(kernel, part, None, &Dialect::default().structure(), ends);
    ends.len()
}

/// Records and fields.
fn index_all(kernel: Kernel, parts: &[Padded<'_>], ends: &mut Vec<u32>) -> (u64, u64) {
    let (mut records, mut fields) = (0, 0);
    for part in parts {
        fields += index_one(kernel, *part, ends) as u64;
        records += ends.iter().filter(|entry| *entry & RECORD_END != 0).count() as u64;
    }
    (records, fields)
}
