//! `ingest bench`: how fast is this file, here?

use clap::ValueHint;
use ingest::{BenchReport, Result};

use crate::console::Console;
use crate::options::{ReadArgs, open};
use crate::output;
use crate::progress::Progress;
use crate::size::{counted, gigabytes_per_second, show};
use crate::table::{Align, Table};

const EXAMPLES: &str = "\
Examples:
  ingest bench data.csv
  ingest bench data.csv --runs 5 -j 1 --json";

/// Measure how fast a file is read here.
///
/// Each figure is the median of the runs; each run finds fresh memory, as a first call would.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders, patterns as 'data/*.csv'.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// How often each stage runs.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,

    /// Print the figures as JSON [default: a table].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    read: ReadArgs,
}

/// Runs every stage and prints the figures.
pub(crate) fn run(args: &Args) -> Result<()> {
    // A bar would be measured too.
    let silent = Progress::start(&Console::new(true, false));
    let report = open(&args.sources, args.read.options(&silent)?)?.bench(usize::from(args.runs))?;
    if args.json { output::json(&report.to_json()) } else { output::text(&text(&report)) }
}

fn text(report: &BenchReport) -> String {
    let mut table = Table::new([Align::Left, Align::Right, Align::Right]);
    table.row(["stage", "seconds", "GB/s"]);
    let mut stage = |name: &str, seconds: f64| {
        let speed = gigabytes_per_second(report.bytes, seconds).map_or(String::new(), |speed| format!("{speed:.2}"));
        table.row([name.to_owned(), format!("{seconds:.4}"), speed]);
    };
    stage("count", report.count_seconds);
    stage("frame", report.frame_seconds);
    for (name, seconds) in &report.stages {
        stage(&format!("  {name}"), *seconds);
    }
    for (codec, seconds) in &report.parquet_seconds {
        stage(&format!("parquet {codec}"), *seconds);
    }
    format!("{}\n{table}", facts(report))
}

fn facts(report: &BenchReport) -> String {
    format!(
        "kernel {}, {}, {}, {}, {}",
        report.kernel,
        counted(report.threads as u64, "thread"),
        show(report.bytes),
        counted(report.rows, "row"),
        counted(report.columns as u64, "column"),
    )
}
