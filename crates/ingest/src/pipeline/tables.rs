//! Workers on tables: a worker takes a row group, or a batch of Arrow, and commits it chunk by chunk.
//!
//! As many row groups are in the making as there are workers, one where memory is limited: its chunks are committed as they
//! come, those of the groups behind it wait, and their workers with them once much does.

use std::sync::atomic::Ordering;

use ingest_columnar::arrow::array::RecordBatch;

use super::{Chunk, Consumer, NAP, Place, Run, lock};
use crate::error::Result;
use crate::region::{Parsed, Scratch};
use crate::stages::Stage;
use crate::tables::{Table, Unit, chunk_rows, parsed, records_of_rows};

/// Bytes of columns that may wait for those of earlier row groups: about a row group of the usual size.
const WAITING_BYTES: usize = 64 << 20;

impl Run<'_> {
    /// Reads the next piece of a table, and commits it; false if there is none left.
    pub(super) fn work_on_table(&self, consumer: &dyn Consumer, scratch: &mut Scratch) -> Result<bool> {
        let rows = chunk_rows(self.columns_read().len());
        let Some((input, table, unit)) = self.next_unit(rows)? else { return Ok(false) };
        let columns = self.columns_read_of(input);
        let (mut index, unit_rows) = (unit.first, unit.rows);
        if unit.is_end() {
            let end = Chunk {
                place: Place { last: true, ..place(input, index, 0) },
                parsed: Parsed::default(),
                lines: Some(0),
                ends_unit: true,
                batch: None,
            };
            self.commit((input, index), end, true, consumer, scratch)?;
            return Ok(true);
        }
        if unit.is_passed() {
            let records = unit_rows as usize;
            let parsed = Parsed { records, filtered: records, ..self.nothing() };
            let chunk = Chunk { place: place(input, index, 0), parsed, lines: Some(0), ends_unit: true, batch: None };
            return self.commit((input, index), chunk, false, consumer, scratch).map(|()| true);
        }
        let ends = index + unit.chunks(rows);
        for batch in table.chunks(unit, &columns, rows)? {
            if !self.may_go_on((input, index), consumer, scratch)? {
                break;
            }
            if index < self.start_in(input).map_or(0, |start| start.chunk) {
                batch?;
                index += 1;
                continue;
            }
            let chunk = self.table_chunk(input, index, batch?, &columns, scratch)?;
            scratch.watch.lap(Stage::Parse);
            index += 1;
            self.commit((input, index - 1), Chunk { ends_unit: index == ends, ..chunk }, false, consumer, scratch)?;
        }
        self.bytes_done.fetch_add(table.share(unit_rows), Ordering::Relaxed);
        Ok(true)
    }

    /// The columns of the sources that are read, ascending.
    fn columns_read(&self) -> Vec<usize> {
        let filtered = self.plan.filter.iter().flat_map(|filter| &filter.columns);
        let mut columns: Vec<usize> = filtered.filter_map(|column| column.place.in_source()).collect();
        columns.extend(&self.plan.selected);
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Where they stand in a source that has them, ascending.
    fn columns_read_of(&self, input: usize) -> Vec<usize> {
        let input = &self.inputs[input];
        let mut places: Vec<usize> = self.columns_read().into_iter().filter_map(|column| input.place(column)).collect();
        places.sort_unstable();
        places
    }

    fn next_unit(&self, rows: usize) -> Result<Option<(usize, &Table, Unit)>> {
        loop {
            let input = self.current.load(Ordering::SeqCst);
            let Some(table) = self.inputs.get(input).and_then(|input| input.table.as_ref()) else { return Ok(None) };
            let place = |column| self.inputs[input].place(column);
            let of_path = self.plan.flaws_of_path(self.inputs[input].source.name());
            let filter = self.plan.filter.as_ref().filter(|_| !self.plan.cannot_tell(&of_path));
            if let Some(unit) = table.next_unit(&self.columns_read_of(input), rows, filter, &place)? {
                let passed = unit.first + unit.chunks(rows);
                if !unit.is_end() && self.start_in(input).is_some_and(|start| passed <= start.chunk) {
                    self.bytes_done.fetch_add(table.share(unit.rows), Ordering::Relaxed);
                    continue;
                }
                return Ok(Some((input, table, unit)));
            }
            let _ = self.current.compare_exchange(input, input + 1, Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    /// Waits until there is room for a chunk, doing what waits to be done; false where the run is over.
    fn may_go_on(&self, key: (usize, u64), consumer: &dyn Consumer, scratch: &mut Scratch) -> Result<bool> {
        loop {
            self.check_cancelled()?;
            if self.stop.load(Ordering::SeqCst) || self.done.load(Ordering::SeqCst) {
                return Ok(false);
            }
            if !consumer.is_crowded(self) && self.may_wait(key) {
                return Ok(true);
            }
            if !consumer.help(self, scratch)? {
                std::thread::sleep(NAP);
            }
        }
    }

    /// Whether a chunk is the next to be committed, or may wait for those before it.
    fn may_wait(&self, key: (usize, u64)) -> bool {
        let committer = lock(&self.committer);
        committer.next == key || committer.waiting_bytes < WAITING_BYTES
    }

    fn table_chunk(
        &self,
        input: usize,
        index: u64,
        batch: RecordBatch,
        columns: &[usize],
        scratch: &mut Scratch,
    ) -> Result<Chunk> {
        let parsed = self.rows_of(input, &batch, columns, scratch)?;
        let bytes = parsed.columns.iter().map(|column| column.column.array.get_array_memory_size()).sum();
        let batch = self.options.limit.map(|_| batch);
        Ok(Chunk { place: place(input, index, bytes), parsed, lines: Some(0), ends_unit: false, batch })
    }

    fn rows_of(&self, input: usize, batch: &RecordBatch, columns: &[usize], scratch: &mut Scratch) -> Result<Parsed> {
        if self.kinds.is_some_and(<[_]>::is_empty) && self.plan.filter.is_none() {
            return Ok(Parsed { rows: batch.num_rows(), records: batch.num_rows(), ..Parsed::default() });
        }
        parsed(self.plan, &self.inputs[input], batch, columns, scratch)
    }

    /// A chunk cut to its first rows.
    pub(super) fn first_rows(
        &self,
        chunk: &Chunk,
        batch: &RecordBatch,
        rows: usize,
        scratch: &mut Scratch,
    ) -> Result<Parsed> {
        let columns = self.columns_read_of(chunk.place.input);
        let records = records_of_rows(&chunk.parsed, rows).min(batch.num_rows());
        self.rows_of(chunk.place.input, &batch.slice(0, records), &columns, scratch)
    }
}

/// Where a chunk comes from. Its types are settled: nobody reads it again.
fn place(input: usize, index: u64, bytes: usize) -> Place {
    Place { input, offset: index, bytes, skipped: 0, exact: false, last: false, cut: true }
}
