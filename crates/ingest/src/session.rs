//! An opened reader at work: its plan and inputs, the runs over them, and what they come to.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ingest_columnar::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use ingest_columnar::arrow::datatypes::SchemaRef;
use ingest_columnar::arrow::error::ArrowError;
use ingest_columnar::{ColumnType, Counts, Frame, OnError, type_name};
use ingest_parse::{Cells, read_records};
use ingest_source::{Source, Spool};

use crate::aside::Rejects;
use crate::error::{Again, Code, Error, Result};
use crate::journal::Standing;
use crate::listed::keep_listed;
use crate::measure::{cpu_seconds, peak_memory_bytes};
use crate::options::{Infer, Options};
use crate::pipeline::{CHUNK_BYTES, Consumer, Late, Run, Totals};
use crate::plan::{
    Input, Kind, Plan, Types, are_tables, first_with_records, kind_of, made_by_others, plan, types_of_all,
};
use crate::reader::Reader;
use crate::report::{ColumnReport, Report};
use crate::settle::{Keeper, Kept, final_kinds, schema, settle_chunks, type_notes};
use crate::sources::Sources;
use crate::stages::Stage;
use crate::tables::Table;
use crate::targets::check_targets;

/// An opened reader: plan, inputs, and what is measured.
pub(crate) struct Session {
    pub plan: Plan,
    pub inputs: Vec<Input>,
    pub options: Options,
    pub threads: usize,
    started: Instant,
    pub cpu_before: f64,
    /// Whether runs tell where their time goes.
    pub watched: bool,
    /// Set where nobody wants the result of a run any more.
    pub abandoned: Option<Arc<AtomicBool>>,
    /// The sources as they were found, and the options that decide about the result; `None` where nobody may go on with it.
    pub asked: Option<String>,
    /// Keys that were met in a run that had to begin again.
    pub learned: Vec<String>,
    /// Signs of the dialect that were.
    pub late: Vec<Late>,
    /// Whether the sources do not bear out such signs: none is looked for any more.
    is_refuted: bool,
    /// Whether a run may begin again.
    may_begin_again: bool,
    /// The options without what was learned since.
    given: Options,
    /// Takes out of a plan what the work does not need.
    narrow: fn(&mut Plan),
}

impl Session {
    pub(crate) fn start(reader: Reader) -> Result<Session> {
        Session::start_for(reader, |_| ())
    }

    /// The same for work that needs less than the plan: `narrow` takes the rest out of it.
    pub(crate) fn start_for(reader: Reader, narrow: fn(&mut Plan)) -> Result<Session> {
        let Reader { sources, options } = reader;
        let sources = sources.located(&options)?;
        check_targets(sources.files().chain(options.only_rejects.as_deref()), None, options.rejects.as_deref())?;
        let opened = sources.open(&options)?;
        Session::of_sources_for(opened, options, narrow, Vec::new())
    }

    /// The same for a conversion that may be gone on with.
    pub(crate) fn start_to_resume(reader: Reader) -> Result<Session> {
        let Reader { sources, options } = reader;
        let sources = sources.located(&options)?;
        // Before known types take the place of some options.
        let is_whole = options.only_rejects.is_none();
        let asked = is_whole.then(|| sources.states()).flatten().map(|states| states + &options.deciding());
        Ok(Session { asked, ..Session::start(Reader { sources, options })? })
    }

    /// A session over sources that are open already.
    pub(crate) fn of_sources(opened: Vec<Source>, options: Options) -> Result<Session> {
        Session::of_sources_for(opened, options, |_| (), Vec::new())
    }

    /// The same with what is known of the dialect, which the options do not name.
    fn of_sources_for(
        opened: Vec<Source>,
        mut options: Options,
        narrow: fn(&mut Plan),
        mut late: Vec<Late>,
    ) -> Result<Session> {
        let started = Instant::now();
        let cpu_before = cpu_seconds();
        let threads = threads(&options, &opened);
        check_memory_limit(&options)?;
        let given = options.clone();
        options = late.iter().fold(options, |options, late| late.given(options));
        let Known { opened, types, filter_types, late: more } = known_types(opened, &options)?;
        options = more.iter().fold(options, |options, late| late.given(options));
        late.extend(more);
        if types.is_some() {
            options.infer = Infer::All;
        }
        let (mut plan, mut inputs, options) = plan(&options, opened)?;
        if let Some(types) = types {
            plan.settle_types(types, &options)?;
        }
        if let Some(filter) = &options.filter {
            plan.set_filter(filter, &filter_types)?;
        }
        if let Some(table) = &options.only_rejects {
            keep_listed(&mut inputs, table, &options)?;
        }
        plan.notes.extend(late.iter().map(Late::note));
        narrow(&mut plan);
        spool(&plan, &mut inputs, &options)?;
        Ok(Session {
            plan,
            inputs,
            options,
            threads,
            started,
            cpu_before,
            watched: false,
            abandoned: None,
            asked: None,
            learned: Vec::new(),
            late,
            is_refuted: false,
            may_begin_again: false,
            given,
            narrow,
        })
    }

