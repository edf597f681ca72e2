//! The commands of the README run as they stand there.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::io::Write;
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

/// The mounts in a folder, of which none is left behind.
struct Mounts(PathBuf);

impl Mounts {
    fn is_one(&self) -> bool {
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        table.contains(self.0.canonicalize().unwrap().to_str().unwrap())
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-q", "-l"]).arg(self.0.join("photos-mounted")).status();
    }
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
    let mounts = Mounts(folder.path().to_owned());
    for command in commands {
        if command.starts_with("ingest unmount ") && !mounts.is_one() {
            // Not by `eprintln!`, which is captured where a test passes.
            let _ = writeln!(std::io::stderr().lock(), "skipped: {command}, as without FUSE files were copied");
            continue;
        }
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(&command).current_dir(&folder);
        shell.env("PATH", &path).env("HOME", folder.path()).env_remove("INGEST_WORKSPACE");
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let written = ["loans.parquet", "all.parquet", "typed.parquet"];
    assert!(written.iter().all(|name| folder.path().join(name).exists()));
}
