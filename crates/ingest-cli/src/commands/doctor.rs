//! `ingest doctor`: what stands in the way of working here.

use ingest::{Code, Error, Result};
use ingest_dataset::Finding;
use serde_json::json;

use crate::output;
use crate::table::{Align, Table, plain};

const EXAMPLES: &str = "\
Examples:
  ingest doctor
  ingest doctor --json";

/// Say what is missing here: a workspace, permissions, room on the disks, FUSE.
///
/// Exits with 1 where something is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Print the findings as JSON [default: a table].
    #[arg(long)]
    pub(crate) json: bool,
}

/// Looks, and prints what was found.
pub(crate) fn run(args: &Args) -> Result<()> {
    let findings = [ingest_dataset::examine(), ingest_mount::examine()].concat();
    if args.json {
        let fact = |finding: &Finding| json!({"what": finding.what, "fine": finding.way_out.is_none(), "found": finding.found, "hint": finding.way_out});
        output::json(&json!({"findings": findings.iter().map(fact).collect::<Vec<_>>()}))?;
    } else {
        output::text(&table(&findings))?;
    }
    match findings.iter().filter(|finding| finding.way_out.is_some()).count() {
        0 => Ok(()),
        1 => Err(Error::new(Code::Io, "one thing is missing")),
        count => Err(Error::new(Code::Io, format!("{count} things are missing"))),
    }
}

fn table(findings: &[Finding]) -> String {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for finding in findings {
        let state = if finding.way_out.is_none() { "fine" } else { "missing" };
        table.row([finding.what.to_owned(), state.to_owned(), plain(&finding.found)]);
        if let Some(way_out) = &finding.way_out {
            table.row([String::new(), String::new(), format!("hint: {way_out}")]);
        }
    }
    table.to_string()
}
