//! Encodings of text: which one it is, and its bytes as UTF-8.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use encoding_rs::DecoderResult;

/// How the text of a source is encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What browsers know, by the same names.
    Web(&'static encoding_rs::Encoding),
    Utf32 {
        is_big_endian: bool,
    },
    /// The first 256 characters of Unicode; browsers take it for windows-1252.
    Latin1,
}

impl Encoding {
    /// What is read without being decoded.
    pub const UTF_8: Encoding = Encoding(Kind::Web(encoding_rs::UTF_8));

    const UTF_16LE: Encoding = Encoding(Kind::Web(encoding_rs::UTF_16LE));
    const UTF_16BE: Encoding = Encoding(Kind::Web(encoding_rs::UTF_16BE));
    const UTF_32LE: Encoding = Encoding(Kind::Utf32 { is_big_endian: false });
    const UTF_32BE: Encoding = Encoding(Kind::Utf32 { is_big_endian: true });

    /// Its name in lower case, e.g. `utf-16le`, `windows-1252`, `euc-kr`.
    pub fn name(self) -> String {
        match self.0 {
            Kind::Web(encoding) => encoding.name().to_ascii_lowercase(),
            Kind::Utf32 { is_big_endian } => if is_big_endian { "utf-32be" } else { "utf-32le" }.to_owned(),
            Kind::Latin1 => "iso-8859-1".to_owned(),
        }
    }

    /// What the first bytes of a text show: a byte-order mark, or two letters of ASCII among the zeroes of UTF-16 or UTF-32. Else
    /// it is taken for UTF-8.
    pub(crate) fn sniff(start: &[u8]) -> Encoding {
        match start {
            [0xff, 0xfe, 0, 0, ..] => return Self::UTF_32LE,
            [0, 0, 0xfe, 0xff, ..] => return Self::UTF_32BE,
            // Four of FF begin a stream of Arrow's.
            [0xff, 0xfe, ..] => return Self::UTF_16LE,
            [0xfe, 0xff, ..] => return Self::UTF_16BE,
            _ => {}
        }
        // Two letters are enough: in UTF-8 a zero is a character of its own, which stands in no table. `at`: where in each unit of
        // `size` bytes the letter stands, among zeroes.
        let is_letter = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        let all = |size: usize, at: usize| {
            let fits = |(place, &byte): (usize, &u8)| if place % size == at { is_letter(byte) } else { byte == 0 };
            start.get(..2 * size).is_some_and(|units| units.iter().enumerate().all(fits))
        };
        let shapes = [(4, 0, Self::UTF_32LE), (4, 3, Self::UTF_32BE), (2, 0, Self::UTF_16LE), (2, 1, Self::UTF_16BE)];
        let shown = shapes.into_iter().find(|&(size, at, _)| all(size, at));
        shown.map_or(Self::UTF_8, |(_, _, encoding)| encoding)
    }

    pub(crate) fn of_web(encoding: &'static encoding_rs::Encoding) -> Encoding {
        Encoding(Kind::Web(encoding))
    }

    /// Whether the first bytes of a text show it: it is UTF-16 or UTF-32.
    pub fn shows(self) -> bool {
        [Self::UTF_16LE, Self::UTF_16BE, Self::UTF_32LE, Self::UTF_32BE].contains(&self)
    }

    /// Whether it is one of those of East Asia, in which a character takes more than one byte beyond ASCII.
    pub(crate) fn is_multi_byte(self) -> bool {
        matches!(self.0, Kind::Web(encoding) if !encoding.is_single_byte())
    }

    /// Whether every byte of a text has a meaning in it. Unless the text is `complete`, its end may be cut.
    pub(crate) fn explains(self, text: &[u8], complete: bool) -> bool {
        let Kind::Web(encoding) = self.0 else { return true };
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut made = [0; 4096];
        let mut at = 0;
        loop {
            let (result, read, _) = decoder.decode_to_utf8_without_replacement(&text[at..], &mut made, complete);
            at += read;
            match result {
                DecoderResult::InputEmpty => return true,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return false,
            }
        }
    }

