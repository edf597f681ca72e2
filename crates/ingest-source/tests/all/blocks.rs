//! Blocks of every kind of source against the plainest way to cut a slice up.

use std::sync::Mutex;

use ingest_source::{Block, BlockInfo, PADDING, Source, SourceOptions};
use proptest::prelude::*;

use crate::support::{KINDS, Kind};

type Taken = (BlockInfo, Vec<u8>);

/// The oracle. A stream may find its end only with an empty block after a full one.
fn cut_up(bytes: &[u8], max: usize, cut: usize) -> Vec<Taken> {
    let mut blocks = Vec::new();
    let mut offset = 0;
    loop {
        let end = (offset + 1..=offset + max).find(|end| cut > 0 && end % cut == 0).unwrap_or(offset + max);
        let end = end.min(bytes.len());
        let info = BlockInfo {
            index: blocks.len() as u64,
            offset: offset as u64,
            len: end - offset,
            previous: offset.checked_sub(1).map(|before| bytes[before]),
            last: end == bytes.len(),
        };
        blocks.push((info, bytes[offset..end].to_vec()));
        offset = end;
        if info.last {
            return blocks;
        }
    }
}

/// The blocks of a stream, its empty last one joined to the one before.
fn without_empty_end(mut blocks: Vec<Taken>, total: usize) -> Vec<Taken> {
    if let [.., (before, _), (last, bytes)] = &mut blocks[..]
        && last.last
        && bytes.is_empty()
    {
        assert_eq!(last.offset, total as u64);
        assert!(!before.last);
        before.last = true;
        blocks.pop();
    }
    blocks
}

fn check_padding(block: &Block) {
    let (whole, start, end) = block.parts();
    assert!(start >= PADDING && whole.len() - end >= PADDING);
    assert_eq!(&whole[start..end], block.bytes());
}

fn take_all(source: &Source, max: usize, cut: usize) -> Vec<Taken> {
    let mut block = Block::new();
    let mut blocks = Vec::new();
    while let Some(info) = source.next_block(&mut block, max, cut as u64).expect("read") {
        check_padding(&block);
        assert_eq!(block.len(), info.len);
        blocks.push((info, block.bytes().to_vec()));
    }
    assert_eq!(source.next_block(&mut block, max, cut as u64).expect("ended"), None);
    assert!(block.is_empty());
    blocks
}

/// Four threads take blocks, each puts up to `tail` bytes before its block and checks them.
fn take_all_in_threads(source: &Source, bytes: &[u8], max: usize, cut: usize, tail: usize) -> Vec<Taken> {
    let blocks = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut block = Block::new();
                while let Some(info) = source.next_block(&mut block, max, cut as u64).expect("read") {
                    blocks.lock().expect("alive").push((info, block.bytes().to_vec()));
                    let start = info.offset as usize;
                    let from = start.saturating_sub(tail);
                    block.prepend(&bytes[from..start]);
                    check_padding(&block);
                    assert_eq!(block.bytes(), &bytes[from..start + info.len]);
                }
            });
        }
    });
    let mut blocks = blocks.into_inner().expect("alive");
    blocks.sort_by_key(|(info, _)| info.index);
    blocks
}

fn check_kind(kind: Kind, bytes: &[u8], max: usize, cut: usize, part: usize) {
    let dir = tempfile::tempdir().expect("a folder");
    let expected = cut_up(bytes, max, cut);
    let settle = |blocks| if kind.is_seekable() { blocks } else { without_empty_end(blocks, bytes.len()) };

    let source = kind.source(dir.path(), bytes, part);
    assert_eq!(source.is_seekable(), kind.is_seekable());
    let peeked = source.peek(max + part).expect("peeked");
    assert_eq!(peeked, &bytes[..bytes.len().min(max + part)]);
    assert_eq!(settle(take_all(&source, max, cut)), expected);

    let mut source = kind.source(dir.path(), bytes, part);
    source.spool(None).expect("spooled");
    assert_eq!(settle(take_all_in_threads(&source, bytes, max, cut, part)), expected);
    let mut block = Block::new();
    for offset in (0..bytes.len()).step_by(part * 7) {
        let len = part.min(bytes.len() - offset);
        source.read_at(offset as u64, &mut block, len).expect("read again");
        check_padding(&block);
        assert_eq!(block.bytes(), &bytes[offset..offset + len]);
    }
    source.rewind().expect("at the start");
    assert_eq!(source.peek(9).expect("peeked"), &bytes[..bytes.len().min(9)]);
    assert_eq!(take_all(&source, max, cut), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn blocks_are_the_bytes_cut_up(
        bytes in prop::collection::vec(any::<u8>(), 0..2500),
        max in 1usize..300,
        cut in prop_oneof![Just(0usize), 1usize..700],
        part in 1usize..400,
    ) {
        // What begins like compressed data is compressed data.
        prop_assume!(!bytes.starts_with(&[0x1f, 0x8b]) && !bytes.starts_with(&[0x28, 0xb5]));
        prop_assume!(bytes.get(1..4) != Some(&[0x2a, 0x4d, 0x18]));
        for kind in KINDS {
            check_kind(kind, &bytes, max, cut, part);
        }
    }
}

#[test]
fn sizes_around_the_padding_and_the_block() {
    for len in [0, 1, 63, 64, 65, 127, 128, 129, 192, 256] {
        let bytes: Vec<u8> = (0..len).map(|i| (i * 7 % 251) as u8).collect();
        for kind in KINDS {
            check_kind(kind, &bytes, 64, 0, 64);
            check_kind(kind, &bytes, 300, 128, 33);
        }
    }
}

#[test]
fn large_blocks_and_tails_beyond_the_slack() {
    let bytes: Vec<u8> = (0..9_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for kind in KINDS {
        let dir = tempfile::tempdir().expect("a folder");
        let source = kind.source(dir.path(), &bytes, 700_000);
        let blocks = take_all_in_threads(&source, &bytes, 2_300_000, 4_000_000, 150_000);
        let blocks = if kind.is_seekable() { blocks } else { without_empty_end(blocks, bytes.len()) };
        assert!(blocks == cut_up(&bytes, 2_300_000, 4_000_000), "{kind:?}");
    }
}

#[test]
fn zero_counts_as_one_byte_and_as_no_cut() {
    let source = Source::from_bytes("bytes", b"abc".to_vec(), &SourceOptions::default());
    assert_eq!(take_all(&source, 0, 0), cut_up(b"abc", 1, 0));
}
