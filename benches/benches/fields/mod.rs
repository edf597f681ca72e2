//! The fields of one column as the engine meets them: in batches that fit in the cache, one column at a time.

use ingest_parse::{Batch, Dialect, Ragged, Shape, Span};
use ingest_simd::{Kernel, Padded};

use crate::material::Material;

/// Text in a batch: with its index it stays in the L2 cache, as in the engine.
const BATCH_BYTES: usize = 96 << 10;

/// One column, batch by batch, its header left out.
pub(crate) struct Fields<'m> {
    pub(crate) batches: Vec<(Padded<'m>, Vec<Span>)>,
    /// Bytes in the fields alone.
    pub(crate) bytes: u64,
}

impl<'m> Fields<'m> {
    /// The fields of column number `column`.
    pub(crate) fn new(material: &'m Material, column: usize) -> Self {
        let shape = Shape { columns: material.expected.columns.len(), ragged: Ragged::Fail };
        let structure = Dialect::default().structure();
        let header = material.text().iter().position(|byte| *byte == b'\n').expect("a header") + 1;
        let text = material.padded().slice(header, material.text().len());
        let (mut batches, mut batch, mut at) = (Vec::new(), Batch::default(), 0);
        while at < text.len() {
            let rest = text.slice(at, text.len());
            let read = batch.read_regular(Kernel::fastest(), rest, BATCH_BYTES, None, &structure, shape);
            let part = rest.slice(0, read);
            let mut spans = Vec::new();
            batch.column(part.bytes(), column, &mut spans);
            batches.push((part, spans));
            at += read;
        }
        let bytes = batches.iter().flat_map(|(_, spans)| spans).map(|span| span.len() as u64).sum();
        Fields { batches, bytes }
    }
}
