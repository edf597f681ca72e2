//! Whole numbers of 64 bits.

use arrow::array::types::Int64Type;
use ingest_infer::{Form, Summary, value};
use ingest_simd::{Batch, IntFacts, parse_ints};

use super::rows::{Reading, Rows};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules, Spares};

pub(crate) struct Ints {
    rows: Rows<i64>,
    form: Form,
}

struct Numbers(Form);

impl Reading<i64> for Numbers {
    type Facts = IntFacts;
    const IS_STRING: bool = false;

    fn kernel(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, out: Batch<'_, i64>) -> IntFacts {
        parse_ints(rules.kernel, fields.block, fields.spans, out)
    }

    fn note(&self, summary: &mut Summary, facts: IntFacts) {
        if let Some(magnitude) = facts.largest {
            summary.note_whole(magnitude);
        }
    }

    fn read(&self, text: &[u8]) -> Option<i64> {
        value::int64(text, self.0)
    }
}

impl Ints {
    pub(crate) fn new(column_type: &ColumnType, rows: usize, spares: &mut Spares) -> Self {
        Ints { rows: Rows::new(column_type, spares.take(rows)), form: column_type.form }
    }
}

impl ColumnBuilder for Ints {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.rows.append(&mut Numbers(self.form), fields, rules, misfits);
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Column {
        self.rows.finish::<Int64Type>(|array| array)
    }
}
