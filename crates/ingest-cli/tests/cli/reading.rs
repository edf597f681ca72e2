//! The options for reading, through the command.

use crate::{Room, SAMPLE};

/// The lines of `schema` for this input, without the title and with single spaces.
fn schema(input: &str, options: &[&str]) -> Vec<String> {
    let out = Room::new().run_with(&[&["schema", "-"], options].concat(), input).ok();
    let squeezed = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    out.lines().iter().skip(1).map(squeezed).collect()
}

#[test]
fn characters() {
    assert_eq!(schema("a|b\n1|'x|y'\n", &["-d", "|", "--quote", "'"]), ["a int64 0", "b utf8 0", "1 row"]);
    assert_eq!(schema("a\tb\n1\t2\n", &["-d", "\\t"]), ["a int64 0", "b int64 0", "1 row"]);
    assert_eq!(schema("a,b\n1,2\n", &["-d", "none"]), ["a,b utf8 0", "1 row"]);
    assert_eq!(schema("a,b\n1,\"x\\\"y\"\n", &["--escape", "\\"]), ["a int64 0", "b utf8 0", "1 row"]);
    assert_eq!(schema("a,b\n#1,2\n3,4\n", &["--comment", "#"]), ["a int64 0", "b int64 0", "1 row"]);
}

#[test]
fn comments_are_told() {
    let commented = "a,b\n1,2\n# checked\n3,4\n";
    assert_eq!(schema(commented, &[]), ["a int64 0", "b int64 0", "2 rows"]);
    Room::new().run_with(&["schema", "-"], commented).ok().says(&["'#'", "--comment none"]);
    Room::new().run_with(&["schema", "-", "--comment", "none"], commented).exits(3).says(&["E0310", "--ragged reject"]);
}

#[test]
fn headers_of_two_rows() {
    let units = "name,mass,width\n,kg,m\nx,1,2\ny,3,4\nz,5,6\n";
    assert_eq!(schema(units, &[]), ["name utf8 0", "mass kg int64 0", "width m int64 0", "3 rows"]);
    assert_eq!(schema(units, &["--header", "yes"]), ["name utf8 1", "mass utf8 0", "width utf8 0", "4 rows"]);
    // The second source begins like the first, though it is too short to tell.
    let room = Room::new().file("a.csv", units).file("b.csv", "name,mass,width\n,kg,m\nu,7,8\n");
    assert_eq!(room.run(&["count", "a.csv", "b.csv"]).ok().text(), "4\n");
    let facts = room.run(&["sniff", "a.csv", "--json"]).ok().json();
    assert_eq!((&facts["header"], &facts["header_rows"]), (&true.into(), &2.into()));
    assert!(room.run(&["sniff", "a.csv"]).ok().lines().iter().any(|line| line == "header       yes, 2 rows"));
}

#[test]
fn quoting() {
    let stray = "a,b\n1,\"x\"y\n";
    Room::new().run_with(&["schema", "-"], stray).exits(3).says(&["E0311", "--quoting"]);
    assert_eq!(schema(stray, &["--quoting", "lenient"]), ["a int64 0", "b utf8 0", "1 row"]);
    assert_eq!(schema("a,b\n1,\"x\n", &["--quoting", "none"]), ["a int64 0", "b utf8 0", "1 row"]);
}

#[test]
fn header_names_and_skip() {
    assert_eq!(schema("1,2\n3,4\n", &["--header", "no"]), ["column_1 int64 0", "column_2 int64 0", "2 rows"]);
    assert_eq!(schema("a,b\nc,d\n", &["--header", "yes"]), ["a utf8 0", "b utf8 0", "1 row"]);
    let names = ["--names", "x,\"y,z\"", "--header", "no"];
    assert_eq!(schema("1,2\n", &names), ["x int64 0", "y,z int64 0", "1 row"]);
    assert_eq!(schema("made by hand\n\na,b\n1,2\n", &["--skip", "2"]), ["a int64 0", "b int64 0", "1 row"]);
}

#[test]
fn columns_and_records() {
    assert_eq!(schema(SAMPLE, &["-c", "score,id"]), ["score float64 1", "id int64 0", "3 rows"]);
    assert_eq!(schema(SAMPLE, &["--drop", "empty", "--drop", "name,score"]), ["id int64 0", "3 rows"]);
    assert_eq!(schema("a\n1\n2\nx\n", &["--limit", "2"]), ["a int64 0", "2 rows"]);
}

#[test]
fn types() {
    assert_eq!(
        schema("a,b\n1,2\n", &["--type", "a=float64", "--type", "b=utf8"]),
        ["a float64 0", "b utf8 0", "1 row"]
    );
    assert_eq!(schema("a\n1\nNA\n", &["--infer", "none"]), ["a utf8 0", "2 rows"]);
    assert_eq!(schema("a\n1\nNA\n", &[]), ["a int64 1", "2 rows"]);
    assert_eq!(schema("a\n1\n-999\n", &["--null-values", "-999"]), ["a int64 1", "2 rows"]);
    assert_eq!(schema("a\n1\nx\n", &["--infer", "1", "--on-error", "null"]), ["a int64 1", "2 rows"]);
}

