//! Some whole records to columns: what one worker does with one chunk.

mod columns;
mod nulls;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ingest_columnar::arrow::array::{Array, ArrayRef};
use ingest_columnar::arrow::buffer::BooleanBuffer;
use ingest_columnar::{Column, ColumnType, OnError, Spares, builder_for};
use ingest_infer::Summary;
use ingest_parse::json::Framed;
use ingest_parse::{Batch, Cells, FaultKind, LineCounter, Shape, Span, invalid_utf8, read_records};
use ingest_simd::Padded;

use crate::flaw::{Flaw, FlawKind, Located};
use crate::plan::{Layout, Plan, PlannedFilter};
use crate::stages::{Stage, Stopwatch};

use columns::Work;
pub(crate) use columns::observe;

/// Whole records of one source.
pub(crate) struct Region<'a> {
    pub text: Padded<'a>,
    /// The byte after them, `None` at the source's end.
    pub next: Option<u8>,
    /// What the exact machine read, where it had to.
    pub cells: Option<Cells>,
    /// How JSON holds its records.
    pub framed: Option<Framed>,
    /// No more records end in it.
    pub records_max: usize,
    /// Where the text begins in its source.
    pub offset: u64,
    /// What its source is called.
    pub source: &'a str,
    /// Where the columns stand, if not as in the plan.
    pub layout: Option<&'a Layout>,
}

impl Region<'_> {
    /// How many fields its records should have.
    fn shape(&self, plan: &Plan) -> Shape {
        plan.shape_of(self.layout)
    }

    /// Puts the fields of a column of the plan into the scratch; where the source does not have it, nothing stands in them.
    fn take_column(&self, text: Padded<'_>, index: usize, scratch: &mut Scratch) {
        let place = self.layout.map_or(Some(index), |layout| layout.place(index));
        match place {
            Some(place) => scratch.batch.column(text.bytes(), place, &mut scratch.spans),
            None => {
                scratch.spans.clear();
                scratch.spans.resize(scratch.batch.rows(), Span::default());
            }
        }
    }
}

/// One column of a region.
pub(crate) struct ParsedColumn {
    pub kind: ColumnType,
    pub column: Column,
    /// Values nulled because they did not fit.
    pub errors: u64,
}

impl ParsedColumn {
    /// Takes its first values out.
    pub(crate) fn skip(&mut self, rows: usize) {
        if rows > 0 {
            let array = &self.column.array;
            self.column.array = array.slice(rows, array.len() - rows);
            self.column.counts.nulls = self.column.array.logical_null_count() as u64;
        }
    }
}

/// What became of a region.
#[derive(Default)]
pub(crate) struct Parsed {
    pub rows: usize,
    /// Rows, rejected records, and those that the filter does not want.
    pub records: usize,
    pub filtered: usize,
    pub columns: Vec<ParsedColumn>,
    pub flaws: Vec<Located>,
    pub dropped_fields: u64,
    /// Keys of JSON records that the plan does not know, in the order in which they come; some more than once.
    pub new_keys: Vec<String>,
    /// Keys that came again in their record.
    pub doubled_keys: u64,
    /// The record that tells against the signs of the dialect that others have shown.
    pub refuted: Option<usize>,
    /// Rows that are records which could not be read.
    pub nulled_records: u64,
    /// Of a table, which of the records are rows, if not all.
    pub kept: Option<BooleanBuffer>,
}

/// Text that is indexed at a time: with its index (4 bytes a field) it stays in the L2 cache beside the columns.
const BATCH_BYTES: usize = 96 << 10;

/// A batch of a wide table holds so many rows, whatever they take: each column of a batch costs about 100 ns beside its values,
/// as much as thirty decimals, and a row of 10,000 columns fills a batch alone. Bench: `benches/scaling`, by columns.
const BATCH_ROWS_MIN: usize = 64;

/// Text that is indexed at a time in a region of so many bytes and records at most.
fn batch_bytes(region_bytes: usize, records_max: usize) -> usize {
    BATCH_BYTES.max((region_bytes / records_max.max(1)).saturating_mul(BATCH_ROWS_MIN))
}

