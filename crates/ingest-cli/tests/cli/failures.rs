//! What goes wrong, how it is told, what the command exits with.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::{Room, SAMPLE, assert_keys, program};

/// Says that a test was skipped; not by `println!`, which is captured where a test passes.
fn skip(why: &str) {
    let _ = writeln!(std::io::stderr().lock(), "skipped: {why}");
}

const BAD_VALUE: &str = "k,v\n1,10\n2,abc\n3,30\n";

#[test]
fn a_bad_value_is_shown_where_it_stands() {
    let room = Room::new().file("bad.csv", BAD_VALUE);
    let out = room.run(&["convert", "bad.csv", "-o", "out.parquet", "--type", "v=int64"]).exits(3);
    let lines: Vec<_> = out.stderr.lines().collect();
    assert_eq!(lines[0], "error[E0312]: bad.csv:3: column 2 (v): cannot read \"abc\" as int64 (byte 11)");
    assert_eq!(lines[1], "  | 2,abc");
    assert_eq!(lines[2], "  |   ^^^");
    assert!(lines[3].starts_with("  hint: ") && lines[3].contains("--"), "{}", out.stderr);
    assert_eq!(room.listing(), ["bad.csv"], "a failed command leaves no output");
}

#[test]
fn with_json_the_error_is_an_object_on_standard_error() {
    let room = Room::new().file("bad.csv", BAD_VALUE);
    let out = room.run(&["convert", "bad.csv", "-o", "out.parquet", "--type", "v=int64", "--json"]).exits(3);
    assert!(out.stdout.is_empty());
    let error: serde_json::Value = serde_json::from_str(&out.stderr).expect("an object");
    assert_keys(
        &error["error"],
        &["code", "message", "source", "line", "byte_offset", "record", "column", "column_name", "text", "hint"],
    );
    assert_eq!((&error["error"]["code"], &error["error"]["line"]), (&"E0312".into(), &3.into()));
}

#[test]
fn exit_1_for_a_full_device() {
    let room = Room::with_sample();
    let Ok(full) = fs::File::options().write(true).open("/dev/full") else {
        skip("exit_1_for_a_full_device needs /dev/full");
        return;
    };
    let output = std::process::Command::new(program())
        .args(["convert", "data.csv", "-o", "-", "-f", "csv"])
        .current_dir(room.path(""))
        .stdout(Stdio::from(full))
        .output()
        .expect("the command runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error[E02"));
}

#[test]
fn exit_2_for_what_makes_no_sense() {
    let room = Room::with_sample();
    for args in [
        &["convert", "data.csv"][..],
        &["frobnicate"],
        &["count", "data.csv", "--nonsense"],
        &["count"],
        &["count", "data.csv", "--quote", ",,"],
        &["count", "data.csv", "--header", "maybe"],
        &["count", "data.csv", "-j", "0"],
        &["count", "data.csv", "--memory-limit", "lots"],
        &["count", "data.csv", "-q", "-v"],
        &["schema", "data.csv", "--type", "id"],
        &["schema", "data.csv", "--type", "id=integer"],
        &["schema", "data.csv", "--infer", "some"],
        &["schema", "data.csv", "--schema", "id:integer"],
        &["schema", "data.csv", "--max-errors", "101%"],
        &["convert", "data.csv", "-o", "a.parquet", "--codec", "rar"],
        &["convert", "data.csv", "-o", "a.parquet", "--encoding-set", "best"],
        &["convert", "data.csv", "-o", "a.parquet", "--bloom", ""],
        &["bench", "data.csv", "--runs", "0"],
    ] {
        let out = room.run(args).exits(2);
        assert!(out.stdout.is_empty() && out.stderr.starts_with("error"), "{args:?}: {}", out.stderr);
    }
}

#[test]
fn a_character_of_two_bytes_is_explained() {
    let room = Room::with_sample();
    room.run(&["count", "data.csv", "--quote", "||"]).exits(2).says(&["2 bytes", "one character", "tab"]);
    room.run(&["count", "data.csv", "-d", "<delimiter>"]).exits(2).says(&["11 bytes", "8 at most"]);
    room.run(&["count", "data.csv", "-d", "\",\""]).exits(2).says(&["--delimiter", "--quote", "holds"]);
}

