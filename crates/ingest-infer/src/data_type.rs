//! The types a column can have, and their names.

use std::fmt;
use std::str::FromStr;

/// Unit of a time of day or a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeUnit {
    /// 10⁻⁶ s.
    Microsecond,
    /// 10⁻⁹ s.
    Nanosecond,
}

/// The type of a column. Displayed and parsed as Arrow's names in lower case, e.g. `timestamp[us,UTC]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// No value at all.
    Null,
    /// `true` or `false`.
    Bool,
    /// Whole numbers of 64 bits.
    Int64,
    /// Whole or decimal numbers of up to 38 digits.
    Decimal128 {
        /// Digits in all, 1–38.
        precision: u8,
        /// Digits after the point, 0–`precision`.
        scale: u8,
    },
    /// IEEE 754 double precision.
    Float64,
    /// Days since 1970-01-01.
    Date32,
    /// Time of day.
    Time64(TimeUnit),
    /// Date and time of day.
    Timestamp {
        /// What is counted since 1970-01-01T00:00:00.
        unit: TimeUnit,
        /// Whether the instants are in UTC; else the time zone is unknown.
        utc: bool,
    },
    /// Text.
    Utf8,
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimeUnit::Microsecond => "us",
            TimeUnit::Nanosecond => "ns",
        })
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataType::Null => f.write_str("null"),
            DataType::Bool => f.write_str("bool"),
            DataType::Int64 => f.write_str("int64"),
            DataType::Decimal128 { precision, scale } => write!(f, "decimal128({precision},{scale})"),
            DataType::Float64 => f.write_str("float64"),
            DataType::Date32 => f.write_str("date32"),
            DataType::Time64(unit) => write!(f, "time64[{unit}]"),
            DataType::Timestamp { unit, utc: false } => write!(f, "timestamp[{unit}]"),
            DataType::Timestamp { unit, utc: true } => write!(f, "timestamp[{unit},UTC]"),
            DataType::Utf8 => f.write_str("utf8"),
        }
    }
}

/// The text names no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no type {0:?}; types are null, bool, int64, decimal128(p,s), float64, date32, time64[us|ns], timestamp[us|ns], timestamp[us|ns,UTC], utf8"
)]
pub struct UnknownType(pub String);

impl FromStr for DataType {
    type Err = UnknownType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let plain = name.trim().to_ascii_lowercase();
        let unknown = || UnknownType(name.to_owned());
        let unit = |text: &str| match text {
            "us" => Ok(TimeUnit::Microsecond),
            "ns" => Ok(TimeUnit::Nanosecond),
            _ => Err(unknown()),
        };
        let inside = |open: &str, close: char| plain.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        Ok(match plain.as_str() {
            "null" => DataType::Null,
            "bool" => DataType::Bool,
            "int64" => DataType::Int64,
            "float64" => DataType::Float64,
            "date32" => DataType::Date32,
            "utf8" => DataType::Utf8,
            _ => {
                if let Some(inner) = inside("decimal128(", ')') {
                    let (precision, scale) = inner.split_once(',').ok_or_else(unknown)?;
                    let precision: u8 = precision.trim().parse().map_err(|_| unknown())?;
                    let scale: u8 = scale.trim().parse().map_err(|_| unknown())?;
                    if precision == 0 || precision > 38 || scale > precision {
                        return Err(unknown());
                    }
                    DataType::Decimal128 { precision, scale }
                } else if let Some(inner) = inside("time64[", ']') {
                    DataType::Time64(unit(inner)?)
                } else if let Some(inner) = inside("timestamp[", ']') {
                    match inner.split_once(',') {
                        None => DataType::Timestamp { unit: unit(inner)?, utc: false },
                        Some((inner, zone)) if zone.trim() == "utc" => {
                            DataType::Timestamp { unit: unit(inner)?, utc: true }
                        }
                        Some(_) => return Err(unknown()),
                    }
                } else {
                    return Err(unknown());
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in [
            "null",
            "bool",
            "int64",
            "decimal128(20,2)",
            "float64",
            "date32",
            "time64[us]",
            "time64[ns]",
            "timestamp[us]",
            "timestamp[ns,UTC]",
            "utf8",
        ] {
            assert_eq!(name.parse::<DataType>().map(|t| t.to_string()), Ok(name.to_owned()));
        }
        for name in ["int", "decimal128(39,2)", "decimal128(3,4)", "time64[s]", "timestamp[us,CET]", ""] {
            assert!(name.parse::<DataType>().is_err(), "{name}");
        }
    }
}
