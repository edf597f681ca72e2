//! Names and characters that are given, and sources that are empty.

use crate::Room;

/// The names that `schema --json` prints for this input, and what standard error says.
#[track_caller]
fn names(input: &str, options: &[&str]) -> (Vec<String>, String) {
    let out = Room::new().run_with(&[&["schema", "-", "--json"], options].concat(), input).ok();
    let columns = out.json()["columns"].as_array().expect("a list").clone();
    let name = |column: &serde_json::Value| column["name"].as_str().expect("a name").to_owned();
    (columns.iter().map(name).collect(), out.stderr)
}

#[test]
fn given_names_are_made_different_like_those_of_a_header() {
    let (found, notes) = names("1,2,3\n", &["--header", "no", "--names", "x,x,"]);
    assert_eq!(found, ["x", "x_1", "column_3"]);
    assert_eq!(notes.matches("note: ").count(), 2, "{notes}");
    assert!(notes.contains("it is called \"x_1\"") && notes.contains("it is called \"column_3\""), "{notes}");
    // The names of the header that they replace are of no interest.
    let (found, notes) = names("a,a\n1,2\n", &["--names", "x,y"]);
    assert_eq!((found, notes.as_str()), (vec!["x".to_owned(), "y".to_owned()], ""));
    let (found, notes) = names("a,a\n1,2\n", &[]);
    assert_eq!(found, ["a", "a_1"]);
    assert!(notes.contains("it is called \"a_1\""), "{notes}");
}

#[test]
fn renamed_columns_are_found_by_their_new_names() {
    let (found, _) = names("1,2\n", &["--header", "no", "--names", "x,x", "-c", "x_1", "--type", "x_1=utf8"]);
    assert_eq!(found, ["x_1"]);
    let out = Room::new().run_with(&["schema", "-", "--names", "x,y", "--type", "a=utf8"], "a,b\n1,2\n").exits(4);
    out.says(&["\"a\"", "the columns are x, y"]);
}

#[test]
fn a_column_is_asked_for_once() {
    let room = Room::with_sample();
    room.run(&["convert", "data.csv", "-o", "out.parquet", "-c", "name,id,name"]).exits(2).says(&[
        "error[E0100]",
        "--columns",
        "\"name\" twice",
        "hint: ",
    ]);
    room.run(&["schema", "data.csv", "--header", "no", "--schema", "a:utf8,a:utf8,b:utf8,c:utf8"]).exits(2).says(&[
        "error[E0100]",
        "--schema",
        "\"a\" twice",
    ]);
    room.run(&["schema", "data.csv", "--schema", ":utf8"]).exits(2).says(&["error[E0100]", "without a name"]);
    assert_eq!(room.listing(), ["data.csv"]);
}

#[test]
fn characters_that_clash_are_refused() {
    let room = Room::with_sample();
    for (options, both) in [
        (["-d", ",", "--quote", ","], ["--delimiter", "--quote"]),
        (["-d", ",", "--comment", ","], ["--delimiter", "--comment"]),
        (["-d", ",", "--escape", ","], ["--delimiter", "--escape"]),
        (["--quote", "#", "--comment", "#"], ["--quote", "--comment"]),
        (["--escape", "#", "--comment", "#"], ["--escape", "--comment"]),
    ] {
        for command in ["count", "sniff", "head", "schema"] {
            let out = room.run(&[&[command, "data.csv"][..], &options].concat()).exits(2);
            out.says(&["error[E0100]", "are both", "hint: "]).says(&both);
        }
    }
    // One that is sniffed clashes too.
    room.run(&["count", "data.csv", "-d", ",", "--comment", "\""]).exits(2).says(&["--quote and --comment"]);
    // Doubled quotes, as others spell them.
    room.run(&["count", "data.csv", "--quote", "\"", "--escape", "\""]).ok();
    room.run(&["count", "data.csv", "-d", "\"", "--quoting", "none"]).ok();
    for option in ["-d", "--quote", "--escape", "--comment"] {
        for line_end in ["\n", "\r"] {
            room.run(&["count", "data.csv", option, line_end]).exits(2).says(&["line end"]);
        }
    }
}

#[test]
fn an_empty_source_among_others_is_skipped() {
    let empty = include_bytes!("../../../../testdata/regressions/an_empty_source_among_others_is_skipped.csv");
    let room =
        Room::new().file("0.csv", empty).file("1.csv", "a,b\n1,2\n").file("2.csv", "").file("3.csv", "a,b\n3,x\n");
    let room = room.file("bom.csv", "\u{feff}");
    for infer in ["all", "none", "1"] {
        let schema = |sources: &[&str]| {
            let options = ["--infer", infer, "--on-error", "reject"];
            room.run(&[&["schema"], sources, &options].concat()).ok().text()
        };
        let expected = schema(&["1.csv", "3.csv"]);
        assert_eq!(schema(&["0.csv", "1.csv", "2.csv", "3.csv"]), expected, "{infer}");
        assert_eq!(schema(&["bom.csv", "0.csv", "1.csv", "3.csv", "2.csv"]), expected, "{infer}");
    }
    assert_eq!(room.run(&["count", "0.csv", "1.csv", "3.csv"]).ok().text(), "2\n");
    room.run(&["convert", "?.csv", "-o", "out.parquet"]).ok().says(&["wrote out.parquet: 2 rows, 2 columns"]);
    let other = room.file("4.csv", "a,c\n5,6\n");
    let out = other.run(&["schema", "0.csv", "1.csv", "4.csv"]).exits(3);
    out.says(&["4.csv", "is a,c", "that of 1.csv is a,b", "--union-by-name", "--header no"]);
    other.run(&["schema", "1.csv", "4.csv", "--header", "no"]).ok();
    assert_eq!(other.run(&["count", "0.csv", "2.csv"]).ok().text(), "0\n");
}

#[test]
fn an_empty_source_has_not_the_header_of_a_schema() {
    let room = Room::new().file("empty.csv", "");
    let args = ["validate", "empty.csv", "--schema", "a:int64,b:utf8"];
    room.run(&args).exits(3).says(&["error[E0320]", "empty.csv: the source is empty", "a,b", "--header no"]);
    room.run(&[&args[..], &["--header", "no"]].concat()).ok().says(&["checked: 0 rows, 2 columns"]);
}
