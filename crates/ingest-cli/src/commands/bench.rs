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
  ingest bench data.csv --sweep
  ingest bench data.csv --runs 5 -j 1 --json";

/// Measure how fast a file is read here, and where the time goes.
///
/// Each figure is the median of the runs; each run finds fresh memory, as a first call would. The frame's stages are measured
/// in runs of their own, which telling them apart makes up to 3 % longer. Cycles are CPU seconds (of all threads, the
/// system's work for them included) times the clock of a core, which is measured by a chain of dependent additions, one a
/// cycle: no hardware counters are needed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders, patterns as 'data/*.csv', web addresses.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// How often each stage runs.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,

    /// Try numbers of threads (1, 2, 4 … to --threads) with sizes of a chunk, to a frame each.
    #[arg(long)]
    sweep: bool,

    /// Print the figures as JSON [default: tables].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    read: ReadArgs,
}

/// Runs every stage and prints the figures.
pub(crate) fn run(args: &Args) -> Result<()> {
    // A bar would be measured too.
    let silent = Progress::start(&Console::new(true, false));
    let reader = || open(&args.sources, args.read.options(&silent)?);
    let mut report = reader()?.bench(usize::from(args.runs))?;
    if args.sweep {
        report.sweep = reader()?.sweep(usize::from(args.runs))?;
    }
    if args.json { output::json(&report.to_json()) } else { output::text(&text(&report)) }
}

fn text(report: &BenchReport) -> String {
    let mut parts = vec![facts(report), whole_runs(report).to_string(), frame_stages(report).to_string()];
    if !report.sweep.is_empty() {
        parts.push(sweep(report).to_string());
    }
    parts.join("\n")
}

fn facts(report: &BenchReport) -> String {
    format!(
        "kernel {}, {}, {}, {}, {}; a core runs at {:.2} GHz\n",
        report.kernel,
        counted(report.threads as u64, "thread"),
        show(report.bytes),
        counted(report.rows, "row"),
        counted(report.columns as u64, "column"),
        report.cycles_per_second / 1e9,
    )
}

fn whole_runs(report: &BenchReport) -> Table {
    let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Right, Align::Right]);
    table.row(["run", "seconds", "GB/s", "CPU seconds", "bytes/cycle"]);
    let parquet = report.parquet_seconds.iter().map(|(codec, seconds)| (format!("parquet {codec}"), *seconds));
    let counted = [("count".to_owned(), report.count_seconds), ("frame".to_owned(), report.frame_seconds)];
    for ((name, seconds), (_, cpu_seconds)) in counted.into_iter().chain(parquet).zip(&report.cpu_seconds) {
        let speed = gigabytes_per_second(report.bytes, seconds).map_or(String::new(), |speed| format!("{speed:.2}"));
        table.row([name, in_seconds(seconds), speed, in_seconds(*cpu_seconds), bytes_per_cycle(report, *cpu_seconds)]);
    }
    table
}

fn frame_stages(report: &BenchReport) -> Table {
    let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Right]);
    table.row(["frame stage", "CPU seconds", "share", "bytes/cycle"]);
    let all: f64 = report.frame_stages().iter().map(|(_, seconds)| seconds).sum();
    for (name, seconds) in report.frame_stages() {
        let share = if all > 0.0 { format!("{:.0} %", 100.0 * seconds / all) } else { String::new() };
        table.row([name.clone(), in_seconds(*seconds), share, bytes_per_cycle(report, *seconds)]);
    }
    table
}

fn sweep(report: &BenchReport) -> Table {
    let mut table = Table::new([Align::Right, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left]);
    table.row(["threads", "chunk", "seconds", "MB/s", "CPU seconds", ""]);
    let fastest = report.sweep.iter().map(|cell| cell.frame_seconds).fold(f64::INFINITY, f64::min);
    for cell in &report.sweep {
        let speed = gigabytes_per_second(report.bytes, cell.frame_seconds);
        table.row([
            cell.threads.to_string(),
            show(cell.chunk_bytes as u64),
            in_seconds(cell.frame_seconds),
            speed.map_or(String::new(), |speed| format!("{:.0}", 1000.0 * speed)),
            in_seconds(cell.cpu_seconds),
            if cell.frame_seconds == fastest { "fastest".to_owned() } else { String::new() },
        ]);
    }
    table
}

fn in_seconds(seconds: f64) -> String {
    format!("{seconds:.4}")
}

fn bytes_per_cycle(report: &BenchReport, cpu_seconds: f64) -> String {
    report.bytes_per_cycle(cpu_seconds).map_or(String::new(), |bytes| format!("{bytes:.2}"))
}
