//! Objects and arrays: what their fields and items show.

use indexmap::IndexMap;
use ingest_parse::{Span, json};
use serde::{Deserialize, Serialize};

use super::{Kinds, Summary};
use crate::{NESTING_MAX, NullWords};

/// A struct has at most so many fields. Objects with more keys are maps rather than records; they stay JSON text, which also
/// bounds what is kept of them.
const MEMBERS_MAX: usize = 1000;

/// What the objects and arrays of a column hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Nested {
    /// By key, in the order in which the keys came; equal to one of another order.
    pub(super) members: IndexMap<Box<str>, Summary>,
    pub(super) items: Summary,
}

impl Nested {
    fn join(&mut self, other: &Nested) {
        self.items.join(&other.items);
        for (key, summary) in &other.members {
            match self.members.get_mut(key) {
                Some(known) => known.join(summary),
                None => _ = self.members.insert(key.clone(), summary.clone()),
            }
        }
    }
}

impl Summary {
    /// Adds what one value of a JSON text shows that is no string: a number, a word, an object or an array, `raw` and checked.
    /// What lies inside is observed in the same way, and strings as [`observe_string`](Self::observe_string) does. O(length),
    /// and as much again for each level.
    pub fn observe_json(&mut self, raw: &[u8], nulls: &NullWords) {
        self.observe_json_at(raw, nulls, 0, &mut Vec::new());
    }

    fn observe_json_at(&mut self, raw: &[u8], nulls: &NullWords, depth: usize, room: &mut Vec<u8>) {
        let kind = match raw.first() {
            Some(b'{') => Kinds::OBJECT,
            Some(b'[') => Kinds::ARRAY,
            _ => return self.observe(raw, false, nulls),
        };
        self.kinds.insert(kind);
        if self.is_json_text() {
            self.nested = None;
            return;
        }
        // No type goes deeper.
        if depth == NESTING_MAX {
            return;
        }
        let nested = self.nested.get_or_insert_default();
        if kind == Kinds::ARRAY {
            json::each_item(raw, 0, |value| nested.items.observe_value_at(raw, value, nulls, depth + 1, room));
        } else {
            json::each_member(raw, 0, |key, value| {
                let key = String::from_utf8_lossy(key);
                let member = match nested.members.get_index_of(&*key) {
                    Some(known) => &mut nested.members[known],
                    None => nested.members.entry(key.into()).or_default(),
                };
                member.observe_value_at(raw, value, nulls, depth + 1, room);
            });
        }
        self.forget_unruly();
    }

    /// Adds a value inside another, at `value` in `raw`.
    fn observe_value_at(&mut self, raw: &[u8], value: Span, nulls: &NullWords, depth: usize, room: &mut Vec<u8>) {
        let text = value.of(raw);
        if !value.is_quoted() {
            return self.observe_json_at(text, nulls, depth, room);
        }
        if !value.is_escaped() {
            return self.observe_string(text, nulls);
        }
        room.clear();
        json::unescape(text, room);
        self.observe_string(room, nulls);
    }

    /// The summary of objects whose members were summarised each on its own: those that were seen, in the order in which they
    /// came. `any`: there was an object at all.
    #[must_use]
    pub fn of_objects(any: bool, members: impl Iterator<Item = (Box<str>, Summary)>) -> Summary {
        let nested = Nested { members: members.collect(), ..Nested::default() };
        Self::of_nested(Kinds::OBJECT, any, nested)
    }

    /// The same for arrays, all of whose items were summarised together.
    #[must_use]
    pub fn of_arrays(any: bool, items: Summary) -> Summary {
        Self::of_nested(Kinds::ARRAY, any, Nested { items, ..Nested::default() })
    }

    fn of_nested(kind: Kinds, any: bool, nested: Nested) -> Summary {
        let mut summary = Summary::default();
        if any {
            summary.kinds.insert(kind);
            summary.nested = Some(Box::new(nested));
            summary.forget_unruly();
        }
        summary
    }

    pub(super) fn join_nested(&mut self, other: Option<&Nested>) {
        if let Some(other) = other.filter(|_| !self.is_json_text()) {
            self.nested.get_or_insert_default().join(other);
        }
        self.forget_unruly();
    }

    /// What objects hold matters no longer where they stay text.
    fn forget_unruly(&mut self) {
        if self.nested.as_ref().is_some_and(|nested| nested.members.len() > MEMBERS_MAX) {
            self.kinds.insert(Kinds::UNRULY);
        }
        if self.is_json_text() {
            self.nested = None;
        }
    }

    /// Whether the values have no type together but that of their JSON text, whatever joins later: objects or arrays beside
    /// other values or each other, or such that no struct or list holds. O(1).
    #[must_use]
    pub fn is_json_text(&self) -> bool {
        let values = self.kinds.values();
        values.has_any(Kinds::NESTED) && !values.is_within(Kinds::OBJECT) && !values.is_within(Kinds::ARRAY)
    }

    /// Whether objects or arrays were seen.
    pub(super) fn has_nested(&self) -> bool {
        self.kinds.has_any(Kinds::NESTED)
    }
}
