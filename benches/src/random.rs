//! A small seeded source of numbers.

/// What the state moves by: 2⁶⁴ divided by the golden ratio, odd, so that every state is visited once.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A repeatable stream of 64-bit numbers: a counter whose bits are mixed. Good enough for data that must look
/// irregular, cheap enough to write gigabytes; nothing secret may depend on it.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A stream that depends on nothing but `seed`.
    pub fn new(seed: u64) -> Self {
        Random { state: seed.wrapping_mul(STEP) ^ 0x5851_F42D_4C95_7F2D }
    }

    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        mixed ^ (mixed >> 32)
    }

    /// A number from 0 to `bound` − 1 (0 if `bound` is 0). The high half of a product: no division, and a bias of less
    /// than 2⁻³² that no data shape can notice.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        ((self.bits() >> 32).wrapping_mul(u64::from(bound)) >> 32) as u32
    }

    /// A number from `low` to `high` − 1.
    #[inline]
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low)
    }

    /// True in `percent` of 100 calls.
    #[inline]
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which must not be empty.
    #[inline]
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u32) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_seed_decides() {
        let take = |seed| {
            let mut random = Random::new(seed);
            (0..100).map(|_| random.bits()).collect::<Vec<_>>()
        };
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }

    #[test]
    fn small_bounds_are_evenly_hit() {
        let mut random = Random::new(7);
        let mut hits = [0_u32; 10];
        for _ in 0..100_000 {
            hits[random.below(10) as usize] += 1;
        }
        assert!(hits.iter().all(|count| (9_500..10_500).contains(count)), "{hits:?}");
    }
}
