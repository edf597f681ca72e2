//! What a server says of a file beside its bytes.

use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED};
use serde::{Deserialize, Serialize};

/// What tells a version of a file from others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    pub etag: Option<String>,
    /// When it was last changed, in the server's words.
    pub modified: Option<String>,
    pub size: Option<u64>,
    /// Whether any part of it may be asked for.
    pub has_ranges: bool,
}

impl About {
    /// Of an answer with all of the file.
    pub(super) fn of_whole(headers: &HeaderMap) -> About {
        let size = text(headers, &CONTENT_LENGTH).and_then(|size| size.parse().ok());
        let modified = text(headers, &LAST_MODIFIED).filter(|modified| is_settled(modified, text(headers, &DATE)));
        About { etag: text(headers, &ETAG), modified, size, has_ranges: false }
    }

    /// Of an answer with a part of it, and where that part lies; `None` where it does not say.
    pub(super) fn of_part(headers: &HeaderMap) -> Option<(About, std::ops::Range<u64>)> {
        let range = text(headers, &CONTENT_RANGE)?;
        let (unit, rest) = range.trim().split_once(' ')?;
        let (part, size) = rest.split_once('/')?;
        let (from, last) = part.trim().split_once('-')?;
        let (from, last): (u64, u64) = (from.parse().ok()?, last.parse().ok()?);
        let size = size.trim().parse().ok();
        let is_sound = unit.eq_ignore_ascii_case("bytes") && from <= last && size.is_none_or(|size: u64| last < size);
        let about = About { size, ..About::of_whole(headers) };
        let has_ranges = about.size.is_some() && about.is_told_apart() && !about.is_weak();
        is_sound.then(|| (About { has_ranges, ..about }, from..last + 1))
    }

    /// Of an answer that there is no such part: the file is empty.
    pub(super) fn of_empty(headers: &HeaderMap) -> Option<About> {
        let is_empty = text(headers, &CONTENT_RANGE)?.trim().trim_start_matches("bytes").trim() == "*/0";
        is_empty.then(|| About { size: Some(0), ..About::of_whole(headers) })
    }

    /// Whether it tells versions apart: without, what was read before may be of another.
    pub(super) fn is_told_apart(&self) -> bool {
        self.validator().is_some()
    }

    /// Whether its tag is one for files that mean the same, not for the same bytes: their parts cannot be joined.
    fn is_weak(&self) -> bool {
        self.etag.as_deref().is_some_and(|etag| etag.starts_with("W/"))
    }

    pub(super) fn validator(&self) -> Option<&str> {
        self.etag.as_deref().or(self.modified.as_deref())
    }

    /// Whether another answer may be of the same version: nothing that both tell differs.
    pub(super) fn agrees_with(&self, other: &About) -> bool {
        let agrees = |one: Option<&str>, other: Option<&str>| one.is_none() || other.is_none() || one == other;
        let has_size = |size: Option<u64>| size.is_none() || self.size.is_none() || size == self.size;
        agrees(self.etag.as_deref(), other.etag.as_deref())
            && (self.etag.is_some() && other.etag.is_some()
                || agrees(self.modified.as_deref(), other.modified.as_deref()))
            && has_size(other.size)
    }
}

/// Whether a time of change tells versions apart: another change within the same second would have the same (RFC 9110, 8.8.2.2).
fn is_settled(modified: &str, date: Option<String>) -> bool {
    let time = |text: &str| httpdate::parse_http_date(text).ok();
    let (modified, date) = (time(modified), date.as_deref().and_then(time));
    modified.zip(date).is_some_and(|(modified, date)| modified + SECOND <= date)
}

const SECOND: Duration = Duration::from_secs(1);

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &str) -> Option<(About, std::ops::Range<u64>)> {
        let headers = [(CONTENT_RANGE, range), (ETAG, "\"a\"")];
        About::of_part(&headers.into_iter().map(|(name, value)| (name, value.parse().expect("sound"))).collect())
    }

    #[test]
    fn ranges_are_read() {
        let (about, range) = part("bytes 10-19/200").expect("sound");
        assert_eq!((about.size, about.has_ranges, range), (Some(200), true, 10..20));
        let (about, range) = part("Bytes 0-0/*").expect("sound");
        assert_eq!((about.size, about.has_ranges, range), (None, false, 0..1));
        for odd in ["bytes 19-10/200", "bytes 10-200/200", "lines 1-2/3", "bytes */200", "bytes -1-2/3", "1-2/3", ""] {
            assert_eq!(part(odd), None, "{odd}");
        }
    }

    #[test]
    fn parts_are_joined_where_the_server_vouches_for_bytes() {
        let of = |pairs: &[(HeaderName, &str)]| {
            let range = [(CONTENT_RANGE, "bytes 0-9/20")];
            let all = range.iter().chain(pairs).map(|(name, value)| (name.clone(), value.parse().expect("sound")));
            About::of_part(&all.collect()).expect("sound").0
        };
        let (then, now) = ("Sat, 28 Nov 2026 10:10:14 GMT", "Sat, 28 Nov 2026 10:10:15 GMT");
        assert!(of(&[(ETAG, "\"a\"")]).has_ranges && !of(&[(ETAG, "W/\"a\"")]).has_ranges);
        assert!(of(&[(LAST_MODIFIED, then), (DATE, now)]).has_ranges);
        assert!(!of(&[(LAST_MODIFIED, now), (DATE, now)]).is_told_apart());
        assert!(!of(&[(LAST_MODIFIED, then)]).is_told_apart());
    }

    #[test]
    fn versions_are_told_apart() {
        let about = |etag: Option<&str>, modified: Option<&str>, size| About {
            etag: etag.map(str::to_owned),
            modified: modified.map(str::to_owned),
            size,
            has_ranges: true,
        };
        let one = about(Some("a"), Some("Monday"), Some(7));
        for (same, other) in [
            (true, about(Some("a"), Some("Monday"), Some(7))),
            // Behind several servers, the times of one file may differ.
            (true, about(Some("a"), Some("Tuesday"), Some(7))),
            (true, about(None, Some("Monday"), None)),
            (false, about(None, Some("Tuesday"), Some(7))),
            (false, about(Some("b"), Some("Monday"), Some(7))),
            (false, about(Some("a"), Some("Monday"), Some(8))),
        ] {
            assert_eq!(one.agrees_with(&other), same, "{other:?}");
        }
    }
}
