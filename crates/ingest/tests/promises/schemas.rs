//! A schema says which columns there are, of which types, and which of them hold no nulls.

use ingest::{Code, Error, Frame, OnError, Options, Report, SchemaColumn, parse_schema, read};

use crate::plain;
use crate::tables::{Value, columns_of};

/// Nothing is null in `a` and `c`.
const SCHEMA: &str = r#"{"columns":[{"name":"a","type":"int64","nullable":false},{"name":"b","type":"date32","nullable":true},
    {"name":"c","type":"utf8","nullable":false}]}"#;

const NULLS: &[u8] =
    include_bytes!("../../../../testdata/regressions/a_null_where_the_schema_has_none_is_an_error.csv");

fn with_schema(schema: &str, on_error: OnError) -> Options {
    Options { schema: Some(parse_schema(schema).unwrap()), on_error, ..Options::default() }
}

fn place(error: &Error) -> (Code, u64, u64, Option<(usize, String)>) {
    let position = error.position().expect("a place");
    (error.code(), position.line, position.byte_offset, position.column.clone())
}

#[test]
fn a_null_where_the_schema_has_none_is_an_error() {
    for chunk_bytes in [1, 7, 1 << 20] {
        let options = |on_error| Options { chunk_bytes: Some(chunk_bytes), ..with_schema(SCHEMA, on_error) };
        let reader = |on_error| read(NULLS.to_vec()).unwrap().options(options(on_error));
        for on_error in [OnError::Fail, OnError::Null] {
            let failures = [
                reader(on_error).collect().unwrap_err(),
                reader(on_error).validate().unwrap_err(),
                reader(on_error).batches().unwrap().find_map(Result::err).unwrap(),
                reader(on_error).write_to(Vec::new(), ingest::Format::Csv, &Default::default()).unwrap_err(),
            ];
            for error in failures {
                let wanted = (Code::UnexpectedNull, 4, 26, Some((1, "a".to_owned())));
                assert_eq!(place(&error), wanted, "{on_error} {chunk_bytes}: {error}");
                assert!(
                    error.message().contains("missing") && error.way_out().unwrap().contains("nullable"),
                    "{error}"
                );
            }
        }
        let (frame, report) = reader(OnError::Reject).collect_with_report().unwrap();
        assert_eq!((frame.num_rows(), report.rejected, report.nulled), (3, 2, 0));
        let told: Vec<_> = report.first_rejects.iter().map(|reject| (reject.line, reject.code.as_str())).collect();
        assert_eq!(told, [(4, "E0318"), (5, "E0318")]);
        assert!(report.first_rejects[1].reason.starts_with("\"NA\" is null"), "{}", report.first_rejects[1].reason);
        let errors: Vec<_> = report.columns.iter().map(|column| (column.nulls, column.errors)).collect();
        assert_eq!(errors, [(0, 2), (1, 0), (0, 1)]);
    }
}

#[test]
fn a_value_that_does_not_fit_may_not_be_null_there_either() {
    let text = b"a,b\n1,2\n3,x\ny,4\n".to_vec();
    let schema = r#"{"columns":[{"name":"a","type":"int64","nullable":false},{"name":"b","type":"int64"}]}"#;
    let error = read(text).unwrap().options(with_schema(schema, OnError::Null)).collect().unwrap_err();
    assert_eq!(place(&error), (Code::BadValue, 4, 12, Some((1, "a".to_owned()))));
    assert!(error.way_out().unwrap().contains("\"nullable\": true"), "{error}");
}

