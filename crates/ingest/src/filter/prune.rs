//! Which parts of a table cannot hold a wanted row, by what is known of their values.

use std::ops::Bound;

use ingest_columnar::arrow::array::types::Float64Type;
use ingest_columnar::arrow::array::{Array, ArrayRef, AsArray};

use super::Predicate;
use super::predicate::{Integers, Values};

/// What is known of a column in some parts of a table, such as row groups. Unknown values are null or none.
pub(crate) struct Known {
    /// Bounds of the values, in the type of the filter's column; the bounds need not be values.
    pub mins: ArrayRef,
    pub maxes: ArrayRef,
    /// Rows that are null.
    pub nulls: Vec<Option<u64>>,
}

/// Whether a condition can be true, and can be false, of some row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Can {
    hold: bool,
    fail: bool,
}

impl Can {
    const ANYTHING: Can = Can { hold: true, fail: true };
}

impl Predicate {
    /// Whether a part of a table with so many rows can hold a wanted row. `columns`: those of the filter, in its order.
    pub(crate) fn can_hold(&self, columns: &[Option<Known>], part: usize, rows: u64) -> bool {
        self.can(columns, part, rows).hold
    }

    fn can(&self, columns: &[Option<Known>], part: usize, rows: u64) -> Can {
        let all = |parts: &[Predicate]| parts.iter().map(|test| test.can(columns, part, rows)).collect::<Vec<_>>();
        match self {
            Predicate::And(parts) => {
                let parts = all(parts);
                Can { hold: parts.iter().all(|can| can.hold), fail: parts.iter().any(|can| can.fail) }
            }
            Predicate::Or(parts) => {
                let parts = all(parts);
                Can { hold: parts.iter().any(|can| can.hold), fail: parts.iter().all(|can| can.fail) }
            }
            Predicate::Not(test) => {
                let Can { hold, fail } = test.can(columns, part, rows);
                Can { hold: fail, fail: hold }
            }
            Predicate::Null(_) => Can { hold: false, fail: false },
            Predicate::IsNull(column) => match columns[*column].as_ref().and_then(|known| known.nulls[part]) {
                Some(nulls) => Can { hold: nulls > 0, fail: nulls < rows },
                None => Can::ANYTHING,
            },
            Predicate::Columns(..) | Predicate::Like(..) => Can::ANYTHING,
            Predicate::Bools(column, wanted) => test_of(columns, *column, (part, rows), |mins, maxes| {
                let (min, max) = (mins.as_boolean().value(part), maxes.as_boolean().value(part));
                let is_wanted = |value| wanted.contains(&value);
                Can { hold: is_wanted(min) || is_wanted(max), fail: !is_wanted(min) || !is_wanted(max) }
            }),
            Predicate::Integers(column, wanted) => test_of(columns, *column, (part, rows), |mins, maxes| {
                let (min, max) = (Integers::of(mins).value(part), Integers::of(maxes).value(part));
                Can { hold: wanted.meet(&min, &max), fail: !wanted.cover(&min, &max) }
            }),
            // A NaN is in no range, and nothing tells whether there is one.
            Predicate::Floats(column, wanted) => test_of(columns, *column, (part, rows), |mins, maxes| {
                let bound = |array: &ArrayRef| array.as_primitive::<Float64Type>().value(part);
                Can { hold: wanted.meet(&bound(mins), &bound(maxes)), fail: true }
            }),
            // Bounds of texts may be cut: they are no values then.
            Predicate::Texts(column, wanted) => test_of(columns, *column, (part, rows), |mins, maxes| {
                let bound = |array: &ArrayRef| array.as_string::<i32>().value(part).to_owned();
                Can { hold: wanted.meet(&bound(mins), &bound(maxes)), fail: true }
            }),
        }
    }
}

/// What a test of one column can be, by the bounds of its values, where these are known.
fn test_of(
    columns: &[Option<Known>],
    column: usize,
    (part, rows): (usize, u64),
    of_bounds: impl FnOnce(&ArrayRef, &ArrayRef) -> Can,
) -> Can {
    let Some(Known { mins, maxes, nulls }) = &columns[column] else { return Can::ANYTHING };
    if nulls[part] == Some(rows) {
        return Can { hold: false, fail: false };
    }
    if mins.is_null(part) || maxes.is_null(part) { Can::ANYTHING } else { of_bounds(mins, maxes) }
}

impl<V: PartialOrd> Values<V> {
    /// Whether a wanted value can lie within bounds.
    fn meet(&self, min: &V, max: &V) -> bool {
        match self {
            Values::In(wanted) => wanted.iter().any(|value| min <= value && value <= max),
            Values::Range(low, high) => {
                let is_above = match low {
                    Bound::Included(low) => low <= max,
                    Bound::Excluded(low) => low < max,
                    Bound::Unbounded => true,
                };
                is_above
                    && match high {
                        Bound::Included(high) => min <= high,
                        Bound::Excluded(high) => min < high,
                        Bound::Unbounded => true,
                    }
            }
        }
    }

    /// Whether every value within bounds is wanted.
    fn cover(&self, min: &V, max: &V) -> bool {
        match self {
            Values::In(wanted) => min == max && wanted.contains(min),
            Values::Range(..) => self.holds(min) && self.holds(max),
        }
    }
}
