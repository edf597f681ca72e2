//! The plan of tables: the columns and their types are those that are stored.

use std::sync::Arc;

use ingest_columnar::arrow::datatypes::{DataType as ArrowType, Schema};
use ingest_columnar::{ColumnType, own_type, type_name};
use ingest_infer::{DataType, name_columns};
use ingest_parse::Dialect;
use ingest_source::Source;

use super::{Input, Known, Plan, PlannedColumn, header_mismatch, names_of_schema, refuse_options_of_text};
use super::{Union, unknown_column};
use crate::error::{Code, Error, Result};
use crate::options::{InputFormat, Options};
use crate::tables::{Table, TableFormat, keep};

/// If the sources are tables, the number of the first one that holds anything. They are if that one is.
pub(super) fn first_table(options: &Options, sources: &[Source]) -> Result<Option<usize>> {
    if matches!(options.input_format, Some(InputFormat::Csv | InputFormat::Tsv | InputFormat::Jsonl)) {
        return Ok(None);
    }
    if matches!(options.input_format, Some(InputFormat::Parquet | InputFormat::Arrow)) {
        return Ok(Some(0));
    }
    for (number, source) in sources.iter().enumerate() {
        let start = source.peek(TableFormat::MAGIC_BYTES)?;
        if !start.is_empty() {
            return Ok(TableFormat::of(&start).map(|_| number));
        }
    }
    Ok(None)
}

/// A source as a table.
pub(crate) fn open(mut source: Source, options: &Options) -> Result<Input> {
    let start = source.peek(TableFormat::MAGIC_BYTES)?;
    let name = source.name();
    let format = TableFormat::of(&start);
    let other = match options.input_format {
        Some(InputFormat::Parquet) if format != Some(TableFormat::Parquet) => Some("Parquet"),
        Some(InputFormat::Arrow) if !format.is_some_and(TableFormat::is_arrow) => Some("Arrow IPC"),
        _ => None,
    };
    if let Some(wanted) = other {
        return Err(Error::new(Code::UnsupportedInput, format!("{name} is not {wanted}, as --input-format says"))
            .hint("without that option the format is what the first bytes show"));
    }
    let Some(format) = format else {
        let message = format!("{name} is no Parquet or Arrow file, the sources before it are");
        return Err(Error::new(Code::UnsupportedInput, message).hint("read them on their own"));
    };
    refuse_options_of_text(options, format.name())?;
    let size = keep(&mut source, options.temp_dir.as_deref())?;
    let source = Arc::new(source);
    let table = Table::open(Arc::clone(&source), size, format)?;
    Ok(Input { table: Some(table), ..Input::of(source, 0) })
}

/// The plan, and the tables.
pub(super) fn plan(options: &Options, sources: Vec<Source>, known: Known) -> Result<(Plan, Vec<Input>)> {
    let mut inputs = sources.into_iter().map(|source| open(source, options)).collect::<Result<Vec<_>>>()?;
    let (mut columns, mut notes) = columns(options, &mut inputs)?;
    settle_types(&mut columns, options, &inputs)?;
    let plan = Plan::bare(options, Dialect::PLAIN_JSON, known)?.with_columns(options, columns)?;
    let selected = || plan.selected.iter().map(|&index| &plan.columns[index]);
    if let Some(column) = selected().find(|column| column.given.is_none()) {
        return Err(no_type_for(column, &inputs));
    }
    notes.retain(|(name, _)| selected().any(|column| column.name == *name));
    let plan = Plan { notes: notes.into_iter().map(|(_, note)| note).collect(), ..plan };
    Ok((plan, inputs))
}

fn schema_of(input: &Input) -> &Schema {
    &input.table.as_ref().expect("every input is a table").schema
}

/// The names of a table's columns, all different, and a note for each that had to change.
fn names(input: &Input) -> (Vec<String>, Vec<String>) {
    let names: Vec<&[u8]> = schema_of(input).fields().iter().map(|field| field.name().as_bytes()).collect();
    let named = name_columns(&names);
    (named.columns, named.renamed)
}

/// Notes, each with the column that it is about.
type Notes = Vec<(String, String)>;

