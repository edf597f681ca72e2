//! `ingest schema`: the exact types of the whole input.

use clap::ValueHint;
use ingest::{Report, Result};

use crate::console::Console;
use crate::options::{ReadArgs, RejectsArgs, open};
use crate::progress::Progress;
use crate::table::{Align, Table, plain};
use crate::{ddl, output, size};

const EXAMPLES: &str = "\
Examples:
  ingest schema data.csv
  ingest schema data.csv --json > schema.json
  ingest schema 'data/*.csv' --ddl";

/// Show the exact schema of the whole input.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders, patterns as 'data/*.csv'; - is standard input.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// Print the schema as JSON, as --schema takes it [default: a table].
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the schema as a CREATE TABLE statement of SQL [default: a table].
    #[arg(long, conflicts_with = "json")]
    ddl: bool,

    /// Replace the table of --rejects if it exists [default: refuse].
    #[arg(long)]
    overwrite: bool,

    #[command(flatten)]
    read: ReadArgs,

    #[command(flatten)]
    rejects: RejectsArgs,
}

/// Reads everything and prints the schema.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let progress = Progress::start(console);
    let mut options = args.read.options(&progress)?;
    args.rejects.fill(&mut options, args.overwrite);
    let report = open(&args.sources, options)?.schema()?;
    drop(progress);
    console.notes(&report);
    console.losses(&report);
    match (args.json, args.ddl) {
        (true, _) => output::json(&report.schema_json()),
        (_, true) => output::line(&ddl::create_table(&report)),
        _ => output::text(&table(&report)),
    }
}

fn table(report: &Report) -> String {
    let mut table = Table::new([Align::Left, Align::Left, Align::Right]);
    table.row(["name", "type", "nulls"]);
    for column in &report.columns {
        table.row([plain(&column.name), column.data_type.clone(), size::grouped(column.nulls)]);
    }
    format!("{table}{}\n", size::counted(report.rows_out, "row"))
}
