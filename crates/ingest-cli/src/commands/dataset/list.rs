//! `ingest dataset list` and `versions`.

use ingest::Result;
use ingest_dataset::{Version, Workspace};
use serde_json::json;

use crate::table::{Align, Table, plain};
use crate::{output, size};

const LIST_EXAMPLES: &str = "\
Examples:
  ingest dataset list
  ingest dataset list --json";

/// Show all datasets.
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ListArgs {
    /// Print them as JSON [default: a table].
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints all names, each with its latest version.
pub(crate) fn list(args: &ListArgs) -> Result<()> {
    let names = Workspace::find()?.names()?;
    if args.json {
        let fact = |name: &ingest_dataset::Summary| {
            json!({"name": name.name, "latest": name.latest, "versions": name.versions, "id": name.id, "rows": name.rows,
                "files": name.files, "bytes": name.bytes, "description": name.description})
        };
        return output::json(&json!({"datasets": names.iter().map(fact).collect::<Vec<_>>()}));
    }
    use Align::{Left, Right};
    let mut table = Table::new([Left, Right, Right, Right, Right, Left]);
    table.row(["name", "latest", "rows", "files", "bytes", "description"]);
    for name in &names {
        table.row([
            plain(&name.name),
            name.latest.to_string(),
            name.rows.map_or_else(|| "-".to_owned(), size::grouped),
            size::grouped(name.files),
            size::show(name.bytes),
            plain(name.description.as_deref().unwrap_or_default()),
        ]);
    }
    output::text(&table.to_string())
}

const VERSIONS_EXAMPLES: &str = "\
Examples:
  ingest dataset versions titanic
  ingest dataset versions titanic --json";

/// Show all versions of a dataset.
#[derive(Debug, clap::Args)]
#[command(after_help = VERSIONS_EXAMPLES)]
pub(crate) struct VersionsArgs {
    /// The dataset's name.
    #[arg(value_name = "NAME")]
    name: String,

    /// Print them as JSON [default: a table].
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints them, the first one first.
pub(crate) fn versions(args: &VersionsArgs) -> Result<()> {
    let workspace = Workspace::find()?;
    // A name that there is not has its error; a version or an id stands for its name.
    let name = workspace.get(&args.name.parse()?)?.name;
    let versions = workspace.versions(&name)?;
    if args.json {
        let facts: Vec<_> = versions.iter().map(Version::to_json).collect();
        return output::json(&json!({"versions": facts}));
    }
    use Align::{Left, Right};
    let mut table = Table::new([Right, Left, Right, Left, Left, Left]);
    table.row(["version", "registered", "rows", "snapshot", "id", "tags"]);
    for version in &versions {
        let tags: Vec<String> = version.tags.iter().map(|(tag, value)| plain(&format!("{tag}={value}"))).collect();
        table.row([
            version.number.to_string(),
            version.created_at.clone(),
            version.rows.map_or_else(|| "-".to_owned(), size::grouped),
            if version.is_snapshot { "yes" } else { "no" }.to_owned(),
            version.id.clone(),
            tags.join(" "),
        ]);
    }
    output::text(&table.to_string())
}
