//! What lies inside a value: the members of an object, the items of an array.

use ingest_simd::Span;

use super::record::span_of;
use super::scanner::{Fault, Scanner};
use super::unescape;

/// Calls `found` with each member of the object that begins at `start` of `text`: its key, escapes undone, and its value as the
/// fields of records are. Keys that come again are told again. Whatever follows the object does not matter. O(length).
///
/// Returns whether it was an object; values of records that were read are checked, so that it is known beforehand.
pub fn each_member(text: &[u8], start: usize, mut found: impl FnMut(&[u8], Span)) -> bool {
    let mut scanner = Scanner::new(text, start);
    let mut unescaped = Vec::new();
    let member = |scanner: &mut Scanner<'_>| {
        let (from, to, escaped) = scanner.key()?;
        let value = scanner.value()?;
        let mut key = &text[from..to];
        if escaped {
            unescaped.clear();
            unescape(key, &mut unescaped);
            key = &unescaped;
        }
        found(key, span_of(value));
        Ok(())
    };
    each(&mut scanner, (b'{', b'}'), member).unwrap_or(false)
}

/// The same for the items of the array that begins at `start`.
pub fn each_item(text: &[u8], start: usize, mut found: impl FnMut(Span)) -> bool {
    let mut scanner = Scanner::new(text, start);
    let item = |scanner: &mut Scanner<'_>| {
        found(span_of(scanner.value()?));
        Ok(())
    };
    each(&mut scanner, (b'[', b']'), item).unwrap_or(false)
}

/// Reads what stands between two brackets, separated by commas.
fn each<'a>(
    scanner: &mut Scanner<'a>,
    (open, close): (u8, u8),
    mut element: impl FnMut(&mut Scanner<'a>) -> Result<(), Fault>,
) -> Result<bool, Fault> {
    if !scanner.take(open) {
        return Ok(false);
    }
    scanner.blanks();
    if scanner.take(close) {
        return Ok(true);
    }
    loop {
        element(scanner)?;
        scanner.blanks();
        if !scanner.take(b',') {
            return Ok(scanner.take(close));
        }
        scanner.blanks();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_are_told_in_order() {
        let text = br#"x{ "a" : 1, "b\u0041":"q\"" ,"a": [ {} , null ]}y"#;
        let mut members = Vec::new();
        let read = each_member(text, 1, |key, value| {
            members.push((String::from_utf8_lossy(key).into_owned(), value));
        });
        assert!(read);
        let told = |(key, value): &(String, Span)| format!("{key}={}", String::from_utf8_lossy(value.of(text)));
        assert_eq!(members.iter().map(told).collect::<Vec<_>>(), ["a=1", r#"bA=q\""#, "a=[ {} , null ]"]);
        assert!(members[1].1.is_quoted() && members[1].1.is_escaped() && !members[2].1.is_quoted());
        let mut items = Vec::new();
        assert!(each_item(text, members[2].1.start(), |value| items.push(value)));
        assert_eq!(items[0].of(text), b"{}");
        assert!(items[1].is_null_text() && items.len() == 2);
    }

    #[test]
    fn what_is_neither_is_told_apart() {
        let nothing = |text: &str| {
            let mut told = 0;
            let object = each_member(text.as_bytes(), 0, |_, _| told += 1);
            let array = each_item(text.as_bytes(), 0, |_| told += 1);
            (object, array, told)
        };
        assert_eq!(nothing("{}"), (true, false, 0));
        assert_eq!(nothing("[ ]"), (false, true, 0));
        assert_eq!(nothing("12"), (false, false, 0));
        assert_eq!(nothing(""), (false, false, 0));
        assert_eq!(nothing("[1"), (false, false, 1));
        assert_eq!(nothing(r#"{"a":1 2}"#), (false, false, 1));
    }
}
