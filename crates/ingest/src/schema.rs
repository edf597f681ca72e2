//! A schema as people write it and programs keep it: names, types, which columns hold no nulls.

mod document;

use ingest_columnar::ColumnType;
use ingest_infer::{DataType, DateOrder};
use serde_json::{Map, Value, json};
use strsim::levenshtein;

/// One column of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaColumn {
    /// The column's name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Whether it may hold nulls; `None`: nothing is said about it, and it may.
    pub nullable: Option<bool>,
    /// Of the dates in it, one after the other, which number comes first in `31/12/2020`; `None`, and where nothing is said of one:
    /// they are written `2020-12-31`. A column of dates has one, a struct or a list may have several.
    pub date_orders: Vec<Option<DateOrder>>,
    /// Of the texts in it, one after the other, whether each value is its JSON text, so that strings keep their quotes; none where
    /// nothing is said of it. A column of text has one, a struct or a list may have several. In sources that are no JSON a text is as it
    /// stands.
    pub json_texts: Vec<bool>,
}

impl From<(String, DataType)> for SchemaColumn {
    /// A column of which no more is said.
    fn from((name, data_type): (String, DataType)) -> Self {
        SchemaColumn { name, data_type, nullable: None, date_orders: Vec::new(), json_texts: Vec::new() }
    }
}

/// The keys of a schema as JSON, and of each of its columns.
const KEYS: [&str; 3] = ["columns", "rows", "source"];
const COLUMN_KEYS: [&str; 6] = ["name", "type", "nullable", "nulls", DATE_ORDER, JSON];
pub(crate) const DATE_ORDER: &str = "date_order";
pub(crate) const JSON: &str = "json";

/// How a schema says which number of a date comes first.
const DATE_ORDERS: [(&str, DateOrder); 2] = [("dmy", DateOrder::DayFirst), ("mdy", DateOrder::MonthFirst)];

impl SchemaColumn {
    /// What the column is to be.
    pub(crate) fn kind(&self) -> ColumnType {
        let plain = ColumnType::given(self.data_type.clone());
        plain.with_date_orders(&self.date_orders).with_json_texts(&self.json_texts)
    }

    /// The column as [`parse_schema`] reads it.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        let mut column = Map::new();
        column.insert("name".to_owned(), json!(self.name));
        column.insert("type".to_owned(), json!(self.data_type.to_string()));
        self.nullable.map(|nullable| column.insert("nullable".to_owned(), json!(nullable)));
        for key in [DATE_ORDER, JSON] {
            let said = self.said(key);
            if !said.is_null() {
                column.insert(key.to_owned(), said);
            }
        }
        column
    }

    /// What the column says of its dates or texts, by the key; null where it says nothing.
    pub(crate) fn said(&self, key: &str) -> Value {
        let order_of = |order: &Option<DateOrder>| {
            let word = DATE_ORDERS.iter().find(|(_, other)| Some(*other) == *order);
            word.map_or(Value::Null, |(word, _)| json!(word))
        };
        let (words, is_said): (Vec<Value>, bool) = if key == DATE_ORDER {
            (self.date_orders.iter().map(order_of).collect(), self.date_orders.iter().any(Option::is_some))
        } else {
            (self.json_texts.iter().map(|text| json!(text)).collect(), self.json_texts.contains(&true))
        };
        match &words[..] {
            _ if !is_said => Value::Null,
            [word] if !matches!(self.data_type, DataType::Struct(_) | DataType::List(_)) => word.clone(),
            _ => Value::Array(words),
        }
    }
}

/// The same columns as texts, which may be null.
pub(crate) fn texts_of_schema(schema: Vec<SchemaColumn>) -> Vec<SchemaColumn> {
    schema.into_iter().map(|column| (column.name, DataType::Utf8).into()).collect()
}

