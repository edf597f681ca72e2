//! Sources that pass by once: pipes, readers, everything compressed.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use crate::ahead::Ahead;
use crate::archive::{IsArchive, START_BYTES};
use crate::compression::{Compression, MAGIC_BYTES};
use crate::encoding::Encoding;
use crate::error::{SourceError, SourceErrorKind};
use crate::extent::{Extent, ReadFailed};
use crate::options::SourceOptions;

/// The decoded bytes of a reader, in order, of which the first can be looked at ahead of time.
pub(crate) struct Stream {
    reader: Box<dyn Read + Send>,
    compression: Compression,
    encoding: Encoding,
    /// What was looked at and not yet taken: `replay[replayed..]`.
    replay: Vec<u8>,
    replayed: usize,
    /// Bytes that came out of `reader` so far.
    decoded: u64,
    ended: bool,
    /// What its decoder may take, for the message.
    window_bytes_max: u64,
    /// Why `reader` ended, where that was met before the bytes in front of it were taken.
    failure: Option<io::Error>,
}

impl Stream {
    /// Reads the first bytes of `stored` to see how it is compressed, unless that is given. A failure shows when bytes are
    /// asked for.
    pub(crate) fn open(stored: Box<dyn Read + Send>, options: &SourceOptions) -> Stream {
        let (compression, decoded) = Self::decoded(Stored(stored), options);
        Self::of_decoded(compression, decoded, options)
    }

    /// The same of bytes that stay where they are, and what decodes them in parallel, where that can be.
    pub(crate) fn open_extent(stored: &Extent, start: &[u8], options: &SourceOptions) -> (Stream, Option<Arc<Ahead>>) {
        let compression = options.compression_of(start);
        let ahead = Ahead::of(compression, stored, options.window_bytes_max);
        let decoded = match &ahead {
            Some(ahead) => Ok(Box::new(ahead.reader()) as Box<dyn Read + Send>),
            None => compression.decode(stored.at(0), options.window_bytes_max),
        };
        (Self::of_decoded(compression, decoded, options), ahead)
    }

    fn of_decoded(
        compression: Compression,
        decoded: io::Result<Box<dyn Read + Send>>,
        options: &SourceOptions,
    ) -> Stream {
        let stream = |encoding, reader, replay: Vec<u8>, failure: Option<io::Error>| Stream {
            reader,
            compression,
            encoding,
            replayed: 0,
            decoded: replay.len() as u64,
            replay,
            ended: failure.is_some(),
            window_bytes_max: options.window_bytes_max,
            failure,
        };
        let mut reader = match decoded {
            Ok(reader) => reader,
            Err(failure) => return stream(Encoding::UTF_8, Box::new(io::empty()), Vec::new(), Some(failure)),
        };
        let mut start = Vec::new();
        if let Err(failure) = (&mut reader).take(START_BYTES as u64).read_to_end(&mut start) {
            return stream(Encoding::UTF_8, reader, start, Some(failure));
        }
        if let Some(archive) = options.archive_of(&start) {
            let failure = io::Error::other(IsArchive(archive));
            return stream(Encoding::UTF_8, reader, Vec::new(), Some(failure));
        }
        let encoding = options.encoding_of(&start);
        if options.keeps_text(encoding) {
            return stream(encoding, reader, start, None);
        }
        let whole = Box::new(Cursor::new(start).chain(reader));
        stream(encoding, encoding.decode(whole, options.bad_text()), Vec::new(), None)
    }

    /// Text as it is.
    pub(crate) fn of_text(reader: Box<dyn Read + Send>) -> Stream {
        Stream {
            reader,
            compression: Compression::None,
            encoding: Encoding::UTF_8,
            replay: Vec::new(),
            replayed: 0,
            decoded: 0,
            ended: false,
            window_bytes_max: 0,
            failure: None,
        }
    }

    /// What is left to take of it, decoded. In place of what is no text stands `bad`.
    pub(crate) fn decode_as(mut self, encoding: Encoding, bad: &'static [u8]) -> Stream {
        let ahead = Cursor::new(self.replay.split_off(self.replayed));
        let whole = Box::new(ahead.chain(self.reader).chain(Failing(self.failure)));
        let reader = encoding.decode(whole, bad);
        let (compression, window_bytes_max) = (self.compression, self.window_bytes_max);
        Stream { compression, encoding, window_bytes_max, ..Stream::of_text(reader) }
    }

