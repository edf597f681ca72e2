//! Each command on a small table, from a file and from a pipe.

use serde_json::Value;

use crate::{Room, SAMPLE, assert_keys, big_table, keys};

const COMMANDS: [&str; 16] = [
    "convert",
    "schema",
    "head",
    "count",
    "sniff",
    "validate",
    "bench",
    "init",
    "dataset",
    "download",
    "mount",
    "unmount",
    "doctor",
    "completions",
    "man",
    "version",
];

/// What `ingest dataset` does.
const DATASET_ACTIONS: [&str; 14] = [
    "register",
    "list",
    "show",
    "versions",
    "verify",
    "diff",
    "update",
    "tag",
    "unregister",
    "export",
    "import",
    "gc",
    "backup",
    "check",
];

/// Options of INTERFACE.md that no command takes yet.
const NOT_BUILT: [&str; 12] = [
    "--empty-as-string",
    "--true-values",
    "--false-values",
    "--date-format",
    "--timestamp-format",
    "--tz",
    "--decimal",
    "--thousands",
    "--query",
    "--table",
    "--page-bytes",
    "--target",
];

#[test]
fn convert_writes_each_format_from_files_and_pipes() {
    let room = Room::with_sample();
    room.run(&["convert", "data.csv", "-o", "a.parquet"]).ok().says(&["wrote a.parquet: 3 rows, 4 columns"]);
    assert!(room.read("a.parquet").starts_with(b"PAR1") && room.read("a.parquet").ends_with(b"PAR1"));
    room.run(&["convert", "data.csv", "-o", "a.arrow"]).ok();
    assert!(room.read("a.arrow").starts_with(b"ARROW1"));
    room.run(&["convert", "data.csv", "-o", "named", "-f", "parquet"]).ok();
    assert_eq!(room.read("named"), room.read("a.parquet"), "the format does not hang on the name");
    room.run_with(&["convert", "-", "-o", "piped.parquet"], SAMPLE).ok();
    assert_eq!(room.read("piped.parquet"), room.read("a.parquet"), "nor on the kind of source");
    let out = room.run_with(&["convert", "-", "-o", "-", "-f", "parquet"], SAMPLE).ok();
    assert_eq!(out.stdout, room.read("a.parquet"));
}

#[test]
fn convert_writes_the_values_too() {
    let room = Room::with_sample();
    for name in ["a.parquet", "a.arrow", "a.csv"] {
        room.run(&["convert", "data.csv", "-o", name, "--codec", "none"]).ok();
        for value in ["ann", "bob, jr"] {
            let bytes = room.read(name);
            assert!(bytes.windows(value.len()).any(|part| part == value.as_bytes()), "{name}: {value}");
        }
    }
}

#[test]
fn convert_to_csv_keeps_the_text_of_fields() {
    let room = Room::new();
    let out = room.run_with(&["convert", "-", "-o", "-", "-f", "csv"], "a;b\n1.50;\n02139;\"x,y\"\n;\"\"\n").ok();
    assert_eq!(out.lines(), ["a,b", "1.50,", "02139,\"x,y\"", ",\"\""]);
}

#[test]
fn convert_leaves_standard_output_alone() {
    let room = Room::with_sample();
    assert!(room.run(&["convert", "data.csv", "-o", "a.parquet"]).ok().stdout.is_empty());
}

#[test]
fn convert_takes_several_sources_and_patterns() {
    let room = Room::with_sample().file("data2.csv", "id,name,score,empty\n4,dan,7,\n");
    let report = room.run(&["convert", "data*.csv", "-o", "a.parquet", "--json"]).ok().json();
    assert_eq!(report["rows_out"], 4);
    let report = room.run(&["convert", "data.csv", "data2.csv", "-o", "b.parquet", "--json"]).ok().json();
    assert_eq!(report["rows_out"], 4);
    assert_eq!(room.read("a.parquet"), room.read("b.parquet"));
}

