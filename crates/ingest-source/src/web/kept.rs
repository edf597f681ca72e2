//! What is kept of a file of a server, in a folder of the user's or in a temporary file.
//!
//! In the folder, each address has a record (`KEY.json`: what the server said), and of the version that the record tells two
//! files: its bytes where they would be (`KEY-NUMBER.data`, with holes), and a checksum for each block that is there
//! (`KEY-NUMBER.sums`, 0 where none is). A block is believed if its checksum fits, so whatever a crash, another process or a full
//! disk left behind is fetched again, and files may be deleted at any time.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use reqwest::Url;
use rustix::fs::{FallocateFlags, fallocate};
use serde::{Deserialize, Serialize};

use crate::error::{SourceError, SourceErrorKind};
use crate::extent::read_full;

use super::BLOCK;
use super::about::About;
use super::options::{WebOptions, cache_folder};

/// The folder is looked over whenever so much was added, or a sixteenth of what it may hold.
const LOOKED_OVER: u64 = 64 << 20;

/// How often what was kept may turn out not to be there any more.
pub(super) const LOST_MAX: usize = 5;

/// What is known of an address.
#[derive(Serialize, Deserialize)]
struct Record {
    about: About,
    /// Which files hold this version.
    number: u64,
}

/// What is kept of a version of a file.
pub(super) struct Kept {
    name: String,
    place: Place,
    /// The most that is kept of all files, bytes.
    limit: u64,
    marks: Mutex<Marks>,
}

enum Place {
    Folder { folder: PathBuf, record: PathBuf, stem: String, about: About, number: u64 },
    Temporary(File, PathBuf),
}

/// Which blocks are there.
#[derive(Default)]
struct Marks {
    /// The checksum of each block; 0 where it is not there.
    sums: Vec<u32>,
    /// What came, the first first.
    order: VecDeque<Range<u64>>,
    bytes: u64,
    since_looked: u64,
}

impl Kept {
    /// What was known of an address when it was last asked for.
    pub(super) fn about(options: &WebOptions, url: &Url) -> Option<About> {
        let record = folder(options)?.join(format!("{}.json", key(url)));
        read_record(&record).map(|record| record.about)
    }

    /// What is kept of a version, or will be.
    pub(super) fn of(name: &str, options: &WebOptions, url: &Url, about: &About) -> Result<Kept, SourceError> {
        let place = match folder(options).and_then(|folder| Place::in_folder(folder, url, about, options.offline).ok())
        {
            Some(place) => place,
            None => Place::temporary(name)?,
        };
        let mut marks = Marks::default();
        if let Place::Folder { folder, stem, .. } = &place {
            marks.load(&folder.join(format!("{stem}.sums")));
            let data = folder.join(format!("{stem}.data"));
            // Read by whoever looks for what was used longest ago. That it is not there yet is no failure.
            let _ = File::options().append(true).open(data).and_then(|file| file.set_modified(SystemTime::now()));
        }
        let comes = about.size.unwrap_or(0).saturating_sub(marks.bytes);
        let kept = Kept { name: name.to_owned(), place, limit: options.cache_bytes_max, marks: Mutex::new(marks) };
        kept.look_over(comes);
        Ok(kept)
    }

    /// Keeps what is known of it by now.
    pub(super) fn note_size(&self, size: u64) {
        if let Place::Folder { record, about, number, .. } = &self.place {
            let about = About { size: Some(size), ..about.clone() };
            // Without, it is fetched once more.
            let _ = write_record(record, &Record { about, number: *number });
        }
    }

    /// Whether a block is there.
    pub(super) fn has(&self, block: u64) -> bool {
        self.lock().sum(block) != 0
    }

    /// The checksums of the blocks that are there, up to the first that is not.
    pub(super) fn first_sums(&self) -> Vec<u32> {
        self.lock().sums.iter().copied().take_while(|sum| *sum != 0).collect()
    }

