//! Files behind web addresses: whatever passes gives the right bytes, all else an error.

use std::path::Path;
use std::time::Duration;

use ingest_benches::Random;
use ingest_benches::web::{Faults, FaultyServer};
use ingest_source::{Block, Location, Remote, Source, SourceError, SourceErrorKind, SourceOptions, WebOptions, locate};

use zip::write::SimpleFileOptions;

use crate::support::gzip;

fn options(cache: &Path) -> WebOptions {
    WebOptions { cache: Some(cache.to_owned()), timeout: Duration::from_secs(20), ..WebOptions::default() }
}

fn bytes(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.below(256) as u8).collect()
}

/// All of a source, taken by several threads.
fn taken(location: &Location, web: &WebOptions) -> Result<Vec<u8>, SourceError> {
    let source = Source::open(location, &SourceOptions { web: web.clone(), ..SourceOptions::default() })?;
    let size = 1 << 16;
    let take = || {
        let (mut block, mut parts) = (Block::new(), Vec::new());
        while let Some(info) = source.next_block(&mut block, size, 0)? {
            parts.push((info.index, block.bytes().to_vec()));
        }
        Ok(parts)
    };
    let mut parts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(take)).collect();
        let taken: Result<Vec<_>, SourceError> =
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        taken.map(|parts| parts.concat())
    })?;
    parts.sort();
    Ok(parts.into_iter().flat_map(|(_, bytes)| bytes).collect())
}

fn read(address: &str, web: &WebOptions) -> Result<Vec<u8>, SourceError> {
    let options = SourceOptions { web: web.clone(), ..SourceOptions::default() };
    let found = locate(&[address.to_owned()], &options)?;
    Ok(found.iter().map(|location| taken(location, web)).collect::<Result<Vec<_>, _>>()?.concat())
}

/// Faults that pass, by the bits of a number.
fn passing(bits: u32, random: &mut Random) -> Faults {
    let on = |bit: u32| bits & (1 << bit) != 0;
    let behind = 1 + random.below(200_000) as usize;
    Faults {
        no_ranges: on(0),
        no_validator: on(1),
        no_length: on(2),
        break_behind: on(3).then_some((behind, 3)),
        refuse: on(4).then(|| (2, 503, Some("0".to_owned()))),
        ..Faults::default()
    }
}

#[test]
fn whatever_passes_gives_the_right_bytes() {
    let server = FaultyServer::start().expect("a port");
    // All at once, as most of the time is spent waiting before another attempt.
    std::thread::scope(|scope| {
        for bits in 0..32 {
            let server = &server;
            scope.spawn(move || passes(server, bits));
        }
    });
}

fn passes(server: &FaultyServer, bits: u32) {
    let mut random = Random::new(u64::from(bits));
    for count in [0, 1, 8191, 8192, 8193, 65_536, 300_000 + random.below(100_000) as usize] {
        let folder = tempfile::tempdir().expect("a folder");
        let (web, path) = (options(folder.path()), format!("/{bits}"));
        let (wanted, faults) = (bytes(count, u64::from(bits)), passing(bits, &mut random));
        let address = server.put(&path, wanted.clone(), faults.clone());
        let got = read(&address, &web).unwrap_or_else(|error| panic!("{error}: {count} {faults:?}"));
        assert!(got == wanted, "{count} {faults:?}");
        // Again, of what was kept: where the server tells versions apart, nothing is fetched.
        let before = server.asked(&path).bytes;
        assert!(read(&address, &web).expect("read again") == wanted, "{count} {faults:?}");
        if !faults.no_validator && count > 0 {
            assert_eq!(server.asked(&path).bytes, before, "{count} {faults:?}");
        }
        let offline = WebOptions { offline: true, ..web };
        assert!(read(&address, &offline).expect("kept") == wanted, "{count} {faults:?}");
    }
}

