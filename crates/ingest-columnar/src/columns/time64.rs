//! Times of day.

use arrow::array::types::{Time64MicrosecondType, Time64NanosecondType};
use ingest_infer::{Summary, TimeUnit, value};
use ingest_simd::Batch;

use super::rows::{Reading, Rows, leave_all};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules, Spares};

pub(crate) struct Times {
    rows: Rows<i64>,
    unit: TimeUnit,
}

struct Clock(TimeUnit);

impl Reading<i64> for Clock {
    type Facts = ();
    const IS_STRING: bool = true;

    fn kernel(&mut self, fields: &Fields<'_>, _: &Rules<'_>, out: Batch<'_, i64>) {
        leave_all(fields.spans, out);
    }

    fn note(&self, _: &mut Summary, (): ()) {}

    fn read(&self, text: &[u8]) -> Option<i64> {
        value::time64(text, self.0)
    }
}

impl Times {
    pub(crate) fn new(column_type: &ColumnType, unit: TimeUnit, rows: usize, spares: &mut Spares) -> Self {
        Times { rows: Rows::new(column_type, spares.take(rows)), unit }
    }
}

impl ColumnBuilder for Times {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.rows.append(&mut Clock(self.unit), fields, rules, misfits);
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Column {
        match self.unit {
            TimeUnit::Microsecond => self.rows.finish::<Time64MicrosecondType>(|array| array),
            TimeUnit::Nanosecond => self.rows.finish::<Time64NanosecondType>(|array| array),
        }
    }
}
