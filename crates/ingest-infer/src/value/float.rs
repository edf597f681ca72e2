//! Numbers as IEEE 754 double precision.

use super::Form;
use super::number::{Number, trim};

/// The largest magnitude up to which every whole number is a float64 of its own.
pub(crate) const EXACT_WHOLE_MAX: u64 = 1 << 53;

/// A number as float64, correctly rounded (half to even).
///
/// `12.9`, `.5`, `5.`, `1e3`, `-0` and whole numbers, and `inf` and `-inf` in just this spelling. A whole number
/// (neither point nor exponent) is never rounded: inferred it is taken up to 2^53, given wherever it is exact. `None`
/// for a number so large that it would become infinite or so small that it would become zero. Inferred refuses leading
/// zeros and a plus sign.
#[must_use]
pub fn float64(text: &[u8], form: Form) -> Option<f64> {
    let Some(number) = Number::read(text) else { return infinity(text) };
    if form == Form::Inferred && !number.is_plain() {
        return None;
    }
    // The form is checked above: the parser takes more spellings than we do.
    let magnitude: f64 = fast_float2::parse(number.unsigned).ok()?;
    if magnitude.is_infinite() || (magnitude == 0.0 && !number.is_zero()) {
        return None;
    }
    if number.is_whole() && !is_exact_whole(&number, magnitude, form) {
        return None;
    }
    Some(if number.negative { -magnitude } else { magnitude })
}

/// `inf` or `-inf`.
pub(crate) fn infinity(text: &[u8]) -> Option<f64> {
    match trim(text) {
        b"inf" => Some(f64::INFINITY),
        b"-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn is_exact_whole(number: &Number<'_>, rounded: f64, form: Form) -> bool {
    let digits = number.significant_whole();
    // Up to 18 digits fit u64 with room; beyond, no whole number is within 2^53.
    if digits.len() <= 18 {
        let exact = digits.iter().fold(0u64, |value, &digit| value * 10 + u64::from(digit - b'0'));
        if exact <= EXACT_WHOLE_MAX {
            return true;
        }
    }
    // A float64 prints all its digits before the point exactly.
    form == Form::Given && format!("{rounded:.0}").as_bytes() == digits
}
