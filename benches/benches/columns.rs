//! Builders: the fields of a column to an Arrow array, a type at a time, inferred as in the engine's first guess.

mod answer;
mod fields;
mod material;

use criterion::{Criterion, Throughput};
use fields::Fields;
use ingest_benches::{ColumnExpected, Shape};
use ingest_columnar::{Column, ColumnType, Quotes, Rules, Spares, builder_for};
use ingest_infer::NullWords;
use ingest_parse::Dialect;
use ingest_simd::Kernel;
use material::Material;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let (taxi, text) = (Material::new(Shape::Taxi), Material::new(Shape::Text));
    for name in ["vendor_id", "pickup_at", "fare", "stored_flag"] {
        column(&mut criterion, &taxi, name);
    }
    for expected in &text.expected.columns {
        if expected.data_type == "utf8" {
            column(&mut criterion, &text, &expected.name);
        }
    }
    // One column of each type of this shape, dates and booleans among them, all in quotes.
    let quoted = Material::new(Shape::QuoteAll);
    for (number, expected) in quoted.expected.columns.iter().enumerate() {
        let is_first = |other: &ColumnExpected| other.data_type != expected.data_type;
        if quoted.expected.columns[..number].iter().all(is_first) {
            column(&mut criterion, &quoted, &expected.name);
        }
    }
    criterion.final_summary();
}

fn column(criterion: &mut Criterion, material: &Material, name: &str) {
    let (number, expected) = material.column(name);
    let fields = Fields::new(material, number);
    let column = build(&fields, expected);
    answer::check_arrays(&[column.array], expected);
    let mut group = criterion.benchmark_group(format!("build/{}", material.expected.shape));
    group.throughput(Throughput::Bytes(fields.bytes));
    group.bench_function(format!("{} {name}", expected.data_type), |bencher| bencher.iter(|| build(&fields, expected)));
    group.finish();
}

fn build(fields: &Fields<'_>, expected: &ColumnExpected) -> Column {
    let data_type = expected.data_type.parse().expect("shapes have our types");
    let rows: usize = fields.batches.iter().map(|(_, spans)| spans.len()).sum();
    let mut builder = builder_for(&ColumnType::inferred(data_type), rows, &mut Spares::default());
    let (dialect, nulls, mut misfits) = (Dialect::default(), NullWords::default(), Vec::new());
    let rules = Rules { nulls: &nulls, kernel: Kernel::fastest(), quotes: Quotes::Wrap };
    for (block, spans) in &fields.batches {
        builder.append(&ingest_columnar::Fields { block: *block, spans, dialect: &dialect }, &rules, &mut misfits);
    }
    assert!(misfits.is_empty(), "{} has no misfits", expected.name);
    builder.finish()
}
