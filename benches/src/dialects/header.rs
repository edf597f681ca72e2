//! The names of columns.

use super::content::{capital, words};
use crate::random::Random;

/// How the names of a table look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// `unit_price`
    Snake,
    /// `Unit price`
    Blanks,
    /// `Q1`, `weight2`
    Digits,
    /// A name for the first column, years for the others.
    Years,
    /// Some names twice, some missing.
    Repeated,
    /// Cyrillic, Greek, Han.
    NotLatin,
    /// `Weight (kg)`
    Units,
    /// `WEIGHT`
    Capitals,
}

/// All of them.
pub(super) const NAMINGS: [Naming; 8] = [
    Naming::Snake,
    Naming::Blanks,
    Naming::Digits,
    Naming::Years,
    Naming::Repeated,
    Naming::NotLatin,
    Naming::Units,
    Naming::Capitals,
];

const FOREIGN: [&str; 14] = [
    "Имя",
    "Город",
    "Дата",
    "Сумма",
    "名前",
    "住所",
    "日付",
    "合計",
    "Όνομα",
    "Πόλη",
    "이름",
    "Größe",
    "Straße",
    "Año",
];
const UNITS: [&str; 8] = ["kg", "m", "%", "EUR", "°C", "mm", "h", "km/h"];

impl Naming {
    /// A name for each column.
    pub(super) fn names(self, random: &mut Random, columns: usize) -> Vec<String> {
        let first_year = random.between(1990, 2015) as usize;
        let mut names: Vec<String> = (0..columns).map(|column| self.name(random, column, first_year)).collect();
        if self == Naming::Repeated && columns > 2 {
            names[columns - 1] = names[0].clone();
            if random.percent(50) {
                names[columns / 2].clear();
            }
        }
        names
    }

    fn name(self, random: &mut Random, column: usize, first_year: usize) -> String {
        // The number keeps names apart where they should be.
        let word = words(random, 1);
        match self {
            Naming::Snake if column == 0 => "id".to_owned(),
            Naming::Snake => format!("{word}_{}", words(random, 1)),
            Naming::Blanks => format!("{} {}", capital(&word), words(random, 1)),
            Naming::Digits if column.is_multiple_of(2) => format!("Q{}", column + 1),
            Naming::Digits => format!("{word}{}", column + 1),
            Naming::Years if column == 0 => "Country".to_owned(),
            Naming::Years => (first_year + column).to_string(),
            Naming::Repeated => word,
            Naming::NotLatin if column < FOREIGN.len() => FOREIGN[column].to_owned(),
            Naming::NotLatin => format!("{}{column}", random.pick(&FOREIGN)),
            Naming::Units => format!("{} {} ({})", capital(&word), column + 1, random.pick(&UNITS)),
            Naming::Capitals => format!("{}_{}", word.to_uppercase(), column + 1),
        }
    }
}

/// A row of units, as it stands under names: full width, all text.
pub(super) fn units(random: &mut Random, columns: usize) -> Vec<String> {
    (0..columns).map(|_| (*random.pick(&UNITS)).to_owned()).collect()
}

/// A row of groups, as it stands over names: each over one to three columns, written in all of them.
pub(super) fn groups(random: &mut Random, columns: usize) -> Vec<String> {
    let mut groups: Vec<String> = Vec::with_capacity(columns);
    while groups.len() < columns {
        let group = capital(&words(random, 1));
        let repeated = random.between(1, 4) as usize;
        groups.extend(std::iter::repeat_n(group, repeated.min(columns - groups.len())));
    }
    groups
}
