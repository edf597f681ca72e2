//! What a batched kernel fills, and the facts it reports beside the values.

use super::Validity;

/// Where the values of one batch go: appended, one for each span.
#[derive(Debug)]
pub struct Batch<'a, T> {
    /// The values; 0 where the row is null or a misfit.
    pub values: &'a mut Vec<T>,
    /// Which rows hold a value; neither nulls nor misfits do.
    pub validity: &'a mut Validity,
    /// The rows (numbered within this call's spans, ascending) that the kernel does not read.
    pub misfits: &'a mut Vec<u32>,
}

/// What a batch of whole numbers showed, misfits apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntFacts {
    /// The largest absolute value; `None` if there was no value at all.
    pub largest: Option<u64>,
}

/// What a batch of decimal numbers showed, misfits apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecimalFacts {
    /// The largest absolute value among those without a point; `None` if there were none.
    pub largest_whole: Option<u64>,
    /// Among those with a point, the most digits before it and the most after it; `None` if there were none.
    pub digits: Option<(u32, u32)>,
}

/// The least and the greatest of some values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// The least value.
    pub min: T,
    /// The greatest value.
    pub max: T,
}

impl<T: Copy + Ord> Range<T> {
    /// A range that also holds `value`.
    #[inline]
    pub fn and(range: Option<Self>, value: T) -> Option<Self> {
        let range = range.unwrap_or(Range { min: value, max: value });
        Some(Range { min: range.min.min(value), max: range.max.max(value) })
    }
}
