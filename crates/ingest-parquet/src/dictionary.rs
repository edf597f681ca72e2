//! Whether a column chunk is worth a dictionary, from a sample of its values.
//!
//! Interning a value costs several times what copying it does, so a dictionary must earn its keep: it is built where it
//! is small and makes the chunk clearly smaller before compression. The answer is a function of the values alone.

use ingest_columnar::arrow::array::{Array, ArrayRef, AsArray};
use ingest_columnar::arrow::datatypes::DataType;

use crate::options::DICTIONARY_BYTES_MAX;

/// Values looked at: sorting so many hashes takes some 0.1 ms, where encoding a full group's column takes ten.
const SAMPLE_VALUES: usize = 8192;

/// Half of what makes the encoder give up: a sample that misleads a little still does not cost a fallback.
const DICTIONARY_BYTES_WANTED: f64 = (DICTIONARY_BYTES_MAX / 2) as f64;

/// Codes and dictionary together must come to less than this share of the plain values.
const SIZE_SHARE_WANTED: f64 = 0.6;

/// Whether the values of `array` should be written through a dictionary. O(sample), at most 8192 values.
pub(crate) fn pays(array: &ArrayRef) -> bool {
    match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            Sample::take(array, |row| texts.value(row).as_bytes(), TEXT_LENGTH_BYTES).pays()
        }
        DataType::LargeUtf8 => {
            let texts = array.as_string::<i64>();
            Sample::take(array, |row| texts.value(row).as_bytes(), TEXT_LENGTH_BYTES).pays()
        }
        other => match other.primitive_width() {
            Some(width) => {
                let data = array.to_data();
                let values = &data.buffers()[0].as_slice()[data.offset() * width..];
                Sample::take(array, |row| &values[row * width..(row + 1) * width], 0).pays()
            }
            None => false,
        },
    }
}

/// PLAIN writes a text's length before it.
const TEXT_LENGTH_BYTES: usize = 4;

/// What a sample says about a chunk.
struct Sample {
    /// Values in the chunk, nulls left out.
    population: f64,
    /// Values sampled.
    taken: usize,
    /// Different ones among them.
    distinct: usize,
    /// Those seen once.
    singles: usize,
    /// Those seen twice.
    doubles: usize,
    /// Mean bytes of a value as PLAIN writes it.
    width: f64,
}

impl Sample {
    /// Looks at rows spread evenly over the array, each at a scattered place in its stretch so that no period of the data
    /// can hide.
    fn take<'a>(array: &ArrayRef, value: impl Fn(usize) -> &'a [u8], overhead: usize) -> Sample {
        let rows = array.len();
        let looks = rows.min(SAMPLE_VALUES);
        let mut hashes = Vec::with_capacity(looks);
        let mut bytes = 0;
        for look in 0..looks {
            let (from, to) = (stretch(rows, looks, look), stretch(rows, looks, look + 1));
            let row = from + scatter(look as u64) as usize % (to - from);
            if array.is_valid(row) {
                let value = value(row);
                bytes += value.len() + overhead;
                hashes.push(hash(value));
            }
        }
        hashes.sort_unstable();
        let [distinct, singles, doubles] = count_groups(&hashes);
        let population = (rows - array.null_count()) as f64;
        let width = bytes as f64 / hashes.len().max(1) as f64;
        Sample { population, taken: hashes.len(), distinct, singles, doubles, width }
    }

    /// How many different values the chunk has, about; rather too many than too few, since a dictionary that turns out
    /// too large costs more than one that was not built.
    ///
    /// Two estimates, the larger counts. Evenly spread values show their number by how often one comes twice (after Chao);
    /// where a few are frequent and many rare, each one seen once stands for √(population / sample) others, midway between
    /// "it alone" and "all the unseen ones are such" (after Charikar and others).
    fn distinct_values(&self) -> f64 {
        let (distinct, singles, doubles) = (self.distinct as f64, self.singles as f64, self.doubles as f64);
        if self.taken as f64 >= self.population {
            return distinct;
        }
        let even = distinct + singles * (singles - 1.0).max(0.0) / (2.0 * (doubles + 1.0));
        let skewed = distinct - singles + singles * (self.population / self.taken.max(1) as f64).sqrt();
        even.max(skewed).min(self.population)
    }

    fn pays(&self) -> bool {
        if self.taken == 0 {
            return false;
        }
        let distinct = self.distinct_values();
        let dictionary_bytes = distinct * self.width;
        let code_bytes = self.population * distinct.log2().ceil().max(1.0) / 8.0;
        dictionary_bytes <= DICTIONARY_BYTES_WANTED
            && dictionary_bytes + code_bytes <= self.population * self.width * SIZE_SHARE_WANTED
    }
}

