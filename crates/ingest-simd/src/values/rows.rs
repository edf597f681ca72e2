//! The walk down a column, a register of rows at a time.

use super::lanes::{Register, Ymm, Zmm};
use super::{Batch, check_spans};
use crate::{Padded, Span};

/// What one register of rows gave, one bit a row.
#[derive(Clone, Copy)]
pub(super) struct Verdict {
    /// The rows that hold a value.
    pub(super) values: u32,
    /// The rows that are empty and unquoted.
    pub(super) nulls: u32,
}

/// How the fields of one type are read.
///
/// # Safety
/// `rows` is called with [`Register::ROWS`] spans that lie inside the block whose first byte is at `base`, in which 64
/// bytes on both sides are readable, and with as many writable values at `out`, all of which it writes. All methods are
/// only called where `R`'s instructions are enabled.
pub(super) unsafe trait Column<R: Register>: Sized {
    type Value: Copy + Default;
    type Options: Copy;
    type Facts;

    unsafe fn new(options: Self::Options) -> Self;
    unsafe fn rows(&mut self, base: *const u8, spans: *const Span, out: *mut Self::Value) -> Verdict;
    unsafe fn facts(self) -> Self::Facts;
}

/// Reads all spans with the AVX2 form.
///
/// # Safety
/// The CPU has [`crate::Kernel::Avx2`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) unsafe fn run_avx2<C: Column<Ymm>>(
    options: C::Options,
    block: Padded<'_>,
    spans: &[Span],
    out: Batch<'_, C::Value>,
) -> C::Facts {
    // SAFETY: passed on.
    unsafe { run::<Ymm, C>(options, block, spans, out) }
}

/// Reads all spans with the AVX-512 form.
///
/// # Safety
/// The CPU has [`crate::Kernel::Avx512`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) unsafe fn run_avx512<C: Column<Zmm>>(
    options: C::Options,
    block: Padded<'_>,
    spans: &[Span],
    out: Batch<'_, C::Value>,
) -> C::Facts {
    // SAFETY: passed on.
    unsafe { run::<Zmm, C>(options, block, spans, out) }
}

/// # Safety
/// The instructions of `R` are enabled.
#[inline(always)]
unsafe fn run<R: Register, C: Column<R>>(
    options: C::Options,
    block: Padded<'_>,
    spans: &[Span],
    out: Batch<'_, C::Value>,
) -> C::Facts {
    check_spans(block, spans);
    let Batch { values, validity, misfits } = out;
    let base = block.as_ptr();
    values.reserve(spans.len());
    let (groups, rest) = spans.split_at(spans.len() - spans.len() % R::ROWS);
    // SAFETY: as the caller says, and the spans are checked; each group has room for its values, which `rows` writes before the length is set.
    unsafe {
        let mut column = C::new(options);
        let start = values.len();
        let room = values.spare_capacity_mut().as_mut_ptr().cast::<C::Value>();
        for row in (0..groups.len()).step_by(R::ROWS) {
            let verdict = column.rows(base, groups.as_ptr().add(row), room.add(row));
            note(verdict, row, R::ROWS, validity, misfits);
        }
        values.set_len(start + groups.len());
        if !rest.is_empty() {
            // Rows that are not there are empty fields, which are null, and then forgotten.
            let mut padded = [Span::default(); 8];
            let mut parsed = [C::Value::default(); 8];
            padded[..rest.len()].copy_from_slice(rest);
            let verdict = column.rows(base, padded.as_ptr(), parsed.as_mut_ptr());
            note(verdict, groups.len(), rest.len(), validity, misfits);
            values.extend_from_slice(&parsed[..rest.len()]);
        }
        column.facts()
    }
}

/// Keeps what `count` rows from `row` on gave.
#[inline(always)]
fn note(verdict: Verdict, row: usize, count: usize, validity: &mut super::Validity, misfits: &mut Vec<u32>) {
    let live = u32::MAX >> (32 - count);
    validity.push(u64::from(verdict.values & live), count);
    let strange = !(verdict.values | verdict.nulls) & live;
    if strange != 0 {
        list(strange, row, misfits);
    }
}

/// Apart from the loop, which seldom comes here.
#[cold]
#[inline(never)]
fn list(mut strange: u32, row: usize, misfits: &mut Vec<u32>) {
    while strange != 0 {
        // A block has fewer fields than bytes, and those are below 2^31.
        misfits.push(row as u32 + strange.trailing_zeros());
        strange &= strange - 1;
    }
}
