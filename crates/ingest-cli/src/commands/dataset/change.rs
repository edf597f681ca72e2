//! `ingest dataset update`, `tag`, `unregister` and `gc`.

use std::collections::BTreeMap;

use ingest::Result;
use ingest_dataset::Workspace;

use super::{Named, register};
use crate::console::Console;
use crate::size;

const UPDATE_EXAMPLES: &str = "\
Examples:
  ingest dataset update titanic --description 'passengers and crew'";

/// Change the description of a dataset.
#[derive(Debug, clap::Args)]
#[command(after_help = UPDATE_EXAMPLES)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    dataset: Named,

    /// What it is.
    #[arg(long, value_name = "TEXT", required = true)]
    description: String,
}

/// Changes it.
pub(crate) fn update(args: &UpdateArgs) -> Result<()> {
    let (workspace, version) = args.dataset.found()?;
    workspace.describe(&version, Some(&args.description), &BTreeMap::new())
}

const TAG_EXAMPLES: &str = "\
Examples:
  ingest dataset tag titanic split=train checked=yes
  ingest dataset tag titanic:1 --remove checked";

/// Add tags to a dataset, or remove them.
#[derive(Debug, clap::Args)]
#[command(after_help = TAG_EXAMPLES)]
pub(crate) struct TagArgs {
    #[command(flatten)]
    dataset: Named,

    /// Tags, as source=kaggle; one of a key that there is replaces its value.
    #[arg(value_name = "KEY=VALUE", value_parser = register::tag, required_unless_present = "remove")]
    tags: Vec<(String, String)>,

    /// Remove the tag of this key; may be repeated [default: none].
    #[arg(long, value_name = "KEY")]
    remove: Vec<String>,
}

/// Changes them.
pub(crate) fn tag(args: &TagArgs) -> Result<()> {
    let (workspace, version) = args.dataset.found()?;
    let removed = args.remove.iter().map(|key| (key.clone(), None));
    let tags = removed.chain(args.tags.iter().map(|(key, value)| (key.clone(), Some(value.clone()))));
    workspace.describe(&version, None, &tags.collect())
}

const UNREGISTER_EXAMPLES: &str = "\
Examples:
  ingest dataset unregister titanic";

/// Take the name of a dataset away.
///
/// Its files are not touched. Its versions are found by their ids until `gc`, and their numbers are not given again.
#[derive(Debug, clap::Args)]
#[command(after_help = UNREGISTER_EXAMPLES)]
pub(crate) struct UnregisterArgs {
    /// The dataset's name.
    #[arg(value_name = "NAME")]
    name: String,
}

/// Takes it away.
pub(crate) fn unregister(args: &UnregisterArgs, console: &Console) -> Result<()> {
    let versions = Workspace::find()?.unregister(&args.name)?;
    console.say(&format!("unregistered {}: {}", args.name, size::counted(versions as u64, "version")));
    Ok(())
}

const GC_EXAMPLES: &str = "\
Examples:
  ingest dataset gc";

/// Delete what was unregistered, and copies that no dataset needs.
#[derive(Debug, clap::Args)]
#[command(after_help = GC_EXAMPLES)]
pub(crate) struct GcArgs {}

/// Deletes it, and says how much.
pub(crate) fn gc(_: &GcArgs, console: &Console) -> Result<()> {
    let cleared = Workspace::find()?.clear()?;
    let versions = size::counted(cleared.versions as u64, "version");
    let (files, bytes) = (size::counted(cleared.files, "file"), size::show(cleared.bytes));
    console.say(&format!("deleted: {versions}, {files}, {bytes}"));
    Ok(())
}
