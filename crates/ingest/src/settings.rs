//! The options that decide what is read, by name: as a definition of a dataset keeps them, and as Python gives them.

use std::str::FromStr;

use ingest_infer::DataType;
use serde_json::{Map, Value, json};
use strsim::levenshtein;

use crate::error::{Code, Error, Result};
use crate::options::Options;
use crate::schema::{SchemaColumn, parse_schema};
use crate::words::{Character, Separator};

/// The names, as the command line has them, with `_` for `-`; `types` is `--type`.
const NAMES: [&str; 29] = [
    "input_format",
    "compression",
    "encoding",
    "encoding_errors",
    "delimiter",
    "quote",
    "escape",
    "quoting",
    "comment",
    "header",
    "names",
    "skip",
    "offset",
    "limit",
    "columns",
    "union_by_name",
    "drop",
    "hive",
    "partition_format",
    "where",
    "path_column",
    "row_number",
    "schema",
    "types",
    "infer",
    "null_values",
    "on_error",
    "ragged",
    "max_field_bytes",
];

/// What came of setting an option: the reason why not.
type Set = std::result::Result<(), String>;

impl Options {
    /// The options that decide what is read and are not the default, by name. [`Options::set`] reads them.
    ///
    /// ```
    /// let mut options = ingest::Options::default();
    /// options.set("delimiter", &";".into())?;
    /// options.set("columns", &vec!["a", "b"].into())?;
    /// assert_eq!(options.settings()["columns"], serde_json::json!(["a", "b"]));
    /// assert_eq!(options.settings().len(), 2);
    /// # Ok::<(), ingest::Error>(())
    /// ```
    pub fn settings(&self) -> Map<String, Value> {
        let (own, usual) = (self.named_values(), Options::default().named_values());
        own.into_iter().zip(usual).filter(|(own, usual)| own != usual).map(|((name, value), _)| (name, value)).collect()
    }

    /// Every option that decides what is read, in the order of [`NAMES`].
    fn named_values(&self) -> Vec<(String, Value)> {
        let schema = self.schema.as_ref().map(|columns| columns.iter().map(SchemaColumn::to_json).collect::<Vec<_>>());
        let types: Map<String, Value> =
            self.types.iter().map(|(name, kind)| (name.clone(), json!(kind.to_string()))).collect();
        let character = |given: Option<Option<u8>>| text(given.map(Character));
        let values = [
            text(self.input_format),
            text(self.compression),
            self.encoding.map_or(Value::Null, |encoding| json!(encoding.name())),
            text(Some(self.encoding_errors)),
            text(self.delimiter.map(Separator)),
            character(self.quote),
            character(self.escape),
            text(Some(self.quoting)),
            character(self.comment),
            json!(self.header),
            json!(self.names),
            json!(self.skip),
            json!(self.offset),
            json!(self.limit),
            json!(self.columns),
            json!(self.union_by_name),
            json!(self.drop),
            json!(self.hive),
            text(self.partition_format.as_ref()),
            text(self.filter.as_ref()),
            json!(self.path_column),
            json!(self.row_number),
            json!(schema),
            Value::Object(types),
            text(Some(self.infer)),
            json!(self.null_values),
            text(Some(self.on_error)),
            text(self.ragged),
            json!(self.max_field_bytes),
        ];
        NAMES.into_iter().map(str::to_owned).zip(values).collect()
    }

