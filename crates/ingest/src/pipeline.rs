//! The parallel part: workers take blocks, settle them in order, parse them in any order, and commit them in order.
//!
//! ```text
//! worker: take a block ─▶ scan ─▶ [turn: carry in, settle, carry out] ─▶ parse ─▶ commit
//! ```
//!
//! The turns and the commits are in the order of the sources; everything else runs side by side. A bounded number of
//! chunks is between "taken" and "committed", which bounds memory.

mod again;
mod commit;
mod end;
mod late;
mod tables;
mod text;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ingest_columnar::arrow::array::{ArrayRef, RecordBatch};
use ingest_columnar::{ColumnType, Counts, Spares};
use ingest_infer::Summary;
use ingest_parse::{Carry, Dialect};
use ingest_simd::Padded;
use ingest_source::Block;
use serde::{Deserialize, Serialize};

use crate::error::{Again, Code, Error, Result};
use crate::flaw::Located;
use crate::journal::Standing;
use crate::options::Options;
use crate::plan::{Input, Plan, are_tables};
use crate::region::{Parsed, Scratch};
use crate::stages::{StageSeconds, Stopwatch};

pub(crate) use again::parse_columns;
use commit::{Committer, NewKeys};
use end::Ends;
pub(crate) use late::Late;
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
    /// Values that are null because they did not fit, by column of the result.
    pub errors: Vec<u64>,
    /// Values that did not fit in records that were rejected for it, likewise.
    pub rejected: Vec<u64>,
    /// Counts by selected column, as parsed: exact where the types were known before.
    pub counts: Vec<Counts>,
    /// Of the committed chunks alone, by selected column: the truth about the types.
    pub summaries: Vec<Summary>,
    /// Where tables ended before their sources did.
    pub ends: Ends,
    /// How often was looked for a sign of the dialect that explains a record.
    pub looks_for_signs: u64,
    /// Where the workers' time went, if the run was watched.
    #[serde(skip)]
    pub stages: StageSeconds,
}

/// What is done with the records that the options set aside.
pub(crate) trait Aside: Send {
    /// Takes the next one. Its numbers, from 1: in its source, and in all.
    fn reject(&mut self, plan: &Plan, source: &str, numbers: (u64, u64), flaw: Located) -> Result<()>;

    /// How many were taken.
    fn count(&self) -> u64;
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
    /// Whether it may begin again with a sign of the dialect.
    pub may_begin_again: bool,
    /// The dialect without the signs that it has begun again with.
    pub without_signs: Option<Dialect>,
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
            may_begin_again: false,
            without_signs: None,
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
                    rejected: vec![0; columns],
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
    /// does not know make it fail with [`Again::NewKeys`].
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
        if let Some(at_end) = &self.options.at_end {
            at_end()?;
        }
        let committer = self.committer.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.looks_for_keys.into_inner() {
            return Err(Error::begin_again(Again::NewKeys(committer.new_keys.in_order)));
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
        let kind = |kinds: &[ColumnType], number| kinds.get(self.plan.position_of_selected(number)).cloned();
        match self.kinds {
            Some(kinds) => (0..self.plan.selected.len()).filter_map(|number| kind(kinds, number)).collect(),
            None => known.iter().enumerate().map(|(number, known)| self.plan.kind_of_selected(number, known)).collect(),
        }
    }
}

fn padded(block: &Block) -> Padded<'_> {
    let (memory, start, end) = block.parts();
    Padded::new(memory, start, end).expect("a block has padding on both sides")
}
