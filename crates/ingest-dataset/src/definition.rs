//! A definition: where a dataset's data is, how it is read, and what is done to it. Nothing of it is looked at until it is used.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use ingest::{Code, Error, Options, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::mltable;
use crate::reference::ID_LETTERS;
use crate::step::Step;

/// What a dataset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One table.
    Tabular,
    /// Files, whatever is in them.
    File,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Tabular => "tabular",
            Kind::File => "file",
        })
    }
}

/// A lazy, immutable plan: equal definitions have equal ids, on any machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Definition {
    kind: Kind,
    sources: Vec<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    read: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
}

/// A definition as somebody wrote it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    kind: Kind,
    sources: Vec<String>,
    #[serde(default)]
    read: Map<String, Value>,
    #[serde(default)]
    steps: Vec<Step>,
}

impl Definition {
    /// A table from paths, folders, patterns, members of archives or web addresses, read as the options say. Relative paths are those below the
    /// working directory.
    ///
    /// # Errors
    /// [`Code::BadDefinition`]: there is no source, or standard input; a step makes no sense behind the ones before it.
    pub fn tabular(sources: &[String], read: &Options, steps: Vec<Step>) -> Result<Definition> {
        Definition::checked(Kind::Tabular, sources, read.settings(), steps)
    }

    /// Files, as they are.
    ///
    /// # Errors
    /// As [`Definition::tabular`].
    pub fn files(sources: &[String], steps: Vec<Step>) -> Result<Definition> {
        Definition::checked(Kind::File, sources, Map::new(), steps)
    }

    fn checked(kind: Kind, sources: &[String], read: Map<String, Value>, steps: Vec<Step>) -> Result<Definition> {
        let bad = |message: &str| Error::new(Code::BadDefinition, message);
        if sources.is_empty() {
            return Err(bad("a dataset needs a source"));
        }
        let sources = sources.iter().map(|source| absolute(source)).collect::<Result<_>>()?;
        let definition = Definition { kind, sources, read, steps };
        if kind == Kind::File {
            if let Some(option) = definition.read.keys().next() {
                return Err(bad(&format!("files are not read, so the option {option:?} means nothing for them")));
            }
            if let Some(step) = definition.steps.iter().find(|step| !step.is_of_files()) {
                return Err(bad(&format!(
                    "files have no columns, so the step {:?} means nothing for them",
                    step.name()
                )));
            }
        } else {
            crate::stages::compile(&definition, &Options::default(), jiff::Timestamp::UNIX_EPOCH)?;
        }
        Ok(definition)
    }

    /// Reads what [`Definition::to_yaml`] writes, or somebody wrote like it, or the MLTable file of a folder, whose paths are those
    /// below `folder`.
    ///
    /// # Errors
    /// [`Code::BadDefinition`], with the line: no YAML, an unknown key, an option or a step that makes no sense.
    pub fn from_yaml(text: &str, folder: &Path) -> Result<Definition> {
        let bad =
            |error: serde_saphyr::Error| Error::new(Code::BadDefinition, format!("this is no definition: {error}"));
        let document: Value = serde_saphyr::from_str(text).map_err(bad)?;
        if mltable::is_one(&document) {
            return mltable::read(&document, folder);
        }
        // Read anew, as what is wrong in the document is then told with its line.
        Definition::of_draft(serde_saphyr::from_str(text).map_err(bad)?)
    }

    /// Reads what [`Definition::to_json`] writes.
    pub(crate) fn from_json(text: &str) -> Result<Definition> {
        let draft: Draft = serde_json::from_str(text)
            .map_err(|error| Error::new(Code::BadDefinition, format!("the registry holds no definition: {error}")))?;
        Definition::of_draft(draft)
    }

    /// The same options in the one order and spelling that they are kept in.
    fn of_draft(draft: Draft) -> Result<Definition> {
        let mut options = Options::default();
        for (name, value) in &draft.read {
            options.set(name, value)?;
        }
        Definition::checked(draft.kind, &draft.sources, options.settings(), draft.steps)
    }

    /// The definition as YAML, to be read and edited.
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).expect("texts, numbers, lists and maps have a form in YAML")
    }

    /// The definition as its id is made of it.
    pub(crate) fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// The same as a value.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("texts, numbers, lists and maps have a form in JSON")
    }

    /// 32 hexadecimal letters that are the same for the same definition.
    pub fn id(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"ingest definition 1\n").update(self.to_json().as_bytes());
        hasher.finalize().to_hex()[..ID_LETTERS].to_owned()
    }

    /// Whether it is a table or files.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its sources, paths made absolute.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// What is done to it, in this order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it says something of a reading option.
    pub(crate) fn sets(&self, option: &str) -> bool {
        self.read.contains_key(option)
    }

    /// The options by which its sources are read.
    pub(crate) fn options(&self, run: &Options) -> Result<Options> {
        let mut options = run.clone().without_settings();
        for (name, value) in &self.read {
            options.set(name, value)?;
        }
        Ok(options)
    }

    /// The same definition with more steps.
    ///
    /// # Errors
    /// As [`Definition::tabular`].
    pub fn with_steps(&self, more: impl IntoIterator<Item = Step>) -> Result<Definition> {
        let steps = self.steps.iter().cloned().chain(more).collect();
        Definition::checked(self.kind, &self.sources, self.read.clone(), steps)
    }
}

