//! The end of inference: every chunk in the types that the whole input decides.
//!
//! A chunk was parsed as the types known when its turn came. Where the whole input decides another type, that column of
//! that chunk, and nothing else, is parsed once more from its source.

use std::sync::Mutex;

use ingest_columnar::arrow::array::{ArrayRef, new_null_array};
use ingest_columnar::arrow::datatypes::{Field, Schema, SchemaRef};
use ingest_columnar::{Column, ColumnType, Counts, arrow_type};
use ingest_infer::{DataType, Summary};

use crate::error::Result;
use crate::parallel::try_map;
use crate::pipeline::{Chunk, Consumer, Place, Run, parse_columns};
use crate::plan::{Input, Plan};
use crate::region::{ParsedColumn, Scratch};

/// One column of a kept chunk.
pub(crate) struct KeptColumn {
    pub kind: ColumnType,
    /// The values, unless only their number matters.
    pub array: Option<ArrayRef>,
    pub counts: Counts,
    /// Nothing but empty unquoted fields: null whatever the type.
    pub blank: bool,
}

impl KeptColumn {
    pub(crate) fn new(column: ParsedColumn, with_values: bool) -> Self {
        let Column { array, counts, summary } = column.column;
        let blank = column.kind.data_type == DataType::Null && summary == Summary::default();
        KeptColumn { kind: column.kind, counts, blank, array: with_values.then_some(array) }
    }
}

/// A chunk that has been committed.
pub(crate) struct Kept {
    pub place: Place,
    pub rows: usize,
    pub columns: Vec<KeptColumn>,
}

/// Keeps every chunk, with its values or without.
pub(crate) struct Keeper {
    with_values: bool,
    chunks: Mutex<Vec<Kept>>,
}

impl Keeper {
    pub(crate) fn new(with_values: bool) -> Self {
        Keeper { with_values, chunks: Mutex::new(Vec::new()) }
    }

    /// The chunks, in the order of the sources.
    pub(crate) fn into_chunks(self) -> Vec<Kept> {
        self.chunks.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Consumer for Keeper {
    fn consume(&self, _run: &Run<'_>, chunk: Chunk) -> Result<()> {
        if chunk.parsed.rows > 0 {
            let keep = |column: ParsedColumn| KeptColumn::new(column, self.with_values);
            let columns = chunk.parsed.columns.into_iter().map(keep).collect();
            let kept = Kept { place: chunk.place, rows: chunk.parsed.rows, columns };
            self.chunks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(kept);
        }
        Ok(())
    }

    fn end(&self, _run: &Run<'_>) -> Result<()> {
        Ok(())
    }
}

/// The types that summaries of all records decide.
pub(crate) fn final_kinds(plan: &Plan, summaries: &[Summary]) -> Vec<ColumnType> {
    let none = Summary::default();
    (0..plan.width()).map(|position| plan.kind(position, summaries.get(position).unwrap_or(&none))).collect()
}

/// Sentences about columns whose type a person may want to settle.
pub(crate) fn type_notes(plan: &Plan, summaries: &[Summary]) -> Vec<String> {
    let ambiguous = |(name, summary): (&str, &Summary)| {
        summary
            .decide()
            .ambiguous_dates
            .then(|| format!("column {name:?} holds dates like 01/02/2020 whose order no value settles; it stays text"))
    };
    plan.names().zip(summaries).filter_map(ambiguous).collect()
}

/// The Arrow schema of the selected columns; every column may hold nulls.
pub(crate) fn schema(plan: &Plan, kinds: &[ColumnType]) -> SchemaRef {
    let field = |(name, kind): (&str, &ColumnType)| Field::new(name, arrow_type(&kind.data_type), true);
    Schema::new(plan.names().zip(kinds).map(field).collect::<Vec<_>>()).into()
}

/// Brings one column of a chunk to its final type.
pub(crate) fn settle_column(
    plan: &Plan,
    inputs: &[Input],
    (place, rows): (&Place, usize),
    position: usize,
    column: KeptColumn,
    kind: &ColumnType,
    scratch: &mut Scratch,
) -> Result<KeptColumn> {
    if column.kind == *kind {
        return Ok(column);
    }
    if column.blank {
        let array = column.array.map(|_| new_null_array(&arrow_type(&kind.data_type), rows));
        let counts = Counts { nulls: rows as u64, doubled_keys: 0 };
        return Ok(KeptColumn { kind: kind.clone(), array, counts, blank: true });
    }
    let again = parse_columns(plan, inputs, place, &[position], std::slice::from_ref(kind), rows, scratch)?;
    let parsed = again.into_iter().next().expect("one column was asked for");
    let array = column.array.map(|_| parsed.column.array);
    Ok(KeptColumn { kind: kind.clone(), array, counts: parsed.column.counts, blank: false })
}

/// Brings all chunks to the final types, on all threads.
pub(crate) fn settle_chunks(
    plan: &Plan,
    inputs: &[Input],
    chunks: Vec<Kept>,
    kinds: &[ColumnType],
    threads: usize,
) -> Result<Vec<Kept>> {
    let settled = |chunk: &Kept| chunk.columns.iter().zip(kinds).all(|(column, kind)| column.kind == *kind);
    if chunks.iter().all(settled) {
        return Ok(chunks);
    }
    try_map(threads, chunks, Scratch::default, |scratch, chunk| settle_chunk(plan, inputs, chunk, kinds, scratch))
}

fn settle_chunk(
    plan: &Plan,
    inputs: &[Input],
    chunk: Kept,
    kinds: &[ColumnType],
    scratch: &mut Scratch,
) -> Result<Kept> {
    let at = (&chunk.place, chunk.rows);
    let columns = chunk
        .columns
        .into_iter()
        .enumerate()
        .map(|(position, column)| settle_column(plan, inputs, at, position, column, &kinds[position], scratch))
        .collect::<Result<_>>()?;
    Ok(Kept { place: chunk.place, rows: chunk.rows, columns })
}
