//! Rows of the registry: versions with their definitions, tags and files.

use std::collections::BTreeMap;

use ingest::{Code, Error, Result};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{Failure, Registry};
use crate::definition::Definition;
use crate::files::{Fingerprint, VersionFile};
use crate::reference::Which;
use crate::version::{Summary, Version};

/// A version as it is to be registered.
pub(crate) struct NewVersion<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub definition: &'a Definition,
    pub description: Option<&'a str>,
    pub tags: &'a BTreeMap<String, String>,
    pub now: String,
    pub data_changed_at: Option<String>,
    pub is_snapshot: bool,
    pub rows: Option<u64>,
    pub schema: Option<String>,
    pub files: &'a [VersionFile],
    /// Whether a name that stands for other content gets one more version.
    pub may_follow: bool,
}

const COLUMNS: &str =
    "versions.key, versions.id, versions.name, versions.number, versions.description, versions.created_at,
    versions.data_changed_at, versions.is_snapshot, versions.rows, versions.schema, definitions.body, definitions.id";
const FROM: &str = "FROM versions JOIN definitions ON definitions.id = versions.definition";

impl Registry {
    /// Registers a version, or finds the one that there is, and says whether it did. What one call sees, no other changes meanwhile.
    pub(crate) fn insert(&self, new: &NewVersion<'_>) -> Result<bool> {
        self.write(|transaction| {
            if revive(transaction, new)? {
                return Ok(true);
            }
            let last = last_number(transaction, new.name)?;
            let is_live = count(transaction, new.name)? > 0;
            if is_live && !new.may_follow {
                return Err(Failure::Ours(taken(new.name, last)));
            }
            insert_version(transaction, new, last + 1)?;
            Ok(false)
        })
    }

    /// A version of a name that is registered: that number, or the highest one.
    pub(crate) fn version(&self, name: &str, which: Which) -> Result<Option<Version>> {
        let number = match which {
            Which::Latest => None,
            Which::Number(number) => Some(number),
        };
        let query = format!(
            "SELECT {COLUMNS} {FROM} WHERE versions.name = ?1 AND unregistered_at IS NULL
             AND (?2 IS NULL OR versions.number = ?2) ORDER BY versions.number DESC LIMIT 1"
        );
        self.one_version(&query, params![name, number])
    }

    /// The version of that id, also of one that was unregistered.
    pub(crate) fn version_by_id(&self, id: &str) -> Result<Option<Version>> {
        self.one_version(&format!("SELECT {COLUMNS} {FROM} WHERE versions.id = ?1"), params![id])
    }

    fn one_version(&self, query: &str, parameters: &[&dyn rusqlite::ToSql]) -> Result<Option<Version>> {
        self.read(|transaction| {
            let found = transaction.query_row(query, parameters, |row| Ok(of_row(row))).optional()?;
            let Some(found) = found else { return Ok(None) };
            let mut version = found?;
            version.tags = tags(transaction, version.key)?;
            Ok(Some(version))
        })
    }

    /// All versions of a name that are registered, the first one first.
    pub(crate) fn versions(&self, name: &str) -> Result<Vec<Version>> {
        self.read(|transaction| {
            let query = format!(
                "SELECT {COLUMNS} {FROM} WHERE versions.name = ?1 AND unregistered_at IS NULL ORDER BY versions.number"
            );
            let mut statement = transaction.prepare(&query)?;
            let found = statement.query_map([name], |row| Ok(of_row(row)))?.collect::<Result<Vec<_>, _>>()?;
            let mut versions = found.into_iter().collect::<Result<Vec<_>, Failure>>()?;
            for version in &mut versions {
                version.tags = tags(transaction, version.key)?;
            }
            Ok(versions)
        })
    }