/// Reads a schema as `a:int64,b:utf8`, or as the JSON that `ingest schema --json` prints.
///
/// # Errors
/// The text is neither, has a key that a schema does not have, or names an unknown type; the error says which part.
///
/// ```
/// let schema = ingest::parse_schema(r#"{"columns":[{"name":"id","type":"int64","nullable":false}]}"#);
/// assert_eq!(schema.expect("a schema")[0].nullable, Some(false));
/// let error = ingest::parse_schema(r#"{"columns":[{"name":"id","type":"int64","nulable":false}]}"#).unwrap_err();
/// assert!(error.contains("nullable"), "what was meant: {error}");
/// ```
pub fn parse_schema(text: &str) -> Result<Vec<SchemaColumn>, String> {
    let text = without_mark(text);
    if text.trim_start().starts_with('{') { from_json(text) } else { from_pairs(text) }
}

/// Whether a text begins as a schema in JSON does, although it may be none: with an object whose first key is "columns",
/// rightly spelled and quoted or not, before a list.
pub fn begins_like_schema(text: &str) -> bool {
    let Some(inside) = without_mark(text).trim_start().strip_prefix('{') else { return false };
    let key = inside.trim_start().trim_start_matches(['"', '\'']);
    let (key, rest) = key.split_at(key.find(|c: char| !c.is_alphanumeric()).unwrap_or(key.len()));
    let is_list = rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':').map(str::trim_start);
    levenshtein(key, KEYS[0]) <= DISTANCE_MAX && is_list.is_some_and(|list| list.starts_with('['))
}

/// A text without the mark that some editors put before it.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn from_json(text: &str) -> Result<Vec<SchemaColumn>, String> {
    let Value::Object(document) = document::read(text)? else { return Err("the schema is no object".to_owned()) };
    check_keys(&document, &KEYS, "the schema")?;
    let columns = document.get("columns").and_then(Value::as_array).ok_or("the schema has no list \"columns\"")?;
    columns.iter().map(column_from_json).collect()
}

fn column_from_json(column: &Value) -> Result<SchemaColumn, String> {
    let wrong = || format!("a column without \"name\" and \"type\": {column}");
    let fields = column.as_object().ok_or_else(wrong)?;
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let label = text("name").map_or_else(|| "a column".to_owned(), |name| format!("the column {name:?}"));
    check_keys(fields, &COLUMN_KEYS, &label)?;
    let (Some(name), Some(kind)) = (text("name"), text("type")) else { return Err(wrong()) };
    let data_type = kind.parse::<DataType>().map_err(|error| format!("{label}: {error}"))?;
    let nullable = match fields.get("nullable") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(nullable)) => Some(*nullable),
        Some(other) => return Err(format!("{label}: \"nullable\" is true or false, not {other}")),
    };
    let order = |word: &Value| match word {
        Value::Null => Ok(None),
        word => DATE_ORDERS
            .iter()
            .find(|(known, _)| word == known)
            .map(|(_, order)| Some(*order))
            .ok_or_else(|| format!("{label}: \"date_order\" is \"dmy\" or \"mdy\", not {word}")),
    };
    let is_json = |word: &Value| {
        let word = if word.is_null() { Some(false) } else { word.as_bool() };
        word.ok_or_else(|| format!("{label}: \"json\" is true or false"))
    };
    let date_orders = said(fields, DATE_ORDER, (&data_type, &DataType::Date32), &label)?;
    let json_texts = said(fields, JSON, (&data_type, &DataType::Utf8), &label)?;
    let date_orders = date_orders.iter().map(order).collect::<Result<_, _>>()?;
    let json_texts = json_texts.iter().map(is_json).collect::<Result<_, _>>()?;
    Ok(SchemaColumn { name: name.to_owned(), data_type, nullable, date_orders, json_texts })
}

/// What a column says of all that is of one type in it.
fn said<'f>(
    fields: &'f Map<String, Value>,
    key: &str,
    (whole, part): (&DataType, &DataType),
    label: &str,
) -> Result<&'f [Value], String> {
    let words = match fields.get(key) {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(words)) => words,
        Some(word) => std::slice::from_ref(word),
    };
    match (count_of(part, whole), words.len()) {
        (there, said) if said <= there => Ok(words),
        (0, _) => Err(format!("{label}: {key:?} is for {part}, which {whole} is not")),
        (there, said) => Err(format!("{label}: {key:?} says {said} times what {there} of {part} in it are")),
    }
}

