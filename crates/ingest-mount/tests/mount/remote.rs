//! Files behind web addresses, mounted.

use std::fs::File;
use std::os::unix::fs::FileExt;

use ingest::{Options, WebOptions};
use ingest_benches::Random;
use ingest_benches::web::{Faults, FaultyServer};
use ingest_dataset::{Definition, Registration};
use ingest_mount::{Mount, View};

use crate::{Room, is_skipped, tell};

fn with_cache(room: &Room, name: &str) -> Options {
    Options {
        web: WebOptions { cache: Some(room.path(name)), retries: 1, ..WebOptions::default() },
        ..Options::default()
    }
}

/// So many pages, each of which tells its number.
fn pages(count: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for page in 0..count {
        bytes.extend_from_slice(&page.to_le_bytes().repeat(1024));
    }
    bytes
}

#[test]
fn random_reads_through_a_mount_fetch_little_more_than_they_read() {
    const READS: u64 = 300;
    if is_skipped() {
        return;
    }
    let is_heavy = std::env::var_os("INGEST_HEAVY").is_some_and(|value| value == "1");
    let count = if is_heavy { 1 << 18 } else { 1 << 14 };
    let server = FaultyServer::start().unwrap();
    let room = Room::new();
    let small = b"small".repeat(20_000);
    let sources = [
        server.put("/d/big.bin?v=1", pages(count), Faults::default()),
        server.put("/d/folder/small", small.clone(), Faults::default()),
    ];
    let definition = Definition::files(&sources, Vec::new()).unwrap();
    let registering = with_cache(&room, "first");
    let done = room.workspace().register("web", &definition, &Registration::default(), &registering).unwrap();
    // With nothing kept.
    let view = View::of(room.workspace(), done.version, &with_cache(&room, "second")).unwrap();
    let (tell, told) = tell();
    let mount = Mount::start(view, &room.path("mount"), tell, None).unwrap();
    let big = File::open(mount.point().join("big.bin")).unwrap();
    let before = server.asked("/d/big.bin?v=1").bytes;
    let mut random = Random::new(1);
    let mut piece = [0; 4096];
    for _ in 0..READS {
        let page = random.below(count);
        big.read_exact_at(&mut piece, u64::from(page) * 4096).unwrap();
        assert!(piece[..] == page.to_le_bytes().repeat(1024));
    }
    let fetched = server.asked("/d/big.bin?v=1").bytes - before;
    // What a file is takes 64 KiB to see.
    assert!(fetched <= 2 * READS * 4096 + (64 << 10), "{fetched} bytes for {}", READS * 4096);
    assert!(std::fs::read(mount.point().join("folder/small")).unwrap() == small);
    // Another file has come there: none of it is served.
    server.put("/d/big.bin?v=1", pages(count), Faults { change_behind: Some(0), ..Faults::default() });
    let fails = |page: u32| big.read_exact_at(&mut [0; 4096], u64::from(page) * 4096).is_err();
    assert!((0..20).map(|_| random.below(count)).filter(|page| fails(*page)).count() > 10);
    assert!(told.lock().unwrap().iter().all(|told| told.contains("changed")), "{:?}", told.lock().unwrap());
    mount.unmount().unwrap();
}
