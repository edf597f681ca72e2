//! The serial reference reader: what every way of reading must come to.
//!
//! It shares with the engine only what is proven elsewhere: the byte-at-a-time machine (checked against csv-core), the
//! sniffer's verdict, the summary's decision and the scalar conversions. It has no chunks, no threads, no kernels and no
//! columns until the last record is read.

use ingest::{Code, DataType, Infer, OnError, Options, QuoteMode, Ragged};
use ingest_infer::{DateOrder, Form, Hints, NullWords, Sniffed, Summary, sniff, value};
use ingest_parse::{Cells, Dialect, FaultKind, Quoting, Span, read_records, unescape};

use crate::tables::{Column, Value};

/// What a read comes to, without the words of its messages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Table(Table),
    Failure { code: Code, place: Option<Place> },
}

/// A table and what is reported with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows_in: u64,
    pub(crate) rows_out: u64,
    pub(crate) rejected: u64,
    /// Values nulled because they did not fit, by column.
    pub(crate) errors: Vec<u64>,
    pub(crate) dropped_fields: u64,
    pub(crate) rejects: Vec<Reject>,
}

/// Where a failure lies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) byte_offset: u64,
    pub(crate) record: u64,
    pub(crate) column: Option<(usize, String)>,
}

/// A record set aside, as the rejects table has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reject {
    pub(crate) line: u64,
    pub(crate) byte_offset: u64,
    pub(crate) byte_length: u64,
    pub(crate) record: u64,
    pub(crate) column: Option<String>,
    pub(crate) code: String,
    pub(crate) text: String,
}

/// Reads all of `bytes`.
pub(crate) fn answer(bytes: &[u8], options: &Options) -> Answer {
    match Reading::new(bytes, options).and_then(Reading::table) {
        Ok(table) => Answer::Table(table),
        Err(failure) => failure,
    }
}

/// How a column is read.
#[derive(Clone)]
struct Kind {
    data_type: DataType,
    date_order: Option<DateOrder>,
    form: Form,
}

struct Reading<'a> {
    bytes: &'a [u8],
    options: &'a Options,
    dialect: Dialect,
    nulls: NullWords,
    names: Vec<String>,
    given: Vec<Option<Kind>>,
    /// Offset of the first data record.
    start: usize,
}

/// What is wrong with a record: the code, the byte to blame, and the column.
struct Flaw {
    code: Code,
    at: usize,
    column: Option<usize>,
}

impl<'a> Reading<'a> {
    fn new(bytes: &'a [u8], options: &'a Options) -> Result<Self, Answer> {
        let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let nulls = options.null_values.clone().map_or_else(NullWords::default, NullWords::given);
        let sniffed = sniff(&bytes[mark..], true, &hints(options, &nulls));
        let given = if options.infer == Infer::None { Some(asked_for(DataType::Utf8)) } else { None };
        let mut reading = Reading {
            bytes,
            options,
            dialect: sniffed.dialect,
            nulls,
            start: mark + lines_length(&bytes[mark..], sniffed.skip_lines),
            given: vec![given; sniffed.columns.len()],
            names: sniffed.columns.clone(),
        };
        reading.skip_header(&sniffed)?;
        for (name, data_type) in &options.types {
            let column = reading.names.iter().position(|known| known == name);
            let column = column.ok_or(Answer::Failure { code: Code::NotFound, place: None })?;
            reading.given[column] = Some(asked_for(data_type.clone()));
        }
        Ok(reading)
    }

    /// The records from here on. `columns`: how many fields they should have.
    fn cells(&self, columns: Option<usize>) -> Cells {
        let mut cells = Cells::default();
        read_records(&self.bytes[self.start..], true, &self.dialect, columns, &mut cells);
        cells
    }

