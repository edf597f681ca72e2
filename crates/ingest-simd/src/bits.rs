//! Numbers of a few bits each, packed without gaps, lowest bits first.

/// Values packed at once: they end at a whole byte whatever their width.
const GROUP: usize = 8;

/// Appends `codes`, each in `bits` bits; the last group of eight is filled with zeros. Bits of a code above the width are the
/// caller's mistake and spoil its neighbours.
///
/// Each width has a loop of its own in which all shifts are constants. O(codes).
///
/// # Panics
/// If `bits` is not 1 to 24.
pub fn pack_bits(bits: u32, codes: &[u32], out: &mut Vec<u8>) {
    macro_rules! widths {
        ($($width:literal)*) => {
            match bits {
                $($width => pack::<$width>(codes, out),)*
                _ => panic!("codes have 1 to 24 bits, not {bits}"),
            }
        };
    }
    widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24);
}

fn pack<const BITS: usize>(codes: &[u32], out: &mut Vec<u8>) {
    let (groups, rest) = codes.as_chunks::<GROUP>();
    let start = out.len();
    out.resize(start + (groups.len() + usize::from(!rest.is_empty())) * BITS, 0);
    let (packed, _) = out[start..].as_chunks_mut::<BITS>();
    for (group, packed) in groups.iter().zip(&mut *packed) {
        *packed = pack_group::<BITS>(group);
    }
    if !rest.is_empty() {
        let mut group = [0; GROUP];
        group[..rest.len()].copy_from_slice(rest);
        packed[groups.len()] = pack_group::<BITS>(&group);
    }
}

/// Eight codes are `BITS` bytes. They meet in 64-bit words, which are at most three.
#[inline(always)]
fn pack_group<const BITS: usize>(group: &[u32; GROUP]) -> [u8; BITS] {
    let mut words = [0u64; 4];
    for (at, &code) in group.iter().enumerate() {
        let (word, shift) = (at * BITS / 64, at * BITS % 64);
        words[word] |= u64::from(code) << shift;
        if shift + BITS > 64 {
            words[word + 1] |= u64::from(code) >> (64 - shift);
        }
    }
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    let mut packed = [0; BITS];
    packed.copy_from_slice(&bytes[..BITS]);
    packed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_bit_lies_where_it_should(bits in 1u32..=24, codes in prop::collection::vec(any::<u32>(), 0..100)) {
            let codes: Vec<u32> = codes.into_iter().map(|code| code & ((1 << bits) - 1)).collect();
            let mut packed = vec![0xee];
            pack_bits(bits, &codes, &mut packed);
            prop_assert_eq!(packed.remove(0), 0xee, "what is there stays");
            prop_assert_eq!(packed.len(), codes.len().div_ceil(GROUP) * bits as usize);
            let bit = |at: usize| u32::from(packed[at / 8] >> (at % 8) & 1);
            for (number, code) in codes.iter().enumerate() {
                let found = (0..bits as usize).map(|b| bit(number * bits as usize + b) << b).sum::<u32>();
                prop_assert_eq!(found, *code);
            }
            prop_assert!((codes.len() * bits as usize..packed.len() * 8).all(|at| bit(at) == 0), "filled with zeros");
        }
    }
}
