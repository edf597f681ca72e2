//! The one options struct: the library's builder, the command line and Python fill in the same fields with the same
//! defaults.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ingest_columnar::{ColumnType, OnError};
use ingest_infer::DataType;
use ingest_parquet::{Codec, EncodingSet};
use ingest_parse::{Delimiter, Ragged};
use ingest_simd::Kernel;
use ingest_source::{Access, Compression, Encoding, SourceOptions, WebOptions};

use crate::error::{Code, Error};
use crate::filter::Filter;
use crate::partition_format::PartitionFormat;
use crate::schema::SchemaColumn;

/// How quotes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum QuoteMode {
    /// Misplaced quotes are errors.
    #[default]
    Strict,
    /// Misplaced quotes are text.
    Lenient,
    /// Every quote is text.
    None,
}

/// From what the types of columns without a given type are inferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Infer {
    /// From every record: exact.
    #[default]
    All,
    /// From nothing: every column is the unescaped text of its fields.
    None,
    /// From the first records; later values that do not fit follow [`Options::on_error`].
    First(u64),
}

/// How many bad values and records are borne before the run fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxErrors {
    /// A number of records.
    Count(u64),
    /// A share of the records read, 0–100.
    Percent(f64),
}

/// How the sources are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFormat {
    /// Delimited text.
    Csv,
    /// Delimited text whose fields are separated by tabs.
    Tsv,
    /// JSON: a record a line, an array of records, or records one after the other.
    Jsonl,
    /// Parquet.
    Parquet,
    /// Arrow IPC, a file (Feather too) or a stream.
    Arrow,
}

/// What is made of bytes that are no text in the encoding of their source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EncodingErrors {
    /// They are an error with their place, or rejected with their record.
    #[default]
    Fail,
    /// Each sequence of them becomes U+FFFD, the replacement character.
    Replace,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet.
    Parquet,
    /// Arrow IPC file (stream when written to a pipe).
    Arrow,
    /// Comma-separated text with a header.
    Csv,
    /// JSON, an object a line.
    Jsonl,
}

/// How far a run has come, for a progress display.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Bytes read from the sources as stored (compressed ones count as stored).
    pub bytes_done: u64,
    /// Their sum, where it is known.
    pub bytes_total: Option<u64>,
    /// Records finished.
    pub rows: u64,
}

/// A callback that is told of progress, from any thread, a few times a second at most.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// What must hold once all is read.
pub type AtEnd = Arc<dyn Fn() -> crate::Result<()> + Send + Sync>;