    /// Does a piece of work, and once more from the start where it meets keys that the plan does not know, or a sign of the dialect.
    pub(crate) fn attempt<T>(mut self, mut work: impl FnMut(&Session) -> Result<T>) -> Result<(Session, T)> {
        loop {
            self.may_begin_again = !self.is_refuted;
            let mut error = match work(&self) {
                Ok(result) => {
                    self.may_begin_again = false;
                    return Ok((self, result));
                }
                Err(error) => error,
            };
            match error.take_again() {
                Some(Again::NewKeys(keys)) => {
                    self.learn(keys)?;
                    self.rewind()?;
                }
                Some(Again::Late(late)) => self = self.with_signs(vec![late])?,
                Some(Again::Refuted) => self = self.refuted()?,
                None => return Err(self.late.iter().fold(error, |error, late| error.also(&late.note()))),
            }
        }
    }

    /// The same sources from their start, read with these signs of the dialect too, or, where other names would come of that, without
    /// any.
    pub(crate) fn with_signs(self, signs: Vec<Late>) -> Result<Session> {
        let headers = |session: &Session| {
            let names: Vec<String> = session.plan.columns.iter().map(|column| column.name.clone()).collect();
            let inputs = session.inputs.iter().map(|input| (input.data_offset, input.layout.clone()));
            (names, inputs.collect::<Vec<_>>())
        };
        let before = headers(&self);
        let late = self.late.iter().cloned().chain(signs).collect();
        let session = self.begun_again(late)?;
        if headers(&session) == before { Ok(session) } else { session.refuted() }
    }

    /// The same sources from their start, read without signs that records show.
    fn refuted(self) -> Result<Session> {
        Ok(Session { is_refuted: true, ..self.begun_again(Vec::new())? })
    }

    fn begun_again(mut self, late: Vec<Late>) -> Result<Session> {
        self.rewind()?;
        let (started, cpu_before, watched) = (self.started, self.cpu_before, self.watched);
        let (abandoned, asked, narrow) = (self.abandoned.take(), self.asked.take(), self.narrow);
        let given = self.given.clone();
        let session = Session::of_sources_for(self.into_sources(), given, narrow, late)?;
        Ok(Session { started, cpu_before, watched, abandoned, asked, ..session })
    }

    /// Takes in keys of JSON records that the plan does not know.
    pub(crate) fn learn(&mut self, keys: Vec<String>) -> Result<()> {
        self.learned.extend_from_slice(&keys);
        self.plan.learn(keys, &self.options)
    }

    pub(crate) fn rejects(&self) -> Result<Rejects> {
        let Options { rejects, max_errors, overwrite_rejects, .. } = &self.options;
        Rejects::new(rejects.as_deref(), *max_errors, *overwrite_rejects)
    }

    /// One pass over the inputs.
    pub(crate) fn run(
        &self,
        consumer: &dyn Consumer,
        kinds: Option<&[ColumnType]>,
        rejects: &mut Rejects,
    ) -> Result<Totals> {
        self.run_from(None, consumer, kinds, rejects)
    }

    /// The same, or what is left of one that an earlier run began.
    pub(crate) fn run_from(
        &self,
        start: Option<&Standing>,
        consumer: &dyn Consumer,
        kinds: Option<&[ColumnType]>,
        rejects: &mut Rejects,
    ) -> Result<Totals> {
        let may_lack_columns = self.plan.json.is_some() || are_tables(&self.inputs);
        if self.plan.columns.is_empty() && !may_lack_columns {
            return Ok(Totals::default());
        }
        let mut run = Run::new(&self.plan, &self.inputs, &self.options, self.threads, kinds, rejects);
        run.abandoned = self.abandoned.as_deref();
        run.may_begin_again = self.may_begin_again;
        let without = self.late.iter().fold(self.plan.dialect, |dialect, late| late.taken_from(&dialect));
        run.without_signs = Some(without).filter(|_| !self.late.is_empty());
        if let Some(start) = start {
            run = run.behind(start)?;
        }
        if self.watched { run.watched().run(consumer) } else { run.run(consumer) }
    }

