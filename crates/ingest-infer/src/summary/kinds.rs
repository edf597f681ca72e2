//! The kinds of text that a column can hold, as a set.

use serde::{Deserialize, Serialize};

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kinds(u32);

impl Kinds {
    /// `true`, `false`.
    pub(super) const BOOL: Kinds = Kinds(1);
    /// A whole number that fits int64.
    pub(super) const INT: Kinds = Kinds(1 << 1);
    /// A whole number beyond int64 of at most 38 digits. A longer one is text.
    pub(super) const BIG_WHOLE: Kinds = Kinds(1 << 2);
    /// Digits with a point.
    pub(super) const DECIMAL: Kinds = Kinds(1 << 3);
    /// A number with an exponent.
    pub(super) const EXPONENT: Kinds = Kinds(1 << 4);
    /// `-0`, `-0.0`: only float64 tells it from zero.
    pub(super) const NEGATIVE_ZERO: Kinds = Kinds(1 << 5);
    /// `inf`, `-inf`.
    pub(super) const INFINITY: Kinds = Kinds(1 << 6);
    /// `2020-01-02`.
    pub(super) const DATE: Kinds = Kinds(1 << 7);
    /// `03:04:05`.
    pub(super) const TIME: Kinds = Kinds(1 << 8);
    /// A timestamp without zone.
    pub(super) const NAIVE: Kinds = Kinds(1 << 9);
    /// A timestamp with its offset from UTC.
    pub(super) const ZONED: Kinds = Kinds(1 << 10);
    /// `01/02/2020`, a real day in one order at least.
    pub(super) const ORDERED_DATE: Kinds = Kinds(1 << 11);
    /// One of the default null words.
    pub(super) const NULL_WORD: Kinds = Kinds(1 << 12);
    /// A field of nothing but quotes.
    pub(super) const QUOTED_EMPTY: Kinds = Kinds(1 << 13);
    /// Anything else.
    pub(super) const TEXT: Kinds = Kinds(1 << 14);
    /// A JSON object.
    pub(super) const OBJECT: Kinds = Kinds(1 << 15);
    /// A JSON array.
    pub(super) const ARRAY: Kinds = Kinds(1 << 16);
    /// Objects of more keys than a struct has fields.
    pub(super) const UNRULY: Kinds = Kinds(1 << 17);

    /// All numbers.
    pub(super) const NUMBERS: Kinds = Kinds(
        Kinds::INT.0
            | Kinds::BIG_WHOLE.0
            | Kinds::DECIMAL.0
            | Kinds::EXPONENT.0
            | Kinds::NEGATIVE_ZERO.0
            | Kinds::INFINITY.0,
    );
    /// Objects and arrays of any kind.
    pub(super) const NESTED: Kinds = Kinds(Kinds::OBJECT.0 | Kinds::ARRAY.0 | Kinds::UNRULY.0);
    /// Numbers that only float64 can hold.
    pub(super) const FLOAT_ONLY: Kinds = Kinds(Kinds::EXPONENT.0 | Kinds::NEGATIVE_ZERO.0 | Kinds::INFINITY.0);
    /// What a timestamp column without zone can hold.
    pub(super) const NAIVE_MOMENTS: Kinds = Kinds(Kinds::DATE.0 | Kinds::NAIVE.0);

    pub(super) fn insert(&mut self, kinds: Kinds) {
        self.0 |= kinds.0;
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn has_any(self, kinds: Kinds) -> bool {
        self.0 & kinds.0 != 0
    }

    pub(super) fn is_within(self, kinds: Kinds) -> bool {
        self.0 & !kinds.0 == 0
    }

    /// The kinds that are values whatever the type: not the null words, not the quoted empties.
    pub(super) fn values(self) -> Kinds {
        Kinds(self.0 & !(Kinds::NULL_WORD.0 | Kinds::QUOTED_EMPTY.0))
    }
}
