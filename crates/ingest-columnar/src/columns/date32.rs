//! Days.

use arrow::array::types::Date32Type;
use ingest_infer::{DateOrder, Summary, value};
use ingest_simd::{Batch, Range, parse_dates};

use super::rows::{Reading, Rows, leave_all};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules, Spares};

pub(crate) struct Dates {
    rows: Rows<i32>,
    order: Option<DateOrder>,
}

struct Days(Option<DateOrder>);

impl Reading<i32> for Days {
    type Facts = Option<Range<i32>>;
    const IS_STRING: bool = true;

    fn kernel(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, out: Batch<'_, i32>) -> Self::Facts {
        if self.0.is_none() {
            return parse_dates(rules.kernel, fields.block, fields.spans, out);
        }
        leave_all(fields.spans, out);
        None
    }

    fn note(&self, summary: &mut Summary, facts: Self::Facts) {
        if let Some(range) = facts {
            summary.note_date(range.min, range.max);
        }
    }

    fn read(&self, text: &[u8]) -> Option<i32> {
        match self.0 {
            Some(order) => value::ordered_date(text, order),
            None => value::date32(text),
        }
    }
}

impl Dates {
    pub(crate) fn new(column_type: &ColumnType, rows: usize, spares: &mut Spares) -> Self {
        Dates { rows: Rows::new(column_type, spares.take(rows)), order: column_type.date_order }
    }
}

impl ColumnBuilder for Dates {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.rows.append(&mut Days(self.order), fields, rules, misfits);
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Column {
        self.rows.finish::<Date32Type>(|array| array)
    }
}
