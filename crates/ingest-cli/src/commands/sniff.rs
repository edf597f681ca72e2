//! `ingest sniff`: how a file is written, and why we think so.

use std::slice;

use clap::ValueHint;
use ingest::{Result, SniffReport};

use crate::console::Console;
use crate::options::{SniffArgs, open};
use crate::output;
use crate::progress::Progress;
use crate::table::{Align, Table, plain};

const EXAMPLES: &str = "\
Examples:
  ingest sniff data.csv
  ingest sniff data.txt.gz --json
  ingest sniff data.csv --delimiter ';'";

/// Show how a file is written: format, delimiter, quotes, header, and why.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file; - is standard input.
    #[arg(value_name = "SRC", value_hint = ValueHint::FilePath)]
    source: String,

    /// Print the findings as JSON [default: a table].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    read: SniffArgs,
}

/// Looks at the beginning of the file and prints the findings.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let progress = Progress::start(console);
    let report = open(slice::from_ref(&args.source), args.read.options(&progress))?.sniff()?;
    drop(progress);
    if args.json { output::json(&report.to_json()) } else { output::text(&text(&report)) }
}

fn text(report: &SniffReport) -> String {
    let mut table = Table::new([Align::Left, Align::Left]);
    table.row(["format", &report.format]);
    table.row(["delimiter", &delimiter(report.delimiter.as_deref())]);
    table.row(["quote", &character(report.quote)]);
    table.row(["escape", &character(report.escape)]);
    table.row(["comment", &character(report.comment)]);
    table.row(["header", &header(report.header_rows)]);
    table.row(["encoding", &report.encoding]);
    table.row(["compression", report.compression.as_deref().unwrap_or("none")]);
    table.row(["newline", report.newline.as_deref().unwrap_or("none")]);
    table.row(["skip", &report.skip.to_string()]);
    table.row(["columns", &columns(&report.columns)]);
    table.row(["confidence", &format!("{:.0}%", report.confidence * 100.0)]);
    let reasons = report.reasons.iter().map(|reason| format!("- {}\n", plain(reason)));
    std::iter::once(table.to_string()).chain(reasons).collect()
}

fn header(rows: usize) -> String {
    match rows {
        0 => "no".to_owned(),
        1 => "yes".to_owned(),
        rows => format!("yes, {rows} rows"),
    }
}

/// As the options take it: the character itself, or a word where that could not be seen.
fn character(character: Option<char>) -> String {
    delimiter(character.map(String::from).as_deref())
}

fn delimiter(delimiter: Option<&str>) -> String {
    match delimiter {
        None => "none".to_owned(),
        Some("\t") => "tab".to_owned(),
        Some(" ") => "' '".to_owned(),
        Some(other) if other.contains(|c: char| c.is_ascii_control()) => other.escape_default().to_string(),
        Some(other) => plain(other),
    }
}

fn columns(names: &[String]) -> String {
    let listed: Vec<_> = names.iter().map(|name| plain(name)).collect();
    format!("{}: {}", names.len(), listed.join(", "))
}
