//! Parquet and Arrow IPC as sources: what was stored comes back, by every verb and in every setting.

use std::sync::Arc;

use ingest::arrow::array::{
    ArrayRef, DictionaryArray, DurationSecondArray, Float32Array, Int8Array, Int64Array, LargeStringArray, RecordBatch,
    StringArray, TimestampMillisecondArray, UInt64Array,
};
use ingest::arrow::datatypes::{DataType as ArrowType, Field, Int32Type, SchemaRef};
use ingest::arrow::ipc::writer::{FileWriter, StreamWriter};
use ingest::{Code, DataType, Delimiter, Error, Format, InputFormat, OnError, Options, WriteOptions, read};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use crate::scaled;
use crate::settings::{Input, Setting, any_setting};
use crate::tables::{Column, columns_of};

/// A table with all that text brings: values of each type, nulls, structs and lists.
fn lines(rows: usize) -> String {
    let line = |row: usize| {
        let text = if row.is_multiple_of(5) { "null".to_owned() } else { format!("\"t{}\"", row % 37) };
        let items = if row.is_multiple_of(3) { "[]".to_owned() } else { format!("[{row}, null]") };
        format!(
            "{{\"n\":{row},\"f\":{}.5,\"ok\":{},\"text\":{text},\"day\":\"2020-02-{:02}\",\"items\":{items},\"at\":{{\"x\":{row}}}}}\n",
            row % 1000,
            row.is_multiple_of(2),
            row % 28 + 1
        )
    };
    (0..rows).map(line).collect()
}

/// The columns of some JSON lines, and the same table in every stored form.
fn stored(json: &str) -> (Vec<Column>, Vec<(&'static str, Vec<u8>)>) {
    let frame = read(json.as_bytes().to_vec()).unwrap().collect().unwrap();
    let batches = frame.batches();
    let small_groups = WriteOptions { row_group_bytes: Some(1), ..WriteOptions::default() };
    let mut groups = Vec::new();
    read(json.as_bytes().to_vec()).unwrap().write_to(&mut groups, Format::Parquet, &small_groups).unwrap();
    let mut stream = StreamWriter::try_new(Vec::new(), frame.schema()).unwrap();
    let mut file = FileWriter::try_new(Vec::new(), frame.schema()).unwrap();
    for batch in batches {
        for start in (0..batch.num_rows()).step_by(1000) {
            let part = batch.slice(start, (batch.num_rows() - start).min(1000));
            stream.write(&part).unwrap();
            file.write(&part).unwrap();
        }
    }
    let forms = vec![
        ("Parquet", groups),
        ("Parquet of others", parquet_of_others(frame.schema(), batches)),
        ("Arrow stream", stream.into_inner().unwrap()),
        ("Arrow file", file.into_inner().unwrap()),
    ];
    (columns_of(&frame), forms)
}

/// As other programs write it: another codec, and row groups where they like.
fn parquet_of_others(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(GzipLevel::default()))
        .set_max_row_group_row_count(Some(777))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

/// A Parquet file of these columns.
fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    parquet_of_others(&batch.schema(), &[batch])
}

fn failure(bytes: Vec<u8>, options: Options) -> Error {
    read(bytes).unwrap().options(options).collect().unwrap_err()
}

#[test]
fn what_was_stored_comes_back_in_every_setting() {
    let (columns, forms) = stored(&lines(scaled(5000, 50_000)));
    for (name, bytes) in forms {
        let input = Input::new(bytes);
        for number in 0..12 {
            let setting = Setting::numbered(number, 1 << 20);
            let frame = setting.reader(&input, &Options::default()).collect().unwrap();
            assert_eq!(columns_of(&frame), columns, "{name}, {setting:?}");
        }
        let limited = Options { memory_limit: Some(128 << 20), ..Options::default() };
        assert_eq!(columns_of(&Setting::numbered(3, 1).reader(&input, &limited).collect().unwrap()), columns);
    }
}

