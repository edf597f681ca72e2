//! What is to be done, settled before the first block is parsed: dialect, columns, where the data begins.

mod filter;
mod json;
mod made;
mod tables;
mod union;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ingest_columnar::{ColumnType, Fields, OnError, Quotes, Rules};
use ingest_infer::{DataType, Hints, NullWords, Sniffed, Summary, name_columns, sniff};
use ingest_parse::json::Framing;
use ingest_parse::{Batch, Cells, Dialect, Quoting, Ragged, RawRecord, Shape, Span, invalid_utf8, read_records};
use ingest_simd::{Kernel, PADDING, Padded, Structure};
use ingest_source::{Block, Encoding, Source};

use crate::error::{Code, Error, Position, Result};
use crate::flaw::{FlawKind, bad_text_hint, excerpt, size_label};
use crate::options::{Infer, InputFormat, Options, QuoteMode, check_characters};
use crate::region::observe;
use crate::tables::{Table, TableFormat};

pub(crate) use filter::{FilterColumn, Place as ColumnPlace, PlannedFilter};
pub(crate) use filter::{Types, types_of_all};
pub(crate) use json::{JsonPlan, json_start};
use made::MadeColumn;
pub(crate) use tables::open as open_table;
pub(crate) use union::Layout;
use union::Union;

/// Decoded bytes that are looked at before anything is decided.
pub(crate) const SAMPLE_BYTES: usize = 1 << 20;

/// A header of 50,000 long names is longer than the sample; beyond this it is no header. What is looked at is held some times
/// over, so that less is where memory is limited.
fn header_bytes_max(options: &Options) -> u64 {
    const MOST: u64 = 64 << 20;
    options.memory_limit.map_or(MOST, |limit| MOST.min(limit / 16))
}

/// One column of the sources.
#[derive(Clone, Debug)]
pub(crate) struct PlannedColumn {
    pub name: String,
    /// The type that was asked for, if one was.
    pub given: Option<ColumnType>,
}

/// What every worker needs to know.
pub(crate) struct Plan {
    pub kernel: Kernel,
    pub dialect: Dialect,
    pub structure: Structure,
    pub quotes: Quotes,
    /// For JSON sources, how their records become rows.
    pub json: Option<JsonPlan>,
    pub shape: Shape,
    pub columns: Vec<PlannedColumn>,
    /// The columns of the result, in its order.
    pub selected: Vec<usize>,
    /// The columns of the result behind them, which no source holds.
    pub made: Vec<MadeColumn>,
    /// Which rows are wanted, if not all.
    pub filter: Option<PlannedFilter>,
    /// What the sample shows of the selected columns: where to start from, nothing more.
    pub suggested: Vec<Summary>,
    pub nulls: NullWords,
    pub on_error: OnError,
    pub max_field_bytes: u64,
    /// The encodings of sources that are not UTF-8, by their names.
    pub encodings: HashMap<String, Encoding>,
    /// The layouts of sources that have not all columns in their order, by their names.
    pub layouts: HashMap<String, Arc<Layout>>,
    pub notes: Vec<String>,
}

/// One source and where its data begin.
pub(crate) struct Input {
    pub source: Arc<Source>,
    /// Decoded offset of the first data record.
    pub data_offset: u64,
    /// Line breaks before it.
    pub data_lines: u64,
    /// How a JSON source holds its records.
    pub framing: Option<Framing>,
    /// Where the columns stand, if not as in the plan.
    pub layout: Option<Arc<Layout>>,
    /// The source as a table, where it is one.
    pub table: Option<Table>,
}

impl Input {
    /// Which of its columns is this one of the plan, if any.
    pub(crate) fn place(&self, column: usize) -> Option<usize> {
        self.layout.as_ref().map_or(Some(column), |layout| layout.place(column))
    }
}

/// Whether sources are tables: all of them are, or none. O(1), as it is asked for each chunk.
pub(crate) fn are_tables(inputs: &[Input]) -> bool {
    inputs.first().is_some_and(|input| input.table.is_some())
}