    /// Sets an option that decides what is read, by name.
    ///
    /// # Errors
    /// [`Code::Usage`]: there is no such option, or the value is none of its values.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<()> {
        let set = self.set_form(name, value).or_else(|| self.set_rows_and_columns(name, value));
        match set.or_else(|| self.set_types(name, value)) {
            Some(Ok(())) => Ok(()),
            Some(Err(reason)) => Err(Error::new(Code::Usage, format!("{name}: {reason}"))),
            None => Err(unknown(name)),
        }
    }

    /// The options that say how the work is done, and the defaults for those that decide what is read.
    #[must_use]
    pub fn without_settings(self) -> Options {
        let Options { rejects, only_rejects, overwrite_rejects, max_errors, .. } = self;
        let Options { threads, memory_limit, temp_dir, web, access, kernel, chunk_bytes, .. } = self;
        let Options { cancel, on_progress, at_end, .. } = self;
        Options {
            rejects,
            only_rejects,
            overwrite_rejects,
            max_errors,
            threads,
            memory_limit,
            temp_dir,
            web,
            access,
            kernel,
            chunk_bytes,
            cancel,
            on_progress,
            at_end,
            ..Options::default()
        }
    }

    /// How the source is written; `None`: the option is another.
    fn set_form(&mut self, name: &str, value: &Value) -> Option<Set> {
        Some(match name {
            "input_format" => word(value).map(|word| self.input_format = Some(word)),
            "compression" => word(value).map(|word| self.compression = Some(word)),
            "encoding" => word(value).map(|word| self.encoding = Some(word)),
            "encoding_errors" => word(value).map(|word| self.encoding_errors = word),
            "delimiter" => word(value).map(|Separator(separator)| self.delimiter = Some(separator)),
            "quote" => word(value).map(|Character(byte)| self.quote = Some(byte)),
            "escape" => word(value).map(|Character(byte)| self.escape = Some(byte)),
            "quoting" => word(value).map(|word| self.quoting = word),
            "comment" => word(value).map(|Character(byte)| self.comment = Some(byte)),
            "header" => flag(value).map(|flag| self.header = Some(flag)),
            "skip" => number(value).and_then(|lines| {
                self.skip = Some(usize::try_from(lines).map_err(|error| error.to_string())?);
                Ok(())
            }),
            "max_field_bytes" => number(value).map(|bytes| self.max_field_bytes = bytes),
            _ => return None,
        })
    }

    fn set_rows_and_columns(&mut self, name: &str, value: &Value) -> Option<Set> {
        Some(match name {
            "names" => list(value).map(|names| self.names = Some(names)),
            "offset" => number(value).map(|rows| self.offset = rows),
            "limit" => number(value).map(|rows| self.limit = Some(rows)),
            "columns" => list(value).map(|names| self.columns = Some(names)),
            "union_by_name" => flag(value).map(|flag| self.union_by_name = flag),
            "drop" => list(value).map(|names| self.drop = names),
            "hive" => flag(value).map(|flag| self.hive = flag),
            "partition_format" => word(value).map(|format| self.partition_format = Some(format)),
            "where" => word(value).map(|filter| self.filter = Some(filter)),
            "path_column" => word(value).map(|name| self.path_column = Some(name)),
            "row_number" => word(value).map(|name| self.row_number = Some(name)),
            _ => return None,
        })
    }

    fn set_types(&mut self, name: &str, value: &Value) -> Option<Set> {
        Some(match name {
            "schema" => schema(value).map(|schema| self.schema = Some(schema)),
            "types" => types(value).map(|types| self.types = types),
            "infer" => word(value).map(|word| self.infer = word),
            "null_values" => list(value).map(|words| self.null_values = Some(words)),
            "on_error" => word(value).map(|word| self.on_error = word),
            "ragged" => word(value).map(|word| self.ragged = Some(word)),
            _ => return None,
        })
    }
}

fn text(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| Value::String(value.to_string()))
}

/// A number is no text: how it was written (`1.50`, `010`) is lost already.
fn word<T: FromStr<Err: ToString>>(value: &Value) -> std::result::Result<T, String> {
    match value {
        Value::String(text) => text.parse().map_err(|error: T::Err| error.to_string()),
        other => Err(format!("it takes a text, not {other}; write it in quotes")),
    }
}

fn flag(value: &Value) -> std::result::Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("it takes true or false, not {value}"))
}

fn number(value: &Value) -> std::result::Result<u64, String> {
    value.as_u64().ok_or_else(|| format!("it takes a whole number from 0, not {value}"))
}

fn list(value: &Value) -> std::result::Result<Vec<String>, String> {
    let items = value.as_array().ok_or_else(|| format!("it takes a list, not {value}"))?;
    items.iter().map(word).collect()
}