#[test]
fn every_verb_works_on_it() {
    let json = lines(2500);
    let (columns, forms) = stored(&json);
    let csv = |bytes: Vec<u8>| {
        let mut out = Vec::new();
        read(bytes).unwrap().write_to(&mut out, Format::Jsonl, &WriteOptions::default()).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = csv(json.into_bytes());
    for (name, bytes) in forms {
        let reader = || read(bytes.clone()).unwrap();
        assert_eq!(reader().count().unwrap(), 2500, "{name}");
        let report = reader().schema().unwrap();
        let told: Vec<_> =
            report.columns.iter().map(|column| (&column.name, &column.data_type, column.nulls)).collect();
        let wanted: Vec<_> = columns.iter().map(|column| (&column.name, &column.data_type, column.nulls())).collect();
        assert_eq!(told, wanted, "{name}");
        assert_eq!((report.rows_in, report.bytes_in), (2500, bytes.len() as u64));
        let head = reader().head(2).unwrap();
        assert_eq!(
            head.rows[1][0..4],
            [Some("1"), Some("1.5"), Some("false"), Some("t1")].map(|cell| cell.map(str::to_owned))
        );
        assert!(head.rows[0][3].is_none() && !head.provisional && head.rows.len() == 2);
        let sniffed = reader().sniff().unwrap();
        assert_eq!((sniffed.columns.len(), sniffed.newline), (7, None));
        assert!(["parquet", "arrow"].contains(&sniffed.format.as_str()));
        assert_eq!(reader().batches().unwrap().map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 2500);
        assert_eq!(csv(bytes.clone()), text, "{name}");
        let folder = tempfile::tempdir().unwrap();
        let again = folder.path().join("again.parquet");
        reader().write_parquet(&again).unwrap();
        assert_eq!(columns_of(&read(again).unwrap().collect().unwrap()), columns, "{name}");
        let schema =
            columns.iter().map(|column| (column.name.clone(), column.data_type.parse().unwrap()).into()).collect();
        let checked = reader().options(Options { schema: Some(schema), ..Options::default() }).validate().unwrap();
        assert_eq!((checked.rows_out, checked.rejected), (2500, 0));
    }
}

#[test]
fn columns_and_limits_take_their_part() {
    let (columns, forms) = stored(&lines(3000));
    for (name, bytes) in forms {
        let input = Input::new(bytes);
        for (number, limit) in [0, 1, 776, 777, 778, 2999, 3000, 9000].into_iter().enumerate() {
            let named = ["text", "n"].map(str::to_owned).to_vec();
            let options = Options { columns: Some(named), limit: Some(limit), ..Options::default() };
            let frame = Setting::numbered(number, 1).reader(&input, &options).collect().unwrap();
            let found = columns_of(&frame);
            let rows = limit.min(3000) as usize;
            assert_eq!(found[0].values, columns[3].values[..rows], "{name}, {limit}");
            assert_eq!(found[1].values, columns[0].values[..rows], "{name}, {limit}");
        }
    }
}

#[test]
fn tables_are_read_as_one_in_their_order() {
    let parts: Vec<Vec<u8>> =
        (0..3).map(|part| parquet_of(vec![("n", Arc::new(Int64Array::from(vec![part, 10 + part])))])).collect();
    let folder = tempfile::tempdir().unwrap();
    for (number, bytes) in parts.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.parquet")), bytes).unwrap();
    }
    let pattern = |name: &str| folder.path().join(name).display().to_string();
    let frame = read(pattern("*.parquet")).unwrap().collect().unwrap();
    assert_eq!(columns_of(&frame)[0].values.len(), 6);
    assert_eq!(read(pattern("*.parquet")).unwrap().limit(3).count().unwrap(), 3);
    // Nothing but nulls fits any type; other types, names and formats do not.
    let nulls: ArrayRef = Arc::new(ingest::arrow::array::NullArray::new(2));
    let schema = ingest::arrow::datatypes::Schema::new(vec![Field::new("n", ArrowType::Null, true)]);
    let nulls = RecordBatch::try_new(Arc::new(schema), vec![nulls]).unwrap();
    std::fs::write(folder.path().join("3.parquet"), parquet_of_others(&nulls.schema(), &[nulls])).unwrap();
    assert_eq!(columns_of(&read(pattern("*.parquet")).unwrap().collect().unwrap())[0].nulls(), 2);
    let together = |file: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(file), bytes).unwrap();
        read(vec![pattern("0.parquet"), pattern(file)]).unwrap().collect().unwrap_err()
    };
    let error = together("text", &parquet_of(vec![("n", Arc::new(StringArray::from(vec!["1"])))]));
    assert!(error.render().contains("column \"n\" is utf8, in the sources before it int64"), "{}", error.render());
    let error = together("name", &parquet_of(vec![("m", Arc::new(Int64Array::from(vec![1])))]));
    assert_eq!(error.code(), Code::HeaderMismatch);
    assert!(together("csv", b"n\n1\n").render().contains("is no Parquet or Arrow file"));
    let error = read(vec![pattern("csv"), pattern("0.parquet")]).unwrap().collect().unwrap_err();
    assert!(error.render().contains("is Parquet, the sources before it are delimited text"), "{}", error.render());
    let both = Options { types: vec![("n".to_owned(), DataType::Utf8)], ..Options::default() };
    let frame = read(vec![pattern("0.parquet"), pattern("text")]).unwrap().options(both).collect();
    assert_eq!(frame.unwrap_err().code(), Code::HeaderMismatch, "the types are compared as they are stored");
}