#[test]
fn convert_reports_as_json() {
    let room = Room::with_sample();
    let report = room.run(&["convert", "data.csv", "-o", "a.parquet", "--json"]).ok().json();
    let expected = "rows_in rows_out rejected filtered bytes_in bytes_out files columns seconds cpu_seconds kernel threads peak_memory_bytes";
    assert_keys(&report, &expected.split(' ').collect::<Vec<_>>());
    assert_keys(&report["columns"][0], &["name", "type", "nulls", "errors"]);
    assert_eq!((&report["rows_in"], &report["rows_out"]), (&3.into(), &3.into()));
    assert_eq!(report["bytes_in"], SAMPLE.len());
    assert_eq!(report["bytes_out"], room.read("a.parquet").len());
}

#[test]
fn schema_is_exact() {
    let room = Room::with_sample();
    let table = room.run(&["schema", "data.csv"]).ok();
    let expected = [
        "name   type     nulls",
        "id     int64        0",
        "name   utf8         1",
        "score  float64      1",
        "empty  null         3",
        "3 rows",
    ];
    assert_eq!(table.lines(), expected);
    assert_eq!(room.run_with(&["schema", "-"], SAMPLE).ok().stdout, table.stdout);
}

#[test]
fn schema_prints_json_that_it_takes_back() {
    let room = Room::with_sample();
    let out = room.run(&["schema", "data.csv", "--json"]).ok();
    let schema = out.json();
    assert_keys(&schema, &["columns", "rows", "source"]);
    assert_eq!(keys(&schema["columns"][0]), ["name", "type", "nullable", "nulls"]);
    assert_eq!(schema["rows"], 3);
    let room = room.file("schema.json", &out.stdout);
    room.run(&["validate", "data.csv", "--schema", "schema.json"]).ok().says(&["checked: 3 rows"]);
}

#[test]
fn schema_shows_what_has_changed() {
    let room = Room::with_sample()
        .file("old.csv", b"id,price,gone,zip\n1,2,x,02139\n")
        .file("new.csv", b"zip,id,price,come\n12,1.5,2.25,true\n")
        .file("rows.json", b"[{\"id\":1},{\"id\":2}]");
    let out = room.run(&["schema", "new.csv", "--diff", "old.csv"]).ok();
    let wanted = "\
-  gone   utf8
+  come   bool
~  zip    utf8 -> int64
~  id     int64 -> float64
~  price  int64 -> float64
0 columns as before, in another order
";
    assert_eq!(out.text(), wanted);
    let saved = room.run(&["schema", "old.csv", "--json"]).ok().stdout;
    let room = room.file("old.json", &saved);
    let out = room.run(&["schema", "old.csv", "--diff", "old.json", "--type", "price=utf8"]).ok();
    let wanted = "~  price  int64 -> utf8  holds every value of before\n3 columns as before\n";
    assert_eq!(out.text(), wanted);
    // What is no schema is a source.
    let out = room.run(&["schema", "rows.json", "--diff", "old.json", "--json"]).ok();
    let diff = out.json();
    assert_eq!(
        (&diff["same"], &diff["added"], diff["removed"].as_array().unwrap().len()),
        (&1.into(), &serde_json::json!([]), 3)
    );
    room.run(&["schema", "new.csv", "--diff", "missing.json"]).exits(4);
}

#[test]
fn schema_prints_ddl() {
    let room = Room::with_sample();
    let expected = "CREATE TABLE \"data\" (\n  \"id\" BIGINT,\n  \"name\" TEXT,\n  \"score\" DOUBLE PRECISION,\n  \"empty\" TEXT\n);\n";
    assert_eq!(room.run(&["schema", "data.csv", "--ddl"]).ok().text(), expected);
    room.run(&["schema", "data.csv", "--ddl", "--json"]).exits(2);
}

