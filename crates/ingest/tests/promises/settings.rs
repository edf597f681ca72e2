//! The ways in which one input can be read. None of them may show in the result.

use std::fs;
use std::io::{Cursor, Read};

use ingest::{Access, Compression, Error, Frame, Kernel, Options, Reader, Report, Result, Sources, read};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::compressions::pack;
use crate::oracle::{Answer, Place, Reject, Table};
use crate::tables::columns_of;

/// Where the bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supply {
    Bytes,
    Pread,
    Map,
    /// A reader that hands out a few bytes at a time.
    Pipe,
    /// Two members.
    Gzip,
    /// Two frames.
    Zstd,
    /// Two streams.
    Bzip2,
    /// Two streams.
    Xz,
    /// Two frames.
    Lz4,
}

impl Supply {
    pub(crate) const ALL: [Supply; 9] = [
        Supply::Bytes,
        Supply::Pread,
        Supply::Map,
        Supply::Pipe,
        Supply::Gzip,
        Supply::Zstd,
        Supply::Bzip2,
        Supply::Xz,
        Supply::Lz4,
    ];
}

/// One way to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) kernel: Kernel,
    pub(crate) threads: usize,
    pub(crate) chunk_bytes: usize,
    pub(crate) supply: Supply,
}

impl Setting {
    /// One thread, one chunk, plain code.
    pub(crate) const SERIAL: Setting =
        Setting { kernel: Kernel::Portable, threads: 1, chunk_bytes: 1 << 20, supply: Supply::Bytes };

    /// A setting for each number, so that successive ones differ in everything.
    pub(crate) fn numbered(number: usize, chunk_bytes: usize) -> Setting {
        let kernels = Kernel::available();
        Setting {
            kernel: kernels[number % kernels.len()],
            threads: 1 + number * 5 % 8,
            chunk_bytes,
            supply: Supply::ALL[number * 7 % Supply::ALL.len()],
        }
    }

    /// Every setting with chunks of this size: all kernels, one to eight threads, all kinds of source.
    pub(crate) fn all(chunk_bytes: usize) -> impl Iterator<Item = Setting> {
        Kernel::available().into_iter().flat_map(move |kernel| {
            (1..=8).flat_map(move |threads| {
                Supply::ALL.into_iter().map(move |supply| Setting { kernel, threads, chunk_bytes, supply })
            })
        })
    }

    /// The same options, read this way.
    pub(crate) fn options(&self, options: &Options) -> Options {
        Options {
            kernel: Some(self.kernel),
            threads: Some(self.threads),
            chunk_bytes: Some(self.chunk_bytes),
            access: if self.supply == Supply::Map { Access::Map } else { Access::Pread },
            ..options.clone()
        }
    }

    pub(crate) fn reader(&self, input: &Input, options: &Options) -> Reader {
        read(input.sources(self.supply)).unwrap().options(self.options(options))
    }

    pub(crate) fn read(&self, input: &Input, options: &Options) -> Outcome {
        Outcome::of(self.reader(input, options).collect_with_report(), &input.name(self.supply))
    }
}

/// Any setting: tiny chunks most often.
pub(crate) fn any_setting() -> impl Strategy<Value = Setting> {
    let chunk_bytes = prop_oneof![4 => 1usize..=16, 4 => 1usize..=257, 1 => 257usize..20_000, 1 => Just(1 << 20)];
    (prop::sample::select(Kernel::available()), 1usize..=8, chunk_bytes, prop::sample::select(Supply::ALL.to_vec()))
        .prop_map(|(kernel, threads, chunk_bytes, supply)| Setting { kernel, threads, chunk_bytes, supply })
}

/// One text in every kind of source.
pub(crate) struct Input {
    text: Vec<u8>,
    folder: TempDir,
}

