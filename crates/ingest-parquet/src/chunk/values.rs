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

    /// Whether both are the same bits.
    fn is_same(self, other: Self) -> bool;

    /// A number that is the same for the same bits, different for most others; its upper bits are the better ones.
    fn hash(self) -> u64;

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
fn mix(word: u64) -> u64 {
    let mixed = u128::from(word ^ 0x9e37_79b9_7f4a_7c15) * u128::from(0xd6e8_feb8_6659_fd93_u64);
    (mixed >> 64) as u64 ^ mixed as u64
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
            const IS_NUMBER: bool = true;

            fn write_plain(values: &[Self], _width: usize, out: &mut Vec<u8>) {
                out.extend_from_slice(values.to_byte_slice());
            }

            #[inline]
            fn is_same(self, other: Self) -> bool {
                self == other
            }

            #[inline]
            fn hash(self) -> u64 {
                mix(i64::from(self).cast_unsigned())
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
    const HAS_NAN: bool = true;

    fn write_plain(values: &[Self], _width: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(values.to_byte_slice());
    }

    #[inline]
    fn is_same(self, other: Self) -> bool {
        self.to_bits() == other.to_bits()
    }

    #[inline]
    fn hash(self) -> u64 {
        mix(self.to_bits())
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
            (Some(found), Some(told)) => bound(found).is_same(bound(told)),
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
    fn write_plain(values: &[Self], width: usize, out: &mut Vec<u8>) {
        values.iter().for_each(|value| out.extend_from_slice(&value.0.to_be_bytes()[16 - width..]));
    }

    #[inline]
    fn is_same(self, other: Self) -> bool {
        self == other
    }

    #[inline]
    fn hash(self) -> u64 {
        mix(mix(self.0.cast_unsigned() as u64) ^ (self.0 >> 64).cast_unsigned() as u64)
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

impl Value for &[u8] {
    const IS_TEXT: bool = true;

    #[inline]
    fn plain_bytes(self, _width: usize) -> usize {
        self.len() + LENGTH_BYTES
    }

    fn write_plain(values: &[Self], width: usize, out: &mut Vec<u8>) {
        out.reserve(values.iter().map(|value| value.plain_bytes(width)).sum());
        for value in values {
            out.extend_from_slice(&(value.len() as u32).to_le_bytes());
            out.extend_from_slice(value);
        }
    }

    #[inline]
    fn is_same(self, other: Self) -> bool {
        self == other
    }

    fn hash(self) -> u64 {
        let (words, rest) = self.as_chunks::<8>();
        let seed = words.iter().fold(self.len() as u64, |hash, word| mix(hash ^ u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        mix(seed ^ u64::from_le_bytes(last).rotate_left(7))
    }

    #[inline]
    fn is_less(self, other: Self) -> bool {
        self < other
    }

    /// By the first eight bytes where they decide, as they nearly always do.
    fn bounds(values: &[Self]) -> Option<Bounds<Self>> {
        let first = *values.first()?;
        let mut bounds = Bounds { min: first, max: first };
        let (mut least, mut greatest) = (prefix(first), prefix(first));
        for &value in values {
            let word = prefix(value);
            if word <= least && value < bounds.min {
                (bounds.min, least) = (value, word);
            }
            if word >= greatest && value > bounds.max {
                (bounds.max, greatest) = (value, word);
            }
        }
        Some(bounds)
    }

    fn index_bounds(bounds: Bounds<Self>, _width: usize) -> (Vec<u8>, Vec<u8>) {
        (truncate_min(bounds.min).0, truncate_max(bounds.max).0)
    }

    fn statistics(bounds: Option<Bounds<Self>>, _width: usize, counts: Counts) -> Statistics {
        let min = bounds.map(|bounds| truncate_min(bounds.min));
        let max = bounds.map(|bounds| truncate_max(bounds.max));
        let is_exact = |bound: &Option<(Vec<u8>, bool)>| bound.as_ref().is_some_and(|(_, exact)| *exact);
        let (min_is_exact, max_is_exact) = (is_exact(&min), is_exact(&max));
        let bytes = |bound: Option<(Vec<u8>, bool)>| bound.map(|(bytes, _)| ByteArray::from(bytes));
        let statistics = value_statistics(bytes(min), bytes(max), counts)
            .with_min_is_exact(min_is_exact)
            .with_max_is_exact(max_is_exact);
        Statistics::ByteArray(statistics)
    }
}

/// The first eight bytes as a number that orders as they do; texts that differ later have the same.
#[inline]
fn prefix(text: &[u8]) -> u64 {
    match text.first_chunk::<8>() {
        Some(first) => u64::from_be_bytes(*first),
        None => {
            let mut first = [0; 8];
            first[..text.len()].copy_from_slice(text);
            u64::from_be_bytes(first)
        }
    }
}
