//! Rejects read once more: only they, each by itself, told where they really are.

use std::fs;
use std::path::PathBuf;

use ingest::{Code, DataType, OnError, Options, QuoteMode, Ragged, Report, read};
use ingest_benches::Random;

use crate::plain;
use crate::settings::{Input, Setting, Supply};
use crate::tables::{Column, columns_of};

fn typed() -> Options {
    let types = [("n", DataType::Int64), ("text", DataType::Utf8), ("price", DataType::Float64)];
    Options {
        types: types.map(|(name, kind)| (name.to_owned(), kind)).into(),
        on_error: OnError::Reject,
        ragged: Some(Ragged::Reject),
        ..plain()
    }
}

/// Records of all kinds, good and bad, in any order, some of them over several lines.
fn table(rows: usize, seed: u64) -> String {
    let mut random = Random::new(seed);
    let bad =
        ["x,y,1", "1,2", "1,2,3,4", "2,\"open,3", "3,\"a\"b,4", "4,\"x\ny\",bad", "-,\u{e9},", "5,\"q\"\"\",no", ""];
    let good = ["6,plain,2.5", "7,\"two\nlines\",1", "8,\"\"\"\",", ",,"];
    let pick = |random: &mut Random, of: &[&str]| of[random.below(of.len() as u32) as usize].to_owned();
    let mut text = "n,text,price\n".to_owned();
    for _ in 0..rows {
        let record = if random.below(3) == 0 { pick(&mut random, &bad) } else { pick(&mut random, &good) };
        text += &record;
        text += if random.below(2) == 0 { "\n" } else { "\r\n" };
    }
    text
}

fn run(setting: &Setting, input: &Input, options: &Options) -> (Vec<Column>, Report) {
    let (frame, report) = setting.reader(input, options).collect_with_report().unwrap();
    assert_eq!(report.rows_in, report.rows_out + report.rejected + report.filtered);
    (columns_of(&frame), report)
}

/// Writes the rejects of a run; the table.
fn rejects(setting: &Setting, input: &Input, options: &Options, name: &str) -> PathBuf {
    let path = input.path(name);
    let options = Options { rejects: Some(path.clone()), overwrite_rejects: true, ..options.clone() };
    run(setting, input, &options);
    path
}

#[test]
fn are_rejected_again_with_the_same_options() {
    for seed in 0..crate::scaled(6, 30) {
        let input = Input::new(table(200, seed));
        let of_file = |number| Setting { supply: Supply::Pread, ..Setting::numbered(number, 1 << 20) };
        let whole = run(&of_file(0), &input, &typed()).1;
        assert!(whole.rejected > 20);
        for (number, format) in ["csv", "jsonl", "parquet"].into_iter().enumerate() {
            let first = rejects(&of_file(number), &input, &typed(), &format!("first.{format}"));
            let again = Options { only_rejects: Some(first.clone()), ..typed() };
            for chunk_bytes in [1, 9, 300, 1 << 20] {
                let setting = Setting { chunk_bytes, ..of_file(number + chunk_bytes) };
                let second = rejects(&setting, &input, &again, &format!("second.{format}"));
                assert!(fs::read(&second).unwrap() == fs::read(&first).unwrap(), "{seed} {setting:?}");
                let (columns, report) = run(&setting, &input, &again);
                assert_eq!((report.rows_in, report.rows_out), (whole.rejected, 0));
                assert_eq!(report.first_rejects, whole.first_rejects);
                assert!(columns.len() == 3 && columns[0].values.is_empty());
            }
        }
    }
}

/// After a fix the rows that come are those that a run with the fix from the start has more.
#[test]
fn are_rows_after_a_fix() {
    let words = ["x", "-", "bad", "no"].map(str::to_owned);
    let types = vec![("n".to_owned(), DataType::Int64)];
    let fixes = [
        ("ragged", Options { ragged: Some(Ragged::Truncate), ..typed() }),
        ("nulls", Options { null_values: Some(words.into()), ..typed() }),
        ("type", Options { types, infer: ingest::Infer::None, ..typed() }),
        (
            "all",
            Options { on_error: OnError::Null, ragged: Some(Ragged::Truncate), quoting: QuoteMode::Lenient, ..typed() },
        ),
    ];
    let rows = |columns: &[Column]| -> Vec<String> {
        let count = columns[0].values.len();
        let row = |row| columns.iter().map(|column| format!("{:?}", column.values[row])).collect::<Vec<_>>().join("|");
        (0..count).map(row).collect()
    };
    for seed in 0..crate::scaled(3, 15) {
        // An open quote may find its end in a later record of the file, but in none when its record is alone.
        let text = table(150, seed).replace("2,\"open,3", "2,open,x");
        let input = Input::new(text);
        let number = seed as usize;
        let setting = Setting { supply: Supply::Pread, ..Setting::numbered(number, [5, 80, 1 << 20][number % 3]) };
        let first = rejects(&setting, &input, &typed(), "bad.csv");
        for (name, fixed) in &fixes {
            let mut apart = rows(&run(&setting, &input, &typed()).0);
            let again = run(&setting, &input, &Options { only_rejects: Some(first.clone()), ..fixed.clone() });
            apart.extend(rows(&again.0));
            let mut together = rows(&run(&Setting::SERIAL, &input, fixed).0);
            if *name != "type" {
                apart.sort();
                together.sort();
                assert_eq!(apart, together, "{name} {seed}");
            }
            assert!(again.1.rows_out > 0, "{name} {seed}: {:?}", again.1);
        }
    }
}

