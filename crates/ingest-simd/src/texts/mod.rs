//! The texts of a column, copied one after the other.
//!
//! The simple version, which the tests keep as oracle: for each field, copy byte by byte and leave out each second of two
//! quotes. The kernels depart from it in this way: whole registers are copied whatever the length of the field, and what
//! was copied too much is overwritten by the next field; quotes are looked for in the register that is being copied.

#[cfg(test)]
mod tests;

use crate::{Kernel, Padded, Span, Validity};

/// Where the texts of one batch go: appended, one for each span.
#[derive(Debug)]
pub struct TextBatch<'a> {
    /// The texts, one after the other.
    pub bytes: &'a mut Vec<u8>,
    /// Where each text ends in `bytes`: the offset after its last byte.
    pub ends: &'a mut Vec<i32>,
    /// Which rows hold a text, the empty text included; empty unquoted fields do not.
    pub validity: &'a mut Validity,
}

/// Appends the text of each field: of quoted ones with doubled `quote`s made one, where a `quote` is given. A quote that has no
/// twin stays. Marks of escapes in the spans are not looked at.
///
/// Appends nothing and says `false` if the texts might reach beyond what 31 bits address. O(bytes).
///
/// # Panics
/// If a span reaches beyond the block.
#[must_use]
pub fn copy_texts(kernel: Kernel, block: Padded<'_>, spans: &[Span], quote: Option<u8>, out: TextBatch<'_>) -> bool {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe { copy_avx2(block, spans, quote, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx512 if kernel.is_available() => unsafe { copy_avx512(block, spans, quote, out) },
        // SAFETY: `Bytes` needs no special instructions.
        _ => unsafe { copy::<Bytes>(block, spans, quote, out) },
    }
}

/// # Safety
/// The CPU has [`Kernel::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
unsafe fn copy_avx2(block: Padded<'_>, spans: &[Span], quote: Option<u8>, out: TextBatch<'_>) -> bool {
    // SAFETY: the instructions are enabled.
    unsafe { copy::<Ymm>(block, spans, quote, out) }
}

/// # Safety
/// The CPU has [`Kernel::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn copy_avx512(block: Padded<'_>, spans: &[Span], quote: Option<u8>, out: TextBatch<'_>) -> bool {
    // SAFETY: the instructions are enabled.
    unsafe { copy::<Zmm>(block, spans, quote, out) }
}

/// A register of bytes that is copied at once, at most [`crate::PADDING`] of them.
///
/// # Safety
/// Methods may use instructions that the caller must have proved to be there; pointers are good for `BYTES` bytes.
unsafe trait Piece: Copy {
    const BYTES: usize;
    unsafe fn load(from: *const u8) -> Self;
    unsafe fn store(self, to: *mut u8);
    /// Which bytes equal `byte`, one bit each.
    unsafe fn equal(self, byte: u8) -> u64;
}

#[derive(Clone, Copy)]
struct Bytes([u8; 16]);

