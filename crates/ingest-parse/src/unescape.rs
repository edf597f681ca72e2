//! Taking escapes back out of a field's text.

use crate::{Dialect, Quoting, json};

/// Appends the text that `raw` stands for: doubled quotes become one, an escape makes the byte after it plain.
///
/// `raw` lies between the quotes if the field was `quoted`. What holds no escape is copied as it is.
pub fn unescape(raw: &[u8], quoted: bool, dialect: &Dialect, out: &mut Vec<u8>) {
    if dialect.quoting == Quoting::Json {
        if quoted {
            json::unescape(raw, out);
        } else {
            // The text of an object or array keeps its escapes.
            out.extend_from_slice(raw);
        }
        return;
    }
    let quote = dialect.quote.filter(|_| quoted);
    let escape = dialect.escape.filter(|_| quoted || dialect.quote.is_none());
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|&byte| Some(byte) == quote || Some(byte) == escape) {
        out.extend_from_slice(&rest[..at]);
        // Doubled quote: the second one is the text. Escape: so is what follows; alone at the end it is itself.
        match rest.get(at + 1) {
            Some(&next) if Some(rest[at]) == escape || Some(next) == quote => {
                out.push(next);
                rest = &rest[at + 2..];
            }
            _ => {
                out.push(rest[at]);
                rest = &rest[at + 1..];
            }
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(raw: &str, quoted: bool, dialect: &Dialect) -> String {
        let mut out = Vec::new();
        unescape(raw.as_bytes(), quoted, dialect, &mut out);
        String::from_utf8(out).expect("utf-8")
    }

    #[test]
    fn doubled_quotes_and_escapes() {
        let plain = Dialect::default();
        let backslash = Dialect { escape: Some(b'\\'), ..plain };
        let unquoted = Dialect { quote: None, ..backslash };
        assert_eq!(undone(r#"a ""b"" """#, true, &plain), r#"a "b" ""#);
        assert_eq!(undone(r#"a"b"#, false, &plain), r#"a"b"#);
        assert_eq!(undone(r#"a\"b\\ ""c\"#, true, &backslash), r#"a"b\ "c\"#);
        assert_eq!(undone(r"a\,b", false, &unquoted), "a,b");
        assert_eq!(undone(r"\N", false, &backslash), r"\N");
    }
}
