//! A run of the engine, and all that it came to which nothing but input and options may decide.

use std::sync::Once;

use ingest::arrow::array::RecordBatch;
use ingest::{Code, ColumnReport, Error, Kernel, Options, Reject, Report};

/// How a run is carried out. None of it may change the answer.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// The kernel that runs.
    pub kernel: Kernel,
    /// Worker threads.
    pub threads: usize,
    /// Bytes of text a worker takes at a time.
    pub chunk_bytes: usize,
}

impl Way {
    /// The plainest way: one thread, one chunk, no vectors.
    pub const PLAIN: Way = Way { kernel: Kernel::Portable, threads: 1, chunk_bytes: 1 << 20 };

    /// The options, carried out this way.
    pub fn of(self, options: &Options) -> Options {
        let Way { kernel, threads, chunk_bytes } = self;
        Options { kernel: Some(kernel), threads: Some(threads), chunk_bytes: Some(chunk_bytes), ..options.clone() }
    }
}

/// What a run that succeeded came to.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// The frame, all rows in one batch; `None` if it has no columns.
    pub rows: Option<RecordBatch>,
    /// Records read, kept and rejected, and fields dropped.
    pub counts: [u64; 4],
    /// Nulls and errors of each column.
    pub columns: Vec<ColumnReport>,
    /// The first rejects.
    pub first_rejects: Vec<Reject>,
    /// What a careful reader should know.
    pub notes: Vec<String>,
    /// The rejects table, where one was asked for.
    pub rejects: Option<String>,
}

/// Reads `text` to a frame; the error as a person sees it.
///
/// # Panics
/// If the frame does not hold together, or the temporary folder cannot be used.
pub fn run(text: &[u8], options: &Options, way: Way, with_rejects: bool) -> Result<Outcome, String> {
    caught_panics_are_errors();
    let folder = with_rejects.then(|| tempfile::tempdir().expect("a temporary folder"));
    let path = folder.as_ref().map(|folder| folder.path().join("rejects.csv"));
    let options = Options { rejects: path.clone(), ..way.of(options) };
    let reader = ingest::read(text.to_vec()).and_then(|reader| reader.options(options).collect_with_report());
    let (frame, report) = reader.map_err(|error| describe(&error))?;
    let joined = || frame.to_record_batch().expect("the batches of one frame go together");
    let rows = (!frame.schema().fields().is_empty()).then(joined);
    let rejects = path.map(|path| std::fs::read_to_string(path).expect("the rejects table is there, in UTF-8"));
    Ok(outcome(rows, report, rejects))
}

fn outcome(rows: Option<RecordBatch>, report: Report, rejects: Option<String>) -> Outcome {
    assert_eq!(report.rows_in, report.rows_out + report.rejected + report.filtered, "every record is accounted for");
    if let Some(rows) = &rows {
        assert_eq!(rows.num_rows() as u64, report.rows_out);
        let nulls = rows.columns().iter().map(|column| column.logical_null_count() as u64);
        assert!(nulls.eq(report.columns.iter().map(|column| column.nulls)), "the nulls are counted: {report:?}");
    }
    Outcome {
        rows,
        counts: [report.rows_in, report.rows_out, report.rejected, report.dropped_fields],
        columns: report.columns,
        first_rejects: report.first_rejects,
        notes: report.notes,
        rejects,
    }
}

/// Lets panics that the engine turns into errors be what they are: the fuzzer ends at any panic.
fn caught_panics_are_errors() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let end = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !ingest::panics_are_caught() {
                end(panic);
            }
        }));
    });
}

/// An error in full: the message, the record with its caret, the hint, and the facts.
pub fn describe(error: &Error) -> String {
    // A field beyond the limit is told when it is noticed; what is shown of its record ends where reading stopped.
    if error.code() == Code::FieldTooLong {
        return error.to_string();
    }
    format!("{}\n{}", error.render(), error.to_json())
}
