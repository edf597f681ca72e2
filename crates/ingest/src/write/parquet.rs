//! The table to one Parquet file, or to a pipe.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use ingest_columnar::Counts;
use ingest_parquet::{EncodedColumn, EncodedGroup, FileWriter, Saved, StreamWriter, WriteOptions as ParquetOptions};

use super::resume::Resumption;
use crate::aside::Rejects;
use crate::error::Result;
use crate::groups::{GroupWriter, Grouper, encode_again};
use crate::options::WriteOptions;
use crate::plan::{Plan, unknown_column};
use crate::reader::Reader;
use crate::report::Report;
use crate::session::Session;
use crate::settle::{final_kinds, schema};

/// The default of [`WriteOptions::row_group_bytes`]. Two groups wait while a third fills: 192 MiB of columns.
const ROW_GROUP_BYTES: u64 = 64 << 20;

/// What the columns of a plan are written with.
///
/// # Errors
/// A Bloom filter is wanted of a column that there is not.
pub(super) fn parquet_options(plan: &Plan, write: &WriteOptions) -> Result<ParquetOptions> {
    let bloom: BTreeSet<String> = write.bloom.iter().cloned().collect();
    let names: BTreeSet<&str> = plan.names().collect();
    match bloom.iter().find(|name| !names.contains(name.as_str())) {
        Some(unknown) => Err(unknown_column("--bloom", unknown, plan.names())),
        None => Ok(ParquetOptions { codec: write.codec, encoding_set: write.encoding_set, bloom }),
    }
}

pub(super) fn group_bytes(session: &Session, write: &WriteOptions) -> u64 {
    // Encoded, a group is smaller still.
    let wanted = write.row_group_bytes.unwrap_or(ROW_GROUP_BYTES).min(write.max_file_bytes.unwrap_or(u64::MAX));
    session.options.memory_limit.map_or(wanted, |limit| wanted.min(limit / 16)).max(1)
}

impl GroupWriter for FileWriter {
    fn append(&mut self, group: EncodedGroup, _folder: &Arc<str>) -> Result<()> {
        Ok(FileWriter::append(self, group)?)
    }

    fn save(&mut self, first: usize) -> Result<Option<Saved>> {
        Ok(Some(FileWriter::save(self, first)?))
    }
}

impl<W: Write + Send> GroupWriter for StreamWriter<W> {
    fn append(&mut self, group: EncodedGroup, _folder: &Arc<str>) -> Result<()> {
        Ok(StreamWriter::append(self, group)?)
    }
}

/// One pass; columns that a late value widens are encoded again at the end.
pub(super) fn parquet_file(reader: Reader, path: &Path, write: &WriteOptions) -> Result<Report> {
    let (session, mut resumption) = Resumption::look(Session::start_to_resume(reader)?, path, write)?;
    let (_, report) = session.attempt(|session| session.parquet_file(path, write, &mut resumption))?;
    Ok(resumption.told(report))
}

impl Session {
    fn parquet_file(&self, path: &Path, write: &WriteOptions, resumption: &mut Resumption) -> Result<Report> {
        let plan = &self.plan;
        let options = match parquet_options(plan, write) {
            // Its key may be still to come: then this pass tells so.
            Err(error) if plan.wants_new_keys() => {
                self.types_and_counts(&mut Rejects::counting())?;
                return Err(error);
            }
            other => other?,
        };
        let start = schema(plan, &final_kinds(plan, &plan.suggested));
        let mut rejects = self.rejects()?;
        let earlier = resumption.open(|found| {
            FileWriter::go_on(path, start.clone(), &options, write.overwrite, &found.path, &found.saved())
        });
        let (mut writer, found) = match earlier {
            Some((writer, found)) => (writer, Some(found)),
            None => (FileWriter::create(path, start, &options, write.overwrite)?, None),
        };
        let journal = match resumption.journal(self, writer.journal()?, found.as_ref(), &mut rejects) {
            Ok(journal) => journal,
            Err(error) => {
                // What the earlier run has left stays.
                writer.leave()?;
                return Err(error);
            }
        };
        let grouper = Grouper::new(plan, writer, group_bytes(self, write), options.clone());
        let grouper = grouper.journaled(journal.clone(), found.as_ref());
        let start = found.as_ref().map(|found| &found.standing);
        let totals = match self.run_from(start, &grouper, None, &mut rejects) {
            Ok(totals) => totals,
            Err(error) => {
                return Err(resumption.failed(error, journal.as_deref(), || grouper.into_parts().0.leave()));
            }
        };
        let (writer, places, mut counts) = grouper.into_parts();
        let kinds = final_kinds(plan, &totals.summaries);
        rejects.check(totals.rows_in, totals.errors.iter().sum())?;
        let again = |group: usize, position: usize| -> Result<Option<EncodedColumn>> {
            let (column, counts_now) =
                encode_again(plan, &self.inputs, &places[group], position, &kinds[position], &options)?;
            counts[group][position] = counts_now;
            Ok(Some(column))
        };
        writer.finish_or_return(schema(plan, &kinds), again).map_err(|(error, file)| match file {
            Some(file) => resumption.failed(error, journal.as_deref(), || file.leave()),
            None => error,
        })?;
        let of_column = |column: usize| counts.iter().map(|group| group[column]).sum();
        let counts: Vec<Counts> = (0..kinds.len()).map(of_column).collect();
        self.report(totals, &kinds, &counts, rejects)
    }
}

/// Two passes: the types, then the groups.
pub(super) fn parquet_stream(reader: Reader, out: impl Write + Send, write: &WriteOptions) -> Result<Report> {
    let (session, kinds) = Session::start(reader)?.attempt(Session::settle_types)?;
    let options = parquet_options(&session.plan, write)?;
    let writer = StreamWriter::new(out, schema(&session.plan, &kinds))?;
    let mut rejects = session.rejects()?;
    let grouper = Grouper::new(&session.plan, writer, group_bytes(&session, write), options);
    let totals = session.run(&grouper, Some(&kinds), &mut rejects)?;
    grouper.into_parts().0.finish()?;
    session.report_as_parsed(totals, &kinds, rejects)
}