    fn decoded(mut stored: Stored, options: &SourceOptions) -> (Compression, io::Result<Box<dyn Read + Send>>) {
        if let Some(given) = options.compression {
            return (given, given.decode(stored, options.window_bytes_max));
        }
        let mut start = Vec::with_capacity(MAGIC_BYTES);
        if let Err(failure) = (&mut stored).take(MAGIC_BYTES as u64).read_to_end(&mut start) {
            return (Compression::None, Err(failure));
        }
        let compression = Compression::sniff(&start);
        (compression, compression.decode(Cursor::new(start).chain(stored), options.window_bytes_max))
    }

    /// Begins anew with a reader of the same bytes, if nothing went wrong so far.
    pub(crate) fn put_back(&mut self, reader: Box<dyn Read + Send>) {
        if self.failure.is_none() {
            let (compression, window_bytes_max) = (self.compression, self.window_bytes_max);
            *self = Stream { compression, window_bytes_max, ..Stream::of_text(reader) };
        }
    }

    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether nothing is left to take.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.ended && self.failure.is_none() && self.replayed == self.replay.len()
    }

    /// Up to `max` of the next bytes, which stay to be taken. A failure shows here only where no byte precedes it.
    pub(crate) fn peek(&mut self, name: &str, max: usize) -> Result<Vec<u8>, SourceError> {
        let ahead = self.replay.len() - self.replayed;
        if ahead < max && !self.ended {
            self.look_ahead(max - ahead);
        }
        let ahead = &self.replay[self.replayed..];
        match self.failure.take_if(|_| ahead.is_empty()) {
            Some(cause) => Err(self.error(name, cause)),
            None => Ok(ahead[..ahead.len().min(max)].to_vec()),
        }
    }

    /// The same, but a failure among them shows, whatever precedes it.
    pub(crate) fn look(&mut self, name: &str, max: usize) -> Result<Vec<u8>, SourceError> {
        let next = self.peek(name, max)?;
        match self.failure.take_if(|_| next.len() < max) {
            Some(cause) => Err(self.error(name, cause)),
            None => Ok(next),
        }
    }

    fn look_ahead(&mut self, count: usize) {
        let before = self.replay.len();
        let result = (&mut self.reader).take(count as u64).read_to_end(&mut self.replay);
        let got = self.replay.len() - before;
        self.decoded += got as u64;
        self.ended = got < count;
        self.failure = result.err();
    }

    /// Fills `out` with the next bytes; fewer than its length only at the end. After a failure nothing more comes.
    pub(crate) fn fill(&mut self, name: &str, out: &mut [u8]) -> Result<usize, SourceError> {
        let mut filled = self.take_replay(out);
        if let Some(cause) = self.failure.take_if(|_| filled < out.len()) {
            return Err(self.error(name, cause));
        }
        while filled < out.len() && !self.ended {
            match self.reader.read(&mut out[filled..]) {
                Ok(count) => {
                    filled += count;
                    self.decoded += count as u64;
                    self.ended = count == 0;
                }
                Err(cause) => {
                    self.ended = true;
                    return Err(self.error(name, cause));
                }
            }
        }
        Ok(filled)
    }

    fn take_replay(&mut self, out: &mut [u8]) -> usize {
        let ahead = &self.replay[self.replayed..];
        let count = ahead.len().min(out.len());
        out[..count].copy_from_slice(&ahead[..count]);
        self.replayed += count;
        if self.replayed == self.replay.len() {
            self.replay = Vec::new();
            self.replayed = 0;
        }
        count
    }

    fn error(&self, name: &str, cause: io::Error) -> SourceError {
        let cause = match cause.downcast::<SourceError>() {
            Ok(error) => return error,
            Err(cause) => cause,
        };
        let cause = match cause.downcast::<IsArchive>() {
            Ok(archive) => return SourceError::new(SourceErrorKind::Usage, name, archive.to_string()),
            Err(cause) => cause,
        };
        match cause.downcast::<ReadFailed>() {
            Ok(ReadFailed(cause)) => {
                cause.downcast::<SourceError>().unwrap_or_else(|cause| SourceError::system(name, "read", cause))
            }
            Err(cause) if Compression::is_too_large(&cause) => {
                SourceError::window(name, self.compression.name(), self.window_bytes_max, cause)
            }
            Err(cause) => SourceError::corrupt(name, self.compression.name(), self.decoded, cause),
        }
    }
}

/// Fails once, where there is a failure.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The stored bytes: retries what a signal interrupted, marks what failed.
struct Stored(Box<dyn Read + Send>);

impl Read for Stored {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ReadFailed::mark(error)),
                Ok(count) => return Ok(count),
            }
        }
    }
}
