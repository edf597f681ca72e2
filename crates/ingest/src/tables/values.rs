//! Columns of a table to the columns of the plan.
//!
//! A column that is to have another type than it is stored with goes by its text: what it would be in a CSV file is read as the
//! type that was asked for. So the rules are those of text, and no value changes unseen.

use ingest_columnar::arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, new_null_array};
use ingest_columnar::arrow::buffer::BooleanBuffer;
use ingest_columnar::arrow::compute::filter;
use ingest_columnar::{Column, ColumnType, Counts, Fields, arrow_type, builder_for, own_array, own_type};
use ingest_infer::{DataType, Summary};
use ingest_parse::{Dialect, Span};
use ingest_simd::{PADDING, Padded};

use crate::csv;
use crate::error::{Code, Error, Result};
use crate::flaw::{FlawKind, Located};
use crate::plan::{FilterColumn, Input, Plan};
use crate::region::{Parsed, ParsedColumn, Scratch};

/// The selected columns of some rows of a source. `columns`: which of the source's the batch holds, ascending.
///
/// # Errors
/// A value has no place in any type of ours.
pub(crate) fn parsed(
    plan: &Plan,
    input: &Input,
    batch: &RecordBatch,
    columns: &[usize],
    scratch: &mut Scratch,
) -> Result<Parsed> {
    let mut rows =
        Rows { keep: vec![true; batch.num_rows()], looked_at: vec![true; batch.num_rows()], flaws: Vec::new() };
    let mut column = |index: usize, tells: bool, rows: &mut Rows| {
        let kind = plan.columns[index].given.as_ref().expect("a table's columns have types");
        let Some(place) = input.place(index) else {
            let nulls = new_null_array(&arrow_type(&kind.data_type), batch.num_rows());
            return Ok((kind, nulls, Vec::new()));
        };
        let place = columns.binary_search(&place).expect("every column that is looked at is read");
        let own = own_column(batch.column(place), plan.name_of(index), input.source.name())?;
        let (array, misfits) = as_kind(plan, &own, kind, scratch)?;
        if tells && !plan.nulls_misfits(index) {
            rows.take_out(index, &own, kind, &misfits)?;
        }
        Ok::<_, Error>((kind, array, misfits))
    };
    let mut filtered = 0;
    let of_path = plan.flaws_of_path(input.source.name());
    if let Some(filter) = &plan.filter {
        let mut array = |wanted: &FilterColumn| match wanted.place.in_source() {
            Some(index) => Ok(column(index, true, &mut rows)?.1),
            None => Ok(plan.made_for_filter(wanted, input.source.name(), batch.num_rows())),
        };
        let arrays = filter.columns.iter().map(&mut array).collect::<Result<Vec<_>>>()?;
        let wanted = filter.predicate.rows(&arrays);
        if !plan.cannot_tell(&of_path) {
            filtered = rows.take_out_unwanted(&wanted);
        }
    }
    // The filter has told of its columns.
    let mut taken = |&index: &usize| column(index, !plan.filters_by(index), &mut rows);
    let made = plan.selected.iter().map(&mut taken).collect::<Result<Vec<_>>>()?;
    for (&index, (_, array, misfits)) in plan.selected.iter().zip(&made) {
        if plan.columns[index].required {
            rows.take_out_nulls(index, array, misfits);
        }
    }
    of_path.iter().for_each(|kind| rows.take_out_all(kind));
    let Rows { keep, mut flaws, .. } = rows;
    flaws.sort_by_key(|flaw| flaw.record);
    Located::join(&mut flaws);
    let kept = keep.contains(&false).then(|| BooleanArray::from(keep));
    let columns = made.into_iter().map(|(kind, array, misfits)| {
        let array = kept.as_ref().map_or(Ok(array.clone()), |kept| filter(&array, kept)).map_err(Error::encode)?;
        let counts = Counts { nulls: array.logical_null_count() as u64, doubled_keys: 0 };
        let column = Column { array, summary: Summary::default(), counts };
        let is_kept = |row: &&u32| kept.as_ref().is_none_or(|kept| kept.value(**row as usize));
        Ok(ParsedColumn { kind: kind.clone(), column, errors: misfits.iter().filter(is_kept).count() as u64 })
    });
    let columns = columns.collect::<Result<_>>()?;
    let (records, kept) = (batch.num_rows(), kept.map(|kept| kept.values().clone()));
    let rows = kept.as_ref().map_or(records, BooleanBuffer::count_set_bits);
    Ok(Parsed { rows, records, filtered, columns, flaws, kept, ..Parsed::default() })
}

/// The rows of a batch.
struct Rows {
    keep: Vec<bool>,
    /// Those whose values are looked at: the filter has left them, or cannot tell.
    looked_at: Vec<bool>,
    flaws: Vec<Located>,
}

impl Rows {
    /// Takes out those whose value of a column does not fit its type.
    fn take_out(&mut self, index: usize, own: &ArrayRef, kind: &ColumnType, misfits: &[u32]) -> Result<()> {
        for &row in misfits.iter().filter(|row| self.looked_at[**row as usize]) {
            self.keep[row as usize] = false;
            let text = csv::texts(&own.slice(row as usize, 1))?.into_iter().flatten().next().unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let data_type = kind.data_type.clone();
            self.flaws.push(flaw_of(
                FlawKind::Value { column: index, start: 0, end: text.len(), data_type },
                row,
                text,
            ));
        }
        Ok(())
    }

