//! The options for reading, in groups; each fills fields of the library's one options struct. A command flattens the groups
//! that mean something to it, and no others.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use ingest::{
    Character, Code, DataType, Encoding, EncodingErrors, Error, Filter, Infer, InputFormat, MaxErrors, OnError,
    Options, PartitionFormat, QuoteMode, Ragged, Reader, Result, SchemaColumn, Separator, UnknownEncoding,
};

use ingest_dataset::Workspace;

use crate::interrupt;
use crate::progress::Progress;
use crate::size;
use crate::storage::{self, StorageOption};
use crate::words::{List, joined, names, one_of};

/// How the input is read by the commands that look at its values.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    rows: RowArgs,
    #[command(flatten)]
    columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) types: TypeArgs,
    #[command(flatten)]
    nulls: NullArgs,
    #[command(flatten)]
    pub(crate) faults: FaultArgs,
    #[command(flatten)]
    ragged: RaggedArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    web: WebArgs,
}

/// How the input is read where only the number of its records matters.
#[derive(Debug, Args)]
pub(crate) struct CountArgs {
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    rows: RowArgs,
    #[command(flatten)]
    nulls: NullArgs,
    #[command(flatten)]
    faults: FaultArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    web: WebArgs,
}

/// How the input is read where only its form matters.
#[derive(Debug, Args)]
pub(crate) struct SniffArgs {
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    nulls: NullArgs,
    #[command(flatten)]
    web: WebArgs,
}

impl ReadArgs {
    /// The library's options: what was asked for, the progress display and Ctrl-C.
    ///
    /// # Errors
    /// The schema file cannot be read, or what was given is no schema.
    pub(crate) fn options(&self, progress: &Progress) -> Result<Options> {
        let mut options = watched(progress);
        self.dialect.fill(&mut options);
        self.rows.fill(&mut options);
        self.columns.fill(&mut options);
        self.types.fill(&mut options)?;
        self.nulls.fill(&mut options);
        self.faults.fill(&mut options);
        self.ragged.fill(&mut options);
        self.limits.fill(&mut options);
        self.web.fill(&mut options);
        Ok(options)
    }
}

impl CountArgs {
    /// The library's options, as [`ReadArgs::options`].
    pub(crate) fn options(&self, progress: &Progress) -> Options {
        let mut options = watched(progress);
        self.dialect.fill(&mut options);
        self.rows.fill(&mut options);
        self.nulls.fill(&mut options);
        self.faults.fill(&mut options);
        self.limits.fill(&mut options);
        self.web.fill(&mut options);
        options
    }
}

impl SniffArgs {
    /// The library's options, as [`ReadArgs::options`].
    pub(crate) fn options(&self, progress: &Progress) -> Options {
        let mut options = watched(progress);
        self.dialect.fill(&mut options);
        self.nulls.fill(&mut options);
        self.web.fill(&mut options);
        options
    }
}

/// The defaults, with the progress display and Ctrl-C.
fn watched(progress: &Progress) -> Options {
    Options { cancel: Some(interrupt::flag()), on_progress: progress.listener(), ..Options::default() }
}

/// How a source begins that is a dataset; a file of such a name is `./dataset:x`.
const DATASET: &str = "dataset:";

/// The sources, to be read as the options say.
pub(crate) fn open(sources: &[String], options: Options) -> Result<Reader> {
    let Some(name) = sources.iter().find_map(|source| source.strip_prefix(DATASET)) else {
        return Ok(ingest::read(sources.to_vec())?.options(options));
    };
    if sources.len() > 1 {
        let message = format!("{DATASET}{name} is a table of its own, and cannot be read with other sources");
        return Err(Error::new(Code::Usage, message).hint("name it alone"));
    }
    let workspace = Workspace::find()?;
    workspace.open_table(&workspace.get(&name.parse()?)?, &options)
}

