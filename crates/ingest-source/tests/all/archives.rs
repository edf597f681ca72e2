//! Members of archives are read as files are.

use std::io::{Cursor, Write};
use std::path::Path;

use ingest_source::{Block, Location, Source, SourceError, SourceErrorKind, SourceOptions, locate};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::{bgzf, bzip2, gzip, xz, zstd};

const TEXT: &[u8] = b"id,name\n1,Ada\n2,Grace\n3,Edsger\n4,Barbara\n5,Donald\n6,Frances\n7,Niklaus\n8,Adele\n";

pub(crate) fn zip(files: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, options).and_then(|()| Ok(writer.write_all(bytes)?)).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

fn by(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method)
}

/// An archive written to a pipe: sums and sizes stand behind the members.
fn zip_of_a_stream(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new_stream(Vec::new());
    for (name, bytes) in files {
        writer
            .start_file(*name, by(CompressionMethod::Deflated))
            .and_then(|()| Ok(writer.write_all(bytes)?))
            .expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).expect("in memory");
    }
    builder.into_inner().expect("in memory")
}

/// The names, from the archive on, and the decoded bytes of all that a pattern stands for.
fn read(dir: &Path, pattern: &str) -> Result<Vec<(String, Vec<u8>)>, SourceError> {
    let options = SourceOptions { temp_dir: Some(dir.to_owned()), ..SourceOptions::default() };
    let mut read = Vec::new();
    for location in locate(&[format!("{}/{pattern}", dir.display())], &options)? {
        let source = Source::open(&location, &options)?;
        read.push((source.name()[dir.as_os_str().len() + 1..].to_owned(), drain(&source)?));
    }
    Ok(read)
}

fn drain(source: &Source) -> Result<Vec<u8>, SourceError> {
    let (mut block, mut bytes) = (Block::new(), Vec::new());
    while source.next_block(&mut block, 16, 0)?.is_some() {
        bytes.extend_from_slice(block.bytes());
    }
    Ok(bytes)
}

fn names(dir: &Path, pattern: &str) -> Vec<String> {
    read(dir, pattern).expect(pattern).into_iter().map(|(name, _)| name).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("archives").tempdir().expect("a folder")
}

/// The text in every archive, named without respect to what it is.
fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let files: &[(&str, &[u8])] = &[("inner.csv", TEXT)];
    let large = by(CompressionMethod::Deflated).large_file(true);
    vec![
        ("stored", zip(files, by(CompressionMethod::Stored))),
        ("deflated", zip(files, by(CompressionMethod::Deflated))),
        ("bzip2", zip(files, by(CompressionMethod::Bzip2))),
        ("zstd", zip(files, by(CompressionMethod::Zstd))),
        ("zip64", zip(files, large)),
        ("stream", zip_of_a_stream(files)),
        ("tar", tar(files)),
        ("tgz", gzip(&tar(files), 700)),
        ("tar.bgz", bgzf(&tar(files), 700)),
        ("tzst", zstd(&tar(files), 700)),
        ("txz", xz(&tar(files), 1 << 20)),
        ("tbz", bzip2(&tar(files), 1 << 20)),
        ("inner gzip", tar(&[("inner.csv", &gzip(TEXT, 30))])),
        ("inner zstd", zip(&[("inner.csv", &zstd(TEXT, 30))], by(CompressionMethod::Stored))),
        ("inner twice", zip(&[("inner.csv", &gzip(TEXT, 30))], by(CompressionMethod::Deflated))),
    ]
}

#[test]
fn a_member_is_read_whatever_the_archive_is() {
    let dir = folder();
    for (name, bytes) in archives() {
        std::fs::write(dir.path().join(name), bytes).expect("written");
        let expected = [(format!("{name}!inner.csv"), TEXT.to_vec())];
        assert_eq!(read(dir.path(), name).expect(name), expected);
        assert_eq!(read(dir.path(), &format!("{name}!inner.csv")).expect(name), expected);
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), archives().len(), "a spool has no name");
}

#[test]
fn damage_is_an_error_or_changes_nothing_that_is_summed() {
    let dir = folder();
    for (name, bytes) in archives() {
        for at in 0..bytes.len().min(3000) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            std::fs::write(dir.path().join(name), damaged).expect("written");
            match read(dir.path(), &format!("{name}!inner.csv")) {
                Ok(read) => {
                    let is_summed = bytes.starts_with(b"PK");
                    assert!(
                        !is_summed || read[0].1 == TEXT,
                        "{name}, {at}: {:?}",
                        read[0].1.escape_ascii().to_string()
                    );
                }
                Err(error) => assert!(error.to_string().contains(name), "{error}"),
            }
        }
        for len in 0..bytes.len().min(3000) {
            std::fs::write(dir.path().join(name), &bytes[..len]).expect("written");
            if let Ok(read) = read(dir.path(), &format!("{name}!inner.csv")) {
                // A tar archive may lack its end.
                assert_eq!(read[0].1, TEXT, "{name}, {len}");
            }
        }
    }
}

