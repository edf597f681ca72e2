//! The small languages of option values: characters, lists, fixed words.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use ingest::Delimiter;

/// A character that carries structure, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Character(pub(crate) Option<u8>);

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

/// What separates fields: a character, several, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Separator(pub(crate) Option<Delimiter>);

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

/// A list as typed: `a,b`, an item that holds a comma in quotes, a quote in quotes doubled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List(pub(crate) Vec<String>);

impl FromStr for List {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        let mut rest = (!text.is_empty()).then_some(text);
        while let Some(text) = rest {
            let (item, after) = next_item(text)?;
            items.push(item);
            rest = after;
        }
        Ok(List(items))
    }
}

/// The first item, and what follows its comma, if one follows.
fn next_item(text: &str) -> Result<(String, Option<&str>), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Ok(match text.split_once(',') {
            Some((item, after)) => (item.to_owned(), Some(after)),
            None => (text.to_owned(), None),
        });
    };
    let mut item = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"').ok_or_else(|| format!("the quote before {quoted} never closes"))?;
        item.push_str(part);
        match after.as_bytes().first() {
            Some(b'"') => item.push('"'),
            Some(b',') => return Ok((item, Some(&after[1..]))),
            None => return Ok((item, None)),
            Some(_) => return Err(format!("after the closing quote a comma is missing before {after}")),
        }
        rest = &after[1..];
    }
}

/// Reads a list that must name something.
pub(crate) fn names(text: &str) -> Result<List, String> {
    match text.parse::<List>()? {
        List(items) if items.is_empty() => Err("the list is empty".to_owned()),
        list => Ok(list),
    }
}

/// All items of a list option that was given several times; `None` if it was not given.
pub(crate) fn joined(lists: &[List]) -> Option<Vec<String>> {
    (!lists.is_empty()).then(|| lists.iter().flat_map(|List(items)| items.iter().cloned()).collect())
}

/// A parser of one of some fixed words, which help and completions then list.
pub(crate) fn one_of<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn lists_are_split_at_commas_outside_quotes() {
        let items = |text: &str| text.parse::<List>().map(|List(items)| items);
        let owned = |items: &[&str]| Ok(items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
        assert_eq!(items("a,b"), owned(&["a", "b"]));
        assert_eq!(items("a"), owned(&["a"]));
        assert_eq!(items("a,,b,"), owned(&["a", "", "b", ""]));
        assert_eq!(items(r#""a,b",c"#), owned(&["a,b", "c"]));
        assert_eq!(items(r#""a ""b""",c"#), owned(&[r#"a "b""#, "c"]));
        assert_eq!(items(r#""""#), owned(&[""]));
        assert_eq!(items(""), owned(&[]));
        assert_eq!(items(r#"5",b"#), owned(&["5\"", "b"]));
        assert!(items(r#""a"#).unwrap_err().contains("never closes"));
        assert!(items(r#""a"b"#).unwrap_err().contains("comma"));
        assert!(names("").is_err());
    }
}