    /// Takes out those that the filter does not want, unless it cannot tell, as a value does not fit: how many.
    fn take_out_unwanted(&mut self, wanted: &BooleanBuffer) -> usize {
        let unwanted: Vec<usize> = (0..self.keep.len()).filter(|&row| self.keep[row] && !wanted.value(row)).collect();
        for &row in &unwanted {
            (self.keep[row], self.looked_at[row]) = (false, false);
        }
        unwanted.len()
    }

    /// Takes out all of them, for what their source's path says.
    fn take_out_all(&mut self, kind: &FlawKind) {
        for row in (0..self.keep.len()).filter(|row| self.looked_at[*row]) {
            self.keep[row] = false;
            self.flaws.push(flaw_of(kind.clone(), row as u32, String::new()));
        }
    }

    /// Takes out those with a null in a column that holds none.
    fn take_out_nulls(&mut self, index: usize, array: &ArrayRef, misfits: &[u32]) {
        let Some(nulls) = array.logical_nulls() else { return };
        let is_null = |row: &usize| nulls.is_null(*row) && misfits.binary_search(&(*row as u32)).is_err();
        for row in (0..nulls.len()).filter(is_null).filter(|row| self.looked_at[*row]) {
            self.keep[row] = false;
            let kind = FlawKind::Null { column: index, start: 0, end: 0 };
            self.flaws.push(flaw_of(kind, row as u32, String::new()));
        }
    }
}

/// A column in our own type for it.
fn own_column(column: &ArrayRef, name: &str, source: &str) -> Result<ArrayRef> {
    let own = own_type(column.data_type()).expect("the plan has seen the types");
    own_array(column, &own).map_err(|error| {
        let message = format!("{source}: column {name:?} holds what {own} cannot: {error}");
        Error::new(Code::BadValue, message).hint(format!("--drop {name} leaves the column out"))
    })
}

/// A column in the plan's type, and the rows that do not fit it, which are null.
fn as_kind(plan: &Plan, own: &ArrayRef, kind: &ColumnType, scratch: &mut Scratch) -> Result<(ArrayRef, Vec<u32>)> {
    let wanted = arrow_type(&kind.data_type);
    if *own.data_type() == wanted {
        return Ok((own.clone(), Vec::new()));
    }
    if own.data_type().is_null() {
        return Ok((new_null_array(&wanted, own.len()), Vec::new()));
    }
    let texts = Texts::of(own)?;
    let block = Padded::whole(&texts.memory).expect("padded on both sides");
    let mut builder = builder_for(kind, own.len(), &mut scratch.spares());
    let mut misfits = Vec::new();
    builder.append(&Fields { block, spans: &texts.spans, dialect: &Dialect::PLAIN_JSON }, &plan.rules(), &mut misfits);
    if kind.data_type != DataType::Utf8 {
        // A table has nulls of its own: an empty text is not one of them, as it is in a column of numbers of a CSV file.
        misfits.extend((0..).zip(&texts.spans).filter(|(_, span)| span.is_quoted()).map(|(row, _)| row));
        misfits.sort_unstable();
        misfits.dedup();
    }
    Ok((builder.finish().array, misfits))
}

/// The values of a column as texts one after the other, with padding on both sides.
struct Texts {
    memory: Vec<u8>,
    spans: Vec<Span>,
}

impl Texts {
    fn of(column: &ArrayRef) -> Result<Texts> {
        let mut texts = Texts { memory: vec![0; PADDING], spans: Vec::with_capacity(column.len()) };
        for text in csv::texts(column)? {
            let start = texts.memory.len() - PADDING;
            texts.memory.extend_from_slice(text.as_deref().unwrap_or_default());
            let end = texts.memory.len() - PADDING;
            if end > Span::OFFSET_MAX {
                return Err(Error::new(Code::MemoryLimit, "the texts of one column of a chunk take more than 2 GiB"));
            }
            let (start, end) = (start as u32, end as u32);
            texts.spans.push(match text {
                // Nothing is null, as a field of text that is not there.
                None => Span::default(),
                Some(_) if start == end => Span::quoted(start, end, false),
                Some(_) => Span::new(start, end),
            });
        }
        texts.memory.extend_from_slice(&[0; PADDING]);
        Ok(texts)
    }
}

/// What is wrong with a row. A table has no lines and no offsets: the text is the value's alone.
fn flaw_of(kind: FlawKind, row: u32, text: String) -> Located {
    Located {
        kind,
        record: row as usize,
        line: 0,
        record_offset: 0,
        record_length: 0,
        byte_offset: 0,
        culprit: (0, text.len()),
        text,
        bytes: Vec::new(),
        also: Vec::new(),
    }
}

/// How many records of a chunk its first `rows` rows are, up to the last of these.
pub(crate) fn records_of_rows(parsed: &Parsed, rows: usize) -> usize {
    match &parsed.kept {
        None => rows,
        Some(kept) => kept.set_indices().take(rows).last().map_or(0, |last| last + 1),
    }
}
