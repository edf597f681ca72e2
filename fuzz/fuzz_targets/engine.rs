//! The engine on one thread, in one chunk, without vectors, against itself on several threads, in small chunks, with
//! every kernel: the same frame, the same rejects, the same error.

#![no_main]

use arbitrary::Arbitrary;
use ingest::Kernel;
use ingest_fuzz::{Text, Way, Wishes, run};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Case {
    text: Text,
    wishes: Wishes,
    with_rejects: bool,
    threads: u8,
    chunk_bytes: u8,
}

fuzz_target!(|case: Case| {
    let (text, options) = (&case.text.0, case.wishes.options());
    let plain = run(text, &options, Way::PLAIN, case.with_rejects);
    let threads = usize::from(case.threads) % 3 + 2;
    for (number, kernel) in Kernel::available().into_iter().enumerate() {
        let chunk_bytes = (usize::from(case.chunk_bytes) << (2 * number)) + 1;
        let way = Way { kernel, threads, chunk_bytes };
        assert_eq!(run(text, &options, way, case.with_rejects), plain, "{way:?}");
    }
});