#[test]
fn the_output_must_say_its_format() {
    let room = Room::with_sample();
    room.run(&["convert", "data.csv", "-o", "-"]).exits(2).says(&["-f parquet"]);
    room.run(&["convert", "data.csv", "-o", "out.xlsx"])
        .exits(2)
        .says(&["out.xlsx", ".parquet", ".arrow", ".csv", "-f"]);
    room.run(&["convert", "data.csv", "-o", "-", "-f", "csv", "--json"]).exits(2).says(&["standard output"]);
    assert_eq!(room.listing(), ["data.csv"]);
}

#[test]
fn an_existing_output_is_not_replaced_unasked() {
    let room = Room::with_sample().file("out.parquet", "mine");
    room.run(&["convert", "data.csv", "-o", "out.parquet"]).exits(2).says(&["out.parquet", "--overwrite"]);
    assert_eq!(room.read("out.parquet"), b"mine");
    room.run(&["convert", "data.csv", "-o", "out.parquet", "--overwrite"]).ok();
    assert!(room.read("out.parquet").starts_with(b"PAR1"));
}

#[test]
fn tables_are_read_whatever_they_are_called_but_not_beside_text() {
    let room = Room::with_sample();
    room.run(&["convert", "data.csv", "-o", "as_parquet.csv", "-f", "parquet"]).ok();
    room.run(&["convert", "data.csv", "-o", "as_arrow.csv", "-f", "arrow"]).ok();
    for (file, name) in [("as_parquet.csv", "Parquet"), ("as_arrow.csv", "Arrow")] {
        assert_eq!(room.run(&["count", file]).ok().text(), "3\n");
        assert_eq!(room.run_with(&["count", "-"], room.read(file)).ok().text(), "3\n");
        room.run(&["count", "data.csv", file]).exits(2).says(&["error[E0103]", name, file]);
        room.run(&["schema", file, "--header", "no"]).exits(2).says(&["--header means nothing for", name]);
        room.run(&["head", file]).ok();
    }
    let half = &room.read("as_parquet.csv")[..100];
    room.run_with(&["count", "-"], half).exits(3).says(&["error[E0300]", "<stdin>", "hint: ", "damaged"]);
}

#[test]
fn a_decoder_that_panics_is_an_error_without_a_word_of_it() {
    let bytes = include_bytes!(
        "../../../../testdata/regressions/a_decoder_that_panics_is_an_error_without_a_word_of_it.arrows"
    );
    let out = Room::new().run_with(&["schema", "-"], *bytes).exits(3);
    let out = out.says(&["error[E0300]", "contradicts itself", "hint: "]);
    assert!(!out.stderr.contains("panicked"), "{}", out.stderr);
}

#[test]
fn exit_3_for_broken_data() {
    let room = Room::new().file("ragged.csv", "a,b\n1,2\n3\n").file("open.csv", "a,b\n1,2\n3,\"x\n");
    room.run(&["schema", "ragged.csv"]).exits(3).says(&["error[E0310]: ragged.csv:3:", "hint: ", "--ragged"]);
    room.run(&["schema", "open.csv"]).exits(3).says(&["error[E0313]: open.csv:3:", "hint: "]);
    let room = Room::with_sample();
    room.run(&["schema", "data.csv", "--schema", "x:int64,name:utf8,score:float64,empty:utf8"])
        .exits(3)
        .says(&["error[E0320]", "x"]);
    room.run(&["count", "data.csv", "--max-field-bytes", "3"]).exits(3).says(&["error[E0315]", "--max-field-bytes"]);
}

#[test]
fn exit_4_for_what_is_not_there() {
    let room = Room::with_sample();
    for args in [
        &["count", "missing.csv"][..],
        &["count", "missing/*.csv"],
        &["convert", "missing.csv", "-o", "out.parquet"],
        &["schema", "data.csv", "--schema", "missing.json"],
    ] {
        room.run(args).exits(4).says(&["error[E0101]", "missing"]);
    }
    room.run(&["schema", "data.csv", "-c", "missing"]).exits(4).says(&["missing", "name"]);
}

#[cfg(unix)]
#[test]
fn exit_6_for_what_is_forbidden() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::with_sample();
    fs::set_permissions(room.path("data.csv"), fs::Permissions::from_mode(0o000)).expect("permissions");
    if fs::read(room.path("data.csv")).is_ok() {
        skip("exit_6_for_what_is_forbidden cannot be tried by root");
        return;
    }
    room.run(&["count", "data.csv"]).exits(6).says(&["error[E0201]", "data.csv"]);
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let status = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("kill runs").success());
}

