//! Every type × encoding × codec × null pattern is read back: here by the `parquet` crate, and by PyArrow, DuckDB and Polars in
//! one Python process (`tests/readers.py`, in the Python that `INGEST_TEST_PYTHON` names; `.ci/test` sets it).
//!
//! A file holds all types × null patterns as columns, in two row groups, the first of several pages. The expected values
//! are what was made to be written, for Python as Arrow files by the arrow crate.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use ingest_columnar::arrow::array::*;
use ingest_columnar::arrow::compute::{cast, concat_batches, nullif};
use ingest_columnar::arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, UInt64Type};
use ingest_columnar::arrow::ipc::writer::FileWriter as ArrowFileWriter;
use ingest_parquet::{Codec, EncodingSet, WriteOptions};
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;

use crate::table::{as_read, file, group, read, types};

/// Rows of a page of numbers.
const PAGE_ROWS: usize = 1 << 16;

/// Rows of each group.
const GROUPS: [usize; 2] = [PAGE_ROWS + 5000, 777];

/// How many different values the columns have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values {
    /// So few that dictionaries pay.
    Few,
    /// So many that none does.
    Many,
}

/// Which rows are null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nulls {
    None,
    All,
    Alternating,
    FirstHalf,
    /// The last row of each page and the first of the next.
    PageEdges,
    /// A thousand nulls, a thousand values.
    Runs,
}

impl Nulls {
    const ALL: [Nulls; 6] =
        [Nulls::None, Nulls::All, Nulls::Alternating, Nulls::FirstHalf, Nulls::PageEdges, Nulls::Runs];

    fn is_null(self, row: usize, rows: usize) -> bool {
        match self {
            Nulls::None => false,
            Nulls::All => true,
            Nulls::Alternating => row % 2 == 1,
            Nulls::FirstHalf => row < rows / 2,
            Nulls::PageEdges => matches!(row % PAGE_ROWS, 0 | 65_535),
            Nulls::Runs => (row / 1000).is_multiple_of(2),
        }
    }
}

/// One file of the matrix.
#[derive(Clone, Copy, Debug)]
struct Case {
    values: Values,
    set: EncodingSet,
    codec: Codec,
}

impl Case {
    fn all() -> Vec<Case> {
        let sets = [EncodingSet::Compatible, EncodingSet::Modern];
        let codecs = [Codec::Zstd(1), Codec::Snappy, Codec::Lz4, Codec::None];
        let of_values = |values| sets.into_iter().flat_map(move |set| codecs.map(|codec| Case { values, set, codec }));
        [Values::Few, Values::Many].into_iter().flat_map(of_values).collect()
    }

    fn write(self, tables: &[RecordBatch]) -> Vec<u8> {
        let options = WriteOptions { codec: self.codec, encoding_set: self.set, bloom: BTreeSet::new() };
        file(&tables[0].schema(), tables.iter().map(|table| group(table, &options)).collect())
    }
}

/// A number that varies with the row, of both signs: 44 bits of noise, or one of ten.
fn number(row: usize, values: Values) -> i64 {
    match values {
        Values::Few => row as i64 * 7 % 10 - 5,
        Values::Many => (row as i64).wrapping_mul(0x5851_f42d_4c95_7f2d) >> 20,
    }
}

fn float(row: usize, values: Values) -> f64 {
    const SPECIAL: [f64; 6] = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE];
    match number(row, values) {
        _ if row % 97 < SPECIAL.len() => SPECIAL[row % 97],
        number => number as f64 / 8.0,
    }
}

fn text(row: usize, values: Values) -> String {
    match (number(row, values), row % 1009) {
        (0, _) | (_, 0) => String::new(),
        (number, 1) if values == Values::Many => format!("long {number} ").repeat(200),
        (number, 2) => format!("žluťoučký 🚲 {}", number % 10),
        (number, _) if values == Values::Few => format!("é {number}"),
        // Of any length: a length that repeats would be matched along with the text behind it.
        (number, _) => {
            let digits = format!("{:011x}", number.unsigned_abs().wrapping_mul(977));
            digits[..1 + row * row * 7919 / 8 % 11].to_owned()
        }
    }
}