    /// All names that are registered, in their order, each with its latest version.
    pub(crate) fn names(&self) -> Result<Vec<Summary>> {
        self.read(|transaction| {
            let query = "SELECT name, max(number), count(*), id, rows,
                (SELECT count(*) FROM files WHERE files.version = versions.key),
                (SELECT coalesce(sum(size), 0) FROM files WHERE files.version = versions.key), description
                FROM versions WHERE unregistered_at IS NULL GROUP BY name ORDER BY name";
            let mut statement = transaction.prepare(query)?;
            let summary = |row: &Row<'_>| {
                Ok(Summary {
                    name: row.get(0)?,
                    latest: row.get(1)?,
                    versions: row.get(2)?,
                    id: row.get(3)?,
                    rows: row.get(4)?,
                    files: row.get(5)?,
                    bytes: row.get(6)?,
                    description: row.get(7)?,
                })
            };
            Ok(statement.query_map([], summary)?.collect::<Result<_, _>>()?)
        })
    }

    /// Shows the files of a version, in the order in which they are read.
    pub(crate) fn for_each_file(
        &self,
        version: &Version,
        mut see: impl FnMut(VersionFile) -> Result<()>,
    ) -> Result<()> {
        self.read(|transaction| {
            let query =
                "SELECT name, path, relative, size, modified_ns, hash, validator FROM files WHERE version = ?1 ORDER BY ordinal";
            let mut statement = transaction.prepare(query)?;
            for file in statement.query_map([version.key], file_of_row)? {
                see(file?)?;
            }
            Ok(())
        })
    }

    /// Changes what may be changed of a version: its description, and tags (none: removed).
    pub(crate) fn describe(
        &self,
        version: &Version,
        description: Option<&str>,
        tags: &BTreeMap<String, Option<String>>,
    ) -> Result<()> {
        self.write(|transaction| {
            if let Some(text) = description {
                transaction
                    .execute("UPDATE versions SET description = ?2 WHERE key = ?1", params![version.key, text])?;
            }
            for (tag, value) in tags {
                match value {
                    Some(value) => insert_tag(transaction, version.key, tag, value)?,
                    None => transaction
                        .execute("DELETE FROM tags WHERE version = ?1 AND tag = ?2", params![version.key, tag])?,
                };
            }
            Ok(())
        })
    }

    /// Takes a name away from all of its versions; how many it had.
    pub(crate) fn unregister(&self, name: &str, now: &str) -> Result<usize> {
        self.write(|transaction| {
            let query = "UPDATE versions SET unregistered_at = ?2 WHERE name = ?1 AND unregistered_at IS NULL";
            Ok(transaction.execute(query, params![name, now])?)
        })
    }

    /// Deletes the versions that were unregistered; how many there were.
    pub(crate) fn delete_unregistered(&self) -> Result<usize> {
        self.write(|transaction| Ok(transaction.execute("DELETE FROM versions WHERE unregistered_at IS NOT NULL", [])?))
    }

    /// The definitions that cannot be read, and why.
    pub(crate) fn broken_definitions(&self) -> Result<Vec<String>> {
        self.read(|transaction| {
            let query = "SELECT DISTINCT name || ':' || number, body FROM versions JOIN definitions ON definitions.id = definition";
            let mut statement = transaction.prepare(query)?;
            let bodies = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
            let mut faults = Vec::new();
            for body in bodies {
                let (label, body) = body?;
                if let Err(error) = Definition::from_json(&body) {
                    faults.push(format!("{label}: {}", error.message()));
                }
            }
            Ok(faults)
        })
    }

    /// The content that snapshots hold.
    pub(crate) fn kept_hashes(&self) -> Result<std::collections::HashSet<[u8; 32]>> {
        self.read(|transaction| {
            let query =
                "SELECT DISTINCT hash FROM files JOIN versions ON versions.key = files.version WHERE is_snapshot";
            let mut statement = transaction.prepare(query)?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }
}

/// Whether there is a version with this content, registered again if it was not. What is now said of it is added, and times of
/// change are those of now, so that files which were written once more need not be read to see that they are the same.
fn revive(transaction: &Transaction<'_>, new: &NewVersion<'_>) -> Result<bool, Failure> {
    let query = "UPDATE versions SET unregistered_at = NULL, is_snapshot = is_snapshot OR ?2,
        description = coalesce(?3, description), rows = coalesce(rows, ?4), schema = coalesce(schema, ?5)
        WHERE id = ?1 RETURNING key";
    let values = params![new.id, new.is_snapshot, new.description, new.rows, new.schema];
    let Some(key): Option<i64> = transaction.query_row(query, values, |row| row.get(0)).optional()? else {
        return Ok(false);
    };
    for (tag, value) in new.tags {
        insert_tag(transaction, key, tag, value)?;
    }
    let query = "UPDATE files SET modified_ns = ?3, validator = ?4
        WHERE version = ?1 AND ordinal = ?2 AND (modified_ns <> ?3 OR validator IS NOT ?4)";
    let mut statement = transaction.prepare(query)?;
    for (ordinal, file) in new.files.iter().enumerate() {
        statement.execute(params![key, ordinal, file.fingerprint.modified_ns, file.fingerprint.validator])?;
    }
    Ok(true)
}

fn last_number(transaction: &Transaction<'_>, name: &str) -> Result<u64, Failure> {
    let query = "SELECT last_number FROM names WHERE name = ?1";
    Ok(transaction.query_row(query, [name], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn count(transaction: &Transaction<'_>, name: &str) -> Result<u64, Failure> {
    let query = "SELECT count(*) FROM versions WHERE name = ?1 AND unregistered_at IS NULL";
    Ok(transaction.query_row(query, [name], |row| row.get(0))?)
}

#[cold]
fn taken(name: &str, latest: u64) -> Error {
    Error::new(Code::NameTaken, format!("the dataset {name:?} is there already, and its version {latest} is another"))
        .hint("--new-version registers this one as the next version; what is there stays as it is")
}

fn insert_definition(transaction: &Transaction<'_>, definition: &Definition, now: &str) -> rusqlite::Result<()> {
    let query = "INSERT INTO definitions (id, body, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    transaction.execute(query, params![definition.id(), definition.to_json(), now])?;
    Ok(())
}

fn insert_tag(transaction: &Transaction<'_>, key: i64, tag: &str, value: &str) -> rusqlite::Result<usize> {
    let query = "INSERT INTO tags (version, tag, value) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET value = excluded.value";
    transaction.execute(query, params![key, tag, value])
}

fn insert_version(transaction: &Transaction<'_>, new: &NewVersion<'_>, number: u64) -> Result<(), Failure> {
    insert_definition(transaction, new.definition, &new.now)?;
    let query = "INSERT INTO names (name, last_number) VALUES (?1, ?2)
        ON CONFLICT DO UPDATE SET last_number = excluded.last_number";
    transaction.execute(query, params![new.name, number])?;
    let query = "INSERT INTO versions (id, name, number, definition, description, created_at, data_changed_at, is_snapshot, rows,
        schema) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = params![
        new.id,
        new.name,
        number,
        new.definition.id(),
        new.description,
        new.now,
        new.data_changed_at,
        new.is_snapshot,
        new.rows,
        new.schema
    ];
    transaction.execute(query, values)?;
    let key = transaction.last_insert_rowid();
    for (tag, value) in new.tags {
        insert_tag(transaction, key, tag, value)?;
    }
    let query = "INSERT INTO files (version, ordinal, name, path, relative, size, modified_ns, hash, validator)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut statement = transaction.prepare(query)?;
    for (ordinal, file) in new.files.iter().enumerate() {
        let Fingerprint { size, modified_ns, hash, validator } = &file.fingerprint;
        let VersionFile { name, path, relative, .. } = file;
        statement.execute(params![key, ordinal, name, path, relative, size, modified_ns, hash, validator])?;
    }
    Ok(())
}

fn tags(transaction: &Transaction<'_>, key: i64) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = transaction.prepare("SELECT tag, value FROM tags WHERE version = ?1")?;
    statement.query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn of_row(row: &Row<'_>) -> Result<Version, Failure> {
    let body: String = row.get(10)?;
    Ok(Version {
        key: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        number: row.get(3)?,
        description: row.get(4)?,
        created_at: row.get(5)?,
        data_changed_at: row.get(6)?,
        is_snapshot: row.get(7)?,
        rows: row.get(8)?,
        schema: row.get(9)?,
        definition: Definition::from_json(&body)?,
        definition_id: row.get(11)?,
        tags: BTreeMap::new(),
    })
}

fn file_of_row(row: &Row<'_>) -> rusqlite::Result<VersionFile> {
    Ok(VersionFile {
        name: row.get(0)?,
        path: row.get(1)?,
        relative: row.get(2)?,
        fingerprint: Fingerprint {
            size: row.get(3)?,
            modified_ns: row.get(4)?,
            hash: row.get(5)?,
            validator: row.get(6)?,
        },
    })
}
