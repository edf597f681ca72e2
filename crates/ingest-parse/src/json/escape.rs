//! Escapes in strings.

use super::JsonFault;

/// Length of the escape that `text` begins with, which is a backslash; a surrogate pair is one escape.
pub(super) fn escape_length(text: &[u8]) -> Result<usize, JsonFault> {
    match text.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => match unit(&text[2..]).ok_or(JsonFault::BadEscape)? {
            0xdc00..=0xdfff => Err(JsonFault::LoneSurrogate),
            0xd800..=0xdbff => low_half(&text[6..]).map(|_| 12).ok_or(JsonFault::LoneSurrogate),
            _ => Ok(6),
        },
        _ => Err(JsonFault::BadEscape),
    }
}

/// Four hexadecimal digits.
fn unit(text: &[u8]) -> Option<u32> {
    let digit = |&byte: &u8| char::from(byte).to_digit(16);
    text.get(..4)?.iter().try_fold(0, |unit, byte| Some(unit << 4 | digit(byte)?))
}

/// The second half of a surrogate pair, if `text` begins with one.
fn low_half(text: &[u8]) -> Option<u32> {
    let half = unit(text.strip_prefix(b"\\u")?)?;
    (0xdc00..=0xdfff).contains(&half).then_some(half)
}

/// Appends the text that `raw`, the inside of a string that was checked, stands for. What is no escape is copied as it is.
pub fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let Ok(length) = escape_length(rest) else { break };
        out.extend_from_slice(character(&rest[..length]).encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[length..];
    }
    out.extend_from_slice(rest);
}

/// The character that a checked escape stands for.
fn character(escape: &[u8]) -> char {
    let code = match escape[1] {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => 0x0a,
        b'r' => 0x0d,
        b't' => 0x09,
        b'u' => match (unit(&escape[2..]), low_half(&escape[6..])) {
            (Some(high), Some(low)) => 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00),
            (unit, _) => unit.unwrap_or_default(),
        },
        other => u32::from(other),
    };
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_characters() {
        let undone = |raw: &str| {
            let mut out = Vec::new();
            unescape(raw.as_bytes(), &mut out);
            String::from_utf8(out).expect("utf-8")
        };
        assert_eq!(undone(r#"a\"\\\/\b\f\n\r\tz"#), "a\"\\/\u{8}\u{c}\n\r\tz");
        assert_eq!(undone(r"\u0041\u00e9\u4f60\u0000"), "Aé你\0");
        assert_eq!(undone(r"\ud83d\uDE00!"), "😀!");
        assert_eq!(undone("no escape, é"), "no escape, é");
    }

    #[test]
    fn halves_and_strange_letters_are_no_escapes() {
        for (text, fault) in [
            (r"\x", JsonFault::BadEscape),
            (r"\", JsonFault::BadEscape),
            (r"\u12", JsonFault::BadEscape),
            (r"\u12g4", JsonFault::BadEscape),
            (r"\udc00", JsonFault::LoneSurrogate),
            (r"\ud800", JsonFault::LoneSurrogate),
            (r"\ud800\u0041", JsonFault::LoneSurrogate),
            (r"\ud800\ud800", JsonFault::LoneSurrogate),
        ] {
            assert_eq!(escape_length(text.as_bytes()), Err(fault), "{text}");
        }
    }
}
