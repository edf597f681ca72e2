//! How fast a source is read on this machine: `ingest bench`.

use std::io;
use std::time::Instant;

use ingest_parquet::Codec;

use crate::cycles::cycles_per_second;
use crate::error::{Code, Error, Result};
use crate::measure::cpu_seconds;
use crate::options::{Format, Options, WriteOptions};
use crate::pipeline::CUT_BYTES;
use crate::reader::Reader;
use crate::report::{BenchReport, Report, SweepCell, WHOLE_RUNS};
use crate::session::threads_wanted;
use crate::sources::Sources;
use crate::stages::{Stage, StageSeconds};

impl Reader {
    /// Counts, reads to a typed frame and writes to Parquet `runs` times each, and tells the medians.
    ///
    /// Every run is a fresh call of the library; the Parquet files go to the temporary folder and are removed. A rejects table
    /// is not written.
    ///
    /// # Errors
    /// As [`Reader::write`]; a source that can be read only once is [`Code::Usage`].
    pub fn bench(self, runs: usize) -> Result<BenchReport> {
        let again = Again::new(self)?;
        let mut count = Runs::default();
        count.repeat(runs, || again.reader().count().map(drop))?;
        let (frame, report) = frames(&again, runs)?;
        let stages = watched_frames(&again, runs)?;
        // Between the runs, so that the clock is that of a core at work.
        let cycles_per_second = cycles_per_second();
        let (mut parquet_seconds, mut cpu) = (Vec::new(), Vec::new());
        cpu.push(("count".to_owned(), count.cpu_seconds()));
        cpu.push(("frame".to_owned(), frame.cpu_seconds()));
        for (name, codec) in [("zstd", Codec::default()), ("snappy", Codec::Snappy)] {
            let mut parquet = Runs::default();
            parquet.repeat(runs, || again.write_once(codec))?;
            parquet_seconds.push((name.to_owned(), parquet.seconds()));
            cpu.push((format!("parquet_{name}"), parquet.cpu_seconds()));
        }
        let whole = WHOLE_RUNS.map(str::to_owned).into_iter().zip([count.seconds(), frame.cpu_seconds()]);
        Ok(BenchReport {
            kernel: report.kernel,
            threads: report.threads,
            bytes: report.bytes_in,
            rows: report.rows_out,
            columns: report.columns.len(),
            count_seconds: count.seconds(),
            frame_seconds: frame.seconds(),
            parquet_seconds,
            cpu_seconds: cpu,
            cycles_per_second,
            stages: whole.chain(median_stages(&stages)).collect(),
            sweep: Vec::new(),
        })
    }

    /// Reads to a typed frame `runs` times with each number of threads (1, 2, 4 and so on up to what the options say, or the
    /// machine has) and each size of a chunk (64 KiB to 1 MiB by doubling: none is larger, but in tables of thousands of columns), and
    /// tells the medians: by threads, then by size. Every round takes each cell once, so that a slow minute of
    /// the machine shows in all of them.
    ///
    /// # Errors
    /// As [`Reader::bench`].
    pub fn sweep(self, runs: usize) -> Result<Vec<SweepCell>> {
        let again = Again::new(self)?;
        let places: Vec<(usize, usize)> = thread_counts(threads_wanted(&again.options))
            .into_iter()
            .flat_map(|threads| SWEEP_CHUNK_BYTES.map(|chunk_bytes| (threads, chunk_bytes)))
            .collect();
        let mut cells = vec![Runs::default(); places.len()];
        for _ in 0..runs.max(1) {
            for (&(threads, chunk_bytes), cell) in places.iter().zip(&mut cells) {
                let mut reader = again.reader();
                reader.options.threads = Some(threads);
                reader.options.chunk_bytes = Some(chunk_bytes);
                cell.run(|| reader.collect())?;
            }
        }
        let cell = |(&(threads, chunk_bytes), runs): (&(usize, usize), &Runs)| SweepCell {
            threads,
            chunk_bytes,
            frame_seconds: runs.seconds(),
            cpu_seconds: runs.cpu_seconds(),
        };
        Ok(places.iter().zip(&cells).map(cell).collect())
    }
}

/// The sizes of a chunk that a sweep tries: below the smallest, taking a chunk begins to cost; above the largest there are
/// none, but in tables of thousands of columns.
const SWEEP_CHUNK_BYTES: [usize; 5] = [64 << 10, 128 << 10, 256 << 10, 512 << 10, CUT_BYTES as usize];

/// 1, 2, 4 and so on, and what is to be had at most.
fn thread_counts(most: usize) -> Vec<usize> {
    let mut counts: Vec<usize> =
        std::iter::successors(Some(1), |count| Some(2 * count)).take_while(|count| *count < most).collect();
    counts.push(most);
    counts
}

/// A table that is read again and again.
struct Again {
    paths: Vec<String>,
    options: Options,
}

impl Again {
    fn new(reader: Reader) -> Result<Again> {
        // Every run would write the same rejects table.
        Ok(Again { paths: paths(reader.sources)?, options: Options { rejects: None, ..reader.options } })
    }