impl Plan {
    /// A plan without columns, as the options say, for delimited text: other sources put what is theirs in its place.
    fn bare(options: &Options, dialect: Dialect) -> Result<Plan> {
        Ok(Plan {
            kernel: kernel(options)?,
            structure: dialect.structure(),
            dialect,
            quotes: Quotes::Wrap,
            json: None,
            shape: Shape { columns: 1, ragged: options.ragged },
            suggested: Vec::new(),
            columns: Vec::new(),
            selected: Vec::new(),
            made: Vec::new(),
            filter: None,
            nulls: options.null_values.clone().map_or_else(NullWords::default, NullWords::given),
            on_error: options.on_error,
            max_field_bytes: options.max_field_bytes,
            encodings: HashMap::new(),
            layouts: HashMap::new(),
            notes: Vec::new(),
        })
    }

    /// The same with these columns, of which the options select some and add others.
    fn with_columns(self, options: &Options, columns: Vec<PlannedColumn>) -> Result<Plan> {
        let selected = select(options, &columns)?;
        let mut plan = Plan {
            shape: Shape { columns: columns.len().max(1), ..self.shape },
            suggested: vec![Summary::default(); selected.len()],
            columns,
            selected,
            ..self
        };
        plan.make_columns(options)?;
        Ok(plan)
    }

    /// A column's fields, as the builders take them.
    pub(crate) fn fields<'a>(&'a self, block: Padded<'a>, spans: &'a [Span]) -> Fields<'a> {
        if self.json.is_some() {
            return Fields::of_json(block, spans);
        }
        Fields { block, spans, dialect: &self.dialect }
    }

    /// How fields become values.
    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules { nulls: &self.nulls, kernel: self.kernel, quotes: self.quotes }
    }

    /// The first field beyond the limit, by its first byte: of those that have ended, or the open one, `start..end` so far,
    /// which begins with a quote, or may go on long enough not to miss one byte.
    pub(crate) fn first_too_long(&self, ended: &[Span], open: Option<(usize, usize)>) -> Option<FlawKind> {
        let beyond = |bytes: usize| bytes as u64 > self.max_field_bytes;
        let first_byte = |span: &Span| span.start() - usize::from(span.is_quoted());
        let ended = ended.iter().find(|span| beyond(span.len())).map(first_byte);
        let open = open.filter(|(start, end)| beyond(end.saturating_sub(*start + 1)));
        let start = ended.or(open.map(|(start, _)| start));
        start.map(|start| FlawKind::TooLong { start })
    }

    /// How many columns the result has.
    pub(crate) fn width(&self) -> usize {
        self.selected.len() + self.made.len()
    }

    /// The type that a column of the result starts from.
    pub(crate) fn kind(&self, position: usize, known: &Summary) -> ColumnType {
        let Some(&index) = self.selected.get(position) else {
            return self.made[position - self.selected.len()].kind();
        };
        let given = self.columns[index].given.clone();
        given.unwrap_or_else(|| ColumnType::from(known.decide()))
    }

    /// Settles the types of columns that no option gave one.
    pub(crate) fn settle_types(&mut self, types: Vec<(String, ColumnType)>, options: &Options) -> Result<()> {
        self.learn_all(types.iter().map(|(name, _)| name), options)?;
        for (name, kind) in types {
            let column = self.columns.iter_mut().find(|column| column.name == name);
            column.map(|column| column.given.get_or_insert(kind.settled()));
        }
        Ok(())
    }

    /// Whether a column of the result is built from text, by builders that take memory which was given back. Nobody else does.
    pub(crate) fn is_built(&self, position: usize, inputs: &[Input]) -> bool {
        position < self.selected.len() && !are_tables(inputs)
    }

    /// Name of a column of the result.
    pub(crate) fn name(&self, position: usize) -> &str {
        match self.selected.get(position) {
            Some(&index) => self.name_of(index),
            None => &self.made[position - self.selected.len()].name,
        }
    }

    /// How many columns a source has.
    pub(crate) fn columns_in(&self, source: &str) -> usize {
        self.layouts.get(source).map_or(self.columns.len(), |layout| layout.width())
    }

    /// Which column stands at this place of a source.
    pub(crate) fn column_at(&self, source: &str, place: usize) -> Option<usize> {
        let column = self.layouts.get(source).map_or(Some(place), |layout| layout.column(place));
        column.filter(|&column| column < self.columns.len())
    }

    /// At which place of a source a column stands.
    pub(crate) fn place_in(&self, source: &str, column: usize) -> Option<usize> {
        self.layouts.get(source).map_or(Some(column), |layout| layout.place(column))
    }

    /// Name of a column of the sources.
    pub(crate) fn name_of(&self, index: usize) -> &str {
        &self.columns[index].name
    }

    /// Names of the columns of the result.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.width()).map(|position| self.name(position))
    }
}

