//! The small languages of option values: fixed words, numbers, characters. The command line, definitions of datasets and Python
//! read and write them here.

use std::fmt;
use std::str::FromStr;

use ingest_parse::Delimiter;

use crate::options::{EncodingErrors, Format, Infer, InputFormat, MaxErrors, QuoteMode};

/// A word that an option does not know, with those it knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is none of {known}")]
pub struct UnknownWord {
    given: String,
    known: String,
}

fn unknown(given: &str, known: impl Into<String>) -> UnknownWord {
    UnknownWord { given: given.to_owned(), known: known.into() }
}

/// Reads and shows a type by its words.
macro_rules! by_words {
    ($type:ty, $($word:literal => $value:expr),+) => {
        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok($value),)+
                    _ => Err(unknown(word, [$($word),+].join(", "))),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let words = [$(($word, $value)),+];
                let (word, _) = words.iter().find(|(_, value)| value == self).expect("every value has a word");
                f.pad(word)
            }
        }
    };
}

by_words!(QuoteMode, "strict" => QuoteMode::Strict, "lenient" => QuoteMode::Lenient, "none" => QuoteMode::None);
by_words!(InputFormat, "csv" => InputFormat::Csv, "tsv" => InputFormat::Tsv, "jsonl" => InputFormat::Jsonl,
    "parquet" => InputFormat::Parquet, "arrow" => InputFormat::Arrow);
by_words!(EncodingErrors, "fail" => EncodingErrors::Fail, "replace" => EncodingErrors::Replace);
by_words!(Format, "parquet" => Format::Parquet, "arrow" => Format::Arrow, "csv" => Format::Csv, "jsonl" => Format::Jsonl);

impl FromStr for Infer {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        match word {
            "all" => Ok(Infer::All),
            "none" => Ok(Infer::None),
            number => match number.parse() {
                Ok(rows) if rows > 0 => Ok(Infer::First(rows)),
                _ => Err(unknown(word, "all, none, a number of records above 0")),
            },
        }
    }
}

impl fmt::Display for Infer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Infer::All => f.write_str("all"),
            Infer::None => f.write_str("none"),
            Infer::First(rows) => rows.fmt(f),
        }
    }
}

impl FromStr for MaxErrors {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let wrong = || unknown(word, "a number of records (100), a share of them (0.5%)");
        match word.strip_suffix('%') {
            Some(share) => match share.parse() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(MaxErrors::Percent(percent)),
                _ => Err(wrong()),
            },
            None => word.parse().map(MaxErrors::Count).map_err(|_| wrong()),
        }
    }
}

/// A character that carries structure, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Character(pub Option<u8>);

impl FromStr for Character {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.as_bytes()) {
            ("none", _) => Ok(Character(None)),
            ("tab" | "\\t", _) => Ok(Character(Some(b'\t'))),
            (_, b"\n" | b"\r") => Err("a line end always ends the record; it cannot have another meaning".to_owned()),
            (_, &[byte]) => Ok(Character(Some(byte))),
            (_, []) => Err("the value is empty; say none to switch it off".to_owned()),
            (_, bytes) => Err(format!(
                "it is {} bytes long; it takes one character of ASCII, or one of the words none, tab, \\t",
                bytes.len()
            )),
        }
    }
}

impl fmt::Display for Character {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("none"),
            Some(b'\t') => f.write_str("tab"),
            Some(byte) => char::from(byte).fmt(f),
        }
    }
}

/// What separates fields: a character, several, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separator(pub Option<Delimiter>);

impl FromStr for Separator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Separator(None)),
            "tab" => Ok(Separator(Some(Delimiter::byte(b'\t')))),
            "" => Err("the value is empty; say none for a table of one column".to_owned()),
            _ if text.contains(['\n', '\r']) => {
                Err("a line end always ends the record; it cannot have another meaning".to_owned())
            }
            _ => {
                let text = text.replace("\\t", "\t");
                let delimiter = Delimiter::new(text.as_bytes()).ok_or_else(|| {
                    format!("it is {} bytes long; a delimiter has {} at most", text.len(), Delimiter::BYTES_MAX)
                })?;
                Ok(Separator(Some(delimiter)))
            }
        }
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("none"),
            Some(delimiter) if delimiter.as_byte() == Some(b'\t') => f.write_str("tab"),
            Some(delimiter) => delimiter.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_options() {
        assert_eq!("12".parse(), Ok(Infer::First(12)));
        assert_eq!("0.5%".parse(), Ok(MaxErrors::Percent(0.5)));
        assert!("101%".parse::<MaxErrors>().is_err());
        assert!("0".parse::<Infer>().is_err());
        let error = "xml".parse::<InputFormat>().unwrap_err().to_string();
        assert_eq!(error, r#""xml" is none of csv, tsv, jsonl, parquet, arrow"#);
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for word in ["csv", "tsv", "jsonl", "parquet", "arrow"] {
            assert_eq!(word.parse::<InputFormat>().unwrap().to_string(), word);
        }
        for word in ["all", "none", "7"] {
            assert_eq!(word.parse::<Infer>().unwrap().to_string(), word);
        }
        for word in ["none", "tab", ",", "||", "\t|", "¦"] {
            assert_eq!(word.parse::<Separator>().unwrap().to_string(), word);
        }
        for word in ["none", "tab", ";", "\\"] {
            assert_eq!(word.parse::<Character>().unwrap().to_string(), word);
        }
    }

    #[test]
    fn characters_are_themselves_or_words() {
        let byte = |text: &str| text.parse::<Character>().map(|Character(byte)| byte);
        assert_eq!(byte(","), Ok(Some(b',')));
        assert_eq!(byte("\\"), Ok(Some(b'\\')));
        assert_eq!(byte("\t"), Ok(Some(b'\t')));
        assert_eq!(byte("tab"), Ok(Some(b'\t')));
        assert_eq!(byte("\\t"), Ok(Some(b'\t')));
        assert_eq!(byte("none"), Ok(None));
        for wrong in ["", ",,", "é", "\n", "None"] {
            assert!(byte(wrong).is_err(), "{wrong:?}");
        }
        assert!(byte("||").unwrap_err().contains("2 bytes"));
    }

    #[test]
    fn separators_are_of_any_length() {
        let bytes = |text: &str| text.parse::<Separator>().map(|Separator(found)| found.map(|it| it.to_string()));
        let owned = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(bytes(","), owned(","));
        assert_eq!((bytes("tab"), bytes("\\t"), bytes("\\t|")), (owned("\t"), owned("\t"), owned("\t|")));
        assert_eq!((bytes("||"), bytes("¦"), bytes("none")), (owned("||"), owned("¦"), Ok(None)));
        assert!(bytes("").unwrap_err().contains("none"));
        assert!(bytes("|\n").unwrap_err().contains("line end"));
        assert!(bytes("<delimiter>").unwrap_err().contains("11 bytes long; a delimiter has 8"));
    }
}