    /// The sources, at their start again.
    pub(crate) fn into_sources(self) -> Vec<Source> {
        let source = |input: Input| Arc::into_inner(input.source).expect("a text's source has one owner");
        self.inputs.into_iter().map(source).collect()
    }

    /// The whole table alone.
    pub(crate) fn frame_alone(&self) -> Result<Frame> {
        Ok(self.frame(&mut Rejects::counting())?.0)
    }

    /// The whole table, and what there is to report of it.
    pub(crate) fn frame(&self, rejects: &mut Rejects) -> Result<(Frame, Totals, Vec<ColumnType>, Vec<Counts>)> {
        let keeper = Keeper::new(true);
        let mut totals = self.run(&keeper, None, rejects)?;
        let cpu_before = cpu_seconds();
        let kinds = final_kinds(&self.plan, &totals.summaries);
        let chunks = self.settle(keeper, &kinds)?;
        let counts = counts_of(&chunks, kinds.len());
        let schema = schema(&self.plan, &kinds);
        let batches = chunks
            .into_iter()
            .map(|chunk| {
                let arrays = chunk.columns.into_iter().filter_map(|column| column.array).collect();
                batch_of(&schema, arrays, chunk.rows).map_err(Error::encode)
            })
            .collect::<Result<Vec<_>>>()?;
        let frame = Frame::new(schema, batches).map_err(|error| Error::new(Code::Encode, error.to_string()))?;
        totals.stages.add(Stage::Finish, cpu_seconds() - cpu_before);
        Ok((frame, totals, kinds, counts))
    }

    /// A pass that settles the types and counts what there is to report, without keeping values.
    pub(crate) fn types_and_counts(&self, rejects: &mut Rejects) -> Result<(Totals, Vec<ColumnType>, Vec<Counts>)> {
        let keeper = Keeper::new(false);
        let totals = self.run(&keeper, None, rejects)?;
        let kinds = final_kinds(&self.plan, &totals.summaries);
        let chunks = self.settle(keeper, &kinds)?;
        let counts = counts_of(&chunks, kinds.len());
        Ok((totals, kinds, counts))
    }

    /// The types, and the sources ready for the pass that hands values out.
    pub(crate) fn settle_types(&self) -> Result<Vec<ColumnType>> {
        let given = |&index: &usize| self.plan.columns[index].given.is_some();
        if self.plan.selected.iter().all(given) && !self.plan.wants_new_keys() {
            // Nothing was read.
            return Ok(final_kinds(&self.plan, &self.plan.suggested));
        }
        let (_, kinds, _) = self.types_and_counts(&mut Rejects::counting())?;
        self.rewind()?;
        Ok(kinds)
    }

    fn settle(&self, keeper: Keeper, kinds: &[ColumnType]) -> Result<Vec<Kept>> {
        settle_chunks(&self.plan, &self.inputs, keeper.into_chunks(), kinds, self.threads)
    }

    /// Makes the sources ready for another pass.
    pub(crate) fn rewind(&self) -> Result<()> {
        for input in &self.inputs {
            if let Some(table) = &input.table {
                table.rewind();
                continue;
            }
            // A pass that stopped at a limit leaves a stream half read; the spool needs the rest of it.
            input.source.pass()?;
            input.source.rewind()?;
        }
        Ok(())
    }

    /// The report of a run whose types were known before: its chunks' counts are the columns'.
    pub(crate) fn report_as_parsed(&self, totals: Totals, kinds: &[ColumnType], rejects: Rejects) -> Result<Report> {
        let counts = totals.counts.clone();
        self.report(totals, kinds, &counts, rejects)
    }

    /// What was read of the sources; a table counts as a whole.
    fn bytes_in(&self, totals: &Totals) -> u64 {
        if are_tables(&self.inputs) {
            return self.inputs.iter().filter_map(|input| input.table.as_ref()).map(Table::size).sum();
        }
        totals.bytes_in + self.inputs.iter().map(|input| input.data_offset).sum::<u64>()
    }

