//! What may be written where: the output, the rejects table, and never a source.

use crate::{Outcome, Room};

const BAD_VALUES: &str = "k,v\n1,10\n2,a\n3,b\n";

/// Rejects the bad values.
const REJECT: [&str; 4] = ["--type", "v=int64", "--on-error", "reject"];

fn room() -> Room {
    Room::new().file("v.csv", BAD_VALUES)
}

/// Runs a command that must be refused as a misuse, with a hint, and must leave nothing but the source, unchanged.
#[track_caller]
fn refused(room: &Room, args: &[&str]) -> Outcome {
    let out = room.run(&[args, &REJECT].concat()).exits(2).says(&["error[E0100]", "hint: "]);
    assert_eq!(room.listing(), ["v.csv"], "{args:?}");
    assert_eq!(room.read("v.csv"), BAD_VALUES.as_bytes(), "{args:?}");
    out
}

#[test]
fn output_and_rejects_are_two_files() {
    let room = room();
    for extra in [&[][..], &["--overwrite"]] {
        for rejects in ["same.csv", "./same.csv"] {
            let args = ["convert", "v.csv", "-o", "same.csv", "--rejects", rejects];
            refused(&room, &[&args, extra].concat()).says(&["same.csv", "the same file"]);
        }
    }
}

#[test]
fn no_source_is_replaced() {
    let room = room();
    for extra in [&[][..], &["--overwrite"]] {
        for source in ["v.csv", "*.csv", "."] {
            for path in ["v.csv", "./v.csv"] {
                refused(&room, &[&["convert", source, "-o", path], extra].concat()).says(&["the output", "a source"]);
                let args = ["convert", source, "-o", "out.parquet", "--rejects", path];
                refused(&room, &[&args, extra].concat()).says(&["the rejects table", "a source"]);
            }
        }
    }
    refused(&room, &["convert", "v.csv", "-o", "-", "-f", "csv", "--rejects", "v.csv", "--overwrite"]);
    refused(&room, &["schema", "v.csv", "--rejects", "v.csv", "--overwrite"]);
    refused(&room, &["validate", "v.csv", "--schema", "k:int64,v:int64", "--rejects", "v.csv", "--overwrite"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_source_is_that_source() {
    let room = room();
    std::os::unix::fs::symlink(room.path("v.csv"), room.path("link.csv")).expect("a link");
    room.run(&["convert", "v.csv", "-o", "link.csv", "--overwrite"]).exits(2).says(&["error[E0100]"]);
    room.run(&["convert", "link.csv", "-o", "v.csv", "--overwrite"]).exits(2).says(&["error[E0100]"]);
    assert_eq!(room.read("v.csv"), BAD_VALUES.as_bytes());
}

#[test]
fn commands_without_rejects_do_not_take_the_option() {
    let room = room();
    for command in ["head", "count", "sniff", "bench"] {
        room.run(&[command, "v.csv", "--rejects", "bad.csv"]).exits(2).says(&["--rejects"]);
        assert!(!room.run(&[command, "--help"]).ok().text().contains("--rejects"), "{command}");
    }
    for option in [["-c", "zz"], ["--type", "zz=int64"], ["--ragged", "pad"], ["--infer", "none"]] {
        for command in ["count", "sniff"] {
            room.run(&[&[command, "v.csv"][..], &option].concat()).exits(2).says(&[option[0]]);
        }
    }
    assert_eq!(room.listing(), ["v.csv"]);
}

#[test]
fn options_that_mean_something_are_taken() {
    let room = Room::new().file("v.csv", "k,v\n1,10\n2,\"a\"b\n3,b\n");
    room.run(&["count", "v.csv"]).exits(3).says(&["E0311", "--on-error"]);
    assert_eq!(room.run(&["count", "v.csv", "--on-error", "reject"]).ok().text(), "3\n");
    assert_eq!(room.run(&["head", "v.csv", "--on-error", "reject", "-c", "k"]).ok().lines().len(), 4);
    room.run(&["bench", "v.csv", "--on-error", "reject", "--runs", "2"]).ok();
}

#[test]
fn an_existing_rejects_table_is_replaced_when_asked() {
    let room = room().file("bad.csv", "mine");
    let commands: [&[&str]; 4] = [
        &["convert", "v.csv", "-o", "out.parquet"],
        &["convert", "v.csv", "-o", "-", "-f", "csv"],
        &["schema", "v.csv"],
        &["validate", "v.csv", "--schema", "k:int64,v:int64"],
    ];
    for command in commands {
        let args = [command, &REJECT, &["--rejects", "bad.csv"]].concat();
        room.run(&args).exits(2).says(&["error[E0102]", "bad.csv", "--overwrite"]);
        assert_eq!(room.read("bad.csv"), b"mine", "{command:?}");
        room.run(&[&args[..], &["--overwrite"]].concat()).ok();
        assert!(room.read("bad.csv").starts_with(b"source,line"), "{command:?}");
        std::fs::write(room.path("bad.csv"), "mine").expect("a file");
    }
}

/// Beyond the limit there is no output, but the table that was asked for shows why.
#[test]
fn beyond_max_errors_the_rejects_are_there_to_look_at() {
    for (format, limit) in [("parquet", "0"), ("arrow", "0"), ("csv", "0"), ("parquet", "50%"), ("csv", "50%")] {
        for (rejects, lines) in [("bad.csv", "source,line"), ("bad.jsonl", "{"), ("bad.parquet", "PAR1")] {
            let room = room();
            let out = format!("out.{format}");
            let args = ["convert", "v.csv", "-o", &out, "--rejects", rejects, "--max-errors", limit];
            let outcome = room.run(&[&args, &REJECT[..]].concat()).exits(3).says(&["error[E0330]"]);
            outcome.says(&[&format!("hint: {rejects} holds the rejects"), "--max-errors"]);
            assert_eq!(room.listing(), [rejects, "v.csv"], "{format} {limit}");
            assert!(room.read(rejects).starts_with(lines.as_bytes()), "{format} {limit} {rejects}");
        }
    }
}

#[test]
fn the_hint_beyond_max_errors_names_what_helps() {
    let room = room();
    let args = ["schema", "v.csv", "--type", "v=int64", "--max-errors", "0", "--on-error"];
    let out = room.run(&[&args[..], &["reject"]].concat()).exits(3);
    out.says(&["1 bad record or value, more than", "hint: --rejects FILE writes them"]);
    let out = room.run(&[&args[..], &["null"]].concat()).exits(3);
    out.says(&["2 bad records or values, more than", "hint: --on-error reject --rejects FILE writes them"]);
}

/// The limit holds whatever is written, for rejects and for nulls, as a number and as a share.
#[test]
fn max_errors_holds_for_every_output() {
    for format in ["parquet", "arrow", "csv", "jsonl"] {
        for (on_error, limit, status) in [
            ("reject", "50%", 3),
            ("reject", "67%", 0),
            ("reject", "1", 3),
            ("reject", "2", 0),
            ("null", "50%", 3),
            ("null", "67%", 0),
            ("null", "1", 3),
            ("null", "2", 0),
        ] {
            let room = room();
            let out = format!("out.{format}");
            let args =
                ["convert", "v.csv", "-o", &out, "--type", "v=int64", "--on-error", on_error, "--max-errors", limit];
            room.run(&args).exits(status);
            assert_eq!(room.path(&out).exists(), status == 0, "{format} {on_error} {limit}");
        }
    }
}
