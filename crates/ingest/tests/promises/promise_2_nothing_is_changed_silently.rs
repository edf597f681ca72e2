//! Nothing is changed silently: types are those of the whole input, values keep every digit, and what does not fit a type
//! that was asked for follows the policy and is counted.

use ingest::arrow::array::{Array, AsArray, RecordBatch};
use ingest::arrow::datatypes::TimestampMicrosecondType;
use ingest::arrow::util::display::array_value_to_string;
use ingest::{Code, DataType, Frame, Infer, MaxErrors, OnError, Options, TimeUnit, read};

use crate::settings::{Input, Setting};
use crate::tables::{Column, Value, columns_of};
use crate::{plain, scaled};

/// How a null is shown here.
const NULL: &str = "∅";

/// Text of a table with the column `v` of these fields, as they are written.
fn column_of(fields: &[&str]) -> String {
    format!("v\n{}\n", fields.join("\n"))
}

/// The type of the only column, and its values as Arrow prints them.
fn shown(frame: &Frame) -> (String, Vec<String>) {
    let cell = |batch: &RecordBatch, row| {
        let instants = batch.column(0).as_primitive_opt::<TimestampMicrosecondType>();
        // Named by its offset, UTC can be shown without a table of time zones.
        let in_utc =
            instants.filter(|array| array.timezone() == Some("UTC")).map(|array| array.clone().with_timezone("+00:00"));
        let array: &dyn Array = in_utc.as_ref().map_or(batch.column(0), |array| array);
        if array.is_valid(row) && array.logical_null_count() < array.len() {
            array_value_to_string(array, row).unwrap()
        } else {
            NULL.to_owned()
        }
    };
    let values = frame.batches().iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| cell(batch, row)));
    (frame.columns()[0].1.clone(), values.collect())
}

/// A column's fields as they are written, its type, and its values.
type Row<'t> = (&'t [&'t str], &'t str, &'t [&'t str]);

