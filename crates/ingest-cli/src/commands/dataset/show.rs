//! `ingest dataset show`, `verify` and `diff`.

use ingest::{Code, Error, Result};
use ingest_dataset::{Check, Version, VersionDiff};
use serde_json::{Value, json};

use super::{Named, found};
use crate::console::Console;
use crate::options::WebArgs;
use crate::table::{Align, Table, plain};
use crate::{output, size};

const SHOW_EXAMPLES: &str = "\
Examples:
  ingest dataset show titanic
  ingest dataset show titanic:1 --json";

/// Show what is on record of a dataset.
#[derive(Debug, clap::Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    dataset: Named,

    /// Print it as JSON, with its files [default: as text].
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints it; nothing is read but the registry.
pub(crate) fn run(args: &Args) -> Result<()> {
    let (workspace, version) = args.dataset.found()?;
    let files = workspace.files(&version)?;
    if args.json {
        let file = |file: &ingest_dataset::VersionFile| {
            let hash: String = file.fingerprint.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"name": file.name, "relative": file.relative, "size": file.fingerprint.size, "blake3": hash})
        };
        let mut facts = version.to_json();
        facts["files"] = files.iter().map(file).collect();
        return output::json(&facts);
    }
    let bytes = files.iter().map(|file| file.fingerprint.size).sum();
    let mut table = facts(&version);
    let of_files = format!("{}, {}", size::counted(files.len() as u64, "file"), size::show(bytes));
    table.row(["files", of_files.as_str()]);
    let columns = version.columns().unwrap_or_default();
    let columns = if columns.is_empty() { String::new() } else { format!("{}\n", columns_table(&columns)) };
    output::text(&format!("{table}\n{columns}{}", version.definition.to_yaml()))
}

fn facts(version: &Version) -> Table {
    let mut table = Table::new([Align::Left, Align::Left]);
    let tags: Vec<String> = version.tags.iter().map(|(tag, value)| format!("{tag}={value}")).collect();
    let snapshot = if version.is_snapshot { "kept in the workspace" } else { "where its sources are" };
    let rows = [
        ("name", Some(version.label())),
        ("id", Some(version.id.clone())),
        ("description", version.description.clone()),
        ("tags", (!tags.is_empty()).then(|| tags.join(" "))),
        ("registered", Some(version.created_at.clone())),
        ("data changed", version.data_changed_at.clone()),
        ("data", Some(snapshot.to_owned())),
        ("rows", version.rows.map(size::grouped)),
    ];
    for (fact, value) in rows.into_iter().filter_map(|(fact, value)| Some((fact, value?))) {
        table.row([fact.to_owned(), plain(&value)]);
    }
    table
}

fn columns_table(columns: &[Value]) -> Table {
    let mut table = Table::new([Align::Left, Align::Left, Align::Right]);
    table.row(["column", "type", "nulls"]);
    let text = |value: &Value| plain(value.as_str().unwrap_or_default());
    for column in columns {
        let nulls = column["nulls"].as_u64().map_or_else(String::new, size::grouped);
        table.row([text(&column["name"]), text(&column["type"]), nulls]);
    }
    table
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  ingest dataset verify titanic
  ingest dataset verify titanic:1 --json";

/// Read every file again, and compare it with what was registered.
///
/// Exits with 5 where something changed.
#[derive(Debug, clap::Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    dataset: Named,

    /// Print what changed as JSON [default: a line a file].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    web: WebArgs,
}

/// Reads and compares.
pub(crate) fn verify(args: &VerifyArgs, console: &Console) -> Result<()> {
    let (workspace, version) = args.dataset.found()?;
    let changes = workspace.changes(&version, Check::Thorough, &args.web.options())?;
    if args.json {
        let change = |change: &ingest_dataset::Change| json!({"path": change.path, "change": change.to_string()});
        output::json(&json!({"changed": changes.iter().map(change).collect::<Vec<_>>()}))?;
    } else {
        changes.iter().try_for_each(|change| output::line(&change.to_string()))?;
    }
    if changes.is_empty() {
        console.say(&format!("{}: every file is what it was", version.label()));
        return Ok(());
    }
    let files = size::counted(changes.len() as u64, "file");
    Err(Error::new(Code::ContentChanged, format!("{}: {files} changed since it was registered", version.label())))
}

const DIFF_EXAMPLES: &str = "\
Examples:
  ingest dataset diff titanic:1 titanic:2
  ingest dataset diff titanic:1 titanic --json";

/// Show what differs between two versions.
#[derive(Debug, clap::Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(crate) struct DiffArgs {
    /// The version before.
    #[arg(value_name = "NAME[:V]")]
    before: String,

    /// The version after.
    #[arg(value_name = "NAME[:V]")]
    after: String,

    /// Print the differences as JSON [default: as text].
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compares what is on record.
pub(crate) fn diff(args: &DiffArgs) -> Result<()> {
    let (workspace, before) = found(&args.before)?;
    let after = workspace.get(&args.after.parse()?)?;
    let diff = workspace.diff(&before, &after)?;
    if args.json {
        return output::json(&diff.to_json());
    }
    output::text(&differences(&diff))
}

fn differences(diff: &VersionDiff) -> String {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    let mut row = |sign: &str, what: &str, note: String| table.row([sign.to_owned(), plain(what), note]);
    diff.removed.iter().for_each(|path| row("-", path, String::new()));
    diff.added.iter().for_each(|path| row("+", path, String::new()));
    for (path, from, to) in &diff.changed {
        row("~", path, format!("{} -> {}", size::show(*from), size::show(*to)));
    }
    if let Some(schema) = &diff.schema {
        schema.removed.iter().for_each(|(name, kind)| row("-", name, kind.to_string()));
        schema.added.iter().for_each(|(name, kind)| row("+", name, kind.to_string()));
        schema.retyped.iter().for_each(|column| row("~", &column.name, format!("{} -> {}", column.from, column.to)));
    }
    for (name, from, to) in &diff.nulls {
        row("~", name, format!("{} -> {} nulls", size::grouped(*from), size::grouped(*to)));
    }
    if let Some((from, to)) = diff.rows.filter(|(from, to)| from != to) {
        row("~", "rows", format!("{} -> {}", size::grouped(from), size::grouped(to)));
    }
    format!("{table}{} as before\n", size::counted(diff.same as u64, "file"))
}
