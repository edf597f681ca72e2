//! Sources with different columns as one table: columns are the same if their names are.

use std::collections::HashMap;
use std::sync::Arc;

/// Where the columns of a plan stand in one of its sources.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// For each column of the plan, which of the source's it is, if any.
    places: Vec<Option<usize>>,
    /// How many columns the source has.
    width: usize,
}

impl Layout {
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Which of the source's columns is this one of the plan.
    pub(crate) fn place(&self, column: usize) -> Option<usize> {
        self.places.get(column).copied().flatten()
    }

    /// Which of the plan's columns is this one of the source.
    pub(crate) fn column(&self, place: usize) -> Option<usize> {
        self.places.iter().position(|known| *known == Some(place))
    }
}

/// The names of the columns of some sources, each once, in the order in which they first come.
#[derive(Default)]
pub(super) struct Union {
    pub names: Vec<String>,
    numbers: HashMap<String, usize>,
    /// By source, which columns it has, in its order; sources that follow one another share them.
    sources: Vec<Arc<[usize]>>,
}

impl Union {
    /// Adds the columns of the next source.
    pub(super) fn add(&mut self, names: &[String]) {
        let known = |numbers: &[usize]| numbers.iter().map(|&number| &self.names[number]).eq(names);
        if let Some(last) = self.sources.last().filter(|last| known(last)) {
            self.sources.push(Arc::clone(last));
            return;
        }
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let next = self.names.len();
            let number = *self.numbers.entry(name.clone()).or_insert(next);
            if number == next {
                self.names.push(name.clone());
            }
            columns.push(number);
        }
        self.sources.push(columns.into());
    }

    /// How each source is laid out; none where it has all columns in the order of the plan, or nothing at all.
    pub(super) fn layouts(&self) -> Vec<Option<Arc<Layout>>> {
        let mut layouts: Vec<Option<Arc<Layout>>> = Vec::with_capacity(self.sources.len());
        for (number, columns) in self.sources.iter().enumerate() {
            if number > 0 && Arc::ptr_eq(columns, &self.sources[number - 1]) {
                layouts.push(layouts[number - 1].clone());
                continue;
            }
            let is_usual = columns.is_empty() || columns.iter().copied().eq(0..self.names.len());
            layouts.push((!is_usual).then(|| {
                let mut places = vec![None; self.names.len()];
                columns.iter().enumerate().for_each(|(place, &column)| places[column] = Some(place));
                Layout { places, width: columns.len() }.into()
            }));
        }
        layouts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let mut union = Union::default();
        for columns in ["a b", "a b", "", "b c", "c a b", "a b c"] {
            union.add(&names(columns));
        }
        assert_eq!(union.names, names("a b c"));
        let layouts = union.layouts();
        let places = |number: usize| layouts[number].as_ref().map(|layout| (layout.places.clone(), layout.width()));
        assert_eq!(places(0), Some((vec![Some(0), Some(1), None], 2)));
        assert!(Arc::ptr_eq(layouts[0].as_ref().unwrap(), layouts[1].as_ref().unwrap()), "as many files share one");
        assert_eq!((places(2), places(5)), (None, None));
        assert_eq!(places(3), Some((vec![None, Some(0), Some(1)], 2)));
        assert_eq!(places(4), Some((vec![Some(1), Some(2), Some(0)], 3)));
        let layout = layouts[4].as_ref().unwrap();
        assert_eq!((layout.place(0), layout.column(0), layout.column(3)), (Some(1), Some(2), None));
    }
}
