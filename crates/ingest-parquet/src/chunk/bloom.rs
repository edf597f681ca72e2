//! Bloom filters: which values a chunk surely does not hold.
//!
//! The format's split-block filter (Putze, Sanders, Singler 2007; `BloomFilter.md`) over the bytes that PLAIN gives each
//! value. The filter itself is the `parquet` crate's.

use parquet::bloom_filter::Sbbf;

use super::values::{Text, Wide};

/// Bits for each different value: by the format's table, one value in a hundred that is not there is then taken for one that
/// is.
const BITS_PER_VALUE: f64 = 10.5;

/// No filter is larger: 12 million different values. With more of them, more are wrongly taken to be there.
const FILTER_BYTES_MAX: usize = 16 << 20;

/// A value as filters know it.
pub(super) trait Hashed: Copy {
    /// Adds the value. `width`: bytes of a value of fixed length.
    fn insert_into(self, width: usize, filter: &mut Sbbf);
}

impl Hashed for i32 {
    fn insert_into(self, _width: usize, filter: &mut Sbbf) {
        filter.insert(&self);
    }
}

impl Hashed for i64 {
    fn insert_into(self, _width: usize, filter: &mut Sbbf) {
        filter.insert(&self);
    }
}

impl Hashed for f64 {
    /// What compares equal must be found: the zero of the other sign, and whichever NaN is asked for.
    fn insert_into(self, _width: usize, filter: &mut Sbbf) {
        filter.insert(&self);
        if self == 0.0 {
            filter.insert(&-self);
        }
        if self.is_nan() {
            filter.insert(&f64::NAN);
        }
    }
}

impl Hashed for Wide {
    fn insert_into(self, width: usize, filter: &mut Sbbf) {
        filter.insert(&self.0.to_be_bytes()[16 - width..]);
    }
}

impl Hashed for Text<'_> {
    fn insert_into(self, _width: usize, filter: &mut Sbbf) {
        filter.insert(self.bytes());
    }
}

/// The filter of all values in the parts; of no values, one that holds nothing. O(values).
///
/// It is begun as if all values were different, and folded as long as the fuller one keeps the rate; so its size follows the
/// number of different values, which nobody has to count.
pub(super) fn filter_of<T: Hashed>(parts: &[&[T]], width: usize) -> Sbbf {
    let count: usize = parts.iter().map(|part| part.len()).sum();
    let mut filter = Sbbf::new_with_num_of_bytes(filter_bytes(count));
    parts.iter().copied().flatten().for_each(|value| value.insert_into(width, &mut filter));
    filter.fold_to_target_fpp(estimate_wanted());
    filter
}

/// Bytes for so many different values; the filter rounds up to a power of two.
fn filter_bytes(values: usize) -> usize {
    ((values as f64 * BITS_PER_VALUE / 8.0) as usize).min(FILTER_BYTES_MAX)
}

/// What the crate's estimate says of a filter with [`BITS_PER_VALUE`]: each value sets one bit in each of a block's eight
/// words. The estimate takes all blocks for equally full, and so comes out lower than the rate.
fn estimate_wanted() -> f64 {
    (1.0 - (-8.0 / BITS_PER_VALUE).exp()).powi(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(filter: &Sbbf) -> usize {
        filter.num_blocks() * 32
    }

    #[test]
    fn values_are_found_and_few_others_are() {
        for count in [1i64, 40, 799, 10_000, 99_000, 1_000_000] {
            let values: Vec<i64> = (0..count).map(|n| n * 1_000_003).collect();
            let filter = filter_of(&[&values[..values.len() / 2], &values[values.len() / 2..]], 8);
            assert!(values.iter().all(|value| filter.check(value)), "{count}");
            let others = 100_000i64;
            let found = (0..others).filter(|n| filter.check(&(n * 1_000_003 + 1))).count();
            assert!(found as f64 <= 0.012 * others as f64, "{found} of {others} with {count}");
            assert!(bytes(&filter) <= (count as usize * 21 / 8).max(32), "{} bytes for {count}", bytes(&filter));
        }
    }

    #[test]
    fn the_size_follows_the_different_values() {
        let few: Vec<i64> = (0..100_000).map(|n| n % 100).collect();
        let filter = filter_of(&[&few], 8);
        assert!(bytes(&filter) <= 256, "{}", bytes(&filter));
        assert!((0..100i64).all(|value| filter.check(&value)));
        assert_eq!(bytes(&filter_of::<i64>(&[], 8)), 32);
        assert_eq!(filter_bytes(usize::MAX), FILTER_BYTES_MAX);
    }

    #[test]
    fn equal_floats_are_found_whatever_their_bits() {
        let filter = filter_of(&[&[-0.0, f64::from_bits(0xfff8_0000_0000_0001)]], 8);
        assert!(filter.check(&0.0f64) && filter.check(&-0.0f64) && filter.check(&f64::NAN));
        assert!(!filter.check(&1.0f64));
    }
}