/// Where stretch `number` of `count` equal ones begins.
fn stretch(rows: usize, count: usize, number: usize) -> usize {
    (rows as u128 * number as u128 / count as u128) as usize
}

/// How many different values a sorted list holds, how many of them once, and how many twice.
fn count_groups(sorted: &[u64]) -> [usize; 3] {
    sorted.chunk_by(|a, b| a == b).fold([0; 3], |[groups, singles, doubles], group| {
        [groups + 1, singles + usize::from(group.len() == 1), doubles + usize::from(group.len() == 2)]
    })
}

/// A number that looks random and is always the same: one step of a multiply-xorshift mixer.
fn scatter(seed: u64) -> u64 {
    let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 11
}

/// A hash that is the same in every run; two values that share one merely make the estimate lower by one.
fn hash(value: &[u8]) -> u64 {
    let (words, rest) = value.as_chunks::<8>();
    let mut state = value.len() as u64;
    for word in words {
        state = scatter(state.rotate_left(23) ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    scatter(state.rotate_left(23) ^ u64::from_le_bytes(last))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use ingest_columnar::arrow::array::{BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
    use proptest::prelude::*;

    use super::*;

    fn numbers(values: impl Iterator<Item = i64>) -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(values))
    }

    #[test]
    fn few_values_pay_and_many_do_not() {
        assert!(pays(&numbers((0..100_000).map(|n| n % 7))));
        assert!(pays(&numbers((0..100_000).map(|n| n / 1000))), "sorted, long runs");
        assert!(!pays(&numbers(0..100_000)), "all different");
        assert!(!pays(&numbers((0..1_000_000).map(|n| n / 2))), "sorted pairs: half a million values");
        assert!(!pays(&numbers(0..5)), "tiny");
        let towns: ArrayRef = Arc::new(StringArray::from_iter_values((0..50_000).map(|n| format!("town {}", n % 90))));
        assert!(pays(&towns));
        let notes: ArrayRef = Arc::new(StringArray::from_iter_values((0..50_000).map(|n| format!("note {n}"))));
        assert!(!pays(&notes));
    }

    #[test]
    fn odd_columns_have_an_answer() {
        assert!(!pays(&numbers(std::iter::empty())));
        let nulls: ArrayRef = Arc::new(Float64Array::new_null(10_000));
        assert!(!pays(&nulls));
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true; 10_000]));
        assert!(!pays(&flags), "Parquet has no dictionary of booleans");
        let days: ArrayRef = Arc::new(Date32Array::from_iter((0..10_000).map(|n| (n % 3 > 0).then_some(n % 30))));
        assert!(pays(&days));
        assert_eq!(pays(&days.slice(5000, 3000)), pays(&days));
    }

    proptest! {
        /// Up to the sample's size, the estimate is the count itself.
        #[test]
        fn small_chunks_are_counted_exactly(values in prop::collection::vec(prop::option::of(0i64..50), 0..500)) {
            let array: ArrayRef = Arc::new(Int64Array::from(values.clone()));
            let bits = array.as_primitive::<ingest_columnar::arrow::datatypes::Int64Type>().values().clone();
            let words: Vec<[u8; 8]> = bits.iter().map(|value| value.to_le_bytes()).collect();
            let sample = Sample::take(&array, |row| &words[row], 0);
            let different: HashSet<i64> = values.iter().flatten().copied().collect();
            prop_assert_eq!(sample.distinct, different.len());
            prop_assert_eq!(sample.taken, values.iter().flatten().count());
            prop_assert_eq!(sample.distinct_values() as usize, different.len());
        }
    }
}
