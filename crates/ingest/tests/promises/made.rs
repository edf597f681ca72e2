//! Columns that are made of paths and row numbers, named by the options as any other: `--schema`, `--type`, `--columns`, `--drop`.

use std::path::Path;

use ingest::{Code, DataType, Format, OnError, Options, Report, WriteOptions, parse_schema, read};

use crate::tables::{Column, Value, columns_of};

const TEXT: [(&str, &str); 2] =
    [("year=2023/city=007/a.csv", "n,d\n1,x\n2,y\n"), ("year=2024/city=08/a.csv", "n,d\n3,z\n")];

fn files(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn asked() -> Options {
    Options {
        hive: true,
        path_column: Some("file".to_owned()),
        row_number: Some("row".to_owned()),
        ..Options::default()
    }
}

fn names(of: &str) -> Vec<String> {
    of.split(',').map(str::to_owned).collect()
}

fn shown(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| format!("{}:{}", column.name, column.data_type)).collect()
}

/// The schema that is measured, given back for the same sources.
fn given_back(path: &str, options: &Options) -> Report {
    let measured = read(path).unwrap().options(options.clone()).schema().unwrap();
    let schema = parse_schema(&measured.schema_json().to_string()).unwrap();
    let checked = Options { schema: Some(schema), ..options.clone() };
    let columns = |options: &Options| columns_of(&read(path).unwrap().options(options.clone()).collect().unwrap());
    assert_eq!(columns(&checked), columns(options), "{path}");
    let head = |options: &Options| read(path).unwrap().options(options.clone()).head(10).unwrap();
    assert_eq!((head(&checked).names, head(&checked).rows), (head(options).names, head(options).rows), "{path}");
    let report = read(path).unwrap().options(checked).validate().unwrap();
    assert_eq!((report.rows_out, &report.columns), (measured.rows_out, &measured.columns), "{path}");
    report
}

#[test]
fn a_schema_holds_made_columns() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), &TEXT);
    let root = folder.path().display();
    let pattern = |format: &str| format!("{root}/**/*.{format}");
    for key in ["year=2023/city=007", "year=2024/city=08"] {
        for format in [Format::Parquet, Format::Arrow, Format::Jsonl] {
            let to = folder.path().join(key).join(format!("a.{}", format!("{format:?}").to_lowercase()));
            let write = WriteOptions { format: Some(format), ..WriteOptions::default() };
            read(folder.path().join(key).join("a.csv")).unwrap().write(to, &write).unwrap();
        }
    }
    for format in ["csv", "jsonl", "parquet", "arrow"] {
        let report = given_back(&pattern(format), &asked());
        let types: Vec<_> = report.columns.iter().map(|column| column.data_type.as_str()).collect();
        assert_eq!(types, ["int64", "utf8", "int64", "utf8", "utf8", "int64"], "{format}");
        let chosen = Options { columns: Some(names("row,n,year")), ..asked() };
        assert_eq!(given_back(&pattern(format), &chosen).columns[0].name, "row", "{format}");
        given_back(&pattern(format), &Options { drop: names("city,d"), ..asked() });
        let filtered = Options { filter: Some("year = 2023 and n > 1".parse().unwrap()), ..asked() };
        given_back(&pattern(format), &filtered);
    }
    let parts = Options { partition_format: Some("{y}/{c}/a.csv".parse().unwrap()), ..Options::default() };
    assert_eq!(given_back(&pattern("csv"), &parts).columns.len(), 4);
}