#[cfg(unix)]
#[test]
fn exit_130_when_interrupted_and_nothing_is_left() {
    let room = Room::new();
    let mut child = room.spawn(&["convert", "-", "-o", "out.parquet", "--temp-dir", "."]);
    let mut stdin = child.stdin.take().expect("piped");
    let text = crate::big_table(100_000);
    // More than a pipe holds: when this returns, the command is reading and has its handler in place.
    stdin.write_all(text.as_bytes()).expect("the command reads");
    let feeder = std::thread::spawn(move || while stdin.write_all(text.as_bytes()).is_ok() {});
    interrupt(&child);
    assert_eq!(child.wait().expect("the command ends").code(), Some(130));
    feeder.join().expect("the pipe is closed");
    assert_eq!(room.listing(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn exit_130_when_interrupted_at_a_silent_pipe() {
    let room = Room::new();
    let mut child = room.spawn(&["convert", "-", "-o", "out.parquet", "--temp-dir", "."]);
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(crate::big_table(100_000).as_bytes()).expect("the command reads");
    interrupt(&child);
    assert_eq!(child.wait().expect("the command ends although its input stays open").code(), Some(130));
    assert!(!room.path("out.parquet").exists());
    // A run that was made to stop could not tidy up; the next one does it.
    room.run_with(&["convert", "-", "-o", "out.parquet"], SAMPLE).ok();
    assert_eq!(room.listing(), ["out.parquet"]);
}

#[test]
fn rejects_are_counted_shown_and_written() {
    let room = Room::new().file("v.csv", "k,v\n1,10\n2,a\n3,b\n4,c\n5,d\n");
    let args = ["convert", "v.csv", "-o", "out.parquet", "--type", "v=int64", "--on-error", "reject"];
    let out = room.run(&[&args[..], &["--rejects", "bad.csv"]].concat()).ok();
    let out =
        out.says(&["rejected: 4 records of 5", "E0312 v.csv:3: column v: cannot read \"a\"", "v.csv:4", "v.csv:5"]);
    assert!(!out.stderr.contains("v.csv:6"), "only the first three are shown");
    let rejects = String::from_utf8(room.read("bad.csv")).expect("text");
    assert_eq!(rejects.lines().next(), Some("source,line,byte_offset,byte_length,record,column,code,reason,text"));
    assert_eq!(rejects.lines().count(), 5);
    let report = room.run(&[&args[..], &["--overwrite", "--json"]].concat()).ok().json();
    assert_eq!((&report["rows_in"], &report["rows_out"], &report["rejected"]), (&5.into(), &1.into(), &4.into()));
    room.run(&[&args[..], &["--overwrite", "-q"]].concat()).ok().says(&["rejected: 4 records of 5"]);
}

#[test]
fn beyond_max_errors_there_is_no_output() {
    let room = Room::new().file("v.csv", BAD_VALUE);
    let args = ["convert", "v.csv", "-o", "out.parquet", "--type", "v=int64", "--on-error", "reject", "--max-errors"];
    room.run(&[&args[..], &["0"]].concat()).exits(3).says(&["error[E0330]", "--max-errors"]);
    assert_eq!(room.listing(), ["v.csv"]);
    room.run(&[&args[..], &["50%"]].concat()).ok();
}

#[test]
fn nulled_values_are_counted() {
    let room = Room::new().file("v.csv", BAD_VALUE);
    let out = room.run(&["convert", "v.csv", "-o", "out.parquet", "--type", "v=int64", "--on-error", "null"]).ok();
    out.says(&["nulled: 1 value that did not fit"]);
}

#[test]
fn strange_input_is_answered_without_a_panic() {
    let room = Room::new();
    for (input, rows) in
        [("", "0\n"), ("a,b\n", "0\n"), ("a\n1\n\n", "2\n"), ("a,b\r1,2\r", "1\n"), ("\u{feff}a,b\n1,2", "1\n")]
    {
        assert_eq!(room.run_with(&["count", "-"], input).ok().text(), rows, "{input:?}");
    }
    for command in ["schema", "head", "sniff"] {
        for input in ["", "\n", "\0", "\"", "\u{feff}", SAMPLE] {
            let status = room.run_with(&[command, "-"], input).status;
            assert!(matches!(status, Some(0 | 2 | 3)), "{command} {input:?}: {status:?}");
        }
    }
}
