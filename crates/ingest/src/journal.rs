//! What a conversion has written so far, noted beside its temporary file, so that another one goes on with it after a kill.
//!
//! A journal is a list of entries: what was asked for, then rejected records, and steps. A step says what the temporary file
//! holds and where the run stood then, between two records; the last whole one counts. Each entry is its length and its
//! CRC-32, four bytes each, and itself in the format of `postcard`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ingest_columnar::Counts;
use ingest_parquet::{AtomicFile, Saved, Written};
use serde::{Deserialize, Serialize};

use crate::groups::Places;
use crate::pipeline::{Late, Totals, lock};
use crate::report::Reject;
use crate::session::Session;

/// Steps are noted no more often, unless somebody asked for a journal: a short run writes none.
const PAUSE: Duration = Duration::from_secs(1);

/// Entries wait in memory until there are so many bytes of them.
const WAITING_BYTES: usize = 1 << 20;

/// Where a run stands between two records.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The source of the next record.
    pub input: usize,
    /// Its decoded offset, and the line breaks before it, in a text.
    pub offset: u64,
    pub lines: u64,
    /// The number of the next chunk, in a table.
    pub chunk: u64,
    /// Records of that source that came before.
    pub source_records: u64,
    pub rows_left: u64,
    pub rows_to_skip: u64,
    /// Rejected records of all sources.
    pub rejected: u64,
    pub totals: Totals,
}

/// What a conversion was asked for; another one goes on with its output only if it was asked for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub version: String,
    /// The sources as they were found, and the options that decide about the output.
    pub what: String,
}

#[derive(Serialize, Deserialize)]
enum Entry {
    Asked {
        asked: Asked,
        /// Keys of JSON records that the plan had not known at first.
        learned: Vec<String>,
        /// Signs of the dialect that it had not known.
        late: Vec<Late>,
    },
    /// The rejected record of this number, from 0. One that comes twice is the same both times.
    Reject(u64, Reject),
    Step(Box<Step>),
}

/// What a temporary file holds, and where the run stood then.
#[derive(Serialize, Deserialize)]
struct Step {
    bytes: u64,
    sum: u32,
    groups: Vec<WrittenGroup>,
    standing: Standing,
}

/// A row group that was written since the step before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WrittenGroup {
    /// As [`Saved::groups`].
    pub footer: Vec<u8>,
    pub places: Places,
    /// By column.
    pub counts: Vec<Counts>,
}

/// A journal that is being kept.
pub(crate) struct Journal {
    path: PathBuf,
    is_wanted: bool,
    state: Mutex<State>,
}

struct State {
    file: Option<File>,
    waiting: Vec<u8>,
    last: Instant,
    has_step: bool,
    /// It could not be written: then there is none, and the run goes on.
    failed: bool,
}

impl Journal {
    /// Begins a journal at a path, of what a session knows. `is_wanted`: every step is noted at once.
    pub(crate) fn new(path: PathBuf, asked: &Asked, session: &Session, is_wanted: bool) -> Journal {
        let mut waiting = Vec::new();
        let (learned, late) = (session.learned.clone(), session.late.clone());
        frame(&Entry::Asked { asked: asked.clone(), learned, late }, &mut waiting);
        Journal::over(path, None, waiting, is_wanted)
    }

    fn over(path: PathBuf, file: Option<File>, waiting: Vec<u8>, is_wanted: bool) -> Journal {
        let has_step = file.is_some();
        let state = State { file, waiting, last: Instant::now(), has_step, failed: false };
        Journal { path, is_wanted, state: Mutex::new(state) }
    }

    /// Whether it is time for a step.
    pub(crate) fn is_due(&self) -> bool {
        let state = lock(&self.state);
        !state.failed && (self.is_wanted || state.last.elapsed() >= PAUSE)
    }

    /// Notes a rejected record.
    pub(crate) fn note_reject(&self, number: u64, reject: &Reject) {
        let mut state = lock(&self.state);
        if state.failed {
            return;
        }
        frame(&Entry::Reject(number, reject.clone()), &mut state.waiting);
        if state.waiting.len() >= WAITING_BYTES {
            state.write_out(&self.path);
        }
    }

    /// Notes what the temporary file holds now, all of which has arrived there.
    pub(crate) fn note_step(&self, written: Written, groups: Vec<WrittenGroup>, standing: Standing) {
        let mut state = lock(&self.state);
        let step = Step { bytes: written.bytes, sum: written.sum, groups, standing };
        frame(&Entry::Step(Box::new(step)), &mut state.waiting);
        state.write_out(&self.path);
        state.last = Instant::now();
        state.has_step = true;
    }

    /// Whether it is being written.
    pub(crate) fn is_kept(&self) -> bool {
        !lock(&self.state).failed
    }

    /// Whether another process can do something with it.
    pub(crate) fn is_of_use(&self) -> bool {
        let state = lock(&self.state);
        state.has_step && !state.failed
    }

