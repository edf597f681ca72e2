//! The physical types of the format: how values are written, compared and described.

use ingest_columnar::arrow::datatypes::ToByteSlice;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::statistics::{Statistics, ValueStatistics};

use super::bloom::Hashed;
use super::bounds::{truncate_max, truncate_min};
use super::modern::Modern;

/// The least and the greatest of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds<T> {
    pub(super) min: T,
    pub(super) max: T,
}

/// What a chunk's statistics say beside its bounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) nulls: u64,
    pub(super) nans: Option<u64>,
    pub(super) distinct: Option<u64>,
}

/// A value of a physical type.
pub(super) trait Value: Hashed + Modern {
    /// What a dictionary compares.
    type Key: Copy + Eq;

    /// Whether the type has values beyond every order.
    const HAS_NAN: bool = false;
    /// Whether values are whole numbers, see [`Value::as_number`].
    const IS_NUMBER: bool = false;
    /// Whether values are texts, of any length.
    const IS_TEXT: bool = false;

    /// Bytes that the PLAIN encoding takes. `width`: bytes of a value of fixed length.
    fn plain_bytes(self, width: usize) -> usize {
        width
    }

    /// Appends values in the PLAIN encoding. `width`: bytes of a value of fixed length.
    fn write_plain(values: &[Self], width: usize, out: &mut Vec<u8>);

    /// The value itself where it has few bytes; else what it has in common with few others.
    fn key(self) -> Self::Key;

    /// Whether other values can have this key too.
    fn is_shared(_key: Self::Key) -> bool {
        false
    }

    /// Whether both are the same bits. Asked of values with one key.
    fn is_same(self, _other: Self) -> bool {
        true
    }

    /// A number that is different for most keys; its upper bits are the better ones.
    fn hash(key: Self::Key) -> u64;

    /// The value as a number, where neighbours are likely to lie close together.
    fn as_number(self) -> Option<i64> {
        None
    }

    /// Whether the value lies beyond every order.
    fn is_nan(self) -> bool {
        false
    }

    /// Whether the value comes before the other. Not asked of NaNs.
    fn is_less(self, other: Self) -> bool;

    /// The least and the greatest value, NaNs left out.
    fn bounds(values: &[Self]) -> Option<Bounds<Self>> {
        let mut values = values.iter().copied().filter(|value| !value.is_nan());
        let first = values.next()?;
        Some(values.fold(Bounds { min: first, max: first }, Bounds::and))
    }

    /// Both bounds as the page index holds them.
    fn index_bounds(bounds: Bounds<Self>, width: usize) -> (Vec<u8>, Vec<u8>);

    /// Statistics of a chunk.
    fn statistics(bounds: Option<Bounds<Self>>, width: usize, counts: Counts) -> Statistics;
}

impl<T: Value> Bounds<T> {
    /// Bounds that take in another value.
    #[inline]
    fn and(self, value: T) -> Self {
        Bounds {
            min: if value.is_less(self.min) { value } else { self.min },
            max: if self.max.is_less(value) { value } else { self.max },
        }
    }

    /// The bounds of both.
    pub(super) fn join(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(a.and(b.min).and(b.max)),
            (one, other) => one.or(other),
        }
    }
}

/// Multiplication by an odd number with well mixed bits spreads neighbours over the upper half of the product.
#[inline]
fn mix(word: u64) -> u64 {
    fold(word ^ 0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93)
}

/// The same for two words at once.
#[inline]
fn mix_wide(word: u128) -> u64 {
    fold(word as u64 ^ 0x9e37_79b9_7f4a_7c15, (word >> 64) as u64 ^ 0xd6e8_feb8_6659_fd93)
}

/// Both halves of a product.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

fn value_statistics<T>(min: Option<T>, max: Option<T>, counts: Counts) -> ValueStatistics<T> {
    ValueStatistics::new(min, max, counts.distinct, Some(counts.nulls), false).with_nan_count(counts.nans)
}

