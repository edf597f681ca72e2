//! `ingest unmount`: what was mounted is taken away.

use std::path::PathBuf;

use clap::ValueHint;
use ingest::Result;
use ingest_mount::Unmounted;

use crate::console::Console;

const EXAMPLES: &str = "\
Examples:
  ingest unmount data/images";

/// Take a mounted dataset away.
///
/// Where its files are still in use it is out of sight at once, and gone when they no longer are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder at which it is mounted.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
}

/// Unmounts, and says how.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let folder = args.folder.display();
    match ingest_mount::unmount(&args.folder)? {
        Unmounted::Now => console.say(&format!("unmounted {folder}")),
        Unmounted::OnceUnused => {
            console.say(&format!("unmounted {folder}: its files are in use, and are served until they no longer are"));
        }
    }
    Ok(())
}
