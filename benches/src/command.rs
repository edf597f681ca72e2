//! What the programs here do alike: help, messages, exit status.

use std::io;
use std::process::ExitCode;

/// Runs a program called `name`. `work` takes its arguments: an error is one of these, told with the usage and status 2; a
/// failure of what it does has status 1, but for a reader of its output who had enough.
#[allow(clippy::print_stderr, clippy::print_stdout, reason = "a command's messages go to the terminal")]
pub fn run_command(
    name: &str,
    usage: &str,
    work: impl FnOnce(&[String]) -> Result<io::Result<()>, String>,
) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "-h" || argument == "--help") {
        print!("{usage}");
        return ExitCode::SUCCESS;
    }
    match work(&arguments) {
        Err(message) => {
            eprintln!("{name}: {message}\n\n{usage}");
            ExitCode::from(2)
        }
        Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
        Ok(_) => ExitCode::SUCCESS,
    }
}
