//! Texts made of words.

use crate::random::Random;

/// Plain words: none reads as a number, a date, a truth value or a null word.
const PLAIN: [&str; 64] = [
    "amber", "anchor", "apple", "autumn", "bakery", "barley", "basket", "birch", "bottle", "bridge", "candle",
    "canvas", "carpet", "cellar", "cherry", "copper", "corner", "cotton", "cradle", "daisy", "ember", "fabric",
    "falcon", "feather", "forest", "garden", "ginger", "granite", "hammer", "harbour", "hazel", "island", "ivory",
    "jacket", "kettle", "ladder", "lantern", "lemon", "linen", "marble", "meadow", "mirror", "nutmeg", "orchard",
    "oyster", "paddle", "parcel", "pepper", "pillow", "pocket", "quarry", "ribbon", "river", "saddle", "shelter",
    "silver", "spring", "station", "thistle", "timber", "velvet", "walnut", "willow", "window",
];

/// Words of two to four bytes a letter.
const WIDE: [&str; 12] =
    ["größe", "façade", "naïve", "žlutý", "κόσμος", "мир", "東京", "서울", "שלום", "ส้ม", "🚲", "ångström"];

/// Cities; a column of them repeats itself.
pub(crate) const CITIES: [&str; 16] = [
    "Aarhus", "Brno", "Cork", "Dakar", "Essen", "Fukuoka", "Ghent", "Hobart", "Izmir", "Jaipur", "Kigali", "Leeds",
    "Malmö", "Nantes", "Oulu", "Porto",
];

/// Kinds of goods: a column of very few values.
pub(crate) const GOODS: [&str; 5] = ["books", "clothing", "food", "garden", "tools"];

/// Appends `count` plain words with single spaces between them.
pub(crate) fn push_words(out: &mut Vec<u8>, random: &mut Random, count: u32) {
    for index in 0..count {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(random.pick(&PLAIN).as_bytes());
    }
}

/// Appends words, one in eight of them not ASCII, until `bytes` are reached; `separator` stands between them.
pub(crate) fn push_prose(out: &mut Vec<u8>, random: &mut Random, bytes: usize, separators: &[&str]) {
    let end = out.len() + bytes;
    out.extend_from_slice(random.pick(&PLAIN).as_bytes());
    while out.len() < end {
        out.extend_from_slice(random.pick(separators).as_bytes());
        let word = if random.below(8) == 0 { random.pick(&WIDE) } else { random.pick(&PLAIN) };
        out.extend_from_slice(word.as_bytes());
    }
}
