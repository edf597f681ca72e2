//! Files that lie elsewhere, behind the block cache: an elsewhere in memory that counts what it is asked for.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ingest::{Code, Error, Result};
use ingest_benches::Random;
use ingest_mount::{BlockCache, Content, Facts, Fetch, Mount, RemoteFile, Texts, View};

use crate::{is_skipped, tell};

const BLOCK_BYTES: u64 = 256 << 10;

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    bytes: AtomicU64,
    fails: AtomicBool,
}

/// Files whose bytes follow from their places.
#[derive(Clone, Default)]
struct Elsewhere {
    counts: Arc<Counts>,
    /// How long an answer takes.
    delay: std::time::Duration,
}

fn byte(file: u32, at: u64) -> u8 {
    (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8 ^ file as u8
}

fn bytes(file: u32, offset: u64, length: usize) -> Vec<u8> {
    (offset..offset + length as u64).map(|at| byte(file, at)).collect()
}

impl Fetch for Elsewhere {
    fn fetch(&self, file: u32, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.counts.bytes.fetch_add(length as u64, Ordering::Relaxed);
        std::thread::sleep(self.delay);
        if self.counts.fails.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Io, "elsewhere is out of reach"));
        }
        Ok(bytes(file, offset, length))
    }
}

impl Elsewhere {
    fn fetched(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }

    fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    fn cache(&self, sizes: &[u64], limit: u64) -> BlockCache<Elsewhere> {
        let file = |(number, size): (usize, &u64)| RemoteFile {
            name: format!("file {number}"),
            facts: Facts { size: *size, modified_ns: 0 },
        };
        let files = sizes.iter().enumerate().map(file).collect();
        BlockCache::new(self.clone(), files, &std::env::temp_dir(), limit).unwrap()
    }
}

#[test]
fn reads_are_right_wherever_blocks_end_and_however_small_the_cache() {
    let sizes = [0, 1, 4096, BLOCK_BYTES, 3 * BLOCK_BYTES + 4097, 5 * BLOCK_BYTES - 1];
    for limit in [0, 2 * BLOCK_BYTES, 64 * BLOCK_BYTES] {
        let cache = Elsewhere::default().cache(&sizes, limit);
        std::thread::scope(|scope| {
            for seed in 0..4 {
                let (cache, sizes) = (&cache, &sizes);
                scope.spawn(move || {
                    let mut random = Random::new(seed);
                    for _ in 0..200 {
                        let file = random.below(sizes.len() as u32);
                        let size = sizes[file as usize];
                        let offset = u64::from(random.below(size as u32 + 10));
                        let length = random.below(2 * BLOCK_BYTES as u32) as usize;
                        let wanted = length.min(size.saturating_sub(offset) as usize);
                        let read = cache.read_at(file, offset, length).unwrap();
                        assert!(read == bytes(file, offset, wanted), "{file} {offset} {length}");
                    }
                });
            }
        });
    }
}

#[test]
fn who_reads_in_order_gets_few_large_answers() {
    const SIZE: u64 = 64 << 20;
    let elsewhere = Elsewhere::default();
    let cache = elsewhere.cache(&[SIZE], SIZE);
    for offset in (0..SIZE).step_by(128 << 10) {
        assert_eq!(cache.read_at(0, offset, 1).unwrap(), [byte(0, offset)]);
        cache.read_at(0, offset, 128 << 10).unwrap();
    }
    assert_eq!(elsewhere.fetched(), SIZE, "each byte once");
    assert!(elsewhere.requests() < 30, "{} requests", elsewhere.requests());
}

#[test]
fn many_who_want_a_block_wait_for_one_answer() {
    let elsewhere = Elsewhere { delay: std::time::Duration::from_millis(200), ..Elsewhere::default() };
    let cache = elsewhere.cache(&[BLOCK_BYTES], BLOCK_BYTES);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(cache.read_at(0, 0, 4096).unwrap() == bytes(0, 0, 4096)));
        }
    });
    assert_eq!(elsewhere.requests(), 1);
}

#[test]
fn what_failed_is_fetched_again() {
    let elsewhere = Elsewhere::default();
    let cache = elsewhere.cache(&[BLOCK_BYTES], BLOCK_BYTES);
    elsewhere.counts.fails.store(true, Ordering::Relaxed);
    assert!(cache.read_at(0, 100, 10).is_err());
    elsewhere.counts.fails.store(false, Ordering::Relaxed);
    assert_eq!(cache.read_at(0, 100, 10).unwrap(), bytes(0, 100, 10));
}

#[test]
fn random_reads_through_a_mount_fetch_little_more_than_they_read() {
    const SIZE: u64 = 1 << 30;
    const READS: u64 = 500;
    if is_skipped() {
        return;
    }
    let elsewhere = Elsewhere::default();
    let content = elsewhere.cache(&[SIZE, 100_000], 64 << 20);
    let paths: Texts = ["big", "folder/small"].into_iter().collect();
    let view = View::new("remote:1", &paths, SIZE, Box::new(content)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (tell, told) = tell();
    let mount = Mount::start(view, &folder.path().join("m"), tell, None).unwrap();
    let big = File::open(mount.point().join("big")).unwrap();
    let mut random = Random::new(1);
    let mut piece = [0; 4096];
    for _ in 0..READS {
        let offset = u64::from(random.below((SIZE / 4096) as u32)) * 4096;
        big.read_exact_at(&mut piece, offset).unwrap();
        assert!(piece[..] == bytes(0, offset, 4096));
    }
    assert!(elsewhere.fetched() <= 2 * READS * 4096, "{} bytes for {}", elsewhere.fetched(), READS * 4096);
    assert!(std::fs::read(mount.point().join("folder/small")).unwrap() == bytes(1, 0, 100_000));
    elsewhere.counts.fails.store(true, Ordering::Relaxed);
    let mut random = Random::new(2);
    let fails = |offset| big.read_exact_at(&mut [0; 4096], offset).is_err();
    assert!((0..20).map(|_| u64::from(random.below(1 << 18)) * 4096).filter(|offset| fails(*offset)).count() > 10);
    assert_eq!(*told.lock().unwrap(), ["elsewhere is out of reach"], "once");
}