/// Checks each row whole, then in chunks of a few bytes on several threads.
#[track_caller]
fn check(options: &Options, table: &[Row<'_>]) {
    for (fields, kind, values) in table {
        let input = Input::new(column_of(fields));
        let expected = ((*kind).to_owned(), values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>());
        assert_eq!(shown(&Setting::SERIAL.reader(&input, options).collect().unwrap()), expected, "{fields:?}");
        for number in 0..4 {
            let setting = Setting::numbered(number, 1 + 3 * number);
            assert_eq!(shown(&setting.reader(&input, options).collect().unwrap()), expected, "{fields:?} {setting:?}");
        }
    }
}

/// Rows whose values are their fields.
#[track_caller]
fn check_kept(kind: &str, columns: &[&[&str]]) {
    for fields in columns {
        check(&plain(), &[(fields, kind, fields)]);
    }
}

#[test]
fn booleans() {
    check(&plain(), &[(&["true", "FALSE", "True", "fAlSe"], "bool", &["true", "false", "true", "false"])]);
    check_kept("int64", &[&["0", "1", "1", "0"]]);
    check_kept("utf8", &[&["yes", "no"], &["t", "f"], &["Y", "N"], &["true", "1"], &["true", "no"], &["true", "x"]]);
}

#[test]
fn whole_numbers() {
    check_kept("int64", &[&["0", "12", "-7"], &["9223372036854775807", "-9223372036854775808"]]);
    check_kept("decimal128(19,0)", &[&["9223372036854775808"]]);
    check_kept("decimal128(21,0)", &[&["100000000000000000000"], &["1", "-100000000000000000000"]]);
    check_kept("decimal128(38,0)", &[&["99999999999999999999999999999999999999"]]);
    // 10^40 has 41 digits.
    check_kept(
        "utf8",
        &[&["10000000000000000000000000000000000000000"], &["1", "100000000000000000000000000000000000000"]],
    );
}

#[test]
fn what_only_looks_like_a_number_keeps_every_character() {
    check_kept(
        "utf8",
        &[&["007"], &["02139", "10001"], &["+5"], &["1_000"], &["0x10"], &["1", "2", "03"], &["12.", "00.5"]],
    );
    check(&plain(), &[(&["\"1,000\"", "2"], "utf8", &["1,000", "2"])]);
    check_kept(
        "utf8",
        &[&["1e400"], &["1e-400"], &["1", "1e400"], &["- 5"], &["1.2.3"], &["1e"], &["."], &["-"], &["inf"]],
    );
}

#[test]
fn decimals() {
    let fields = ["12.9", ".5", "5.", "1e3", "-0", "-0.0"];
    check(&plain(), &[(&fields, "float64", &["12.9", "0.5", "5.0", "1000.0", "-0.0", "-0.0"])]);
    check(&plain(), &[(&["inf", "1", "-inf"], "float64", &["inf", "1.0", "-inf"])]);
    // Correctly rounded: half to even, subnormal, the longest of ties.
    let hard = ["0.1", "9007199254740993.0", "2.2250738585072011e-308", "1.7976931348623157e308", "5e-324"];
    let frame = read(column_of(&hard).into_bytes()).unwrap().options(plain()).collect().unwrap();
    let bits = |text: &str| Value::Float(text.parse::<f64>().unwrap().to_bits());
    assert_eq!(columns_of(&frame)[0].values, hard.map(bits));
}

#[test]
fn whole_numbers_beside_decimals() {
    check(
        &plain(),
        &[
            (&["1", "2.5"], "float64", &["1.0", "2.5"]),
            (&["9007199254740992", "2.5"], "float64", &["9007199254740992.0", "2.5"]),
            // 2^53 + 1 is no float64.
            (&["9007199254740993", "2.5"], "decimal128(17,1)", &["9007199254740993.0", "2.5"]),
            (&["2.25", "-9007199254740993"], "decimal128(18,2)", &["2.25", "-9007199254740993.00"]),
        ],
    );
    check_kept("utf8", &[&["9007199254740993", "1e3"], &["9007199254740993", "0.12345678901234567890123"]]);
}

#[test]
fn spaces() {
    check(
        &plain(),
        &[
            (&[" 5", "6 ", "\t7\t"], "int64", &["5", "6", "7"]),
            (&[" 1.5 ", "2"], "float64", &["1.5", "2.0"]),
            (&[" x ", "y"], "utf8", &[" x ", "y"]),
            (&[" 5", "x"], "utf8", &[" 5", "x"]),
            (&[" 2020-01-02"], "utf8", &[" 2020-01-02"]),
        ],
    );
}

#[test]
fn dates() {
    check_kept("date32", &[&["2020-01-02", "0001-01-01", "9999-12-31", "2020-02-29"]]);
    check_kept(
        "utf8",
        &[&["2020-02-30"], &["2021-02-29"], &["0000-01-01"], &["2020-1-2"], &["2020-01-02", "2020-13-01"]],
    );
    check_kept("utf8", &[&["2020-01-02", "1"], &["2020-01-02", "03:04:05"]]);
}

#[test]
fn dates_whose_order_must_be_settled() {
    check_kept("utf8", &[&["01/02/2020"], &["01/02/2020", "03/04/2020"], &["31/12/2020", "12/31/2020"]]);
    check(
        &plain(),
        &[
            (&["01/02/2020", "31/12/2020"], "date32", &["2020-02-01", "2020-12-31"]),
            (&["01/02/2020", "12/31/2020"], "date32", &["2020-01-02", "2020-12-31"]),
            (&["1.2.2020", "13.2.2020"], "date32", &["2020-02-01", "2020-02-13"]),
        ],
    );
    let (_, report) =
        read(column_of(&["01/02/2020"]).into_bytes()).unwrap().options(plain()).collect_with_report().unwrap();
    assert!(report.notes.iter().any(|note| note.contains("\"v\"") && note.contains("order")), "{:?}", report.notes);
}

#[test]
fn times_of_day() {
    check(
        &plain(),
        &[
            (&["03:04:05", "23:59:59"], "time64[us]", &["03:04:05", "23:59:59"]),
            (&["03:04:05.123456"], "time64[us]", &["03:04:05.123456"]),
            (&["03:04:05", "03:04:05.123456789"], "time64[ns]", &["03:04:05", "03:04:05.123456789"]),
        ],
    );
    check_kept("utf8", &[&["24:00:00"], &["23:59:60"], &["03:04"], &["3:04:05"], &["03:04:05.1234567890"]]);
}

#[test]
fn timestamps() {
    check(
        &plain(),
        &[
            (
                &["2020-01-02 03:04:05", "2020-01-02T03:04"],
                "timestamp[us]",
                &["2020-01-02T03:04:05", "2020-01-02T03:04:00"],
            ),
            (&["2020-01-02", "2020-01-02 03:04:05"], "timestamp[us]", &["2020-01-02T00:00:00", "2020-01-02T03:04:05"]),
            (
                &["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"],
                "timestamp[us]",
                &["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"],
            ),
            (
                &["2020-01-02 03:04:05.123456789", "1970-01-01 00:00:00"],
                "timestamp[ns]",
                &["2020-01-02T03:04:05.123456789", "1970-01-01T00:00:00"],
            ),
            // Nine digits of which six count.
            (&["1600-01-02 03:04:05.123456000"], "timestamp[us]", &["1600-01-02T03:04:05.123456"]),
        ],
    );
    check_kept(
        "utf8",
        &[
            &["1600-01-01 00:00:00.123456789"],
            &["2020-01-02 03:04:05.123456789", "2300-01-01 00:00:00"],
            &["2020-02-30 00:00:00"],
            &["2020-01-02 24:00:00"],
        ],
    );
}

#[test]
fn timestamps_with_offsets() {
    let zoned = ["2020-01-02 03:04:05Z", "2020-01-02T03:04:05+09:00", "2020-01-02T03:04:05-0930", "2020-01-02T03:04Z"];
    check(
        &plain(),
        &[(
            &zoned,
            "timestamp[us,UTC]",
            &["2020-01-02T03:04:05Z", "2020-01-01T18:04:05Z", "2020-01-02T12:34:05Z", "2020-01-02T03:04:00Z"],
        )],
    );
    check_kept("utf8", &[&["2020-01-02 03:04:05Z", "2020-01-02 03:04:05"], &["2020-01-02 03:04:05Z", "2020-01-02"]]);
}

#[test]
fn empty_fields() {
    check(
        &plain(),
        &[
            (&["x", "", "\"\""], "utf8", &["x", NULL, ""]),
            (&["1", "", "\"\""], "int64", &["1", NULL, NULL]),
            (&["1.5", "\"\""], "float64", &["1.5", NULL]),
            (&["true", "\"\"", ""], "bool", &["true", NULL, NULL]),
            (&["2020-01-02", "\"\""], "date32", &["2020-01-02", NULL]),
            (&["", ""], "null", &[NULL, NULL]),
            (&["\"\"", ""], "utf8", &["", NULL]),
        ],
    );
}

#[test]
fn an_all_null_column_is_text_in_parquet() {
    let input = Input::new("a,b\n1,\n2,\n");
    let out = input.path("out.parquet");
    let report = Setting::SERIAL.reader(&input, &plain()).write_parquet(&out).unwrap();
    assert_eq!((report.columns[1].data_type.as_str(), report.columns[1].nulls), ("null", 2));
    let file = std::fs::File::open(out).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let column = reader.parquet_schema().column(1);
    assert_eq!(column.logical_type_ref(), Some(&parquet::basic::LogicalType::String));
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    assert_eq!(batch.column(1).logical_null_count(), 2);
}

const WORDS: [&str; 10] = ["NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "\\N"];

#[test]
fn null_words() {
    for word in WORDS {
        check(
            &plain(),
            &[
                (&["1", word], "int64", &["1", NULL]),
                (&[word, "2.5"], "float64", &[NULL, "2.5"]),
                (&[word, "true"], "bool", &[NULL, "true"]),
                (&["2020-01-02", word], "date32", &["2020-01-02", NULL]),
                (&["03:04:05", word], "time64[us]", &["03:04:05", NULL]),
                // Namibia's code is safe.
                (&["DE", word], "utf8", &["DE", word]),
                (&[word, ""], "utf8", &[word, NULL]),
            ],
        );
    }
    check_kept("utf8", &[&["1", "na"], &["1", "none"], &["1", "-"], &["1", " NA"]]);
}

/// Chunks that hold nothing but quoted empties, or null words, amid a column that a later chunk makes text: by themselves
/// they are nulls, in the end they are texts.
#[test]
fn texts_that_look_like_nulls_until_a_later_chunk() {
    for (written, text) in [("\"\"", ""), ("NA", "NA")] {
        // More empty fields than are looked at before the first chunk.
        let fields = ["", written, "x"].map(|field| vec![field; 3000]).concat();
        let rows: Vec<String> = fields.iter().enumerate().map(|(row, field)| format!("{row},{field}\n")).collect();
        let input = Input::new(format!("n,t\n{}", rows.concat()));
        let expected = [Value::Null, Value::Text(text.to_owned()), Value::Text("x".to_owned())];
        for number in 0..6 {
            let setting = Setting::numbered(number, 700 + 100 * number);
            let column = columns_of(&setting.reader(&input, &plain()).collect().unwrap()).remove(1);
            for (values, expected) in column.values.chunks(3000).zip(&expected) {
                let other = values.iter().filter(|value| *value != expected).count();
                assert_eq!(other, 0, "{other} of {} are not {expected:?} {setting:?}", values.len());
            }
        }
    }
}

#[test]
fn null_words_that_were_given() {
    let options = Options { null_values: Some(vec!["-".to_owned(), "DE".to_owned()]), ..plain() };
    check(
        &options,
        &[
            (&["1", "-"], "int64", &["1", NULL]),
            (&["x", "DE", "\"-\""], "utf8", &["x", NULL, NULL]),
            (&["1", "NA"], "utf8", &["1", "NA"]),
            (&["-", ""], "null", &[NULL, NULL]),
        ],
    );
}

/// A number with a fraction after a million without.
#[test]
fn a_decimal_after_a_million_integers() {
    let text = format!("v\n{}12.9\n", "7\n".repeat(1_000_000));
    let frame = read(text.into_bytes()).unwrap().options(plain()).collect().unwrap();
    let Column { data_type, values, .. } = columns_of(&frame).remove(0);
    assert_eq!((data_type.as_str(), values.len()), ("float64", 1_000_001));
    assert_eq!(values.last(), Some(&Value::Float(12.9f64.to_bits())));
    assert!(values[..1_000_000].iter().all(|value| *value == Value::Float(7f64.to_bits())));
}

/// The very last row makes integers a text, and every earlier one keeps its digits; in the frame and in the file.
#[test]
fn a_type_that_the_last_row_of_a_large_file_decides() {
    let rows = scaled(300_000, 6_000_000);
    let mut text = b"n,code\n".to_vec();
    for row in 0..rows {
        text.extend_from_slice(format!("{row},{}\n", 10_000_000 + row).as_bytes());
    }
    text.extend_from_slice(b"0.5,x1\n");
    let input = Input::new(text);
    let check = |columns: Vec<Column>| {
        let types: Vec<_> = columns.iter().map(|column| column.data_type.as_str()).collect();
        assert_eq!(types, ["float64", "utf8"]);
        for row in 0..rows {
            assert_eq!(columns[0].values[row], Value::Float((row as f64).to_bits()));
            assert_eq!(columns[1].values[row], Value::Text((10_000_000 + row).to_string()));
        }
        assert_eq!(columns[0].values[rows..], [Value::Float(0.5f64.to_bits())]);
        assert_eq!(columns[1].values[rows..], [Value::Text("x1".to_owned())]);
    };
    let setting = Setting::numbered(7, 1 << 20);
    check(columns_of(&setting.reader(&input, &plain()).collect().unwrap()));
    let out = input.path("out.parquet");
    let write = ingest::WriteOptions { row_group_bytes: Some(1), ..Default::default() };
    setting.reader(&input, &plain()).write(&out, &write).unwrap();
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(out).unwrap())
            .unwrap();
    assert!(reader.metadata().num_row_groups() > 3, "there are groups to encode again");
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    check(crate::tables::columns_of_batches(&schema, &batches));
}

fn given(data_type: DataType) -> Options {
    Options { types: vec![("v".to_owned(), data_type)], ..plain() }
}

const DECIMAL: DataType = DataType::Decimal128 { precision: 9, scale: 2 };
const MICROSECONDS: DataType = DataType::Timestamp { unit: TimeUnit::Microsecond, utc: false };

#[test]
fn given_types_take_what_they_hold_exactly() {
    check(&given(DataType::Int64), &[(&["+5", "007", " 8", "", "NA"], "int64", &["5", "7", "8", NULL, NULL])]);
    check(
        &given(DataType::Float64),
        &[(&["1", "9007199254740992", "+2.5"], "float64", &["1.0", "9007199254740992.0", "2.5"])],
    );
    check(&given(DECIMAL), &[(&["1.5", "2", "3.250"], "decimal128(9,2)", &["1.50", "2.00", "3.25"])]);
    check(&given(DataType::Utf8), &[(&["1", "", "\"\"", "NA"], "utf8", &["1", NULL, "", "NA"])]);
    check(&given(MICROSECONDS), &[(&["2020-01-02"], "timestamp[us]", &["2020-01-02T00:00:00"])]);
}

/// A type that was asked for, and a text that it does not hold exactly.
fn misfits() -> Vec<(DataType, &'static str)> {
    vec![
        (DataType::Int64, "12.9"),
        (DataType::Int64, "abc"),
        (DataType::Int64, "9223372036854775808"),
        (DataType::Int64, "1e3"),
        (DataType::Bool, "1"),
        (DataType::Bool, "yes"),
        (DataType::Float64, "9007199254740993"),
        (DataType::Float64, "1e400"),
        (DECIMAL, "1.234"),
        (DECIMAL, "12345678.9"),
        (DataType::Date32, "2020-02-30"),
        (DataType::Date32, "01/02/2020"),
        (DataType::Time64(TimeUnit::Microsecond), "24:00:00"),
        (DataType::Time64(TimeUnit::Microsecond), "03:04:05.1234567"),
        (MICROSECONDS, "2020-01-02 03:04:05Z"),
        (MICROSECONDS, "2020-01-02 03:04:05.123456789"),
    ]
}

#[test]
fn bad_values_fail_by_default() {
    for (kind, bad) in misfits() {
        let error =
            read(column_of(&["", bad]).into_bytes()).unwrap().options(given(kind.clone())).collect().unwrap_err();
        assert_eq!(error.code(), Code::BadValue, "{bad} as {kind}");
        assert!(error.message().contains(bad) && error.message().contains(&kind.to_string()), "{error}");
    }
}

#[test]
fn bad_values_are_nulled_and_counted() {
    for (kind, bad) in misfits() {
        let options = Options { on_error: OnError::Null, ..given(kind.clone()) };
        let reader = read(column_of(&["", bad, bad]).into_bytes()).unwrap().options(options);
        let (frame, report) = reader.collect_with_report().unwrap();
        assert_eq!(shown(&frame), (kind.to_string(), vec![NULL.to_owned(); 3]), "{bad} as {kind}");
        let column = &report.columns[0];
        assert_eq!((column.nulls, column.errors, report.rejected), (3, 2, 0), "{bad} as {kind}");
    }
}

#[test]
fn bad_values_are_rejected_and_counted() {
    for (kind, bad) in misfits() {
        let options = Options { on_error: OnError::Reject, ..given(kind.clone()) };
        let reader = read(column_of(&["", bad, "", bad]).into_bytes()).unwrap().options(options);
        let (frame, report) = reader.collect_with_report().unwrap();
        assert_eq!(shown(&frame), (kind.to_string(), vec![NULL.to_owned(); 2]), "{bad} as {kind}");
        assert_eq!((report.rows_in, report.rows_out, report.rejected), (4, 2, 2), "{bad} as {kind}");
        assert_eq!(report.first_rejects.iter().map(|reject| reject.text.as_str()).collect::<Vec<_>>(), [bad, bad]);
    }
}

#[test]
fn more_bad_values_than_are_borne_fail() {
    let read = |on_error, max_errors| {
        let options = Options { on_error, max_errors: Some(max_errors), ..given(DataType::Int64) };
        read(column_of(&["1", "x", "y", "4"]).into_bytes())
            .unwrap()
            .options(options)
            .collect()
            .map(|frame| frame.num_rows())
    };
    for on_error in [OnError::Null, OnError::Reject] {
        let rows = if on_error == OnError::Null { 4 } else { 2 };
        for borne in [MaxErrors::Count(2), MaxErrors::Percent(50.0)] {
            assert_eq!(read(on_error, borne).unwrap(), rows, "{on_error} {borne:?}");
        }
        for beyond in [MaxErrors::Count(1), MaxErrors::Count(0), MaxErrors::Percent(49.9)] {
            assert_eq!(read(on_error, beyond).unwrap_err().code(), Code::TooManyErrors, "{on_error} {beyond:?}");
        }
    }
}

/// Types of the first records only: a later misfit is a bad value, not a change of type.
#[test]
fn types_of_the_first_records() {
    let text = column_of(&["1", "2", "2.5"]);
    let options = |on_error| Options { infer: Infer::First(2), on_error, ..plain() };
    let collect = |on_error| read(text.clone().into_bytes()).unwrap().options(options(on_error)).collect();
    assert_eq!(collect(OnError::Fail).unwrap_err().code(), Code::BadValue);
    assert_eq!(
        shown(&collect(OnError::Null).unwrap()),
        ("int64".to_owned(), ["1", "2", NULL].map(str::to_owned).to_vec())
    );
    assert_eq!(collect(OnError::Reject).unwrap().num_rows(), 2);
}

/// What lies behind the last wanted row decides nothing.
#[test]
fn a_limit_takes_types_from_the_rows_it_keeps() {
    let options = Options { limit: Some(2), ..plain() };
    check(&options, &[(&["1", "2", "x"], "int64", &["1", "2"]), (&["1", "2.5", "x"], "float64", &["1.0", "2.5"])]);
}

#[test]
fn text_is_what_was_written_where_types_are_not_wanted() {
    let options = Options { infer: Infer::None, ..plain() };
    let fields = ["1.50", "007", " x ", "\"a \"\"b\"\"\"", "NA", "\"\"", ""];
    check(&options, &[(&fields, "utf8", &["1.50", "007", " x ", "a \"b\"", "NA", "", NULL])]);
}

#[test]
fn a_header_that_is_not_utf_8_is_an_error() {
    let error = read(b"x,y\ncaf\xe9,b\n1,2\n".to_vec()).unwrap().options(Options { skip: Some(1), ..plain() });
    let error = error.collect().unwrap_err();
    let position = error.position().unwrap();
    assert_eq!((error.code(), position.line, position.byte_offset), (Code::InvalidUtf8, 2, 7), "{error}");
    assert!(error.way_out().unwrap().contains("--encoding"));
    let skipped = read(b"caf\xe9,b\nx,y\n1,2\n".to_vec()).unwrap().options(Options { skip: Some(1), ..plain() });
    assert_eq!(skipped.collect().unwrap().num_rows(), 1, "what is skipped may be anything");
}

/// The first records are read from the first megabyte; where that ends within quotes, the lines inside are no records.
#[test]
fn the_first_records_are_whole_records() {
    let row = "1,xxxxxxxxxx\n";
    let before = ((1 << 20) - 200) / row.len();
    let quoted = format!("2,\"start\n{}end\"\n", "foo,bar\n".repeat(100));
    let text = ["n,t\n", &row.repeat(before), &quoted, &row.repeat(1000)].concat();
    for rows in [before as u64, before as u64 + 1, before as u64 + 5, before as u64 + 500] {
        let options = Options { infer: Infer::First(rows), ..plain() };
        let frame = read(text.clone().into_bytes()).unwrap().options(options).collect().unwrap();
        assert_eq!(frame.columns()[0], ("n", "int64".to_owned()), "of the first {rows}");
        assert_eq!(frame.num_rows(), before + 1001);
    }
}

/// Null is nothing, and `""` an empty text: also where a column has no type.
#[test]
fn a_column_of_nulls_is_nothing_in_delimited_text() {
    let text = include_bytes!("../../../../testdata/regressions/a_column_of_nulls_is_nothing_in_delimited_text.csv");
    let options = Options { types: vec![("a".to_owned(), DataType::Int64)], ..plain() };
    let mut out = Vec::new();
    let reader = read(text.to_vec()).unwrap().options(options);
    reader.write_to(&mut out, ingest::Format::Csv, &ingest::WriteOptions::default()).unwrap();
    assert_eq!(out, text);
}
