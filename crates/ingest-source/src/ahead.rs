//! Members of a compressed file, decoded in parallel.
//!
//! One thread at a time reads the decoded bytes in order ([`Reader`]). Whoever would wait for it decodes a piece that lies
//! further on ([`Ahead::help`]), from one border between members to another. A border is only a guess until the member
//! before it has ended exactly there: what was decoded from a wrong one is dropped. So what is read, and what fails, is
//! what decoding one member after another gives.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::borders::next_border;
use crate::compression::Compression;
use crate::extent::{At, Extent};
use crate::members::{Bzip2Member, GzipMember, Lz4Member, Member, Members, ZstdMember};

/// About as many stored bytes as are decoded ahead by one thread: a millisecond or a few. The tests' files are small.
const PIECE_STORED_BYTES: u64 = if cfg!(test) { 100 } else { 256 * 1024 };

/// Decoded bytes are held in segments of this size, so that any serves any piece and none has to grow.
const SEGMENT_BYTES: usize = 64 * 1024;

/// No border.
const NOWHERE: u64 = u64::MAX;

/// The pieces of a file that wait for their turn, and those that decode them.
pub(crate) struct Ahead {
    compression: Compression,
    stored: Extent,
    window_bytes_max: u64,
    queue: Mutex<Queue>,
    made: Condvar,
    /// Segments of all pieces: in work, waiting, and being read.
    held: AtomicUsize,
    /// The piece that the reader waits for: whoever decodes it hands it over as it is.
    wanted: AtomicU64,
}

struct Queue {
    /// Where the reader last saw a member begin.
    reader_at: u64,
    /// In order, all behind `reader_at`.
    pieces: VecDeque<Piece>,
    /// Where the next piece begins; `None` where it has to be looked for.
    next: Option<u64>,
    /// Behind the member that begins here no border is found.
    barren: Option<u64>,
    /// Segments for what comes: first touch costs more than some decoders do.
    spares: Vec<Segment>,
}

type Segment = Box<[u8]>;

struct Piece {
    from: u64,
    /// `None` while a thread decodes it.
    made: Option<Made>,
}

/// What a piece came to so far: decoded bytes, then a failure or a decoder that goes on.
struct Made {
    members: Box<dyn Decode>,
    decoded: Decoded,
    failure: Option<io::Error>,
}

/// Decoded bytes, of which some are taken.
#[derive(Default)]
struct Decoded {
    segments: VecDeque<Segment>,
    /// Of the last segment.
    filled: usize,
    /// Of the first.
    taken: usize,
}

/// [`Members`] of any compression.
trait Decode: Send {
    fn read_member(&mut self, out: &mut [u8]) -> io::Result<usize>;
    fn begin(&mut self) -> io::Result<bool>;
    /// The border at which it stands.
    fn border(&self) -> Option<u64>;
}

impl<M: Member<At> + Send> Decode for Members<At, M> {
    fn read_member(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Members::read_member(self, out)
    }

    fn begin(&mut self) -> io::Result<bool> {
        Members::begin(self)
    }

    fn border(&self) -> Option<u64> {
        self.behind().map(At::position)
    }
}

impl Ahead {
    /// For a file of members whose borders may show; `None` for what is decoded in order only.
    pub(crate) fn of(compression: Compression, stored: &Extent, window_bytes_max: u64) -> Option<Arc<Ahead>> {
        let queue = Queue { reader_at: 0, pieces: VecDeque::new(), next: None, barren: None, spares: Vec::new() };
        let ahead = Ahead {
            compression,
            stored: stored.clone(),
            window_bytes_max,
            queue: Mutex::new(queue),
            made: Condvar::new(),
            held: AtomicUsize::new(0),
            wanted: AtomicU64::new(NOWHERE),
        };
        ahead.members(0).map(|_| Arc::new(ahead))
    }

    /// The decoded bytes from the start.
    pub(crate) fn reader(self: &Arc<Self>) -> Reader {
        let members = self.members(0).expect("it was made for a compression that has members");
        let front = Made { members, decoded: Decoded::default(), failure: None };
        Reader { ahead: self.clone(), front }
    }

    /// Decodes a piece that the reader has not come to, in bounded memory. Says whether there was one.
    pub(crate) fn help(&self) -> bool {
        // Where nothing was looked for in vain, the reader meets the failure in its turn.
        let Ok(Some((from, until))) = self.claim() else { return false };
        let mut task = Task { ahead: self, from, made: None };
        task.made = self.decode(from, until);
        true
    }

    /// No more is decoded ahead while so much is held.
    fn is_full(&self) -> bool {
        (self.held.load(Ordering::Relaxed) * SEGMENT_BYTES) as u64 >= self.window_bytes_max / 4
    }

