//! `ingest dataset export` and `import`, `backup` and `check`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use ingest::{Code, Error, Result};
use ingest_dataset::{Definition, Workspace};

use super::{Named, register};
use crate::console::Console;
use crate::options::WebArgs;
use crate::output;

const EXPORT_EXAMPLES: &str = "\
Examples:
  ingest dataset export titanic > titanic.yaml
  ingest dataset export titanic:1";

/// Print the definition of a dataset, to be edited.
#[derive(Debug, clap::Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    dataset: Named,
}

/// Prints it as YAML.
pub(crate) fn export(args: &ExportArgs) -> Result<()> {
    let (_, version) = args.dataset.found()?;
    output::text(&version.definition.to_yaml())
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  ingest dataset import titanic titanic.yaml --new-version
  ingest dataset export a | ingest dataset import b -";

/// Register a dataset from its definition.
#[derive(Debug, clap::Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(crate) struct ImportArgs {
    /// The dataset's name.
    #[arg(value_name = "NAME")]
    name: String,

    /// The definition, as `export` prints it, or an MLTable file or its folder; - is standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    #[command(flatten)]
    pub(crate) register: Registering,
}

/// How it is registered.
#[derive(Debug, clap::Args)]
pub(crate) struct Registering {
    #[command(flatten)]
    said: register::SaidArgs,

    /// Print the version as JSON [default: its name].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    web: WebArgs,
}

/// Registers what the definition stands for.
pub(crate) fn import(args: &ImportArgs, console: &Console) -> Result<()> {
    /// What such a file is called in its folder.
    const MLTABLE: &str = "MLTable";
    let file = if args.file.is_dir() { args.file.join(MLTABLE) } else { args.file.clone() };
    let text = read(&file).map_err(|error| Error::from_io(&file, error))?;
    let definition = Definition::from_yaml(&text, file.parent().unwrap_or(Path::new(""))).map_err(|error| {
        let named = Error::new(error.code(), format!("{}: {}", file.display(), error.message()));
        match error.way_out() {
            Some(way_out) => named.hint(way_out),
            None => named,
        }
    })?;
    let Registering { said, json, web } = &args.register;
    register::register(&args.name, &definition, said, &web.options(), *json, console)
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

const BACKUP_EXAMPLES: &str = "\
Examples:
  ingest dataset backup registry-2026-11-28.sqlite";

/// Copy the registry to a file.
///
/// Others may go on working meanwhile. To go back, while nobody works with it: remove registry.sqlite-wal and registry.sqlite-shm from
/// the workspace, and put the copy in the place of registry.sqlite.
#[derive(Debug, clap::Args)]
#[command(after_help = BACKUP_EXAMPLES)]
pub(crate) struct BackupArgs {
    /// The file, which must not be there yet.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

/// Copies it.
pub(crate) fn backup(args: &BackupArgs, console: &Console) -> Result<()> {
    Workspace::find()?.backup(&args.file)?;
    console.say(&format!("wrote {}", args.file.display()));
    Ok(())
}

const CHECK_EXAMPLES: &str = "\
Examples:
  ingest dataset check";

/// Check whether the registry is sound.
#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(crate) struct CheckArgs {}

/// Checks it, and says what is wrong.
pub(crate) fn check(_: &CheckArgs, console: &Console) -> Result<()> {
    let workspace = Workspace::find()?;
    let faults = workspace.check()?;
    if faults.is_empty() {
        console.say(&format!("{}: the registry is sound", workspace.root().display()));
        return Ok(());
    }
    let message = format!("{}: the registry is damaged: {}", workspace.root().display(), faults.join("; "));
    Err(Error::new(Code::Registry, message).hint("put a copy back that `ingest dataset backup` made"))
}
