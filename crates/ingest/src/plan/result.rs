//! The columns of the result: which of the sources' they are, which are made, and in what order.

use std::collections::HashSet;

use ingest_columnar::{ColumnType, OnError};
use ingest_infer::Summary;

use super::filter::Place;
use super::{MadeColumn, Plan, PlannedColumn, are_tables, require_different, unknown_column};
use crate::error::{Code, Error, Result};
use crate::flaw::FlawKind;
use crate::options::Options;
use crate::plan::Input;

/// What a column of the result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// One of the sources', by its number in [`Plan::selected`].
    Selected(usize),
    /// One that is made, by its number in [`Plan::made`].
    Made(usize),
}

impl Options {
    /// What is asked of the sources' own columns: without those that are made, which it may name as well. `--drop` is left as it is,
    /// for it means the column of that name in the files, if they have one.
    pub(crate) fn of_own_columns(&self, made: &[String]) -> Options {
        let mut own = self.clone();
        own.columns.iter_mut().for_each(|columns| columns.retain(|name| !made.contains(name)));
        own.schema.iter_mut().for_each(|schema| schema.retain(|column| !made.contains(&column.name)));
        own.types.retain(|(name, _)| !made.contains(name));
        own
    }

    /// The same without these columns altogether, where sources are not looked at whose paths make them.
    pub(crate) fn without_columns(&self, names: &[String]) -> Options {
        let mut others = self.of_own_columns(names);
        others.drop.retain(|name| !names.contains(name));
        others
    }
}

/// Columns are found by their names: none is asked for twice.
pub(super) fn check_names(options: &Options) -> Result<()> {
    let mut met = HashSet::new();
    if let Some(doubled) = options.columns.iter().flatten().find(|name| !met.insert(*name)) {
        return Err(Error::new(Code::Usage, format!("--columns names the column {doubled:?} twice"))
            .hint("name each column once: the columns of a result have different names"));
    }
    options.schema.as_deref().map_or(Ok(()), require_different)
}

impl Plan {
    /// Settles which of the columns of the sources, and of those that are made, the result has; `finds`: whether an option may name
    /// a column that is not there yet, so that nothing is selected.
    ///
    /// # Errors
    /// There is no column that an option names, none is left, or two have one name.
    pub(super) fn select(&mut self, options: &Options, finds: bool) -> Result<()> {
        let made: Vec<String> = self.made.iter().map(|made| made.name.clone()).collect();
        let names = || self.columns.iter().map(|column| column.name.as_str());
        let find = |option: &str, name: &String| {
            let index = names().position(|known| known == name);
            index.ok_or_else(|| unknown_column(option, name, names().chain(made.iter().map(String::as_str))))
        };
        let mut selected: Vec<usize> = Vec::new();
        let mut dropped = Vec::new();
        if !finds {
            selected = match &options.columns {
                Some(wanted) => wanted.iter().map(|name| find("--columns", name)).collect::<Result<_>>()?,
                None => (0..self.columns.len()).collect(),
            };
            for name in &options.drop {
                match find("--drop", name) {
                    Ok(index) => selected.retain(|&selected| selected != index),
                    Err(_) if made.contains(name) => dropped.push(name),
                    Err(error) => return Err(error),
                }
            }
        }
        self.selected = selected;
        self.place_made(&dropped);
        let has_columns = !self.columns.is_empty() && !finds;
        if self.width() == 0 && has_columns {
            return Err(Error::new(Code::Usage, "no column is left").hint("--columns and --drop leave nothing to read"));
        }
        self.suggested = vec![Summary::default(); self.selected.len()];
        self.check_made_names()
    }

    /// Gives the made columns their places: those that `--columns` names where it names them; the others behind all, but for those
    /// that are `dropped`. Where it names one of folders, it picks among these, and the others of them are left out.
    fn place_made(&mut self, dropped: &[&String]) {
        self.made.iter_mut().for_each(|made| made.position = None);
        let selected: HashSet<&str> = self.selected.iter().map(|&index| self.columns[index].name.as_str()).collect();
        let mut next = 0;
        for name in self.order.iter().flatten() {
            let is_selected = selected.contains(name.as_str());
            match self.made.iter_mut().find(|made| made.name == *name) {
                Some(made) if !dropped.contains(&name) => made.position = Some(next),
                None if is_selected => {}
                _ => continue,
            }
            next += 1;
        }
        let behind = self.width()..;
        let mut folders = self.made.iter().filter(|made| made.is_folder());
        let picks_folders = folders.any(|made| self.order.iter().flatten().any(|name| *name == made.name));
        let left = self.made.iter_mut().filter(|made| made.position.is_none() && !dropped.contains(&&made.name));
        let left = left.filter(|made| !picks_folders || !made.is_folder());
        behind.zip(left).for_each(|(position, made)| made.position = Some(position));
    }

    fn check_made_names(&self) -> Result<()> {
        for (number, made) in self.made.iter().enumerate() {
            let selected = || self.selected.iter().any(|&index| self.name_of(index) == made.name);
            let is_taken = (made.position.is_some() && selected())
                || self.made[..number].iter().any(|other| other.name == made.name);
            if is_taken || made.name.is_empty() {
                return Err(made.refused(is_taken));
            }
        }
        Ok(())
    }

