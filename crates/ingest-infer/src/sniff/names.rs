//! The names of columns.

use std::collections::{HashMap, HashSet};

/// Names that are all different, and what had to change for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// One name a column.
    pub columns: Vec<String>,
    /// A sentence for each name that changed, in the order of the columns.
    pub renamed: Vec<String>,
}

/// The names of a header with these fields, kept as they are where possible.
///
/// An empty one becomes `column_N`, N counted from 1; the second of a name becomes `name_1`, the third `name_2`; what
/// would clash with another name of the header counts on. Invalid UTF-8 stands as U+FFFD. O(fields).
#[must_use]
pub fn name_columns(first: &[&[u8]]) -> Names {
    let written: Vec<_> = first.iter().map(|name| String::from_utf8_lossy(name)).collect();
    let mut taken: HashSet<String> = written.iter().map(|name| name.clone().into_owned()).collect();
    let mut met: HashSet<&str> = HashSet::new();
    let mut counters: HashMap<String, usize> = HashMap::new();
    let mut names = Names::default();
    for (index, name) in written.iter().enumerate() {
        if !name.is_empty() && met.insert(name) {
            names.columns.push(name.clone().into_owned());
            continue;
        }
        let position = index + 1;
        let (fresh, why) = if name.is_empty() {
            let wanted = format!("column_{position}");
            let fresh = if taken.contains(&wanted) { next_free(&wanted, &taken, &mut counters) } else { wanted };
            (fresh, format!("column {position} has no name"))
        } else {
            (next_free(name, &taken, &mut counters), format!("column {position} is another {name:?}"))
        };
        names.renamed.push(format!("{why}; it is called {fresh:?}"));
        taken.insert(fresh.clone());
        names.columns.push(fresh);
    }
    names
}

/// `column_1` to `column_{count}`: the names of a table without header.
#[must_use]
pub fn number_columns(count: usize) -> Vec<String> {
    (1..=count).map(|position| format!("column_{position}")).collect()
}

/// `name_1`, or the first after it that is free. The counters remember where to go on, so that many alike stay cheap.
fn next_free(name: &str, taken: &HashSet<String>, counters: &mut HashMap<String, usize>) -> String {
    let counter = counters.entry(name.to_owned()).or_default();
    loop {
        *counter += 1;
        let fresh = format!("{name}_{counter}");
        if !taken.contains(&fresh) {
            return fresh;
        }
    }
}
