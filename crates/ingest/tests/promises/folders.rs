//! Folders called `KEY=VALUE` as columns.

use std::path::Path;

use ingest::{Code, Format, Infer, Options, WriteOptions, read};

use crate::tables::{Column, Value, columns_of};

fn hive() -> Options {
    Options { hive: true, ..Options::default() }
}

/// Writes these files under a folder.
fn files(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn texts(words: &[&str]) -> Vec<Value> {
    words.iter().map(|word| Value::Text((*word).to_owned())).collect()
}

fn wholes(numbers: &[i128]) -> Vec<Value> {
    numbers.iter().map(|number| Value::Whole(*number)).collect()
}

fn shown(columns: &[Column]) -> Vec<(&str, &str)> {
    columns.iter().map(|column| (column.name.as_str(), column.data_type.as_str())).collect()
}

#[test]
fn say_what_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    files(
        folder.path(),
        &[
            ("year=2023/city=S%C3%A3o Paulo/day=2023-01-02/a.csv", "n\n1\n2\n"),
            ("year=2024/city=007/day=__HIVE_DEFAULT_PARTITION__/b.csv", "n\n3\n"),
            ("year=2024/city=x/a.csv", "n\n4\n"),
        ],
    );
    let pattern = folder.path().join("**/*.csv").display().to_string();
    for threads in [1, 3] {
        let options = Options { threads: Some(threads), row_number: Some("row".to_owned()), ..hive() };
        let columns = columns_of(&read(pattern.clone()).unwrap().options(options).collect().unwrap());
        let types = [("n", "int64"), ("year", "int64"), ("city", "utf8"), ("day", "date32"), ("row", "int64")];
        assert_eq!(shown(&columns), types);
        assert_eq!(columns[1].values, wholes(&[2023, 2023, 2024, 2024]));
        assert_eq!(columns[2].values, texts(&["São Paulo", "São Paulo", "007", "x"]));
        assert_eq!(columns[3].values[..2], wholes(&[19359, 19359]));
        assert_eq!(columns[3].values[2..], [Value::Null, Value::Null]);
        assert_eq!(columns[4].values, wholes(&[1, 2, 3, 4]));
    }
    let report = read(pattern.clone()).unwrap().options(hive()).schema().unwrap();
    assert_eq!(report.columns.iter().map(|column| column.nulls).collect::<Vec<_>>(), [0, 0, 0, 2]);
    let texts = Options { infer: Infer::None, ..hive() };
    assert_eq!(columns_of(&read(pattern.clone()).unwrap().options(texts).collect().unwrap())[1].data_type, "utf8");
    // Conditions may ask for them, alone or beside others.
    for (condition, n) in [
        ("year = 2024", &[3, 4][..]),
        ("day is null and n > 3", &[4]),
        ("city like 'S%' or n = 4", &[1, 2, 4]),
        ("city > '1'", &[1, 2, 4]),
    ] {
        let reader = || read(pattern.clone()).unwrap().options(hive()).filter(condition).unwrap();
        assert_eq!(columns_of(&reader().collect().unwrap())[0].values, wholes(n), "{condition}");
        assert_eq!(reader().count().unwrap(), n.len() as u64, "{condition}");
        let mut csv = Vec::new();
        let report = reader().write_to(&mut csv, Format::Csv, &WriteOptions::default()).unwrap();
        assert_eq!((report.rows_out, report.filtered), (n.len() as u64, 4 - n.len() as u64));
    }
    let of_path = Options { path_column: Some("file".to_owned()), ..hive() };
    let reader = read(pattern).unwrap().options(of_path).filter("file like '%a.csv'").unwrap();
    assert_eq!(columns_of(&reader.collect().unwrap())[0].values, wholes(&[1, 2, 4]));
}

/// What rows were sorted by comes back from the folders as it was.
#[test]
fn give_back_the_texts_that_they_were_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let text = "k,n\nNA,1\n\"\",2\n,3\n__HIVE_DEFAULT_PARTITION__,4\na=b/c,5\n 007 ,6\ntrue,7\n%41,8\nnull,9\n";
    let write = WriteOptions { partition_by: vec!["k".to_owned()], ..WriteOptions::default() };
    let out = folder.path().join("out");
    read(text.as_bytes().to_vec()).unwrap().write(&out, &write).unwrap();
    let pattern = out.join("**/*.parquet").display().to_string();
    let columns = columns_of(&read(pattern).unwrap().options(hive()).collect().unwrap());
    let mut rows: Vec<_> = columns[0].values.iter().zip(&columns[1].values).map(|row| format!("{row:?}")).collect();
    rows.sort_unstable();
    let keys = texts(&["NA", "", "", "__HIVE_DEFAULT_PARTITION__", "a=b/c", " 007 ", "true", "%41", "null"]);
    let wanted = wholes(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).into_iter().zip(keys);
    let null = |(n, key)| if n == Value::Whole(3) { (n, Value::Null) } else { (n, key) };
    let wanted: Vec<_> = wanted.map(null).map(|(n, key)| format!("{:?}", (&n, &key))).collect();
    assert_eq!(rows, wanted);
}

