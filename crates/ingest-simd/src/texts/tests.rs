//! The copies against their twin.

use proptest::prelude::*;

use super::{TextBatch, copy_texts};
use crate::{Kernel, PADDING, Padded, Span, Validity};

/// What [`copy_texts`] makes of one field.
fn naive(raw: &[u8], quote: Option<u8>) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        text.push(byte);
        let doubled = Some(byte) == quote && after.first() == Some(&byte);
        rest = if doubled { &after[1..] } else { after };
    }
    text
}

#[derive(Debug, Default, PartialEq)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    validity: Validity,
}

fn fields() -> impl Strategy<Value = Vec<(String, bool)>> {
    let text = prop_oneof![r#"[ab"]{0,6}"#, r#"[a-z"]{0,200}"#, "[é한a]{0,40}", r#""{0,70}"#];
    prop::collection::vec((text, any::<bool>()), 0..200)
}

proptest! {
    #[test]
    fn copies_equal_the_naive_copy_on_every_kernel(
        fields in fields(),
        quote in prop::option::of(Just(b'"')),
        split in 0usize..200,
    ) {
        let (mut memory, mut spans, mut expected) = (vec![b'"'; PADDING], Vec::new(), Texts::default());
        for (text, quoted) in &fields {
            let start = (memory.len() - PADDING) as u32;
            memory.extend_from_slice(text.as_bytes());
            let end = (memory.len() - PADDING) as u32;
            memory.push(b'"');
            spans.push(if *quoted { Span::quoted(start, end, false) } else { Span::new(start, end) });
            expected.bytes.extend(naive(text.as_bytes(), quote.filter(|_| *quoted)));
            expected.ends.push(expected.bytes.len() as i32);
            expected.validity.push(u64::from(*quoted || !text.is_empty()), 1);
        }
        memory.extend_from_slice(&[b'"'; PADDING]);
        let block = Padded::new(&memory, PADDING, memory.len() - PADDING).expect("padded");
        for kernel in Kernel::available() {
            let mut found = Texts::default();
            let (first, second) = spans.split_at(split.min(spans.len()));
            for part in [first, second] {
                let Texts { bytes, ends, validity } = &mut found;
                let copied = copy_texts(kernel, block, part, quote, TextBatch { bytes, ends, validity });
                prop_assert!(copied);
            }
            prop_assert_eq!(&found, &expected, "{}", kernel);
        }
    }
}

#[test]
#[should_panic(expected = "inside its block")]
fn a_span_outside_the_block_is_refused() {
    let buffer = [0; 2 * PADDING + 2];
    let block = Padded::new(&buffer, PADDING, PADDING + 2).expect("padded");
    let mut texts = Texts::default();
    let out = TextBatch { bytes: &mut texts.bytes, ends: &mut texts.ends, validity: &mut texts.validity };
    let _ = copy_texts(Kernel::fastest(), block, &[Span::new(0, 3)], None, out);
}
