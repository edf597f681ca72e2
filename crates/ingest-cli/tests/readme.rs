//! The commands of the README run as they stand there.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The lines of the README's shell blocks that call the program.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let lines = blocks
        .flat_map(str::lines)
        .filter(|line| line.starts_with("ingest ") || line.contains("| ingest ") || line.contains("&& ingest "));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_command_of_the_readme_works() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("testdata")).unwrap();
    std::fs::copy(root().join("testdata/sample.csv"), folder.path().join("testdata/sample.csv")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_ingest")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let commands = commands();
    assert!(commands.len() > 5, "{commands:?}");
    for command in commands {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(&command).current_dir(&folder);
        shell.env("PATH", &path).env("HOME", folder.path()).env_remove("INGEST_WORKSPACE");
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let written = ["loans.parquet", "all.parquet", "typed.parquet"];
    assert!(written.iter().all(|name| folder.path().join(name).exists()));
}