/// The values of a column in all rows of a group.
fn column(kind: &DataType, rows: usize, values: Values) -> ArrayRef {
    let numbers = || (0..rows).map(|row| number(row, values));
    match kind {
        DataType::Null => Arc::new(NullArray::new(rows)),
        // Noise, then runs.
        DataType::Boolean => {
            let is_set = |row| if row < rows / 3 { number(row, values) > 0 } else { row / 300 % 2 == 0 };
            Arc::new(BooleanArray::from_iter((0..rows).map(is_set).map(Some)))
        }
        DataType::Int64 => {
            let extreme = |row| match (row % 1000, values) {
                (0, Values::Many) => i64::MIN,
                (1, Values::Many) => i64::MAX,
                _ => number(row, values),
            };
            Arc::new(Int64Array::from_iter_values((0..rows).map(extreme)))
        }
        DataType::Float64 => Arc::new(Float64Array::from_iter_values((0..rows).map(|row| float(row, values)))),
        DataType::Date32 => Arc::new(Date32Array::from_iter_values(numbers().map(|n| (n % 2_000_000) as i32))),
        DataType::Decimal128(precision, _) => {
            // A quarter of the range: differences of noise over all of it would take more bits than the numbers.
            let bound = 10i128.pow(u32::from(*precision)) / 4;
            let squares = numbers().map(|n| i128::from(n).pow(2) % bound * i128::from(n.signum()));
            Arc::new(Decimal128Array::from_iter_values(squares).with_data_type(kind.clone()))
        }
        DataType::Time64(_) => {
            let of_day = Int64Array::from_iter_values(numbers().map(|n| n.rem_euclid(86_400_000_000)));
            cast(&of_day, kind).unwrap()
        }
        DataType::Utf8 => Arc::new(StringArray::from_iter_values((0..rows).map(|row| text(row, values)))),
        _ => cast(&Int64Array::from_iter_values(numbers()), kind).unwrap(),
    }
}

/// All types, as they come back.
fn kinds() -> Vec<DataType> {
    types().into_iter().filter(|kind| *kind != DataType::LargeUtf8).collect()
}

fn schema() -> SchemaRef {
    let of_kind = |kind: DataType| Nulls::ALL.map(|nulls| Field::new(format!("{kind} {nulls:?}"), kind.clone(), true));
    Arc::new(Schema::new(kinds().into_iter().flat_map(of_kind).collect::<Vec<_>>()))
}

/// A column of every type × null pattern; one table for each row group.
fn tables(values: Values) -> Vec<RecordBatch> {
    let table = |rows: usize| {
        let of_kind = |kind: DataType| {
            let whole = column(&kind, rows, values);
            Nulls::ALL.map(|nulls| {
                let is_null = BooleanArray::from_iter((0..rows).map(|row| Some(nulls.is_null(row, rows))));
                if kind == DataType::Null { whole.clone() } else { nullif(&whole, &is_null).unwrap() }
            })
        };
        RecordBatch::try_new(schema(), kinds().into_iter().flat_map(of_kind).collect()).unwrap()
    };
    GROUPS.map(table).into()
}

/// Floats as their bits: NaN is NaN, and zeros keep their sign.
fn exact(column: &ArrayRef) -> ArrayRef {
    match column.as_primitive_opt::<Float64Type>() {
        Some(floats) => Arc::new(floats.unary::<_, UInt64Type>(f64::to_bits)),
        None => as_read(column),
    }
}

/// What the values of a chunk are written as.
fn encoding_wanted(case: Case, kind: &DataType, nulls: Nulls) -> Encoding {
    let is_modern = case.set == EncodingSet::Modern;
    match (kind, nulls) {
        (DataType::Null, _) | (_, Nulls::All) => Encoding::PLAIN,
        (DataType::Boolean, _) => {
            if is_modern {
                Encoding::RLE
            } else {
                Encoding::PLAIN
            }
        }
        _ if case.values == Values::Few => Encoding::RLE_DICTIONARY,
        (DataType::Decimal128(38, _), _) => Encoding::PLAIN,
        _ if !is_modern => Encoding::PLAIN,
        // It helps a codec, and there is none.
        (DataType::Float64, _) if case.codec == Codec::None => Encoding::PLAIN,
        (DataType::Float64, _) => Encoding::BYTE_STREAM_SPLIT,
        (DataType::Utf8, _) => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        _ => Encoding::DELTA_BINARY_PACKED,
    }
}

