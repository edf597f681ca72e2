//! Where records lie in a JSON text, and where a chunk of it can be cut.

use memchr::memchr2;

use super::scanner::{Fault, Scanner, plain_length};
use super::{Framed, JsonFault};

/// What separates the records of a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// A record a line. A line end always ends the record: strings hold none, and blanks within a record are no line ends.
    Lines,
    /// One array: its elements are the records.
    Array,
    /// Values one after the other, over lines as they like.
    Values,
}

/// How the text that begins with `sample` holds its records. `complete`: the sample is all there is.
///
/// A text that opens with `[` is an array, unless its first line is a whole value and another line follows. One that opens
/// with `{` holds a record a line, unless its first line ends within an object and the next one goes on with a key or a
/// closing bracket, or its first line holds two objects. All else holds a record a line. O(first line).
pub fn framing_of(sample: &[u8], complete: bool) -> Framing {
    let text = sample.trim_ascii_start();
    let end = line_end(text, 0);
    let (first, rest) = (text[..end].trim_ascii_end(), text[end..].trim_ascii_start());
    let mut scanner = Scanner::new(first, 0);
    let read = scanner.value().map(|_| scanner.at == first.len());
    let is_cut = matches!(read, Err(Fault { kind: JsonFault::Unclosed, .. }));
    match (text.first(), read) {
        (Some(b'['), Ok(true)) if !rest.is_empty() => Framing::Lines,
        (Some(b'['), _) => Framing::Array,
        (Some(b'{'), Ok(false)) if is_object(&first[scanner.at..]) => Framing::Values,
        (Some(b'{'), _) if is_cut && (end < text.len() || complete) && goes_on(rest) => Framing::Values,
        _ => Framing::Lines,
    }
}

/// Whether a text begins with a whole object.
fn is_object(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    text.starts_with(b"{") && Scanner::new(text, 0).value().is_ok()
}

/// Where the line that `at` lies in ends, its line end left out.
pub(super) fn line_end(text: &[u8], at: usize) -> usize {
    memchr2(b'\n', b'\r', &text[at..]).map_or(text.len(), |length| at + length)
}

/// Whether a line goes on with an object that opened before it.
fn goes_on(rest: &[u8]) -> bool {
    matches!(rest.first(), Some(b'"' | b'}' | b']' | b',' | b':'))
}

/// What some text of a document was settled to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// `text[..end]` is whole records and what separates them.
    pub end: usize,
    /// How many records.
    pub records: usize,
    /// Why nothing can be read behind them.
    pub fault: Option<Fault>,
}

/// Settles a text that begins at the start of its source or behind a record, and may be cut anywhere unless it is the `last`
/// of its source: how much of it is whole records. O(n).
///
/// Only brackets and quotes are looked at here; what lies within a record is checked when it is read.
pub fn settle(text: &[u8], framed: Framed, last: bool) -> Settled {
    let mut elements = Elements::new(text, framed);
    let mut settled = Settled { end: 0, records: 0, fault: None };
    while elements.next_element().is_some() {
        if !last && elements.at == text.len() {
            // A number may go on in the next chunk.
            return settled;
        }
        settled.end = elements.at;
        settled.records += 1;
    }
    settled.fault = match elements.stop {
        Stop::Broken(fault) => Some(fault),
        Stop::Cut(at) if last => Some(Fault { kind: JsonFault::CutShort, at }),
        _ => None,
    };
    if last && settled.fault.is_none() {
        settled.end = text.len();
    }
    settled
}

/// Why no further element was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// None was looked for yet.
    Not,
    /// The text ends: well, if the source does too.
    End,
    /// The text ends within an element, or before the array is closed.
    Cut(usize),
    /// Something stands where it cannot.
    Broken(Fault),
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The array's bracket.
    Opening,
    /// An element, or the closing bracket of an empty array.
    FirstElement,
    /// An element, as a comma was there.
    Element,
    /// A comma or the closing bracket.
    Comma,
    /// An element or the end: values one after the other.
    Value,
    /// Nothing.
    Nothing,
}

/// The elements of a document, one after the other, by brackets and quotes alone.
pub(super) struct Elements<'a> {
    text: &'a [u8],
    at: usize,
    next: Next,
    stop: Stop,
}

impl<'a> Elements<'a> {
    pub(super) fn new(text: &'a [u8], framed: Framed) -> Self {
        let next = match framed {
            Framed { framing: Framing::Array, at_start: true } => Next::Opening,
            Framed { framing: Framing::Array, at_start: false } => Next::Comma,
            _ => Next::Value,
        };
        Elements { text, at: 0, next, stop: Stop::Not }
    }

    /// The offset behind the last element.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The offsets of the next element; `None`: no further one is whole.
    pub(super) fn next_element(&mut self) -> Option<(usize, usize)> {
        let mut scanner = Scanner::new(self.text, self.at);
        loop {
            scanner.blanks();
            let byte = scanner.peek();
            self.next = match (self.next, byte) {
                (Next::Value | Next::Nothing, None) => return self.stop(Stop::End),
                (_, None) => return self.stop(Stop::Cut(scanner.at)),
                (Next::Opening, Some(b'[')) => Next::FirstElement,
                (Next::Comma, Some(b',')) => Next::Element,
                (Next::Comma | Next::FirstElement, Some(b']')) => Next::Nothing,
                (Next::Opening | Next::Comma | Next::Nothing, Some(_)) => return self.broken(scanner.at),
                (_, Some(b',' | b']' | b'}')) => return self.broken(scanner.at),
                (Next::Value, Some(_)) => return self.element(scanner.at, Next::Value),
                (Next::Element | Next::FirstElement, Some(_)) => return self.element(scanner.at, Next::Comma),
            };
            scanner.at += 1;
        }
    }

