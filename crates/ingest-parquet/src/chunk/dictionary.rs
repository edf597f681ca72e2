//! Dictionaries: whether a column chunk is worth one, and how it is made.
//!
//! Looking a value up costs several times what copying it does, so a dictionary must earn its keep: it is made where it is
//! small and makes the chunk clearly smaller before compression. The answer is a function of the values alone. A sample says
//! whether to try; the whole chunk decides.

use super::values::{Bounds, Value};

/// Values looked at before a dictionary is tried: a few, which tell most columns of different values, then as many as it takes.
const SAMPLES: [usize; 2] = [256, 2048];

/// No dictionary is larger.
const DICTIONARY_BYTES_MAX: usize = 1 << 20;

/// Codes and dictionary together must come to less than this share of the plain values.
const SIZE_SHARE_WANTED: f64 = 0.6;

/// Numbers that span no more than this are looked up by a table of all numbers between the least and the greatest.
const TABLE_RANGE_MAX: u64 = 1 << 16;

/// Codes take at most so many bits: a megabyte holds fewer entries.
const _: () = assert!(DICTIONARY_BYTES_MAX <= 1 << 24);

/// The dictionary of the values in all parts, if it pays: the different values in the order in which they come first. `codes`
/// becomes the number of its value for each value. O(values).
pub(super) fn dictionary_for<T: Value>(parts: &[&[T]], width: usize, codes: &mut Vec<u32>) -> Option<Vec<T>> {
    let count = parts.iter().map(|part| part.len()).sum::<usize>();
    // A second look at all values would show the same again.
    let samples = if count <= SAMPLES[0] { &SAMPLES[..1] } else { &SAMPLES[..] };
    if !samples.iter().all(|&looks| Sample::take(parts, count, looks, width).pays()) {
        return None;
    }
    let of_part = |part: &&[T]| if T::IS_NUMBER { T::bounds(part) } else { None };
    let bounds = parts.iter().map(of_part).reduce(Bounds::join).flatten();
    codes.clear();
    codes.reserve(count);
    let mut interner = Interner::new(bounds);
    if !parts.iter().all(|part| interner.intern(part, width, codes)) {
        return None;
    }
    let plain_bytes = parts.iter().flat_map(|part| part.iter()).map(|value| value.plain_bytes(width)).sum::<usize>();
    let Interner { values, bytes, .. } = interner;
    pays(values.len() as f64, bytes as f64, count as f64, plain_bytes as f64).then_some(values)
}

/// Whether a dictionary of so many values, of so many bytes in all, makes the chunk small enough.
fn pays(distinct: f64, dictionary_bytes: f64, count: f64, plain_bytes: f64) -> bool {
    let code_bytes = count * distinct.log2().ceil().max(1.0) / 8.0;
    dictionary_bytes + code_bytes <= plain_bytes * SIZE_SHARE_WANTED
}

/// Numbers values in the order in which they come first.
struct Interner<T: Value> {
    values: Vec<T>,
    keys: Vec<T::Key>,
    /// Bytes of the values in the PLAIN encoding.
    bytes: usize,
    lookup: Lookup,
}

enum Lookup {
    /// By number less the least one: the code, plus one.
    Table { least: i64, codes: Vec<u32> },
    /// Open addressing by the hash's upper bits.
    Hash(Slots),
}

/// Codes, plus one, by their values' hashes. At most a quarter of the slots is in use: then nearly every value is where it is
/// looked for first, the loop that looks is predicted, and bits of the hash beside the code would only take room in the cache.
struct Slots {
    slots: Vec<u32>,
    shift: u32,
}

/// Values that are looked up at a time before it is asked whether one of them was new.
const GROUP: usize = 8;

impl<T: Value> Interner<T> {
    fn new(bounds: Option<Bounds<T>>) -> Self {
        let numbers = bounds.and_then(|bounds| Some((bounds.min.as_number()?, bounds.max.as_number()?)));
        let range = numbers.map(|(least, greatest)| greatest.wrapping_sub(least).cast_unsigned());
        let lookup = match (numbers, range) {
            (Some((least, _)), Some(range)) if range < TABLE_RANGE_MAX => {
                Lookup::Table { least, codes: vec![0; range as usize + 1] }
            }
            _ => Lookup::Hash(Slots::with_bits(12)),
        };
        Interner { values: Vec::new(), keys: Vec::new(), bytes: 0, lookup }
    }