/// What the start of a source shows.
struct Opening {
    sniffed: Sniffed,
    data_offset: usize,
    data_lines: u64,
    sample: Vec<u8>,
    complete: bool,
}

/// Looks at the sources and settles everything that must be settled before parsing.
pub(crate) fn plan(options: &Options, sources: Vec<Source>) -> Result<(Plan, Vec<Input>)> {
    let (mut plan, inputs) = match kind_of(options, &sources)? {
        Kind::Text => plan_of_text(options, sources)?,
        Kind::Json => json::plan(options, sources)?,
        Kind::Table => tables::plan(options, sources)?,
    };
    if options.hive {
        plan.make_folder_columns(options, &inputs)?;
    }
    let encoded = inputs.iter().map(|input| (input.source.name().to_owned(), input.source.encoding()));
    plan.encodings = encoded.filter(|&(_, encoding)| encoding != Encoding::UTF_8).collect();
    let layout = |input: &Input| Some((input.source.name().to_owned(), Arc::clone(input.layout.as_ref()?)));
    plan.layouts = inputs.iter().filter_map(layout).collect();
    if options.encoding.is_none() {
        plan.notes.extend(encoding_note(&inputs));
    }
    Ok((plan, inputs))
}

/// Tells which sources are in an encoding that nobody named.
fn encoding_note(inputs: &[Input]) -> Option<String> {
    let mut others = inputs.iter().filter(|input| input.source.encoding() != Encoding::UTF_8);
    let first = &others.next()?.source;
    let more = match others.count() {
        0 => String::new(),
        more => format!("; {more} more of the sources are not UTF-8 either"),
    };
    let reason = match first.encoding().shows() {
        true => "as its first bytes show",
        false => "as its bytes look; --encoding names another",
    };
    Some(format!("{} is {}, {reason}{more}", first.name(), first.encoding()))
}

/// The same for delimited text.
fn plan_of_text(options: &Options, sources: Vec<Source>) -> Result<(Plan, Vec<Input>)> {
    let (number, opening) = open_first(options, &sources)?;
    let (inputs, names) = inputs(options, (number, &opening), sources)?;
    let first = &inputs[number].source;
    let (columns, mut notes) = planned_columns(options, &opening, names, first.name())?;
    let mut plan = Plan::bare(options, opening.sniffed.dialect)?.with_columns(options, columns)?;
    let columns_of_all = std::mem::replace(&mut plan.shape.columns, opening.sniffed.columns.len().max(1));
    plan.look_at(&opening.sample[opening.data_offset..], opening.complete, options.limit);
    if options.limit.is_none() {
        plan.look_around(first)?;
    }
    plan.shape.columns = columns_of_all;
    plan.notes.append(&mut notes);
    let sniffed = &opening.sniffed;
    plan.notes.extend(skip_note(options, sniffed).into_iter().chain(comment_note(options, sniffed)));
    plan.notes.extend(header_note(sniffed));
    Ok((plan, inputs))
}

/// Tells that lines are left out which nobody said to come before the table.
fn skip_note(options: &Options, sniffed: &Sniffed) -> Option<String> {
    let lines = match sniffed.skip_lines {
        _ if options.skip.is_some() => return None,
        0 => return None,
        1 => "1 line before the table is".to_owned(),
        lines => format!("{lines} lines before the table are"),
    };
    Some(format!("{lines} left out; --skip 0 reads all lines"))
}

/// Tells that lines are left out which nobody said to be comments.
fn comment_note(options: &Options, sniffed: &Sniffed) -> Option<String> {
    let comment = char::from(sniffed.dialect.comment.filter(|_| options.comment.is_none())?);
    Some(format!("lines that begin with {comment:?} are taken for comments; --comment none reads them as records"))
}

/// Tells that the names are made of several records.
fn header_note(sniffed: &Sniffed) -> Option<String> {
    let rows = Some(sniffed.header_rows).filter(|&rows| rows > 1)?;
    Some(format!("the first {rows} records make the names together; --header yes takes the first alone for them"))
}

