//! What a version looks like when it is mounted.

use std::collections::HashMap;

use ingest::{Code, Error, Options, Result};
use ingest_dataset::{Kind, Version, Workspace};

use crate::content::Content;
use crate::files::Files;
use crate::table::{TableFile, file_name};
use crate::texts::Texts;
use crate::tree::Tree;

/// Names, and where the bytes behind them come from.
pub struct View {
    pub(crate) label: String,
    pub(crate) tree: Tree,
    pub(crate) content: Box<dyn Content>,
    pub(crate) bytes: u64,
    files: usize,
}

impl View {
    /// Of any content: the file of a number has the path of that number. `label` is what the system's table of mounts shows.
    ///
    /// # Errors
    /// Those of [`Tree::of`].
    pub fn new(label: &str, paths: &Texts, bytes: u64, content: Box<dyn Content>) -> Result<View> {
        Ok(View { label: label.to_owned(), tree: Tree::of(paths)?, content, bytes, files: paths.len() })
    }

    /// The files of a version in their layout, read as `run` says; of a table, one Parquet file, which is made when its size is first asked for.
    ///
    /// # Errors
    /// The registry cannot be read; a path that cannot be mounted; [`Code::NotFound`]: the sources are not there.
    pub fn of(workspace: Workspace, version: Version, run: &Options) -> Result<View> {
        let label = version.label();
        if version.definition.kind() == Kind::Tabular {
            let paths = Texts::from_iter([file_name(&version)]);
            return View::new(&label, &paths, 0, Box::new(TableFile::new(workspace, version, run)));
        }
        let (paths, files) = files(&workspace, &version, run)?;
        files.check_reachable()?;
        let bytes = files.bytes();
        View::new(&label, &paths, bytes, Box::new(files))
    }

    /// How many files it has.
    pub fn files(&self) -> usize {
        self.files
    }
}

/// The paths of a version's files, and where they lie. A file that its sources name twice is there once.
fn files(workspace: &Workspace, version: &Version, run: &Options) -> Result<(Texts, Files)> {
    let (mut paths, mut files) = (Texts::default(), Files::new(version, run));
    let mut sources_of: HashMap<String, String> = HashMap::new();
    // Only several sources can name a file twice.
    let may_repeat = version.definition.sources().len() > 1;
    workspace.for_each_file(version, |file| {
        if may_repeat {
            match sources_of.insert(file.relative.clone(), file.path.clone()) {
                Some(before) if before == file.path => return Ok(()),
                Some(before) => {
                    let message = format!("{before} and {} would be the same file", file.path);
                    return Err(Error::new(Code::BadDefinition, message));
                }
                None => {}
            }
        }
        paths.push(&file.relative);
        files.push(workspace, &file)
    })?;
    Ok((paths, files))
}