#[test]
fn what_does_not_pass_is_an_error() {
    let server = FaultyServer::start().expect("a port");
    let number = std::cell::Cell::new(0);
    let kind = |faults: Faults, change: fn(&mut WebOptions)| {
        // Each a path of its own: what was on its way when the one before failed may still ask there.
        number.set(number.get() + 1);
        let folder = tempfile::tempdir().expect("a folder");
        let mut web = WebOptions { retries: 2, ..options(folder.path()) };
        change(&mut web);
        let address = server.put(&format!("/{}", number.get()), bytes(600_000, 1), faults.clone());
        match read(&address, &web) {
            Ok(_) => panic!("no error: {faults:?}"),
            Err(error) => {
                assert!(error.to_string().starts_with(&address), "{error}");
                (error.kind(), error.to_string())
            }
        }
    };
    let plain = |_: &mut WebOptions| {};
    let none = Faults::default;
    let (found, message) = kind(Faults { change_behind: Some(1), ..none() }, plain);
    assert!(found == SourceErrorKind::Changed && message.contains("changed while it was read"), "{message}");
    // Nothing tells, but what comes again is not what came before.
    for no_validator in [false, true] {
        let secret = Faults { no_ranges: true, no_validator, break_behind: Some((100_000, 1)), ..none() };
        let (found, message) = kind(Faults { change_secretly_behind: Some(1), ..secret }, plain);
        assert!(found == SourceErrorKind::Changed, "{message}");
    }
    for (status, expected) in
        [(404, SourceErrorKind::NotFound), (410, SourceErrorKind::NotFound), (403, SourceErrorKind::AccessDenied)]
    {
        let (found, message) = kind(Faults { refuse: Some((9, status, None)), ..none() }, plain);
        assert!(found == expected && message.contains(&status.to_string()), "{message}");
    }
    let (found, message) = kind(Faults { refuse: Some((99, 503, None)), ..none() }, plain);
    assert!(found == SourceErrorKind::Unreachable && message.contains("the storage is overloaded"), "{message}");
    assert!(message.contains("tried 3 times"), "{message}");
    // A wait that is asked for is waited for, or there is none at all.
    let long = Faults { refuse: Some((99, 429, Some("86400".to_owned()))), ..none() };
    let (_, message) = kind(long.clone(), plain);
    assert!(message.contains("asks to wait 86400 s") && message.contains("too long"), "{message}");
    let (_, message) = kind(long, |web| web.time_limit = Some(Duration::from_secs(3600)));
    assert!(message.contains("no time is left"), "{message}");
    let (_, message) = kind(Faults { delay: Duration::from_millis(400), ..none() }, |web| {
        (web.timeout, web.retries) = (Duration::from_millis(100), 1);
    });
    assert!(message.contains("does not answer in time"), "{message}");
    let (found, message) = kind(Faults { longer_by: 5, no_ranges: true, ..none() }, plain);
    assert!(found == SourceErrorKind::Unreachable && message.contains("tried 3 times"), "{message}");
    let (found, message) = kind(Faults { redirect: Some("".to_owned()), ..none() }, plain);
    assert!(found == SourceErrorKind::Unreachable && message.contains("again and again"), "{message}");
}

/// Another process that reads the same address takes the place of what is kept of it; what passed stays known.
#[test]
fn what_passed_is_compared_though_others_cleared_it() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = bytes(3_000_000, 23);
    let faults = Faults { no_ranges: true, no_validator: true, ..Faults::default() };
    let address = server.put("/a", wanted.clone(), faults.clone());
    let first = Remote::open(&address, &options(folder.path())).expect("opened");
    let mut piece = vec![0; 1_000_000];
    first.read_at(0, &mut piece).expect("read");
    server.put("/a", bytes(3_000_000, 24), faults);
    let other = Remote::open(&address, &options(folder.path())).expect("opened");
    other.read_at(0, &mut piece).expect("read");
    // What was read before is wanted again, and comes otherwise.
    let error = first.read_at(0, &mut piece).expect_err("another file");
    assert_eq!(error.kind(), SourceErrorKind::Changed, "{error}");
}

#[test]
fn redirects_are_followed_and_a_server_that_is_not_there_is_told() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let other = server.put("/b?x=1&y=[2]", b"there".to_vec(), Faults::default());
    let address = server.put("/a", Vec::new(), Faults { redirect: Some(other), ..Faults::default() });
    assert_eq!(read(&address, &options(folder.path())).expect("followed"), b"there");
    drop(server);
    let error = read(&address, &options(folder.path())).expect_err("nobody listens");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    for odd in ["http://", "https://a b/c", "http://[::1"] {
        let error = read(odd, &options(folder.path())).expect_err("no address");
        assert_eq!(error.kind(), SourceErrorKind::Usage, "{error}");
    }
}

