//! A mount, from its start to its end.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use fuser::{Config, MountOption, Session, SessionACL};
use ingest::{Code, Error, Result};

use crate::filesystem::Served;
use crate::guard::Guard;
use crate::places::{HELPER, detach, mounted_at, resolved, source};
use crate::signals::Signals;
use crate::view::View;

/// Says why a file cannot be read, which the program that reads it gets as a number only.
pub type Tell = Box<dyn Fn(&Error) + Send + Sync>;

/// The system mounts and asks the first question within milliseconds. Where it takes as long as this, it never will.
const START_MAX: Duration = Duration::from_secs(10);

/// What the kernel reads ahead of what is near, as much as it asks for at once. More would be read for nothing around each page that
/// somebody touches through a map.
const READ_AHEAD_BYTES: u64 = 1 << 20;

/// A dataset that is mounted. Dropped, it is unmounted.
pub struct Mount {
    point: PathBuf,
    id: u64,
    guard: Option<Guard>,
    ends: (Sender<Ended>, Receiver<Ended>),
}

/// Why a mount came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody unmounted it.
    Unmounted,
    /// A signal asked for it.
    Signal,
}

impl Mount {
    /// Mounts a view at an empty folder, which is made if need be. It can be read once this returns. `guard` is a program that calls
    /// [`crate::stand_guard`] with the folder, which is its last argument: it unmounts when this process is killed.
    ///
    /// # Errors
    /// [`Code::OutputExists`]: the folder is not empty, or a dataset is mounted there; [`Code::AccessDenied`], [`Code::Mount`]: it
    /// cannot be mounted, and why.
    pub fn start(view: View, point: &Path, tell: Tell, guard: Option<Command>) -> Result<Mount> {
        let point = prepared(point)?;
        let guard = guard.map(|program| Guard::start(program, &point)).transpose()?;
        let ends = channel();
        // Where this fails the guard is not sent away: what the system began to mount may yet come.
        let id = begun(view, &point, tell, ends.0.clone())?;
        let mut mount = Mount { point, id, guard, ends };
        if let Some(guard) = &mut mount.guard {
            guard.mounted(id);
        }
        Ok(mount)
    }

    /// The folder, without links.
    pub fn point(&self) -> &Path {
        &self.point
    }

    /// Waits until it is unmounted, or until one of these signals comes.
    pub fn wait(&self, signals: &Signals) -> Ended {
        signals.watch(self.ends.0.clone());
        self.ends.1.recv().unwrap_or(Ended::Unmounted)
    }

    /// Unmounts it, whoever still uses it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn unmount(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let is_there = mounted_at(&self.point)?.is_some_and(|mount| mount.id == self.id);
        let done = if is_there { detach(&self.point) } else { Ok(()) };
        if let Some(guard) = self.guard.take().filter(|_| done.is_ok()) {
            guard.dismiss();
        }
        // Once is enough.
        self.id = 0;
        done
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if self.id != 0 {
            // The guard, which is not sent away then, tries once more.
            let _ = self.end();
        }
    }
}

/// The folder as it is to be mounted over: there, empty, and without what one who was killed left.
fn prepared(point: &Path) -> Result<PathBuf> {
    crate::places::clean(point)?;
    let failed = |error| Error::from_io(point, error);
    std::fs::create_dir_all(point).map_err(failed)?;
    let point = resolved(point)?;
    if let Some(mount) = mounted_at(&point)? {
        let message = format!("{}: {} is mounted here already", point.display(), mount.label);
        return Err(Error::new(Code::OutputExists, message).hint("`ingest unmount` takes it away"));
    }
    if std::fs::read_dir(&point).map_err(failed)?.next().is_some() {
        let message = format!("{}: the folder is not empty, and what is in it would be hidden", point.display());
        return Err(Error::new(Code::OutputExists, message).hint("name an empty folder, or one that is not there yet"));
    }
    Ok(point)
}

/// Mounts and serves in threads of their own, as the system may never answer; the mount's number, once it did.
fn begun(view: View, point: &Path, tell: Tell, ended: Sender<Ended>) -> Result<u64> {
    let (say, hear) = channel();
    let target = point.to_owned();
    let config = config(&view);
    let is_near = view.content.is_near();
    std::thread::spawn(move || {
        let session = match Session::new(Served::new(view, tell), &target, &config) {
            Ok(session) => session,
            Err(error) => return drop(say.send(Err(refused(&target, error)))),
        };
        // Whoever waited may have given up.
        let _ = say.send(found(&target, is_near));
        let _ = session.run();
        let _ = ended.send(Ended::Unmounted);
    });
    let silent = || {
        let seconds = START_MAX.as_secs();
        Error::new(Code::Mount, format!("{}: the mount did not answer within {seconds} s", point.display()))
            .hint("`ingest doctor` says what is missing; --mode download copies the files instead")
    };
    let id = hear.recv_timeout(START_MAX).map_err(|_| silent())??;
    id.ok_or_else(|| Error::new(Code::Mount, format!("{}: the mount was taken away at once", point.display())))
}

/// The mount's number. No file of it is touched here: a thread that waits for an answer of its own process keeps that process, and the
/// mount with it, from ending when it is killed.
fn found(point: &Path, is_near: bool) -> Result<Option<u64>> {
    let mount = mounted_at(point)?;
    if let Some(mount) = mount.as_ref().filter(|_| is_near) {
        mount.read_ahead(READ_AHEAD_BYTES);
    }
    Ok(mount.map(|mount| mount.id))
}

fn config(view: &View) -> Config {
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::RO,
        MountOption::NoSuid,
        MountOption::NoDev,
        MountOption::NoAtime,
        MountOption::DefaultPermissions,
        MountOption::FSName(source(&view.label)),
        MountOption::Subtype("ingest".to_owned()),
    ];
    config.acl = SessionACL::Owner;
    // Who waits for a server or a disk holds a thread up, so there are more than processors.
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    config.n_threads = Some((2 * processors).clamp(4, 16));
    config
}

/// Why the system does not mount, as far as it says.
#[cold]
fn refused(point: &Path, error: std::io::Error) -> Error {
    if let Some(missing) = crate::doctor::why_not() {
        return missing.caused_by(error);
    }
    // The system refused, so the helper was looked for.
    if error.kind() == std::io::ErrorKind::NotFound {
        let message = format!("{}: the system does not let this user mount, and there is no {HELPER}", point.display());
        return Error::new(Code::AccessDenied, message)
            .hint("a container needs --cap-add SYS_ADMIN; the package fuse3 has the helper; --mode download copies the files instead")
            .caused_by(error);
    }
    let said = error.to_string();
    let message = format!("{}: cannot be mounted: {}", point.display(), said.trim());
    Error::new(Code::Mount, message)
        .hint("--mode download copies the files instead; `ingest doctor` says what is missing")
        .caused_by(error)
}