/// How many times a type is in another.
fn count_of(part: &DataType, whole: &DataType) -> usize {
    match whole {
        DataType::Struct(members) => members.iter().map(|member| count_of(part, &member.data_type)).sum(),
        DataType::List(item) => count_of(part, item),
        plain => usize::from(plain == part),
    }
}

/// A key that means nothing may be one that was meant to: it is not passed over.
fn check_keys(object: &Map<String, Value>, known: &[&str], label: &str) -> Result<(), String> {
    let Some(unknown) = object.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
    let nearest = known
        .iter()
        .min_by_key(|key| levenshtein(unknown, key))
        .filter(|key| levenshtein(unknown, key) <= DISTANCE_MAX);
    let way_out = match nearest {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => format!("it knows {}", known.join(", ")),
    };
    Err(format!("{label} has the unknown key {unknown:?}; {way_out}"))
}

/// So many letters may be wrong for a word to be taken for another.
const DISTANCE_MAX: usize = 2;

fn from_pairs(text: &str) -> Result<Vec<SchemaColumn>, String> {
    split_outside_brackets(text).into_iter().map(|pair| parse_typed_name(pair, ':').map(SchemaColumn::from)).collect()
}

/// Reads `name:type` or `name=type`; the type is what follows the last separator outside `<` `>`, so names may hold it.
///
/// # Errors
/// No separator, or an unknown type.
pub fn parse_typed_name(pair: &str, separator: char) -> Result<(String, DataType), String> {
    let mut depth = 0i32;
    let found = pair.char_indices().rev().find(|&(_, sign)| {
        depth += i32::from(sign == '>') - i32::from(sign == '<');
        depth == 0 && sign == separator
    });
    let (at, _) = found.ok_or_else(|| format!("{pair:?} is not of the form name{separator}type"))?;
    let (name, kind) = (&pair[..at], &pair[at + separator.len_utf8()..]);
    let kind = kind.parse().map_err(|error: ingest_infer::UnknownType| error.to_string())?;
    Ok((name.trim().to_owned(), kind))
}

