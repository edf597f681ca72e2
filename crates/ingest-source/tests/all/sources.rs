//! What a source is told by, and how it fails.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ingest_source::{Access, Block, Compression, Location, Source, SourceError, SourceErrorKind, SourceOptions};

use crate::support::{Kind, bzip2, gzip, lz4, lzma, open, xz, zstd};

const TEXT: &[u8] = b"id,name\n1,Ada\n2,Grace\n3,Edsger\n4,Barbara\n5,Donald\n6,Frances\n7,Niklaus\n8,Adele\n";

fn open_path(path: &Path) -> Result<Source, SourceError> {
    Source::open(&Location::Path(path.to_owned()), &SourceOptions::default())
}

fn from_bytes(name: &str, bytes: &[u8]) -> Source {
    Source::from_bytes(name, bytes.to_vec(), &SourceOptions::default())
}

/// All blocks of at most 16 bytes, then the failure, if any; after it nothing may come.
fn drain(source: &Source) -> (Vec<u8>, Option<SourceError>) {
    let mut block = Block::new();
    let mut bytes = Vec::new();
    loop {
        match source.next_block(&mut block, 16, 0) {
            Ok(Some(_)) => bytes.extend_from_slice(block.bytes()),
            Ok(None) => return (bytes, None),
            Err(error) => {
                assert_eq!(source.next_block(&mut block, 16, 0).expect("said once"), None);
                return (bytes, Some(error));
            }
        }
    }
}

#[test]
fn compression_is_told_by_content_not_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, b'h', b'i'][..], &zstd(TEXT, 20)].concat();
    let cases = [
        ("a.csv", gzip(TEXT, 20), Compression::Gzip),
        ("b.csv.gz", TEXT.to_vec(), Compression::None),
        ("c.gz", zstd(TEXT, 20), Compression::Zstd),
        ("d", skippable, Compression::Zstd),
        ("e.txt", bzip2(TEXT, 20), Compression::Bzip2),
        ("f.gz", xz(TEXT, 20), Compression::Xz),
        ("g.lzo", lz4(TEXT, 20), Compression::Lz4),
        ("h.xz", lzma(TEXT), Compression::Lzma),
        ("i.bz2", b"BZh9 is no bzip2,1\n".to_vec(), Compression::None),
        ("j", b"]\0\0,1,2,3,4,5,6,7\n".to_vec(), Compression::None),
    ];
    for (name, bytes, compression) in cases {
        let path = dir.path().join(name);
        std::fs::write(&path, &bytes).expect("written");
        let source = open_path(&path).expect("opened");
        assert_eq!(source.compression(), compression);
        assert_eq!(source.stored_bytes(), Some(bytes.len() as u64));
        assert_eq!(source.is_seekable(), compression == Compression::None);
        assert_eq!(source.name(), path.display().to_string());
        let (decoded, error) = drain(&source);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(decoded, if compression == Compression::None { &bytes[..] } else { TEXT });
    }
}

/// The text in every compression: in one member or frame, and in three of them, where there can be several.
fn compressed() -> Vec<(Compression, Vec<u8>, usize)> {
    let mut stored = vec![(Compression::Lzma, lzma(TEXT), 1)];
    for (part, members) in [(1000, 1), (30, 3)] {
        stored.push((Compression::Gzip, gzip(TEXT, part), members));
        stored.push((Compression::Zstd, zstd(TEXT, part), members));
        stored.push((Compression::Bzip2, bzip2(TEXT, part), members));
        stored.push((Compression::Xz, xz(TEXT, part), members));
        stored.push((Compression::Lz4, lz4(TEXT, part), members));
    }
    stored
}