#[test]
fn what_stands_behind_the_table() {
    let room = Room::new()
        .file("report.csv", "id,sum\n1,5\n2,6\n\nkind,day,n\nx,2020-01-01,1\n")
        .file("rows.csv", "id,sum\n1,5\n(1 row)\n");
    let note = "report.csv: another table begins in line 5 and is left out; --skip 4 reads it; --ragged fail makes an error of it";
    room.run(&["schema", "report.csv"]).ok().says(&[note]);
    assert!(room.run(&["schema", "report.csv"]).ok().text().ends_with("2 rows\n"));
    assert!(room.run(&["schema", "report.csv", "--skip", "4"]).ok().text().contains("date32"));
    room.run(&["schema", "report.csv", "--ragged", "fail"]).exits(3).says(&["report.csv:5:"]);
    assert!(room.run(&["sniff", "report.csv"]).ok().text().contains("another table begins in line 5"));
    room.run(&["convert", "rows.csv", "-o", "-", "-f", "csv"])
        .ok()
        .says(&["line 3 is no part of the table and is left out"]);
    assert_eq!(room.run(&["convert", "rows.csv", "-o", "-", "-f", "csv", "-q"]).ok().text(), "id,sum\n1,5\n");
}

#[test]
fn ragged_records() {
    let ragged = "a,b\n1\n2,3,4\n5,6\n";
    let of = |options: &[&str]| Room::new().run_with(&[&["schema", "-"], options].concat(), ragged);
    of(&[]).exits(3);
    of(&["--ragged", "pad"]).exits(3);
    of(&["--ragged", "truncate"]).ok().says(&["dropped: 1 field"]);
    of(&["--ragged", "reject"]).ok().says(&["rejected: 2 records of 3"]);
}

#[test]
fn a_condition_picks_rows() {
    let room = Room::with_sample();
    let rows = |condition: &str| room.run(&["convert", "data.csv", "-o", "-", "-f", "csv", "--where", condition]);
    assert_eq!(rows("id > 1 and name is not null").ok().text(), "id,name,score,empty\n2,\"bob, jr\",,\n");
    let head = room.run(&["head", "data.csv", "--where", "score < 1.75", "-c", "name"]).ok();
    assert_eq!(head.lines(), ["name", "utf8", "ann"]);
    assert_eq!(room.run(&["count", "data.csv", "--where", "not (score > 1.75)"]).ok().text(), "1\n");
    let report = room.run(&["convert", "data.csv", "-o", "a.parquet", "--json", "--where", "id = 2"]).ok().json();
    assert_eq!((&report["rows_in"], &report["rows_out"], &report["filtered"]), (&3.into(), &1.into(), &2.into()));
    rows("id >").exits(2).says(&["the condition ends where a column or a value is expected"]);
    rows("name > 1").exits(2).says(&["the column \"name\" is utf8", "a text, in single quotes"]);
    rows("nome = 'x'").exits(4).says(&["--where: there is no column \"nome\"", "the columns are id, name"]);
}

#[test]
fn sources_with_different_columns_are_joined_by_name() {
    let room = Room::with_sample().file("other.csv", "score,city\n7,Rom\n");
    room.run(&["schema", "data.csv", "other.csv"])
        .exits(3)
        .says(&["other.csv: the header is score,city", "--union-by-name"]);
    let joined = room.run(&["convert", "data.csv", "other.csv", "--union-by-name", "-o", "-", "-f", "csv"]).ok();
    assert_eq!(joined.lines(), ["id,name,score,empty,city", "1,ann,1.5,,", "2,\"bob, jr\",,,", "3,,2,,", ",,7,,Rom"]);
}

#[test]
fn folders_make_columns() {
    let room = Room::new().file("s/year=2023/a.csv", "n\n1\n").file("s/year=2024/a.csv", "n\n2\n");
    let out = room.run(&["convert", "s/**/*.csv", "--hive", "--where", "year > 2023", "-o", "-", "-f", "csv"]).ok();
    assert_eq!(out.lines(), ["n,year", "2,2024"]);
    assert_eq!(room.run(&["head", "s/year=2023/a.csv", "--hive"]).ok().lines()[2..], ["     1    2023"]);
}

#[test]
fn limits_do_not_change_the_result() {
    let room = Room::with_sample();
    room.run(&["convert", "data.csv", "-o", "a.parquet"]).ok();
    let limits = ["-j", "1", "--memory-limit", "128MiB", "--max-field-bytes", "1MB", "--temp-dir", "."];
    room.run(&[&["convert", "data.csv", "-o", "b.parquet"], &limits[..]].concat()).ok();
    assert_eq!(room.read("a.parquet"), room.read("b.parquet"));
}

