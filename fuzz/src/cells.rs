//! Fields that look like values, so that columns of one type are as likely as text.

use std::fmt;

use arbitrary::{Arbitrary, Result, Unstructured};

/// Texts at the edges of types, and those that turn a column into something else.
const SURPRISES: [&str; 64] = [
    "",
    "",
    "",
    "NA",
    "NaN",
    "null",
    "x",
    "é",
    "-",
    "+5",
    "007",
    "02139",
    "-0",
    "-0.0",
    ".",
    ".5",
    "5.",
    "-.5",
    "00.5",
    "1e3",
    "1E-3",
    "1e400",
    "1e-400",
    "inf",
    "-inf",
    " 5 ",
    "\t2",
    "1 ",
    "true",
    "FALSE",
    "t",
    "0x10",
    "1_000",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "99999999999999999999999999999999999999",
    "100000000000000000000000000000000000000",
    "9999999999999999",
    "-999999999999999",
    "0.1234567890123456789",
    "12345678901234567890.5",
    "2020-02-29",
    "2019-02-29",
    "0001-01-01",
    "9999-12-31",
    "1677-09-21 00:12:43.145224192",
    "1677-09-21 00:12:43.145224191",
    "2262-04-11 23:47:16.854775808",
    "2020-01-02T03:04",
    "2020-01-02 03:04:05Z",
    "2020-01-02 03:04:05+0900",
    "2020-01-02 03:04:05-09:30",
    "2020-01-02 24:00:00",
    "03:04:05.123456789",
    "23:59:59",
    "31/12/2020",
    "12/31/2020",
    "1/2/2020",
    "1-2-2020",
    "\u{feff}1",
    "\\N",
];

/// What most fields of a column are.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of one to nineteen digits.
    Int,
    /// Small whole numbers.
    Small,
    /// Numbers with a point.
    Decimal,
    /// `2020-01-02`.
    Date,
    /// `2020-01-02 03:04:05`, some with a fraction.
    Timestamp,
    /// `03:04:05`.
    Time,
    /// `true`, `false`.
    Bool,
    /// `1/2/2020`.
    OrderedDate,
    /// Words.
    Word,
    /// Any of the other kinds, field by field.
    Any,
}

/// A field's text; three bytes of the fuzzer's choice make it.
pub fn text_of(kind: Kind, seed: [u8; 3]) -> String {
    let [dice, a, b] = seed;
    if dice < 20 {
        return SURPRISES[usize::from(a) % SURPRISES.len()].to_owned();
    }
    let number = u64::from(dice) << 16 | u64::from(a) << 8 | u64::from(b);
    match kind {
        Kind::Int => int(number),
        Kind::Small => (i64::from(a) - 100).to_string(),
        Kind::Decimal => decimal(number),
        Kind::Date => date(a, b),
        Kind::Timestamp => {
            format!("{}{}{}{}", date(a, b), if dice & 1 == 0 { ' ' } else { 'T' }, clock(b, a), fraction(dice))
        }
        Kind::Time => format!("{}{}", clock(a, b), fraction(dice)),
        Kind::Bool => ["true", "false", "True", "FALSE"][usize::from(a) % 4].to_owned(),
        Kind::OrderedDate => format!("{}/{}/20{:02}", a % 14, b % 33, dice % 100),
        Kind::Word => ["ant", "bee", "cat", "naïve", "a b", "5\" pipe", "x;y", "東京"][usize::from(a) % 8].to_owned(),
        Kind::Any => text_of(ANY[usize::from(b) % ANY.len()], [a.max(20), b, dice]),
    }
}

const ANY: [Kind; 9] = [
    Kind::Int,
    Kind::Small,
    Kind::Decimal,
    Kind::Date,
    Kind::Timestamp,
    Kind::Time,
    Kind::Bool,
    Kind::OrderedDate,
    Kind::Word,
];

/// Every length of number is met, with every sign.
fn int(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let magnitude = mixed % 10u64.pow((number % 20) as u32);
    if mixed >> 63 == 0 { magnitude.to_string() } else { (-i128::from(magnitude)).to_string() }
}

fn decimal(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let digits = (mixed % 10u64.pow((number % 18) as u32 + 1)).to_string();
    let point = (number >> 5) as usize % (digits.len() + 1);
    let sign = if mixed >> 62 == 0 { "-" } else { "" };
    // Zeros before the other digits would make most of them text.
    let whole = digits[..point].trim_start_matches('0');
    format!("{sign}{}.{}", if whole.is_empty() && point > 0 { "0" } else { whole }, &digits[point..])
}

/// Now and then no real day.
fn date(a: u8, b: u8) -> String {
    let year = [1970, 2000, 2020, 2024, 1900, 1677, 2262, 9999][usize::from(a >> 5)];
    format!("{year:04}-{:02}-{:02}", a % 12 + 1, b % 31 + 1)
}

fn clock(a: u8, b: u8) -> String {
    format!("{:02}:{:02}:{:02}", a % 24, b % 60, (a ^ b) % 60)
}

fn fraction(dice: u8) -> &'static str {
    match dice % 16 {
        0 => ".5",
        1 => ".123456",
        2 => ".123456789",
        3 => ".120000000",
        _ => "",
    }
}

/// One field of a column whose kind the field draws itself; shown as its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Field(pub Vec<u8>);

impl<'a> Arbitrary<'a> for Field {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Field(match u.arbitrary::<Option<Kind>>()? {
            Some(kind) => text_of(kind, u.arbitrary()?).into_bytes(),
            None => Vec::arbitrary(u)?,
        }))
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}
