//! The system's table of mounts: which ones are ingest's, which are dead, and how one is taken away.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ingest::{Code, Error, Result};
use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use nix::sys::statvfs::statvfs;

const TABLE: &str = "/proc/self/mountinfo";

/// What the sources of all mounts of ingest begin with.
const SOURCE: &str = "ingest:";

/// Mounts and unmounts for users that may not.
pub(crate) const HELPER: &str = "fusermount3";

/// A mount of ingest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// The system's number for it.
    pub(crate) id: u64,
    /// Its device, as `major:minor`.
    device: String,
    /// Where it is mounted.
    pub point: PathBuf,
    /// What: `name:version`.
    pub label: String,
}

impl Mounted {
    /// Has the kernel read so much ahead. Where it may not be told, it reads 128 KiB, and a first read takes half as long again.
    pub(crate) fn read_ahead(&self, bytes: u64) {
        let setting = format!("/sys/class/bdi/{}/read_ahead_kb", self.device);
        // Root alone may.
        let _ = std::fs::write(setting, (bytes >> 10).to_string());
    }

    /// Whether nobody serves it any more: whoever did was killed. Its disk is asked for room, as the kernel answers all else from what
    /// it was told before.
    pub fn is_dead(&self) -> bool {
        matches!(statvfs(&self.point), Err(Errno::ENOTCONN | Errno::ECONNABORTED))
    }
}

/// How a mount was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmounted {
    /// At once.
    Now,
    /// It is out of sight, and is gone once nobody uses a file of it any more.
    OnceUnused,
}

/// All mounts of ingest, in the order in which they were mounted.
///
/// # Errors
/// The system's table cannot be read.
pub fn mounted() -> Result<Vec<Mounted>> {
    let table = std::fs::read(TABLE).map_err(|error| Error::from_io(Path::new(TABLE), error))?;
    Ok(table.split(|byte| *byte == b'\n').filter_map(of_line).collect())
}

/// A line: number, parent, device, root, place, options, tags, a hyphen, kind, source, options.
fn of_line(line: &[u8]) -> Option<Mounted> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let hyphen = fields.iter().skip(6).position(|field| *field == b"-")? + 6;
    let source = unescaped(fields.get(hyphen + 2)?);
    let label = source.to_str()?.strip_prefix(SOURCE)?.to_owned();
    if !fields.get(hyphen + 1)?.starts_with(b"fuse") {
        return None;
    }
    let text = |field: usize| std::str::from_utf8(fields[field]).ok();
    let (id, device) = (text(0)?.parse().ok()?, text(2)?.to_owned());
    Some(Mounted { id, device, point: PathBuf::from(unescaped(fields[4])), label })
}

/// Blanks and the like stand in the table as `\040`.
fn unescaped(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..3).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 8).ok());
        match code {
            Some(code) if byte == b'\\' => (bytes.push(code), rest = &after[3..]).1,
            _ => (bytes.push(byte), rest = after).1,
        }
    }
    OsString::from_vec(bytes)
}

/// The source that the table shows. Commas divide options, and the helper takes blanks and backslashes for its own.
pub(crate) fn source(label: &str) -> String {
    let plain = |sign: char| if matches!(sign, ',' | '\\') || sign.is_whitespace() { '_' } else { sign };
    format!("{SOURCE}{}", label.chars().map(plain).collect::<String>())
}

/// The same folder as the table names it. A dead mount can be asked nothing, but its folder can.
pub(crate) fn resolved(point: &Path) -> Result<PathBuf> {
    let failed = |error| Error::from_io(point, error);
    point
        .canonicalize()
        .or_else(|error| {
            let absolute = std::path::absolute(point)?;
            match (absolute.parent(), absolute.file_name()) {
                (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
                _ => Err(error),
            }
        })
        .map_err(failed)
}

/// The mount that is to be seen at a folder: the last one there.
pub(crate) fn mounted_at(point: &Path) -> Result<Option<Mounted>> {
    Ok(mounted()?.into_iter().rfind(|mount| mount.point == point))
}

/// Takes a mount of ingest away.
///
/// # Errors
/// [`Code::NotFound`]: there is none; [`Code::Mount`]: the system refuses.
pub fn unmount(point: &Path) -> Result<Unmounted> {
    let point = resolved(point)?;
    if mounted_at(&point)?.is_none() {
        let message = format!("{}: no dataset is mounted here", point.display());
        return Err(Error::new(Code::NotFound, message).hint("`findmnt -t fuse` shows what is mounted where"));
    }
    match take(&point, Haste::Unused) {
        Ok(()) => Ok(Unmounted::Now),
        Err(_) => take(&point, Haste::Used).map(|()| Unmounted::OnceUnused),
    }
}

/// Takes a mount out of sight at once, whoever still uses it.
pub(crate) fn detach(point: &Path) -> Result<()> {
    take(point, Haste::Used)
}

/// Whether a mount is taken away that is in use.
#[derive(Clone, Copy)]
enum Haste {
    Unused,
    Used,
}

fn take(point: &Path, haste: Haste) -> Result<()> {
    let failed = |why: String| {
        Error::new(Code::Mount, format!("{}: cannot be unmounted: {why}", point.display()))
            .hint("whoever mounted it may unmount it, and root")
    };
    let (flags, helps): (_, &[&str]) = match haste {
        Haste::Unused => (MntFlags::UMOUNT_NOFOLLOW, &["-u", "-q", "--"]),
        Haste::Used => (MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW, &["-u", "-z", "-q", "--"]),
    };
    match umount2(point, flags) {
        Ok(()) => Ok(()),
        Err(Errno::EPERM) => {
            let mut helper = Command::new(HELPER);
            helper.args(helps).arg(point).stdin(Stdio::null());
            let output = helper.output().map_err(|error| failed(format!("{HELPER}: {error}")))?;
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            if output.status.success() { Ok(()) } else { Err(failed(said)) }
        }
        Err(error) => Err(failed(error.desc().to_owned())),
    }
}

/// Takes away what was left at a folder by one who was killed together with the guard; whether there was something.
///
/// # Errors
/// The system refuses.
pub fn clean(point: &Path) -> Result<bool> {
    let Ok(point) = resolved(point) else { return Ok(false) };
    let mut found = false;
    while mounted_at(&point)?.is_some_and(|mount| mount.is_dead()) {
        detach(&point)?;
        found = true;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn the_table_is_read() {
        let line = b"36 35 98:0 / /mnt/a\\040b\\134 rw,noatime shared:1 - fuse ingest:images:1 rw,user_id=0";
        let found = of_line(line).unwrap();
        assert_eq!(found.device, "98:0");
        assert_eq!((found.id, found.point.as_os_str().as_bytes(), &*found.label), (36, &b"/mnt/a b\\"[..], "images:1"));
        for other in [
            &b"36 35 98:0 / /mnt rw - fuse sshfs rw"[..],
            b"36 35 98:0 / /mnt rw - tmpfs ingest:a:1 rw",
            b"36 35 98:0 / /mnt rw",
            b"x - fuse ingest:a:1",
            b"",
        ] {
            assert_eq!(of_line(other), None);
        }
        assert_eq!(unescaped(b"a\\12"), "a\\12");
    }

    #[test]
    fn sources_hold_no_commas() {
        assert_eq!(source("a,b c\\d:3"), "ingest:a_b_c_d:3");
        assert_eq!(source("乗客:1"), "ingest:乗客:1");
    }
}
