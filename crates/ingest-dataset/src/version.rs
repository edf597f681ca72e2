//! A registered version of a dataset.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::definition::Definition;

/// A version of a dataset: what it is, and what is said about it. Only the latter ever changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub(crate) key: i64,
    /// From its name, its definition and its files' fingerprints.
    pub id: String,
    /// The dataset's name.
    pub name: String,
    /// 1, 2, 3 and so on.
    pub number: u64,
    /// Where its data is and how it is read.
    pub definition: Definition,
    /// The id of the definition alone.
    pub definition_id: String,
    /// What people say about it.
    pub description: Option<String>,
    /// What they mark it with.
    pub tags: BTreeMap<String, String>,
    /// When it was registered, as RFC 3339 in UTC.
    pub created_at: String,
    /// The latest time at which one of its files was changed.
    pub data_changed_at: Option<String>,
    /// Whether the workspace keeps a copy of its files.
    pub is_snapshot: bool,
    /// Rows of the table when it was registered, if it was read then.
    pub rows: Option<u64>,
    /// Schema of the table then, as JSON.
    pub schema: Option<String>,
}

impl Version {
    /// `name:number`.
    pub fn label(&self) -> String {
        format!("{}:{}", self.name, self.number)
    }

    /// The columns of the table as [`ingest::Report::schema_json`] tells them, if it was read when it was registered.
    pub fn columns(&self) -> Option<Vec<Value>> {
        let schema: Value = serde_json::from_str(self.schema.as_deref()?).ok()?;
        schema["columns"].as_array().cloned()
    }

    /// All facts as one JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "version": self.number,
            "id": self.id,
            "kind": self.definition.kind(),
            "description": self.description,
            "tags": self.tags,
            "created_time": self.created_at,
            "data_changed_time": self.data_changed_at,
            "snapshot": self.is_snapshot,
            "rows": self.rows,
            "columns": self.columns(),
            "definition": self.definition.to_value(),
        })
    }
}

/// A name in the registry with its latest version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The dataset's name.
    pub name: String,
    /// The highest number.
    pub latest: u64,
    /// How many versions there are.
    pub versions: u64,
    /// The id of the latest version.
    pub id: String,
    /// Its rows, if it was read when it was registered.
    pub rows: Option<u64>,
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What people say about it.
    pub description: Option<String>,
}