/// Everything that can be asked of a read. `Options::default()` is what every surface starts from.
#[derive(Clone)]
pub struct Options {
    /// How the sources are written; `None`: decided by content.
    pub input_format: Option<InputFormat>,
    /// How the sources are compressed; `None`: as their first bytes say.
    pub compression: Option<Compression>,
    /// How the text of the sources is encoded; `None`: UTF-8, unless their first bytes show another encoding, or the first
    /// megabyte cannot be UTF-8 and looks like one.
    pub encoding: Option<Encoding>,
    /// What is made of bytes that are no text in that encoding.
    pub encoding_errors: EncodingErrors,
    /// What separates fields; `None`: sniffed; `Some(None)`: nothing, one column.
    pub delimiter: Option<Option<Delimiter>>,
    /// What fields may be wrapped in; `None`: sniffed; `Some(None)`: nothing.
    pub quote: Option<Option<u8>>,
    /// What makes the next byte plain; `None`: sniffed; `Some(None)`: nothing.
    pub escape: Option<Option<u8>>,
    /// How quotes are read.
    pub quoting: QuoteMode,
    /// Lines that begin with it are skipped; `None`: sniffed; `Some(None)`: every line is a record.
    pub comment: Option<Option<u8>>,
    /// Whether the first record holds the names; `None`: decided by type, also whether several do.
    pub header: Option<bool>,
    /// Names of all columns, instead of the header's.
    pub names: Option<Vec<String>>,
    /// Lines before the header; `None`: sniffed.
    pub skip: Option<usize>,
    /// So many rows come before the first one of the result; types are inferred from them too.
    pub offset: u64,
    /// At most so many records; types are inferred from these alone.
    pub limit: Option<u64>,
    /// Only these columns, in this order. Those that are made of paths and row numbers come behind unless it names them; where it
    /// names some of folders, the others of these are left out.
    pub columns: Option<Vec<String>>,
    /// Whether sources may have different columns, or another order of them: those of one name are one column, and where a
    /// source does not have it, it is null. JSON is always read so.
    pub union_by_name: bool,
    /// All columns but these: those of the sources, and where they have none of that name, those that are made.
    pub drop: Vec<String>,
    /// Whether the folders on the sources' paths that are called `KEY=VALUE` make columns, behind the others.
    pub hive: bool,
    /// How the sources' paths are made up: what it names makes columns too, behind those of `hive`. A source whose path is not made
    /// up so is an error.
    pub partition_format: Option<PartitionFormat>,
    /// Only rows of which this holds. Types are those of the whole input all the same, settled by a pass of its own.
    pub filter: Option<Filter>,
    /// A column of this name, behind the others, says of each row what its source is called.
    pub path_column: Option<String>,
    /// A column of this name, behind the others, numbers the rows of the result, from 1.
    pub row_number: Option<String>,
    /// Names and types of all columns, and which of them hold no nulls: sources have these columns and no others, but for such as
    /// `columns` and `drop` leave out. It may name those that are made of paths and row numbers.
    pub schema: Option<Vec<SchemaColumn>>,
    /// Types of single columns.
    pub types: Vec<(String, DataType)>,
    /// Where the other columns' types come from.
    pub infer: Infer,
    /// Words that are null everywhere, instead of the default ones.
    pub null_values: Option<Vec<String>>,
    /// What is made of values that do not fit a given type.
    pub on_error: OnError,
    /// What is made of records with the wrong number of fields. By default they are faults, but where the first of them shows
    /// that the table has ended, what stands behind it is left out.
    pub ragged: Option<Ragged>,
    /// Where the rejects table is written; the format follows the extension (parquet, jsonl, csv).
    pub rejects: Option<PathBuf>,
    /// Only the records that this table of rejects names, each read by itself, as after a fix of the options; a record that is no
    /// longer what was rejected is an error.
    pub only_rejects: Option<PathBuf>,
    /// Replace an existing rejects table; [`WriteOptions::overwrite`] does so too.
    pub overwrite_rejects: bool,
    /// Beyond so many rejected records or nulled values the run fails; the rejects table appears all the same. No limit by
    /// default.
    pub max_errors: Option<MaxErrors>,
    /// Worker threads; `None`: one a core.
    pub threads: Option<usize>,
    /// Bound of the memory for work in progress, bytes.
    pub memory_limit: Option<u64>,
    /// A longer field is an error, bytes.
    pub max_field_bytes: u64,
    /// Where sources that cannot be read twice are spooled; `None`: the system's folder.
    pub temp_dir: Option<PathBuf>,
    /// How files of web servers are read.
    pub web: WebOptions,
    /// How files are read.
    pub access: Access,
    /// The kernel to use; `None`: `INGEST_KERNEL`, else the fastest.
    pub kernel: Option<Kernel>,
    /// Bytes of text a worker takes at a time; `None`: chosen. It never changes a result.
    pub chunk_bytes: Option<usize>,
    /// Set to true from elsewhere, the run ends soon with an error of kind `Interrupted`.
    pub cancel: Option<Arc<AtomicBool>>,
    /// Told of progress.
    pub on_progress: Option<OnProgress>,
    /// Asked when all is read, before any output appears; its error is that of the run.
    pub at_end: Option<AtEnd>,
}

/// The default of [`Options::max_field_bytes`]: 64 MiB, far above any cell made by hand, far below memory.
pub const MAX_FIELD_BYTES: u64 = 64 << 20;

impl Default for Options {
    fn default() -> Self {
        Options {
            input_format: None,
            compression: None,
            encoding: None,
            encoding_errors: EncodingErrors::Fail,
            delimiter: None,
            quote: None,
            escape: None,
            quoting: QuoteMode::Strict,
            comment: None,
            header: None,
            names: None,
            skip: None,
            offset: 0,
            limit: None,
            columns: None,
            union_by_name: false,
            drop: Vec::new(),
            hive: false,
            partition_format: None,
            filter: None,
            path_column: None,
            row_number: None,
            schema: None,
            types: Vec::new(),
            infer: Infer::All,
            null_values: None,
            on_error: OnError::Fail,
            ragged: None,
            rejects: None,
            only_rejects: None,
            overwrite_rejects: false,
            max_errors: None,
            threads: None,
            memory_limit: None,
            max_field_bytes: MAX_FIELD_BYTES,
            temp_dir: None,
            web: WebOptions::default(),
            access: Access::default(),
            kernel: None,
            chunk_bytes: None,
            cancel: None,
            on_progress: None,
            at_end: None,
        }
    }
}

