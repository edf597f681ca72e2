//! DELTA_BINARY_PACKED: whole numbers as differences of neighbours, packed in as few bits as each stretch of them needs.
//! DELTA_LENGTH_BYTE_ARRAY: the lengths of texts so, then the texts.
//!
//! The form is that of the format's `Encodings.md`, after Lemire and Boytsov (2012). A block holds its least difference;
//! each of its miniblocks holds how far the differences lie above it. All arithmetic wraps at the width of the type, here
//! and in readers, so that extremes side by side are no special case.

use super::hybrid::write_run as write_varint;
use super::values::Text;

/// Differences in a block: what the format asks multiples of, and what parquet-java and Arrow write.
const BLOCK: usize = 128;

/// Differences in a miniblock: the fewest the format allows, so that one far value widens few others.
const MINIBLOCK: usize = 32;

const MINIBLOCKS: usize = BLOCK / MINIBLOCK;

/// A whole number of one of the format's widths.
pub(super) trait Whole: Copy + Ord + Default {
    /// The difference, wrapped at the type's width.
    fn minus(self, other: Self) -> Self;

    /// The bits, as a number without a sign.
    fn bits(self) -> u64;

    /// The same number, wider.
    fn widened(self) -> i64;
}

macro_rules! whole {
    ($($number:ty),*) => {$(
        impl Whole for $number {
            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            #[inline]
            fn bits(self) -> u64 {
                self.cast_unsigned().into()
            }

            #[inline]
            fn widened(self) -> i64 {
                self.into()
            }
        }
    )*};
}

whole!(i32, i64);

/// Appends numbers as DELTA_BINARY_PACKED. O(values).
pub(super) fn write_differences<T: Whole>(values: &[T], out: &mut Vec<u8>) {
    write_varint(BLOCK as u64, out);
    write_varint(MINIBLOCKS as u64, out);
    write_varint(values.len() as u64, out);
    write_varint(zigzag(values.first().map_or(0, |first| first.widened())), out);
    let mut at = 1;
    while at < values.len() {
        let end = (at + BLOCK).min(values.len());
        write_block(&values[at - 1..end], out);
        at = end;
    }
}

