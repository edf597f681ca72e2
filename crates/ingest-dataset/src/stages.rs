//! How steps are done: by the engine where it can, in runs of steps that one pass of it does; rows are drawn between them.
//!
//! A pass of the engine leaves out rows by a condition, then skips, then takes, then keeps columns. Steps are folded into it as long
//! as that order gives what theirs does. What comes behind is another pass, over the batches of the one before as an Arrow stream.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use ingest::arrow::array::{BooleanArray, RecordBatch};
use ingest::arrow::compute::filter_record_batch;
use ingest::arrow::datatypes::SchemaRef;
use ingest::arrow::ipc::writer::StreamWriter;
use ingest::{Code, Error, InputFormat, OnError, Options, Ragged, Reader, Result, Sources};
use jiff::Timestamp;

use crate::definition::Definition;
use crate::draw::Draw;
use crate::step::{Moment, Step};

/// One pass over the rows.
pub(crate) enum Stage {
    /// The engine's, with these options.
    Engine(Box<Options>),
    /// Rows are drawn.
    Draw(Draw),
}

/// The passes of a definition, opened with `run` at the time `now`; the first one reads its sources.
///
/// # Errors
/// [`Code::BadDefinition`]: a step that makes no sense behind the ones before it.
pub(crate) fn compile(definition: &Definition, run: &Options, now: Timestamp) -> Result<Vec<Stage>> {
    let mut compiler = Compiler {
        stages: Vec::new(),
        options: definition.options(run)?,
        run: run.clone().without_settings(),
        conditions: Vec::new(),
        time_column: None,
        now,
    };
    compiler.conditions.extend(compiler.options.filter.iter().map(ToString::to_string));
    for step in definition.steps() {
        compiler.add(step)?;
    }
    let stages = compiler.finish();
    check_losses(&stages, run)?;
    Ok(stages)
}

/// Whether what the first of several passes sets aside would go untold: the last one alone has a report.
fn check_losses(stages: &[Stage], run: &Options) -> Result<()> {
    let [Stage::Engine(first), _, ..] = stages else { return Ok(()) };
    if first.on_error != OnError::Fail || matches!(first.ragged, Some(Ragged::Truncate | Ragged::Reject)) {
        let message =
            "these steps take several passes, of which only the last one could tell what was rejected or nulled";
        return Err(Error::new(Code::BadDefinition, message)
            .hint("`ingest convert` the sources first, with on_error or ragged, and register what it writes"));
    }
    if run.rejects.is_some() || run.max_errors.is_some() || run.only_rejects.is_some() {
        let message = "the steps of this dataset take several passes, so there is no table of its sources' rejects";
        return Err(Error::new(Code::Usage, message).hint("leave --rejects, --only-rejects and --max-errors out"));
    }
    Ok(())
}

/// Options that choose among the rows and columns of a dataset, and those that say what its values are to be.
const SELECTING: [&str; 5] = ["where", "offset", "limit", "columns", "drop"];
const CHECKING: [&str; 4] = ["schema", "types", "on_error", "infer"];

/// Lets values be held to what options ask of them: by the pass that reads the sources, where it is the only one, else by one behind
/// all steps, so that these mean what they mean without.
///
/// # Errors
/// [`Code::Usage`]: the definition says something of it itself, or there is no text any more that could be kept.
pub(crate) fn checked(definition: &Definition, run: &Options, stages: &mut Vec<Stage>) -> Result<()> {
    let asked = run.settings();
    let asked: Vec<_> = asked.iter().filter(|(name, _)| CHECKING.contains(&name.as_str())).collect();
    let Some((first, _)) = asked.first() else { return Ok(()) };
    let wrong = |message: String| {
        Error::new(Code::Usage, message).hint("register its sources with that option, under a name or as a new version")
    };
    if let Some(name) = CHECKING.iter().find(|name| definition.sets(name)) {
        return Err(wrong(format!("the dataset says {name:?} itself, so the option {first:?} means nothing here")));
    }
    if !definition.steps().is_empty() {
        if asked.iter().any(|(name, _)| *name == "infer") {
            return Err(wrong(
                "the steps of the dataset need its types, so the option \"infer\" means nothing here".to_owned(),
            ));
        }
        stages.push(Stage::Engine(Box::new(over_batches(run))));
    }
    match stages.last_mut() {
        Some(Stage::Engine(options)) => asked.iter().try_for_each(|(name, value)| options.set(name, value)),
        _ => Ok(()),
    }
}

/// The options of a pass over the batches of another.
fn over_batches(run: &Options) -> Options {
    Options { input_format: Some(InputFormat::Arrow), ..run.clone().without_settings() }
}

