//! Sixty-four bytes in registers: the small vector trait that the algorithms are written over.

use super::{Masks, Structure};

/// A way to compare 64 bytes with one byte.
///
/// # Safety
/// The methods may use instructions that the caller must have proved to be there: an implementation is only used from
/// inside a function that enables its target features.
pub(super) unsafe trait Lanes: Copy {
    /// Loads 64 bytes.
    ///
    /// # Safety
    /// `from..from + 64` is readable.
    unsafe fn load(from: *const u8) -> Self;

    /// Which bytes equal `byte`.
    ///
    /// # Safety
    /// The CPU has the implementation's instructions.
    unsafe fn equal(self, byte: u8) -> u64;

    /// Bit `i` of the result is the xor of bits `0..=i`.
    ///
    /// # Safety
    /// The CPU has the implementation's instructions.
    unsafe fn prefix_xor(word: u64) -> u64;

    /// All masks of the 64 bytes at `from`.
    ///
    /// # Safety
    /// `from..from + 64` is readable, and the CPU has the implementation's instructions.
    #[inline(always)]
    unsafe fn masks(from: *const u8, structure: &Structure) -> Masks {
        // SAFETY: passed on from the caller.
        unsafe {
            let bytes = Self::load(from);
            Masks {
                delimiter: structure.delimiter.map_or(0, |byte| bytes.equal(byte)),
                quote: structure.quote.map_or(0, |byte| bytes.equal(byte)),
                lf: bytes.equal(b'\n'),
                cr: bytes.equal(b'\r'),
            }
        }
    }
}

/// Eight words of eight bytes; runs everywhere.
#[derive(Clone, Copy)]
pub(super) struct Words([u64; 8]);

// SAFETY: plain Rust, no special instructions.
unsafe impl Lanes for Words {
    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller vouches for 64 readable bytes.
        let bytes = unsafe { from.cast::<[[u8; 8]; 8]>().read_unaligned() };
        Words(bytes.map(u64::from_le_bytes))
    }

    #[inline(always)]
    unsafe fn equal(self, byte: u8) -> u64 {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let pattern = u64::from(byte) * 0x0101_0101_0101_0101;
        let mut mask = 0;
        for (at, word) in self.0.into_iter().enumerate() {
            let differences = word ^ pattern;
            // 0x80 in each byte that is zero; exact, no carry crosses bytes.
            let zeros = !(((differences & LOW) + LOW) | differences | LOW);
            // Gathers bits 7, 15, … 63 into the top byte, the lowest byte's bit lowest.
            mask |= (((zeros >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56) << (8 * at);
        }
        mask
    }

    #[inline(always)]
    unsafe fn prefix_xor(word: u64) -> u64 {
        let mut word = word;
        for shift in [1, 2, 4, 8, 16, 32] {
            word ^= word << shift;
        }
        word
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Ymm, Zmm};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    #[inline(always)]
    unsafe fn carryless_prefix_xor(word: u64) -> u64 {
        // SAFETY: the callers are used only where PCLMULQDQ is enabled.
        unsafe {
            let product = _mm_clmulepi64_si128(_mm_set_epi64x(0, word.cast_signed()), _mm_set1_epi8(-1), 0);
            _mm_cvtsi128_si64(product).cast_unsigned()
        }
    }

    /// Two AVX2 registers.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Ymm(__m256i, __m256i);

    // SAFETY: used only from functions that enable AVX2 and PCLMULQDQ.
    unsafe impl Lanes for Ymm {
        #[inline(always)]
        unsafe fn load(from: *const u8) -> Self {
            // SAFETY: the caller vouches for 64 readable bytes.
            unsafe { Ymm(_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(32).cast())) }
        }

        #[inline(always)]
        unsafe fn equal(self, byte: u8) -> u64 {
            // SAFETY: AVX2, see the trait.
            unsafe {
                let pattern = _mm256_set1_epi8(byte.cast_signed());
                let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(self.0, pattern)).cast_unsigned();
                let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(self.1, pattern)).cast_unsigned();
                u64::from(low) | (u64::from(high) << 32)
            }
        }

        #[inline(always)]
        unsafe fn prefix_xor(word: u64) -> u64 {
            // SAFETY: PCLMULQDQ, see the trait.
            unsafe { carryless_prefix_xor(word) }
        }
    }

    /// One AVX-512 register.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Zmm(__m512i);

    // SAFETY: used only from functions that enable AVX-512 BW and PCLMULQDQ.
    unsafe impl Lanes for Zmm {
        #[inline(always)]
        unsafe fn load(from: *const u8) -> Self {
            // SAFETY: the caller vouches for 64 readable bytes.
            unsafe { Zmm(_mm512_loadu_si512(from.cast())) }
        }

        #[inline(always)]
        unsafe fn equal(self, byte: u8) -> u64 {
            // SAFETY: AVX-512 BW, see the trait.
            unsafe { _mm512_cmpeq_epi8_mask(self.0, _mm512_set1_epi8(byte.cast_signed())) }
        }

        #[inline(always)]
        unsafe fn prefix_xor(word: u64) -> u64 {
            // SAFETY: PCLMULQDQ, see the trait.
            unsafe { carryless_prefix_xor(word) }
        }
    }
}
