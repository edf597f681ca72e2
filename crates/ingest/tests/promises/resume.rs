//! Conversions that are interrupted again and again, and gone on with, end in the bytes of one that was not.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ingest::{
    Code, EncodingSet, Infer, InputFormat, MaxErrors, OnError, Options, Progress, Ragged, Report, Result, WriteOptions,
    read,
};
use ingest_benches::Random;

use crate::{plain, scaled};

/// A conversion: files, and how they are read and written.
struct Case {
    folder: tempfile::TempDir,
    sources: Vec<String>,
    options: Options,
    write: WriteOptions,
    extension: &'static str,
    /// The extension of the rejects table, if there is one.
    rejects: Option<&'static str>,
    /// How often the sources are read: where types are settled first, twice.
    passes: u32,
}

/// Delimited text of some megabytes: line breaks of all kinds, also in quotes and cut anywhere by blocks; a column that widens
/// late, values that are of no type, records that are too short.
fn lines(megabytes: usize, seed: u64) -> String {
    let mut random = Random::new(seed);
    let mut text = "n,amount,note,day\r\n".to_owned();
    for n in 0.. {
        if text.len() >= megabytes << 20 {
            break;
        }
        let late = text.len() > (megabytes << 20) * 3 / 4;
        let amount = if late && n % 1000 == 0 { format!("{n}.5") } else { format!("{}", random.below(5000)) };
        let note = ["plain", "\"two\nlines\"", "\"a, b\"", "", "\"cr\r\nlf \"\"quoted\"\"\""][random.below(5) as usize];
        let end = ["\n", "\r\n", "\r"][random.below(3) as usize];
        match random.below(400) {
            0 => write!(text, "{n},{amount}{end}"),
            1 => write!(text, "x{n},{amount},{note},2024-01-01{end}"),
            _ => write!(text, "{n},{amount},{note},2024-{:02}-{:02}{end}", random.below(12) + 1, random.below(28) + 1),
        }
        .unwrap();
    }
    text
}

/// Records of JSON, one a line or in an array; some keys come late.
fn records(megabytes: usize, seed: u64, in_array: bool) -> String {
    let mut random = Random::new(seed);
    let mut text = if in_array { "[\n".to_owned() } else { String::new() };
    for n in 0.. {
        if text.len() >= megabytes << 20 {
            break;
        }
        let late = if text.len() > (megabytes << 20) / 2 { format!(",\"late\":{}", n % 7) } else { String::new() };
        let between = if in_array { ",\n" } else { "\n" };
        let (x, y, tag) = (random.below(100), random.below(10), random.below(3));
        write!(text, "{{\"n\":{n},\"at\":{{\"x\":{x},\"y\":[{y},{n}.5]}},\"tag\":\"t{tag}\"{late}}}{between}").unwrap();
    }
    if in_array {
        text.truncate(text.len() - 2);
        text.push_str("\n]\n");
    }
    text
}

fn case(files: &[(&str, Vec<u8>)], options: Options) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let source = |(name, bytes): &(&str, Vec<u8>)| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sources = files.iter().map(source).collect();
    let write = WriteOptions { row_group_bytes: Some(1), overwrite: true, ..WriteOptions::default() };
    Case { folder, sources, options, write, extension: "parquet", rejects: None, passes: 1 }
}

impl Case {
    fn out(&self) -> (PathBuf, Option<PathBuf>) {
        let folder = self.folder.path().join("out");
        fs::create_dir_all(&folder).unwrap();
        let rejects = self.rejects.map(|extension| folder.join(format!("bad.{extension}")));
        (folder.join(format!("out.{}", self.extension)), rejects)
    }

    /// Converts; interrupted once more records than `most` are done, in the pass that writes.
    fn convert(&self, resume: bool, most: u64, threads: usize) -> Result<Report> {
        let (out, rejects) = self.out();
        let cancel = Arc::new(AtomicBool::new(false));
        let flag = cancel.clone();
        // Whether all was read once, and whether the pass that writes has begun behind that.
        let seen = Mutex::new((false, self.passes == 1));
        let stop = move |Progress { rows, bytes_done, bytes_total }: Progress| {
            let mut seen = seen.lock().unwrap();
            seen.0 |= Some(bytes_done) >= bytes_total;
            seen.1 |= seen.0 && Some(bytes_done) < bytes_total;
            if seen.1 && rows > most {
                flag.store(true, Ordering::Relaxed);
            }
        };
        let options = Options {
            // Many chunks: what is read ahead while a thread sleeps is far from all, so that runs are interrupted in time.
            chunk_bytes: Some(128 << 10),
            rejects,
            overwrite_rejects: true,
            threads: Some(threads),
            cancel: Some(cancel),
            on_progress: Some(Arc::new(stop)),
            ..self.options.clone()
        };
        let write = WriteOptions { resume, ..self.write.clone() };
        read(self.sources.clone()).unwrap().options(options).write(out, &write)
    }

