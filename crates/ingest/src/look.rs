//! Looking at a source without reading it whole: `head` and `sniff`.

use ingest_columnar::arrow::array::{Array, StringArray};
use ingest_infer::{DataType, Newline};
use ingest_source::{Compression, Source};

use crate::error::{Code, Error, Result};
use crate::options::{Infer, Options};
use crate::plan::sniff_source;
use crate::reader::Reader;
use crate::report::{Head, SniffReport};
use crate::sources::Sources;

/// Bytes looked at first for `head`; more only where records are long.
const HEAD_BYTES: usize = 1 << 20;

impl Reader {
    /// The first rows as the text that stands there. Reads no more than it needs, also of compressed sources; the types are
    /// those of these rows alone.
    ///
    /// # Errors
    /// As [`Reader::collect`].
    pub fn head(self, rows: usize) -> Result<Head> {
        let Reader { sources, options } = self;
        let source = first(sources, &options)?;
        let mut wanted = HEAD_BYTES;
        loop {
            let (text, complete) = whole_lines(&source, wanted)?;
            let look = |infer| {
                let limit = Some(options.limit.map_or(rows as u64, |limit| limit.min(rows as u64)));
                let options = Options { infer, limit, rejects: None, ..options.clone() };
                Reader { sources: Sources::bytes(source.name(), text.clone()), options }.collect()
            };
            let typed = match look(options.infer) {
                // A record that the look cuts short is no fault of the file's.
                Err(error) if !complete && error.position().is_some() && wanted < 1 << 30 => {
                    wanted *= 4;
                    continue;
                }
                other => other?,
            };
            if typed.num_rows() >= rows || complete {
                let as_text =
                    |typed: Vec<(String, DataType)>| typed.into_iter().map(|(name, _)| (name, DataType::Utf8));
                let options = Options {
                    infer: Infer::None,
                    limit: Some(typed.num_rows() as u64),
                    rejects: None,
                    types: as_text(options.types).collect(),
                    schema: options.schema.map(|schema| as_text(schema).collect()),
                    ..options
                };
                let text = Reader { sources: Sources::bytes(source.name(), text), options }.collect()?;
                return head_of(&typed, &text);
            }
            wanted *= 4;
        }
    }

    /// What the first source looks like, and why.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn sniff(self) -> Result<SniffReport> {
        let Reader { sources, options } = self;
        let source = first(sources, &options)?;
        let sniffed = sniff_source(&options, &source)?;
        let compression = match source.compression() {
            Compression::None => None,
            Compression::Gzip => Some("gzip".to_owned()),
            Compression::Zstd => Some("zstd".to_owned()),
        };
        let newline = match sniffed.newline {
            Newline::Lf => "lf",
            Newline::Crlf => "crlf",
            Newline::Cr => "cr",
            Newline::Mixed => "mixed",
        };
        Ok(SniffReport {
            delimiter: sniffed.dialect.delimiter.map(char::from),
            quote: sniffed.dialect.quote.map(char::from),
            escape: sniffed.dialect.escape.map(char::from),
            header: sniffed.header,
            encoding: "utf-8".to_owned(),
            compression,
            newline: newline.to_owned(),
            skip: sniffed.skip_lines,
            columns: sniffed.columns,
            confidence: sniffed.confidence,
            reasons: sniffed.reasons,
        })
    }
}

fn first(sources: Sources, options: &Options) -> Result<Source> {
    let mut opened = sources.open(options.access)?;
    if opened.is_empty() {
        return Err(Error::new(Code::NotFound, "no source was named"));
    }
    Ok(opened.swap_remove(0))
}

/// The start of a source up to a line end, and whether that is all of it.
fn whole_lines(source: &Source, wanted: usize) -> Result<(Vec<u8>, bool)> {
    let mut text = source.peek(wanted)?;
    let complete = text.len() < wanted;
    if !complete {
        let end = text.iter().rposition(|&byte| byte == b'\n').map_or(text.len(), |at| at + 1);
        text.truncate(end);
    }
    Ok((text, complete))
}

fn head_of(typed: &ingest_columnar::Frame, text: &ingest_columnar::Frame) -> Result<Head> {
    let fields = typed.schema().fields();
    let mut rows = Vec::new();
    for batch in text.batches() {
        let columns: Vec<&StringArray> =
            batch.columns().iter().filter_map(|column| column.as_any().downcast_ref()).collect();
        for row in 0..batch.num_rows() {
            let cell = |column: &&StringArray| column.is_valid(row).then(|| column.value(row).to_owned());
            rows.push(columns.iter().map(cell).collect());
        }
    }
    Ok(Head {
        names: fields.iter().map(|field| field.name().clone()).collect(),
        types: fields.iter().map(|field| ingest_columnar::type_name(field.data_type())).collect(),
        rows,
    })
}
