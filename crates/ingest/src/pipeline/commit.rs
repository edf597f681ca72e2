//! Chunks in the order of the sources: their flaws are set aside, their counts and types added, and they are handed on.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;

use super::{Aside, Chunk, Consumer, Place, Run, Totals, lock};
use crate::error::{Again, Error, Result};
use crate::journal::Standing;
use crate::options::Progress;
use crate::region::{Parsed, Scratch};
use crate::stages::Stage;

/// Keys of JSON records that the plan does not know.
#[derive(Default)]
pub(super) struct NewKeys {
    met: HashSet<String>,
    pub(super) in_order: Vec<String>,
}

impl NewKeys {
    fn add(&mut self, keys: Vec<String>) {
        for key in keys {
            if self.met.insert(key.clone()) {
                self.in_order.push(key);
            }
        }
    }
}

/// What is common to all that was committed so far, and what waits for its turn.
pub(super) struct Committer<'a> {
    pub(super) next: (usize, u64),
    pub(super) waiting: BTreeMap<(usize, u64), (Chunk, bool)>,
    /// Of what waits, by [`Place::bytes`].
    pub(super) waiting_bytes: usize,
    pub(super) totals: Totals,
    /// Records of the source in hand that came before.
    pub(super) source_records: u64,
    pub(super) rows_left: u64,
    /// Rows that come before those of the result.
    pub(super) rows_to_skip: u64,
    pub(super) new_keys: NewKeys,
    pub(super) aside: &'a mut dyn Aside,
}

