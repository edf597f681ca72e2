//! What is to be done, settled before the first block is parsed: dialect, columns, where the data begins.

mod filter;
mod json;
mod made;
mod result;
mod suggest;
mod tables;
mod text;
mod union;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ingest_columnar::{ColumnType, Fields, OnError, Quotes, Rules};
use ingest_infer::{NullWords, Summary};
use ingest_parse::json::Framing;
use ingest_parse::{Dialect, Shape, Span};
use ingest_simd::{Kernel, Padded, Structure};
use ingest_source::{Encoding, Source};

use crate::error::{Code, Error, Result};
use crate::flaw::FlawKind;
use crate::listed::Listed;
use crate::options::{Options, QuoteMode};
use crate::schema::SchemaColumn;
use crate::tables::Table;

pub(crate) use filter::{FilterColumn, PlannedFilter};
pub(crate) use filter::{Types, types_of_all};
pub(crate) use json::{JsonPlan, json_start};
pub(crate) use made::made_by_others;
use made::{MadeColumn, made_columns, made_names};
pub(crate) use result::Origin;
use result::check_names;
pub(crate) use tables::open as open_table;
pub(crate) use text::{count_lines, sniff_source};
pub(crate) use union::Layout;
use union::Union;

/// Decoded bytes that are looked at before anything is decided.
pub(crate) const SAMPLE_BYTES: usize = 1 << 20;

/// One column of the sources.
#[derive(Clone, Debug)]
pub(crate) struct PlannedColumn {
    pub name: String,
    /// The type that was asked for, if one was.
    pub given: Option<ColumnType>,
    /// Whether a null in it is a flaw.
    pub required: bool,
}

impl PlannedColumn {
    /// A column of which no more is known.
    fn named(name: String) -> PlannedColumn {
        PlannedColumn { name, given: None, required: false }
    }
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
    /// The columns of the result that the sources hold, in its order.
    pub selected: Vec<usize>,
    /// The columns that no source holds: those of folders, then the others.
    pub made: Vec<MadeColumn>,
    /// The order of the result's columns, if one was asked for.
    pub order: Option<Vec<String>>,
    /// Which rows are wanted, if not all.
    pub filter: Option<PlannedFilter>,
    /// What the sample shows of the selected columns: where to start from, nothing more.
    pub suggested: Vec<Summary>,
    pub nulls: NullWords,
    /// A text's table may end before it does: no option says what becomes of records that do not fit the table.
    pub may_end: bool,
    pub on_error: OnError,
    pub max_field_bytes: u64,
    /// The encodings of sources that are not UTF-8, by their names.
    pub encodings: HashMap<String, Encoding>,
    /// The layouts of sources that have not all columns in their order, by their names.
    pub layouts: HashMap<String, Arc<Layout>>,
    pub notes: Vec<String>,
}

/// What is known of a plan before the sources' own columns are.
struct Known {
    made: Vec<MadeColumn>,
    order: Option<Vec<String>>,
    nulls: NullWords,
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
    /// The records that `source` holds, where these are picked from another.
    pub listed: Option<Arc<Listed>>,
}

impl Input {
    /// A source whose records begin at this offset.
    fn of(source: Arc<Source>, data_offset: u64) -> Input {
        Input { source, data_offset, data_lines: 0, framing: None, layout: None, table: None, listed: None }
    }

    /// The listed records that are read one by one; those of JSON cannot reach into each other.
    pub(crate) fn listed_apart(&self) -> Option<&Listed> {
        self.listed.as_deref().filter(|_| self.framing.is_none())
    }

