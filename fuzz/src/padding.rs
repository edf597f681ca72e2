//! Bytes with paddings that would mislead a kernel that looked at them.

use ingest_simd::{PADDING, Padded};

/// Calls `act` with `text` between paddings of line ends, quotes, delimiters and digits, one after the other.
pub fn with_paddings(text: &[u8], mut act: impl FnMut(Padded<'_>)) {
    for around in [b'\n', b'"', b',', b'\r', b'7'] {
        let memory = [&[around; PADDING][..], text, &[around; PADDING]].concat();
        act(Padded::new(&memory, PADDING, PADDING + text.len()).expect("padded on both sides"));
    }
}
