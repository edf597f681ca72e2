//! A workspace: the folder with the registry and the content that snapshots keep.

use std::fs::File;
use std::path::{Path, PathBuf};

use ingest::{Code, Error, Result};

use crate::registry::Registry;
use crate::store::Store;

/// The variable that names a workspace.
pub const WORKSPACE_VARIABLE: &str = "INGEST_WORKSPACE";

/// The folder that is looked for upward, and in the home folder.
const FOLDER: &str = ".ingest";

const REGISTRY: &str = "registry.sqlite";
const CONTENT: &str = "content";
const SCRATCH: &str = "scratch";

/// The folder of a workspace for drafts, in use.
pub struct Scratch {
    folder: PathBuf,
    _in_use: File,
}

impl Scratch {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

/// An open workspace. Any number of processes may have it open.
pub struct Workspace {
    root: PathBuf,
    pub(crate) registry: Registry,
    pub(crate) store: Store,
}

impl Workspace {
    /// Makes a workspace of a folder, which need not be there, or finds that it is one, and opens it.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let workspace = ingest_dataset::Workspace::create(&folder.path().join("space"))?;
    /// assert!(workspace.names()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(root: &Path) -> Result<Workspace> {
        for folder in [root, &root.join(CONTENT), &root.join(SCRATCH)] {
            std::fs::create_dir_all(folder).map_err(|error| Error::from_io(folder, error))?;
        }
        if !root.join(REGISTRY).exists() {
            let _in_use = Store::new(root.join(CONTENT), root.join(SCRATCH)).use_it()?;
            Registry::create(&root.join(REGISTRY), &root.join(SCRATCH))?;
        }
        Workspace::open(root)
    }

    /// Opens the workspace that a folder is.
    ///
    /// # Errors
    /// [`Code::UnknownDataset`]: it is none; [`Code::Registry`]: its registry cannot be used.
    pub fn open(root: &Path) -> Result<Workspace> {
        let root = std::path::absolute(root).map_err(|error| Error::from_io(root, error))?;
        let registry = root.join(REGISTRY);
        if !registry.exists() {
            let message = format!("{}: there is no workspace", root.display());
            return Err(Error::new(Code::UnknownDataset, message).hint("`ingest init` makes one"));
        }
        let registry = Registry::open(&registry)?;
        let store = Store::new(root.join(CONTENT), root.join(SCRATCH));
        Ok(Workspace { root, registry, store })
    }

    /// Opens the workspace that `INGEST_WORKSPACE` names, else the nearest `.ingest` upward of the working directory, else that of the
    /// home folder.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub fn find() -> Result<Workspace> {
        match Workspace::found() {
            Some(root) => Workspace::open(&root),
            None => Err(Error::new(Code::UnknownDataset, "there is no workspace here, nor in the home folder")
                .hint("`ingest init` makes one; INGEST_WORKSPACE names one")),
        }
    }

    /// Where [`Workspace::find`] looks in the end; `None`: nowhere, as there is none.
    pub fn found() -> Option<PathBuf> {
        let named = std::env::var_os(WORKSPACE_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
        named.or_else(|| {
            let here = std::env::current_dir().ok()?;
            let home = std::env::home_dir();
            let folders = here.ancestors().chain(home.as_deref());
            folders.map(|folder| folder.join(FOLDER)).find(|root| root.join(REGISTRY).exists())
        })
    }

    /// The folder that `ingest init` makes a workspace of where none is named: the one that is found, else `.ingest` here.
    pub fn usual_root() -> PathBuf {
        Workspace::found().unwrap_or_else(|| PathBuf::from(FOLDER))
    }

    /// The workspace's folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for drafts. As long as this is held nobody clears them away; what is left in it then is litter.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn scratch(&self) -> Result<Scratch> {
        Ok(Scratch { folder: self.store.scratch().to_owned(), _in_use: self.store.use_it()? })
    }

    /// Copies the registry as it is at one moment to a file that is not there yet.
    ///
    /// # Errors
    /// [`Code::OutputExists`]; the file cannot be written.
    pub fn backup(&self, target: &Path) -> Result<()> {
        self.registry.backup(target)
    }

    /// What is wrong with the registry; nothing, if it is sound.
    ///
    /// # Errors
    /// It cannot be read at all.
    pub fn check(&self) -> Result<Vec<String>> {
        let mut faults = self.registry.check()?;
        if faults.is_empty() {
            faults = self.registry.broken_definitions()?;
        }
        Ok(faults)
    }
}
