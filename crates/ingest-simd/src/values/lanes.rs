//! Registers of 128-bit lanes: the small vector trait that the algorithms are written over.

use std::arch::x86_64::*;

use crate::Span;

/// A register of 128-bit lanes. Numbers in a name are the width of its elements; a comparison gives all ones for yes.
///
/// As rows, it holds one 64-bit element for each of [`Register::ROWS`] fields; as text, sixteen bytes for each second
/// field: two registers hold the text of all rows, the even ones and the odd ones.
///
/// # Safety
/// Every method may use instructions that the caller must have proved to be there: all are only called from inside a
/// function that enables the implementation's target features. Pointers are good for the bytes that are read or written.
pub(super) unsafe trait Register: Copy {
    /// Rows in a register, twice the number of lanes.
    const ROWS: usize;

    unsafe fn load_spans(from: *const Span) -> Self;
    /// Sixteen bytes from `address(lane)` for each lane.
    unsafe fn gather(address: impl Fn(usize) -> *const u8) -> Self;
    /// Eight bytes from `address(row)` for each row. One by one: the gather instructions are slower on many processors.
    unsafe fn gather64(address: impl Fn(usize) -> *const u8) -> Self;
    unsafe fn store64(self, to: *mut i64);
    /// The low half of each row.
    unsafe fn store32(self, to: *mut i32);
    unsafe fn splat8(value: i8) -> Self;
    unsafe fn splat64(value: i64) -> Self;
    /// The same sixteen bytes in each lane.
    unsafe fn lanes8(pattern: [i8; 16]) -> Self;
    /// The same eight numbers in each lane.
    unsafe fn lanes16(pattern: [i16; 8]) -> Self;

    unsafe fn and(self, other: Self) -> Self;
    unsafe fn or(self, other: Self) -> Self;
    unsafe fn xor(self, other: Self) -> Self;
    /// `!self & other`.
    unsafe fn not_and(self, other: Self) -> Self;
    unsafe fn add8(self, other: Self) -> Self;
    unsafe fn sub8(self, other: Self) -> Self;
    /// Unsigned difference, at least 0.
    unsafe fn excess8(self, other: Self) -> Self;
    unsafe fn add64(self, other: Self) -> Self;
    unsafe fn sub64(self, other: Self) -> Self;
    unsafe fn equal8(self, other: Self) -> Self;
    unsafe fn equal64(self, other: Self) -> Self;
    /// Signed, as all comparisons.
    unsafe fn above8(self, other: Self) -> Self;
    unsafe fn above16(self, other: Self) -> Self;
    unsafe fn above64(self, other: Self) -> Self;
    /// Picks bytes of the same lane; a negative index gives 0.
    unsafe fn pick8(self, indexes: Self) -> Self;
    /// Unsigned bytes times signed ones, neighbours added.
    unsafe fn fold8(self, weights: Self) -> Self;
    /// Signed 16-bit numbers multiplied, neighbours added.
    unsafe fn fold16(self, weights: Self) -> Self;
    /// The 32-bit numbers of each lane as 16-bit ones, then those of `other`.
    unsafe fn pack32(self, other: Self) -> Self;
    /// For each half lane the sum of the bytes' differences.
    unsafe fn sum8(self, other: Self) -> Self;
    /// The low halves of each lane of both, which puts even and odd rows in order.
    unsafe fn low_halves(self, other: Self) -> Self;
    /// The high halves of each lane of both.
    unsafe fn high_halves(self, other: Self) -> Self;
    /// The low 32 bits of each row multiplied, unsigned.
    unsafe fn product32(self, other: Self) -> Self;
    /// The low 32 bits of each row multiplied, signed.
    unsafe fn signed_product32(self, other: Self) -> Self;
    /// The low 64 bits of the product.
    unsafe fn product64(self, other: Self) -> Self;
    unsafe fn shift_left64<const BITS: u32>(self) -> Self;
    unsafe fn shift_right64<const BITS: u32>(self) -> Self;
    /// Each row by its own number of bits; 64 or more leave nothing.
    unsafe fn shift_left_by(self, bits: Self) -> Self;
    unsafe fn shift_right_by(self, bits: Self) -> Self;
    /// Each lane's bytes one place up, 0 in the lowest.
    unsafe fn next_byte(self) -> Self;
    /// `self` where `mask` is all ones, `other` where it is zero.
    unsafe fn or_else(self, mask: Self, other: Self) -> Self;
    /// `table[row & 15]` for each row.
    unsafe fn lookup(self, table: &[i64; 16]) -> Self;
    /// Rows of at most 2^53 as doubles.
    unsafe fn to_doubles(self) -> Self;
    unsafe fn divide_doubles(self, other: Self) -> Self;
    /// The top bit of each row, row 0 lowest.
    unsafe fn row_bits(self) -> u32;
}