#[test]
fn they_have_the_types_that_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), &[("k=7/day=31%2F12%2F2024/a.csv", "n\n1\n"), ("k=8/day=01%2F02%2F2024/a.csv", "n\n2\n")]);
    let path = folder.path().to_str().unwrap();
    let of = |options: Options| columns_of(&read(path).unwrap().options(options).collect().unwrap());
    let types = vec![("k".to_owned(), DataType::Utf8), ("row".to_owned(), DataType::Utf8)];
    let columns = of(Options { types, ..asked() });
    assert_eq!(shown(&columns)[1..], ["k:utf8", "day:date32", "file:utf8", "row:utf8"]);
    assert_eq!(columns[1].values, [Value::Text("7".to_owned()), Value::Text("8".to_owned())]);
    assert_eq!(columns[4].values[1], Value::Text("2".to_owned()));
    given_back(path, &asked());
    let schema = r#"{"columns":[{"name":"n","type":"int64"},{"name":"day","type":"date32","date_order":"mdy"}]}"#;
    let wrong = Options { schema: Some(parse_schema(schema).unwrap()), ..asked() };
    let error = read(path).unwrap().options(wrong).collect().unwrap_err();
    assert!(error.code() == Code::BadValue && error.message().contains("31/12/2024"), "{}", error.render());
    for (name, kind) in [("row", DataType::Date32), ("k", DataType::List(DataType::Int64.into()))] {
        let options = Options { types: vec![(name.to_owned(), kind)], ..asked() };
        assert_eq!(read(path).unwrap().options(options).collect().unwrap_err().code(), Code::Usage, "{name}");
    }
    let unknown = Options { types: vec![("q".to_owned(), DataType::Utf8)], ..asked() };
    assert_eq!(read(path).unwrap().options(unknown).collect().unwrap_err().code(), Code::NotFound);
}

/// What a path says is held to its type as fields are: an error in the first record, a null, or rejects.
#[test]
fn values_of_paths_that_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), &[("k=7/a.csv", "n\n1\nx\n"), ("k=b/a.csv", "n\n3\n4\n"), ("z/a.csv", "n\n5\n")]);
    let path = folder.path().to_str().unwrap();
    read(path).unwrap().write(folder.path().join("k=b/t.parquet"), &WriteOptions::default()).unwrap();
    let schema = |nullable: bool| {
        let text = format!(
            r#"{{"columns":[{{"name":"n","type":"utf8"}},{{"name":"k","type":"int64","nullable":{nullable}}}]}}"#
        );
        Some(parse_schema(&text).unwrap())
    };
    let csv = format!("{path}/*/*.csv");
    let report = |on_error, nullable| {
        let options = Options { hive: true, schema: schema(nullable), on_error, ..Options::default() };
        read(csv.clone()).unwrap().options(options).validate()
    };
    let error = report(OnError::Fail, true).unwrap_err();
    let place = error.position().unwrap();
    assert_eq!((error.code(), place.line, place.column.clone()), (Code::BadValue, 2, Some((2, "k".to_owned()))));
    assert!(error.message().contains("cannot read \"b\", as the source's path says, as int64"), "{error}");
    let nulled = report(OnError::Null, true).unwrap();
    assert_eq!((nulled.rows_out, nulled.columns[1].errors, nulled.columns[1].nulls), (5, 2, 3));
    let rejected = report(OnError::Reject, true).unwrap();
    assert_eq!((rejected.rows_out, rejected.rejected, rejected.columns[1].errors), (3, 2, 2));
    assert_eq!(rejected.first_rejects[0].column.as_deref(), Some("k"));
    let rejected = report(OnError::Reject, false).unwrap();
    assert_eq!((rejected.rows_out, rejected.rejected), (2, 3), "a null is none either");
    assert!(rejected.first_rejects[2].reason.contains("no value"), "{:?}", rejected.first_rejects[2]);
    assert_eq!(report(OnError::Null, false).unwrap_err().code(), Code::BadValue);
    let filtered = |on_error, path: &str| {
        let filter = Some("k > 1 and n <> '3'".parse().unwrap());
        let options = Options { hive: true, schema: schema(true), on_error, filter, ..Options::default() };
        read(path).unwrap().options(options).validate()
    };
    assert_eq!(filtered(OnError::Fail, &csv).unwrap_err().code(), Code::BadValue);
    let report = filtered(OnError::Reject, &csv).unwrap();
    assert_eq!((report.rows_out, report.rejected, report.filtered), (2, 2, 1));
    let stored = filtered(OnError::Reject, &format!("{path}/**/*.parquet")).unwrap();
    assert_eq!((stored.rows_out, stored.rejected), (0, 5));
    // Nor are row groups passed over by what they are known to hold.
    let only = folder.path().join("k=b/only.parquet");
    read(folder.path().join("k=b/a.csv")).unwrap().write_parquet(&only).unwrap();
    let options = Options {
        hive: true,
        types: vec![("k".to_owned(), DataType::Int64)],
        filter: Some("k > 1 and n > 100".parse().unwrap()),
        ..Options::default()
    };
    assert_eq!(read(only).unwrap().options(options).collect().unwrap_err().code(), Code::BadValue);
}

