//! The command as its users meet it: what is typed, what comes out, what it exits with.

mod archives;
mod commands;
mod datasets;
mod failures;
mod kernels;
mod manners;
mod mount;
mod names;
mod reading;
mod schemas;
mod targets;
mod web;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

/// Three records, four types (one of them only nulls), a comma in quotes.
const SAMPLE: &str = "id,name,score,empty\n1,ann,1.5,\n2,\"bob, jr\",,\n3,,2,\n";

/// A folder of its own in which a test runs commands.
struct Room {
    folder: TempDir,
}

/// What a command left behind.
struct Outcome {
    status: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

impl Room {
    fn new() -> Self {
        Room { folder: tempfile::tempdir().expect("a folder") }
    }

    /// A room with the sample in `data.csv`.
    fn with_sample() -> Self {
        Room::new().file("data.csv", SAMPLE)
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        path.parent().map(fs::create_dir_all).transpose().expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect(name)
    }

    /// The names of everything in the folder, sorted.
    fn listing(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.run_with(args, "")
    }

    fn run_with(&self, args: &[&str], stdin: impl Into<Vec<u8>>) -> Outcome {
        self.outcome(self.command(args).write_stdin(stdin))
    }

    /// The outcome in this environment.
    fn run_in(&self, variables: &[(&str, &str)], args: &[&str]) -> Outcome {
        self.outcome(self.command(args).envs(variables.iter().copied()))
    }

    fn command(&self, args: &[&str]) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::new(program());
        command.args(args).current_dir(self.folder.path()).env_remove("INGEST_KERNEL");
        // No workspace but the room's own.
        command.env_remove("INGEST_WORKSPACE").env("HOME", self.folder.path());
        command
    }

    fn outcome(&self, command: &mut assert_cmd::Command) -> Outcome {
        let output = command.output().expect("the command runs");
        Outcome {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }

    /// The command with all three streams piped, for tests that drive it step by step.
    fn spawn(&self, args: &[&str]) -> std::process::Child {
        std::process::Command::new(program())
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs")
    }
}

impl Outcome {
    /// The same, if the command ended well.
    #[track_caller]
    fn ok(self) -> Self {
        self.exits(0)
    }

    /// The same, if the command ended so.
    #[track_caller]
    fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "stdout: {}\nstderr: {}", self.text(), self.stderr);
        self
    }

    /// The same, if standard error holds all of these.
    #[track_caller]
    fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is missing in: {}", self.stderr);
        }
        self
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.text().lines().count(), 1, "one object on one line: {}", self.text());
        serde_json::from_slice(&self.stdout).expect("standard output holds JSON")
    }
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_ingest"))
}

/// The keys of an object, in order.
#[track_caller]
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Asserts that an object has at least these keys.
#[track_caller]
fn assert_keys(value: &Value, expected: &[&str]) {
    for key in expected {
        assert!(value.get(key).is_some(), "{key} is missing in {:?}", keys(value));
    }
}

/// A table of two columns and so many records, large enough to fill pipes.
fn big_table(rows: usize) -> String {
    std::iter::once("n,text\n".to_owned())
        .chain((0..rows).map(|row| format!("{row},the text of record {row}\n")))
        .collect()
}
