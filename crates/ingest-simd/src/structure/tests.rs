//! The kernels against a byte-at-a-time twin.

use proptest::prelude::*;

use super::*;
use crate::{Kernel, PADDING, Padded};

const COMMA: Structure = Structure { delimiter: Some(b','), quote: Some(b'"') };

/// `text` with paddings that would mislead a kernel that looked at them.
fn pad(text: &[u8], around: u8) -> Vec<u8> {
    [&[around; PADDING][..], text, &[around; PADDING]].concat()
}

fn with_padding<T>(text: &[u8], act: impl Fn(Padded<'_>) -> T) -> Vec<T> {
    [b'\n', b'"', b',', b'\r']
        .into_iter()
        .map(|around| act(Padded::new(&pad(text, around), PADDING, PADDING + text.len()).expect("padded")))
        .collect()
}

/// The line ends: offset after each, with whether the first byte of the terminator begins a line as well.
fn naive_scan(text: &[u8], previous: Option<u8>, structure: &Structure, start_inside: bool) -> (Hypothesis, u64) {
    let mut result = Hypothesis::default();
    let (mut inside, mut lines) = (start_inside, 0);
    let mut line_start = match previous {
        None | Some(b'\n') => true,
        Some(b'\r') => text[0] != b'\n',
        _ => false,
    };
    if previous == Some(b'\r') && text[0] != b'\n' {
        lines += 1;
        if !start_inside {
            result.record_ends += 1;
            result.last_record_end = Some(0);
        }
    }
    line_start &= !start_inside;
    let is_break = |byte: u8| byte == b'\n' || byte == b'\r';
    for (at, &byte) in text.iter().enumerate() {
        let before = if at == 0 { previous } else { Some(text[at - 1]) };
        let is_quote = Some(byte) == structure.quote;
        let edge = |byte: u8| is_break(byte) || Some(byte) == structure.delimiter || Some(byte) == structure.quote;
        if is_quote && !inside && !before.is_none_or(edge) {
            result.irregular = true;
        }
        if !inside && before.is_some() && before == structure.quote && !edge(byte) {
            result.irregular = true;
        }
        if is_quote {
            inside = !inside;
            line_start = false;
            continue;
        }
        if is_break(byte) {
            if !inside && line_start {
                result.blank_lines += 1;
            }
            let waits = byte == b'\r' && (at + 1 == text.len() || text[at + 1] == b'\n');
            if !waits {
                lines += 1;
                if !inside {
                    result.record_ends += 1;
                    result.last_record_end = Some(at + 1);
                }
            }
            line_start = !waits && !inside;
        } else {
            line_start = false;
        }
    }
    result.ends_inside = inside;
    (result, lines)
}

fn naive_index(text: &[u8], next: Option<u8>, structure: &Structure) -> Vec<u32> {
    let (mut inside, mut ends, mut open) = (false, Vec::new(), false);
    for (at, &byte) in text.iter().enumerate() {
        open = true;
        let after = text.get(at + 1).copied().or(next);
        if Some(byte) == structure.quote {
            inside = !inside;
        } else if !inside && Some(byte) == structure.delimiter {
            ends.push(at as u32);
        } else if !inside && (byte == b'\n' || (byte == b'\r' && after != Some(b'\n'))) {
            ends.push(at as u32 | RECORD_END);
            open = false;
        }
    }
    if open && next.is_none() {
        ends.push(text.len() as u32 | RECORD_END);
    }
    ends
}

fn structured_text() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => prop::sample::select(&b"abc 19.\xc3\xa9"[..]),
        2 => Just(b','),
        1 => Just(b'"'),
        1 => prop::sample::select(&b"\n\r"[..]),
    ];
    prop_oneof![
        prop::collection::vec(byte, 1..300),
        prop::collection::vec(prop::sample::select(&b"a,\"\r\n"[..]), 1..200),
        prop::collection::vec(
            prop::sample::select(vec![&b"\"x\"\"y\","[..], b"12,", b"\r\n", b"\n", b"\"a,\nb\","]),
            1..40
        )
        .prop_map(|parts| parts.concat()),
    ]
}

fn structures() -> impl Strategy<Value = Structure> {
    prop::sample::select(
        &[
            COMMA,
            Structure { delimiter: Some(b'\t'), quote: None },
            Structure { delimiter: None, quote: Some(b'\'') },
            Structure { delimiter: Some(0xff), quote: Some(b'a') },
        ][..],
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn scans_equal_the_naive_scan_on_every_kernel(
        text in structured_text(),
        previous in prop::option::of(prop::sample::select(&b"a,\"\r\n"[..])),
        structure in structures(),
    ) {
        let (outside, lines) = naive_scan(&text, previous, &structure, false);
        let (inside, _) = naive_scan(&text, previous, &structure, true);
        for kernel in Kernel::available() {
            for scan in with_padding(&text, |chunk| scan_chunk(kernel, chunk, previous, &structure)) {
                prop_assert_eq!(scan, ChunkScan { outside, inside, line_breaks: lines }, "{}", kernel);
            }
        }
    }

    #[test]
    fn indexes_equal_the_naive_index_on_every_kernel(
        text in structured_text(),
        next in prop::option::of(prop::sample::select(&b"a\n"[..])),
        structure in structures(),
    ) {
        let expected = naive_index(&text, next, &structure);
        for kernel in Kernel::available() {
            let found = with_padding(&text, |chunk| {
                let mut ends = Vec::new();
                index_fields(kernel, chunk, next, &structure, &mut ends);
                ends
            });
            for ends in found {
                prop_assert_eq!(&ends, &expected, "{}", kernel);
            }
        }
    }
}

#[test]
fn an_empty_chunk_changes_nothing() {
    let buffer = [0; 2 * PADDING];
    let chunk = Padded::new(&buffer, PADDING, PADDING).expect("padded");
    for kernel in Kernel::ALL {
        let scan = scan_chunk(kernel, chunk, Some(b'a'), &COMMA);
        assert!(!scan.outside.ends_inside && scan.inside.ends_inside);
        assert_eq!(scan.outside.record_ends, 0);
    }
}