/// Appends texts as DELTA_LENGTH_BYTE_ARRAY. O(bytes).
///
/// A text of 2^31 bytes or more has no length here, and no place in a page either: the page is refused for its size.
pub(super) fn write_texts(texts: &[Text<'_>], out: &mut Vec<u8>) {
    write_differences(&texts.iter().map(|text| text.bytes().len() as i32).collect::<Vec<_>>(), out);
    texts.iter().for_each(|text| text.write_to(out));
}

/// Appends a block: the differences of the values from the second on, each from the one before it.
fn write_block<T: Whole>(values: &[T], out: &mut Vec<u8>) {
    let count = values.len() - 1;
    let mut differences = [T::default(); BLOCK];
    for ((difference, before), value) in differences.iter_mut().zip(values).zip(&values[1..]) {
        *difference = value.minus(*before);
    }
    let least = differences[..count].iter().copied().min().unwrap_or_default();
    // What is beyond the last difference stays zero: it fills its miniblock and widens nothing.
    let mut excesses = [[0; MINIBLOCK]; MINIBLOCKS];
    for (excess, difference) in excesses.as_flattened_mut().iter_mut().zip(&differences[..count]) {
        *excess = difference.minus(least).bits();
    }
    write_varint(zigzag(least.widened()), out);
    let widths = excesses.each_ref().map(width_of);
    out.extend_from_slice(&widths);
    widths.iter().zip(&excesses).for_each(|(&width, excesses)| pack(width, excesses, out));
}

/// Negative numbers between the positive ones, so that small ones of either sign are short.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

/// Bits that the largest of a miniblock takes: those of all of them in one word.
fn width_of(excesses: &[u64; MINIBLOCK]) -> u8 {
    (u64::BITS - excesses.iter().fold(0, |bits, excess| bits | excess).leading_zeros()) as u8
}

/// Appends numbers of `width` bits each, lowest bits first. Each width has a loop of its own in which all shifts are
/// constants, as in [`ingest_simd::pack_bits`], which knows dictionary codes only: up to 24 bits.
fn pack(width: u8, numbers: &[u64; MINIBLOCK], out: &mut Vec<u8>) {
    macro_rules! widths {
        ($($width:literal)*) => {
            match width {
                $($width => pack_width::<$width>(numbers, out),)*
                _ => {}
            }
        };
    }
    widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
    widths!(33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64);
}

fn pack_width<const BITS: usize>(numbers: &[u64; MINIBLOCK], out: &mut Vec<u8>) {
    let mut words = [0; MINIBLOCK];
    for (at, &number) in numbers.iter().enumerate() {
        let (word, shift) = (at * BITS / 64, at * BITS % 64);
        words[word] |= number << shift;
        if shift + BITS > 64 {
            words[word + 1] |= number >> (64 - shift);
        }
    }
    let mut bytes = [0; MINIBLOCK * 8];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    out.extend_from_slice(&bytes[..MINIBLOCK / 8 * BITS]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads as the format prescribes, a bit at a time; the numbers, and what follows them.
    fn read(bytes: &[u8]) -> (Vec<i64>, &[u8]) {
        let mut rest = bytes;
        let block = varint(&mut rest) as usize;
        let miniblocks = varint(&mut rest) as usize;
        let count = varint(&mut rest) as usize;
        let first = unzigzag(varint(&mut rest));
        assert!(block.is_multiple_of(128) && (block / miniblocks).is_multiple_of(32));
        let mut values = vec![first];
        while values.len() < count {
            let least = unzigzag(varint(&mut rest));
            let (widths, packed) = rest.split_at(miniblocks);
            rest = packed;
            for &width in widths {
                // A miniblock that is not needed has a width and no body.
                if values.len() >= count {
                    break;
                }
                let bit = |at: usize| u64::from(rest[at / 8] >> (at % 8) & 1);
                let width = usize::from(width);
                for number in 0..block / miniblocks {
                    let excess = (0..width).map(|b| bit(number * width + b) << b).sum::<u64>();
                    let before = *values.last().unwrap_or(&0);
                    values.push(before.wrapping_add(least).wrapping_add(excess.cast_signed()));
                }
                rest = &rest[block / miniblocks * width / 8..];
            }
        }
        values.truncate(count);
        (values, rest)
    }

    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return number;
            }
        }
    }

    fn unzigzag(number: u64) -> i64 {
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    fn check(values: &[i64]) {
        let mut out = Vec::new();
        write_differences(values, &mut out);
        assert_eq!(read(&out), (values.to_vec(), &[][..]));
    }

    #[test]
    fn extremes_and_edges_are_read_back() {
        check(&[]);
        for value in [0, -1, i64::MIN, i64::MAX] {
            check(&[value]);
            check(&[value; 300]);
        }
        check(&[i64::MIN, i64::MAX, i64::MIN, 0, i64::MAX, -1]);
        for count in [2, 32, 33, 34, 128, 129, 130, 257, 1000] {
            check(&(0..count).collect::<Vec<_>>());
            check(&(0..count).map(|n| n * n * 7919 % 1000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn numbers_of_32_bits_wrap_at_32_bits() {
        let values = [i32::MIN, i32::MAX, i32::MIN, 0, i32::MAX, 7];
        let mut out = Vec::new();
        write_differences(&values, &mut out);
        let (found, _) = read(&out);
        assert_eq!(found.iter().map(|&value| value as i32).collect::<Vec<_>>(), values);
        // Four bytes of header, five of the first value, five of the least difference: then the widths.
        assert!(out[14..18].iter().all(|width| *width <= 32), "{out:?}");
    }

    #[test]
    fn a_step_that_never_changes_takes_no_bits() {
        let mut out = Vec::new();
        write_differences(&(0..1_281).map(|n| n * 1000).collect::<Vec<i64>>(), &mut out);
        // Per block two bytes for the least difference and four for the widths.
        assert_eq!(out.len(), 2 + 1 + 2 + 1 + 10 * 6);
    }

    proptest! {
        #[test]
        fn numbers_are_read_back(
            values in prop::collection::vec(any::<i64>(), 0..600),
            width in 0u32..64,
            step in any::<i64>(),
        ) {
            let steps = (0i64..).map(|n| n.wrapping_mul(step));
            check(&values.iter().zip(steps).map(|(value, n)| (value >> width).wrapping_add(n)).collect::<Vec<_>>());
        }

        #[test]
        fn numbers_of_32_bits_are_read_back(values in prop::collection::vec(any::<i32>(), 0..600), width in 0u32..32) {
            let values: Vec<i32> = values.into_iter().map(|value| value >> width).collect();
            let mut out = Vec::new();
            write_differences(&values, &mut out);
            let (found, rest) = read(&out);
            prop_assert!(rest.is_empty());
            prop_assert_eq!(found.into_iter().map(|value| value as i32).collect::<Vec<_>>(), values);
        }

        #[test]
        fn texts_follow_their_lengths(texts in prop::collection::vec(".{0,40}", 0..300)) {
            let views: Vec<Text<'_>> = texts.iter().map(|text| Text::new(text.as_bytes(), 0, text.len())).collect();
            let mut out = Vec::new();
            write_texts(&views, &mut out);
            let (lengths, rest) = read(&out);
            let expected: Vec<i64> = texts.iter().map(|text| text.len() as i64).collect();
            prop_assert_eq!(lengths, expected);
            prop_assert_eq!(rest.to_vec(), texts.concat().into_bytes());
        }
    }
}