    fn bytes(&self) -> Vec<Option<Vec<u8>>> {
        let (out, rejects) = self.out();
        [Some(out), rejects].into_iter().map(|path| path.map(|path| fs::read(path).unwrap())).collect()
    }

    fn check(&self, what: &str) {
        let whole = self.convert(false, u64::MAX, 2).unwrap();
        let expected = self.bytes();
        let (out, rejects) = self.out();
        fs::remove_file(out).unwrap();
        rejects.iter().for_each(|path| fs::remove_file(path).unwrap());
        let mut random = Random::new(what.len() as u64);
        let step = whole.rows_in / scaled(4, 12);
        let (mut most, mut gone_on, mut interrupted) = (step / 2, 0, 0);
        let report = loop {
            let threads = 1 + random.below(3) as usize;
            match self.convert(true, most, threads) {
                Ok(report) => break report,
                Err(error) => {
                    assert_eq!(error.code(), Code::Interrupted, "{what}: {error}");
                    interrupted += 1;
                    gone_on += usize::from(error.way_out().is_some_and(|hint| hint.contains("goes on from there")));
                }
            }
            most += u64::from(random.below(2 * step as u32));
        };
        assert!(gone_on > 0, "{what}: {interrupted} interrupted, {gone_on} of use");
        assert!(
            report.notes.iter().any(|note| note.contains("gone on behind the first")),
            "{what}: {:?}",
            report.notes
        );
        assert!(self.bytes() == expected, "{what}: other bytes");
        let told = |report: &Report| {
            let counts = (report.rows_in, report.rows_out, report.rejected, report.filtered, report.bytes_in);
            (counts, report.columns.clone(), report.first_rejects.clone(), report.bytes_out, report.dropped_fields)
        };
        assert_eq!(told(&report), told(&whole), "{what}");
        let mut names: Vec<_> = names(&self.folder.path().join("out"));
        names.retain(|name| !name.starts_with("out.") && !name.starts_with("bad."));
        assert_eq!(names, [""; 0], "{what}: litter");
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn reject() -> Options {
    Options {
        types: vec![("n".to_owned(), "int64".parse().unwrap())],
        on_error: OnError::Reject,
        ragged: Some(Ragged::Reject),
        max_errors: Some(MaxErrors::Percent(50.0)),
        ..plain()
    }
}

#[test]
fn delimited_text_to_parquet() {
    for (rejects, seed) in [("csv", 1), ("jsonl", 2), ("parquet", 3)] {
        let mut case = case(&[("a.csv", lines(10, seed).into_bytes())], reject());
        case.rejects = Some(rejects);
        case.write.encoding_set = EncodingSet::Modern;
        case.write.bloom = vec!["note".to_owned()];
        case.check(rejects);
    }
}

#[test]
fn several_files_packed_or_not_with_columns_of_their_own() {
    let second = format!("day,n,more\n{}", "2024-05-05,7,m\n".repeat(100_000));
    let packed = zstd::encode_all(lines(5, 5).as_bytes(), 1).unwrap();
    let files = [("a.csv", lines(5, 4).into_bytes()), ("b.csv", second.into_bytes()), ("c.csv.zst", packed)];
    let options = Options {
        union_by_name: true,
        path_column: Some("file".to_owned()),
        row_number: Some("row".to_owned()),
        offset: 1000,
        ..reject()
    };
    case(&files, options.clone()).check("files");
    let options = Options { limit: Some(350_000), ..options };
    case(&files, options).check("files to a limit");
}

/// What was passed over is read again where a type turns out wider behind it, also behind the end of all sources.
#[test]
fn streams_that_come_before() {
    let packed = |text: String| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let numbers =
        |rows: usize| (0..rows).fold("a,b\n".to_owned(), |text, n| text + &format!("{n},{}\n", "y".repeat(40)));
    let late = numbers(60_000) + "x,y\n";
    for (what, second) in [("late", late), ("even", numbers(60_000))] {
        let files = [("1.zst", packed(numbers(60_000))), ("2.zst", packed(second))];
        case(&files, Options { threads: Some(1), ..plain() }).check(what);
    }
}

/// Interrupted where all rows of a limit are written, a run has no more to read.
#[test]
fn rows_up_to_a_limit() {
    let text = (0..200_000).fold("a_______,bbbbbb\n".to_owned(), |text, n| text + &format!("{n:08},{n:06}\n"));
    let case = case(&[("a.csv", text.into_bytes())], Options { limit: Some(60_000), ..plain() });
    let whole = case.convert(false, u64::MAX, 1).unwrap();
    let expected = case.bytes();
    fs::remove_file(case.out().0).unwrap();
    let _ = case.convert(true, 59_999, 1);
    let report = case.convert(true, u64::MAX, 1).unwrap();
    assert_eq!((report.bytes_in, report.rows_out), (whole.bytes_in, 60_000));
    assert!(case.bytes() == expected);
}

#[test]
fn filtered_rows() {
    let filter = Some("amount > 2000 and note is not null".parse().unwrap());
    let case = case(&[("a.csv", lines(10, 6).into_bytes())], Options { filter, ..reject() });
    Case { passes: 2, ..case }.check("filter");
}

#[test]
fn to_text() {
    for (extension, infer, passes) in [("csv", Infer::All, 2), ("jsonl", Infer::All, 2), ("csv", Infer::None, 1)] {
        let mut case = case(&[("a.csv", lines(10, 7).into_bytes())], reject());
        case.options.infer = infer;
        case.rejects = Some("csv");
        case.extension = extension;
        case.passes = passes;
        case.check(extension);
    }
}

/// All is read again with a sign that a record shows far down; what goes on with that knows it.
#[test]
fn a_sign_that_comes_late() {
    let escaped = "7,8,\"said \\\"so\\\", twice\",2024-01-01\n";
    let text = |before, behind| lines(before, 13) + escaped + &lines(behind, 14);
    let options = Options { escape: None, ..reject() };
    for (extension, passes) in [("parquet", 1), ("csv", 2)] {
        let mut case = case(&[("a.csv", text(1, 9).into_bytes())], options.clone());
        (case.rejects, case.extension, case.passes) = (Some("csv"), extension, passes);
        case.check(extension);
    }
    // What was written before it was met is of no use.
    let case = case(&[("a.csv", text(7, 3).into_bytes())], options);
    let whole = case.convert(false, u64::MAX, 2).unwrap();
    let expected = case.bytes();
    fs::remove_file(case.out().0).unwrap();
    // One thread is interrupted in time: of two, one may meet the sign while the other is about to tell how far they are.
    case.convert(true, whole.rows_in / 4, 1).unwrap_err();
    let report = case.convert(true, u64::MAX, 2).unwrap();
    assert!(report.notes.iter().any(|note| note.contains("signs that it did not know")), "{:?}", report.notes);
    assert!(case.bytes() == expected);
}

#[test]
fn json() {
    for in_array in [false, true] {
        let text = records(10, 8, in_array).into_bytes();
        let options = Options { input_format: Some(InputFormat::Jsonl), ..Options::default() };
        // It begins again with the late key; what goes on with that knows it.
        let case = case(&[("a.json", text)], options);
        Case { passes: 2, ..case }.check(if in_array { "array" } else { "lines" });
    }
}

#[test]
fn stored_tables() {
    for extension in ["parquet", "arrow"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("a.{extension}"));
        let write = WriteOptions { row_group_bytes: Some(2 << 20), ..WriteOptions::default() };
        read(lines(10, 9).into_bytes()).unwrap().options(reject()).write(&path, &write).unwrap();
        let table = fs::read(&path).unwrap();
        let filter = Some("amount < 4000".parse().unwrap());
        case(&[("a", table.clone()), ("b", table)], Options { filter, ..Options::default() }).check(extension);
    }
}

/// An attempt that fails before it has written anything leaves what there was.
#[test]
fn what_was_left_stays_until_it_is_gone_on_with() {
    let mut case = case(&[("a.csv", lines(10, 12).into_bytes())], reject());
    case.rejects = Some("csv");
    for (extension, passes) in [("parquet", 1), ("csv", 2)] {
        (case.extension, case.passes) = (extension, passes);
        let whole = case.convert(false, u64::MAX, 2).unwrap();
        let expected = case.bytes();
        let (out, rejects) = case.out();
        [Some(&out), rejects.as_ref()].into_iter().flatten().for_each(|path| fs::remove_file(path).unwrap());
        case.convert(true, whole.rows_in * 3 / 4, 2).unwrap_err();
        let left = names(out.parent().unwrap()).len();
        // Interrupted while the types are settled, or before the first chunk that is new.
        case.passes = 1;
        case.convert(true, 0, 2).unwrap_err();
        assert_eq!(names(out.parent().unwrap()).len(), left);
        let report = case.convert(true, u64::MAX, 2).unwrap();
        assert!(report.notes.iter().any(|note| note.contains("gone on behind")), "{:?}", report.notes);
        assert!(case.bytes() == expected);
    }
}

/// What another conversion left, or what is damaged, is not gone on with.
#[test]
fn what_does_not_fit_is_begun_anew() {
    let mut case = case(&[("a.csv", lines(10, 10).into_bytes())], reject());
    let whole = case.convert(false, u64::MAX, 2).unwrap();
    let expected = case.bytes();
    let (out, _) = case.out();
    let interrupt = |case: &Case| {
        fs::remove_file(&out).unwrap();
        case.convert(true, whole.rows_in * 3 / 4, 2).unwrap_err();
        let left = names(out.parent().unwrap());
        assert!(left.iter().any(|name| name.ends_with(".ingest-journal")), "{left:?}");
        left.into_iter().map(|name| out.with_file_name(name)).collect::<Vec<_>>()
    };
    let go_on = |case: &Case, why: &str| {
        let report = case.convert(true, u64::MAX, 2).unwrap();
        assert!(report.notes.iter().any(|note| note.contains(why)), "{why}: {:?}", report.notes);
        assert!(case.bytes() == expected, "{why}");
        assert_eq!(names(out.parent().unwrap()), ["out.parquet"], "{why}: litter");
    };
    interrupt(&case);
    go_on(&case, "gone on behind the first");
    // Other bytes, fewer of them, or a journal that breaks off in its first step.
    for path in interrupt(&case).iter().filter(|path| path.extension().unwrap() == "ingest-tmp") {
        let mut bytes = fs::read(path).unwrap();
        bytes[1000] ^= 1;
        fs::write(path, bytes).unwrap();
    }
    go_on(&case, "what it has left is not whole");
    for path in interrupt(&case).iter().filter(|path| path.extension().unwrap() == "ingest-tmp") {
        fs::OpenOptions::new().write(true).open(path).unwrap().set_len(1000).unwrap();
    }
    go_on(&case, "what it has left is not whole");
    for path in interrupt(&case).iter().filter(|path| path.extension().unwrap() == "ingest-journal") {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len().min(1500)]).unwrap();
    }
    assert!(case.convert(true, u64::MAX, 2).is_ok());
    assert!(case.bytes() == expected);
    // A journal that is cut later on, or goes on with rubbish, counts up to there.
    for path in interrupt(&case).iter().filter(|path| path.extension().unwrap() == "ingest-journal") {
        let mut bytes = fs::read(path).unwrap();
        bytes.extend_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        fs::write(path, bytes).unwrap();
    }
    go_on(&case, "gone on behind the first");
    // Other options, also where they tell of types, and a source that has changed.
    case.options.infer = Infer::First(100);
    interrupt(&case);
    case.options.infer = Infer::All;
    go_on(&case, "options were others");
    interrupt(&case);
    case.write.bloom = vec!["note".to_owned()];
    let report = case.convert(true, u64::MAX, 2).unwrap();
    assert!(report.notes.iter().any(|note| note.contains("options were others")), "{:?}", report.notes);
    case.write.bloom.clear();
    interrupt(&case);
    fs::write(&case.sources[0], lines(10, 11)).unwrap();
    let report = case.convert(true, u64::MAX, 2).unwrap();
    assert!(report.notes.iter().any(|note| note.contains("sources or options")), "{:?}", report.notes);
    assert!(case.bytes() != expected);
    // Without the option nothing stays.
    fs::remove_file(&out).unwrap();
    case.convert(false, whole.rows_in * 3 / 4, 2).unwrap_err();
    assert_eq!(names(out.parent().unwrap()), [""; 0]);
}

#[test]
fn where_nothing_can_be_gone_on_with_it_says_so() {
    let resume = WriteOptions { resume: true, overwrite: true, ..WriteOptions::default() };
    let folder = tempfile::tempdir().unwrap();
    let written = |out: &str, write: &WriteOptions| {
        read(b"a,b\n1,2\n".to_vec()).unwrap().write(folder.path().join(out), write).unwrap().notes
    };
    assert!(written("a.arrow", &resume)[0].contains("begun anew"));
    let parts = WriteOptions { max_file_bytes: Some(1), ..resume.clone() };
    assert!(written("a", &parts)[0].contains("begun anew"));
    assert!(written("a.parquet", &resume)[0].contains("not all whole files"));
    let mut pipe = Vec::new();
    let error = read(b"a\n1\n".to_vec()).unwrap().write_to(&mut pipe, ingest::Format::Csv, &resume).unwrap_err();
    assert_eq!(error.code(), Code::Usage);
}
