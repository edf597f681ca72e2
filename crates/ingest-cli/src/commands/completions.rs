//! `ingest completions`: what a shell needs to complete our options.

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use ingest::Result;

use crate::cli::Cli;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  ingest completions bash > /etc/bash_completion.d/ingest
  ingest completions zsh > \"${fpath[1]}/_ingest\"
  ingest completions fish > ~/.config/fish/completions/ingest.fish";

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell.
    shell: Known,
}

/// The shells whose completions are tested.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script.
pub(crate) fn run(args: &Args) -> Result<()> {
    let shell = match args.shell {
        Known::Bash => Shell::Bash,
        Known::Zsh => Shell::Zsh,
        Known::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ingest", &mut script);
    output::bytes(&script)
}