/// Opens the first source that holds anything; where none does, the first. An empty source has no header and no records.
fn open_first(options: &Options, sources: &[Source]) -> Result<(usize, Opening)> {
    let hints = hints(options);
    let mut empty = None;
    for (number, source) in sources.iter().enumerate() {
        let opening = open(source, &hints, options)?;
        if !opening.sniffed.columns.is_empty() {
            return Ok((number, opening));
        }
        empty.get_or_insert((number, opening));
    }
    empty.ok_or_else(|| Error::new(Code::NotFound, "no source was named"))
}

/// The number of the first source that holds anything.
pub(crate) fn first_with_records(options: &Options, sources: &[Source]) -> Result<usize> {
    match json::first_with_text(options, sources)? {
        Some(number) => Ok(number),
        None => Ok(open_first(options, sources)?.0),
    }
}

/// What sources can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Delimited text.
    Text,
    Json,
    /// Parquet or Arrow IPC.
    Table,
}

/// What the sources are, by the options or the first of them that holds anything.
pub(crate) fn kind_of(options: &Options, sources: &[Source]) -> Result<Kind> {
    if tables::first_table(options, sources)?.is_some() {
        return Ok(Kind::Table);
    }
    Ok(if json::first_with_text(options, sources)?.is_some() { Kind::Json } else { Kind::Text })
}

/// What `sniff` tells of the first source.
pub(crate) fn sniff_source(options: &Options, source: &Source) -> Result<Sniffed> {
    Ok(open(source, &hints(options), options)?.sniffed)
}

fn kernel(options: &Options) -> Result<Kernel> {
    let kernel = match options.kernel {
        Some(kernel) if kernel.is_available() => Ok(kernel),
        Some(kernel) => Err(ingest_simd::UnknownKernel { name: kernel.name().to_owned() }),
        None => Kernel::select(),
    };
    kernel
        .map_err(|error| Error::new(Code::Usage, error.to_string()).hint("unset INGEST_KERNEL to use the fastest one"))
}

fn quoting(options: &Options) -> Quoting {
    if options.quoting == QuoteMode::Lenient { Quoting::Lenient } else { Quoting::Strict }
}

fn hints(options: &Options) -> Hints {
    let of_format = (options.input_format == Some(InputFormat::Tsv)).then_some(Some(b'\t'));
    Hints {
        delimiter: options.delimiter.or(of_format),
        quote: if options.quoting == QuoteMode::None { Some(None) } else { options.quote },
        escape: options.escape,
        comment: options.comment,
        header: options.header,
        header_rows: None,
        skip: options.skip,
        quoting: quoting(options),
        nulls: options.null_values.clone().map_or_else(NullWords::default, NullWords::given),
    }
}

/// Reads the start of a source: what it looks like, and where its data begin.
fn open(source: &Source, hints: &Hints, options: &Options) -> Result<Opening> {
    check_characters(
        hints.delimiter.flatten(),
        hints.quote.flatten(),
        hints.escape.flatten(),
        hints.comment.flatten(),
    )?;
    let mut wanted = SAMPLE_BYTES;
    loop {
        let bytes = source.peek(wanted)?;
        let complete = bytes.len() < wanted;
        let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let text = &bytes[mark..];
        refuse_other_formats(options, text, source.name())?;
        let mut sniffed = sniff(text, complete, hints);
        settle_header(&mut sniffed, text, complete, hints, options);
        let dialect = &sniffed.dialect;
        check_characters(dialect.delimiter, dialect.quote, dialect.escape, dialect.comment)?;
        let length = match preamble_bytes(text, complete, &sniffed) {
            // Not one record ends in the sample: nothing is known of the columns yet.
            Some(_) if sniffed.columns.is_empty() && !complete => None,
            length => length,
        };
        let Some(length) = length else {
            let most = header_bytes_max(options);
            if wanted as u64 >= most {
                let message = format!("{}: the header does not end within {}", source.name(), size_label(most));
                return Err(Error::new(Code::FieldTooLong, message)
                    .hint("a quote that never closes is the usual cause; --quoting none reads every quote as text"));
            }
            wanted = (4 * wanted).min(most as usize);
            continue;
        };
        if sniffed.header {
            let start = skipped_bytes(text, complete, sniffed.skip_lines).unwrap_or(length);
            check_header(&text[..length], start, mark, source)?;
        }
        let data_lines = count_lines(&text[..length]);
        let data_offset = mark + length;
        return Ok(Opening { sniffed, data_offset, data_lines, sample: bytes, complete });
    }
}

