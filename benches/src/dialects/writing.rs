//! A layout written down, and what the text then shows of it.

use super::Known;
use super::content::{Content, capital, words};
use super::header::Naming;
use super::layout::{Layout, LineEnds, Quoted};
use super::lines::{Before, Behind, comment, source};
use crate::random::Random;

/// Rows from which values that have no type, but are all built alike, tell that there are no names above them.
const REGULAR_ROWS_MIN: usize = 6;

/// Years, one after the other, that are a series and no data.
const SERIES_YEARS_MIN: usize = 3;

/// Fields in single quotes from which they are no apostrophes.
const SINGLE_QUOTED_MIN: usize = 2;

/// The text of `layout`, and the answer.
pub(super) fn write(layout: &Layout, random: &mut Random) -> (Vec<u8>, Known) {
    let mut pen = Pen { layout, text: Vec::new(), lines: 0, records: 0, wrapped: 0, has_inner_quotes: false };
    pen.before();
    let skip = pen.lines;
    pen.table(random);
    pen.behind(random);
    if !layout.ends_with_line_end {
        while pen.text.ends_with(b"\n") || pen.text.ends_with(b"\r") {
            pen.text.pop();
        }
    }
    let is_told = pen.wrapped >= if layout.quote == b'\'' { SINGLE_QUOTED_MIN } else { 1 };
    let known = Known {
        delimiter: layout.delimiter,
        quote: is_told.then_some(layout.quote),
        escape: (is_told && pen.has_inner_quotes).then_some(layout.escape),
        comment: (layout.comments > 0).then_some(b'#'),
        header_rows: header_rows(layout),
        skip,
        newline: match layout.line_ends {
            LineEnds::Lf => "lf",
            LineEnds::Crlf => "crlf",
            LineEnds::Cr => "cr",
            LineEnds::Mixed => "mixed",
        },
        columns: layout.columns.len(),
    };
    (pen.text, known)
}

/// How many rows of names there are, where the text tells it: no names show as such where a column has a type or all of
/// its values are built alike; years over numbers only where another name stands over such values, or they are many.
fn header_rows(layout: &Layout) -> Option<usize> {
    let tells = |content: &Content| content.is_typed() || (content.is_regular() && layout.rows >= REGULAR_ROWS_MIN);
    let is_told = match layout.header.len() {
        0 => layout.columns.iter().any(tells),
        _ if layout.naming == Naming::Years => tells(&layout.columns[0]) || layout.columns.len() > SERIES_YEARS_MIN,
        _ => true,
    };
    is_told.then_some(layout.header.len())
}

struct Pen<'a> {
    layout: &'a Layout,
    text: Vec<u8>,
    lines: usize,
    records: usize,
    /// Fields in quotes.
    wrapped: usize,
    has_inner_quotes: bool,
}

impl Pen<'_> {
    fn before(&mut self) {
        let width = self.layout.columns.len();
        match &self.layout.before {
            Before::Nothing => {}
            Before::Lines(lines) => lines.iter().for_each(|line| self.line(line)),
            Before::Pairs(pairs) => {
                pairs.iter().for_each(|pair| self.record(pair, true));
                self.line("");
            }
            Before::Padded(titles) => {
                for title in titles {
                    let mut fields = vec![String::new(); width];
                    fields[0].clone_from(title);
                    self.record(&fields, true);
                }
            }
            Before::Separator => {
                let delimiter = self.layout.delimiter.unwrap_or(",");
                self.line(&format!("sep={delimiter}"));
            }
        }
    }

    /// The names and the rows, with comments between them: never above the first record, where they would be lines
    /// before the table.
    fn table(&mut self, random: &mut Random) {
        let layout = self.layout;
        for names in &layout.header {
            self.record(names, true);
        }
        let first = usize::from(layout.header.is_empty());
        let mut places: Vec<usize> =
            (0..layout.comments).map(|_| first + random.below((layout.rows - first) as u32) as usize).collect();
        places.sort_unstable();
        for row in 0..layout.rows {
            places.iter().filter(|&&place| place == row).for_each(|_| self.line(&comment(random)));
            let fields: Vec<String> = layout.columns.iter().map(|content| content.value(random, row)).collect();
            self.record(&fields, false);
        }
    }

    fn behind(&mut self, random: &mut Random) {
        match self.layout.behind {
            Behind::Nothing => {}
            Behind::Totals => {
                let total = |content: &Content| match content {
                    Content::Int | Content::Decimal => content.value(random, 500),
                    _ => String::new(),
                };
                let mut fields: Vec<String> = self.layout.columns.iter().map(total).collect();
                "Total".clone_into(&mut fields[0]);
                self.record(&fields, false);
            }
            Behind::Source => {
                self.line("");
                self.line(&source(random));
            }
            Behind::Table => {
                self.line("");
                if random.percent(50) {
                    self.line(&capital(&words(random, 2)));
                }
                let delimiter = self.layout.delimiter.unwrap_or_default();
                self.line(&format!("code{delimiter}amount"));
                for row in 0..random.between(2, 30) {
                    self.line(&format!("c{row}{delimiter}{}", random.below(1_000)));
                }
            }
        }
    }

    /// A line that is no record.
    fn line(&mut self, line: &str) {
        self.text.extend_from_slice(line.as_bytes());
        self.line_end(false);
    }

    fn record(&mut self, fields: &[String], are_names: bool) {
        for (column, field) in fields.iter().enumerate() {
            if column > 0 {
                self.text.extend(self.layout.delimiter.unwrap_or_default().bytes());
            }
            let is_text = are_names || !self.layout.columns[column].is_typed();
            self.field(field, is_text);
        }
        self.line_end(true);
    }

    fn field(&mut self, field: &str, is_text: bool) {
        let layout = self.layout;
        let is_structure = |byte: u8| {
            layout.delimiter.is_some_and(|it| it.as_bytes().contains(&byte)) || matches!(byte, b'\n' | b'\r')
        };
        let needs = field.bytes().any(|byte| is_structure(byte) || byte == layout.quote);
        let wraps = match layout.quoted {
            Quoted::Never => false,
            Quoted::Needed => needs,
            Quoted::Texts => is_text || needs,
            Quoted::All => true,
        };
        if !wraps {
            // What has no quotes to stand in is left out.
            let plain = field.bytes().filter(|&byte| !needs || !(is_structure(byte) || byte == layout.quote));
            self.text.extend(plain);
            return;
        }
        self.wrapped += 1;
        self.text.push(layout.quote);
        for byte in field.bytes() {
            let is_quote = byte == layout.quote;
            self.has_inner_quotes |= is_quote;
            if is_quote || Some(byte) == layout.escape {
                self.text.push(layout.escape.unwrap_or(layout.quote));
            }
            self.text.push(byte);
        }
        self.text.push(layout.quote);
    }

    /// Where line ends are mixed, the first two records differ, and no CR comes before a LF of its own.
    fn line_end(&mut self, is_record: bool) {
        let line_end: &[u8] = match self.layout.line_ends {
            LineEnds::Lf => b"\n",
            LineEnds::Crlf => b"\r\n",
            LineEnds::Cr => b"\r",
            LineEnds::Mixed if !is_record => b"\r\n",
            LineEnds::Mixed => [&b"\r\n"[..], b"\n", b"\n", b"\r"][self.records % 4],
        };
        self.text.extend_from_slice(line_end);
        self.lines += 1;
        self.records += usize::from(is_record);
    }
}
