//! What the paths of sources say, by a pattern: `{year}/{day:yyyy-MM-dd}/*.csv`.

use std::fmt;
use std::str::FromStr;

/// How the end of each source's path is made up, and which of its parts are values of columns.
///
/// `{name}` stands for one or more characters other than `/`, as few as possible, and makes a column; `{name:yyyy/MM/dd}` for the
/// digits of a date, or with `HH`, `mm` and `ss` of a time, whose parts may lie in several folders; `*` for any characters other
/// than `/`. All else stands for itself. The pattern covers as many folders of the path as it names, up to its end; a leading
/// `/`, `.../` or `…/` means nothing. Parts of a date that it does not name are the first ones.
///
/// ```
/// let format: ingest::PartitionFormat = "{city}/{day:yyyy/MM}/*.csv".parse()?;
/// let values = format.values("data/Rom/2024/05/a.csv").expect("it is made up so");
/// assert_eq!(values, [("city".to_owned(), "Rom".to_owned()), ("day".to_owned(), "2024-05-01".to_owned())]);
/// assert_eq!(format.values("data/Rom/2024/13/a.csv"), None);
/// # Ok::<(), ingest::PartitionFormatError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionFormat {
    text: String,
    tokens: Vec<Token>,
    /// Names of the columns, in the order in which they appear, and whether they are dates.
    columns: Vec<(String, Option<Form>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// Any characters, but no `/`.
    Any,
    /// One or more of these are the value of a column.
    Text(usize),
    /// So many digits are a part of the date of a column.
    Digits(usize, Part),
}

/// What a date is made up of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    has_time: bool,
}

/// A part of a date and time: its place among year, month, day, hour, minute and second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part(usize);

impl Part {
    /// How patterns spell them.
    const SPELLED: [&str; 6] = ["yyyy", "MM", "dd", "HH", "mm", "ss"];

    fn digits(self) -> usize {
        Part::SPELLED[self.0].len()
    }
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no pattern of paths: {reason}")]
pub struct PartitionFormatError {
    text: String,
    reason: String,
}

impl FromStr for PartitionFormat {
    type Err = PartitionFormatError;