/// An AVX2 register: four rows.
#[derive(Clone, Copy)]
pub(super) struct Ymm(__m256i);

/// An AVX-512 register: eight rows.
#[derive(Clone, Copy)]
pub(super) struct Zmm(__m512i);

macro_rules! binary {
    ($register:ident: $($name:ident = $intrinsic:ident;)*) => {$(
        #[inline(always)]
        unsafe fn $name(self, other: Self) -> Self {
            // SAFETY: the instruction is there, see the trait.
            unsafe { $register($intrinsic(self.0, other.0)) }
        }
    )*};
}

// SAFETY: used only from functions that enable AVX2; every method touches no more than it says.
unsafe impl Register for Ymm {
    const ROWS: usize = 4;

    binary! { Ymm:
        and = _mm256_and_si256; or = _mm256_or_si256; xor = _mm256_xor_si256; not_and = _mm256_andnot_si256;
        add8 = _mm256_add_epi8; sub8 = _mm256_sub_epi8; excess8 = _mm256_subs_epu8;
        add64 = _mm256_add_epi64; sub64 = _mm256_sub_epi64;
        equal8 = _mm256_cmpeq_epi8; equal64 = _mm256_cmpeq_epi64;
        above8 = _mm256_cmpgt_epi8; above16 = _mm256_cmpgt_epi16; above64 = _mm256_cmpgt_epi64;
        pick8 = _mm256_shuffle_epi8; fold8 = _mm256_maddubs_epi16; fold16 = _mm256_madd_epi16;
        pack32 = _mm256_packus_epi32; sum8 = _mm256_sad_epu8;
        low_halves = _mm256_unpacklo_epi64; high_halves = _mm256_unpackhi_epi64;
        shift_left_by = _mm256_sllv_epi64; shift_right_by = _mm256_srlv_epi64;
        product32 = _mm256_mul_epu32; signed_product32 = _mm256_mul_epi32;
    }