/// How the text is cut into records and fields.
#[derive(Debug, Args)]
#[command(next_help_heading = "How the file is written")]
pub(crate) struct DialectArgs {
    /// What the source is: csv and tsv are delimited text, jsonl is JSON by lines or in an array [default: by content].
    #[arg(long, value_name = "FORMAT", value_parser = one_of::<InputFormat>(&["csv", "tsv", "jsonl", "parquet", "arrow"]))]
    input_format: Option<InputFormat>,

    /// How the sources are compressed: auto goes by their first bytes, whatever they are called.
    #[arg(long, value_name = "HOW", value_parser = ["auto", "none", "gzip", "zstd", "bzip2", "xz", "lz4", "lzma"], default_value = "auto")]
    compression: String,

    /// How the text is encoded: utf-8, utf-16le, iso-8859-1, windows-1252, euc-kr, shift_jis, gb18030, big5 and so on; auto sees
    /// UTF-16 and UTF-32, takes text that cannot be UTF-8 for what it looks like, and says so.
    #[arg(long, value_name = "auto|LABEL", value_parser = encoding, default_value = "auto")]
    encoding: String,

    /// What becomes of bytes that are no text in that encoding: an error with their place, or the replacement character.
    #[arg(long, value_name = "WHAT", value_parser = one_of::<EncodingErrors>(&["fail", "replace"]), default_value = "fail")]
    encoding_errors: EncodingErrors,

    /// What separates fields: the character itself or several, tab, \t or none [default: sniffed].
    #[arg(short, long, value_name = "CHARS", allow_hyphen_values = true)]
    delimiter: Option<Separator>,

    /// What fields may be wrapped in: the character itself or none [default: sniffed].
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    quote: Option<Character>,

    /// What makes the next character plain text: the character itself or none [default: sniffed].
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    escape: Option<Character>,

    /// What becomes of misplaced quotes: an error, text; none takes every quote as text.
    #[arg(long, value_name = "HOW", value_parser = one_of::<QuoteMode>(&["strict", "lenient", "none"]), default_value = "strict")]
    quoting: QuoteMode,

    /// Skip lines that begin with this character; none reads every line [default: sniffed].
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    comment: Option<Character>,

    /// Whether the first record holds the names; auto decides by the types below it, also whether several records do.
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "yes", "no"], default_value = "auto")]
    header: String,

    /// Lines before the header [default: sniffed].
    #[arg(long, value_name = "N")]
    skip: Option<usize>,
}

impl DialectArgs {
    fn fill(&self, options: &mut Options) {
        options.input_format = self.input_format;
        // The only word that names none is auto.
        options.compression = self.compression.parse().ok();
        options.encoding = self.encoding.parse().ok();
        options.encoding_errors = self.encoding_errors;
        options.delimiter = self.delimiter.map(|Separator(delimiter)| delimiter);
        options.quote = self.quote.map(|Character(byte)| byte);
        options.escape = self.escape.map(|Character(byte)| byte);
        options.comment = self.comment.map(|Character(byte)| byte);
        options.quoting = self.quoting;
        options.header = match self.header.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        options.skip = self.skip;
    }
}

/// The heading of the options about records and columns.
const WHAT_IS_READ: &str = "What is read";

/// Which records are read.
#[derive(Debug, Args)]
#[command(next_help_heading = WHAT_IS_READ)]
pub(crate) struct RowArgs {
    /// Only rows of which this holds, as "price > 3 and city in ('Rom', 'Wien')"; types stay those of all rows [default: all].
    #[arg(long = "where", value_name = "CONDITION")]
    filter: Option<Filter>,

    /// Leave out so many rows before the first one of the result [default: 0].
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    offset: u64,

    /// At most so many records; types are inferred from these alone [default: all].
    #[arg(short, long, value_name = "N")]
    limit: Option<u64>,
}

impl RowArgs {
    fn fill(&self, options: &mut Options) {
        options.filter.clone_from(&self.filter);
        options.offset = self.offset;
        options.limit = self.limit;
    }
}

