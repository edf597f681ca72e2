//! JSON: the lines that are taken are those that serde_json takes, whatever stood before them; and the engine gives the same
//! answer in any chunks, on any number of threads, with every kernel.

#![no_main]

use std::fmt;

use arbitrary::{Arbitrary, Unstructured};
use ingest::{InputFormat, Kernel, OnError, Options};
use ingest_fuzz::{Way, run, with_paddings};
use ingest_parse::json::{BadRecords, Framed, Framing, JsonFault, Keys};
use ingest_parse::{Batch, FaultKind};
use ingest_simd::Padded;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

/// What each byte from 128 on stands for.
const TOKENS: [&str; 24] = [
    "{\"a\":", ",\"b\":", ",\"a\":", "}\n", "{\"a\":1,\"b\":\"x\"}\n", "{\"a\":-2.5,\"b\":null}\n", "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u00e9", "\\ud83d\\ude00",
    "\\ud800", "12", "-0.5e3", "true", "null", "é", "\n", "123456789012345678",
];

/// A text spelled in tokens.
struct Text(Vec<u8>);

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut text = Vec::new();
        for byte in Vec::<u8>::arbitrary(u)? {
            match byte.checked_sub(128) {
                None => text.push(byte),
                Some(number) => text.extend_from_slice(TOKENS[usize::from(number) % TOKENS.len()].as_bytes()),
            }
        }
        Ok(Text(text))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

#[derive(Arbitrary, Debug)]
struct Case {
    text: Text,
    on_error: u8,
    limit: Option<u8>,
    chunk_bytes: u8,
}

fuzz_target!(|case: Case| {
    let text = &case.text.0;
    compare_with_serde(text);
    let options = Options {
        input_format: Some(InputFormat::Jsonl),
        on_error: [OnError::Fail, OnError::Null, OnError::Reject][usize::from(case.on_error) % 3],
        limit: case.limit.map(u64::from),
        ..Options::default()
    };
    let plain = run(text, &options, Way::PLAIN, false);
    for (number, kernel) in Kernel::available().into_iter().enumerate() {
        let way = Way { kernel, threads: 2 + number, chunk_bytes: (usize::from(case.chunk_bytes) << (2 * number)) + 1 };
        assert_eq!(run(text, &options, way, false), plain, "{way:?}");
    }
});

/// Each line with each kernel. Where it ignores a value, serde_json bears halves of surrogate pairs, and no depth is too deep.
fn compare_with_serde(text: &[u8]) {
    let is_blank = |line: &&[u8]| line.iter().all(|&byte| byte == b' ' || byte == b'\t');
    let lines = text.split(|&byte| byte == b'\n' || byte == b'\r').filter(|line| !is_blank(line));
    let right: Vec<bool> = lines.map(|line| serde_json::from_slice::<IgnoredAny>(line).is_ok()).collect();
    with_paddings(text, |padded| {
        for kernel in Kernel::available() {
            assert_eq!(ours(kernel, padded, &right), right, "{kernel}");
        }
    });
}

/// Which lines our reader takes. serde_json has the last word on `right` ones where it bears more.
fn ours(kernel: Kernel, text: Padded<'_>, right: &[bool]) -> Vec<bool> {
    let mut batch = Batch::default();
    let framed = Framed { framing: Framing::Lines, at_start: true };
    batch.read_json(kernel, text, usize::MAX, framed, &Keys::new(["a", "b"], false), BadRecords::Fault);
    assert_eq!(batch.records(), right.len(), "{kernel}");
    let mut taken = vec![true; right.len()];
    for fault in batch.faults() {
        let record = fault.record as usize;
        let FaultKind::Json { fault, .. } = fault.kind else { panic!("{fault:?} is no fault of JSON") };
        taken[record] = right[record] && matches!(fault, JsonFault::LoneSurrogate | JsonFault::TooDeep);
    }
    taken
}