/// Bounds of whole numbers, eight at a time so that compilers use vectors.
fn number_bounds<T: Copy + Ord>(values: &[T]) -> Option<Bounds<T>> {
    let first = *values.first()?;
    let (groups, rest) = values.as_chunks::<8>();
    let (mut least, mut greatest) = ([first; 8], [first; 8]);
    for group in groups {
        for lane in 0..8 {
            least[lane] = least[lane].min(group[lane]);
            greatest[lane] = greatest[lane].max(group[lane]);
        }
    }
    let min = least.iter().chain(rest).copied().min()?;
    let max = greatest.iter().chain(rest).copied().max()?;
    Some(Bounds { min, max })
}

macro_rules! whole_numbers {
    ($($number:ty => $statistics:ident),*) => {$(
        impl Value for $number {
            type Key = u64;

            const IS_NUMBER: bool = true;

            fn write_plain(values: &[Self], _width: usize, out: &mut Vec<u8>) {
                out.extend_from_slice(values.to_byte_slice());
            }

            #[inline]
            fn key(self) -> u64 {
                i64::from(self).cast_unsigned()
            }

            #[inline]
            fn hash(key: u64) -> u64 {
                mix(key)
            }

            #[inline]
            fn as_number(self) -> Option<i64> {
                Some(self.into())
            }

            #[inline]
            fn is_less(self, other: Self) -> bool {
                self < other
            }

            fn bounds(values: &[Self]) -> Option<Bounds<Self>> {
                number_bounds(values)
            }

            fn index_bounds(bounds: Bounds<Self>, _width: usize) -> (Vec<u8>, Vec<u8>) {
                (bounds.min.to_le_bytes().into(), bounds.max.to_le_bytes().into())
            }

            fn statistics(bounds: Option<Bounds<Self>>, _width: usize, counts: Counts) -> Statistics {
                let (min, max) = (bounds.map(|bounds| bounds.min), bounds.map(|bounds| bounds.max));
                Statistics::$statistics(value_statistics(min, max, counts).with_backwards_compatible_min_max(true))
            }
        }
    )*};
}

whole_numbers!(i32 => Int32, i64 => Int64);

impl Value for f64 {
    type Key = u64;

    const HAS_NAN: bool = true;

    fn write_plain(values: &[Self], _width: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(values.to_byte_slice());
    }

    #[inline]
    fn key(self) -> u64 {
        self.to_bits()
    }

    #[inline]
    fn hash(key: u64) -> u64 {
        mix(key)
    }

    #[inline]
    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }

    #[inline]
    fn is_less(self, other: Self) -> bool {
        self < other
    }

    fn bounds(values: &[Self]) -> Option<Bounds<Self>> {
        let (groups, rest) = values.as_chunks::<8>();
        // A NaN is neither below nor above anything: comparisons leave it out by themselves.
        let (mut least, mut greatest) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
        for group in groups {
            for lane in 0..8 {
                least[lane] = if group[lane] < least[lane] { group[lane] } else { least[lane] };
                greatest[lane] = if group[lane] > greatest[lane] { group[lane] } else { greatest[lane] };
            }
        }
        let min = least.iter().chain(rest).copied().filter(|value| !value.is_nan()).fold(f64::INFINITY, f64::min);
        let max =
            greatest.iter().chain(rest).copied().filter(|value| !value.is_nan()).fold(f64::NEG_INFINITY, f64::max);
        // Nothing but NaNs, or nothing at all, leaves the bounds crossed.
        (min <= max).then_some(Bounds { min, max })
    }

    fn index_bounds(bounds: Bounds<Self>, _width: usize) -> (Vec<u8>, Vec<u8>) {
        let Bounds { min, max } = both_zeros(bounds);
        (min.to_le_bytes().into(), max.to_le_bytes().into())
    }

    fn statistics(bounds: Option<Bounds<Self>>, _width: usize, counts: Counts) -> Statistics {
        let told = bounds.map(both_zeros);
        let is_exact = |bound: fn(&Bounds<f64>) -> f64| match (&bounds, &told) {
            (Some(found), Some(told)) => bound(found).key() == bound(told).key(),
            _ => false,
        };
        let (min_is_exact, max_is_exact) = (is_exact(|bounds| bounds.min), is_exact(|bounds| bounds.max));
        let statistics = value_statistics(told.map(|told| told.min), told.map(|told| told.max), counts)
            .with_backwards_compatible_min_max(true)
            .with_min_is_exact(min_is_exact)
            .with_max_is_exact(max_is_exact);
        Statistics::Double(statistics)
    }
}