/// A worker's reusable memory.
#[derive(Default)]
pub(crate) struct Scratch {
    batch: Batch,
    spans: Vec<Span>,
    misfits: Vec<u32>,
    unescaped: Vec<u8>,
    /// Bytes of text per byte of input that the last region had, by selected column: how much room the next one needs.
    text_shares: Vec<f32>,
    /// Where the worker's time goes, if somebody asks.
    pub watch: Stopwatch,
    spares: Arc<Mutex<Spares>>,
}

impl Scratch {
    /// Empty memory of a worker that carries this watch, and gives and takes the memory of columns with others.
    pub(crate) fn of_worker(watch: Stopwatch, spares: &Arc<Mutex<Spares>>) -> Self {
        Scratch { watch, spares: Arc::clone(spares), ..Scratch::default() }
    }

    /// The memory of columns that are done with.
    pub(crate) fn spares(&self) -> MutexGuard<'_, Spares> {
        self.spares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wanted of a region: for each of some of the plan's selected columns, the type to start from.
pub(crate) struct Wanted<'w> {
    /// Indices into [`Plan::selected`].
    pub columns: &'w [usize],
    /// Their types.
    pub kinds: &'w [ColumnType],
    /// What is known of them so far: where a value does not fit, the next type takes this into account.
    pub known: &'w [Summary],
    /// At most so many rows.
    pub rows_max: Option<usize>,
}

/// Parses a region. `lines` counts over a text of which the region is a part that begins at `lines_from`.
pub(crate) fn parse_region(
    plan: &Plan,
    region: &Region<'_>,
    wanted: &Wanted<'_>,
    scratch: &mut Scratch,
    lines: &mut LineCounter<'_>,
) -> Parsed {
    let mut work = Work::new(plan, region, wanted, scratch);
    scratch.watch.lap(Stage::Parse);
    let mut batches = Batches::new(plan, region, wanted.rows_max);
    scratch.watch.lap(Stage::Utf8);
    while let Some(text) = batches.next(scratch) {
        scratch.watch.lap(Stage::Index);
        work.append(text, batches.base, batches.records_before, scratch);
        scratch.watch.lap(Stage::Parse);
    }
    work.flaws.append(&mut batches.flaws);
    let columns = work.finish(scratch);
    let mut flaws = work.flaws;
    flaws.sort_by_key(|flaw| (flaw.record, flaw.culprit().0));
    Flaw::join(&mut flaws);
    let flaws = flaws.into_iter().map(|flaw| flaw.locate(region.text.bytes(), region.offset, lines)).collect();
    scratch.watch.lap(Stage::Parse);
    let Batches { rows, records, filtered, dropped_fields, new_keys, doubled_keys, nulled_records, .. } = batches;
    Parsed {
        rows,
        records,
        filtered,
        columns,
        flaws,
        dropped_fields,
        refuted: None,
        new_keys,
        doubled_keys,
        nulled_records,
        kept: None,
    }
}

/// The batches of a region, with the records taken out that the options reject.
struct Batches<'a> {
    plan: &'a Plan,
    region: &'a Region<'a>,
    /// Offset in the region of the batch in hand, and of the next one.
    base: usize,
    at: usize,
    rows_left: usize,
    rows: usize,
    /// Records before the batch in hand are `records_before`; `records` counts it too.
    records_before: usize,
    records: usize,
    filtered: usize,
    /// The records of the batch in hand that the filter does not want.
    unwanted: Vec<u32>,
    dropped_fields: u64,
    new_keys: Vec<String>,
    doubled_keys: u64,
    nulled_records: u64,
    flaws: Vec<Flaw>,
    /// What is wrong with each record, as the source's path says it.
    of_path: Vec<FlawKind>,
    /// Fields can be too long, bytes can be invalid: only then is each record looked at.
    suspect: bool,
    valid: bool,
}