    fn from_str(text: &str) -> Result<Self, PartitionFormatError> {
        let wrong = |reason: String| PartitionFormatError { text: text.to_owned(), reason };
        let mut format = PartitionFormat { text: text.to_owned(), tokens: Vec::new(), columns: Vec::new() };
        let start = ["…/", ".../", "/"].iter().find_map(|start| text.strip_prefix(start));
        let mut rest = start.unwrap_or(text);
        while let Some(next) = rest.chars().next() {
            let after = &rest[next.len_utf8()..];
            rest = match next {
                '{' => {
                    let (inner, after) =
                        after.split_once('}').ok_or_else(|| wrong("a { is never closed".to_owned()))?;
                    format.add_column(inner).map_err(wrong)?;
                    after
                }
                '}' => return Err(wrong("a } was never opened".to_owned())),
                '*' => {
                    format.tokens.push(Token::Any);
                    after
                }
                other => {
                    format.tokens.push(Token::Literal(other));
                    after
                }
            };
        }
        match format.columns.is_empty() {
            true => Err(wrong("it names no column, as {year} does".to_owned())),
            false => Ok(format),
        }
    }
}

impl fmt::Display for PartitionFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartitionFormat {
    /// Adds what stands between braces.
    fn add_column(&mut self, inner: &str) -> Result<(), String> {
        let (name, date) = inner.split_once(':').map_or((inner, None), |(name, date)| (name, Some(date)));
        if name.is_empty() {
            return Err(format!("{{{inner}}} has no name"));
        }
        if self.columns.iter().any(|(known, _)| known == name) {
            return Err(format!("{{{name}}} comes twice"));
        }
        let column = self.columns.len();
        let Some(mut rest) = date else {
            self.tokens.push(Token::Text(column));
            self.columns.push((name.to_owned(), None));
            return Ok(());
        };
        let mut parts = Vec::new();
        while let Some(next) = rest.chars().next() {
            let spelled = (0..Part::SPELLED.len()).find(|&part| rest.starts_with(Part::SPELLED[part]));
            match spelled {
                Some(part) => {
                    parts.push(part);
                    self.tokens.push(Token::Digits(column, Part(part)));
                    rest = &rest[Part::SPELLED[part].len()..];
                }
                None if next.is_alphanumeric() || next == '*' => {
                    return Err(format!("{{{inner}}}: a date is made of yyyy, MM, dd, HH, mm and ss"));
                }
                None => {
                    self.tokens.push(Token::Literal(next));
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        let is_twice = (0..parts.len()).any(|at| parts[..at].contains(&parts[at]));
        if is_twice || !parts.contains(&0) {
            return Err(format!("{{{inner}}}: a date needs a year, yyyy, and each part once"));
        }
        let has_time = parts.iter().any(|&part| part > 2);
        self.columns.push((name.to_owned(), Some(Form { has_time })));
        Ok(())
    }

    /// The names and values that a path says, in the order of the pattern; `None` where it is not made up so, or has digits that
    /// are no date. Dates are as `2024-05-31` and `2024-05-31T23:59:59`. O(length) for most patterns.
    #[must_use]
    pub fn values(&self, path: &str) -> Option<Vec<(String, String)>> {
        let folders = self.tokens.iter().filter(|token| **token == Token::Literal('/')).count();
        let start = match path.rmatch_indices('/').nth(folders) {
            Some((at, _)) => at + 1,
            // The pattern may begin where the path does.
            None if path.matches('/').count() == folders => 0,
            None => return None,
        };
        let mut found = vec![Found::default(); self.columns.len()];
        if !matches(&self.tokens, &path[start..], &mut found) {
            return None;
        }
        let value = |((name, form), found): (&(String, Option<Form>), Found)| {
            Some((name.clone(), form.as_ref().map_or(Some(found.text.clone()), |form| found.date(form))?))
        };
        self.columns.iter().zip(found).map(value).collect()
    }
}

/// What a path says of a column so far.
#[derive(Clone, Default)]
struct Found {
    text: String,
    parts: [Option<u32>; 6],
}

impl Found {
    fn date(&self, form: &Form) -> Option<String> {
        let [year, month, day, hour, minute, second] = self.parts;
        let (year, month, day) = (year?, month.unwrap_or(1), day.unwrap_or(1));
        let (hour, minute, second) = (hour.unwrap_or(0), minute.unwrap_or(0), second.unwrap_or(0));
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        let is_real = (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
        let date = format!("{year:04}-{month:02}-{day:02}");
        let time = if form.has_time { format!("T{hour:02}:{minute:02}:{second:02}") } else { String::new() };
        is_real.then(|| date + &time)
    }
}

/// Whether tokens make up a text, and what it says then; the first of them tries few characters before many.
fn matches(tokens: &[Token], text: &str, found: &mut [Found]) -> bool {
    let Some((first, rest)) = tokens.split_first() else { return text.is_empty() };
    match *first {
        Token::Literal(literal) => text.strip_prefix(literal).is_some_and(|text| matches(rest, text, found)),
        Token::Digits(column, part) => {
            let digits = text.get(..part.digits()).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            let Some(number) = digits.and_then(|digits| digits.parse().ok()) else { return false };
            found[column].parts[part.0] = Some(number);
            matches(rest, &text[part.digits()..], found)
        }
        Token::Any | Token::Text(_) => {
            let least = usize::from(*first != Token::Any);
            let segment = text.split('/').next().unwrap_or_default();
            let ends = segment.char_indices().map(|(at, _)| at).chain([segment.len()]).skip(least);
            for end in ends {
                if let Token::Text(column) = *first {
                    found[column].text = text[..end].to_owned();
                }
                if matches(rest, &text[end..], found) {
                    return true;
                }
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(format: &str, path: &str) -> Option<Vec<String>> {
        let values = format.parse::<PartitionFormat>().unwrap().values(path)?;
        Some(values.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn paths_are_taken_apart() {
        let some = |values: &[&str]| Some(values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert_eq!(values("{year}/x.csv", "a/b/2024/x.csv"), some(&["year=2024"]));
        assert_eq!(values("/{year}/x.csv", "2024/x.csv"), some(&["year=2024"]));
        assert_eq!(
            values("…/{dep}/{at:yyyy/MM/dd}/d.csv", "/r/Sales/2024/02/29/d.csv"),
            some(&["dep=Sales", "at=2024-02-29"])
        );
        assert_eq!(values(".../{dep}/*.csv", "r/São/x.csv"), some(&["dep=São"]));
        assert_eq!(values("{a}-{b}.csv", "r/x-y-z.csv"), some(&["a=x", "b=y-z"]));
        assert_eq!(values("{at:yyyyMMdd_HHmmss}.csv", "r/20240131_235958.csv"), some(&["at=2024-01-31T23:59:58"]));
        assert_eq!(values("{at:yyyy}/*", "r/2024/x.csv"), some(&["at=2024-01-01"]));
        assert_eq!(values("year={y}/*", "r/year=7/x.csv"), some(&["y=7"]));
        for (format, path) in [
            ("{year}/x.csv", "x.csv"),
            ("{year}/x.csv", "2024/y.csv"),
            ("{year}/x.csv", "/x.csv"),
            ("{at:yyyy/MM/dd}/*", "2023/02/29/x.csv"),
            ("{at:yyyy}/*", "24/x.csv"),
            ("{at:yyyy}/*", "20245/x.csv"),
            ("{a}/{b}/*", "1/x.csv"),
        ] {
            assert_eq!(values(format, path), None, "{format} {path}");
        }
    }

    #[test]
    fn wrong_patterns_say_why() {
        for (format, reason) in [
            ("x.csv", "names no column"),
            ("{year", "never closed"),
            ("year}", "never opened"),
            ("{}/x", "no name"),
            ("{a}/{a}", "twice"),
            ("{a:MM}/x", "needs a year"),
            ("{a:yyyy-yyyy}/x", "each part once"),
            ("{a:yy}/x", "yyyy, MM"),
        ] {
            let error = format.parse::<PartitionFormat>().unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
