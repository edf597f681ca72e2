//! The `ingest` command.
//!
//! In: what was typed. Out: data on standard output or in files, messages on standard error, an exit status. Everything
//! that is true of the data is the library's (`ingest`); here are only the words for it.

mod cli;
mod commands;
mod console;
mod ddl;
mod interrupt;
mod options;
mod output;
mod progress;
mod size;
mod storage;
mod table;
mod words;

use std::process::ExitCode;

use clap::Parser;
use ingest::Result;

use cli::{Cli, Command};
use console::Console;

/// Batches are made on one thread and freed on another: there this allocator is far ahead of the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(point) = commands::mount::guarded() {
        ingest_mount::stand_guard(&point);
        return ExitCode::SUCCESS;
    }
    say_nothing_of_caught_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return console::usage(&error),
    };
    let console = Console::new(cli.quiet, cli.verbose);
    match run(&cli.command, &console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if output::reader_left() => ExitCode::SUCCESS,
        Err(error) => console.failure(&error, cli.command.wants_json()),
    }
}

/// They are told as errors.
fn say_nothing_of_caught_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !ingest::panics_are_caught() {
            usual(panic);
        }
    }));
}

fn run(command: &Command, console: &Console) -> Result<()> {
    match command {
        Command::Convert(args) => commands::convert::run(args, console),
        Command::Schema(args) => commands::schema::run(args, console),
        Command::Head(args) => commands::head::run(args, console),
        Command::Count(args) => commands::count::run(args, console),
        Command::Sniff(args) => commands::sniff::run(args, console),
        Command::Validate(args) => commands::validate::run(args, console),
        Command::Bench(args) => commands::bench::run(args),
        Command::Init(args) => commands::init::run(args, console),
        Command::Dataset(args) => commands::dataset::run(args, console),
        Command::Download(args) => commands::download::run(args, console),
        Command::Mount(args) => commands::mount::run(args, console),
        Command::Unmount(args) => commands::unmount::run(args, console),
        Command::Doctor(args) => commands::doctor::run(args),
        Command::Completions(args) => commands::completions::run(args),
        Command::Man(_) => commands::man::run(),
        Command::Version(_) => commands::version::run(),
    }
}
