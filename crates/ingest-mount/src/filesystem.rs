//! What the kernel asks, and the answers: names from the tree, bytes from the content. That nobody writes is the kernel's to see to:
//! it is mounted read-only.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, Generation, INodeNo, InitFlags, KernelConfig, LockOwner,
    OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEntry, ReplyOpen, ReplyStatfs, Request,
};
use ingest::{Code, Error};
use nix::unistd::{getgid, getuid};

use crate::content::Facts;
use crate::mount::Tell;
use crate::tree::{Holds, ROOT};
use crate::view::View;

/// How long the kernel may rely on an answer. A version never changes, so for good.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A number stands for the same file as long as the mount lives.
const GENERATION: Generation = Generation(0);

/// What the kernel reads at once as a rule, and what programs are told to read at once.
const BLOCK_BYTES: u32 = 4096;

pub(crate) struct Served {
    view: View,
    tell: Tell,
    /// Files of which was told that they cannot be read: the kernel asks several times.
    told: Mutex<HashSet<u32>>,
    owner: (u32, u32),
    since: SystemTime,
}

impl Served {
    pub(crate) fn new(view: View, tell: Tell) -> Served {
        let owner = (getuid().as_raw(), getgid().as_raw());
        Served { view, tell, told: Mutex::default(), owner, since: SystemTime::now() }
    }

    /// What a number of the kernel's stands for: it counts from 1.
    fn node(&self, inode: INodeNo) -> Result<(u32, Holds), Errno> {
        let node = inode.0.checked_sub(1).and_then(|node| u32::try_from(node).ok()).ok_or(Errno::ENOENT)?;
        Ok((node, self.view.tree.get(node).ok_or(Errno::ENOENT)?))
    }

    fn attributes(&self, node: u32) -> Result<FileAttr, Errno> {
        let holds = self.view.tree.get(node).ok_or(Errno::ENOENT)?;
        let (kind, facts) = match holds {
            Holds::Folder { .. } => (FileType::Directory, None),
            Holds::File(file) => {
                let facts = self.view.content.facts(file).map_err(|error| self.failed(file, &error))?;
                (FileType::RegularFile, Some(facts))
            }
        };
        let Facts { size, modified_ns } = facts.unwrap_or(Facts { size: 0, modified_ns: 0 });
        let time = if facts.is_some() { time(modified_ns) } else { self.since };
        Ok(FileAttr {
            ino: inode(node),
            size,
            blocks: size.div_ceil(512),
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind,
            perm: if kind == FileType::Directory { 0o555 } else { 0o444 },
            // Of a folder: that nobody counts those within it.
            nlink: 1,
            uid: self.owner.0,
            gid: self.owner.1,
            rdev: 0,
            blksize: BLOCK_BYTES,
            flags: 0,
        })
    }

    fn bytes(&self, inode: INodeNo, offset: u64, size: u32) -> Result<Vec<u8>, Errno> {
        match self.node(inode)?.1 {
            Holds::Folder { .. } => Err(Errno::EISDIR),
            Holds::File(file) => {
                let bytes = self.view.content.read_at(file, offset, size as usize);
                bytes.map_err(|error| self.failed(file, &error))
            }
        }
    }

    /// Tells why a file cannot be had, once, as the kernel gets no more than a number.
    #[cold]
    fn failed(&self, file: u32, error: &Error) -> Errno {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(file) {
            (self.tell)(error);
        }
        match error.code() {
            Code::AccessDenied => Errno::EACCES,
            Code::DiskFull => Errno::ENOSPC,
            _ => Errno::EIO,
        }
    }

    /// What lies in a folder from a place on: place, number, whether it is a folder, and name. The places 0 and 1 are `.` and `..`.
    fn listed(&self, folder: u32, from: u64) -> impl Iterator<Item = (u64, u32, bool, &str)> {
        let tree = &self.view.tree;
        let children = tree.children(folder);
        let skipped = u32::try_from(from.saturating_sub(2)).unwrap_or(u32::MAX);
        let first = children.start.saturating_add(skipped).min(children.end);
        let dots = [(folder, "."), (tree.parent(folder), "..")].into_iter().skip(usize::try_from(from).unwrap_or(2));
        let dots = dots.map(|(node, name)| (node, true, name));
        let below = (first..children.end)
            .map(|node| (node, matches!(tree.get(node), Some(Holds::Folder { .. })), tree.name(node)));
        (from..).zip(dots.chain(below)).map(|(place, (node, is_folder, name))| (place, node, is_folder, name))
    }

