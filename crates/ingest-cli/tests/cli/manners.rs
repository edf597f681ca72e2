//! Pipes, quiet, colour: how the command behaves beside others.

use std::io::{BufRead, BufReader, Read};

use crate::{Room, big_table};

/// Reads one line of what the command prints, goes away, and returns its exit status and messages.
fn leave_after_one_line(room: &Room, args: &[&str]) -> (Option<i32>, String) {
    let mut child = room.spawn(args);
    drop(child.stdin.take());
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    assert!(line.contains("text"), "{line}");
    let mut messages = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut messages).expect("messages");
    (child.wait().expect("it ends").code(), messages)
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let room = Room::new().file("big.csv", big_table(200_000));
    for args in [&["convert", "big.csv", "-o", "-", "-f", "csv", "-q"][..], &["head", "big.csv", "-n", "150000", "-q"]]
    {
        let (status, messages) = leave_after_one_line(&room, args);
        assert_eq!((status, messages.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn quiet_says_nothing_and_verbose_says_more() {
    let room = Room::with_sample();
    assert_eq!(room.run(&["convert", "data.csv", "-o", "a.parquet", "-q"]).ok().stderr, "");
    assert_eq!(room.run(&["-q", "convert", "data.csv", "-o", "b.parquet"]).ok().stderr, "");
    room.run(&["convert", "data.csv", "-o", "c.parquet", "-v"]).ok().says(&["wrote c.parquet", "kernel ", "memory"]);
}

#[test]
fn an_error_is_not_silenced() {
    Room::new().run(&["count", "missing.csv", "-q"]).exits(4).says(&["missing.csv"]);
}

#[test]
fn nothing_is_coloured_or_drawn_in_a_pipe() {
    let room = Room::with_sample();
    for args in
        [&["convert", "data.csv", "-o", "a.parquet"][..], &["head", "data.csv"], &["--help"], &["count", "nope"]]
    {
        let out = room.run(args);
        assert!(!out.stdout.contains(&0x1b) && !out.stderr.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let room = Room::new();
    let out = room.run_with(&["head", "-"], "a,b\n\u{1b}[31mred,\"x\ny\"\n").ok();
    assert!(!out.stdout.contains(&0x1b));
    assert!(out.text().contains("\\u{1b}[31mred") && out.text().contains("x\\ny"), "{}", out.text());
}

#[test]
fn wide_characters_stay_aligned() {
    let room = Room::new();
    let out = room.run_with(&["head", "-"], "city,n\n서울,1\nOslo,2\n").ok();
    assert_eq!(out.lines()[2..], ["서울        1", "Oslo        2"]);
}
