//! The sniffer over any bytes: it always answers, the same twice, and the engine takes what it proposes.

#![no_main]

use ingest::{Code, Compression, Encoding, InputFormat, Options};
use ingest_infer::{Hints, sniff};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, sample)) = bytes.split_first() else { return };
    let complete = first & 1 == 1;
    let hints = Hints::default();
    let sniffed = sniff(sample, complete, &hints);
    assert_eq!(sniffed, sniff(sample, complete, &hints), "the same question, the same answer");
    assert_eq!(sniffed.header, sniffed.header_rows > 0, "{sniffed:?}");
    let lines = sample.iter().filter(|&&byte| byte == b'\n' || byte == b'\r').count();
    assert!(sniffed.skip_lines <= lines + 1, "{sniffed:?}");
    let dialect = sniffed.dialect;
    let options = Options {
        delimiter: Some(dialect.delimiter),
        quote: Some(dialect.quote),
        escape: Some(dialect.escape),
        comment: Some(dialect.comment),
        skip: Some(sniffed.skip_lines),
        threads: Some(1),
        input_format: Some(InputFormat::Csv),
        compression: Some(Compression::None),
        encoding: Some(Encoding::UTF_8),
        ..Options::default()
    };
    let read = ingest::read(sample.to_vec()).and_then(|reader| reader.options(options).count());
    assert_ne!(read.err().map(|error| error.code()), Some(Code::Usage), "{sniffed:?}");
});