/// Fields that short records do not have, keys that objects do not have, and columns that a source does not have.
#[test]
fn what_is_not_there_is_null_too() {
    let schema = r#"{"columns":[{"name":"a","type":"int64"},{"name":"b","type":"int64","nullable":false}]}"#;
    let strict = || with_schema(schema, OnError::Fail);
    let padded = Options { ragged: Some(ingest::Ragged::Pad), ..strict() };
    let error = read(b"a,b\n1,2\n3\n".to_vec()).unwrap().options(padded).collect().unwrap_err();
    assert_eq!((error.code(), error.position().unwrap().line), (Code::UnexpectedNull, 3), "{error}");
    let lines = b"{\"a\":1,\"b\":2}\n{\"a\":3}\n{\"a\":4,\"b\":null}\n".to_vec();
    let error = read(lines.clone()).unwrap().options(strict()).collect().unwrap_err();
    assert_eq!(place(&error), (Code::UnexpectedNull, 2, 14, Some((2, "b".to_owned()))), "{error}");
    let report = read(lines).unwrap().options(with_schema(schema, OnError::Reject)).validate().unwrap();
    assert_eq!((report.rejected, report.columns[1].errors), (2, 2));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1.csv"), "a,b\n1,2\n").unwrap();
    std::fs::write(folder.path().join("2.csv"), "a\n1\n").unwrap();
    let union = Options { union_by_name: true, header: Some(true), ..strict() };
    let error = read(folder.path()).unwrap().options(union).collect().unwrap_err();
    assert!(place(&error).3.is_some_and(|column| column == (2, "b".to_owned())) && error.to_string().contains("2.csv"));
}

#[test]
fn stored_tables_are_held_to_it_as_well() {
    let frame = || read(NULLS.to_vec()).unwrap().options(plain());
    let folder = tempfile::tempdir().unwrap();
    for name in ["t.parquet", "t.arrow"] {
        let path = folder.path().join(name);
        frame().write(&path, &Default::default()).unwrap();
        let reader = |on_error| read(&*path).unwrap().options(with_schema(SCHEMA, on_error));
        let error = reader(OnError::Null).collect().unwrap_err();
        assert_eq!((error.code(), error.position().unwrap().record), (Code::UnexpectedNull, 3), "{error}");
        let report = reader(OnError::Reject).validate().unwrap();
        let errors: Vec<_> = report.columns.iter().map(|column| column.errors).collect();
        assert_eq!((report.rejected, errors), (2, vec![2, 0, 1]), "{name}");
    }
}

#[test]
fn every_bad_value_of_a_record_is_told() {
    let text = include_bytes!("../../../../testdata/regressions/every_bad_value_of_a_record_is_told.csv");
    let validate = |on_error| read(text.to_vec()).unwrap().options(with_schema(SCHEMA, on_error)).validate();
    let error = validate(OnError::Fail).unwrap_err();
    let reason = "cannot read \"y\" as int64; column 2 (b): cannot read \"2020-02-30\" as date32; \
                  column 3 (c): a value is missing, and the schema says that the column has no nulls";
    assert_eq!(error.message(), reason);
    let report = validate(OnError::Reject).unwrap();
    assert_eq!((report.rejected, report.first_rejects[0].reason.as_str()), (2, reason));
    let errors: Vec<_> = report.columns.iter().map(|column| column.errors).collect();
    assert_eq!((errors, report.nulled), (vec![1, 2, 1], 0));
}

/// The schema that is measured, given back for the same text.
fn given_back(text: &[u8], options: &Options) -> Report {
    let measured = read(text.to_vec()).unwrap().options(options.clone()).schema().unwrap();
    let schema = parse_schema(&measured.schema_json().to_string()).unwrap();
    assert_eq!(schema, measured.columns_of_schema());
    let checked = Options { schema: Some(schema), ..options.clone() };
    let columns =
        |options: &Options| columns_of(&read(text.to_vec()).unwrap().options(options.clone()).collect().unwrap());
    assert_eq!(columns(&checked), columns(options));
    let report = read(text.to_vec()).unwrap().options(checked).validate().unwrap();
    assert_eq!((report.rows_out, &report.columns), (measured.rows_out, &measured.columns));
    report
}