/// A schema whose names are the first record's says that there is a header.
fn settle_header(sniffed: &mut Sniffed, text: &[u8], complete: bool, hints: &Hints, options: &Options) {
    let Some(schema) = options.schema.as_ref().filter(|_| hints.header.is_none() && !sniffed.header) else { return };
    let with_header = sniff(text, complete, &Hints { header: Some(true), ..hints.clone() });
    if with_header.columns.iter().eq(schema.iter().map(|(name, _)| name)) {
        *sniffed = with_header;
    }
}

/// An encoding as messages call it.
pub(crate) fn encoding_label(encoding: Encoding) -> String {
    if encoding == Encoding::UTF_8 { "UTF-8".to_owned() } else { encoding.name() }
}

/// The names must be UTF-8, as all text must. `start`: where the header begins in `text`, which ends with it; `mark`: bytes of
/// the source before `text`.
fn check_header(text: &[u8], start: usize, mark: usize, source: &Source) -> Result<()> {
    let Some(at) = invalid_utf8(&text[start..]).map(|at| start + at) else { return Ok(()) };
    let is_break = |byte: &u8| *byte == b'\n' || *byte == b'\r';
    let line_start = text[..at].iter().rposition(is_break).map_or(0, |before| before + 1);
    let line_end = text[at..].iter().position(is_break).map_or(text.len(), |after| at + after);
    let line = String::from_utf8_lossy(&text[line_start..line_end]);
    // What is before it is UTF-8, so it is as long as it was.
    let culprit = (at - line_start, at - line_start + char::REPLACEMENT_CHARACTER.len_utf8());
    let (excerpt, caret) = excerpt(&line, culprit);
    let position = Position {
        source: source.name().to_owned(),
        line: count_lines(&text[..line_start]) + 1,
        byte_offset: (mark + at) as u64,
        record: 0,
        column: None,
        excerpt,
        caret: Some(caret),
    };
    let encoding = source.encoding();
    Err(Error::new(Code::InvalidUtf8, format!("these bytes of the header are not {}", encoding_label(encoding)))
        .at(position)
        .hint(bad_text_hint(Encoding::likely(text))))
}

/// Length of the lines before the header; `None` where they do not end in the sample.
fn skipped_bytes(text: &[u8], complete: bool, lines: usize) -> Option<usize> {
    let mut at = 0;
    for _ in 0..lines {
        match line_length(&text[at..], complete) {
            Some(length) => at += length,
            None => return complete.then_some(text.len()),
        }
    }
    Some(at)
}

/// Length of the lines before the data: skipped ones and all rows of the header; `None` where they do not end in the sample.
fn preamble_bytes(text: &[u8], complete: bool, sniffed: &Sniffed) -> Option<usize> {
    let at = skipped_bytes(text, complete, sniffed.skip_lines)?;
    if !sniffed.header {
        return Some(at);
    }
    let mut window = 4096;
    loop {
        let part = &text[at..text.len().min(at + window)];
        let whole = at + part.len() == text.len();
        let mut cells = Cells::default();
        read_records(part, whole && complete, &sniffed.dialect, &mut cells);
        let is_row = |record: &&RawRecord| sniffed.columns.len() < 2 || record.end > record.start;
        if let Some(last) = cells.records.iter().filter(is_row).nth(sniffed.header_rows - 1) {
            return Some(at + record_end(part, last.end as usize));
        }
        match (whole, complete) {
            (true, true) => return Some(text.len()),
            (true, false) => return None,
            _ => window *= 8,
        }
    }
}

/// The offset behind the line end at `end`.
fn record_end(text: &[u8], end: usize) -> usize {
    match (text.get(end), text.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) => end + 2,
        (Some(_), _) => end + 1,
        (None, _) => end,
    }
}

fn line_length(text: &[u8], complete: bool) -> Option<usize> {
    let end = text.iter().position(|&byte| byte == b'\n' || byte == b'\r')?;
    let after = record_end(text, end);
    (after < text.len() || complete || text[end] == b'\n').then_some(after)
}

