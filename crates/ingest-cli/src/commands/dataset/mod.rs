//! `ingest dataset`: what is done with datasets by name.

mod carry;
mod change;
mod list;
mod register;
mod show;

use clap::Subcommand;
use ingest::Result;
use ingest_dataset::{Version, Workspace};

use crate::console::Console;

const EXAMPLES: &str = "\
Examples:
  ingest dataset register titanic data/titanic.csv --tag source=kaggle
  ingest dataset list
  ingest head dataset:titanic
  ingest convert dataset:titanic:1 -o titanic.parquet";

/// Register datasets, and look after them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What to do, with its options.
#[derive(Debug, Subcommand)]
enum Action {
    /// Give a table or files a name, in a version that never changes.
    Register(Box<register::Args>),
    /// Show all datasets.
    List(list::ListArgs),
    /// Show what is on record of a dataset.
    Show(show::Args),
    /// Show all versions of a dataset.
    Versions(list::VersionsArgs),
    /// Read every file again, and compare it with what was registered.
    Verify(show::VerifyArgs),
    /// Show what differs between two versions.
    Diff(show::DiffArgs),
    /// Change the description of a dataset.
    Update(change::UpdateArgs),
    /// Add tags to a dataset, or remove them.
    Tag(change::TagArgs),
    /// Take the name of a dataset away.
    Unregister(change::UnregisterArgs),
    /// Print the definition of a dataset, to be edited.
    Export(carry::ExportArgs),
    /// Register a dataset from its definition.
    Import(carry::ImportArgs),
    /// Delete what was unregistered, and copies that no dataset needs.
    Gc(change::GcArgs),
    /// Copy the registry to a file.
    Backup(carry::BackupArgs),
    /// Check whether the registry is sound.
    Check(carry::CheckArgs),
}

impl Args {
    /// Whether errors are asked for as JSON too.
    pub(crate) fn wants_json(&self) -> bool {
        match &self.action {
            Action::Register(args) => args.json,
            Action::List(args) => args.json,
            Action::Show(args) => args.json,
            Action::Versions(args) => args.json,
            Action::Verify(args) => args.json,
            Action::Diff(args) => args.json,
            Action::Import(args) => args.register.json,
            _ => false,
        }
    }
}

/// Does it.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    match &args.action {
        Action::Register(args) => register::run(args, console),
        Action::List(args) => list::list(args),
        Action::Show(args) => show::run(args),
        Action::Versions(args) => list::versions(args),
        Action::Verify(args) => show::verify(args, console),
        Action::Diff(args) => show::diff(args),
        Action::Update(args) => change::update(args),
        Action::Tag(args) => change::tag(args),
        Action::Unregister(args) => change::unregister(args, console),
        Action::Export(args) => carry::export(args),
        Action::Import(args) => carry::import(args, console),
        Action::Gc(args) => change::gc(args, console),
        Action::Backup(args) => carry::backup(args, console),
        Action::Check(args) => carry::check(args, console),
    }
}

/// The one dataset that a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// The dataset, as NAME, NAME:3, NAME:latest or an id.
    #[arg(value_name = "NAME[:V]")]
    name: String,
}

impl Named {
    /// As it was typed.
    pub(crate) fn as_typed(&self) -> &str {
        &self.name
    }

    /// The workspace, and the version that is meant.
    pub(crate) fn found(&self) -> Result<(Workspace, Version)> {
        found(&self.name)
    }
}

fn found(name: &str) -> Result<(Workspace, Version)> {
    let workspace = Workspace::find()?;
    let version = workspace.get(&name.parse()?)?;
    Ok((workspace, version))
}
