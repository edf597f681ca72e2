//! Text of before UTF-8: whether it is, and in which encoding.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use crate::encoding::Encoding;

/// Of so many runs of bytes beyond ASCII that are no UTF-8, one may look like it by chance, where characters have two bytes: a lone
/// Hangul syllable of EUC-KR does in one case of eleven.
const CHANCE: usize = 6;

impl Encoding {
    /// The encoding of a text that cannot be UTF-8, by its first bytes; `complete` says that they are all.
    ///
    /// `None` for text that is UTF-8, but for a byte here and there, for what is no text, and where no encoding explains every
    /// byte. The same bytes give the same answer. The detector is the one that browsers use for pages that name none (the crate
    /// `chardetng`). O(bytes).
    pub fn detect(text: &[u8], complete: bool) -> Option<Encoding> {
        if is_utf_8(text, complete) || text.contains(&0) {
            return None;
        }
        let (valid, invalid) = runs(text, complete);
        let likely = Encoding::likely(text);
        let by_chance = if likely.is_multi_byte() { invalid / CHANCE } else { 0 };
        (invalid > 0 && valid <= by_chance && likely.explains(text, complete)).then_some(likely)
    }

    /// What a text is most likely encoded in, if it is not UTF-8. O(bytes).
    #[must_use]
    pub fn likely(text: &[u8]) -> Encoding {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(text, true);
        Encoding::of_web(detector.guess(None, Utf8Detection::Deny))
    }
}

/// Whether all of a text is UTF-8; unless it is complete, its last character may be cut. O(bytes).
#[must_use]
pub fn is_utf_8(text: &[u8], complete: bool) -> bool {
    std::str::from_utf8(text).map_or_else(|error| !complete && error.error_len().is_none(), |_| true)
}

/// How many runs of bytes beyond ASCII are UTF-8, and how many are not. Text between them is ASCII, so a character cannot reach
/// beyond one; the last one may be cut.
fn runs(text: &[u8], complete: bool) -> (usize, usize) {
    let (mut valid, mut invalid) = (0, 0);
    let mut at = 0;
    while let Some(start) = text[at..].iter().position(|byte| !byte.is_ascii()).map(|start| at + start) {
        let end = text[start..].iter().position(u8::is_ascii).map_or(text.len(), |end| start + end);
        if end < text.len() || complete {
            let is_valid = std::str::from_utf8(&text[start..end]).is_ok();
            valid += usize::from(is_valid);
            invalid += usize::from(!is_valid);
        }
        at = end;
    }
    (valid, invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(bytes: &[u8]) -> Option<String> {
        Encoding::detect(bytes, true).map(Encoding::name)
    }

    #[test]
    fn text_of_each_region_is_told() {
        for (encoding, text) in [
            (encoding_rs::WINDOWS_1252, "name,place\nZoë Müller,Köln\nJosé García,Málaga\nFrançois,Orléans\n"),
            (encoding_rs::WINDOWS_1251, "имя,город\nАнна Лесная,Москва\nИван Петров,Казань\n"),
            (encoding_rs::EUC_KR, "이름,도시\n김민수,서울특별시\n이영희,부산광역시\n박철수,대구\n"),
            (encoding_rs::SHIFT_JIS, "名前,都市\n山田太郎,東京都\nさとう,おおさか\nカタカナ,京都\n"),
            (encoding_rs::GBK, "姓名,城市\n王小明,北京市\n李红,上海市浦东新区\n"),
            (encoding_rs::BIG5, "姓名,城市\n王小明,臺北市\n李紅,高雄市左營區\n"),
        ] {
            let (bytes, _, is_lossy) = encoding.encode(text);
            assert!(!is_lossy);
            assert_eq!(detected(&bytes), Some(encoding.name().to_ascii_lowercase()), "{text}");
            for cut in 0..bytes.len() {
                // A part may look like another encoding, but a character that is cut is no reason to refuse.
                let of_part = Encoding::detect(&bytes[..cut], false);
                assert!(of_part.is_some() || runs(&bytes[..cut], false).1 == 0, "{text} cut at {cut}");
            }
        }
    }

    #[test]
    fn utf_8_with_a_bad_byte_is_utf_8() {
        assert_eq!(detected("é,ü\n".as_bytes()), None);
        assert_eq!(detected(b"plain,text\n"), None);
        assert_eq!(detected(b"caf\xc3\xa9,\xff\n"), None);
        assert_eq!(detected(b"a\0\xff"), None, "no text");
        assert_eq!(Encoding::detect("a,日".as_bytes().split_last().unwrap().1, false), None, "cut");
        assert_eq!(detected(b"caf\xe9\n"), Some("windows-1252".to_owned()));
    }
}