fn count_lines(text: &[u8]) -> u64 {
    let ends = |at: usize| text[at] == b'\n' || (text[at] == b'\r' && text.get(at + 1) != Some(&b'\n'));
    (0..text.len()).filter(|&at| ends(at)).count() as u64
}

fn refuse_other_formats(options: &Options, bytes: &[u8], name: &str) -> Result<()> {
    if let Some(format) = TableFormat::of(bytes) {
        let message = format!("{name} is {}, the sources before it are delimited text", format.name());
        return Err(Error::new(Code::UnsupportedInput, message).hint("read them on their own"));
    }
    if options.input_format.is_none() && json::looks_like_json(bytes) {
        let message = format!("{name} is JSON, the sources before it are delimited text");
        return Err(Error::new(Code::UnsupportedInput, message)
            .hint("read them on their own; --input-format csv reads it as delimited text too"));
    }
    Ok(())
}

/// Options that say how delimited text is written mean nothing for other sources.
fn refuse_options_of_text(options: &Options, format: &str) -> Result<()> {
    let given = [
        ("--delimiter", options.delimiter.is_some()),
        ("--quote", options.quote.is_some()),
        ("--escape", options.escape.is_some()),
        ("--quoting", options.quoting != QuoteMode::Strict),
        ("--comment", options.comment.is_some()),
        ("--header", options.header.is_some()),
        ("--names", options.names.is_some()),
        ("--skip", options.skip.is_some()),
        ("--ragged", options.ragged != Ragged::Fail),
        // JSON has texts, too.
        ("--null-values", options.null_values.is_some() && format != "JSON"),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => {
            let error = Error::new(Code::Usage, format!("{option} means nothing for {format}"));
            Err(if format == "JSON" {
                error.hint("leave it out; --input-format csv reads the source as delimited text")
            } else {
                error.hint("leave it out")
            })
        }
    }
}

/// Names and given types of all columns, and a note for each name that had to change.
fn planned_columns(
    options: &Options,
    opening: &Opening,
    mut names: Vec<String>,
    source: &str,
) -> Result<(Vec<PlannedColumn>, Vec<String>)> {
    let mut notes = opening.sniffed.renamed.clone();
    if let Some(given) = &options.names {
        if options.union_by_name {
            return Err(Error::new(Code::Usage, "--names and --union-by-name contradict each other")
                .hint("columns are joined by the names that the sources give them"));
        }
        require_count("--names", given.len(), &names)?;
        let given = name_columns(&given.iter().map(String::as_bytes).collect::<Vec<_>>());
        (names, notes) = (given.columns, given.renamed);
    }
    if let Some(schema) = &options.schema {
        require_different(schema)?;
        names = names_of_schema(schema, names, opening.sniffed.header && options.names.is_none(), source)?;
    }
    let mut columns: Vec<_> = names.into_iter().map(|name| PlannedColumn { name, given: None }).collect();
    if options.infer == Infer::None {
        columns.iter_mut().for_each(|column| column.given = Some(ColumnType::given(DataType::Utf8)));
    }
    for (name, data_type) in options.schema.iter().flatten().chain(&options.types) {
        if matches!(data_type, DataType::Struct(_) | DataType::List(_)) {
            let message = format!("column {name:?} cannot be {data_type}: delimited text has no structs and lists");
            return Err(Error::new(Code::Usage, message).hint("only JSON has; utf8 keeps the text"));
        }
        let column = columns.iter_mut().find(|column| &column.name == name);
        match column {
            Some(column) => column.given = Some(ColumnType::given(data_type.clone())),
            None => {
                let names = columns.iter().map(|column| column.name.as_str());
                return Err(unknown_column("--type", name, names));
            }
        }
    }
    Ok((columns, notes))
}

/// A schema finds columns by their names.
fn require_different(schema: &[(String, DataType)]) -> Result<()> {
    let mut met = HashSet::new();
    match schema.iter().find(|(name, _)| name.is_empty() || !met.insert(name)) {
        None => Ok(()),
        Some((name, _)) if name.is_empty() => Err(Error::new(Code::Usage, "--schema has a column without a name")
            .hint("a column whose name is empty in the header is called column_N, after its place")),
        Some((name, _)) => Err(Error::new(Code::Usage, format!("--schema names the column {name:?} twice"))
            .hint("columns of one name in the header are called NAME, NAME_1, NAME_2 …")),
    }
}