impl Input {
    pub(crate) fn new(text: impl Into<Vec<u8>>) -> Input {
        let input = Input { text: text.into(), folder: tempfile::tempdir().unwrap() };
        fs::write(input.folder.path().join("data.csv"), &input.text).unwrap();
        input
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// A path beside the input.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn sources(&self, supply: Supply) -> Sources {
        let name = self.name(supply);
        match supply {
            Supply::Bytes => Sources::bytes(&name, self.text.clone()),
            Supply::Pread | Supply::Map => Sources::from(self.path("data.csv")),
            Supply::Pipe => Sources::reader(&name, Dribble { text: Cursor::new(self.text.clone()), step: 0 }),
            Supply::Gzip => Sources::bytes(&name, self.in_two_parts(Compression::Gzip)),
            Supply::Zstd => Sources::bytes(&name, self.in_two_parts(Compression::Zstd)),
            Supply::Bzip2 => Sources::bytes(&name, self.in_two_parts(Compression::Bzip2)),
            Supply::Xz => Sources::bytes(&name, self.in_two_parts(Compression::Xz)),
            Supply::Lz4 => Sources::bytes(&name, self.in_two_parts(Compression::Lz4)),
        }
    }

    fn name(&self, supply: Supply) -> String {
        match supply {
            Supply::Pread | Supply::Map => self.path("data.csv").display().to_string(),
            _ => "given".to_owned(),
        }
    }

    fn in_two_parts(&self, compression: Compression) -> Vec<u8> {
        let (first, second) = self.text.split_at(self.text.len() / 3);
        [pack(compression, first), pack(compression, second)].concat()
    }
}

/// Reads of 1, 2, 3, … bytes, as a slow pipe gives them.
struct Dribble {
    text: Cursor<Vec<u8>>,
    step: usize,
}

impl Read for Dribble {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.step = self.step % 61 + 1;
        let most = self.step.min(out.len());
        self.text.read(&mut out[..most])
    }
}

/// What the engine came to.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    /// All messages, for people: they too must not depend on the setting.
    pub(crate) words: Vec<String>,
}

impl Outcome {
    /// `name`: what the source is called, which differs from setting to setting.
    pub(crate) fn of(result: Result<(Frame, Report)>, name: &str) -> Outcome {
        match result {
            Ok((frame, report)) => {
                let words = words_of(&report).iter().map(|word| word.replace(name, "SOURCE")).collect();
                Outcome { answer: Answer::Table(table_of(&frame, &report)), words }
            }
            Err(error) => {
                let answer = Answer::Failure { code: error.code(), place: place_of(&error, name) };
                Outcome { answer, words: vec![error.render().replace(name, "SOURCE")] }
            }
        }
    }

    /// The answer, with as many rejects as a report shows.
    pub(crate) fn expected(mut answer: Answer) -> Answer {
        if let Answer::Table(table) = &mut answer {
            table.rejects.truncate(Report::FIRST_REJECTS);
        }
        answer
    }
}

fn place_of(error: &Error, name: &str) -> Option<Place> {
    let position = error.position()?;
    assert_eq!(position.source, name);
    Some(Place {
        line: position.line,
        byte_offset: position.byte_offset,
        record: position.record,
        column: position.column.clone(),
    })
}

/// The frame and its report as one table; what both say must agree.
fn table_of(frame: &Frame, report: &Report) -> Table {
    let columns = columns_of(frame);
    assert_eq!(report.rows_in, report.rows_out + report.rejected + report.filtered);
    for (column, told) in columns.iter().zip(&report.columns) {
        assert_eq!((&column.name, &column.data_type, column.nulls()), (&told.name, &told.data_type, told.nulls));
    }
    assert_eq!(columns.len(), report.columns.len());
    Table {
        columns,
        rows_in: report.rows_in,
        rows_out: report.rows_out,
        rejected: report.rejected,
        errors: report.columns.iter().map(|column| column.errors).collect(),
        dropped_fields: report.dropped_fields,
        rejects: report.first_rejects.iter().map(reject_of).collect(),
    }
}

fn reject_of(reject: &ingest::Reject) -> Reject {
    Reject {
        line: reject.line,
        byte_offset: reject.byte_offset,
        byte_length: reject.byte_length,
        record: reject.record,
        column: reject.column.clone(),
        code: reject.code.clone(),
        text: reject.text.clone(),
    }
}

fn words_of(report: &Report) -> Vec<String> {
    let reasons = report.first_rejects.iter().map(|reject| reject.reason.clone());
    report.notes.iter().cloned().chain(reasons).collect()
}
