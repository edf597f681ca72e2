//! An export of a tool that quotes everything, numbers too.

use crate::calendar::{DAY_2020, DAY_SECONDS};
use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Kind, Table, Writing};
use crate::words::{CITIES, GOODS, push_prose, push_words};

const COLUMNS: [(&str, Kind); 12] = [
    ("id", Kind::Int64),
    ("name", Kind::Utf8),
    ("city", Kind::Utf8),
    ("goods", Kind::Utf8),
    ("count", Kind::Int64),
    ("price", Kind::Float64),
    ("paid", Kind::Bool),
    ("ordered_on", Kind::Date32),
    ("sent_at", Kind::Timestamp),
    ("remark", Kind::Utf8),
    ("discount", Kind::Float64),
    ("agent", Kind::Int64),
];

pub(crate) fn plan() -> Plan {
    Plan { writing: Writing::Delimited { delimiter: b',', quote_all: true }, ..Plan::new(&COLUMNS, row) }
}

fn row(table: &mut Table<'_>, random: &mut Random) {
    let mut scratch = Vec::with_capacity(128);
    let day = DAY_2020 + i64::from(random.below(700));
    table.int(table.rows() as i64 + 1);
    push_words(&mut scratch, random, 2);
    table.text(&scratch);
    table.text(random.pick(&CITIES).as_bytes());
    table.text(random.pick(&GOODS).as_bytes());
    table.int(i64::from(random.between(1, 40)));
    table.decimal(i64::from(random.between(99, 9_999)), 2);
    table.boolean(random.percent(80));
    table.date(day);
    let sent = (day + 1) * DAY_SECONDS + i64::from(random.below(DAY_SECONDS as u32));
    table.optional(random.percent(5), |table| table.timestamp(sent));
    remark(table, random, &mut scratch);
    table.optional(random.percent(70), |table| table.decimal(i64::from(random.below(500)), 1));
    table.optional(random.percent(10), |table| table.int(i64::from(random.between(100, 999))));
}

/// Commas are safe here, as everything is quoted; a tenth has nothing to say.
fn remark(table: &mut Table<'_>, random: &mut Random, scratch: &mut Vec<u8>) {
    scratch.clear();
    if random.percent(90) {
        let bytes = random.between(5, 40) as usize;
        push_prose(scratch, random, bytes, &[" ", ", "]);
    }
    table.text(scratch);
}