    /// Fills `out` with the bytes at `offset`; `false` where some are not there.
    pub(super) fn read(&self, offset: u64, out: &mut [u8]) -> Result<bool, SourceError> {
        if out.is_empty() {
            return Ok(true);
        }
        let (first, end) = (offset / BLOCK, (offset + out.len() as u64).div_ceil(BLOCK));
        let sums: Vec<u32> = {
            let marks = self.lock();
            (first..end).map(|block| marks.sum(block)).collect()
        };
        if sums.contains(&0) {
            return Ok(false);
        }
        let mut bytes = vec![0; ((end - first) * BLOCK) as usize];
        let read = self.with_data(false, |file| read_full(file, first * BLOCK, &mut bytes));
        bytes.truncate(match read {
            Ok(read) => read,
            // Somebody cleared the folder.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => 0,
            Err(cause) => return Err(SourceError::system(&self.name, "read what is kept of it", cause)),
        });
        let mut blocks = bytes.chunks(BLOCK as usize);
        let mut is_sound = true;
        for (block, sum) in (first..).zip(sums) {
            if blocks.next().map(sum_of) != Some(sum) {
                self.lock().forget(block, sum);
                is_sound = false;
            }
        }
        let from = (offset - first * BLOCK) as usize;
        match bytes.get(from..from + out.len()) {
            Some(bytes) if is_sound => {
                out.copy_from_slice(bytes);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Keeps whole blocks from `offset` on; the last of them may be that of the file.
    pub(super) fn put(&self, offset: u64, bytes: &[u8], drops: bool) -> Result<(), SourceError> {
        let failed = |cause| no_room(&self.name, &self.folder(), cause);
        let first = offset / BLOCK;
        let sums: Vec<u32> = bytes.chunks(BLOCK as usize).map(sum_of).collect();
        if drops {
            self.make_room(bytes.len() as u64);
        }
        self.with_data(true, |file| file.write_all_at(bytes, offset)).map_err(failed)?;
        self.write_sums(first, &sums).map_err(failed)?;
        let mut marks = self.lock();
        marks.set(first, &sums);
        marks.order.push_back(first..first + sums.len() as u64);
        marks.bytes += bytes.len() as u64;
        marks.since_looked += bytes.len() as u64;
        if marks.since_looked >= LOOKED_OVER.min(self.limit / 16) {
            marks.since_looked = 0;
            drop(marks);
            self.look_over(0);
        }
        Ok(())
    }

    /// Gives up what came first, until `comes` more bytes may be kept.
    fn make_room(&self, comes: u64) {
        let mut marks = self.lock();
        while marks.bytes + comes > self.limit {
            let Some(oldest) = marks.order.pop_front() else { break };
            marks.bytes = marks.bytes.saturating_sub((oldest.end - oldest.start) * BLOCK);
            self.drop_blocks(&mut marks, oldest);
        }
    }

    /// Gives the room of blocks back. Whoever reads them meanwhile sees that their checksums do not fit.
    fn drop_blocks(&self, marks: &mut Marks, blocks: Range<u64>) {
        let none = vec![0; (blocks.end - blocks.start) as usize];
        marks.set(blocks.start, &none);
        // Where the system cannot, the file stays as long as it is.
        let _ = self.write_sums(blocks.start, &none);
        let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let (from, len) = (blocks.start * BLOCK, (blocks.end - blocks.start) * BLOCK);
        let _ = self.with_data(true, |file| Ok(fallocate(file, hole, from, len)?));
    }

    fn write_sums(&self, first: u64, sums: &[u32]) -> io::Result<()> {
        let Place::Folder { folder, stem, .. } = &self.place else { return Ok(()) };
        let bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
        open(&folder.join(format!("{stem}.sums")), true)?.write_all_at(&bytes, first * 4)
    }

    fn with_data<T>(&self, writes: bool, act: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match &self.place {
            Place::Temporary(file, _) => act(file),
            // Opened each time: there may be more files than a process may have open.
            Place::Folder { folder, stem, .. } => act(&open(&folder.join(format!("{stem}.data")), writes)?),
        }
    }

    fn folder(&self) -> PathBuf {
        match &self.place {
            Place::Folder { folder, .. } => folder.clone(),
            Place::Temporary(_, folder) => folder.clone(),
        }
    }

    /// Deletes of the folder what was used longest ago, until no more is kept than there may be once `comes` more bytes are.
    fn look_over(&self, comes: u64) {
        let Place::Folder { folder, stem, .. } = &self.place else { return };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if let (Some("data"), Ok(metadata)) = (path.extension().and_then(|name| name.to_str()), entry.metadata()) {
                files.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.blocks() * 512, path));
            }
        }
        files.sort();
        let mut bytes = files.iter().fold(comes.min(self.limit), |sum, (_, bytes, _)| sum + bytes);
        for (_, freed, path) in files {
            if bytes <= self.limit {
                break;
            }
            if path.file_stem().is_some_and(|name| name != stem.as_str()) && fs::remove_file(&path).is_ok() {
                let _ = fs::remove_file(path.with_extension("sums"));
                bytes -= freed;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn in_folder(folder: PathBuf, url: &Url, about: &About, only_reads: bool) -> io::Result<Place> {
        let key = key(url);
        let record = folder.join(format!("{key}.json"));
        let known = read_record(&record);
        let number = match known {
            Some(known) if only_reads || about.is_told_apart() && known.about == *about => known.number,
            known => {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
                let number = RandomState::new().build_hasher().finish();
                write_record(&record, &Record { about: about.clone(), number })?;
                if let Some(known) = known {
                    let old = folder.join(format!("{key}-{:016x}.data", known.number));
                    let _ = fs::remove_file(old.with_extension("sums"));
                    let _ = fs::remove_file(old);
                }
                number
            }
        };
        if !only_reads {
            // Where nothing can be written, it is kept elsewhere.
            open(&folder.join(format!("{key}-{number:016x}.data")), true)?;
        }
        Ok(Place::Folder { folder, record, stem: format!("{key}-{number:016x}"), about: about.clone(), number })
    }

    fn temporary(name: &str) -> Result<Place, SourceError> {
        let folder = std::env::temp_dir();
        let file = tempfile::tempfile_in(&folder).map_err(|cause| SourceError::spool(name, &folder, cause))?;
        Ok(Place::Temporary(file, folder))
    }
}

impl Marks {
    fn load(&mut self, sums: &Path) {
        let bytes = fs::read(sums).unwrap_or_default();
        let (sums, _) = bytes.as_chunks::<4>();
        self.sums = sums.iter().map(|sum| u32::from_le_bytes(*sum)).collect();
        for (block, _) in (0..).zip(&self.sums).filter(|(_, sum)| **sum != 0) {
            match self.order.back_mut() {
                Some(run) if run.end == block => run.end += 1,
                _ => self.order.push_back(block..block + 1),
            }
            self.bytes += BLOCK;
        }
    }

    fn sum(&self, block: u64) -> u32 {
        self.sums.get(block as usize).copied().unwrap_or(0)
    }

    fn set(&mut self, first: u64, sums: &[u32]) {
        let first = first as usize;
        if self.sums.len() < first + sums.len() {
            self.sums.resize(first + sums.len(), 0);
        }
        self.sums[first..first + sums.len()].copy_from_slice(sums);
    }

    /// A block is not what its checksum says, unless another was put there since.
    fn forget(&mut self, block: u64, sum: u32) {
        if let Some(own) = self.sums.get_mut(block as usize).filter(|own| **own == sum) {
            *own = 0;
        }
    }
}

/// What came cannot be kept.
fn no_room(name: &str, folder: &Path, cause: io::Error) -> SourceError {
    let folder = folder.display();
    let message = format!(
        "what is fetched of it cannot be kept in {folder} ({cause}); --storage-option cache=DIR keeps it elsewhere, \
         cache-bytes=SIZE less of it"
    );
    let is_full = matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let kind = if is_full { SourceErrorKind::TempFull } else { SourceErrorKind::Io };
    SourceError::new(kind, name, message)
}

/// It turned out so too often.
pub(super) fn lost(name: &str) -> SourceError {
    let message = "what is kept of it is lost again and again; --storage-option cache=DIR keeps it elsewhere";
    SourceError::new(SourceErrorKind::Io, name, message)
}

/// Never 0.
pub(super) fn sum_of(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes).max(1)
}

fn folder(options: &WebOptions) -> Option<PathBuf> {
    options.cache.clone().or_else(cache_folder).map(|folder| folder.join("web"))
}

fn key(url: &Url) -> String {
    blake3::hash(url.as_str().as_bytes()).to_hex()[..32].to_owned()
}

fn open(path: &Path, writes: bool) -> io::Result<File> {
    File::options().read(true).write(writes).create(writes).truncate(false).open(path)
}

fn read_record(path: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write_record(path: &Path, record: &Record) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    serde_json::to_writer(&mut file, record)?;
    file.persist(path)?;
    Ok(())
}