/// Which columns are read, and what they are called.
#[derive(Debug, Args)]
#[command(next_help_heading = WHAT_IS_READ)]
pub(crate) struct ColumnArgs {
    /// The names of all columns, in place of the header's [default: the header's, else column_1 ...].
    #[arg(long, value_name = "A,B", value_parser = names, allow_hyphen_values = true)]
    names: Vec<List>,

    /// Only these columns, in this order; those of --hive, --path-column and the like come behind unless they are named [default: all].
    #[arg(short, long, value_name = "A,B", value_parser = names, allow_hyphen_values = true)]
    columns: Vec<List>,

    /// Join the columns of several sources by their names, whatever their order; one that a source does not have is null there
    /// [default: all sources have the same columns in the same order].
    #[arg(long)]
    union_by_name: bool,

    /// All columns but these [default: none].
    #[arg(long, value_name = "A,B", value_parser = names, allow_hyphen_values = true)]
    drop: Vec<List>,

    /// Add a column for each folder on the way to the sources that is called KEY=VALUE, as year=2024 [default: none].
    #[arg(long)]
    hive: bool,

    /// Add a column for each {name} or {name:yyyy/MM/dd} in how the sources' paths end, as '{city}/{day:yyyy-MM-dd}/*.csv'; * is
    /// any text [default: none].
    #[arg(long, value_name = "PATTERN")]
    partition_format: Option<PartitionFormat>,

    /// Add a column of this name that says of each row which source it is from [default: none].
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    path_column: Option<String>,

    /// Add a column of this name that numbers the rows of the result, from 1 [default: none].
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    row_number: Option<String>,
}

impl ColumnArgs {
    fn fill(&self, options: &mut Options) {
        options.names = joined(&self.names);
        options.columns = joined(&self.columns);
        options.union_by_name = self.union_by_name;
        options.drop = joined(&self.drop).unwrap_or_default();
        options.hive = self.hive;
        options.partition_format = self.partition_format.clone();
        options.path_column.clone_from(&self.path_column);
        options.row_number.clone_from(&self.row_number);
    }
}

/// The heading of the options about types.
const TYPES: &str = "Types";

/// Which types the columns get.
#[derive(Debug, Args)]
#[command(next_help_heading = TYPES)]
pub(crate) struct TypeArgs {
    /// Names and types of all columns that are read: a file as `schema --json` prints it, or text as 'a:int64,b:utf8'. A column that the
    /// source does not have, or the schema, is an error, and so is a null where the file says "nullable": false [default: inferred].
    #[arg(long, value_name = "FILE|TEXT", value_hint = ValueHint::FilePath)]
    pub(crate) schema: Option<String>,

    /// The type of one column; may be repeated [default: inferred].
    #[arg(long = "type", value_name = "COL=TYPE", value_parser = typed_column)]
    types: Vec<(String, DataType)>,

    /// What the other types are inferred from: all records (exact), none (all text), or the first N.
    #[arg(long, value_name = "all|none|N", default_value = "all")]
    infer: Infer,
}

/// What is null.
#[derive(Debug, Args)]
#[command(next_help_heading = TYPES)]
pub(crate) struct NullArgs {
    /// Words that are null in every column [default: NA, NULL, nan and their like, in columns that are not text].
    #[arg(long, value_name = "A,B", allow_hyphen_values = true)]
    null_values: Vec<List>,
}

impl TypeArgs {
    fn fill(&self, options: &mut Options) -> Result<()> {
        options.schema = self.schema.as_deref().map(schema).transpose()?;
        options.types.clone_from(&self.types);
        options.infer = self.infer;
        Ok(())
    }
}

impl NullArgs {
    fn fill(&self, options: &mut Options) {
        options.null_values = joined(&self.null_values);
    }
}

/// The heading of the options about faults.
const FAULTS: &str = "Bad values and records";

