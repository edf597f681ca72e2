//! The filter of a run: its condition over the columns of the plan.
//!
//! Types are those of the whole input, whichever rows are wanted: unless they are given, a pass of its own settles them before
//! the first row is looked at.

use ingest_columnar::arrow::array::{ArrayRef, new_null_array};
use ingest_columnar::{ColumnType, OnError, arrow_type};
use ingest_infer::DataType;
use ingest_source::Source;

use super::made::is_made;
use super::{Plan, no_column, unknown_column};
use crate::error::{Error, Result};
use crate::filter::{Filter, Predicate};
use crate::options::{Infer, Options};
use crate::pipeline::Late;
use crate::session::Session;

/// Which rows are wanted.
pub(crate) struct PlannedFilter {
    pub columns: Vec<FilterColumn>,
    pub predicate: Predicate,
}

/// A column that the condition looks at.
pub(crate) struct FilterColumn {
    pub name: String,
    pub place: Place,
    pub kind: ColumnType,
}

/// Where a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the sources, by its number there.
    Source(usize),
    /// In no source: it is made, by its number in [`Plan::made`].
    Made(usize),
    /// Its key was not met yet.
    Nowhere,
}

impl Place {
    /// Its number in the sources.
    pub(crate) fn in_source(self) -> Option<usize> {
        if let Place::Source(index) = self { Some(index) } else { None }
    }
}

/// Columns by name, with their types.
pub(crate) type Types = Vec<(String, ColumnType)>;

/// The types of the columns of a result and of its filter, or of the latter alone where the result's are not inferred; and the
/// sources, at their start again, with what was met of their dialect.
pub(crate) fn types_of_all(
    options: &Options,
    filter: &Filter,
    sources: Vec<Source>,
) -> Result<(Vec<Source>, Types, Vec<Late>)> {
    // What is made of where rows are needs no look at them.
    let names: Vec<String> =
        filter.columns().iter().filter(|name| !is_made(name, options, &sources)).cloned().collect();
    let is_dropped = |name: &&String| options.infer != Infer::None && !names.contains(name);
    let drop = options.drop.iter().filter(is_dropped).cloned().collect();
    let columns = match (&options.columns, options.infer) {
        (_, Infer::None) if names.is_empty() => return Ok((sources, Vec::new(), Vec::new())),
        (_, Infer::None) => Some(names),
        (None, _) => None,
        (Some(columns), _) => {
            let more = names.into_iter().filter(|name| !columns.contains(name));
            Some(columns.iter().cloned().chain(more).collect())
        }
    };
    // No condition asks for the number of a row: a column of that name is one of the sources'. A schema that is given says which are.
    let of_sources = match (&options.row_number, &options.schema) {
        (Some(number), None) => Options { row_number: None, ..options.of_own_columns(std::slice::from_ref(number)) },
        _ => options.clone(),
    };
    let inner = Options {
        filter: None,
        columns,
        drop,
        infer: filter.infer(options.infer),
        offset: 0,
        limit: None,
        rejects: None,
        only_rejects: None,
        max_errors: None,
        // Broken records are the business of the run itself, which may end before it meets them.
        on_error: OnError::Reject,
        ..of_sources
    };
    let asked = &options.columns;
    let session = Session::of_sources(sources, inner).and_then(|session| session.attempt(Session::settle_types));
    let (mut session, kinds) = session.map_err(|error| {
        let is_ours = |name: &&String| !asked.iter().flatten().any(|asked| asked == *name);
        let mut ours = filter.columns().iter().filter(is_ours);
        match ours.find(|name| error.message() == no_column("--columns", name)) {
            Some(name) => {
                Error::new(error.code(), no_column("--where", name)).hint(error.way_out().unwrap_or_default())
            }
            None => error,
        }
    })?;
    let types = session.plan.own_columns(kinds);
    let late = std::mem::take(&mut session.late);
    Ok((session.into_sources(), types, late))
}

impl Plan {
    /// Settles which rows are wanted. `types`: those that the plan does not know.
    pub(crate) fn set_filter(&mut self, filter: &Filter, types: &Types) -> Result<()> {
        let kinds = filter.columns().iter().map(|name| self.kind_of(name, types)).collect::<Result<Vec<_>>>()?;
        let types: Vec<DataType> = kinds.iter().map(|kind| kind.data_type.clone()).collect();
        let predicate = filter.bind(&types)?;
        let column = |(name, kind): (&String, ColumnType)| FilterColumn {
            name: name.clone(),
            place: Place::Nowhere,
            kind: kind.settled(),
        };
        let columns = filter.columns().iter().zip(kinds).map(column).collect();
        self.filter = Some(PlannedFilter { columns, predicate });
        self.find_filter_columns();
        Ok(())
    }

    fn kind_of(&self, name: &str, types: &Types) -> Result<ColumnType> {
        if let Some(made) = self.made.iter().find(|made| made.is_of_source() && made.name == name) {
            return Ok(made.kind_in_filter());
        }
        let settled = types.iter().find(|(known, _)| known == name).map(|(_, kind)| kind.clone());
        let planned = || self.columns.iter().find(|column| column.name == name)?.given.clone();
        let names = || self.columns.iter().map(|column| column.name.as_str());
        settled.or_else(planned).ok_or_else(|| unknown_column("--where", name, names()))
    }

    /// The values of a filter's column that no source holds, for so many rows of one.
    pub(crate) fn made_for_filter(&self, column: &FilterColumn, source: &str, rows: usize) -> ArrayRef {
        match column.place {
            Place::Made(number) => self.made[number].values_in_filter(source, rows, &self.rules()),
            _ => new_null_array(&arrow_type(&column.kind.data_type), rows),
        }
    }

    /// Finds the filter's columns among those of the sources.
    pub(super) fn find_filter_columns(&mut self) {
        for wanted in self.filter.iter_mut().flat_map(|filter| &mut filter.columns) {
            let is_made = |made: &super::MadeColumn| made.is_of_source() && made.name == wanted.name;
            let made = self.made.iter().position(is_made).map(Place::Made);
            let in_source = || self.columns.iter().position(|column| column.name == wanted.name).map(Place::Source);
            wanted.place = made.or_else(in_source).unwrap_or(Place::Nowhere);
        }
    }
}