    /// Leaves it for another process.
    pub(crate) fn leave(&self) {
        lock(&self.state).file = None;
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if lock(&self.state).file.take().is_some() {
            // Left behind, it would be removed by the next writer.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl State {
    fn write_out(&mut self, path: &Path) {
        let waiting = std::mem::take(&mut self.waiting);
        if !self.failed && self.try_write_out(path, &waiting).is_err() {
            self.failed = true;
            self.file = None;
            let _ = fs::remove_file(path);
        }
    }

    fn try_write_out(&mut self, path: &Path, waiting: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::create(path)?),
        };
        file.write_all(waiting)
    }
}

/// What was found of an earlier run.
pub(crate) struct Found {
    pub path: PathBuf,
    /// Where its last whole entry ends.
    end: u64,
    pub learned: Vec<String>,
    pub late: Vec<Late>,
    pub written: Written,
    pub groups: Vec<WrittenGroup>,
    pub standing: Standing,
}

impl Found {
    /// The earlier runs whose output at this destination may be gone on with, the one that had come furthest first; and whether
    /// there were others, that were asked for something else.
    pub(crate) fn look(destination: &Path, asked: &Asked) -> (Vec<Found>, bool) {
        let (mut all, mut others) = (Vec::new(), false);
        for path in AtomicFile::journals(destination) {
            let Ok(mut reader) = Reader::open(&path) else { continue };
            match reader.next() {
                Some(Entry::Asked { asked: theirs, learned, late }) if theirs == *asked => {
                    all.extend(reader.into_found(path, learned, late));
                }
                Some(Entry::Asked { .. }) => others = true,
                _ => {}
            }
        }
        all.sort_by_key(|found| std::cmp::Reverse(found.standing.totals.rows_in));
        // With fewer keys or signs it would have to begin again.
        let known = all.first().map(|first| (first.learned.clone(), first.late.clone()));
        all.retain(|found| known.as_ref().is_some_and(|(keys, signs)| found.learned == *keys && found.late == *signs));
        (all, others)
    }

    /// What [`ingest_parquet::FileWriter::go_on`] is told.
    pub(crate) fn saved(&self) -> Saved {
        Saved { written: self.written, groups: self.groups.iter().map(|group| group.footer.clone()).collect() }
    }

    /// Shows each rejected record of the earlier run that was noted, in order.
    pub(crate) fn each_reject(&self, mut see: impl FnMut(Reject) -> crate::Result<()>) -> crate::Result<()> {
        let mut next = 0;
        let mut reader = Reader::open(&self.path).map_err(|error| crate::Error::from_io(&self.path, error))?;
        while let Some(entry) = reader.next() {
            if let Entry::Reject(number, reject) = entry
                && number == next
                && number < self.standing.rejected
            {
                next += 1;
                see(reject)?;
            }
        }
        Ok(())
    }

    /// The journal, to be kept further.
    pub(crate) fn go_on(&self, is_wanted: bool) -> io::Result<Journal> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        file.set_len(self.end)?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        Ok(Journal::over(self.path.clone(), Some(file), Vec::new(), is_wanted))
    }
}

/// Adds an entry.
fn frame(entry: &Entry, out: &mut Vec<u8>) {
    let bytes = postcard::to_stdvec(entry).expect("entries are plain data");
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    out.extend_from_slice(&bytes);
}

/// Reads entries up to the end, or the first that is not whole.
struct Reader {
    file: BufReader<File>,
    /// Where the last one ended.
    end: u64,
    /// Where the file does.
    len: u64,
}

impl Reader {
    fn open(path: &Path) -> io::Result<Reader> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Reader { file: BufReader::new(file), end: 0, len })
    }

    fn next(&mut self) -> Option<Entry> {
        let mut number = || {
            let mut bytes = [0; 4];
            self.file.read_exact(&mut bytes).ok().map(|()| u32::from_le_bytes(bytes))
        };
        let (len, sum) = (u64::from(number()?), number()?);
        if self.end + 8 + len > self.len {
            return None;
        }
        let mut bytes = vec![0; len as usize];
        self.file.read_exact(&mut bytes).ok()?;
        let entry = (crc32fast::hash(&bytes) == sum).then(|| postcard::from_bytes(&bytes).ok()).flatten()?;
        self.end += 8 + len;
        Some(entry)
    }

    /// What the steps come to; `None` without one.
    fn into_found(mut self, path: PathBuf, learned: Vec<String>, late: Vec<Late>) -> Option<Found> {
        let mut groups = Vec::new();
        let mut last = None;
        while let Some(entry) = self.next() {
            if let Entry::Step(step) = entry {
                groups.extend(step.groups);
                last = Some((Written { bytes: step.bytes, sum: step.sum }, step.standing));
            }
        }
        let (written, standing) = last?;
        Some(Found { path, end: self.end, learned, late, written, groups, standing })
    }
}
