//! What stands in the way of mounting here.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use ingest::{Code, Error};
use ingest_dataset::Finding;
use nix::unistd::geteuid;

use crate::places::{HELPER, mounted};

const DEVICE: &str = "/dev/fuse";

const INSTEAD: &str = "--mode download copies the files instead";

/// Why nothing can be mounted here, as far as that shows without trying.
pub fn why_not() -> Option<Error> {
    let (code, message, hint) = match File::options().read(true).write(true).open(DEVICE) {
        Err(error) if error.kind() == ErrorKind::NotFound => (
            Code::Mount,
            format!("there is no {DEVICE}"),
            "`modprobe fuse` as root makes it; a container gets it by --device /dev/fuse --cap-add SYS_ADMIN",
        ),
        Err(error) => (
            Code::AccessDenied,
            format!("{DEVICE} cannot be opened: {error}"),
            "`chmod 666 /dev/fuse` as root is what it usually has; a container needs --device /dev/fuse --cap-add SYS_ADMIN",
        ),
        Ok(_) if !geteuid().is_root() && !is_installed(HELPER) => {
            (Code::Mount, format!("there is no {HELPER}, by which others than root mount"), "the package fuse3 has it")
        }
        Ok(_) => return None,
    };
    Some(Error::new(code, format!("nothing can be mounted here: {message}")).hint(format!("{hint}; {INSTEAD}")))
}

fn is_installed(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
        || Path::new("/bin").join(program).is_file()
}

/// Looks whether datasets can be mounted, and whether mounts are left that nobody serves.
pub fn examine() -> Vec<Finding> {
    let mounting = match why_not() {
        None => Finding::fine("mounting", format!("{DEVICE} can be opened")),
        Some(error) => Finding::missing("mounting", error.message().to_owned(), error.way_out().unwrap_or(INSTEAD)),
    };
    vec![mounting, of_mounts()]
}

fn of_mounts() -> Finding {
    let all = match mounted() {
        Ok(all) => all,
        Err(error) => return Finding::missing("mounts", error.message().to_owned(), "/proc has to be mounted"),
    };
    let dead: Vec<String> =
        all.iter().filter(|mount| mount.is_dead()).map(|mount| mount.point.display().to_string()).collect();
    if dead.is_empty() {
        return Finding::fine("mounts", format!("{} served", all.len()));
    }
    let found = format!("nobody serves {} any more", dead.join(", "));
    Finding::missing("mounts", found, "`ingest unmount DIR` takes one away, and so does mounting there again")
}