    /// The report of a finished run; the rejects table appears.
    pub(crate) fn report(
        &self,
        totals: Totals,
        kinds: &[ColumnType],
        counts: &[Counts],
        rejects: Rejects,
    ) -> Result<Report> {
        let mut notes = self.plan.notes.clone();
        notes.extend(totals.ends.notes());
        if !totals.summaries.is_empty() {
            notes.extend(type_notes(&self.plan, &totals.summaries));
        }
        let doubled_keys = totals.doubled_keys + counts.iter().copied().sum::<Counts>().doubled_keys;
        if doubled_keys > 0 {
            let times = if doubled_keys == 1 { "1 time".to_owned() } else { format!("{doubled_keys} times") };
            notes.push(format!("a key came again in its record {times}; its last value counts"));
        }
        let (rejected, first_rejects) = (rejects.count, rejects.first.clone());
        let nulled = totals.errors.iter().sum();
        let files = rejects.finish(totals.rows_in, nulled)?;
        let column = |(position, name): (usize, &str)| ColumnReport {
            name: name.to_owned(),
            data_type: type_name(&ingest_columnar::arrow_type(&kinds[position].data_type)),
            date_orders: kinds[position].date_orders(),
            json_texts: kinds[position].json_texts(),
            nulls: counts.get(position).map_or(0, |counts| counts.nulls),
            errors: [&totals.errors, &totals.rejected].map(|of| of.get(position).copied().unwrap_or(0)).iter().sum(),
        };
        Ok(Report {
            rows_in: totals.rows_in,
            rows_out: totals.rows_out,
            rejected,
            filtered: totals.filtered,
            nulled,
            bytes_in: self.bytes_in(&totals),
            bytes_out: 0,
            files: files.into_iter().collect(),
            sources: self.inputs.iter().map(|input| input.source.name().to_owned()).collect(),
            columns: self
                .plan
                .names()
                .enumerate()
                .filter(|(position, _)| *position < kinds.len())
                .map(column)
                .collect(),
            dropped_fields: totals.dropped_fields,
            first_rejects,
            notes,
            seconds: self.started.elapsed().as_secs_f64(),
            cpu_seconds: cpu_seconds() - self.cpu_before,
            kernel: self.plan.kernel.name().to_owned(),
            threads: self.threads,
            peak_memory_bytes: peak_memory_bytes(),
        })
    }
}

/// A batch, which may have rows without any column.
pub(crate) fn batch_of(
    schema: &SchemaRef,
    arrays: Vec<ArrayRef>,
    rows: usize,
) -> std::result::Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), arrays, &options)
}

fn counts_of(chunks: &[Kept], columns: usize) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); columns];
    for chunk in chunks {
        for (sum, column) in counts.iter_mut().zip(&chunk.columns) {
            *sum += column.counts;
        }
    }
    counts
}

/// Sources that pass once are kept in the temporary folder where a second look may be needed.
fn spool(plan: &Plan, inputs: &mut [Input], options: &Options) -> Result<()> {
    // A record that does not fit its table may be where the table ends: what follows tells.
    let settled = options.infer == Infer::None && options.limit.is_none() && !plan.wants_new_keys();
    let settled = settled && !plan.may_end && (plan.json.is_some() || !options.may_show_late());
    if !settled {
        // A table shares its source, and has kept it already.
        let passing = inputs.iter_mut().filter_map(|input| Arc::get_mut(&mut input.source));
        let mut passing = passing.filter(|source| !source.is_seekable()).peekable();
        if let Some(first) = passing.peek() {
            let spool = Spool::create(first.name(), options.temp_dir.as_deref())?;
            passing.try_for_each(|source| source.spool_in(&spool))?;
        }
    }
    Ok(())
}

/// What a worker takes at most beside the row groups that wait: its block, index and scratch, the chunks it has in flight, and
/// the column it encodes.
const WORKER_BYTES: u64 = 60 << 20;

/// One worker a core, unless the options say another number.
pub fn threads_wanted(options: &Options) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    options.threads.unwrap_or_else(cores).max(1)
}

/// The workers wanted, but no more than there are chunks to work on, or than a given memory limit has room for.
fn threads(options: &Options, sources: &[Source]) -> usize {
    let wanted = threads_wanted(options);
    let known: Option<u64> = sources.iter().map(|source| source.stored_bytes().filter(|_| source.is_seekable())).sum();
    let chunk = options.chunk_bytes.unwrap_or(CHUNK_BYTES).max(1) as u64;
    let room = options.memory_limit.map_or(usize::MAX, |limit| (limit / WORKER_BYTES).max(1) as usize);
    known.map_or(wanted, |bytes| wanted.min(bytes.div_ceil(chunk).max(1) as usize)).min(room)
}