    fn reader(&self) -> Reader {
        Reader { sources: self.paths.clone().into(), options: self.options.clone() }
    }

    fn write_once(&self, codec: Codec) -> Result<()> {
        let failed = |error: io::Error| Error::from_io(&std::env::temp_dir(), error);
        let folder = match &self.options.temp_dir {
            Some(folder) => tempfile::tempdir_in(folder),
            None => tempfile::tempdir(),
        };
        let folder = folder.map_err(failed)?;
        let write = WriteOptions { format: Some(Format::Parquet), codec, ..WriteOptions::default() };
        self.reader().write(folder.path().join("bench.parquet"), &write).map(drop)
    }
}

fn paths(sources: Sources) -> Result<Vec<String>> {
    sources.into_patterns().filter(|patterns| patterns.iter().all(|pattern| pattern != "-")).ok_or_else(|| {
        Error::new(Code::Usage, "bench reads its source several times").hint("name a file instead of a stream")
    })
}

/// The runs to a frame, and the last one's report.
fn frames(again: &Again, runs: usize) -> Result<(Runs, Report)> {
    let (mut frame, mut last) = (Runs::default(), None);
    for _ in 0..runs.max(1) {
        last = Some(frame.run(|| again.reader().collect_with_report())?.1);
    }
    Ok((frame, last.expect("at least one run")))
}

/// What each of some more runs to a frame spends by stage.
fn watched_frames(again: &Again, runs: usize) -> Result<Vec<StageSeconds>> {
    (0..runs.max(1)).map(|_| Ok(again.reader().collect_with_stages()?.1)).collect()
}

fn median_stages(runs: &[StageSeconds]) -> impl Iterator<Item = (String, f64)> {
    let seconds = |stage| median(runs.iter().map(|run| run.of(stage)).collect());
    Stage::ALL.into_iter().map(move |stage| (stage.name().to_owned(), seconds(stage)))
}

/// What some runs of the same work took.
#[derive(Clone, Debug, Default)]
struct Runs {
    seconds: Vec<f64>,
    cpu_seconds: Vec<f64>,
}

impl Runs {
    /// One run; giving its result back to the system is not measured.
    fn run<T>(&mut self, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let (started, cpu_before) = (Instant::now(), cpu_seconds());
        let result = act()?;
        self.seconds.push(started.elapsed().as_secs_f64());
        self.cpu_seconds.push(cpu_seconds() - cpu_before);
        Ok(result)
    }

    /// So many runs, one at least.
    fn repeat(&mut self, runs: usize, act: impl Fn() -> Result<()>) -> Result<()> {
        (0..runs.max(1)).try_for_each(|_| self.run(&act))
    }

    /// Median seconds by the wall clock.
    fn seconds(&self) -> f64 {
        median(self.seconds.clone())
    }

    /// Median processor seconds.
    fn cpu_seconds(&self) -> f64 {
        median(self.cpu_seconds.clone())
    }
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ingest_columnar::OnError;
    use ingest_infer::DataType;

    #[test]
    fn a_measurement_writes_no_rejects() {
        let room = tempfile::tempdir().expect("a folder");
        let source = room.path().join("a.csv");
        std::fs::write(&source, "a\n1\nx\n").expect("a file");
        let rejects = room.path().join("bad.csv");
        let types = vec![("a".to_owned(), DataType::Int64)];
        let options =
            Options { on_error: OnError::Reject, types, rejects: Some(rejects.clone()), ..Options::default() };
        let report = crate::read(source).expect("a reader").options(options).bench(2).expect("two runs");
        assert_eq!(report.rows, 1);
        assert!(!rejects.exists());
    }

    #[test]
    fn the_time_of_a_frame_is_told_by_stage() {
        let records = (0..200_000).map(|row| format!("{row},the text of record {row}\n"));
        let table: String = std::iter::once("n,text\n".to_owned()).chain(records).collect();
        let source = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(source.path(), table).expect("a file");
        let options = || Options { threads: Some(2), ..Options::default() };
        let reader = || crate::read(source.path()).expect("a reader").options(options());
        let cpu_before = cpu_seconds();
        let (frame, stages) = reader().collect_with_stages().expect("a frame");
        let cpu = cpu_seconds() - cpu_before;
        assert_eq!(frame.num_rows(), 200_000);
        let told: f64 = Stage::ALL.into_iter().map(|stage| stages.of(stage)).sum();
        for stage in [Stage::Plan, Stage::Read, Stage::Scan, Stage::Settle, Stage::Utf8, Stage::Index, Stage::Parse] {
            assert!(stages.of(stage) > 0.0, "{stage:?}");
        }
        // Other tests of this process may use processor time meanwhile, so this is a bound and no equation.
        assert!(told <= cpu, "{told} s of stages in {cpu} s");
    }

    #[test]
    fn threads_are_doubled_up_to_the_most() {
        assert_eq!(thread_counts(1), [1]);
        assert_eq!(thread_counts(6), [1, 2, 4, 6]);
        assert_eq!(thread_counts(8), [1, 2, 4, 8]);
        let none = Options { threads: Some(0), ..Options::default() };
        assert_eq!(thread_counts(threads_wanted(&none)), [1]);
    }
}