/// The definition with the steps that options ask for: rows by a condition, an offset, a limit, columns.
///
/// # Errors
/// [`Code::Usage`]: an option says how sources are read, which the definition does.
pub(crate) fn selected(definition: &Definition, asked: &Options) -> Result<Definition> {
    if let Some(name) =
        asked.settings().keys().find(|name| !SELECTING.contains(&name.as_str()) && !CHECKING.contains(&name.as_str()))
    {
        let message = format!("a dataset says itself how it is read, so the option {name:?} means nothing here");
        return Err(Error::new(Code::Usage, message)
            .hint("register its sources with that option, under a name or as a new version"));
    }
    let condition = asked.filter.as_ref().map(|filter| Step::Filter(filter.to_string()));
    let skip = (asked.offset > 0).then_some(Step::Skip(asked.offset));
    let keep = asked.columns.clone().map(Step::KeepColumns);
    let drop = (!asked.drop.is_empty()).then(|| Step::DropColumns(asked.drop.clone()));
    let steps = [condition, skip, asked.limit.map(Step::Take), drop, keep];
    definition.with_steps(steps.into_iter().flatten())
}

/// A column's name as conditions write it, whatever it is.
pub(crate) fn column_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text, day or time as conditions write it.
pub(crate) fn text_value(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

struct Compiler {
    stages: Vec<Stage>,
    /// Of the pass that is still being put together.
    options: Options,
    /// How the work is done, in every pass.
    run: Options,
    /// Those that are joined to its filter.
    conditions: Vec<String>,
    time_column: Option<String>,
    now: Timestamp,
}

impl Compiler {
    fn add(&mut self, step: &Step) -> Result<()> {
        if let Some(draw) = Draw::of(step)? {
            self.end_pass();
            self.stages.push(Stage::Draw(draw));
            return Ok(());
        }
        match step {
            Step::KeepColumns(names) => self.keep(names),
            Step::DropColumns(names) => self.drop(names),
            Step::Take(rows) => {
                self.options.limit = Some(self.options.limit.map_or(*rows, |limit| limit.min(*rows)));
                Ok(())
            }
            Step::Skip(rows) => {
                // Rows keep the numbers that they were read with.
                if self.options.row_number.is_some() {
                    self.end_pass();
                }
                self.options.offset = self.options.offset.saturating_add(*rows);
                self.options.limit = self.options.limit.map(|limit| limit.saturating_sub(*rows));
                Ok(())
            }
            Step::Filter(condition) => self.filter(condition),
            Step::WithTimestampColumn(name) => {
                self.time_column = Some(name.clone());
                Ok(())
            }
            timed => {
                let condition = self.time_condition(timed)?;
                self.filter(&condition)
            }
        }
    }

    /// Begins another pass, over what this one leaves.
    fn end_pass(&mut self) {
        let done = std::mem::replace(&mut self.options, over_batches(&self.run));
        self.conditions.clear();
        self.stages.push(Stage::Engine(Box::new(done)));
    }

    /// Columns that are made from paths, or number the rows, are columns like others to the steps: an option about columns means only
    /// those of the sources.
    fn end_pass_that_makes_columns(&mut self) {
        let Options { hive, partition_format, path_column, row_number, .. } = &self.options;
        if *hive || partition_format.is_some() || path_column.is_some() || row_number.is_some() {
            self.end_pass();
        }
    }

    fn keep(&mut self, names: &[String]) -> Result<()> {
        names.iter().try_for_each(|name| self.check_column("keep_columns", name))?;
        self.end_pass_that_makes_columns();
        self.options.columns = Some(names.to_vec());
        self.options.drop.clear();
        Ok(())
    }

    fn drop(&mut self, names: &[String]) -> Result<()> {
        names.iter().try_for_each(|name| self.check_column("drop_columns", name))?;
        self.end_pass_that_makes_columns();
        match &mut self.options.columns {
            Some(kept) => kept.retain(|name| !names.contains(name)),
            None => self.options.drop.extend_from_slice(names),
        }
        Ok(())
    }

    fn filter(&mut self, condition: &str) -> Result<()> {
        let bad =
            |error: ingest::FilterError| Error::new(Code::BadDefinition, format!("filter {condition:?}: {error}"));
        let filter: ingest::Filter = condition.parse().map_err(bad)?;
        if self.options.columns.is_some() {
            // What is asked of made columns is no matter of those that were kept.
            self.end_pass_that_makes_columns();
        }
        filter.columns().iter().try_for_each(|name| self.check_column("filter", name))?;
        if self.options.offset > 0 || self.options.limit.is_some() || self.options.row_number.is_some() {
            self.end_pass();
        }
        self.conditions.push(condition.to_owned());
        self.options.filter = Some(match &self.conditions[..] {
            [_] => filter,
            all => {
                let each: Vec<String> = all.iter().map(|condition| format!("({condition})")).collect();
                each.join(" and ").parse().map_err(bad)?
            }
        });
        Ok(())
    }

    /// Whether an earlier step has left a column out; which there are is seen when the data is.
    fn check_column(&self, step: &str, name: &str) -> Result<()> {
        let is_kept = self.options.columns.as_ref().is_none_or(|kept| kept.iter().any(|kept| kept == name));
        if is_kept && !self.options.drop.iter().any(|dropped| dropped == name) {
            return Ok(());
        }
        Err(Error::new(Code::BadDefinition, format!("{step}: an earlier step leaves the column {name:?} out")))
    }

    fn time_condition(&self, step: &Step) -> Result<String> {
        let column = self.time_column.as_ref().ok_or_else(|| {
            Error::new(Code::BadDefinition, format!("{}: no column of times was named", step.name()))
                .hint("the step with_timestamp_column names it, before")
        })?;
        let column = column_name(column);
        let sign = |strict: &'static str, include: bool| if include { format!("{strict}=") } else { strict.to_owned() };
        Ok(match step {
            Step::TimeBefore(Moment { time, include_boundary }) => {
                format!("{column} {} {}", sign("<", *include_boundary), text_value(time))
            }
            Step::TimeAfter(Moment { time, include_boundary }) => {
                format!("{column} {} {}", sign(">", *include_boundary), text_value(time))
            }
            Step::TimeBetween { start, end, include_boundary } => {
                let (from, to) = (sign(">", *include_boundary), sign("<", *include_boundary));
                format!("{column} {from} {} and {column} {to} {}", text_value(start), text_value(end))
            }
            Step::TimeRecent { seconds } => {
                let seconds = i64::try_from(*seconds).unwrap_or(i64::MAX);
                format!("{column} >= '@{}'", self.now.as_second().saturating_sub(seconds))
            }
            _ => return Err(Error::new(Code::BadDefinition, format!("{} is no step about time", step.name()))),
        })
    }

    fn finish(mut self) -> Vec<Stage> {
        self.stages.push(Stage::Engine(Box::new(self.options)));
        self.stages
    }
}

/// A reader of what the passes leave of the sources; `name` is what messages call the passes in between.
pub(crate) fn reader(name: &str, sources: Sources, stages: Vec<Stage>) -> Result<Reader> {
    let mut stages = stages.into_iter();
    let first = match stages.next() {
        Some(Stage::Engine(options)) => ingest::read(sources)?.options(*options),
        _ => return Err(Error::new(Code::BadDefinition, "a dataset begins with its sources")),
    };
    let mut reader = first;
    let mut draws = Vec::new();
    for stage in stages {
        match stage {
            Stage::Draw(draw) => draws.push(draw),
            Stage::Engine(options) => {
                let stream = Piped::start(reader, std::mem::take(&mut draws));
                reader = ingest::read(Sources::reader(name, stream))?.options(*options);
            }
        }
    }
    Ok(reader)
}

/// The rows of a reader that draws leave, as the bytes of an Arrow stream. A thread makes them, a few batches ahead.
struct Piped {
    pieces: Receiver<Result<Vec<u8>>>,
    piece: io::Cursor<Vec<u8>>,
    worker: Option<JoinHandle<()>>,
}

/// Pieces that wait for their reader.
const WAITING_MAX: usize = 4;

impl Piped {
    fn start(reader: Reader, draws: Vec<Draw>) -> Piped {
        let (sender, pieces) = sync_channel(WAITING_MAX);
        let worker = std::thread::spawn(move || {
            if let Err(error) = write_stream(reader, &draws, &sender) {
                // A reader that went away needs no error.
                let _ = sender.send(Err(error));
            }
        });
        Piped { pieces, piece: io::Cursor::default(), worker: Some(worker) }
    }
}

impl Read for Piped {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            match self.pieces.recv() {
                Ok(Ok(piece)) => self.piece = io::Cursor::new(piece),
                Ok(Err(error)) => return Err(io::Error::other(error)),
                // All was sent, or the thread panicked, which is no end.
                Err(_) => match self.worker.take().map(JoinHandle::join) {
                    Some(Err(_)) => return Err(io::Error::other("the pass before this one broke off")),
                    _ => return Ok(0),
                },
            }
        }
    }
}

