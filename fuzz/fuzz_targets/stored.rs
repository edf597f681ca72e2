//! Stored tables: Parquet and Arrow IPC files of ours that were damaged, and arbitrary bytes that begin like one. Whatever they
//! hold is a table or an error, the same with one thread and with two.

#![no_main]

use std::sync::OnceLock;

use arbitrary::Arbitrary;
use ingest::{Format, Kernel, Options, WriteOptions};
use ingest_fuzz::{Way, run};
use libfuzzer_sys::fuzz_target;

const TEXTS: [&str; 3] = [
    "a,b,c,d\n1,x,1.5,2020-01-02\n2,yy,,2020-01-03\n3,,2.5,\n",
    "n,t\n1,2020-01-02T03:04:05Z\n99999999999999999999,\n",
    "{\"a\":1,\"b\":[1,2],\"c\":{\"d\":\"x\"}}\n{\"a\":null,\"b\":[],\"c\":{\"d\":null}}\n",
];

#[derive(Arbitrary, Debug)]
struct Case {
    text: u8,
    format: u8,
    damage: Vec<(u16, u8)>,
    cut: Option<u16>,
    bytes: Vec<u8>,
}

fuzz_target!(|case: Case| {
    let file = &files()[usize::from(case.text) % TEXTS.len()][usize::from(case.format) % 3];
    let bytes = match case.format % 4 {
        3 => [b"PAR1", &case.bytes[..], b"PAR1"].concat(),
        _ => damaged(file, &case),
    };
    let options = Options::default();
    let plain = run(&bytes, &options, Way::PLAIN, false);
    let other = run(&bytes, &options, Way { kernel: Kernel::Portable, threads: 2, chunk_bytes: 1 << 16 }, false);
    assert_eq!(plain.is_ok(), other.is_ok());
    if let (Ok(plain), Ok(other)) = (plain, other) {
        assert_eq!(format!("{:?}", plain.rows), format!("{:?}", other.rows));
    }
});

fn damaged(file: &[u8], case: &Case) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for (at, bits) in &case.damage {
        let at = usize::from(*at) % bytes.len();
        bytes[at] ^= bits;
    }
    bytes.truncate(case.cut.map_or(usize::MAX, usize::from));
    bytes
}

/// Each text as a Parquet file, an Arrow file and a stream of Arrow's.
fn files() -> &'static [[Vec<u8>; 3]] {
    static FILES: OnceLock<Vec<[Vec<u8>; 3]>> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |text: &str, format| {
            let path = folder.path().join("table");
            let write = WriteOptions { format: Some(format), overwrite: true, ..WriteOptions::default() };
            let reader = ingest::read(text.as_bytes().to_vec()).expect("bytes");
            reader.write(&path, &write).expect("a table");
            std::fs::read(&path).expect("it was written")
        };
        let stream = |text: &str| {
            let mut stream = Vec::new();
            let reader = ingest::read(text.as_bytes().to_vec()).expect("bytes");
            reader.write_to(&mut stream, Format::Arrow, &WriteOptions::default()).expect("a table");
            stream
        };
        TEXTS.iter().map(|text| [file(text, Format::Parquet), file(text, Format::Arrow), stream(text)]).collect()
    })
}