/// What becomes of values that do not fit, and of broken records.
#[derive(Debug, Args)]
#[command(next_help_heading = FAULTS)]
pub(crate) struct FaultArgs {
    /// What becomes of a value that does not fit a given type: an error, a null, or its record is rejected, as broken
    /// records are then too [default: fail].
    #[arg(long, value_name = "WHAT", value_parser = one_of::<OnError>(&["fail", "null", "reject"]))]
    pub(crate) on_error: Option<OnError>,
}

/// What becomes of records with another number of fields than there are columns.
#[derive(Debug, Args)]
#[command(next_help_heading = FAULTS)]
pub(crate) struct RaggedArgs {
    /// What becomes of records with too few or too many fields [default: fail, but remarks and tables behind the table are left out].
    #[arg(long, value_name = "WHAT", value_parser = one_of::<Ragged>(&["fail", "pad", "truncate", "reject"]))]
    ragged: Option<Ragged>,
}

/// What becomes of the rejects, where there is a result that they are missing in.
#[derive(Debug, Args)]
#[command(next_help_heading = FAULTS)]
pub(crate) struct RejectsArgs {
    /// Write the rejects, with place and reason, to this file, .csv, .jsonl or .parquet [default: only counted].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rejects: Option<PathBuf>,

    /// Read nothing but the records that this table of rejects names, as after a fix of the options; the sources are named as they
    /// were when it was written [default: all records].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    only_rejects: Option<PathBuf>,

    /// Fail beyond so many bad records: a number, or a share as 0.5%; the table of --rejects is written all the same
    /// [default: no limit].
    #[arg(long, value_name = "N|P%")]
    max_errors: Option<MaxErrors>,
}

impl FaultArgs {
    fn fill(&self, options: &mut Options) {
        options.on_error = self.on_error.unwrap_or(OnError::Fail);
    }
}

impl RaggedArgs {
    fn fill(&self, options: &mut Options) {
        options.ragged = self.ragged;
    }
}

impl RejectsArgs {
    /// Fills in where the rejects go; `overwrite`: an existing table may be replaced.
    pub(crate) fn fill(&self, options: &mut Options, overwrite: bool) {
        options.overwrite_rejects = overwrite;
        options.rejects.clone_from(&self.rejects);
        options.only_rejects.clone_from(&self.only_rejects);
        options.max_errors = self.max_errors;
    }
}

/// What the run may use of the machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Worker threads [default: one a core].
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// Memory for work in progress, as 512MiB; a narrow one bounds the threads too [default: by the number of threads].
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    memory_limit: Option<u64>,

    /// A longer field is an error.
    #[arg(long, value_name = "SIZE", value_parser = size::parse, default_value = "64MiB")]
    max_field_bytes: u64,

    /// Where input that cannot be read twice is kept meanwhile [default: the system's folder for such files].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    temp_dir: Option<PathBuf>,
}

impl LimitArgs {
    fn fill(&self, options: &mut Options) {
        options.threads = self.threads.map(usize::from);
        options.memory_limit = self.memory_limit;
        options.max_field_bytes = self.max_field_bytes;
        options.temp_dir.clone_from(&self.temp_dir);
    }
}

/// How sources at web addresses are fetched.
#[derive(Debug, Args)]
#[command(next_help_heading = "Web addresses")]
pub(crate) struct WebArgs {
    /// Ask no server: read what was kept of http:// and https:// sources when they were last read.
    #[arg(long)]
    offline: bool,

    /// How they are fetched and kept: cache=DIR and cache-bytes=SIZE (where, and at most how much), retries=N, timeout=TIME (of
    /// silence), time-limit=TIME (in all), ca=FILE (certificates to trust, beside the system's) [default: ~/.cache/ingest, 16GiB, 6,
    /// 60s, none, none].
    #[arg(long = "storage-option", value_name = "K=V", value_parser = storage::parse)]
    storage: Vec<StorageOption>,
}

