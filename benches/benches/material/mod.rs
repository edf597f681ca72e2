//! What the benches read: a shape's text between paddings, with its known answer.

use ingest_benches::{ColumnExpected, Expected, Shape, generate};
use ingest_simd::{PADDING, Padded};

/// Size of every text: far beyond the caches, and quick to make.
pub(crate) const TEXT_BYTES: u64 = 8 << 20;

/// A text and its answer.
pub(crate) struct Material {
    pub(crate) expected: Expected,
    memory: Vec<u8>,
}

impl Material {
    /// A text of this shape.
    pub(crate) fn new(shape: Shape) -> Self {
        let mut memory = vec![0; PADDING];
        let expected = generate(shape, TEXT_BYTES, 1, &mut memory).expect("memory takes any text");
        memory.resize(memory.len() + PADDING, 0);
        Material { expected, memory }
    }

    /// The text.
    pub(crate) fn text(&self) -> &[u8] {
        self.padded().bytes()
    }

    /// The text with its paddings.
    pub(crate) fn padded(&self) -> Padded<'_> {
        Padded::new(&self.memory, PADDING, self.memory.len() - PADDING).expect("padded on both sides")
    }

    /// The same table with CRLF at its line ends.
    #[allow(dead_code, reason = "not every bench has line ends of its own")]
    pub(crate) fn with_crlf(self) -> Self {
        let lines = self.text().split_inclusive(|byte| *byte == b'\n');
        let ends = lines.flat_map(|line| [line.strip_suffix(b"\n").unwrap_or(line), b"\r\n"]);
        let memory = [&[0; PADDING][..], &ends.collect::<Vec<_>>().concat(), &[0; PADDING]].concat();
        Material { expected: self.expected, memory }
    }

    /// Number and answer of a column.
    #[allow(dead_code, reason = "not every bench asks for single columns")]
    pub(crate) fn column(&self, name: &str) -> (usize, &ColumnExpected) {
        let columns = self.expected.columns.iter().enumerate();
        columns.into_iter().find(|(_, column)| column.name == name).expect("the shape has such a column")
    }
}
