//! What a field is worth under a type: the one set of exact scalar conversions, used to infer and to load.
//!
//! Each takes the unescaped bytes of one field and gives the exact value, or `None` where the text is no value of the
//! type or the type cannot hold it: nothing is rounded (beyond what [`float64`] is), cut off or saturated. Numbers
//! ignore ASCII spaces and tabs around them; nothing else does. All take time linear in the text, allocate nothing on
//! ordinary fields, and are what the batched kernels are compared with.

mod calendar;
mod clock;
mod float;
mod number;

pub(crate) use calendar::{DAY_SECONDS, ShortDate};
pub use calendar::{DateOrder, date32, ordered_date};
pub(crate) use clock::{Clock, Moment, in_unit};
pub use clock::{time64, timestamp};
pub use float::float64;
pub(crate) use float::{EXACT_WHOLE_MAX, infinity};
pub(crate) use number::{Number, accumulate};
pub use number::{decimal128, int64};

/// Which spellings of a number are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Only what inference calls a value of the type: no text loses a character that could have meant something.
    Inferred,
    /// The user asked for the type: also `+5`, `007` and `-0`.
    Given,
}

/// `true` or `false` in any case.
#[must_use]
pub fn bool(text: &[u8]) -> Option<bool> {
    if text.eq_ignore_ascii_case(b"true") {
        Some(true)
    } else if text.eq_ignore_ascii_case(b"false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
