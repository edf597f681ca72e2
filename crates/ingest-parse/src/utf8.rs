//! Whether bytes are text.

/// The offset of the first byte that is not part of a valid UTF-8 sequence, if there is one.
///
/// Whole blocks at a time: a field is cut at ASCII bytes, so the fields of valid text are valid.
pub fn invalid_utf8(text: &[u8]) -> Option<usize> {
    match simdutf8::basic::from_utf8(text) {
        Ok(_) => None,
        Err(_) => simdutf8::compat::from_utf8(text).err().map(|error| error.valid_up_to()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_bad_byte_is_found() {
        assert_eq!(super::invalid_utf8("añb".as_bytes()), None);
        assert_eq!(super::invalid_utf8(b"a\xf1b"), Some(1));
        assert_eq!(super::invalid_utf8(b"ab\xc3"), Some(2));
    }
}
