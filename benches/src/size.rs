//! Sizes as people write them.

/// The text is not a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSize(pub String);

impl std::fmt::Display for BadSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is not a size; write a whole number of bytes, or one with kB, MB, GB, KiB, MiB or GiB", self.0)
    }
}

impl std::error::Error for BadSize {}

/// Bytes of `500MB` (powers of 1000), `64MiB` (powers of 1024) or a plain number.
///
/// # Errors
/// [`BadSize`] if the text is anything else, or the size does not fit 64 bits.
pub fn parse_size(text: &str) -> Result<u64, BadSize> {
    let bad = || BadSize(text.to_owned());
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(bad()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("500MB"), Ok(500_000_000));
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("12"), Ok(12));
        for bad in ["", "MB", "1.5GB", "-1", "10TBx", "99999999999999999999", "99999999999GB"] {
            assert_eq!(parse_size(bad), Err(BadSize(bad.to_owned())));
        }
    }
}