impl Options {
    /// What decides about the output, as text: equal texts, equal outputs. How the work is done is left out.
    pub(crate) fn deciding(&self) -> String {
        let Options {
            input_format,
            compression,
            encoding,
            encoding_errors,
            delimiter,
            quote,
            escape,
            quoting,
            comment,
            header,
            names,
            skip,
            offset,
            limit,
            columns,
            union_by_name,
            drop,
            hive,
            partition_format,
            filter,
            path_column,
            row_number,
            schema,
            types,
            infer,
            null_values,
            on_error,
            ragged,
            rejects,
            only_rejects,
            memory_limit,
            max_field_bytes,
            max_errors: _,
            overwrite_rejects: _,
            threads: _,
            temp_dir: _,
            web: _,
            access: _,
            kernel: _,
            chunk_bytes: _,
            cancel: _,
            on_progress: _,
            at_end: _,
        } = self;
        let source = (input_format, compression, encoding, encoding_errors);
        let dialect = (delimiter, quote, escape, quoting, comment, header, names, skip);
        let rows = (offset, limit, filter, hive, partition_format, path_column, row_number, union_by_name);
        let columns = (columns, drop, schema, types, infer, null_values);
        let flaws = (on_error, ragged, rejects, only_rejects);
        format!("{source:?} {dialect:?} {rows:?} {columns:?} {flaws:?} {:?}", (memory_limit, max_field_bytes))
    }

    /// The types that the options give single columns; of several for one column, the last counts.
    pub(crate) fn given_types(&self) -> impl Iterator<Item = (&str, ColumnType)> {
        let of_schema = self.schema.iter().flatten().map(|column| (column.name.as_str(), column.kind()));
        of_schema
            .chain(self.types.iter().map(|(name, data_type)| (name.as_str(), ColumnType::given(data_type.clone()))))
    }

