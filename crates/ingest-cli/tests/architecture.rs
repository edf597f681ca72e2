//! The house rules that a machine can keep: who may use whom, what lies where, how long a function is.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const SIMD: &str = "ingest-simd";
const SOURCE: &str = "ingest-source";
const PARSE: &str = "ingest-parse";
const INFER: &str = "ingest-infer";
const COLUMNAR: &str = "ingest-columnar";
const PARQUET: &str = "ingest-parquet";
const ARROW2: &str = "ingest-arrow2";
const ENGINE: &str = "ingest";
const DATASET: &str = "ingest-dataset";
const MOUNT: &str = "ingest-mount";
const CLI: &str = "ingest-cli";
const BENCHES: &str = "ingest-benches";

/// Each crate of the workspace and the crates of the workspace that it may use. Data flows from the first rows to the
/// last ones; nothing points back.
const MAY_USE: [(&str, &[&str]); 12] = [
    (SIMD, &[]),
    (SOURCE, &[]),
    (PARSE, &[SIMD]),
    (INFER, &[PARSE]),
    (COLUMNAR, &[INFER, PARSE, SIMD]),
    (PARQUET, &[COLUMNAR, SIMD]),
    (ARROW2, &[COLUMNAR]),
    (ENGINE, &[SOURCE, SIMD, PARSE, INFER, COLUMNAR, PARQUET]),
    (DATASET, &[ENGINE]),
    (MOUNT, &[DATASET, ENGINE]),
    (CLI, &[MOUNT, DATASET, ENGINE, SOURCE, SIMD, PARSE, INFER, COLUMNAR, PARQUET]),
    (BENCHES, &[ENGINE, SOURCE, SIMD, PARSE, INFER, COLUMNAR, PARQUET]),
];

/// Libraries that belong to a room: the library, who may use it, and who may use it in tests besides.
const AT_HOME: [(&str, &[&str], &[&str]); 14] = [
    ("arrow", &[COLUMNAR, ARROW2], &[]),
    ("arrow2", &[ARROW2], &[]),
    ("parquet", &[PARQUET], &[ENGINE, CLI, BENCHES]),
    ("memmap2", &[SOURCE], &[]),
    ("tokio", &[SOURCE], &[]),
    ("reqwest", &[SOURCE], &[]),
    ("rustls", &[SOURCE], &[]),
    ("csv-core", &[PARSE], &[BENCHES]),
    ("simd-json", &[PARSE], &[BENCHES]),
    ("rayon", &[ENGINE, PARQUET], &[BENCHES]),
    ("rusqlite", &[DATASET], &[]),
    ("fuser", &[MOUNT], &[]),
    ("nix", &[MOUNT], &[]),
    ("mimalloc", &[CLI, BENCHES], &[]),
];

/// The files that may hold `unsafe`: whole folders end with a slash.
const UNSAFE_AT: [&str; 4] = [
    "crates/ingest-simd/src/",
    "crates/ingest-source/src/memory.rs",
    "crates/ingest-columnar/src/unchecked.rs",
    "crates/ingest-arrow2/src/",
];

const TOP_LEVEL: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "CHANGELOG.md", "crates", "benches", "fuzz", "testdata"];

const FUNCTION_LINES_MAX: usize = 70;

/// One line of some crate's manifest.
struct Dependency {
    from: String,
    to: String,
    /// Needed by tests and benches only.
    dev: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn dependencies() -> Vec<Dependency> {
    let mut found = Vec::new();
    for package in packages() {
        for dependency in package["dependencies"].as_array().unwrap() {
            found.push(Dependency {
                from: package["name"].as_str().unwrap().to_owned(),
                to: dependency["name"].as_str().unwrap().to_owned(),
                dev: dependency["kind"] == "dev",
            });
        }
    }
    found
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn crates_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let known = |name: &str| allowed.contains_key(name);
    let mut faults: Vec<String> = packages()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .filter(|name| !known(name))
        .map(|name| format!("{name} is not in the table of this test: say there what it may use"))
        .collect();
    for dependency in dependencies().iter().filter(|dependency| known(&dependency.from) && known(&dependency.to)) {
        // The shapes with known answers serve everybody's tests.
        let shapes = dependency.dev && dependency.to == BENCHES;
        if !shapes && !allowed[dependency.from.as_str()].contains(&dependency.to.as_str()) {
            faults.push(format!("{} must not use {}", dependency.from, dependency.to));
        }
    }
    assert_none(&faults);
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for dependency in dependencies() {
        // arrow-array and its siblings are Arrow by another name.
        let name = if dependency.to.starts_with("arrow-") { "arrow" } else { dependency.to.as_str() };
        let Some((_, users, testers)) = AT_HOME.iter().find(|(library, ..)| *library == name) else { continue };
        let from = dependency.from.as_str();
        if !(users.contains(&from) || dependency.dev && testers.contains(&from)) {
            faults.push(format!("{from} names {}, which belongs to {}", dependency.to, users.join(", ")));
        }
    }
    assert_none(&faults);
}

#[test]
fn there_is_one_arrow() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for library in ["arrow", "arrow-array", "arrow-schema", "parquet"] {
        let versions = lock.lines().filter(|line| *line == format!("name = \"{library}\"")).count();
        assert!(versions <= 1, "{versions} versions of {library} in Cargo.lock");
    }
}

