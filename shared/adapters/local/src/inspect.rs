//! Read-only inspection of a state folder, alongside the process that uses it: nothing is created, repaired or changed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use riffle_ports::{DeadLetter, PortError, QueueDepth, Record, Session, SessionId, Subject};
use riffle_topology::RIFFLE;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use rustix::fs::{Access, access, statvfs};

use crate::database::Sql as _;
use crate::dead_letters;
use crate::listing::read_json;
use crate::queue_rows;
use crate::queues;
use crate::records;
use crate::schema;
use crate::store::{DATABASE, LOCK, OpenError};
use crate::texts;

/// The process that has a state folder open, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    Nobody,
    /// The process id, if it has recorded one.
    Process(Option<u32>),
}

impl Holder {
    /// Takes the shared lock for a moment, so that several inspections do not exclude each other.
    pub fn of(dir: &Path) -> io::Result<Self> {
        let mut file = match File::open(dir.join(LOCK)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Nobody),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Self::Nobody),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                Ok(Self::Process(holder.trim().parse().ok()))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The disk space and permissions of a folder, existing or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The folder, or its nearest existing parent.
    pub folder: PathBuf,
    /// Whether this user may create files in it.
    pub writable: bool,
    /// Bytes available to this user on its disk.
    pub free: u64,
}

impl Room {
    pub fn of(dir: &Path) -> io::Result<Self> {
        let whole = std::path::absolute(dir)?;
        let folder = whole.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/")).to_owned();
        let disk = statvfs(&folder)?;
        let writable = folder.is_dir() && access(&folder, Access::WRITE_OK | Access::EXEC_OK).is_ok();
        Ok(Self { writable, free: disk.f_bavail.saturating_mul(disk.f_frsize), folder })
    }
}

/// The state database, open for reading.
#[derive(Debug)]
pub struct StateInspection {
    connection: Connection,
    /// The number of migrations it has been through.
    pub schema: usize,
}

impl StateInspection {
    /// The schema of this program. An older one is migrated when the state is next used.
    pub const SCHEMA: usize = schema::KNOWN;

    /// Opens the database. `None` if there is no state yet.
    ///
    /// # Errors
    /// The database is of a newer riffle, or cannot be read.
    pub fn open(dir: &Path) -> Result<Option<Self>, OpenError> {
        let path = dir.join(DATABASE);
        if !path.exists() {
            return Ok(None);
        }
        let unusable = |error| OpenError::Database { path: path.clone(), error };
        let (connection, schema) = open_reading(&path).map_err(unusable)?;
        match schema {
            0 => Ok(None),
            found if found > Self::SCHEMA => {
                Err(OpenError::Newer { folder: dir.to_owned(), found, known: Self::SCHEMA })
            }
            schema => Ok(Some(Self { connection, schema })),
        }
    }

    /// Returns the depth of each queue. Messages of a dead process count as in flight until the state is used again.
    pub fn depths(&self) -> Result<Vec<QueueDepth>, PortError> {
        let depths = RIFFLE.queue_names().map(|queue| queues::depth(&self.connection, queue));
        Ok(depths.collect::<Result<_, _>>()?)
    }

    /// Returns the oldest dead letters of all flows, at most `max`.
    pub fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, PortError> {
        let queues = RIFFLE.dead_letters().map(|dead| dead.name);
        Ok(dead_letters::dead_letters(RIFFLE, queue_rows::dead_letters(&self.connection, queues, max)?))
    }

    /// Returns a record, if it exists.
    pub fn record(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        Ok(records::load(&self.connection, tenant, subject)?)
    }

    /// Returns the number of open records of a flow, and the number of its events still to be published.
    pub fn open_work(&self, flow: &str) -> Result<(u64, u64), PortError> {
        let count = |sql| self.connection.one(sql, [flow], |row| row.get(0));
        let open = count("SELECT count(*) FROM records WHERE open AND flow = ?1")?;
        Ok((open, count("SELECT count(*) FROM outbox WHERE flow = ?1")?))
    }

    /// Returns the sessions that are not in a terminal state, without their requests.
    pub fn open_sessions(&self) -> Result<Vec<Session>, PortError> {
        let sql = "SELECT fields FROM sessions WHERE open ORDER BY id";
        let mut open: Vec<Session> = self.connection.rows(sql, [], |row| read_json(row, 0))?;
        // A session being deleted is open for the sweep, but no client waits for it.
        open.retain(|session| !session.state.is_terminal());
        Ok(open)
    }

    /// Returns a session without its request, if it exists.
    pub fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        let sql = "SELECT fields FROM sessions WHERE id = ?1";
        Ok(self.connection.first(sql, [&id.0], |row| read_json(row, 0))?)
    }
}

/// Returns the size of the text cache on the disk in bytes; `None` if there is none.
///
/// # Errors
/// The cache cannot be read.
pub fn kept_texts(dir: &Path) -> io::Result<Option<u64>> {
    let path = dir.join(texts::FILE);
    let size = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (connection, _) = open_reading(&path).map_err(io::Error::other)?;
    let look = connection.query_row("SELECT id FROM texts LIMIT 1", [], |_| Ok(())).optional();
    look.map_err(io::Error::other)?;
    Ok(Some(size))
}

fn open_reading(path: &Path) -> rusqlite::Result<(Connection, usize)> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let schema = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((connection, schema))
}
