//! The parallel part: workers take blocks, settle them in order, parse them in any order, and commit them in order.
//!
//! ```text
//! worker: take a block ─▶ scan ─▶ [turn: carry in, settle, carry out] ─▶ parse ─▶ commit
//! ```
//!
//! The turns and the commits are in the order of the sources; everything else runs side by side. A bounded number of
//! chunks is between "taken" and "committed", which bounds memory.

mod tables;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ingest_columnar::arrow::array::RecordBatch;
use ingest_columnar::{ColumnType, Counts, Spares};
use ingest_infer::Summary;
use ingest_parse::json::{self, Framed, Framing};
use ingest_parse::{Carry, Cells, Dialect, FaultKind, LineCounter, Settled, only_prolongs, read_records, settle};
use ingest_simd::{ChunkScan, Padded, Span, scan_chunk};
use ingest_source::{Block, BlockInfo};

use crate::error::{Code, Error, Result};
use crate::flaw::{Flaw, FlawKind, Located};
use crate::options::{Options, Progress};
use crate::plan::{Input, Plan, are_tables};
use crate::region::{Parsed, Region, Scratch, Wanted, parse_region};
use crate::stages::{Stage, StageSeconds, Stopwatch};

/// Bytes of text a worker takes at a time: the chunk, its index and its columns stay in a core's L2 cache for the most part,
/// and taking one costs nothing against parsing it.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// No chunk crosses a multiple of so many bytes, whatever its size, so that row groups can end there.
pub(crate) const CUT_BYTES: u64 = 1 << 20;

/// The same where a table is so wide that a megabyte holds few of its rows: each piece of a column costs some hundreds of bytes
/// and a tenth of a microsecond, however few its values.
const CUT_BYTES_WIDE: u64 = 4 << 20;

/// Columns from which on a table is that wide.
const WIDE_COLUMNS: usize = 4096;

/// Where a region lies, to read it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub input: usize,
    pub offset: u64,
    pub bytes: usize,
    /// Rows before those of the result.
    pub skipped: usize,
    /// The exact machine read it.
    pub exact: bool,
    /// Its last byte is the source's last.
    pub last: bool,
    /// It ends at a multiple of [`Run::cut_bytes`], or its source does.
    pub cut: bool,
}

/// A parsed chunk, as it is committed.
pub(crate) struct Chunk {
    pub place: Place,
    pub parsed: Parsed,
    /// The worker that took what it is from has nothing left of that.
    pub ends_unit: bool,
    /// Of a table, what it was made of, where a limit may cut it.
    pub batch: Option<RecordBatch>,
}

impl Chunk {
    /// A chunk of text.
    fn of_text(place: Place, parsed: Parsed) -> Chunk {
        Chunk { place, parsed, ends_unit: true, batch: None }
    }

    /// Takes its first rows out. What they showed of the types stays.
    fn skip(&mut self, rows: usize) {
        if rows == 0 {
            return;
        }
        self.place.skipped = rows;
        self.parsed.rows -= rows;
        self.parsed.filtered += rows;
        self.parsed.columns.iter_mut().for_each(|column| column.skip(rows));
    }
}

