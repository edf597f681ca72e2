//! `ingest dataset register`: a name for a table or files.

use std::collections::BTreeMap;

use clap::ValueHint;
use ingest::{Code, Error, Options, Result};
use ingest_dataset::{Definition, Reference, Registration, Which, Workspace};

use crate::console::Console;
use crate::options::ReadArgs;
use crate::progress::Progress;
use crate::{interrupt, output, size};

const EXAMPLES: &str = "\
Examples:
  ingest dataset register titanic data/titanic.csv --description 'passengers'
  ingest dataset register sales 'sales/*/*.csv' --hive --snapshot --new-version
  ingest dataset register images photos --files";

/// Give a table or files a name, in a version that never changes.
///
/// Every file is read and hashed, and a table read. Sources whose content the name stands for already are not registered again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The dataset's name.
    #[arg(value_name = "NAME")]
    name: String,

    /// Files, folders, patterns as 'data/*.csv', web addresses.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// A dataset of files, whatever is in them [default: a table].
    #[arg(long)]
    files: bool,

    #[command(flatten)]
    pub(crate) said: SaidArgs,

    /// Print the version as JSON [default: its name].
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    read: ReadArgs,
}

/// What is said of a dataset, and how it is kept.
#[derive(Debug, clap::Args)]
pub(crate) struct SaidArgs {
    /// What it is [default: nothing].
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// A mark, as source=kaggle; may be repeated [default: none].
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,

    /// Register another content under a name that is taken, as its next version [default: refuse].
    #[arg(long)]
    new_version: bool,

    /// Keep a copy of the files in the workspace, so that the version outlives them [default: remember what they held].
    #[arg(long)]
    snapshot: bool,

    /// Do not read the table: its rows and columns are then not on record [default: read it].
    #[arg(long)]
    no_validate: bool,
}

impl SaidArgs {
    pub(super) fn registration(&self) -> Registration {
        Registration {
            description: self.description.clone(),
            tags: self.tags.iter().cloned().collect::<BTreeMap<_, _>>(),
            new_version: self.new_version,
            snapshot: self.snapshot,
            unread: self.no_validate,
        }
    }
}

/// Reads `key=value`.
pub(super) fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("{text:?} is not of the form key=value")),
    }
}

/// Registers, and says what.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let progress = Progress::start(console);
    let options = args.read.options(&progress)?;
    let definition = if args.files {
        if let Some(option) = options.settings().keys().next() {
            let message = format!("with --files nothing is read, so the option {option:?} means nothing");
            return Err(Error::new(Code::Usage, message));
        }
        Definition::files(&args.sources, Vec::new())?
    } else {
        Definition::tabular(&args.sources, &options, Vec::new())?
    };
    let run = options.without_settings();
    register(&args.name, &definition, &args.said, &run, args.json, console)
}

/// Registers a definition, and says what came of it.
pub(super) fn register(
    name: &str,
    definition: &Definition,
    said: &SaidArgs,
    run: &Options,
    json: bool,
    console: &Console,
) -> Result<()> {
    let workspace = Workspace::find()?;
    let run = Options { cancel: Some(interrupt::flag()), ..run.clone() };
    let done = workspace.register(name, definition, &said.registration(), &run)?;
    let version = &done.version;
    let files = workspace.files(version)?;
    let bytes = files.iter().map(|file| file.fingerprint.size).sum();
    let rows = version.rows.map_or(String::new(), |rows| format!("{}, ", size::counted(rows, "row")));
    let latest = workspace.get(&Reference::Name(version.name.clone(), Which::Latest))?.number;
    let verb = match done.was_there {
        true if latest != version.number => format!("is registered already (the latest version is {latest}, another)"),
        true => "is registered already".to_owned(),
        false => "registered".to_owned(),
    };
    let (files, bytes) = (size::counted(files.len() as u64, "file"), size::show(bytes));
    console.say(&format!("{verb}: {}, {rows}{files}, {bytes}", version.label()));
    if json { output::json(&version.to_json()) } else { output::line(&version.label()) }
}
