//! A process that unmounts when the one that serves a mount is gone, however it went.
//!
//! It reads from a pipe whose other end only that process holds. The system closes it with the process, also by `kill -9`.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use ingest::{Code, Error, Result};

use crate::places::{clean, detach, mounted_at};

/// What the guard hears where it has nothing to do.
const DONE: &str = "done";

/// The guard, as its master sees it.
pub(crate) struct Guard {
    process: Child,
    pipe: ChildStdin,
}

impl Guard {
    /// Starts the program that calls [`stand_guard`] with the folder, its last argument. It hears no Ctrl-C of the terminal, and keeps
    /// no disk busy.
    pub(crate) fn start(mut command: Command, point: &Path) -> Result<Guard> {
        command.arg(point);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").process_group(0);
        let failed = |error| {
            Error::new(Code::Mount, "the process that unmounts after a kill cannot be started").caused_by(error)
        };
        let mut process = command.spawn().map_err(failed)?;
        let pipe = process.stdin.take();
        let pipe = pipe.ok_or_else(|| failed(std::io::Error::from(std::io::ErrorKind::BrokenPipe)))?;
        Ok(Guard { process, pipe })
    }

    /// Tells it which mount it is about. Where it is gone nobody unmounts after a kill, and the next start does.
    pub(crate) fn mounted(&mut self, id: u64) {
        let _ = writeln!(self.pipe, "{id}");
    }

    /// Sends it away.
    pub(crate) fn dismiss(self) {
        let Guard { mut process, mut pipe } = self;
        let _ = writeln!(pipe, "{DONE}");
        drop(pipe);
        let _ = process.wait();
    }
}

/// What the guard process does: waits until its standard input ends, then unmounts, unless it was sent away.
pub fn stand_guard(point: &Path) {
    let mut heard = String::new();
    // What cannot be read has ended.
    let _ = std::io::stdin().read_to_string(&mut heard);
    let mut lines = heard.lines();
    let mount = lines.next().filter(|line| *line != DONE).map(str::parse::<u64>);
    if heard.lines().any(|line| line == DONE) {
        return;
    }
    let done = match mount {
        // Nobody but the one that was told of: another may be mounted there meanwhile.
        Some(Ok(id)) => match mounted_at(point) {
            Ok(Some(mount)) if mount.id == id => detach(point).map(drop),
            _ => Ok(()),
        },
        // The master went between mounting and telling of it.
        _ => clean(point).map(drop),
    };
    // Nobody is left to be told.
    drop(done);
}