    /// Moves behind the header, which must be UTF-8 as all records must.
    fn skip_header(&mut self, sniffed: &Sniffed) -> Result<(), Answer> {
        if !sniffed.header {
            return Ok(());
        }
        let before = self.start;
        // The header tells how many fields there are.
        let cells = self.cells(None);
        let is_header = |record: &&ingest_parse::RawRecord| self.names.len() < 2 || record.end > record.start;
        self.start = match cells.records.iter().filter(is_header).nth(sniffed.header_rows - 1) {
            Some(header) => {
                let end = self.start + header.end as usize;
                end + line_end_length(&self.bytes[end..])
            }
            None => self.bytes.len(),
        };
        let (code, at) = match std::str::from_utf8(&self.bytes[before..self.start]) {
            Err(error) => (Code::InvalidUtf8, before + error.valid_up_to()),
            Ok(_) => {
                let mut cells = Cells::default();
                read_records(&self.bytes[before..self.start], true, &self.dialect, None, &mut cells);
                let fault = cells.records.iter().find_map(|record| match record.fault {
                    Some(FaultKind::TextAfterQuote { at }) => Some((Code::TextAfterQuote, at)),
                    Some(FaultKind::UnclosedQuote { at }) => Some((Code::UnclosedQuote, at)),
                    _ => None,
                });
                let Some((code, at)) = fault else { return Ok(()) };
                (code, before + at as usize)
            }
        };
        Err(self.failure(&Flaw { code, at, column: None }, at, 0))
    }

    fn table(self) -> Result<Table, Answer> {
        let mut table = Table { errors: vec![0; self.names.len()], ..Table::default() };
        let mut rows: Vec<Vec<Span>> = Vec::new();
        let cells = self.cells(Some(self.names.len()));
        let limit = self.options.limit.unwrap_or(u64::MAX);
        for number in 0..cells.records.len() {
            if self.names.is_empty() || rows.len() as u64 == limit {
                break;
            }
            let (record, fields) = (&cells.records[number], cells.fields(number));
            let is_blank = record.fault.is_none() && fields.len() == 1 && fields[0].is_null_text();
            if is_blank && self.names.len() > 1 {
                continue;
            }
            table.rows_in += 1;
            let (start, end) = (self.start + record.start as usize, self.start + record.end as usize);
            match self.flaw(record.fault, fields, start, end) {
                Some(flaw) if self.is_rejected(&flaw) => {
                    if flaw.code == Code::BadValue {
                        self.count_misfits(fields, &mut table);
                    }
                    table.rejects.push(self.reject(&flaw, start, end, table.rows_in));
                }
                Some(flaw) => return Err(self.failure(&flaw, start, table.rows_in)),
                None => rows.push(self.settle(fields, record.end, &mut table)),
            }
        }
        table.rejected = table.rejects.len() as u64;
        table.rows_out = rows.len() as u64;
        table.columns = (0..self.names.len()).map(|column| self.column(column, &rows)).collect();
        Ok(table)
    }

