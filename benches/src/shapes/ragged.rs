//! A table in which some rows have lost a field and some have gained one.

use crate::digits::push_int;
use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Broken, Kind, Table};
use crate::words::CITIES;

const COLUMNS: [(&str, Kind); 5] = [
    ("id", Kind::Int64),
    ("city", Kind::Utf8),
    ("count", Kind::Int64),
    ("share", Kind::Float64),
    ("code", Kind::Int64),
];

pub(crate) fn plan() -> Plan {
    Plan { last: whole_row, ..Plan::new(&COLUMNS, row) }
}

fn row(table: &mut Table<'_>, random: &mut Random) {
    match random.below(100) {
        0 => broken_row(table, random, Broken::Short),
        1 => broken_row(table, random, Broken::Long),
        _ => whole_row(table, random),
    }
}

fn whole_row(table: &mut Table<'_>, random: &mut Random) {
    table.int(table.rows() as i64 + 1);
    table.text(random.pick(&CITIES).as_bytes());
    table.int(i64::from(random.below(1_000)));
    table.decimal(i64::from(random.below(1_000)), 3);
    table.int(i64::from(random.between(100, 1_000)));
}

/// Four fields, or six.
fn broken_row(table: &mut Table<'_>, random: &mut Random, broken: Broken) {
    let mut line = Vec::with_capacity(64);
    push_int(&mut line, table.rows() as i64 + 1);
    line.push(b',');
    line.extend_from_slice(random.pick(&CITIES).as_bytes());
    line.extend_from_slice(match broken {
        Broken::Short => b",12,0.250",
        Broken::Long => b",12,0.250,321,9",
    });
    table.broken_row(broken, &line);
}
