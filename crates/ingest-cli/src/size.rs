//! Amounts as people write and read them: `64MiB`, `1,000,000`.

/// The units, largest first within a length, so that the longest suffix that fits is met first.
const UNITS: [(&str, u64); 13] = [
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("K", 1 << 10),
    ("M", 1 << 20),
    ("G", 1 << 30),
    ("T", 1 << 40),
    ("B", 1),
];

/// Reads a number of bytes: `512MiB` and `512M` count by 1024, `512MB` by 1000, a bare number is bytes.
///
/// A fraction is taken where it is a whole number of bytes: `1.5GiB`.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(suffix, unit)| upper.strip_suffix(suffix).map(|number| (number.trim_end(), *unit)))
        .unwrap_or((upper.as_str(), 1));
    match bytes(number, unit) {
        Some(0) => Err("it must be more than nothing".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err("it is no size; sizes are written as 64MiB, 64MB, 64K or as a number of bytes".to_owned()),
    }
}

/// `number` of `unit` bytes, if that is a whole number that fits.
fn bytes(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(());
    digits(whole)?;
    digits(fraction)?;
    let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit);
    if part % u128::from(scale) != 0 {
        return None;
    }
    let total = u128::from(whole.parse::<u64>().ok()?) * u128::from(unit) + part / u128::from(scale);
    u64::try_from(total).ok()
}

/// A number of bytes for a person: `1.5 MiB`.
pub(crate) fn show(bytes: u64) -> String {
    const NAMES: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut name = 0;
    // 1023.95 would round to 1024.0.
    while amount >= 1023.95 && name + 1 < NAMES.len() {
        amount /= 1024.0;
        name += 1;
    }
    format!("{amount:.1} {}", NAMES[name])
}

/// A count for a person: `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun, which takes an `s` unless it is one: `1 row`, `2 rows`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Throughput in GB/s (10⁹ bytes); nothing for a run too short to tell.
pub(crate) fn gigabytes_per_second(bytes: u64, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then(|| bytes as f64 / seconds / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("64MiB", 64 << 20),
            ("64mib", 64 << 20),
            ("64MB", 64_000_000),
            ("64M", 64 << 20),
            ("64K", 64 << 10),
            ("64 KiB", 64 << 10),
            ("1.5GiB", 3 << 29),
            ("0.5K", 512),
            ("123", 123),
            ("123B", 123),
            ("2TiB", 2 << 40),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "MiB", "-1", "0", "1.3", "1,5M", "64XB", "99999999999999999999", "99999999TiB", "1e3", "+5"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn amounts_are_shown() {
        assert_eq!(show(0), "0 B");
        assert_eq!(show(1023), "1023 B");
        assert_eq!(show(1536), "1.5 KiB");
        assert_eq!(show((1 << 20) - 1), "1.0 MiB");
        assert_eq!(show(u64::MAX), "16384.0 PiB");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(0, "row"), "0 rows");
        assert_eq!(gigabytes_per_second(1_000_000_000, 0.5), Some(2.0));
        assert_eq!(gigabytes_per_second(1, 0.0), None);
    }
}
