//! Datasets as a caller of the library meets them.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod model;
mod registries;
mod steps;
mod versions;
mod web;

use std::path::PathBuf;

use ingest::{Frame, Options};
use ingest_dataset::{Definition, Registered, Registration, Step, Workspace};
use proptest::prelude::ProptestConfig;
use tempfile::TempDir;

/// A folder with a workspace and files beside it.
struct Room {
    folder: TempDir,
    workspace: Workspace,
}

impl Room {
    fn new() -> Room {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(&folder.path().join("space")).unwrap();
        Room { folder, workspace }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and gives its path as text.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn register(&self, name: &str, definition: &Definition, registration: Registration) -> ingest::Result<Registered> {
        self.workspace.register(name, definition, &registration, &Options::default())
    }

    fn rows(&self, name: &str) -> ingest::Result<Frame> {
        let version = self.workspace.get(&name.parse()?)?;
        self.workspace.open_table(&version, &Options::default())?.collect()
    }
}

/// So many random cases, or in the heavy stage more.
fn cases(everyday: u32, heavy: u32) -> ProptestConfig {
    let is_heavy = std::env::var_os("INGEST_HEAVY").is_some_and(|value| value == "1");
    let cases = if is_heavy { heavy } else { everyday };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn tabular(source: &str, steps: Vec<Step>) -> Definition {
    Definition::tabular(&[source.to_owned()], &Options::default(), steps).unwrap()
}

fn new_version() -> Registration {
    Registration { new_version: true, ..Registration::default() }
}

/// The texts of a column of whole numbers.
fn numbers(frame: &Frame, column: &str) -> Vec<Option<i64>> {
    use ingest::arrow::array::{Array, Int64Array};
    let batch = frame.to_record_batch().unwrap();
    let column = batch.column_by_name(column).unwrap();
    match column.as_any().downcast_ref::<Int64Array>() {
        Some(values) => values.iter().collect(),
        // Without a value there is no type.
        None => vec![None; column.len()],
    }
}