impl WebArgs {
    /// The library's options for what is done with files alone: these, and Ctrl-C.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options { cancel: Some(interrupt::flag()), ..Options::default() };
        self.fill(&mut options);
        options
    }

    /// The same as arguments for another process.
    pub(crate) fn as_typed(&self) -> Vec<String> {
        let offline = self.offline.then(|| "--offline".to_owned());
        let storage = self.storage.iter().map(|option| format!("--storage-option={}", option.typed));
        offline.into_iter().chain(storage).collect()
    }

    pub(crate) fn fill(&self, options: &mut Options) {
        options.web.offline = self.offline;
        self.storage.iter().for_each(|option| option.fill(&mut options.web));
    }
}

/// The word, if it is auto or names an encoding.
fn encoding(word: &str) -> std::result::Result<String, UnknownEncoding> {
    if word != "auto" {
        word.parse::<Encoding>()?;
    }
    Ok(word.to_owned())
}

fn typed_column(text: &str) -> std::result::Result<(String, DataType), String> {
    ingest::parse_typed_name(text, '=')
}

/// A schema from a file, if there is one of that name, else from the text itself.
pub(crate) fn schema(given: &str) -> Result<Vec<SchemaColumn>> {
    let path = Path::new(given);
    let text = if path.is_file() {
        std::fs::read_to_string(path).map_err(|e| unreadable(given, e))?
    } else {
        given.to_owned()
    };
    ingest::parse_schema(&text).map_err(|reason| not_a_schema(given, path.is_file(), &reason))
}

fn unreadable(given: &str, error: std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::PermissionDenied => Code::AccessDenied,
        _ => Code::Io,
    };
    Error::new(code, format!("cannot read the schema file {given}: {error}")).caused_by(error)
}

/// The hint of every error about a schema.
pub(crate) const SCHEMA_FORMS: &str =
    "--schema takes text as 'a:int64,b:utf8', or a file that holds this or what `ingest schema --json` prints";

