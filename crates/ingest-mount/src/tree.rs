//! The names of a mount: folders and files as one array, in which what lies in a folder stands together, sorted.

use std::ops::Range;

use ingest::{Code, Error, Result};

use crate::texts::Texts;

/// Folders and files by their numbers: 0 is the root.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    names: Texts,
}

/// Twelve bytes, and its name.
#[derive(Clone, Copy, Debug)]
struct Node {
    parent: u32,
    holds: Holds,
}

/// What a number of the tree stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A folder: what lies in it are the numbers from `first` to before `end`.
    Folder {
        first: u32,
        end: u32,
    },
    File(u32),
}

/// The root of every tree.
pub(crate) const ROOT: u32 = 0;

/// A longer name is none that a system takes, bytes.
const NAME_BYTES_MAX: usize = 255;

impl Tree {
    /// The tree of these paths, which are relative and divided by slashes; the number of a file is that of its path. O(n log n).
    ///
    /// # Errors
    /// [`Code::BadDefinition`]: a path that would lead out of the root, or has an empty or impossible name in it; two paths that are the
    /// same, or a file that would be a folder too.
    ///
    /// ```
    /// use ingest_mount::{Texts, Tree};
    ///
    /// assert!(Tree::of(&["a/b", "a/c", "d"].into_iter().collect::<Texts>()).is_ok());
    /// assert!(Tree::of(&["a/../../etc"].into_iter().collect::<Texts>()).is_err());
    /// ```
    pub fn of(paths: &Texts) -> Result<Tree> {
        let bad = |message: String| Error::new(Code::BadDefinition, message);
        // Room for as many folders as files: inode numbers are 32 bits here.
        let count = u32::try_from(paths.len()).ok().filter(|count| *count < u32::MAX / 2);
        let count = count.ok_or_else(|| bad(format!("{} files are more than can be mounted", paths.len())))?;
        for path in (0..paths.len()).map(|file| paths.get(file)) {
            check(path).map_err(|why| bad(format!("{path:?} cannot be mounted: {why}")))?;
        }
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by(|a, b| keys(paths.get(*a as usize)).cmp(keys(paths.get(*b as usize))));
        Growing { paths, order }.grow()
    }

    /// How many folders and files there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What a number stands for, if for anything.
    pub(crate) fn get(&self, node: u32) -> Option<Holds> {
        self.nodes.get(node as usize).map(|node| node.holds)
    }

    /// The folder in which it lies; the root lies in itself.
    pub(crate) fn parent(&self, node: u32) -> u32 {
        self.nodes[node as usize].parent
    }

    pub(crate) fn name(&self, node: u32) -> &str {
        self.names.get(node as usize)
    }

    /// What lies in a folder, in the order of names.
    pub(crate) fn children(&self, folder: u32) -> Range<u32> {
        match self.get(folder) {
            Some(Holds::Folder { first, end }) => first..end,
            _ => 0..0,
        }
    }

    /// What lies in a folder under a name. O(log n).
    pub(crate) fn find(&self, folder: u32, name: &[u8]) -> Option<u32> {
        let Range { start: mut low, end: mut high } = self.children(folder);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.name(middle).as_bytes().cmp(name) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Why a path has no place below the root.
fn check(path: &str) -> Result<(), &'static str> {
    for name in path.split('/') {
        match name {
            "" => return Err("a name in it is empty"),
            "." | ".." => return Err("it would lead elsewhere"),
            name if name.contains('\0') => return Err("it holds a zero byte"),
            name if name.len() > NAME_BYTES_MAX => return Err("a name in it is longer than 255 bytes"),
            _ => {}
        }
    }
    Ok(())
}

/// The slash sorts before all else, so that what lies in a folder stands right behind a file of the folder's name.
fn keys(path: &str) -> impl Iterator<Item = u8> + '_ {
    path.bytes().map(|byte| if byte == b'/' { 0 } else { byte })
}

struct Growing<'a> {
    paths: &'a Texts,
    order: Vec<u32>,
}

/// A folder whose content is still to be looked at: these of the sorted paths, whose first bytes are those of the folder.
struct Open {
    node: u32,
    range: Range<usize>,
    depth: usize,
}