    /// The columns that hold no nulls, as the schema says.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        let columns = self.schema.iter().flatten().filter(|column| column.nullable == Some(false));
        columns.map(|column| column.name.as_str())
    }

    /// Lets columns keep their text, but for what a filter has to know of them.
    pub(crate) fn keep_text(&mut self) {
        let infer = std::mem::replace(&mut self.infer, Infer::None);
        self.filter.iter_mut().for_each(|filter| filter.infer_by(infer));
    }

    /// The same for text that was taken from the sources: it is decoded already.
    pub(crate) fn for_decoded_text(self) -> Options {
        Options {
            compression: Some(Compression::None),
            encoding: Some(Encoding::UTF_8),
            encoding_errors: EncodingErrors::Fail,
            ..self
        }
    }

    /// How sources are opened.
    pub(crate) fn of_sources(&self) -> SourceOptions {
        let usual = SourceOptions::default();
        let most = self.memory_limit.map_or(u64::MAX, |limit| limit / 2);
        let window_bytes_max = usual.window_bytes_max.min(most);
        SourceOptions {
            access: self.access,
            compression: self.compression,
            encoding: self.encoding,
            replaces_bad_text: self.encoding_errors == EncodingErrors::Replace,
            window_bytes_max,
            temp_dir: self.temp_dir.clone(),
            web: self.web.clone(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("delimiter", &self.delimiter)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Everything that can be asked of a written file.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// What is written; `None`: by the file's extension.
    pub format: Option<Format>,
    /// Parquet's compression.
    pub codec: Codec,
    /// Parquet's encodings.
    pub encoding_set: EncodingSet,
    /// Columns of a Parquet file that get a Bloom filter in each row group: readers who look for one value pass over groups
    /// without it. Columns of booleans get none. In other formats it means nothing.
    pub bloom: Vec<String>,
    /// Bound of a Parquet row group, in bytes of the columns in memory; `None`: 64 MiB, less under a memory limit.
    pub row_group_bytes: Option<u64>,
    /// Columns by whose values the rows are sorted into folders `KEY=VALUE`, which hold Parquet files with the other columns;
    /// the output is the folder of these folders.
    pub partition_by: Vec<String>,
    /// Parquet is written into a folder of files, each of which gets no further row group that would make it larger, bytes. The
    /// first one of a file may be.
    pub max_file_bytes: Option<u64>,
    /// Replace an existing file.
    pub overwrite: bool,
    /// Go on with what an earlier run of the same conversion had written when it was killed, and leave what this one has written
    /// where it is interrupted or the disk is full. Into one file of Parquet, delimited text or JSON lines, from files; otherwise,
    /// and where sources or options are others, the conversion begins anew. The file is the same either way.
    pub resume: bool,
}

impl WriteOptions {
    /// What decides about the output, as text: equal texts, equal outputs.
    pub(crate) fn deciding(&self) -> String {
        let WriteOptions {
            format,
            codec,
            encoding_set,
            bloom,
            row_group_bytes,
            partition_by,
            max_file_bytes,
            overwrite: _,
            resume: _,
        } = self;
        format!("{:?}", (format, codec, encoding_set, bloom, row_group_bytes, partition_by, max_file_bytes))
    }

    /// Whether the output is a folder of files.
    pub(crate) fn is_folder(&self) -> bool {
        !self.partition_by.is_empty() || self.max_file_bytes.is_some()
    }
}

impl Format {
    /// The format that a path's extension names, if any.
    pub fn of_path(path: &std::path::Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "parquet" | "pq" => Some(Format::Parquet),
            "arrow" | "feather" | "ipc" => Some(Format::Arrow),
            "csv" => Some(Format::Csv),
            "jsonl" | "ndjson" => Some(Format::Jsonl),
            _ => None,
        }
    }
}

/// Checks that no two of the characters that carry structure are the same, and that none ends lines. An escape that is the
/// quote is fine: quotes may be doubled anyway.
pub(crate) fn check_characters(
    delimiter: Option<Delimiter>,
    quote: Option<u8>,
    escape: Option<u8>,
    comment: Option<u8>,
) -> crate::Result<()> {
    let escape = escape.filter(|_| escape != quote);
    let delimiter = delimiter.as_ref().map_or(&[][..], Delimiter::as_bytes);
    let others = [("--quote", quote.as_slice()), ("--escape", escape.as_slice()), ("--comment", comment.as_slice())];
    let given = [&[("--delimiter", delimiter)], &others[..]].concat();
    for (number, &(option, bytes)) in given.iter().enumerate() {
        if bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(Error::new(Code::Usage, format!("{option}: a line end always ends the record"))
                .hint("it takes another character, or none"));
        }
        let is_in = |earlier: &[u8]| bytes.iter().any(|byte| earlier.contains(byte));
        if let Some((other, earlier)) = given[..number].iter().find(|(_, earlier)| is_in(earlier)) {
            let text = String::from_utf8_lossy(bytes);
            let message = match earlier.len() {
                1 => format!("{other} and {option} are both {text:?}"),
                _ => format!("{other} {:?} holds {text:?}, which is {option}", String::from_utf8_lossy(earlier)),
            };
            return Err(Error::new(Code::Usage, message).hint(format!("give {option} another character, or none")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_clash_are_refused() {
        let code = |delimiter: char, quote, escape, comment| {
            let byte = |character: char| (character != ' ').then_some(character as u8);
            check_characters(byte(delimiter).map(Delimiter::byte), byte(quote), byte(escape), byte(comment))
                .err()
                .map(|error| error.code())
        };
        let clashes = [
            (',', ',', ' ', ' '),
            (',', '"', ',', ' '),
            (',', '"', ' ', ','),
            (',', '"', ' ', '"'),
            (',', '"', '#', '#'),
            ('\n', '"', ' ', ' '),
            (',', '\r', ' ', ' '),
            (',', '"', '\n', ' '),
            (',', '"', ' ', '\n'),
        ];
        for (delimiter, quote, escape, comment) in clashes {
            assert_eq!(
                code(delimiter, quote, escape, comment),
                Some(Code::Usage),
                "{delimiter}{quote}{escape}{comment}"
            );
        }
        assert_eq!(code(',', '"', '\\', '#'), None);
        assert_eq!(code(',', '"', '"', ' '), None);
        assert_eq!(code(' ', ' ', ' ', ' '), None);
        let long = |text: &[u8]| check_characters(Delimiter::new(text), Some(b'"'), None, None);
        assert!(long(b"||").is_ok() && long("¦".as_bytes()).is_ok());
        assert_eq!(long(b"|\n").unwrap_err().code(), Code::Usage);
        let error = long(b"\",\"").unwrap_err().to_string();
        assert!(error.contains("holds \"\\\"\", which is --quote"), "{error}");
    }
}
