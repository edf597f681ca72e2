//! The layout's own answers; that they are those of the exact machine is tested in `ingest-parse`.

use super::*;
use crate::PADDING;

/// Text with padding that would be taken for more of it.
fn padded(text: &[u8]) -> Vec<u8> {
    [&[b'1'; PADDING][..], text, &[b'1'; PADDING]].concat()
}

fn follow_all(
    line: &str,
    members: &[(usize, usize, Option<u32>)],
    text: &str,
    columns: usize,
) -> Vec<(Followed, Vec<Span>)> {
    let layout = Layout::new(line.as_bytes(), members);
    let memory = padded(text.as_bytes());
    let block = Padded::new(&memory, PADDING, PADDING + text.len()).expect("padded on both sides");
    let answer = |kernel| {
        let mut row = vec![Span::default(); columns];
        (follow_record(kernel, block, 0, &layout, 0, &mut row), row)
    };
    Kernel::available().into_iter().map(answer).collect()
}

/// The answer of every kernel to one value in a record of one key.
fn value_of(value: &str) -> Option<Span> {
    let text = format!("{{\"a\":{value}}}\n");
    let answers = follow_all("{\"a\":1}", &[(5, 6, Some(0))], &text, 1);
    for (answer, row) in &answers {
        assert_eq!((answer, row), (&answers[0].0, &answers[0].1), "{value}");
    }
    match answers[0].0 {
        Followed::Record { lead: 0, end, next } => {
            assert_eq!((end, next), (text.len() - 1, text.len()));
            Some(answers[0].1[0])
        }
        Followed::Value { member: 0, at: 5 } => None,
        other => panic!("{value}: {other:?}"),
    }
}

#[test]
fn plain_values_are_fields() {
    for value in ["0", "-0", "7", "-12", "0.5", "-0.25", "10.00", "123456789012345", "-1.5", "true", "false"] {
        assert_eq!(value_of(value), Some(Span::new(5, 5 + value.len() as u32)), "{value}");
    }
    assert_eq!(value_of("null"), Some(Span::new(9, 9)));
    for length in 0..200 {
        let value = format!("\"{}\"", "é".repeat(length / 2) + &"x".repeat(length % 2));
        assert_eq!(value_of(&value), Some(Span::quoted(6, 4 + value.len() as u32, false)), "{value}");
    }
}

#[test]
fn other_values_are_left_to_the_machine() {
    for value in [
        "1e5",
        "1.5E-3",
        "1234567890123456",
        "01",
        "-01",
        "00.5",
        "1.",
        ".5",
        "-",
        "-.5",
        "1.2.3",
        "1..2",
        "+1",
        "tru",
        "truex",
        "nul",
        "{}",
        "[1]",
        "\"a\\n\"",
        "\"a\tb\"",
        "\"open",
        "1 ,",
        "1x",
        "",
        "12-3",
    ] {
        let is_left = |value| {
            let text = format!("{{\"a\":{value}}}\n");
            let answers = follow_all("{\"a\":1}", &[(5, 6, Some(0))], &text, 1);
            answers.iter().all(|(answer, _)| !matches!(answer, Followed::Record { .. }))
        };
        assert!(is_left(value), "{value}");
    }
}

#[test]
fn a_line_is_followed_to_its_end_and_no_further() {
    let line = " {\"id\": 1, \"a name of some length\" :\"x\" ,\"none\":[]}\t";
    let members = [(8, 9, Some(2)), (36, 39, None), (48, 50, Some(0))];
    let text = line.replace("[]", "true");
    for end in ["\n", "", "\n{"] {
        let text = format!("{text}{end}");
        for (answer, row) in follow_all(line, &members, &text, 3) {
            let length = line.len() + 2;
            assert_eq!(answer, Followed::Record { lead: 1, end: length - 1, next: text.len().min(length + 1) });
            assert_eq!(row, [Span::new(48, 52), Span::default(), Span::new(8, 9)]);
        }
    }
    for other in
        ["", "{\"id\": 1", "x", &text[..text.len() - 2], &text.replace("length", "lengtz"), &format!("{text}x\n")]
    {
        for (answer, _) in follow_all(line, &members, other, 3) {
            assert!(!matches!(answer, Followed::Record { .. }), "{other}: {answer:?}");
        }
    }
}

#[test]
fn reading_goes_on_behind_a_value() {
    let line = "{\"a\":1,\"b\":2}";
    let layout = Layout::new(line.as_bytes(), &[(5, 6, Some(0)), (11, 12, Some(1))]);
    let text = "{\"a\":{\"c\":[1,2]},\"b\":3}\n";
    let memory = padded(text.as_bytes());
    let block = Padded::new(&memory, PADDING, PADDING + text.len()).expect("padded on both sides");
    for kernel in Kernel::available() {
        let mut row = [Span::default(); 2];
        assert_eq!(follow_record(kernel, block, 0, &layout, 0, &mut row), Followed::Value { member: 0, at: 5 });
        let rest = follow_record(kernel, block, 16, &layout, 1, &mut row);
        assert_eq!(rest, Followed::Record { lead: 0, end: 23, next: 24 });
        assert_eq!(row, [Span::default(), Span::new(21, 22)]);
    }
}
