//! The shapes by name, and the loop that writes them.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use crate::expected::Expected;
use crate::random::Random;
use crate::shapes;
use crate::table::{Column, Kind, Table, Writing};

/// A kind of table. All end their lines with a line feed; those of delimited text begin with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// 18 short columns, most of them numbers, two timestamps: rides of a city's taxis, about 100 bytes a row.
    Taxi,
    /// 7 columns, several of text; 30 % of one are quoted and hold line ends, commas and doubled quotes.
    Text,
    /// 200 columns of decimals of about five digits.
    Wide,
    /// 12 columns of all types, every field and the header in quotes.
    QuoteAll,
    /// 2 columns of integers.
    Narrow,
    /// A number and a text of 1–4 KB, in part not ASCII, half of them quoted.
    LongText,
    /// 60 columns of which 95 % of the fields are empty.
    MostlyEmpty,
    /// 8 columns of all types, separated by tabs; commas in the text.
    Tsv,
    /// 5 columns; 1 % of the rows miss a field, 1 % have one too many.
    Ragged,
    /// 9 columns of rides; a column of integers ends, in the very last row, with a text.
    LateSurprise,
    /// The rides of [`Shape::Taxi`] as JSON, an object a line, about 320 bytes a row.
    Ndjson,
}

/// What a shape is made of.
pub(crate) struct Plan {
    pub(crate) writing: Writing,
    pub(crate) columns: Vec<Column>,
    /// Writes one row.
    pub(crate) row: fn(&mut Table<'_>, &mut Random),
    /// Writes the last row.
    pub(crate) last: fn(&mut Table<'_>, &mut Random),
}

impl Plan {
    /// A comma-separated table whose rows are all alike.
    pub(crate) fn new(columns: &[(&str, Kind)], row: fn(&mut Table<'_>, &mut Random)) -> Self {
        let columns = columns.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect();
        Plan { writing: Writing::Delimited { delimiter: b',', quote_all: false }, columns, row, last: row }
    }
}

impl Shape {
    /// Every shape.
    pub const ALL: [Shape; 11] = [
        Shape::Taxi,
        Shape::Text,
        Shape::Wide,
        Shape::QuoteAll,
        Shape::Narrow,
        Shape::LongText,
        Shape::MostlyEmpty,
        Shape::Tsv,
        Shape::Ragged,
        Shape::LateSurprise,
        Shape::Ndjson,
    ];

    /// Whether it is delimited text; else it is JSON.
    pub fn is_delimited(self) -> bool {
        self != Shape::Ndjson
    }

    /// The name by which the command line knows it.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Taxi => "taxi",
            Shape::Text => "text",
            Shape::Wide => "wide",
            Shape::QuoteAll => "quote-all",
            Shape::Narrow => "narrow",
            Shape::LongText => "long-text",
            Shape::MostlyEmpty => "mostly-empty",
            Shape::Tsv => "tsv",
            Shape::Ragged => "ragged",
            Shape::LateSurprise => "late-surprise",
            Shape::Ndjson => "ndjson",
        }
    }

    fn plan(self) -> Plan {
        match self {
            Shape::Taxi => shapes::taxi::plan(),
            Shape::Text => shapes::text::plan(),
            Shape::Wide => shapes::wide::plan(),
            Shape::QuoteAll => shapes::quote_all::plan(),
            Shape::Narrow => shapes::narrow::plan(),
            Shape::LongText => shapes::long_text::plan(),
            Shape::MostlyEmpty => shapes::mostly_empty::plan(),
            Shape::Tsv => shapes::tsv::plan(),
            Shape::Ragged => shapes::ragged::plan(),
            Shape::LateSurprise => shapes::late_surprise::plan(),
            Shape::Ndjson => Plan { writing: Writing::Json, ..shapes::taxi::plan() },
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No shape has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownShape(pub String);

impl fmt::Display for UnknownShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Shape::ALL.map(Shape::name).join(", ");
        write!(f, "no shape {:?}; shapes are {names}", self.0)
    }
}

impl std::error::Error for UnknownShape {}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Shape::ALL.into_iter().find(|shape| shape.name() == name).ok_or_else(|| UnknownShape(name.to_owned()))
    }
}

/// Writes `shape` to `out`: a header, where it has one, and whole rows, as many as it takes to reach `bytes` (one at least; the last row
/// may reach beyond). Returns what a reader must find. Takes time linear in `bytes` and less than 1 MB of memory.
///
/// # Errors
/// What `out` reports.
pub fn generate(shape: Shape, bytes: u64, seed: u64, out: &mut dyn Write) -> io::Result<Expected> {
    let plan = shape.plan();
    let mut random = Random::new(seed);
    let mut table = Table::new(out, plan.writing, plan.columns);
    // The last row is written on its own, so the loop stops about one row early.
    let mut row_bytes = 0;
    while table.bytes() + row_bytes < bytes {
        let before = table.bytes();
        (plan.row)(&mut table, &mut random);
        row_bytes = table.bytes() - before;
        table.flush_if_full()?;
    }
    (plan.last)(&mut table, &mut random);
    table.flush()?;
    let (bytes, rows, (short_rows, long_rows)) = (table.bytes(), table.rows(), table.broken_rows());
    let columns = table.into_columns();
    Ok(Expected { shape: shape.name().to_owned(), seed, bytes, rows, short_rows, long_rows, columns })
}
