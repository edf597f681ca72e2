//! Lines that are no part of the table: what comes before it, between its records, and behind it.

use super::content::{capital, words};
use crate::random::Random;
use crate::words::CITIES;

/// What comes before a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// These lines, blank ones among them.
    Lines(Vec<String>),
    /// Pairs of a key and a value, divided as the table's fields are, and a blank line.
    Pairs(Vec<[String; 2]>),
    /// Titles that a spreadsheet padded to the table's width.
    Padded(Vec<String>),
    /// `sep=;`
    Separator,
}

/// What comes behind a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    Nothing,
    /// A record that begins with `Total`.
    Totals,
    /// A blank line and `Source: …`.
    Source,
    /// A blank line, with or without a title, and another table of two columns.
    Table,
}

impl Before {
    /// `is_strong`: whether the delimiter is one that seldom stands in ordinary text; others have only `#` lines before
    /// them, as nothing sets other text apart.
    pub(super) fn draw(random: &mut Random, width: usize, is_strong: bool) -> Before {
        let count = random.between(1, 6);
        match random.below(100) {
            0..64 => Before::Nothing,
            64..75 => Before::Lines((0..count).map(|_| comment(random)).collect()),
            _ if !is_strong => Before::Nothing,
            75..84 => Before::Lines(titles(random, count.min(3), width)),
            84..90 => Before::Lines(key_values(random, count)),
            90..93 if width > 3 => Before::Pairs((0..count).map(|_| pair(random)).collect()),
            93..97 if width > 2 => Before::Padded(titles(random, count.min(3), width)),
            _ => Before::Separator,
        }
    }
}

impl Behind {
    pub(super) fn draw(random: &mut Random) -> Behind {
        match random.below(100) {
            0..78 => Behind::Nothing,
            78..86 => Behind::Totals,
            86..94 => Behind::Source,
            _ => Behind::Table,
        }
    }
}

/// A comment line, as people write them.
pub(super) fn comment(random: &mut Random) -> String {
    let count = random.between(1, 6);
    let text = words(random, count);
    match random.below(4) {
        0 => format!("#{text}"),
        1 => format!("# {}: {}", words(random, 1), random.below(100)),
        2 => format!("# {text}, {}", words(random, 2)),
        _ => format!("# {text}"),
    }
}

/// The line `Source: …`.
pub(super) fn source(random: &mut Random) -> String {
    format!("Source: {} register", random.pick(&CITIES))
}

/// Titles, mostly with a blank line behind them. One with a comma stands only over tables that are wider than it.
fn titles(random: &mut Random, count: u32, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = (0..count)
        .map(|_| {
            let text = capital(&words(random, 3));
            match random.below(4) {
                0 if width > 3 => format!("{text}, {}", random.pick(&CITIES)),
                1 => format!("{text} {}", random.between(1990, 2025)),
                _ => text,
            }
        })
        .collect();
    if random.percent(70) {
        lines.push(String::new());
    }
    lines
}

/// A key and a value, with or without a colon.
fn pair(random: &mut Random) -> [String; 2] {
    let key = capital(&words(random, 1));
    let value = match random.below(3) {
        0 => random.below(1_000).to_string(),
        1 => format!("20{:02}-{:02}-01", random.between(10, 25), random.between(1, 13)),
        _ => (*random.pick(&CITIES)).to_owned(),
    };
    [if random.percent(50) { key } else { format!("{key}:") }, value]
}

/// `key: value` lines, half of the time with a blank line behind them.
fn key_values(random: &mut Random, count: u32) -> Vec<String> {
    let mut lines: Vec<String> = (0..count)
        .map(|_| {
            let key = capital(&words(random, 1));
            match random.below(3) {
                0 => format!("{key}: {}", random.below(1_000)),
                1 => format!("{key}: 20{:02}-{:02}-01 12:00", random.between(10, 25), random.between(1, 13)),
                _ => format!("{key}: {}", random.pick(&CITIES)),
            }
        })
        .collect();
    if random.percent(50) {
        lines.push(String::new());
    }
    lines
}
