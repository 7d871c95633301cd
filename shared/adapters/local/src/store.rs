//! The state folder: its lock, its contents, and the repairs made on opening it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use riffle_ports::Clock;
use riffle_topology::{RIFFLE, Topology};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use crate::damage;
use crate::database::{Database, WorkError};
use crate::queue_rows;
use crate::schema::{self, SchemaError};
use crate::{
    LocalAudit, LocalBus, LocalDeadLetters, LocalFigures, LocalLedger, LocalObjects, LocalQueues,
    LocalRecords, LocalTickets, LocalTransactions,
};

/// The lock file, locked while the folder is open.
pub(crate) const LOCK: &str = "lock";
pub(crate) const DATABASE: &str = "state.sqlite";

/// The reason why a state folder cannot be used. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the state folder {} is in use by {}: stop that process first, or choose another folder",
        folder.display(),
        pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    InUse { folder: PathBuf, pid: Option<u32> },
    #[error(
        "cannot use {} as the state folder: {error}; make it writable for this user, or choose another \
         folder",
        path.display()
    )]
    Folder { path: PathBuf, error: io::Error },
    #[error(
        "the state in {} was written by a newer riffle (schema {found}, this one knows {known}): update \
         riffle, or choose another folder",
        folder.display()
    )]
    Newer { folder: PathBuf, found: usize, known: usize },
    #[error(
        "cannot open the state database {}: {error}; if it is damaged, move the folder away; a new one is \
         created",
        path.display()
    )]
    Database { path: PathBuf, error: rusqlite::Error },
    #[error(
        "the state database {} is damaged ({found}): {rest}. Nothing was changed. Restore a copy of the \
         folder, recover the readable data with sqlite3 and its .recover command, or move the folder away; \
         a new one is created",
        path.display()
    )]
    Damaged { path: PathBuf, found: String, rest: String },
}

/// An open state folder:
///
/// ```text
/// DIR/lock                 locked while the folder is open; holds the process id, or a mark that it was closed cleanly
/// DIR/state.sqlite(-wal)   ledger, records, transactions, events and queues
/// DIR/objects/…            one file per object
/// DIR/tmp/…                objects being written; emptied on open
/// ```
///
/// The folder stays locked until the store and everything created from it are dropped. The last drop waits for the
/// database to be closed (milliseconds; it may block on the disk).
#[derive(Debug)]
pub struct Store {
    queues: LocalQueues,
    objects: LocalObjects,
    database: Arc<Database>,
    lost: Option<String>,
    clock: Arc<dyn Clock>,
}