/// JSON with late keys and stored tables get them too.
#[test]
fn say_it_for_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..2000).map(|n| format!("{{\"n\":{n}}}\n")).collect::<String>() + "{\"late\":1}\n";
    files(folder.path(), &[("k=a/x.jsonl", &lines), ("k=b/x.jsonl", "{\"n\":-1}\n")]);
    let pattern = folder.path().join("*/x.jsonl").display().to_string();
    let json = columns_of(&read(pattern.clone()).unwrap().options(hive()).collect().unwrap());
    assert_eq!(shown(&json), [("n", "int64"), ("late", "int64"), ("k", "utf8")]);
    assert_eq!((&json[2].values[2000], &json[2].values[2001]), (&texts(&["a"])[0], &texts(&["b"])[0]));
    let filtered = |condition: &str, pattern: &str| {
        read(pattern.to_owned()).unwrap().options(hive()).filter(condition).unwrap().count().unwrap()
    };
    assert_eq!((filtered("k = 'b'", &pattern), filtered("k = 'a' and n < 5", &pattern)), (1, 5));
    for format in ["parquet", "arrow"] {
        for key in ["a", "b"] {
            let [from, to] = ["jsonl", format].map(|format| folder.path().join(format!("k={key}/x.{format}")));
            let reader = read(from).unwrap().options(Options::default());
            let typed = Options { types: vec![("n".to_owned(), ingest::DataType::Int64)], ..Options::default() };
            reader.options(typed).columns(["n"]).write(&to, &WriteOptions::default()).unwrap();
        }
        let pattern = folder.path().join(format!("*/x.{format}")).display().to_string();
        let columns = columns_of(&read(pattern.clone()).unwrap().options(hive()).collect().unwrap());
        assert_eq!(columns, [json[0].clone(), json[2].clone()], "{format}");
        assert_eq!(filtered("k = 'b' or n = 7", &pattern), 2);
    }
}

#[test]
fn do_not_stand_in_for_columns() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), &[("k=1/a.csv", "k,n\n2,3\n")]);
    let path = folder.path().join("k=1/a.csv");
    let read = |options: Options| read(path.clone()).unwrap().options(options).collect();
    let error = read(hive()).unwrap_err();
    assert!(error.code() == Code::Usage && error.render().contains("--drop"), "{}", error.render());
    let columns = columns_of(&read(Options { drop: vec!["k".to_owned()], ..hive() }).unwrap());
    assert_eq!((shown(&columns), &columns[1].values), (vec![("n", "int64"), ("k", "int64")], &wholes(&[1])));
    let asking = Options { filter: Some("k = 1 and n = 3".parse().unwrap()), drop: vec!["k".to_owned()], ..hive() };
    assert_eq!(columns_of(&read(asking).unwrap())[1].values, wholes(&[1]));
    assert_eq!(shown(&columns_of(&read(Options::default()).unwrap())).len(), 2);
}

/// What a pattern of paths names are columns as folders make them: typed by all values, for conditions too.
#[test]
fn paths_by_a_pattern() {
    let folder = tempfile::tempdir().unwrap();
    let tables = [("Rom/2024/02", "1"), ("Rom/2024/11", "2"), ("Wien/2023/12", "3")];
    for (path, row) in tables {
        let path = folder.path().join(path);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join(format!("part-{row}.csv")), format!("n\n{row}\n{row}0\n")).unwrap();
    }
    let options = |format: &str| Options { partition_format: Some(format.parse().unwrap()), ..Options::default() };
    let path = folder.path().to_str().unwrap();
    let whole = options("…/{city}/{month:yyyy/MM}/part-{part}.csv");
    let report = read(path).unwrap().options(whole.clone()).schema().unwrap();
    let types: Vec<_> = report.columns.iter().map(|column| (column.name.as_str(), column.data_type.as_str())).collect();
    assert_eq!(types, [("n", "int64"), ("city", "utf8"), ("month", "date32"), ("part", "int64")]);
    assert_eq!(report.rows_out, 6);
    let count = |condition: &str| {
        read(path).unwrap().options(whole.clone()).filter(condition).unwrap().collect().unwrap().num_rows()
    };
    assert_eq!(count("month >= '2024-01-01' and n < 10"), 2);
    assert_eq!(count("part = n"), 3);
    assert_eq!(count("city = 'Wien'"), 2);
    let error = read(path).unwrap().options(options("{city}/{day:yyyy/MM/dd}/*.csv")).collect().unwrap_err();
    assert_eq!(error.code(), Code::Usage);
    assert!(error.message().contains("part-1.csv") && error.message().contains("{day:yyyy/MM/dd}"), "{error}");
    let error = read(path).unwrap().options(options("{n}/*/*/*.csv")).collect().unwrap_err();
    assert!(error.message().contains("\"n\" already"), "{error}");
}
