//! The small languages of the command line alone: lists, and words that help and completions show.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};

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
