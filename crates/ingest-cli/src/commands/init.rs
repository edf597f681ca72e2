//! `ingest init`: a workspace.

use std::path::PathBuf;

use clap::ValueHint;
use ingest::Result;
use ingest_dataset::Workspace;

use crate::console::Console;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  ingest init
  ingest init /data/space && export INGEST_WORKSPACE=/data/space";

/// Make a workspace, in which datasets are registered.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder, which is the workspace itself [default: INGEST_WORKSPACE, else the nearest .ingest upward or at home, else a new
    /// ./.ingest].
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: Option<PathBuf>,
}

/// Makes it, or finds that it is there, and prints where.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let root = args.folder.clone().unwrap_or_else(Workspace::usual_root);
    let was_there = Workspace::open(&root).is_ok();
    let workspace = Workspace::create(&root)?;
    console.say(if was_there { "the workspace is there already" } else { "made a workspace" });
    output::line(&workspace.root().display().to_string())
}