fn require_count(option: &str, given: usize, names: &[String]) -> Result<()> {
    if given == names.len() || names.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Code::HeaderMismatch,
        format!("{option} gives {given} names, the source has {} columns", names.len()),
    )
    .hint(format!("the source's columns are {}", names.join(", "))))
}

/// The schema's names where there is no header; else the header's, which must be the same ones.
fn names_of_schema(
    schema: &[(String, DataType)],
    names: Vec<String>,
    header: bool,
    source: &str,
) -> Result<Vec<String>> {
    let wanted: Vec<String> = schema.iter().map(|(name, _)| name.clone()).collect();
    if !header {
        require_count("--schema", wanted.len(), &names)?;
        return Ok(wanted);
    }
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    if sorted(&wanted) == sorted(&names) {
        return Ok(names);
    }
    if names.is_empty() {
        let message = format!("{source}: the source is empty; the schema's header is {}", wanted.join(","));
        return Err(Error::new(Code::HeaderMismatch, message)
            .hint("--header no takes an empty source for a table without rows"));
    }
    Err(header_mismatch(source, &names, "the schema's", &wanted)
        .hint("--names gives other names; --header no reads the first record as data"))
}

fn header_mismatch(source: &str, found: &[String], other: &str, wanted: &[String]) -> Error {
    Error::new(
        Code::HeaderMismatch,
        format!("{source}: the header is {}, {other} is {}", found.join(","), wanted.join(",")),
    )
}

/// An option names a column that there is not; the hint lists those that there are.
pub(crate) fn unknown_column<'n>(option: &str, name: &str, names: impl Iterator<Item = &'n str>) -> Error {
    let known: Vec<_> = names.collect();
    Error::new(Code::NotFound, no_column(option, name)).hint(format!("the columns are {}", known.join(", ")))
}

fn no_column(option: &str, name: &str) -> String {
    format!("{option}: there is no column {name:?}")
}

/// The columns of the result, in its order.
fn select(options: &Options, columns: &[PlannedColumn]) -> Result<Vec<usize>> {
    let find = |option: &str, name: &String| {
        let index = columns.iter().position(|column| &column.name == name);
        index.ok_or_else(|| unknown_column(option, name, columns.iter().map(|column| column.name.as_str())))
    };
    let mut met = HashSet::new();
    if let Some(doubled) = options.columns.iter().flatten().find(|name| !met.insert(*name)) {
        return Err(Error::new(Code::Usage, format!("--columns names the column {doubled:?} twice"))
            .hint("name each column once: the columns of a result have different names"));
    }
    let mut selected: Vec<usize> = match &options.columns {
        Some(names) => names.iter().map(|name| find("--columns", name)).collect::<Result<_>>()?,
        None => (0..columns.len()).collect(),
    };
    let dropped = options.drop.iter().map(|name| find("--drop", name)).collect::<Result<Vec<_>>>()?;
    selected.retain(|index| !dropped.contains(index));
    if selected.is_empty() && !columns.is_empty() {
        return Err(Error::new(Code::Usage, "no column is left").hint("--columns and --drop leave nothing to read"));
    }
    Ok(selected)
}

/// Where the data of every source begin, and the names of all columns; every header must be the first one's, unless columns
/// are joined by name.
fn inputs(
    options: &Options,
    (first, opening): (usize, &Opening),
    sources: Vec<Source>,
) -> Result<(Vec<Input>, Vec<String>)> {
    let first_name = sources[first].name().to_owned();
    let mut hints = hints(options);
    let dialect = opening.sniffed.dialect;
    hints.delimiter = Some(dialect.delimiter);
    hints.quote = Some(dialect.quote);
    hints.escape = Some(dialect.escape);
    hints.comment = Some(dialect.comment);
    hints.header = Some(opening.sniffed.header);
    let mut union = Union::default();
    hints.header_rows = Some(opening.sniffed.header_rows);
    let mut inputs = Vec::with_capacity(sources.len());
    for (number, source) in sources.into_iter().enumerate() {
        let (data_offset, data_lines) = if number == first {
            union.add(&opening.sniffed.columns);
            (opening.data_offset as u64, opening.data_lines)
        } else {
            let other = open(&source, &hints, options)?;
            let empty = other.sniffed.columns.is_empty();
            if options.union_by_name {
                union.add(&other.sniffed.columns);
            } else if opening.sniffed.header && !empty && other.sniffed.columns != opening.sniffed.columns {
                let (found, wanted) = (&other.sniffed.columns, &opening.sniffed.columns);
                return Err(header_mismatch(source.name(), found, &format!("that of {first_name}"), wanted)
                    .hint("--union-by-name joins columns by their names; --header no reads the first record of every source as data"));
            }
            (other.data_offset as u64, other.data_lines)
        };
        let source = Arc::new(source);
        inputs.push(Input { source, data_offset, data_lines, framing: None, layout: None, table: None });
    }
    if options.union_by_name {
        inputs.iter_mut().zip(union.layouts()).for_each(|(input, layout)| input.layout = layout);
    }
    Ok((inputs, union.names))
}

