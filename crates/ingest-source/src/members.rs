//! Compressed streams that follow one another in one file: each is decoded by a decoder of its own.

use std::io::{self, BufRead, Read};
use std::marker::PhantomData;

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use liblzma::bufread::XzDecoder;
use lz4_flex::frame::FrameDecoder;

/// A decoder of one member.
pub(crate) trait Member<R>: Read {
    /// The byte that every member begins with.
    const FIRST_BYTE: u8;

    /// Starts at the member's first byte.
    fn new(stored: R) -> Self;

    /// What is stored behind the member, which has been read to its end.
    fn into_stored(self) -> R;
}

/// Members one after another.
///
/// Not the decoders' own readers of many members: those take the zeroes that tapes and block devices pad a file with for a
/// broken member, or what follows the last member for nothing.
pub(crate) struct Members<R, M> {
    member: Option<M>,
    stored: PhantomData<R>,
}

impl<R: BufRead, M: Member<R>> Members<R, M> {
    pub(crate) fn new(stored: R) -> Self {
        Members { member: Some(M::new(stored)), stored: PhantomData }
    }
}

impl<R: BufRead, M: Member<R>> Read for Members<R, M> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(mut member) = self.member.take() {
            let count = member.read(out)?;
            if count > 0 {
                self.member = Some(member);
                return Ok(count);
            }
            let mut stored = member.into_stored();
            if another_member(&mut stored, M::FIRST_BYTE)? {
                self.member = Some(M::new(stored));
            }
        }
        Ok(0)
    }
}

/// Whether another member follows the one that just ended. Zeroes up to the end are padding.
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

    fn new(stored: R) -> Self {
        GzDecoder::new(stored)
    }

    fn into_stored(self) -> R {
        self.into_inner()
    }
}

/// A stream of bzip2.
pub(crate) type Bzip2Member<R> = BzDecoder<R>;

impl<R: BufRead> Member<R> for BzDecoder<R> {
    const FIRST_BYTE: u8 = b'B';

    fn new(stored: R) -> Self {
        BzDecoder::new(stored)
    }

    fn into_stored(self) -> R {
        self.into_inner()
    }
}

/// A frame of LZ4. The decoder takes an end of the file between two blocks for the end of the frame; this does not.
pub(crate) struct Lz4Member<R: BufRead>(FrameDecoder<Watched<R>>);

impl<R: BufRead> Member<R> for Lz4Member<R> {
    const FIRST_BYTE: u8 = 0x04;

    fn new(stored: R) -> Self {
        Lz4Member(FrameDecoder::new(Watched { stored, met_end: false }))
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
