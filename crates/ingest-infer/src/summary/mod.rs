//! What is known of a column: facts that join in any order, and the type they decide.

mod decide;
mod kinds;
mod nested;
mod note;
mod observe;

pub use decide::Decision;
use kinds::Kinds;
use nested::Nested;
use serde::{Deserialize, Serialize};

/// What has been seen in the fields of a column.
///
/// [`Summary::default`] has seen nothing. [`observe`](Summary::observe) and the `note_…` methods add what one field or a
/// batch of fields shows; [`join`](Summary::join) adds what another summary knows. All of them only take unions and
/// maxima, so the join is associative, commutative and idempotent, and the order and grouping of fields never matter; but the
/// keys of objects keep the order in which they came. 32 bytes, nothing on the heap unless objects or arrays were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Largest magnitude of whole numbers of up to 38 digits.
    whole_max: u128,
    kinds: Kinds,
    flags: Flags,
    /// Most digits before the point, over all numbers without exponent, as written: `.5` has 0, `0.5` has 1.
    digits_before: u8,
    /// Most digits after the point, as written.
    digits_after: u8,
    /// Most digits of a second's fraction, up to the last that is not zero.
    fraction_digits: u8,
    /// What the objects and arrays hold, while they can become structs or lists.
    nested: Option<Box<Nested>>,
}

/// Counts of digits stop here: every bound they are compared with (38, 9) is smaller, and so the maximum stays a maximum.
const DIGITS_CAP: usize = u8::MAX as usize;

/// Facts that are yes or no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Flags(u8);

impl Flags {
    /// A date lies outside what nanoseconds since 1970 can count.
    const DATE_OUTSIDE_NANOS: Flags = Flags(1);
    /// A timestamp does.
    const TIMESTAMP_OUTSIDE_NANOS: Flags = Flags(1 << 1);
    /// A date like `01/02/2020` is no real day if the day stands first.
    const NOT_DAY_FIRST: Flags = Flags(1 << 2);
    /// It is none if the month stands first.
    const NOT_MONTH_FIRST: Flags = Flags(1 << 3);
    const SLASH: Flags = Flags(1 << 4);
    const DASH: Flags = Flags(1 << 5);
    const DOT: Flags = Flags(1 << 6);
    const SEPARATORS: Flags = Flags(Flags::SLASH.0 | Flags::DASH.0 | Flags::DOT.0);

    fn insert(&mut self, flags: Flags) {
        self.0 |= flags.0;
    }

    fn contains(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// How many of the three separators were seen.
    fn separators(self) -> u32 {
        (self.0 & Flags::SEPARATORS.0).count_ones()
    }
}

impl Summary {
    /// Adds what `other` knows: afterwards it is as if all its fields had been observed here too. O(1), or O(keys) where there
    /// are objects.
    pub fn join(&mut self, other: &Summary) {
        self.whole_max = self.whole_max.max(other.whole_max);
        self.kinds.insert(other.kinds);
        self.flags.insert(other.flags);
        self.digits_before = self.digits_before.max(other.digits_before);
        self.digits_after = self.digits_after.max(other.digits_after);
        self.fraction_digits = self.fraction_digits.max(other.fraction_digits);
        if self.nested.is_some() || other.nested.is_some() {
            self.join_nested(other.nested.as_deref());
        }
    }

    fn see_digits(&mut self, before: usize, after: usize) {
        let capped = |digits: usize| u8::try_from(digits.min(DIGITS_CAP)).expect("capped to what a byte holds");
        self.digits_before = self.digits_before.max(capped(before));
        self.digits_after = self.digits_after.max(capped(after));
    }
}

#[cfg(test)]
mod tests;