/// Splits at commas that are not between brackets, as in `decimal128(9,2)`, `timestamp[us,UTC]` and `struct<a: int64, b: utf8>`.
fn split_outside_brackets(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0i32, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        let before = &text.as_bytes()[from..at];
        match byte {
            b'(' | b'[' => depth += 1,
            // A name may hold one too.
            b'<' if depth > 0 || before.ends_with(b"struct") || before.ends_with(b"list") => depth += 1,
            b'>' if depth > 0 => depth -= 1,
            b')' | b']' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_read_as_pairs_and_as_json() {
        let pairs = parse_schema("a:int64, b c:decimal128(9,2),t:timestamp[us,UTC]").expect("pairs");
        assert_eq!(pairs.len(), 3);
        let wanted = ("b c".to_owned(), DataType::Decimal128 { precision: 9, scale: 2 });
        assert_eq!(pairs[1], SchemaColumn::from(wanted));
        let json = parse_schema(r#"{"columns":[{"name":"a","type":"int64","nulls":0}],"rows":1}"#).expect("json");
        assert_eq!(json, [SchemaColumn::from(("a".to_owned(), DataType::Int64))]);
        let nested = parse_schema("a<b:int64,s:struct<x: int64, y: list<utf8>>,t:utf8").expect("pairs");
        assert_eq!(nested.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["a<b", "s", "t"]);
        assert_eq!(nested[1].data_type.to_string(), "struct<x: int64, y: list<utf8>>");
        assert!(parse_schema("a").unwrap_err().contains("name:type"));
        assert!(parse_schema("a:int").unwrap_err().contains("int64"));
    }

    #[test]
    fn a_column_is_read_as_it_was_written() {
        let order =
            |words: &str| parse_schema(&format!(r#"{{"columns":[{{"name":"d",{words}}}]}}"#)).expect("a schema");
        for words in [
            r#""type":"date32","nullable":false,"date_order":"dmy""#,
            r#""type":"struct<a: date32, b: date32>","nullable":true,"date_order":[null,"mdy"]"#,
            r#""type":"utf8""#,
            r#""type":"utf8","json":true"#,
            r#""type":"list<struct<a: utf8, b: utf8>>","json":[true,false]"#,
        ] {
            let column = order(words).remove(0);
            let again = json!({ "columns": [column.to_json()] }).to_string();
            assert_eq!(parse_schema(&again).expect("a schema"), [column], "{again}");
        }
    }

    #[test]
    fn keys_that_are_unknown_are_told_with_the_nearest_known_one() {
        let reason = |text: &str| parse_schema(text).unwrap_err();
        let of_column = |keys: &str| reason(&format!(r#"{{"columns":[{{"name":"a",{keys}}}]}}"#));
        assert_eq!(
            of_column(r#""type":"int64","nulable":false"#),
            r#"the column "a" has the unknown key "nulable"; did you mean "nullable"?"#
        );
        assert!(of_column(r#""typ":"int64""#).ends_with(r#"did you mean "type"?"#));
        assert!(
            of_column(r#""type":"int64","comment":"x""#)
                .ends_with("it knows name, type, nullable, nulls, date_order, json")
        );
        assert!(reason(r#"{"colums":[]}"#).contains(r#"did you mean "columns"?"#));
        assert!(of_column(r#""type":"int64","nullable":"no""#).contains("true or false"));
        assert!(of_column(r#""type":"date32","date_order":"ymd""#).contains("dmy"));
        assert!(of_column(r#""type":"int""#).contains(r#"the column "a""#));
    }

    #[test]
    fn what_a_schema_says_twice_or_of_other_types_is_refused() {
        let reason = |text: &str| parse_schema(text).unwrap_err();
        let of_column = |keys: &str| reason(&format!("{{\"columns\":[\n{{\"name\":\"a\",{keys}}}]}}"));
        assert_eq!(
            of_column(r#""name":"b","type":"int64""#),
            "an object has the key \"name\" twice at line 2 column 18"
        );
        assert!(reason(r#"{"columns":[],"columns":[]}"#).contains(r#"the key "columns" twice"#));
        assert_eq!(
            of_column(r#""type":"int64","date_order":"dmy""#),
            r#"the column "a": "date_order" is for date32, which int64 is not"#
        );
        assert!(of_column(r#""type":"date32","date_order":["dmy","mdy"]"#).contains("2 times"));
        assert!(of_column(r#""type":"bool","json":true"#).contains("is for utf8, which bool is not"));
        assert!(of_column(r#""type":"utf8","json":"yes""#).contains("true or false"));
        assert!(parse_schema(r#"{"columns":[{"name":"a","type":"int64","date_order":null}]}"#).is_ok());
    }

    #[test]
    fn a_schema_may_begin_with_a_mark() {
        for text in ["\u{feff}a:int64", "\u{feff}{\"columns\":[{\"name\":\"a\",\"type\":\"int64\"}]}"] {
            assert_eq!(parse_schema(text), Ok(vec![("a".to_owned(), DataType::Int64).into()]), "{text}");
        }
        assert!(begins_like_schema("\u{feff}{\"columns\":["));
    }

    #[test]
    fn a_schema_is_told_by_its_first_key() {
        for text in [r#"{"columns":["#, " {\n \"colums\": []", "{columns: [", "{'columns':["] {
            assert!(begins_like_schema(text), "{text}");
        }
        for text in ["", "[{\"columns\":1}]", r#"{"id":1}"#, r#"{"column":1}"#, r#"{"col":[]}"#, "{}", "columns\n1"] {
            assert!(!begins_like_schema(text), "{text}");
        }
    }
}
