//! Members of archives, through every command.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{Room, SAMPLE};

fn zip(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in files {
        writer.start_file(*name, options).and_then(|()| Ok(writer.write_all(bytes)?)).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, *bytes).expect("in memory");
    }
    builder.into_inner().expect("in memory")
}

/// Two tables, and what else lies in archives: as zip, tar and packed tar.
fn room() -> Room {
    let files: &[(&str, &[u8])] = &[
        ("year=2024/b.csv", SAMPLE.as_bytes()),
        ("year=2023/a.csv", SAMPLE.as_bytes()),
        (".hidden", b"x"),
        ("__MACOSX/year=2023/._a.csv", b"x"),
    ];
    Room::with_sample()
        .file("all.zip", zip(files, CompressionMethod::Deflated))
        .file("all.tar", tar(files))
        .file("all.tar.zst", zstd::encode_all(&tar(files)[..], 1).expect("in memory"))
}

const ARCHIVES: [&str; 3] = ["all.zip", "all.tar", "all.tar.zst"];

#[test]
fn every_command_reads_members() {
    let room = room();
    let of_file = |args: &[&str]| room.run(args).ok();
    for archive in ARCHIVES {
        let member = format!("{archive}!year=2023/a.csv");
        for command in ["schema", "head", "count"] {
            assert_eq!(
                of_file(&[command, &member]).text(),
                of_file(&[command, "data.csv"]).text(),
                "{command} {member}"
            );
        }
        let facts = of_file(&["sniff", &member, "--json"]).json();
        assert_eq!(facts["columns"], of_file(&["sniff", "data.csv", "--json"]).json()["columns"]);
        let written = |source: &str| of_file(&["convert", source, "-o", "-", "--format", "csv"]).text();
        assert_eq!(written(&member), written("data.csv"));
        assert_eq!(of_file(&["count", archive]).text(), "6\n");
        assert_eq!(of_file(&["count", &format!("{archive}!**/b.csv")]).text(), "3\n");
        assert_eq!(of_file(&["count", &format!("{archive}!year=2024")]).text(), "3\n");
    }
}

#[test]
fn a_member_that_another_of_its_name_hides_is_told() {
    let room = Room::new().file("a.tar", tar(&[("a.csv", b"n\n1\n"), ("b.csv", b"n\n2\n"), ("a.csv", b"n\n3\n")]));
    let out = room.run(&["convert", "a.tar", "-o", "-", "-f", "csv"]).ok();
    let out = out
        .says(&["a.tar!a.csv is the last of its name in the archive; a member of the same name before it is not read"]);
    assert_eq!(out.text(), "n\n3\n2\n");
    let jsonl = Room::new().file("a.tar", tar(&[("a.jsonl", b"{\"n\":1}\n"), ("a.jsonl", b"{\"n\":3}\n")]));
    jsonl.run(&["schema", "a.tar"]).ok().says(&["a.tar!a.jsonl is the last of its name"]);
}

#[test]
fn rows_know_their_member_and_its_folders() {
    let room = room();
    for archive in ARCHIVES {
        let args = ["convert", archive, "-o", "-", "--format", "csv", "-c", "id", "--hive", "--path-column", "from"];
        let lines = room.run(&args).ok().lines();
        let says = |line: &str, words: [&str; 2]| words.iter().all(|word| line.split(',').any(|field| field == *word));
        assert!(says(&lines[1], ["2023", &format!("{archive}!year=2023/a.csv")]), "{lines:?}");
        assert!(says(&lines[4], ["2024", &format!("{archive}!year=2024/b.csv")]), "{lines:?}");
    }
}

#[test]
fn messages_name_the_member() {
    let files: &[(&str, &[u8])] = &[("a.csv", b"a,b\n1,2\n3\n")];
    let room = Room::new().file("bad.zip", zip(files, CompressionMethod::Deflated)).file("bad.tar", tar(files));
    for archive in ["bad.zip", "bad.tar"] {
        room.run(&["schema", archive]).exits(3).says(&["E0310", &format!("{archive}!a.csv")]);
        room.run(&["count", &format!("{archive}!none.csv")]).exits(4).says(&["none.csv"]);
    }
    room.run(&["convert", "bad.zip", "-o", "bad.zip", "--overwrite", "--format", "csv"])
        .exits(2)
        .says(&["would replace a source"]);
    room.run_with(&["count", "-"], tar(files)).exits(2).says(&["make it a file of its own"]);
}

#[test]
fn stored_tables_lie_in_archives_too() {
    let room = Room::with_sample();
    room.run(&["convert", "data.csv", "-o", "data.parquet"]).ok();
    room.run(&["convert", "data.csv", "-o", "data.arrow"]).ok();
    let (parquet, arrow) = (room.read("data.parquet"), room.read("data.arrow"));
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let files: &[(&str, &[u8])] = &[("t.parquet", &parquet), ("t.arrow", &arrow)];
        let room = Room::new()
            .file("t.parquet", &parquet)
            .file("t.arrow", &arrow)
            .file("t.zip", zip(files, method))
            .file("t.tar", tar(files));
        for archive in ["t.zip", "t.tar"] {
            for table in ["t.parquet", "t.arrow"] {
                let member = format!("{archive}!{table}");
                let args = ["convert", &member, "-o", "-", "--format", "csv"];
                let expected = room.run(&["convert", table, "-o", "-", "--format", "csv"]).ok().text();
                assert_eq!(room.run(&args).ok().text(), expected, "{member}");
            }
        }
    }
}