    /// How many fields its records should have.
    pub(crate) fn shape(&self, plan: &Plan) -> Shape {
        plan.shape_of(self.layout.as_deref())
    }

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
    fn bare(options: &Options, dialect: Dialect, known: Known) -> Result<Plan> {
        Ok(Plan {
            kernel: kernel(options)?,
            structure: dialect.structure(),
            dialect,
            quotes: Quotes::Wrap,
            json: None,
            shape: Shape { columns: 1, ragged: options.ragged.unwrap_or_default() },
            may_end: options.ragged.is_none(),
            suggested: Vec::new(),
            columns: Vec::new(),
            selected: Vec::new(),
            made: known.made,
            order: known.order,
            filter: None,
            nulls: known.nulls,
            on_error: options.on_error,
            max_field_bytes: options.max_field_bytes,
            encodings: HashMap::new(),
            layouts: HashMap::new(),
            notes: Vec::new(),
        })
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

    /// How many fields the records of a source should have, whose columns stand so.
    pub(crate) fn shape_of(&self, layout: Option<&Layout>) -> Shape {
        Shape { columns: layout.map_or(self.shape.columns, Layout::width), ..self.shape }
    }

    /// Whether a value that does not fit the type of a column of the sources is null, rather than a flaw.
    pub(crate) fn nulls_misfits(&self, index: usize) -> bool {
        self.on_error == OnError::Null && !self.columns[index].required
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

    /// Name of a column of the sources, or behind them of one that is made.
    pub(crate) fn name_of(&self, index: usize) -> &str {
        self.columns.get(index).map_or_else(|| &self.made[index - self.columns.len()].name, |column| &column.name)
    }
}

/// Looks at the sources and settles everything that must be settled before parsing; with what the options say of the sources' own
/// columns.
pub(crate) fn plan(options: &Options, sources: Vec<Source>) -> Result<(Plan, Vec<Input>, Options)> {
    check_names(options)?;
    let kind = kind_of(options, &sources)?;
    let names = made_names(options, &sources)?;
    let nulls = kind.nulls(options);
    let made = made_columns(options, &names, &sources, &nulls)?;
    let known = Known { made, order: options.columns.clone(), nulls };
    let own = options.of_own_columns(&names);
    let (mut plan, inputs) = match kind {
        Kind::Text => text::plan(&own, sources, known)?,
        Kind::Json => json::plan(&own, sources, known)?,
        Kind::Table => tables::plan(&own, sources, known)?,
    };
    let encoded = inputs.iter().map(|input| (input.source.name().to_owned(), input.source.encoding()));
    plan.encodings = encoded.filter(|&(_, encoding)| encoding != Encoding::UTF_8).collect();
    let layout = |input: &Input| Some((input.source.name().to_owned(), Arc::clone(input.layout.as_ref()?)));
    plan.layouts = inputs.iter().filter_map(layout).collect();
    plan.notes.extend(inputs.iter().filter_map(|input| input.source.note().map(str::to_owned)));
    if options.encoding.is_none() {
        plan.notes.extend(encoding_note(&inputs));
    }
    Ok((plan, inputs, own))
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

/// The number of the first source that holds anything.
pub(crate) fn first_with_records(options: &Options, sources: &[Source]) -> Result<usize> {
    match json::first_with_text(options, sources)? {
        Some(number) => Ok(number),
        None => text::first_with_records(options, sources),
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

impl Kind {
    /// The words that are null.
    fn nulls(self, options: &Options) -> NullWords {
        let given = options.null_values.clone().map(NullWords::given);
        match self {
            Kind::Text => given.unwrap_or_default(),
            // It has a null of its own: words are null only where the user says so.
            Kind::Json => given.unwrap_or_else(|| NullWords::given(Vec::new())),
            Kind::Table => NullWords::given(Vec::new()),
        }
    }
}

/// What the sources are, by the options or the first of them that holds anything.
pub(crate) fn kind_of(options: &Options, sources: &[Source]) -> Result<Kind> {
    if tables::first_table(options, sources)?.is_some() {
        return Ok(Kind::Table);
    }
    Ok(if json::first_with_text(options, sources)?.is_some() { Kind::Json } else { Kind::Text })
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
        ("--ragged", options.ragged.is_some()),
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

/// A schema finds columns by their names.
fn require_different(schema: &[SchemaColumn]) -> Result<()> {
    let mut met = HashSet::new();
    match schema.iter().map(|column| &column.name).find(|name| !met.insert(*name)) {
        None => Ok(()),
        Some(name) => Err(Error::new(Code::Usage, format!("--schema names the column {name:?} twice"))
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

/// A schema may say of columns that they hold no nulls.
fn require_values(options: &Options, columns: &mut [PlannedColumn]) {
    let required: HashSet<&str> = options.required().collect();
    columns.iter_mut().for_each(|column| column.required = required.contains(column.name.as_str()));
}

/// Whether `--columns` or `--drop` leaves a column out: a schema need not name it then.
fn is_left_out(options: &Options, name: &String) -> bool {
    options.drop.contains(name) || options.columns.as_ref().is_some_and(|columns| !columns.contains(name))
}

/// The schema's names where there is no header; else the header's, which must be the same ones, but for those that are left out.
fn names_of_schema(
    options: &Options,
    schema: &[SchemaColumn],
    names: Vec<String>,
    header: bool,
    source: &str,
) -> Result<Vec<String>> {
    let wanted: Vec<String> = schema.iter().map(|column| column.name.clone()).collect();
    if wanted.iter().any(String::is_empty) {
        return Err(Error::new(Code::Usage, "--schema has a column without a name")
            .hint("only keys of JSON can be empty; a column whose name is empty in the header is called column_N, after its place"));
    }
    let (in_source, in_schema): (HashSet<_>, HashSet<_>) = (names.iter().collect(), wanted.iter().collect());
    let missing = wanted.iter().find(|name| !in_source.contains(name));
    if !header && missing.is_some() {
        require_count("--schema", wanted.len(), &names)?;
        return Ok(wanted);
    }
    if names.is_empty() && missing.is_some() {
        let message = format!("{source}: the source is empty; the schema's header is {}", wanted.join(","));
        return Err(Error::new(Code::HeaderMismatch, message)
            .hint("--header no takes an empty source for a table without rows"));
    }
    let surplus = names.iter().find(|name| !in_schema.contains(name) && !is_left_out(options, name));
    let (what, hint) = match (missing, surplus) {
        (None, None) => return Ok(names),
        (Some(missing), _) => (
            format!("the schema's column {missing:?} is missing"),
            "--names gives other names; --header no reads the first record as data",
        ),
        (None, Some(surplus)) => (
            format!("the column {surplus:?} is not in the schema"),
            "a schema names all columns but those that --columns or --drop leaves out; --type settles single ones",
        ),
    };
    Err(header_mismatch(&format!("{source}: {what}"), &names, "the schema's", &wanted).hint(hint))
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