impl<'a> Batches<'a> {
    fn new(plan: &'a Plan, region: &'a Region<'a>, rows_max: Option<usize>) -> Self {
        let valid = invalid_utf8(region.text.bytes()).is_none();
        Batches {
            plan,
            region,
            base: 0,
            at: 0,
            rows_left: rows_max.unwrap_or(usize::MAX),
            rows: 0,
            records_before: 0,
            records: 0,
            filtered: 0,
            unwanted: Vec::new(),
            dropped_fields: 0,
            new_keys: Vec::new(),
            doubled_keys: 0,
            nulled_records: 0,
            flaws: Vec::new(),
            of_path: plan.flaws_of_path(region.source),
            suspect: !valid || region.text.len() as u64 > plan.max_field_bytes,
            valid,
        }
    }

    /// Reads the next batch into the scratch; its text, or `None` at the end.
    fn next(&mut self, scratch: &mut Scratch) -> Option<Padded<'a>> {
        if self.at >= self.region.text.len() || self.rows_left == 0 {
            return None;
        }
        let rest = self.region.text.slice(self.at, self.region.text.len());
        let batch = &mut scratch.batch;
        let bytes = batch_bytes(self.region.text.len(), self.region.records_max);
        let read = match (&self.region.cells, self.region.framed, &self.plan.json) {
            (_, Some(framed), Some(json)) => {
                let framed = Framed { at_start: framed.at_start && self.at == 0, ..framed };
                batch.read_json(self.plan.kernel, rest, bytes, framed, &json.keys, json.bad_records)
            }
            (Some(cells), ..) => {
                batch.read_cells(cells, self.region.shape(self.plan));
                rest.len()
            }
            (None, ..) => batch.read_regular(
                self.plan.kernel,
                rest,
                bytes,
                self.region.next,
                &self.plan.structure,
                self.region.shape(self.plan),
            ),
        };
        let text = rest.slice(0, read);
        self.base = self.at;
        self.at += read;
        self.take_flaws(text, scratch);
        self.count(text, scratch);
        Some(text)
    }

    /// Notes the batch's faults, and takes out the rows that the options reject.
    fn take_flaws(&mut self, text: Padded<'_>, scratch: &mut Scratch) {
        let base = self.base;
        let before = self.records;
        for fault in scratch.batch.faults() {
            let (start, end) = (base + fault.start as usize, base + fault.end as usize);
            let kind = moved(fault.kind, base as u32);
            let kind = self.too_long(start, end, kind).unwrap_or(FlawKind::Structure(kind));
            let record = before + fault.record as usize;
            self.flaws.push(Flaw::new(record, (start, end), kind));
        }
        if self.suspect {
            self.take_suspects(text, scratch);
        }
        let told = self.plan.filter.as_ref().map(|filter| self.take_unwanted(filter, text, scratch));
        let fails = told.as_ref().is_some_and(|told| told.contains(&true)) || !self.of_path.is_empty();
        if self.plan.on_error == OnError::Reject || fails {
            let told = told.unwrap_or_else(|| vec![false; scratch.batch.rows()]);
            self.take_bad_values(text, told, scratch);
        }
    }

    /// A field beyond the limit is the fault of its record that counts: in a stream it is noticed before the record ends.
    fn too_long(&self, start: usize, end: usize, fault: FaultKind) -> Option<FlawKind> {
        let plan = self.plan;
        let text = self.region.text.bytes();
        // Such a field was read on to there, before the record was cut to its line.
        let open = match fault {
            FaultKind::UnclosedQuote { at } => Some((at as usize, text.len())),
            FaultKind::SwallowingQuote { at, next } => Some((at as usize, next as usize)),
            _ => None,
        };
        let read = open.map_or(end, |(_, end)| end);
        if (read - start) as u64 <= plan.max_field_bytes || plan.json.is_some() {
            return None;
        }
        let mut cells = Cells::default();
        let ended = match open {
            Some((at, _)) => read_records(&text[start..at], false, &plan.dialect, None, &mut cells).fields,
            None => {
                read_records(&text[start..end], true, &plan.dialect, None, &mut cells);
                cells.spans
            }
        };
        let open = open.map(|(at, end)| (at - start, end - start));
        plan.first_too_long(&ended, open).map(|at| at.moved(start))
    }

    /// Takes out rows with fields beyond the limit or invalid bytes. The limit comes first: in a stream it is noticed before
    /// the rest of the record is there.
    fn take_suspects(&mut self, text: Padded<'_>, scratch: &mut Scratch) {
        let mut keep = vec![true; scratch.batch.rows()];
        // Where records are counted alone, those of JSON have no columns.
        for column in 0..self.region.layout.map_or(self.plan.columns.len(), Layout::width) {
            scratch.batch.column(text.bytes(), column, &mut scratch.spans);
            for (row, span) in scratch.spans.iter().enumerate() {
                let Some(kind) = self.plan.first_too_long(&[*span], None).filter(|_| keep[row]) else { continue };
                keep[row] = false;
                let place = scratch.batch.row(text.bytes(), row);
                self.push(place.record, place.start as usize, place.end as usize, kind.moved(self.base));
            }
        }
        if !self.valid {
            for (row, keep) in keep.iter_mut().enumerate().filter(|(_, keep)| **keep) {
                let place = scratch.batch.row(text.bytes(), row);
                let (start, end) = (place.start as usize, place.end as usize);
                if let Some(at) = invalid_utf8(&text.bytes()[start..end]) {
                    *keep = false;
                    self.push(place.record, start, end, FlawKind::Utf8 { at: self.base + start + at });
                }
            }
        }
        retain(&mut scratch.batch, text, &keep);
    }

    /// Takes out rows with values that their given type cannot hold, and those that the filter has `told` so already. A dry run of
    /// these columns: only with `--on-error reject`, or where there is one that the run fails at.
    fn take_bad_values(&mut self, text: Padded<'_>, told: Vec<bool>, scratch: &mut Scratch) {
        let mut keep: Vec<bool> = told.into_iter().map(|told| !told).collect();
        for &index in &self.plan.selected {
            if let Some(kind) = &self.plan.columns[index].given {
                let array = self.checked(index, kind, text, scratch);
                if !self.plan.filters_by(index) {
                    self.take_misfits(index, kind, text, &mut keep, scratch);
                }
                self.take_nulls(index, &array, text, &mut keep, scratch);
                scratch.spares().give(array);
            }
        }
        for kind in std::mem::take(&mut self.of_path) {
            keep.fill(false);
            for row in 0..keep.len() {
                let place = scratch.batch.row(text.bytes(), row);
                self.push(place.record, place.start as usize, place.end as usize, kind.clone());
            }
            self.of_path.push(kind);
        }
        retain(&mut scratch.batch, text, &keep);
    }

    /// The values of a column; the scratch has the rows of those that its type cannot hold.
    fn checked(&self, index: usize, kind: &ColumnType, text: Padded<'_>, scratch: &mut Scratch) -> ArrayRef {
        self.region.take_column(text, index, scratch);
        scratch.misfits.clear();
        let mut builder = builder_for(kind, scratch.spans.len(), &mut scratch.spares());
        builder.append(&self.plan.fields(text, &scratch.spans), &self.plan.rules(), &mut scratch.misfits);
        builder.finish().array
    }

    /// Rows whose value of the column that was [`checked`](Self::checked) last does not fit are kept no longer, unless such values
    /// are null; what is wrong with other values of theirs is told too.
    fn take_misfits(
        &mut self,
        index: usize,
        kind: &ColumnType,
        text: Padded<'_>,
        keep: &mut [bool],
        scratch: &Scratch,
    ) {
        if self.plan.nulls_misfits(index) {
            return;
        }
        for row in scratch.misfits.iter().map(|&row| row as usize) {
            keep[row] = false;
            let place = scratch.batch.row(text.bytes(), row);
            let flaw = value_flaw(index, scratch.spans[row], self.base, kind);
            self.push(place.record, place.start as usize, place.end as usize, flaw);
        }
    }

    /// Takes out the rows that the filter does not want. Of those that are left, which it cannot tell of: a value does not fit.
    fn take_unwanted(&mut self, filter: &PlannedFilter, text: Padded<'_>, scratch: &mut Scratch) -> Vec<bool> {
        let rows = scratch.batch.rows();
        let mut fits = vec![!self.plan.cannot_tell(&self.of_path); rows];
        let arrays: Vec<ArrayRef> = filter
            .columns
            .iter()
            .map(|column| match column.place.in_source() {
                Some(index) => {
                    let array = self.checked(index, &column.kind, text, scratch);
                    self.take_misfits(index, &column.kind, text, &mut fits, scratch);
                    array
                }
                None => self.plan.made_for_filter(column, self.region.source, rows),
            })
            .collect();
        let wanted = filter.predicate.rows(&arrays);
        let keep: Vec<bool> = fits.iter().enumerate().map(|(row, fits)| !fits || wanted.value(row)).collect();
        let unwanted = (0..rows).filter(|&row| !keep[row]);
        self.unwanted.clear();
        self.unwanted.extend(unwanted.map(|row| scratch.batch.row(text.bytes(), row).record));
        let mut spares = scratch.spares();
        arrays.into_iter().for_each(|array| spares.give(array));
        drop(spares);
        retain(&mut scratch.batch, text, &keep);
        fits.into_iter().zip(keep).filter_map(|(fits, keep)| keep.then_some(!fits)).collect()
    }

    fn push(&mut self, record: u32, start: usize, end: usize, kind: FlawKind) {
        let (record, base) = (self.records + record as usize, self.base);
        self.flaws.push(Flaw::new(record, (base + start, base + end), kind));
    }

    /// Counts the batch, cut to the rows that are still wanted.
    fn count(&mut self, text: Padded<'_>, scratch: &mut Scratch) {
        let batch = &mut scratch.batch;
        self.records_before = self.records;
        if batch.rows() < self.rows_left {
            self.records += batch.records();
        } else {
            let last = batch.row(text.bytes(), self.rows_left - 1).record as usize;
            self.records += last + 1;
            self.flaws.retain(|flaw| flaw.record < self.records);
            self.unwanted.retain(|&record| record as usize <= last);
            batch.forget_findings_from(last + 1);
            let keep: Vec<bool> = (0..batch.rows()).map(|row| row < self.rows_left).collect();
            retain(batch, text, &keep);
        }
        self.filtered += self.unwanted.len();
        self.dropped_fields += batch.dropped_fields();
        self.doubled_keys += batch.doubled_keys();
        self.nulled_records += batch.nulled_records();
        self.new_keys.extend(batch.new_keys().iter().map(|key| key.name.clone()));
        self.rows += batch.rows();
        self.rows_left -= batch.rows();
    }
}