/// One record cannot reach into the next, however they are written.
#[test]
fn stay_apart() {
    let input = Input::new("n,text,price\n1,\"a,1\n2,b,2\n3,\"c,3\n");
    let setting = Setting { supply: Supply::Pread, ..Setting::SERIAL };
    let options = Options { quoting: QuoteMode::None, types: vec![("text".to_owned(), DataType::Int64)], ..typed() };
    let first = rejects(&setting, &input, &options, "bad.csv");
    let again = run(&setting, &input, &Options { only_rejects: Some(first), ..typed() }).1;
    let codes: Vec<_> = again.first_rejects.iter().map(|reject| (reject.line, reject.code.as_str())).collect();
    assert_eq!((again.rows_in, codes), (3, vec![(2, "E0313"), (4, "E0313")]));
}

#[test]
fn are_found_in_every_kind_of_source() {
    let lines = "{\"n\":1}\n{\"n\":\"x\"}\n{broken\n{\"n\":2,\"late\":true}\n{\"n\":[3]}\n";
    let array = "[{\"n\":1},\n {\"n\":\n\"x\"},\n {\"n\":[3],\"m\":0}]";
    let types = vec![("n".to_owned(), DataType::Int64)];
    for (text, rejected) in [(lines, 3), (array, 2)] {
        let input = Input::new(text);
        let setting = Setting { supply: Supply::Pread, chunk_bytes: 7, threads: 3, ..Setting::SERIAL };
        let strict = Options { types: types.clone(), on_error: OnError::Reject, ..Options::default() };
        let first = rejects(&setting, &input, &strict, "bad.jsonl");
        let again = Options { only_rejects: Some(first.clone()), ..strict };
        assert_eq!(fs::read(rejects(&setting, &input, &again, "again.jsonl")).unwrap(), fs::read(&first).unwrap());
        let report = run(&setting, &input, &Options { types: Vec::new(), ..again }).1;
        assert_eq!((report.rows_in, report.rows_out), (rejected, 2), "{report:?}");
    }
    // Compressed, in another encoding, and beside a source without rejects.
    let room = tempfile::tempdir().unwrap();
    let [packed, latin, good] = ["a.gz", "b.csv", "c.csv"].map(|name| room.path().join(name));
    let text = "n,text,price\n".to_owned() + &"1,a,2\n".repeat(300_000) + "x,late,3\n";
    fs::write(&packed, crate::compressions::pack(ingest::Compression::Gzip, text.as_bytes())).unwrap();
    fs::write(&latin, b"n,text,price\n1,caf\xe9,2\ny,th\xe9,3\n").unwrap();
    fs::write(&good, "n,text,price\n1,a,2\n").unwrap();
    let sources = || [&packed, &latin, &good].map(|path| path.display().to_string()).to_vec();
    let bad = room.path().join("bad.parquet");
    let options = Options { encoding: None, ..typed() };
    let writing = Options { rejects: Some(bad.clone()), ..options.clone() };
    assert_eq!(read(sources()).unwrap().options(writing).schema().unwrap().rejected, 2);
    let again = Options { only_rejects: Some(bad), path_column: Some("from".to_owned()), ..options };
    let texts = Options { types: Vec::new(), ..again.clone() };
    let columns = columns_of(&read(sources()).unwrap().options(texts).collect().unwrap());
    let text = |text: &str| crate::tables::Value::Text(text.to_owned());
    assert_eq!(columns[1].values, [text("late"), text("th\u{e9}")]);
    assert_eq!(columns[3].values, [&packed, &latin].map(|path| text(path.to_str().unwrap())));
    let failing = read(sources()).unwrap().options(Options { on_error: OnError::Fail, ..again }).collect().unwrap_err();
    let place = failing.position().unwrap();
    assert_eq!((place.line, place.byte_offset, place.record), (300_002, 13 + 6 * 300_000, 300_001));
}