fn not_a_schema(given: &str, is_file: bool, reason: &str) -> Error {
    let looks_like_text = given.contains(':') || given.trim_start().starts_with('{');
    let error = match (is_file, looks_like_text) {
        (true, _) => Error::new(Code::Usage, format!("the file {given} holds no schema: {reason}")),
        (false, true) => Error::new(Code::Usage, format!("--schema: {reason}")),
        (false, false) => Error::new(Code::NotFound, format!("no schema file {given}")),
    };
    error.hint(SCHEMA_FORMS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Console;
    use clap::Parser;
    use ingest::Compression;
    use ingest::Delimiter;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        read: ReadArgs,
        #[command(flatten)]
        rejects: RejectsArgs,
    }

    fn filled(words: &[&str]) -> Options {
        let only = Only::try_parse_from(std::iter::once(&"test").chain(words)).expect("options");
        let silent = Progress::start(&Console::new(true, false));
        let mut options = only.read.options(&silent).expect("types");
        only.rejects.fill(&mut options, false);
        options
    }

    #[test]
    fn no_option_means_the_default_of_the_library() {
        let (ours, theirs) = (filled(&[]), Options::default());
        assert_eq!((ours.input_format, ours.compression), (theirs.input_format, theirs.compression));
        assert_eq!((ours.encoding, ours.encoding_errors), (theirs.encoding, theirs.encoding_errors));
        assert_eq!((ours.delimiter, ours.quote, ours.escape), (theirs.delimiter, theirs.quote, theirs.escape));
        assert_eq!((ours.quoting, ours.comment, ours.header), (theirs.quoting, theirs.comment, theirs.header));
        assert_eq!((ours.names, ours.skip, ours.limit), (theirs.names, theirs.skip, theirs.limit));
        assert_eq!((ours.columns, ours.drop, ours.schema), (theirs.columns, theirs.drop, theirs.schema));
        assert_eq!((ours.path_column, ours.row_number), (theirs.path_column, theirs.row_number));
        assert_eq!((ours.types, ours.infer, ours.null_values), (theirs.types, theirs.infer, theirs.null_values));
        assert_eq!((ours.on_error, ours.ragged, ours.rejects), (theirs.on_error, theirs.ragged, theirs.rejects));
        assert_eq!((ours.overwrite_rejects, &ours.only_rejects), (theirs.overwrite_rejects, &theirs.only_rejects));
        assert_eq!((ours.max_errors, ours.threads), (theirs.max_errors, theirs.threads));
        assert_eq!((ours.memory_limit, ours.max_field_bytes), (theirs.memory_limit, theirs.max_field_bytes));
        assert_eq!(ours.temp_dir, theirs.temp_dir);
    }

    #[test]
    fn every_option_reaches_its_field() {
        let options = filled(&["-d", "tab", "--quote", "'", "--escape", "none", "--comment", "#", "--header", "no"]);
        assert_eq!((options.delimiter, options.quote), (Some(Some(Delimiter::byte(b'\t'))), Some(Some(b'\''))));
        assert_eq!((options.escape, options.comment, options.header), (Some(None), Some(Some(b'#')), Some(false)));
        let options =
            filled(&["--names", "a,\"b,c\"", "--skip", "2", "-l", "9", "-c", "a", "-c", "b", "--drop", "x,y"]);
        assert_eq!(options.names, Some(vec!["a".to_owned(), "b,c".to_owned()]));
        assert_eq!((options.skip, options.limit), (Some(2), Some(9)));
        assert_eq!(options.columns, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(options.drop, ["x", "y"]);
        assert_eq!(filled(&["--compression", "xz"]).compression, Some(Compression::Xz));
        let options = filled(&["--encoding", "cp949", "--encoding-errors", "replace"]);
        assert_eq!(options.encoding, Some("euc-kr".parse().expect("an encoding")));
        assert_eq!(options.encoding_errors, EncodingErrors::Replace);
        assert_eq!(filled(&["--compression", "none"]).compression, Some(Compression::None));
        let options = filled(&["--path-column", "from", "--row-number", "row"]);
        assert_eq!((options.path_column.as_deref(), options.row_number.as_deref()), (Some("from"), Some("row")));
        let options = filled(&["--type", "a=int64", "--type", "b=utf8", "--infer", "10", "--null-values", "-,-999"]);
        assert_eq!(options.types, [("a".to_owned(), DataType::Int64), ("b".to_owned(), DataType::Utf8)]);
        assert_eq!((options.infer, options.null_values), (Infer::First(10), Some(vec!["-".into(), "-999".into()])));
        let options = filled(&["--on-error", "null", "--ragged", "pad", "--rejects", "r.csv", "--max-errors", "5%"]);
        assert_eq!((options.on_error, options.ragged), (OnError::Null, Some(Ragged::Pad)));
        assert_eq!((options.rejects, options.max_errors), (Some("r.csv".into()), Some(MaxErrors::Percent(5.0))));
        assert_eq!(filled(&["--only-rejects", "bad.csv"]).only_rejects, Some("bad.csv".into()));
        let options = filled(&["-j", "3", "--memory-limit", "1G", "--max-field-bytes", "1K", "--temp-dir", "/x"]);
        assert_eq!((options.threads, options.memory_limit), (Some(3), Some(1 << 30)));
        assert_eq!((options.max_field_bytes, options.temp_dir), (1024, Some("/x".into())));
        assert_eq!(filled(&["--quoting", "lenient"]).quoting, QuoteMode::Lenient);
        assert_eq!(filled(&["--schema", "a:int64"]).schema, Some(vec![("a".to_owned(), DataType::Int64).into()]));
    }

    #[test]
    fn what_is_no_schema_is_told_apart() {
        assert_eq!(schema("missing.json").unwrap_err().code(), Code::NotFound);
        assert_eq!(schema("a:int").unwrap_err().code(), Code::Usage);
        assert!(schema("a:int").unwrap_err().message().contains("int64"));
    }
}
