//! Patterns against a small tree of files.

use std::path::Path;

use ingest_source::{Location, SourceError, SourceErrorKind, SourceOptions, locate};

const FILES: [&str; 11] = [
    "a.csv",
    "b.csv",
    "c.tsv",
    "[x].csv",
    ".hidden.csv",
    "2024/01.csv",
    "2024/02.csv",
    "2025/01.csv",
    "2025/deep/03.csv",
    ".git/config.csv",
    "2025/.tmp.csv",
];

fn tree() -> tempfile::TempDir {
    let dir = tempfile::Builder::new().prefix("locate").tempdir().expect("a folder");
    for file in FILES {
        let path = dir.path().join(file);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
        std::fs::write(path, "x").expect("written");
    }
    std::fs::create_dir(dir.path().join("empty")).expect("made");
    std::fs::create_dir(dir.path().join("folder.csv")).expect("made");
    dir
}

fn locate_all(patterns: &[String]) -> Result<Vec<Location>, SourceError> {
    locate(patterns, &SourceOptions::default())
}

/// What one pattern below `dir` stands for, relative to `dir`.
fn find(dir: &Path, pattern: &str) -> Result<Vec<String>, SourceError> {
    let found = locate_all(&[format!("{}/{pattern}", dir.display())])?;
    let relative = |location| match location {
        Location::Path(path) => path.strip_prefix(dir).expect("below").display().to_string(),
        Location::Stdin => "-".to_owned(),
        Location::Member(member) => member.to_string(),
        Location::Web(remote) => remote.name().to_owned(),
    };
    Ok(found.into_iter().map(relative).collect())
}

#[test]
fn patterns_stand_for_sorted_files() {
    let dir = tree();
    let cases: &[(&str, &[&str])] = &[
        ("a.csv", &["a.csv"]),
        ("[x].csv", &["[x].csv"]),
        ("*.csv", &["[x].csv", "a.csv", "b.csv"]),
        ("[ab].csv", &["a.csv", "b.csv"]),
        ("[!ab].?sv", &["c.tsv"]),
        ("{c,a}.{tsv,csv}", &["a.csv", "c.tsv"]),
        ("{2025/deep,2024}/*.csv", &["2024/01.csv", "2024/02.csv", "2025/deep/03.csv"]),
        ("*/01.csv", &["2024/01.csv", "2025/01.csv"]),
        ("20*/**/*.csv", &["2024/01.csv", "2024/02.csv", "2025/01.csv", "2025/deep/03.csv"]),
        ("2025/**", &["2025/01.csv", "2025/deep/03.csv"]),
        (".*.csv", &[".hidden.csv"]),
        (".git/*", &[".git/config.csv"]),
        ("2025/.*", &["2025/.tmp.csv"]),
        ("2025", &["2025/01.csv", "2025/deep/03.csv"]),
        ("2024/../2024/*1*", &["2024/../2024/01.csv"]),
        ("", &["2024/01.csv", "2024/02.csv", "2025/01.csv", "2025/deep/03.csv", "[x].csv", "a.csv", "b.csv", "c.tsv"]),
    ];
    for (pattern, expected) in cases {
        let found = find(dir.path(), pattern).expect(pattern);
        assert_eq!(found, *expected, "{pattern}");
    }
}

#[test]
fn what_stands_for_nothing_is_named() {
    let dir = tree();
    for pattern in ["none.csv", "*.parquet", "none/*.csv", "a.csv/b", "empty", "empty/**", "folder*"] {
        let error = find(dir.path(), pattern).expect_err(pattern);
        assert_eq!(error.kind(), SourceErrorKind::NotFound, "{pattern}");
        assert!(error.to_string().contains(pattern), "{error}");
    }
    assert_eq!(locate_all(&[String::new()]).expect_err("no name").kind(), SourceErrorKind::NotFound);
    assert_eq!(locate_all(&["nul\0".to_owned()]).expect_err("no name").kind(), SourceErrorKind::NotFound);
}

#[test]
fn a_malformed_glob_is_explained() {
    let error = find(tree().path(), "a[.csv").expect_err("malformed");
    assert_eq!(error.kind(), SourceErrorKind::Usage);
    assert!(error.to_string().contains("it is no glob"), "{error}");
}

#[test]
fn the_order_of_the_patterns_is_kept_and_doubles_stay() {
    let dir = tree();
    let name = |file: &str| dir.path().join(file).display().to_string();
    let found = locate_all(&[name("b.csv"), "-".to_owned(), name("[ab].csv")]).expect("found");
    let path = |file: &str| Location::Path(dir.path().join(file));
    assert_eq!(found, [path("b.csv"), Location::Stdin, path("a.csv"), path("b.csv")]);
    assert!(locate_all(&[]).expect("nothing asked").is_empty());
}

#[test]
fn globs_are_relative_to_where_we_are() {
    let plain = locate_all(&["tests/all/loc*.rs".to_owned()]).expect("this file");
    assert_eq!(plain, [Location::Path("tests/all/locate.rs".into())]);
    let dotted = locate_all(&["./*.toml".to_owned()]).expect("the manifest");
    assert_eq!(dotted, [Location::Path("./Cargo.toml".into())]);
    assert_eq!(locate_all(&["Cargo.tom?".to_owned()]).expect("the manifest"), [Location::Path("Cargo.toml".into())]);
}

#[test]
fn links_are_followed_but_not_in_circles_and_not_into_nothing() {
    let dir = tree();
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, dir.path().join(from)).expect("linked");
    link("..", "2024/up");
    link("nowhere", "2024/dangling.csv");
    link("../b.csv", "2024/linked.csv");
    let expected = ["2024/01.csv", "2024/02.csv", "2024/linked.csv"];
    assert_eq!(find(dir.path(), "2024/*.csv").expect("found"), expected);
    let all = find(dir.path(), "2024").expect("found");
    assert!(expected.iter().all(|file| all.iter().any(|found| found == file)), "{all:?}");
}