    fn element(&mut self, start: usize, next: Next) -> Option<(usize, usize)> {
        match element_length(&self.text[start..]) {
            Some(length) => {
                self.at = start + length;
                self.next = next;
                Some((start, self.at))
            }
            None => self.stop(Stop::Cut(start)),
        }
    }

    fn broken(&mut self, at: usize) -> Option<(usize, usize)> {
        self.stop(Stop::Broken(Fault { kind: JsonFault::BetweenRecords, at }))
    }

    fn stop(&mut self, stop: Stop) -> Option<(usize, usize)> {
        self.stop = stop;
        None
    }
}

/// Length of the element that `text` begins with; `None` if it does not end. Brackets are counted, not matched.
fn element_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    loop {
        match text.get(at) {
            Some(b'"') => at += string_length(&text[at..])?,
            Some(b'{' | b'[') => {
                depth += 1;
                at += 1;
                continue;
            }
            Some(b'}' | b']') => {
                if depth == 0 {
                    return Some(at);
                }
                depth -= 1;
                at += 1;
            }
            // A number or word ends where something else begins, or with the text.
            Some(b',' | b' ' | b'\t' | b'\n' | b'\r') | None if depth == 0 => return Some(at),
            Some(_) => {
                at += 1;
                continue;
            }
            None => return None,
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Length of the string that `text` begins with, quotes included; `None` if it does not end.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += plain_length(text.get(at..)?);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framings_are_told_by_the_first_lines() {
        for (text, framing) in [
            ("{\"a\":1}\n{\"a\":2}\n", Framing::Lines),
            ("{\"a\":1,\n{\"a\":2}\n", Framing::Lines),
            ("{\"a\":1", Framing::Lines),
            ("{\n  \"a\": 1\n}\n", Framing::Values),
            ("{\"a\":\n[1]}", Framing::Lines),
            ("{\"a\": [\n], \"b\": 2}", Framing::Values),
            ("  [{\"a\":1},{\"a\":2}]", Framing::Array),
            ("[\n{\"a\":1}]", Framing::Array),
            ("{\"a\":1} {\"a\":2}\n{\"a\":3}\n", Framing::Values),
            ("{\"a\":1}{\"a\":2}", Framing::Values),
            ("{\"a\":1} x\n{\"a\":2}", Framing::Lines),
            ("{\"a\":1}{\n{\"a\":2}", Framing::Lines),
            ("[1,2]\n[3]\n", Framing::Lines),
            ("[1,2]\n\n", Framing::Array),
            ("[]", Framing::Array),
            ("12\n13", Framing::Lines),
            ("", Framing::Lines),
        ] {
            assert_eq!(framing_of(text.as_bytes(), true), framing, "{text}");
        }
    }

    fn settled(text: &str, framing: Framing, at_start: bool, last: bool) -> (usize, usize, Option<(JsonFault, usize)>) {
        let settled = settle(text.as_bytes(), Framed { framing, at_start }, last);
        (settled.end, settled.records, settled.fault.map(|fault| (fault.kind, fault.at)))
    }

    #[test]
    fn whole_elements_are_settled_and_the_rest_is_left() {
        assert_eq!(settled(r#"[{"a":"]"},{"b":2},{"#, Framing::Array, true, false), (18, 2, None));
        assert_eq!(settled(",3,45", Framing::Array, false, false), (2, 1, None), "45 may go on");
        assert_eq!(settled(",3,45]", Framing::Array, false, false), (5, 2, None));
        assert_eq!(settled("] \n", Framing::Array, false, true), (3, 0, None));
        assert_eq!(settled("[ ]", Framing::Array, true, true), (3, 0, None));
        assert_eq!(settled("{\n} {} 7", Framing::Values, true, true), (8, 3, None));
        assert_eq!(settled("", Framing::Values, false, true), (0, 0, None));
    }

    #[test]
    fn what_cannot_be_told_apart_is_a_fault() {
        for (text, fault, at) in [
            ("[1 2]", JsonFault::BetweenRecords, 3),
            ("[1,,2]", JsonFault::BetweenRecords, 3),
            ("[1,]", JsonFault::BetweenRecords, 3),
            ("[1]x", JsonFault::BetweenRecords, 3),
            ("[][]", JsonFault::BetweenRecords, 2),
            ("[1", JsonFault::CutShort, 2),
            ("[", JsonFault::CutShort, 1),
            ("[{\"a\":1", JsonFault::CutShort, 1),
            ("[\"a", JsonFault::CutShort, 1),
        ] {
            assert_eq!(settled(text, Framing::Array, true, true).2, Some((fault, at)), "{text}");
        }
    }

    #[test]
    fn any_cut_settles_to_the_same_records() {
        let text = r#" [ {"a":"x\"]},"}, [1,[2]], "s,]" ,-12.5e3,null , {} ] "#;
        let whole = settled(text, Framing::Array, true, true);
        assert_eq!(whole, (text.len(), 6, None));
        for cut in 0..text.len() {
            let (end, records, fault) = settled(&text[..cut], Framing::Array, true, false);
            assert_eq!(fault, None, "{cut}");
            let rest = settled(&text[end..], Framing::Array, end == 0, true);
            assert_eq!((end + rest.0, records + rest.1, rest.2), whole, "{cut}");
        }
    }
}
