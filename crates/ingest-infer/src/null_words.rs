//! The words that stand for a missing value.

/// The words that mean null in a column of numbers, booleans or times unless others are given.
pub const DEFAULT_NULL_WORDS: [&str; 10] = ["NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "\\N"];

/// A set of null words, and whether the user gave it.
///
/// The default words are null only in columns that are not text. Given words are null everywhere, in text columns too,
/// quoted or not. Words compare byte for byte: no trimming, no folding of case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NullWords {
    words: Vec<String>,
    given: bool,
    lengths: LengthSet,
    first_bytes: [u64; 4],
}

/// Lengths as bits; the last bit stands for all that do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LengthSet(u64);

impl LengthSet {
    fn bit(len: usize) -> u64 {
        1 << len.min(63)
    }
}

impl Default for NullWords {
    fn default() -> Self {
        NullWords::build(DEFAULT_NULL_WORDS.map(str::to_owned).to_vec(), false)
    }
}

impl NullWords {
    /// The words that the user gave in place of the default ones. An empty list means that no word is null; the empty
    /// word makes quoted empty fields null (unquoted ones always are).
    #[must_use]
    pub fn given(words: Vec<String>) -> Self {
        NullWords::build(words, true)
    }

    fn build(words: Vec<String>, given: bool) -> Self {
        let mut lengths = LengthSet(0);
        let mut first_bytes = [0; 4];
        for word in &words {
            lengths.0 |= LengthSet::bit(word.len());
            if let Some(&first) = word.as_bytes().first() {
                first_bytes[usize::from(first >> 6)] |= 1 << (first & 63);
            }
        }
        NullWords { words, given, lengths, first_bytes }
    }

    /// Whether `text`, an unescaped field, is one of the words. Most fields are turned away by length or first byte in
    /// O(1); the others cost O(words).
    #[must_use]
    pub fn contains(&self, text: &[u8]) -> bool {
        if self.lengths.0 & LengthSet::bit(text.len()) == 0 {
            return false;
        }
        if let Some(&first) = text.first()
            && self.first_bytes[usize::from(first >> 6)] & (1 << (first & 63)) == 0
        {
            return false;
        }
        self.words.iter().any(|word| word.as_bytes() == text)
    }

    /// Whether the user gave the words: then they are null in every column.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.given
    }

    /// The words, in the order in which they were given.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn default_words_are_found_and_nothing_near_them() {
        let words = NullWords::default();
        assert!(!words.is_given());
        for word in DEFAULT_NULL_WORDS {
            assert!(words.contains(word.as_bytes()), "{word}");
            assert!(!words.contains(format!(" {word}").as_bytes()), "{word}");
        }
        for text in ["", "na", "Na", "NAN", "none", "N", "Nul"] {
            assert!(!words.contains(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn given_words_replace_the_default() {
        let words = NullWords::given(vec!["-".into(), String::new()]);
        assert!(words.is_given() && words.contains(b"-") && words.contains(b"") && !words.contains(b"NA"));
        assert!(!NullWords::given(vec![]).contains(b""));
    }

    proptest! {
        #[test]
        fn same_as_plain_search(words in prop::collection::vec("[a-c]{0,70}", 0..5), text in "[a-c]{0,70}") {
            let found = words.contains(&text);
            prop_assert_eq!(NullWords::given(words).contains(text.as_bytes()), found);
        }
    }
}
