//! Arrays of JSON as lists.

use std::sync::Arc;

use arrow::array::ListArray;
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType as ArrowType, FieldRef};
use ingest_infer::Summary;
use ingest_parse::{Span, json};
use ingest_simd::Validity;

use super::rows::{column, null_buffer};
use super::structure::sort_from;
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules, Spares, arrow_type, builder_for};

/// All items of all rows in one column, and where those of each row end.
pub(crate) struct Lists {
    item: FieldRef,
    items: Box<dyn ColumnBuilder>,
    /// Where the items of each row end; before them a 0, where those of the first one begin.
    ends: Vec<i32>,
    validity: Validity,
    asked: bool,
    any: bool,
    /// The items among the fields of the current call.
    spans: Vec<Span>,
    unescaped: Vec<u8>,
}

impl Lists {
    pub(crate) fn new(column_type: &ColumnType, rows: usize, spares: &mut Spares) -> Self {
        let (ArrowType::List(item), [kind]) = (arrow_type(&column_type.data_type), &column_type.children[..]) else {
            unreachable!("the builder of lists is made for a list")
        };
        Lists {
            item,
            items: builder_for(kind, rows, spares),
            ends: vec![0],
            validity: Validity::with_capacity(rows),
            asked: !column_type.given,
            any: false,
            spans: Vec::new(),
            unescaped: Vec::new(),
        }
    }

    /// Takes the items of one array; `false` if it is none, or there are more items than offsets of 32 bits count.
    fn take_items(&mut self, text: &[u8], array: Span) -> bool {
        let before = self.spans.len();
        let spans = &mut self.spans;
        let is_array = json::each_item(&text[..array.end()], array.start(), |value| spans.push(value));
        let fits = is_array && i32::try_from(self.items.len() + self.spans.len()).is_ok();
        if !fits {
            self.spans.truncate(before);
        }
        fits
    }
}

impl ColumnBuilder for Lists {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        let (first, before, items) = (self.validity.len(), misfits.len(), self.items.len());
        self.validity.push_nulls(fields.spans.len());
        self.spans.clear();
        for (row, &span) in fields.spans.iter().enumerate() {
            if !span.is_null_text() && !rules.nulls.contains(fields.text(span, &mut self.unescaped)) {
                if fields.is_nested(span, rules) && self.take_items(fields.block.bytes(), span) {
                    self.validity.set(first + row);
                    self.any = true;
                } else {
                    // A block has fewer fields than bytes, and those are below 2^31.
                    misfits.push(row as u32);
                }
            }
            // Checked where the items were taken.
            self.ends.push((items + self.spans.len()) as i32);
        }
        let own = misfits.len();
        self.items.append(&Fields::of_json(fields.block, &self.spans), rules, misfits);
        // An item's misfit is its row's.
        let ends = &self.ends[first + 1..];
        for misfit in &mut misfits[own..] {
            let item = (items + *misfit as usize) as i32;
            *misfit = ends.partition_point(|&end| end <= item) as u32;
        }
        sort_from(misfits, before);
    }

    fn len(&self) -> usize {
        self.validity.len()
    }

    fn finish(&mut self) -> Column {
        let items = self.items.finish();
        let summary = if self.asked { Summary::of_arrays(self.any, items.summary) } else { Summary::default() };
        self.any = false;
        let ends = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut self.ends, vec![0])));
        let nulls = null_buffer(std::mem::take(&mut self.validity));
        let array = ListArray::try_new(Arc::clone(&self.item), ends, items.array, nulls);
        let mut column = column(Arc::new(array.expect("offsets in order, up to the number of items")), summary);
        column.counts.doubled_keys = items.counts.doubled_keys;
        column
    }
}
