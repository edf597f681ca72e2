//! The one error of this crate.

use std::error::Error;

/// A column could not be handed over.
#[derive(Debug, thiserror::Error)]
#[error("column {column:?} cannot be handed to the other Arrow library: {source}")]
pub struct Arrow2Error {
    column: String,
    source: Box<dyn Error + Send + Sync>,
}

impl Arrow2Error {
    /// The column's name, or the empty string where the columns do not fit each other.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// The constructor for errors of one column.
    pub(crate) fn of<E: Error + Send + Sync + 'static>(column: &str) -> impl FnOnce(E) -> Self {
        move |source| Arrow2Error { column: column.to_owned(), source: Box::new(source) }
    }
}
