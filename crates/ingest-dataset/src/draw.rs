//! Which rows a random step takes: a function of its seed and the row's number, so that threads and chunks have no say in it.

use ingest::{Code, Error, Result};

use crate::step::{Part, Step};

/// A share of all rows, drawn by a seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Draw {
    seed: u64,
    /// Of 2^64 draws that many are below the share.
    bound: u128,
    /// Whether the draws below the bound are taken, or the others.
    takes_below: bool,
}

/// So that a sample and a split of one seed have nothing to do with each other.
const SAMPLE_SALT: u64 = 0x5361_6d70_6c65_2031;
const SPLIT_SALT: u64 = 0x5370_6c69_7420_2020;

impl Draw {
    /// The draw of a step; `None`: the step draws nothing.
    ///
    /// # Errors
    /// A share that is not between 0 and 1.
    pub(crate) fn of(step: &Step) -> Result<Option<Draw>> {
        match *step {
            Step::TakeSample { probability, seed } => {
                let bound = bound("take_sample", "probability", probability)?;
                Ok(Some(Draw { seed: seed ^ SAMPLE_SALT, bound, takes_below: true }))
            }
            Step::RandomSplit { percentage, seed, part } => {
                let bound = bound("random_split", "percentage", percentage)?;
                Ok(Some(Draw { seed: seed ^ SPLIT_SALT, bound, takes_below: part == Part::First }))
            }
            _ => Ok(None),
        }
    }

    /// Whether the row of this number, from 0, is taken. O(1).
    pub(crate) fn takes(&self, row: u64) -> bool {
        let drawn = mixed(mixed(self.seed).wrapping_add(row.wrapping_mul(GOLDEN)));
        (u128::from(drawn) < self.bound) == self.takes_below
    }
}

fn bound(step: &str, name: &str, share: f64) -> Result<u128> {
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::new(Code::BadDefinition, format!("{step}: {name} is from 0 to 1, not {share}")));
    }
    // Exact: a float times a power of two, and at most 2^64.
    Ok((share * 18_446_744_073_709_551_616.0) as u128)
}

/// 2^64 divided by the golden ratio, odd: its multiples lie as evenly as can be.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The last step of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(probability: f64, seed: u64) -> Draw {
        Draw::of(&Step::TakeSample { probability, seed }).unwrap().unwrap()
    }

    fn taken(draw: Draw) -> Vec<u64> {
        (0..10_000).filter(|&row| draw.takes(row)).collect()
    }

    #[test]
    fn shares_are_kept() {
        assert!(taken(sample(0.0, 1)).is_empty());
        assert_eq!(taken(sample(1.0, 1)).len(), 10_000);
        for seed in 0..20 {
            // Five standard deviations are 5 · sqrt(10,000 · 0.3 · 0.7) = 229.
            let rows = taken(sample(0.3, seed)).len();
            assert!((2771..=3229).contains(&rows), "{rows}");
        }
    }

    #[test]
    fn parts_are_the_whole() {
        let part = |part| taken(Draw::of(&Step::RandomSplit { percentage: 0.8, seed: 3, part }).unwrap().unwrap());
        let mut both = [part(Part::First), part(Part::Second)].concat();
        both.sort_unstable();
        assert_eq!(both, (0..10_000).collect::<Vec<_>>());
    }

    #[test]
    fn the_rows_of_a_seed_never_change() {
        // A training that is repeated in years has to see these rows.
        let first: Vec<u64> = taken(sample(0.001, 42)).into_iter().take(4).collect();
        assert_eq!(first, [1375, 1918, 3367, 5214]);
    }

    #[test]
    fn seeds_and_steps_have_nothing_to_do_with_each_other() {
        let both = |a: Draw, b: Draw| (0..10_000).filter(|&row| a.takes(row) && b.takes(row)).count();
        let split = Draw::of(&Step::RandomSplit { percentage: 0.5, seed: 1, part: Part::First }).unwrap().unwrap();
        for other in [sample(0.5, 2), split] {
            // A quarter, and 5 · sqrt(10,000 · 0.25 · 0.75) = 217 around it.
            assert!((2283..=2717).contains(&both(sample(0.5, 1), other)));
        }
    }

    #[test]
    fn shares_beyond_are_errors() {
        for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Draw::of(&Step::TakeSample { probability: share, seed: 0 }).is_err());
        }
    }
}
