//! The format's hybrid of repeated values and bit-packed groups, in which dictionary codes are written.

/// Values in a bit-packed group.
const GROUP: usize = 8;

/// Groups of one value from which on a repeated run is shorter than the bit-packed one it interrupts, whatever the width.
const REPEATED_GROUPS_MIN: usize = 2;

/// Appends a run's header: a number in groups of seven bits, lowest first.
pub(super) fn write_run(mut header: u64, out: &mut Vec<u8>) {
    while header >= 0x80 {
        out.push(header as u8 | 0x80);
        header >>= 7;
    }
    out.push(header as u8);
}

/// Bits that codes of so many dictionary entries take: at least one, since readers in use refuse none.
pub(super) fn code_bits(entries: usize) -> u32 {
    usize::BITS - entries.saturating_sub(1).max(1).leading_zeros()
}

/// Appends codes of `bits` bits each. The last group is filled with zeros. O(codes).
pub(super) fn write_codes(bits: u32, codes: &[u32], out: &mut Vec<u8>) {
    let groups = codes.as_chunks::<GROUP>().0;
    let is_repeated = |group: &[u32; GROUP]| group.iter().all(|code| *code == group[0]);
    // Where the groups begin that are not written yet.
    let (mut from, mut at) = (0, 0);
    while at < groups.len() {
        if !is_repeated(&groups[at]) {
            at += 1;
            continue;
        }
        let code = groups[at][0];
        let repeated = groups[at..].iter().take_while(|group| group.iter().all(|other| *other == code)).count();
        if repeated >= REPEATED_GROUPS_MIN {
            write_packed(bits, &codes[from * GROUP..at * GROUP], out);
            write_run((repeated * GROUP) as u64 * 2, out);
            out.extend_from_slice(&code.to_le_bytes()[..bits.div_ceil(8) as usize]);
            from = at + repeated;
        }
        at += repeated;
    }
    write_packed(bits, &codes[from * GROUP..], out);
}

/// Appends one bit-packed run, or nothing if there are no codes.
fn write_packed(bits: u32, codes: &[u32], out: &mut Vec<u8>) {
    if codes.is_empty() {
        return;
    }
    write_run((codes.len().div_ceil(GROUP) as u64) << 1 | 1, out);
    ingest_simd::pack_bits(bits, codes, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads as the format prescribes, a value at a time.
    fn read(bits: u32, mut bytes: &[u8], count: usize) -> Vec<u32> {
        let mut codes = Vec::new();
        while codes.len() < count {
            let (mut header, mut shift) = (0u64, 0);
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                header |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let length = (header >> 1) as usize;
            if header & 1 == 0 {
                let width = bits.div_ceil(8) as usize;
                let code = bytes[..width].iter().rev().fold(0, |code, byte| code << 8 | u32::from(*byte));
                codes.extend(std::iter::repeat_n(code, length));
                bytes = &bytes[width..];
            } else {
                let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
                let value = |at: usize| (0..bits as usize).map(|b| bit(at * bits as usize + b) << b).sum::<u32>();
                codes.extend((0..length * GROUP).map(value));
                bytes = &bytes[length * bits as usize..];
            }
        }
        assert!(bytes.is_empty(), "nothing follows");
        codes.truncate(count);
        codes
    }

    #[test]
    fn widths_fit_the_largest_code() {
        let widths: Vec<u32> = [0, 1, 2, 3, 4, 5, 256, 257, 1 << 20].into_iter().map(code_bits).collect();
        assert_eq!(widths, [1, 1, 1, 2, 2, 3, 8, 9, 20]);
    }

    proptest! {
        #[test]
        fn codes_are_read_back(
            bits in 1u32..=20,
            runs in prop::collection::vec((any::<u32>(), prop_oneof![1usize..4, 1usize..60]), 0..60),
        ) {
            let codes: Vec<u32> =
                runs.iter().flat_map(|(code, count)| std::iter::repeat_n(code & ((1 << bits) - 1), *count)).collect();
            let mut out = Vec::new();
            write_codes(bits, &codes, &mut out);
            prop_assert_eq!(read(bits, &out, codes.len()), codes);
        }
    }
}
