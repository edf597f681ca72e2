//! Parts of a file on their way from its server, fetched by threads of their own: whoever asked goes on once his bytes are there.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use crate::error::{SourceError, SourceErrorKind};
use crate::random::at_most;

use super::BLOCK;
use super::about::About;
use super::client::{Piece, Server};
use super::kept::{Kept, LOST_MAX};
use super::patience::Trouble;

/// Who reads in order is ahead by so much at first, and by twice as much each time.
const AHEAD_FIRST: u64 = 256 << 10;

/// No more is fetched ahead than this.
const AHEAD_MAX: u64 = 8 << 20;

/// Reads of one reader may come in another order, as a kernel sends them: as near to each other as so many blocks.
const SLACK: u64 = (256 << 10) / BLOCK;

/// Reads that go on where the one before ended are in order from this one on. By chance hardly three in a row are.
const RUN_MIN: u32 = 2;

/// So many readers are told apart.
const READERS: usize = 64;

/// What is kept at a time.
const PUT_BYTES: usize = 256 << 10;

/// What is fetched, and by whom it is waited for.
pub(super) struct Flights(Arc<Shared>);

struct Shared {
    server: Arc<Server>,
    about: About,
    size: u64,
    kept: Arc<Kept>,
    state: Mutex<State>,
    arrived: Condvar,
    /// Nobody waits any more.
    is_over: AtomicBool,
}

#[derive(Default)]
struct State {
    in_air: Vec<Arc<Flight>>,
    /// Those who read, the last one first.
    readers: VecDeque<Reader>,
}

struct Reader {
    /// Where he began.
    start: u64,
    /// The furthest block that was read, and one.
    end: u64,
    /// Reads in a row.
    run: u32,
    /// Blocks that were read.
    read: u64,
    /// How far ahead is fetched, bytes.
    ahead: u64,
}

/// One part on its way: blocks.
struct Flight {
    blocks: Range<u64>,
    end: OnceLock<Result<(), Trouble>>,
}

impl Flights {
    pub(super) fn new(server: Arc<Server>, about: &About, kept: Arc<Kept>) -> Flights {
        let size = about.size.unwrap_or(0);
        let (state, arrived, is_over) = (Mutex::default(), Condvar::new(), AtomicBool::new(false));
        Flights(Arc::new(Shared { server, about: about.clone(), size, kept, state, arrived, is_over }))
    }

    pub(super) fn server(&self) -> &Server {
        &self.0.server
    }

    /// Keeps what the first answer holds. Where it breaks off, the rest is asked for again when it is wanted.
    pub(super) fn take_first(&self, first: &mut Piece) -> Result<(), SourceError> {
        match self.0.take(first, first.range.start) {
            Err((_, trouble)) if !trouble.passes => Err(trouble.error(self.0.server.name())),
            _ => Ok(()),
        }
    }

    pub(super) fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, SourceError> {
        let shared = &self.0;
        let wanted = at_most(shared.size.saturating_sub(offset), out.len());
        if wanted == 0 {
            return Ok(0);
        }
        let blocks = offset / BLOCK..(offset + wanted as u64).div_ceil(BLOCK);
        for _ in 0..LOST_MAX {
            let waited = self.wait_for(&blocks);
            waited.map_err(|trouble| trouble.error(shared.server.name()))?;
            if shared.kept.read(offset, &mut out[..wanted])? {
                return Ok(wanted);
            }
        }
        // So little is kept that it goes before it is read.
        let read = shared.read_straight(offset, &mut out[..wanted]);
        read.map(|()| wanted).map_err(|trouble| trouble.error(shared.server.name()))
    }

    /// Sees to it that blocks come, and those behind them for who reads in order; returns when they are there.
    fn wait_for(&self, blocks: &Range<u64>) -> Result<(), Trouble> {
        let shared = &self.0;
        let mut state = shared.lock();
        let ahead = state.ahead_of(blocks).div_ceil(BLOCK);
        let end = shared.size.div_ceil(BLOCK);
        self.launch(&mut state, blocks, 1);
        if ahead > 0 {
            self.launch(&mut state, &(blocks.end..(blocks.end + ahead).min(end)), ahead / 2);
        }
        for block in blocks.clone() {
            while !shared.kept.has(block) {
                let Some(flight) = state.in_air.iter().find(|flight| flight.blocks.contains(&block)).cloned() else {
                    // It came, and was dropped, or what it was on broke off for somebody else.
                    self.launch(&mut state, &(block..blocks.end), 1);
                    continue;
                };
                state = shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
                if let Some(Err(trouble)) = flight.end.get().filter(|_| !shared.kept.has(block)) {
                    return Err(trouble.clone());
                }
            }
        }
        Ok(())
    }

    /// Sends for the blocks that are neither there nor on their way, if they are `least` in a row or the last.
    fn launch(&self, state: &mut State, blocks: &Range<u64>, least: u64) {
        let shared = &self.0;
        let mut next = blocks.start;
        while next < blocks.end {
            let comes = |block: &u64| {
                shared.kept.has(*block) || state.in_air.iter().any(|flight| flight.blocks.contains(block))
            };
            let Some(first) = (next..blocks.end).find(|block| !comes(block)) else { return };
            let end = (first..blocks.end).find(comes).unwrap_or(blocks.end);
            next = end;
            if end - first < least && end < shared.size.div_ceil(BLOCK) {
                continue;
            }
            let flight = Arc::new(Flight { blocks: first..end, end: OnceLock::new() });
            state.in_air.push(flight.clone());
            let of_thread = (shared.clone(), flight.clone());
            let spawned =
                thread::Builder::new().name("ingest-fetch".to_owned()).spawn(move || of_thread.0.fly(&of_thread.1));
            if let Err(cause) = spawned {
                let trouble = Trouble::lasting(SourceErrorKind::Io, format!("no thread could be started: {cause}"));
                let _ = flight.end.set(Err(trouble));
                shared.arrived.notify_all();
            }
        }
    }
}