#[test]
fn what_schema_prints_holds_for_its_source() {
    let texts: [&[u8]; 12] = [
        include_bytes!("../../../../testdata/sample.csv"),
        NULLS,
        b"a,b\n1,NA\n2,3\n",
        b"a,b\n",
        b"1,2\n3,4\n",
        b"x,x,\n1,2,3\n",
        b"{\"a\":{\"d\":\"2020-01-01\"},\"b\":[1,null]}\n{\"c\":\"x\"}\n",
        b"{\"a\":{\"d\":\"31/12/2020\",\"e\":\"2020-01-01\"}}\n{\"a\":{\"d\":\"01/02/2020\"}}\n",
        b"{\"a\":[1,\"x\"],\"b\":{\"f\":1}}\n{\"a\":2,\"b\":3}\n",
        include_bytes!("../../../../testdata/regressions/strings_beside_objects_keep_their_quotes.jsonl"),
        include_bytes!("../../../../testdata/regressions/a_key_may_be_empty.jsonl"),
        b"{\"\":1}\n{\"\":2,\"b\":\"x\"}\n",
    ];
    for text in texts {
        given_back(text, &Options::default());
    }
    let only = Options { columns: Some(vec!["c".to_owned(), "a".to_owned()]), ..Options::default() };
    assert_eq!(given_back(NULLS, &only).columns.len(), 2);
    let dropping = Options { drop: vec!["b".to_owned()], ..Options::default() };
    assert_eq!(given_back(NULLS, &dropping).columns.len(), 2);
    assert_eq!(given_back(b"{\"a\":1,\"b\":2}\n{\"a\":3}\n", &dropping).columns.len(), 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    read(NULLS.to_vec()).unwrap().write_parquet(&path).unwrap();
    given_back(&std::fs::read(path).unwrap(), &Options::default());
}

#[test]
fn dates_keep_their_order_in_a_schema() {
    let text = include_bytes!("../../../../testdata/regressions/dates_keep_their_order_in_a_schema.csv");
    let report = given_back(text, &Options::default());
    assert_eq!(report.columns[0].date_orders, [Some(ingest::DateOrder::DayFirst)]);
}

#[test]
fn strings_beside_objects_keep_their_quotes() {
    let text = include_bytes!("../../../../testdata/regressions/strings_beside_objects_keep_their_quotes.jsonl");
    let report = given_back(text, &Options::default());
    let said: Vec<_> = report.columns.iter().map(|column| column.json_texts.clone()).collect();
    assert_eq!(said, [vec![true], vec![], vec![false, true]]);
    let of = |schema: &str, text: &[u8]| {
        let options = with_schema(schema, OnError::Fail);
        columns_of(&read(text.to_vec()).unwrap().options(options).collect().unwrap())
    };
    let bare = of("a:utf8,b:utf8,s:struct<t: utf8, u: utf8>", text);
    assert_eq!(bare[0].values[..2], [Value::Text("x".to_owned()), Value::Text("{\"k\": 1}".to_owned())]);
    // What is no JSON has no strings to tell from other values.
    let json = r#"{"columns":[{"name":"a","type":"utf8","json":true}]}"#;
    let csv = of(json, b"a\n\"x, y\"\nz\n");
    assert_eq!(csv[0].values, [Value::Text("x, y".to_owned()), Value::Text("z".to_owned())]);
}

#[test]
fn a_key_may_be_empty() {
    let text = include_bytes!("../../../../testdata/regressions/a_key_may_be_empty.jsonl");
    assert_eq!(given_back(text, &Options::default()).columns[0].name, "");
    let of_csv =
        Options { names: Some(vec!["a".to_owned(), "b".to_owned()]), ..with_schema(":int64,b:utf8", OnError::Fail) };
    let error = read(b"1,2\n".to_vec()).unwrap().options(of_csv).collect().unwrap_err();
    assert!(error.message().contains("without a name"), "{error}");
}

#[test]
fn columns_that_a_schema_and_its_source_do_not_share_are_named() {
    let collect = |options: Options| -> Result<Frame, Error> {
        read(b"a,b,c\n1,2,3\n".to_vec()).unwrap().options(options).collect()
    };
    let of = |schema: &str| with_schema(schema, OnError::Fail);
    let error = collect(of("a:int64,b:int64,c:int64,d:int64")).unwrap_err();
    assert!(error.code() == Code::HeaderMismatch && error.message().contains("\"d\" is missing"), "{error}");
    let error = collect(of("a:int64,b:int64")).unwrap_err();
    assert!(error.code() == Code::HeaderMismatch && error.message().contains("\"c\" is not in the schema"), "{error}");
    assert!(error.way_out().unwrap().contains("--drop"), "{error}");
    let dropping = Options { drop: vec!["c".to_owned()], ..of("b:utf8,a:int64") };
    let frame = collect(dropping).unwrap();
    assert_eq!(frame.schema().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let chosen = Options { columns: Some(vec!["b".to_owned()]), ..of("b:utf8") };
    assert_eq!(collect(chosen).unwrap().schema().field(0).data_type().to_string(), "Utf8");
    assert_eq!(SchemaColumn::from(("b".to_owned(), ingest::DataType::Utf8)).nullable, None);
}
