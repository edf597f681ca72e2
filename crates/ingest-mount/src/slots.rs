//! Which blocks of which files a cache holds, and which goes next.

use std::collections::{BTreeMap, HashMap};

/// A block of a file: the number of the file, and that of the block in it.
pub(crate) type Key = (u32, u64);

/// Bytes that are fetched at least, and the pages in which the kernel reads.
pub(crate) const PAGE_BYTES: u64 = 4 << 10;

/// Bytes of a block: as many pages as a mask has bits.
pub(crate) const BLOCK_BYTES: u64 = PAGE_BYTES * 64;

/// Slots of a cache file, each with a block of which some pages are there.
pub(crate) struct Slots {
    slots: Vec<Slot>,
    by_key: HashMap<Key, usize>,
    /// Those that may go, by when they were last used.
    idle: BTreeMap<u64, usize>,
    clock: u64,
    /// So many there may be.
    limit: usize,
}

struct Slot {
    key: Key,
    /// A bit for each page that is there.
    pages: u64,
    used: u64,
    /// How many read or write it at the moment: it stays meanwhile.
    users: usize,
    /// Somebody fetches pages of it.
    is_fetched: bool,
}

impl Slots {
    pub(crate) fn new(limit: usize) -> Slots {
        Slots { slots: Vec::new(), by_key: HashMap::new(), idle: BTreeMap::new(), clock: 0, limit: limit.max(1) }
    }

    /// The slot of a block, made if need be in place of the one that was not used for longest, and held until [`Slots::release`];
    /// `None`: all are in use.
    pub(crate) fn hold(&mut self, key: Key) -> Option<usize> {
        if let Some(&slot) = self.by_key.get(&key) {
            self.idle.remove(&self.slots[slot].used);
            self.slots[slot].users += 1;
            return Some(slot);
        }
        let fresh = Slot { key, pages: 0, used: 0, users: 1, is_fetched: false };
        let slot = if self.slots.len() < self.limit {
            self.slots.push(fresh);
            self.slots.len() - 1
        } else {
            let (_, slot) = self.idle.pop_first()?;
            self.by_key.remove(&self.slots[slot].key);
            self.slots[slot] = fresh;
            slot
        };
        self.by_key.insert(key, slot);
        Some(slot)
    }

    /// Gives a slot back.
    pub(crate) fn release(&mut self, slot: usize) {
        self.clock += 1;
        let held = &mut self.slots[slot];
        held.users -= 1;
        if held.users == 0 {
            held.used = self.clock;
            self.idle.insert(self.clock, slot);
        }
    }

    /// The pages of a slot that are there, a bit each.
    pub(crate) fn pages(&self, slot: usize) -> u64 {
        self.slots[slot].pages
    }

    /// Whether nobody fetches pages of it; from then on the caller does.
    pub(crate) fn begin_fetch(&mut self, slot: usize) -> bool {
        !std::mem::replace(&mut self.slots[slot].is_fetched, true)
    }

    /// Says which pages came.
    pub(crate) fn end_fetch(&mut self, slot: usize, came: u64) {
        self.slots[slot].is_fetched = false;
        self.slots[slot].pages |= came;
    }
}

/// The pages from the first to before the last, a bit each.
pub(crate) fn mask(first: u64, end: u64) -> u64 {
    let below = |page: u64| if page >= 64 { u64::MAX } else { (1 << page) - 1 };
    below(end) & !below(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_and_what_is_used_stays() {
        let mut slots = Slots::new(2);
        let (a, b) = (slots.hold((0, 0)).unwrap(), slots.hold((0, 1)).unwrap());
        assert_eq!(slots.hold((0, 2)), None, "all are in use");
        slots.end_fetch(a, 7);
        slots.release(a);
        slots.release(b);
        assert_eq!(slots.hold((0, 0)), Some(a));
        slots.release(a);
        assert_eq!(slots.hold((1, 0)), Some(b), "the other was used since");
        assert_eq!((slots.pages(a), slots.pages(b)), (7, 0));
    }

    #[test]
    fn masks_have_a_bit_a_page() {
        assert_eq!((mask(0, 64), mask(0, 0), mask(1, 3), mask(63, 64)), (u64::MAX, 0, 6, 1 << 63));
    }
}
