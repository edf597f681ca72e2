//! Chunks to Parquet row groups.
//!
//! A row group is a run of chunks up to a budget of bytes in memory. Where it ends depends on the input and the options
//! alone: only where [chunks are cut](crate::pipeline::Run::cut_bytes) or a source ends, and by a sum over the records
//! before. Each column of a closed group is a job of its own; a finished group is appended when its turn comes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use ingest_columnar::arrow::array::ArrayRef;
use ingest_columnar::arrow::datatypes::Field;
use ingest_columnar::{ColumnType, Counts, arrow_type};
use ingest_infer::Summary;
use ingest_parquet::{EncodedColumn, EncodedGroup, Encoder, Saved, WriteOptions};

use crate::error::{Code, Error, Result};
use crate::journal::{Found, Journal, Standing, WrittenGroup};
use crate::pipeline::{Chunk, Consumer, Place, Run, lock};
use crate::plan::{Input, Plan};
use crate::region::Scratch;
use crate::settle::{KeptColumn, final_kinds, settle_column};

/// What takes the encoded groups, in order.
pub(crate) trait GroupWriter: Send {
    /// Takes the next one. `folder`: where the rows belong, if not all belong together.
    fn append(&mut self, group: EncodedGroup, folder: &Arc<str>) -> Result<()>;

    /// What it has written, with the groups from number `first` on; `None` where nobody can go on with that.
    fn save(&mut self, _first: usize) -> Result<Option<Saved>> {
        Ok(None)
    }
}

/// The chunks of a group, to read them again.
pub(crate) type Places = Vec<(Place, usize)>;

/// A closed group, to be encoded.
pub(crate) struct Group {
    /// As [`GroupWriter::append`] is told.
    pub folder: Arc<str>,
    /// None where the columns have their final types.
    pub places: Places,
    /// By column, by chunk; the first is the plan's column of that position.
    pub columns: Vec<(usize, Vec<KeptColumn>)>,
}

/// Closed groups on their way into what they are written to.
pub(crate) struct GroupQueue<W> {
    options: WriteOptions,
    /// The memory of encoded values goes back to those who parse.
    gives_back: bool,
    state: Mutex<Queue>,
    writer: Mutex<Appender<W>>,
    /// Encoders that rest.
    encoders: Mutex<Vec<Encoder>>,
    journal: Option<Arc<Journal>>,
}

#[derive(Default)]
struct Queue {
    closed: usize,
    jobs: VecDeque<Job>,
    /// Jobs taken and not done.
    running: usize,
    /// Groups that are closed and not appended.
    unwritten: usize,
    /// Of groups that may be read again.
    places: Vec<Places>,
    /// Counts by group and column, of the same groups.
    counts: Vec<Vec<Counts>>,
    /// Where the run stood behind groups that the journal does not know yet.
    standings: BTreeMap<usize, Standing>,
    /// Groups that it knows.
    noted: usize,
}

/// One column of one group.
struct Job {
    group: usize,
    folder: Arc<str>,
    /// Among the columns of the group, and how many these are.
    slot: usize,
    width: usize,
    /// Among those of the plan.
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
    folder: Arc<str>,
    columns: Vec<Option<EncodedColumn>>,
    missing: usize,
}

impl<W> Appender<W> {
    /// The next group in the order, if all its columns are there.
    fn take_whole(&mut self) -> Option<(EncodedGroup, Arc<str>)> {
        let whole = self.parts.get(&self.next)?.missing == 0;
        let parts = if whole { self.parts.remove(&self.next)? } else { return None };
        self.next += 1;
        Some((EncodedGroup::new(parts.columns.into_iter().flatten().collect()), parts.folder))
    }
}

/// Groups that may wait to be encoded before parsing pauses; one where memory is limited.
const GROUPS_WAITING_MAX: usize = 2;

impl<W: GroupWriter> GroupQueue<W> {
    pub(crate) fn new(writer: W, options: WriteOptions, gives_back: bool) -> Self {
        let writer = Appender { writer, next: 0, parts: BTreeMap::new() };
        GroupQueue {
            options,
            gives_back,
            state: Mutex::default(),
            writer: Mutex::new(writer),
            encoders: Mutex::default(),
            journal: None,
        }
    }