#[test]
fn compressed_data_cut_anywhere_is_an_error_that_counts() {
    for (compression, stored, members) in compressed() {
        let mut whole = 0;
        // Shorter beginnings are not known for what they are, unless it is said.
        for len in 1..stored.len() {
            let options = SourceOptions { compression: Some(compression), ..SourceOptions::default() };
            let (bytes, error) = drain(&Source::from_bytes("cut", stored[..len].to_vec(), &options));
            assert!(TEXT.starts_with(&bytes));
            match error {
                Some(error) => {
                    assert_eq!(error.kind(), SourceErrorKind::Corrupt, "{error}");
                    let decoded = error.decoded_bytes().expect("counted");
                    assert!(decoded >= bytes.len() as u64 && decoded <= TEXT.len() as u64);
                    let text = error.to_string();
                    let place = format!("ends too early, after {decoded} decoded bytes");
                    assert!(text.contains(&place) && text.contains(compression.name()), "{len}: {text}");
                }
                // A cut between two members is no damage.
                None => whole += 1,
            }
        }
        assert_eq!(whole, members - 1, "{compression}");
    }
}

#[test]
fn damage_inside_is_corrupt_and_never_a_panic() {
    for (compression, stored, _) in compressed() {
        for at in 0..stored.len() {
            let mut damaged = stored.clone();
            damaged[at] ^= 0x55;
            let options = SourceOptions { compression: Some(compression), ..SourceOptions::default() };
            if let (_, Some(error)) = drain(&Source::from_bytes("damaged", damaged, &options)) {
                assert!(matches!(error.kind(), SourceErrorKind::Corrupt | SourceErrorKind::Memory), "{error}");
            }
        }
    }
}

#[test]
fn a_given_compression_overrules_the_content() {
    let stored = gzip(TEXT, 1000);
    let options = |compression| SourceOptions { compression: Some(compression), ..SourceOptions::default() };
    let plain = Source::from_bytes("plain", stored.clone(), &options(Compression::None));
    assert!(plain.is_seekable());
    let (bytes, error) = drain(&plain);
    assert!(error.is_none() && bytes == stored);
    for compression in Compression::ALL {
        let (bytes, error) = drain(&Source::from_bytes("given", TEXT.to_vec(), &options(compression)));
        if compression == Compression::None {
            assert!(error.is_none() && bytes == TEXT);
        } else {
            assert_eq!(error.map(|error| error.kind()), Some(SourceErrorKind::Corrupt), "{compression}");
        }
        assert_eq!(compression.name().parse(), Ok(compression));
    }
}

#[test]
fn a_window_beyond_the_limit_is_an_error_that_names_it() {
    let zeroes = vec![b'0'; 3 << 20];
    let mut long = zstd::Encoder::new(Vec::new(), 3).expect("in memory");
    long.window_log(22).and_then(|()| long.include_contentsize(false)).expect("in range");
    io::Write::write_all(&mut long, &zeroes).expect("in memory");
    let long = long.finish().expect("in memory");
    let wide = liblzma::encode_all(&zeroes[..], 6).expect("in memory");
    for stored in [long, wide] {
        let options = SourceOptions { window_bytes_max: 2 << 20, ..SourceOptions::default() };
        let (_, error) = drain(&Source::from_bytes("wide", stored.clone(), &options));
        let error = error.expect("too wide");
        assert_eq!(error.kind(), SourceErrorKind::Memory, "{error}");
        assert!(error.to_string().contains("2 MiB") && error.to_string().contains("--memory-limit"), "{error}");
        let (bytes, error) = drain(&from_bytes("wide", &stored));
        assert!(error.is_none() && bytes == zeroes);
    }
}

#[test]
fn zeroes_after_a_member_are_padding_and_anything_else_is_not() {
    for stored in [gzip(TEXT, 30), bzip2(TEXT, 30), lz4(TEXT, 30), xz(TEXT, 30), lzma(TEXT)] {
        padding_and_garbage(&stored);
    }
}

fn padding_and_garbage(stored: &[u8]) {
    let padded = [stored.to_vec(), vec![0; 600_000]].concat();
    let (bytes, error) = drain(&from_bytes("padded", &padded));
    assert!(error.is_none() && bytes == TEXT);
    for garbage in [&[padded, vec![1]].concat()[..], &[stored, b"more"].concat()] {
        let (_, error) = drain(&from_bytes("garbage", garbage));
        let error = error.expect("garbage");
        assert_eq!(error.kind(), SourceErrorKind::Corrupt);
        assert_eq!(error.decoded_bytes(), Some(TEXT.len() as u64));
    }
}

