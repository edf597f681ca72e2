//! The answer that every reader of a shape must come to.

use serde::Serialize;

/// What a shape's text holds. All figures leave out ragged rows, as a reader does that rejects them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// Name of the shape.
    pub shape: String,
    /// The seed that it was made from.
    pub seed: u64,
    /// Bytes of text, header included.
    pub bytes: u64,
    /// Records with the right number of fields, header not counted.
    pub rows: u64,
    /// Records with too few fields.
    pub short_rows: u64,
    /// Records with too many fields.
    pub long_rows: u64,
    /// One entry a column, in the order of the file.
    pub columns: Vec<ColumnExpected>,
}

/// What one column holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnExpected {
    /// Name in the header.
    pub name: String,
    /// Inferred type, by the name that `ingest schema` shows; `null` where no row has a value.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Rows without a value.
    pub nulls: u64,
    /// The wrapping sum, over the rows that have a value, of: an integer as u64; a float's IEEE bits; days or
    /// microseconds since 1970 as u64; 1 for true; [`text_checksum`] of a text.
    pub checksum: u64,
}

impl Expected {
    /// As one JSON object. Checksums are whole numbers above 2⁵³: read them with a parser that keeps 64 bits.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("names and numbers always serialise")
    }
}

/// A text's share of its column's checksum: its length in bytes plus its 64-bit FNV-1a hash. The length keeps an empty
/// text and a lost one apart even in a column of empties.
#[inline]
pub fn text_checksum(text: &[u8]) -> u64 {
    let hash = text
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3));
    hash.wrapping_add(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_checksum_is_fnv_1a_plus_length() {
        assert_eq!(text_checksum(b""), 0xCBF2_9CE4_8422_2325);
        // Published test vector of FNV-1a for "foobar".
        assert_eq!(text_checksum(b"foobar"), 0x8594_4171_F739_67E8 + 6);
    }

    #[test]
    fn json_keeps_all_64_bits() {
        let column = ColumnExpected { name: "a".into(), data_type: "int64".into(), nulls: 1, checksum: u64::MAX };
        let expected = Expected {
            shape: "narrow".into(),
            seed: 1,
            bytes: 2,
            rows: 3,
            short_rows: 0,
            long_rows: 0,
            columns: vec![column],
        };
        let json: serde_json::Value = serde_json::from_str(&expected.to_json()).unwrap();
        assert_eq!(json["columns"][0]["checksum"].as_u64(), Some(u64::MAX));
        assert_eq!(json["columns"][0]["type"], "int64");
    }
}
