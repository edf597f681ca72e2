//! Decimal numbers as they are written, and the exact integers they stand for.

use super::Form;

/// A number taken apart: `[+-] whole [. fraction] [e exponent]`, with a digit on at least one side of the point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'a> {
    /// The text without its sign and the spaces around.
    pub(crate) unsigned: &'a [u8],
    pub(crate) negative: bool,
    plus: bool,
    pub(crate) whole: &'a [u8],
    /// The digits after the point; `None` without a point.
    pub(crate) fraction: Option<&'a [u8]>,
    pub(crate) has_exponent: bool,
}

impl<'a> Number<'a> {
    /// Reads the whole of `text`, spaces and tabs around it aside; `None` where it is not a number.
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        let text = trim(text);
        let (negative, plus) = (text.first() == Some(&b'-'), text.first() == Some(&b'+'));
        let unsigned = &text[usize::from(negative || plus)..];
        let (whole, mut rest) = split_digits(unsigned);
        let mut fraction = None;
        if let [b'.', after @ ..] = rest {
            let (digits, after) = split_digits(after);
            (fraction, rest) = (Some(digits), after);
        }
        if whole.is_empty() && fraction.is_none_or(<[u8]>::is_empty) {
            return None;
        }
        let has_exponent = !rest.is_empty();
        if has_exponent && !is_exponent(rest) {
            return None;
        }
        Some(Number { unsigned, negative, plus, whole, fraction, has_exponent })
    }

    /// Whether there is neither a point nor an exponent.
    pub(crate) fn is_whole(&self) -> bool {
        self.fraction.is_none() && !self.has_exponent
    }

    /// Whether no digit but zero stands before the exponent.
    pub(crate) fn is_zero(&self) -> bool {
        self.whole.iter().chain(self.fraction.unwrap_or_default()).all(|&digit| digit == b'0')
    }

    /// Whether nothing in the spelling could mean more than the number: no plus sign, no needless leading zero.
    pub(crate) fn is_plain(&self) -> bool {
        !self.plus && !matches!(self.whole, [b'0', _, ..])
    }

    /// The digits before the point without leading zeros.
    pub(crate) fn significant_whole(&self) -> &'a [u8] {
        let zeros = self.whole.iter().take_while(|&&digit| digit == b'0').count();
        &self.whole[zeros..]
    }
}

/// The text without the spaces and tabs around it.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

fn is_exponent(text: &[u8]) -> bool {
    let [b'e' | b'E', rest @ ..] = text else { return false };
    let digits = rest.strip_prefix(b"+").or_else(|| rest.strip_prefix(b"-")).unwrap_or(rest);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// The value of up to 38 digits, which always fits.
pub(crate) fn accumulate(digits: impl IntoIterator<Item = u8>) -> u128 {
    digits.into_iter().fold(0, |value, digit| value * 10 + u128::from(digit - b'0'))
}

/// A whole number of 64 bits.
///
/// Inferred: `0`, or an optional `-` and digits that do not begin with zero. Given: any sign and digits.
#[must_use]
pub fn int64(text: &[u8], form: Form) -> Option<i64> {
    let number = Number::read(text).filter(Number::is_whole)?;
    if form == Form::Inferred && !(number.is_plain() && !(number.negative && number.is_zero())) {
        return None;
    }
    let digits = number.significant_whole();
    if digits.len() > 19 {
        return None;
    }
    // 19 digits stay below 10^19, far inside i128; the sign goes first so that the least i64 passes.
    let magnitude = i128::try_from(accumulate(digits.iter().copied())).ok()?;
    i64::try_from(if number.negative { -magnitude } else { magnitude }).ok()
}

/// A decimal number as `value * 10^scale`, if that is a whole number of at most `precision` digits (at most 38).
///
/// Digits with an optional point (`12`, `12.5`, `.5`, `5.`), no exponent and no infinity. Inferred refuses a negative
/// zero, leading zeros and a plus sign.
#[must_use]
pub fn decimal128(text: &[u8], precision: u8, scale: u8, form: Form) -> Option<i128> {
    let number = Number::read(text).filter(|number| !number.has_exponent)?;
    if form == Form::Inferred && !(number.is_plain() && !(number.negative && number.is_zero())) {
        return None;
    }
    if number.is_zero() {
        return Some(0);
    }
    let fraction = number.fraction.unwrap_or_default();
    let (kept, beyond) = fraction.split_at(fraction.len().min(usize::from(scale)));
    if beyond.iter().any(|&digit| digit != b'0') {
        return None;
    }
    let zeros = std::iter::repeat_n(b'0', usize::from(scale) - kept.len());
    let digits = number.whole.iter().chain(kept).copied().chain(zeros).skip_while(|&digit| digit == b'0');
    if digits.clone().count() > usize::from(precision.min(38)) {
        return None;
    }
    let magnitude = i128::try_from(accumulate(digits)).ok()?;
    Some(if number.negative { -magnitude } else { magnitude })
}