    fn members(&self, from: u64) -> Option<Box<dyn Decode>> {
        Some(match self.compression {
            Compression::Gzip => self.members_of::<GzipMember<_>>(from),
            Compression::Zstd => self.members_of::<ZstdMember<_>>(from),
            Compression::Bzip2 => self.members_of::<Bzip2Member<_>>(from),
            Compression::Lz4 => self.members_of::<Lz4Member<_>>(from),
            Compression::None | Compression::Xz | Compression::Lzma => return None,
        })
    }

    fn members_of<M: Member<At> + Send + 'static>(&self, from: u64) -> Box<dyn Decode> {
        let (stored, window) = (self.stored.at(from), self.window_bytes_max);
        let is_first = from == 0;
        Box::new(if is_first { Members::<_, M>::new(stored, window) } else { Members::behind_one(stored, window) })
    }

    /// The next piece that nobody decodes: where it begins, and the border at which it ends.
    fn claim(&self) -> io::Result<Option<(u64, u64)>> {
        if self.is_full() {
            return Ok(None);
        }
        let mut queue = self.lock();
        let border = |from, stored_min| next_border(self.compression, &self.stored, from, stored_min);
        let from = match queue.next {
            Some(from) => from,
            None if queue.barren == Some(queue.reader_at) => return Ok(None),
            None => border(queue.reader_at, 0)?.unwrap_or(NOWHERE),
        };
        if from >= self.stored.len() {
            queue.barren = Some(queue.reader_at);
            return Ok(None);
        }
        // Where no border shows, the piece is a member, and what follows is looked for when the reader comes to it.
        let until = border(from, PIECE_STORED_BYTES)?;
        queue.next = Some(until.unwrap_or(NOWHERE));
        queue.pieces.push_back(Piece { from, made: None });
        Ok(Some((from, until.unwrap_or(from + 1))))
    }

    fn decode(&self, from: u64, until: u64) -> Option<Made> {
        let mut made = Made { members: self.members(from)?, decoded: Decoded::default(), failure: None };
        while self.wanted.load(Ordering::Relaxed) != from && !self.is_full() {
            self.make_room(&mut made.decoded);
            let more = match made.step() {
                Ok(true) => true,
                Ok(false) if made.members.border().is_some_and(|border| border >= until) => false,
                Ok(false) => made.begin(),
                Err(failure) => {
                    made.failure = Some(failure);
                    false
                }
            };
            if !more {
                break;
            }
        }
        Some(made)
    }

    /// Puts what a piece came to in its place, unless it was dropped meanwhile.
    fn put(&self, from: u64, made: Option<Made>) {
        let mut queue = self.lock();
        let place = queue.pieces.iter().position(|piece| piece.from == from);
        match (place, made) {
            (Some(place), None) => drop(queue.pieces.remove(place)),
            (Some(place), made) => queue.pieces[place].made = made,
            (None, Some(made)) => self.release(&mut queue, made.decoded.segments),
            (None, None) => {}
        }
        drop(queue);
        self.made.notify_all();
    }

    /// Takes the piece that begins at a border where the reader stands, once it is there. Those that begin before it began
    /// at no border.
    fn take(&self, border: u64) -> Option<Made> {
        let mut queue = self.lock();
        queue.reader_at = border;
        loop {
            match queue.pieces.front_mut() {
                Some(piece) if piece.from < border => {
                    let wrong = queue.pieces.pop_front().and_then(|piece| piece.made);
                    wrong.into_iter().for_each(|made| self.release(&mut queue, made.decoded.segments));
                }
                Some(piece) if piece.from == border => {
                    if let Some(made) = piece.made.take() {
                        queue.pieces.pop_front();
                        return Some(made);
                    }
                    self.wanted.store(border, Ordering::Relaxed);
                    queue = self.made.wait(queue).unwrap_or_else(PoisonError::into_inner);
                    self.wanted.store(NOWHERE, Ordering::Relaxed);
                }
                Some(_) => return None,
                None => {
                    // The reader goes on by itself: a piece that would begin with it, or behind it, does not any more.
                    queue.next = queue.next.filter(|&next| next > border && next != NOWHERE);
                    return None;
                }
            }
        }
    }

    fn make_room(&self, decoded: &mut Decoded) {
        if decoded.is_full() {
            let spare = self.lock().spares.pop();
            decoded.add(spare.unwrap_or_else(|| vec![0; SEGMENT_BYTES].into_boxed_slice()));
            self.held.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn release(&self, queue: &mut Queue, segments: impl IntoIterator<Item = Segment>) {
        let before = queue.spares.len();
        queue.spares.extend(segments);
        self.held.fetch_sub(queue.spares.len() - before, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing that may panic happens under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece in work: if its decoder panics, the reader does not wait for it.
struct Task<'a> {
    ahead: &'a Ahead,
    from: u64,
    made: Option<Made>,
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.ahead.put(self.from, self.made.take());
    }
}

impl Made {
    /// Decodes a little more of the member that was begun. `false`: there is none, or it has ended.
    fn step(&mut self) -> io::Result<bool> {
        let count = self.members.read_member(self.decoded.room())?;
        self.decoded.filled += count;
        Ok(count > 0)
    }

    /// Begins the next member, if there is one. A failure is kept.
    fn begin(&mut self) -> bool {
        self.members.begin().unwrap_or_else(|failure| {
            self.failure = Some(failure);
            false
        })
    }
}

impl Decoded {
    /// Whether there is no room for more.
    fn is_full(&self) -> bool {
        self.segments.is_empty() || self.filled == SEGMENT_BYTES
    }

    fn add(&mut self, segment: Segment) {
        self.segments.push_back(segment);
        self.filled = 0;
    }

    /// Room for what comes next; none where it is full.
    fn room(&mut self) -> &mut [u8] {
        self.segments.back_mut().map_or(&mut [], |last| &mut last[self.filled..])
    }

    fn take(&mut self, out: &mut [u8]) -> usize {
        let Some(first) = self.segments.front() else { return 0 };
        let end = if self.segments.len() == 1 { self.filled } else { SEGMENT_BYTES };
        let count = out.len().min(end - self.taken);
        out[..count].copy_from_slice(&first[self.taken..self.taken + count]);
        self.taken += count;
        count
    }

    /// A segment of which all is taken. The last one stays, for what comes.
    fn spent(&mut self) -> Option<Segment> {
        if self.segments.len() > 1 && self.taken == SEGMENT_BYTES {
            self.taken = 0;
            return self.segments.pop_front();
        }
        if self.segments.len() == 1 && self.taken == self.filled {
            (self.taken, self.filled) = (0, 0);
        }
        None
    }
}

/// The decoded bytes, in order.
pub(crate) struct Reader {
    ahead: Arc<Ahead>,
    front: Made,
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.front.decoded.take(out);
            if let Some(segment) = self.front.decoded.spent() {
                self.ahead.release(&mut self.ahead.lock(), [segment]);
            }
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            if let Some(failure) = self.front.failure.take() {
                return Err(failure);
            }
            self.ahead.make_room(&mut self.front.decoded);
            if !self.front.step()? && !self.go_on() {
                return self.front.failure.take().map_or(Ok(0), Err);
            }
        }
    }
}

