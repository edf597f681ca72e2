//! The one body of a server that has no ranges, read as far as anybody asks.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use reqwest::blocking::Response;

use crate::error::SourceError;
use crate::random::at_most;

use super::BLOCK;
use super::about::About;
use super::client::{Server, changed};
use super::kept::{Kept, LOST_MAX, lost, sum_of};
use super::patience::{Patience, Trouble};

/// What is read at a time.
const READ_BYTES: usize = 256 << 10;

pub(super) struct Body {
    server: Arc<Server>,
    about: About,
    state: Mutex<State>,
}

/// How far the body has passed.
struct State {
    response: Option<Response>,
    /// Where the bytes that come next lie.
    at: u64,
    /// What came behind the last whole block.
    pending: Vec<u8>,
    /// The checksums of all blocks that passed, whether they are still kept or not: what comes again is compared.
    passed: Vec<u32>,
}

impl State {
    fn at_start(response: Option<Response>) -> State {
        State { response, at: 0, pending: Vec::new(), passed: Vec::new() }
    }

    /// From the start: the server knows no other place.
    fn restart(&mut self) {
        (self.response, self.at) = (None, 0);
        self.pending.clear();
    }
}

impl Body {
    pub(super) fn of(server: Arc<Server>, about: &About, response: Response) -> Body {
        Body { server, about: about.clone(), state: Mutex::new(State::at_start(Some(response))) }
    }

    /// One that is asked for when something of it is wanted that is not kept; what is must be the same there.
    pub(super) fn later(server: Arc<Server>, about: &About, kept: &Kept) -> Body {
        let state = State { passed: kept.first_sums(), ..State::at_start(None) };
        Body { server, about: about.clone(), state: Mutex::new(state) }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn read_at(
        &self,
        kept: &Kept,
        size: &OnceLock<u64>,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize, SourceError> {
        let told = |trouble: Trouble| trouble.error(self.server.name());
        let mut patience = self.server.patience();
        for _ in 0..LOST_MAX {
            let wanted = size.get().map_or(out.len(), |size| at_most(size.saturating_sub(offset), out.len()));
            if kept.read(offset, &mut out[..wanted])? {
                return Ok(wanted);
            }
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            // Another thread may have been here meanwhile.
            if kept.read(offset, &mut out[..wanted])? {
                return Ok(wanted);
            }
            if state.at >= offset + wanted as u64 {
                // It passed, and somebody cleared what was kept of it.
                state.restart();
            }
            self.pass(&mut state, kept, size, offset + wanted as u64, &mut patience).map_err(told)?;
        }
        Err(lost(self.server.name()))
    }

    /// Lets bytes pass up to `end`, or to their own.
    fn pass(
        &self,
        state: &mut State,
        kept: &Kept,
        size: &OnceLock<u64>,
        end: u64,
        patience: &mut Patience,
    ) -> Result<(), Trouble> {
        while state.at < end && size.get().is_none_or(|size| state.at < *size) {
            let before = state.passed.len();
            match self.pass_some(state, kept, size) {
                Ok(()) if state.passed.len() > before => patience.renew(),
                Ok(()) => {}
                Err(trouble) => {
                    state.restart();
                    patience.wait(trouble)?;
                }
            }
        }
        Ok(())
    }

    fn pass_some(&self, state: &mut State, kept: &Kept, size: &OnceLock<u64>) -> Result<(), Trouble> {
        let response = match &mut state.response {
            Some(response) => response,
            none => {
                let (about, response) = self.server.try_whole()?;
                if !self.about.agrees_with(&about) {
                    return Err(changed());
                }
                none.insert(response)
            }
        };
        let before = state.pending.len();
        state.pending.resize(before + READ_BYTES, 0);
        let read = self.server.read(response, &mut state.pending[before..]);
        state.pending.truncate(before + *read.as_ref().unwrap_or(&0));
        let is_end = read? == 0;
        let reached = state.at + state.pending.len() as u64;
        if is_end {
            if size.get().is_some_and(|size| *size != reached) {
                return Err(Trouble::passing("the server sends fewer bytes than it says"));
            }
            if reached.div_ceil(BLOCK) < state.passed.len() as u64 {
                return Err(changed());
            }
        }
        let is_whole = is_end || size.get() == Some(&reached);
        let blocks = if is_whole { state.pending.len() } else { state.pending.len() / BLOCK as usize * BLOCK as usize };
        self.keep(state, kept, blocks)?;
        state.at += blocks as u64;
        state.pending.drain(..blocks);
        if is_end && size.set(reached).is_ok() {
            kept.note_size(reached);
        }
        Ok(())
    }

    /// Keeps the first bytes of those that came; what came before must be the same.
    fn keep(&self, state: &mut State, kept: &Kept, count: usize) -> Result<(), Trouble> {
        let bytes = &state.pending[..count];
        if bytes.is_empty() {
            return Ok(());
        }
        let lasting = |error: SourceError| Trouble::lasting(error.kind(), error.message());
        for (block, number) in bytes.chunks(BLOCK as usize).zip((state.at / BLOCK) as usize..) {
            match state.passed.get(number) {
                Some(before) if *before != sum_of(block) => return Err(changed()),
                Some(_) => {}
                None => state.passed.push(sum_of(block)),
            }
        }
        kept.put(state.at, bytes, false).map_err(lasting)
    }
}
