//! What a record far down a text shows of its dialect: a sign that the first megabyte had no use for. Then all is read again with
//! it from the start, and where some record tells against it, once more without.

use ingest_infer::{LateSign, refuted};
use ingest_parse::{Dialect, FaultKind};
use serde::{Deserialize, Serialize};

use super::{Committer, Run};
use crate::error::{Again, Error, Result};
use crate::flaw::{FlawKind, Located};
use crate::options::{Options, QuoteMode};
use crate::plan::are_tables;
use crate::region::Region;

/// Of the text from the record on, what is looked at. More where no record ends in it.
const CLOSE_BYTES: usize = 64 << 10;
const FAR_BYTES: usize = 1 << 20;

/// So often is looked behind a record for a sign: they may be set aside by the million.
const LOOKS_MAX: u64 = 200;

/// A sign, and where it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Late {
    sign: LateSign,
    source: String,
    line: u64,
}

impl Late {
    /// The options with the one that names the sign.
    pub(crate) fn given(&self, options: Options) -> Options {
        options.with_sign(self.sign)
    }

    /// The dialect without the sign.
    pub(crate) fn taken_from(&self, dialect: &Dialect) -> Dialect {
        self.sign.taken_from(dialect)
    }

    /// Tells that the text was read with it.
    pub(crate) fn note(&self) -> String {
        let Late { sign, source, line } = self;
        let told = match *sign {
            LateSign::Escape(byte) => {
                let byte = char::from(byte);
                format!("quotes within fields look escaped by {byte}; --escape none reads each {byte} as text")
            }
            LateSign::Quote(byte) => {
                let byte = char::from(byte);
                format!("fields look wrapped in {byte}; --quote '\"' reads each {byte} as text")
            }
            LateSign::Comment(byte) => {
                let byte = char::from(byte);
                format!(
                    "lines that begin with {byte} look like comments and are left out; --comment none reads them as records"
                )
            }
        };
        format!("{source}:{line}: {told}")
    }
}

impl Options {
    /// Whether no option says what a sign would tell.
    fn leaves_open(&self, sign: LateSign) -> bool {
        match sign {
            LateSign::Escape(_) => self.escape.is_none() && self.quoting == QuoteMode::Strict,
            LateSign::Quote(_) => self.quote.is_none() && self.quoting == QuoteMode::Strict,
            LateSign::Comment(_) => self.comment.is_none(),
        }
    }

    /// The same with the option that names a sign.
    pub(crate) fn with_sign(mut self, sign: LateSign) -> Options {
        match sign {
            LateSign::Escape(escape) => self.escape = Some(Some(escape)),
            LateSign::Quote(quote) => self.quote = Some(Some(quote)),
            LateSign::Comment(comment) => self.comment = Some(Some(comment)),
        }
        self
    }

    /// Whether a record of delimited text may show a sign that all of it must be read with.
    pub(crate) fn may_show_late(&self) -> bool {
        LateSign::ALL.into_iter().any(|sign| self.leaves_open(sign))
    }
}

impl Run<'_> {
    /// The sign of the dialect that explains a record which its table does not fit, if nobody named it. Called in the order of the
    /// sources.
    #[cold]
    pub(super) fn late_sign(
        &self,
        committer: &mut Committer<'_>,
        input: usize,
        flaw: &Located,
    ) -> Result<Option<Late>> {
        let is_of_text = self.plan.json.is_none() && !are_tables(self.inputs) && self.inputs[input].listed.is_none();
        let is_structure = match &flaw.kind {
            FlawKind::Structure(fault) => !matches!(fault, FaultKind::Json { .. }),
            FlawKind::TooLong { .. } => true,
            FlawKind::Value { .. } | FlawKind::Null { .. } | FlawKind::Made { .. } | FlawKind::Utf8 { .. } => false,
        };
        if !(is_of_text && is_structure) || committer.totals.looks_for_signs >= LOOKS_MAX {
            return Ok(None);
        }
        let text = flaw.text.as_bytes();
        let may_be = |sign: &LateSign| self.options.leaves_open(*sign) && sign.may_explain(text, &self.plan.dialect);
        for sign in LateSign::ALL.into_iter().filter(may_be) {
            committer.totals.looks_for_signs += 1;
            if self.explains(sign, input, flaw.record_offset)? {
                let source = self.inputs[input].source.name().to_owned();
                return Ok(Some(Late { sign, source, line: flaw.line }));
            }
        }
        Ok(None)
    }

    /// The error of a record that a sign explains, which begins the run again with it where that is possible.
    pub(super) fn late_error(&self, late: Late, error: Error) -> Error {
        if self.may_begin_again {
            return error.or_again(Again::Late(late));
        }
        let way_out = match late.sign {
            LateSign::Escape(_) => "--escape '\\' reads it, if quotes within fields are escaped so",
            LateSign::Quote(_) => "--quote \"'\" reads it, if fields are wrapped so",
            LateSign::Comment(_) => "--comment '#' leaves it out, if it is a comment",
        };
        let hint = format!("{way_out}; {}", error.way_out().unwrap_or_default());
        error.hint(hint)
    }

    /// Whether the record at this offset, and what follows it, fit their table with a sign.
    fn explains(&self, sign: LateSign, input: usize, offset: u64) -> Result<bool> {
        let width = self.plan.columns_in(self.inputs[input].source.name());
        for bytes in [CLOSE_BYTES, FAR_BYTES] {
            let text = self.look_at(input, offset, bytes)?;
            let complete = text.len() < bytes;
            if let Some(explains) = sign.explains(&text, complete, &self.plan.dialect, width) {
                return Ok(explains);
            }
        }
        Ok(false)
    }

    /// Which record of a region tells against the signs that others have shown.
    pub(super) fn refuted_in(&self, region: &Region<'_>, input: usize) -> Option<usize> {
        let without = self.without_signs.filter(|_| self.inputs[input].listed.is_none())?;
        refuted(region.text.bytes(), &self.plan.dialect, &without, self.plan.columns_in(region.source))
    }
}