impl Reader {
    /// From the end of a member to the start of the next, which may be that of a piece. `false` at the end.
    fn go_on(&mut self) -> bool {
        let made = self.front.members.border().and_then(|border| self.ahead.take(border));
        let Some(made) = made else { return self.front.begin() };
        let before = std::mem::replace(&mut self.front, made);
        self.ahead.release(&mut self.ahead.lock(), before.decoded.segments);
        true
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Another one may begin, but there may be thousands of files.
        let mut queue = self.ahead.lock();
        self.ahead.release(&mut queue, std::mem::take(&mut self.front.decoded.segments));
        queue.spares = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::memory::Shared;

    fn gzip(part: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    }

    /// A member that tells its length.
    fn bgzf(part: &[u8]) -> Vec<u8> {
        let plain = gzip(part, 1);
        let size = u16::try_from(plain.len() + 8 - 1).expect("a small part").to_le_bytes();
        let extra = [6, 0, b'B', b'C', 2, 0, size[0], size[1]];
        [&[0x1f, 0x8b, 8, 4], &plain[4..10], &extra, &plain[10..]].concat()
    }

    fn bzip2(part: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn lz4(part: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    }

    /// The text in members of `part` bytes. Those of gzip hold gzip's mark among their bytes, as the text is stored as it is.
    fn stored(way: u8, text: &[u8], part: usize) -> (Compression, Vec<u8>) {
        let members = |encode: &dyn Fn(&[u8]) -> Vec<u8>| text.chunks(part).flat_map(encode).collect::<Vec<u8>>();
        match way % 5 {
            0 => (Compression::Gzip, members(&|part| gzip(part, 0))),
            1 => (Compression::Gzip, [members(&bgzf), bgzf(b"")].concat()),
            2 => (Compression::Zstd, members(&|part| zstd::encode_all(part, 1).expect("in memory"))),
            3 => (Compression::Bzip2, members(&bzip2)),
            _ => (Compression::Lz4, members(&lz4)),
        }
    }

    /// What is read up to the end or a failure.
    type Outcome = (Vec<u8>, Option<String>);

    fn outcome(mut reader: impl Read, reads: &[usize], mut between: impl FnMut(usize)) -> Outcome {
        let mut bytes = Vec::new();
        let mut out = vec![0; 1000];
        for turn in 0.. {
            between(turn);
            let len = reads[turn % reads.len()];
            match reader.read(&mut out[..len]) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&out[..count]),
                Err(error) => return (bytes, Some(error.to_string())),
            }
        }
        (bytes, None)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn whatever_is_decoded_ahead_the_bytes_and_the_failure_are_those_of_one_member_after_another(
            way in 0u8..5,
            lines in prop::collection::vec("[a-c]{0,30}", 1..200),
            with_marks in any::<bool>(),
            part in 20usize..600,
            helps in prop::collection::vec(0usize..4, 1..8),
            reads in prop::collection::vec(1usize..1000, 1..4),
            window in prop_oneof![Just(1u64 << 20), Just(1 << 22)],
            damage in prop::option::of((any::<prop::sample::Index>(), 1u8..)),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mark = if with_marks { "\n\u{1f}\u{8b}".to_owned() } else { "\n".to_owned() };
            let mut text = lines.join(&mark).into_bytes();
            if with_marks {
                let member = gzip(b"inner", 1);
                text = [&text[..text.len() / 2], &member, &text[text.len() / 2..], &member].concat();
            }
            let (compression, mut stored) = stored(way, &text, part);
            if let Some((at, bits)) = damage {
                let at = at.index(stored.len());
                stored[at] ^= bits;
            }
            if let Some(cut) = cut {
                stored.truncate(cut.index(stored.len()).max(1));
            }
            let expected = outcome(compression.decode(io::Cursor::new(stored.clone()), window).expect("opened"), &reads, |_| ());
            let extent = Extent::of_bytes(Shared::from_vec(stored));
            let ahead = Ahead::of(compression, &extent, window).expect("it has members");
            let got = outcome(ahead.reader(), &reads, |turn| {
                (0..helps[turn % helps.len()]).for_each(|_| { ahead.help(); });
            });
            // What zstd says of damage depends on the room that it is given.
            let said = |outcome: &Outcome| outcome.1.clone().filter(|_| compression != Compression::Zstd);
            prop_assert_eq!(got.1.is_some(), expected.1.is_some());
            prop_assert_eq!(said(&got), said(&expected));
            // How much comes before a failure depends on how much is asked for at a time.
            prop_assert!(got.0.starts_with(&expected.0) || got.1.is_some() && expected.0.starts_with(&got.0));
            if got.1.is_none() {
                prop_assert_eq!(got.0, expected.0);
            }
        }
    }

