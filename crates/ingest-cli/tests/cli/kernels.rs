//! Every kernel of this machine, forced through the command.

use ingest_benches::{Shape, generate};

use crate::{Outcome, Room};

/// The kernels that `version` lists, and the one it says is in use.
fn version(out: &Outcome) -> (Vec<String>, String) {
    let text = out.text();
    let line = text.lines().find_map(|line| line.strip_prefix("kernels: ")).expect("a line of kernels");
    let (names, used) = line.split_once(" (in use: ").expect("the one in use");
    (names.split(", ").map(str::to_owned).collect(), used.trim_end_matches(')').to_owned())
}

/// Not a few rows: whole blocks, the tail of one, quotes, escapes, numbers and times.
fn room() -> Room {
    let mut table = Vec::new();
    generate(Shape::Taxi, 300_000, 7, &mut table).expect("a table");
    let mut room = Room::new().file("taxi.csv", table);
    for (shape, name) in [(Shape::QuoteAll, "quoted.csv"), (Shape::LongText, "text.csv")] {
        let mut table = Vec::new();
        generate(shape, 300_000, 7, &mut table).expect("a table");
        room = room.file(name, table);
    }
    room
}

#[test]
fn every_kernel_gives_the_same_output_and_is_named() {
    let room = room();
    let (kernels, fastest) = version(&room.run(&["version"]).ok());
    assert_eq!(kernels.last(), Some(&fastest));
    for kernel in &kernels {
        let run = |args: &[&str]| room.run_in(&[("INGEST_KERNEL", kernel)], args);
        assert_eq!(version(&run(&["version"]).ok()).1, *kernel);
        for table in ["taxi", "quoted", "text"] {
            let source = format!("{table}.csv");
            for format in ["parquet", "arrow", "csv", "jsonl"] {
                let out = format!("{table}.{kernel}.{format}.out");
                let report = run(&["convert", &source, "-o", &out, "-f", format, "--json"]).ok().json();
                assert_eq!(report["kernel"], kernel.as_str());
                let first = room.read(&format!("{table}.{}.{format}.out", kernels[0]));
                assert!(room.read(&out) == first, "{table} as {format}: {kernel} differs from {}", kernels[0]);
            }
            let count = run(&["count", &source]).ok().text();
            assert_eq!(count, room.run(&["count", &source]).ok().text(), "{table} {kernel}");
        }
        assert_eq!(run(&["bench", "taxi.csv", "--runs", "1", "--json"]).ok().json()["kernel"], kernel.as_str());
    }
}

#[test]
fn an_unknown_kernel_is_a_misuse() {
    let room = Room::with_sample();
    for args in [
        &["version"][..],
        &["count", "data.csv"],
        &["schema", "data.csv"],
        &["head", "data.csv"],
        &["convert", "data.csv", "-o", "out.parquet"],
        &["bench", "data.csv"],
    ] {
        let out = room.run_in(&[("INGEST_KERNEL", "mmx")], args).exits(2);
        assert!(out.says(&["error[E0100]", "\"mmx\"", "portable"]).stdout.is_empty(), "{args:?}");
    }
    assert_eq!(room.listing(), ["data.csv"]);
}
