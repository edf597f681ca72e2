//! `ingest man`: the manual, one page for all commands.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use ingest::{Code, Error, Result};

use crate::cli::Cli;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  ingest man > ingest.1 && man ./ingest.1
  ingest man > /usr/local/share/man/man1/ingest.1";

/// Print the manual page.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Prints the page.
pub(crate) fn run() -> Result<()> {
    let page = page().map_err(|error| Error::new(Code::Io, "cannot write the manual page").caused_by(error))?;
    output::text(&page)
}

/// The page of the program itself, then a section for each command.
fn page() -> io::Result<String> {
    let mut program = Cli::command();
    program.build();
    let man = Man::new(program.clone());
    let mut page = rendered(|out| {
        man.render_title(out)?;
        man.render_name_section(out)?;
        man.render_synopsis_section(out)?;
        man.render_options_section(out)
    })?;
    page.push_str(&examples(&program, "SH"));
    sections(&program, &mut page)?;
    Ok(page)
}

/// A section for each command, behind it those of the commands within it.
fn sections(command: &Command, page: &mut String) -> io::Result<()> {
    for inner in command.get_subcommands() {
        page.push_str(&section(inner)?);
        sections(inner, page)?;
    }
    Ok(())
}

/// One command: its name as a heading, what the program's page has as sections one level down.
fn section(command: &Command) -> io::Result<String> {
    let heading = format!(".SH \"{}\"\n", command.get_bin_name().unwrap_or_default().to_uppercase());
    let man = Man::new(command.clone());
    let body = rendered(|out| {
        man.render_description_section(out)?;
        man.render_synopsis_section(out)?;
        man.render_options_section(out)
    })?;
    Ok(heading + &body.replace("\n.SH ", "\n.SS ") + &examples(command, "SS"))
}

/// The examples as they are typed: neither filled nor hyphenated.
fn examples(command: &Command, level: &str) -> String {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines: Vec<_> = help.lines().skip(1).map(|line| line.replace('\\', "\\e").replace('-', "\\-")).collect();
    format!(".{level} EXAMPLES\n.nf\n{}\n.fi\n", lines.join("\n"))
}

fn rendered(render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<String> {
    let mut bytes = Vec::new();
    render(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
