//! What a run did, for people and programs.

use std::path::PathBuf;

use ingest_infer::{DataType, DateOrder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::schema::SchemaColumn;

/// One column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnReport {
    /// The column's name.
    pub name: String,
    /// Its type, by Arrow's name in lower case.
    pub data_type: String,
    /// Of the dates in it, which number comes first: see [`SchemaColumn::date_orders`].
    pub date_orders: Vec<Option<DateOrder>>,
    /// Of the texts in it, which are the JSON text of each value: see [`SchemaColumn::json_texts`].
    pub json_texts: Vec<bool>,
    /// How many values are null.
    pub nulls: u64,
    /// How many values did not fit the type, or the schema: they are null, or their records were rejected.
    pub errors: u64,
}

/// One record that was left out, or (with `--on-error null`) one value that was nulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The source's name.
    pub source: String,
    /// Line in which the record begins, from 1; 0 in a table (Parquet, Arrow), which has no lines and no offsets.
    pub line: u64,
    /// Offset of the record in the decoded source.
    pub byte_offset: u64,
    /// Length of the record, without its line end.
    pub byte_length: u64,
    /// Number of the record, from 1.
    pub record: u64,
    /// Name of the column concerned, if one is.
    pub column: Option<String>,
    /// The error's code, as `E0312`.
    pub code: String,
    /// The reason as a sentence.
    pub reason: String,
    /// The record's text.
    pub text: String,
}

impl Reject {
    /// Where it is: the source with the line, or with the number of the record where there are no lines.
    pub fn place(&self) -> String {
        place(&self.source, self.line, self.record)
    }

    /// A number that only the records of text have.
    pub(crate) fn of_text(&self, number: u64) -> Option<u64> {
        (self.line > 0).then_some(number)
    }

    /// The reject as one JSON object, a line of the `.jsonl` table.
    pub fn to_json(&self) -> Value {
        json!({
            "source": self.source,
            "line": self.of_text(self.line),
            "byte_offset": self.of_text(self.byte_offset),
            "byte_length": self.of_text(self.byte_length),
            "record": self.record,
            "column": self.column,
            "code": self.code,
            "reason": self.reason,
            "text": self.text,
        })
    }
}

/// Where in a source: a line, or a record where there are no lines.
pub(crate) fn place(source: &str, line: u64, record: u64) -> String {
    if line > 0 { format!("{source}:{line}") } else { format!("{source}: record {record}") }
}

/// What a run read, wrote and took.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Records read; always `rows_out + rejected + filtered`.
    pub rows_in: u64,
    /// Records in the result.
    pub rows_out: u64,
    /// Records that were rejected.
    pub rejected: u64,
    /// Records that a filter left out.
    pub filtered: u64,
    /// Values that are null because they did not fit the types of their columns.
    pub nulled: u64,
    /// Decoded bytes read.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Files written.
    pub files: Vec<PathBuf>,
    /// Names of the sources.
    pub sources: Vec<String>,
    /// The columns of the result.
    pub columns: Vec<ColumnReport>,
    /// Surplus fields that `--ragged truncate` dropped.
    pub dropped_fields: u64,
    /// The first rejects, for a message; at most [`Report::FIRST_REJECTS`].
    pub first_rejects: Vec<Reject>,
    /// What a careful reader should know: renamed columns, ambiguous dates, and the like.
    pub notes: Vec<String>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Processor seconds of the whole process.
    pub cpu_seconds: f64,
    /// The kernel that ran.
    pub kernel: String,
    /// Worker threads.
    pub threads: usize,
    /// Peak resident size of the process, bytes.
    pub peak_memory_bytes: u64,
}

impl Report {
    /// How many rejects a report shows itself.
    pub const FIRST_REJECTS: usize = 3;