#[test]
fn without_a_connection_what_was_read_is_read() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = bytes(2_000_000, 3);
    let address = server.put("/a", wanted.clone(), Faults::default());
    let offline = WebOptions { offline: true, ..options(folder.path()) };
    let error = Remote::open(&address, &offline).expect_err("never read");
    assert!(error.kind() == SourceErrorKind::NotFound && error.to_string().contains("--offline"), "{error}");
    // A part.
    let mut start = vec![0; 100_000];
    Remote::open(&address, &options(folder.path())).and_then(|remote| remote.read_at(0, &mut start)).expect("read");
    let kept = Remote::open(&address, &offline).expect("known");
    assert_eq!(kept.read_at(0, &mut start).expect("kept"), 100_000);
    assert_eq!(start, wanted[..100_000]);
    assert!(kept.read_at(1_900_000, &mut start).is_err());
    // All of it, and the server may go away.
    assert!(read(&address, &options(folder.path())).expect("read") == wanted);
    drop(server);
    assert!(read(&address, &offline).expect("kept") == wanted);
}

#[test]
fn little_more_is_fetched_than_is_read_here_and_there() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = bytes(32 << 20, 5);
    let address = server.put("/a", wanted.clone(), Faults::default());
    let remote = Remote::open(&address, &options(folder.path())).expect("opened");
    let mut random = Random::new(11);
    let mut piece = vec![0; 4096];
    for _ in 0..400 {
        let at = random.below(wanted.len() as u32 / 4096) as usize * 4096;
        assert_eq!(remote.read_at(at as u64, &mut piece).expect("read"), 4096);
        assert!(piece == wanted[at..at + 4096]);
    }
    let sent = server.asked("/a").bytes;
    assert_eq!(remote.fetched_bytes(), sent);
    assert!(sent <= 2 * 400 * 4096 + (64 << 10), "{sent} bytes");
}

#[test]
fn reads_are_right_wherever_they_lie_and_however_little_is_kept() {
    let server = FaultyServer::start().expect("a port");
    let wanted = bytes(3_000_001, 13);
    let address = server.put("/a", wanted.clone(), Faults::default());
    for cache_bytes_max in [1, 600_000, 64 << 20] {
        let folder = tempfile::tempdir().expect("a folder");
        let remote = Remote::open(&address, &WebOptions { cache_bytes_max, ..options(folder.path()) }).expect("opened");
        std::thread::scope(|scope| {
            for seed in 0..4 {
                let (remote, wanted) = (&remote, &wanted);
                scope.spawn(move || {
                    let mut random = Random::new(seed);
                    for _ in 0..60 {
                        let at = random.below(wanted.len() as u32 + 10) as usize;
                        let mut piece = vec![0; random.below(200_000) as usize];
                        let read = remote.read_at(at as u64, &mut piece).expect("read");
                        let end = wanted.len().min(at + piece.len());
                        assert!(piece[..read] == wanted[at.min(end)..end], "{at} {}", piece.len());
                    }
                });
            }
        });
    }
}

#[test]
fn who_reads_in_order_gets_few_large_answers() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = bytes(32 << 20, 17);
    let address = server.put("/a", wanted.clone(), Faults::default());
    let remote = Remote::open(&address, &options(folder.path())).expect("opened");
    let mut piece = vec![0; 128 << 10];
    for at in (0..wanted.len()).step_by(piece.len()) {
        assert_eq!(remote.read_at(at as u64, &mut piece).expect("read"), piece.len());
        assert!(piece == wanted[at..at + piece.len()]);
    }
    let asked = server.asked("/a");
    assert_eq!(asked.bytes, wanted.len() as u64, "each byte once");
    assert!(asked.requests < 40, "{} requests", asked.requests);
}

#[test]
fn many_who_want_a_block_wait_for_one_answer() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let delay = Duration::from_millis(100);
    let wanted = bytes(1 << 20, 19);
    let address = server.put("/a", wanted.clone(), Faults { delay, ..Faults::default() });
    let remote = Remote::open(&address, &options(folder.path())).expect("opened");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut piece = vec![0; 8192];
                assert_eq!(remote.read_at(800_000, &mut piece).expect("read"), 8192);
                assert!(piece == wanted[800_000..808_192]);
            });
        }
    });
    assert_eq!(server.asked("/a").requests, 2, "the first bytes, and these");
}

