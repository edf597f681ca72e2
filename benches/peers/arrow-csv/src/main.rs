//! arrow-csv as a peer: one job, given as JSON in the only argument; its figures come out as JSON.
//!
//! The work is what a Rust program does that knows nothing of its file: `infer_schema` over all of it, then the reader,
//! then (to Parquet) `ArrowWriter`, batch by batch. One thread: the crate has no other way.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, Seek};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::{BufReader as CsvReader, Format};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow::ipc::writer::FileWriter;
use nix::time::{ClockId, clock_gettime};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The crate's default of 1,024 rows makes for many small columns; readers above it (DataFusion) take this many.
const BATCH_ROWS: usize = 8192;

/// The standard buffer of 8 KiB costs a system call every 80 rows.
const READ_BYTES: usize = 1 << 20;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is to be done.
#[derive(Deserialize)]
struct Job {
    path: PathBuf,
    /// `frame`, `zstd` or `snappy`.
    work: String,
    /// Where the Parquet file goes; for a frame, where it is put after the clock has stopped, to be checked.
    out: Option<PathBuf>,
    /// Columns that inference is known to give another type.
    types: HashMap<String, String>,
}

/// What came of it.
#[derive(Serialize)]
struct Figures {
    seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
    rows: usize,
}

fn main() -> Result<()> {
    let argument = std::env::args().nth(1).ok_or("usage: peer-arrow-csv JOB | --version")?;
    if argument == "--version" {
        println!("{}", arrow::ARROW_VERSION);
        return Ok(());
    }
    let job: Job = serde_json::from_str(&argument)?;
    println!("{}", serde_json::to_string(&run(&job)?)?);
    Ok(())
}

fn run(job: &Job) -> Result<Figures> {
    let clock = Clock::start()?;
    match job.work.as_str() {
        "frame" => {
            let (schema, batches) = to_frame(job)?;
            let figures = clock.stop(batches.iter().map(RecordBatch::num_rows).sum())?;
            save(job, &schema, &batches)?;
            Ok(figures)
        }
        "zstd" => clock.stop(to_parquet(job, Compression::ZSTD(ZstdLevel::default()))?),
        "snappy" => clock.stop(to_parquet(job, Compression::SNAPPY)?),
        other => Err(format!("no work {other}").into()),
    }
}

fn to_frame(job: &Job) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let reader = open(job)?;
    let schema = reader.schema();
    Ok((schema, reader.collect::<std::result::Result<_, _>>()?))
}

fn to_parquet(job: &Job, codec: Compression) -> Result<usize> {
    let out = job.out.as_ref().ok_or("the job names no file to write")?;
    let properties = WriterProperties::builder().set_compression(codec).build();
    let reader = open(job)?;
    let mut writer = ArrowWriter::try_new(File::create(out)?, reader.schema(), Some(properties))?;
    let mut rows = 0;
    for batch in reader {
        let batch = batch?;
        rows += batch.num_rows();
        writer.write(&batch)?;
    }
    writer.close()?;
    Ok(rows)
}

/// Reads the file once for its types; the reader that is handed back reads it again.
fn open(job: &Job) -> Result<CsvReader<BufReader<File>>> {
    let mut file = BufReader::with_capacity(READ_BYTES, File::open(&job.path)?);
    let (schema, _) = Format::default().with_header(true).infer_schema(&mut file, None)?;
    file.rewind()?;
    let schema = Arc::new(told(schema, &job.types)?);
    Ok(ReaderBuilder::new(schema).with_header(true).with_batch_size(BATCH_ROWS).build_buffered(file)?)
}

/// The inferred schema, with the types that were told. Seconds become microseconds: Parquet has no type for seconds, and
/// the crate would write them as bare numbers.
fn told(schema: Schema, types: &HashMap<String, String>) -> Result<Schema> {
    let field = |field: &FieldRef| {
        let data_type = match (types.get(field.name()), field.data_type()) {
            (Some(name), _) => data_type(name)?,
            (None, DataType::Timestamp(TimeUnit::Second, zone)) => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            (None, inferred) => inferred.clone(),
        };
        Ok(field.as_ref().clone().with_data_type(data_type))
    };
    Ok(Schema::new(schema.fields().iter().map(field).collect::<Result<Vec<_>>>()?))
}

/// The type that the file of expected answers calls `name`.
fn data_type(name: &str) -> Result<DataType> {
    match name {
        "bool" => Ok(DataType::Boolean),
        "int64" => Ok(DataType::Int64),
        "float64" => Ok(DataType::Float64),
        "date32" => Ok(DataType::Date32),
        "timestamp[us]" => Ok(DataType::Timestamp(TimeUnit::Microsecond, None)),
        "utf8" => Ok(DataType::Utf8),
        other => Err(format!("no type {other}").into()),
    }
}

fn save(job: &Job, schema: &Schema, batches: &[RecordBatch]) -> Result<()> {
    let Some(out) = &job.out else { return Ok(()) };
    let mut writer = FileWriter::try_new(File::create(out)?, schema)?;
    for batch in batches {
        writer.write(batch)?;
    }
    Ok(writer.finish()?)
}

/// Wall and CPU time since a moment.
struct Clock {
    wall: Instant,
    cpu: Duration,
}

impl Clock {
    fn start() -> Result<Self> {
        Ok(Clock { wall: Instant::now(), cpu: cpu_time()? })
    }

    fn stop(self, rows: usize) -> Result<Figures> {
        let seconds = self.wall.elapsed().as_secs_f64();
        let cpu_seconds = (cpu_time()? - self.cpu).as_secs_f64();
        Ok(Figures { seconds, cpu_seconds, peak_bytes: peak_bytes()?, rows })
    }
}

/// User and system time of all threads of this process.
fn cpu_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// The most memory that this process has had so far.
fn peak_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("/proc/self/status has no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
