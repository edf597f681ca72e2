//! `ingest validate`: does every value fit the schema?

use clap::ValueHint;
use ingest::{Code, Error, OnError, Report, Result};

use crate::console::Console;
use crate::options::{ReadArgs, RejectsArgs, SCHEMA_FORMS, open};
use crate::output;
use crate::progress::Progress;
use crate::size::{counted, grouped};

const EXAMPLES: &str = "\
Examples:
  ingest validate data.csv --schema schema.json
  ingest validate data.csv --schema 'id:int64,name:utf8' --rejects bad.csv
  ingest validate data.csv --schema s.json --on-error reject --max-errors 0.1%";

/// Check whether every value fits a schema, which --schema gives.
///
/// The first value that does not fit, or null where the schema has none, is an error (exit status 3). With --rejects, all records that do not fit are
/// written before it ends so; with --on-error reject or null they are borne, up to --max-errors.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders, patterns as 'data/*.csv', web addresses; - is standard input.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// Print the report as JSON on standard output [default: a line on standard error].
    #[arg(long)]
    pub(crate) json: bool,

    /// Replace the table of --rejects if it exists [default: refuse].
    #[arg(long)]
    overwrite: bool,

    #[command(flatten)]
    read: ReadArgs,

    #[command(flatten)]
    rejects: RejectsArgs,
}

/// Reads everything against the schema and says whether it fits.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    if args.read.types.schema.is_none() {
        return Err(Error::new(Code::Usage, "validate needs --schema").hint(SCHEMA_FORMS));
    }
    let progress = Progress::start(console);
    let mut options = args.read.options(&progress)?;
    args.rejects.fill(&mut options, args.overwrite);
    if args.collects() {
        options.on_error = OnError::Reject;
    }
    let report = open(&args.sources, options)?.validate()?;
    drop(progress);
    console.notes(&report);
    console.losses(&report);
    if args.json {
        output::json(&report.to_json())?;
    }
    args.verdict(&report, console)
}

impl Args {
    /// Whether rejects are to be written although nobody said that they are borne.
    fn collects(&self) -> bool {
        self.read.faults.on_error.is_none() && self.rejects.rejects.is_some()
    }

    fn verdict(&self, report: &Report, console: &Console) -> Result<()> {
        if self.collects() && report.rejected > 0 {
            return Err(self.unfit(report));
        }
        if !self.json {
            console.summary("checked", report);
        }
        Ok(())
    }

    fn unfit(&self, report: &Report) -> Error {
        let (bad, all) = (counted(report.rejected, "record"), grouped(report.rows_in));
        let file = self.rejects.rejects.as_deref().unwrap_or("the rejects".as_ref()).display();
        Error::new(Code::BadValue, format!("{bad} of {all} did not fit the schema"))
            .hint(format!("{file} holds them with place and reason; --on-error reject bears them"))
    }
}