#[test]
fn stored_members_are_read_at_any_place() {
    let dir = folder();
    for (name, bytes) in archives().into_iter().filter(|(name, _)| ["stored", "tar", "tgz"].contains(name)) {
        std::fs::write(dir.path().join(name), bytes).expect("written");
        let pattern = format!("{}!inner.csv", dir.path().join(name).display());
        let options = SourceOptions::default();
        let found = locate(&[pattern], &options).expect("there");
        let source = Source::open(&found[0], &options).expect("opened");
        assert!(source.is_seekable());
        let mut block = Block::new();
        source.read_at(8, &mut block, 5).expect("read");
        assert_eq!(block.bytes(), &TEXT[8..13]);
        assert_eq!(drain(&source).expect("read"), TEXT);
        source.rewind().expect("at the start");
        assert_eq!(drain(&source).expect("read again"), TEXT);
    }
}

#[test]
fn patterns_pick_members() {
    let dir = folder();
    let files: &[(&str, &[u8])] = &[
        ("b.csv", TEXT),
        ("a.csv", TEXT),
        ("2024/may.csv", TEXT),
        ("2024/deep/june.csv", TEXT),
        (".DS_Store", b"x"),
        ("__MACOSX/._a.csv", b"x"),
        ("notes.txt", b"x"),
        ("[x]!y.csv", TEXT),
    ];
    std::fs::write(dir.path().join("a.zip"), zip(files, by(CompressionMethod::Deflated))).expect("written");
    std::fs::write(dir.path().join("b.tgz"), gzip(&tar(&files[..2]), 5000)).expect("written");
    std::fs::write(dir.path().join("real!name.csv"), TEXT).expect("written");
    for (pattern, expected) in [
        ("a.zip!a.csv", &["a.zip!a.csv"][..]),
        ("a.zip!*.csv", &["a.zip![x]!y.csv", "a.zip!a.csv", "a.zip!b.csv"]),
        (
            "a.zip!**/*.csv",
            &["a.zip!2024/deep/june.csv", "a.zip!2024/may.csv", "a.zip![x]!y.csv", "a.zip!a.csv", "a.zip!b.csv"],
        ),
        ("a.zip!2024", &["a.zip!2024/deep/june.csv", "a.zip!2024/may.csv"]),
        ("a.zip!2024/", &["a.zip!2024/deep/june.csv", "a.zip!2024/may.csv"]),
        ("a.zip!.*", &["a.zip!.DS_Store"]),
        ("a.zip!.DS_Store", &["a.zip!.DS_Store"]),
        ("a.zip![x]!y.csv", &["a.zip![x]!y.csv"]),
        ("?.*!a.csv", &["a.zip!a.csv", "b.tgz!a.csv"]),
        ("[!b].zip!a.csv", &["a.zip!a.csv"]),
        ("b.tgz", &["b.tgz!a.csv", "b.tgz!b.csv"]),
        ("real!name.csv", &["real!name.csv"]),
        ("[b-r]*", &["b.tgz!a.csv", "b.tgz!b.csv", "real!name.csv"]),
    ] {
        assert_eq!(names(dir.path(), pattern), expected, "{pattern}");
    }
    assert_eq!(names(dir.path(), "").len(), 6 + 2 + 1, "archives in a folder count by their members");
    for pattern in ["a.zip!none.csv", "a.zip!*.tsv", "none.zip!a.csv", "a.zip!"] {
        let error = read(dir.path(), pattern).expect_err(pattern);
        assert_eq!(error.kind(), SourceErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains(pattern), "{error}");
    }
    let error = read(dir.path(), "real!name.csv!x").expect_err("no archive");
    assert_eq!(error.kind(), SourceErrorKind::Usage, "{error}");
}