    #[test]
    fn no_more_is_held_than_may_be() {
        let member = gzip(&vec![b'0'; 3 << 20], 6);
        let extent = Extent::of_bytes(Shared::from_vec(member.repeat(20)));
        let ahead = Ahead::of(Compression::Gzip, &extent, 4 << 20).expect("it has members");
        let mut reader = ahead.reader();
        let mut out = vec![0; 1000];
        reader.read_exact(&mut out).expect("whole");
        let helped = (0..40).filter(|_| ahead.help()).count();
        assert!(helped > 0 && helped < 20, "{helped}");
        let held = || ahead.held.load(Ordering::Relaxed);
        assert_eq!(held(), 16);
        let mut rest = Vec::new();
        let mut part = vec![0; 700_000];
        loop {
            match reader.read(&mut part).expect("whole") {
                0 => break,
                count => rest.extend_from_slice(&part[..count]),
            }
            ahead.help();
            assert!(held() + ahead.lock().spares.len() <= 17, "{} {}", held(), ahead.lock().spares.len());
        }
        assert_eq!(rest.len() + 1000, 60 << 20);
        assert_eq!(held(), 1);
    }

    #[test]
    fn borders_are_found_without_decoding() {
        for way in 0..5 {
            let text = b"0123456789abcdefghijklmnopqrstuvwxyz".repeat(100);
            let (compression, bytes) = stored(way, &text, 100);
            let ahead = Ahead::of(compression, &Extent::of_bytes(Shared::from_vec(bytes)), 4 << 20).expect("members");
            let _reader = ahead.reader();
            let pieces = std::iter::from_fn(|| ahead.help().then_some(())).count();
            assert!(pieces > 5, "{compression}: {pieces}");
        }
    }
}
