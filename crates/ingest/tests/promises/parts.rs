//! A table as a folder of files: sorted by the values of columns, and split by size.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use ingest::{Code, Options, Report, WriteOptions, read};
use ingest_benches::Random;

use crate::plain;
use crate::settings::{Input, Setting};
use crate::tables::{Column, Value, columns_of};

/// The files below a folder by their names within it, with their bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(folder: &Path, root: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, root, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    add(folder, folder, &mut files);
    files
}

/// Rows as text, for comparing.
fn rows(columns: &[Column]) -> Vec<String> {
    let count = columns.first().map_or(0, |column| column.values.len());
    (0..count)
        .map(|row| format!("{:?}", columns.iter().map(|column| &column.values[row]).collect::<Vec<_>>()))
        .collect()
}

fn all_of(source: impl Into<ingest::Sources>, options: Options) -> Vec<Column> {
    columns_of(&read(source).unwrap().options(options).collect().unwrap())
}

/// Keys that come in runs and keys that alternate, some null, some of odd text; a number that grows.
fn table(rows: usize, seed: u64) -> String {
    let mut random = Random::new(seed);
    let cities = ["Rom", "", "a/b", "x=1", "S\u{e3}o", "\"q\"\"\"", "..", "100%"];
    let mut text = "n,city,day,price\n".to_owned();
    for n in 0..rows {
        let city = cities[random.below(if n % 100 < 50 { 2 } else { cities.len() as u32 }) as usize];
        let day = 1 + n * 20 / rows.max(1);
        writeln!(text, "{n},{city},2024-01-{day:02},{}.{}", random.below(50), random.below(10)).unwrap();
    }
    text
}

fn write(input: &Input, setting: &Setting, write: &WriteOptions) -> (tempfile::TempDir, PathBuf, Report) {
    let room = tempfile::tempdir().unwrap();
    let out = room.path().join("out");
    let report = setting.reader(input, &plain()).write(&out, write).unwrap();
    (room, out, report)
}

