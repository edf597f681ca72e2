//! Signals that end a mount: taken in turn by a thread that waits for them, so that nothing is done within a handler.

use std::sync::mpsc::Sender;

use ingest::{Code, Error, Result};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::setsid;

use crate::mount::Ended;

/// As long as this lives, the thread that made it and those that it starts do not get Ctrl-C, SIGTERM and SIGHUP.
pub struct Signals {
    set: SigSet,
}

impl Signals {
    /// Holds them back. To be called before there are other threads, which would get them.
    ///
    /// # Errors
    /// The system refuses.
    pub fn hold() -> Result<Signals> {
        let set: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
        set.thread_block().map_err(|error| Error::new(Code::Mount, "signals cannot be held back").caused_by(error))?;
        Ok(Signals { set })
    }

    /// Tells of the next one.
    pub(crate) fn watch(&self, tell: Sender<Ended>) {
        let set = self.set;
        std::thread::spawn(move || {
            // It fails for a set that is none; whoever listens may be gone.
            let _ = set.wait().map(|_| tell.send(Ended::Signal));
        });
    }
}

/// Makes this process one that no terminal ends, and that keeps no folder of its caller busy.
///
/// # Errors
/// The system refuses.
pub fn leave_terminal() -> Result<()> {
    let failed = |error: std::io::Error| Error::new(Code::Mount, "the terminal cannot be left").caused_by(error);
    setsid().map_err(|error| failed(error.into()))?;
    std::env::set_current_dir("/").map_err(failed)
}

impl Drop for Signals {
    fn drop(&mut self) {
        // What was held back comes now.
        let _ = self.set.thread_unblock();
    }
}
