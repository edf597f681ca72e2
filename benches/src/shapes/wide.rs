//! Readings of 200 instruments.

use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Column, Kind, Table};

const COLUMNS: u32 = 200;

pub(crate) fn plan() -> Plan {
    let columns = (0..COLUMNS).map(|number| Column { name: format!("f{number:03}"), kind: Kind::Float64 }).collect();
    Plan { columns, ..Plan::new(&[], row) }
}

/// Five digits a reading; each instrument has its own number of digits after the point, and a quarter of them are
/// below zero now and then.
fn row(table: &mut Table<'_>, random: &mut Random) {
    for column in 0..COLUMNS {
        let mantissa = i64::from(random.between(10_000, 100_000));
        let negative = column % 4 == 3 && random.percent(50);
        table.decimal(if negative { -mantissa } else { mantissa }, 1 + column % 5);
    }
}
