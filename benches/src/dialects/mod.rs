//! Small messy files with known dialects: what a sniffer is measured on.
//!
//! In: a seed and a number of files. Out: for each file its text and the [`Known`] answer, which comes from what was
//! written and never from a reader. The files differ in delimiter, quotes, escapes, header, lines before and after the
//! table, comments, line ends, width, length and content.
//!
//! An answer says only what the text shows: a quote that never occurs, or a header over nothing but words where there is
//! none, is no part of it.

mod content;
mod header;
mod layout;
mod lines;
mod score;
mod writing;

use crate::random::Random;
use layout::Layout;
pub use score::{Found, Question, Rates, Score, misses_of, score};

/// How a file of the corpus is written, as far as its text shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What separates fields; `None` for a table of one column.
    pub delimiter: Option<&'static str>,
    /// What fields are wrapped in; `None` where none is.
    pub quote: Option<u8>,
    /// How a quote inside quotes is written: behind this byte, or (`Some(None)`) doubled; `None` where there is none.
    pub escape: Option<Option<u8>>,
    /// What comment lines between the records begin with; `None` where there are none.
    pub comment: Option<u8>,
    /// How many rows of names there are; `None` where nobody could tell.
    pub header_rows: Option<usize>,
    /// Lines before the table, comments and blank lines among them.
    pub skip: usize,
    /// `lf`, `crlf`, `cr` or `mixed`.
    pub newline: &'static str,
    /// Fields in a record.
    pub columns: usize,
}

/// One file of the corpus.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its number in the corpus, from 0: with the seed it names the file.
    pub number: usize,
    /// The file.
    pub text: Vec<u8>,
    /// How it is written.
    pub known: Known,
}

/// The first `files` files of the corpus that `seed` stands for. The same numbers give the same bytes on every machine,
/// and a longer corpus begins with the shorter one. O(bytes written).
#[must_use]
pub fn corpus(seed: u64, files: usize) -> Vec<Sample> {
    (0..files).map(|number| sample(seed, number)).collect()
}

/// The file of this number.
fn sample(seed: u64, number: usize) -> Sample {
    // Neighbouring streams must not be the same one shifted.
    let mut seeds = Random::new(seed);
    let mut random = Random::new(seeds.bits() ^ (number as u64).wrapping_mul(0xD134_2543_DE82_EF95));
    let layout = Layout::draw(&mut random);
    let (text, known) = writing::write(&layout, &mut random);
    Sample { number, text, known }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_seed_decides() {
        let texts = |seed| corpus(seed, 20).into_iter().map(|sample| sample.text).collect::<Vec<_>>();
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
        assert_eq!(texts(1)[..10], corpus(1, 10).into_iter().map(|sample| sample.text).collect::<Vec<_>>());
    }

    #[test]
    fn the_files_are_varied() {
        let corpus = corpus(1, 400);
        let texts: HashSet<_> = corpus.iter().map(|sample| &sample.text).collect();
        assert_eq!(texts.len(), corpus.len());
        let many = |what: &str, is: &dyn Fn(&Known) -> bool| {
            let count = corpus.iter().filter(|sample| is(&sample.known)).count();
            assert!(count >= 8, "{what}: {count} files");
        };
        for delimiter in [Some(","), Some(";"), Some("\t"), Some("|"), Some(" "), Some(":"), None] {
            many(&format!("{delimiter:?}"), &|known| known.delimiter == delimiter);
        }
        many("several characters", &|known| known.delimiter.is_some_and(|delimiter| delimiter.len() > 1));
        for newline in ["lf", "crlf", "cr", "mixed"] {
            many(newline, &|known| known.newline == newline);
        }
        many("single quotes", &|known| known.quote == Some(b'\''));
        many("backslashes", &|known| known.escape == Some(Some(b'\\')));
        many("doubled quotes", &|known| known.escape == Some(None));
        many("comments", &|known| known.comment.is_some());
        many("no header", &|known| known.header_rows == Some(0));
        many("two rows of names", &|known| known.header_rows == Some(2));
        many("lines before", &|known| known.skip > 0);
        many("wide", &|known| known.columns > 20);
    }
}
