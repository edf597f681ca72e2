//! Chunks to Parquet row groups.
//!
//! A row group is a run of chunks up to a budget of bytes in memory. Where it ends depends on the input and the options
//! alone: only where [chunks are cut](crate::pipeline::Run::cut_bytes) or a source ends, and by a sum over the records
//! before. Each column of a group is a job of its own; a finished group is appended when its turn comes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ingest_columnar::arrow::array::ArrayRef;
use ingest_columnar::arrow::datatypes::Field;
use ingest_columnar::{ColumnType, Counts, arrow_type};
use ingest_infer::Summary;
use ingest_parquet::{EncodedColumn, EncodedGroup, Encoder, WriteOptions};

use crate::error::{Code, Error, Result};
use crate::pipeline::{Chunk, Consumer, Place, Run};
use crate::plan::{Input, Plan};
use crate::region::Scratch;
use crate::settle::{KeptColumn, final_kinds, settle_column};

/// What takes the encoded groups, in order.
pub(crate) trait GroupWriter: Send {
    fn append(&mut self, group: EncodedGroup) -> Result<()>;
}

/// The chunks of a group, to read them again.
pub(crate) type Places = Vec<(Place, usize)>;

/// Cuts chunks into groups and has them encoded.
pub(crate) struct Grouper<W> {
    group_bytes: u64,
    options: WriteOptions,
    state: Mutex<State>,
    writer: Mutex<Appender<W>>,
    /// Encoders that rest.
    encoders: Mutex<Vec<Encoder>>,
}

#[derive(Default)]
struct State {
    open: Group,
    summaries: Vec<Summary>,
    closed: usize,
    jobs: VecDeque<Job>,
    /// Jobs taken and not done.
    running: usize,
    /// Groups that are closed and not appended.
    unwritten: usize,
    places: Vec<Places>,
    /// Counts by group and column.
    counts: Vec<Vec<Counts>>,
}

#[derive(Default)]
struct Group {
    bytes: u64,
    rows: u64,
    places: Places,
    /// By column, by chunk.
    columns: Vec<Vec<KeptColumn>>,
}

/// One column of one group.
struct Job {
    group: usize,
    position: usize,
    places: Places,
    columns: Vec<KeptColumn>,
    kind: ColumnType,
}

struct Appender<W> {
    writer: W,
    next: usize,
    parts: BTreeMap<usize, Parts>,
}

/// The columns of a group that are encoded so far.
struct Parts {
    columns: Vec<Option<EncodedColumn>>,
    missing: usize,
}

impl<W> Appender<W> {
    /// The next group in the order, if all its columns are there.
    fn take_whole(&mut self) -> Option<EncodedGroup> {
        let whole = self.parts.get(&self.next)?.missing == 0;
        let parts = if whole { self.parts.remove(&self.next)? } else { return None };
        self.next += 1;
        Some(EncodedGroup::new(parts.columns.into_iter().flatten().collect()))
    }
}

/// Groups that may wait to be encoded before parsing pauses; one where memory is limited.
const GROUPS_WAITING_MAX: usize = 2;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W: GroupWriter> Grouper<W> {
    pub(crate) fn new(plan: &Plan, writer: W, group_bytes: u64, options: WriteOptions) -> Self {
        let columns = plan.width();
        let state = State { summaries: vec![Summary::default(); columns], ..State::default() };
        let writer = Appender { writer, next: 0, parts: BTreeMap::new() };
        Grouper {
            group_bytes,
            options,
            state: Mutex::new(state),
            writer: Mutex::new(writer),
            encoders: Mutex::default(),
        }
    }

    /// The writer, and of each group where it came from and what is counted of its columns.
    pub(crate) fn into_parts(self) -> (W, Vec<Places>, Vec<Vec<Counts>>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let appender = self.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        (appender.writer, state.places, state.counts)
    }

    fn close(&self, run: &Run<'_>, state: &mut State) -> Result<()> {
        let group = std::mem::take(&mut state.open);
        if group.rows == 0 {
            return Ok(());
        }
        let kinds = match run.kinds {
            Some(kinds) => kinds.to_vec(),
            None => final_kinds(run.plan, &state.summaries),
        };
        for (position, columns) in group.columns.into_iter().enumerate() {
            let (places, kind) = (group.places.clone(), kinds[position].clone());
            state.jobs.push_back(Job { group: state.closed, position, places, columns, kind });
        }
        state.counts.push(vec![Counts::default(); kinds.len()]);
        state.places.push(group.places);
        state.closed += 1;
        state.unwritten += 1;
        check_footer(run, state.closed)
    }

    fn encode(&self, run: &Run<'_>, job: Job, scratch: &mut Scratch) -> Result<()> {
        let (group, position, width) = (job.group, job.position, run.plan.width());
        let resting = lock(&self.encoders).pop();
        let mut encoder = match resting {
            Some(encoder) => encoder,
            None => Encoder::new(&self.options)?,
        };
        let (encoded, counts) = encode_job(run.plan, run.inputs, job, &mut encoder, scratch)?;
        lock(&self.encoders).push(encoder);
        let mut appender = lock(&self.writer);
        let none = || Parts { columns: (0..width).map(|_| None).collect(), missing: width };
        let parts = appender.parts.entry(group).or_insert_with(none);
        parts.columns[position] = Some(encoded);
        parts.missing -= 1;
        let mut written = 0;
        while let Some(group) = appender.take_whole() {
            appender.writer.append(group)?;
            written += 1;
        }
        drop(appender);
        let mut state = lock(&self.state);
        state.counts[group][position] = counts;
        state.unwritten -= written;
        state.running -= 1;
        Ok(())
    }
}