#[test]
fn codecs_and_row_groups_change_the_bytes_only() {
    let room = Room::with_sample();
    for (codec, name) in [("zstd:9", "z.parquet"), ("snappy", "s.parquet"), ("lz4", "l.parquet"), ("none", "n.parquet")]
    {
        room.run(&["convert", "data.csv", "-o", name, "--codec", codec, "--row-group-bytes", "1MiB"]).ok();
        assert!(room.read(name).starts_with(b"PAR1"), "{codec}");
    }
}

#[test]
fn encoding_sets_and_filters_reach_the_file() {
    let text = (0..20_000).fold("id,name\n".to_owned(), |text, n| text + &format!("{n},name {n}\n"));
    let room = Room::new().file("data.csv", text);
    let size = |name: &str, options: &[&str]| {
        room.run(&[&["convert", "data.csv", "-o", name, "--codec", "none"], options].concat()).ok();
        room.read(name).len()
    };
    let plain = size("plain.parquet", &[]);
    assert_eq!(size("compatible.parquet", &["--encoding-set", "compatible"]), plain);
    assert_eq!(room.read("compatible.parquet"), room.read("plain.parquet"));
    let modern = size("modern.parquet", &["--encoding-set", "modern"]);
    // Eight bytes an id and four a length become nearly nothing.
    assert!(modern + 11 * 20_000 < plain, "{modern} of {plain}");
    let one = size("one.parquet", &["--bloom", "id"]);
    // 20,000 times 10.5 bits, to the next power of two, and where the filter is.
    assert!((plain + 32_768..plain + 32_868).contains(&one), "{one} of {plain}");
    let both = size("both.parquet", &["--bloom", "id,name"]);
    assert_eq!(size("again.parquet", &["--bloom", "id", "--bloom", "name"]), both);
    assert!(both > one + 32_768);
}

#[test]
fn filters_of_no_column_are_refused() {
    let room = Room::new().file("data.csv", "a,b\n1,2\n");
    let args = ["convert", "data.csv", "-o", "out.parquet", "--bloom"];
    let out = room.run(&[&args[..], &["a,c"]].concat()).exits(4);
    out.says(&["--bloom: there is no column \"c\"", "hint: the columns are a, b"]);
    // A column that is not read is not there either.
    room.run(&[&args[..], &["a", "--drop", "a"]].concat()).exits(4).says(&["the columns are b"]);
    room.run(&["convert", "data.csv", "-o", "-", "-f", "parquet", "--bloom", "c"]).exits(4);
    assert_eq!(room.listing(), ["data.csv"]);
}

/// More files than a process may have open, plain and packed, with types that the last of them settles.
#[cfg(unix)]
#[test]
fn more_files_than_may_be_open() {
    let mut room = Room::new();
    for number in 0..200 {
        let text = format!("a,b\n{number},x\n{}\n", if number == 199 { "0.5,y" } else { "7,y" });
        room = room.file(&format!("plain/{number:03}.csv"), &text);
        let packed = zstd::encode_all(text.as_bytes(), 1).expect("in memory");
        room = room.file(&format!("packed/{number:03}.csv.zst"), packed);
    }
    let limited = |command: &str| {
        let script = format!("ulimit -n 64 && exec \"$0\" {command}");
        let mut shell = assert_cmd::Command::new("sh");
        shell.args(["-c", &script]).arg(crate::program()).current_dir(room.path(""));
        room.outcome(&mut shell).ok()
    };
    for folder in ["plain", "packed", "plain packed"] {
        let files = 200 * folder.split(' ').count();
        assert_eq!(limited(&format!("count {folder}")).lines(), [(2 * files).to_string()]);
        let lines = limited(&format!("schema {folder} -j 4")).lines();
        assert!(lines[1].contains("float64"), "{lines:?}");
        limited(&format!("convert {folder} -o out.parquet --overwrite -j 4")).says(&[&format!("{} rows", 2 * files)]);
    }
}

#[test]
fn delimiters_of_several_characters() {
    let room = Room::new()
        .file("long.csv", "id||name||score\n1||\"a||b\"||1.5\n2||||2\n3||x|y||\n")
        .file("bar.csv", b"id\xa6name\n1\xa6caf\xe9\n")
        .file("short.csv", "a||b\n1||2\n3\n");
    let to_csv = ["convert", "-o", "-", "--format", "csv"];
    let long = room.run(&[&to_csv[..], &["long.csv"]].concat()).ok();
    assert_eq!(long.text(), "id,name,score\n1,a||b,1.5\n2,,2\n3,x|y,\n");
    let bar = room.run(&[&to_csv[..], &["bar.csv", "-d", "\u{a6}", "--encoding", "latin1"]].concat()).ok();
    assert_eq!(bar.text(), "id,name\n1,caf\u{e9}\n");
    let sniffed = room.run(&["sniff", "long.csv"]).ok().text();
    assert!(sniffed.contains("fields are divided by '||': 4 of 4 records have 3"), "{sniffed}");
    assert_eq!(room.run(&["sniff", "long.csv", "--json"]).ok().json()["delimiter"], "||");
    room.run(&["head", "short.csv"]).exits(3).says(&["short.csv:3", "1 field, the table has 2 columns"]);
}
