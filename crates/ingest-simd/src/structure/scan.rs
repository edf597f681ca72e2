//! One pass over a chunk that starts anywhere: what it holds if it starts outside quotes, and if inside.

use super::lanes::{Lanes, Words};
use super::{Masks, Structure, low_bits};
use crate::{Kernel, Padded};

/// What a chunk holds under one answer to "does it start inside quotes?".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hypothesis {
    /// Whether the byte after the chunk is inside quotes.
    pub ends_inside: bool,
    /// How many records end in the chunk, blank lines included.
    pub record_ends: u64,
    /// How many of them are blank lines.
    pub blank_lines: u64,
    /// Offset after the last record end; 0 where a CR before the chunk turned out to be the last one.
    pub last_record_end: Option<usize>,
    /// Some quote stands where strict quoting has none: the other figures may be wrong.
    pub irregular: bool,
}

/// What one pass over a chunk found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkScan {
    /// If the chunk starts outside quotes.
    pub outside: Hypothesis,
    /// If the chunk starts inside quotes.
    pub inside: Hypothesis,
    /// Line ends, inside quotes or not. A CR that ends the chunk is counted by the next one.
    pub line_breaks: u64,
}

impl ChunkScan {
    /// The answer for a known start.
    pub fn starting(&self, inside: bool) -> &Hypothesis {
        if inside { &self.inside } else { &self.outside }
    }
}