fn check_encodings(case: Case, metadata: &ParquetMetaData) {
    let columns = kinds().into_iter().flat_map(|kind| Nulls::ALL.map(|nulls| (kind.clone(), nulls)));
    for (number, (kind, nulls)) in columns.enumerate() {
        let chunk = metadata.row_group(0).column(number);
        let wanted = encoding_wanted(case, &kind, nulls);
        let of_pages = chunk.page_encoding_stats_mask().expect("the data pages' encodings");
        assert!(of_pages.is_only(wanted), "{case:?} {kind} {nulls:?}: {of_pages:?}, not {wanted}");
        assert!(chunk.encodings().any(|encoding| encoding == wanted), "{case:?} {kind} {nulls:?}");
        let pages = metadata.page_index_for_row_group(0).offset_index(number).unwrap().page_locations().len();
        assert!(pages >= 2, "{case:?} {kind} {nulls:?}: {pages}");
    }
}

#[test]
fn the_parquet_crate_reads_all_of_it() {
    for values in [Values::Few, Values::Many] {
        let written = tables(values);
        let expected = concat_batches(&schema(), &written).unwrap();
        for case in Case::all().into_iter().filter(|case| case.values == values) {
            let (found, metadata) = read(&case.write(&written));
            assert_eq!(metadata.num_row_groups(), GROUPS.len());
            for (number, field) in expected.schema().fields().iter().enumerate() {
                let (found, expected) = (exact(found.column(number)), exact(expected.column(number)));
                assert!(found == expected, "{case:?}: {}", field.name());
            }
            check_encodings(case, &metadata);
        }
    }
}

/// The Python with the three readers; without one the test says so and ends.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("INGEST_TEST_PYTHON").map(PathBuf::from);
    if python.is_none() {
        // Written past the test harness, which hides what a passing test prints.
        let _ = writeln!(std::io::stderr().lock(), "skipped: readers (INGEST_TEST_PYTHON is not set; run .ci/test)");
    }
    python
}

/// Whether Python reads the whole matrix, or one file of each codec, which the seed of the run chooses.
fn is_heavy() -> bool {
    std::env::var_os("INGEST_HEAVY").is_some_and(|value| value == "1")
}

fn sample() -> Vec<Case> {
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1usize);
    let is_chosen = |number: &usize| is_heavy() || number / 4 == (number % 4 + seed) % 4;
    Case::all().into_iter().enumerate().filter(|(number, _)| is_chosen(number)).map(|(_, case)| case).collect()
}

fn write_expected(path: &Path, tables: &[RecordBatch]) {
    let mut writer = ArrowFileWriter::try_new(File::create(path).unwrap(), &tables[0].schema()).unwrap();
    tables.iter().for_each(|table| writer.write(table).unwrap());
    writer.finish().unwrap();
}

/// A file for the readers' own look at Bloom filters: even numbers in one group, and in the other.
fn with_filters() -> Vec<u8> {
    let names = ["whole", "ratio", "words", "few", "day"];
    let options = WriteOptions { bloom: names.map(str::to_owned).into(), ..WriteOptions::default() };
    let table = |from: i64| {
        let numbers = || (from..from + 20_000).map(|n| n * 2);
        let columns: [ArrayRef; 5] = [
            Arc::new(Int64Array::from_iter_values(numbers())),
            Arc::new(Float64Array::from_iter_values(numbers().map(|n| n as f64))),
            Arc::new(StringArray::from_iter_values(numbers().map(|n| format!("word {n}")))),
            Arc::new(Int64Array::from_iter_values(numbers().map(|n| n % 200 * 1000 + from))),
            Arc::new(Date32Array::from_iter_values(numbers().map(|n| n as i32))),
        ];
        RecordBatch::try_from_iter(names.into_iter().zip(columns)).unwrap()
    };
    let groups = [table(0), table(20_000)];
    file(&groups[0].schema(), groups.iter().map(|table| group(table, &options)).collect())
}

#[test]
fn pyarrow_duckdb_and_polars_read_it() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let cases = sample();
    for values in [Values::Few, Values::Many] {
        let written = tables(values);
        write_expected(&folder.path().join(format!("{values:?}.arrow")), &written);
        for case in cases.iter().filter(|case| case.values == values) {
            let name = format!("{values:?}-{}-{}.parquet", case.set, case.codec);
            fs::write(folder.path().join(name), case.write(&written)).unwrap();
        }
    }
    fs::write(folder.path().join("filters.parquet"), with_filters()).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers.py");
    let output = Command::new(python).arg(program).arg(folder.path()).output().unwrap();
    let (said, message) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{message}");
    assert_eq!(said.lines().count(), cases.len() + 1, "{said}");
}
