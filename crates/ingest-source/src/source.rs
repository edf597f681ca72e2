//! One source of bytes, however it is stored: blocks in order for many threads, and bytes again at an offset.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::ahead::Ahead;
use crate::archive::{Member, START_BYTES};
use crate::block::Block;
use crate::checksum::BlockSum;
use crate::compression::{Compression, MAGIC_BYTES};
use crate::encoding::Encoding;
use crate::error::{SourceError, SourceErrorKind};
use crate::extent::{Extent, read_full};
use crate::held::{Held, open_file};
use crate::locate::Location;
use crate::memory::Shared;
use crate::options::{Access, SourceOptions, bad_text};
use crate::origin::Origin;
use crate::random::{Onward, Random, at_most};
use crate::spool::{Spool, Spooled};
use crate::stream::Stream;
use crate::web::Remote;

/// Bytes that tell how a source is stored.
const FIRST_BYTES: usize = START_BYTES;
const _: () = assert!(FIRST_BYTES >= MAGIC_BYTES);

/// What [`Source::next_block`] says about the block it filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Which block it is: 0, 1, 2 and so on.
    pub index: u64,
    /// Decoded bytes before it.
    pub offset: u64,
    /// Its bytes.
    pub len: usize,
    /// The byte before `offset`; `None` at 0.
    pub previous: Option<u8>,
    /// Whether it is the last. Exactly one block is, which may be empty.
    pub last: bool,
}

/// What is taken at a time of a source that only passes.
const PASS_BYTES: usize = 1 << 20;

/// A source of decoded bytes.
pub struct Source {
    name: String,
    compression: Compression,
    encoding: Encoding,
    stored_bytes: Option<u64>,
    seekable: bool,
    /// The bytes themselves, or what was spooled of a stream.
    random: Option<Random>,
    /// What decodes ahead of the stream that is read.
    ahead: Option<Arc<Ahead>>,
    /// What the bytes come to, where it is known and nobody else looks.
    sum: Option<BlockSum>,
    /// Where its stream can begin anew.
    origin: Option<Origin>,
    /// What a reader should know of it.
    note: Option<String>,
    state: Mutex<State>,
}

/// What the threads that take blocks share.
struct State {
    /// What blocks come from; without it they come from `Source::random`.
    stream: Option<Stream>,
    /// Decoded bytes in all, once there is no stream left to tell.
    size: u64,
    index: u64,
    offset: u64,
    previous: Option<u8>,
    done: bool,
    failed: bool,
}

impl Source {
    /// Opens standard input, the file, pipe or device at a path, a member of an archive, or a file of a web server.
    ///
    /// # Errors
    /// The path is missing, a folder, or may not be read; compressed data is not looked at beyond its first bytes.
    pub fn open(location: &Location, options: &SourceOptions) -> Result<Source, SourceError> {
        match location {
            Location::Stdin => Ok(Self::from_reader("<stdin>", Box::new(io::stdin()), options)),
            // Not opened by its path: where it is a socket that fails, and where it is a file it may be half read.
            Location::Path(path) if path == Path::new("/dev/stdin") => {
                Ok(Self::from_reader("/dev/stdin", Box::new(io::stdin()), options))
            }
            Location::Path(path) => Self::open_path(path, options),
            Location::Web(remote) => Self::open_remote(remote, options),
            Location::Member(member) => Ok(Source { note: member.note(), ..Self::open_member(member, options)? }),
        }
    }

    /// Bytes of a library caller, decompressed where they are compressed. Blocks borrow from them.
    pub fn from_bytes(name: &str, bytes: Vec<u8>, options: &SourceOptions) -> Source {
        let size = bytes.len() as u64;
        let start = bytes[..bytes.len().min(FIRST_BYTES)].to_vec();
        let bytes = Shared::from_vec(bytes);
        if !options.keeps(&start) {
            return Self::of_extent(name, &Extent::of_bytes(bytes), &start, options);
        }
        Self::of_random(name, Random::Shared { bytes, mapped: None }, size)
    }

    /// Whatever can be read once, decompressed where it is compressed. Waits for its first few bytes; if it fails
    /// even there, the first request for bytes says so.
    pub fn from_reader(name: &str, reader: Box<dyn Read + Send>, options: &SourceOptions) -> Source {
        Self::of_reader(name, reader, options)
    }

