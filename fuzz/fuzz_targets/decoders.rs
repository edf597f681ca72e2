//! Every compression and archive: arbitrary bytes, and valid ones that were damaged. A file is decoded by several threads, and
//! a pipe by one: both come to the same bytes or fail in the same way, in blocks of any size, in order or read again.

#![no_main]

use std::io::{Cursor, Write};
use std::sync::Mutex;

use arbitrary::Arbitrary;
use ingest_source::{Block, Compression, Source, SourceError, SourceErrorKind, SourceOptions, locate};
use libfuzzer_sys::fuzz_target;

/// More is not read of what decodes to a lot.
const BYTES_MAX: usize = 4 << 20;

#[derive(Arbitrary, Debug)]
struct Case {
    way: u8,
    bytes: Vec<u8>,
    repeat: u8,
    part: u8,
    damage: Vec<(u16, u8)>,
    cut: Option<u16>,
    block: u16,
    is_given: bool,
}

/// What is read, and how that ended.
#[derive(Debug, PartialEq)]
struct Outcome {
    bytes: Vec<u8>,
    failure: Option<SourceErrorKind>,
}

fuzz_target!(|case: Case| {
    let (compression, mut stored) = stored(&case);
    for (at, bits) in &case.damage {
        if let Some(byte) = stored.get_mut(usize::from(*at)) {
            *byte ^= bits;
        }
    }
    stored.truncate(case.cut.map_or(usize::MAX, usize::from));
    let compression = compression.filter(|_| case.is_given);
    let options = SourceOptions { compression, window_bytes_max: 8 << 20, ..SourceOptions::default() };
    let block = usize::from(case.block) + 1;
    check_compressed(&stored, &options, block);
    check_archive(&stored, &options, block);
});

fn stored(case: &Case) -> (Option<Compression>, Vec<u8>) {
    let text = case.bytes.repeat(usize::from(case.repeat) + 1);
    let part = usize::from(case.part) * 16 + 1;
    let members =
        |encode: &dyn Fn(&[u8]) -> Vec<u8>| text.chunks(part.max(text.len() / 30 + 1)).flat_map(encode).collect();
    match case.way % 12 {
        0 => (Some(Compression::Gzip), members(&gzip)),
        1 => (Some(Compression::Gzip), members(&bgzf)),
        2 => (Some(Compression::Zstd), members(&|part| zstd::encode_all(part, 1).expect("in memory"))),
        3 => (Some(Compression::Bzip2), members(&bzip2)),
        4 => (Some(Compression::Lz4), members(&lz4)),
        5 => (Some(Compression::Xz), members(&|part| liblzma::encode_all(part, 1).expect("in memory"))),
        6 => (None, zip_of(&text, part, zip::CompressionMethod::Stored)),
        7 => (None, zip_of(&text, part, zip::CompressionMethod::Deflated)),
        8 => (None, tar_of(&text, part)),
        9 => (None, gzip(&tar_of(&text, part))),
        10 => (Some(Compression::ALL[usize::from(case.part) % Compression::ALL.len()]), text),
        _ => (None, text),
    }
}

fn gzip(part: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(part).expect("in memory");
    encoder.finish().expect("in memory")
}

/// A member that tells its length.
fn bgzf(part: &[u8]) -> Vec<u8> {
    let plain = gzip(&part[..part.len().min(60_000)]);
    let size = u16::try_from(plain.len() + 8 - 1).expect("a small part").to_le_bytes();
    let extra = [6, 0, b'B', b'C', 2, 0, size[0], size[1]];
    [&[0x1f, 0x8b, 8, 4], &plain[4..10], &extra, &plain[10..]].concat()
}

fn bzip2(part: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(part).expect("in memory");
    encoder.finish().expect("in memory")
}

fn lz4(part: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(part).expect("in memory");
    encoder.finish().expect("in memory")
}

