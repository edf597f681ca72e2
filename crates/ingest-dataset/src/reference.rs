//! How a dataset is called: `name`, `name:3`, `name:latest`, or an id.

use std::fmt;
use std::str::FromStr;

use ingest::{Code, Error, Result};

/// Letters of an id: 128 bits of a hash in hexadecimal.
pub(crate) const ID_LETTERS: usize = 32;

/// Longer names are refused, bytes.
const NAME_BYTES_MAX: usize = 255;

/// What a user calls a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A version of a name.
    Name(String, Which),
    /// A registered version, by its id.
    Id(String),
}

/// Which version of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The highest number.
    Latest,
    /// This number, from 1.
    Number(u64),
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Reference> {
        if is_id(text) {
            return Ok(Reference::Id(text.to_owned()));
        }
        let (name, which) = match text.split_once(':') {
            None => (text, Which::Latest),
            Some((name, "latest")) => (name, Which::Latest),
            Some((name, number)) => match number.parse() {
                Ok(1..) if !number.bytes().all(|byte| byte.is_ascii_digit()) => return Err(no_version(number, text)),
                // Beyond what a registry counts there is none either.
                Ok(number @ 1..) => (name, Which::Number(number.min(i64::MAX as u64))),
                _ => return Err(no_version(number, text)),
            },
        };
        check_name(name)?;
        Ok(Reference::Name(name.to_owned(), which))
    }
}

fn no_version(number: &str, text: &str) -> Error {
    Error::new(Code::Usage, format!("{number:?} in {text:?} is no version"))
        .hint("a version is a number from 1, or latest")
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Name(name, Which::Latest) => f.write_str(name),
            Reference::Name(name, Which::Number(number)) => write!(f, "{name}:{number}"),
            Reference::Id(id) => f.write_str(id),
        }
    }
}

/// Whether a text is an id, whatever it may be of.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == ID_LETTERS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Characters without a form of their own that no script needs: blanks without width, and what turns the direction of text.
fn is_unseen(sign: char) -> bool {
    matches!(sign, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether a dataset may be called so: any script, but nothing that would be a path, an option, a version or an id.
///
/// # Errors
/// [`Code::Usage`] with the reason.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "it is longer than 255 bytes"
    } else if name.contains(['/', '\\', ':']) {
        "it holds one of / \\ :"
    } else if name.contains(char::is_control) {
        "it holds a control character"
    } else if name.contains(is_unseen) {
        "it holds a character that is not seen"
    } else if name.starts_with(['-', '.']) {
        "it begins with - or ."
    } else if name.trim() != name {
        "it begins or ends with a blank"
    } else if is_id(name) {
        "it looks like an id"
    } else {
        return Ok(());
    };
    Err(Error::new(Code::Usage, format!("{name:?} is no name for a dataset: {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_and_ids() {
        let name = |name: &str, which| Reference::Name(name.to_owned(), which);
        let read = |text: &str| text.parse::<Reference>().unwrap();
        assert_eq!(read("titanic"), name("titanic", Which::Latest));
        assert_eq!(read("titanic:latest"), name("titanic", Which::Latest));
        assert_eq!(read("titanic:12"), name("titanic", Which::Number(12)));
        assert_eq!(read("乗客 名簿.v2"), name("乗客 名簿.v2", Which::Latest));
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(read(id), Reference::Id(id.to_owned()));
        for reference in ["titanic", "titanic:3", id] {
            assert_eq!(read(reference).to_string(), reference);
        }
    }

    #[test]
    fn what_is_no_name_says_why() {
        let long = "x".repeat(256);
        for wrong in [
            "",
            "a/b",
            "..",
            "../x",
            "a\\b",
            "a:0",
            "a:+1",
            "a\u{200b}",
            "a\u{202e}b",
            "a:b",
            "a:1:2",
            ":1",
            "-x",
            ".x",
            " x",
            "x ",
            "a\nb",
            &long,
        ] {
            let error = wrong.parse::<Reference>().unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{wrong:?}");
        }
        assert!(check_name("0123456789abcdef0123456789abcdef").is_err());
    }
}