/// Places in the source, beside its start, from which types are suggested, and bytes looked at there.
const SPREAD: u64 = 8;
const SPREAD_BYTES: usize = 32 << 10;

/// Records looked at in the opening sample, and the bytes they are looked for in; more only where a record is longer.
const SUGGEST_ROWS: usize = 2000;
const SUGGEST_BYTES: usize = 256 << 10;

impl Plan {
    /// Takes suggestions from the start of the data.
    fn look_at(&mut self, text: &[u8], complete: bool, limit: Option<u64>) {
        let mut cells;
        let mut window = SUGGEST_BYTES;
        let part = loop {
            let part = &text[..text.len().min(window)];
            cells = Cells::default();
            read_records(part, complete && part.len() == text.len(), &self.dialect, &mut cells);
            if !cells.records.is_empty() || part.len() == text.len() {
                break part;
            }
            window *= 2;
        };
        let rows_max = limit.map_or(SUGGEST_ROWS, |limit| SUGGEST_ROWS.min(limit as usize));
        cells.records.truncate(rows_max);
        self.suggest(part, &cells);
    }

    fn suggest(&mut self, text: &[u8], cells: &Cells) {
        let memory = [&[0; PADDING][..], text, &[0; PADDING]].concat();
        let Some(padded) = Padded::new(&memory, PADDING, PADDING + text.len()) else { return };
        let mut batch = Batch::default();
        batch.read_cells(cells, self.shape);
        self.suggest_by(padded, &batch, usize::MAX);
    }

    /// Takes suggestions from the first rows of a batch.
    fn suggest_by(&mut self, text: Padded<'_>, batch: &Batch, rows_max: usize) {
        let (mut spans, mut unescaped) = (Vec::new(), Vec::new());
        let mut suggested = std::mem::take(&mut self.suggested);
        // What the first source does not have is not suggested.
        let shown = self.selected.iter().zip(&mut suggested).filter(|(index, _)| **index < self.shape.columns);
        for (&index, summary) in shown {
            batch.column(text.bytes(), index, &mut spans);
            spans.truncate(rows_max);
            observe(self, text, &spans, &mut unescaped, summary);
        }
        self.suggested = suggested;
    }

    /// Takes suggestions from places spread over a source that can be read anywhere. Where records begin there is a guess:
    /// a place is believed only if every line of it has the right number of fields.
    fn look_around(&mut self, source: &Source) -> Result<()> {
        let Some(size) = source.stored_bytes().filter(|size| source.is_seekable() && *size > 4 * SAMPLE_BYTES as u64)
        else {
            return Ok(());
        };
        let mut block = Block::new();
        for place in 1..=SPREAD {
            let offset = size / SPREAD * place - SPREAD_BYTES as u64;
            source.read_at(offset, &mut block, SPREAD_BYTES)?;
            let bytes = block.bytes();
            let Some(start) = bytes.iter().position(|&byte| byte == b'\n') else { continue };
            let mut cells = Cells::default();
            let text = &bytes[start + 1..];
            read_records(text, false, &self.dialect, &mut cells);
            let believed = (0..cells.records.len()).all(|record| {
                cells.records[record].fault.is_none() && cells.fields(record).len() == self.shape.columns
            });
            if believed {
                let text = text.to_vec();
                self.suggest(&text, &cells);
            }
        }
        Ok(())
    }
}