/// A source as it is named from anywhere.
fn absolute(source: &str) -> Result<String> {
    let bad = |message: String| Error::new(Code::BadDefinition, message);
    let path = source.strip_prefix("file://").unwrap_or(source);
    if path == "-" {
        return Err(bad("standard input cannot be read again, so it is no source of a dataset".to_owned())
            .hint("write it to a file first"));
    }
    if ingest::is_web(path) {
        let server = path.split("://").nth(1).and_then(|rest| rest.split(['/', '?', '#']).next());
        if server.is_some_and(|server| server.contains('@')) {
            let message = "a web address with a user or a password is no source of a dataset: secrets are not stored";
            return Err(bad(message.to_owned()).hint("fetch it to a file first"));
        }
        return Ok(path.to_owned());
    }
    if let Some((scheme, _)) = path.split_once("://") {
        return Err(bad(format!("{source}: sources of {scheme}:// cannot be read")).hint("fetch it to a file first"));
    }
    if let Some(name) = path.strip_prefix("dataset:") {
        return Err(bad(format!("a dataset is no source of another: {source}"))
            .hint(format!("`ingest dataset export {name}` gives a definition to which steps can be added")));
    }
    let absolute =
        std::path::absolute(path).map_err(|error| bad(format!("{source:?} is no source: {error}")).caused_by(error))?;
    let text = without_climbs(&absolute).into_os_string().into_string();
    let text = text.map_err(|path| bad(format!("{}: the name is no UTF-8", path.display())))?;
    // The same folder has one name.
    Ok(if text.len() > 1 { text.trim_end_matches('/').to_owned() } else { text })
}

/// The same path without `..`, as far as the folders that it climbs out of are there.
fn without_climbs(path: &Path) -> PathBuf {
    let parts: Vec<Component<'_>> = path.components().collect();
    let Some(last) = parts.iter().rposition(|part| *part == Component::ParentDir) else { return path.to_owned() };
    let climbing: PathBuf = parts[..=last].iter().collect();
    // Through a link `..` leads elsewhere than the text says.
    match climbing.canonicalize() {
        Ok(folder) => folder.join(parts[last + 1..].iter().collect::<PathBuf>()),
        Err(_) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn options(settings: Value) -> Options {
        let mut options = Options::default();
        for (name, value) in settings.as_object().unwrap() {
            options.set(name, value).unwrap();
        }
        options
    }

    fn titanic() -> Definition {
        let read = options(json!({"types": {"age": "float64"}, "delimiter": ";", "where": "sex = 'f' or \"a b\" > 3"}));
        let steps = vec![
            Step::KeepColumns(vec!["age".to_owned(), "sex".to_owned(), "a b".to_owned()]),
            Step::TakeSample { probability: 0.1, seed: 7 },
            Step::Take(100),
        ];
        Definition::tabular(&["/data/titanic/*.csv".to_owned()], &read, steps).unwrap()
    }

    #[test]
    fn yaml_is_given_back() {
        let definition = titanic();
        let yaml = definition.to_yaml();
        assert_eq!(Definition::from_yaml(&yaml, Path::new("")).unwrap(), definition, "{yaml}");
        assert_eq!(Definition::from_json(&definition.to_json()).unwrap(), definition);
        let written = "
# by hand
kind: tabular
sources: [/data/titanic/*.csv]
read:
  where: sex = 'f' or \"a b\" > 3
  types: {age: float64}
  delimiter: ;
steps:
- keep_columns: [age, sex, a b]
- take_sample: {probability: 0.1, seed: 7}
- take: 100
";
        assert_eq!(Definition::from_yaml(written, Path::new("")).unwrap().id(), definition.id());
    }

    #[test]
    fn ids_are_stable() {
        // What this version writes, others look up: the id may never come out otherwise.
        assert_eq!(titanic().id(), "36e2bd1d822d405f7579d9cc3194f6ef");
        let other = titanic().with_steps([Step::Skip(1)]).unwrap();
        assert_ne!(other.id(), titanic().id());
    }

    #[test]
    fn sources_are_absolute() {
        let here = std::env::current_dir().unwrap();
        let web = "https://example.org/a?b=[c]&d=@".to_owned();
        assert_eq!(Definition::files(std::slice::from_ref(&web), Vec::new()).unwrap().sources(), [web]);
        let sources = ["images", "images/", "src/../images", "./images", "file:///data/x", "/"].map(str::to_owned);
        let definition = Definition::files(&sources, Vec::new()).unwrap();
        let images = here.join("images").to_str().unwrap().to_owned();
        assert_eq!(definition.sources(), [&images, &images, &images, &images, "/data/x", "/"]);
        for source in ["https://me:secret@example.org/a.csv", "s3://a/b.csv", "dataset:a"] {
            assert!(Definition::files(&[source.to_owned()], Vec::new()).is_err());
        }
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let message = |yaml: &str| Definition::from_yaml(yaml, Path::new("")).unwrap_err().render();
        assert!(message("kind: tabular\nsources: []").contains("needs a source"));
        assert!(message("kind: tabular\nsources: ['-']").contains("standard input"));
        assert!(message("kind: file\nsources: [a]\nread: {delimiter: ;}").contains("\"delimiter\" means nothing"));
        assert!(
            message("kind: file\nsources: [a]\nsteps: [{keep_columns: [a]}]")
                .contains("\"keep_columns\" means nothing")
        );
        assert!(message("kind: tabular\nsources: [a]\nread: {delimeter: ;}").contains("did you mean \"delimiter\"?"));
        assert!(message("kind: tabular\nsources: [a]\nsteps: [{tak: 3}]").contains("tak"));
        assert!(message("kind: tabular\nsource: [a]").contains("source"));
        assert!(message("{").contains("this is no definition"));
    }
}