impl Run<'_> {
    /// Puts a chunk in its place in the order, and passes on all that are now next.
    pub(super) fn commit(
        &self,
        key: (usize, u64),
        chunk: Chunk,
        last: bool,
        consumer: &dyn Consumer,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let mut committer = lock(&self.committer);
        if key < committer.next {
            // Its table has ended before it.
            drop(committer);
            self.free_slots(usize::from(chunk.ends_unit));
            return Ok(());
        }
        committer.waiting_bytes += chunk.place.bytes;
        committer.waiting.insert(key, (chunk, last));
        let mut passed = 0;
        loop {
            let next = committer.next;
            let Some((chunk, last)) = committer.waiting.remove(&next) else { break };
            committer.waiting_bytes -= chunk.place.bytes;
            committer.go_on_behind(next, last);
            passed += usize::from(chunk.ends_unit);
            if !self.done.load(Ordering::SeqCst) && !self.stop.load(Ordering::SeqCst) {
                match self.pass_on(&mut committer, chunk, next, consumer, scratch) {
                    Ok(left_out) => passed += left_out,
                    Err(error) => {
                        // Under the lock: no later chunk can tell its own failure first.
                        self.fail(error);
                        return Ok(());
                    }
                }
            }
            if committer.next.0 > next.0 {
                committer.source_records = 0;
            }
            if (committer.next.0 == self.inputs.len() || committer.rows_left == 0) && !self.done.load(Ordering::SeqCst)
            {
                consumer.end(self)?;
                self.done.store(true, Ordering::SeqCst);
                self.current.store(self.inputs.len(), Ordering::SeqCst);
            }
        }
        let rows = committer.totals.rows_in;
        drop(committer);
        self.free_slots(passed);
        scratch.watch.lap(Stage::Commit);
        if let Some(on_progress) = self.options.on_progress.as_ref().filter(|_| passed > 0) {
            let bytes_total = self.inputs.iter().map(|input| input.source.stored_bytes()).sum();
            on_progress(Progress { bytes_done: self.bytes_done.load(Ordering::Relaxed), bytes_total, rows });
        }
        Ok(())
    }

    /// Hands a chunk on. Where its table ends within it, nothing of its source comes any more: how many chunks that waited are
    /// left out.
    fn pass_on(
        &self,
        committer: &mut Committer<'_>,
        mut chunk: Chunk,
        key: (usize, u64),
        consumer: &dyn Consumer,
        scratch: &mut Scratch,
    ) -> Result<usize> {
        self.cut_at_limit(committer, &mut chunk, scratch)?;
        committer.new_keys.add(std::mem::take(&mut chunk.parsed.new_keys));
        if !committer.new_keys.in_order.is_empty() {
            self.looks_for_keys.store(true, Ordering::Relaxed);
        }
        if self.looks_for_keys.load(Ordering::Relaxed) {
            // Flaws will be met again, with the types of all columns known.
            committer.take_rows(&chunk.parsed);
            return Ok(0);
        }
        let left_out = match self.set_aside(committer, &mut chunk)? {
            Some(end) => self.end_source(committer, &mut chunk, key, end, scratch)?,
            None => 0,
        };
        committer.source_records += chunk.parsed.records as u64;
        let skipped = committer.take_rows(&chunk.parsed);
        chunk.skip(skipped);
        self.add_up(&mut committer.totals, &mut chunk);
        let (place, lines) = (chunk.place, chunk.lines);
        consumer.consume(self, chunk)?;
        if let Some(lines) = lines.filter(|_| consumer.wants_standing()) {
            let is_last = committer.next.0 > key.0;
            consumer.keep_standing(committer.standing(&place, lines, is_last));
        }
        Ok(left_out)
    }

    /// Leaves out what lies behind an offset in a chunk, and all that follows of its source: how many chunks that waited.
    #[cold]
    fn end_source(
        &self,
        committer: &mut Committer<'_>,
        chunk: &mut Chunk,
        key: (usize, u64),
        end: u64,
        scratch: &mut Scratch,
    ) -> Result<usize> {
        chunk.place.end_at(end);
        chunk.parsed = self.parse_again(&chunk.place, usize::MAX, scratch)?;
        // Those before it were handed on.
        chunk.parsed.flaws.clear();
        chunk.lines.get_or_insert(0);
        self.current.fetch_max(key.0 + 1, Ordering::SeqCst);
        Ok(committer.leave_out(key))
    }

    /// Takes the rows out of a chunk that come after those of the result.
    fn cut_at_limit(&self, committer: &Committer<'_>, chunk: &mut Chunk, scratch: &mut Scratch) -> Result<()> {
        let rows = chunk.parsed.rows as u64;
        let skipped = committer.rows_to_skip.min(rows);
        if rows - skipped < committer.rows_left {
            return Ok(());
        }
        let rows = (skipped + committer.rows_left) as usize;
        let first = match chunk.batch.take() {
            Some(batch) => self.first_rows(chunk, &batch, rows, scratch)?,
            None => self.parse_again(&chunk.place, rows, scratch)?,
        };
        let (flaws, refuted) = (std::mem::take(&mut chunk.parsed.flaws), chunk.parsed.refuted);
        chunk.parsed = first;
        let kept = chunk.parsed.records;
        chunk.parsed.refuted = refuted.filter(|&record| record < kept);
        chunk.parsed.flaws = flaws.into_iter().filter(|flaw| flaw.record < kept).collect();
        Ok(())
    }

    /// Adds what a chunk comes to, with the columns that are made for it.
    fn add_up(&self, totals: &mut Totals, chunk: &mut Chunk) {
        let source = self.inputs[chunk.place.input].source.name();
        if !self.kinds.is_some_and(<[_]>::is_empty) {
            let (rows, rules) = (chunk.parsed.rows, self.plan.rules());
            let columns = &mut chunk.parsed.columns;
            for (position, made) in self.plan.made_of_result() {
                // Where there are no rows, there may be no columns either.
                let position = position.min(columns.len());
                columns.insert(position, made.column(source, totals.rows_out, rows, &rules));
            }
        }
        totals.rows_in += chunk.parsed.records as u64;
        totals.rows_out += chunk.parsed.rows as u64;
        totals.filtered += chunk.parsed.filtered as u64;
        totals.bytes_in += chunk.place.bytes as u64;
        totals.dropped_fields += chunk.parsed.dropped_fields;
        totals.doubled_keys += chunk.parsed.doubled_keys;
        for (position, column) in chunk.parsed.columns.iter().enumerate() {
            totals.errors[position] += column.errors + chunk.parsed.nulled_records;
            totals.counts[position] += column.column.counts;
            totals.summaries[position].join(&column.column.summary);
        }
    }

    /// Hands on the flaws of a chunk, as the options say: the first that is not to be set aside is an error, or where the table
    /// ends.
    fn set_aside(&self, committer: &mut Committer<'_>, chunk: &mut Chunk) -> Result<Option<u64>> {
        let input = &self.inputs[chunk.place.input];
        let source = input.source.name();
        let refuted = chunk.parsed.refuted;
        for flaw in std::mem::take(&mut chunk.parsed.flaws) {
            if refuted.is_some_and(|record| record <= flaw.record) {
                break;
            }
            let in_all = committer.totals.rows_in + flaw.record as u64 + 1;
            let (flaw, record) = match &input.listed {
                Some(listed) => listed.placed(flaw),
                None => {
                    let record = committer.source_records + flaw.record as u64 + 1;
                    (flaw, record)
                }
            };
            if self.ends_before(&mut committer.totals.ends, chunk.place.input, &flaw, record - 1)? {
                return Ok(Some(flaw.record_offset));
            }
            let is_rejected = flaw.is_rejected(self.plan);
            let late = match self.may_begin_again || !is_rejected {
                true => self.late_sign(committer, chunk.place.input, &flaw)?,
                false => None,
            };
            match late {
                Some(late) => return Err(self.late_error(late, flaw.into_error(self.plan, source, record))),
                None if is_rejected => {
                    let positions = flaw.columns_of_values().filter_map(|column| self.plan.position_of(column));
                    positions.for_each(|position| committer.totals.rejected[position] += 1);
                    committer.aside.reject(self.plan, source, (record, in_all), flaw)?;
                }
                None => return Err(flaw.into_error(self.plan, source, record)),
            }
        }
        if refuted.is_some() {
            return Err(Error::begin_again(Again::Refuted));
        }
        Ok(None)
    }
}