    /// What is wrong with a record, the structure first, then the bytes, then the values from left to right.
    fn flaw(&self, fault: Option<FaultKind>, fields: &[Span], start: usize, end: usize) -> Option<Flaw> {
        let limit = self.options.max_field_bytes;
        if let Some(column) = fields.iter().position(|field| field.len() as u64 > limit) {
            let first_byte = fields[column].start() - usize::from(fields[column].is_quoted());
            return Some(Flaw { code: Code::FieldTooLong, at: self.start + first_byte, column: self.known(column) });
        }
        // Behind a quote that never closes, or swallows records, all is its field's: up to the end, or to the next quote.
        let open = match fault {
            Some(FaultKind::UnclosedQuote { at }) => Some((at as usize, self.bytes.len() - self.start)),
            Some(FaultKind::SwallowingQuote { at, next }) => Some((at as usize, next as usize)),
            _ => None,
        };
        if let Some((at, _)) = open.filter(|(at, end)| (end - at - 1) as u64 > limit) {
            let column = self.known(fields.len());
            return Some(Flaw { code: Code::FieldTooLong, at: self.start + at, column });
        }
        if let Some(fault) = fault {
            let (code, at) = match fault {
                FaultKind::TextAfterQuote { at } => (Code::TextAfterQuote, at),
                FaultKind::StrayQuote { at } => (Code::StrayQuote, at),
                FaultKind::UnclosedQuote { at } | FaultKind::SwallowingQuote { at, .. } => (Code::UnclosedQuote, at),
                FaultKind::TooFew { .. } | FaultKind::TooMany { .. } | FaultKind::Json { .. } => {
                    unreachable!("the machine knows no columns and no JSON")
                }
            };
            let at = self.start + at as usize;
            return Some(Flaw { code, at, column: self.column_of(fields, at) });
        }
        if self.is_ragged(fields) {
            return Some(Flaw { code: Code::Ragged, at: start, column: None });
        }
        if let Err(error) = std::str::from_utf8(&self.bytes[start..end]) {
            let at = start + error.valid_up_to();
            return Some(Flaw { code: Code::InvalidUtf8, at, column: self.column_of(fields, at) });
        }
        if self.options.on_error == OnError::Null {
            return None;
        }
        let misfit = |(column, field): (usize, &Span)| {
            let kind = self.given[column].as_ref()?;
            let at = self.start + field.start();
            self.value(*field, kind).is_none().then_some(Flaw { code: Code::BadValue, at, column: Some(column) })
        };
        fields.iter().take(self.names.len()).enumerate().find_map(misfit)
    }

    /// The column of the field that holds the byte at `at`, or (where a quote never closes) would begin there.
    fn column_of(&self, fields: &[Span], at: usize) -> Option<usize> {
        let holds = |field: &Span| self.start + field.end() > at;
        self.known(fields.iter().position(holds).unwrap_or(fields.len()))
    }

    /// A surplus field has no column.
    fn known(&self, column: usize) -> Option<usize> {
        (column < self.names.len()).then_some(column)
    }

    fn is_ragged(&self, fields: &[Span]) -> bool {
        let columns = self.names.len();
        match self.options.ragged.unwrap_or_default() {
            Ragged::Fail | Ragged::Reject => fields.len() != columns,
            Ragged::Pad => fields.iter().skip(columns).any(|field| field.len() > 0),
            Ragged::Truncate => false,
        }
    }

    fn is_rejected(&self, flaw: &Flaw) -> bool {
        let by_shape = flaw.code == Code::Ragged && self.options.ragged == Some(Ragged::Reject);
        flaw.code != Code::FieldTooLong && (by_shape || self.options.on_error == OnError::Reject)
    }

    fn reject(&self, flaw: &Flaw, start: usize, end: usize, record: u64) -> Reject {
        Reject {
            line: self.line_of(start),
            byte_offset: start as u64,
            byte_length: (end - start) as u64,
            record,
            column: flaw.column.map(|column| self.names[column].clone()),
            code: flaw.code.label(),
            text: String::from_utf8_lossy(&self.bytes[start..end]).into_owned(),
        }
    }

    fn failure(&self, flaw: &Flaw, start: usize, record: u64) -> Answer {
        let column = flaw.column.map(|column| (column + 1, self.names[column].clone()));
        let place = Place { line: self.line_of(start), byte_offset: flaw.at as u64, record, column };
        Answer::Failure { code: flaw.code, place: Some(place) }
    }

    /// Lines before `at`, and one.
    fn line_of(&self, at: usize) -> u64 {
        let ends =
            |&at: &usize| self.bytes[at] == b'\n' || self.bytes[at] == b'\r' && self.bytes.get(at + 1) != Some(&b'\n');
        (0..at).filter(ends).count() as u64 + 1
    }

    /// A row of the right width; counts what it loses.
    fn settle(&self, fields: &[Span], end: u32, table: &mut Table) -> Vec<Span> {
        let columns = self.names.len();
        if self.options.ragged == Some(Ragged::Truncate) {
            table.dropped_fields += fields.len().saturating_sub(columns) as u64;
        }
        let mut row = fields.to_vec();
        row.resize(columns, Span::new(end, end));
        self.count_misfits(&row, table);
        row
    }

