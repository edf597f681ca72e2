//! Where the members of a compressed file begin, as far as that shows without decoding them.
//!
//! What is found is a candidate: whoever decodes the member before it sees whether it ends there.

use std::io;

use memchr::memmem;

use crate::compression::Compression;
use crate::extent::Extent;

/// How far a border is looked for. Beyond, members are too large for any of them to be decoded ahead of another.
const SEARCH_BYTES_MAX: u64 = 32 << 20;

/// How much of a file is searched at a time.
const SEARCH_READ: usize = 64 * 1024;

/// As many bytes as a mark and what tells that it is one take.
const MARK_BYTES: usize = 10;

/// The first border that is at least `stored_min` bytes behind the member that begins at `from`, or the file's end. `None`
/// where none shows.
pub(crate) fn next_border(
    compression: Compression,
    stored: &Extent,
    from: u64,
    stored_min: u64,
) -> io::Result<Option<u64>> {
    match compression {
        Compression::Gzip => match walk(stored, from, stored_min, bgzf_len)? {
            None => search(stored, from, stored_min, &[0x1f, 0x8b, 0x08], is_gzip),
            border => Ok(border),
        },
        Compression::Zstd => walk(stored, from, stored_min, frame_len),
        Compression::Bzip2 => search(stored, from, stored_min, b"BZh", is_bzip2),
        Compression::Lz4 => search(stored, from, stored_min, &[0x04, 0x22, 0x4d, 0x18], |_| true),
        Compression::None | Compression::Xz | Compression::Lzma => Ok(None),
    }
}

/// From member to member, where each tells its length.
fn walk(
    stored: &Extent,
    from: u64,
    stored_min: u64,
    len_of: impl Fn(&Extent, u64) -> io::Result<Option<u64>>,
) -> io::Result<Option<u64>> {
    let mut at = from;
    while at == from || at < from + stored_min {
        match len_of(stored, at)? {
            Some(len) if at + len <= stored.len() => at += len,
            _ => break,
        }
        if at == stored.len() {
            break;
        }
    }
    Ok((at > from).then_some(at))
}

/// The length of a member of BGZF, which stands in its header.
fn bgzf_len(stored: &Extent, at: u64) -> io::Result<Option<u64>> {
    let mut header = [0; 18];
    let count = stored.read_at(at, &mut header)?;
    Ok(match header {
        [0x1f, 0x8b, 0x08, 0x04, .., b'B', b'C', 2, 0, low, high] if count == header.len() => {
            Some(u64::from(u16::from_le_bytes([low, high])) + 1)
        }
        _ => None,
    })
}

/// The length of a frame of zstd, from the headers of its blocks: the decoder goes from one to the next in the same way.
fn frame_len(stored: &Extent, at: u64) -> io::Result<Option<u64>> {
    let mut start = [0; 8];
    if stored.read_at(at, &mut start)? < start.len() {
        return Ok(None);
    }
    let [m0, m1, m2, m3, descriptor, ..] = start;
    if matches!([m0, m1, m2, m3], [0x50..=0x5f, 0x2a, 0x4d, 0x18]) {
        let len = u32::from_le_bytes([start[4], start[5], start[6], start[7]]);
        return Ok(Some(8 + u64::from(len)));
    }
    if [m0, m1, m2, m3] != [0x28, 0xb5, 0x2f, 0xfd] {
        return Ok(None);
    }
    let is_single_segment = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = [u64::from(is_single_segment), 2, 4, 8][usize::from(descriptor >> 6)];
    let mut len = 5 + u64::from(!is_single_segment) + dictionary + content_size;
    while len < SEARCH_BYTES_MAX {
        let mut header = [0; 4];
        if stored.read_at(at + len, &mut header[..3])? < 3 {
            return Ok(None);
        }
        let header = u32::from_le_bytes(header);
        len += 3 + match header >> 1 & 3 {
            // A byte that is repeated.
            1 => 1,
            0 | 2 => u64::from(header >> 3),
            _ => return Ok(None),
        };
        if header & 1 == 1 {
            let checksum = if descriptor & 4 == 0 { 0 } else { 4 };
            return Ok(Some(len + checksum));
        }
    }
    Ok(None)
}

/// The first place at which a member might begin, by its mark.
fn search(
    stored: &Extent,
    from: u64,
    stored_min: u64,
    mark: &[u8],
    is_member: impl Fn(&[u8]) -> bool,
) -> io::Result<Option<u64>> {
    let finder = memmem::Finder::new(mark);
    let mut bytes = vec![0; SEARCH_READ];
    let mut at = from + stored_min.max(1);
    while at < from + SEARCH_BYTES_MAX {
        let count = stored.read_at(at, &mut bytes)?;
        let mut marks = finder.find_iter(&bytes[..count]);
        if let Some(place) = marks.find(|&place| is_member(&bytes[place..count])) {
            return Ok(Some(at + place as u64));
        }
        if count < bytes.len() {
            return Ok(Some(stored.len()));
        }
        // A member may begin in the last bytes, where not enough of it was seen.
        at += (count - MARK_BYTES) as u64;
    }
    Ok(None)
}

/// Known flags, and the levels and systems that writers name: what looks so by chance comes once in 2^35 bytes.
fn is_gzip(start: &[u8]) -> bool {
    matches!(start, [0x1f, 0x8b, 0x08, 0..=0x1f, _, _, _, _, 0 | 2 | 4, 0..=13 | 255, ..])
}

fn is_bzip2(start: &[u8]) -> bool {
    start.len() >= MARK_BYTES && Compression::sniff(start) == Compression::Bzip2
}
