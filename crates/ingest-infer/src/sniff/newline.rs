//! What ends the records.

use std::fmt;

use ingest_parse::Trial;

/// What ends the records of a file. Line ends inside quotes do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Newline {
    /// `\n`; also the answer for a file without line ends.
    #[default]
    Lf,
    /// `\r\n`.
    Crlf,
    /// `\r`.
    Cr,
    /// More than one of them.
    Mixed,
}

impl fmt::Display for Newline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Newline::Lf => "lf",
            Newline::Crlf => "crlf",
            Newline::Cr => "cr",
            Newline::Mixed => "mixed",
        })
    }
}

/// What ends the records of `trial`, which was read from `text`.
pub(super) fn newline_of(trial: &Trial, text: &[u8]) -> Newline {
    let mut seen = None;
    for record in trial.iter() {
        let newline = match &text[..record.end()] {
            [.., b'\r', b'\n'] => Newline::Crlf,
            [.., b'\n'] => Newline::Lf,
            [.., b'\r'] => Newline::Cr,
            _ => continue,
        };
        if seen.is_some_and(|seen| seen != newline) {
            return Newline::Mixed;
        }
        seen = Some(newline);
    }
    seen.unwrap_or_default()
}