    fn open_path(path: &Path, options: &SourceOptions) -> Result<Source, SourceError> {
        let name = path.display().to_string();
        let failed = |cause| SourceError::system(&name, "open", cause);
        let file = open_file(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            let message = "is a folder, which is not read itself; name its files, or use a glob";
            return Err(SourceError::new(SourceErrorKind::Usage, &name, message));
        }
        if !metadata.is_file() {
            return Ok(Self::of_reader(&name, Box::new(file), options));
        }
        let start = first_bytes(&file).map_err(|cause| SourceError::system(&name, "read", cause))?;
        // Files of the kernel (/proc) say they are empty and are not.
        if metadata.len() == 0 && !start.is_empty() {
            return Ok(Self::of_reader(&name, Box::new(file), options));
        }
        Self::of_file(&name, Held::at(path, file, &metadata), metadata.len(), &start, options)
    }

    fn of_file(
        name: &str,
        file: Held,
        size: u64,
        start: &[u8],
        options: &SourceOptions,
    ) -> Result<Source, SourceError> {
        if !options.keeps(start) {
            return Ok(Self::of_extent(name, &Extent::of_file(file, size), start, options));
        }
        let random = match options.access {
            Access::Pread => Random::File(file),
            Access::Map => Random::map(name, file, size)?,
        };
        Ok(Self::of_random(name, random, size))
    }

    fn open_remote(remote: &Remote, options: &SourceOptions) -> Result<Source, SourceError> {
        let name = remote.name();
        let Some(size) = remote.size() else {
            return Ok(Self::of_reader(name, Box::new(remote.reader()), options));
        };
        let stored = Extent::of_remote(remote.clone(), size);
        let start = stored.first(FIRST_BYTES).map_err(|cause| SourceError::system(name, "read", cause))?;
        if options.keeps(&start) {
            return Ok(Self::of_random(name, Random::Part(stored), size));
        }
        Ok(Self::of_extent(name, &stored, &start, options))
    }

    fn open_member(member: &Member, options: &SourceOptions) -> Result<Source, SourceError> {
        let name = member.to_string();
        let passing = || {
            let stream = Stream::open(member.decode(options.window_bytes_max)?, options);
            Ok(Self::of_stream(&name, stream, Some(member.stored_bytes())))
        };
        let Some((stored, sum)) = member.as_stored() else { return passing() };
        let start = stored.first(FIRST_BYTES).map_err(|cause| SourceError::system(&name, "read", cause))?;
        match (options.keeps(&start), sum) {
            (true, sum) => {
                let source = Self::of_random(&name, Random::Part(stored.clone()), stored.len());
                Ok(Source { sum: sum.map(BlockSum::new), ..source })
            }
            // Not every compression has a checksum of its own.
            (false, Some(_)) => passing(),
            (false, None) => Ok(Self::of_extent(&name, stored, &start, options)),
        }
    }

    fn of_random(name: &str, random: Random, size: u64) -> Source {
        Source {
            name: name.to_owned(),
            compression: Compression::None,
            encoding: Encoding::UTF_8,
            stored_bytes: Some(size),
            seekable: true,
            random: Some(random),
            ahead: None,
            sum: None,
            origin: None,
            note: None,
            state: Mutex::new(State::at_start(None, size)),
        }
    }

    fn of_reader(name: &str, reader: Box<dyn Read + Send>, options: &SourceOptions) -> Source {
        Self::of_stream(name, Stream::open(reader, options), None)
    }

    fn of_extent(name: &str, stored: &Extent, start: &[u8], options: &SourceOptions) -> Source {
        let (stream, ahead) = Stream::open_extent(stored, start, options);
        let origin = Origin {
            stored: stored.clone(),
            compression: stream.compression(),
            ahead: ahead.clone(),
            window_bytes_max: options.window_bytes_max,
        };
        let origin = Some(origin).filter(|_| options.keeps_text(stream.encoding()));
        Source { ahead, origin, ..Self::of_stream(name, stream, Some(stored.len())) }
    }

