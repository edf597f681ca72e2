//! What is done with datasets in a workspace: registered, found, described, taken out.

use std::collections::{BTreeMap, HashMap};

use ingest::{Code, Error, Options, Result};
use jiff::Timestamp;
use strsim::levenshtein;

use crate::definition::{Definition, Kind};
use crate::drift::Check;
use crate::files::{self, Fingerprint, FoundFile, VersionFile};
use crate::reference::{ID_LETTERS, Reference, check_name};
use crate::registry::NewVersion;
use crate::stages;
use crate::version::{Summary, Version};
use crate::workspace::Workspace;

/// What is said of a dataset when it is registered, and how.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// What people say about it.
    pub description: Option<String>,
    /// What they mark it with.
    pub tags: BTreeMap<String, String>,
    /// Whether a name that stands for other content gets one more version; else that is an error.
    pub new_version: bool,
    /// Whether the workspace keeps a copy of the files.
    pub snapshot: bool,
    /// Whether a table is not read: its rows and columns are then not on record, nor is it known whether it can be read.
    pub unread: bool,
}

/// What came of registering.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The version.
    pub version: Version,
    /// Whether it was there before.
    pub was_there: bool,
}

impl Workspace {
    /// Registers what a definition stands for now: every file is read and hashed, and a table read. A version never changes, and
    /// content that the name has already is not registered again. `run` says how the work is done (threads, progress, Ctrl-C).
    ///
    /// # Errors
    /// [`Code::NameTaken`]; files that are not there or change meanwhile; whatever is wrong with the table.
    pub fn register(
        &self,
        name: &str,
        definition: &Definition,
        registration: &Registration,
        run: &Options,
    ) -> Result<Registered> {
        check_name(name)?;
        let in_use = if registration.snapshot { Some(self.store.use_it()?) } else { None };
        let files = self.fingerprinted(files::find(definition)?, registration.snapshot, run)?;
        let facts = match definition.kind() {
            Kind::Tabular if !registration.unread => {
                let sources = self.sources_of(&files, registration.snapshot);
                let stages = stages::compile(definition, run, Timestamp::now())?;
                let report = stages::reader(name, sources, stages)?.schema()?;
                if !registration.snapshot {
                    check_unchanged(&files, run)?;
                }
                Some((report.rows_out, report.schema_json().to_string()))
            }
            _ => None,
        };
        let id = version_id(name, definition, &files);
        let (rows, schema) = facts.unzip();
        let was_there = self.registry.insert(&NewVersion {
            id: &id,
            name,
            definition,
            description: registration.description.as_deref(),
            tags: &registration.tags,
            now: now(),
            data_changed_at: changed_at(&files),
            is_snapshot: registration.snapshot,
            rows,
            schema,
            files: &files,
            may_follow: registration.new_version,
        })?;
        drop(in_use);
        let version = self.registry.version_by_id(&id)?;
        let version =
            version.ok_or_else(|| Error::new(Code::UnknownDataset, format!("{name:?} was taken out again")))?;
        Ok(Registered { version, was_there })
    }

    /// The files with what they hold; each archive is read once, however many of its members are among them.
    fn fingerprinted(&self, found: Vec<FoundFile>, keeps: bool, run: &Options) -> Result<Vec<VersionFile>> {
        let mut paths: Vec<_> = found.iter().map(|file| file.source.path.clone()).collect();
        paths.sort();
        paths.dedup();
        let prints = files::for_each(paths.clone(), run, |path| {
            if keeps { self.store.keep(&path, run) } else { files::fingerprint(&path, run, |_| Ok(())) }
        })?;
        let prints: HashMap<_, Fingerprint> = paths.into_iter().zip(prints).collect();
        let file = |file: FoundFile| {
            let FoundFile { source, relative } = file;
            let path = source.path.to_str().map(str::to_owned);
            let path = path.ok_or_else(|| Error::new(Code::Usage, format!("{}: the name is no UTF-8", source.name)))?;
            Ok(VersionFile { name: source.name, path, relative, fingerprint: prints[&source.path].clone() })
        };
        found.into_iter().map(file).collect()
    }

    /// The version that a user means.
    ///
    /// # Errors
    /// [`Code::UnknownDataset`]: there is none; its hint lists the names that are near, or the versions that there are.
    pub fn get(&self, reference: &Reference) -> Result<Version> {
        let (name, which) = match reference {
            Reference::Id(id) => {
                let unknown = || Error::new(Code::UnknownDataset, format!("there is no dataset of the id {id}"));
                return self.registry.version_by_id(id)?.ok_or_else(unknown);
            }
            Reference::Name(name, which) => (name, *which),
        };
        if let Some(version) = self.registry.version(name, which)? {
            return Ok(version);
        }
        let numbers: Vec<String> = self.versions(name)?.iter().map(|version| version.number.to_string()).collect();
        if !numbers.is_empty() {
            return Err(Error::new(
                Code::UnknownDataset,
                format!("the dataset {name:?} has no such version: {reference}"),
            )
            .hint(format!("it has {}", numbers.join(", "))));
        }
        Err(self.unknown_name(name)?)
    }

