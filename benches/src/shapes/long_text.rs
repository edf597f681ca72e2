//! Documents: a number and a few kilobytes of prose.

use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Kind, Table};
use crate::words::push_prose;

const COLUMNS: [(&str, Kind); 2] = [("id", Kind::Int64), ("document", Kind::Utf8)];

pub(crate) fn plan() -> Plan {
    Plan::new(&COLUMNS, row)
}

/// Half of the documents are quoted and have paragraphs and commas.
fn row(table: &mut Table<'_>, random: &mut Random) {
    let bytes = random.between(1_000, 4_000) as usize;
    let mut scratch = Vec::with_capacity(bytes + 64);
    table.int(table.rows() as i64 + 1);
    if random.percent(50) {
        push_prose(&mut scratch, random, bytes, &[" ", " ", " ", " ", " ", ", ", ". ", ".\n\n"]);
        table.quoted(&scratch);
    } else {
        push_prose(&mut scratch, random, bytes, &[" ", " ", " ", ". ", "; "]);
        table.text(&scratch);
    }
}
