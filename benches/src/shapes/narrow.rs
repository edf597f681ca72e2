//! Two columns of integers: the most rows a byte can hold.

use crate::random::Random;
use crate::shape::Plan;
use crate::table::{Kind, Table};

const COLUMNS: [(&str, Kind); 2] = [("a", Kind::Int64), ("b", Kind::Int64)];

pub(crate) fn plan() -> Plan {
    Plan::new(&COLUMNS, row)
}

/// Both of one to six digits, the second below zero half of the time.
fn row(table: &mut Table<'_>, random: &mut Random) {
    for signed in [false, true] {
        let bound = *random.pick(&[10, 100, 1_000, 10_000, 100_000, 1_000_000]);
        let value = i64::from(random.below(bound));
        table.int(if signed && random.percent(50) { -value } else { value });
    }
}
