//! The columns of a region in the making: builders that start from what is known, and are made anew where that does not hold.

use ingest_columnar::{Column, ColumnBuilder, ColumnType, Room, builder_for};
use ingest_infer::Summary;
use ingest_parse::{Span, unescape};
use ingest_simd::Padded;

use super::{Batches, ParsedColumn, Region, Scratch, Wanted, value_flaw};
use crate::flaw::Flaw;
use crate::plan::Plan;

/// Room beyond what the last region suggests, as a factor: regions differ a little.
const TEXT_SLACK: f32 = 1.05;

/// The columns in the making.
pub(super) struct Work<'a> {
    pub plan: &'a Plan,
    pub region: &'a Region<'a>,
    pub wanted: &'a Wanted<'a>,
    builders: Vec<Box<dyn ColumnBuilder>>,
    /// Columns some value of which does not fit the type they started from.
    widened: Vec<bool>,
    errors: Vec<u64>,
    pub flaws: Vec<Flaw>,
}

impl<'a> Work<'a> {
    pub(super) fn new(plan: &'a Plan, region: &'a Region<'a>, wanted: &'a Wanted<'a>, scratch: &mut Scratch) -> Self {
        scratch.text_shares.resize(plan.selected.len(), 0.0);
        let bytes = region.text.len();
        // A row has a byte after each field; blank lines are records without one.
        let rows = region.records_max.min(bytes / region.shape(plan).columns + 1);
        let room = |position: usize| Room {
            rows: wanted.rows_max.map_or(rows, |most| rows.min(most)),
            text_bytes: (scratch.text_shares[wanted.columns[position]] * bytes as f32 * TEXT_SLACK) as usize,
        };
        let mut spares = scratch.spares();
        let builder = |(at, kind)| builder_for(kind, room(at), &mut spares);
        let builders = wanted.kinds.iter().enumerate().map(builder).collect();
        Work {
            plan,
            region,
            wanted,
            builders,
            widened: vec![false; wanted.kinds.len()],
            errors: vec![0; wanted.kinds.len()],
            flaws: Vec::new(),
        }
    }

    pub(super) fn append(&mut self, text: Padded<'_>, base: usize, records_before: usize, scratch: &mut Scratch) {
        for position in 0..self.builders.len() {
            if self.widened[position] {
                continue;
            }
            let index = self.plan.selected[self.wanted.columns[position]];
            self.region.take_column(text, index, scratch);
            scratch.misfits.clear();
            let fields = self.plan.fields(text, &scratch.spans);
            self.builders[position].append(&fields, &self.plan.rules(), &mut scratch.misfits);
            if !scratch.misfits.is_empty() {
                self.take_misfits(position, text, base, records_before, scratch);
            }
        }
    }

    fn take_misfits(
        &mut self,
        position: usize,
        text: Padded<'_>,
        base: usize,
        records_before: usize,
        scratch: &Scratch,
    ) {
        let kind = &self.wanted.kinds[position];
        let index = self.plan.selected[self.wanted.columns[position]];
        if !kind.given {
            self.widened[position] = true;
        } else if self.plan.nulls_misfits(index) {
            self.errors[position] += scratch.misfits.len() as u64;
        } else {
            // The run fails at the first flaw: one a batch and column is enough.
            let row = scratch.misfits[0] as usize;
            let place = scratch.batch.row(text.bytes(), row);
            let bounds = (base + place.start as usize, base + place.end as usize);
            let flaw = value_flaw(index, scratch.spans[row], base, kind);
            self.flaws.push(Flaw::new(records_before + place.record as usize, bounds, flaw));
        }
    }

    /// The finished columns; those that did not fit are made again from the region with types that do.
    pub(super) fn finish(&mut self, scratch: &mut Scratch) -> Vec<ParsedColumn> {
        let builders = std::mem::take(&mut self.builders);
        let mut parsed = Vec::with_capacity(builders.len());
        for (position, mut builder) in builders.into_iter().enumerate() {
            parsed.push((!self.widened[position]).then(|| {
                let (kind, column) = (self.wanted.kinds[position].clone(), builder.finish());
                let share = column.text_bytes() as f32 / self.region.text.len().max(1) as f32;
                scratch.text_shares[self.wanted.columns[position]] = share;
                ParsedColumn { kind, column, errors: self.errors[position] }
            }));
        }
        if self.widened.contains(&true) {
            self.widen(&mut parsed, scratch);
        }
        let parsed = parsed.into_iter().map(|column| column.expect("what did not fit was made again"));
        let parsed: Vec<ParsedColumn> = parsed.collect();
        self.find_nulls(&parsed, scratch);
        parsed
    }

    /// Looks at every field of the columns that are missing in `parsed`, decides their types by them and by what is known, and
    /// builds them. All of them together, as the region is read twice for it: thousands may be widened by one.
    fn widen(&self, parsed: &mut [Option<ParsedColumn>], scratch: &mut Scratch) {
        let missing = parsed.iter().enumerate().filter(|(_, column)| column.is_none());
        let positions: Vec<usize> = missing.map(|(position, _)| position).collect();
        let index = |position: usize| self.plan.selected[self.wanted.columns[position]];
        let mut summaries = vec![Summary::default(); positions.len()];
        let mut batches = Batches::new(self.plan, self.region, self.wanted.rows_max);
        while let Some(text) = batches.next(scratch) {
            for (&position, summary) in positions.iter().zip(&mut summaries) {
                self.region.take_column(text, index(position), scratch);
                observe(self.plan, text, &scratch.spans, &mut scratch.unescaped, summary);
            }
        }
        let kind = |(&position, summary): (&usize, &Summary)| {
            let mut joined = self.wanted.known[position].clone();
            joined.join(summary);
            ColumnType::from(joined.decide())
        };
        let kinds: Vec<ColumnType> = positions.iter().zip(&summaries).map(kind).collect();
        let mut spares = scratch.spares();
        let mut builders: Vec<_> = kinds.iter().map(|kind| builder_for(kind, batches.rows, &mut spares)).collect();
        drop(spares);
        let mut batches = Batches::new(self.plan, self.region, self.wanted.rows_max);
        while let Some(text) = batches.next(scratch) {
            for (&position, builder) in positions.iter().zip(&mut builders) {
                self.region.take_column(text, index(position), scratch);
                scratch.misfits.clear();
                builder.append(&self.plan.fields(text, &scratch.spans), &self.plan.rules(), &mut scratch.misfits);
                debug_assert!(scratch.misfits.is_empty(), "a type decided from all fields holds all fields");
            }
        }
        let made = positions.into_iter().zip(kinds).zip(builders.into_iter().zip(summaries));
        for ((position, kind), (mut builder, summary)) in made {
            let column = Column { summary, ..builder.finish() };
            parsed[position] = Some(ParsedColumn { kind, column, errors: 0 });
        }
    }
}

/// Adds the fields of one column to a summary.
pub(crate) fn observe(plan: &Plan, text: Padded<'_>, spans: &[Span], unescaped: &mut Vec<u8>, summary: &mut Summary) {
    let (rules, dialect) = (plan.rules(), plan.fields(text, spans).dialect);
    for span in spans {
        let raw = span.of(text.bytes());
        if span.is_quoted() || span.is_escaped() {
            unescaped.clear();
            unescape(raw, span.is_quoted(), dialect, unescaped);
            rules.observe(unescaped, span.is_quoted(), summary);
        } else {
            rules.observe(raw, false, summary);
        }
    }
}