/// Settles the chunks of one column of a group and encodes them.
fn encode_job(
    plan: &Plan,
    inputs: &[Input],
    job: Job,
    encoder: &mut Encoder,
    scratch: &mut Scratch,
) -> Result<(EncodedColumn, Counts)> {
    let mut counts = Counts::default();
    let arrays = job
        .columns
        .into_iter()
        .zip(&job.places)
        .map(|(column, (place, rows))| {
            let column = settle_column(plan, inputs, (place, *rows), job.position, column, &job.kind, scratch)?;
            counts += column.counts;
            Ok(column.array.expect("groups keep their values"))
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    let encoded = encode_arrays(plan, job.position, &job.kind, &arrays, encoder)?;
    if plan.is_built(job.position, inputs) {
        let mut spares = scratch.spares();
        arrays.into_iter().for_each(|array| spares.give(array));
    }
    Ok((encoded, counts))
}

fn encode_arrays(
    plan: &Plan,
    position: usize,
    kind: &ColumnType,
    arrays: &[ArrayRef],
    encoder: &mut Encoder,
) -> Result<EncodedColumn> {
    let field = Field::new(plan.name(position), arrow_type(&kind.data_type), true);
    Ok(encoder.encode(&field, arrays)?)
}

/// Parses and encodes one column of a written group once more, as its final type.
pub(crate) fn encode_again(
    plan: &Plan,
    inputs: &[Input],
    places: &Places,
    position: usize,
    kind: &ColumnType,
    options: &WriteOptions,
) -> Result<(EncodedColumn, Counts)> {
    let mut scratch = Scratch::default();
    let mut counts = Counts::default();
    let arrays = places
        .iter()
        .map(|(place, rows)| {
            let columns = crate::pipeline::parse_columns(
                plan,
                inputs,
                place,
                &[position],
                std::slice::from_ref(kind),
                *rows,
                &mut scratch,
            )?;
            let column = columns.into_iter().next().expect("one column was asked for").column;
            counts += column.counts;
            Ok(column.array)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok((encode_arrays(plan, position, kind, &arrays, &mut Encoder::new(options)?)?, counts))
}

/// Bytes that are held of each column of each group until the footer is written: places, statistics and page index.
const FOOTER_BYTES: u64 = 1536;

/// The footer of a wide table can outgrow a narrow budget, whatever the size of its groups.
fn check_footer(run: &Run<'_>, groups: usize) -> Result<()> {
    let columns = run.plan.width();
    let held = (groups * columns) as u64 * FOOTER_BYTES;
    match run.options.memory_limit {
        Some(limit) if held > limit / 2 => Err(Error::new(
            Code::MemoryLimit,
            format!("the footer of {groups} row groups of {columns} columns takes more than half of the memory limit"),
        )
        .hint(
            "--memory-limit allows for more; --row-group-bytes makes fewer groups, which take more while they are made",
        )),
        _ => Ok(()),
    }
}

/// Bytes a value takes in memory, about: eight of its own and a share of the validity bits, or an offset and some text.
const VALUE_BYTES: u64 = 9;

impl<W: GroupWriter> Consumer for Grouper<W> {
    fn consume(&self, run: &Run<'_>, chunk: Chunk) -> Result<()> {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let (place, rows) = (chunk.place, chunk.parsed.rows);
        state.open.bytes += place.bytes as u64;
        state.open.rows += rows as u64;
        if rows > 0 {
            state.open.places.push((place, rows));
            state.open.columns.resize_with(run.plan.width(), Vec::new);
            for (position, column) in chunk.parsed.columns.into_iter().enumerate() {
                state.summaries[position].join(&column.column.summary);
                state.open.columns[position].push(KeptColumn::new(column, true));
            }
        }
        let values = state.open.rows * run.plan.width() as u64;
        if place.cut && state.open.bytes.max(values * VALUE_BYTES) >= self.group_bytes {
            self.close(run, state)?;
        }
        Ok(())
    }

    fn end(&self, run: &Run<'_>) -> Result<()> {
        self.close(run, &mut lock(&self.state))
    }

    fn help(&self, run: &Run<'_>, scratch: &mut Scratch) -> Result<bool> {
        let mut state = lock(&self.state);
        let Some(job) = state.jobs.pop_front() else { return Ok(false) };
        state.running += 1;
        drop(state);
        self.encode(run, job, scratch)?;
        Ok(true)
    }

    fn is_crowded(&self, run: &Run<'_>) -> bool {
        let most = if run.options.memory_limit.is_some() { 1 } else { GROUPS_WAITING_MAX };
        lock(&self.state).unwritten >= most
    }

    fn is_idle(&self) -> bool {
        let state = lock(&self.state);
        state.jobs.is_empty() && state.running == 0
    }
}
