//! Compressed streams that follow one another in one file: each is decoded by a decoder of its own.

use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use liblzma::bufread::XzDecoder;
use lz4_flex::frame::FrameDecoder;

/// A decoder of one member.
pub(crate) trait Member<R: BufRead>: Read + Sized {
    /// The byte that every member begins with.
    const FIRST_BYTE: u8;

    /// Starts at the member's first byte. The decoder takes no more memory than `window_bytes_max`.
    fn new(stored: R, window_bytes_max: u64) -> io::Result<Self>;

    /// What is stored behind the member, which has been read to its end.
    fn into_stored(self) -> R;

    /// Whether another member follows the one that just ended.
    fn follows(stored: &mut R) -> io::Result<bool> {
        another_member(stored, Self::FIRST_BYTE)
    }
}

/// Members one after another.
///
/// Not the decoders' own readers of many members: those take the zeroes that tapes and block devices pad a file with for a
/// broken member, or what follows the last member for nothing, and tell nobody where a member ends.
pub(crate) struct Members<R, M> {
    state: State<R, M>,
    window_bytes_max: u64,
}

enum State<R, M> {
    /// Where the first member begins, whatever stands there.
    Before(R),
    Within(M),
    /// Where a member ended.
    Behind(R),
    Ended,
}

impl<R: BufRead, M: Member<R>> Members<R, M> {
    pub(crate) fn new(stored: R, window_bytes_max: u64) -> Self {
        Members { state: State::Before(stored), window_bytes_max }
    }

    /// The same from where a member ended.
    pub(crate) fn behind_one(stored: R, window_bytes_max: u64) -> Self {
        Members { state: State::Behind(stored), window_bytes_max }
    }

    /// Fills `out` with bytes of the member that was begun; with none, and for good, where it has ended.
    pub(crate) fn read_member(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut member = match std::mem::replace(&mut self.state, State::Ended) {
            State::Within(member) => member,
            other => {
                self.state = other;
                return Ok(0);
            }
        };
        let count = member.read(out)?;
        self.state = if count > 0 { State::Within(member) } else { State::Behind(member.into_stored()) };
        Ok(count)
    }

    /// Begins the next member; says whether there is one. For when the one before has ended.
    pub(crate) fn begin(&mut self) -> io::Result<bool> {
        let stored = match std::mem::replace(&mut self.state, State::Ended) {
            State::Before(stored) => stored,
            State::Behind(mut stored) => match M::follows(&mut stored)? {
                true => stored,
                false => return Ok(false),
            },
            State::Within(_) | State::Ended => return Ok(false),
        };
        self.state = State::Within(M::new(stored, self.window_bytes_max)?);
        Ok(true)
    }

    /// What is stored behind the member that has just ended.
    pub(crate) fn behind(&self) -> Option<&R> {
        match &self.state {
            State::Behind(stored) => Some(stored),
            _ => None,
        }
    }
}

impl<R: BufRead, M: Member<R>> Read for Members<R, M> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let count = self.read_member(out)?;
            if count > 0 || !self.begin()? {
                return Ok(count);
            }
        }
    }
}

/// Whether the first byte of another member comes next. Zeroes up to the end are padding.
fn another_member(stored: &mut impl BufRead, first_byte: u8) -> io::Result<bool> {
    match stored.fill_buf()?.first().copied() {
        None => Ok(false),
        Some(byte) if byte == first_byte => Ok(true),
        Some(0) if only_zeroes(stored)? => Ok(false),
        Some(_) => Err(tail_error()),
    }
}

fn tail_error() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "other bytes follow the last member")
}

fn only_zeroes(stored: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = stored.fill_buf()?;
        if bytes.is_empty() {
            return Ok(true);
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        let count = bytes.len();
        stored.consume(count);
    }
}

/// A member of gzip.
pub(crate) type GzipMember<R> = GzDecoder<R>;

impl<R: BufRead> Member<R> for GzDecoder<R> {
    const FIRST_BYTE: u8 = 0x1f;

    fn new(stored: R, _: u64) -> io::Result<Self> {
        Ok(GzDecoder::new(stored))
    }

    fn into_stored(self) -> R {
        self.into_inner()
    }
}

/// A stream of bzip2.
pub(crate) type Bzip2Member<R> = BzDecoder<R>;

impl<R: BufRead> Member<R> for BzDecoder<R> {
    const FIRST_BYTE: u8 = b'B';

    fn new(stored: R, _: u64) -> io::Result<Self> {
        Ok(BzDecoder::new(stored))
    }

    fn into_stored(self) -> R {
        self.into_inner()
    }
}

/// A frame of zstd, or one to be skipped.
pub(crate) struct ZstdMember<R: BufRead>(zstd::stream::zio::Reader<R, zstd::stream::raw::Decoder<'static>>);

impl<R: BufRead> Member<R> for ZstdMember<R> {
    const FIRST_BYTE: u8 = 0x28;

    fn new(stored: R, window_bytes_max: u64) -> io::Result<Self> {
        let mut decoder = zstd::stream::raw::Decoder::new()?;
        let log = window_bytes_max.max(1 << 10).ilog2();
        decoder.set_parameter(zstd::stream::raw::DParameter::WindowLogMax(log))?;
        let mut reader = zstd::stream::zio::Reader::new(stored, decoder);
        reader.set_single_frame();
        Ok(ZstdMember(reader))
    }

    fn into_stored(self) -> R {
        self.0.into_inner()
    }

    /// What is no frame is for the decoder to name.
    fn follows(stored: &mut R) -> io::Result<bool> {
        Ok(!stored.fill_buf()?.is_empty())
    }
}

impl<R: BufRead> Read for ZstdMember<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

/// A frame of LZ4. The decoder takes an end of the file between two blocks for the end of the frame; this does not.
pub(crate) struct Lz4Member<R: BufRead>(FrameDecoder<Watched<R>>);

impl<R: BufRead> Member<R> for Lz4Member<R> {
    const FIRST_BYTE: u8 = 0x04;

    fn new(stored: R, _: u64) -> io::Result<Self> {
        Ok(Lz4Member(FrameDecoder::new(Watched { stored, met_end: false })))
    }

    fn into_stored(self) -> R {
        self.0.into_inner().stored
    }
}

impl<R: BufRead> Read for Lz4Member<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(out)?;
        // A whole frame ends with a mark, behind which nothing was asked for.
        if count == 0 && self.0.get_ref().met_end {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the frame has no end"));
        }
        Ok(count)
    }
}

/// Knows whether it was asked for more than there is.
struct Watched<R> {
    stored: R,
    met_end: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.stored.read(out)?;
        self.met_end |= count == 0 && !out.is_empty();
        Ok(count)
    }
}

/// One stream that nothing may follow but zeroes.
pub(crate) struct WithoutTail<R: BufRead> {
    decoder: XzDecoder<R>,
}

impl<R: BufRead> WithoutTail<R> {
    pub(crate) fn new(decoder: XzDecoder<R>) -> Self {
        WithoutTail { decoder }
    }
}

impl<R: BufRead> Read for WithoutTail<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(out)?;
        if count == 0 && !out.is_empty() && !only_zeroes(self.decoder.get_mut())? {
            return Err(tail_error());
        }
        Ok(count)
    }
}
