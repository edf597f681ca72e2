//! Objects and arrays within records: structs and lists, by an oracle that holds all values at once.

use std::fs::File;

use ingest::{Code, DataType, Format, Infer, OnError, Options, WriteOptions, read};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::scaled;
use crate::settings::{Input, Setting, any_setting};
use crate::tables::{Column, Value, columns_of, columns_of_batches};

/// The type of some values, by looking at all of them.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Text,
    /// Nothing but the JSON of each value says what it is.
    JsonText,
    Struct(Vec<(String, Kind)>),
    List(Box<Kind>),
}

impl Kind {
    fn of(values: &[&Json]) -> Kind {
        let values: Vec<&Json> = values.iter().copied().filter(|value| !value.is_null()).collect();
        let all = |is: fn(&Json) -> bool| values.iter().all(|value| is(value));
        if values.is_empty() {
            return Kind::Null;
        }
        if all(Json::is_object) {
            return Self::of_objects(&values);
        }
        if all(Json::is_array) {
            let items: Vec<&Json> = values.iter().flat_map(|value| value.as_array().unwrap()).collect();
            return Kind::List(Box::new(Self::of(&items)));
        }
        match values.iter().any(|value| value.is_object() || value.is_array()) {
            true => Kind::JsonText,
            false if all(Json::is_boolean) => Kind::Bool,
            false if all(Json::is_i64) => Kind::Int,
            false if all(Json::is_number) => Kind::Float,
            false => Kind::Text,
        }
    }

    fn of_objects(objects: &[&Json]) -> Kind {
        let mut names: Vec<&String> = Vec::new();
        for key in objects.iter().flat_map(|object| object.as_object().unwrap().keys()) {
            if !names.contains(&key) {
                names.push(key);
            }
        }
        let member = |name: &String| {
            let values: Vec<&Json> = objects.iter().filter_map(|object| object.get(name)).collect();
            (name.clone(), Self::of(&values))
        };
        match names.is_empty() {
            true => Kind::JsonText,
            false => Kind::Struct(names.into_iter().map(member).collect()),
        }
    }

