//! What passes only once, kept in an unnamed temporary file: one file for any number of sources.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::SourceError;

/// A temporary file that goes when its last user does.
#[derive(Clone)]
pub struct Spool(Arc<Room>);

struct Room {
    file: File,
    dir: PathBuf,
    end: AtomicU64,
}

impl Spool {
    /// Makes the file in `dir` (the system's folder for such by default), for the source of that name and others.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(name: &str, dir: Option<&Path>) -> Result<Spool, SourceError> {
        let dir = dir.map_or_else(std::env::temp_dir, Path::to_owned);
        let file = tempfile::tempfile_in(&dir).map_err(|cause| SourceError::spool(name, &dir, cause))?;
        Ok(Spool(Arc::new(Room { file, dir, end: AtomicU64::new(0) })))
    }
}

/// The bytes of one source in a spool.
pub(crate) struct Spooled {
    spool: Spool,
    /// By offset in the source: offset in the spool, and how many bytes follow there.
    runs: Mutex<BTreeMap<u64, (u64, u64)>>,
}

impl Spooled {
    pub(crate) fn new(spool: &Spool) -> Spooled {
        Spooled { spool: spool.clone(), runs: Mutex::default() }
    }

    /// Keeps bytes of the source, from any thread.
    pub(crate) fn keep(&self, name: &str, offset: u64, bytes: &[u8]) -> Result<(), SourceError> {
        let (room, len) = (&self.spool.0, bytes.len() as u64);
        let at = room.end.fetch_add(len, Ordering::Relaxed);
        room.file.write_all_at(bytes, at).map_err(|cause| SourceError::spool(name, &room.dir, cause))?;
        let mut runs = self.lock();
        // A source alone in its spool is one run.
        let before = runs.range_mut(..offset).next_back();
        match before.filter(|(start, (from, count))| **start + *count == offset && *from + *count == at) {
            Some((_, (_, count))) => *count += len,
            None => _ = runs.insert(offset, (at, len)),
        }
        Ok(())
    }

    /// Fills `out` with the bytes at an offset, if all of them were kept.
    pub(crate) fn read_exact_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        let mut filled = 0;
        while filled < out.len() {
            let wanted = offset + filled as u64;
            let run = self.lock().range(..=wanted).next_back().map(|(&start, &run)| (start, run));
            let run = run.filter(|(start, (_, count))| start + count > wanted);
            let (start, (at, count)) = run.ok_or(io::ErrorKind::UnexpectedEof)?;
            let len = crate::random::at_most(start + count - wanted, out.len() - filled);
            self.spool.0.file.read_exact_at(&mut out[filled..filled + len], at + (wanted - start))?;
            filled += len;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, (u64, u64)>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_share_a_spool() {
        let spool = Spool::create("both", None).expect("made");
        let (one, other) = (Spooled::new(&spool), Spooled::new(&spool));
        let text: Vec<u8> = (0..=255).collect();
        for from in (0..200).step_by(20) {
            one.keep("one", from as u64, &text[from..from + 20]).expect("kept");
            if from % 40 == 0 {
                other.keep("other", from as u64 / 2, &text[from..from + 20]).expect("kept");
            }
        }
        assert_eq!((one.lock().len(), other.lock().len()), (6, 5));
        for (from, to) in [(0, 200), (0, 0), (19, 21), (7, 133)] {
            let mut out = vec![0; to - from];
            one.read_exact_at(&mut out, from as u64).expect("all are there");
            assert_eq!(out, text[from..to]);
        }
        let mut out = vec![0; 30];
        other.read_exact_at(&mut out, 15).expect("all are there");
        assert_eq!(out[..5], text[15..20]);
        assert_eq!(out[5..25], text[40..60]);
        assert_eq!(one.read_exact_at(&mut out, 180).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        // Out of order, as threads come.
        let late = Spooled::new(&spool);
        late.keep("late", 10, &text[10..20]).expect("kept");
        late.keep("late", 0, &text[..10]).expect("kept");
        late.read_exact_at(&mut out[..20], 0).expect("all are there");
        assert_eq!(out[..20], text[..20]);
    }
}