    /// A reader of the text as UTF-8, without a byte-order mark. In place of what is no text stands `bad`.
    pub(crate) fn decode(self, stored: Box<dyn Read + Send>, bad: &'static [u8]) -> Box<dyn Read + Send> {
        let decoder = match self.0 {
            Kind::Web(encoding) => Decoder::Web(encoding.new_decoder_with_bom_removal()),
            Kind::Utf32 { is_big_endian } => Decoder::Utf32 { is_big_endian, is_first: true },
            Kind::Latin1 => Decoder::Latin1,
        };
        Box::new(ToUtf8 { stored, decoder, bad, taken: Vec::new(), made: Vec::new(), given: 0, ended: false })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoding({self})")
    }
}

/// A word that names no encoding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no encoding; some that do: utf-8, utf-16le, utf-32be, iso-8859-1, windows-1252, shift_jis, euc-kr, gb18030, big5"
)]
pub struct UnknownEncoding(String);

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(label: &str) -> Result<Self, UnknownEncoding> {
        let word = label.trim().to_ascii_lowercase().replace('_', "-");
        let web = |name: &str| {
            let known = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
            known.map(|encoding| Encoding(Kind::Web(encoding)))
        };
        let encoding = match word.as_str() {
            "utf-16" | "utf16" | "utf-16le" | "utf16le" => Some(Self::UTF_16LE),
            "utf-16be" | "utf16be" => Some(Self::UTF_16BE),
            "utf-32" | "utf32" | "utf-32le" | "utf32le" => Some(Self::UTF_32LE),
            "utf-32be" | "utf32be" => Some(Self::UTF_32BE),
            "latin-1" | "latin1" | "l1" | "iso-8859-1" | "iso8859-1" => Some(Encoding(Kind::Latin1)),
            "cp949" | "ms949" | "uhc" => web("euc-kr"),
            "cp932" | "ms932" => web("shift_jis"),
            "cp936" | "ms936" => web("gbk"),
            "cp950" | "ms950" => web("big5"),
            _ => web(label.trim()).or_else(|| web(&word)),
        };
        encoding.ok_or_else(|| UnknownEncoding(label.to_owned()))
    }
}

enum Decoder {
    Web(encoding_rs::Decoder),
    Utf32 { is_big_endian: bool, is_first: bool },
    Latin1,
}

/// The text of a reader as UTF-8.
struct ToUtf8 {
    stored: Box<dyn Read + Send>,
    decoder: Decoder,
    bad: &'static [u8],
    /// Stored bytes that are taken and not decoded.
    taken: Vec<u8>,
    /// Decoded text, of which `given` bytes are gone.
    made: Vec<u8>,
    given: usize,
    ended: bool,
}

/// Stored bytes that are decoded at a time.
const STORED_READ: usize = 64 * 1024;

