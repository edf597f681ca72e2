//! One JSON text, value by value: checks every byte, keeps nothing but offsets.

use ingest_simd::json_number_length;

use super::JsonFault;
use super::escape::escape_length;

/// Objects and arrays may lie so deep within each other.
pub const DEPTH_MAX: usize = 1024;

/// What is wrong, and at which offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: JsonFault,
    /// The offset.
    pub at: usize,
}

/// What a value begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    /// `true`, `false` or a number.
    Plain,
    String {
        escaped: bool,
    },
    Nested,
}

/// A value: what it is, and where its text stands, the quotes of a string left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// A place in a text.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    pub text: &'a [u8],
    pub at: usize,
}

type Result<T> = std::result::Result<T, Fault>;

/// Which kind of bracket is open at each depth.
struct Brackets {
    objects: [u64; DEPTH_MAX / 64],
    depth: usize,
}

impl Brackets {
    fn open(&mut self, object: bool) -> bool {
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        if self.depth == DEPTH_MAX {
            return false;
        }
        self.depth += 1;
        if object {
            self.objects[word] |= bit;
        } else {
            self.objects[word] &= !bit;
        }
        true
    }

    fn innermost_is_object(&self) -> bool {
        let at = self.depth - 1;
        self.objects[at / 64] & (1 << (at % 64)) != 0
    }
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Scanner { text, at }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Passes over blanks.
    #[inline]
    pub(super) fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn fault<T>(&self, kind: JsonFault) -> Result<T> {
        Err(Fault { kind, at: self.at })
    }

    /// Reads a value that begins here.
    #[inline]
    pub(super) fn value(&mut self) -> Result<Value> {
        match self.peek() {
            Some(b'"') => {
                let (start, end, escaped) = self.string()?;
                Ok(Value { kind: Kind::String { escaped }, start, end })
            }
            Some(b'{' | b'[') => {
                let start = self.at;
                self.nested()?;
                Ok(Value { kind: Kind::Nested, start, end: self.at })
            }
            _ => self.plain(),
        }
    }

    /// Reads a key and the colon behind it, up to its value; the key's offsets between its quotes, and whether it is escaped.
    #[inline]
    pub(super) fn key(&mut self) -> Result<(usize, usize, bool)> {
        if self.peek() != Some(b'"') {
            return self.fault(if self.peek().is_some() { JsonFault::NoKey } else { JsonFault::Unclosed });
        }
        let key = self.string()?;
        self.blanks();
        if !self.take(b':') {
            return self.fault(if self.peek().is_some() { JsonFault::NoColon } else { JsonFault::Unclosed });
        }
        self.blanks();
        Ok(key)
    }

    /// A number, `true`, `false` or `null`.
    fn plain(&mut self) -> Result<Value> {
        let start = self.at;
        let word = |scanner: &mut Self, word: &[u8], kind| {
            if !scanner.text[start..].starts_with(word) {
                return scanner.fault(JsonFault::BadWord);
            }
            scanner.at += word.len();
            Ok(kind)
        };
        let (kind, fault) = match self.peek() {
            Some(b'-' | b'0'..=b'9') => (self.number()?, JsonFault::BadNumber),
            Some(b't') => (word(self, b"true", Kind::Plain)?, JsonFault::BadWord),
            Some(b'f') => (word(self, b"false", Kind::Plain)?, JsonFault::BadWord),
            Some(b'n') => (word(self, b"null", Kind::Null)?, JsonFault::BadWord),
            Some(_) => return self.fault(JsonFault::NoValue),
            None => return self.fault(JsonFault::Unclosed),
        };
        if let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'+' | b'-' | b'_') = self.peek() {
            return Err(Fault { kind: fault, at: start });
        }
        Ok(Value { kind, start, end: self.at })
    }

    fn number(&mut self) -> Result<Kind> {
        match json_number_length(&self.text[self.at..]) {
            Some(length) => {
                self.at += length;
                Ok(Kind::Plain)
            }
            None => self.fault(JsonFault::BadNumber),
        }
    }

    /// Reads a string; its offsets between the quotes, and whether it holds escapes.
    #[inline]
    fn string(&mut self) -> Result<(usize, usize, bool)> {
        let opening = self.at;
        let start = opening + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at += plain_length(&self.text[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok((start, self.at - 1, escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += escape_length(&self.text[self.at..]).or_else(|kind| self.fault(kind))?;
                }
                Some(_) => return self.fault(JsonFault::ControlCharacter),
                None => return Err(Fault { kind: JsonFault::UnclosedString, at: opening }),
            }
        }
    }

    /// Passes over an object or array. No recursion: the depth is the input's to choose.
    fn nested(&mut self) -> Result<()> {
        let mut brackets = Brackets { objects: [0; DEPTH_MAX / 64], depth: 0 };
        loop {
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    let object = open == b'{';
                    if !brackets.open(object) {
                        return self.fault(JsonFault::TooDeep);
                    }
                    self.at += 1;
                    self.blanks();
                    if self.take(if object { b'}' } else { b']' }) {
                        brackets.depth -= 1;
                    } else {
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => _ = self.string()?,
                _ => _ = self.plain()?,
            }
            // A value has ended: the next one, or the ends of what holds it.
            loop {
                if brackets.depth == 0 {
                    return Ok(());
                }
                let object = brackets.innermost_is_object();
                self.blanks();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.blanks();
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    Some(close) if close == if object { b'}' } else { b']' } => {
                        self.at += 1;
                        brackets.depth -= 1;
                    }
                    Some(_) => return self.fault(JsonFault::NoComma),
                    None => return self.fault(JsonFault::Unclosed),
                }
            }
        }
    }
}