/// Reading the table must not stop the run that wants it, nor read anything twice over.
#[test]
fn leave_the_flag_of_the_caller_alone() {
    let input = Input::new("n,text,price\nx,a,2\n1,b,3\ny,c,4\n");
    let setting = Setting { supply: Supply::Pread, ..Setting::SERIAL };
    let first = rejects(&setting, &input, &typed(), "bad.parquet");
    let cancel = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    for _ in 0..100 {
        let again = Options { only_rejects: Some(first.clone()), cancel: Some(cancel.clone()), ..typed() };
        assert_eq!(run(&setting, &input, &again).1.rejected, 2);
    }
    assert!(!cancel.load(std::sync::atomic::Ordering::Relaxed));
    // A source that is named twice is read twice.
    let path = input.path("data.csv").display().to_string();
    let twice = Options { only_rejects: Some(first.clone()), ..typed() };
    let report = read(vec![path.clone(), path]).unwrap().options(twice).schema().unwrap();
    assert_eq!((report.rows_in, report.rejected), (4, 4));
    // The table that is read is not written over.
    let over = Options { only_rejects: Some(first.clone()), rejects: Some(first), overwrite_rejects: true, ..typed() };
    assert_eq!(setting.reader(&input, &over).collect().unwrap_err().code(), Code::Usage);
}

#[test]
fn are_refused_where_they_are_no_longer_what_they_were() {
    let input = Input::new("n,text,price\n1,a,2\nx,b,3\n");
    let setting = Setting { supply: Supply::Pread, ..Setting::SERIAL };
    let first = rejects(&setting, &input, &typed(), "bad.csv");
    let again = |table: PathBuf| {
        let options = Options { only_rejects: Some(table), ..typed() };
        let error = setting.reader(&input, &options).collect().unwrap_err();
        (error.code(), error.render())
    };
    let other = input.path("other.csv");
    let rejected = fs::read_to_string(&first).unwrap();
    fs::write(&other, rejected.replace("data.csv", "else.csv")).unwrap();
    let (code, told) = again(other.clone());
    assert!(code == Code::Usage && told.contains("else.csv, which is not read"), "{told}");
    fs::write(&other, "a,b\n1,2\n").unwrap();
    assert!(again(other).1.contains("a table that --rejects has written"));
    assert_eq!(again(input.path("missing.csv")).0, Code::NotFound);
    for now in ["n,text,price\n1,a,2\ny,b,3\n", "n,text,price\n1,a,2\n", "n,text,price\n10,a,2\nx,b,3\n"] {
        fs::write(input.path("data.csv"), now).unwrap();
        let (code, told) = again(first.clone());
        assert!(code == Code::SourceChanged && told.contains("data.csv"), "{told}");
    }
    // Places that there cannot be, that lie in each other, or before one another.
    let packed = input.path("packed.gz");
    fs::write(&packed, crate::compressions::pack(ingest::Compression::Gzip, input.text())).unwrap();
    let huge = i64::MAX;
    for (offset, length) in [(huge, huge), (0, huge), (13, huge), (13, 4), (-1, 3), (19, -1)] {
        for source in [input.path("data.csv"), packed.clone()] {
            let row = |offset: i64, length: i64, text: &str| {
                format!("{},3,{offset},{length},2,n,E0312,why,\"{text}\"\n", source.display())
            };
            let header = rejected.split_inclusive('\n').next().unwrap();
            let changed =
                header.to_owned() + &row(13, 5, "1,a,2") + &row(offset, length, "x") + &row(huge - 1, huge, "");
            let table = input.path("changed.csv");
            fs::write(&table, changed).unwrap();
            let options = Options { only_rejects: Some(table), ..typed() };
            let error = read(source.clone()).unwrap().options(options).collect().unwrap_err();
            assert!(matches!(error.code(), Code::SourceChanged | Code::Usage), "{}", error.render());
        }
    }
    // A table has no places.
    let stored = input.path("stored.parquet");
    read(b"n\nx\n".to_vec()).unwrap().write_parquet(&stored).unwrap();
    let error = read(stored).unwrap().options(Options { only_rejects: Some(first), ..Options::default() }).collect();
    assert!(error.unwrap_err().render().contains("--where"));
}

/// Lenient quoting joins a field of a record that is read alone as it does among others.
#[test]
fn are_joined_under_lenient_quoting() {
    let input = Input::new("id,name,v\n1,\"Doe\" a, J\",x\n2,b,y\n3,c,z\n");
    let rejecting = Options { on_error: OnError::Reject, ..Options::default() };
    let first = rejects(&Setting::SERIAL, &input, &rejecting, "first.csv");
    let fixed = Options { only_rejects: Some(first), quoting: QuoteMode::Lenient, ..rejecting };
    let (columns, report) = run(&Setting::numbered(3, 5), &input, &fixed);
    assert_eq!((report.rows_out, report.rejected), (1, 0));
    assert_eq!(format!("{:?}", columns[1].values), r#"[Text("Doe\" a, J")]"#);
}
