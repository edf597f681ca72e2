//! `true` and `false`.

use arrow::array::BooleanArray;
use arrow::buffer::BooleanBuffer;
use ingest_infer::{Summary, value};
use ingest_simd::Batch;
use std::sync::Arc;

use super::rows::{Reading, Rows, column, leave_all};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules};

pub(crate) struct Booleans(Rows<bool>);

struct Words;

impl Reading<bool> for Words {
    type Facts = ();
    const IS_STRING: bool = false;

    fn kernel(&mut self, fields: &Fields<'_>, _: &Rules<'_>, out: Batch<'_, bool>) {
        leave_all(fields.spans, out);
    }

    fn note(&self, _: &mut Summary, (): ()) {}

    fn read(&self, text: &[u8]) -> Option<bool> {
        value::bool(text)
    }
}

impl Booleans {
    pub(crate) fn new(column_type: &ColumnType, rows: usize) -> Self {
        Booleans(Rows::new(column_type, Vec::with_capacity(rows)))
    }
}

impl ColumnBuilder for Booleans {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.0.append(&mut Words, fields, rules, misfits);
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn finish(&mut self) -> Column {
        let (values, nulls, summary) = self.0.take();
        column(Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls)), summary)
    }
}
