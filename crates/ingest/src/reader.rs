//! The public verbs: a builder that ends in a frame, a file, a schema, a count.

use std::io::Write;
use std::path::Path;

use ingest_columnar::Frame;

use crate::aside::Rejects;
use crate::error::{Code, Error, Result};
use crate::filter::Filter;
use crate::measure::cpu_seconds;
use crate::options::{Format, Options, WriteOptions};
use crate::plan::Plan;
use crate::report::Report;
use crate::session::Session;
use crate::settle::Keeper;
use crate::sources::Sources;
use crate::stages::{Stage, StageSeconds};
use crate::targets::check_targets;

/// Names the sources of a table. Nothing is read yet.
///
/// # Errors
/// Never so far; what is missing or unreadable is said when the table is read.
pub fn read(sources: impl Into<Sources>) -> Result<Reader> {
    Ok(Reader { sources: sources.into(), options: Options::default() })
}

/// A table to be read: sources and options. Its verbs read it.
pub struct Reader {
    pub(crate) sources: Sources,
    pub(crate) options: Options,
}

impl Reader {
    /// Replaces all options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Only these columns, in this order.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Only rows of which a condition holds.
    ///
    /// # Errors
    /// The text is no condition.
    ///
    /// ```
    /// let table = b"city,price\nRom,3.5\nWien,4\nRom,\n".to_vec();
    /// let frame = ingest::read(table)?.filter("city = 'Rom' and price is not null")?.collect()?;
    /// assert_eq!(frame.num_rows(), 1);
    /// # Ok::<(), ingest::Error>(())
    /// ```
    pub fn filter(mut self, condition: &str) -> Result<Self> {
        let filter = condition.parse::<Filter>().map_err(|error| Error::new(Code::Usage, error.to_string()))?;
        self.options.filter = Some(filter);
        Ok(self)
    }

    /// At most so many records.
    #[must_use]
    pub fn limit(mut self, rows: u64) -> Self {
        self.options.limit = Some(rows);
        self
    }

    /// The whole table in memory, typed.
    ///
    /// # Errors
    /// Whatever [`Code`] lists: sources that cannot be read, data that does not fit the options.
    ///
    /// ```
    /// let frame = ingest::read(b"id,price\n1,2.50\n2,\n".to_vec())?.collect()?;
    /// assert_eq!(frame.num_rows(), 2);
    /// assert_eq!(frame.schema().field(1).name(), "price");
    /// # Ok::<(), ingest::Error>(())
    /// ```
    pub fn collect(self) -> Result<Frame> {
        Ok(self.collect_with_report()?.0)
    }

    /// The same, with what was read, rejected and noted.
    ///
    /// # Errors
    /// As [`Reader::collect`].
    pub fn collect_with_report(self) -> Result<(Frame, Report)> {
        let (_, result) = Session::start(self)?.attempt(|session| {
            let mut rejects = session.rejects()?;
            let (frame, totals, kinds, counts) = session.frame(&mut rejects)?;
            Ok((frame, session.report(totals, &kinds, &counts, rejects)?))
        })?;
        Ok(result)
    }

    /// The same, with the processor seconds that each stage took, a little more than they are without being told.
    pub(crate) fn collect_with_stages(self) -> Result<(Frame, StageSeconds)> {
        let mut session = Session::start(self)?;
        session.watched = true;
        let plan_seconds = cpu_seconds() - session.cpu_before;
        let (_, (frame, mut stages)) = session.attempt(|session| {
            let mut rejects = session.rejects()?;
            let (frame, totals, ..) = session.frame(&mut rejects)?;
            Ok((frame, totals.stages))
        })?;
        stages.add(Stage::Plan, plan_seconds);
        Ok((frame, stages))
    }

    /// The same, with the numbers of the records that the options set aside, from 1, ascending.
    pub(crate) fn collect_with_rejected(self) -> Result<(Session, (Frame, Vec<u64>))> {
        Session::start(self)?.attempt(|session| {
            let mut rejects = Rejects::listing();
            let (frame, ..) = session.frame(&mut rejects)?;
            Ok((frame, rejects.into_records()))
        })
    }

    /// The exact schema of the whole input, with counts of rows and nulls.
    ///
    /// # Errors
    /// As [`Reader::collect`].
    pub fn schema(self) -> Result<Report> {
        self.schema_for(|_| ())
    }

    /// The same with a plan that is changed before.
    fn schema_for(self, change: fn(&mut Plan)) -> Result<Report> {
        let (_, report) = Session::start_for(self, change)?.attempt(|session| {
            let mut rejects = session.rejects()?;
            let (totals, kinds, counts) = session.types_and_counts(&mut rejects)?;
            session.report(totals, &kinds, &counts, rejects)
        })?;
        Ok(report)
    }

    /// Whether every record fits [`Options::schema`]: what does not follows the options, and rejects are written.
    ///
    /// # Errors
    /// As [`Reader::collect`]; without a schema [`Code::Usage`].
    pub fn validate(self) -> Result<Report> {
        if self.options.schema.is_none() {
            return Err(Error::new(Code::Usage, "there is no schema to validate against")
                .hint("--schema FILE takes what `ingest schema --json` prints"));
        }
        // Nothing is left out.
        self.schema_for(|plan| plan.may_end = false)
    }

    /// The number of records, exact; ragged ones count too.
    ///
    /// # Errors
    /// As [`Reader::collect`].
    pub fn count(mut self) -> Result<u64> {
        // Nothing of the records matters but their number: no types, no columns, no number of fields.
        self.options.keep_text();
        self.options.columns = None;
        self.options.drop = Vec::new();
        self.options.rejects = None;
        let (_, rows) = Session::start_for(self, Plan::count_only)?.attempt(|session| {
            let mut rejects = session.rejects()?;
            let totals = session.run(&Keeper::new(false), Some(&[]), &mut rejects)?;
            rejects.check(totals.rows_in, 0)?;
            Ok(totals.rows_in - totals.filtered)
        })?;
        Ok(rows)
    }

    /// Writes the table to a file, which appears whole or not at all.
    ///
    /// # Errors
    /// As [`Reader::collect`], and [`Code::OutputExists`] unless [`WriteOptions::overwrite`]; [`Code::Usage`] where `path` is
    /// one of the sources or the rejects table.
    pub fn write(mut self, path: impl AsRef<Path>, write: &WriteOptions) -> Result<Report> {
        let path = path.as_ref();
        self.sources = self.sources.located(&self.options)?;
        check_targets(
            self.sources.files().chain(self.options.only_rejects.as_deref()),
            Some(path),
            self.options.rejects.as_deref(),
        )?;
        self.options.overwrite_rejects |= write.overwrite;
        crate::write::to_path(self, path, write)
    }

    /// Writes the table to a Parquet file with the default options.
    ///
    /// # Errors
    /// As [`Reader::write`].
    pub fn write_parquet(self, path: impl AsRef<Path>) -> Result<Report> {
        self.write(path, &WriteOptions { format: Some(Format::Parquet), ..WriteOptions::default() })
    }

    /// Writes the table to a pipe or any writer. As nothing can be taken back there, the types are settled by a pass of
    /// its own first.
    ///
    /// # Errors
    /// As [`Reader::collect`]; what was written before a failure stays written.
    pub fn write_to(mut self, out: impl Write + Send, format: Format, write: &WriteOptions) -> Result<Report> {
        self.options.overwrite_rejects |= write.overwrite;
        crate::write::to_writer(self, out, format, write)
    }
}
