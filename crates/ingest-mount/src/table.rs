//! A table as one Parquet file, made when somebody first looks at it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ingest::{Code, Error, Format, Options, Result, WriteOptions};
use ingest_dataset::{Version, Workspace};

use crate::content::{Content, Facts};

/// The one file of a mounted table.
pub(crate) struct TableFile {
    workspace: Workspace,
    version: Version,
    run: Options,
    made: Mutex<Option<Made>>,
}

/// The file without a name: the system removes it with the process.
#[derive(Clone)]
struct Made {
    file: Arc<File>,
    facts: Facts,
}

/// What the file of a table is called: as the dataset, where the system takes such a name.
pub fn file_name(version: &Version) -> String {
    /// Bytes that are left of a name's 255.
    const NAME_BYTES_MAX: usize = 255 - ".parquet".len();
    let name = if version.name.len() > NAME_BYTES_MAX { "table" } else { &version.name };
    format!("{name}.parquet")
}

/// Writes the table of a version to a Parquet file. It has as many rows as were registered.
///
/// # Errors
/// Those of [`Workspace::open_table`], of reading the table, and of writing the file; [`Code::ContentChanged`]: other rows.
pub fn write_table(
    workspace: &Workspace,
    version: &Version,
    target: &Path,
    overwrite: bool,
    run: &Options,
) -> Result<()> {
    let write = WriteOptions { format: Some(Format::Parquet), overwrite, ..WriteOptions::default() };
    let report = workspace.open_table(version, run)?.write(target, &write)?;
    match version.rows {
        Some(rows) if rows != report.rows_out => {
            // The error that is told is why it is not wanted.
            let _ = std::fs::remove_file(target);
            let message = format!("{} had {rows} rows and has {}", version.label(), report.rows_out);
            Err(Error::new(Code::ContentChanged, message).hint("`ingest dataset verify` tells what changed"))
        }
        _ => Ok(()),
    }
}

impl TableFile {
    pub(crate) fn new(workspace: Workspace, version: Version, run: &Options) -> TableFile {
        TableFile { workspace, version, run: run.clone(), made: Mutex::new(None) }
    }

    /// The file, made if need be; whoever comes meanwhile waits for it. What failed is tried again by the next one.
    fn made(&self) -> Result<Made> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match &mut *made {
            Some(made) => made,
            none => none.insert(self.make()?),
        };
        Ok(made.clone())
    }

    fn make(&self) -> Result<Made> {
        let scratch = self.workspace.scratch()?;
        let failed = |error| Error::from_io(scratch.path(), error);
        let draft = tempfile::Builder::new().prefix("mount-").tempfile_in(scratch.path()).map_err(failed)?;
        let draft = draft.into_temp_path();
        write_table(&self.workspace, &self.version, &draft, true, &self.run)?;
        let file = File::open(&draft).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut modified_ns = 0;
        self.workspace.for_each_file(&self.version, |file| {
            modified_ns = modified_ns.max(file.fingerprint.modified_ns);
            Ok(())
        })?;
        Ok(Made { file: Arc::new(file), facts: Facts { size, modified_ns } })
    }
}

impl Content for TableFile {
    fn facts(&self, _file: u32) -> Result<Facts> {
        Ok(self.made()?.facts)
    }

    /// They are, once it is made: whoever lists the folder alone is not made to wait for it.
    fn knows_facts(&self) -> bool {
        false
    }

    fn is_near(&self) -> bool {
        true
    }

    fn read_at(&self, _file: u32, offset: u64, length: usize) -> Result<Vec<u8>> {
        let Made { file, facts } = self.made()?;
        let length = length.min(usize::try_from(facts.size.saturating_sub(offset)).unwrap_or(usize::MAX));
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, offset)
            .map_err(|error| Error::from_io(Path::new(&file_name(&self.version)), error))?;
        Ok(bytes)
    }
}