    /// The shape that `convert --json` prints.
    pub fn to_json(&self) -> Value {
        json!({
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "rejected": self.rejected,
            "filtered": self.filtered,
            "nulled": self.nulled,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "files": self.files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "columns": self.columns.iter().map(|column| json!({
                "name": column.name, "type": column.data_type, "nulls": column.nulls, "errors": column.errors,
            })).collect::<Vec<_>>(),
            "dropped_fields": self.dropped_fields,
            "notes": self.notes,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "kernel": self.kernel,
            "threads": self.threads,
            "peak_memory_bytes": self.peak_memory_bytes,
        })
    }

    /// The columns, of which those hold nulls that have some.
    pub fn columns_of_schema(&self) -> Vec<SchemaColumn> {
        let kind =
            |column: &ColumnReport| -> DataType { column.data_type.parse().expect("types are named as they are read") };
        let column = |column: &ColumnReport| SchemaColumn {
            name: column.name.clone(),
            data_type: kind(column),
            nullable: Some(column.nulls > 0),
            date_orders: column.date_orders.clone(),
            json_texts: column.json_texts.clone(),
        };
        self.columns.iter().map(column).collect()
    }

    /// The shape that `schema --json` prints and `--schema` takes back.
    pub fn schema_json(&self) -> Value {
        let columns = self.columns_of_schema().into_iter().zip(&self.columns).map(|(column, report)| {
            let mut column = column.to_json();
            column.insert("nulls".to_owned(), json!(report.nulls));
            Value::Object(column)
        });
        json!({
            "columns": columns.collect::<Vec<_>>(),
            "rows": self.rows_out,
            "source": self.sources,
        })
    }
}

/// What a file looks like, as `sniff` reports it.
#[derive(Clone, Debug)]
pub struct SniffReport {
    /// `csv` for delimited text; `jsonl` for JSON with a record a line, `json` for other JSON; `parquet`, `arrow`.
    pub format: String,
    /// What separates fields; `None`: one column.
    pub delimiter: Option<String>,
    /// What fields are wrapped in.
    pub quote: Option<char>,
    /// What makes the next byte plain text.
    pub escape: Option<char>,
    /// What comment lines begin with; `None`: there are none.
    pub comment: Option<char>,
    /// Whether the first record holds names.
    pub header: bool,
    /// How many records hold them.
    pub header_rows: usize,
    /// `utf-8`, `utf-16le` and so on.
    pub encoding: String,
    /// `gzip`, `zstd`, `bzip2`, `xz`, `lz4`, `lzma`, or `None`.
    pub compression: Option<String>,
    /// `lf`, `crlf`, `cr` or `mixed`; `None` for what has no lines.
    pub newline: Option<String>,
    /// Lines before the table.
    pub skip: usize,
    /// The columns' names.
    pub columns: Vec<String>,
    /// How sure, 0–1.
    pub confidence: f64,
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

impl SniffReport {
    /// The shape that `sniff --json` prints.
    pub fn to_json(&self) -> Value {
        json!({
            "format": self.format,
            "delimiter": self.delimiter,
            "quote": self.quote,
            "escape": self.escape,
            "comment": self.comment,
            "header": self.header,
            "header_rows": self.header_rows,
            "encoding": self.encoding,
            "compression": self.compression,
            "newline": self.newline,
            "skip": self.skip,
            "columns": self.columns,
            "confidence": self.confidence,
            "reasons": self.reasons,
        })
    }
}

/// The first rows as text.
#[derive(Clone, Debug)]
pub struct Head {
    /// Column names.
    pub names: Vec<String>,
    /// Types of these rows alone, or those that are stored.
    pub types: Vec<String>,
    /// Whether other rows may show other types.
    pub provisional: bool,
    /// The fields' text; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
}

/// How fast a source is read here.
#[derive(Clone, Debug)]
pub struct BenchReport {
    /// The kernel that ran.
    pub kernel: String,
    /// Worker threads.
    pub threads: usize,
    /// Decoded bytes.
    pub bytes: u64,
    /// Records.
    pub rows: u64,
    /// Columns.
    pub columns: usize,
    /// Median seconds to count the records.
    pub count_seconds: f64,
    /// Median seconds to a typed frame in memory.
    pub frame_seconds: f64,
    /// Median seconds to a Parquet file, by codec.
    pub parquet_seconds: Vec<(String, f64)>,
    /// Median processor seconds of the whole process: `count`, `frame`, and `parquet_` with the codec's name.
    pub cpu_seconds: Vec<(String, f64)>,
    /// Cycles a second of a core, measured by a chain of dependent additions between the runs.
    pub cycles_per_second: f64,
    /// Median seconds: `count` is [`BenchReport::count_seconds`], `frame_cpu` the frame's processor seconds, and the others,
    /// [`BenchReport::frame_stages`], are parts of these.
    pub stages: Vec<(String, f64)>,
    /// The frame by threads and size of a chunk, if it was asked for: see [`Reader::sweep`](crate::Reader::sweep).
    pub sweep: Vec<SweepCell>,
}

/// How fast a frame is read with so many threads and chunks of such a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepCell {
    /// Worker threads.
    pub threads: usize,
    /// Bytes of text that a worker takes at a time: [`Options::chunk_bytes`](crate::Options::chunk_bytes).
    pub chunk_bytes: usize,
    /// Median seconds to a typed frame in memory.
    pub frame_seconds: f64,
    /// Median processor seconds of all threads.
    pub cpu_seconds: f64,
}