    /// Appends the codes of some values; `false`, with some of them missing, where the dictionary grows too large.
    fn intern(&mut self, values: &[T], width: usize, codes: &mut Vec<u32>) -> bool {
        let mut rest = values;
        while !rest.is_empty() && self.bytes <= DICTIONARY_BYTES_MAX {
            // Values that are known take the loop, a new one is added outside it.
            let known = match &self.lookup {
                Lookup::Table { least, codes: of_numbers } => append_known(rest, codes, |value| {
                    of_numbers[value.as_number().map_or(0, |number| number.wrapping_sub(*least)) as usize]
                }),
                Lookup::Hash(slots) => append_known(rest, codes, |value| slots.find(value, &self.values, &self.keys).1),
            };
            rest = &rest[known..];
            if let Some((&value, later)) = rest.split_first() {
                codes.push(self.values.len() as u32);
                self.add(value, width);
                rest = later;
            }
        }
        rest.is_empty()
    }

    #[cold]
    fn add(&mut self, value: T, width: usize) {
        self.bytes += value.plain_bytes(width);
        let code = self.values.len() as u32 + 1;
        match &mut self.lookup {
            Lookup::Table { least, codes } => {
                codes[value.as_number().map_or(0, |number| number.wrapping_sub(*least)) as usize] = code;
            }
            Lookup::Hash(slots) => {
                if (code as usize) * 4 > slots.slots.len() {
                    *slots = slots.doubled(&self.values, &self.keys);
                }
                slots.put(value, code, &self.values, &self.keys);
                self.keys.push(value.key());
            }
        }
        self.values.push(value);
    }
}

impl Slots {
    fn with_bits(bits: u32) -> Slots {
        Slots { slots: vec![0; 1 << bits], shift: 64 - bits }
    }

    /// Twice as many with the same values in them.
    fn doubled<T: Value>(&self, values: &[T], keys: &[T::Key]) -> Slots {
        let mut slots = Slots::with_bits(self.slots.len().trailing_zeros() + 1);
        for (code, &value) in (1u32..).zip(values) {
            slots.put(value, code, values, keys);
        }
        slots
    }

