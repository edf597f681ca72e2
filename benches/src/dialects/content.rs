//! What the fields of a column hold.

use crate::calendar::{DAY_2020, civil};
use crate::random::Random;
use crate::words::{CITIES, GOODS, push_words};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Int,
    Decimal,
    /// `12,5`
    DecimalComma,
    /// `1.234,56`
    European,
    IsoDate,
    /// `31.12.2020`
    DottedDate,
    /// `12/31/2020`
    SlashDate,
    Timestamp,
    Time,
    Bool,
    Url,
    Email,
    Ip,
    Phone,
    /// `$1,234.50`
    Currency,
    Json,
    /// `12 Birch Street, Leeds`
    Address,
    /// Sentences with commas, quotes and line ends.
    Prose,
    /// A word or two.
    Words,
    City,
    /// `AB-1234`
    Code,
    /// Empty but for a word here and there.
    Sparse,
}

/// What any delimiter may stand between.
pub(super) const ANY: [Content; 22] = [
    Content::Int,
    Content::Decimal,
    Content::DecimalComma,
    Content::European,
    Content::IsoDate,
    Content::DottedDate,
    Content::SlashDate,
    Content::Timestamp,
    Content::Time,
    Content::Bool,
    Content::Url,
    Content::Email,
    Content::Ip,
    Content::Phone,
    Content::Currency,
    Content::Json,
    Content::Address,
    Content::Prose,
    Content::Words,
    Content::City,
    Content::Code,
    Content::Sparse,
];

/// What only words stand in.
pub(super) const TEXTS: [Content; 5] =
    [Content::Words, Content::City, Content::Address, Content::Prose, Content::Sparse];

impl Content {
    /// Whether every value is a number, a date, a time or a truth value: names above it are told by their type.
    pub(super) fn is_typed(self) -> bool {
        use Content::{Bool, Decimal, Int, IsoDate, Time, Timestamp};
        matches!(self, Int | Decimal | IsoDate | Timestamp | Time | Bool)
    }

    /// Whether every value is built alike, so that a reader sees whether the first one is.
    pub(super) fn is_regular(self) -> bool {
        !matches!(
            self,
            Content::Json | Content::Address | Content::Prose | Content::Words | Content::City | Content::Sparse
        )
    }

    /// A value; `row` counts from 0.
    pub(super) fn value(self, random: &mut Random, row: usize) -> String {
        let mut number = |low, high| random.between(low, high);
        match self {
            Content::Int => (row as u32 * 3 + number(1, 4)).to_string(),
            Content::Decimal => format!("{}.{:02}", number(0, 900), number(0, 100)),
            Content::DecimalComma => format!("{},{:02}", number(0, 900), number(0, 100)),
            Content::European => format!("{}.{:03},{:02}", number(1, 99), number(0, 1000), number(0, 100)),
            Content::Time => format!("{:02}:{:02}:{:02}", number(0, 24), number(0, 60), number(0, 60)),
            Content::Ip => format!("{}.{}.{}.{}", number(10, 200), number(0, 256), number(0, 256), number(1, 255)),
            Content::Phone => format!("+{} {} {:06}", number(30, 60), number(100, 999), number(0, 1_000_000)),
            Content::Currency => format!("${},{:03}.{:02}", number(1, 40), number(0, 1000), number(0, 100)),
            Content::Code => {
                let letter = |number: u32| char::from(b'A' + number as u8);
                format!("{}{}-{:04}", letter(number(0, 26)), letter(number(0, 26)), number(0, 10_000))
            }
            Content::Bool => if number(0, 2) == 0 { "true" } else { "false" }.to_owned(),
            Content::IsoDate | Content::DottedDate | Content::SlashDate | Content::Timestamp => self.date(random),
            _ => self.words(random),
        }
    }

    fn date(self, random: &mut Random) -> String {
        let (year, month, day) = civil(DAY_2020 + i64::from(random.below(1_500)));
        match self {
            Content::DottedDate => format!("{day:02}.{month:02}.{year}"),
            Content::SlashDate => format!("{month:02}/{day:02}/{year}"),
            Content::Timestamp => {
                let (hour, minute) = (random.below(24), random.below(60));
                format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:00")
            }
            _ => format!("{year}-{month:02}-{day:02}"),
        }
    }

    fn words(self, random: &mut Random) -> String {
        let word = words(random, 1);
        match self {
            Content::Url => format!("https://example.org/{word}/{}?q={}", random.below(1_000), words(random, 1)),
            Content::Email => format!("{word}.{}@example.org", words(random, 1)),
            Content::Json => {
                format!("{{\"kind\": \"{word}\", \"sizes\": [{}, {}]}}", random.below(9), random.below(99))
            }
            Content::Address => {
                format!("{} {} Street, {}", random.between(1, 200), capital(&word), random.pick(&CITIES))
            }
            Content::Prose => prose(random),
            Content::City => (*random.pick(&CITIES)).to_owned(),
            Content::Sparse if random.percent(85) => String::new(),
            Content::Sparse => (*random.pick(&GOODS)).to_owned(),
            _ => {
                let more = random.below(2);
                if random.percent(4) { format!("O'{}", capital(&word)) } else { word + &spaced(random, more) }
            }
        }
    }
}

/// A few sentences; one in five over two lines, one in five with a word in quotes.
fn prose(random: &mut Random) -> String {
    let count = random.between(2, 6);
    let opening = capital(&words(random, count));
    let rest = words(random, 3);
    match random.below(5) {
        0 => format!("{opening}.\n{}.", capital(&rest)),
        1 => format!("{opening}, the \"{}\" {rest}", words(random, 1)),
        2 => format!("{opening}; {rest}, and more"),
        _ => format!("{opening}, {rest}."),
    }
}

/// Plain words with single spaces between them.
pub(super) fn words(random: &mut Random, count: u32) -> String {
    let mut out = Vec::new();
    push_words(&mut out, random, count);
    String::from_utf8_lossy(&out).into_owned()
}

fn spaced(random: &mut Random, count: u32) -> String {
    if count == 0 { String::new() } else { format!(" {}", words(random, count)) }
}

/// The same with a capital first letter.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
