//! MLTable files: another system's definitions of tables, read as ours.
//!
//! What they say is said with our options and steps; what has no counterpart is an error, never left out.

use std::path::Path;

use ingest::{Code, Error, Options, Result};
use serde_json::{Map, Value, json};

use crate::definition::Definition;
use crate::stages::{column_name, text_value};
use crate::step::Step;

/// Whether a document is such a file.
pub(crate) fn is_one(document: &Value) -> bool {
    document.get("paths").is_some() && document.get("kind").is_none()
}

/// Its definition; paths are those below `folder`, in which the file lies.
///
/// # Errors
/// [`Code::BadDefinition`]: something in it has no counterpart here, or is not of its form.
pub(crate) fn read(document: &Value, folder: &Path) -> Result<Definition> {
    let document = object("the document", document)?;
    check_keys("the document", document, &["$schema", "type", "paths", "transformations", "traits", "metadata"])?;
    let mut table = Table::default();
    for path in list("paths", document.get("paths"))? {
        table.add_path(path, folder)?;
    }
    if let Some(traits) = document.get("traits") {
        table.add_traits(traits)?;
    }
    for transformation in list("transformations", document.get("transformations"))? {
        match transformation {
            Value::String(name) => table.transform(name, &Value::Null)?,
            Value::Object(named) if named.len() == 1 => {
                named.iter().try_for_each(|(name, arguments)| table.transform(name, arguments))?;
            }
            other => return Err(bad(format!("a transformation is a name with its arguments, not {other}"))),
        }
    }
    Definition::tabular(&table.sources, &table.options, table.steps)
}

/// What has been read so far.
#[derive(Default)]
struct Table {
    sources: Vec<String>,
    options: Options,
    types: Map<String, Value>,
    steps: Vec<Step>,
}

impl Table {
    fn add_path(&mut self, path: &Value, folder: &Path) -> Result<()> {
        let entry = object("a path", path)?;
        let [(kind, place)] = entry.iter().collect::<Vec<_>>()[..] else {
            return Err(bad(format!("a path is one of file, folder and pattern, not {path}")));
        };
        if !["file", "folder", "pattern"].contains(&kind.as_str()) {
            return Err(bad(format!("a path is one of file, folder and pattern, not {kind:?}")));
        }
        let place = text(kind, place)?;
        if let Some((scheme, _)) = place.split_once("://").filter(|(scheme, _)| *scheme != "file") {
            return Err(bad(format!("{place}: sources of {scheme}:// cannot be read")));
        }
        let place = place.strip_prefix("file://").unwrap_or(place);
        // A path that is absolute stays what it is.
        let joined = folder.join(place.strip_prefix("./").unwrap_or(place));
        self.sources.push(joined.to_string_lossy().into_owned());
        Ok(())
    }

    fn add_traits(&mut self, traits: &Value) -> Result<()> {
        let traits = object("traits", traits)?;
        check_keys("traits", traits, &["timestamp_column", "index_columns"])?;
        if let Some(column) = traits.get("timestamp_column") {
            self.steps.push(Step::WithTimestampColumn(text("timestamp_column", column)?.to_owned()));
        }
        Ok(())
    }

    fn transform(&mut self, name: &str, arguments: &Value) -> Result<()> {
        match name {
            "read_delimited" => self.read_delimited(arguments)?,
            "read_parquet" => self.read_other("parquet", arguments, &["include_path_column"])?,
            "read_json_lines" => {
                self.read_other("jsonl", arguments, &["include_path_column", "encoding", "invalid_lines"])?;
            }
            "convert_column_types" => self.convert(arguments)?,
            "extract_columns_from_partition_format" => self.options.set("partition_format", arguments)?,
            "keep_columns" => self.steps.push(Step::KeepColumns(names(name, arguments)?)),
            "drop_columns" => self.steps.push(Step::DropColumns(names(name, arguments)?)),
            "take" => self.steps.push(Step::Take(number(name, arguments)?)),
            "skip" => self.steps.push(Step::Skip(number(name, arguments)?)),
            "take_random_sample" => {
                let arguments = object(name, arguments)?;
                check_keys(name, arguments, &["probability", "seed"])?;
                let probability = arguments.get("probability").and_then(Value::as_f64);
                let probability =
                    probability.ok_or_else(|| bad("take_random_sample needs a probability".to_owned()))?;
                let seed = arguments.get("seed").filter(|seed| !seed.is_null());
                let seed = seed.ok_or_else(|| {
                    bad("take_random_sample without a seed takes other rows each time; give it one".to_owned())
                })?;
                self.steps.push(Step::TakeSample { probability, seed: number("seed", seed)? });
            }
            "filter" => self.steps.push(Step::Filter(condition(text(name, arguments)?)?)),
            other => return Err(bad(format!("the transformation {other:?} has no counterpart here"))),
        }
        Ok(())
    }