#[test]
fn columns_and_drop_name_them() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), &TEXT);
    files(folder.path(), &[("year=2023/city=007/a.jsonl", "{\"n\":1,\"d\":\"x\"}\n{\"n\":2,\"d\":\"y\"}\n")]);
    files(folder.path(), &[("year=2024/city=08/a.jsonl", "{\"n\":3,\"d\":\"z\"}\n")]);
    for format in ["csv", "jsonl"] {
        let path = format!("{}/**/*.{format}", folder.path().display());
        let of = |options: Options| read(path.clone()).unwrap().options(options).collect();
        let chosen = |columns: &str, drop: &str| {
            let drop = names(drop).into_iter().filter(|name| !name.is_empty()).collect();
            let options = Options { columns: Some(names(columns)), drop, hive: true, ..Options::default() };
            of(options).map(|frame| shown(&columns_of(&frame)))
        };
        assert_eq!(chosen("year,n", "").unwrap(), ["year:int64", "n:int64"]);
        assert_eq!(chosen("d,city,n", "").unwrap(), ["d:utf8", "city:utf8", "n:int64"]);
        assert_eq!(chosen("year", "").unwrap(), ["year:int64"]);
        assert_eq!(chosen("n", "").unwrap(), ["n:int64", "year:int64", "city:utf8"], "none of folders is picked");
        assert_eq!(chosen("n", "city").unwrap(), ["n:int64", "year:int64"]);
        assert_eq!(chosen("d,city,n", "city").unwrap(), ["d:utf8", "n:int64"]);
        assert_eq!(chosen("year,n,year", "").unwrap_err().code(), Code::Usage);
        assert_eq!(chosen("year", "year").unwrap_err().code(), Code::Usage);
        assert_eq!(chosen("year,q", "").unwrap_err().code(), Code::NotFound);
        let dropped = of(Options { drop: names("year,row,n"), ..asked() }).unwrap();
        assert_eq!(shown(&columns_of(&dropped)), ["d:utf8", "city:utf8", "file:utf8"]);
        // What is not shown can be asked for.
        let filter = Some("year = 2024".parse().unwrap());
        let filtered = of(Options { drop: names("year,city"), filter, hive: true, ..Options::default() }).unwrap();
        assert_eq!((shown(&columns_of(&filtered)), filtered.num_rows()), (vec!["n:int64".into(), "d:utf8".into()], 1));
        // Rows are as they were, wherever the made columns stand.
        let ordered = of(Options { columns: Some(names("row,d,file,n")), ..asked() }).unwrap();
        let columns = columns_of(&ordered);
        assert_eq!(columns[3].values, [Value::Whole(1), Value::Whole(2), Value::Whole(3)]);
        assert_eq!(columns[0].values, columns[3].values);
        let head = read(path.clone()).unwrap().options(Options { columns: Some(names("year,d")), ..asked() }).head(2);
        let head = head.unwrap();
        assert_eq!(head.names, ["year", "d", "file", "row"]);
        assert_eq!(head.rows[1][..2], [Some("2023".to_owned()), Some("y".to_owned())]);
    }
}

/// What `--drop` names is the files' own column, however late its key comes, and else the one that is made.
#[test]
fn a_late_key_is_dropped_before_a_made_column() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..2000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    files(folder.path(), &[("k=7/late.jsonl", &format!("{lines}{{\"n\":1,\"k\":2}}\n")), ("k=7/none.jsonl", &lines)]);
    let of = |file: &str, columns: Option<&str>, drop: &str| {
        let options = Options { columns: columns.map(names), drop: names(drop), hive: true, ..Options::default() };
        let frame = read(folder.path().join("k=7").join(file)).unwrap().options(options).collect().unwrap();
        shown(&columns_of(&frame))
    };
    assert_eq!(of("late.jsonl", None, "k"), ["n:int64", "k:int64"]);
    assert_eq!(of("none.jsonl", None, "k"), ["n:int64"]);
    assert_eq!(of("late.jsonl", Some("k,n"), "k"), ["k:int64", "n:int64"]);
    assert_eq!(of("none.jsonl", Some("k,n"), "k"), ["n:int64"]);
}

