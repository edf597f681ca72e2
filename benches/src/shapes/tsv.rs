//! Tab-separated values of all types; the text has commas, which mean nothing here.

use crate::calendar::{DAY_2020, DAY_SECONDS};
use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Kind, Table, Writing};
use crate::words::{CITIES, push_prose};

const COLUMNS: [(&str, Kind); 8] = [
    ("id", Kind::Int64),
    ("city", Kind::Utf8),
    ("opened_on", Kind::Date32),
    ("seen_at", Kind::Timestamp),
    ("active", Kind::Bool),
    ("score", Kind::Float64),
    ("visits", Kind::Int64),
    ("note", Kind::Utf8),
];

pub(crate) fn plan() -> Plan {
    Plan { writing: Writing::Delimited { delimiter: b'\t', quote_all: false }, ..Plan::new(&COLUMNS, row) }
}

fn row(table: &mut Table<'_>, random: &mut Random) {
    let mut scratch = Vec::with_capacity(128);
    table.int(table.rows() as i64 + 1);
    table.text(random.pick(&CITIES).as_bytes());
    table.date(DAY_2020 - i64::from(random.below(20_000)));
    table.timestamp(DAY_2020 * DAY_SECONDS + i64::from(random.below(u32::MAX >> 4)));
    table.boolean(random.percent(50));
    table.decimal(i64::from(random.below(1_000_000)) - 500_000, 3);
    table.optional(random.percent(10), |table| table.int(i64::from(random.below(10_000))));
    let bytes = random.between(10, 60) as usize;
    push_prose(&mut scratch, random, bytes, &[" ", ", "]);
    table.text(&scratch);
}