#[test]
fn types_that_text_has_not_widen_without_loss() {
    let dictionary: DictionaryArray<Int32Type> = [Some("x"), None].into_iter().collect();
    let bytes = parquet_of(vec![
        ("small", Arc::new(Int8Array::from(vec![Some(-1), None]))),
        ("huge", Arc::new(UInt64Array::from(vec![u64::MAX, 0]))),
        ("single", Arc::new(Float32Array::from(vec![0.1, f32::MAX]))),
        ("text", Arc::new(LargeStringArray::from(vec!["é", ""]))),
        ("word", Arc::new(dictionary)),
        ("at", Arc::new(TimestampMillisecondArray::from(vec![1, 2]).with_timezone("Asia/Tokyo"))),
    ]);
    let report = read(bytes.clone()).unwrap().schema().unwrap();
    let types: Vec<&str> = report.columns.iter().map(|column| column.data_type.as_str()).collect();
    assert_eq!(types, ["int64", "decimal128(20,0)", "float64", "utf8", "utf8", "timestamp[us,UTC]"]);
    assert_eq!(report.notes, ["column \"at\" has the time zone Asia/Tokyo; the instants are kept, in UTC"]);
    let mut out = Vec::new();
    read(bytes).unwrap().write_to(&mut out, Format::Csv, &WriteOptions::default()).unwrap();
    let wanted = "small,huge,single,text,word,at\n-1,18446744073709551615,0.10000000149011612,é,x,1970-01-01T00:00:00.001Z\n,0,3.4028234663852886e38,\"\",,1970-01-01T00:00:00.002Z\n";
    assert_eq!(String::from_utf8(out).unwrap(), wanted);
}

