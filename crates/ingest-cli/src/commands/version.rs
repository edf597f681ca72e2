//! `ingest version`: name, version, kernels.

use ingest::{Code, Error, Kernel, Result};

use crate::output;

const EXAMPLES: &str = "\
Examples:
  ingest version
  INGEST_KERNEL=portable ingest version";

/// Print the version and the kernels of this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Prints both.
pub(crate) fn run() -> Result<()> {
    let names: Vec<_> = Kernel::available().into_iter().map(Kernel::name).collect();
    let used = Kernel::select().map_err(|error| Error::new(Code::Usage, error.to_string()).caused_by(error))?;
    output::text(&format!("ingest {}\nkernels: {} (in use: {used})\n", env!("CARGO_PKG_VERSION"), names.join(", ")))
}
