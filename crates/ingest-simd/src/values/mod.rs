//! Columns of numbers and times, many fields at a time.
//!
//! The simple version, which the tests keep as oracle: look at each byte of a field and decide what it may be. The
//! kernels depart from it in this way:
//!
//! 1. A field is one 16-byte load that ends where the field ends (times: that starts where it starts), so its last digit
//!    always stands in the same place; what lies before the field is masked out, the padding makes the load sound.
//! 2. All bytes are checked by one compare and folded to a value by three multiply-adds of neighbours, two fields at
//!    once in each 128-bit lane: rows 0, 2, 4, 6 in one register and 1, 3, 5, 7 in another, whose results interleave
//!    into row order by themselves.
//! 3. A decimal point is closed by moving the bytes before it one place down; the value is mantissa / 10^scale, one
//!    division of two exact doubles and hence correctly rounded.
//!
//! The price: only the plain spelling of a value is read. Every other field is a *misfit*: it gets a placeholder, its
//! row is reported, and the caller asks the exact scalar functions. Nothing is ever guessed.

mod batch;
#[cfg(target_arch = "x86_64")]
mod digits;
#[cfg(target_arch = "x86_64")]
mod lanes;
#[cfg(target_arch = "x86_64")]
mod moments;
mod portable;
#[cfg(target_arch = "x86_64")]
mod rows;
mod scaling;
mod validity;

use crate::{Kernel, Padded, Span};

pub use batch::{Batch, DecimalFacts, IntFacts, Range};
pub use validity::Validity;

/// Ten to the powers 0–15, all exact.
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The largest mantissa that a double holds exactly, with all below it.
const MANTISSA_MAX: u64 = 1 << 53;

/// Whole numbers of up to 16 characters: `0` or `-?[1-9][0-9]*`.
///
/// Empty unquoted fields are null, all others misfits. O(fields).
///
/// # Panics
/// If a span reaches beyond the block.
pub fn parse_ints(kernel: Kernel, block: Padded<'_>, spans: &[Span], out: Batch<'_, i64>) -> IntFacts {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe {
            rows::run_avx2::<digits::Ints<lanes::Ymm>>((), block, spans, out)
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: likewise.
        Kernel::Avx512 if kernel.is_available() => unsafe {
            rows::run_avx512::<digits::Ints<lanes::Zmm>>((), block, spans, out)
        },
        _ => portable::ints(block, spans, out),
    }
}

/// Numbers of up to 16 characters, `-?digits` with a point anywhere among or beside the digits, as doubles, correctly
/// rounded.
///
/// Empty unquoted fields are null. Misfits are all others, among them `00.5`, `-0.0` and whole numbers above 2^53.
/// O(fields).
///
/// # Panics
/// If a span reaches beyond the block.
pub fn parse_floats(kernel: Kernel, block: Padded<'_>, spans: &[Span], out: Batch<'_, f64>) -> DecimalFacts {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe {
            rows::run_avx2::<digits::Floats<lanes::Ymm>>((), block, spans, out)
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: likewise.
        Kernel::Avx512 if kernel.is_available() => unsafe {
            rows::run_avx512::<digits::Floats<lanes::Zmm>>((), block, spans, out)
        },
        _ => portable::floats(block, spans, out),
    }
}

/// The numbers that [`parse_floats`] takes, as whole numbers of 10^-`scale`. Those with more than `scale` digits after
/// the point are misfits too, and those that have, so scaled, more than `precision` digits or more than 18. O(fields).
///
/// # Panics
/// If a span reaches beyond the block.
pub fn parse_decimals(
    kernel: Kernel,
    block: Padded<'_>,
    spans: &[Span],
    (precision, scale): (u8, u8),
    out: Batch<'_, i64>,
) -> DecimalFacts {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe {
            rows::run_avx2::<digits::Decimals<lanes::Ymm>>((precision, scale), block, spans, out)
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: likewise.
        Kernel::Avx512 if kernel.is_available() => unsafe {
            rows::run_avx512::<digits::Decimals<lanes::Zmm>>((precision, scale), block, spans, out)
        },
        _ => portable::decimals(block, spans, (precision, scale), out),
    }
}

/// Timestamps of 19 characters, `YYYY-MM-DD[T ]HH:MM:SS`, years 0001–9999, real days and times only, as microseconds
/// since 1970-01-01T00:00:00.
///
/// Empty unquoted fields are null, all others misfits. Gives the least and the greatest value, if any. O(fields).
///
/// # Panics
/// If a span reaches beyond the block.
pub fn parse_timestamps(kernel: Kernel, block: Padded<'_>, spans: &[Span], out: Batch<'_, i64>) -> Option<Range<i64>> {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe {
            rows::run_avx2::<moments::Timestamps<lanes::Ymm>>((), block, spans, out)
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: likewise.
        Kernel::Avx512 if kernel.is_available() => unsafe {
            rows::run_avx512::<moments::Timestamps<lanes::Zmm>>((), block, spans, out)
        },
        _ => portable::timestamps(block, spans, out),
    }
}

/// Dates `YYYY-MM-DD`, years 0001–9999, real days only, as days since 1970-01-01.
///
/// Empty unquoted fields are null, all others misfits. Gives the least and the greatest value, if any. O(fields).
///
/// # Panics
/// If a span reaches beyond the block.
pub fn parse_dates(kernel: Kernel, block: Padded<'_>, spans: &[Span], out: Batch<'_, i32>) -> Option<Range<i32>> {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the kernel is there.
        Kernel::Avx2 if kernel.is_available() => unsafe {
            rows::run_avx2::<moments::Dates<lanes::Ymm>>((), block, spans, out)
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: likewise.
        Kernel::Avx512 if kernel.is_available() => unsafe {
            rows::run_avx512::<moments::Dates<lanes::Zmm>>((), block, spans, out)
        },
        _ => portable::dates(block, spans, out),
    }
}

/// The one check that every load relies on: all spans lie inside the block. A pass of its own, as vectors: inlined where the
/// kernel's instructions are enabled.
#[inline(always)]
fn check_spans(block: Padded<'_>, spans: &[Span]) {
    let reach = spans.iter().fold(0, |reach, span| reach.max(span.start()).max(span.end()));
    assert!(reach <= block.len(), "every span lies inside its block");
}

#[cfg(test)]
mod tests;