impl Drop for Flights {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches a part, however often it breaks off.
    fn fly(&self, flight: &Arc<Flight>) {
        let ended = self.fetch(&flight.blocks);
        let mut state = self.lock();
        state.in_air.retain(|other| !Arc::ptr_eq(other, flight));
        let _ = flight.end.set(ended);
        drop(state);
        self.arrived.notify_all();
    }

    fn fetch(&self, blocks: &Range<u64>) -> Result<(), Trouble> {
        let (mut at, end) = (blocks.start * BLOCK, (blocks.end * BLOCK).min(self.size));
        let mut patience = self.server.patience();
        while at < end && !self.is_over.load(Ordering::Relaxed) {
            let taken = match self.server.try_part(at..end, &self.about) {
                Ok(mut piece) => self.take(&mut piece, at),
                Err(trouble) => Err((at, trouble)),
            };
            let (reached, trouble) = match taken {
                Ok(reached) if reached > at => (reached, None),
                Ok(reached) => (reached, Some(Trouble::passing("the server sends too little to be of use"))),
                Err((reached, trouble)) => (reached, Some(trouble)),
            };
            if reached > at {
                patience.renew();
                at = reached;
            }
            if let Some(trouble) = trouble {
                patience.wait(trouble)?;
            }
        }
        Ok(())
    }

    /// Keeps the whole blocks of an answer; returns behind which byte it or they ended, with what went wrong.
    fn take(&self, piece: &mut Piece, from: u64) -> Result<u64, (u64, Trouble)> {
        let mut at = from;
        let mut buffer = vec![0; PUT_BYTES];
        while at < piece.range.end {
            let wanted = at_most(piece.range.end - at, PUT_BYTES);
            let (mut filled, mut failure) = (0, None);
            while filled < wanted && failure.is_none() && !self.is_over.load(Ordering::Relaxed) {
                match self.server.read(&mut piece.body, &mut buffer[filled..wanted]) {
                    Ok(0) => failure = Some(Trouble::passing("the server sends fewer bytes than it says")),
                    Ok(count) => filled += count,
                    Err(trouble) => failure = Some(trouble),
                }
            }
            let is_end = at + filled as u64 == self.size;
            let whole = if is_end { filled } else { filled - filled % BLOCK as usize };
            if whole > 0 {
                let lasting = |error: SourceError| Trouble::lasting(error.kind(), error.message());
                self.kept.put(at, &buffer[..whole], true).map_err(|error| (at, lasting(error)))?;
                at += whole as u64;
                self.arrived_at();
            }
            match failure {
                Some(trouble) => return Err((at, trouble)),
                // The part of a block that is left is asked for again.
                None if whole < filled || filled < wanted => break,
                None => {}
            }
        }
        Ok(at)
    }

    /// Reads from the server what is not to be kept.
    fn read_straight(&self, offset: u64, out: &mut [u8]) -> Result<(), Trouble> {
        let mut patience = self.server.patience();
        let mut filled = 0;
        while filled < out.len() {
            let part = offset + filled as u64..offset + out.len() as u64;
            let opened = self.server.try_part(part, &self.about);
            let mut failure = None;
            let mut piece = opened.map_err(|trouble| failure = Some(trouble)).ok();
            while let (Some(piece), None, true) = (&mut piece, &failure, filled < out.len()) {
                match self.server.read(&mut piece.body, &mut out[filled..]) {
                    Ok(0) => failure = Some(Trouble::passing("the server sends fewer bytes than it says")),
                    Ok(count) => {
                        filled += count;
                        patience.renew();
                    }
                    Err(trouble) => failure = Some(trouble),
                }
            }
            if let Some(trouble) = failure {
                patience.wait(trouble)?;
            }
        }
        Ok(())
    }

    fn arrived_at(&self) {
        // Whoever looks whether a block is there holds the lock until he waits.
        drop(self.lock());
        self.arrived.notify_all();
    }
}

impl State {
    /// How far ahead to fetch behind a read, bytes: nothing but for who reads in order.
    fn ahead_of(&mut self, blocks: &Range<u64>) -> u64 {
        let goes_on = |reader: &Reader| blocks.start <= reader.end + SLACK && blocks.start + SLACK >= reader.end;
        let found = self.readers.iter().position(goes_on).and_then(|at| self.readers.remove(at));
        let mut reader = found.unwrap_or(Reader { start: blocks.start, end: blocks.start, run: 0, read: 0, ahead: 0 });
        // Another read of the same place goes nowhere.
        if blocks.end > reader.end {
            reader.run += 1;
            reader.end = blocks.end;
            reader.read += blocks.end - blocks.start;
        }
        // Here and there within one place is not in order.
        let is_in_order = reader.run > RUN_MIN && 2 * reader.read >= reader.end - reader.start;
        if is_in_order {
            reader.ahead = (reader.ahead * 2).clamp(AHEAD_FIRST, AHEAD_MAX);
        }
        let ahead = if is_in_order { reader.ahead } else { 0 };
        self.readers.push_front(reader);
        self.readers.truncate(READERS);
        ahead
    }
}
