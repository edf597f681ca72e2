//! Bounds of pages and chunks: the order of pages, and texts too long to be told whole.

use parquet::basic::BoundaryOrder;

use super::values::{Bounds, Value};

/// Texts in statistics are cut to so many bytes.
const TEXT_BYTES_MAX: usize = 64;

/// A text that is not above this one, and whether it is this one.
pub(super) fn truncate_min(text: &[u8]) -> (Vec<u8>, bool) {
    (text[..cut(text)].to_vec(), text.len() <= TEXT_BYTES_MAX)
}

/// A text that is not below this one, and whether it is this one. A text that cannot be cut stays whole: nothing short is
/// above it.
pub(super) fn truncate_max(text: &[u8]) -> (Vec<u8>, bool) {
    if text.len() <= TEXT_BYTES_MAX {
        return (text.to_vec(), true);
    }
    let mut letters: Vec<char> = String::from_utf8_lossy(&text[..cut(text)]).chars().collect();
    // The last letter that has a next one of no more bytes takes its place.
    while let Some(letter) = letters.pop() {
        let next = char::from_u32(u32::from(letter) + 1).filter(|next| next.len_utf8() == letter.len_utf8());
        if let Some(next) = next {
            letters.push(next);
            return (letters.into_iter().collect::<String>().into_bytes(), false);
        }
    }
    (text.to_vec(), true)
}

/// Where to cut so that no letter is cut in two.
fn cut(text: &[u8]) -> usize {
    let is_inside_letter = |at: usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let longest = text.len().min(TEXT_BYTES_MAX);
    (0..=longest).rev().find(|&at| !is_inside_letter(at)).unwrap_or(longest)
}

/// The order in which the pages' bounds come; pages without values do not count.
pub(super) fn boundary_order<T: Value>(pages: &[Option<Bounds<T>>]) -> BoundaryOrder {
    let bounds: Vec<Bounds<T>> = pages.iter().flatten().copied().collect();
    let pairs = || bounds.windows(2).map(|pair| (pair[0], pair[1]));
    if pairs().all(|(a, b)| !b.min.is_less(a.min) && !b.max.is_less(a.max)) {
        BoundaryOrder::ASCENDING
    } else if pairs().all(|(a, b)| !a.min.is_less(b.min) && !a.max.is_less(b.max)) {
        BoundaryOrder::DESCENDING
    } else {
        BoundaryOrder::UNORDERED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_bounded_by_short_ones() {
        for text in ["x".repeat(100), "é".repeat(50), format!("{}{}", "a".repeat(63), "한".repeat(9))] {
            let (min, min_is_exact) = truncate_min(text.as_bytes());
            let (max, max_is_exact) = truncate_max(text.as_bytes());
            assert!(min.as_slice() <= text.as_bytes() && text.as_bytes() <= max.as_slice(), "{text}");
            assert!(!min_is_exact && !max_is_exact && min.len() <= 64 && max.len() <= 64);
            assert!(String::from_utf8(min).is_ok() && String::from_utf8(max).is_ok());
        }
        assert_eq!(truncate_max("abc".as_bytes()), (b"abc".to_vec(), true));
        assert_eq!(truncate_max(format!("a{}", "\u{10ffff}".repeat(30)).as_bytes()).0, b"b");
        let last = "\u{10ffff}".repeat(30);
        assert_eq!(truncate_max(last.as_bytes()), (last.as_bytes().to_vec(), true), "nothing is above it");
    }

    #[test]
    fn pages_may_rise_fall_or_do_neither() {
        let page = |min: i64, max: i64| Some(Bounds { min, max });
        assert_eq!(boundary_order(&[page(1, 2), None, page(1, 5), page(3, 5)]), BoundaryOrder::ASCENDING);
        assert_eq!(boundary_order(&[page(3, 5), page(1, 5), page(1, 2)]), BoundaryOrder::DESCENDING);
        assert_eq!(boundary_order(&[page(1, 9), page(2, 3)]), BoundaryOrder::UNORDERED);
        assert_eq!(boundary_order::<i64>(&[None]), BoundaryOrder::ASCENDING);
    }
}