#[test]
fn of_a_name_that_comes_twice_the_last_counts() {
    let dir = folder();
    std::fs::write(dir.path().join("a.tar"), tar(&[("./a.csv", b"old"), ("a.csv", b"new")])).expect("written");
    let packed = zstd(&tar(&[("a.csv", b"older"), ("a.csv", b"old"), ("b.csv", b"b"), ("a.csv", b"new")]), 1000);
    std::fs::write(dir.path().join("p.tar.zst"), packed).expect("written");
    // A writer refuses to do so: the second name is made the first one's.
    let text = zip(&[("a.csv", b"old"), ("z.csv", b"new"), ("b.csv", b"b")], by(CompressionMethod::Stored));
    let twice = text.windows(5).enumerate().filter(|(_, name)| name == b"z.csv").map(|(at, _)| at);
    let mut doubled = text.clone();
    twice.for_each(|at| doubled[at] = b'a');
    std::fs::write(dir.path().join("a.zip"), &doubled).expect("written");
    let options = SourceOptions { temp_dir: Some(dir.path().to_owned()), ..SourceOptions::default() };
    let note = |name: &str| {
        let locations = locate(&[dir.path().join(name).display().to_string()], &options).expect("located");
        Source::open(&locations[0], &options).expect("opened").note().map(str::to_owned)
    };
    for (archive, before) in
        [("a.tar", "a member of the same name"), ("a.zip", "a member of the same name"), ("p.tar.zst", "2 members")]
    {
        let first = read(dir.path(), archive).expect("read").swap_remove(0);
        assert_eq!(first, (format!("{archive}!a.csv"), b"new".to_vec()));
        let note = note(archive).expect("a note");
        assert!(note.contains(&format!("{archive}!a.csv is the last of its name")) && note.contains(before), "{note}");
    }
    assert_eq!((note("a.zip!b.csv"), note("p.tar.zst!b.csv")), (None, None));
}

#[test]
fn long_names_and_those_of_old_code_pages() {
    let dir = folder();
    let long = format!("{}/a.csv", "folder/".repeat(40).trim_end_matches('/'));
    std::fs::write(dir.path().join("a.tar"), tar(&[(&long, TEXT)])).expect("written");
    assert_eq!(names(dir.path(), "a.tar"), [format!("a.tar!{long}")]);
    let plain = zip(&[("x1234567.csv", TEXT)], by(CompressionMethod::Stored));
    let mut old = plain.clone();
    for at in 0..plain.len() - 12 {
        if plain[at..].starts_with(b"x1234567.csv") {
            old[at] = 0x81;
        }
    }
    std::fs::write(dir.path().join("a.zip"), old).expect("written");
    std::fs::write(dir.path().join("b.zip"), zip(&[("größe.csv", TEXT)], by(CompressionMethod::Stored)))
        .expect("written");
    assert_eq!(names(dir.path(), "a.zip"), ["a.zip!ü1234567.csv"]);
    assert_eq!(names(dir.path(), "b.zip"), ["b.zip!größe.csv"]);
}

