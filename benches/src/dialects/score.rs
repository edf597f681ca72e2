//! What a sniffer found, against what is known: precision, recall and F1.

use std::collections::BTreeSet;
use std::fmt;

use ingest_infer::Sniffed;

use super::{Known, Sample};

/// What a sniffer says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What separates fields.
    pub delimiter: Option<String>,
    /// What fields may be wrapped in.
    pub quote: Option<u8>,
    /// What stands before a quote inside quotes.
    pub escape: Option<u8>,
    /// What comment lines begin with.
    pub comment: Option<u8>,
    /// Rows of names.
    pub header_rows: usize,
    /// Lines before the table.
    pub skip: usize,
    /// What ends the records.
    pub newline: String,
    /// Fields in a record.
    pub columns: usize,
}

impl From<&Sniffed> for Found {
    fn from(sniffed: &Sniffed) -> Found {
        Found {
            delimiter: sniffed.dialect.delimiter.map(|delimiter| delimiter.to_string()),
            quote: sniffed.dialect.quote,
            escape: sniffed.dialect.escape,
            comment: sniffed.dialect.comment,
            header_rows: sniffed.header_rows,
            skip: sniffed.skip_lines,
            newline: sniffed.newline.to_string(),
            columns: sniffed.columns.len(),
        }
    }
}

/// What is asked of each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The delimiter, or that there is one column.
    Delimiter,
    /// The quote, where one occurs.
    Quote,
    /// How quotes inside quotes are written, where they are.
    Escape,
    /// What comment lines between the records begin with, or that there are none.
    Comment,
    /// How many rows of names there are, where it can be told.
    Header,
    /// How many lines come before the table.
    Skip,
    /// What ends the records.
    Newline,
    /// How many fields a record has.
    Columns,
    /// All of these together.
    All,
}

impl Question {
    /// All questions, the one that joins them last.
    pub const EACH: [Question; 9] = [
        Question::Delimiter,
        Question::Quote,
        Question::Escape,
        Question::Comment,
        Question::Header,
        Question::Skip,
        Question::Newline,
        Question::Columns,
        Question::All,
    ];

    /// What is known and what was found, in words that are the same where both are; `None` where the text does not tell.
    fn answers(self, known: &Known, found: &Found) -> Option<(String, String)> {
        Some(match self {
            Question::Delimiter => (delimiter(known.delimiter), delimiter(found.delimiter.as_deref())),
            Question::Quote => (character(Some(known.quote?)), character(found.quote)),
            Question::Escape => (character(known.escape?), character(found.escape)),
            Question::Comment => (character(known.comment), character(found.comment)),
            Question::Header => (known.header_rows?.to_string(), found.header_rows.to_string()),
            Question::Skip => (known.skip.to_string(), found.skip.to_string()),
            Question::Newline => (known.newline.to_owned(), found.newline.clone()),
            Question::Columns => (known.columns.to_string(), found.columns.to_string()),
            Question::All => {
                let wrong = Question::EACH[..8].iter().find_map(|question| question.miss(known, found));
                ("right".to_owned(), wrong.unwrap_or_else(|| "right".to_owned()))
            }
        })
    }

    /// `skip 2, found 0`; `None` where the answer is right or cannot be told.
    fn miss(self, known: &Known, found: &Found) -> Option<String> {
        let (known, found) = self.answers(known, found)?;
        (known != found).then(|| format!("{self} {known}, found {found}"))
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Question::Delimiter => "delimiter",
            Question::Quote => "quote",
            Question::Escape => "escape",
            Question::Comment => "comment",
            Question::Header => "header",
            Question::Skip => "skip",
            Question::Newline => "newline",
            Question::Columns => "columns",
            Question::All => "all together",
        })
    }
}

fn delimiter(text: Option<&str>) -> String {
    text.map_or_else(|| "none".to_owned(), |text| text.escape_default().to_string())
}

fn character(byte: Option<u8>) -> String {
    delimiter(byte.map(|byte| char::from(byte).to_string()).as_deref())
}

/// How often a question was answered, and how well.
///
/// Delimiter, quote, escape, comment, header and newline have few answers, which are classes: each class that is known
/// or found has its precision, recall and F1, and the figures are the means over the classes, so that a rare one weighs
/// as much as a common one. Of `skip` only the lines that come before tables count: found and in the right number is a
/// hit, any other number found lacks precision, any other number known lacks recall. `columns` and `all together` have
/// an answer for each file, so that precision and recall are both the share of right ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Files whose text tells the answer.
    pub asked: usize,
    /// Files with the right answer.
    pub right: usize,
    /// Of what was found, the share that is right.
    pub precision: f64,
    /// Of what is known, the share that was found.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