    /// Nothing of the rows is wanted but their number.
    pub(super) fn select_nothing(&mut self) {
        self.selected.clear();
        self.made.iter_mut().for_each(|made| made.position = None);
    }

    /// The made columns of the result, in its order.
    pub(crate) fn made_of_result(&self) -> Vec<(usize, &MadeColumn)> {
        let mut made: Vec<_> = self.made.iter().filter_map(|made| Some((made.position?, made))).collect();
        made.sort_unstable_by_key(|(position, _)| *position);
        made
    }

    /// How many columns the result has.
    pub(crate) fn width(&self) -> usize {
        self.selected.len() + self.made.iter().filter(|made| made.position.is_some()).count()
    }

    /// What a column of the result is. O(made columns).
    pub(crate) fn origin(&self, position: usize) -> Origin {
        let before = self.made.iter().filter(|made| made.position.is_some_and(|other| other < position)).count();
        match self.made.iter().position(|made| made.position == Some(position)) {
            Some(number) => Origin::Made(number),
            None => Origin::Selected(position - before),
        }
    }

    /// At which position of the result a selected column is.
    pub(crate) fn position_of_selected(&self, number: usize) -> usize {
        let made_until = |position: usize| {
            self.made.iter().filter(|made| made.position.is_some_and(|other| other <= position)).count()
        };
        let mut position = number;
        while position != number + made_until(position) {
            position = number + made_until(position);
        }
        position
    }

    /// At which position of the result a column is: one of the sources, or behind them one that is made.
    pub(crate) fn position_of(&self, index: usize) -> Option<usize> {
        if let Some(number) = index.checked_sub(self.columns.len()) {
            return self.made[number].position;
        }
        // O(1) where all of them are selected.
        let is_there = self.selected.get(index) == Some(&index);
        let number = if is_there { Some(index) } else { self.selected.iter().position(|selected| *selected == index) };
        number.map(|number| self.position_of_selected(number))
    }

    /// The type that a column of the result starts from.
    pub(crate) fn kind(&self, position: usize, known: &Summary) -> ColumnType {
        match self.origin(position) {
            Origin::Selected(number) => self.kind_of_selected(number, known),
            Origin::Made(number) => self.made[number].kind(),
        }
    }

    /// The type that a selected column starts from.
    pub(crate) fn kind_of_selected(&self, number: usize, known: &Summary) -> ColumnType {
        let given = self.columns[self.selected[number]].given.clone();
        given.unwrap_or_else(|| ColumnType::from(known.decide()))
    }

    /// Whether a column of the result is built from text, by builders that take memory which was given back. Nobody else does.
    pub(crate) fn is_built(&self, position: usize, inputs: &[Input]) -> bool {
        matches!(self.origin(position), Origin::Selected(_)) && !are_tables(inputs)
    }

    /// Name of a column of the result.
    pub(crate) fn name(&self, position: usize) -> &str {
        match self.origin(position) {
            Origin::Selected(number) => self.name_of(self.selected[number]),
            Origin::Made(number) => &self.made[number].name,
        }
    }

    /// Names of the columns of the result.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.width()).map(|position| self.name(position))
    }

    /// Names of its columns that the sources hold, with what belongs to each of the result's.
    pub(crate) fn own_columns<T>(&self, of_result: Vec<T>) -> Vec<(String, T)> {
        let own = of_result.into_iter().enumerate();
        let own = own.filter(|(position, _)| matches!(self.origin(*position), Origin::Selected(_)));
        own.map(|(position, of)| (self.name(position).to_owned(), of)).collect()
    }

    /// Whether the filter looks at a column: one of the sources, or behind them one that is made.
    pub(crate) fn filters_by(&self, index: usize) -> bool {
        let mut places = self.filter.iter().flat_map(|filter| &filter.columns).map(|column| column.place);
        places.any(|place| match place {
            Place::Source(number) => number == index,
            Place::Made(number) => self.columns.len() + number == index,
            Place::Nowhere => false,
        })
    }

    /// Whether the filter cannot tell of the rows of a source, for a value of its path that does not fit. What a null is to a
    /// condition is known, whether or not the column may hold one.
    pub(crate) fn cannot_tell(&self, of_path: &[FlawKind]) -> bool {
        of_path.iter().any(|flaw| match flaw {
            FlawKind::Made { column, data_type: Some(_), .. } => self.filters_by(*column),
            _ => false,
        })
    }

    /// What is wrong with every row of a source, as its path says it.
    pub(crate) fn flaws_of_path(&self, source: &str) -> Vec<FlawKind> {
        let nulls_misfits = self.on_error == OnError::Null;
        let made = (self.columns.len()..).zip(&self.made);
        let used = made.filter(|(index, made)| made.position.is_some() || self.filters_by(*index));
        used.filter_map(|(index, made)| made.flaw(index, source, &self.rules(), nulls_misfits)).collect()
    }

    /// A plan with these columns of the sources, of which the options select some.
    pub(super) fn with_columns(self, options: &Options, mut columns: Vec<PlannedColumn>) -> Result<Plan> {
        super::require_values(options, &mut columns);
        let mut plan = Plan { columns, ..self };
        plan.shape.columns = plan.columns.len().max(1);
        plan.select(options, false)?;
        Ok(plan)
    }
}