    #[inline(always)]
    unsafe fn load_spans(from: *const Span) -> Self {
        // SAFETY: four spans are readable, see the trait; a span is two 32-bit words.
        unsafe { Ymm(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn gather(address: impl Fn(usize) -> *const u8) -> Self {
        // SAFETY: sixteen bytes are readable at each address, see the trait.
        unsafe { Ymm(_mm256_loadu2_m128i(address(1).cast(), address(0).cast())) }
    }

    #[inline(always)]
    unsafe fn gather64(address: impl Fn(usize) -> *const u8) -> Self {
        // SAFETY: eight bytes are readable at each address, see the trait.
        unsafe {
            let word = |row| address(row).cast::<i64>().read_unaligned();
            Ymm(_mm256_setr_epi64x(word(0), word(1), word(2), word(3)))
        }
    }

    #[inline(always)]
    unsafe fn store64(self, to: *mut i64) {
        // SAFETY: four rows are writable, see the trait.
        unsafe { _mm256_storeu_si256(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn store32(self, to: *mut i32) {
        // SAFETY: four rows are writable, see the trait.
        unsafe {
            let order = _mm256_setr_epi32(0, 2, 4, 6, 0, 0, 0, 0);
            let halves = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(self.0, order));
            _mm_storeu_si128(to.cast(), halves);
        }
    }

    #[inline(always)]
    unsafe fn splat8(value: i8) -> Self {
        // SAFETY: AVX2, see the trait.
        unsafe { Ymm(_mm256_set1_epi8(value)) }
    }

    #[inline(always)]
    unsafe fn splat64(value: i64) -> Self {
        // SAFETY: AVX2, see the trait.
        unsafe { Ymm(_mm256_set1_epi64x(value)) }
    }

    #[inline(always)]
    unsafe fn lanes8(pattern: [i8; 16]) -> Self {
        // SAFETY: AVX2, see the trait; the pattern is sixteen bytes.
        unsafe { Ymm(_mm256_broadcastsi128_si256(_mm_loadu_si128(pattern.as_ptr().cast()))) }
    }

    #[inline(always)]
    unsafe fn lanes16(pattern: [i16; 8]) -> Self {
        // SAFETY: AVX2, see the trait; the pattern is sixteen bytes.
        unsafe { Ymm(_mm256_broadcastsi128_si256(_mm_loadu_si128(pattern.as_ptr().cast()))) }
    }

    /// In three 32-bit products: low by low, and the two crossed ones a half higher.
    #[inline(always)]
    unsafe fn product64(self, other: Self) -> Self {
        // SAFETY: AVX2, see the trait.
        unsafe {
            let crossed =
                self.shift_right64::<32>().product32(other).add64(self.product32(other.shift_right64::<32>()));
            self.product32(other).add64(crossed.shift_left64::<32>())
        }
    }

    #[inline(always)]
    unsafe fn shift_left64<const BITS: u32>(self) -> Self {
        // SAFETY: AVX2, see the trait.
        unsafe { Ymm(_mm256_sll_epi64(self.0, _mm_cvtsi32_si128(BITS.cast_signed()))) }
    }

    #[inline(always)]
    unsafe fn shift_right64<const BITS: u32>(self) -> Self {
        // SAFETY: AVX2, see the trait.
        unsafe { Ymm(_mm256_srl_epi64(self.0, _mm_cvtsi32_si128(BITS.cast_signed()))) }
    }

    #[inline(always)]
    unsafe fn next_byte(self) -> Self {
        // SAFETY: AVX2, see the trait.
        unsafe { Ymm(_mm256_bslli_epi128::<1>(self.0)) }
    }

    #[inline(always)]
    unsafe fn or_else(self, mask: Self, other: Self) -> Self {
        // SAFETY: AVX2, see the trait.
        unsafe { Ymm(_mm256_blendv_epi8(other.0, self.0, mask.0)) }
    }

    #[inline(always)]
    unsafe fn lookup(self, table: &[i64; 16]) -> Self {
        // SAFETY: AVX2, see the trait; the indexes are below 16.
        unsafe { Ymm(_mm256_i64gather_epi64::<8>(table.as_ptr(), self.and(Self::splat64(15)).0)) }
    }

    /// Each half becomes the mantissa of a double of its own, 2^84 + high · 2^32 and 2^52 + low; the sum is exact here.
    #[inline(always)]
    unsafe fn to_doubles(self) -> Self {
        const HIGH: i64 = 0x4530_0000_0000_0000;
        const LOW: i64 = 0x4330_0000_0000_0000;
        // SAFETY: AVX2, see the trait.
        unsafe {
            let high = self.shift_right64::<32>().or(Self::splat64(HIGH));
            let low = self.and(Self::splat64(0xffff_ffff)).or(Self::splat64(LOW));
            let both = _mm256_set1_pd(f64::from_bits(HIGH.cast_unsigned()) + f64::from_bits(LOW.cast_unsigned()));
            let high = _mm256_sub_pd(_mm256_castsi256_pd(high.0), both);
            Ymm(_mm256_castpd_si256(_mm256_add_pd(high, _mm256_castsi256_pd(low.0))))
        }
    }

    #[inline(always)]
    unsafe fn divide_doubles(self, other: Self) -> Self {
        // SAFETY: AVX2, see the trait.
        unsafe {
            let quotient = _mm256_div_pd(_mm256_castsi256_pd(self.0), _mm256_castsi256_pd(other.0));
            Ymm(_mm256_castpd_si256(quotient))
        }
    }

    #[inline(always)]
    unsafe fn row_bits(self) -> u32 {
        // SAFETY: AVX2, see the trait.
        unsafe { _mm256_movemask_pd(_mm256_castsi256_pd(self.0)).cast_unsigned() }
    }
}

macro_rules! comparison {
    ($($name:ident = $compare:ident, $spread:ident;)*) => {$(
        #[inline(always)]
        unsafe fn $name(self, other: Self) -> Self {
            // SAFETY: AVX-512, see the trait.
            unsafe { Zmm($spread($compare(self.0, other.0))) }
        }
    )*};
}

// SAFETY: used only from functions that enable AVX-512 F, BW and DQ; every method touches no more than it says.
unsafe impl Register for Zmm {
    const ROWS: usize = 8;

    binary! { Zmm:
        and = _mm512_and_si512; or = _mm512_or_si512; xor = _mm512_xor_si512; not_and = _mm512_andnot_si512;
        add8 = _mm512_add_epi8; sub8 = _mm512_sub_epi8; excess8 = _mm512_subs_epu8;
        add64 = _mm512_add_epi64; sub64 = _mm512_sub_epi64;
        pick8 = _mm512_shuffle_epi8; fold8 = _mm512_maddubs_epi16; fold16 = _mm512_madd_epi16;
        pack32 = _mm512_packus_epi32; sum8 = _mm512_sad_epu8;
        low_halves = _mm512_unpacklo_epi64; high_halves = _mm512_unpackhi_epi64;
        shift_left_by = _mm512_sllv_epi64; shift_right_by = _mm512_srlv_epi64;
        product32 = _mm512_mul_epu32; signed_product32 = _mm512_mul_epi32; product64 = _mm512_mullo_epi64;
    }

    comparison! {
        equal8 = _mm512_cmpeq_epi8_mask, _mm512_movm_epi8;
        equal64 = _mm512_cmpeq_epi64_mask, _mm512_movm_epi64;
        above8 = _mm512_cmpgt_epi8_mask, _mm512_movm_epi8;
        above16 = _mm512_cmpgt_epi16_mask, _mm512_movm_epi16;
        above64 = _mm512_cmpgt_epi64_mask, _mm512_movm_epi64;
    }

    #[inline(always)]
    unsafe fn load_spans(from: *const Span) -> Self {
        // SAFETY: eight spans are readable, see the trait; a span is two 32-bit words.
        unsafe { Zmm(_mm512_loadu_si512(from.cast())) }
    }

    #[inline(always)]
    unsafe fn gather(address: impl Fn(usize) -> *const u8) -> Self {
        // SAFETY: sixteen bytes are readable at each address, see the trait.
        unsafe {
            let low = _mm256_loadu2_m128i(address(1).cast(), address(0).cast());
            let high = _mm256_loadu2_m128i(address(3).cast(), address(2).cast());
            Zmm(_mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high))
        }
    }

    #[inline(always)]
    unsafe fn gather64(address: impl Fn(usize) -> *const u8) -> Self {
        // SAFETY: eight bytes are readable at each address, see the trait.
        unsafe {
            let word = |row| address(row).cast::<i64>().read_unaligned();
            Zmm(_mm512_setr_epi64(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7)))
        }
    }

    #[inline(always)]
    unsafe fn store64(self, to: *mut i64) {
        // SAFETY: eight rows are writable, see the trait.
        unsafe { _mm512_storeu_si512(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn store32(self, to: *mut i32) {
        // SAFETY: eight rows are writable, see the trait.
        unsafe { _mm256_storeu_si256(to.cast(), _mm512_cvtepi64_epi32(self.0)) }
    }

    #[inline(always)]
    unsafe fn splat8(value: i8) -> Self {
        // SAFETY: AVX-512, see the trait.
        unsafe { Zmm(_mm512_set1_epi8(value)) }
    }

    #[inline(always)]
    unsafe fn splat64(value: i64) -> Self {
        // SAFETY: AVX-512, see the trait.
        unsafe { Zmm(_mm512_set1_epi64(value)) }
    }

    #[inline(always)]
    unsafe fn lanes8(pattern: [i8; 16]) -> Self {
        // SAFETY: AVX-512, see the trait; the pattern is sixteen bytes.
        unsafe { Zmm(_mm512_broadcast_i32x4(_mm_loadu_si128(pattern.as_ptr().cast()))) }
    }

    #[inline(always)]
    unsafe fn lanes16(pattern: [i16; 8]) -> Self {
        // SAFETY: AVX-512, see the trait; the pattern is sixteen bytes.
        unsafe { Zmm(_mm512_broadcast_i32x4(_mm_loadu_si128(pattern.as_ptr().cast()))) }
    }

    #[inline(always)]
    unsafe fn shift_left64<const BITS: u32>(self) -> Self {
        // SAFETY: AVX-512, see the trait.
        unsafe { Zmm(_mm512_slli_epi64::<BITS>(self.0)) }
    }

    #[inline(always)]
    unsafe fn shift_right64<const BITS: u32>(self) -> Self {
        // SAFETY: AVX-512, see the trait.
        unsafe { Zmm(_mm512_srli_epi64::<BITS>(self.0)) }
    }

    #[inline(always)]
    unsafe fn next_byte(self) -> Self {
        // SAFETY: AVX-512, see the trait.
        unsafe { Zmm(_mm512_bslli_epi128::<1>(self.0)) }
    }

    #[inline(always)]
    unsafe fn or_else(self, mask: Self, other: Self) -> Self {
        // SAFETY: AVX-512, see the trait. The immediate is the truth table of `mask ? self : other`.
        unsafe { Zmm(_mm512_ternarylogic_epi64::<0xca>(mask.0, self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn lookup(self, table: &[i64; 16]) -> Self {
        // SAFETY: AVX-512, see the trait; the table is two registers long, indexes are taken modulo 16.
        unsafe {
            let low = _mm512_loadu_si512(table.as_ptr().cast());
            let high = _mm512_loadu_si512(table.as_ptr().add(8).cast());
            Zmm(_mm512_permutex2var_epi64(low, self.0, high))
        }
    }

    #[inline(always)]
    unsafe fn to_doubles(self) -> Self {
        // SAFETY: AVX-512, see the trait.
        unsafe { Zmm(_mm512_castpd_si512(_mm512_cvtepi64_pd(self.0))) }
    }

    #[inline(always)]
    unsafe fn divide_doubles(self, other: Self) -> Self {
        // SAFETY: AVX-512, see the trait.
        unsafe {
            let quotient = _mm512_div_pd(_mm512_castsi512_pd(self.0), _mm512_castsi512_pd(other.0));
            Zmm(_mm512_castpd_si512(quotient))
        }
    }

    #[inline(always)]
    unsafe fn row_bits(self) -> u32 {
        // SAFETY: AVX-512, see the trait.
        unsafe { _mm512_movepi64_mask(self.0).into() }
    }
}
