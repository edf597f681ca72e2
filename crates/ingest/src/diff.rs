//! What has changed between two schemas.

use ingest_infer::DataType;
use serde_json::{Value, json};

use crate::schema::{DATE_ORDER, JSON, SchemaColumn};

/// A column whose type is another now.
#[derive(Clone, Debug, PartialEq)]
pub struct Retyped {
    /// The column.
    pub name: String,
    /// Its type before.
    pub from: DataType,
    /// Its type now.
    pub to: DataType,
    /// Whether the new type holds every value of the old one as it is.
    pub widens: bool,
}

/// A column that may hold nulls now, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renulled {
    /// The column.
    pub name: String,
    /// Whether it may hold nulls now.
    pub nullable: bool,
}

/// A column of one type whose values are read in another way now.
#[derive(Clone, Debug, PartialEq)]
pub struct Reread {
    /// The column.
    pub name: String,
    /// What is said otherwise: `date_order` or `json`, a key of a schema.
    pub key: &'static str,
    /// What was said before; null for nothing.
    pub from: Value,
    /// What is said now.
    pub to: Value,
}

/// What has changed from one schema to another; columns are known by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaDiff {
    /// Columns that were not there before, in their order.
    pub added: Vec<(String, DataType)>,
    /// Columns that are no longer there.
    pub removed: Vec<(String, DataType)>,
    /// Columns of another type.
    pub retyped: Vec<Retyped>,
    /// Columns that may hold nulls now and did not, or the other way round, where both schemas say so; they may be of another type
    /// too.
    pub renulled: Vec<Renulled>,
    /// Columns of the same type in which dates are written in another order, or texts are JSON texts, or no longer.
    pub reread: Vec<Reread>,
    /// How many columns are as they were.
    pub same: usize,
    /// Whether the columns of both stand in another order.
    pub reordered: bool,
}

impl SchemaDiff {
    /// Compares two schemas whose names are each unique. O(columns²).
    ///
    /// ```
    /// let [before, after] = ["id:int64,price:int64", "id:int64,price:float64,city:utf8"]
    ///     .map(|schema| ingest::parse_schema(schema).expect("a schema"));
    /// let diff = ingest::SchemaDiff::between(&before, &after);
    /// assert_eq!((diff.same, diff.added[0].0.as_str()), (1, "city"));
    /// assert!(!diff.retyped[0].widens, "2^53 + 1 is no float64");
    /// ```
    pub fn between(before: &[SchemaColumn], after: &[SchemaColumn]) -> SchemaDiff {
        let place = |of: &[SchemaColumn], name: &str| of.iter().position(|other| other.name == name);
        let only_in = |of: &[SchemaColumn], other: &[SchemaColumn]| {
            let columns = of.iter().filter(|column| place(other, &column.name).is_none());
            columns.map(|column| (column.name.clone(), column.data_type.clone())).collect::<Vec<_>>()
        };
        let mut diff = SchemaDiff { added: only_in(after, before), removed: only_in(before, after), ..Self::default() };
        let mut places = Vec::new();
        for column in after {
            let Some(at) = place(before, &column.name) else { continue };
            places.push(at);
            diff.compare(&before[at], column);
        }
        diff.reordered = !places.is_sorted();
        diff
    }

    fn compare(&mut self, before: &SchemaColumn, after: &SchemaColumn) {
        let name = &after.name;
        let is_retyped = before.data_type != after.data_type;
        if is_retyped {
            let (from, to) = (before.data_type.clone(), after.data_type.clone());
            let widens = holds(&to, &from);
            self.retyped.push(Retyped { name: name.clone(), from, to, widens });
        }
        let reread = self.reread.len();
        for key in [DATE_ORDER, JSON].into_iter().filter(|_| !is_retyped) {
            let (from, to) = (before.said(key), after.said(key));
            if from != to {
                self.reread.push(Reread { name: name.clone(), key, from, to });
            }
        }
        match (before.nullable, after.nullable) {
            (Some(before), Some(nullable)) if before != nullable => {
                self.renulled.push(Renulled { name: name.clone(), nullable });
            }
            _ => self.same += usize::from(!is_retyped && self.reread.len() == reread),
        }
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        let is_same = self.retyped.is_empty() && self.renulled.is_empty() && self.reread.is_empty();
        self.added.is_empty() && self.removed.is_empty() && is_same && !self.reordered
    }

    /// The shape that `schema --diff --json` prints.
    pub fn to_json(&self) -> Value {
        let columns = |columns: &[(String, DataType)]| -> Value {
            columns.iter().map(|(name, kind)| json!({ "name": name, "type": kind.to_string() })).collect()
        };
        let retyped = |column: &Retyped| {
            let (from, to) = (column.from.to_string(), column.to.to_string());
            json!({ "name": column.name, "from": from, "to": to, "widens": column.widens })
        };
        let renulled = |column: &Renulled| json!({ "name": column.name, "nullable": column.nullable });
        let reread =
            |column: &Reread| json!({ "name": column.name, "key": column.key, "from": column.from, "to": column.to });
        json!({
            "added": columns(&self.added),
            "removed": columns(&self.removed),
            "retyped": self.retyped.iter().map(retyped).collect::<Value>(),
            "renulled": self.renulled.iter().map(renulled).collect::<Value>(),
            "reread": self.reread.iter().map(reread).collect::<Value>(),
            "same": self.same,
            "reordered": self.reordered,
        })
    }
}

