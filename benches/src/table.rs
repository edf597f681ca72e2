//! The pen: writes fields and keeps the answer as it goes.

use std::io::{self, Write};

use crate::digits::{push_date, push_decimal, push_int, push_timestamp};
use crate::expected::{ColumnExpected, text_checksum};

/// Bytes kept before they go to the writer: large enough that the write call costs nothing, small enough for L2.
const FLUSH_BYTES: usize = 256 << 10;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int64,
    Float64,
    Date32,
    Timestamp,
    Utf8,
}

impl Kind {
    fn type_name(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Int64 => "int64",
            Kind::Float64 => "float64",
            Kind::Date32 => "date32",
            Kind::Timestamp => "timestamp[us]",
            Kind::Utf8 => "utf8",
        }
    }
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// A header, then a line a row.
    Delimited { delimiter: u8, quote_all: bool },
    /// A JSON object a line, with all its keys in every row.
    Json,
}

/// A column to be written.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What a column has received.
struct Tally {
    column: Column,
    values: u64,
    nulls: u64,
    checksum: u64,
}

/// A row that does not have the table's number of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Short,
    Long,
}

/// Writes a table field by field, left to right, and adds each value to its column's tally.
///
/// A field's method must agree with its column's [`Kind`]; an empty one is taken by all. Whoever writes the last field
/// of a row has ended the row.
pub(crate) struct Table<'w> {
    out: &'w mut dyn Write,
    buffer: Vec<u8>,
    bytes_flushed: u64,
    writing: Writing,
    tallies: Vec<Tally>,
    at: usize,
    rows: u64,
    short_rows: u64,
    long_rows: u64,
}

impl<'w> Table<'w> {
    /// Starts a table; the header is written, if there is one.
    pub(crate) fn new(out: &'w mut dyn Write, writing: Writing, columns: Vec<Column>) -> Self {
        let mut buffer = Vec::with_capacity(FLUSH_BYTES + (64 << 10));
        if let Writing::Delimited { delimiter, quote_all } = writing {
            write_header(&mut buffer, delimiter, quote_all, &columns);
        }
        let tallies = columns.into_iter().map(|column| Tally { column, values: 0, nulls: 0, checksum: 0 }).collect();
        let (rows, short_rows, long_rows) = (0, 0, 0);
        Table { out, buffer, bytes_flushed: 0, writing, tallies, at: 0, rows, short_rows, long_rows }
    }

    /// Whole rows written so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Short rows, then long ones.
    pub(crate) fn broken_rows(&self) -> (u64, u64) {
        (self.short_rows, self.long_rows)
    }

