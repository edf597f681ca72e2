//! Conversions that go on with what an earlier one had written when it was killed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ingest_parquet::ParquetError;

use crate::aside::Rejects;
use crate::error::{Code, Error, Result};
use crate::journal::{Asked, Found, Journal};
use crate::options::WriteOptions;
use crate::report::Report;
use crate::session::Session;

const GONE_ON: &str = "--resume has gone on behind the first";

/// What a conversion into a file is asked for, and what earlier ones have left of the same.
pub(super) struct Resumption {
    asked: Option<Asked>,
    is_wanted: bool,
    /// The one that had come furthest first.
    found: Vec<Found>,
    /// What became of them.
    note: Option<String>,
}

impl Resumption {
    /// Looks for earlier runs, if one is to be gone on with; the session learns what they knew.
    pub(super) fn look(mut session: Session, path: &Path, write: &WriteOptions) -> Result<(Session, Resumption)> {
        let asked = session.asked.as_ref().map(|asked| Asked {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            what: format!("{asked} {}", write.deciding()),
        });
        let mut resumption = Resumption { asked, is_wanted: write.resume, found: Vec::new(), note: None };
        if !write.resume {
            return Ok((session, resumption));
        }
        let Some(asked) = &resumption.asked else {
            resumption.begins_anew("its sources are not all whole files");
            return Ok((session, resumption));
        };
        let (found, others) = Found::look(path, asked);
        if let Some(learned) = found.first().map(|first| first.learned.clone()).filter(|keys| !keys.is_empty()) {
            session.learn(learned)?;
        }
        if let Some(late) = found.first().map(|first| first.late.clone()).filter(|signs| !signs.is_empty()) {
            session = session.with_signs(late)?;
        }
        if found.is_empty() && others {
            resumption.begins_anew("its sources or options were others");
        }
        resumption.found = found;
        Ok((session, resumption))
    }

    fn begins_anew(&mut self, why: &str) {
        self.note = Some(format!("--resume has not gone on with an earlier run: {why}"));
    }

    /// Whether there may be something to go on with.
    pub(super) fn has_found(&self) -> bool {
        !self.found.is_empty()
    }

    /// Opens what an earlier run has written; `None` where there is nothing to go on with, or it is not whole.
    pub(super) fn open<T>(
        &mut self,
        open: impl Fn(&Found) -> std::result::Result<Option<T>, ParquetError>,
    ) -> Option<(T, Found)> {
        if self.found.is_empty() {
            if self.note.as_ref().is_some_and(|note| note.contains(GONE_ON)) {
                self.begins_anew("its sources have keys or signs that it did not know");
            }
            return None;
        }
        for found in std::mem::take(&mut self.found) {
            // Why it cannot be opened, the new file's creation tells, if it is of any concern.
            if let Ok(Some(output)) = open(&found) {
                let rows = found.standing.totals.rows_out;
                self.note = Some(format!("{GONE_ON} {rows} rows, which an earlier run had written"));
                return Some((output, found));
            }
        }
        self.begins_anew("what it has left is not whole, or it has not ended");
        None
    }

    /// The journal at a path: the one that was found, or a new one. The rejects note theirs in it.
    pub(super) fn journal(
        &self,
        session: &Session,
        path: PathBuf,
        found: Option<&Found>,
        rejects: &mut Rejects,
    ) -> Result<Option<Arc<Journal>>> {
        let journal = match (found, &self.asked) {
            (Some(found), _) => {
                let journal = found.go_on(self.is_wanted).map_err(|error| Error::from_io(&path, error))?;
                if let Err(error) = rejects.take_over(found) {
                    journal.leave();
                    return Err(error);
                }
                journal
            }
            (None, Some(asked)) => Journal::new(path, asked, session, self.is_wanted),
            (None, None) => return Ok(None),
        };
        let journal = Arc::new(journal);
        rejects.note_in(&journal);
        Ok(Some(journal))
    }

    /// Leaves what was written, if this run was stopped and the next can do something with it. `leave` does so with the output.
    #[cold]
    pub(super) fn failed(
        &self,
        error: Error,
        journal: Option<&Journal>,
        leave: impl FnOnce() -> std::result::Result<(), ParquetError>,
    ) -> Error {
        let may_pass = matches!(error.code(), Code::Interrupted | Code::DiskFull);
        let Some(journal) = journal.filter(|journal| self.is_wanted && may_pass && journal.is_of_use()) else {
            return error;
        };
        if leave().is_err() {
            return error;
        }
        journal.leave();
        error.hint("what was written stays; the same command goes on from there")
    }

    /// Says in the report what became of an earlier run.
    pub(super) fn told(self, mut report: Report) -> Report {
        report.notes.extend(self.note);
        report
    }
}
