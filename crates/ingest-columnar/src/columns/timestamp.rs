//! Dates with a time of day.

use arrow::array::types::{TimestampMicrosecondType, TimestampNanosecondType};
use ingest_infer::{Summary, TimeUnit, value};
use ingest_parse::Span;
use ingest_simd::{Batch, Range, parse_timestamps};

use super::rows::{Reading, Rows};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules, Spares};

pub(crate) struct Timestamps {
    rows: Rows<i64>,
    reading: Moments,
}

struct Moments {
    unit: TimeUnit,
    utc: bool,
    /// The fields without their zone.
    spans: Vec<Span>,
}

/// Length of `2020-01-02 03:04:05Z`.
const ZONED_LEN: usize = 20;

impl Reading<i64> for Moments {
    const IS_STRING: bool = true;

    /// In microseconds.
    type Facts = Option<Range<i64>>;

    fn kernel(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, mut out: Batch<'_, i64>) -> Self::Facts {
        let spans = if self.utc { self.without_zone(fields) } else { fields.spans };
        let first = out.values.len();
        let left = out.misfits.len();
        let batch = Batch { values: out.values, validity: out.validity, misfits: out.misfits };
        let range = parse_timestamps(rules.kernel, fields.block, spans, batch);
        if self.unit == TimeUnit::Microsecond {
            return range;
        }
        let in_nanos = |value: i64| value.checked_mul(1000).is_some();
        if range.is_some_and(|range| in_nanos(range.min) && in_nanos(range.max)) {
            out.values[first..].iter_mut().for_each(|value| *value *= 1000);
            return range;
        }
        let range = to_nanos(&mut out, first);
        out.misfits[left..].sort_unstable();
        range
    }

    fn note(&self, summary: &mut Summary, facts: Self::Facts) {
        if let Some(range) = facts {
            summary.note_timestamp(self.utc, 0, range.min, range.max, TimeUnit::Microsecond);
        }
    }

    fn read(&self, text: &[u8]) -> Option<i64> {
        value::timestamp(text, self.unit, self.utc)
    }
}

impl Moments {
    /// The fields that end in `Z` without it. All others are cut so that the kernel leaves them.
    fn without_zone(&mut self, fields: &Fields<'_>) -> &[Span] {
        let bytes = fields.block.bytes();
        self.spans.clear();
        self.spans.extend(fields.spans.iter().map(|&span| {
            if span.is_null_text() {
                return span;
            }
            let zoned = span.len() == ZONED_LEN && bytes[span.end() - 1] == b'Z';
            // Offsets came from a span: they fit.
            let (start, end) = (span.start() as u32, span.end() as u32);
            Span::quoted(start, if zoned { end - 1 } else { start }, false)
        }));
        &self.spans
    }
}

/// Microseconds to nanoseconds one by one; those that do not fit become misfits. Gives the range of the others, in
/// microseconds. Rows without a value hold 0, which fits.
fn to_nanos(out: &mut Batch<'_, i64>, first: usize) -> Option<Range<i64>> {
    let mut range = None;
    for (value, row) in out.values[first..].iter_mut().zip(0u32..) {
        if let Some(nanos) = value.checked_mul(1000) {
            if out.validity.get(first + row as usize) {
                range = Range::and(range, *value);
            }
            *value = nanos;
        } else {
            *value = 0;
            out.validity.unset(first + row as usize);
            out.misfits.push(row);
        }
    }
    range
}

impl Timestamps {
    pub(crate) fn new(column_type: &ColumnType, unit: TimeUnit, utc: bool, rows: usize, spares: &mut Spares) -> Self {
        let reading = Moments { unit, utc, spans: Vec::new() };
        Timestamps { rows: Rows::new(column_type, spares.take(rows)), reading }
    }
}

impl ColumnBuilder for Timestamps {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        self.rows.append(&mut self.reading, fields, rules, misfits);
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Column {
        let zone = self.reading.utc.then_some("UTC");
        match self.reading.unit {
            TimeUnit::Microsecond => {
                self.rows.finish::<TimestampMicrosecondType>(|array| array.with_timezone_opt(zone))
            }
            TimeUnit::Nanosecond => self.rows.finish::<TimestampNanosecondType>(|array| array.with_timezone_opt(zone)),
        }
    }
}