#[test]
fn what_cannot_be_read_of_an_archive_says_why() {
    let dir = folder();
    let mut encrypted = zip(&[("inner.csv", TEXT)], by(CompressionMethod::Deflated));
    let directory = encrypted.windows(4).position(|mark| mark == b"PK\x01\x02").expect("a directory");
    encrypted[6] |= 1;
    encrypted[directory + 8] |= 1;
    let mut strange = zip(&[("inner.csv", TEXT)], by(CompressionMethod::Deflated));
    strange[8] = 98;
    strange[directory + 10] = 98;
    let nested =
        zip(&[("b.zip", &zip(&[("a.csv", TEXT)], by(CompressionMethod::Stored)))], by(CompressionMethod::Stored));
    let nested_tar = gzip(&tar(&[("b.tar", &tar(&[("a.csv", TEXT)]))]), 1 << 20);
    let office =
        zip(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")], by(CompressionMethod::Deflated));
    for (name, bytes, words) in [
        ("encrypted", encrypted, "is encrypted"),
        ("strange", strange, "a method that is not read"),
        ("nested", nested, "lies within another"),
        ("nested tar", nested_tar, "lies within another"),
        ("office", office, "Office document"),
        ("empty", zip(&[], by(CompressionMethod::Stored)), "holds no files"),
    ] {
        std::fs::write(dir.path().join(name), bytes).expect("written");
        let error = read(dir.path(), name).expect_err(name);
        assert!(error.to_string().contains(words) && error.to_string().contains(name), "{error}");
    }
}

#[test]
fn an_archive_that_passes_by_once_is_refused_with_the_way_out() {
    for (name, bytes) in archives().into_iter().filter(|(name, _)| !name.starts_with("inner")) {
        let options = SourceOptions::default();
        let reader = Source::from_reader(name, Box::new(Cursor::new(bytes.clone())), &options);
        for source in [reader, Source::from_bytes(name, bytes, &options)] {
            let error = drain(&source).expect_err(name);
            assert_eq!(error.kind(), SourceErrorKind::Usage, "{name}: {error}");
            assert!(error.to_string().contains("make it a file of its own"), "{error}");
        }
    }
    // Said to be no archive, it is bytes.
    let options = SourceOptions { compression: Some(ingest_source::Compression::None), ..SourceOptions::default() };
    let bytes = tar(&[("a.csv", TEXT)]);
    assert_eq!(drain(&Source::from_bytes("bytes", bytes.clone(), &options)).expect("read"), bytes);
}

#[test]
fn a_folder_that_takes_no_copy_of_a_packed_tar_is_named() {
    let dir = folder();
    std::fs::write(dir.path().join("a.tgz"), gzip(&tar(&[("a.csv", TEXT)]), 1 << 20)).expect("written");
    let options = SourceOptions { temp_dir: Some(dir.path().join("nowhere")), ..SourceOptions::default() };
    let error = locate(&[dir.path().join("a.tgz").display().to_string()], &options).expect_err("no folder");
    assert!(error.to_string().contains("nowhere") && error.to_string().contains("--temp-dir"), "{error}");
}

#[test]
fn a_member_knows_its_archive() {
    let dir = folder();
    let path = dir.path().join("a.zip");
    std::fs::write(&path, zip(&[("a.csv", TEXT)], by(CompressionMethod::Stored))).expect("written");
    let found = locate(&[path.display().to_string()], &SourceOptions::default()).expect("there");
    let [Location::Member(member)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((member.archive(), member.name()), (path.as_path(), "a.csv"));
}

/// The checksum of a packed archive stands behind its last file, where nobody has to look to read its members.
#[test]
fn a_packed_archive_is_whole_or_refused() {
    let dir = folder();
    let mut packed = gzip(&tar(&[("a.csv", TEXT)]), 1 << 20);
    let last = packed.len() - 6;
    packed[last] ^= 1;
    std::fs::write(dir.path().join("sum.tar.gz"), &packed).expect("a file");
    std::fs::write(dir.path().join("cut.tar.gz"), &packed[..packed.len() - 8]).expect("a file");
    for name in ["sum.tar.gz", "cut.tar.gz", "sum.tar.gz!a.csv"] {
        assert_eq!(read(dir.path(), name).expect_err(name).kind(), SourceErrorKind::Corrupt);
    }
}

/// A link, or a file with holes, is told, not left out and not read as something else.
#[test]
fn links_and_holes_are_told() {
    let dir = folder();
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(TEXT.len() as u64);
    builder.append_data(&mut header, "a.csv", TEXT).expect("in memory");
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Link);
    link.set_size(0);
    builder.append_link(&mut link, "b.csv", "a.csv").expect("in memory");
    builder.append_pax_extensions([("GNU.sparse.major", &b"1"[..])]).expect("in memory");
    let mut holes = tar::Header::new_ustar();
    holes.set_size(4);
    builder.append_data(&mut holes, "c.csv", &b"1\n0\n"[..]).expect("in memory");
    let stored = builder.into_inner().expect("in memory");
    std::fs::write(dir.path().join("a.tar.gz"), gzip(&stored, 1 << 20)).expect("a file");
    std::fs::write(dir.path().join("a.tar"), stored).expect("a file");
    for archive in ["a.tar", "a.tar.gz"] {
        assert_eq!(read(dir.path(), &format!("{archive}!a.csv")).expect(archive)[0].1, TEXT);
        for (name, word) in [("b.csv", "a link to another file"), ("c.csv", "a file with holes")] {
            let error = read(dir.path(), &format!("{archive}!{name}")).expect_err(name);
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}

/// Names that are no UTF-8 stay apart.
#[cfg(unix)]
#[test]
fn names_of_other_bytes_stay_apart() {
    use std::os::unix::ffi::OsStrExt;
    let dir = folder();
    let mut builder = tar::Builder::new(Vec::new());
    for name in [b"\xe9.csv", b"\xe8.csv"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(TEXT.len() as u64);
        builder.append_data(&mut header, std::ffi::OsStr::from_bytes(name), TEXT).expect("in memory");
    }
    std::fs::write(dir.path().join("a.tar"), builder.into_inner().expect("in memory")).expect("a file");
    let names: Vec<String> = read(dir.path(), "a.tar").expect("members").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a.tar!%E8.csv", "a.tar!%E9.csv"]);
}