#[test]
fn rows_are_sorted_into_folders() {
    let text = table(3000, 5);
    let input = Input::new(text.clone());
    let whole = all_of(text.into_bytes(), plain());
    for keys in [&["city"][..], &["day", "city"], &["price"]] {
        let options = WriteOptions {
            partition_by: keys.iter().map(|key| (*key).to_owned()).collect(),
            ..WriteOptions::default()
        };
        let (_room, out, report) = write(&input, &Setting::SERIAL, &options);
        let files = tree(&out);
        assert_eq!(report.files, files.keys().map(|name| out.join(name)).collect::<Vec<_>>());
        assert_eq!(report.bytes_out, files.values().map(|bytes| bytes.len() as u64).sum::<u64>());
        assert_eq!((report.rows_in, report.rows_out), (3000, 3000));
        // Read together they are the same rows, the keys behind the others; in a file they keep their order.
        let back = all_of(out.to_str().unwrap(), Options { hive: true, ..Options::default() });
        let order: Vec<usize> =
            back.iter().map(|column| whole.iter().position(|other| other.name == column.name).unwrap()).collect();
        let moved: Vec<Column> = order.iter().map(|&at| whole[at].clone()).collect();
        assert_eq!(back.len(), 4);
        let (mut found, mut wanted) = (rows(&back), rows(&moved));
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{keys:?}");
        for name in files.keys() {
            let columns = all_of(out.join(name), Options::default());
            assert_eq!(columns.len(), 4 - keys.len());
            let numbers: Vec<i128> = columns[0]
                .values
                .iter()
                .map(|value| match value {
                    Value::Whole(number) => *number,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert!(numbers.is_sorted(), "{name}");
        }
        for number in 0..crate::scaled(4, 20) {
            let setting = Setting::numbered(number, [7, 100, 1 << 20][number % 3]);
            let (_room, out, _) = write(&input, &setting, &options);
            assert!(tree(&out) == files, "{keys:?} {setting:?}");
        }
    }
}

#[test]
fn files_are_ended_where_they_would_grow_beyond_the_size() {
    let text = table(300_000, 6);
    let (input, blocks) = (Input::new(text.clone()), text.len().div_ceil(1 << 20));
    let whole = rows(&all_of(text.into_bytes(), plain()));
    let most = 260_000;
    let options = WriteOptions { max_file_bytes: Some(most), row_group_bytes: Some(1), ..WriteOptions::default() };
    let (_room, out, _) = write(&input, &Setting::SERIAL, &options);
    let files = tree(&out);
    let sizes: Vec<usize> = files.values().map(Vec::len).collect();
    assert!(files.len() > 1 && files.values().all(|bytes| bytes.len() as u64 <= most), "{sizes:?}");
    assert!(
        files.keys().enumerate().all(|(number, name)| *name == format!("part-{number:05}.parquet")),
        "{:?}",
        files.keys()
    );
    assert_eq!(rows(&all_of(out.to_str().unwrap(), Options::default())), whole, "in the same order");
    // Smaller than any group: each has a file of its own.
    let tiny = WriteOptions { max_file_bytes: Some(1), ..WriteOptions::default() };
    assert_eq!(tree(&write(&input, &Setting::SERIAL, &tiny).1).len(), blocks);
    // In folders too, in any setting.
    let both = WriteOptions { partition_by: vec!["city".to_owned()], ..tiny };
    let sorted = tree(&write(&input, &Setting::SERIAL, &both).1);
    assert!(sorted.keys().any(|name| name.ends_with("part-00002.parquet")), "{:?}", sorted.keys());
    for number in 0..crate::scaled(2, 10) {
        let setting = Setting::numbered(number, [4000, 1 << 20][number % 2]);
        assert!(tree(&write(&input, &setting, &options).1) == files, "{setting:?}");
        assert!(tree(&write(&input, &setting, &both).1) == sorted, "{setting:?}");
    }
}

/// Many folders whose rows alternate: files are ended and begun again.
#[test]
fn no_more_files_are_open_than_a_system_allows() {
    let rows: String = (0..60_000).map(|n| format!("{},{n},{}\n", n % 499, "x".repeat(60))).collect();
    let input = Input::new(format!("key,n,text\n{rows}"));
    let options =
        WriteOptions { partition_by: vec!["key".to_owned()], row_group_bytes: Some(1), ..WriteOptions::default() };
    let (_room, out, report) = write(&input, &Setting::SERIAL, &options);
    assert!(report.files.len() > 2 * 499, "{}", report.files.len());
    assert_eq!(read(out.to_str().unwrap()).unwrap().count().unwrap(), 60_000);
}

/// More rows than are held, of folders of very different sizes: the largest are written, and what stays is gathered, many times.
#[test]
fn rows_keep_their_order_while_others_make_room() {
    let mut random = Random::new(9);
    let mut text = String::new();
    for n in 0..crate::scaled(120_000, 300_000) {
        let below = 1 + random.below(1_000);
        let (key, filler) = (random.below(below), "\u{e9}x".repeat(random.below(120) as usize));
        writeln!(text, "{{\"key\":{key},\"n\":{n},\"text\":\"{filler}\",\"tags\":[{n},{key}]}}").unwrap();
    }
    let mut whole = all_of(text.clone().into_bytes(), Options::default());
    let keys = whole.remove(0).values;
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, row) in keys.iter().zip(rows(&whole)) {
        let Value::Whole(key) = key else { panic!("{key:?}") };
        wanted.entry(format!("key={key}")).or_default().push(row);
    }
    let input = Input::new(text);
    let options = WriteOptions { partition_by: vec!["key".to_owned()], ..WriteOptions::default() };
    let limited = Options { memory_limit: Some(128 << 20), ..Options::default() };
    let written = |setting: &Setting| {
        let room = tempfile::tempdir().unwrap();
        let out = room.path().join("out");
        setting.reader(&input, &limited).write(&out, &options).unwrap();
        (tree(&out), room)
    };
    let (files, room) = written(&Setting::SERIAL);
    assert!(files.len() > wanted.len(), "folders are written more than once: {}", files.len());
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in files.keys() {
        let (folder, _) = name.split_once('/').unwrap();
        let of_file = rows(&all_of(room.path().join("out").join(name), Options::default()));
        found.entry(folder.to_owned()).or_default().extend(of_file);
    }
    assert!(found == wanted);
    for (number, chunk_bytes) in [100_000, 1 << 20].into_iter().enumerate() {
        let setting = Setting::numbered(number, chunk_bytes);
        assert!(written(&setting).0 == files, "{setting:?}");
    }
}

#[test]
fn what_cannot_be_is_told() {
    let room = tempfile::tempdir().unwrap();
    let out = room.path().join("out");
    let tried = |text: &str, keys: &[&str], write: WriteOptions| {
        let partition_by = keys.iter().map(|key| (*key).to_owned()).collect();
        let reader = read(text.as_bytes().to_vec()).unwrap();
        let error = reader.write(&out, &WriteOptions { partition_by, ..write }).unwrap_err();
        assert!(!out.exists() && fs::read_dir(room.path()).unwrap().next().is_none(), "{}", error.render());
        (error.code(), error.render())
    };
    let told = |keys: &[&str]| tried("a,b\n1,2\n", keys, WriteOptions::default());
    assert_eq!(told(&["c"]).0, Code::NotFound);
    assert!(told(&["a", "b"]).1.contains("none is left"));
    assert!(told(&["a", "a"]).1.contains("twice"));
    assert!(tried("{\"a\":[1],\"b\":2}\n", &["a"], WriteOptions::default()).1.contains("names no folder"));
    let csv = WriteOptions { format: Some(ingest::Format::Csv), ..WriteOptions::default() };
    assert!(tried("a,b\n1,2\n", &["a"], csv).1.contains("only Parquet"));
    let long = format!("a,b\n1,{}\n", "x".repeat(300));
    assert!(tried(&long, &["b"], WriteOptions::default()).1.contains("too long for the name of a folder"));
    let bad = read(b"a,b\n1,2\n1,2,3\n".to_vec()).unwrap();
    let by_a = WriteOptions { partition_by: vec!["a".to_owned()], ..WriteOptions::default() };
    assert_eq!(bad.write(&out, &by_a).unwrap_err().code(), Code::Ragged);
    assert!(fs::read_dir(room.path()).unwrap().next().is_none());
}

#[test]
fn a_table_without_rows_keeps_its_columns() {
    let room = tempfile::tempdir().unwrap();
    let out = room.path().join("out");
    let by_a = WriteOptions { partition_by: vec!["a".to_owned()], ..WriteOptions::default() };
    read(b"a,b\n".to_vec()).unwrap().write(&out, &by_a).unwrap();
    let names: Vec<String> =
        all_of(out.to_str().unwrap(), Options::default()).into_iter().map(|column| column.name).collect();
    assert_eq!(names, ["a", "b"]);
}