/// The columns of all tables, with types that hold what each of them has; without one where there is none. Settles where the
/// columns stand in each table.
fn columns(options: &Options, inputs: &mut [Input]) -> Result<(Vec<PlannedColumn>, Notes)> {
    let Some(first) = inputs.first() else { return Err(Error::new(Code::NotFound, "no source was named")) };
    let (names_of_first, renamed) = names(first);
    let renamed = renamed.into_iter().filter_map(|note| {
        let name = names_of_first.iter().find(|name| note.contains(&format!("{name:?}")))?;
        Some((name.clone(), note))
    });
    let mut notes: Notes = renamed.collect();
    let mut union = Union::default();
    for input in inputs.iter() {
        let (found, _) = names(input);
        if found != names_of_first && !options.union_by_name {
            let other = format!("that of {}", first.source.name());
            return Err(header_mismatch(input.source.name(), &found, &other, &names_of_first).hint(
                "tables that are read as one have the same columns in the same order; --union-by-name joins others",
            ));
        }
        union.add(&found);
    }
    inputs.iter_mut().zip(union.layouts()).for_each(|(input, layout)| input.layout = layout);
    let mut columns: Vec<PlannedColumn> = union.names.into_iter().map(PlannedColumn::named).collect();
    for input in inputs.iter() {
        for (index, column) in columns.iter_mut().enumerate() {
            let Some(place) = input.place(index) else { continue };
            let stored = schema_of(input).field(place).data_type();
            notes.extend(loss(stored).map(|loss| (column.name.clone(), format!("column {:?} {loss}", column.name))));
            match (&column.given, own_type(stored)) {
                (Some(known), Some(own)) if known.data_type != own && own != DataType::Null => {
                    if known.data_type != DataType::Null {
                        return Err(other_types(input, column, &own));
                    }
                    column.given = Some(ColumnType::given(own));
                }
                (None, Some(own)) => column.given = Some(ColumnType::given(own)),
                _ => {}
            }
        }
    }
    notes.dedup();
    Ok((columns, notes))
}

/// What the values are not any more, where they are all the same.
fn loss(stored: &ArrowType) -> Option<String> {
    match stored {
        ArrowType::Timestamp(_, Some(zone)) if !matches!(&**zone, "UTC" | "+00:00") => {
            Some(format!("has the time zone {zone}; the instants are kept, in UTC"))
        }
        ArrowType::Decimal256(..) if own_type(stored) == Some(DataType::Utf8) => {
            Some(format!("is {}; its numbers are kept as text", type_name(stored)))
        }
        _ => None,
    }
}

#[cold]
fn other_types(input: &Input, column: &PlannedColumn, own: &DataType) -> Error {
    let (source, name) = (input.source.name(), &column.name);
    let known = column.given.as_ref().map_or(String::new(), |given| given.data_type.to_string());
    Error::new(Code::HeaderMismatch, format!("{source}: column {name:?} is {own}, in the sources before it {known}"))
        .hint(format!("--type {name}=utf8 reads both as text; another type takes what fits it"))
}

#[cold]
fn no_type_for(column: &PlannedColumn, inputs: &[Input]) -> Error {
    let name = &column.name;
    let stored = inputs.iter().find_map(|input| {
        let (names, _) = names(input);
        let index = names.iter().position(|other| other == name)?;
        Some((input.source.name(), schema_of(input).field(index).data_type()))
    });
    let (source, stored) = stored.map_or(("", String::new()), |(source, stored)| (source, type_name(stored)));
    Error::new(Code::UnsupportedInput, format!("{source}: column {name:?} is {stored}, which ingest has no type for"))
        .hint(format!("--drop {name} leaves the column out"))
}

/// Puts the types that the options ask for in place of those that are stored.
fn settle_types(columns: &mut [PlannedColumn], options: &Options, inputs: &[Input]) -> Result<()> {
    if let Some(schema) = &options.schema {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        let source = inputs.first().map_or("", |input| input.source.name());
        // Neither the names nor a header of a table can be said to be others.
        names_of_schema(options, schema, names, true, source).map_err(|error| {
            error.hint("a schema names all columns of the table but those that --columns or --drop leaves out; --type settles single ones")
        })?;
    }
    for (name, kind) in options.given_types() {
        let data_type = &kind.data_type;
        let Some(column) = columns.iter_mut().find(|column| column.name == name) else {
            let names = columns.iter().map(|column| column.name.as_str());
            return Err(unknown_column("--type", name, names));
        };
        let stored = column.given.as_ref().map(|given| &given.data_type);
        let is_nested = |kind: &DataType| matches!(kind, DataType::Struct(_) | DataType::List(_));
        if stored == Some(data_type) {
            continue;
        }
        if is_nested(data_type) && stored != Some(&DataType::Null) {
            let stored = stored.map_or("of no type that ingest has".to_owned(), ToString::to_string);
            let message = format!("column {name:?} cannot be {data_type}: it is {stored}");
            return Err(
                Error::new(Code::Usage, message).hint("structs and lists are read as they are stored, or as utf8")
            );
        }
        if stored.is_some() {
            // What is no JSON is text as it stands.
            column.given = Some(kind.with_json_texts(&[]));
        }
    }
    Ok(())
}
