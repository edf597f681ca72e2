//! The plan of delimited text: what its start shows of dialect and header, and where the data of each source begin.

use std::sync::Arc;

use ingest_columnar::ColumnType;
use ingest_infer::{DataType, Hints, NullWords, Sniffed, name_columns, sniff};
use ingest_parse::{Cells, Delimiter, FaultKind, Quoting, RawRecord, behind_line_end, invalid_utf8, read_records};
use ingest_source::{Compression, Encoding, Source};

use super::{
    Input, Known, Plan, PlannedColumn, SAMPLE_BYTES, Union, header_mismatch, names_of_schema, require_count,
    unknown_column,
};
use crate::error::{Code, Error, Position, Result};
use crate::flaw::{bad_text_hint, encoding_label, excerpt, size_label};
use crate::options::{Infer, InputFormat, Options, QuoteMode, check_characters};
use crate::parallel::try_map;
use crate::plan::json;
use crate::session::threads_wanted;
use crate::sources::KEPT_READY;
use crate::tables::TableFormat;

/// A header of 50,000 long names is longer than the sample; beyond this it is no header. What is looked at is held some times
/// over, so that less is where memory is limited.
fn header_bytes_max(options: &Options) -> u64 {
    const MOST: u64 = 64 << 20;
    options.memory_limit.map_or(MOST, |limit| MOST.min(limit / 16))
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
pub(super) fn plan(options: &Options, sources: Vec<Source>, known: Known) -> Result<(Plan, Vec<Input>)> {
    let (number, opening) = open_first(options, &sources)?;
    let (inputs, names) = inputs(options, (number, &opening), sources)?;
    let first = &inputs[number].source;
    let (columns, mut notes) = planned_columns(options, &opening, names, first.name())?;
    let mut plan = Plan::bare(options, opening.sniffed.dialect, known)?.with_columns(options, columns)?;
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

/// The number of the first source that holds anything.
pub(super) fn first_with_records(options: &Options, sources: &[Source]) -> Result<usize> {
    Ok(open_first(options, sources)?.0)
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

/// What `sniff` tells of the first source.
pub(crate) fn sniff_source(options: &Options, source: &Source) -> Result<Sniffed> {
    Ok(open(source, &hints(options), options)?.sniffed)
}

fn quoting(options: &Options) -> Quoting {
    if options.quoting == QuoteMode::Lenient { Quoting::Lenient } else { Quoting::Strict }
}

fn hints(options: &Options) -> Hints {
    let of_format = (options.input_format == Some(InputFormat::Tsv)).then_some(Some(Delimiter::byte(b'\t')));
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
    let most = header_bytes_max(options) as usize;
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
        let preamble = match preamble(text, complete, &sniffed) {
            // Not one record ends in the sample: nothing is known of the columns yet.
            Some(_) if sniffed.columns.is_empty() && !complete => None,
            // Only one does, which may be a header or none.
            Some(_) if sniffed.records < 2 && !complete && hints.header.is_none() && wanted < most => None,
            preamble => preamble,
        };
        let Some(preamble) = preamble else {
            if wanted >= most {
                let message = format!("{}: the header does not end within {}", source.name(), size_label(most as u64));
                return Err(Error::new(Code::FieldTooLong, message)
                    .hint("a quote that never closes is the usual cause; --quoting none reads every quote as text"));
            }
            wanted = (4 * wanted).min(most);
            continue;
        };
        check_header(text, &preamble, mark, source)?;
        let data_lines = count_lines(&text[..preamble.end]);
        let data_offset = mark + preamble.end;
        return Ok(Opening { sniffed, data_offset, data_lines, sample: bytes, complete });
    }
}

/// A schema whose names are the first record's says that there is a header.
fn settle_header(sniffed: &mut Sniffed, text: &[u8], complete: bool, hints: &Hints, options: &Options) {
    let Some(schema) = options.schema.as_ref().filter(|_| hints.header.is_none() && !sniffed.header) else { return };
    let with_header = sniff(text, complete, &Hints { header: Some(true), ..hints.clone() });
    if with_header.columns.iter().eq(schema.iter().map(|column| &column.name)) {
        *sniffed = with_header;
    }
}

/// The names must be UTF-8, as all text must, and stand in their quotes, or records may pass for a part of them. `mark`: bytes of the
/// source before `text`.
fn check_header(text: &[u8], preamble: &Preamble, mark: usize, source: &Source) -> Result<()> {
    let (text, start) = (&text[..preamble.end], preamble.header);
    if let Some(at) = invalid_utf8(&text[start..]).map(|at| start + at) {
        let label = encoding_label(source.encoding());
        let hint = match Compression::sniff(text) {
            Compression::None => bad_text_hint(Encoding::likely(text)),
            again => format!("what was unpacked is {} again: unpack it once before", again.name()),
        };
        return Err(Error::new(Code::InvalidUtf8, format!("these bytes of the header are not {label}"))
            .at(place_in_header(text, at, mark, source))
            .hint(hint));
    }
    let (code, at, what) = match preamble.fault {
        Some(FaultKind::TextAfterQuote { at }) => (Code::TextAfterQuote, at, "text follows a closing quote"),
        Some(FaultKind::UnclosedQuote { at }) => (Code::UnclosedQuote, at, "a quote opens and never closes"),
        _ => return Ok(()),
    };
    let line = count_lines(&text[..start]) + 1;
    Err(Error::new(code, format!("{what} in the header, which begins in line {line}"))
        .at(place_in_header(text, start + at as usize, mark, source))
        .hint("--quoting lenient takes misplaced quotes as text; --skip leaves out lines before the table"))
}

/// Where the header is wrong, at a byte of it.
fn place_in_header(text: &[u8], at: usize, mark: usize, source: &Source) -> Position {
    let is_break = |byte: &u8| *byte == b'\n' || *byte == b'\r';
    let line_start = text[..at].iter().rposition(is_break).map_or(0, |before| before + 1);
    let line_end = text[at..].iter().position(is_break).map_or(text.len(), |after| at + after);
    let line = String::from_utf8_lossy(&text[line_start..line_end]);
    // What is before it is UTF-8, so it is as long as it was; what is wrong is a character.
    let from = at - line_start;
    let to = from + line[from..].chars().next().map_or(0, char::len_utf8);
    let (excerpt, caret) = excerpt(&line, (from, to));
    Position {
        source: source.name().to_owned(),
        line: count_lines(&text[..line_start]) + 1,
        byte_offset: (mark + at) as u64,
        record: 0,
        column: None,
        excerpt,
        caret: Some(caret),
    }
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

/// What stands before the data of a text: lines that are skipped, and all rows of the header.
struct Preamble {
    /// Where the header begins.
    header: usize,
    /// Where the data begins.
    end: usize,
    /// What is wrong with the quotes of the header, at an offset behind its begin.
    fault: Option<FaultKind>,
}

/// The preamble; `None` where it does not end in the sample.
fn preamble(text: &[u8], complete: bool, sniffed: &Sniffed) -> Option<Preamble> {
    let header = skipped_bytes(text, complete, sniffed.skip_lines)?;
    if !sniffed.header {
        return Some(Preamble { header, end: header, fault: None });
    }
    let mut window = 4096;
    loop {
        let part = &text[header..text.len().min(header + window)];
        let whole = header + part.len() == text.len();
        let mut cells = Cells::default();
        read_records(part, whole && complete, &sniffed.dialect, None, &mut cells);
        let is_row = |record: &RawRecord| sniffed.columns.len() < 2 || record.end > record.start;
        let mut rows = cells.records.iter().enumerate().filter(|(_, record)| is_row(record));
        // A quote that opens a word in a name is text there.
        let changes = |fault: &FaultKind| !matches!(fault, FaultKind::StrayQuote { .. });
        let fault = |records: &[RawRecord]| records.iter().find_map(|record| record.fault.filter(changes));
        if let Some((last, record)) = rows.nth(sniffed.header_rows - 1) {
            let end = header + behind_line_end(part, record.end as usize);
            return Some(Preamble { header, end, fault: fault(&cells.records[..=last]) });
        }
        match (whole, complete) {
            (true, true) => return Some(Preamble { header, end: text.len(), fault: fault(&cells.records) }),
            (true, false) => return None,
            _ => window *= 8,
        }
    }
}

fn line_length(text: &[u8], complete: bool) -> Option<usize> {
    let end = text.iter().position(|&byte| byte == b'\n' || byte == b'\r')?;
    let after = behind_line_end(text, end);
    (after < text.len() || complete || text[end] == b'\n').then_some(after)
}

pub(crate) fn count_lines(text: &[u8]) -> u64 {
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
        let has_header = opening.sniffed.header && options.names.is_none();
        names = names_of_schema(options, schema, names, has_header, source)?;
    }
    let mut columns: Vec<_> = names.into_iter().map(PlannedColumn::named).collect();
    if options.infer == Infer::None {
        columns.iter_mut().for_each(|column| column.given = Some(ColumnType::given(DataType::Utf8)));
    }
    for (name, kind) in options.given_types() {
        if matches!(kind.data_type, DataType::Struct(_) | DataType::List(_)) {
            let message =
                format!("column {name:?} cannot be {}: delimited text has no structs and lists", kind.data_type);
            return Err(Error::new(Code::Usage, message).hint("only JSON has; utf8 keeps the text"));
        }
        let column = columns.iter_mut().find(|column| column.name == name);
        match column {
            // What is no JSON is text as it stands.
            Some(column) => column.given = Some(kind.with_json_texts(&[])),
            None => {
                let names = columns.iter().map(|column| column.name.as_str());
                return Err(unknown_column("--type", name, names));
            }
        }
    }
    Ok((columns, notes))
}

/// Joined by name, a source with another delimiter would be a column of whole lines, and nobody would be told.
fn require_same_delimiter(source: &Source, opening: &Opening, options: &Options) -> Result<()> {
    if opening.sniffed.columns.len() != 1 || options.delimiter.is_some() {
        return Ok(());
    }
    let alone = open(source, &hints(options), options)?.sniffed;
    if alone.columns.len() < 2 || alone.dialect.delimiter == opening.sniffed.dialect.delimiter {
        return Ok(());
    }
    let spelled = |delimiter: Option<Delimiter>| {
        delimiter.map_or("nothing".to_owned(), |delimiter| format!("'{}'", delimiter.to_string().escape_debug()))
    };
    let (own, others) = (spelled(alone.dialect.delimiter), spelled(opening.sniffed.dialect.delimiter));
    let message = format!("{}: fields are divided by {own}, in the sources before it by {others}", source.name());
    Err(Error::new(Code::UnsupportedInput, message)
        .hint("read them on their own; --delimiter says what divides all of them"))
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
    hints.header_rows = Some(opening.sniffed.header_rows);
    let look = |(number, source): (usize, Source)| -> Result<(Input, Option<Vec<String>>)> {
        let (columns, data_offset, data_lines) = if number == first {
            (opening.sniffed.columns.clone(), opening.data_offset, opening.data_lines)
        } else {
            let other = open(&source, &hints, options)?;
            let columns = other.sniffed.columns.clone();
            if options.union_by_name {
                require_same_delimiter(&source, &other, options)?;
            } else if opening.sniffed.header && !columns.is_empty() && columns != opening.sniffed.columns {
                let wanted = &opening.sniffed.columns;
                return Err(header_mismatch(source.name(), &columns, &format!("that of {first_name}"), wanted)
                    .hint("--union-by-name joins columns by their names; --header no reads the first record of every source as data"));
            }
            (columns, other.data_offset, other.data_lines)
        };
        if number >= KEPT_READY {
            source.put_back();
        }
        let (source, data_offset) = (Arc::new(source), data_offset as u64);
        let input = Input { data_lines, ..Input::of(source, data_offset) };
        Ok((input, Some(columns).filter(|_| options.union_by_name || number == first)))
    };
    let sources = sources.into_iter().enumerate().collect();
    let looked_at = try_map(threads_wanted(options), sources, || (), |(), source| look(source))?;
    let mut union = Union::default();
    let add = |(input, columns): (Input, Option<Vec<String>>)| {
        columns.iter().for_each(|columns| union.add(columns));
        input
    };
    let mut inputs: Vec<Input> = looked_at.into_iter().map(add).collect();
    if options.union_by_name {
        inputs.iter_mut().zip(union.layouts()).for_each(|(input, layout)| input.layout = layout);
    }
    Ok((inputs, union.names))
}
