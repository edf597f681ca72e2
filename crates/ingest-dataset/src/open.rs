//! A version opened: its rows, as the engine reads them.

use std::path::PathBuf;

use ingest::{Code, Error, Options, Reader, Result, Sources};
use jiff::Timestamp;

use crate::definition::Kind;
use crate::files::VersionFile;
use crate::stages;
use crate::version::Version;
use crate::workspace::Workspace;

impl Workspace {
    /// Opens the table of a version. Its files are those that were registered, and their sizes and times are looked at first, and again
    /// when all is read; `run`
    /// says how the work is done, and what is left of the result: rows by a condition, an offset and a limit, and columns.
    ///
    /// # Errors
    /// [`Code::ContentChanged`]: files are no longer what they were; [`Code::Usage`]: the version is no table, or `run` says how
    /// sources are read, which the definition does.
    pub fn open_table(&self, version: &Version, run: &Options) -> Result<Reader> {
        if version.definition.kind() == Kind::File {
            let message = format!("{} is a dataset of files, no table", version.label());
            return Err(Error::new(Code::Usage, message).hint("`ingest download` gives its files"));
        }
        let files = self.files(version)?;
        let are_unchanged = self.are_unchanged(version, &files, run);
        are_unchanged()?;
        let run = &Options { at_end: Some(are_unchanged), ..run.clone() };
        let definition = stages::selected(&version.definition, run)?;
        let mut stages = stages::compile(&definition, run, Timestamp::now())?;
        stages::checked(&definition, run, &mut stages)?;
        let sources = self.sources_of(&files, version.is_snapshot);
        stages::reader(&format!("dataset:{}", version.label()), sources, stages)
    }

    /// The sources of these files: where they lie, or the copies that the workspace keeps, under the same names.
    pub(crate) fn sources_of(&self, files: &[VersionFile], are_copies: bool) -> Sources {
        if !are_copies {
            return Sources::from(files.iter().map(|file| file.name.clone()).collect::<Vec<_>>());
        }
        Sources::called(files.iter().map(|file| {
            let inner = file.name.strip_prefix(&file.path).unwrap_or_default();
            (file.name.clone(), format!("{}{inner}", self.place_of(file, are_copies).display()))
        }))
    }

    /// Where the bytes of a file lie: in the workspace, if it is a copy.
    pub fn place_of(&self, file: &VersionFile, is_copy: bool) -> PathBuf {
        if is_copy { self.store.path(&file.fingerprint.hash) } else { PathBuf::from(&file.path) }
    }
}
