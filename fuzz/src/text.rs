//! Delimited texts: free ones, spelled in tokens that carry structure, and grids of values.

use std::fmt;

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::cells::{Kind, text_of};

/// What each byte from 128 on stands for, so that few bytes of the fuzzer's make much structure.
const TOKENS: [&[u8]; 32] = [
    b",",
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"\"",
    b"\"\"",
    b"\",\"",
    b"\"x,y\"",
    b"\"a\nb\"",
    b"\"a\r\nb\"",
    b"\"q\"\"q\"",
    b",\"\",",
    b"\"\"\"",
    b"\\",
    b"\\\"",
    b"#",
    b" \"",
    b"5\" p",
    b"\r\r\n",
    b"\n\n",
    b"\xc3\xa9",
    b"\xff",
    b"\0",
    b"\xef\xbb\xbf",
    b"12",
    b"-0.5",
    b"2020-01-02",
    b"2020-01-02 03:04:05",
    b"abcdefghijklmnopqrstuvwxyz0123456789",
    b"\t",
    b";",
];

/// Bytes below 128 stand for themselves, so that a text in ASCII is its own spelling; others for a token.
pub fn spell(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(2 * bytes.len());
    for &byte in bytes {
        match byte.checked_sub(128) {
            None => text.push(byte),
            Some(number) => text.extend_from_slice(TOKENS[usize::from(number) % TOKENS.len()]),
        }
    }
    text
}

/// Delimited text of one kind or the other; shown as a literal.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

#[derive(Arbitrary)]
enum Draft {
    Spelled(Vec<u8>),
    Grid(Grid),
}

/// A table with commas whose columns are of kinds.
#[derive(Arbitrary)]
struct Grid {
    columns: u8,
    kinds: [Kind; 6],
    header: bool,
    line_end: u8,
    /// Out of 256 fields, about how many are quoted for no reason.
    quoted: u8,
    closed: bool,
    cells: Vec<[u8; 3]>,
}

impl Grid {
    fn columns(&self) -> usize {
        usize::from(self.columns) % self.kinds.len() + 1
    }

    fn line_end(&self) -> &'static str {
        ["\n", "\n", "\n", "\r\n", "\r\n", "\r", "\n\n", "\r\r\n"][usize::from(self.line_end) % 8]
    }

    fn into_text(self) -> Vec<u8> {
        let mut lines = Vec::new();
        if self.header {
            lines.push((0..self.columns()).map(|column| format!("c{column}")).collect::<Vec<_>>().join(","));
        }
        for row in self.cells.chunks(self.columns()) {
            let cell = |(column, seed): (usize, &[u8; 3])| self.cell(self.kinds[column], *seed);
            let surplus = if row[0] == [255; 3] { ",1" } else { "" };
            lines.push(row.iter().enumerate().map(cell).collect::<Vec<_>>().join(",") + surplus);
        }
        let mut text = lines.join(self.line_end());
        if self.closed {
            text.push_str(self.line_end());
        }
        text.into_bytes()
    }

    fn cell(&self, kind: Kind, seed: [u8; 3]) -> String {
        let text = text_of(kind, seed);
        let chance = seed[0].wrapping_mul(31) ^ seed[2].wrapping_mul(17);
        let line_break = if chance.is_multiple_of(32) { "\n" } else { "" };
        if chance < self.quoted { format!("\"{}{line_break}\"", text.replace('"', "\"\"")) } else { text }
    }
}

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Text(match Draft::arbitrary(u)? {
            Draft::Spelled(bytes) => spell(&bytes),
            Draft::Grid(grid) => grid.into_text(),
        }))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}
