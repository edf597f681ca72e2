//! What differs between two versions.

use std::collections::BTreeMap;

use ingest::{Result, SchemaDiff, parse_schema};
use serde_json::{Value, json};

use crate::files::VersionFile;
use crate::version::Version;
use crate::workspace::Workspace;

/// What differs between two versions, seen from the first.
#[derive(Clone, Debug)]
pub struct VersionDiff {
    /// Places in the layout that only the second version has.
    pub added: Vec<String>,
    /// Places that only the first one has.
    pub removed: Vec<String>,
    /// Places of other bytes, with their sizes in both.
    pub changed: Vec<(String, u64, u64)>,
    /// Files that are the same in both.
    pub same: usize,
    /// Rows of both, where they are on record.
    pub rows: Option<(u64, u64)>,
    /// What became of the columns, where they are on record.
    pub schema: Option<SchemaDiff>,
    /// Columns of both that have another number of nulls: their name, and the numbers.
    pub nulls: Vec<(String, u64, u64)>,
}

impl Workspace {
    /// Compares two versions by what is on record; nothing is read again. O(files).
    ///
    /// # Errors
    /// The registry cannot be read.
    pub fn diff(&self, before: &Version, after: &Version) -> Result<VersionDiff> {
        let by_place = |files: Vec<VersionFile>| -> BTreeMap<String, VersionFile> {
            files.into_iter().map(|file| (place(&file), file)).collect()
        };
        let (old, new) = (by_place(self.files(before)?), by_place(self.files(after)?));
        let only_in = |these: &BTreeMap<String, VersionFile>, those: &BTreeMap<String, VersionFile>| {
            these.keys().filter(|place| !those.contains_key(*place)).cloned().collect::<Vec<_>>()
        };
        let both: Vec<_> = old.iter().filter_map(|(place, old)| Some((place, old, new.get(place)?))).collect();
        let is_other = |old: &VersionFile, new: &VersionFile| old.fingerprint.hash != new.fingerprint.hash;
        let changed = both.iter().filter(|(_, old, new)| is_other(old, new));
        let changed = changed.map(|(place, old, new)| ((*place).clone(), old.fingerprint.size, new.fingerprint.size));
        let changed: Vec<_> = changed.collect();
        Ok(VersionDiff {
            added: only_in(&new, &old),
            removed: only_in(&old, &new),
            same: both.len() - changed.len(),
            changed,
            rows: before.rows.zip(after.rows),
            schema: schemas(before, after),
            nulls: nulls(before, after),
        })
    }
}

fn place(file: &VersionFile) -> String {
    let member = file.name.strip_prefix(&file.path).unwrap_or_default();
    format!("{}{member}", file.relative)
}

fn schemas(before: &Version, after: &Version) -> Option<SchemaDiff> {
    let (old, new) = (parse_schema(before.schema.as_deref()?).ok()?, parse_schema(after.schema.as_deref()?).ok()?);
    Some(SchemaDiff::between(&old, &new))
}

fn nulls(before: &Version, after: &Version) -> Vec<(String, u64, u64)> {
    let counts = |version: &Version| -> BTreeMap<String, u64> {
        let count = |column: &Value| Some((column["name"].as_str()?.to_owned(), column["nulls"].as_u64()?));
        version.columns().unwrap_or_default().iter().filter_map(count).collect()
    };
    let new = counts(after);
    let both = counts(before).into_iter().filter_map(|(name, old)| Some((*new.get(&name)?, name, old)));
    both.filter(|(new, _, old)| new != old).map(|(new, name, old)| (name, old, new)).collect()
}

impl VersionDiff {
    /// All facts as one JSON object.
    pub fn to_json(&self) -> Value {
        let changed = self.changed.iter().map(|(path, from, to)| json!({"path": path, "from": from, "to": to}));
        let nulls = self.nulls.iter().map(|(name, from, to)| json!({"name": name, "from": from, "to": to}));
        json!({
            "files": {"added": self.added, "removed": self.removed, "changed": changed.collect::<Vec<_>>(), "same": self.same},
            "rows": self.rows.map(|(from, to)| json!({"from": from, "to": to})),
            "schema": self.schema.as_ref().map(SchemaDiff::to_json),
            "nulls": nulls.collect::<Vec<_>>(),
        })
    }
}