/// Scans a chunk. `previous` is the byte before it, `None` at the start of the source.
///
/// A CR as the chunk's last byte is left to the next chunk, which knows whether an LF follows.
pub fn scan_chunk(kernel: Kernel, chunk: Padded<'_>, previous: Option<u8>, structure: &Structure) -> ChunkScan {
    if chunk.is_empty() {
        return ChunkScan { inside: Hypothesis { ends_inside: true, ..Default::default() }, ..Default::default() };
    }
    match kernel {
        // SAFETY: plain Rust; the chunk is padded.
        Kernel::Portable => unsafe { scan::<Words>(chunk, previous, structure) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a kernel is only handed out where the CPU has it (`Kernel::select`), and it is checked again here.
        Kernel::Avx2 if kernel.is_available() => unsafe { scan_avx2(chunk, previous, structure) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Kernel::Avx512 if kernel.is_available() => unsafe { scan_avx512(chunk, previous, structure) },
        // SAFETY: plain Rust; the chunk is padded.
        _ => unsafe { scan::<Words>(chunk, previous, structure) },
    }
}

/// # Safety
/// The CPU has the named features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,pclmulqdq")]
unsafe fn scan_avx2(chunk: Padded<'_>, previous: Option<u8>, structure: &Structure) -> ChunkScan {
    // SAFETY: the features are enabled, the chunk is padded.
    unsafe { scan::<super::lanes::Ymm>(chunk, previous, structure) }
}

/// # Safety
/// The CPU has the named features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi1,bmi2,popcnt,lzcnt,pclmulqdq")]
unsafe fn scan_avx512(chunk: Padded<'_>, previous: Option<u8>, structure: &Structure) -> ChunkScan {
    // SAFETY: the features are enabled, the chunk is padded.
    unsafe { scan::<super::lanes::Zmm>(chunk, previous, structure) }
}

/// # Safety
/// The CPU has the instructions of `L`.
#[inline(always)]
unsafe fn scan<L: Lanes>(chunk: Padded<'_>, previous: Option<u8>, structure: &Structure) -> ChunkScan {
    let length = chunk.len();
    let bytes = chunk.as_ptr();
    let mut scanner = Scanner::new(previous, chunk.bytes()[0], structure);
    let mut at = 0;
    while at < length {
        let live = low_bits(length - at);
        // SAFETY: `at < length` and 64 readable bytes follow the chunk.
        let masks = unsafe { L::masks(bytes.add(at), structure) }.keep(live);
        // SAFETY: at most one byte past the block, still within the padding.
        let lf_after = masks.cr >> 63 != 0 && unsafe { *bytes.add(at + 64) } == b'\n';
        let mut ends = masks.line_ends(lf_after);
        if at + 64 >= length {
            // The chunk's last byte: a CR there waits for the next chunk.
            ends &= !(masks.cr & (1 << (length - 1 - at)));
        }
        scanner.lines += u64::from(ends.count_ones());
        if masks.quote == 0 {
            scanner.plain_block(at, &masks, ends);
        } else {
            // SAFETY: the instructions of `L` are there.
            let inside = unsafe { L::prefix_xor(masks.quote) } ^ scanner.parity;
            scanner.quoted_block(at, &masks, ends, inside, live);
        }
        at += 64;
    }
    scanner.finish()
}

/// The state between blocks, and the sums under both hypotheses (index 0: started outside, 1: inside).
struct Scanner {
    /// All ones while hypothesis 0 is inside quotes.
    parity: u64,
    /// Bit 0: the byte before the block is a quote.
    after_quote: u64,
    /// Bit 0: a quote may open at the block's first byte.
    may_open: u64,
    /// Bit 0: the block's first byte begins a line, by hypothesis.
    line_start: [u64; 2],
    sides: [Hypothesis; 2],
    irregular: [u64; 2],
    lines: u64,
}

impl Scanner {
    #[inline(always)]
    fn new(previous: Option<u8>, first: u8, structure: &Structure) -> Self {
        let is_break = |byte| byte == b'\n' || byte == b'\r';
        let cr_ended = previous == Some(b'\r') && first != b'\n';
        let after_quote = previous.is_some() && previous == structure.quote;
        let may_open = previous.is_none_or(|byte| is_break(byte) || Some(byte) == structure.delimiter || after_quote);
        let line_start = u64::from(previous.is_none() || previous == Some(b'\n') || cr_ended);
        let mut sides = [Hypothesis::default(); 2];
        if cr_ended {
            sides[0].record_ends = 1;
            sides[0].last_record_end = Some(0);
        }
        Scanner {
            parity: 0,
            after_quote: u64::from(after_quote),
            may_open: u64::from(may_open),
            line_start: [line_start, 0],
            sides,
            irregular: [0; 2],
            lines: u64::from(cr_ended),
        }
    }

    /// A block without quotes: one hypothesis is outside for all of it, the other inside.
    #[inline(always)]
    fn plain_block(&mut self, at: usize, masks: &Masks, ends: u64) {
        let outside = (self.parity & 1) as usize;
        let structural = masks.delimiter | masks.lf | masks.cr;
        self.irregular[outside] |= self.after_quote & !structural;
        self.after_quote = 0;
        self.may_open = structural >> 63;
        self.record(outside, at, ends, masks.lf | masks.cr);
        self.line_start[1 - outside] = 0;
    }

    /// A block with quotes. `inside`: which bytes are inside under hypothesis 0, opening quotes included.
    #[inline(always)]
    fn quoted_block(&mut self, at: usize, masks: &Masks, ends: u64, inside: u64, live: u64) {
        let structural = masks.delimiter | masks.lf | masks.cr | masks.quote;
        let bad_opening = masks.quote & !((structural << 1) | self.may_open);
        let bad_after = ((masks.quote << 1) | self.after_quote) & !structural & live;
        self.irregular[0] |= (bad_opening & inside) | (bad_after & !inside);
        self.irregular[1] |= (bad_opening & !inside) | (bad_after & inside);
        self.after_quote = masks.quote >> 63;
        self.may_open = structural >> 63;
        self.parity = ((inside.cast_signed()) >> 63).cast_unsigned();
        let breaks = masks.lf | masks.cr;
        self.record(0, at, ends & !inside, breaks & !inside);
        self.record(1, at, ends & inside, breaks & inside);
    }

    /// Adds the record ends of one block under one hypothesis.
    #[inline(always)]
    fn record(&mut self, side: usize, at: usize, ends: u64, breaks: u64) {
        let sums = &mut self.sides[side];
        sums.record_ends += u64::from(ends.count_ones());
        sums.blank_lines += u64::from((breaks & ((ends << 1) | self.line_start[side])).count_ones());
        self.line_start[side] = ends >> 63;
        if ends != 0 {
            sums.last_record_end = Some(at + 64 - ends.leading_zeros() as usize);
        }
    }

    #[inline(always)]
    fn finish(self) -> ChunkScan {
        let [mut outside, mut inside] = self.sides;
        outside.ends_inside = self.parity != 0;
        inside.ends_inside = self.parity == 0;
        outside.irregular = self.irregular[0] != 0;
        inside.irregular = self.irregular[1] != 0;
        ChunkScan { outside, inside, line_breaks: self.lines }
    }
}
