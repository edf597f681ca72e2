//! `ingest download`: the files of a dataset, copied.

use std::path::{Path, PathBuf};

use clap::ValueHint;
use ingest::{Code, Error, Options, Result};
use ingest_dataset::{Download, Downloaded, Version, Workspace};
use serde_json::json;

use crate::commands::dataset::Named;
use crate::console::Console;
use crate::options::WebArgs;
use crate::{output, size};

const EXAMPLES: &str = "\
Examples:
  ingest download images data/images
  ingest download images:3 data/images --overwrite";

/// Copy the files of a dataset into a folder.
///
/// Every file arrives with the bytes that were registered, or the command fails. One that is there already is not copied again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    dataset: Named,

    /// The folder, which is made if need be.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,

    /// Replace other files of the same names [default: refuse].
    #[arg(long)]
    overwrite: bool,

    /// Leave out files that are gone, and say so [default: fail].
    #[arg(long)]
    ignore_not_found: bool,

    /// Print what was copied as JSON [default: one line on standard error].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    web: WebArgs,
}

/// Copies, and says what.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let (workspace, version) = args.dataset.found()?;
    let how = Download { overwrite: args.overwrite, ignore_not_found: args.ignore_not_found };
    let done = download(&workspace, &version, &args.folder, how, &args.web.options(), console)?;
    if args.json {
        let (files, bytes, present) = (done.files, done.bytes, done.present);
        return output::json(&json!({"files": files, "bytes": bytes, "present": present, "missing": done.missing}));
    }
    summary(&version, &done, console);
    Ok(())
}

/// Copies, and tells the files that are gone.
pub(crate) fn download(
    workspace: &Workspace,
    version: &Version,
    folder: &Path,
    how: Download,
    run: &Options,
    console: &Console,
) -> Result<Downloaded> {
    let done = workspace.download(version, folder, how, run)?;
    for path in &done.missing {
        console.insist(&format!("missing: {path}"));
    }
    if done.files + done.present == 0 && !done.missing.is_empty() {
        return Err(Error::new(Code::NotFound, format!("none of the files of {} is there", version.label())));
    }
    Ok(done)
}

/// Says in one line what was copied.
pub(crate) fn summary(version: &Version, done: &Downloaded, console: &Console) {
    let present =
        if done.present > 0 { format!(", {} there already", size::grouped(done.present)) } else { String::new() };
    let (files, bytes) = (size::counted(done.files, "file"), size::show(done.bytes));
    console.say(&format!("downloaded {}: {files}, {bytes}{present}", version.label()));
}
