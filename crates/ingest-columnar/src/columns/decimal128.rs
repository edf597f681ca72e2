//! Whole and decimal numbers of up to 38 digits.

use arrow::array::types::Decimal128Type;
use arrow::datatypes::DataType;
use ingest_infer::{Form, Summary, value};
use ingest_simd::{Batch, DecimalFacts, parse_decimals};

use super::float64::note_decimals;
use super::rows::{Reading, Rows};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules, Spares};

pub(crate) struct Decimals {
    rows: Rows<i128>,
    reading: Numbers,
}

struct Numbers {
    form: Form,
    precision: u8,
    scale: u8,
    /// What the kernel gives, before it is widened.
    narrow: Vec<i64>,
}

impl Reading<i128> for Numbers {
    type Facts = DecimalFacts;
    const IS_STRING: bool = false;

    fn kernel(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, out: Batch<'_, i128>) -> DecimalFacts {
        self.narrow.clear();
        let narrow = Batch { values: &mut self.narrow, validity: out.validity, misfits: out.misfits };
        let facts = parse_decimals(rules.kernel, fields.block, fields.spans, (self.precision, self.scale), narrow);
        out.values.extend(self.narrow.iter().map(|&value| i128::from(value)));
        facts
    }

    fn note(&self, summary: &mut Summary, facts: DecimalFacts) {
        note_decimals(summary, facts);
    }

    fn read(&self, text: &[u8]) -> Option<i128> {
        value::decimal128(text, self.precision, self.scale, self.form)
    }
}

impl Decimals {
    pub(crate) fn new(column_type: &ColumnType, precision: u8, scale: u8, rows: usize, spares: &mut Spares) -> Self {
        let reading = Numbers { form: column_type.form, precision, scale, narrow: Vec::new() };
        Decimals { rows: Rows::new(column_type, spares.take(rows)), reading }
    }
}

impl ColumnBuilder for Decimals {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.rows.append(&mut self.reading, fields, rules, misfits);
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Column {
        let data_type = DataType::Decimal128(self.reading.precision, self.reading.scale.cast_signed());
        self.rows.finish::<Decimal128Type>(|array| array.with_data_type(data_type))
    }
}
