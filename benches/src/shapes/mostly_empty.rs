//! A survey that few people finished: nearly every field is empty.

use crate::calendar::DAY_2020;
use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Column, Kind, Table};
use crate::words::GOODS;

/// The columns take turns.
const KINDS: [Kind; 4] = [Kind::Int64, Kind::Float64, Kind::Utf8, Kind::Date32];

const COLUMNS: usize = 60;

pub(crate) fn plan() -> Plan {
    let column = |number| Column { name: format!("q{number:02}"), kind: KINDS[number % KINDS.len()] };
    Plan { columns: (0..COLUMNS).map(column).collect(), ..Plan::new(&[], row) }
}

fn row(table: &mut Table<'_>, random: &mut Random) {
    for column in 0..COLUMNS {
        if random.percent(95) {
            table.empty();
            continue;
        }
        match KINDS[column % KINDS.len()] {
            Kind::Int64 => table.int(i64::from(random.below(1_000))),
            Kind::Float64 => table.decimal(i64::from(random.below(10_000)), 2),
            Kind::Date32 => table.date(DAY_2020 + i64::from(random.below(366))),
            _ => table.text(random.pick(&GOODS).as_bytes()),
        }
    }
}