impl Read for ToUtf8 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.made.len() && !self.ended && !out.is_empty() {
            self.decode_more()?;
        }
        let count = out.len().min(self.made.len() - self.given);
        out[..count].copy_from_slice(&self.made[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

impl ToUtf8 {
    fn decode_more(&mut self) -> io::Result<()> {
        self.made.clear();
        self.given = 0;
        let before = self.taken.len();
        self.taken.resize(before + STORED_READ, 0);
        let count = self.stored.read(&mut self.taken[before..]);
        self.taken.truncate(before + *count.as_ref().unwrap_or(&0));
        self.ended = count? == 0;
        match &mut self.decoder {
            Decoder::Web(decoder) => decode_web(decoder, &mut self.taken, self.ended, self.bad, &mut self.made),
            Decoder::Utf32 { is_big_endian, is_first } => {
                let units = self.taken.len() - self.taken.len() % 4;
                for unit in self.taken[..units].as_chunks::<4>().0 {
                    let code = if *is_big_endian { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) };
                    match char::from_u32(code) {
                        Some('\u{feff}') if *is_first => {}
                        Some(letter) => push(letter, &mut self.made),
                        None => self.made.extend_from_slice(self.bad),
                    }
                    *is_first = false;
                }
                self.taken.drain(..units);
                if self.ended && !self.taken.is_empty() {
                    self.made.extend_from_slice(self.bad);
                }
            }
            Decoder::Latin1 => self.taken.drain(..).for_each(|byte| push(char::from(byte), &mut self.made)),
        }
        Ok(())
    }
}

fn push(letter: char, made: &mut Vec<u8>) {
    made.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Decodes all that was taken; the decoder keeps what belongs to a character that is not whole yet.
fn decode_web(
    decoder: &mut encoding_rs::Decoder,
    taken: &mut Vec<u8>,
    ended: bool,
    bad: &'static [u8],
    made: &mut Vec<u8>,
) {
    let mut from = 0;
    loop {
        let start = made.len();
        // A text that is all bad still makes progress: every step takes some.
        let room = decoder.max_utf8_buffer_length_without_replacement(taken.len() - from).unwrap_or(4 * STORED_READ);
        made.resize(start + room, 0);
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(&taken[from..], &mut made[start..], ended);
        made.truncate(start + written);
        from += read;
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => made.extend_from_slice(bad),
        }
    }
    taken.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_is_seen_and_nothing_else_is_taken_for_it() {
        for (start, wanted) in [
            (&b"\xff\xfea\0"[..], "utf-16le"),
            (b"\xfe\xff\0a", "utf-16be"),
            (b"\xff\xfe\0\0a\0\0\0", "utf-32le"),
            (b"\0\0\xfe\xff\0\0\0a", "utf-32be"),
            (b"a\0,\0", "utf-16le"),
            (b"\0a\0,\x65\xe5", "utf-16be"),
            (b"a\0\0\0\n\0\0\0", "utf-32le"),
            (b"\0\0\0a\0\0\0\n", "utf-32be"),
            (b"a\0", "utf-8"),
            (b"a\0b", "utf-8"),
            (b"\0\0\0\0\0\0\0\0", "utf-8"),
            (b"\xef\xbb\xbfa,b", "utf-8"),
            (b"\xff\xff\xff\xff\x10\0\0\0", "utf-8"),
            (b"PAR1", "utf-8"),
            (b"", "utf-8"),
        ] {
            assert_eq!(Encoding::sniff(start).name(), wanted, "{}", start.escape_ascii());
        }
    }

    /// Gives its bytes so many at a time.
    struct Pieces(Vec<u8>, usize);

    impl Read for Pieces {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    #[test]
    fn text_is_decoded_alike_however_it_is_cut() {
        for (label, stored, wanted) in [
            ("utf-16le", &b"\xff\xfea\0\x3d\xd8\x00\xde\xe5\x65"[..], "a\u{1f600}日"),
            ("utf-16be", b"\0a\xd8\x3d\0a", "a?a"),
            ("utf-32be", b"\0\0\xfe\xff\0\x01\xf6\0\0\x11\0\0\0\0\0z", "\u{1f600}?z"),
            ("utf-32le", b"z\0\0\0\0\0", "z?"),
            ("gb18030", b"\x95\x32\x82\x36\xba\xba\xff", "\u{20000}汉?"),
            ("shift_jis", b"\x93\xfa\x96", "日?"),
            ("iso-8859-1", b"\x80\xe9", "\u{80}é"),
            ("windows-1252", b"\x80\xe9", "€é"),
            ("utf-8", b"\xef\xbb\xbf\xe6\x97\xa5\xe6\x97", "日?"),
        ] {
            let encoding: Encoding = label.parse().expect("an encoding");
            for stored_at_once in 1..=stored.len() {
                for taken_at_once in 1..=wanted.len() {
                    let mut reader = encoding.decode(Box::new(Pieces(stored.to_vec(), stored_at_once)), b"?");
                    let mut text = Vec::new();
                    let mut out = vec![0; taken_at_once];
                    loop {
                        let count = reader.read(&mut out).expect("in memory");
                        if count == 0 {
                            break;
                        }
                        text.extend_from_slice(&out[..count]);
                    }
                    assert_eq!(String::from_utf8_lossy(&text), wanted, "{label}, {stored_at_once}, {taken_at_once}");
                }
            }
        }
    }
}