    /// Bytes written so far, header included.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes_flushed + self.buffer.len() as u64
    }

    /// Hands the text on if enough has come together; to be called between rows.
    pub(crate) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() < FLUSH_BYTES { Ok(()) } else { self.flush() }
    }

    /// Hands all text on.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.bytes_flushed += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// The answer for each column.
    pub(crate) fn into_columns(self) -> Vec<ColumnExpected> {
        let answer = |tally: Tally| ColumnExpected {
            name: tally.column.name,
            data_type: if tally.values == 0 { "null" } else { tally.column.kind.type_name() }.to_owned(),
            nulls: tally.nulls,
            checksum: tally.checksum,
        };
        self.tallies.into_iter().map(answer).collect()
    }

    /// A field without a value: nothing between the delimiters, or JSON's `null`. In a table where everything is quoted it is
    /// `""`, which a text column takes as a text of no letters.
    #[inline]
    pub(crate) fn empty(&mut self) {
        let quote_all = matches!(self.writing, Writing::Delimited { quote_all: true, .. });
        if quote_all && self.tallies[self.at].column.kind == Kind::Utf8 {
            return self.text(b"");
        }
        self.tallies[self.at].nulls += 1;
        let null: &[u8] = if self.writing == Writing::Json { b"null" } else { b"" };
        self.field(|buffer| buffer.extend_from_slice(null));
    }

    /// An empty field, or what `write` writes: one field.
    #[inline]
    pub(crate) fn optional(&mut self, absent: bool, write: impl FnOnce(&mut Self)) {
        if absent {
            self.empty();
        } else {
            write(self);
        }
    }

    /// A whole number.
    #[inline]
    pub(crate) fn int(&mut self, value: i64) {
        self.value(Kind::Int64, value as u64);
        self.field(|buffer| push_int(buffer, value));
    }

    /// The number `mantissa` / 10^`scale`. One division of two exact numbers rounds once, so this is the double nearest
    /// to the text (`mantissa` below 2⁵³, `scale` 1–18).
    #[inline]
    pub(crate) fn decimal(&mut self, mantissa: i64, scale: u32) {
        let value = mantissa as f64 / 10_u64.pow(scale) as f64;
        self.value(Kind::Float64, value.to_bits());
        self.field(|buffer| push_decimal(buffer, mantissa, scale));
    }

    /// A day, counted from 1970-01-01.
    #[inline]
    pub(crate) fn date(&mut self, day: i64) {
        self.value(Kind::Date32, day as u64);
        self.string(|buffer| push_date(buffer, day));
    }

    /// A second, counted from 1970-01-01T00:00:00.
    #[inline]
    pub(crate) fn timestamp(&mut self, seconds: i64) {
        self.value(Kind::Timestamp, (seconds * 1_000_000) as u64);
        self.string(|buffer| push_timestamp(buffer, seconds));
    }

    /// `true` or `false`.
    #[inline]
    pub(crate) fn boolean(&mut self, value: bool) {
        self.value(Kind::Bool, u64::from(value));
        self.field(|buffer| buffer.extend_from_slice(if value { b"true" } else { b"false" }));
    }

    /// A text that needs no quotes: no quote, no delimiter, no line end, and not empty unless all is quoted.
    #[inline]
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.value(Kind::Utf8, text_checksum(text));
        self.string(|buffer| buffer.extend_from_slice(text));
    }

    /// A text in quotes, its own quotes doubled. Not for JSON, nor for a table in which everything is quoted.
    #[inline]
    pub(crate) fn quoted(&mut self, text: &[u8]) {
        self.value(Kind::Utf8, text_checksum(text));
        self.field(|buffer| {
            buffer.push(b'"');
            let mut pieces = text.split(|byte| *byte == b'"');
            buffer.extend_from_slice(pieces.next().unwrap_or_default());
            for piece in pieces {
                buffer.extend_from_slice(b"\"\"");
                buffer.extend_from_slice(piece);
            }
            buffer.push(b'"');
        });
    }

    /// A row of another number of fields, given as its text without a line end; it adds to no column.
    pub(crate) fn broken_row(&mut self, broken: Broken, line: &[u8]) {
        debug_assert_eq!(self.at, 0, "a row is still open");
        match broken {
            Broken::Short => self.short_rows += 1,
            Broken::Long => self.long_rows += 1,
        }
        self.buffer.extend_from_slice(line);
        self.buffer.push(b'\n');
    }

    #[inline]
    fn value(&mut self, kind: Kind, share: u64) {
        let tally = &mut self.tallies[self.at];
        debug_assert_eq!(tally.column.kind, kind, "column {}", tally.column.name);
        tally.values += 1;
        tally.checksum = tally.checksum.wrapping_add(share);
    }

    /// A field that is a string where strings are told from numbers.
    #[inline]
    fn string(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let quote: &[u8] = if self.writing == Writing::Json { b"\"" } else { b"" };
        self.field(|buffer| {
            buffer.extend_from_slice(quote);
            write(buffer);
            buffer.extend_from_slice(quote);
        });
    }

    #[inline]
    fn field(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let buffer = &mut self.buffer;
        let (quote, delimiter): (&[u8], u8) = match self.writing {
            Writing::Delimited { delimiter, quote_all } => (if quote_all { b"\"" } else { b"" }, delimiter),
            Writing::Json => (b"", b','),
        };
        if self.writing == Writing::Json {
            buffer.extend_from_slice(if self.at == 0 { b"{\"" } else { b"\"" });
            buffer.extend_from_slice(self.tallies[self.at].column.name.as_bytes());
            buffer.extend_from_slice(b"\":");
        }
        buffer.extend_from_slice(quote);
        write(buffer);
        buffer.extend_from_slice(quote);
        self.at += 1;
        if self.at < self.tallies.len() {
            buffer.push(delimiter);
        } else {
            buffer.extend_from_slice(if self.writing == Writing::Json { b"}\n" } else { b"\n" });
            self.at = 0;
            self.rows += 1;
        }
    }
}

fn write_header(buffer: &mut Vec<u8>, delimiter: u8, quote_all: bool, columns: &[Column]) {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            buffer.push(delimiter);
        }
        let quote: &[u8] = if quote_all { b"\"" } else { b"" };
        buffer.extend_from_slice(quote);
        buffer.extend_from_slice(column.name.as_bytes());
        buffer.extend_from_slice(quote);
    }
    buffer.push(b'\n');
}
