//! The registry against a model: random operations on both, compared after each.

use std::collections::{BTreeMap, HashMap};

use ingest::Code;
use ingest_dataset::{Registration, Workspace};
use proptest::prelude::*;

use crate::{Room, cases, tabular};

#[derive(Clone, Debug)]
enum Operation {
    Register { name: usize, content: usize, new_version: bool, snapshot: bool },
    Describe { name: usize, text: u8 },
    Tag { name: usize, tag: u8, value: Option<u8> },
    Unregister { name: usize },
    Clear,
    Reopen,
}

const NAMES: [&str; 3] = ["a", "b c", "数据"];
const CONTENTS: usize = 4;

fn operation() -> impl Strategy<Value = Operation> {
    let name = 0..NAMES.len();
    prop_oneof![
        6 => (name.clone(), 0..CONTENTS, any::<bool>(), any::<bool>()).prop_map(|(name, content, new_version, snapshot)| {
            Operation::Register { name, content, new_version, snapshot }
        }),
        1 => (name.clone(), any::<u8>()).prop_map(|(name, text)| Operation::Describe { name, text }),
        2 => (name.clone(), 0u8..3, any::<Option<u8>>()).prop_map(|(name, tag, value)| Operation::Tag { name, tag, value }),
        1 => name.prop_map(|name| Operation::Unregister { name }),
        1 => Just(Operation::Clear),
        1 => Just(Operation::Reopen),
    ]
}

/// What the registry should hold of a name.
#[derive(Clone, Debug, Default)]
struct Name {
    last: u64,
    versions: BTreeMap<u64, Entry>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    content: usize,
    is_live: bool,
    is_snapshot: bool,
    description: Option<String>,
    tags: BTreeMap<String, String>,
}

impl Name {
    fn latest(&mut self) -> Option<&mut Entry> {
        self.versions.values_mut().rev().find(|entry| entry.is_live)
    }

    /// The number under which the content is found, and whether it was there; `None`: the name is taken.
    fn register(&mut self, content: usize, new_version: bool, snapshot: bool) -> Option<(u64, bool)> {
        if let Some((number, entry)) = self.versions.iter_mut().find(|(_, entry)| entry.content == content) {
            entry.is_live = true;
            entry.is_snapshot |= snapshot;
            return Some((*number, true));
        }
        if self.latest().is_some() && !new_version {
            return None;
        }
        self.last += 1;
        let entry = Entry { content, is_live: true, is_snapshot: snapshot, ..Entry::default() };
        self.versions.insert(self.last, entry);
        Some((self.last, false))
    }
}

fn check(workspace: &Workspace, model: &HashMap<usize, Name>) {
    let mut live: Vec<&str> = (0..NAMES.len())
        .filter(|name| model.get(name).is_some_and(|name| name.clone().latest().is_some()))
        .map(|name| NAMES[name])
        .collect();
    live.sort_unstable();
    let names: Vec<String> = workspace.names().unwrap().into_iter().map(|name| name.name).collect();
    assert_eq!(names, live);
    for (name, expected) in model {
        let versions = workspace.versions(NAMES[*name]).unwrap();
        let entries: Vec<_> = expected.versions.iter().filter(|(_, entry)| entry.is_live).collect();
        assert_eq!(versions.len(), entries.len());
        for (version, (number, entry)) in versions.iter().zip(entries) {
            assert_eq!((version.number, version.is_snapshot), (*number, entry.is_snapshot));
            assert_eq!((&version.description, &version.tags), (&entry.description, &entry.tags));
            assert_eq!(version.rows, Some(entry.content as u64 + 1));
            assert_eq!(&workspace.get(&version.id.parse().unwrap()).unwrap(), version);
            if version.is_snapshot {
                let changes = workspace.changes(version, ingest_dataset::Check::Thorough, &ingest::Options::default());
                assert_eq!(changes.unwrap(), []);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(25, 300))]

    #[test]
    fn the_registry_does_what_its_model_does(operations in prop::collection::vec(operation(), 1..25)) {
        let mut room = Room::new();
        let mut model: HashMap<usize, Name> = HashMap::new();
        for operation in operations {
            match operation {
                Operation::Register { name, content, new_version, snapshot } => {
                    let source = room.file("t.csv", format!("x\n{}", format!("{content}\n").repeat(content + 1)));
                    let registration = Registration { new_version, snapshot, ..Registration::default() };
                    let done = room.register(NAMES[name], &tabular(&source, Vec::new()), registration);
                    match model.entry(name).or_default().register(content, new_version, snapshot) {
                        Some(expected) => {
                            let done = done.unwrap();
                            prop_assert_eq!((done.version.number, done.was_there), expected);
                        }
                        None => prop_assert_eq!(done.unwrap_err().code(), Code::NameTaken),
                    }
                }
                Operation::Describe { name, text } => {
                    let Ok(version) = room.workspace.get(&NAMES[name].parse().unwrap()) else { continue };
                    room.workspace.describe(&version, Some(&text.to_string()), &BTreeMap::new()).unwrap();
                    model.get_mut(&name).unwrap().latest().unwrap().description = Some(text.to_string());
                }
                Operation::Tag { name, tag, value } => {
                    let Ok(version) = room.workspace.get(&NAMES[name].parse().unwrap()) else { continue };
                    let (tag, value) = (tag.to_string(), value.map(|value| value.to_string()));
                    room.workspace.describe(&version, None, &BTreeMap::from([(tag.clone(), value.clone())])).unwrap();
                    let tags = &mut model.get_mut(&name).unwrap().latest().unwrap().tags;
                    match value {
                        Some(value) => tags.insert(tag, value),
                        None => tags.remove(&tag),
                    };
                }
                Operation::Unregister { name } => {
                    let was_live = model.entry(name).or_default().latest().is_some();
                    prop_assert_eq!(room.workspace.unregister(NAMES[name]).is_ok(), was_live);
                    model.get_mut(&name).unwrap().versions.values_mut().for_each(|entry| entry.is_live = false);
                }
                Operation::Clear => {
                    room.workspace.clear().unwrap();
                    model.values_mut().for_each(|name| name.versions.retain(|_, entry| entry.is_live));
                }
                Operation::Reopen => {
                    let root = room.workspace.root().to_owned();
                    room.workspace = Workspace::open(&root).unwrap();
                }
            }
            check(&room.workspace, &model);
        }
        prop_assert!(room.workspace.check().unwrap().is_empty());
    }
}
