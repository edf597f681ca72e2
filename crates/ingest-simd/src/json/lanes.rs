//! What is asked of the bytes of a value at once.

/// A way to look at some bytes.
///
/// # Safety
/// The methods may use instructions that the caller must have proved to be there: an implementation is only used from
/// inside a function that enables its target features.
pub(super) unsafe trait Lanes {
    /// Bytes that [`Lanes::string_marks`] looks at.
    const BYTES: usize;

    /// Which of the 16 bytes at `from` are digits, and which are points.
    ///
    /// # Safety
    /// They are readable, and the CPU has the implementation's instructions.
    unsafe fn digits_and_points(from: *const u8) -> (u32, u32);

    /// Which of the [`Lanes::BYTES`] at `from` are quotes, LFs, and backslashes or other control characters.
    ///
    /// # Safety
    /// They are readable, and the CPU has the implementation's instructions.
    unsafe fn all_marks(from: *const u8) -> [u64; 3];

    /// Which of the [`Lanes::BYTES`] at `from` are quotes, backslashes or control characters.
    ///
    /// # Safety
    /// They are readable, and the CPU has the implementation's instructions.
    #[inline(always)]
    unsafe fn string_marks(from: *const u8) -> u64 {
        // SAFETY: passed on from the caller.
        let [quotes, lines, others] = unsafe { Self::all_marks(from) };
        quotes | lines | others
    }
}

/// Two words of eight bytes; runs everywhere.
pub(super) struct Words;

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const EACH: u64 = 0x0101_0101_0101_0101;

/// 0x80 in each byte of `word`, all of them below 0x80, that is `least` or more. No carry crosses bytes.
#[inline(always)]
fn at_least(word: u64, least: u8) -> u64 {
    word + EACH * u64::from(0x80 - least)
}

/// 0x80 in each byte that is `byte`, which is below 0x80.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let differences = word ^ (EACH * u64::from(byte));
    !(((differences & LOW) + LOW) | differences | LOW)
}

/// Gathers bits 7, 15, … 63 into the lowest byte.
#[inline(always)]
fn gathered(marks: u64) -> u32 {
    ((((marks & !LOW) >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56) as u32
}

// SAFETY: plain Rust, no special instructions.
unsafe impl Lanes for Words {
    const BYTES: usize = 16;

    #[inline(always)]
    unsafe fn digits_and_points(from: *const u8) -> (u32, u32) {
        // SAFETY: sixteen bytes are readable, see the trait.
        let words = unsafe { from.cast::<[[u8; 8]; 2]>().read() }.map(u64::from_le_bytes);
        let digits = |word: u64| {
            let ascii = word & LOW;
            gathered(at_least(ascii, b'0') & !at_least(ascii, b'9' + 1) & !word)
        };
        let points = |word| gathered(equal(word, b'.'));
        let both = |mask: &dyn Fn(u64) -> u32| mask(words[0]) | mask(words[1]) << 8;
        (both(&digits), both(&points))
    }

    #[inline(always)]
    unsafe fn all_marks(from: *const u8) -> [u64; 3] {
        // SAFETY: sixteen bytes are readable, see the trait.
        let words = unsafe { from.cast::<[[u8; 8]; 2]>().read() }.map(u64::from_le_bytes);
        let others = |word: u64| {
            let control = !(at_least(word & LOW, b' ') | word);
            gathered((control & !equal(word, b'\n')) | equal(word, b'\\'))
        };
        let (quotes, lines) = (|word| gathered(equal(word, b'"')), |word| gathered(equal(word, b'\n')));
        let both = |mask: &dyn Fn(u64) -> u32| u64::from(mask(words[0]) | mask(words[1]) << 8);
        [both(&quotes), both(&lines), both(&others)]
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Ymm, Zmm};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    /// Which of 16 bytes are digits, and which are points. SSE2, which every x86-64 has.
    #[inline(always)]
    unsafe fn digits_and_points(from: *const u8) -> (u32, u32) {
        // SAFETY: sixteen bytes are readable, see the trait.
        unsafe {
            let bytes = _mm_loadu_si128(from.cast());
            // Digits are the bytes that, less '0', are at most 9 as unsigned ones.
            let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0'.cast_signed()));
            let digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
            let points = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'.'.cast_signed()));
            (_mm_movemask_epi8(digits).cast_unsigned(), _mm_movemask_epi8(points).cast_unsigned())
        }
    }

    /// One AVX2 register.
    pub(in super::super) struct Ymm;

    // SAFETY: used only from functions that enable AVX2.
    unsafe impl Lanes for Ymm {
        const BYTES: usize = 32;

        #[inline(always)]
        unsafe fn digits_and_points(from: *const u8) -> (u32, u32) {
            // SAFETY: passed on from the caller.
            unsafe { digits_and_points(from) }
        }

        #[inline(always)]
        unsafe fn all_marks(from: *const u8) -> [u64; 3] {
            // SAFETY: 32 bytes are readable, AVX2, see the trait.
            unsafe {
                let bytes = _mm256_loadu_si256(from.cast());
                let mask = |found| u64::from(_mm256_movemask_epi8(found).cast_unsigned());
                let equal = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte.cast_signed()));
                let control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
                let others = _mm256_or_si256(_mm256_andnot_si256(equal(b'\n'), control), equal(b'\\'));
                [mask(equal(b'"')), mask(equal(b'\n')), mask(others)]
            }
        }
    }

    /// One AVX-512 register.
    pub(in super::super) struct Zmm;

    // SAFETY: used only from functions that enable AVX-512 F, BW and VL.
    unsafe impl Lanes for Zmm {
        const BYTES: usize = 64;

        #[inline(always)]
        unsafe fn digits_and_points(from: *const u8) -> (u32, u32) {
            // SAFETY: passed on from the caller.
            unsafe { digits_and_points(from) }
        }

        #[inline(always)]
        unsafe fn all_marks(from: *const u8) -> [u64; 3] {
            // SAFETY: 64 bytes are readable, AVX-512 BW, see the trait.
            unsafe {
                let bytes = _mm512_loadu_si512(from.cast());
                let equal = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()));
                let control = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20));
                let lines = equal(b'\n');
                [equal(b'"'), lines, (control & !lines) | equal(b'\\')]
            }
        }
    }
}
