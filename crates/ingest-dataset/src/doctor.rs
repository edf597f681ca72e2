//! What stands in the way of working here: folders that cannot be written to, disks that are full, a registry that is damaged.

use std::path::Path;

use ingest::{Error, Result};

use crate::registry::WAY_BACK;
use crate::workspace::Workspace;

/// What was looked at, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// What to do, where something is missing.
    pub way_out: Option<String>,
}

impl Finding {
    /// Nothing is missing.
    pub fn fine(what: &'static str, found: String) -> Finding {
        Finding { what, found, way_out: None }
    }

    /// Something is, and what to do.
    pub fn missing(what: &'static str, found: String, way_out: &str) -> Finding {
        Finding { what, found, way_out: Some(way_out.to_owned()) }
    }

    fn of_error(what: &'static str, error: &Error) -> Finding {
        let way_out = error.way_out().unwrap_or("the message says what the system refused");
        Finding::missing(what, error.message().to_owned(), way_out)
    }
}

/// Less free space than this is told, bytes: a spooled source or a snapshot soon takes it.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// Looks at the workspace that is found from here, and at the folder for temporary files.
pub fn examine() -> Vec<Finding> {
    let mut findings = Vec::new();
    match Workspace::find() {
        Ok(workspace) => {
            findings.push(Finding::fine("workspace", workspace.root().display().to_string()));
            findings.push(of_registry(&workspace));
            findings.push(of_folder("workspace folder", workspace.root()));
            findings.push(of_space("workspace disk", workspace.root()));
        }
        Err(error) => findings.push(Finding::of_error("workspace", &error)),
    }
    let temporary = std::env::temp_dir();
    findings.push(of_folder("temporary folder", &temporary));
    findings.push(of_space("temporary disk", &temporary));
    findings
}

fn of_registry(workspace: &Workspace) -> Finding {
    match workspace.check() {
        Ok(faults) if faults.is_empty() => Finding::fine("registry", "sound".to_owned()),
        Ok(faults) => Finding::missing("registry", faults.join("; "), WAY_BACK),
        Err(error) => Finding::of_error("registry", &error),
    }
}

fn of_folder(what: &'static str, folder: &Path) -> Finding {
    match tempfile::tempfile_in(folder) {
        Ok(_) => Finding::fine(what, format!("{} can be written to", folder.display())),
        Err(error) => {
            let found = format!("{}: {error}", folder.display());
            Finding::missing(what, found, "make it a folder that this user may write to, or name another")
        }
    }
}

fn of_space(what: &'static str, folder: &Path) -> Finding {
    match free_bytes(folder) {
        Ok(bytes) if bytes < FREE_BYTES_MIN => {
            let found = format!("{}: {} MiB left", folder.display(), bytes >> 20);
            Finding::missing(what, found, "make room, or name a folder on another disk (INGEST_WORKSPACE, --temp-dir)")
        }
        Ok(bytes) => Finding::fine(what, format!("{} GiB left", bytes >> 30)),
        Err(error) => Finding::of_error(what, &error),
    }
}

/// What the disk of a folder still takes of this user, bytes.
pub(crate) fn free_bytes(folder: &Path) -> Result<u64> {
    let disk = rustix::fs::statvfs(folder).map_err(|error| Error::from_io(folder, error.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