/// What is kept stays below its limit, and what is damaged or cleared is fetched again.
#[test]
fn what_is_kept_is_bounded_and_never_believed_blindly() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let web = WebOptions { cache_bytes_max: 2 << 20, ..options(folder.path()) };
    let wanted = bytes(12 << 20, 9);
    let address = server.put("/a", wanted.clone(), Faults::default());
    for _ in 0..2 {
        assert!(read(&address, &web).expect("read") == wanted);
        let kept = kept_bytes(folder.path());
        assert!(kept <= (2 << 20) + (512 << 10), "{kept} bytes are kept");
    }
    // Of several files, what was read longest ago goes.
    let web = WebOptions { cache_bytes_max: 3 << 20, ..options(folder.path()) };
    for name in ["/b", "/c", "/d", "/e"] {
        let address = server.put(name, wanted[..1 << 20].to_vec(), Faults::default());
        assert!(read(&address, &web).expect("read") == wanted[..1 << 20]);
    }
    let kept = kept_bytes(folder.path());
    assert!(kept <= (3 << 20) + (64 << 10), "{kept} bytes are kept");
    let before = server.asked("/e").bytes;
    let damaged = |change: &dyn Fn(&Path)| {
        for entry in std::fs::read_dir(folder.path().join("web")).expect("there").flatten() {
            change(&entry.path());
        }
        assert!(read(&server.address_of("/e"), &web).expect("read") == wanted[..1 << 20]);
    };
    let has_extension = |path: &Path, name: &str| path.extension().is_some_and(|extension| extension == name);
    damaged(&|path| {
        if has_extension(path, "data") {
            let mut bytes = std::fs::read(path).expect("there");
            bytes.iter_mut().skip(300_000).step_by(50_000).for_each(|byte| *byte ^= 1);
            std::fs::write(path, bytes).expect("written");
        }
    });
    assert!(server.asked("/e").bytes > before);
    damaged(&|path| {
        if has_extension(path, "sums") {
            std::fs::write(path, b"odd").expect("written");
        }
    });
    damaged(&|path| {
        if has_extension(path, "data") {
            std::fs::remove_file(path).expect("removed");
        }
    });
    damaged(&|path| {
        if has_extension(path, "json") {
            std::fs::write(path, b"{").expect("written");
        }
    });
}

fn kept_bytes(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(folder.join("web")).expect("there").flatten();
    entries.map(|entry| entry.metadata().expect("there").blocks() * 512).sum()
}

#[test]
fn what_is_stored_there_is_seen_as_in_files() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let web = options(folder.path());
    let text = "a,b\n1,2\n".repeat(40_000).into_bytes();
    let zip = crate::archives::zip(&[("x.csv", &text), ("d/y.csv", b"c\n3\n")], SimpleFileOptions::default());
    for (bits, name) in [(0, "ranges"), (1, "one body"), (5, "no length"), (3, "nothing told")] {
        let faults = passing(bits, &mut Random::new(1));
        let address = server.put("/t.gz", gzip(&text, 50_000), faults.clone());
        assert!(read(&address, &web).expect("read") == text, "{name}");
        let address = server.put("/t.zip", zip.clone(), faults);
        assert!(read(&address, &web).expect("read").ends_with(&text), "{name}");
        assert_eq!(read(&format!("{address}!d/y.csv"), &web).expect("read"), b"c\n3\n", "{name}");
        let error = read(&format!("{address}!z.csv"), &web).expect_err("no such member");
        assert_eq!(error.kind(), SourceErrorKind::NotFound, "{error}");
    }
    // An archive that cannot be read is not one that is not there.
    let refused = Faults { refuse: Some((9, 403, None)), ..Faults::default() };
    let address = server.put("/p.zip", zip, refused);
    let error = read(&format!("{address}!x.csv"), &web).expect_err("refused");
    assert_eq!(error.kind(), SourceErrorKind::AccessDenied, "{error}");
}

#[test]
fn passwords_are_not_shown() {
    let server = FaultyServer::start().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let address = server.put("/a", b"x".to_vec(), Faults::default()).replace("http://", "http://me:secret@");
    let remote = Remote::open(&address, &options(folder.path())).expect("opened");
    assert!(remote.name().starts_with("http://127.0.0.1") && remote.name().ends_with("/a"), "{}", remote.name());
    let error = Remote::open(&address.replace("/a", "/b"), &options(folder.path())).expect_err("no such file");
    assert!(!error.to_string().contains("secret"), "{error}");
}