impl Growing<'_> {
    fn path(&self, at: usize) -> &str {
        self.paths.get(self.order[at] as usize)
    }

    /// Folder by folder, those of one depth after the other, so that what lies in one stands together.
    fn grow(&self) -> Result<Tree> {
        let nodes = vec![Node { parent: ROOT, holds: Holds::Folder { first: 1, end: 1 } }];
        let mut tree = Tree { nodes, names: Texts::from_iter([""]) };
        let mut open = std::collections::VecDeque::from([Open { node: ROOT, range: 0..self.order.len(), depth: 0 }]);
        while let Some(folder) = open.pop_front() {
            let first = tree.nodes.len() as u32;
            let mut at = folder.range.start;
            while at < folder.range.end {
                let path = self.path(at);
                let name = path[folder.depth..].split('/').next().unwrap_or_default();
                let depth = folder.depth + name.len() + 1;
                let node = tree.nodes.len() as u32;
                let end = if depth > path.len() { at + 1 } else { self.end_of(&path[..depth], at, folder.range.end) };
                let holds = if depth > path.len() {
                    self.check_alone(at, folder.range.end)?;
                    Holds::File(self.order[at])
                } else {
                    open.push_back(Open { node, range: at..end, depth });
                    Holds::Folder { first: 0, end: 0 }
                };
                tree.nodes.push(Node { parent: folder.node, holds });
                tree.names.push(name);
                at = end;
            }
            let end = tree.nodes.len() as u32;
            tree.nodes[folder.node as usize].holds = Holds::Folder { first, end };
        }
        Ok(tree)
    }

    /// Where the paths that begin so end.
    fn end_of(&self, start: &str, from: usize, end: usize) -> usize {
        (from..end).find(|at| !self.path(*at).starts_with(start)).unwrap_or(end)
    }

    /// Whether no other path is that of this file, or leads through it. Such a one would be the next.
    fn check_alone(&self, at: usize, end: usize) -> Result<()> {
        let path = self.path(at);
        let next = (at + 1 < end).then(|| self.path(at + 1)).and_then(|next| next.strip_prefix(path));
        match next {
            Some("") => Err(Error::new(Code::BadDefinition, format!("two files would be {path:?}"))),
            Some(rest) if rest.starts_with('/') => {
                let message = format!("{path:?} would be a file and a folder");
                Err(Error::new(Code::BadDefinition, message))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[&str]) -> Result<Tree> {
        Tree::of(&paths.iter().collect())
    }

    fn listed(tree: &Tree, folder: u32) -> Vec<&str> {
        tree.children(folder).map(|node| tree.name(node)).collect()
    }

    #[test]
    fn folders_hold_their_files_in_order() {
        let tree = tree(&["b", "a/z", "a/y/1", "a.b", "a/y/0", "a\u{1}", "ä/ö"]).unwrap();
        assert_eq!(listed(&tree, ROOT), ["a", "a\u{1}", "a.b", "b", "ä"]);
        let a = tree.find(ROOT, b"a").unwrap();
        assert_eq!(listed(&tree, a), ["y", "z"]);
        let y = tree.find(a, b"y").unwrap();
        assert_eq!((listed(&tree, y), tree.parent(y)), (vec!["0", "1"], a));
        let one = tree.find(y, b"1").unwrap();
        assert_eq!((tree.get(one), tree.parent(one)), (Some(Holds::File(2)), y));
        assert_eq!(tree.find(ROOT, b"A"), None);
        assert_eq!(tree.find(one, b"x"), None);
        assert_eq!(tree.get(tree.len() as u32), None);
        for node in 1..tree.len() as u32 {
            assert_eq!(tree.find(tree.parent(node), tree.name(node).as_bytes()), Some(node));
        }
    }

    #[test]
    fn nothing_leads_out() {
        for path in ["..", "../x", "a/../../x", "/etc/passwd", "a//b", "a/", "", ".", "a/./b", "a\0b", &"x".repeat(256)]
        {
            assert_eq!(tree(&["ok", path]).unwrap_err().code(), Code::BadDefinition, "{path:?}");
        }
    }

    #[test]
    fn a_name_is_one_thing() {
        for paths in [&["a", "a/b"][..], &["a/b/c", "a/b"], &["a", "a"], &["a", "a/b", "a.b"]] {
            assert_eq!(tree(paths).unwrap_err().code(), Code::BadDefinition, "{paths:?}");
        }
        let tree = tree(&["a", "A", "a b", "ａ"]).unwrap();
        assert_eq!(listed(&tree, ROOT).len(), 4, "names that differ in case are two");
    }

    #[test]
    fn without_files_there_is_a_root() {
        let tree = tree(&[]).unwrap();
        assert_eq!(tree.children(ROOT), 1..1);
    }
}
