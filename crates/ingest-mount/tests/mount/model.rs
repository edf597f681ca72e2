//! A mount against the plain files: random operations on both, their outcomes compared after each; from several threads, too.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use ingest_benches::Random;

use crate::{Room, content, is_skipped};

/// Names in several scripts, names that differ in case or form alone, and names that other systems take for something else.
const NAMES: [&str; 16] = [
    "a",
    "A",
    "b.csv",
    "B.CSV",
    "é",
    "e\u{301}",
    "名前",
    "имя",
    "ملف",
    "🦀",
    "two words",
    "back\\slash",
    "-rf",
    "x...",
    "con",
    "new\nline",
];

/// A folder of random files.
fn fill(room: &Room, random: &mut Random) {
    let pick = |random: &mut Random| NAMES[random.below(NAMES.len() as u32) as usize];
    for _ in 0..60 {
        let mut path = "files".to_owned();
        for _ in 0..random.below(4) {
            path = format!("{path}/folder {}", pick(random));
        }
        let size = [0, 1, 4095, 4096, 4097, 300_000][random.below(6) as usize];
        let bytes: Vec<u8> = (0..size).map(|_| random.bits() as u8).collect();
        room.file(&format!("{path}/{}", pick(random)), bytes);
    }
}

/// What an operation comes to, as far as both have to agree.
#[derive(Debug, PartialEq)]
enum Outcome {
    Names(Vec<String>),
    Facts(bool, u64),
    Bytes(Vec<u8>),
    Fails(ErrorKind),
}

fn names(folder: &Path) -> std::io::Result<Outcome> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().unwrap()));
    let mut names = names.collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    Ok(Outcome::Names(names))
}

fn facts(path: &Path) -> std::io::Result<Outcome> {
    let metadata = path.symlink_metadata()?;
    let size = if metadata.is_file() { metadata.len() } else { 0 };
    Ok(Outcome::Facts(metadata.is_dir(), size))
}

fn bytes(path: &Path, offset: u64, length: usize) -> std::io::Result<Outcome> {
    let mut bytes = vec![0; length];
    let read = File::open(path)?.read_at(&mut bytes, offset)?;
    bytes.truncate(read);
    Ok(Outcome::Bytes(bytes))
}

/// The same random operation on each of the roots.
fn operate(random: &mut Random, paths: &[String], roots: [&Path; 2]) {
    let mut path = paths[random.below(paths.len() as u32) as usize].clone();
    match random.below(8) {
        0 => path.push_str("/x"),
        1 => path.push_str("/.."),
        2 => path.push('x'),
        _ => {}
    }
    let (what, offset, length) = (random.below(3), u64::from(random.below(320_000)), random.below(200_000) as usize);
    let [plain, mounted] = roots.map(|root| {
        let path = root.join(&path);
        let done = match what {
            0 => names(&path),
            1 => facts(&path),
            _ => bytes(&path, offset, length),
        };
        done.unwrap_or_else(|error| Outcome::Fails(error.kind()))
    });
    let shown = |outcome: &Outcome| format!("{outcome:?}").chars().take(300).collect::<String>();
    assert!(plain == mounted, "{path:?} {offset} {length}: {} {}", shown(&plain), shown(&mounted));
}

#[test]
fn a_mount_is_like_the_files() {
    if is_skipped() {
        return;
    }
    let rounds = if std::env::var_os("INGEST_HEAVY").is_some() { 40 } else { 4 };
    for seed in 0..rounds {
        let room = Room::new();
        let mut random = Random::new(seed);
        fill(&room, &mut random);
        let (mount, told) = room.mount(&room.files(), seed % 2 == 1);
        let plain = room.path("files");
        let paths: Vec<String> = content(&plain).into_iter().map(|(path, _)| path).chain([String::new()]).collect();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (paths, roots) = (&paths, [plain.as_path(), mount.point()]);
                let mut random = Random::new(seed * 100 + thread);
                scope.spawn(move || (0..300).for_each(|_| operate(&mut random, paths, roots)));
            }
        });
        assert_eq!(content(mount.point()), content(&plain));
        for (path, _) in content(&plain) {
            let times = [&plain, mount.point()].map(|root| root.join(&path).metadata().unwrap().mtime());
            assert!(times[0] == times[1] || plain.join(&path).is_dir());
        }
        assert_eq!(*told.lock().unwrap(), Vec::<String>::new());
        mount.unmount().unwrap();
        assert_eq!(content(&room.path("mount")), [], "nothing is left");
    }
}

#[test]
fn nobody_writes() {
    if is_skipped() {
        return;
    }
    let room = Room::new();
    room.file("files/a/b", "x");
    let (mount, _) = room.mount(&room.files(), false);
    let at = |name: &str| mount.point().join(name);
    let all = [
        fs::write(at("a/b"), "y"),
        fs::write(at("new"), "y"),
        fs::create_dir(at("new")),
        fs::remove_file(at("a/b")),
        fs::remove_dir_all(at("a")),
        fs::rename(at("a/b"), at("c")),
        fs::hard_link(at("a/b"), at("c")),
        std::os::unix::fs::symlink("/etc", at("c")),
        fs::set_permissions(at("a/b"), std::os::unix::fs::PermissionsExt::from_mode(0o777)),
        File::open(at("a/b")).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH),
    ];
    for (number, done) in all.into_iter().enumerate() {
        assert_eq!(done.unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem, "{number}");
    }
    assert_eq!(fs::read(room.path("files/a/b")).unwrap(), b"x");
}

#[test]
fn folders_of_many_files_are_listed_once_and_whole() {
    if is_skipped() {
        return;
    }
    const FILES: usize = 5_000;
    let room = Room::new();
    for number in 0..FILES {
        room.file(&format!("files/{number}"), "");
    }
    let (mount, _) = room.mount(&room.files(), false);
    for _ in 0..2 {
        let mut names: Vec<usize> = fs::read_dir(mount.point())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
            .collect();
        names.sort_unstable();
        assert!(names.into_iter().eq(0..FILES));
    }
}
