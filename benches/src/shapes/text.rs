//! Orders with remarks: mostly text, one column of it quoted now and then.

use crate::digits::push_unsigned;
use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Kind, Table};
use crate::words::{CITIES, GOODS, push_prose, push_words};

const COLUMNS: [(&str, Kind); 7] = [
    ("id", Kind::Int64),
    ("customer", Kind::Utf8),
    ("city", Kind::Utf8),
    ("remark", Kind::Utf8),
    ("goods", Kind::Utf8),
    ("article", Kind::Utf8),
    ("price", Kind::Float64),
];

pub(crate) fn plan() -> Plan {
    Plan::new(&COLUMNS, row)
}

fn row(table: &mut Table<'_>, random: &mut Random) {
    let mut scratch = Vec::with_capacity(256);
    table.int(table.rows() as i64 + 1);
    push_words(&mut scratch, random, 2);
    table.text(&scratch);
    table.optional(random.percent(3), |table| table.text(random.pick(&CITIES).as_bytes()));
    remark(table, random, &mut scratch);
    table.text(random.pick(&GOODS).as_bytes());
    // Article numbers begin with a zero, so they are text.
    scratch.clear();
    push_unsigned(&mut scratch, u64::from(random.below(100_000)), 7);
    table.text(&scratch);
    table.decimal(i64::from(random.between(99, 99_999)), 2);
}

/// 30 % are quoted, with a line end, commas and a word in quotes inside.
fn remark(table: &mut Table<'_>, random: &mut Random, scratch: &mut Vec<u8>) {
    scratch.clear();
    let bytes = random.between(20, 120) as usize;
    if random.percent(30) {
        push_prose(scratch, random, bytes / 2, &[" ", " ", ", "]);
        scratch.extend_from_slice(b" \"");
        push_words(scratch, random, 1);
        scratch.extend_from_slice(b"\"\n");
        push_prose(scratch, random, bytes / 2, &[" ", " ", ", "]);
        table.quoted(scratch);
    } else {
        push_prose(scratch, random, bytes, &[" "]);
        table.text(scratch);
    }
}