    fn folder(&self, inode: INodeNo) -> Result<u32, Errno> {
        match self.node(inode)? {
            (node, Holds::Folder { .. }) => Ok(node),
            _ => Err(Errno::ENOTDIR),
        }
    }
}

fn inode(node: u32) -> INodeNo {
    INodeNo(u64::from(node) + 1)
}

fn time(since_1970_ns: i64) -> SystemTime {
    let distance = Duration::from_nanos(since_1970_ns.unsigned_abs());
    if since_1970_ns < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

impl Filesystem for Served {
    fn init(&mut self, _request: &Request, config: &mut KernelConfig) -> std::io::Result<()> {
        let mut wanted = InitFlags::FUSE_PARALLEL_DIROPS | InitFlags::FUSE_ASYNC_READ;
        if self.view.content.knows_facts() {
            wanted |= InitFlags::FUSE_DO_READDIRPLUS | InitFlags::FUSE_READDIRPLUS_AUTO;
        }
        // What an older kernel does not have makes nothing wrong, only slower.
        let _ = config.add_capabilities(wanted & config.capabilities());
        Ok(())
    }

    fn lookup(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.folder(parent).map(|folder| self.view.tree.find(folder, name.as_bytes()));
        match found.and_then(|node| node.map(|node| self.attributes(node)).transpose()) {
            Ok(Some(attributes)) => reply.entry(&FOREVER, &attributes, GENERATION),
            Ok(None) => match self.attributes(ROOT) {
                // The number 0: that there is no such name stays true as well.
                Ok(root) => reply.entry(&FOREVER, &FileAttr { ino: INodeNo(0), ..root }, GENERATION),
                Err(error) => reply.error(error),
            },
            Err(error) => reply.error(error),
        }
    }

    fn getattr(&self, _request: &Request, inode: INodeNo, _handle: Option<FileHandle>, reply: ReplyAttr) {
        match self.node(inode).and_then(|(node, _)| self.attributes(node)) {
            Ok(attributes) => reply.attr(&FOREVER, &attributes),
            Err(error) => reply.error(error),
        }
    }

    /// There is nothing to open: files are known by their numbers. The kernel then opens and closes without asking, and keeps what was
    /// read; ten thousand small files cost no more than reading them.
    fn open(&self, _request: &Request, _inode: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn read(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.bytes(inode, offset, size) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    /// As for files; the kernel keeps lists of names, too.
    fn opendir(&self, _request: &Request, _inode: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn readdir(&self, _request: &Request, parent: INodeNo, _handle: FileHandle, from: u64, mut reply: ReplyDirectory) {
        let folder = match self.folder(parent) {
            Ok(folder) => folder,
            Err(error) => return reply.error(error),
        };
        for (place, node, is_folder, name) in self.listed(folder, from) {
            let kind = if is_folder { FileType::Directory } else { FileType::RegularFile };
            if reply.add(inode(node), place + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn readdirplus(
        &self,
        _request: &Request,
        parent: INodeNo,
        _handle: FileHandle,
        from: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        let folder = match self.folder(parent) {
            Ok(folder) => folder,
            Err(error) => return reply.error(error),
        };
        for (place, node, _, name) in self.listed(folder, from) {
            let attributes = match self.attributes(node) {
                Ok(attributes) => attributes,
                Err(error) => return reply.error(error),
            };
            if reply.add(inode(node), place + 1, name, &FOREVER, &attributes, GENERATION) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _request: &Request, _inode: INodeNo, reply: ReplyStatfs) {
        let blocks = self.view.bytes.div_ceil(u64::from(BLOCK_BYTES));
        reply.statfs(blocks, 0, 0, self.view.tree.len() as u64, 0, BLOCK_BYTES, 255, BLOCK_BYTES);
    }
}