/// Whether a type holds every value of another as it is. A text holds what was written for any of them.
fn holds(wide: &DataType, narrow: &DataType) -> bool {
    /// Digits of the longest int64.
    const INT64_DIGITS: i32 = 19;
    match (narrow, wide) {
        _ if narrow == wide => true,
        (DataType::Null, _) | (_, DataType::Utf8) => true,
        (DataType::Int64, DataType::Decimal128 { precision, scale }) => {
            i32::from(*precision) - i32::from(*scale) >= INT64_DIGITS
        }
        (
            DataType::Decimal128 { precision, scale },
            DataType::Decimal128 { precision: wide_precision, scale: wide_scale },
        ) => {
            let whole = |precision: u8, scale: u8| i32::from(precision) - i32::from(scale);
            wide_scale >= scale && whole(*wide_precision, *wide_scale) >= whole(*precision, *scale)
        }
        // Of moments, nanoseconds reach less far.
        (DataType::Time64(_), DataType::Time64(ingest_infer::TimeUnit::Nanosecond)) => true,
        (DataType::List(narrow), DataType::List(wide)) => holds(wide, narrow),
        (DataType::Struct(narrow), DataType::Struct(wide)) => narrow.iter().all(|member| {
            wide.iter().any(|other| other.name == member.name && holds(&other.data_type, &member.data_type))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_schema;

    fn diff(before: &str, after: &str) -> SchemaDiff {
        SchemaDiff::between(&parse_schema(before).expect("a schema"), &parse_schema(after).expect("a schema"))
    }

    #[test]
    fn columns_come_and_go_and_change() {
        let found = diff("a:int64,b:utf8,c:bool,d:date32", "d:date32,a:decimal128(19,0),e:utf8,b:utf8");
        assert_eq!(found.added, [("e".to_owned(), DataType::Utf8)]);
        assert_eq!(found.removed, [("c".to_owned(), DataType::Bool)]);
        assert_eq!((found.retyped.len(), found.same, found.reordered), (1, 2, true));
        assert_eq!(found.to_json()["retyped"][0]["to"], "decimal128(19,0)");
        assert!(!found.is_empty() && diff("a:int64,b:utf8", "a:int64,b:utf8").is_empty());
        assert!(!diff("a:int64,b:utf8", "b:utf8,a:int64").is_empty());
    }

    #[test]
    fn columns_that_hold_nulls_now_have_changed() {
        let schema = |nullable: &str| format!(r#"{{"columns":[{{"name":"a","type":"int64"{nullable}}}]}}"#);
        let [none, no, yes] = ["", r#","nullable":false"#, r#","nullable":true"#].map(schema);
        let found = diff(&no, &yes);
        assert_eq!(found.renulled, [Renulled { name: "a".to_owned(), nullable: true }]);
        assert_eq!((found.same, found.retyped.len(), found.is_empty()), (0, 0, false));
        assert_eq!(found.to_json()["renulled"][0]["nullable"], true);
        assert!(!diff(&yes, &no).renulled[0].nullable);
        for (before, after) in [(&none, &yes), (&no, &none), (&yes, &yes)] {
            assert!(diff(before, after).is_empty(), "{before} {after}");
        }
        let retyped = diff(&no, &yes.replace("int64", "utf8"));
        assert_eq!((retyped.retyped.len(), retyped.renulled.len(), retyped.same), (1, 1, 0));
    }

    #[test]
    fn columns_that_are_read_in_another_way_have_changed() {
        let schema = |said: &str| format!(r#"{{"columns":[{{"name":"a",{said}}}]}}"#);
        let dates = ["", r#","date_order":"dmy""#, r#","date_order":"mdy""#];
        let [year_first, dmy, mdy] = dates.map(|order| schema(&format!(r#""type":"date32"{order}"#)));
        let found = diff(&dmy, &mdy);
        let (from, to) = (json!("dmy"), json!("mdy"));
        assert_eq!(found.reread, [Reread { name: "a".to_owned(), key: DATE_ORDER, from, to }]);
        assert_eq!((found.same, found.is_empty()), (0, false));
        assert_eq!(diff(&year_first, &dmy).to_json()["reread"][0]["from"], Value::Null);
        let [plain, json] = ["", r#","json":true"#].map(|json| schema(&format!(r#""type":"utf8"{json}"#)));
        assert_eq!(diff(&plain, &json).to_json()["reread"][0]["key"], "json");
        assert!(diff(&json, &json).is_empty() && diff(&dmy, &dmy).is_empty());
        assert!(diff(&dmy, &plain).reread.is_empty(), "it is another type, which says more");
    }

    #[test]
    fn wider_types_hold_every_value() {
        let widens = |from: &str, to: &str| diff(&format!("a:{from}"), &format!("a:{to}")).retyped[0].widens;
        let wider = [
            ("null", "int64"),
            ("int64", "decimal128(21,2)"),
            ("decimal128(9,2)", "decimal128(10,3)"),
            ("time64[us]", "time64[ns]"),
            ("float64", "utf8"),
            ("list<int64>", "list<utf8>"),
            ("struct<x: null>", "struct<y: bool, x: int64>"),
        ];
        let others = [
            ("int64", "float64"),
            ("int64", "decimal128(19,1)"),
            ("decimal128(9,2)", "decimal128(9,3)"),
            ("decimal128(9,2)", "int64"),
            ("timestamp[us]", "timestamp[ns]"),
            ("timestamp[us]", "timestamp[us,UTC]"),
            ("date32", "timestamp[us]"),
            ("utf8", "int64"),
            ("int64", "list<int64>"),
            ("struct<x: bool, y: bool>", "struct<x: bool>"),
        ];
        assert!(wider.iter().all(|(from, to)| widens(from, to)));
        for (from, to) in others {
            assert!(!widens(from, to), "{from} to {to}");
        }
    }
}