#[test]
fn a_column_without_a_type_is_told_and_can_be_left_out() {
    let bytes = || {
        let mut writer = Vec::new();
        let columns: Vec<(&str, ArrayRef)> =
            vec![("n", Arc::new(Int64Array::from(vec![1]))), ("took", Arc::new(DurationSecondArray::from(vec![1])))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut file = FileWriter::try_new(&mut writer, &batch.schema()).unwrap();
        file.write(&batch).unwrap();
        file.finish().unwrap();
        drop(file);
        writer
    };
    let error = failure(bytes(), Options::default());
    assert_eq!(error.code(), Code::UnsupportedInput);
    assert!(
        error.render().contains("\"took\" is duration(s)") && error.render().contains("--drop took"),
        "{}",
        error.render()
    );
    let dropped = Options { drop: vec!["took".to_owned()], ..Options::default() };
    assert_eq!(read(bytes()).unwrap().options(dropped).collect().unwrap().num_rows(), 1);
}

#[test]
fn given_types_are_read_from_the_text_of_the_values() {
    let bytes = parquet_of(vec![
        ("id", Arc::new(Int64Array::from((0..2000).collect::<Vec<_>>()))),
        (
            "v",
            Arc::new(StringArray::from_iter((0..2000).map(|row| match row {
                777 | 1500 => Some("x".to_owned()),
                5 => None,
                6 => Some(String::new()),
                _ => Some(row.to_string()),
            }))),
        ),
    ]);
    let input = Input::new(bytes);
    let options = |on_error, limit| Options {
        types: vec![("v".to_owned(), DataType::Int64), ("id".to_owned(), DataType::Utf8)],
        on_error,
        limit,
        ..Options::default()
    };
    for number in 0..6 {
        let setting = Setting::numbered(number, 1);
        let run = |on_error, limit| setting.reader(&input, &options(on_error, limit)).collect_with_report();
        // An empty text is no number, and not null either.
        let error = run(OnError::Fail, None).unwrap_err();
        let position = error.position().unwrap();
        assert_eq!((position.record, position.line, position.column.as_ref().unwrap().0), (7, 0, 2));
        assert!(error.to_string().ends_with(": record 7: column 2 (v): cannot read \"\" as int64"), "{error}");
        assert_eq!(
            (&error.to_json()["error"]["line"], &error.to_json()["error"]["record"]),
            (&serde_json::Value::Null, &7.into())
        );
        let (frame, report) = run(OnError::Null, None).unwrap();
        assert_eq!((frame.num_rows(), report.columns[1].errors, report.columns[1].nulls), (2000, 3, 4));
        let (frame, report) = run(OnError::Reject, None).unwrap();
        assert_eq!((frame.num_rows(), report.rejected, report.columns[1].nulls), (1997, 3, 1));
        assert_eq!(report.first_rejects.iter().map(|reject| reject.record).collect::<Vec<_>>(), [7, 778, 1501]);
        for limit in [6, 7, 776, 777, 778, 1997] {
            let (frame, report) = run(OnError::Reject, Some(limit)).unwrap();
            assert_eq!(frame.num_rows() as u64, limit);
            assert_eq!(report.rows_in, report.rows_out + report.rejected, "{limit}");
            let (_, report) = run(OnError::Null, Some(limit)).unwrap();
            let nulled = [6, 777, 1500].iter().filter(|&&row| row < limit).count() as u64;
            assert_eq!(report.columns[1].errors, nulled, "{limit}");
        }
    }
    let rejects = input.path("rejects.csv");
    let out = input.path("out.parquet");
    let with_rejects = Options { rejects: Some(rejects.clone()), ..options(OnError::Reject, None) };
    Setting::SERIAL.reader(&input, &with_rejects).write_parquet(&out).unwrap();
    let lines = std::fs::read_to_string(rejects).unwrap();
    assert!(lines.lines().nth(1).unwrap().starts_with("given,,,,7,v,E0312,"), "{lines}");
}

#[test]
fn options_of_text_are_refused() {
    let bytes = || parquet_of(vec![("n", Arc::new(Int64Array::from(vec![1])))]);
    for options in [
        Options { delimiter: Some(Some(Delimiter::byte(b';'))), ..Options::default() },
        Options { header: Some(false), ..Options::default() },
        Options { null_values: Some(vec!["x".to_owned()]), ..Options::default() },
        Options { ragged: Some(ingest::Ragged::Pad), ..Options::default() },
        Options { types: vec![("n".to_owned(), "list<int64>".parse().unwrap())], ..Options::default() },
    ] {
        assert_eq!(failure(bytes(), options).code(), Code::Usage);
    }
    let schema = Options { schema: Some(vec![("m".to_owned(), DataType::Int64).into()]), ..Options::default() };
    let error = failure(bytes(), schema);
    assert_eq!(error.code(), Code::HeaderMismatch);
    assert!(error.way_out().unwrap().contains("--type"), "{}", error.render());
    let other = Options { input_format: Some(InputFormat::Arrow), ..Options::default() };
    assert!(failure(bytes(), other).render().contains("is not Arrow IPC"));
    let same = Options { input_format: Some(InputFormat::Parquet), ..Options::default() };
    assert_eq!(read(bytes()).unwrap().options(same).count().unwrap(), 1);
    let text = Options { input_format: Some(InputFormat::Csv), header: Some(true), ..Options::default() };
    assert!(read(bytes()).unwrap().options(text).collect().is_err(), "as text it is no table");
}

#[test]
fn a_table_of_nothing_is_a_table() {
    let empty = Int64Array::from(Vec::<i64>::new());
    let bytes = parquet_of(vec![("n", Arc::new(empty))]);
    let frame = read(bytes.clone()).unwrap().collect().unwrap();
    assert_eq!((frame.num_rows(), frame.schema().fields().len()), (0, 1));
    assert_eq!(read(bytes.clone()).unwrap().count().unwrap(), 0);
    assert!(read(bytes.clone()).unwrap().head(3).unwrap().rows.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.parquet");
    assert_eq!(read(bytes).unwrap().write_parquet(&out).unwrap().columns.len(), 1);
    assert_eq!(read(out).unwrap().schema().unwrap().columns[0].data_type, "int64");
}

#[test]
fn a_batch_beyond_the_end_is_refused_before_its_memory_is_taken() {
    let bytes = include_bytes!(
        "../../../../testdata/regressions/a_batch_beyond_the_end_is_refused_before_its_memory_is_taken.arrow"
    );
    let error = read(bytes.to_vec()).unwrap().collect().unwrap_err();
    assert_eq!(error.code(), Code::CorruptSource);
    assert!(error.message().contains("reaches beyond its end"), "{error}");
}

#[test]
fn rows_are_believed_if_a_column_has_so_many() {
    let bytes = include_bytes!("../../../../testdata/regressions/rows_are_believed_if_a_column_has_so_many.arrows");
    let error = read(bytes.to_vec()).unwrap().count().unwrap_err();
    assert_eq!(error.code(), Code::CorruptSource);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(scaled(300, 6000)))]

    /// Damaged anywhere, a table is refused with a reason, or read; nothing panics.
    #[test]
    fn damage_is_told(form in 0usize..4, at in 0.0f64..1.0, byte: u8, cut: bool, setting in any_setting()) {
        thread_local! {
            static FORMS: Vec<Vec<u8>> = stored(&lines(900)).1.into_iter().map(|(_, bytes)| bytes).collect();
        }
        let mut bytes = FORMS.with(|forms| forms[form].clone());
        let at = ((bytes.len() - 8) as f64 * at) as usize + 8;
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        let input = Input::new(bytes);
        let result = setting.reader(&input, &Options { threads: Some(2), ..Options::default() }).collect();
        if let Err(error) = result {
            prop_assert!(!error.message().is_empty());
        }
    }
}