    fn count_misfits(&self, fields: &[Span], table: &mut Table) {
        for (column, field) in fields.iter().take(self.names.len()).enumerate() {
            let misfit = self.given[column].as_ref().is_some_and(|kind| self.value(*field, kind).is_none());
            table.errors[column] += u64::from(misfit);
        }
    }

    fn column(&self, column: usize, rows: &[Vec<Span>]) -> Column {
        let kind = self.given[column].clone().unwrap_or_else(|| self.infer(column, rows));
        Column {
            name: self.names[column].clone(),
            data_type: kind.data_type.to_string(),
            values: rows.iter().map(|row| self.value(row[column], &kind).unwrap_or(Value::Null)).collect(),
        }
    }

    fn infer(&self, column: usize, rows: &[Vec<Span>]) -> Kind {
        let mut summary = Summary::default();
        for row in rows {
            summary.observe(&self.text(row[column]), row[column].is_quoted(), &self.nulls);
        }
        let decision = summary.decide();
        Kind { data_type: decision.data_type, date_order: decision.date_order, form: Form::Inferred }
    }

    fn text(&self, field: Span) -> Vec<u8> {
        let mut text = Vec::new();
        unescape(field.of(&self.bytes[self.start..]), field.is_quoted(), &self.dialect, &mut text);
        text
    }

    /// What a field is worth; `None` where it does not fit.
    fn value(&self, field: Span, kind: &Kind) -> Option<Value> {
        let text = &*self.text(field);
        let is_text = kind.data_type == DataType::Utf8;
        let is_null_word = self.nulls.contains(text) && (!is_text || self.nulls.is_given());
        if is_null_word || text.is_empty() && !(is_text && field.is_quoted()) {
            return Some(Value::Null);
        }
        Some(match kind.data_type {
            DataType::Null => return None,
            DataType::Bool => Value::Bool(value::bool(text)?),
            DataType::Int64 => Value::Whole(value::int64(text, kind.form)?.into()),
            DataType::Decimal128 { precision, scale } => {
                Value::Whole(value::decimal128(text, precision, scale, kind.form)?)
            }
            DataType::Float64 => Value::Float(value::float64(text, kind.form)?.to_bits()),
            DataType::Date32 => Value::Whole(match kind.date_order {
                Some(order) => value::ordered_date(text, order)?.into(),
                None => value::date32(text)?.into(),
            }),
            DataType::Time64(unit) => Value::Whole(value::time64(text, unit)?.into()),
            DataType::Timestamp { unit, utc } => Value::Whole(value::timestamp(text, unit, utc)?.into()),
            DataType::Utf8 => Value::Text(String::from_utf8(text.to_vec()).ok()?),
            DataType::Struct(_) | DataType::List(_) => unreachable!("delimited text has none"),
        })
    }
}

fn asked_for(data_type: DataType) -> Kind {
    Kind { data_type, date_order: None, form: Form::Given }
}

fn hints(options: &Options, nulls: &NullWords) -> Hints {
    Hints {
        delimiter: options.delimiter,
        quote: if options.quoting == QuoteMode::None { Some(None) } else { options.quote },
        escape: options.escape,
        comment: options.comment,
        quoting: if options.quoting == QuoteMode::Lenient { Quoting::Lenient } else { Quoting::Strict },
        header: options.header,
        header_rows: None,
        skip: options.skip,
        nulls: nulls.clone(),
    }
}

fn line_end_length(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [_, ..] => 1,
        [] => 0,
    }
}

fn lines_length(text: &[u8], lines: usize) -> usize {
    let mut length = 0;
    for _ in 0..lines {
        let rest = &text[length..];
        let Some(end) = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r') else { return text.len() };
        length += end + line_end_length(&rest[end..]);
    }
    length
}