/// What takes the chunks. [`Consumer::consume`] is called in the order of the sources, under a lock.
pub(crate) trait Consumer: Sync {
    /// Takes the next chunk.
    fn consume(&self, run: &Run<'_>, chunk: Chunk) -> Result<()>;

    /// No more chunks come.
    fn end(&self, run: &Run<'_>) -> Result<()>;

    /// Does a piece of work that waits, if any; false if none does. Called by any worker.
    fn help(&self, _run: &Run<'_>, _scratch: &mut Scratch) -> Result<bool> {
        Ok(false)
    }

    /// Whether so much waits that no further chunk should be parsed.
    fn is_crowded(&self, _run: &Run<'_>) -> bool {
        false
    }

    /// Whether nothing waits or is in the making.
    fn is_idle(&self) -> bool {
        true
    }
}

/// What has been committed so far.
#[derive(Default)]
pub(crate) struct Totals {
    pub rows_in: u64,
    pub rows_out: u64,
    /// Rows that the filter does not want.
    pub filtered: u64,
    pub bytes_in: u64,
    pub dropped_fields: u64,
    /// Keys that came again in their record.
    pub doubled_keys: u64,
    pub errors: Vec<u64>,
    /// Counts by selected column, as parsed: exact where the types were known before.
    pub counts: Vec<Counts>,
    /// Of the committed chunks alone, by selected column: the truth about the types.
    pub summaries: Vec<Summary>,
    /// Where the workers' time went, if the run was watched.
    pub stages: StageSeconds,
}

/// What is done with the records that the options set aside.
pub(crate) trait Aside: Send {
    /// Takes the next one. `record`: its number in its source, from 1.
    fn reject(&mut self, plan: &Plan, source: &str, record: u64, flaw: Located) -> Result<()>;
}

/// Keys of JSON records that the plan does not know.
#[derive(Default)]
struct NewKeys {
    met: HashSet<String>,
    in_order: Vec<String>,
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

struct Committer<'a> {
    next: (usize, u64),
    waiting: BTreeMap<(usize, u64), (Chunk, bool)>,
    /// Of what waits, by [`Place::bytes`].
    waiting_bytes: usize,
    totals: Totals,
    /// Records of the source in hand that came before.
    source_records: u64,
    rows_left: u64,
    /// Rows that come before those of the result.
    rows_to_skip: u64,
    new_keys: NewKeys,
    aside: &'a mut dyn Aside,
}

/// Where a source's carry is handed from chunk to chunk.
struct Turn {
    state: Mutex<(u64, Option<Carry>)>,
    changed: Condvar,
}

/// One pass over the inputs.
pub(crate) struct Run<'a> {
    pub plan: &'a Plan,
    pub inputs: &'a [Input],
    pub options: &'a Options,
    pub threads: usize,
    /// Types known from elsewhere: nothing is inferred in this pass.
    pub kinds: Option<&'a [ColumnType]>,
    known: RwLock<Vec<Summary>>,
    current: AtomicUsize,
    turns: Vec<Turn>,
    committer: Mutex<Committer<'a>>,
    pool: Mutex<Vec<Block>>,
    spares: Arc<Mutex<Spares>>,
    in_flight: Mutex<usize>,
    freed: Condvar,
    stop: AtomicBool,
    done: AtomicBool,
    /// The run will begin again: nothing but keys is looked for any more.
    looks_for_keys: AtomicBool,
    failure: Mutex<Option<Error>>,
    bytes_done: AtomicU64,
    /// Seconds by stage of the workers that have ended, if anybody wants them.
    stages: Option<Mutex<StageSeconds>>,
}

/// A poisoned lock means that another worker panicked; its panic is what the caller will see.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops the other workers where one panics: they would wait for its chunk, and nobody would see the panic.
struct StopOnPanic<'r, 'a>(&'r Run<'a>);

impl Drop for StopOnPanic<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// How long a worker without work sleeps before it looks again.
const NAP: Duration = Duration::from_millis(1);

impl<'a> Run<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        inputs: &'a [Input],
        options: &'a Options,
        threads: usize,
        kinds: Option<&'a [ColumnType]>,
        aside: &'a mut dyn Aside,
    ) -> Self {
        let first = |input: &Input| Turn {
            state: Mutex::new((0, Some(Carry { lines: input.data_lines, ..Carry::default() }))),
            changed: Condvar::new(),
        };
        let columns = plan.width();
        Run {
            plan,
            inputs,
            options,
            threads,
            kinds,
            known: RwLock::new(plan.suggested.clone()),
            current: AtomicUsize::new(0),
            turns: inputs.iter().map(first).collect(),
            committer: Mutex::new(Committer {
                next: (0, 0),
                waiting: BTreeMap::new(),
                waiting_bytes: 0,
                totals: Totals {
                    errors: vec![0; columns],
                    counts: vec![Counts::default(); columns],
                    summaries: vec![Summary::default(); columns],
                    ..Totals::default()
                },
                source_records: 0,
                rows_left: options.limit.unwrap_or(u64::MAX),
                rows_to_skip: options.offset,
                new_keys: NewKeys::default(),
                aside,
            }),
            pool: Mutex::new(Vec::new()),
            spares: Arc::default(),
            in_flight: Mutex::new(0),
            freed: Condvar::new(),
            stop: AtomicBool::new(false),
            done: AtomicBool::new(false),
            looks_for_keys: AtomicBool::new(plan.json.as_ref().is_some_and(|json| json.looks_for_keys)),
            failure: Mutex::new(None),
            bytes_done: AtomicU64::new(0),
            stages: None,
        }
    }

    /// The same run, with its workers' time told apart in [`Totals::stages`].
    pub(crate) fn watched(mut self) -> Self {
        self.stages = Some(Mutex::default());
        self
    }

    /// Runs all workers to the end; what was committed, or the first failure in the order of the sources. Keys that the plan
    /// does not know make it fail with [`Error::new_keys`].
    pub(crate) fn run(self, consumer: &dyn Consumer) -> Result<Totals> {
        if self.inputs.is_empty() || self.options.limit == Some(0) {
            consumer.end(&self)?;
        } else {
            std::thread::scope(|scope| {
                let others: Vec<_> = (1..self.threads).map(|_| scope.spawn(|| self.work(consumer))).collect();
                self.work(consumer);
                // A scope waits for what its threads do, not for their end: what they hold themselves would outlive the run.
                for other in others {
                    other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                }
            });
        }
        if let Some(error) = lock(&self.failure).take() {
            return Err(error);
        }
        let committer = self.committer.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.looks_for_keys.into_inner() {
            return Err(Error::new_keys(committer.new_keys.in_order));
        }
        let stages = self.stages.map(|stages| stages.into_inner().unwrap_or_else(PoisonError::into_inner));
        Ok(Totals { stages: stages.unwrap_or_default(), ..committer.totals })
    }

    fn work(&self, consumer: &dyn Consumer) {
        let _guard = StopOnPanic(self);
        let watch = self.stages.as_ref().map_or_else(Stopwatch::default, |_| Stopwatch::started());
        let mut scratch = Scratch::of_worker(watch, &self.spares);
        if let Err(error) = self.work_on(consumer, &mut scratch) {
            self.fail(error);
        }
        if let Some(stages) = &self.stages {
            lock(stages).join(scratch.watch.seconds());
        }
    }

    fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.stop();
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.freed.notify_all();
        self.turns.iter().for_each(|turn| turn.changed.notify_all());
    }

    fn work_on(&self, consumer: &dyn Consumer, scratch: &mut Scratch) -> Result<()> {
        while !self.stop.load(Ordering::SeqCst) {
            self.check_cancelled()?;
            if consumer.help(self, scratch)? {
                continue;
            }
            let done = self.done.load(Ordering::SeqCst);
            if done && consumer.is_idle() {
                return Ok(());
            }
            if done || consumer.is_crowded(self) || !self.take_slot() {
                std::thread::sleep(NAP);
                continue;
            }
            let worked = if are_tables(self.inputs) {
                self.work_on_table(consumer, scratch)?
            } else {
                self.work_on_text(consumer, scratch)?
            };
            if !worked {
                self.free_slots(1);
                std::thread::sleep(NAP);
            }
        }
        Ok(())
    }

    /// Reads the next block of text, and commits it; false if there is none left.
    fn work_on_text(&self, consumer: &dyn Consumer, scratch: &mut Scratch) -> Result<bool> {
        let mut block = lock(&self.pool).pop().unwrap_or_default();
        let taken = self.next_block(&mut block)?;
        scratch.watch.lap(Stage::Read);
        let Some((input, info)) = taken else { return Ok(false) };
        let chunk = self.chunk(input, &info, &mut block, scratch)?;
        self.bytes_done.fetch_add(info.len as u64, Ordering::Relaxed);
        lock(&self.pool).push(block);
        if let Some(chunk) = chunk {
            self.commit((input, info.index), chunk, info.last, consumer, scratch)?;
        }
        Ok(true)
    }

    fn check_cancelled(&self) -> Result<()> {
        match &self.options.cancel {
            Some(cancel) if cancel.load(Ordering::Relaxed) => Err(Error::new(Code::Interrupted, "interrupted")),
            _ => Ok(()),
        }
    }

    /// Chunks that may be between taken and committed: enough that no worker waits for a slow neighbour, or, where memory is
    /// limited, that none waits for itself.
    fn take_slot(&self) -> bool {
        let most = match (are_tables(self.inputs), self.options.memory_limit.is_some()) {
            (false, true) => self.threads + 1,
            (false, false) => 2 * self.threads + 2,
            // A row group is no small thing.
            (true, true) => 1,
            (true, false) => self.threads,
        };
        let mut in_flight = lock(&self.in_flight);
        let free = *in_flight < most;
        *in_flight += usize::from(free);
        free
    }

    fn free_slots(&self, count: usize) {
        *lock(&self.in_flight) -= count;
        self.freed.notify_all();
    }

    /// No chunk crosses a multiple of it: a function of the table and the options alone.
    fn cut_bytes(&self) -> u64 {
        let is_wide = self.plan.columns.len() >= WIDE_COLUMNS && self.options.memory_limit.is_none();
        if is_wide { CUT_BYTES_WIDE } else { CUT_BYTES }
    }

    fn next_block(&self, block: &mut Block) -> Result<Option<(usize, BlockInfo)>> {
        let cut_bytes = self.cut_bytes();
        let bytes = self.options.chunk_bytes.unwrap_or(CHUNK_BYTES.max(cut_bytes as usize)).max(1);
        loop {
            let input = self.current.load(Ordering::SeqCst);
            let Some(source) = self.inputs.get(input).map(|input| &input.source) else { return Ok(None) };
            if let Some(info) = source.next_block(block, bytes, cut_bytes)? {
                return Ok(Some((input, info)));
            }
            let _ = self.current.compare_exchange(input, input + 1, Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    /// Settles a block to whole records and parses them; `None` when the run has stopped.
    fn chunk(&self, input: usize, info: &BlockInfo, block: &mut Block, scratch: &mut Scratch) -> Result<Option<Chunk>> {
        let plan = self.plan;
        let data_offset = self.inputs[input].data_offset;
        let lead = data_offset.saturating_sub(info.offset).min(info.len as u64) as usize;
        let start = info.offset + lead as u64;
        let previous = if start <= data_offset { None } else { info.previous };
        let scan = scan_chunk(plan.kernel, padded(block).slice(lead, info.len), previous, &plan.structure);
        scratch.watch.lap(Stage::Scan);
        let Some(mut carry) = self.take_carry(input, info.index) else { return Ok(None) };
        let place = |offset, bytes, exact| Place {
            input,
            offset,
            bytes,
            skipped: 0,
            exact,
            last: info.last,
            cut: info.last || (info.offset + info.len as u64).is_multiple_of(self.cut_bytes()),
        };
        if start + (info.len - lead) as u64 <= data_offset && !info.last {
            self.give_carry(input, info.index, carry);
            scratch.watch.lap(Stage::Settle);
            return Ok(Some(Chunk::of_text(place(start, 0, false), self.nothing())));
        }
        let tail = carry.tail.len();
        let region_start = start - tail as u64;
        let framed =
            self.inputs[input].framing.map(|framing| Framed { framing, at_start: region_start == data_offset });
        let document = framed.filter(|framed| framed.framing != Framing::Lines);
        if document.is_none() && only_prolongs(&scan, &carry, &plan.dialect, info.last) {
            carry.tail.extend_from_slice(padded(block).slice(lead, info.len).bytes());
            carry.inside = scan.starting(carry.inside).ends_inside;
            carry.lines += scan.line_breaks;
            let parsed = self.check_tail(&carry, region_start, 0)?;
            self.give_carry(input, info.index, carry);
            scratch.watch.lap(Stage::Settle);
            return Ok(Some(Chunk::of_text(place(region_start, 0, false), parsed)));
        }
        if tail > 0 {
            block.prepend(&carry.tail);
        }
        let text = padded(block).slice(lead, tail + info.len);
        let mut lines = LineCounter::new(text.bytes(), tail, carry.lines);
        let Whole { end, mut next, cells, records_max, fault } = match document {
            Some(framed) => settle_document(text.bytes(), framed, carry.lines + scan.line_breaks, info.last),
            None => settle_lines(text.bytes(), tail, &scan, &carry, &plan.dialect, info.last),
        };
        next.tail = text.bytes()[end..].to_vec();
        let mut unfinished = self.check_tail(&next, region_start + end as u64, 0)?;
        self.give_carry(input, info.index, next);
        scratch.watch.lap(Stage::Settle);
        let region = Region {
            text: text.slice(0, end),
            next: if info.last { None } else { text.bytes().get(end).copied().or(Some(0)) },
            records_max,
            cells,
            framed,
            offset: region_start,
            source: self.inputs[input].source.name(),
            layout: self.inputs[input].layout.as_deref(),
        };
        let exact = region.cells.is_some();
        let mut parsed = self.parse(&region, scratch, &mut lines);
        unfinished.flaws.extend(fault.map(|fault| fault.locate(text.bytes(), region_start, &mut lines)));
        for mut flaw in unfinished.flaws {
            flaw.record = parsed.records;
            parsed.flaws.push(flaw);
        }
        Ok(Some(Chunk::of_text(place(region_start, end, exact), parsed)))
    }

    /// An error, or a flaw that is one, if the open record has grown beyond the limits. It begins at `offset`.
    fn check_tail(&self, carry: &Carry, offset: u64, record: usize) -> Result<Parsed> {
        let mut parsed = self.nothing();
        let tail = &carry.tail;
        if tail.len() as u64 > self.plan.max_field_bytes && self.plan.json.is_none() {
            let open = read_records(tail, false, &self.plan.dialect, &mut Default::default());
            // The quotes around the field, and a CR that will turn out to be a line end's, are not of its length.
            let field = (open.field, tail.len().saturating_sub(2));
            if let Some(kind) = self.plan.first_too_long(&open.fields, Some(field)) {
                let mut lines = LineCounter::new(tail, tail.len(), carry.lines);
                parsed.flaws.push(Flaw { record, start: 0, end: tail.len(), kind }.locate(tail, offset, &mut lines));
            }
        }
        if tail.len() as u64 > self.record_bytes_max() {
            return Err(Error::new(
                Code::MemoryLimit,
                format!("one record is longer than {} bytes", self.record_bytes_max()),
            )
            .hint("--memory-limit allows longer records; a quote that never closes is the usual cause of one"));
        }
        Ok(parsed)
    }

    /// A record is held a dozen times over while it is read, parsed and encoded; offsets in it have 31 bits.
    fn record_bytes_max(&self) -> u64 {
        self.options.memory_limit.map_or(1 << 30, |limit| limit / 16).min(Span::OFFSET_MAX as u64 / 2)
    }

    fn nothing(&self) -> Parsed {
        Parsed::default()
    }

    fn take_carry(&self, input: usize, index: u64) -> Option<Carry> {
        let turn = &self.turns[input];
        let mut state = lock(&turn.state);
        loop {
            if self.stop.load(Ordering::SeqCst) {
                return None;
            }
            if state.0 == index
                && let Some(carry) = state.1.take()
            {
                return Some(carry);
            }
            state = turn.changed.wait_timeout(state, 20 * NAP).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn give_carry(&self, input: usize, index: u64, carry: Carry) {
        let turn = &self.turns[input];
        *lock(&turn.state) = (index + 1, Some(carry));
        turn.changed.notify_all();
    }

    /// The types that the selected columns start from.
    fn kinds_to_parse(&self, known: &[Summary]) -> Vec<ColumnType> {
        match self.kinds {
            Some(kinds) => kinds[..kinds.len().min(self.plan.selected.len())].to_vec(),
            None => known.iter().enumerate().map(|(position, known)| self.plan.kind(position, known)).collect(),
        }
    }

    /// Parses all selected columns, starting from the types known so far, and adds what they showed.
    fn parse(&self, region: &Region<'_>, scratch: &mut Scratch, lines: &mut LineCounter<'_>) -> Parsed {
        if self.looks_for_keys.load(Ordering::Relaxed) {
            let wanted = Wanted { columns: &[], kinds: &[], known: &[], rows_max: None };
            return parse_region(self.plan, region, &wanted, scratch, lines);
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let kinds = self.kinds_to_parse(&known);
        let columns: Vec<usize> = (0..kinds.len()).collect();
        let wanted = Wanted { columns: &columns, kinds: &kinds, known: &known, rows_max: None };
        let parsed = parse_region(self.plan, region, &wanted, scratch, lines);
        let news = parsed.columns.iter().zip(&kinds).any(|(column, kind)| column.kind != *kind);
        if news {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            for (known, column) in known.iter_mut().zip(&parsed.columns) {
                known.join(&column.column.summary);
            }
        }
        parsed
    }

    /// Puts a chunk in its place in the order, and passes on all that are now next.
    fn commit(
        &self,
        key: (usize, u64),
        chunk: Chunk,
        last: bool,
        consumer: &dyn Consumer,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let mut committer = lock(&self.committer);
        committer.waiting_bytes += chunk.place.bytes;
        committer.waiting.insert(key, (chunk, last));
        let mut passed = 0;
        loop {
            let next = committer.next;
            let Some((chunk, last)) = committer.waiting.remove(&next) else { break };
            committer.waiting_bytes -= chunk.place.bytes;
            committer.next = if last { (next.0 + 1, 0) } else { (next.0, next.1 + 1) };
            passed += usize::from(chunk.ends_unit);
            if !self.done.load(Ordering::SeqCst)
                && !self.stop.load(Ordering::SeqCst)
                && let Err(error) = self.pass_on(&mut committer, chunk, consumer, scratch)
            {
                // Under the lock: no later chunk can tell its own failure first.
                self.fail(error);
                return Ok(());
            }
            if last {
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

    fn pass_on(
        &self,
        committer: &mut Committer<'_>,
        mut chunk: Chunk,
        consumer: &dyn Consumer,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let skipped = committer.rows_to_skip.min(chunk.parsed.rows as u64);
        if (chunk.parsed.rows as u64 - skipped) >= committer.rows_left {
            let rows = (skipped + committer.rows_left) as usize;
            let first = match chunk.batch.take() {
                Some(batch) => self.first_rows(&chunk, &batch, rows, scratch)?,
                None => self.parse_again(&chunk.place, rows, scratch)?,
            };
            let flaws = std::mem::take(&mut chunk.parsed.flaws);
            chunk.parsed = first;
            let kept = chunk.parsed.records;
            chunk.parsed.flaws = flaws.into_iter().filter(|flaw| flaw.record < kept).collect();
        }
        committer.new_keys.add(std::mem::take(&mut chunk.parsed.new_keys));
        if !committer.new_keys.in_order.is_empty() {
            self.looks_for_keys.store(true, Ordering::Relaxed);
        }
        if self.looks_for_keys.load(Ordering::Relaxed) {
            // Flaws will be met again, with the types of all columns known.
            committer.rows_to_skip -= skipped;
            committer.rows_left -= chunk.parsed.rows as u64 - skipped;
            return Ok(());
        }
        let source = self.inputs[chunk.place.input].source.name();
        for flaw in std::mem::take(&mut chunk.parsed.flaws) {
            let record = committer.source_records + flaw.record as u64 + 1;
            if !flaw.is_rejected(self.plan) {
                return Err(flaw.into_error(self.plan, source, record));
            }
            committer.aside.reject(self.plan, source, record, flaw)?;
        }
        committer.source_records += chunk.parsed.records as u64;
        committer.rows_to_skip -= skipped;
        committer.rows_left -= chunk.parsed.rows as u64 - skipped;
        chunk.skip(skipped as usize);
        let totals = &mut committer.totals;
        if !self.kinds.is_some_and(<[_]>::is_empty) {
            let (rows, rules) = (chunk.parsed.rows, self.plan.rules());
            let made = self.plan.made.iter().map(|made| made.column(source, totals.rows_out, rows, &rules));
            chunk.parsed.columns.extend(made);
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
        consumer.consume(self, chunk)
    }

    /// Reads a region once more and parses its first rows: what lies behind them must not decide a type.
    fn parse_again(&self, place: &Place, rows_max: usize, scratch: &mut Scratch) -> Result<Parsed> {
        let columns: Vec<usize> = (0..self.plan.selected.len()).collect();
        let known = vec![Summary::default(); columns.len()];
        let kinds = self.kinds_to_parse(&known);
        let wanted = Wanted { columns: &columns, kinds: &kinds, known: &known, rows_max: Some(rows_max) };
        with_region(self.plan, self.inputs, place, |region| {
            let mut lines = LineCounter::new(region.text.bytes(), 0, 0);
            parse_region(self.plan, region, &wanted, scratch, &mut lines)
        })
    }
}

fn padded(block: &Block) -> Padded<'_> {
    let (memory, start, end) = block.parts();
    Padded::new(memory, start, end).expect("a block has padding on both sides")
}

/// How much of a text is whole records.
struct Whole {
    end: usize,
    next: Carry,
    /// What the exact machine read, where it had to.
    cells: Option<Cells>,
    records_max: usize,
    /// Why nothing can be read behind them.
    fault: Option<Flaw>,
}

/// Settles a chunk, behind its predecessor's tail, whose records end with lines.
fn settle_lines(text: &[u8], tail: usize, scan: &ChunkScan, carry: &Carry, dialect: &Dialect, last: bool) -> Whole {
    let Settled { end, cells, next } = settle(text, tail, scan, carry, dialect, last);
    let records_max = match &cells {
        Some(cells) => cells.records.len(),
        // The last one may end with the source.
        None => scan.starting(carry.inside).record_ends as usize + 1,
    };
    Whole { end, next, cells, records_max, fault: None }
}

/// Settles some text of a JSON document. `lines`: line breaks before its end.
fn settle_document(text: &[u8], framed: Framed, lines: u64, last: bool) -> Whole {
    let json::Settled { end, records, fault } = json::settle(text, framed, last);
    let flaw = |fault: json::Fault| {
        let kind = FaultKind::Json { fault: fault.kind, at: fault.at as u32 };
        // Shown is what is there wherever the text is cut: all that follows, or one character.
        let end = match fault.kind {
            json::JsonFault::CutShort => text.len(),
            _ => fault.at + usize::from(text[fault.at].is_ascii()),
        };
        Flaw { record: 0, start: fault.at, end, kind: FlawKind::Structure(kind) }
    };
    let next = Carry { lines, ..Carry::default() };
    Whole { end, next, cells: None, records_max: records, fault: fault.map(flaw) }
}

/// Reads a region from its source once more.
pub(crate) fn with_region<T>(
    plan: &Plan,
    inputs: &[Input],
    place: &Place,
    act: impl FnOnce(&Region<'_>) -> T,
) -> Result<T> {
    let mut block = Block::new();
    inputs[place.input].source.read_at(place.offset, &mut block, place.bytes)?;
    let text = padded(&block);
    let cells = place.exact.then(|| {
        let mut cells = Default::default();
        // Whole records: nothing behind them can change how they are read.
        read_records(text.bytes(), true, &plan.dialect, &mut cells);
        cells
    });
    let next = if place.last { None } else { Some(0) };
    let input = &inputs[place.input];
    let framed = input.framing.map(|framing| Framed { framing, at_start: place.offset == input.data_offset });
    // Whoever asks knows how many rows there are.
    let (source, layout) = (input.source.name(), input.layout.as_deref());
    Ok(act(&Region { text, next, cells, framed, offset: place.offset, source, layout, records_max: usize::MAX }))
}

/// Parses some columns of a region once more, as types that are known to hold them.
///
/// # Errors
/// The source cannot be read, or its bytes are no longer what they were.
pub(crate) fn parse_columns(
    plan: &Plan,
    inputs: &[Input],
    place: &Place,
    columns: &[usize],
    kinds: &[ColumnType],
    rows: usize,
    scratch: &mut Scratch,
) -> Result<Vec<crate::region::ParsedColumn>> {
    let known = vec![Summary::default(); columns.len()];
    let wanted = Wanted { columns, kinds, known: &known, rows_max: Some(place.skipped + rows) };
    let mut parsed = with_region(plan, inputs, place, |region| {
        let mut lines = LineCounter::new(region.text.bytes(), 0, 0);
        parse_region(plan, region, &wanted, scratch, &mut lines)
    })?;
    let same = parsed.rows == place.skipped + rows
        && parsed.columns.iter().zip(kinds).all(|(column, kind)| column.kind == *kind);
    if same {
        parsed.columns.iter_mut().for_each(|column| column.skip(place.skipped));
        return Ok(parsed.columns);
    }
    let name = inputs[place.input].source.name();
    Err(Error::new(Code::SourceChanged, format!("{name}: the source changed while it was read")))
}
