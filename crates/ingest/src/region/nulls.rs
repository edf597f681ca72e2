//! Nulls in columns that hold none, as the schema says.
//!
//! The builders of columns do not know of them: whether there are some shows in the finished column, and only then is looked for
//! where. So columns without them cost one comparison a region.

use ingest_columnar::arrow::array::{Array, ArrayRef};
use ingest_parse::{Row, Span};
use ingest_simd::Padded;

use super::columns::Work;
use super::{Batches, ParsedColumn, Scratch};
use crate::flaw::{Flaw, FlawKind};

/// The first null of a column, if it has one.
fn first_null(array: &ArrayRef) -> Option<usize> {
    let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0)?;
    (0..nulls.len()).find(|&row| nulls.is_null(row))
}

/// A null in a record, which starts in a text of which the region has `base` bytes before.
fn null_flaw(column: usize, span: Span, record: Row, base: usize) -> FlawKind {
    let (from, to) = (record.start as usize, record.end as usize);
    let is_there = (from..=to).contains(&span.start()) && span.end() <= to;
    let (start, end) = if is_there { (span.start(), span.end()) } else { (from, from) };
    FlawKind::Null { column, start: base + start, end: base + end }
}

impl Batches<'_> {
    /// Rows with a null in a column that holds none are kept no longer. `array`: the column's values for the batch in hand.
    pub(super) fn take_nulls(
        &mut self,
        index: usize,
        array: &ArrayRef,
        text: Padded<'_>,
        keep: &mut [bool],
        scratch: &Scratch,
    ) {
        let Some(nulls) = array.logical_nulls().filter(|_| self.plan.columns[index].required) else { return };
        let mut misfits = scratch.misfits.iter().peekable();
        for row in (0..nulls.len()).filter(|&row| nulls.is_null(row)) {
            // Told already: what does not fit is null, too.
            if misfits.next_if(|&&misfit| misfit as usize == row).is_some() {
                continue;
            }
            keep[row] = false;
            let place = scratch.batch.row(text.bytes(), row);
            let flaw = null_flaw(index, scratch.spans[row], place, self.base);
            self.push(place.record, place.start as usize, place.end as usize, flaw);
        }
    }
}

impl Work<'_> {
    /// Notes the first null of each column that holds none: the run fails there.
    pub(super) fn find_nulls(&mut self, columns: &[ParsedColumn], scratch: &mut Scratch) {
        let index = |position: usize| self.plan.selected[self.wanted.columns[position]];
        let mut found: Vec<(usize, usize)> = columns
            .iter()
            .enumerate()
            .filter(|(position, parsed)| parsed.column.counts.nulls > 0 && self.plan.columns[index(*position)].required)
            .filter_map(|(position, parsed)| Some((first_null(&parsed.column.array)?, index(position))))
            .collect();
        if found.is_empty() {
            return;
        }
        found.sort_unstable();
        let mut found = found.into_iter().peekable();
        let mut batches = Batches::new(self.plan, self.region, self.wanted.rows_max);
        let mut flaws = Vec::new();
        while found.peek().is_some() {
            let before = batches.rows;
            let Some(text) = batches.next(scratch) else { break };
            while let Some((row, column)) = found.next_if(|(row, _)| *row < batches.rows) {
                self.region.take_column(text, column, scratch);
                let place = scratch.batch.row(text.bytes(), row - before);
                let kind = null_flaw(column, scratch.spans[row - before], place, batches.base);
                let (start, end) = (batches.base + place.start as usize, batches.base + place.end as usize);
                let record = batches.records_before + place.record as usize;
                flaws.push(Flaw::new(record, (start, end), kind));
            }
        }
        // What does not fit is null, too, and told already.
        let is_told = |flaw: &Flaw| {
            let same =
                |told: &Flaw| told.record == flaw.record && told.kind.column_of_value() == flaw.kind.column_of_value();
            self.flaws.iter().any(same)
        };
        flaws.retain(|flaw| !is_told(flaw));
        self.flaws.extend(flaws);
    }
}