    fn read_delimited(&mut self, arguments: &Value) -> Result<()> {
        const KEYS: [&str; 8] = [
            "delimiter",
            "encoding",
            "header",
            "empty_as_string",
            "include_path_column",
            "infer_column_types",
            "support_multi_line",
            "path_column",
        ];
        // A table of text has a comma and a header unless it says otherwise.
        self.options.set("input_format", &json!("csv"))?;
        self.options.set("delimiter", &json!(","))?;
        self.options.set("header", &json!(true))?;
        if arguments.is_null() {
            return Ok(());
        }
        let arguments = object("read_delimited", arguments)?;
        check_keys("read_delimited", arguments, &KEYS)?;
        for (name, value) in arguments {
            match (name.as_str(), value) {
                // Line ends in quotes are read in any case.
                ("support_multi_line", Value::Bool(_)) | ("infer_column_types", Value::Bool(true)) => {}
                ("empty_as_string" | "include_path_column", Value::Bool(false)) => {}
                ("delimiter", value) => self.options.set("delimiter", value)?,
                ("encoding", value) => self.encode(text(name, value)?)?,
                ("header", value) => self.header(text(name, value)?)?,
                ("include_path_column", Value::Bool(true)) => self.options.set("path_column", &json!("Path"))?,
                ("infer_column_types", Value::Bool(false)) => self.options.set("infer", &json!("none"))?,
                (name, value) => return Err(bad(format!("read_delimited: {name}: {value} has no counterpart here"))),
            }
        }
        Ok(())
    }

    fn read_other(&mut self, format: &str, arguments: &Value, keys: &[&str]) -> Result<()> {
        self.options.set("input_format", &json!(format))?;
        if arguments.is_null() {
            return Ok(());
        }
        let arguments = object(format, arguments)?;
        check_keys(format, arguments, keys)?;
        for (name, value) in arguments {
            match (name.as_str(), value) {
                ("include_path_column", Value::Bool(true)) => self.options.set("path_column", &json!("Path"))?,
                ("include_path_column", Value::Bool(false)) => {}
                ("encoding", value) => self.encode(text(name, value)?)?,
                ("invalid_lines", Value::String(word)) if word == "error" => {}
                ("invalid_lines", Value::String(word)) if word == "drop" => {
                    self.options.set("on_error", &json!("reject"))?;
                }
                (name, value) => return Err(bad(format!("{format}: {name}: {value} has no counterpart here"))),
            }
        }
        Ok(())
    }

    fn header(&mut self, word: &str) -> Result<()> {
        match word {
            "all_files_same_headers" => Ok(()),
            "no_header" => self.options.set("header", &json!(false)),
            "all_files_different_headers" => self.options.set("union_by_name", &json!(true)),
            other => Err(bad(format!("header: {other} has no counterpart here"))),
        }
    }

    fn encode(&mut self, label: &str) -> Result<()> {
        let label = match label {
            "utf8" => "utf-8",
            "iso88591" => "iso-8859-1",
            "latin1" => "iso-8859-1",
            // UTF-8 holds all of ASCII, and what is more in such a file would be changed by any other.
            "ascii" => "utf-8",
            "utf16" => "utf-16le",
            "utf32" => "utf-32le",
            "utf8bom" => "utf-8",
            "windows1252" => "windows-1252",
            other => other,
        };
        self.options.set("encoding", &json!(label))
    }

    fn convert(&mut self, arguments: &Value) -> Result<()> {
        for entry in list("convert_column_types", Some(arguments))? {
            let entry = object("convert_column_types", entry)?;
            check_keys("convert_column_types", entry, &["columns", "column_type"])?;
            let columns = match entry.get("columns") {
                Some(Value::String(column)) => vec![column.clone()],
                Some(columns) => names("columns", columns)?,
                None => return Err(bad("convert_column_types needs columns".to_owned())),
            };
            let kind = match entry.get("column_type") {
                Some(Value::String(word)) => match word.as_str() {
                    "int" => "int64",
                    "float" => "float64",
                    "string" => "utf8",
                    "boolean" => "bool",
                    other => return Err(bad(format!("the column type {other:?} has no counterpart here"))),
                },
                other => return Err(bad(format!("the column type {} has no counterpart here", json!(other)))),
            };
            columns.into_iter().for_each(|column| drop(self.types.insert(column, json!(kind))));
        }
        self.options.set("types", &Value::Object(self.types.clone()))
    }
}

