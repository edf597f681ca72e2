//! Types to start from, by a look at some places of the first source. They decide nothing.

use ingest_parse::{Batch, Cells, read_records};
use ingest_simd::{Padded, with_padding};
use ingest_source::{Block, Source};

use super::{Plan, SAMPLE_BYTES};
use crate::error::Result;
use crate::region::observe;

/// Places in the source, beside its start, from which types are suggested, and bytes looked at there.
const SPREAD: u64 = 8;
const SPREAD_BYTES: usize = 32 << 10;

/// Records looked at in the opening sample, and the bytes they are looked for in; more only where a record is longer.
pub(super) const SUGGEST_ROWS: usize = 2000;
pub(super) const SUGGEST_BYTES: usize = 256 << 10;

impl Plan {
    /// Takes suggestions from the start of the data.
    pub(super) fn look_at(&mut self, text: &[u8], complete: bool, limit: Option<u64>) {
        let mut cells;
        let mut window = SUGGEST_BYTES;
        let part = loop {
            let part = &text[..text.len().min(window)];
            cells = Cells::default();
            read_records(
                part,
                complete && part.len() == text.len(),
                &self.dialect,
                Some(self.shape.columns),
                &mut cells,
            );
            if !cells.records.is_empty() || part.len() == text.len() {
                break part;
            }
            window *= 2;
        };
        let rows_max = limit.map_or(SUGGEST_ROWS, |limit| SUGGEST_ROWS.min(limit as usize));
        cells.records.truncate(rows_max);
        self.suggest(part, &cells);
    }

    fn suggest(&mut self, text: &[u8], cells: &Cells) {
        let memory = with_padding(text);
        let Some(padded) = Padded::whole(&memory) else { return };
        let mut batch = Batch::default();
        batch.read_cells(cells, self.shape);
        self.suggest_by(padded, &batch, usize::MAX);
    }

    /// Takes suggestions from the first rows of a batch.
    pub(super) fn suggest_by(&mut self, text: Padded<'_>, batch: &Batch, rows_max: usize) {
        let (mut spans, mut unescaped) = (Vec::new(), Vec::new());
        let mut suggested = std::mem::take(&mut self.suggested);
        // What the first source does not have is not suggested.
        let shown = self.selected.iter().zip(&mut suggested).filter(|(index, _)| **index < self.shape.columns);
        for (&index, summary) in shown {
            batch.column(text.bytes(), index, &mut spans);
            spans.truncate(rows_max);
            observe(self, text, &spans, &mut unescaped, summary);
        }
        self.suggested = suggested;
    }

    /// Takes suggestions from places spread over a source that can be read anywhere. Where records begin there is a guess:
    /// a place is believed only if every line of it has the right number of fields.
    pub(super) fn look_around(&mut self, source: &Source) -> Result<()> {
        let Some(size) = source.stored_bytes().filter(|size| source.is_seekable() && *size > 4 * SAMPLE_BYTES as u64)
        else {
            return Ok(());
        };
        let mut block = Block::new();
        for place in 1..=SPREAD {
            let offset = size / SPREAD * place - SPREAD_BYTES as u64;
            source.read_at(offset, &mut block, SPREAD_BYTES)?;
            let bytes = block.bytes();
            let Some(start) = bytes.iter().position(|&byte| byte == b'\n') else { continue };
            let mut cells = Cells::default();
            let text = &bytes[start + 1..];
            read_records(text, false, &self.dialect, Some(self.shape.columns), &mut cells);
            let believed = (0..cells.records.len()).all(|record| {
                cells.records[record].fault.is_none() && cells.fields(record).len() == self.shape.columns
            });
            if believed {
                let text = text.to_vec();
                self.suggest(&text, &cells);
            }
        }
        Ok(())
    }
}
