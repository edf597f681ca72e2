//! `ingest head`: the first rows as a table.

use clap::ValueHint;
use ingest::{Head, Result};

use crate::console::Console;
use crate::options::{ReadArgs, open};
use crate::output;
use crate::progress::Progress;
use crate::table::{Align, CELL_WIDTH_MAX, Table, cut};

const EXAMPLES: &str = "\
Examples:
  ingest head data.csv
  ingest head data.csv.gz -n 3 -c id,name
  zcat data.csv.gz | ingest head -";

/// Show the first rows as a table.
///
/// Reads no more than it needs. An empty cell is null, \"\" is an empty text.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A file, folder or pattern as 'data/*.csv'; - is standard input.
    #[arg(required = true, value_name = "SRC", value_hint = ValueHint::AnyPath)]
    sources: Vec<String>,

    /// How many rows.
    #[arg(short = 'n', long = "rows", value_name = "N", default_value_t = 10)]
    rows: usize,

    #[command(flatten)]
    read: ReadArgs,
}

/// Reads the first rows and prints them.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    // Over before a bar could be seen; it only stands in for the listener.
    let progress = Progress::start(console);
    let head = open(&args.sources, args.read.options(&progress)?)?.head(args.rows)?;
    drop(progress);
    output::text(&table(&head).to_string())?;
    if head.provisional {
        console.say("types with a ? are provisional: they come from these rows alone");
    }
    Ok(())
}

fn table(head: &Head) -> Table {
    let mut table = Table::new(head.types.iter().map(|name| align(name)));
    table.row(head.names.iter().map(|name| cut(name, CELL_WIDTH_MAX)));
    let mark = if head.provisional { "?" } else { "" };
    table.row(head.types.iter().map(|name| format!("{name}{mark}")));
    for row in &head.rows {
        table.row(row.iter().map(|field| cell(field.as_deref())));
    }
    table
}

fn align(type_name: &str) -> Align {
    let is_number = ["int64", "float64", "decimal128"].iter().any(|number| type_name.starts_with(number));
    if is_number { Align::Right } else { Align::Left }
}

fn cell(field: Option<&str>) -> String {
    match field {
        None => String::new(),
        Some("") => "\"\"".to_owned(),
        Some(text) => cut(text, CELL_WIDTH_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_empty_text_and_long_text_are_told_apart() {
        let head = Head {
            names: vec!["n".into(), "text".into()],
            types: vec!["int64".into(), "utf8".into()],
            provisional: true,
            rows: vec![
                vec![Some("7".into()), Some(String::new())],
                vec![None, Some("x".repeat(50))],
                vec![Some("12345678".into()), None],
            ],
        };
        let shown = table(&head).to_string();
        let expected = format!(
            "       n  text\n  int64?  utf8?\n       7  \"\"\n          {}…\n12345678\n",
            "x".repeat(CELL_WIDTH_MAX - 1)
        );
        assert_eq!(shown, expected);
    }
}