/// What the program itself, a few chunks and the row groups in progress take; less is not promised.
const MEMORY_LIMIT_MIN: u64 = 128 << 20;

fn check_memory_limit(options: &Options) -> Result<()> {
    match options.memory_limit {
        Some(limit) if limit < MEMORY_LIMIT_MIN => {
            Err(Error::new(Code::MemoryLimit, format!("a memory limit of {limit} bytes is too narrow to work in"))
                .hint("--memory-limit takes 128MiB or more"))
        }
        _ => Ok(()),
    }
}

/// What is known before a run, and the sources at their start.
struct Known {
    opened: Vec<Source>,
    /// The types of the result, if it infers none.
    types: Option<Types>,
    filter_types: Types,
    /// What was met of the dialect meanwhile.
    late: Vec<Late>,
}

fn known_types(opened: Vec<Source>, options: &Options) -> Result<Known> {
    let unknown = |opened| Known { opened, types: None, filter_types: Vec::new(), late: Vec::new() };
    let is_asked = options.filter.is_some() || matches!(options.infer, Infer::First(_));
    // Those of a table are stored.
    if !is_asked || kind_of(options, &opened)? == Kind::Table {
        return Ok(unknown(opened));
    }
    match (&options.filter, options.infer) {
        (Some(filter), infer) => {
            let (opened, filter_types, late) = types_of_all(options, filter, opened)?;
            let types = (infer != Infer::None).then(|| filter_types.clone());
            Ok(Known { opened, types, filter_types, late })
        }
        (None, Infer::First(rows)) => {
            let types = first_types(&opened, options, rows)?;
            Ok(Known { types: Some(types), ..unknown(opened) })
        }
        (None, _) => Ok(unknown(opened)),
    }
}

/// The columns and types of the first records, for [`Infer::First`].
fn first_types(sources: &[Source], options: &Options, rows: u64) -> Result<Vec<(String, ColumnType)>> {
    /// Enough text for any sensible number of first records; where it is not, the types of those that fit are taken.
    const BYTES_MAX: usize = 256 << 20;
    let Some(first) = sources.get(first_with_records(options, sources)?) else { return Ok(Vec::new()) };
    let mut wanted = 1 << 20;
    loop {
        let bytes = first.peek(wanted)?;
        let complete = bytes.len() < wanted;
        let mut text = bytes;
        if !complete {
            // The last record may be cut.
            let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            text.truncate(end);
        }
        let mut options = Options {
            infer: Infer::All,
            offset: 0,
            limit: Some(rows),
            on_error: OnError::Reject,
            rejects: None,
            only_rejects: None,
            ..options.clone()
        };
        if kind_of(&options, sources)? == Kind::Json {
            // Keys that these options name may be still to come, behind the first records.
            (options.columns, options.drop, options.types) = (None, Vec::new(), Vec::new());
        }
        options.filter = None;
        let others = made_by_others(&options, sources, [first])?;
        let options = options.for_decoded_text().without_columns(&others);
        let start =
            |text| Session::start(Reader { sources: Sources::bytes(first.name(), text), options: options.clone() });
        let mut session = start(text.clone())?;
        if !complete && session.plan.json.is_none() {
            // A line end within quotes ends no record: what follows the last whole one is left out too.
            let data = session.inputs.first().map_or(0, |input| input.data_offset as usize).min(text.len());
            let columns = Some(session.plan.columns_in(first.name()));
            let whole =
                read_records(&text[data..], false, &session.plan.dialect, columns, &mut Cells::default()).consumed;
            text.truncate(data + whole);
            session = start(text)?;
        }
        let run = |session: &Session| session.run(&Keeper::new(false), None, &mut Rejects::counting());
        let (session, totals) = match session.attempt(run) {
            // A document of JSON ends within a record here.
            Err(error) if !complete && wanted < BYTES_MAX && error.code() == Code::BadJson => {
                wanted *= 4;
                continue;
            }
            other => other?,
        };
        if totals.rows_out >= rows || complete || wanted >= BYTES_MAX {
            let kinds = final_kinds(&session.plan, &totals.summaries);
            // What has no value in these records could be anything.
            let text = ColumnType::with_text_for_null;
            return Ok(session.plan.own_columns(kinds.into_iter().map(text).collect()));
        }
        wanted *= 4;
    }
}
