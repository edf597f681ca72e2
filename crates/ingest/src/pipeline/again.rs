//! Regions read once more: for the first of their rows, or for columns whose type turned out to be another.

use ingest_columnar::ColumnType;
use ingest_infer::Summary;
use ingest_parse::json::Framed;
use ingest_parse::{Cells, LineCounter, read_records};
use ingest_source::Block;

use super::{Place, Run, padded};
use crate::error::{Error, Result};
use crate::plan::{Input, Origin, Plan};
use crate::region::{Parsed, ParsedColumn, Region, Scratch, Wanted, parse_region};

impl Run<'_> {
    /// Reads a region once more and parses its first rows: what lies behind them must not decide a type.
    pub(super) fn parse_again(&self, place: &Place, rows_max: usize, scratch: &mut Scratch) -> Result<Parsed> {
        let columns: Vec<usize> = (0..self.plan.selected.len()).collect();
        let known = vec![Summary::default(); columns.len()];
        let kinds = self.kinds_to_parse(&known);
        let wanted = Wanted { columns: &columns, kinds: &kinds, known: &known, rows_max: Some(rows_max) };
        parse_place(self.plan, self.inputs, place, &wanted, scratch)
    }
}

/// Reads a region from its source once more, and parses what is wanted of it.
fn parse_place(
    plan: &Plan,
    inputs: &[Input],
    place: &Place,
    wanted: &Wanted<'_>,
    scratch: &mut Scratch,
) -> Result<Parsed> {
    let input = &inputs[place.input];
    let mut block = Block::new();
    input.source.read_at(place.offset, &mut block, place.bytes)?;
    let text = padded(&block);
    let cells = match input.listed_apart() {
        Some(listed) => Some(listed.cells(text.bytes(), place.offset, &plan.dialect, input.shape(plan).columns)),
        None => place.exact.then(|| {
            let mut cells = Cells::default();
            // Whole records: nothing behind them can change how they are read.
            read_records(text.bytes(), true, &plan.dialect, Some(input.shape(plan).columns), &mut cells);
            cells
        }),
    };
    let region = Region {
        text,
        next: if place.last { None } else { Some(0) },
        cells,
        framed: input.framing.map(|framing| Framed { framing, at_start: place.offset == input.data_offset }),
        offset: place.offset,
        source: input.source.name(),
        layout: input.layout.as_deref(),
        // Whoever asks knows how many rows there are.
        records_max: usize::MAX,
    };
    let mut lines = LineCounter::new(text.bytes(), 0, 0);
    Ok(parse_region(plan, &region, wanted, scratch, &mut lines))
}

/// Parses some columns of a region once more, as types that are known to hold them. `columns`: their positions in the result; what
/// is made is never read again.
///
/// # Errors
/// The source cannot be read, or its bytes are no longer what they were.
pub(crate) fn parse_columns(
    plan: &Plan,
    inputs: &[Input],
    place: &Place,
    columns: &[usize],
    kinds: &[ColumnType],
    rows: usize,
    scratch: &mut Scratch,
) -> Result<Vec<ParsedColumn>> {
    let known = vec![Summary::default(); columns.len()];
    let selected = |&position: &usize| match plan.origin(position) {
        Origin::Selected(number) => Some(number),
        Origin::Made(_) => None,
    };
    let columns: Vec<usize> = columns.iter().filter_map(selected).collect();
    let wanted = Wanted { columns: &columns, kinds, known: &known, rows_max: Some(place.skipped + rows) };
    let mut parsed = parse_place(plan, inputs, place, &wanted, scratch)?;
    let same = parsed.rows == place.skipped + rows
        && parsed.columns.iter().zip(kinds).all(|(column, kind)| column.kind == *kind);
    if same {
        parsed.columns.iter_mut().for_each(|column| column.skip(place.skipped));
        return Ok(parsed.columns);
    }
    Err(Error::source_changed(inputs[place.input].source.name()))
}
