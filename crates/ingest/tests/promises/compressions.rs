//! How a table is compressed shows in no result, and what it decodes to takes no more memory than plain text would.

use std::io::Write;

use ingest::{Code, Compression, Error, Options, Sources, read};
use proptest::prelude::*;

use crate::plain;
use crate::tables::columns_of;

/// The text in members or frames of `part` bytes; lzma knows but one.
fn stored(compression: Compression, text: &[u8], part: usize) -> Vec<u8> {
    if compression == Compression::Lzma {
        return pack(compression, text);
    }
    let mut stored = pack(compression, &text[..part.min(text.len())]);
    for member in text[part.min(text.len())..].chunks(part) {
        stored.extend(pack(compression, member));
    }
    stored
}

/// Members of gzip that tell their length, as `bgzip` writes them.
fn bgzf(text: &[u8], part: usize) -> Vec<u8> {
    let member = |part: &[u8]| {
        let plain = pack(Compression::Gzip, part);
        let size = u16::try_from(plain.len() + 8 - 1).unwrap().to_le_bytes();
        let extra = [6, 0, b'B', b'C', 2, 0, size[0], size[1]];
        [&[0x1f, 0x8b, 8, 4], &plain[4..10], &extra, &plain[10..]].concat()
    };
    [text.chunks(part).flat_map(member).collect(), member(b"")].concat()
}

/// The text in one member or frame.
pub(crate) fn pack(compression: Compression, text: &[u8]) -> Vec<u8> {
    let lzma = |stream: Result<liblzma::stream::Stream, liblzma::stream::Error>| {
        let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream.unwrap());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    match compression {
        Compression::None => text.to_vec(),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zstd => zstd::encode_all(text, 1).unwrap(),
        Compression::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Xz => lzma(liblzma::stream::Stream::new_easy_encoder(1, liblzma::stream::Check::Crc32)),
        Compression::Lzma => {
            let options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
            lzma(liblzma::stream::Stream::new_lzma_encoder(&options))
        }
    }
}

fn table() -> impl Strategy<Value = String> {
    let cell = prop_oneof!["[0-9]{1,6}", "[a-zé日]{0,5}", Just("\"a,\nb\"".to_owned()), Just(String::new())];
    prop::collection::vec((cell.clone(), cell), 1..60).prop_map(|rows| {
        rows.into_iter().fold("first,second\n".to_owned(), |text, (first, second)| text + &first + "," + &second + "\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::scaled(24, 150)))]

    #[test]
    fn the_same_table_in_every_compression_is_the_same_frame(
        text in table(),
        part in 1usize..500,
        chunk_bytes in 1usize..300,
        threads in 1usize..4,
    ) {
        let text = text.as_bytes();
        let part = part.max(text.len() / 20 + 1);
        let options = Options { chunk_bytes: Some(chunk_bytes), threads: Some(threads), ..plain() };
        let frame = |bytes| read(Sources::bytes("given", bytes)).unwrap().options(options.clone()).collect();
        let expected = columns_of(&frame(text.to_vec()).unwrap());
        let mut ways: Vec<_> = Compression::ALL.into_iter().map(|way| (way, stored(way, text, part))).collect();
        ways.push((Compression::Gzip, bgzf(text, part)));
        for (compression, bytes) in ways {
            // A pipe is decoded in order, what can be read at any place by all threads.
            let pipe = Sources::reader("given", std::io::Cursor::new(bytes.clone()));
            let of_pipe = read(pipe).unwrap().options(options.clone()).collect().unwrap();
            prop_assert_eq!(&columns_of(&of_pipe), &expected, "{} by pipe", compression);
            prop_assert_eq!(&columns_of(&frame(bytes).unwrap()), &expected, "{}", compression);
        }
    }
}

fn failure(compression: Compression, text: &[u8], options: Options) -> Error {
    read(Sources::bytes("bomb", pack(compression, text))).unwrap().options(options).collect().unwrap_err()
}

#[test]
fn a_bomb_of_one_field_is_an_error_that_names_the_limit() {
    let mut text = b"name,text\n1,".to_vec();
    text.resize(8 << 20, b'0');
    for compression in Compression::ALL {
        let error = failure(compression, &text, Options { max_field_bytes: 1 << 20, ..plain() });
        assert_eq!(error.code(), Code::FieldTooLong, "{compression}: {error}");
        assert!(error.message().contains("1MiB") && error.way_out().unwrap().contains("--max-field-bytes"), "{error}");
    }
}

#[test]
fn a_source_that_breaks_off_or_is_damaged_is_named_with_the_place() {
    let text = "id,name\n1,Ada\n2,Grace\n".repeat(1000);
    for compression in Compression::ALL.into_iter().filter(|compression| *compression != Compression::None) {
        let whole = pack(compression, text.as_bytes());
        let cut = whole[..whole.len() - 9].to_vec();
        let error = read(Sources::bytes("cut", cut)).unwrap().options(plain()).collect().unwrap_err();
        assert_eq!(error.code(), Code::CorruptSource, "{compression}: {error}");
        let message = error.message();
        assert!(message.contains("cut: ") && message.contains("decoded bytes"), "{message}");
        assert!(message.contains(compression.name()), "{message}");
    }
}

#[test]
fn a_look_at_the_first_rows_decodes_once() {
    // A table whose text is itself gzip would be decoded twice by a look that asks anew.
    let inner = pack(Compression::Gzip, b"a\n1\n");
    let twice = pack(Compression::Gzip, &inner);
    let head = read(Sources::bytes("twice", twice.clone())).unwrap().options(plain()).head(1);
    let frame = read(Sources::bytes("twice", twice)).unwrap().options(plain()).collect();
    for error in [head.unwrap_err(), frame.unwrap_err()] {
        assert!(error.way_out().is_some_and(|hint| hint.contains("gzip again: unpack it once before")), "{error}");
    }
}