/// The rates of all questions.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// One entry a question, in the order of [`Question::EACH`].
    pub rates: Vec<(Question, Rates)>,
}

impl Score {
    /// The mean of the F1 of all questions but the one that joins them.
    #[must_use]
    pub fn f1(&self) -> f64 {
        let single = &self.rates[..self.rates.len() - 1];
        single.iter().map(|(_, rates)| rates.f1).sum::<f64>() / single.len() as f64
    }

    /// The rates of one question.
    #[must_use]
    pub fn of(&self, question: Question) -> Rates {
        self.rates.iter().find(|(asked, _)| *asked == question).expect("all questions are asked").1
    }
}

/// How well `found`, one answer a sample, fits what is known.
#[must_use]
pub fn score(samples: &[Sample], found: &[Found]) -> Score {
    let rates = |question: Question| {
        let pairs = samples.iter().zip(found).filter_map(|(sample, found)| question.answers(&sample.known, found));
        (question, rates_of(question, &pairs.collect::<Vec<_>>()))
    };
    Score { rates: Question::EACH.map(rates).to_vec() }
}

/// What is wrong with the answer for one file, question by question.
#[must_use]
pub fn misses_of(known: &Known, found: &Found) -> Vec<String> {
    Question::EACH[..8].iter().filter_map(|question| question.miss(known, found)).collect()
}

fn rates_of(question: Question, pairs: &[(String, String)]) -> Rates {
    let right = pairs.iter().filter(|(known, found)| known == found).count();
    let hits = |class: &str| pairs.iter().filter(|(known, found)| known == class && found == class).count();
    let counts: Vec<(usize, usize, usize)> = match question {
        Question::Columns | Question::All => vec![(right, pairs.len(), pairs.len())],
        Question::Skip => {
            let some = |part: fn(&(String, String)) -> &String| pairs.iter().filter(|pair| part(pair) != "0").count();
            vec![(right - hits("0"), some(|pair| &pair.1), some(|pair| &pair.0))]
        }
        _ => {
            let classes: BTreeSet<&String> = pairs.iter().flat_map(|(known, found)| [known, found]).collect();
            let of_class = |class: &&String| {
                let found = pairs.iter().filter(|pair| pair.1 == **class).count();
                (hits(class), found, pairs.iter().filter(|pair| pair.0 == **class).count())
            };
            classes.iter().map(of_class).collect()
        }
    };
    let mean = |rate: fn(usize, usize, usize) -> f64| {
        let rates = counts.iter().map(|&(hits, found, known)| rate(hits, found, known));
        rates.sum::<f64>() / counts.len().max(1) as f64
    };
    Rates {
        asked: pairs.len(),
        right,
        precision: mean(|hits, found, _| share(hits, found)),
        recall: mean(|hits, _, known| share(hits, known)),
        f1: mean(|hits, found, known| share(2 * hits, found + known)),
    }
}

/// A part of all; of nothing, nothing is wrong.
fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 1.0 } else { part as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(question: Question, pairs: &[(&str, &str)]) -> Rates {
        let owned: Vec<_> = pairs.iter().map(|(known, found)| ((*known).to_owned(), (*found).to_owned())).collect();
        rates_of(question, &owned)
    }

    #[test]
    fn classes_weigh_alike() {
        let found = rates(Question::Delimiter, &[(",", ","), (",", ","), (",", ","), (";", ",")]);
        assert_eq!((found.asked, found.right), (4, 3));
        // Commas: 3 of 4 found, 3 of 3 known. Semicolons: none found, none of 1 known.
        assert_eq!((found.precision, found.recall, found.f1), ((0.75 + 1.0) / 2.0, 0.5, (6.0 / 7.0) / 2.0));
    }

    #[test]
    fn lines_before_the_table_are_hits_in_the_right_number() {
        let found = rates(Question::Skip, &[("0", "0"), ("2", "2"), ("2", "0"), ("0", "1"), ("3", "1")]);
        assert_eq!((found.precision, found.recall), (1.0 / 3.0, 1.0 / 3.0));
        assert_eq!(rates(Question::Columns, &[("3", "3"), ("4", "1")]).f1, 0.5);
    }
}
