//! Blocks of bytes: by `pread`, from a map, from gzip and zstd. The line ends of every block are counted, so that a map
//! is read too. Throughput counts decoded bytes.

mod material;

use std::io::Write;
use std::path::Path;

use criterion::{Criterion, Throughput};
use flate2::Compression;
use flate2::write::GzEncoder;
use ingest_benches::Shape;
use ingest_source::{Access, Block, Location, Source, SourceOptions};
use material::Material;

/// What a worker of the engine takes at a time.
const BLOCK_BYTES: usize = 1 << 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let material = Material::new(Shape::Taxi);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    write(&path("taxi.csv"), material.text());
    write(&path("taxi.csv.gz"), &gzip(material.text()));
    write(&path("taxi.csv.zst"), &zstd::encode_all(material.text(), 1).expect("memory takes any bytes"));
    for (name, file, access) in [
        ("pread", "taxi.csv", Access::Pread),
        ("map", "taxi.csv", Access::Map),
        ("gzip", "taxi.csv.gz", Access::Pread),
        ("zstd", "taxi.csv.zst", Access::Pread),
    ] {
        blocks(&mut criterion, &material, name, &path(file), access);
    }
    criterion.final_summary();
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("the temporary folder takes the file");
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("memory takes any bytes")
}

fn blocks(criterion: &mut Criterion, material: &Material, name: &str, path: &Path, access: Access) {
    let location = Location::Path(path.to_owned());
    let mut block = Block::new();
    let mut read = || count_lines(&location, access, &mut block);
    assert_eq!(read(), (material.text().len() as u64, material.expected.rows + 1));
    let mut group = criterion.benchmark_group("next_block");
    group.throughput(Throughput::Bytes(material.text().len() as u64));
    group.sample_size(20);
    group.bench_function(name, |bencher| bencher.iter(&mut read));
    group.finish();
}

/// Bytes and line feeds.
fn count_lines(location: &Location, access: Access, block: &mut Block) -> (u64, u64) {
    let source =
        Source::open(location, &SourceOptions { access, ..SourceOptions::default() }).expect("the file is there");
    let (mut bytes, mut lines) = (0, 0);
    while let Some(info) = source.next_block(block, BLOCK_BYTES, 0).expect("the file can be read") {
        bytes += info.len as u64;
        // A byte of counters for at most 255 rounds: the compiler makes vectors of it.
        let chunks = block.bytes().chunks(255);
        lines +=
            chunks.map(|chunk| u64::from(chunk.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>())).sum::<u64>();
    }
    (bytes, lines)
}
