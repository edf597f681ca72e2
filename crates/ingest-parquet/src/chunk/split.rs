//! BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on. It takes as many bytes as PLAIN; what
//! is alike in all values (signs and exponents) then lies together, where a codec finds it.

/// Bytes of a value, and values that change places at once.
const WIDTH: usize = 8;

/// Appends floats as BYTE_STREAM_SPLIT. O(values).
///
/// The simple version goes through all values once a byte. This one turns eight of them at a time: as a square of eight
/// bytes by eight, mirrored in registers.
pub(super) fn write_split(values: &[f64], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + values.len() * WIDTH, 0);
    if values.is_empty() {
        return;
    }
    let mut streams: Vec<&mut [u8]> = out[start..].chunks_exact_mut(values.len()).collect();
    let (squares, rest) = values.as_chunks::<WIDTH>();
    for (square, values) in squares.iter().enumerate() {
        let turned = mirror(values.map(f64::to_bits));
        for (stream, bytes) in streams.iter_mut().zip(turned) {
            stream[square * WIDTH..][..WIDTH].copy_from_slice(&bytes.to_le_bytes());
        }
    }
    for (at, value) in (squares.len() * WIDTH..).zip(rest) {
        streams.iter_mut().zip(value.to_le_bytes()).for_each(|(stream, byte)| stream[at] = byte);
    }
}

/// Byte `b` of word `w` becomes byte `w` of word `b`. Three rounds (Warren, Hacker's Delight, "Transposing a bit matrix", with
/// bytes for bits): words four apart exchange halves, then words two apart quarters, then neighbours bytes.
#[inline(always)]
fn mirror(mut words: [u64; WIDTH]) -> [u64; WIDTH] {
    for (apart, mask) in [(4, 0x0000_0000_ffff_ffff), (2, 0x0000_ffff_0000_ffff), (1, 0x00ff_00ff_00ff_00ff)] {
        for low in (0..WIDTH).filter(|word| word & apart == 0) {
            let shift = apart * 8;
            let exchanged = (words[low] >> shift ^ words[low + apart]) & mask;
            words[low + apart] ^= exchanged;
            words[low] ^= exchanged << shift;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_byte_lies_in_its_stream(bits in prop::collection::vec(any::<u64>(), 0..100)) {
            let values: Vec<f64> = bits.iter().copied().map(f64::from_bits).collect();
            let mut out = vec![0xee];
            write_split(&values, &mut out);
            prop_assert_eq!(out.remove(0), 0xee, "what is there stays");
            let plain: Vec<[u8; 8]> = bits.iter().map(|bits| bits.to_le_bytes()).collect();
            let expected: Vec<u8> = (0..8).flat_map(|byte| plain.iter().map(move |value| value[byte])).collect();
            prop_assert_eq!(out, expected);
        }
    }
}