    fn unknown_name(&self, name: &str) -> Result<Error> {
        /// So many names are proposed.
        const NEAR_MAX: usize = 3;
        let error =
            Error::new(Code::UnknownDataset, format!("there is no dataset {name:?} in {}", self.root().display()));
        let mut near: Vec<(usize, String)> =
            self.names()?.into_iter().map(|other| (levenshtein(name, &other.name), other.name)).collect();
        near.retain(|(distance, other)| *distance <= 2.max(name.chars().count() / 3) || other.contains(name));
        near.sort();
        let near: Vec<String> = near.into_iter().take(NEAR_MAX).map(|(_, name)| name).collect();
        Ok(match near.is_empty() {
            true => error.hint("`ingest dataset list` shows those that there are"),
            false => error.hint(format!("did you mean {}?", near.join(" or "))),
        })
    }

    /// All versions of a name, the first one first; none, if there is no such name.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub fn versions(&self, name: &str) -> Result<Vec<Version>> {
        self.registry.versions(name)
    }

    /// All names with their latest versions, in the order of the names.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub fn names(&self) -> Result<Vec<Summary>> {
        self.registry.names()
    }

    /// The files of a version, in the order in which they are read. O(files).
    ///
    /// # Errors
    /// The registry cannot be read.
    pub fn files(&self, version: &Version) -> Result<Vec<VersionFile>> {
        let mut files = Vec::new();
        self.for_each_file(version, |file| {
            files.push(file);
            Ok(())
        })?;
        Ok(files)
    }

    /// Shows the files of a version one after the other, in the same order: for whoever keeps less of a million of them.
    ///
    /// # Errors
    /// The registry cannot be read; that of `see`.
    pub fn for_each_file(&self, version: &Version, see: impl FnMut(VersionFile) -> Result<()>) -> Result<()> {
        self.registry.for_each_file(version, see)
    }

    /// Changes what is said of a version: its description, if one is given, and tags (without a value: removed).
    ///
    /// # Errors
    /// The registry cannot be written.
    pub fn describe(
        &self,
        version: &Version,
        description: Option<&str>,
        tags: &BTreeMap<String, Option<String>>,
    ) -> Result<()> {
        self.registry.describe(version, description, tags)
    }

    /// Takes a name away; how many versions it had. They are found by their ids until [`Workspace::clear`], and the same content
    /// registered again is the same version again.
    ///
    /// # Errors
    /// [`Code::UnknownDataset`].
    pub fn unregister(&self, name: &str) -> Result<usize> {
        match self.registry.unregister(name, &now())? {
            0 => Err(self.unknown_name(name)?),
            versions => Ok(versions),
        }
    }

    /// Deletes what was unregistered, content that no snapshot holds any more, and what broken runs left.
    ///
    /// # Errors
    /// A snapshot is being taken; something cannot be deleted.
    pub fn clear(&self) -> Result<Cleared> {
        let mut versions = 0;
        let (files, bytes) = self.store.clear(|| {
            versions = self.registry.delete_unregistered()?;
            self.registry.kept_hashes()
        })?;
        Ok(Cleared { versions, files, bytes })
    }
}

/// What was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// Versions that had been unregistered.
    pub versions: usize,
    /// Files of the workspace.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Whether the files that were read are those that were hashed.
fn check_unchanged(files: &[VersionFile], run: &Options) -> Result<()> {
    for file in files {
        let path = std::path::Path::new(&file.path);
        let is_same = match files::web_address(path) {
            Some(_) => file.fingerprint.difference(path, Check::Quick, false, run)?.is_none(),
            None => {
                let metadata = path.metadata().map_err(|error| Error::from_io(path, error))?;
                let (size, modified_ns) = (file.fingerprint.size, file.fingerprint.modified_ns);
                (metadata.len(), files::modified_ns(&metadata)) == (size, modified_ns)
            }
        };
        if !is_same {
            let message = format!("{}: the file changed while it was registered", file.path);
            return Err(Error::new(Code::SourceChanged, message).hint("register it once nothing writes to it"));
        }
    }
    Ok(())
}

/// 32 hexadecimal letters from what a version is: its name, its definition, what its files are called and hold. Not when they were
/// changed: bytes that were written once more are the same bytes.
fn version_id(name: &str, definition: &Definition, files: &[VersionFile]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut text = |bytes: &[u8]| {
        // Each with its length, so that no two lists of texts look alike.
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    text(b"ingest version 1");
    text(name.as_bytes());
    text(definition.id().as_bytes());
    for file in files {
        text(file.name.as_bytes());
        text(&file.fingerprint.size.to_le_bytes());
        text(&file.fingerprint.hash);
    }
    hasher.finalize().to_hex()[..ID_LETTERS].to_owned()
}

fn changed_at(files: &[VersionFile]) -> Option<String> {
    let last = files.iter().map(|file| file.fingerprint.modified_ns).filter(|time| *time != 0).max()?;
    Timestamp::from_nanosecond(i128::from(last)).ok().map(|time| time.to_string())
}

fn now() -> String {
    // Whole milliseconds: nobody needs more, and columns of them line up.
    format!("{:.3}", Timestamp::now())
}