/// Hands on what is written, piece by piece.
struct Pieces<'a>(&'a SyncSender<Result<Vec<u8>>>);

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(Ok(bytes.to_vec())).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_stream(reader: Reader, draws: &[Draw], sender: &SyncSender<Result<Vec<u8>>>) -> Result<()> {
    /// The writer's own pieces are small.
    const PIECE_BYTES: usize = 1 << 20;
    let batches = reader.batches()?;
    let schema: SchemaRef = batches.schema().clone();
    let out = io::BufWriter::with_capacity(PIECE_BYTES, Pieces(sender));
    let encode = |error: ingest::arrow::error::ArrowError| Error::new(Code::Encode, error.to_string());
    let mut writer = StreamWriter::try_new(out, &schema).map_err(encode)?;
    let mut numbers = vec![0; draws.len()];
    for batch in batches {
        let mut batch = batch?;
        for (draw, number) in draws.iter().zip(&mut numbers) {
            batch = drawn(&batch, draw, number)?;
        }
        if batch.num_rows() > 0 {
            writer.write(&batch).map_err(encode)?;
        }
    }
    writer.finish().map_err(encode)
}

/// The rows of a batch that a draw takes; `number` rows came before it.
fn drawn(batch: &RecordBatch, draw: &Draw, number: &mut u64) -> Result<RecordBatch> {
    let rows = *number..*number + batch.num_rows() as u64;
    *number = rows.end;
    let taken: BooleanArray = rows.map(|row| Some(draw.takes(row))).collect();
    filter_record_batch(batch, &taken).map_err(|error| Error::new(Code::Encode, error.to_string()))
}
