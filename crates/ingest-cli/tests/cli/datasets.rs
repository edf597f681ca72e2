//! Datasets from the shell.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::process::{Command, Stdio};

use crate::{Room, assert_keys, program};

/// A room with a workspace and three people.
fn people() -> Room {
    let room = Room::new().file("people.csv", "name;age;zip\nann;31;02139\nbob;29;\ncyd;;10001\n");
    room.run(&["init"]).ok();
    room.run(&["dataset", "register", "people", "people.csv", "-d", ";", "--tag", "source=hand"]).ok();
    room
}

#[test]
fn a_name_stands_for_a_table_in_every_command() {
    let room = people();
    let head = room.run(&["head", "dataset:people"]).ok().lines();
    assert_eq!(head[2], "ann        31  02139");
    assert_eq!(room.run(&["count", "dataset:people:1"]).ok().text(), "3\n");
    assert_eq!(room.run(&["count", "dataset:people", "--where", "age > 30"]).ok().text(), "1\n");
    let out = room.run(&["convert", "dataset:people:latest", "-o", "-", "-f", "csv", "-c", "zip,age", "-l", "2"]).ok();
    assert_eq!(out.lines(), ["zip,age", "02139,31", ",29"]);
    room.run(&["convert", "dataset:people", "-o", "people.parquet"]).ok();
    let schema = room.run(&["schema", "dataset:people", "--json"]).ok().json();
    assert_eq!((&schema["columns"][2]["type"], &schema["rows"]), (&"utf8".into(), &3.into()));
    let id = room.run(&["dataset", "show", "people", "--json"]).ok().json()["id"].as_str().unwrap().to_owned();
    assert_eq!(room.run(&["count", &format!("dataset:{id}")]).ok().text(), "3\n");
    let room = room.file("s.json", r#"{"columns":[{"name":"name","type":"utf8","nullable":false},{"name":"age","type":"int64"},{"name":"zip","type":"utf8"}]}"#);
    room.run(&["validate", "dataset:people", "--schema", "s.json"]).ok();
    let room = room.file("s.json", r#"{"columns":[{"name":"name","type":"utf8"},{"name":"age","type":"int64","nullable":false},{"name":"zip","type":"utf8"}]}"#);
    room.run(&["validate", "dataset:people", "--schema", "s.json"]).exits(3).says(&["E0318"]);
}

#[test]
fn datasets_are_told_on_standard_output() {
    let room = people();
    assert_eq!(room.run(&["dataset", "register", "people", "people.csv", "-d", ";"]).ok().text(), "people:1\n");
    let list = room.run(&["dataset", "list"]).ok().lines();
    assert_eq!(list[1], "people       1     3      1   45 B");
    let listed = room.run(&["dataset", "list", "--json"]).ok().json();
    assert_keys(&listed["datasets"][0], &["name", "latest", "versions", "id", "rows", "files", "bytes", "description"]);
    let shown = room.run(&["dataset", "show", "people:1", "--json"]).ok().json();
    assert_keys(
        &shown,
        &["name", "version", "id", "tags", "created_time", "data_changed_time", "columns", "definition", "files"],
    );
    assert_eq!(shown["tags"]["source"], "hand");
    let shown = room.run(&["dataset", "show", "people"]).ok().text();
    for part in ["name          people:1", "tags          source=hand", "zip     utf8       1", "delimiter: ;"] {
        assert!(shown.contains(part), "{shown}");
    }
    room.run(&["dataset", "tag", "people", "split=train", "--remove", "source"]).ok();
    room.run(&["dataset", "update", "people", "--description", "three\u{1b}[31m people"]).ok();
    let listed = room.run(&["dataset", "list"]).ok().text();
    assert!(!listed.contains('\u{1b}'), "no control characters reach the terminal: {listed:?}");
    assert!(room.run(&["dataset", "versions", "people"]).ok().text().contains("split=train"));
}

#[test]
fn what_changed_exits_with_5() {
    let room = people();
    fs::write(room.path("people.csv"), "name;age;zip\nann;31;02139\n").unwrap();
    room.run(&["head", "dataset:people"]).exits(5).says(&[
        "E0402",
        "people.csv: had 45 bytes and has 26",
        "--new-version",
    ]);
    room.run(&["dataset", "verify", "people"]).exits(5);
    room.run(&["dataset", "register", "people", "people.csv", "-d", ";"]).exits(2).says(&["E0401", "--new-version"]);
    room.run(&["dataset", "register", "people", "people.csv", "-d", ";", "--new-version", "--snapshot"]).ok();
    let diff = room.run(&["dataset", "diff", "people:1", "people"]).ok().lines();
    assert_eq!(diff[0], "~  people.csv  45 B -> 26 B");
    assert!(diff.contains(&"~  rows        3 -> 1".to_owned()), "{diff:?}");
    let diff = room.run(&["dataset", "diff", "people:1", "people:2", "--json"]).ok().json();
    assert_eq!((&diff["rows"]["to"], &diff["files"]["changed"][0]["path"]), (&1.into(), &"people.csv".into()));
    fs::remove_file(room.path("people.csv")).unwrap();
    assert_eq!(room.run(&["count", "dataset:people"]).ok().text(), "1\n", "the snapshot");
    room.run(&["count", "dataset:people:1"]).exits(5).says(&["people.csv: is missing"]);
}

#[test]
fn definitions_are_printed_edited_and_read() {
    let room = people();
    let yaml = room.run(&["dataset", "export", "people"]).ok().text();
    let edited =
        format!("{yaml}steps:\n- filter: age is not null\n- take_sample: {{probability: 1, seed: 3}}\n- skip: 1\n");
    let room = room.file("people.yaml", edited);
    room.run(&["dataset", "import", "known", "people.yaml"]).ok().says(&["registered: known:1, 1 row"]);
    assert_eq!(room.run(&["head", "dataset:known"]).ok().lines()[2], "bob      29");
    let again = room.run(&["dataset", "export", "known"]).ok().text();
    assert_eq!(room.run_with(&["dataset", "import", "known", "-"], again).ok().text(), "known:1\n");
    room.run_with(&["dataset", "import", "x", "-"], "kind: tabular\nsources: [people.csv]\nstep: []\n")
        .exits(2)
        .says(&["E0404", "step"]);
}

#[test]
fn mltable_files_are_read() {
    let mltable = "type: mltable\npaths:\n- pattern: ./*.csv\ntransformations:\n- read_delimited: {delimiter: ;}\n- keep_columns: [age]\n";
    let room =
        people().file("t/MLTable", mltable).file("t/a.csv", "name;age\nann;31\n").file("t/b.csv", "name;age\nbob;29\n");
    for (name, path) in [("a", "t"), ("b", "t/MLTable")] {
        room.run(&["dataset", "import", name, path]).ok();
        let out = room.run(&["convert", &format!("dataset:{name}"), "-o", "-", "-f", "csv"]).ok().lines();
        assert_eq!(out, ["age", "31", "29"]);
    }
}

#[test]
fn mistakes_say_the_way_out() {
    let room = Room::with_sample();
    room.run(&["dataset", "list"]).exits(4).says(&["E0400", "ingest init"]);
    room.run(&["init"]).ok();
    room.run(&["dataset", "register", "../x", "data.csv"]).exits(2).says(&["no name for a dataset", "one of / \\ :"]);
    room.run(&["dataset", "register", "x", "gone.csv"]).exits(4);
    room.run(&["dataset", "register", "x", "-"]).exits(2).says(&["standard input", "write it to a file"]);
    room.run(&["dataset", "register", "x", "data.csv", "--files", "-d", ";"])
        .exits(2)
        .says(&["\"delimiter\" means nothing"]);
    room.run(&["dataset", "register", "sample", "data.csv"]).ok();
    room.run(&["head", "dataset:sampel"]).exits(4).says(&["did you mean sample?"]);
    room.run(&["head", "dataset:sample:7"]).exits(4).says(&["it has 1"]);
    room.run(&["head", "dataset:sample", "-d", ";"]).exits(2).says(&["\"delimiter\" means nothing here"]);
    room.run(&["convert", "dataset:sample", "data.csv", "-o", "x.csv"]).exits(2).says(&["a table of its own"]);
    let error = room.run(&["dataset", "show", "sampel", "--json"]).exits(4).stderr;
    assert!(error.starts_with(r#"{"error":{"code":"E0400""#), "{error}");
}

#[test]
fn files_are_downloaded() {
    let room = Room::new().file("img/a/1.png", "x").file("img/2.png", "yy");
    room.run(&["init", "space"]).ok();
    let space = room.path("space");
    let variables = [("INGEST_WORKSPACE", space.to_str().unwrap())];
    room.run_in(&variables, &["dataset", "register", "images", "img", "--files"]).ok();
    room.run_in(&variables, &["download", "images", "out"]).ok().says(&["downloaded images:1: 2 files, 3 B"]);
    assert_eq!(room.read("out/a/1.png"), b"x");
    let again = room.run_in(&variables, &["download", "images:1", "out", "--json"]).ok().json();
    assert_eq!((&again["files"], &again["present"]), (&0.into(), &2.into()));
    room.run_in(&variables, &["head", "dataset:images"]).exits(2).says(&["a dataset of files, no table"]);
}

#[test]
fn the_doctor_says_what_is_missing() {
    let room = Room::new();
    let out = room.run(&["doctor"]).exits(1).says(&["missing"]);
    assert!(
        out.text().contains("workspace         missing") && out.text().contains("hint: `ingest init` makes one"),
        "{}",
        out.text()
    );
    room.run(&["init"]).ok();
    let findings = room.run(&["doctor", "--json"]).json()["findings"].as_array().unwrap().clone();
    // What is said of mounts depends on the machine, and on who else mounts.
    let rest: Vec<_> =
        findings.iter().filter(|finding| !matches!(finding["what"].as_str(), Some("mounting" | "mounts"))).collect();
    assert_eq!((findings.len(), rest.len()), (8, 6));
    assert!(rest.iter().all(|finding| finding["fine"] == true), "{findings:?}");
    let out = room.command(&["doctor"]).env("TMPDIR", room.path("nowhere")).output().unwrap();
    assert!(String::from_utf8(out.stdout).unwrap().contains("nowhere: No such file"), "and where");
    assert_eq!(out.status.code(), Some(1));
}

#[test]
fn the_workspace_is_the_one_above() {
    let room = people();
    fs::create_dir(room.path("sub")).unwrap();
    let out = room.command(&["count", "dataset:people"]).current_dir(room.path("sub")).output().unwrap();
    assert_eq!(out.stdout, b"3\n");
    let out = room.command(&["init"]).current_dir(room.path("sub")).output().unwrap();
    assert_eq!(String::from_utf8(out.stdout).unwrap().trim(), room.path(".ingest").to_str().unwrap());
}

#[test]
fn fifty_processes_register_and_read_at_once() {
    const PROCESSES: usize = 50;
    let room = Room::new();
    for number in 0..PROCESSES {
        fs::write(room.path(&format!("{number}.csv")), format!("n\n{}", "1\n".repeat(number + 1))).unwrap();
    }
    // The workspace itself is made by all of them, too.
    let run = |args: Vec<String>| {
        let mut command = Command::new(program());
        command.args(&args).current_dir(room.folder.path()).env("INGEST_WORKSPACE", room.path("space"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let all = |args: &dyn Fn(usize) -> Vec<String>| {
        let children: Vec<_> = (0..PROCESSES).map(|number| run(args(number))).collect();
        let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
        let texts = outputs.map(|output| {
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && !stderr.contains("locked"), "{stderr}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        });
        texts.collect::<Vec<_>>()
    };
    let words = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    all(&|_| words("init".to_owned()));
    let labels = all(&|number| words(format!("dataset register shared {number}.csv --new-version --snapshot")));
    let mut numbers: Vec<usize> =
        labels.iter().map(|label| label.strip_prefix("shared:").unwrap().parse().unwrap()).collect();
    let rows = all(&|number| words(format!("count dataset:{}", labels[number])));
    assert_eq!(rows, (1..=PROCESSES).map(|rows| rows.to_string()).collect::<Vec<_>>(), "each got its own");
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=PROCESSES).collect::<Vec<_>>(), "no number was lost or given twice");
    all(&|number| words(format!("dataset tag shared:1 t{number}={number}")));
    all(&|number| words(format!("download shared:{} out{number}", number + 1)));
    let out = run(words("dataset show shared:1 --json".to_owned())).wait_with_output().unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(shown["tags"].as_object().unwrap().len(), PROCESSES, "no tag was lost");
    assert!(run(words("dataset check".to_owned())).wait().unwrap().success());
}

#[test]
fn a_kill_leaves_no_half_version() {
    let kills = if std::env::var_os("INGEST_HEAVY").is_some() { 200 } else { 12 };
    let room = Room::new();
    room.run(&["init"]).ok();
    let mut draw = 7u64;
    let mut live = 0;
    for round in 0..kills {
        fs::create_dir_all(room.path("d")).unwrap();
        for number in 0..30 {
            fs::write(room.path(&format!("d/{number}.csv")), format!("n\n{round}\n{number}\n")).unwrap();
        }
        let mut child = room.spawn(&["dataset", "register", "d", "d", "--new-version", "--snapshot"]);
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(std::time::Duration::from_micros((draw >> 33) % 60_000));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let versions = room.command(&["dataset", "versions", "d", "--json"]).output().unwrap();
        let count = if versions.status.success() {
            let versions: serde_json::Value = serde_json::from_slice(&versions.stdout).unwrap();
            versions["versions"].as_array().unwrap().len()
        } else {
            0
        };
        // What was said to be registered is; at most one more was.
        let was_said = usize::from(!output.stdout.is_empty());
        assert!((live + was_said..=live + 1).contains(&count), "{live} {was_said} {count}");
        live = count;
    }
    room.run(&["dataset", "check"]).ok();
    for number in 1..=live {
        assert_eq!(room.run(&["count", &format!("dataset:d:{number}")]).ok().text(), "60\n");
    }
    room.run(&["dataset", "gc"]).ok();
    let scratch: Vec<_> =
        fs::read_dir(room.path(".ingest/scratch")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(scratch, ["lock"], "no litter");
}