impl Store {
    /// Opens the state folder `dir`, creating it (for this user only) if necessary. Blocks: it reads and may repair the
    /// database.
    ///
    /// Messages that the last process had received but not finished are visible again. `clock` is the clock for
    /// visibility timeouts.
    ///
    /// # Errors
    /// Another process has opened it, it cannot be written, or its contents cannot be read.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_for(RIFFLE, dir, clock)
    }

    /// Like [`open`](Self::open), with the queues of another topology.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_for(topology: Topology, dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |error| OpenError::Folder { path, error }
        };
        private_dir(dir).map_err(unusable(dir))?;
        let (lock, lock_text) = take_lock(dir)?;

        let (objects, tmp) = (dir.join("objects"), dir.join("tmp"));
        match fs::remove_dir_all(&tmp) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(&tmp)(error)),
            _ => {}
        }
        for folder in [&objects, &tmp] {
            private_dir(folder).map_err(unusable(folder))?;
        }

        let path = dir.join(DATABASE);
        let damaged = |found| OpenError::Damaged { path: path.clone(), found, rest: damage::rest(&path) };
        let failed = |error: rusqlite::Error| {
            if is_damage(&error) {
                damaged(error.to_string())
            } else {
                OpenError::Database { path: path.clone(), error }
            }
        };
        let is_there = damage::is_there(&path).map_err(unusable(&path))?;
        let lost = if is_there { None } else { damage::orphans(dir).map_err(unusable(dir))? };
        // SQLite creates the database's companion files with the permissions of the database.
        private_file(&path).map_err(unusable(&path))?;
        // Checked before the database is opened, because opening may change it. After a clean shutdown the slow check
        // is skipped.
        if is_there && !damage::is_marked_whole(&lock_text, &path) {
            if let Some((size, wanted)) = damage::cut_short(&path).map_err(unusable(&path))? {
                return Err(damaged(format!("it has {size} bytes of {wanted}")));
            }
            if let Some(found) = damage::check(&path).map_err(failed)? {
                return Err(damaged(found));
            }
        }
        let connection =
            open_database(&path, &tmp, topology, clock.as_ref()).map_err(|error| match error {
                SchemaError::Newer { found, known } => {
                    OpenError::Newer { folder: dir.to_owned(), found, known }
                }
                SchemaError::Sql(error) => failed(error),
            })?;
        let database = Arc::new(Database::start(connection, lock).map_err(unusable(dir))?);
        Ok(Self {
            queues: LocalQueues::new(Arc::clone(&database), Arc::clone(&clock), topology),
            objects: LocalObjects::new(objects, tmp, Arc::clone(&database)),
            database,
            lost,
            clock,
        })
    }

    /// Returns a message for the user about data found to be lost on opening.
    pub fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    pub fn ledger(&self) -> LocalLedger {
        LocalLedger { database: Arc::clone(&self.database) }
    }

    pub fn queues(&self) -> LocalQueues {
        self.queues.clone()
    }

    pub fn tickets(&self) -> LocalTickets {
        LocalTickets { database: Arc::clone(&self.database), clock: Arc::clone(&self.clock) }
    }

    pub fn objects(&self) -> LocalObjects {
        self.objects.clone()
    }

    pub fn records(&self) -> LocalRecords {
        LocalRecords { database: Arc::clone(&self.database) }
    }

    pub fn transactions(&self) -> LocalTransactions {
        LocalTransactions { database: Arc::clone(&self.database) }
    }

    pub fn figures(&self) -> LocalFigures {
        LocalFigures { database: Arc::clone(&self.database) }
    }

    pub fn audit(&self) -> LocalAudit {
        LocalAudit { database: Arc::clone(&self.database) }
    }

    pub fn bus(&self) -> LocalBus {
        LocalBus { queues: self.queues() }
    }

    pub fn dead_letters(&self) -> LocalDeadLetters {
        LocalDeadLetters { queues: self.queues() }
    }
}

fn open_database(
    path: &Path,
    tmp: &Path,
    topology: Topology,
    clock: &dyn Clock,
) -> Result<Connection, SchemaError> {
    let mut connection = Connection::open(path)?;
    // Temporary copies of a rebuild stay in the state folder, which is for this user only. SQLite accepts only UTF-8
    // paths.
    if let Some(tmp) = tmp.to_str() {
        connection.pragma_update(None, "temp_store_directory", tmp)?;
    }
    // Other processes may inspect the database with their own tools at the same time; they lock it only briefly.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // In pages of 4 KB: a checkpoint syncs the disk, so it waits for 16 MB.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // In KB if negative.
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Deleted data is overwritten where that needs no further writes. See `WorkContext::erasing`.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    connection.set_prepared_statement_cache_capacity(64);
    // Keep a statement's plan for all bound values instead of preparing it again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    schema::migrate(&mut connection)?;

    let transaction = connection.transaction()?;
    queue_rows::release_all_in_flight(&transaction, topology, clock.now()).map_err(|error| match error {
        WorkError::Sql(error) => error,
        WorkError::Unreadable(text) => rusqlite::Error::InvalidParameterName(text),
    })?;
    transaction.commit()?;
    Ok(connection)
}

pub(crate) fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Takes the lock, which the system releases when the process ends, however it ends. Also returns what the last process
/// left in the lock file: its id if it was killed.
fn take_lock(dir: &Path) -> Result<(File, String), OpenError> {
    let path = dir.join(LOCK);
    let unusable = |error| OpenError::Folder { path: path.clone(), error };
    let mut file = private_file(&path).map_err(unusable)?;
    let locked = file.try_lock();
    let mut lock_text = Vec::new();
    file.read_to_end(&mut lock_text).map_err(unusable)?;
    let lock_text = String::from_utf8_lossy(&lock_text).into_owned();
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::InUse { folder: dir.to_owned(), pid: lock_text.trim().parse().ok() });
        }
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    file.set_len(0).map_err(unusable)?;
    file.rewind().map_err(unusable)?;
    writeln!(file, "{}", std::process::id()).map_err(unusable)?;
    Ok((file, lock_text))
}
