//! Bringing numbers with any digits after the point to one scale.

/// Scaled values have at most so many digits, which always fit an i64.
const PRECISION_MAX: u32 = 18;

/// By the number of digits after the point, 0–15: what to multiply the mantissa by, and the largest one that may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaling {
    pub(super) factors: [i64; 16],
    /// -1 where digits would be lost.
    pub(super) limits: [i64; 16],
}

impl Scaling {
    /// To whole numbers of 10^-`scale` that have at most `precision` digits.
    pub(super) fn to(precision: u8, scale: u8) -> Self {
        let limit = 10i64.pow(u32::from(precision).min(PRECISION_MAX));
        let mut scaling = Scaling { factors: [0; 16], limits: [-1; 16] };
        for after in 0..=scale.min(15) {
            // Where the factor alone is too large, only 0 fits, whatever it is multiplied by.
            let factor = 10i64.checked_pow(u32::from(scale - after)).unwrap_or(i64::MAX);
            scaling.factors[usize::from(after)] = factor;
            scaling.limits[usize::from(after)] = (limit - 1) / factor;
        }
        scaling
    }
}
