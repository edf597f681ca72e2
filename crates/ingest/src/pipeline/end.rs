//! Where a table ends before its source does: at a record that does not fit it, with remarks or another table behind.

use std::sync::atomic::Ordering;

use ingest_infer::{Behind, Seam};
use ingest_parse::{FaultKind, behind_line_end};
use ingest_source::is_utf_8;
use serde::{Deserialize, Serialize};

use super::{NAP, Place, Run};
use crate::error::Result;
use crate::flaw::{FlawKind, Located};
use crate::plan::{Input, count_lines};

/// Of the table, what is looked at.
const ABOVE_BYTES: u64 = 4 << 10;

/// So often is looked for an end in vain: records may be set aside by the million.
const LOOKS_MAX: u64 = 200;

/// Sources whose ends are told one by one.
const TOLD_MAX: usize = 3;

/// What was left out behind the tables of some sources.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ends {
    sources: u64,
    /// Of the first ones.
    told: Vec<String>,
    /// How often no end was found.
    looks: u64,
}

impl Ends {
    fn add(&mut self, note: String) {
        self.sources += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(note);
        }
    }

    /// A sentence each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = self.told.clone();
        match self.sources - notes.len() as u64 {
            0 => {}
            1 => notes.push("1 more source goes on behind its table".to_owned()),
            more => notes.push(format!("{more} more sources go on behind their tables")),
        }
        notes
    }
}

impl Place {
    /// Ends at this offset, and the table with it.
    pub(super) fn end_at(&mut self, offset: u64) {
        self.bytes = (offset - self.offset) as usize;
        self.last = true;
        self.cut = true;
    }
}

impl Run<'_> {
    /// Whether the table of a source ends before a record, and no option says what becomes of such a one; it is noted then. `rows`:
    /// records of the source before it. Called in the order of the sources.
    #[cold]
    pub(super) fn ends_before(&self, ends: &mut Ends, input: usize, flaw: &Located, rows: u64) -> Result<bool> {
        let is_ragged = matches!(flaw.kind, FlawKind::Structure(FaultKind::TooFew { .. } | FaultKind::TooMany { .. }));
        let is_asked = is_ragged && self.plan.may_end && self.inputs[input].listed.is_none();
        if !is_asked || ends.looks == LOOKS_MAX {
            return Ok(false);
        }
        let Input { source, data_offset, .. } = &self.inputs[input];
        let above_bytes = (flaw.record_offset - data_offset).min(ABOVE_BYTES);
        let above = self.look_at(input, flaw.record_offset - above_bytes, above_bytes as usize)?;
        let first_line = match above.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) if above_bytes == ABOVE_BYTES => behind_line_end(&above, end),
            _ => 0,
        };
        let width = self.plan.columns_in(source.name());
        let seam = Seam::new(&above[first_line..], &self.plan.dialect, width, &self.plan.nulls);
        let rest = self.look_at(input, flaw.record_offset, seam.bytes_wanted())?;
        let complete = rest.len() < seam.bytes_wanted();
        // What is broken is no remark.
        let behind = seam.behind(&rest, complete, rows).filter(|_| is_utf_8(&rest, complete));
        match &behind {
            None => ends.looks += 1,
            Some(behind) => ends.add(note(source.name(), behind, flaw.line, &rest)),
        }
        Ok(behind.is_some())
    }

    /// Some bytes of a source, whatever other workers have in hand; as many as there are.
    pub(super) fn look_at(&self, input: usize, offset: u64, bytes: usize) -> Result<Vec<u8>> {
        loop {
            self.check_cancelled()?;
            match self.inputs[input].source.look_at(offset, bytes)? {
                Some(text) => return Ok(text),
                // Who had it has failed, and told so.
                None if self.stop.load(Ordering::SeqCst) => return Ok(Vec::new()),
                None => std::thread::sleep(NAP),
            }
        }
    }
}

/// Tells what is left out: of `rest`, which begins in this line of the source.
fn note(source: &str, behind: &Behind, line: u64, rest: &[u8]) -> String {
    let what = match behind {
        Behind::Remarks(1) => format!("line {line} is no part of the table and is left out"),
        Behind::Remarks(_) => format!("the table ends before line {line}; what follows is left out"),
        Behind::Tables(names) => further(names.iter().map(|&names| line + count_lines(&rest[..names]))),
    };
    format!("{source}: {what}; --ragged fail makes an error of it")
}

/// Tells of tables whose names stand in these lines.
fn further(mut lines: impl Iterator<Item = u64>) -> String {
    let first = lines.next().unwrap_or(1);
    let others: Vec<_> = lines.map(|line| line.to_string()).collect();
    let (skip, others) = (first - 1, others.join(", "));
    if others.is_empty() {
        return format!("another table begins in line {first} and is left out; --skip {skip} reads it");
    }
    format!("other tables begin in lines {first}, {others} and are left out; --skip {skip} reads the first of them")
}