    /// Takes over the groups that an earlier run has written to the same place.
    fn take_over(&mut self, groups: &[WrittenGroup]) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.places = groups.iter().map(|group| group.places.clone()).collect();
        state.counts = groups.iter().map(|group| group.counts.clone()).collect();
        (state.closed, state.noted) = (groups.len(), groups.len());
        self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).next = groups.len();
    }

    /// Notes in the journal, if it is time, how far the output has come.
    fn note_step(&self, appender: &mut Appender<W>) -> Result<()> {
        let Some(journal) = self.journal.as_ref().filter(|journal| journal.is_due()) else { return Ok(()) };
        let mut state = lock(&self.state);
        let (noted, appended) = (state.noted, appender.next);
        let Some(standing) = appended.checked_sub(1).and_then(|last| state.standings.remove(&last)) else {
            return Ok(());
        };
        let Some(Saved { written, groups }) = appender.writer.save(noted)? else { return Ok(()) };
        let known = state.places[noted..].iter().zip(&state.counts[noted..]);
        let groups = groups.into_iter().zip(known).map(|(footer, (places, counts))| WrittenGroup {
            footer,
            places: places.clone(),
            counts: counts.clone(),
        });
        journal.note_step(written, groups.collect(), standing);
        state.standings = state.standings.split_off(&appended);
        state.noted = appended;
        Ok(())
    }

    /// The writer, and of each group where it came from and what is counted of its columns.
    pub(crate) fn into_parts(self) -> (W, Vec<Places>, Vec<Vec<Counts>>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let appender = self.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        (appender.writer, state.places, state.counts)
    }

    /// Takes a group in behind the others; how many there are now. `kinds`: the types of all columns of the plan.
    pub(crate) fn push(&self, group: Group, kinds: &[ColumnType]) -> usize {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let width = group.columns.len();
        for (slot, (position, columns)) in group.columns.into_iter().enumerate() {
            let (folder, places, kind) = (group.folder.clone(), group.places.clone(), kinds[position].clone());
            state.jobs.push_back(Job { group: state.closed, folder, slot, width, position, places, columns, kind });
        }
        if !group.places.is_empty() {
            state.counts.push(vec![Counts::default(); kinds.len()]);
            state.places.push(group.places);
        }
        state.closed += 1;
        state.unwritten += 1;
        state.closed
    }

    fn encode(&self, run: &Run<'_>, job: Job, scratch: &mut Scratch) -> Result<()> {
        let (group, folder, slot, width, position) = (job.group, job.folder.clone(), job.slot, job.width, job.position);
        let resting = lock(&self.encoders).pop();
        let mut encoder = match resting {
            Some(encoder) => encoder,
            None => Encoder::new(&self.options)?,
        };
        let (encoded, counts) = encode_job(run, job, self.gives_back, &mut encoder, scratch)?;
        lock(&self.encoders).push(encoder);
        if let Some(of_group) = lock(&self.state).counts.get_mut(group) {
            of_group[position] = counts;
        }
        let mut appender = lock(&self.writer);
        let none = || Parts { folder, columns: (0..width).map(|_| None).collect(), missing: width };
        let parts = appender.parts.entry(group).or_insert_with(none);
        parts.columns[slot] = Some(encoded);
        parts.missing -= 1;
        let mut written = 0;
        while let Some((group, folder)) = appender.take_whole() {
            appender.writer.append(group, &folder)?;
            written += 1;
        }
        if written > 0 {
            self.note_step(&mut appender)?;
        }
        drop(appender);
        let mut state = lock(&self.state);
        state.unwritten -= written;
        state.running -= 1;
        Ok(())
    }

    /// Encodes a column that waits, if any; false if none does.
    pub(crate) fn help(&self, run: &Run<'_>, scratch: &mut Scratch) -> Result<bool> {
        let mut state = lock(&self.state);
        let Some(job) = state.jobs.pop_front() else { return Ok(false) };
        state.running += 1;
        drop(state);
        self.encode(run, job, scratch)?;
        Ok(true)
    }

    /// Whether so many groups wait that parsing should pause.
    pub(crate) fn is_crowded(&self, run: &Run<'_>) -> bool {
        let most = if run.options.memory_limit.is_some() { 1 } else { GROUPS_WAITING_MAX };
        lock(&self.state).unwritten >= most
    }

    /// Whether nothing waits or is in the making.
    pub(crate) fn is_idle(&self) -> bool {
        let state = lock(&self.state);
        state.jobs.is_empty() && state.running == 0
    }
}

