//! The parallel part: workers take blocks, settle them in order, parse them in any order, and commit them in order.
//!
//! ```text
//! worker: take a block ─▶ scan ─▶ [turn: carry in, settle, carry out] ─▶ parse ─▶ commit
//! ```
//!
//! The turns and the commits are in the order of the sources; everything else runs side by side. A bounded number of
//! chunks is between "taken" and "committed", which bounds memory.

mod again;
mod tables;
mod text;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ingest_columnar::arrow::array::{ArrayRef, RecordBatch};
use ingest_columnar::{ColumnType, Counts, Spares};
use ingest_infer::Summary;
use ingest_parse::Carry;
use ingest_simd::Padded;
use ingest_source::Block;
use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::flaw::Located;
use crate::journal::Standing;
use crate::options::{Options, Progress};
use crate::plan::{Input, Plan, are_tables};
use crate::region::{Parsed, Scratch};
use crate::stages::{Stage, StageSeconds, Stopwatch};

pub(crate) use again::parse_columns;
pub(crate) use text::CUT_BYTES;

/// Bytes of text a worker takes at a time: the chunk, its index and its columns stay in a core's L2 cache for the most part,
/// and taking one costs nothing against parsing it.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// Where a region lies, to read it again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
    /// Line breaks before its end, where a run may go on from there.
    pub lines: Option<u64>,
    /// The worker that took what it is from has nothing left of that.
    pub ends_unit: bool,
    /// Of a table, what it was made of, where a limit may cut it.
    pub batch: Option<RecordBatch>,
}

impl Chunk {
    /// A chunk of text.
    fn of_text(place: Place, parsed: Parsed, lines: Option<u64>) -> Chunk {
        Chunk { place, parsed, lines, ends_unit: true, batch: None }
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

    /// Whether it wants to know where the run stands behind the chunk that it took last.
    fn wants_standing(&self) -> bool {
        false
    }

    /// Is told so.
    fn keep_standing(&self, _standing: Standing) {}

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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    #[serde(skip)]
    pub stages: StageSeconds,
}

/// What is done with the records that the options set aside.
pub(crate) trait Aside: Send {
    /// Takes the next one. `record`: its number in its source, from 1.
    fn reject(&mut self, plan: &Plan, source: &str, record: u64, flaw: Located) -> Result<()>;

    /// How many were taken.
    fn count(&self) -> u64;
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
    /// Set where nobody wants the result any more, beside [`Options::cancel`].
    pub abandoned: Option<&'a AtomicBool>,
    /// Where an earlier run has come to, which this one goes on with.
    start: Option<&'a Standing>,
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
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
            abandoned: None,
            start: None,
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

    /// The same run, but only what comes behind the place where an earlier one stood.
    ///
    /// # Errors
    /// A source is shorter than it was.
    pub(crate) fn behind(mut self, start: &'a Standing) -> Result<Self> {
        let before = &self.inputs[..start.input.min(self.inputs.len())];
        let passed = before.iter().filter_map(|input| input.source.stored_bytes()).sum();
        for input in before {
            // A type that is widened later needs its values once more.
            input.source.pass()?;
        }
        self.bytes_done = AtomicU64::new(passed);
        self.current = AtomicUsize::new(start.input);
        if let Some(input) = self.inputs.get(start.input).filter(|input| input.table.is_none() && start.offset > 0) {
            *self.bytes_done.get_mut() += input.source.start_at(start.offset)?;
            self.turns[start.input].state = Mutex::new((0, Some(Carry { lines: start.lines, ..Carry::default() })));
        }
        let committer = self.committer.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Blocks of text are counted from where they begin now.
        committer.next = (start.input, if are_tables(self.inputs) { start.chunk } else { 0 });
        committer.totals = start.totals.clone();
        committer.source_records = start.source_records;
        committer.rows_left = start.rows_left;
        committer.rows_to_skip = start.rows_to_skip;
        self.start = Some(start);
        Ok(self)
    }

    /// Where an earlier run stood in a source, if it stood in this one.
    fn start_in(&self, input: usize) -> Option<&Standing> {
        self.start.filter(|start| start.input == input)
    }

    /// The same run, with its workers' time told apart in [`Totals::stages`].
    pub(crate) fn watched(mut self) -> Self {
        self.stages = Some(Mutex::default());
        self
    }

    /// Runs all workers to the end; what was committed, or the first failure in the order of the sources. Keys that the plan
    /// does not know make it fail with [`Error::new_keys`].
    pub(crate) fn run(self, consumer: &dyn Consumer) -> Result<Totals> {
        let is_over = self.current.load(Ordering::SeqCst) >= self.inputs.len();
        if is_over || lock(&self.committer).rows_left == 0 {
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

    fn check_cancelled(&self) -> Result<()> {
        let mut flags = self.options.cancel.as_deref().into_iter().chain(self.abandoned);
        match flags.any(|flag| flag.load(Ordering::Relaxed)) {
            true => Err(Error::new(Code::Interrupted, "interrupted")),
            false => Ok(()),
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

    /// Takes the memory of a column's values, which nobody needs any more, for further ones.
    pub(crate) fn give_back(&self, position: usize, arrays: impl IntoIterator<Item = ArrayRef>) {
        if self.plan.is_built(position, self.inputs) {
            let mut spares = lock(&self.spares);
            arrays.into_iter().for_each(|array| spares.give(array));
        }
    }

    fn nothing(&self) -> Parsed {
        Parsed::default()
    }

    /// The types that the selected columns start from.
    fn kinds_to_parse(&self, known: &[Summary]) -> Vec<ColumnType> {
        match self.kinds {
            Some(kinds) => kinds[..kinds.len().min(self.plan.selected.len())].to_vec(),
            None => known.iter().enumerate().map(|(position, known)| self.plan.kind(position, known)).collect(),
        }
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
                && let Err(error) = self.pass_on(&mut committer, chunk, last, consumer, scratch)
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
        last: bool,
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
        self.set_aside(committer, &mut chunk)?;
        let source = self.inputs[chunk.place.input].source.name();
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
        let (place, lines) = (chunk.place, chunk.lines);
        consumer.consume(self, chunk)?;
        if let Some(lines) = lines.filter(|_| consumer.wants_standing()) {
            consumer.keep_standing(committer.standing(&place, lines, last));
        }
        Ok(())
    }

    /// Hands on the flaws of a chunk, as the options say: the first that is not to be set aside is an error.
    fn set_aside(&self, committer: &mut Committer<'_>, chunk: &mut Chunk) -> Result<()> {
        let input = &self.inputs[chunk.place.input];
        let source = input.source.name();
        for flaw in std::mem::take(&mut chunk.parsed.flaws) {
            let (flaw, record) = match &input.listed {
                Some(listed) => listed.placed(flaw),
                None => {
                    let record = committer.source_records + flaw.record as u64 + 1;
                    (flaw, record)
                }
            };
            if !flaw.is_rejected(self.plan) {
                return Err(flaw.into_error(self.plan, source, record));
            }
            committer.aside.reject(self.plan, source, record, flaw)?;
        }
        Ok(())
    }
}

impl Committer<'_> {
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

fn padded(block: &Block) -> Padded<'_> {
    let (memory, start, end) = block.parts();
    Padded::new(memory, start, end).expect("a block has padding on both sides")
}
