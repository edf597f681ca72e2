//! Double precision.

use arrow::array::types::Float64Type;
use ingest_infer::{Form, Summary, value};
use ingest_simd::{Batch, DecimalFacts, parse_floats};

use super::rows::{Reading, Rows};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules, Spares};

pub(crate) struct Floats {
    rows: Rows<f64>,
    form: Form,
}

struct Numbers(Form);

/// Adds what a kernel saw among decimal numbers.
pub(super) fn note_decimals(summary: &mut Summary, facts: DecimalFacts) {
    if let Some(magnitude) = facts.largest_whole {
        summary.note_whole(magnitude);
    }
    if let Some((before, after)) = facts.digits {
        summary.note_decimal(before, after);
    }
}

impl Reading<f64> for Numbers {
    type Facts = DecimalFacts;
    const IS_STRING: bool = false;

    fn kernel(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, out: Batch<'_, f64>) -> DecimalFacts {
        parse_floats(rules.kernel, fields.block, fields.spans, out)
    }

    fn note(&self, summary: &mut Summary, facts: DecimalFacts) {
        note_decimals(summary, facts);
    }

    fn read(&self, text: &[u8]) -> Option<f64> {
        value::float64(text, self.0)
    }
}

impl Floats {
    pub(crate) fn new(column_type: &ColumnType, rows: usize, spares: &mut Spares) -> Self {
        Floats { rows: Rows::new(column_type, spares.take(rows)), form: column_type.form }
    }
}

impl ColumnBuilder for Floats {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.rows.append(&mut Numbers(self.form), fields, rules, misfits);
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Column {
        self.rows.finish::<Float64Type>(|array| array)
    }
}
