//! Schema files: edited, given back, compared.

use crate::Room;

const TABLE: &str = "id,price,city\n1,2.5,Rom\n2,,Wien\n";

#[test]
fn an_edited_schema_is_what_sources_are_held_to() {
    let room = Room::new().file("t.csv", TABLE);
    let printed = room.run(&["schema", "t.csv", "--json"]).ok().text();
    assert!(printed.contains(r#"{"name":"price","type":"float64","nullable":true,"nulls":1}"#), "{printed}");
    let room = room.file("s.json", &printed).file("strict.json", printed.replace("true", "false"));
    room.run(&["validate", "t.csv", "--schema", "s.json"]).ok().says(&["checked: 2 rows"]);
    let messages = ["error[E0318]: t.csv:3: column 2 (price): a value is missing", "nullable", "2,,Wien"];
    room.run(&["validate", "t.csv", "--schema", "strict.json"]).exits(3).says(&messages);
    room.run(&["convert", "t.csv", "-o", "t.parquet", "--schema", "strict.json"]).exits(3).says(&messages);
    room.run(&["convert", "t.csv", "-o", "t.parquet", "--schema", "strict.json", "--on-error", "null"]).exits(3);
    let rejecting =
        ["convert", "t.csv", "-o", "t.parquet", "--schema", "strict.json", "--on-error", "reject", "--json"];
    let report = room.run(&rejecting).ok().json();
    assert_eq!((&report["rejected"], &report["columns"][1]["errors"]), (&1.into(), &1.into()));
}

#[test]
fn keys_that_no_schema_has_are_refused() {
    let column = |keys: &str| format!(r#"{{"columns":[{{"name":"id",{keys}}}]}}"#);
    let room = Room::new()
        .file("t.csv", TABLE)
        .file("a.json", column(r#""type":"int64","nulable":false"#))
        .file("b.json", column(r#""typ":"int64""#));
    let meant = |file: &str, words: &[&str]| {
        room.run(&["validate", "t.csv", "--schema", file]).exits(2).says(words);
        room.run(&["schema", "t.csv", "--diff", file]).exits(2).says(words);
    };
    meant("a.json", &["E0100", "a.json", "\"id\"", "\"nulable\"", "did you mean \"nullable\"?"]);
    meant("b.json", &["\"typ\"", "did you mean \"type\"?"]);
}

#[test]
fn a_broken_schema_is_no_table() {
    let room = Room::new()
        .file("t.csv", TABLE)
        .file("broken.json", "{\"columns\": [\n  {\"name\": \"id\", \"type\": \"int64\"\n")
        .file("data.json", "{\"id\": 1, \"columns\": [1]}\n")
        .file("data.jsonl", "{\"columns\": [1]}\n");
    room.run(&["schema", "t.csv", "--diff", "broken.json"]).exits(2).says(&["broken.json holds no schema", "EOF"]);
    room.run(&["schema", "t.csv", "--diff", "id:int"]).exits(2).says(&["no type \"int\""]);
    for data in ["data.json", "data.jsonl"] {
        assert!(room.run(&["schema", "t.csv", "--diff", data]).ok().text().contains("columns"), "{data}");
    }
}

#[test]
fn a_diff_tells_where_nulls_have_come() {
    let room = Room::new().file("old.csv", "id,price\n1,2.5\n").file("new.csv", "id,price\n1,\n2,3.5\n");
    let out = room.run(&["schema", "new.csv", "--diff", "old.csv"]).ok();
    assert_eq!(out.text(), "~  price  no nulls -> nulls\n1 column as before\n");
    let diff = room.run(&["schema", "old.csv", "--diff", "new.csv", "--json"]).ok().json();
    assert_eq!(diff["renulled"], serde_json::json!([{ "name": "price", "nullable": false }]));
}

#[test]
fn a_diff_tells_how_dates_and_texts_are_read() {
    let room = Room::new()
        .file("old.csv", "d\n31/12/2020\n01/02/2020\n")
        .file("new.csv", "d\n12/31/2020\n01/02/2020\n")
        .file("old.jsonl", "{\"a\":\"x\"}\n")
        .file("new.jsonl", "{\"a\":\"x\"}\n{\"a\":{\"b\":1}}\n");
    let out = room.run(&["schema", "new.csv", "--diff", "old.csv"]).ok();
    assert_eq!(out.text(), "~  d  date_order dmy -> mdy\n0 columns as before\n");
    let out = room.run(&["schema", "new.jsonl", "--diff", "old.jsonl"]).ok();
    assert_eq!(out.text(), "~  a  json not said -> true\n0 columns as before\n");
    let diff = room.run(&["schema", "new.csv", "--diff", "old.csv", "--json"]).ok().json();
    assert_eq!(diff["reread"], serde_json::json!([{ "name": "d", "key": "date_order", "from": "dmy", "to": "mdy" }]));
}

#[test]
fn what_was_meant_as_a_schema_is_no_pattern() {
    let room =
        Room::new().file("t.csv", TABLE).file("b.json", "\u{feff}{\"columns\":[{\"name\":\"id\",\"type\":\"int64\"}]}");
    for (text, words) in [
        (r#"{"colums":[]}"#, &["error[E0100]: --schema", "did you mean \"columns\"?"][..]),
        (r#"{"columns":[{"name":"a","name":"b","type":"int64"}]}"#, &["key \"name\" twice at line 1 column 30"]),
        (r#"{"columns":[{"name":"a","type":"utf8","date_order":"dmy"}]}"#, &["\"a\"", "\"date_order\" is for date32"]),
        (r#"{"columns":[{"name":"a","type":"bool","json":true}]}"#, &["\"json\" is for utf8"]),
    ] {
        room.run(&["validate", "t.csv", "--schema", text]).exits(2).says(words);
        room.run(&["schema", "t.csv", "--diff", text]).exits(2).says(words);
    }
    room.run(&["schema", "t.csv", "--diff", "{a,b}.csv"]).exits(4).says(&["{a,b}.csv"]);
    room.run(&["schema", "t.csv", "--diff", "b.json"]).ok();
    room.run(&["validate", "t.csv", "--schema", "b.json", "-c", "id"]).ok();
}

#[test]
fn a_schema_with_made_columns_is_taken_back() {
    let room = Room::new().file("d/k=007/a.csv", "n\n1\n").file("d/k=8/a.csv", "n\n2\n");
    let asked = ["d", "--hive", "--path-column", "file", "--row-number", "row"];
    let with = |command: &str, more: &[&str]| room.run(&[&[command], &asked[..], more].concat());
    let printed = with("schema", &["--json"]).ok().text();
    assert!(printed.contains(r#"{"name":"k","type":"utf8","nullable":false,"nulls":0}"#), "{printed}");
    std::fs::write(room.path("s.json"), &printed).expect("a file");
    with("validate", &["--schema", "s.json"]).ok().says(&["checked: 2 rows"]);
    assert_eq!(with("schema", &["--diff", "s.json"]).ok().text(), "4 columns as before\n");
    let out = with("convert", &["--schema", "s.json", "-o", "-", "-f", "csv", "-c", "row,k,n"]).ok().text();
    assert_eq!(out, "row,k,n,file\n1,007,1,d/k=007/a.csv\n2,8,2,d/k=8/a.csv\n");
    assert_eq!(with("head", &["--drop", "k,file", "--schema", "s.json"]).ok().text().lines().count(), 4);
    let rejecting = ["--type", "row=utf8", "--type", "k=date32", "--on-error", "reject", "--rejects", "bad.csv"];
    let out = with("convert", &[&rejecting[..], &["-o", "-", "-f", "jsonl"]].concat()).ok();
    assert_eq!(out.text(), "");
    let out = with("convert", &["--only-rejects", "bad.csv", "--schema", "s.json", "-o", "-", "-f", "csv"]).ok().text();
    assert_eq!(out, "n,k,file,row\n1,007,d/k=007/a.csv,1\n2,8,d/k=8/a.csv,2\n");
}

#[test]
fn validate_tells_every_bad_column() {
    let room = Room::new().file("v.csv", "a,b\n1,2\nx,y\n3,z\n");
    let args = ["validate", "v.csv", "--schema", "a:int64,b:int64", "--rejects", "bad.jsonl", "--json"];
    let out = room.run(&args).exits(3).says(&["values that did not fit, by column: a 1, b 2"]);
    let report = out.json();
    assert_eq!((&report["columns"][0]["errors"], &report["columns"][1]["errors"]), (&1.into(), &2.into()));
    let rejects = String::from_utf8(room.read("bad.jsonl")).expect("text");
    assert_eq!(rejects.lines().count(), 2, "a row a record");
    assert!(rejects.contains(r#"cannot read \"x\" as int64; column 2 (b): cannot read \"y\" as int64"#), "{rejects}");
}