impl Committer<'_> {
    /// The chunk of this key is no longer waited for.
    fn go_on_behind(&mut self, key: (usize, u64), last: bool) {
        self.next = if last { (key.0 + 1, 0) } else { (key.0, key.1 + 1) };
    }

    /// Counts the rows of a chunk: how many come before those of the result.
    fn take_rows(&mut self, parsed: &Parsed) -> usize {
        let rows = parsed.rows as u64;
        let skipped = self.rows_to_skip.min(rows);
        self.rows_to_skip -= skipped;
        self.rows_left -= rows - skipped;
        skipped as usize
    }

    /// Leaves out all chunks of the source behind the one of this key: how many waited.
    fn leave_out(&mut self, key: (usize, u64)) -> usize {
        self.go_on_behind(key, true);
        let kept = self.waiting.split_off(&self.next);
        let left_out = std::mem::replace(&mut self.waiting, kept);
        self.waiting_bytes -= left_out.values().map(|(chunk, _)| chunk.place.bytes).sum::<usize>();
        left_out.values().filter(|(chunk, _)| chunk.ends_unit).count()
    }

    /// Where the run stands behind the chunk that was at this place, which is cut there.
    fn standing(&self, place: &Place, lines: u64, last: bool) -> Standing {
        // `next` is the chunk behind it already.
        let (input, chunk) = self.next;
        let within = !last;
        Standing {
            input,
            offset: if within { place.offset + place.bytes as u64 } else { 0 },
            lines: if within { lines } else { 0 },
            chunk,
            source_records: if within { self.source_records } else { 0 },
            rows_left: self.rows_left,
            rows_to_skip: self.rows_to_skip,
            rejected: self.aside.count(),
            totals: self.totals.clone(),
        }
    }
}
