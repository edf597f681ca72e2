//! Rides whose zone is a number in every row but the last.

use crate::calendar::{DAY_2020, DAY_SECONDS};
use crate::digits::push_int;
use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Kind, Table};

/// `zone` is text: one word at the end decides for all the numbers before it.
const COLUMNS: [(&str, Kind); 9] = [
    ("vendor_id", Kind::Int64),
    ("pickup_at", Kind::Timestamp),
    ("passengers", Kind::Int64),
    ("distance", Kind::Float64),
    ("zone", Kind::Utf8),
    ("payment_type", Kind::Int64),
    ("fare", Kind::Float64),
    ("tip", Kind::Float64),
    ("total", Kind::Float64),
];

pub(crate) fn plan() -> Plan {
    Plan { last: last_row, ..Plan::new(&COLUMNS, row) }
}

fn row(table: &mut Table<'_>, random: &mut Random) {
    let mut zone = Vec::with_capacity(4);
    push_int(&mut zone, i64::from(random.between(1, 264)));
    ride(table, random, &zone);
}

fn last_row(table: &mut Table<'_>, random: &mut Random) {
    ride(table, random, b"unknown");
}

fn ride(table: &mut Table<'_>, random: &mut Random, zone: &[u8]) {
    let fare = i64::from(random.between(300, 6_000));
    let tip = i64::from(random.below(1_200));
    table.int(1 + i64::from(random.percent(65)));
    table.timestamp(DAY_2020 * DAY_SECONDS + i64::from(random.below(31 * DAY_SECONDS as u32)));
    table.optional(random.percent(4), |table| table.int(i64::from(random.between(1, 7))));
    table.decimal(i64::from(random.below(3_000)), 2);
    table.text(zone);
    table.int(1 + i64::from(random.percent(30)));
    for cents in [fare, tip, fare + tip] {
        table.decimal(cents, 2);
    }
}