fn retain(batch: &mut Batch, text: Padded<'_>, keep: &[bool]) {
    if keep.contains(&false) {
        batch.retain_rows(text.bytes(), keep);
    }
}

fn value_flaw(column: usize, span: Span, base: usize, kind: &ColumnType) -> FlawKind {
    FlawKind::Value { column, start: base + span.start(), end: base + span.end(), data_type: kind.data_type.clone() }
}

/// A fault whose offsets count from `base` bytes earlier.
fn moved(kind: FaultKind, base: u32) -> FaultKind {
    match kind {
        FaultKind::TextAfterQuote { at } => FaultKind::TextAfterQuote { at: at + base },
        FaultKind::StrayQuote { at } => FaultKind::StrayQuote { at: at + base },
        FaultKind::UnclosedQuote { at } => FaultKind::UnclosedQuote { at: at + base },
        FaultKind::SwallowingQuote { at, next } => FaultKind::SwallowingQuote { at: at + base, next: next + base },
        FaultKind::Json { fault, at } => FaultKind::Json { fault, at: at + base },
        ragged => ragged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_wide_rows_holds_many_of_them() {
        assert_eq!(batch_bytes(1 << 20, 10_000), BATCH_BYTES, "narrow rows");
        assert_eq!(batch_bytes(1 << 20, 128), (1 << 20) / 128 * BATCH_ROWS_MIN);
        assert!(batch_bytes(1 << 20, 14) > 1 << 20, "all of a chunk");
        assert_eq!(batch_bytes(1 << 20, usize::MAX), BATCH_BYTES, "nothing is known of the rows");
        assert_eq!(batch_bytes(0, 0), BATCH_BYTES);
    }
}
