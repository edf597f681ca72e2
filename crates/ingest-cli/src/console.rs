//! Messages for the person at the terminal: all on standard error.

use std::error::Error as _;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use ingest::{Error, Report};

use crate::size::{counted, gigabytes_per_second, grouped, show};
use crate::table::plain;

/// How talkative the command is.
pub(crate) struct Console {
    quiet: bool,
    verbose: bool,
}

impl Console {
    /// `quiet`: errors and rejects only; `verbose`: more about the run.
    pub(crate) fn new(quiet: bool, verbose: bool) -> Self {
        Console { quiet, verbose }
    }

    /// Whether somebody would see a progress bar.
    pub(crate) fn draws_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Says one line, unless quiet.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            print(line);
        }
    }

    /// Says one line even when quiet: nothing is left out silently.
    pub(crate) fn insist(&self, line: &str) {
        print(line);
    }

    /// What a careful reader should know, unless quiet.
    pub(crate) fn notes(&self, report: &Report) {
        for note in &report.notes {
            self.say(&format!("note: {note}"));
        }
    }

    /// What did not go into the result as it was read. Said even when quiet: nothing is changed silently.
    pub(crate) fn losses(&self, report: &Report) {
        for line in losses(report) {
            print(&line);
        }
    }

    /// What was done, in one line that begins with `verb`; two when verbose.
    pub(crate) fn summary(&self, verb: &str, report: &Report) {
        let rows = counted(report.rows_out, "row");
        let columns = counted(report.columns.len() as u64, "column");
        let speed = gigabytes_per_second(report.bytes_in, report.seconds);
        let speed = speed.map_or(String::new(), |speed| format!(" ({speed:.2} GB/s)"));
        let bytes_out = if report.bytes_out > 0 { format!(", {}", show(report.bytes_out)) } else { String::new() };
        self.say(&format!("{verb}: {rows}, {columns}{bytes_out} in {:.2} s{speed}", report.seconds));
        if self.verbose {
            print(&run_facts(report));
        }
    }

    /// Shows the error in the form that was asked for; its exit status.
    pub(crate) fn failure(&self, error: &Error, json: bool) -> ExitCode {
        if json {
            print(&error.to_json().to_string());
        } else {
            print(&error.render());
        }
        if self.verbose && !json {
            let mut cause = error.source();
            while let Some(error) = cause {
                print(&format!("  caused by: {error}"));
                cause = error.source();
            }
        }
        ExitCode::from(error.code().exit_status())
    }
}

/// Shows help (on standard output) or what is wrong with the command line (on standard error); the exit status.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Whoever asked for the help may have left; there is nobody to tell.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// A closed standard error is no reason to stop the work.
fn print(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn run_facts(report: &Report) -> String {
    format!(
        "read {} from {}; kernel {}, {}, {:.2} s of processor time, at most {} of memory",
        show(report.bytes_in),
        counted(report.sources.len() as u64, "source"),
        report.kernel,
        counted(report.threads as u64, "thread"),
        report.cpu_seconds,
        show(report.peak_memory_bytes),
    )
}

/// One line for each kind of loss, the first of the records or values concerned, and nothing where nothing was lost.
fn losses(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if report.rejected > 0 {
        lines.push(format!("rejected: {} of {}", counted(report.rejected, "record"), grouped(report.rows_in)));
    }
    if report.nulled > 0 {
        lines.push(format!("nulled: {} that did not fit the type of the column", counted(report.nulled, "value")));
    }
    lines.extend(by_column(report));
    if !lines.is_empty() {
        lines.extend(report.first_rejects.iter().take(Report::FIRST_REJECTS).map(reject_line));
    }
    if report.dropped_fields > 0 {
        lines.push(format!("dropped: {} beyond the last column", counted(report.dropped_fields, "field")));
    }
    lines
}

/// How many values of each column did not fit, where some are told of several columns.
fn by_column(report: &Report) -> Option<String> {
    /// More than these would hide what else there is to tell.
    const COLUMNS_MAX: usize = 10;
    let bad: Vec<_> = report.columns.iter().filter(|column| column.errors > 0).collect();
    let told = bad.iter().take(COLUMNS_MAX).map(|column| format!("{} {}", plain(&column.name), grouped(column.errors)));
    let told = told.collect::<Vec<_>>().join(", ");
    match bad.len() {
        0 | 1 => None,
        known if known <= COLUMNS_MAX => Some(format!("values that did not fit, by column: {told}")),
        more => Some(format!("values that did not fit, by column: {told}, and in {} more", more - COLUMNS_MAX)),
    }
}

fn reject_line(reject: &ingest::Reject) -> String {
    let column = reject.column.as_ref().map_or(String::new(), |name| format!("column {}: ", plain(name)));
    format!("  {} {}: {column}{}", reject.code, reject.place(), plain(&reject.reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ingest::{ColumnReport, Reject};

    fn reject(line: u64) -> Reject {
        Reject {
            source: "a.csv".into(),
            line,
            byte_offset: 0,
            byte_length: 1,
            record: line - 1,
            column: Some("v".into()),
            code: "E0312".into(),
            reason: "cannot read \"x\" as int64".into(),
            text: "x".into(),
        }
    }

    #[test]
    fn nothing_lost_says_nothing() {
        assert!(losses(&Report::default()).is_empty());
    }

    #[test]
    fn losses_are_counted_and_the_first_are_shown() {
        let report =
            Report { rows_in: 2000, rejected: 4, first_rejects: (2..6).map(reject).collect(), ..Report::default() };
        let lines = losses(&report);
        assert_eq!(lines[0], "rejected: 4 records of 2,000");
        assert_eq!(lines[1], "  E0312 a.csv:2: column v: cannot read \"x\" as int64");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn nulled_values_and_dropped_fields_are_losses() {
        let report = Report { nulled: 1, dropped_fields: 2, ..Report::default() };
        let lines = losses(&report);
        assert_eq!(lines[0], "nulled: 1 value that did not fit the type of the column");
        assert_eq!(lines[1], "dropped: 2 fields beyond the last column");
    }

    #[test]
    fn what_did_not_fit_is_told_by_column() {
        let column = |number: u64| ColumnReport {
            name: format!("c{number}"),
            data_type: "int64".into(),
            date_orders: Vec::new(),
            json_texts: Vec::new(),
            nulls: 0,
            errors: number,
        };
        let of = |columns: u64| Report { columns: (0..columns).map(column).collect(), ..Report::default() };
        assert_eq!(by_column(&of(2)), None, "one column alone");
        assert_eq!(by_column(&of(3)).as_deref(), Some("values that did not fit, by column: c1 1, c2 2"));
        assert!(by_column(&of(13)).is_some_and(|line| line.ends_with("c10 10, and in 2 more")));
    }
}