fn zip_of(text: &[u8], part: usize, method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (number, part) in text.chunks(part.max(text.len() / 4 + 1)).enumerate() {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(format!("{number}.csv"), options).expect("in memory");
        writer.write_all(part).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

fn tar_of(text: &[u8], part: usize) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (number, part) in text.chunks(part.max(text.len() / 4 + 1)).enumerate() {
        let mut header = tar::Header::new_gnu();
        header.set_size(part.len() as u64);
        builder.append_data(&mut header, format!("{number}.csv"), part).expect("in memory");
    }
    builder.into_inner().expect("in memory")
}

fn check_compressed(stored: &[u8], options: &SourceOptions, block: usize) {
    let pipe = in_order(&Source::from_reader("pipe", Box::new(Cursor::new(stored.to_vec())), options), 1 << 16);
    let file = || Source::from_bytes("file", stored.to_vec(), options);
    same(&pipe, &in_order(&file(), block.max(64)));
    same(&pipe, &in_threads(&file(), block.max(512)));
    if pipe.failure.is_none() && pipe.bytes.len() < BYTES_MAX {
        let mut spooled = file();
        spooled.spool(None).expect("a temporary folder");
        same(&pipe, &in_order(&spooled, block.max(64)));
        again(&spooled, &pipe.bytes, block);
    }
}

/// The members of an archive, which is looked for in files only.
fn check_archive(stored: &[u8], options: &SourceOptions, block: usize) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary folder");
    file.write_all(stored).expect("room for a file");
    let Ok(found) = locate(&[file.path().display().to_string()], options) else { return };
    for location in found.iter().take(8) {
        let open = || Source::open(location, options);
        let Ok(source) = open() else { continue };
        let whole = in_order(&source, 1 << 16);
        same(&whole, &in_threads(&open().expect("it opened before"), block.max(512)));
        if source.is_seekable() && whole.failure.is_none() && whole.bytes.len() < BYTES_MAX {
            again(&source, &whole.bytes, block);
        }
    }
}

/// Where both are whole they are equal; where they fail, as much as both have is.
fn same(one: &Outcome, other: &Outcome) {
    if one.bytes.len() >= BYTES_MAX || other.bytes.len() >= BYTES_MAX {
        return;
    }
    assert_eq!(one.failure, other.failure);
    let common = one.bytes.len().min(other.bytes.len());
    assert_eq!(one.bytes[..common], other.bytes[..common]);
    assert!(one.failure.is_some() || one.bytes.len() == other.bytes.len());
}

fn in_order(source: &Source, max: usize) -> Outcome {
    let (mut block, mut bytes) = (Block::new(), Vec::new());
    while bytes.len() < BYTES_MAX {
        match source.next_block(&mut block, max, 0) {
            Ok(Some(_)) => bytes.extend_from_slice(block.bytes()),
            Ok(None) => break,
            Err(error) => return Outcome { bytes, failure: Some(error.kind()) },
        }
    }
    Outcome { bytes, failure: None }
}

fn in_threads(source: &Source, max: usize) -> Outcome {
    let blocks: Mutex<Vec<(u64, Vec<u8>)>> = Mutex::default();
    let failure: Mutex<Option<SourceError>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut block = Block::new();
                loop {
                    match source.next_block(&mut block, max, 0) {
                        Ok(Some(info)) if info.offset < BYTES_MAX as u64 => {
                            blocks.lock().expect("alive").push((info.offset, block.bytes().to_vec()));
                        }
                        Ok(_) => break,
                        Err(error) => *failure.lock().expect("alive") = Some(error),
                    }
                }
            });
        }
    });
    let mut blocks = blocks.into_inner().expect("alive");
    blocks.sort();
    let bytes = blocks.into_iter().flat_map(|(_, bytes)| bytes).collect();
    Outcome { bytes, failure: failure.into_inner().expect("alive").map(|error| error.kind()) }
}

fn again(source: &Source, bytes: &[u8], len: usize) {
    let mut block = Block::new();
    for offset in (0..bytes.len()).step_by(len + bytes.len() / 16) {
        let len = len.min(bytes.len() - offset);
        source.read_at(offset as u64, &mut block, len).expect("it was read");
        assert_eq!(block.bytes(), &bytes[offset..offset + len]);
    }
}