/// A condition as they write it, `col("a") > 3 & col("b") == "x"`, as we do.
fn condition(text: &str) -> Result<String> {
    let mut made = String::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("col(") {
            let (name, after) = quoted(inner).ok_or_else(|| no_condition(text))?;
            rest = after.strip_prefix(')').ok_or_else(|| no_condition(text))?;
            made.push_str(&column_name(name));
        } else if sign == '"' || sign == '\'' {
            let (value, after) = quoted(rest).ok_or_else(|| no_condition(text))?;
            rest = after;
            made.push_str(&text_value(value));
        } else {
            const WORDS: [(&str, &str); 4] = [("==", "="), ("&", " and "), ("|", " or "), ("~", "not ")];
            let word = WORDS.iter().find(|(theirs, _)| rest.starts_with(theirs));
            let (theirs, ours) = word.copied().unwrap_or((&rest[..sign.len_utf8()], &rest[..sign.len_utf8()]));
            rest = &rest[theirs.len()..];
            made += ours;
        }
    }
    Ok(made)
}

/// The text between quotes at the start, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    let (value, after) = text[1..].split_once(quote)?;
    // With an escape in it, the quote may not be the end.
    (!value.contains('\\')).then_some((value, after))
}

fn no_condition(text: &str) -> Error {
    bad(format!("filter: {text:?} is no condition of the form col(\"a\") > 3"))
}

fn bad(message: String) -> Error {
    Error::new(Code::BadDefinition, format!("MLTable: {message}"))
}

fn object<'a>(what: &str, value: &'a Value) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| bad(format!("{what} should be a map, not {value}")))
}

fn list<'a>(what: &str, value: Option<&'a Value>) -> Result<&'a [Value]> {
    match value {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(bad(format!("{what} should be a list, not {other}"))),
    }
}

fn names(what: &str, value: &Value) -> Result<Vec<String>> {
    match value {
        Value::String(name) => Ok(vec![name.clone()]),
        value => list(what, Some(value))?.iter().map(|name| text(what, name).map(str::to_owned)).collect(),
    }
}

fn text<'a>(what: &str, value: &'a Value) -> Result<&'a str> {
    value.as_str().ok_or_else(|| bad(format!("{what} takes a text, not {value}")))
}

fn number(what: &str, value: &Value) -> Result<u64> {
    value.as_u64().ok_or_else(|| bad(format!("{what} takes a whole number from 0, not {value}")))
}

fn check_keys(what: &str, object: &Map<String, Value>, known: &[&str]) -> Result<()> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(bad(format!("{what}: {key:?} has no counterpart here"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(yaml: &str) -> Result<Definition> {
        Definition::from_yaml(yaml, Path::new("/tables/titanic"))
    }

    #[test]
    fn what_it_says_is_said_in_our_words() {
        let theirs = r#"
type: mltable
paths:
  - file: ./titanic.csv
  - pattern: more/*.csv
transformations:
  - read_delimited:
      delimiter: ";"
      encoding: ascii
      header: all_files_same_headers
      include_path_column: true
  - filter: 'col("Age") > 0 & ~(col("Sex") == "it''s")'
  - convert_column_types:
      - columns: [Age, Fare]
        column_type: float
      - columns: Name
        column_type: string
  - drop_columns: [Path]
  - take_random_sample: {probability: 0.5, seed: 3}
  - take: 100
"#;
        let ours = r#"
kind: tabular
sources: [/tables/titanic/titanic.csv, /tables/titanic/more/*.csv]
read:
  input_format: csv
  delimiter: ;
  encoding: utf-8
  header: true
  path_column: Path
  types: {Age: float64, Fare: float64, Name: utf8}
steps:
- filter: '"Age" > 0  and  not ("Sex" = ''it''''s'')'
- drop_columns: [Path]
- take_sample: {probability: 0.5, seed: 3}
- take: 100
"#;
        assert_eq!(definition(theirs).unwrap(), definition(ours).unwrap());
    }

    #[test]
    fn what_has_no_counterpart_is_an_error() {
        let message = |yaml: &str| definition(yaml).unwrap_err().to_string();
        let with =
            |transformation: &str| message(&format!("paths: [file: a.csv]\ntransformations: [{transformation}]"));
        assert!(message("paths: [file: 's3://x/a.csv']").contains("sources of s3:// cannot be read"));
        assert!(with("read_delta_lake: {}").contains("\"read_delta_lake\" has no counterpart"));
        assert!(with("read_delimited: {header: from_first_file}").contains("from_first_file has no counterpart"));
        assert!(with("read_delimited: {empty_as_string: true}").contains("empty_as_string: true"));
        assert!(with("take_random_sample: {probability: 0.5}").contains("without a seed"));
        assert!(with("filter: 'col(a) > 3'").contains("no condition of the form"));
        assert!(
            with("convert_column_types: [{columns: a, column_type: {datetime: {formats: ['%Y']}}}]")
                .contains("datetime")
        );
        assert!(message("paths: [file: a.csv]\nkinds: x").contains("\"kinds\" has no counterpart"));
        assert!(message("paths: []").contains("needs a source"));
    }
}
