//! Which rows of a table are wanted: `price > 3 and (city in ('Rom', 'Wien') or city is null)`.
//!
//! [`parse`] reads the text, [`predicate`] settles what it means for columns of known types and looks at values, [`prune`] at
//! what is known of the values of many rows.

mod parse;
mod predicate;
mod prune;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::options::Infer;
pub(crate) use predicate::Predicate;
pub(crate) use prune::Known;

/// A condition on rows, as SQL writes them: comparisons (`= != <> < <= > >=`) of a column with a value or with another column,
/// `in (…)`, `between … and …`, `like '…'` (`%` stands for any text, `_` for one character), `is null`, each also with `not`,
/// joined by `and`, `or`, `not` and parentheses. A column of booleans is a condition by itself.
///
/// A name that is no plain word stands in double quotes, a text, date or time in single ones; either quote is doubled inside.
/// `'@1704067200'` is a time in seconds since 1970 in UTC. Numbers are compared exactly, as decimal numbers, but for columns of floats. A comparison with null is neither true nor
/// false, as in SQL: only rows for which the whole condition is true are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    expression: Arc<Expression>,
    /// The columns that it names, each once.
    columns: Arc<[String]>,
    /// Where their types come from, if not from where those of the result do.
    infer: Option<Infer>,
    /// As it was written.
    text: Arc<str>,
}

impl Filter {
    pub(crate) fn infer_by(&mut self, infer: Infer) {
        self.infer.get_or_insert(infer);
    }

    /// Where the types of its columns come from, where those of the result come from `result`.
    pub(crate) fn infer(&self, result: Infer) -> Infer {
        self.infer.unwrap_or(result)
    }

    /// The columns that the condition names, each once, in their order in it.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    /// O(the text).
    fn from_str(text: &str) -> Result<Filter, FilterError> {
        let expression = parse::expression(text)?;
        let mut columns: Vec<String> = Vec::new();
        expression.visit_columns(&mut |name| {
            if !columns.iter().any(|known| known == name) {
                columns.push(name.to_owned());
            }
        });
        Ok(Filter { expression: expression.into(), columns: columns.into(), infer: None, text: text.into() })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What was expected.
    expected: &'static str,
    /// What stands there instead; nothing at the end.
    found: String,
    /// Characters before it.
    at: usize,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FilterError { expected, found, at } = self;
        if found.is_empty() {
            return write!(f, "the condition ends where {expected} is expected");
        }
        write!(f, "{expected} is expected at character {}, not {found:?}", at + 1)
    }
}

impl std::error::Error for FilterError {}

/// A condition as it is written.
#[derive(Clone, Debug, PartialEq)]
enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    /// A column of booleans.
    Column(String),
    IsNull(String),
    Like(String, String),
    In(String, Vec<Literal>),
    /// A column and a value; where the value stood first, the comparison is turned.
    Compare(String, Comparison, Literal),
    CompareColumns(String, Comparison, String),
}

impl Expression {
    fn visit_columns<'e>(&'e self, visit: &mut impl FnMut(&'e str)) {
        match self {
            Expression::And(parts) | Expression::Or(parts) => parts.iter().for_each(|part| part.visit_columns(visit)),
            Expression::Not(part) => part.visit_columns(visit),
            Expression::Column(name)
            | Expression::IsNull(name)
            | Expression::Like(name, _)
            | Expression::In(name, _)
            | Expression::Compare(name, ..) => visit(name),
            Expression::CompareColumns(left, _, right) => {
                visit(left);
                visit(right);
            }
        }
    }
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq)]
enum Literal {
    /// As it stands, with its sign.
    Number(String),
    Text(String),
    Bool(bool),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Number(number) => f.write_str(number),
            Literal::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Literal::Bool(value) => write!(f, "{value}"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// The same with its sides exchanged.
    fn turned(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            same => same,
        }
    }
}