/// Late values widen columns on either side of a made one.
#[test]
fn a_late_value_widens_a_column_behind_a_made_one() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..40_000).map(|n| format!("{n},{n}\n")).collect();
    files(folder.path(), &[("k=7/a.csv", &format!("a,b\n{rows}x,1.5\n"))]);
    let options = Options {
        columns: Some(names("b,k,a,row")),
        chunk_bytes: Some(1 << 14),
        hive: true,
        row_number: Some("row".to_owned()),
        ..Options::default()
    };
    let reader = || read(folder.path().join("k=7/a.csv")).unwrap().options(options.clone());
    let wanted = columns_of(&reader().collect().unwrap());
    assert_eq!(shown(&wanted), ["b:float64", "k:int64", "a:utf8", "row:int64"]);
    assert_eq!(wanted[2].values[39_999..], [Value::Text("39999".to_owned()), Value::Text("x".to_owned())]);
    for out in ["t.parquet", "t.jsonl", "t.csv"] {
        let out = folder.path().join(out);
        let small = WriteOptions { row_group_bytes: Some(1 << 16), ..WriteOptions::default() };
        reader().write(&out, &small).unwrap();
        let back = columns_of(&read(out).unwrap().collect().unwrap());
        let shape =
            |columns: &[Column]| columns.iter().map(|c| (c.name.clone(), c.values[40_000].clone())).collect::<Vec<_>>();
        assert_eq!(shape(&back), shape(&wanted));
    }
}

#[test]
fn a_condition_may_ask_for_the_column_that_the_row_number_is_called_like() {
    let table = b"row,a\n1,x\n2,y\n".to_vec();
    let asked = |change: Options| Options {
        row_number: Some("row".to_owned()),
        filter: Some("row > 1".parse().unwrap()),
        ..change
    };
    let kept = asked(Options { columns: Some(names("a")), ..Options::default() });
    let dropped = asked(Options { drop: names("row"), ..Options::default() });
    for options in [kept, dropped] {
        let columns = columns_of(&read(table.clone()).unwrap().options(options.clone()).collect().unwrap());
        assert_eq!(shown(&columns), ["a:utf8", "row:int64"]);
        assert_eq!(columns[1].values, [Value::Whole(1)]);
    }
}

#[test]
fn a_null_of_a_path_is_left_out_by_the_condition_that_leaves_it_out() {
    let folder = tempfile::tempdir().unwrap();
    let text = "a,q\n1,5\n2,\n";
    files(folder.path(), &[("k=1/a.csv", text), ("k=5/a.csv", text), ("k=__HIVE_DEFAULT_PARTITION__/a.csv", text)]);
    let path = folder.path().to_str().unwrap();
    for condition in ["k > 1", "q > 1 and k is not null"] {
        let options = Options { hive: true, filter: Some(condition.parse().unwrap()), ..Options::default() };
        let measured = read(path).unwrap().options(options.clone()).schema().unwrap();
        let schema = parse_schema(&measured.schema_json().to_string()).unwrap();
        assert_eq!(schema[2].nullable, Some(false));
        let checked = Options { schema: Some(schema), ..options.clone() };
        let frame = |options: &Options| columns_of(&read(path).unwrap().options(options.clone()).collect().unwrap());
        assert_eq!(frame(&checked), frame(&options), "{condition}");
    }
    // Where the condition wants it, it is what the schema says there is not.
    let schema = parse_schema(r#"{"columns":[{"name":"a","type":"int64"},{"name":"q","type":"int64"},{"name":"k","type":"int64","nullable":false}]}"#).unwrap();
    let filter = Some("k is null".parse().unwrap());
    let options = Options { hive: true, filter, schema: Some(schema), ..Options::default() };
    assert_eq!(read(path).unwrap().options(options).collect().unwrap_err().code(), Code::UnexpectedNull);
}
