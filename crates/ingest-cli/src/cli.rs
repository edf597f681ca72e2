//! What can be typed: the whole command line as data.

use clap::{Parser, Subcommand};

use crate::commands::{
    bench, completions, convert, count, dataset, doctor, download, head, init, man, mount, schema, sniff, unmount,
    validate, version,
};

const EXAMPLES: &str = "\
Examples:
  ingest convert data.csv -o data.parquet
  ingest schema 'logs/*.csv.gz'
  ingest head data.csv -n 5
  cat data.csv | ingest count -";

/// The options about messages stand below those of the command itself in every help.
const MESSAGES_ORDER: usize = 900;

/// The fastest exact way from CSV and JSON to typed columns and Parquet.
#[derive(Debug, Parser)]
#[command(name = "ingest", version, after_help = EXAMPLES, disable_help_subcommand = true, max_term_width = 120)]
pub(crate) struct Cli {
    /// Print errors and rejects only: no summary, no notes, no progress [default: off].
    #[arg(short, long, global = true, display_order = MESSAGES_ORDER)]
    pub(crate) quiet: bool,

    /// Print more about the run: kernel, threads, times, memory, causes of errors [default: off].
    #[arg(short, long, global = true, conflicts_with = "quiet", display_order = MESSAGES_ORDER)]
    pub(crate) verbose: bool,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do, with its options.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Convert CSV or JSON to Parquet, Arrow or CSV.
    Convert(Box<convert::Args>),
    /// Show the exact schema of the whole input.
    Schema(Box<schema::Args>),
    /// Show the first rows as a table.
    Head(Box<head::Args>),
    /// Count the records.
    Count(Box<count::Args>),
    /// Show how a file is written: format, delimiter, quotes, header, and why.
    Sniff(Box<sniff::Args>),
    /// Check whether every value fits a schema.
    Validate(Box<validate::Args>),
    /// Measure how fast a file is read here.
    Bench(Box<bench::Args>),
    /// Make a workspace, in which datasets are registered.
    Init(init::Args),
    /// Register datasets, and look after them.
    Dataset(dataset::Args),
    /// Copy the files of a dataset into a folder.
    Download(download::Args),
    /// Show a dataset as a folder that can be read, until it is unmounted.
    Mount(mount::Args),
    /// Take a mounted dataset away.
    Unmount(unmount::Args),
    /// Say what is missing here: a workspace, permissions, room on the disks, FUSE.
    Doctor(doctor::Args),
    /// Print the completions for a shell.
    Completions(completions::Args),
    /// Print the manual page.
    Man(man::Args),
    /// Print the version and the kernels of this machine.
    Version(version::Args),
}

impl Command {
    /// Whether errors are asked for as JSON too.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Command::Convert(args) => args.json,
            Command::Schema(args) => args.json,
            Command::Count(args) => args.json,
            Command::Sniff(args) => args.json,
            Command::Validate(args) => args.json,
            Command::Bench(args) => args.json,
            Command::Dataset(args) => args.wants_json(),
            Command::Download(args) => args.json,
            Command::Doctor(args) => args.json,
            Command::Head(_)
            | Command::Init(_)
            | Command::Mount(_)
            | Command::Unmount(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Version(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, CommandFactory};

    fn says_its_default(arg: &Arg) -> bool {
        let told = arg.get_help().is_some_and(|help| help.to_string().contains("[default:"));
        told || !arg.get_default_values().is_empty()
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    /// Every command, those within others too.
    fn all_commands() -> Vec<clap::Command> {
        fn within(command: &clap::Command, all: &mut Vec<clap::Command>) {
            all.push(command.clone());
            command.get_subcommands().for_each(|inner| within(inner, all));
        }
        let mut program = Cli::command();
        program.build();
        let mut all = Vec::new();
        within(&program, &mut all);
        all
    }

    #[test]
    fn every_optional_option_says_its_default_once() {
        let own = |arg: &&Arg| !arg.is_positional() && !arg.is_required_set() && arg.get_id() != "help";
        // The program's own --version is no option of a command.
        for command in &all_commands()[1..] {
            for arg in command.get_arguments().filter(own) {
                assert!(says_its_default(arg), "{} {}", command.get_name(), arg.get_id());
            }
        }
    }

    #[test]
    fn every_help_ends_with_examples() {
        for command in &all_commands() {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.starts_with("Examples:\n  "), "{}", command.get_name());
            assert!(
                after.lines().all(|line| line.len() < 80),
                "{}: an example that wraps cannot be copied",
                command.get_name()
            );
        }
    }
}
