//! `ingest count`: how many records.

use clap::ValueHint;
use ingest::Result;
use serde_json::json;

use crate::console::Console;
use crate::options::{CountArgs, open};
use crate::output;
use crate::progress::Progress;

const EXAMPLES: &str = "\
Examples:
  ingest count data.csv
  ingest count 'data/*.csv.gz' --json
  cat data.csv | ingest count - --header yes";

/// Count the records.
///
/// Line ends in quotes are no record ends; records with too few or too many fields count too.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders, patterns as 'data/*.csv', web addresses; - is standard input.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// Print the count as JSON [default: the bare number].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    read: CountArgs,
}

/// Counts and prints the number.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let progress = Progress::start(console);
    let rows = open(&args.sources, args.read.options(&progress))?.count()?;
    drop(progress);
    if args.json { output::json(&json!({ "rows": rows })) } else { output::line(&rows.to_string()) }
}
