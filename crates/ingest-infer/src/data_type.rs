//! The types a column can have, and their names.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

/// Unit of a time of day or a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeUnit {
    /// 10⁻⁶ s.
    Microsecond,
    /// 10⁻⁹ s.
    Nanosecond,
}

/// The type of a column. Displayed and parsed as Arrow's names in lower case, e.g. `timestamp[us,UTC]`,
/// `list<struct<id: int64, "two words": utf8>>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// Fields with names, all different.
    Struct(Arc<[Member]>),
    /// Any number of values of one type.
    List(Arc<DataType>),
}

/// One field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub data_type: DataType,
}

/// Structs and lists may lie so deep within each other; what lies deeper is JSON text. Each level is one more pass over its text.
pub const NESTING_MAX: usize = 32;

/// A field's name as types are displayed: in quotes, as JSON writes it, unless it is one word.
pub fn member_name(name: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '$' | '@');
    if !name.is_empty() && name.chars().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let mut quoted = String::from('"');
    for letter in name.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => _ = write!(quoted, "\\u{:04x}", u32::from(letter)),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    Cow::Owned(quoted)
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
            DataType::Struct(members) => {
                f.write_str("struct<")?;
                for (number, member) in members.iter().enumerate() {
                    let comma = if number > 0 { ", " } else { "" };
                    write!(f, "{comma}{}: {}", member_name(&member.name), member.data_type)?;
                }
                f.write_str(">")
            }
            DataType::List(item) => write!(f, "list<{item}>"),
        }
    }
}

/// The text names no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no type {0:?}; types are null, bool, int64, decimal128(p,s), float64, date32, time64[us|ns], timestamp[us|ns], timestamp[us|ns,UTC], utf8, list<type>, struct<name: type, …>"
)]
pub struct UnknownType(pub String);

impl FromStr for DataType {
    type Err = UnknownType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut names = Names { rest: name };
        let read = names.data_type(0).filter(|_| names.rest.trim().is_empty());
        read.ok_or_else(|| UnknownType(name.to_owned()))
    }
}

/// What is left of a type's name.
struct Names<'a> {
    rest: &'a str,
}

impl Names<'_> {
    fn take(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A type, `depth` others around it.
    fn data_type(&mut self, depth: usize) -> Option<DataType> {
        let text = self.rest.trim_start();
        let word = &text[..text.find(['<', '>', '[', '(', ',']).unwrap_or(text.len())];
        self.rest = &text[word.len()..];
        let word = word.trim().to_ascii_lowercase();
        match word.as_str() {
            "list" | "struct" if depth == NESTING_MAX => None,
            "list" => {
                let item = self.take('<').then(|| self.data_type(depth + 1))??;
                self.take('>').then(|| DataType::List(item.into()))
            }
            "struct" => self.members(depth),
            "decimal128" => self.enclosed('(', ')').and_then(decimal),
            "time64" => self.enclosed('[', ']').and_then(|inner| unit(&inner)).map(DataType::Time64),
            "timestamp" => self.enclosed('[', ']').and_then(|inner| timestamp(&inner)),
            "null" => Some(DataType::Null),
            "bool" => Some(DataType::Bool),
            "int64" => Some(DataType::Int64),
            "float64" => Some(DataType::Float64),
            "date32" => Some(DataType::Date32),
            "utf8" => Some(DataType::Utf8),
            _ => None,
        }
    }

    /// What stands between two signs, in lower case.
    fn enclosed(&mut self, open: char, close: char) -> Option<String> {
        let (inner, rest) = self.rest.strip_prefix(open)?.split_once(close)?;
        self.rest = rest;
        Some(inner.to_ascii_lowercase())
    }

    fn members(&mut self, depth: usize) -> Option<DataType> {
        let mut members: Vec<Member> = Vec::new();
        let mut more = self.take('<');
        while more {
            let name = self.member_name()?;
            let data_type = self.take(':').then(|| self.data_type(depth + 1))??;
            if members.iter().any(|other| *other.name == *name) {
                return None;
            }
            members.push(Member { name: name.into(), data_type });
            more = self.take(',');
        }
        (self.take('>') && !members.is_empty()).then(|| DataType::Struct(members.into()))
    }

    fn member_name(&mut self) -> Option<String> {
        let text = self.rest.trim_start();
        let Some(quoted) = text.strip_prefix('"') else {
            let (name, _) = text.split_once(':')?;
            self.rest = &text[name.len()..];
            let name = name.trim();
            return (!name.is_empty() && !name.contains(['<', '>', ',', '"'])).then(|| name.to_owned());
        };
        let mut escaped = false;
        let end = quoted.find(|letter| {
            let is_end = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            is_end
        })?;
        self.rest = &quoted[end + 1..];
        let mut name = Vec::new();
        ingest_parse::json::unescape(&quoted.as_bytes()[..end], &mut name);
        String::from_utf8(name).ok()
    }
}

fn unit(text: &str) -> Option<TimeUnit> {
    match text {
        "us" => Some(TimeUnit::Microsecond),
        "ns" => Some(TimeUnit::Nanosecond),
        _ => None,
    }
}

fn decimal(inner: String) -> Option<DataType> {
    let (precision, scale) = inner.split_once(',')?;
    let (precision, scale): (u8, u8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    let holds = (1..=38).contains(&precision) && scale <= precision;
    holds.then_some(DataType::Decimal128 { precision, scale })
}

fn timestamp(inner: &str) -> Option<DataType> {
    match inner.split_once(',') {
        None => Some(DataType::Timestamp { unit: unit(inner)?, utc: false }),
        Some((inner, zone)) => (zone.trim() == "utc").then_some(DataType::Timestamp { unit: unit(inner)?, utc: true }),
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
            "list<int64>",
            "list<list<timestamp[us,UTC]>>",
            "struct<a: int64, b-2: decimal128(20,2), \"two words\": list<struct<é: utf8>>>",
            r#"struct<"": null, "a:\"<\\": utf8, "\u000a": bool>"#,
        ] {
            assert_eq!(name.parse::<DataType>().map(|t| t.to_string()), Ok(name.to_owned()));
        }
        assert_eq!(" List< INT64 >".parse(), Ok(DataType::List(DataType::Int64.into())));
        let deep = |depth: usize| format!("{}int64{}", "list<".repeat(depth), ">".repeat(depth));
        assert!(deep(NESTING_MAX).parse::<DataType>().is_ok() && deep(NESTING_MAX + 1).parse::<DataType>().is_err());
        for name in [
            "int",
            "decimal128(39,2)",
            "decimal128(3,4)",
            "time64[s]",
            "timestamp[us,CET]",
            "",
            "list",
            "list<>",
            "list<int64",
            "list<int64>>",
            "struct<>",
            "struct<a>",
            "struct<a: int64,>",
            "struct<a: int64, a: utf8>",
            "struct<\"a: int64>",
        ] {
            assert!(name.parse::<DataType>().is_err(), "{name}");
        }
    }
}