    fn name(&self) -> String {
        match self {
            Kind::Null => "null".to_owned(),
            Kind::Bool => "bool".to_owned(),
            Kind::Int => "int64".to_owned(),
            Kind::Float => "float64".to_owned(),
            Kind::Text | Kind::JsonText => "utf8".to_owned(),
            Kind::List(item) => format!("list<{}>", item.name()),
            Kind::Struct(members) => {
                let member = |(name, kind): &(String, Kind)| format!("{name}: {}", kind.name());
                format!("struct<{}>", members.iter().map(member).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn value(&self, value: Option<&Json>) -> Value {
        let Some(value) = value.filter(|value| !value.is_null()) else { return Value::Null };
        match (self, value) {
            (Kind::Null, _) => unreachable!("a value makes a type"),
            (Kind::Bool, value) => Value::Bool(value.as_bool().unwrap()),
            (Kind::Int, value) => Value::Whole(value.as_i64().unwrap().into()),
            (Kind::Float, value) => Value::Float(value.as_f64().unwrap().to_bits()),
            (Kind::Text, Json::String(text)) => Value::Text(text.clone()),
            (Kind::Text | Kind::JsonText, value) => Value::Text(value.to_string()),
            (Kind::List(item), value) => {
                Value::Nested(value.as_array().unwrap().iter().map(|value| item.value(Some(value))).collect())
            }
            (Kind::Struct(members), value) => {
                Value::Nested(members.iter().map(|(name, kind)| kind.value(value.get(name))).collect())
            }
        }
    }
}

/// The table of some records.
fn expected(records: &[Json]) -> Vec<Column> {
    let Kind::Struct(members) = Kind::of_objects(&records.iter().collect::<Vec<_>>()) else { return Vec::new() };
    let column = |(name, kind): (String, Kind)| Column {
        data_type: kind.name(),
        values: records.iter().map(|record| kind.value(record.get(&name))).collect(),
        name,
    };
    members.into_iter().map(column).collect()
}

/// The same as files have it: what has no value at all is text there.
fn in_file(columns: Vec<Column>) -> Vec<Column> {
    let text = |column: Column| Column { data_type: column.data_type.replace("null", "utf8"), ..column };
    columns.into_iter().map(text).collect()
}

fn scalar() -> BoxedStrategy<Json> {
    prop_oneof![
        2 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::from),
        3 => (-99i64..99).prop_map(Json::from),
        2 => (-999i32..999).prop_map(|value| Json::from(f64::from(value) + 0.25)),
        3 => "[a-zé\"\\\\\n,{}\\[\\]:]{0,6}".prop_map(Json::from),
    ]
    .boxed()
}

/// A value: mostly of the shape that its column has, which makes structs and lists; now and then any other.
fn value(depth: u32) -> BoxedStrategy<Json> {
    scalar()
        .prop_recursive(depth, 24, 4, |inner| {
            let key = prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::vec((key, inner), 0..4)
                    .prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
        .boxed()
}

/// A column of one shape, some of whose values are null or of any shape.
fn shaped(shape: Json) -> BoxedStrategy<Json> {
    let like = match shape {
        Json::Array(items) => match items.into_iter().next() {
            Some(item) => prop::collection::vec(shaped(item), 0..4).prop_map(Json::from).boxed(),
            None => Just(Json::Array(Vec::new())).boxed(),
        },
        Json::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            let member = |value: Json| prop::option::weighted(0.8, shaped(value));
            let values: Vec<_> = members.into_iter().map(|(_, value)| member(value)).collect();
            let object = move |values: Vec<Option<Json>>| {
                let members = names.iter().cloned().zip(values);
                Json::Object(members.filter_map(|(name, value)| Some((name, value?))).collect())
            };
            values.prop_map(object).boxed()
        }
        Json::Number(number) if number.is_i64() => (0i64..50).prop_map(Json::from).boxed(),
        Json::String(_) => "[a-z\"{\\[]{0,5}".prop_map(Json::from).boxed(),
        other => Just(other).boxed(),
    };
    prop_oneof![60 => like, 2 => Just(Json::Null), 1 => scalar()].boxed()
}

fn records() -> impl Strategy<Value = Vec<Json>> {
    prop::collection::vec(value(4), 1..4).prop_flat_map(|shapes| {
        let columns: Vec<_> = shapes.into_iter().map(|shape| prop::option::weighted(0.9, shaped(shape))).collect();
        let names = ["x", "y", "z"];
        let record = columns.prop_map(move |values: Vec<Option<Json>>| {
            let members = names.iter().map(|name| (*name).to_owned()).zip(values);
            Json::Object(members.filter_map(|(name, value)| Some((name, value?))).collect())
        });
        prop::collection::vec(record, 1..60)
    })
}

fn lines(records: &[Json]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: scaled(200, 1500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn objects_are_structs_and_arrays_are_lists(records in records(), settings in prop::collection::vec(any_setting(), 4)) {
        let input = Input::new(lines(&records));
        let expected = expected(&records);
        for setting in [Setting::SERIAL].into_iter().chain(settings) {
            let frame = setting.reader(&input, &Options::default()).collect();
            let frame = frame.map_err(|error| TestCaseError::fail(error.render()))?;
            prop_assert_eq!(columns_of(&frame), &expected[..], "{:?}\n{}", setting, lines(&records));
        }
    }

    #[test]
    fn json_lines_read_back_the_same(records in records(), setting in any_setting()) {
        let input = Input::new(lines(&records));
        let mut out = Vec::new();
        let reader = setting.reader(&input, &Options::default());
        let written = reader.write_to(&mut out, Format::Jsonl, &WriteOptions::default());
        written.map_err(|error| TestCaseError::fail(error.render()))?;
        let again = read(out.clone()).unwrap().collect().map_err(|error| TestCaseError::fail(error.render()))?;
        let expected = expected(&records);
        if !expected.is_empty() {
            prop_assert_eq!(columns_of(&again), expected, "{}", String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn files_hold_what_the_frame_does(records in records(), setting in any_setting()) {
        let input = Input::new(lines(&records));
        let expected = in_file(expected(&records));
        let path = input.path("nested.parquet");
        let report = setting.reader(&input, &Options::default()).write_parquet(&path);
        let report = report.map_err(|error| TestCaseError::fail(error.render()))?;
        prop_assert_eq!(report.rows_out, records.len() as u64);
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        let schema = reader.schema().clone();
        let batches: Vec<_> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
        if !expected.is_empty() {
            prop_assert_eq!(columns_of_batches(&schema, &batches), expected, "{}", lines(&records));
        }
    }
}

fn columns(text: &str) -> Vec<Column> {
    let frame = read(text.as_bytes().to_vec()).unwrap().collect();
    columns_of(&frame.unwrap_or_else(|error| panic!("{}", error.render())))
}

fn types(text: &str) -> Vec<String> {
    columns(text).into_iter().map(|column| column.data_type).collect()
}

#[test]
fn types_inside_are_those_of_columns() {
    let json = concat!(
        r#"{"a":{"n":1,"when":"2020-01-02","zip":"02139","at":{"t":"2020-01-02T03:04:05Z"}},"l":[1,2.5,null]}"#,
        "\n",
        r#"{"a":{"n":12345678901234567890,"when":null,"none":null},"l":[]}"#,
        "\n",
    );
    assert_eq!(
        types(json),
        [
            "struct<n: decimal128(20,0), when: date32, zip: utf8, at: struct<t: timestamp[us,UTC]>, none: null>",
            "list<float64>"
        ]
    );
}

#[test]
fn written_as_text_they_are_json() {
    let json = concat!(
        r#"{"s":{"at":"2020-01-02T03:04:05+09:00","d":"2020-01-02","q\"":"\"x\u0001"},"l":[1,2.5,null,[]],"f":1e5}"#,
        "\n",
        r#"{"s":null,"l":[[1]],"f":-0.5}"#,
        "\n",
    );
    let write = |format| {
        let mut out = Vec::new();
        let typed = Options { infer: Infer::First(2), ..Options::default() };
        read(json.as_bytes().to_vec())
            .unwrap()
            .options(typed)
            .write_to(&mut out, format, &WriteOptions::default())
            .unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        write(Format::Jsonl),
        concat!(
            r#"{"s":{"at":"2020-01-01T18:04:05Z","d":"2020-01-02","q\"":"\"x\u0001"},"l":["1","2.5",null,"[]"],"f":100000.0}"#,
            "\n",
            r#"{"s":null,"l":["[1]"],"f":-0.5}"#,
            "\n",
        )
    );
    assert_eq!(
        write(Format::Csv),
        concat!(
            "s,l,f\n",
            r#""{""at"":""2020-01-01T18:04:05Z"",""d"":""2020-01-02"",""q\"""":""\""x\u0001""}","[""1"",""2.5"",null,""[]""]",100000.0"#,
            "\n",
            r#","[""[1]""]",-0.5"#,
            "\n",
        )
    );
    let infinite = Options { types: vec![("a".to_owned(), DataType::Float64)], ..Options::default() };
    let mut out = Vec::new();
    let reader = read(b"a,b\n-inf,x\n,\n".to_vec()).unwrap().options(infinite);
    reader.write_to(&mut out, Format::Jsonl, &WriteOptions::default()).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "{\"a\":\"-inf\",\"b\":\"x\"}\n{\"a\":null,\"b\":null}\n");
}

#[test]
fn of_a_doubled_key_inside_the_last_value_is_kept_and_the_others_are_counted() {
    let table = columns("{\"a\":{\"k\":1,\"k\":2}}\n{\"a\":{\"k\":3,\"\\u006b\":null}}\n");
    assert_eq!(table[0].values, [Value::Nested(vec![Value::Whole(2)]), Value::Nested(vec![Value::Null])]);
    let notes = |json: &str, write: bool| {
        let reader = read(json.as_bytes().to_vec()).unwrap();
        if write {
            let folder = tempfile::tempdir().unwrap();
            return reader.write_parquet(folder.path().join("a.parquet")).unwrap().notes;
        }
        reader.schema().unwrap().notes
    };
    let twice = ["a key came again in its record 2 times; its last value counts"];
    // The first record alone suggests no struct: that chunk is parsed once more, and counted once.
    for json in [
        "{\"a\":{\"k\":1,\"k\":2}}\n{\"a\":{\"k\":3,\"k\":null}}\n",
        "{\"a\":[{\"k\":{\"l\":1,\"l\":2}},{\"k\":{\"l\":1,\"l\":\"x\"}}]}\n",
        "{\"k\":1,\"k\":2,\"b\":{\"k\":null,\"k\":null}}\n",
    ] {
        assert_eq!(notes(json, false), twice, "{json}");
        assert_eq!(notes(json, true), twice, "{json}");
    }
    assert_eq!(notes("{\"a\":{\"k\":1,\"k\":2}}\n{\"a\":1}\n", false), [""; 0], "the text keeps both");
}

#[test]
fn what_is_too_deep_or_too_wide_is_json_text() {
    let deep = |depth: usize| format!("{{\"a\":{}1{}}}\n", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(types(&deep(32)), [format!("{}int64{}", "list<".repeat(32), ">".repeat(32))]);
    assert_eq!(types(&deep(33)), [format!("{}utf8{}", "list<".repeat(32), ">".repeat(32))]);
    let wide = |keys: usize| {
        let members: Vec<String> = (0..keys).map(|key| format!("\"k{key}\":1")).collect();
        format!("{{\"a\":{{{}}}}}\n", members.join(","))
    };
    assert!(types(&wide(1000))[0].starts_with("struct<k0: int64"));
    assert_eq!(types(&wide(1001)), ["utf8"]);
    // One key a record is as many as all in one.
    let map: String = (0..1001).map(|key| format!("{{\"a\":{{\"k{key}\":1}}}}\n")).collect();
    assert_eq!(types(&map), ["utf8"]);
}

#[test]
fn given_types_are_kept_inside_too() {
    let options = |on_error| Options {
        types: vec![("a".to_owned(), "struct<n: int64, l: list<bool>>".parse::<DataType>().unwrap())],
        on_error,
        ..Options::default()
    };
    let json =
        "{\"a\":{\"n\":1,\"l\":[true,null]}}\n{\"a\":{\"n\":\"x\",\"l\":[false]}}\n{\"a\":{\"other\":1}}\n{\"a\":7}\n";
    let run = |on_error| read(json.as_bytes().to_vec()).unwrap().options(options(on_error)).collect_with_report();
    let error = run(OnError::Fail).unwrap_err();
    assert_eq!((error.code(), error.position().unwrap().line), (Code::BadValue, 2));
    let (frame, report) = run(OnError::Null).unwrap();
    let first = Value::Nested(vec![Value::Whole(1), Value::Nested(vec![Value::Bool(true), Value::Null])]);
    let second = Value::Nested(vec![Value::Null, Value::Nested(vec![Value::Bool(false)])]);
    assert_eq!(columns_of(&frame)[0].values, [first.clone(), second, Value::Null, Value::Null]);
    assert_eq!(report.columns[0].errors, 3);
    let (frame, report) = run(OnError::Reject).unwrap();
    assert_eq!((columns_of(&frame)[0].values.clone(), report.rejected), (vec![first], 3));
    let text = Options { types: vec![("a".to_owned(), DataType::Utf8)], ..Options::default() };
    let frame = read(json.as_bytes().to_vec()).unwrap().options(text).collect().unwrap();
    assert_eq!(columns_of(&frame)[0].values[3], Value::Text("7".to_owned()));
    let error = read(b"a\n1\n".to_vec()).unwrap().options(options(OnError::Fail)).collect().unwrap_err();
    assert_eq!(error.code(), Code::Usage);
}
