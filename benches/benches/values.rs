//! Numbers and times of whole columns, by every kernel. Throughput counts the bytes of the fields alone.

mod fields;
mod material;

use criterion::{BenchmarkId, Criterion, Throughput};
use fields::Fields;
use ingest_benches::{ColumnExpected, Shape};
use ingest_simd::{Batch, Kernel, Padded, Span, Validity, parse_dates, parse_floats, parse_ints, parse_timestamps};
use material::Material;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let (narrow, taxi) = (Material::new(Shape::Narrow), Material::new(Shape::Taxi));
    let quoted = Material::new(Shape::QuoteAll);
    let date = quoted.expected.columns.iter().find(|column| column.data_type == "date32").expect("a column of dates");
    column(&mut criterion, "ints", &narrow, "b", i64::cast_unsigned, |kernel, block, spans, out| {
        parse_ints(kernel, block, spans, out);
    });
    column(&mut criterion, "floats", &taxi, "fare", f64::to_bits, |kernel, block, spans, out| {
        parse_floats(kernel, block, spans, out);
    });
    column(&mut criterion, "timestamps", &taxi, "pickup_at", i64::cast_unsigned, |kernel, block, spans, out| {
        parse_timestamps(kernel, block, spans, out);
    });
    let days = |days| i64::from(days).cast_unsigned();
    column(&mut criterion, "dates", &quoted, &date.name, days, |kernel, block, spans, out: Batch<'_, i32>| {
        parse_dates(kernel, block, spans, out);
    });
    criterion.final_summary();
}

/// Where a column goes; its memory is used again.
#[derive(Default)]
struct Out<T> {
    values: Vec<T>,
    validity: Validity,
    misfits: Vec<u32>,
}

impl<T> Out<T> {
    fn clear(&mut self) {
        self.values.clear();
        self.validity.truncate(0);
        self.misfits.clear();
    }

    fn batch(&mut self) -> Batch<'_, T> {
        Batch { values: &mut self.values, validity: &mut self.validity, misfits: &mut self.misfits }
    }
}

fn column<T: Copy + Default>(
    criterion: &mut Criterion,
    kind: &str,
    material: &Material,
    name: &str,
    share: impl Fn(T) -> u64,
    parse: impl Fn(Kernel, Padded<'_>, &[Span], Batch<'_, T>),
) {
    let (number, expected) = material.column(name);
    let fields = Fields::new(material, number);
    let mut group = criterion.benchmark_group(format!("parse_{kind}"));
    group.throughput(Throughput::Bytes(fields.bytes));
    for kernel in Kernel::available() {
        let mut out = Out::default();
        let read = |out: &mut Out<T>| {
            out.clear();
            fields.batches.iter().for_each(|(block, spans)| parse(kernel, *block, spans, out.batch()));
            out.values.len() as u64
        };
        assert_eq!(read(&mut out), material.expected.rows);
        check(&out, expected, &share);
        group.bench_function(BenchmarkId::from_parameter(kernel), |bencher| bencher.iter(|| read(&mut out)));
    }
    group.finish();
}

fn check<T: Copy>(out: &Out<T>, expected: &ColumnExpected, share: impl Fn(T) -> u64) {
    let present = out.values.iter().enumerate().filter(|(row, _)| out.validity.get(*row));
    let sum = present.fold(0u64, |sum, (_, value)| sum.wrapping_add(share(*value)));
    assert_eq!((out.validity.nulls() as u64, out.misfits.len()), (expected.nulls, 0), "{}", expected.name);
    assert_eq!(sum, expected.checksum, "checksum of {}", expected.name);
}