#[test]
fn head_shows_the_first_rows() {
    let room = Room::with_sample();
    let out = room.run(&["head", "data.csv", "-n", "2", "-c", "id,name,score"]).ok().says(&["provisional"]);
    assert_eq!(
        out.lines(),
        ["    id  name        score", "int64?  utf8?    float64?", "     1  ann           1.5", "     2  bob, jr"]
    );
    assert_eq!(room.run_with(&["head", "-", "-n", "2", "-c", "id,name,score"], SAMPLE).ok().stdout, out.stdout);
    assert_eq!(room.run(&["head", "data.csv"]).ok().lines().len(), 5);
}

#[test]
fn count_is_exact() {
    let room = Room::with_sample().file("ragged.csv", "a,b\n1,2\n3\n\"4\n5\",6,7\n");
    assert_eq!(room.run(&["count", "data.csv"]).ok().text(), "3\n");
    assert_eq!(room.run_with(&["count", "-"], SAMPLE).ok().text(), "3\n");
    assert_eq!(room.run(&["count", "data.csv", "--json"]).ok().text(), "{\"rows\":3}\n");
    assert_eq!(room.run(&["count", "ragged.csv"]).ok().text(), "3\n");
    assert_eq!(room.run(&["count", "data.csv", "--header", "no"]).ok().text(), "4\n");
}

#[test]
fn sniff_tells_the_dialect_and_why() {
    let room = Room::new().file("data.txt", "id\tname\n1\t\"a\tb\"\n2\tc\n");
    let out = room.run(&["sniff", "data.txt"]).ok();
    for line in
        ["delimiter    tab", "quote        \"", "header       yes", "newline      lf", "columns      2: id, name"]
    {
        assert!(out.lines().iter().any(|found| found == line), "{line}: {}", out.text());
    }
    assert!(out.lines().iter().any(|line| line.starts_with("- ")), "reasons: {}", out.text());
    let facts = room.run(&["sniff", "data.txt", "--json"]).ok().json();
    let expected =
        "format delimiter quote escape comment header header_rows encoding compression newline skip columns confidence";
    assert_keys(&facts, &expected.split(' ').collect::<Vec<_>>());
    assert_eq!((&facts["delimiter"], &facts["header"]), (&"\t".into(), &true.into()));
    assert_eq!(room.run_with(&["sniff", "-", "--json"], "a\n1\n").ok().json()["delimiter"], Value::Null);
}

const RECORDS: &str = "{\"id\":1,\"name\":\"O \\\"x\\\"\"}\n{\"id\":2,\"tags\":[\"a\"]}\n";