/// A bound of zero gets the sign that takes in both zeros: some readers order values, others bits.
fn both_zeros(bounds: Bounds<f64>) -> Bounds<f64> {
    Bounds {
        min: if bounds.min == 0.0 { -0.0 } else { bounds.min },
        max: if bounds.max == 0.0 { 0.0 } else { bounds.max },
    }
}

/// A decimal number of more than 18 digits: big-endian, two's complement, in as few bytes as its precision needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide(pub(super) i128);

impl Wide {
    fn bytes(self, width: usize) -> Vec<u8> {
        self.0.to_be_bytes()[16 - width..].into()
    }
}

impl Value for Wide {
    type Key = u128;

    fn write_plain(values: &[Self], width: usize, out: &mut Vec<u8>) {
        values.iter().for_each(|value| out.extend_from_slice(&value.0.to_be_bytes()[16 - width..]));
    }

    #[inline]
    fn key(self) -> u128 {
        self.0.cast_unsigned()
    }

    #[inline]
    fn hash(key: u128) -> u64 {
        mix_wide(key)
    }

    #[inline]
    fn is_less(self, other: Self) -> bool {
        self.0 < other.0
    }

    fn index_bounds(bounds: Bounds<Self>, width: usize) -> (Vec<u8>, Vec<u8>) {
        (bounds.min.bytes(width), bounds.max.bytes(width))
    }

    fn statistics(bounds: Option<Bounds<Self>>, width: usize, counts: Counts) -> Statistics {
        let bytes = |value: Wide| FixedLenByteArray::from(value.bytes(width));
        let (min, max) = (bounds.map(|bounds| bytes(bounds.min)), bounds.map(|bounds| bytes(bounds.max)));
        Statistics::FixedLenByteArray(value_statistics(min, max, counts))
    }
}

/// Bytes of the length that stands before each text in the PLAIN encoding.
pub(super) const LENGTH_BYTES: usize = 4;

/// A text, and what follows it in memory: a short text is read and copied with its neighbours, at one length for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    from: &'a [u8],
    len: u32,
}

/// Texts that are shorter are their own keys.
const KEY_BYTES: usize = 15;

/// Texts up to this length are copied by one move of this length.
const SHORT_BYTES: usize = 32;

impl<'a> Text<'a> {
    /// The text at `start..end` of some memory.
    #[inline]
    pub(super) fn new(memory: &'a [u8], start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= memory.len());
        Text { from: &memory[start..], len: (end - start) as u32 }
    }

    #[inline]
    pub(super) fn bytes(self) -> &'a [u8] {
        &self.from[..self.len as usize]
    }

    /// A long text's key: 120 mixed bits under a byte that no length of a short one has.
    fn long_key(self) -> u128 {
        let (words, rest) = self.bytes().as_chunks::<16>();
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        let words = words.iter().copied().chain([last]).map(u128::from_le_bytes);
        let [one, other] = words.fold([u64::from(self.len), 0], |[one, other], word| {
            [mix_wide(word ^ u128::from(one)), mix(other ^ word as u64) ^ (word >> 64) as u64]
        });
        u128::from(one) | u128::from(other) << 64 | 0xff << 120
    }

    /// Appends the bytes.
    #[inline]
    pub(super) fn write_to(self, out: &mut Vec<u8>) {
        match self.from.first_chunk::<SHORT_BYTES>() {
            Some(short) if self.len as usize <= SHORT_BYTES => {
                let end = out.len() + self.len as usize;
                out.extend_from_slice(short);
                out.truncate(end);
            }
            _ => out.extend_from_slice(self.bytes()),
        }
    }

    /// The first eight bytes as a number that orders as they do; texts that differ later have the same.
    #[inline]
    fn prefix(self) -> u64 {
        let first = match self.from.first_chunk::<8>() {
            Some(first) => u64::from_be_bytes(*first),
            None => {
                let mut first = [0; 8];
                first[..self.len as usize].copy_from_slice(self.bytes());
                u64::from_be_bytes(first)
            }
        };
        let beyond = 64u32.saturating_sub(self.len.saturating_mul(8));
        // What lies behind a short text is not of it.
        first & u64::MAX.checked_shl(beyond).unwrap_or(0)
    }
}

