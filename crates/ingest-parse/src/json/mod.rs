//! JSON records to fields: lines, arrays of records, or values one after the other.
//!
//! A record is an object whose members are the fields, found by their keys; a record that is no object is one field of its own.
//! Every byte of a record is checked against RFC 8259. A field is the text of its value: a string what stands between its
//! quotes, escapes not undone; `null`, and a key that is not there, the empty unquoted field; an object or array its whole
//! text.

mod document;
mod escape;
mod keys;
mod nested;
mod record;
mod scanner;

pub use document::{Framing, Settled, framing_of, settle};
pub use escape::unescape;
pub use keys::{Keys, NewKey, VALUE};
pub use nested::{each_item, each_member};
pub(crate) use record::Findings;
pub use record::{BadRecords, Framed};
pub use scanner::{DEPTH_MAX, Fault};

/// What is wrong with a text that should be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// Something else stands where a value should.
    NoValue,
    /// Something else stands where a key should.
    NoKey,
    /// No colon follows a key.
    NoColon,
    /// Neither a comma nor the closing bracket follows a value.
    NoComma,
    /// The record ends before its objects and arrays are closed.
    Unclosed,
    /// The record ends within a string.
    UnclosedString,
    /// A control character stands in a string as it is.
    ControlCharacter,
    /// A backslash that begins no escape.
    BadEscape,
    /// Half of a surrogate pair: no character.
    LoneSurrogate,
    /// It begins like a number and is none.
    BadNumber,
    /// It begins like `true`, `false` or `null` and is another word.
    BadWord,
    /// Something follows a whole record on its line.
    TextAfterRecord,
    /// Objects and arrays lie too deep within each other.
    TooDeep,
    /// Something stands between records, or behind the array of them all: what follows cannot be told apart.
    BetweenRecords,
    /// The text ends before the record that begins here, or the array of all records, is closed.
    CutShort,
}

impl JsonFault {
    /// Whether no further record can be read behind it.
    pub fn is_final(self) -> bool {
        matches!(self, JsonFault::BetweenRecords | JsonFault::CutShort)
    }
}
