//! Rides of a city's taxis: short numbers, two timestamps, one flag.

use crate::calendar::{DAY_2020, DAY_SECONDS};
use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Kind, Table};

const COLUMNS: [(&str, Kind); 18] = [
    ("vendor_id", Kind::Int64),
    ("pickup_at", Kind::Timestamp),
    ("dropoff_at", Kind::Timestamp),
    ("passengers", Kind::Int64),
    ("distance", Kind::Float64),
    ("rate_code", Kind::Int64),
    ("stored_flag", Kind::Utf8),
    ("pickup_zone", Kind::Int64),
    ("dropoff_zone", Kind::Int64),
    ("payment_type", Kind::Int64),
    ("fare", Kind::Float64),
    ("extra", Kind::Float64),
    ("tax", Kind::Float64),
    ("tip", Kind::Float64),
    ("tolls", Kind::Float64),
    ("surcharge", Kind::Float64),
    ("total", Kind::Float64),
    ("congestion", Kind::Float64),
];

pub(crate) fn plan() -> Plan {
    Plan::new(&COLUMNS, row)
}

/// In 4 % of the rides the meter sent no details: four fields are empty.
fn row(table: &mut Table<'_>, random: &mut Random) {
    let silent = random.percent(4);
    let cents = random.between(300, 6_000);
    table.int(1 + i64::from(random.percent(65)));
    times(table, random, cents);
    table.optional(silent, |table| table.int(1 + i64::from(random.below(100) / 72)));
    table.decimal(i64::from(cents / 3 + random.below(90)), 2);
    table.optional(silent, |table| table.int(1 + i64::from(random.below(100) / 97)));
    table.optional(silent, |table| table.text(if random.percent(1) { b"Y" } else { b"N" }));
    table.int(i64::from(random.between(1, 264)));
    table.int(i64::from(random.between(1, 264)));
    table.int(1 + i64::from(random.percent(30)));
    money(table, random, i64::from(cents), silent);
}

/// A pick-up in one of 31 days, and a drop-off a while later.
fn times(table: &mut Table<'_>, random: &mut Random, cents: u32) {
    let pickup = DAY_2020 * DAY_SECONDS + i64::from(random.below(31 * DAY_SECONDS as u32));
    table.timestamp(pickup);
    table.timestamp(pickup + i64::from(60 + cents / 2 + random.below(600)));
}

/// Fare, its additions and their sum. One ride in 200 is a refund: all amounts are negative.
fn money(table: &mut Table<'_>, random: &mut Random, fare: i64, silent: bool) {
    let sign = if random.below(200) == 0 { -1 } else { 1 };
    let extra = i64::from(random.below(6)) * 50;
    let tip = if random.percent(60) { i64::from(random.below(1_200)) } else { 0 };
    let tolls = if random.percent(5) { 612 } else { 0 };
    for cents in [fare, extra, 50, tip, tolls, 30, fare + extra + 50 + tip + tolls + 30] {
        table.decimal(sign * cents, 2);
    }
    table.optional(silent, |table| table.decimal(250, 2));
}