    fn of_stream(name: &str, stream: Stream, stored_bytes: Option<u64>) -> Source {
        Source {
            name: name.to_owned(),
            compression: stream.compression(),
            encoding: stream.encoding(),
            stored_bytes,
            seekable: false,
            random: None,
            ahead: None,
            sum: None,
            origin: None,
            note: None,
            state: Mutex::new(State::at_start(Some(stream), 0)),
        }
    }

    /// What a reader should know of it, as a sentence, if there is anything.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The same source under another name, for messages and whoever asks what it is called.
    #[must_use]
    pub fn called(self, name: &str) -> Source {
        Source { name: name.to_owned(), ..self }
    }

    /// The path, `<stdin>`, or the name the caller gave.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the bytes are stored.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// How the text is encoded, or would be if it were text.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How many bytes are stored, compressed ones counted as they are; `None` for what does not know its end.
    pub fn stored_bytes(&self) -> Option<u64> {
        self.stored_bytes
    }

    /// Whether it is a plain file or bytes: [`Source::read_at`] and [`Source::rewind`] work without a spool.
    pub fn is_seekable(&self) -> bool {
        self.seekable
    }

    /// The first decoded bytes: `max` of them, or all where there are fewer. They stay to be taken as blocks.
    ///
    /// # Errors
    /// Reading fails before the first byte (a later failure waits for [`Source::next_block`]), or blocks were already
    /// taken from a stream.
    pub fn peek(&self, max: usize) -> Result<Vec<u8>, SourceError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        match &mut state.stream {
            Some(_) if state.index > 0 => Err(self.usage("its first bytes have passed; look at them first")),
            Some(stream) => {
                let peeked = stream.peek(&self.name, max);
                state.done |= peeked.is_err();
                state.failed |= peeked.is_err();
                peeked
            }
            None => self.random()?.peek(&self.name, state.size, max),
        }
    }

    /// The same source with its text taken for text of `encoding`, before anything was taken of it. What is no text there becomes
    /// U+FFFD where `replaces_bad_text` says so, else the byte FF.
    #[must_use]
    pub fn decode_as(self, encoding: Encoding, replaces_bad_text: bool) -> Source {
        let Source { name, compression, stored_bytes, random, ahead, note, state, .. } = self;
        let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stream = match (state.stream, random) {
            (Some(stream), _) => stream,
            (None, Some(random)) => Stream::of_text(Box::new(Onward::of(&name, random, state.size))),
            (None, None) => Stream::of_text(Box::new(io::empty())),
        };
        let stream = stream.decode_as(encoding, bad_text(replaces_bad_text));
        Source {
            name,
            compression,
            encoding,
            stored_bytes,
            seekable: false,
            random: None,
            ahead,
            sum: None,
            origin: None,
            note,
            state: Mutex::new(State::at_start(Some(stream), 0)),
        }
    }

    /// Copies each decoded byte to an unnamed temporary file in `dir` (the system's folder for such by default) as it
    /// is taken, so that it can be read again. Does nothing for a seekable source, or one that has such a file.
    ///
    /// # Errors
    /// The file cannot be made, or blocks were already taken.
    pub fn spool(&mut self, dir: Option<&Path>) -> Result<(), SourceError> {
        if self.random.is_some() {
            return Ok(());
        }
        self.spool_in(&Spool::create(&self.name, dir)?)
    }

    /// The same in a spool that others use too: a process may not have as many files open as there are sources.
    ///
    /// # Errors
    /// Blocks were already taken.
    pub fn spool_in(&mut self, spool: &Spool) -> Result<(), SourceError> {
        if self.random.is_none() {
            if self.lock().index > 0 {
                return Err(self.usage("some of it has passed already; spool it before the first block"));
            }
            self.random = Some(Random::Spooled(Spooled::new(spool)));
        }
        Ok(())
    }

    /// Gives back the memory of what was looked at and its decoder, where both can be made again when the first block is taken:
    /// for one of many sources.
    pub fn put_back(&self) {
        let mut state = self.lock();
        let is_at_start = state.index == 0;
        if let (Some(stream), Some(origin)) = (state.stream.as_mut().filter(|_| is_at_start), &self.origin) {
            stream.put_back(Box::new(origin.clone().later()));
        }
    }

    /// Lets blocks begin at `offset`, with index 0, where that takes no reading; otherwise they begin at 0 as ever. Returns where.
    /// For before the first block.
    ///
    /// # Errors
    /// There are fewer bytes.
    pub fn start_at(&self, offset: u64) -> Result<u64, SourceError> {
        let mut state = self.lock();
        // The sum of a stored member is that of all its bytes.
        if state.stream.is_some() || self.sum.is_some() {
            return Ok(0);
        }
        if offset > state.size {
            return Err(SourceError::shortened(&self.name));
        }
        state.offset = offset;
        Ok(offset)
    }

    /// Fills `block` with the next bytes, from any number of threads at once: `max` bytes (0 counts as 1), fewer only
    /// at the end and before a multiple of `cut` decoded bytes (0: no cuts). `Ok(None)` after the last block.
    ///
    /// A file is read outside the lock, by all threads in parallel; a stream is read and decompressed by one thread at
    /// a time, while the others decode members further on, where it is a file of many. O(`max`), in `max` bytes of memory
    /// beside a fixed slack and a quarter of the window's limit.
    ///
    /// # Errors
    /// Reading, decompressing or spooling fails. That is said once; from then on every thread gets `Ok(None)`.
    pub fn next_block(&self, block: &mut Block, max: usize, cut: u64) -> Result<Option<BlockInfo>, SourceError> {
        let mut state = self.lock_or_help();
        if state.done {
            block.clear();
            return Ok(None);
        }
        let len = state.len_wanted(max, cut);
        let filled = if state.stream.is_some() {
            let info = state.take_from_stream(&self.name, block, len);
            drop(state);
            info.and_then(|info| self.keep(info, block))
        } else {
            let info = state.take_range(len);
            drop(state);
            self.read_range(info, block)
        };
        filled.map(Some).or_else(|error| self.fail(error, block))
    }

    /// Takes all blocks of a source that is spooled and has not passed yet, so that it can be read at any offset.
    ///
    /// # Errors
    /// As [`Source::next_block`].
    pub fn pass(&self) -> Result<(), SourceError> {
        let mut block = Block::new();
        let is_spooled = matches!(self.random, Some(Random::Spooled(_)));
        while is_spooled && self.next_block(&mut block, PASS_BYTES, 0)?.is_some() {}
        Ok(())
    }

    /// Makes `block` the `len` decoded bytes at `offset`: of a seekable source, or of what was taken of a spooled one
    /// (where every call of [`Source::next_block`] for those bytes has returned).
    ///
    /// # Errors
    /// Reading fails, the source has fewer bytes than that, or is a stream that was not spooled.
    pub fn read_at(&self, offset: u64, block: &mut Block, len: usize) -> Result<(), SourceError> {
        self.random()?.read(&self.name, offset, block, len)
    }

    /// Up to `max` decoded bytes at `offset`, fewer only at the end, of a source that [`Source::read_at`] can read, while other
    /// threads take blocks: they take the same bytes all the same. `None` where one of them has some in hand that are not spooled
    /// yet.
    ///
    /// # Errors
    /// As [`Source::read_at`], or what is looked at of a stream cannot be decoded; nobody else is told then.
    pub fn look_at(&self, offset: u64, max: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let random = self.random()?;
        let (end, next) = self.lock().look(&self.name, offset.saturating_add(max as u64))?;
        let len = at_most(end.saturating_sub(offset), max);
        let mut bytes = match random {
            Random::Spooled(kept) => {
                let mut bytes = vec![0; len];
                match kept.read_exact_at(&mut bytes, offset) {
                    Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                    read => read.map_err(|cause| SourceError::system(&self.name, "read", cause))?,
                }
                bytes
            }
            random => {
                let mut block = Block::new();
                random.read(&self.name, offset, &mut block, len)?;
                block.bytes().to_vec()
            }
        };
        bytes.extend_from_slice(&next[at_most(offset.saturating_sub(end), next.len())..]);
        Ok(Some(bytes))
    }

    /// Starts blocks again at offset 0, with index 0. For when no thread is taking one.
    ///
    /// # Errors
    /// It is a stream that was not spooled, or not taken to its end.
    pub fn rewind(&self) -> Result<(), SourceError> {
        self.random()?;
        let mut state = self.lock();
        if state.stream.is_some() {
            return Err(self.usage("it was not read to its end, so it cannot be read again"));
        }
        let size = state.size;
        *state = State::at_start(None, size);
        Ok(())
    }

    /// Writes the block to the spool, where there is one.
    fn keep(&self, info: BlockInfo, block: &Block) -> Result<BlockInfo, SourceError> {
        if let Some(Random::Spooled(kept)) = &self.random {
            kept.keep(&self.name, info.offset, block.bytes())?;
        }
        Ok(info)
    }

    fn read_range(&self, info: BlockInfo, block: &mut Block) -> Result<BlockInfo, SourceError> {
        let previous = self.random()?.read_with_previous(&self.name, info.offset, block, info.len)?;
        if let Some(sum) = &self.sum {
            sum.add(info.offset, block.bytes())
                .map_err(|cause| SourceError::corrupt(&self.name, "stored", info.offset + info.len as u64, cause))?;
        }
        Ok(BlockInfo { previous, ..info })
    }

    /// Ends the source; the first thread to get here reports why.
    fn fail(&self, error: SourceError, block: &mut Block) -> Result<Option<BlockInfo>, SourceError> {
        block.clear();
        let mut state = self.lock();
        state.done = true;
        if std::mem::replace(&mut state.failed, true) { Ok(None) } else { Err(error) }
    }

    fn random(&self) -> Result<&Random, SourceError> {
        self.random.as_ref().ok_or_else(|| self.usage("it passes only once; spool it to read it again"))
    }

    fn usage(&self, message: &str) -> SourceError {
        SourceError::new(SourceErrorKind::Usage, &self.name, message)
    }

    /// The lock; who finds it taken decodes what will be read next.
    fn lock_or_help(&self) -> MutexGuard<'_, State> {
        let Some(ahead) = &self.ahead else { return self.lock() };
        loop {
            match self.state.try_lock() {
                Ok(state) => return state,
                Err(TryLockError::WouldBlock) if ahead.help() => {}
                Err(_) => return self.lock(),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked under the lock left counters that are each whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

impl State {
    fn at_start(stream: Option<Stream>, size: u64) -> State {
        State { stream, size, index: 0, offset: 0, previous: None, done: false, failed: false }
    }

    fn len_wanted(&self, max: usize, cut: u64) -> usize {
        let to_cut = self.offset.checked_rem(cut).map_or(u64::MAX, |past| cut - past);
        at_most(to_cut, max.max(1))
    }

    /// The next `len` bytes of the size that is known, or what is left.
    fn take_range(&mut self, len: usize) -> BlockInfo {
        let left = self.size - self.offset;
        self.advance(at_most(left, len), len as u64 >= left)
    }

    /// Where the bytes end that were taken, and those of a stream that follow, up to the offset `to`.
    fn look(&mut self, name: &str, to: u64) -> Result<(u64, Vec<u8>), SourceError> {
        let Some(stream) = &mut self.stream else { return Ok((self.size, Vec::new())) };
        let next = stream.look(name, at_most(to.saturating_sub(self.offset), usize::MAX));
        self.done |= next.is_err();
        self.failed |= next.is_err();
        Ok((self.offset, next?))
    }

    fn take_from_stream(&mut self, name: &str, block: &mut Block, len: usize) -> Result<BlockInfo, SourceError> {
        let stream = self.stream.as_mut().expect("the caller saw it");
        let filled = stream.fill(name, block.prepare(0, len));
        // Before the lock goes, so that no other thread takes what would come after the failure.
        self.done = filled.is_err();
        let count = filled?;
        let last = count < len || stream.is_exhausted();
        block.truncate(count);
        let info = BlockInfo { previous: self.previous, ..self.advance(count, last) };
        self.previous = block.bytes().last().copied().or(self.previous);
        if last {
            // Its decoder takes memory, and there may be thousands of sources.
            (self.stream, self.size) = (None, self.offset);
        }
        Ok(info)
    }

    fn advance(&mut self, len: usize, last: bool) -> BlockInfo {
        let info = BlockInfo { index: self.index, offset: self.offset, len, previous: None, last };
        self.index += 1;
        self.offset += len as u64;
        self.done = last;
        info
    }
}

fn first_bytes(file: &File) -> io::Result<Vec<u8>> {
    let mut start = vec![0; FIRST_BYTES];
    let count = read_full(file, 0, &mut start)?;
    start.truncate(count);
    Ok(start)
}
