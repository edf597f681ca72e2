//! The registry: an SQLite database in WAL mode, changed in whole transactions by any number of processes.

mod versions;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ingest::{Code, Error, Result};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub(crate) use versions::NewVersion;

/// The steps from an empty database to what this version writes, in order; they are never changed once released.
const MIGRATIONS: [&str; 2] = [include_str!("1.sql"), include_str!("2.sql")];

/// What helps where it is damaged.
pub(crate) const WAY_BACK: &str = "put a copy back that `ingest dataset backup` made";

/// Marks the database as a registry: "ingt".
const APPLICATION_ID: i32 = 0x696e_6774;

/// Other processes hold the registry for milliseconds. A wait as long as this means that one of them is stuck.
const WAIT: Duration = Duration::from_secs(60);

/// An open registry.
pub(crate) struct Registry {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Registry {
    /// Makes a registry, unless there is one. Whoever looks at the path sees a whole one or none.
    pub(crate) fn create(path: &Path, scratch: &Path) -> Result<()> {
        let draft = tempfile::Builder::new()
            .prefix("registry-")
            // As of any new file: what the umask leaves.
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(scratch)
            .map_err(|error| Error::from_io(scratch, error))?
            .into_temp_path();
        {
            let mut connection = Connection::open(&draft).map_err(|error| failure(path, error))?;
            prepare(path, &connection)?;
            // The mode is part of the file from then on.
            connection.pragma_update(None, "journal_mode", "WAL").map_err(|error| failure(path, error))?;
            connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(|error| failure(path, error))?;
            migrate(path, &mut connection)?;
        }
        draft.persist_noclobber(path).map(drop).or_else(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(Error::from_io(path, error.error)),
        })
    }

    /// Opens one, and brings it up to what this version writes.
    pub(crate) fn open(path: &Path) -> Result<Registry> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(|error| failure(path, error))?;
        prepare(path, &connection)?;
        migrate(path, &mut connection)?;
        Ok(Registry { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    /// Reads what was committed at one moment.
    fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T> {
        self.within(TransactionBehavior::Deferred, work)
    }

    /// Changes the registry as a whole or not at all. The lock is taken first, so that what is read in here stays true.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T> {
        self.within(TransactionBehavior::Immediate, work)
    }

    fn within<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T> {
        let mut connection = self.lock();
        let done = (|| {
            let transaction = connection.transaction_with_behavior(behavior)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })();
        done.map_err(|error| match error {
            Failure::Ours(error) => error,
            Failure::Sqlite(error) => failure(&self.path, error),
        })
    }

    /// Copies the registry as it is at one moment to a file that is not there yet.
    pub(crate) fn backup(&self, target: &Path) -> Result<()> {
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let draft = tempfile::Builder::new()
            .prefix(".registry-")
            .tempfile_in(folder)
            .map_err(|error| Error::from_io(folder, error))?
            .into_temp_path();
        self.lock()
            .backup("main", &draft, None::<fn(rusqlite::backup::Progress)>)
            .map_err(|error| failure(&self.path, error))?;
        std::fs::File::open(&draft).and_then(|file| file.sync_all()).map_err(|error| Error::from_io(target, error))?;
        draft.persist_noclobber(target).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Error::new(Code::OutputExists, format!("{} exists already", target.display()))
                    .hint("name another file for the copy")
            }
            _ => Error::from_io(target, error.error),
        })
    }

    /// What SQLite and the rules between tables find wrong; nothing in a sound registry.
    pub(crate) fn check(&self) -> Result<Vec<String>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare("PRAGMA integrity_check(100)")?;
            let found = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            let mut faults: Vec<String> = found.into_iter().filter(|line| line != "ok").collect();
            let mut statement = transaction.prepare("PRAGMA foreign_key_check")?;
            let orphans = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            faults.extend(orphans.into_iter().map(|table| format!("a row of {table} belongs to nothing")));
            Ok(faults)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic left open was rolled back when it was dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a transaction does not happen.
enum Failure {
    /// What it was to do makes no sense.
    Ours(Error),
    Sqlite(rusqlite::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Ours(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sqlite(error)
    }
}

/// How a connection behaves: it waits for others, a commit is on the disk when it returns, and rows belong to rows.
fn prepare(path: &Path, connection: &Connection) -> Result<()> {
    let set = || {
        connection.busy_timeout(WAIT)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)
    };
    set().map_err(|error| failure(path, error))
}

/// Does the steps that are missing, in one transaction.
fn migrate(path: &Path, connection: &mut Connection) -> Result<()> {
    let failed = |error| failure(path, error);
    let done = steps_done(path, connection)?;
    if done == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have done them meanwhile.
    for (number, step) in MIGRATIONS.iter().enumerate().skip(steps_done(path, &transaction)?) {
        transaction.execute_batch(step).map_err(failed)?;
        transaction.pragma_update(None, "user_version", number + 1).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

fn steps_done(path: &Path, connection: &Connection) -> Result<usize> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (version, application) = number("user_version")
        .and_then(|version| Ok((version, number("application_id")?)))
        .map_err(|error| failure(path, error))?;
    // An empty file is a database to SQLite, and no registry: what it held would be cleared away as nobody's.
    let steps = usize::try_from(version).ok().filter(|_| application == APPLICATION_ID);
    match steps {
        Some(steps) if steps <= MIGRATIONS.len() => Ok(steps),
        Some(steps) => Err(Error::new(
            Code::Registry,
            format!(
                "{}: a newer version of ingest wrote this registry (step {steps}, known are {})",
                path.display(),
                MIGRATIONS.len()
            ),
        )
        .hint("use that version, or another workspace")),
        None => Err(Error::new(Code::Registry, format!("{}: this database is no registry of ingest", path.display()))
            .hint(WAY_BACK)),
    }
}

/// What SQLite says, as an error with the way out.
#[cold]
fn failure(path: &Path, error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    let (code, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (Code::Registry, Some("another process holds the registry; run again once it is done"))
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (Code::Registry, Some(WAY_BACK)),
        Some(ErrorCode::DiskFull) => (Code::DiskFull, None),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            Code::AccessDenied,
            Some(
                "the registry and its folder have to be writable: SQLite keeps its log beside it; INGEST_WORKSPACE names another",
            ),
        ),
        _ => (Code::Registry, None),
    };
    let message = format!("{}: the registry cannot be used: {error}", path.display());
    let failure = Error::new(code, message).caused_by(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