// SAFETY: plain Rust.
unsafe impl Piece for Bytes {
    const BYTES: usize = 16;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: sixteen bytes are readable, see the trait.
        Bytes(unsafe { from.cast::<[u8; 16]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: sixteen bytes are writable, see the trait.
        unsafe { to.cast::<[u8; 16]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn equal(self, byte: u8) -> u64 {
        // Without leaving early, which the compiler turns into vectors.
        let found = self.0.iter().fold(false, |found, &other| found | (other == byte));
        let bit = |(at, &other): (usize, &u8)| u64::from(other == byte) << at;
        if found { self.0.iter().enumerate().map(bit).sum() } else { 0 }
    }
}

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Ymm(std::arch::x86_64::__m256i);

#[cfg(target_arch = "x86_64")]
// SAFETY: used only from functions that enable AVX2.
unsafe impl Piece for Ymm {
    const BYTES: usize = 32;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: 32 bytes are readable, see the trait.
        unsafe { Ymm(std::arch::x86_64::_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: 32 bytes are writable, see the trait.
        unsafe { std::arch::x86_64::_mm256_storeu_si256(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn equal(self, byte: u8) -> u64 {
        use std::arch::x86_64::*;
        // SAFETY: AVX2, see the trait.
        let found = unsafe { _mm256_movemask_epi8(_mm256_cmpeq_epi8(self.0, _mm256_set1_epi8(byte.cast_signed()))) };
        u64::from(found.cast_unsigned())
    }
}

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Zmm(std::arch::x86_64::__m512i);

#[cfg(target_arch = "x86_64")]
// SAFETY: used only from functions that enable AVX-512 F and BW.
unsafe impl Piece for Zmm {
    const BYTES: usize = 64;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: 64 bytes are readable, see the trait.
        unsafe { Zmm(std::arch::x86_64::_mm512_loadu_si512(from.cast())) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: 64 bytes are writable, see the trait.
        unsafe { std::arch::x86_64::_mm512_storeu_si512(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn equal(self, byte: u8) -> u64 {
        use std::arch::x86_64::*;
        // SAFETY: AVX-512 BW, see the trait.
        unsafe { _mm512_cmpeq_epi8_mask(self.0, _mm512_set1_epi8(byte.cast_signed())) }
    }
}

/// # Safety
/// The instructions of `P` are enabled.
#[inline(always)]
unsafe fn copy<P: Piece>(block: Padded<'_>, spans: &[Span], quote: Option<u8>, out: TextBatch<'_>) -> bool {
    let TextBatch { bytes, ends, validity } = out;
    let (reach, total) = measure(spans);
    assert!(reach <= block.len(), "every span lies inside its block");
    if bytes.len() as u64 + total > i32::MAX as u64 {
        return false;
    }
    bytes.reserve(total as usize + P::BYTES);
    ends.reserve(spans.len());
    let base = block.as_ptr();
    // SAFETY: spans lie inside the block, which is followed by at least a piece of readable bytes. Texts are no longer than
    // their fields, so they end within `total` bytes from the start, and a piece more is writable; an end is written for each
    // span. Both lengths are set to what has been written.
    unsafe {
        let start = bytes.as_mut_ptr();
        let mut to = start.add(bytes.len());
        let mut end = ends.as_mut_ptr().add(ends.len());
        for spans in spans.chunks(64) {
            let mut valid = 0;
            for (row, &span) in spans.iter().enumerate() {
                valid |= u64::from(!span.is_null_text()) << row;
                let from = base.add(span.start());
                to = match quote {
                    Some(quote) if span.is_quoted() => copy_quoted::<P>(from, span.len(), quote, to),
                    _ => copy_plain::<P>(from, span.len(), to),
                };
                // At most `i32::MAX`, as checked.
                end.write(to.offset_from(start) as i32);
                end = end.add(1);
            }
            validity.push(valid, spans.len());
        }
        bytes.set_len(to.offset_from(start).cast_unsigned());
        ends.set_len(ends.len() + spans.len());
    }
    true
}

/// The furthest offset that a span names, and the sum of their lengths; as vectors where instructions are enabled.
#[inline(always)]
fn measure(spans: &[Span]) -> (usize, u64) {
    spans.iter().fold((0, 0), |(reach, total), span| {
        // A span that runs backwards is the caller's mistake: its length is then beyond any block, and refused.
        let length = (span.end() as u64).wrapping_sub(span.start() as u64) & 0xffff_ffff;
        (reach.max(span.start()).max(span.end()), total + length)
    })
}

/// Copies `length` bytes in whole pieces; where the text ends.
///
/// # Safety
/// The instructions of `P` are enabled; `length` bytes and a piece more are readable and writable.
#[inline(always)]
unsafe fn copy_plain<P: Piece>(from: *const u8, length: usize, to: *mut u8) -> *mut u8 {
    // SAFETY: passed on.
    unsafe {
        P::load(from).store(to);
        let mut done = P::BYTES;
        while done < length {
            P::load(from.add(done)).store(to.add(done));
            done += P::BYTES;
        }
        to.add(length)
    }
}

/// The same, with each second of two `quote`s left out.
///
/// # Safety
/// As for [`copy_plain`].
#[inline(always)]
unsafe fn copy_quoted<P: Piece>(from: *const u8, length: usize, quote: u8, mut to: *mut u8) -> *mut u8 {
    // SAFETY: pieces are read from within the field on, and written where the text before has ended, which is never
    // further from its start than what was read.
    unsafe {
        let mut done = 0;
        while done < length {
            let piece = P::load(from.add(done));
            piece.store(to);
            let found = piece.equal(quote);
            let before = found.trailing_zeros() as usize;
            let left = length - done;
            if found == 0 || before >= left {
                let copied = left.min(P::BYTES);
                (to, done) = (to.add(copied), done + copied);
                continue;
            }
            let doubled = before + 1 < left && *from.add(done + before + 1) == quote;
            to = to.add(before + 1);
            done += before + 1 + usize::from(doubled);
        }
        to
    }
}
