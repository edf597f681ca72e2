//! The keys of records, and which column each is.

use std::collections::{HashMap, HashSet};

/// The column of records that are no objects.
pub const VALUE: &str = "value";

/// The known keys of a table, by number.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    numbers: HashMap<Box<[u8]>, u32>,
    names: Vec<Box<[u8]>>,
    /// The column of records that are no objects.
    value: Option<u32>,
    /// Whether keys that are not known matter.
    wants_new: bool,
}

/// A key that was not known, and the first record of its batch that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// The key, escapes undone.
    pub name: String,
    /// Number of the record among the batch's records.
    pub record: u32,
}

impl Keys {
    /// These keys, all different; `wants_new`: whether others are to be told.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>, wants_new: bool) -> Self {
        let names: Vec<Box<[u8]>> = names.into_iter().map(|name| name.as_bytes().into()).collect();
        let numbers: HashMap<_, _> = names.iter().cloned().zip(0..).collect();
        let value = numbers.get(VALUE.as_bytes()).copied();
        Keys { numbers, names, value, wants_new }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether keys that are not known matter.
    pub fn wants_new(&self) -> bool {
        self.wants_new
    }

    pub(super) fn value(&self) -> Option<u32> {
        self.value
    }
}

/// Finds keys, by guessing that they come in the order of the last record.
#[derive(Debug, Default)]
pub(crate) struct KeyFinder {
    /// The number of the key that stood at each place of a record lately.
    order: Vec<u32>,
    new: HashSet<Vec<u8>>,
    pub(crate) met: Vec<NewKey>,
}

impl KeyFinder {
    /// Forgets the new keys.
    pub(crate) fn clear(&mut self) {
        self.new.clear();
        self.met.clear();
        self.order.clear();
    }

    /// Forgets the new keys that were first met in this record or behind it.
    pub(crate) fn forget_from(&mut self, record: usize) {
        let kept = self.met.partition_point(|key| (key.record as usize) < record);
        for key in self.met.drain(kept..) {
            self.new.remove(key.name.as_bytes());
        }
    }

    /// The number of a key that stands at `place` of its record, if it is known.
    #[inline]
    pub(super) fn find(&mut self, keys: &Keys, place: usize, key: &[u8], record: u32) -> Option<u32> {
        if let Some(&guess) = self.order.get(place)
            && *keys.names[guess as usize] == *key
        {
            return Some(guess);
        }
        self.look_up(keys, place, key, record)
    }

    fn look_up(&mut self, keys: &Keys, place: usize, key: &[u8], record: u32) -> Option<u32> {
        let Some(&number) = keys.numbers.get(key) else {
            self.note(keys, key, record);
            return None;
        };
        // Places of unknown keys hold what the next one will overwrite.
        self.order.resize(self.order.len().max(place + 1), number);
        self.order[place] = number;
        Some(number)
    }

    /// Notes a key that is not known.
    pub(super) fn note(&mut self, keys: &Keys, key: &[u8], record: u32) {
        if !keys.wants_new || self.new.contains(key) {
            return;
        }
        // Where it is not UTF-8, its record will be found to be no text.
        if let Ok(name) = std::str::from_utf8(key) {
            self.new.insert(key.to_vec());
            self.met.push(NewKey { name: name.to_owned(), record });
        }
    }
}
