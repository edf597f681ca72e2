//! What a file is to look like, drawn before a byte is written.

use super::content::{ANY, Content, TEXTS};
use super::header::{NAMINGS, Naming, groups, units};
use super::lines::{Before, Behind};
use crate::random::Random;

/// Which fields are wrapped in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoted {
    /// None, ever: what would need them does not occur.
    Never,
    /// Those that need it.
    Needed,
    /// All texts, names too.
    Texts,
    All,
}

/// What ends the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnds {
    Lf,
    Crlf,
    Cr,
    /// The first two differ, all others come as they like.
    Mixed,
}

/// A file to be written.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) delimiter: Option<&'static str>,
    pub(super) quote: u8,
    pub(super) quoted: Quoted,
    /// What stands before a quote inside quotes; `None` doubles it.
    pub(super) escape: Option<u8>,
    pub(super) line_ends: LineEnds,
    pub(super) columns: Vec<Content>,
    pub(super) rows: usize,
    /// The rows of names; none where there is no header.
    pub(super) header: Vec<Vec<String>>,
    pub(super) naming: Naming,
    pub(super) before: Before,
    /// Comment lines between the records.
    pub(super) comments: usize,
    pub(super) behind: Behind,
    pub(super) ends_with_line_end: bool,
}

impl Layout {
    pub(super) fn draw(random: &mut Random) -> Layout {
        let delimiter = draw_delimiter(random);
        let is_strong = !matches!(delimiter, None | Some(" " | ":"));
        let columns = draw_columns(random, delimiter);
        let width = columns.len();
        let quoted = match random.below(100) {
            0..15 => Quoted::Never,
            15..75 => Quoted::Needed,
            75..90 => Quoted::Texts,
            _ => Quoted::All,
        };
        let naming = match *random.pick(&NAMINGS) {
            // A missing name shows only between delimiters that nobody writes twice.
            Naming::Repeated if !is_strong => Naming::Snake,
            naming => naming,
        };
        let typed = columns.iter().filter(|content| content.is_typed()).count();
        let header = draw_header(random, naming, width, is_strong && typed >= 2 && naming != Naming::Years);
        let before = Before::draw(random, width, is_strong);
        // A character twice shows only where a row of names comes first: else it may be two delimiters around nothing.
        let is_told = !header.is_empty() && naming != Naming::Years && matches!(before, Before::Nothing);
        Layout {
            delimiter: delimiter.map(|delimiter| if delimiter == "||" && !is_told { "~|~" } else { delimiter }),
            quote: if random.percent(15) { b'\'' } else { b'"' },
            quoted,
            escape: if random.percent(35) { Some(b'\\') } else { None },
            line_ends: match random.below(100) {
                0..52 => LineEnds::Lf,
                52..78 => LineEnds::Crlf,
                78..88 => LineEnds::Cr,
                _ => LineEnds::Mixed,
            },
            rows: draw_rows(random, width),
            header,
            naming,
            before,
            comments: if random.percent(12) { random.between(1, 6) as usize } else { 0 },
            behind: if is_strong { Behind::draw(random) } else { Behind::Nothing },
            ends_with_line_end: random.percent(75),
            columns,
        }
    }
}

fn draw_delimiter(random: &mut Random) -> Option<&'static str> {
    match random.below(100) {
        0..30 => Some(","),
        30..49 => Some(";"),
        49..63 => Some("\t"),
        63..75 => Some("|"),
        75..83 => Some(" "),
        83..89 => Some(":"),
        89..95 => Some(*random.pick(&["||", "~|~", "^|^"])),
        _ => None,
    }
}

/// What the columns hold. Where the delimiter is one that also stands in ordinary text, enough of them are typed.
fn draw_columns(random: &mut Random, delimiter: Option<&str>) -> Vec<Content> {
    use Content::{Code, Decimal, Int, Ip, IsoDate, Time, Url, Words};
    let width = match random.below(100) {
        0..45 => random.between(2, 7),
        45..80 => random.between(7, 15),
        _ => random.between(15, 41),
    } as usize;
    let pick = |random: &mut Random, width: usize, choices: &[Content]| {
        (0..width).map(|_| *random.pick(choices)).collect::<Vec<_>>()
    };
    match delimiter {
        None => pick(random, 1, &[Int, Decimal, IsoDate, Time, Words, Url, Code]),
        Some(" ") => {
            [pick(random, width / 2 + 1, &[Int, Decimal, IsoDate, Time]), pick(random, width / 2, &[Ip, Code, Int])]
                .concat()
        }
        Some(":") => {
            [pick(random, width / 2 + 2, &[Int, Decimal, IsoDate]), pick(random, width / 2, &[Words, Code, Ip])]
                .concat()
        }
        Some(_) if random.percent(12) => pick(random, width, &TEXTS),
        Some(_) => pick(random, width, &ANY),
    }
}

/// Few most often, up to 2,000, and no more than 20,000 fields.
fn draw_rows(random: &mut Random, width: usize) -> usize {
    let rows = match random.below(100) {
        0..25 => random.between(3, 10),
        25..70 => random.between(10, 60),
        70..92 => random.between(60, 300),
        _ => random.between(300, 2_001),
    };
    (rows as usize).min(20_000 / width)
}

/// No row of names, one, or (`may_be_two`) two.
fn draw_header(random: &mut Random, naming: Naming, width: usize, may_be_two: bool) -> Vec<Vec<String>> {
    if random.percent(28) {
        return Vec::new();
    }
    let names = naming.names(random, width);
    match random.below(12) {
        0 if may_be_two => vec![names, units(random, width)],
        1 if may_be_two => vec![groups(random, width), names],
        _ => vec![names],
    }
}
