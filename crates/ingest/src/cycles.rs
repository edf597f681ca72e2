//! How fast a core runs, measured without hardware counters: most virtual machines have none.

use std::hint::black_box;
use std::time::Instant;

/// Pairs of an addition and an exclusive or in one measurement: about half a millisecond.
const PAIRS: u32 = 1 << 20;

/// Measurements, of which the shortest counts: whatever disturbs one makes it longer.
const MEASUREMENTS: u32 = 40;

/// Cycles a second of the core that this thread runs on, at the clock it has now.
///
/// On every current core a chain of N additions or exclusive ors, each of which needs the result before it, takes N cycles;
/// all else that the loop does fits in beside it. Takes about 20 ms.
pub(crate) fn cycles_per_second() -> f64 {
    let seconds = (0..MEASUREMENTS).map(|_| chain_seconds(PAIRS)).fold(f64::INFINITY, f64::min);
    2.0 * f64::from(PAIRS) / seconds
}

/// Seconds that a chain of so many pairs takes.
fn chain_seconds(pairs: u32) -> f64 {
    // What the compiler does not know it cannot work out before; and no rule turns additions mixed with exclusive ors into
    // fewer of them.
    let (mut value, addend, mask) = black_box((1_u64, 0x9e37_79b9_7f4a_7c15_u64, 0x5555_aaaa_3333_cccc_u64));
    let started = Instant::now();
    for _ in 0..pairs {
        value = value.wrapping_add(addend) ^ mask;
    }
    black_box(value);
    started.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_twice_as_long_takes_longer() {
        let shortest = |pairs| (0..10).map(|_| chain_seconds(pairs)).fold(f64::INFINITY, f64::min);
        assert!(shortest(1 << 18) > 1.5 * shortest(1 << 17), "the chain was not run");
    }

    #[test]
    fn a_core_runs_at_a_clock_that_cores_have() {
        let clock = cycles_per_second();
        assert!((1e8..2e10).contains(&clock), "{clock} cycles a second");
    }
}
