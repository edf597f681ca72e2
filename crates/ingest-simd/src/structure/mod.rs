//! The structure of delimited text as masks: 64 bytes at a time, one bit a byte.
//!
//! The simple version, which the tests keep as oracle: walk the bytes, flip `inside` at each quote, and outside quotes
//! end a field at each delimiter and a record at each LF, CRLF or lone CR. The kernels depart from it in this way:
//!
//! 1. Each class of byte is one compare of 64 bytes, so [`Masks`] holds four words per block.
//! 2. `inside` for all 64 bytes is the prefix-xor of the quote word: one carry-less multiply by all ones
//!    (Langdale and Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28, 2019). One bit is carried on.
//! 3. A chunk that starts anywhere is scanned once for both answers to "does it start inside quotes?": inside under the
//!    one is outside under the other, so the second answer costs two `and`s.
//!
//! The price: parity is the truth only while every quote stands where strict quoting allows it. The masks see that too,
//! and report it ([`Hypothesis::irregular`]); such chunks belong to the exact machine of `ingest-parse`.

mod index;
mod lanes;
mod scan;

pub use index::{FIELD_END, Marks, Quoting, RECORD_END, column_spans, index_fields};
pub use scan::{ChunkScan, Hypothesis, scan_chunk};

/// The bytes that carry structure beside LF and CR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure {
    /// What separates fields, if anything does.
    pub delimiter: Option<u8>,
    /// What fields may be wrapped in, if anything.
    pub quote: Option<u8>,
}

/// Which of 64 bytes are what; bit `i` speaks of byte `i`.
#[derive(Clone, Copy)]
struct Masks {
    delimiter: u64,
    quote: u64,
    lf: u64,
    cr: u64,
}

impl Masks {
    /// The same, with every bit cleared that is not in `live`.
    #[inline(always)]
    fn keep(self, live: u64) -> Masks {
        Masks { delimiter: self.delimiter & live, quote: self.quote & live, lf: self.lf & live, cr: self.cr & live }
    }

    /// The last byte of each line end: every LF, and each CR that no LF follows. `lf_after`: whether an LF follows byte 63.
    #[inline(always)]
    fn line_ends(&self, lf_after: bool) -> u64 {
        if self.cr == 0 {
            return self.lf;
        }
        self.lf | (self.cr & !((self.lf >> 1) | (u64::from(lf_after) << 63)))
    }
}

/// The bits below `count`, all of them for 64 and more.
#[inline(always)]
fn low_bits(count: usize) -> u64 {
    if count >= 64 { !0 } else { (1 << count) - 1 }
}

#[cfg(test)]
mod tests;
