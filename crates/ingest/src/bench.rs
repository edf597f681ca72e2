//! How fast a source is read on this machine: `ingest bench`.

use std::io;
use std::time::Instant;

use ingest_parquet::Codec;

use crate::error::{Code, Error, Result};
use crate::options::{Format, Options, WriteOptions};
use crate::reader::Reader;
use crate::report::BenchReport;
use crate::sources::Sources;

impl Reader {
    /// Counts, reads to a typed frame and writes to Parquet `runs` times each, and tells the medians.
    ///
    /// Every run is a fresh call of the library; the Parquet files go to the temporary folder and are removed. A rejects table
    /// is not written.
    ///
    /// # Errors
    /// As [`Reader::write`]; a source that can be read only once is [`Code::Usage`].
    pub fn bench(self, runs: usize) -> Result<BenchReport> {
        // Every run would write the same table.
        let options = Options { rejects: None, ..self.options };
        let paths = paths(self.sources)?;
        let again = || Reader { sources: paths.clone().into(), options: options.clone() };
        let runs = runs.max(1);
        let count_seconds = median(runs, || again().count().map(drop))?;
        let mut last = None;
        let mut cpu = Vec::new();
        let frame_seconds = median(runs, || {
            let (frame, report) = again().collect_with_report()?;
            cpu.push(report.cpu_seconds);
            last = Some((report, frame.batches().iter().map(|batch| batch.num_rows() as u64).sum::<u64>()));
            Ok(())
        })?;
        let (report, rows) = last.expect("at least one run");
        let mut parquet_seconds = Vec::new();
        for (name, codec) in [("zstd", Codec::default()), ("snappy", Codec::Snappy)] {
            parquet_seconds.push((name.to_owned(), median(runs, || write_once(again(), &options, codec))?));
        }
        cpu.sort_by(f64::total_cmp);
        Ok(BenchReport {
            kernel: report.kernel,
            threads: report.threads,
            bytes: report.bytes_in,
            rows,
            columns: report.columns.len(),
            count_seconds,
            frame_seconds,
            parquet_seconds,
            stages: vec![("count".to_owned(), count_seconds), ("frame_cpu".to_owned(), cpu[cpu.len() / 2])],
        })
    }
}

fn paths(sources: Sources) -> Result<Vec<String>> {
    sources.into_patterns().filter(|patterns| patterns.iter().all(|pattern| pattern != "-")).ok_or_else(|| {
        Error::new(Code::Usage, "bench reads its source several times").hint("name a file instead of a stream")
    })
}

fn write_once(reader: Reader, options: &Options, codec: Codec) -> Result<()> {
    let failed = |error: io::Error| Error::from_io(&std::env::temp_dir(), error);
    let folder = match &options.temp_dir {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.map_err(failed)?;
    let write = WriteOptions { format: Some(Format::Parquet), codec, ..WriteOptions::default() };
    reader.write(folder.path().join("bench.parquet"), &write).map(drop)
}

/// Median seconds of a call.
fn median(runs: usize, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut seconds = Vec::with_capacity(runs);
    for _ in 0..runs {
        let started = Instant::now();
        call()?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[runs / 2])
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
}