/// Gives its bytes, then fails.
struct Unplugged(io::Cursor<Vec<u8>>);

impl Read for Unplugged {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::new(io::ErrorKind::ConnectionReset, "the plug was pulled")),
            count => Ok(count),
        }
    }
}

#[test]
fn a_reader_that_fails_is_reported_once_as_itself() {
    let half = gzip(TEXT, 1000)[..30].to_vec();
    for stored in [TEXT.to_vec(), half, vec![]] {
        let source =
            Source::from_reader("wire", Box::new(Unplugged(io::Cursor::new(stored))), &SourceOptions::default());
        let (bytes, error) = drain(&source);
        let error = error.expect("unplugged");
        assert_eq!(error.kind(), SourceErrorKind::Io);
        assert_eq!(error.io_error().map(io::Error::kind), Some(io::ErrorKind::ConnectionReset));
        assert!(error.to_string().contains("the plug was pulled"), "{error}");
        assert!(TEXT.starts_with(&bytes));
    }
}

#[test]
fn a_look_ahead_leaves_the_failure_for_later_unless_nothing_precedes_it() {
    let source =
        Source::from_reader("wire", Box::new(Unplugged(io::Cursor::new(TEXT.to_vec()))), &SourceOptions::default());
    assert_eq!(source.peek(1000).expect("bytes first"), TEXT);
    assert_eq!(source.peek(5).expect("still there"), &TEXT[..5]);
    let (bytes, error) = drain(&source);
    assert_eq!(bytes, &TEXT[..TEXT.len() / 16 * 16]);
    assert_eq!(error.map(|error| error.kind()), Some(SourceErrorKind::Io));

    let mut source =
        Source::from_reader("wire", Box::new(Unplugged(io::Cursor::new(vec![]))), &SourceOptions::default());
    source.spool(None).expect("spooled");
    assert_eq!(source.peek(5).expect_err("nothing to see").kind(), SourceErrorKind::Io);
    assert!(drain(&source).1.is_none());
    assert_eq!(source.rewind().expect_err("it is not known whole").kind(), SourceErrorKind::Usage);
}

#[test]
fn what_comes_next_can_be_looked_at_while_blocks_are_taken() {
    let text = TEXT.repeat(50);
    let dir = tempfile::tempdir().expect("a folder");
    let mut stream = Source::from_reader("wire", Box::new(io::Cursor::new(text.clone())), &SourceOptions::default());
    stream.spool(None).expect("spooled");
    for source in [stream, open(dir.path(), &text, Access::Pread), open(dir.path(), &text, Access::Map)] {
        let mut block = Block::new();
        let mut taken = Vec::new();
        while let Some(info) = source.next_block(&mut block, 1000, 0).expect("a block") {
            assert_eq!(info.offset, taken.len() as u64, "what was looked at is taken all the same");
            taken.extend_from_slice(block.bytes());
            for (offset, count) in [(0, 10), (taken.len() / 2, 1500), (taken.len(), 3), (taken.len() / 3, 1 << 20)] {
                let expected = &text[offset..text.len().min(offset + count)];
                let found = source.look_at(offset as u64, count).expect("readable").expect("spooled");
                assert!(found == expected, "{offset} {count}");
            }
        }
        assert!(taken == text);
    }
    let broken = Unplugged(io::Cursor::new(TEXT.to_vec()));
    let mut broken = Source::from_reader("wire", Box::new(broken), &SourceOptions::default());
    assert_eq!(broken.look_at(0, 5).expect_err("it passes only once").kind(), SourceErrorKind::Usage);
    broken.spool(None).expect("spooled");
    assert_eq!(broken.look_at(0, 5).expect("whole so far").expect("at hand"), &TEXT[..5]);
    assert_eq!(broken.look_at(0, 1000).expect_err("met").kind(), SourceErrorKind::Io);
}