fn types(value: &Value) -> std::result::Result<Vec<(String, DataType)>, String> {
    let types = value.as_object().ok_or_else(|| format!("it takes a type for each of some names, not {value}"))?;
    types.iter().map(|(name, kind)| Ok((name.clone(), word(kind)?))).collect()
}

/// A list of columns, or a schema in one of the forms of `--schema`.
fn schema(value: &Value) -> std::result::Result<Vec<SchemaColumn>, String> {
    match value {
        Value::Array(_) => parse_schema(&json!({ "columns": value }).to_string()),
        Value::String(text) => parse_schema(text),
        other => Err(format!("it takes a list of columns, not {other}")),
    }
}

/// An option that there is not, with the nearest one that there is.
fn unknown(name: &str) -> Error {
    /// So many letters may be wrong for a name to be taken for another.
    const DISTANCE_MAX: usize = 3;
    let error = Error::new(Code::Usage, format!("there is no reading option {name:?}"));
    let nearest = NAMES
        .into_iter()
        .min_by_key(|known| levenshtein(name, known))
        .filter(|known| levenshtein(name, known) <= DISTANCE_MAX);
    match nearest {
        Some(nearest) => error.hint(format!("did you mean {nearest:?}?")),
        None => error.hint(format!("there are {}", NAMES.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value for each option that is not its default.
    fn every_option() -> Map<String, Value> {
        let all = json!({
            "input_format": "csv", "compression": "gzip", "encoding": "windows-1250", "encoding_errors": "replace",
            "delimiter": "tab", "quote": "none", "escape": "\\", "quoting": "lenient", "comment": "#", "header": false,
            "names": ["a", "b", "with, comma"], "skip": 3, "offset": 7, "limit": 0, "columns": ["b", "a"],
            "union_by_name": true, "drop": ["c"], "hive": true, "partition_format": "{year}/*.csv",
            "where": "a > 3 and \"with, comma\" is not null", "path_column": "path", "row_number": "row",
            "schema": [{"name": "a", "type": "timestamp[us,UTC]", "nullable": false}, {"name": "b", "type": "date32", "date_order": "dmy"}],
            "types": {"b": "decimal128(9,2)", "a": "utf8"}, "infer": "100", "null_values": ["-", ""], "on_error": "null",
            "ragged": "pad", "max_field_bytes": 1000,
        });
        all.as_object().unwrap().clone()
    }

    #[test]
    fn every_option_is_given_back() {
        let mut options = Options::default();
        assert!(options.settings().is_empty());
        let all = every_option();
        assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), NAMES);
        for (name, value) in &all {
            options.set(name, value).unwrap();
        }
        assert_eq!(options.settings(), all);
        // What is named is all that decides, but for where rejects go and come from.
        let mut again = Options::default();
        for (name, value) in options.settings() {
            let before = again.deciding();
            again.set(&name, &value).unwrap();
            assert_ne!(again.deciding(), before, "{name}");
        }
        assert_eq!(again.deciding(), options.deciding());
    }

    #[test]
    fn wrong_names_and_values_are_told() {
        let fails = |name: &str, value: Value| Options::default().set(name, &value).unwrap_err().render();
        assert!(fails("colums", json!([])).ends_with("did you mean \"columns\"?"));
        assert!(fails("threads", json!(4)).contains("there are input_format, "));
        assert!(fails("header", json!("auto")).contains("header: it takes true or false, not \"auto\""));
        assert!(fails("limit", json!(-1)).contains("limit: it takes a whole number from 0, not -1"));
        assert!(fails("quoting", json!("strikt")).contains("is none of strict, lenient, none"));
        assert!(fails("where", json!("a >")).contains("the condition ends"));
        assert!(fails("types", json!({"a": "int65"})).contains("int65"));
        assert!(fails("columns", json!("a")).contains("it takes a list"));
        assert!(fails("null_values", json!([1.5])).contains("it takes a text, not 1.5; write it in quotes"));
    }
}