/// Bytes of a string before the first quote, backslash or control character. Sixteen at a time without leaving early, which
/// the compiler turns into vectors.
#[inline]
pub(super) fn plain_length(text: &[u8]) -> usize {
    let is_special = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < b' ';
    let (chunks, _) = text.as_chunks::<16>();
    let clean = |chunk: &[u8; 16]| !chunk.iter().fold(false, |found, byte| found | is_special(byte));
    let before = chunks.iter().take_while(|chunk| clean(chunk)).count() * 16;
    before + text[before..].iter().position(is_special).unwrap_or(text.len() - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Value, usize)> {
        let mut scanner = Scanner::new(text.as_bytes(), 0);
        let value = scanner.value()?;
        Ok((value, scanner.at))
    }

    #[test]
    fn values_end_where_they_end() {
        for (text, kind, start, end) in [
            ("null,", Kind::Null, 0, 4),
            ("true ", Kind::Plain, 0, 4),
            ("-0.5e+10]", Kind::Plain, 0, 8),
            ("0", Kind::Plain, 0, 1),
            (r#""a\"b","#, Kind::String { escaped: true }, 1, 5),
            (r#""""#, Kind::String { escaped: false }, 1, 1),
            (r#"{"a":[1,{"b":"}"}], "c" : null}x"#, Kind::Nested, 0, 31),
            ("[ ]", Kind::Nested, 0, 3),
        ] {
            let (value, at) = read(text).expect(text);
            assert_eq!(value, Value { kind, start, end }, "{text}");
            let quotes = usize::from(matches!(kind, Kind::String { .. }));
            assert_eq!(at, end + quotes, "{text}");
        }
    }

    #[test]
    fn faults_stand_where_a_reader_would_point() {
        for (text, kind, at) in [
            ("", JsonFault::Unclosed, 0),
            ("?", JsonFault::NoValue, 0),
            ("01", JsonFault::BadNumber, 0),
            ("+1", JsonFault::NoValue, 0),
            ("1.", JsonFault::BadNumber, 0),
            ("1e", JsonFault::BadNumber, 0),
            ("-", JsonFault::BadNumber, 0),
            (".5", JsonFault::NoValue, 0),
            ("0x1", JsonFault::BadNumber, 0),
            ("nul", JsonFault::BadWord, 0),
            ("trues", JsonFault::BadWord, 0),
            ("\"a", JsonFault::UnclosedString, 0),
            ("\"a\tb\"", JsonFault::ControlCharacter, 2),
            (r#""a\x""#, JsonFault::BadEscape, 2),
            (r#""\ud800""#, JsonFault::LoneSurrogate, 1),
            (r#"{"a" 1}"#, JsonFault::NoColon, 5),
            (r#"{"a":1 "b":2}"#, JsonFault::NoComma, 7),
            (r#"{a:1}"#, JsonFault::NoKey, 1),
            (r#"{"a":1,}"#, JsonFault::NoKey, 7),
            ("[1,]", JsonFault::NoValue, 3),
            ("[1", JsonFault::Unclosed, 2),
            ("[1}", JsonFault::NoComma, 2),
            (r#"{"a""#, JsonFault::Unclosed, 4),
        ] {
            assert_eq!(read(text), Err(Fault { kind, at }), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded_and_costs_no_stack() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(DEPTH_MAX)).is_ok());
        assert_eq!(read(&nested(100_000)), Err(Fault { kind: JsonFault::TooDeep, at: DEPTH_MAX }));
    }

    #[test]
    fn the_plain_part_of_a_string_is_found_at_any_length() {
        for length in 0..70 {
            for special in *b"\"\\\n\x1f" {
                let mut text = vec![b'x'; length];
                assert_eq!(plain_length(&text), length);
                text.push(special);
                text.extend_from_slice(b"xxxx");
                assert_eq!(plain_length(&text), length);
            }
        }
        assert_eq!(plain_length("é\u{7f}".as_bytes()), 3);
    }
}
