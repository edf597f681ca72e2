//! Who reads a file from one end to the other, and how much of it is fetched ahead for them.

use std::collections::VecDeque;

/// The first time something is fetched ahead, bytes; each time twice as much.
const FIRST_BYTES: u64 = 256 << 10;

/// And at most this.
const MOST_BYTES: u64 = 8 << 20;

/// The kernel reads ahead itself, by several requests that may come in another order.
const SLACK_BYTES: u64 = 256 << 10;

/// So many reads in a row may be one by chance; who reads more of them reads in order.
const CHANCE_RUN: u32 = 2;

/// So many readers are remembered.
const READERS_MAX: usize = 64;

/// Those who read, the last one first.
#[derive(Default)]
pub(crate) struct Ahead {
    readers: VecDeque<Reader>,
}

struct Reader {
    file: u32,
    /// The furthest byte that was read.
    end: u64,
    /// Reads in a row.
    run: u32,
    /// What is fetched ahead next.
    bytes: u64,
}

impl Ahead {
    /// Notes that somebody reads up to `end`, and says up to where it is worth fetching.
    pub(crate) fn note(&mut self, file: u32, offset: u64, end: u64) -> u64 {
        let follows = |reader: &Reader| {
            reader.file == file && offset <= reader.end + SLACK_BYTES && offset + SLACK_BYTES >= reader.end
        };
        let found = self.readers.iter().position(follows).and_then(|at| self.readers.remove(at));
        let mut reader = found.unwrap_or(Reader { file, end: offset, run: 0, bytes: FIRST_BYTES });
        // Another read of the same place goes nowhere.
        reader.run += u32::from(end > reader.end);
        reader.end = reader.end.max(end);
        let until = if reader.run > CHANCE_RUN { end + reader.bytes } else { end };
        self.readers.push_front(reader);
        self.readers.truncate(READERS_MAX);
        until
    }

    /// Notes that it was fetched up to there for the last reader of a file.
    pub(crate) fn fetched(&mut self, file: u32) {
        if let Some(reader) = self.readers.iter_mut().find(|reader| reader.file == file && reader.run > CHANCE_RUN) {
            reader.bytes = (2 * reader.bytes).min(MOST_BYTES);
        }
    }
}
