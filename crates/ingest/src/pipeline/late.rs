//! What a record far down a text shows of its dialect: a sign that the first megabyte had no use for. Then all is read again with
//! it from the start.

use std::collections::BTreeSet;

use ingest_infer::LateSign;
use ingest_parse::FaultKind;
use serde::{Deserialize, Serialize};

use super::{Committer, Run};
use crate::error::Result;
use crate::flaw::{FlawKind, Located};
use crate::options::{Options, QuoteMode};
use crate::plan::{SAMPLE_BYTES, are_tables, keeps_header};

/// Of the text from the record on, what is looked at. More where no record ends in it.
const CLOSE_BYTES: usize = 64 << 10;
const FAR_BYTES: usize = 1 << 20;

/// What is looked at of the text before, at a time.
const PIECE_BYTES: usize = 1 << 20;

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

    /// Tells that the text was read with it.
    pub(crate) fn note(&self) -> String {
        let Late { sign, source, line } = self;
        let (option, _) = option(*sign);
        let without = if matches!(sign, LateSign::Quote(_)) { "'\"'" } else { "none" };
        format!("{source}:{line} shows that {}: all was read so; {option} {without} does not", meaning(*sign))
    }

    /// The way out where the run cannot begin again.
    fn hint(&self) -> String {
        let (option, value) = option(self.sign);
        format!("{}: {option} {value} reads it so", meaning(self.sign))
    }
}

/// The option that names a sign, as it is typed.
fn option(sign: LateSign) -> (&'static str, String) {
    let (option, byte) = match sign {
        LateSign::Escape(byte) => ("--escape", byte),
        LateSign::Quote(byte) => ("--quote", byte),
        LateSign::Comment(byte) => ("--comment", byte),
    };
    let byte = char::from(byte);
    (option, if byte == '\'' { format!("\"{byte}\"") } else { format!("'{byte}'") })
}

fn meaning(sign: LateSign) -> String {
    match sign {
        LateSign::Escape(byte) => format!("quotes inside fields are escaped by {}", char::from(byte)),
        LateSign::Quote(byte) => format!("fields are wrapped in {}", char::from(byte)),
        LateSign::Comment(byte) => format!("lines that begin with {} are comments", char::from(byte)),
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
    /// The error of a record that its table does not fit, where a sign of the dialect explains it which nobody named and the text
    /// before had no use for. Called in the order of the sources.
    #[cold]
    pub(super) fn check_for_late_sign(
        &self,
        committer: &mut Committer<'_>,
        input: usize,
        flaw: &Located,
        record: u64,
    ) -> Result<()> {
        let is_of_text = self.plan.json.is_none() && !are_tables(self.inputs) && self.inputs[input].listed.is_none();
        let is_structure = match &flaw.kind {
            FlawKind::Structure(fault) => !matches!(fault, FaultKind::Json { .. }),
            FlawKind::TooLong { .. } => true,
            FlawKind::Value { .. } | FlawKind::Utf8 { .. } => false,
        };
        if !(is_of_text && is_structure && self.options.may_show_late())
            || committer.totals.looks_for_signs >= LOOKS_MAX
        {
            return Ok(());
        }
        let source = self.inputs[input].source.name();
        let text = flaw.text.as_bytes();
        let may_be = |sign: &LateSign| self.options.leaves_open(*sign) && sign.may_explain(text, &self.plan.dialect);
        for sign in LateSign::ALL.into_iter().filter(may_be) {
            committer.totals.looks_for_signs += 1;
            if !self.explains(sign, input, flaw.record_offset)? {
                continue;
            }
            if !(self.is_unused_before(sign, input, flaw.record_offset)? && self.keeps_headers(sign, input)?) {
                // Nor will it be further down.
                committer.totals.looks_for_signs = LOOKS_MAX;
                return Ok(());
            }
            let late = Late { sign, source: source.to_owned(), line: flaw.line };
            let error = flaw.clone().into_error(self.plan, source, record).hint(late.hint());
            return Err(error.late(late));
        }
        Ok(())
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

    /// Whether the records before this offset of a source, and those of the sources before it, read the same with a sign.
    fn is_unused_before(&self, sign: LateSign, input: usize, offset: u64) -> Result<bool> {
        for (number, before) in self.inputs.iter().enumerate().take(input + 1) {
            let end = if number == input { offset } else { u64::MAX };
            let mut at = before.data_offset;
            let mut text = Vec::new();
            while at < end {
                let wanted = (end - at).min(PIECE_BYTES as u64) as usize;
                let piece = self.look_at(number, at, wanted)?;
                at += piece.len() as u64;
                let is_last = piece.len() < wanted || at == end;
                text.extend_from_slice(&piece);
                // The last line may go on.
                let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
                let behind_last = || text.iter().rposition(is_break).map_or(0, |end| end + 1);
                let whole = if is_last { text.len() } else { behind_last() };
                let mut lines = text[..whole].split(is_break);
                if !lines.all(|line| sign.is_unused_in(line, &self.plan.dialect)) {
                    return Ok(false);
                }
                text.drain(..whole);
                if is_last {
                    break;
                }
            }
        }
        Ok(true)
    }

    /// Whether a source, and the first one, begin with the same names with a sign as without.
    fn keeps_headers(&self, sign: LateSign, input: usize) -> Result<bool> {
        for number in BTreeSet::from([0, input]) {
            let head = self.look_at(number, 0, SAMPLE_BYTES)?;
            if !keeps_header(self.options, &head, head.len() < SAMPLE_BYTES, sign) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
