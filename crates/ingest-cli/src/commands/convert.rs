//! `ingest convert`: text in; Parquet, Arrow or CSV out.

use std::path::{Path, PathBuf};

use clap::ValueHint;
use ingest::{Code, Codec, EncodingSet, Error, Format, Report, Result, WriteOptions};

use crate::console::Console;
use crate::options::{ReadArgs, RejectsArgs, open};
use crate::output;
use crate::progress::Progress;
use crate::size;
use crate::words::{List, joined, names, one_of};

const EXAMPLES: &str = "\
Examples:
  ingest convert data.csv -o data.parquet
  ingest convert 'logs/*.csv.gz' -o logs.parquet --codec zstd:9 --overwrite
  ingest convert data.csv -o data.parquet --type id=int64 --on-error reject
  ingest convert 'trips/*.csv' -o trips --partition-by year,city
  cat data.csv | ingest convert - -o - -f arrow > data.arrows";

/// Convert CSV or JSON to Parquet, Arrow or CSV.
///
/// Types are those of the whole input. The output appears whole or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders, patterns as 'data/*.csv', web addresses; - is standard input.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// The file (with --partition-by or --max-file-bytes, the folder) to write; - is standard output.
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    output: PathBuf,

    /// What to write [default: by the extension of OUT].
    #[arg(short, long, value_name = "FORMAT", value_parser = one_of::<Format>(&["parquet", "arrow", "csv", "jsonl"]))]
    format: Option<Format>,

    /// Replace OUT and the table of --rejects if they exist [default: refuse].
    #[arg(long)]
    overwrite: bool,

    /// Go on with what the same command had written of OUT when it was killed, and leave it when this one is interrupted; OUT is
    /// one file of Parquet, CSV or JSON lines [default: begin anew].
    #[arg(long)]
    resume: bool,

    /// Compression of Parquet.
    #[arg(long, value_name = "zstd[:LEVEL]|snappy|lz4|none", default_value = "zstd:1")]
    codec: Codec,

    /// Encodings of Parquet: those that every reader knows, or newer ones too, for smaller files.
    #[arg(long, value_name = "SET", value_parser = one_of::<EncodingSet>(&["compatible", "modern"]), default_value = "compatible")]
    encoding_set: EncodingSet,

    /// Columns of Parquet that get a Bloom filter, by which readers who look for one value pass over row groups without it;
    /// booleans get none [default: none].
    #[arg(long, value_name = "A,B", value_parser = names, allow_hyphen_values = true)]
    bloom: Vec<List>,

    /// Size of a row group of Parquet in memory [default: 64MiB, less under --memory-limit].
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    row_group_bytes: Option<u64>,

    /// Sort the rows into folders OUT/A=value/B=value by the values of these columns; OUT is a folder of Parquet files then
    /// [default: one file].
    #[arg(long, value_name = "A,B", value_parser = names, allow_hyphen_values = true)]
    partition_by: Vec<List>,

    /// Write a folder OUT of Parquet files, where none gets another row group that would make it larger [default: one file].
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    max_file_bytes: Option<u64>,

    /// Print the report as JSON on standard output [default: a line on standard error].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    read: ReadArgs,

    #[command(flatten)]
    rejects: RejectsArgs,
}

/// Where the output goes.
enum Target<'a> {
    Stdout(Format),
    File(&'a Path),
}

/// Converts, and says what was done.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let target = args.target()?;
    let progress = Progress::start(console);
    let mut options = args.read.options(&progress)?;
    args.rejects.fill(&mut options, args.overwrite);
    let reader = open(&args.sources, options)?;
    let report = match target {
        Target::File(path) => reader.write(path, &args.write_options())?,
        Target::Stdout(format) => {
            let mut data = output::Data::new();
            let report = reader.write_to(&mut data, format, &args.write_options())?;
            data.finish()?;
            report
        }
    };
    drop(progress);
    args.tell(&report, console)
}

impl Args {
    fn target(&self) -> Result<Target<'_>> {
        if self.output == Path::new("-") {
            let format = self.format.ok_or_else(no_format)?;
            return if self.json { Err(two_on_stdout()) } else { Ok(Target::Stdout(format)) };
        }
        match self.format.or_else(|| Format::of_path(&self.output)) {
            Some(_) => Ok(Target::File(&self.output)),
            None if !self.partition_by.is_empty() || self.max_file_bytes.is_some() => Ok(Target::File(&self.output)),
            None => Err(unknown_format(&self.output)),
        }
    }

    fn write_options(&self) -> WriteOptions {
        WriteOptions {
            format: self.format,
            codec: self.codec,
            encoding_set: self.encoding_set,
            bloom: joined(&self.bloom).unwrap_or_default(),
            row_group_bytes: self.row_group_bytes,
            resume: self.resume,
            partition_by: joined(&self.partition_by).unwrap_or_default(),
            max_file_bytes: self.max_file_bytes,
            overwrite: self.overwrite,
        }
    }

    fn tell(&self, report: &Report, console: &Console) -> Result<()> {
        console.notes(report);
        console.losses(report);
        if self.json {
            return output::json(&report.to_json());
        }
        console.summary(&format!("wrote {}", self.output.display()), report);
        Ok(())
    }
}

fn no_format() -> Error {
    Error::new(Code::Usage, "-o - does not say what to write").hint("add -f parquet, -f arrow, -f csv or -f jsonl")
}

fn two_on_stdout() -> Error {
    Error::new(Code::Usage, "-o - and --json both write to standard output").hint("leave one of them out")
}

fn unknown_format(path: &Path) -> Error {
    let message = format!("the extension of {} names no format that is written", path.display());
    Error::new(Code::Usage, message).hint(
        "formats are parquet (.parquet, .pq), arrow (.arrow, .feather, .ipc), csv (.csv) and jsonl (.jsonl, .ndjson); -f FORMAT chooses one for any name",
    )
}