#[test]
fn every_verb_reads_json_lines() {
    let room = Room::new().file("data.jsonl", RECORDS).file("data.json", "[\n {\"id\": 1},\r\n {\"id\": 2.5}\n]\n");
    assert_eq!(room.run(&["count", "data.jsonl"]).ok().text(), "2\n");
    assert_eq!(room.run(&["count", "data.json"]).ok().text(), "2\n");
    let columns = room.run(&["schema", "data.jsonl", "--json"]).ok().json()["columns"].clone();
    let types = ["id int64", "name utf8", "tags list<utf8>"];
    let found: Vec<String> = columns
        .as_array()
        .expect("a list")
        .iter()
        .map(|column| {
            format!("{} {}", column["name"].as_str().unwrap_or_default(), column["type"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(found, types);
    let out = room.run(&["convert", "data.jsonl", "-o", "-", "-f", "csv"]).ok();
    assert_eq!(out.text(), "id,name,tags\n1,\"O \"\"x\"\"\",\n2,,\"[\"\"a\"\"]\"\n");
    let out = room.run(&["head", "data.jsonl"]).ok();
    assert!(out.text().contains("O \"x\"") && out.text().contains("[\"a\"]"), "{}", out.text());
    room.run(&["validate", "data.jsonl", "--schema", "id:int64,name:utf8,tags:utf8"]).ok();
    let out = room.run(&["convert", "data.jsonl", "-o", "-", "-f", "jsonl"]).ok();
    let lines = "{\"id\":1,\"name\":\"O \\\"x\\\"\",\"tags\":null}\n{\"id\":2,\"name\":null,\"tags\":[\"a\"]}\n";
    assert_eq!(out.text(), lines);
    let sniffed = room.run(&["sniff", "data.jsonl", "--json"]).ok().json();
    assert_eq!((&sniffed["format"], &sniffed["delimiter"]), (&"jsonl".into(), &Value::Null));
    assert_eq!(sniffed["columns"].as_array().map(Vec::len), Some(3));
    let sniffed = room.run(&["sniff", "data.json", "--json"]).ok().json();
    assert_eq!((&sniffed["format"], &sniffed["newline"]), (&"json".into(), &"mixed".into()));
    room.run(&["count", "data.jsonl", "--header", "no"]).exits(2).says(&["--header", "JSON"]);
    assert_eq!(
        room.run(&["count", "data.jsonl", "--input-format", "csv", "--header", "no", "--quoting", "none"]).ok().text(),
        "2\n"
    );
}

#[test]
fn validate_says_whether_it_fits() {
    let room = Room::with_sample();
    let fits = "id:int64,name:utf8,score:float64,empty:null";
    let out = room.run(&["validate", "data.csv", "--schema", fits]).ok().says(&["checked: 3 rows"]);
    assert!(out.stdout.is_empty());
    room.run_with(&["validate", "-", "--schema", fits], SAMPLE).ok();
    assert_eq!(room.run(&["validate", "data.csv", "--schema", fits, "--json"]).ok().json()["rejected"], 0);
    room.run(&["validate", "data.csv", "--schema", "id:int64,name:date32,score:float64,empty:null"]).exits(3);
    room.run(&["validate", "data.csv"]).exits(2).says(&["--schema"]);
}

#[test]
fn validate_writes_all_rejects_before_it_says_no() {
    let room = Room::new().file("v.csv", "v\n1\nx\n3\ny\n");
    let args = ["validate", "v.csv", "--schema", "v:int64", "--rejects", "bad.csv"];
    room.run(&args).exits(3).says(&["rejected: 2 records of 4", "2 records of 4 did not fit", "bad.csv"]);
    assert_eq!(String::from_utf8(room.read("bad.csv")).expect("text").lines().count(), 3);
    let room = Room::new().file("v.csv", "v\n1\nx\n3\ny\n");
    room.run(&[&args[..], &["--on-error", "reject"]].concat()).ok().says(&["rejected: 2 records of 4"]);
}

#[test]
fn bench_measures_every_stage() {
    let room = Room::with_sample();
    let out = room.run(&["bench", "data.csv", "--runs", "1"]).ok();
    for stage in ["kernel ", "count", "frame", "parquet zstd", "parquet snappy", "frame stage", "scan", "parse"] {
        assert!(out.lines().iter().any(|line| line.starts_with(stage)), "{stage}: {}", out.text());
    }
    let figures = room.run(&["bench", "data.csv", "--runs", "1", "--json"]).ok().json();
    let expected = "kernel threads bytes rows columns count_seconds frame_seconds parquet_seconds cpu_seconds \
                    cycles_per_second bytes_per_cycle stages sweep";
    assert_keys(&figures, &expected.split_whitespace().collect::<Vec<_>>());
    assert_keys(&figures["parquet_seconds"], &["zstd", "snappy"]);
    for figure in ["cpu_seconds", "bytes_per_cycle"] {
        assert_eq!(keys(&figures[figure]), ["count", "frame", "parquet_zstd", "parquet_snappy"]);
    }
    let stages = "count frame_cpu plan read scan settle utf8 index parse commit finish";
    assert_eq!(keys(&figures["stages"]), stages.split(' ').collect::<Vec<_>>());
    assert_eq!((&figures["rows"], &figures["columns"]), (&3.into(), &4.into()));
    assert_eq!(figures["sweep"], serde_json::json!([]), "a sweep takes its time and is made when asked for");
    assert_eq!(room.listing(), ["data.csv"], "a measurement leaves nothing behind");
}

#[test]
fn a_sweep_tries_every_number_of_threads_with_every_size_of_a_chunk() {
    let room = Room::new().file("data.csv", big_table(20_000));
    let args = ["bench", "data.csv", "--runs", "1", "--sweep", "-j", "3"];
    let figures = room.run(&[&args[..], &["--json"]].concat()).ok().json();
    let cells = figures["sweep"].as_array().expect("a list");
    let place = |cell: &Value| (cell["threads"].as_u64(), cell["chunk_bytes"].as_u64());
    let expected: Vec<_> =
        [1, 2, 3].into_iter().flat_map(|threads| (16..=20).map(move |bits| (Some(threads), Some(1 << bits)))).collect();
    assert_eq!(cells.iter().map(place).collect::<Vec<_>>(), expected);
    for cell in cells {
        assert_eq!(keys(cell), ["threads", "chunk_bytes", "frame_seconds", "cpu_seconds"]);
        assert!(cell["frame_seconds"].as_f64() > Some(0.0), "{cell}");
    }
    let out = room.run(&args).ok();
    assert_eq!(out.lines().iter().filter(|line| line.contains("KiB ") || line.contains("1.0 MiB ")).count(), 15);
    assert_eq!(out.lines().iter().filter(|line| line.ends_with("fastest")).count(), 1, "{}", out.text());
    room.run_with(&["bench", "-", "--sweep"], "a\n1\n").exits(2).says(&["error[E0100]", "name a file"]);
}

#[test]
fn version_names_the_kernels() {
    let out = Room::new().run(&["version"]).ok();
    assert_eq!(out.lines()[0], format!("ingest {}", env!("CARGO_PKG_VERSION")));
    assert!(out.lines()[1].starts_with("kernels: portable"), "{}", out.text());
    assert_eq!(Room::new().run(&["--version"]).ok().lines()[0], out.lines()[0]);
}

#[test]
fn completions_know_commands_options_and_words() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Room::new().run(&["completions", shell]).ok().text();
        for word in COMMANDS.iter().chain(&["row-group-bytes", "lenient", "truncate"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    Room::new().run(&["completions", "tcsh"]).exits(2);
}

#[test]
fn completions_for_bash_are_sound() {
    let room = Room::new();
    let script = room.run(&["completions", "bash"]).ok().stdout;
    let checked = assert_cmd::Command::new("bash").arg("-n").write_stdin(script).output().expect("bash");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn the_manual_covers_every_command() {
    let page = Room::new().run(&["man"]).ok().text();
    assert_eq!(page.matches("\n.TH ").count() + usize::from(page.starts_with(".TH ")), 1);
    for command in COMMANDS {
        assert!(page.contains(&format!(".SH \"INGEST {}\"", command.to_uppercase())), "{command}");
    }
    assert!(page.contains("row\\-group\\-bytes") && page.contains("ingest convert data.csv"));
    for action in DATASET_ACTIONS {
        assert!(page.contains(&format!(".SH \"INGEST DATASET {}\"", action.to_uppercase())), "{action}");
    }
    assert_eq!(page.matches(" EXAMPLES\n").count(), COMMANDS.len() + DATASET_ACTIONS.len() + 1);
}

#[test]
fn every_help_ends_with_examples_and_lists_only_what_is_built() {
    let room = Room::new();
    let actions = DATASET_ACTIONS.iter().map(|action| vec!["dataset", *action, "--help"]);
    let words: Vec<Vec<&str>> =
        COMMANDS.iter().map(|command| vec![*command, "--help"]).chain(actions).chain([vec!["--help"]]).collect();
    for args in words {
        let help = room.run(&args).ok().text();
        let examples = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{args:?}: {help}")).1;
        assert!(examples.lines().all(|line| line.starts_with("  ")), "{args:?} ends with examples");
        let listed: Vec<_> = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
        for option in NOT_BUILT {
            assert!(!listed.contains(&option), "{args:?} lists {option}");
        }
    }
}