/// Settles the chunks of one column of a group and encodes them.
fn encode_job(
    run: &Run<'_>,
    job: Job,
    gives_back: bool,
    encoder: &mut Encoder,
    scratch: &mut Scratch,
) -> Result<(EncodedColumn, Counts)> {
    let (plan, inputs) = (run.plan, run.inputs);
    let mut counts = Counts::default();
    let mut places = job.places.iter();
    let arrays = job
        .columns
        .into_iter()
        .map(|mut column| {
            if let Some((place, rows)) = places.next() {
                column = settle_column(plan, inputs, (place, *rows), job.position, column, &job.kind, scratch)?;
            }
            counts += column.counts;
            Ok(column.array.expect("groups keep their values"))
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    let encoded = encode_arrays(plan, job.position, &job.kind, &arrays, encoder)?;
    if gives_back {
        run.give_back(job.position, arrays);
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

/// Bytes an array takes in memory beside its values, about.
const ARRAY_BYTES: u64 = 1024;

/// Bytes a value takes in memory, about: eight of its own and a share of the validity bits, or an offset and some text.
pub(crate) const VALUE_BYTES: u64 = 9;

/// Cuts chunks into groups, each of them of the next rows.
pub(crate) struct Grouper<W> {
    group_bytes: u64,
    open: Mutex<Open>,
    groups: GroupQueue<W>,
}

/// The group that chunks are added to.
#[derive(Default)]
struct Open {
    bytes: u64,
    rows: u64,
    places: Places,
    /// By column, by chunk.
    columns: Vec<Vec<KeptColumn>>,
    /// Of all rows so far.
    summaries: Vec<Summary>,
    /// The group that was closed last, until the run has said where it stands.
    closed: Option<usize>,
}

impl<W: GroupWriter> Grouper<W> {
    pub(crate) fn new(plan: &Plan, writer: W, group_bytes: u64, options: WriteOptions) -> Self {
        let open = Open { summaries: vec![Summary::default(); plan.width()], ..Open::default() };
        Grouper { group_bytes, open: Mutex::new(open), groups: GroupQueue::new(writer, options, true) }
    }

    /// Keeps a journal, which begins behind what an earlier run has `found`.
    pub(crate) fn journaled(mut self, journal: Option<Arc<Journal>>, found: Option<&Found>) -> Self {
        self.groups.journal = journal;
        if let Some(found) = found {
            let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
            open.summaries.clone_from(&found.standing.totals.summaries);
            self.groups.take_over(&found.groups);
        }
        self
    }

    /// As [`GroupQueue::into_parts`].
    pub(crate) fn into_parts(self) -> (W, Vec<Places>, Vec<Vec<Counts>>) {
        self.groups.into_parts()
    }

    fn close(&self, run: &Run<'_>, open: &mut Open) -> Result<()> {
        open.bytes = 0;
        if std::mem::take(&mut open.rows) == 0 {
            return Ok(());
        }
        let kinds = match run.kinds {
            Some(kinds) => kinds.to_vec(),
            None => final_kinds(run.plan, &open.summaries),
        };
        let columns = std::mem::take(&mut open.columns).into_iter().enumerate().collect();
        let group = Group { folder: Arc::from(""), places: std::mem::take(&mut open.places), columns };
        let groups = self.groups.push(group, &kinds);
        open.closed = Some(groups - 1);
        check_footer(run, groups)
    }
}

impl<W: GroupWriter> Consumer for Grouper<W> {
    fn consume(&self, run: &Run<'_>, chunk: Chunk) -> Result<()> {
        let mut open = lock(&self.open);
        let open = &mut *open;
        open.closed = None;
        let (place, rows) = (chunk.place, chunk.parsed.rows);
        // What a source leaves behind is at least an array a column, however few its rows.
        open.bytes += place.bytes as u64 + if place.last { run.plan.width() as u64 * ARRAY_BYTES } else { 0 };
        open.rows += rows as u64;
        if rows > 0 {
            open.places.push((place, rows));
            open.columns.resize_with(run.plan.width(), Vec::new);
            for (position, column) in chunk.parsed.columns.into_iter().enumerate() {
                open.summaries[position].join(&column.column.summary);
                open.columns[position].push(KeptColumn::new(column, true));
            }
        }
        let values = open.rows * run.plan.width() as u64;
        if place.cut && open.bytes.max(values * VALUE_BYTES) >= self.group_bytes {
            self.close(run, open)?;
        }
        Ok(())
    }

    fn wants_standing(&self) -> bool {
        self.groups.journal.as_ref().is_some_and(|journal| journal.is_kept()) && lock(&self.open).closed.is_some()
    }

    fn keep_standing(&self, standing: Standing) {
        if let Some(group) = lock(&self.open).closed.take() {
            lock(&self.groups.state).standings.insert(group, standing);
        }
    }

    fn end(&self, run: &Run<'_>) -> Result<()> {
        self.close(run, &mut lock(&self.open))
    }

    fn help(&self, run: &Run<'_>, scratch: &mut Scratch) -> Result<bool> {
        self.groups.help(run, scratch)
    }

    fn is_crowded(&self, run: &Run<'_>) -> bool {
        self.groups.is_crowded(run)
    }

    fn is_idle(&self) -> bool {
        self.groups.is_idle()
    }
}