#[test]
fn a_file_that_became_shorter_has_changed() {
    let dir = tempfile::tempdir().expect("a folder");
    for access in [Access::Pread, Access::Map] {
        let source = open(dir.path(), &TEXT.repeat(100), access);
        let mut block = Block::new();
        source.next_block(&mut block, 100, 0).expect("still whole");
        File::options().write(true).open(dir.path().join("table.csv")).and_then(|file| file.set_len(150)).expect("cut");
        let (_, error) = drain(&source);
        let error = error.expect("changed");
        assert_eq!(error.kind(), SourceErrorKind::Changed);
        assert!(error.to_string().contains("became shorter while it was read"), "{error}");
        assert_eq!(source.read_at(200, &mut block, 10).expect_err("gone").kind(), SourceErrorKind::Changed);
    }
}

#[test]
fn a_file_that_grew_is_read_to_its_old_end() {
    let dir = tempfile::tempdir().expect("a folder");
    for access in [Access::Pread, Access::Map] {
        let source = open(dir.path(), TEXT, access);
        std::fs::write(dir.path().join("table.csv"), TEXT.repeat(2)).expect("written");
        assert_eq!(drain(&source).0, TEXT);
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let missing = open_path(&dir.path().join("missing")).expect_err("missing");
    assert_eq!(missing.kind(), SourceErrorKind::NotFound);
    assert!(missing.to_string().contains("missing: cannot open"), "{missing}");
    let folder = open_path(dir.path()).expect_err("a folder");
    assert_eq!(folder.kind(), SourceErrorKind::Usage);
    assert!(folder.to_string().contains("is a folder"), "{folder}");
}

#[test]
fn a_pipe_and_a_file_without_a_size_are_streams() {
    let dir = tempfile::tempdir().expect("a folder");
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, gzip(TEXT, 9)).expect("written")
    });
    let source = open_path(&pipe).expect("opened");
    assert!(!source.is_seekable() && source.stored_bytes().is_none());
    assert_eq!(drain(&source).0, TEXT);
    writer.join().expect("wrote");

    if cfg!(target_os = "linux") {
        let source = open_path(Path::new("/proc/self/status")).expect("opened");
        assert!(!source.is_seekable());
        assert!(drain(&source).0.starts_with(b"Name:"));
    }
}

#[test]
fn a_stream_is_read_again_only_from_its_spool() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut block = Block::new();
    let mut source = Kind::Drip.source(dir.path(), TEXT, 3);
    for error in [source.read_at(0, &mut block, 1), source.rewind()] {
        assert_eq!(error.expect_err("it passes once").kind(), SourceErrorKind::Usage);
    }
    source.next_block(&mut block, 4, 0).expect("read");
    assert_eq!(source.spool(None).expect_err("too late").kind(), SourceErrorKind::Usage);
    assert_eq!(source.peek(4).expect_err("too late").kind(), SourceErrorKind::Usage);

    let mut source = Kind::Drip.source(dir.path(), TEXT, 3);
    assert_eq!(source.peek(10).expect("peeked"), &TEXT[..10]);
    source.spool(Some(dir.path())).expect("spooled");
    source.next_block(&mut block, 40, 0).expect("read");
    source.read_at(5, &mut block, 35).expect("taken already");
    assert_eq!(block.bytes(), &TEXT[5..40]);
    assert_eq!(source.rewind().expect_err("not at its end").kind(), SourceErrorKind::Usage);
    assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 0, "the spool has no name");
}

#[test]
fn a_folder_that_takes_no_spool_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut source = Kind::Drip.source(dir.path(), TEXT, 3);
    let error = source.spool(Some(&dir.path().join("nowhere"))).expect_err("no folder");
    let text = error.to_string();
    assert!(text.contains("nowhere") && text.contains("--temp-dir"), "{text}");
}