#[test]
fn every_crate_keeps_the_lints() {
    let without = packages()
        .iter()
        .map(|package| package["manifest_path"].as_str().unwrap().to_owned())
        .filter(|path| !std::fs::read_to_string(path).unwrap().contains("[lints]\nworkspace = true"))
        .map(|path| format!("{path} lacks `[lints] workspace = true`"))
        .collect::<Vec<_>>();
    assert_none(&without);
}

/// Paths that git keeps, relative to the root; none where there is no git.
fn kept_files() -> Vec<String> {
    let arguments = ["-c", "safe.directory=*", "ls-files", "--cached", "-z"];
    match Command::new("git").args(arguments).current_dir(root()).output() {
        Ok(output) if output.status.success() => {
            let paths = String::from_utf8(output.stdout).unwrap();
            paths.split_terminator('\0').map(str::to_owned).collect()
        }
        _ => {
            // Not by `eprintln!`, which is captured where a test passes.
            let why = "no git, so nobody knows which files belong to the project";
            let _ = writeln!(std::io::stderr().lock(), "skipped: {why}");
            Vec::new()
        }
    }
}

#[test]
fn the_top_level_is_fixed() {
    let top = |path: &String| path.split('/').next().unwrap_or_default().to_owned();
    let mut faults: Vec<String> = kept_files()
        .iter()
        .map(top)
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .collect();
    faults.dedup();
    assert_none(&faults.iter().map(|name| format!("{name} does not belong at the top level")).collect::<Vec<_>>());
}

/// Every Rust file of the workspace: its path from the root and its text.
fn rust_files() -> Vec<(String, String)> {
    let root = root();
    let mut folders = vec![root.join("crates"), root.join("benches")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files
}

/// The lines without what follows `//`; good enough as long as no keyword stands in a text that holds `//`.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
}

#[test]
fn unsafe_is_where_it_may_be() {
    let mut faults = Vec::new();
    for (path, text) in rust_files() {
        let allowed = |place: &&str| if place.ends_with('/') { path.starts_with(*place) } else { path == *place };
        if UNSAFE_AT.iter().any(allowed) {
            continue;
        }
        for (line, code) in code_lines(&text) {
            let keyword = "unsafe";
            let used = [" {", " fn", " impl", " trait", " extern"]
                .iter()
                .any(|next| code.contains(&format!("{keyword}{next}")));
            if used || code.contains(&format!("[{keyword}(")) {
                faults.push(format!("{path}:{line}: {keyword} outside its rooms"));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn nothing_is_left_over() {
    let leftovers = ["todo", "dbg", "unimplemented"].map(|name| format!("{name}!("));
    let mut faults = Vec::new();
    for (path, text) in rust_files() {
        for (line, code) in code_lines(&text) {
            for leftover in leftovers.iter().filter(|leftover| code.contains(leftover.as_str())) {
                faults.push(format!("{path}:{line}: {leftover}) is left over"));
            }
        }
    }
    assert_none(&faults);
}

/// Whether a line opens a function, and how far it is indented.
fn function_start(line: &str) -> Option<usize> {
    let code = line.trim_start();
    let qualifiers = ["pub ", "pub(crate) ", "pub(super) ", "default ", "const ", "async ", "unsafe ", "extern \"C\" "];
    let mut rest = code;
    while let Some(shorter) = qualifiers.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = shorter;
    }
    rest.starts_with("fn ").then(|| line.len() - code.len())
}

/// Whether the comments and attributes that stand right above line `index` give a reason for a long function.
fn is_excused(lines: &[&str], index: usize) -> bool {
    let above = lines[..index].iter().rev().map(|line| line.trim_start());
    above.take_while(|line| line.starts_with("//") || line.starts_with('#')).any(|line| line.contains("Long because"))
}

/// Functions of more than the allowed number of lines whose comment does not say `Long because …`. Trusts rustfmt: a
/// function ends with a brace that is indented as its first line.
fn long_functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(indent) = function_start(line) else { continue };
        let is_end = |line: &&str| line.trim() == "}" && line.len() == indent + 1;
        let one_line = line.trim_end().ends_with(['}', ';']);
        let length = if one_line { 1 } else { lines[index..].iter().position(is_end).map_or(1, |last| last + 1) };
        if length > FUNCTION_LINES_MAX && !is_excused(&lines, index) {
            found.push((index + 1, length));
        }
    }
    found
}

#[test]
fn functions_are_short_or_say_why() {
    let mut faults = Vec::new();
    for (path, text) in rust_files() {
        for (line, length) in long_functions(&text) {
            faults.push(format!(
                "{path}:{line}: {length} lines; cut it, or write `// Long because …` above (at most {FUNCTION_LINES_MAX})"
            ));
        }
    }
    assert_none(&faults);
}

#[test]
fn long_functions_are_seen() {
    let body = "        step();\n".repeat(FUNCTION_LINES_MAX);
    let function = format!("    pub(crate) const fn long(\n    ) {{\n{body}    }}\n");
    assert_eq!(long_functions(&function), [(1, FUNCTION_LINES_MAX + 3)]);
    assert_eq!(long_functions(&format!("    // Long because it is a table.\n    #[inline]\n{function}")), []);
    assert_eq!(long_functions(&format!("    fn short() {{\n    }}\n{body}")), []);
    assert_eq!(long_functions(&format!("trait T {{\n    fn one(&self);\n{body}    }}\n")), []);
}