impl SweepCell {
    fn to_json(self) -> Value {
        json!({
            "threads": self.threads,
            "chunk_bytes": self.chunk_bytes,
            "frame_seconds": self.frame_seconds,
            "cpu_seconds": self.cpu_seconds,
        })
    }
}

/// The first of [`BenchReport::stages`], which no run of stages is: what is told of the whole.
pub(crate) const WHOLE_RUNS: [&str; 2] = ["count", "frame_cpu"];

impl BenchReport {
    /// The parts of the way to a frame, in their order, with the median processor seconds that all workers together spent in
    /// each: `plan` (opening and sniffing), `read`, `scan` (the structural pass), `settle` (whole records), `utf8` (the check
    /// for it), `index` (the fields), `parse` (to columns), `commit` (in the order of the source), and `finish` (earlier chunks
    /// brought to the final types). They are measured in runs of their own, which telling them apart makes up to 3 % longer.
    pub fn frame_stages(&self) -> &[(String, f64)] {
        &self.stages[WHOLE_RUNS.len().min(self.stages.len())..]
    }

    /// Bytes of input for each cycle of a core that worked so many processor seconds on them all; `None` where that was too
    /// short to be measured.
    pub fn bytes_per_cycle(&self, cpu_seconds: f64) -> Option<f64> {
        let cycles = cpu_seconds * self.cycles_per_second;
        (cycles > 0.0).then(|| self.bytes as f64 / cycles)
    }

    /// The shape that `bench --json` prints.
    pub fn to_json(&self) -> Value {
        let pairs = |list: &[(String, f64)]| {
            Value::Object(list.iter().map(|(name, seconds)| (name.clone(), json!(seconds))).collect())
        };
        let bytes_per_cycle =
            self.cpu_seconds.iter().map(|(name, seconds)| (name.clone(), json!(self.bytes_per_cycle(*seconds))));
        json!({
            "kernel": self.kernel,
            "threads": self.threads,
            "bytes": self.bytes,
            "rows": self.rows,
            "columns": self.columns,
            "count_seconds": self.count_seconds,
            "frame_seconds": self.frame_seconds,
            "parquet_seconds": pairs(&self.parquet_seconds),
            "cpu_seconds": pairs(&self.cpu_seconds),
            "cycles_per_second": self.cycles_per_second,
            "bytes_per_cycle": Value::Object(bytes_per_cycle.collect()),
            "stages": pairs(&self.stages),
            "sweep": self.sweep.iter().map(|cell| cell.to_json()).collect::<Vec<_>>(),
        })
    }
}
