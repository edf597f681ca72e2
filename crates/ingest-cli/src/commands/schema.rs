//! `ingest schema`: the exact types of the whole input.

use std::path::Path;

use clap::ValueHint;
use ingest::{Code, Options, Renulled, Report, Reread, Result, Retyped, SchemaColumn, SchemaDiff};

use crate::console::Console;
use crate::options::{ReadArgs, RejectsArgs, open, schema};
use crate::progress::Progress;
use crate::table::{Align, Table, plain};
use crate::{ddl, output, size};

const EXAMPLES: &str = "\
Examples:
  ingest schema data.csv
  ingest schema data.csv --json > schema.json
  ingest schema 'data/*.csv' --ddl
  ingest schema may.csv --diff april.csv";

/// Show the exact schema of the whole input.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders, patterns as 'data/*.csv', web addresses; - is standard input.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// Print the schema as JSON, as --schema takes it [default: a table].
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the schema as a CREATE TABLE statement of SQL [default: a table].
    #[arg(long, conflicts_with = "json")]
    ddl: bool,

    /// Show what has changed since this schema, as --schema takes it, or since another source, read in the same way [default: the
    /// schema itself].
    #[arg(long, value_name = "OLD", conflicts_with = "ddl", value_hint = ValueHint::FilePath)]
    diff: Option<String>,

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
    let before = args.diff.as_deref().map(|old| before(old, options.clone())).transpose()?;
    args.rejects.fill(&mut options, args.overwrite);
    let report = open(&args.sources, options)?.schema()?;
    drop(progress);
    console.notes(&report);
    console.losses(&report);
    if let Some(before) = before {
        let diff = SchemaDiff::between(&before, &report.columns_of_schema());
        return if args.json { output::json(&diff.to_json()) } else { output::text(&changes(&diff)) };
    }
    match (args.json, args.ddl) {
        (true, _) => output::json(&report.schema_json()),
        (_, true) => output::line(&ddl::create_table(&report)),
        _ => output::text(&table(&report)),
    }
}

/// The schema that another is compared with: a schema, else that of a source. What is meant to be a schema and has a fault is no
/// source.
fn before(old: &str, options: Options) -> Result<Vec<SchemaColumn>> {
    /// No schema is longer than this, and no larger file need be read to see that it is none.
    const SCHEMA_BYTES_MAX: u64 = 16 << 20;
    let file = std::fs::metadata(old).ok();
    if file.as_ref().is_some_and(|file| !file.is_file() || file.len() > SCHEMA_BYTES_MAX) {
        return of_source(old, options);
    }
    let fault = match schema(old) {
        Ok(schema) => return Ok(schema),
        Err(fault) => fault,
    };
    if file.is_some() {
        return if is_meant_as_schema(old) { Err(fault) } else { of_source(old, options) };
    }
    of_source(old, options).map_err(|error| match error.code() {
        Code::NotFound | Code::Usage if is_text_of_schema(old) && fault.code() == Code::Usage => fault,
        _ => error,
    })
}

/// Whether a text that names no source was to be a schema: braces alone make a pattern of file names.
fn is_text_of_schema(old: &str) -> bool {
    !old.trim_start().starts_with('{') || old.contains('"') || ingest::begins_like_schema(old)
}

fn of_source(old: &str, options: Options) -> Result<Vec<SchemaColumn>> {
    Ok(open(&[old.to_owned()], options)?.schema()?.columns_of_schema())
}

/// Whether a file that is no schema was to be one: it is called so, and begins as one.
fn is_meant_as_schema(path: &str) -> bool {
    let is_json = Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    is_json && std::fs::read_to_string(path).is_ok_and(|text| ingest::begins_like_schema(&text))
}

fn changes(diff: &SchemaDiff) -> String {
    let mut table = Table::new([Align::Left; 4]);
    for (name, kind) in &diff.removed {
        table.row(["-".to_owned(), plain(name), kind.to_string(), String::new()]);
    }
    for (name, kind) in &diff.added {
        table.row(["+".to_owned(), plain(name), kind.to_string(), String::new()]);
    }
    for Retyped { name, from, to, widens } in &diff.retyped {
        let note = if *widens { "holds every value of before" } else { "" };
        table.row(["~".to_owned(), plain(name), format!("{from} -> {to}"), note.to_owned()]);
    }
    for Renulled { name, nullable } in &diff.renulled {
        let change = if *nullable { "no nulls -> nulls" } else { "nulls -> no nulls" };
        table.row(["~".to_owned(), plain(name), change.to_owned(), String::new()]);
    }
    for Reread { name, key, from, to } in &diff.reread {
        let change = format!("{key} {} -> {}", said(from), said(to));
        table.row(["~".to_owned(), plain(name), change, String::new()]);
    }
    let same = size::counted(diff.same as u64, "column");
    let order = if diff.reordered { ", in another order" } else { "" };
    format!("{table}{same} as before{order}\n")
}

/// What a schema says, for people.
fn said(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "not said".to_owned(),
        value => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
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