    /// Where a value is or would be, and its code plus one, or 0. `values` and `keys` are those of all codes.
    #[inline(always)]
    fn find<T: Value>(&self, value: T, values: &[T], keys: &[T::Key]) -> (usize, u32) {
        let key = value.key();
        let mut at = (T::hash(key) >> self.shift) as usize;
        loop {
            let code = self.slots[at];
            let is_it = |number: usize| keys[number] == key && (!T::is_shared(key) || values[number].is_same(value));
            if code == 0 || is_it(code as usize - 1) {
                return (at, code);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Notes the code, plus one, of a value that has none.
    fn put<T: Value>(&mut self, value: T, code: u32, values: &[T], keys: &[T::Key]) {
        let at = self.find(value, values, keys).0;
        self.slots[at] = code;
    }
}

/// Appends the codes of values up to the first without one; how many there were. `code_of` gives the code plus one, or 0.
#[inline(always)]
fn append_known<T: Copy>(values: &[T], codes: &mut Vec<u32>, code_of: impl Fn(T) -> u32) -> usize {
    let before = codes.len();
    let groups = values.as_chunks::<GROUP>().0;
    for group in groups {
        // Not `map`: whether that, and the look-up within it, is built in here hangs on how the crate happens to be split.
        let mut found = [0; GROUP];
        for (code, &value) in found.iter_mut().zip(group) {
            *code = code_of(value);
        }
        if found.contains(&0) {
            break;
        }
        codes.extend_from_slice(&found.map(|code| code - 1));
    }
    let done = codes.len() - before;
    codes.extend(values[done..].iter().map_while(|&value| code_of(value).checked_sub(1)));
    codes.len() - before
}

/// What a sample says about a chunk.
struct Sample {
    /// Values in the chunk.
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
    /// Looks at values spread evenly over the chunk, each at a scattered place in its stretch so that no period of the data
    /// can hide.
    fn take<T: Value>(parts: &[&[T]], count: usize, looks: usize, width: usize) -> Sample {
        let looks = count.min(looks);
        let mut hashes = Vec::with_capacity(looks);
        let mut bytes = 0;
        let (mut part, mut before) = (0, 0);
        for look in 0..looks {
            let (from, to) = (stretch(count, looks, look), stretch(count, looks, look + 1));
            let at = from + scatter(look as u64) as usize % (to - from);
            while at - before >= parts[part].len() {
                before += parts[part].len();
                part += 1;
            }
            let value = parts[part][at - before];
            bytes += value.plain_bytes(width);
            hashes.push(T::hash(value.key()));
        }
        hashes.sort_unstable();
        let [distinct, singles, doubles] = count_groups(&hashes);
        let width = bytes as f64 / looks.max(1) as f64;
        Sample { population: count as f64, taken: looks, distinct, singles, doubles, width }
    }

    /// How many different values the chunk has, about; rather too many than too few, since a dictionary that turns out
    /// too large costs more than one that was not tried.
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
        let distinct = self.distinct_values();
        let dictionary_bytes = distinct * self.width;
        self.taken > 0
            && dictionary_bytes <= DICTIONARY_BYTES_MAX as f64
            && pays(distinct, dictionary_bytes, self.population, self.population * self.width)
    }
}

/// Where stretch `number` of `count` equal ones begins.
fn stretch(values: usize, count: usize, number: usize) -> usize {
    (values as u128 * number as u128 / count as u128) as usize
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    use crate::chunk::values::Text;

    fn dictionary<T: Value>(values: &[T], width: usize) -> Option<Vec<T>> {
        dictionary_for(&[values], width, &mut Vec::new())
    }

    fn texts(memory: &[String]) -> Vec<Text<'_>> {
        memory.iter().map(|text| Text::new(text.as_bytes(), 0, text.len())).collect()
    }

    fn pays_for(numbers: impl Iterator<Item = i64>) -> bool {
        dictionary(&numbers.collect::<Vec<_>>(), 8).is_some()
    }

    #[test]
    fn few_values_pay_and_many_do_not() {
        assert!(pays_for((0..100_000).map(|n| n % 7)));
        assert!(pays_for((0..100_000).map(|n| n % 7 * 1_000_000_007)));
        assert!(pays_for((0..100_000).map(|n| n / 1000)), "sorted, long runs");
        assert!(!pays_for(0..100_000), "all different");
        assert!(!pays_for((0..1_000_000).map(|n| n / 2)), "sorted pairs: half a million values");
        assert!(!pays_for(0..5), "tiny");
        assert!(!pays_for(std::iter::empty()));
        let towns: Vec<String> = (0..50_000).map(|n| format!("town {}", n % 90)).collect();
        assert!(dictionary(&texts(&towns), 0).is_some());
        let notes: Vec<String> = (0..50_000).map(|n| format!("note {n}")).collect();
        assert!(dictionary(&texts(&notes), 0).is_none());
    }

    proptest! {
        /// Whatever the parts, codes name the values they stand for, and each value stands there once.
        #[test]
        fn codes_name_their_values(
            numbers in prop::collection::vec(0i64..50, 0..3000),
            factor in prop_oneof![Just(1i64), Just(1 << 40), Just(-7)],
            cut in 0usize..3000,
        ) {
            let numbers: Vec<i64> = numbers.into_iter().map(|number| number * factor).collect();
            let (first, second) = numbers.split_at(cut.min(numbers.len()));
            let mut codes = vec![7];
            if let Some(values) = dictionary_for(&[first, &[], second], 8, &mut codes) {
                let named: Vec<i64> = codes.iter().map(|code| values[*code as usize]).collect();
                prop_assert_eq!(named, numbers);
                prop_assert_eq!(values.iter().collect::<HashSet<_>>().len(), values.len());
            } else {
                prop_assert!(numbers.len() < 200, "fifty numbers of eight bytes pay soon");
            }
        }

        /// Texts of all lengths, wherever they end in memory, and such as have much in common.
        #[test]
        fn codes_name_their_texts(
            lengths in prop::collection::vec(0usize..40, 1..12),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 600..900),
            letter in prop_oneof![Just('a'), Just('é'), Just('\0')],
        ) {
            let different: Vec<String> = lengths.iter().map(|&length| letter.to_string().repeat(length)).collect();
            let memory: String = picks.iter().map(|pick| pick.get(&different).as_str()).collect();
            let mut end = 0;
            let texts: Vec<Text<'_>> = picks
                .iter()
                .map(|pick| {
                    let start = end;
                    end += pick.get(&different).len();
                    Text::new(memory.as_bytes(), start, end)
                })
                .collect();
            let mut codes = Vec::new();
            if let Some(values) = dictionary_for(&[&texts], 0, &mut codes) {
                let named: Vec<&[u8]> = codes.iter().map(|code| values[*code as usize].bytes()).collect();
                prop_assert_eq!(named, texts.iter().map(|text| text.bytes()).collect::<Vec<_>>());
                prop_assert_eq!(values.iter().map(|text| text.bytes()).collect::<HashSet<_>>().len(), values.len());
            } else {
                let mean = memory.len() / picks.len();
                prop_assert!(mean < 4, "texts of {} bytes that come fifty times pay", mean);
            }
        }

        /// Up to the sample's size, the estimate is the count itself.
        #[test]
        fn small_chunks_are_counted_exactly(values in prop::collection::vec(0i64..50, 0..500)) {
            let sample = Sample::take(&[&values], values.len(), SAMPLES[1], 8);
            let different: HashSet<i64> = values.iter().copied().collect();
            prop_assert_eq!(sample.distinct, different.len());
            prop_assert_eq!(sample.taken, values.len());
            prop_assert_eq!(sample.distinct_values() as usize, different.len());
        }
    }
}
