//! What is done to the rows of a dataset, step by step.

use serde::{Deserialize, Serialize};

/// One step. Rows are counted as the step before leaves them; in a dataset of files, a row is a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Only these columns, in this order.
    KeepColumns(Vec<String>),
    /// All columns but these.
    DropColumns(Vec<String>),
    /// The first rows, so many.
    Take(u64),
    /// All rows but the first ones, so many.
    Skip(u64),
    /// Each row with this probability: a function of the seed and the row's number alone.
    TakeSample {
        /// 0 to 1.
        probability: f64,
        /// Another seed takes other rows.
        seed: u64,
    },
    /// One of the two parts that rows fall into, each row by the seed and its number alone.
    RandomSplit {
        /// The share of the first part, 0 to 1.
        percentage: f64,
        /// Another seed divides otherwise.
        seed: u64,
        /// Which part it is.
        part: Part,
    },
    /// The rows of which a condition holds, as `--where` takes it.
    Filter(String),
    /// Names the column that the steps about time look at. It changes no row.
    WithTimestampColumn(String),
    /// Rows whose time is before this one.
    TimeBefore(Moment),
    /// Rows whose time is after this one.
    TimeAfter(Moment),
    /// Rows whose time is between these.
    TimeBetween {
        /// As text: `2020-12-31`, `2020-12-31T23:59:59`.
        start: String,
        /// As text.
        end: String,
        /// Whether a row at `start` or `end` itself is one.
        #[serde(default = "yes")]
        include_boundary: bool,
    },
    /// Rows whose time is at most so many seconds before the dataset is opened.
    TimeRecent {
        /// From now back.
        seconds: u64,
    },
}

/// A time that rows are compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// As text: `2020-12-31`, `2020-12-31T23:59:59`.
    pub time: String,
    /// Whether a row at that time itself is one.
    #[serde(default = "yes")]
    pub include_boundary: bool,
}

fn yes() -> bool {
    true
}

/// One of the two parts of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The part that the percentage is the share of.
    First,
    /// The rest.
    Second,
}

impl Step {
    /// The step's name in definitions.
    pub fn name(&self) -> &'static str {
        match self {
            Step::KeepColumns(_) => "keep_columns",
            Step::DropColumns(_) => "drop_columns",
            Step::Take(_) => "take",
            Step::Skip(_) => "skip",
            Step::TakeSample { .. } => "take_sample",
            Step::RandomSplit { .. } => "random_split",
            Step::Filter(_) => "filter",
            Step::WithTimestampColumn(_) => "with_timestamp_column",
            Step::TimeBefore(_) => "time_before",
            Step::TimeAfter(_) => "time_after",
            Step::TimeBetween { .. } => "time_between",
            Step::TimeRecent { .. } => "time_recent",
        }
    }

    /// Whether it means something where there are no columns.
    pub(crate) fn is_of_files(&self) -> bool {
        matches!(self, Step::Take(_) | Step::Skip(_) | Step::TakeSample { .. } | Step::RandomSplit { .. })
    }
}