impl Value for Text<'_> {
    type Key = u128;

    const IS_TEXT: bool = true;

    #[inline]
    fn plain_bytes(self, _width: usize) -> usize {
        self.len as usize + LENGTH_BYTES
    }

    fn write_plain(values: &[Self], _width: usize, out: &mut Vec<u8>) {
        for value in values {
            out.extend_from_slice(&value.len.to_le_bytes());
            value.write_to(out);
        }
    }

    /// The bytes of a short text with its length above them.
    #[inline]
    fn key(self) -> u128 {
        let len = self.len as usize;
        if len > KEY_BYTES {
            return self.long_key();
        }
        let bytes = match self.from.first_chunk::<16>() {
            Some(bytes) => u128::from_le_bytes(*bytes) & ((1 << (8 * len)) - 1),
            None => {
                let mut bytes = [0; 16];
                bytes[..len].copy_from_slice(self.bytes());
                u128::from_le_bytes(bytes)
            }
        };
        bytes | (len as u128) << (8 * KEY_BYTES)
    }

    #[inline]
    fn is_shared(key: u128) -> bool {
        key >> (8 * KEY_BYTES) > KEY_BYTES as u128
    }

    #[inline]
    fn is_same(self, other: Self) -> bool {
        self.bytes() == other.bytes()
    }

    #[inline]
    fn hash(key: u128) -> u64 {
        mix_wide(key)
    }

    #[inline]
    fn is_less(self, other: Self) -> bool {
        self.bytes() < other.bytes()
    }

    /// By the first eight bytes where they decide, as they nearly always do.
    fn bounds(values: &[Self]) -> Option<Bounds<Self>> {
        let first = *values.first()?;
        let mut bounds = Bounds { min: first, max: first };
        let (mut least, mut greatest) = (first.prefix(), first.prefix());
        for &value in values {
            let word = value.prefix();
            if word <= least && value.is_less(bounds.min) {
                (bounds.min, least) = (value, word);
            }
            if word >= greatest && bounds.max.is_less(value) {
                (bounds.max, greatest) = (value, word);
            }
        }
        Some(bounds)
    }

    fn index_bounds(bounds: Bounds<Self>, _width: usize) -> (Vec<u8>, Vec<u8>) {
        (truncate_min(bounds.min.bytes()).0, truncate_max(bounds.max.bytes()).0)
    }

    fn statistics(bounds: Option<Bounds<Self>>, _width: usize, counts: Counts) -> Statistics {
        let min = bounds.map(|bounds| truncate_min(bounds.min.bytes()));
        let max = bounds.map(|bounds| truncate_max(bounds.max.bytes()));
        let is_exact = |bound: &Option<(Vec<u8>, bool)>| bound.as_ref().is_some_and(|(_, exact)| *exact);
        let (min_is_exact, max_is_exact) = (is_exact(&min), is_exact(&max));
        let bytes = |bound: Option<(Vec<u8>, bool)>| bound.map(|(bytes, _)| ByteArray::from(bytes));
        let statistics = value_statistics(bytes(min), bytes(max), counts)
            .with_min_is_exact(min_is_exact)
            .with_max_is_exact(max_is_exact);
        Statistics::ByteArray(statistics)
    }
}
