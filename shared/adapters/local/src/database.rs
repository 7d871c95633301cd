//! The thread that owns the database.
//!
//! There is one thread, because `SQLite` has one writer anyway. All work that queues up while a transaction runs goes
//! into the next transaction together (group commit), each piece under a savepoint, so that a failing piece does not
//! undo the others. No caller gets an answer before the commit.
//!
//! Erased data is overwritten at once, but `SQLite` leaves copies of rows it has moved between pages. So the database
//! is rebuilt (`VACUUM`) as soon as no work has come for a moment, and when it is closed.

use std::cell::RefCell;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use riffle_ports::PortError;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Params, Row};
use tokio::sync::oneshot;

use crate::damage;
use crate::objects::elsewhere;

/// The most pieces of work in one transaction, so that no caller waits long for an answer.
const MAX_TOGETHER: usize = 512;

/// Time without work after which the database may be rebuilt.
const IDLE: Duration = Duration::from_secs(1);

/// The failure of a piece of work inside the thread.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    #[error("{0}")]
    Unreadable(String),
}

impl From<WorkError> for PortError {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Sql(error) => sql_failure(&error),
            WorkError::Unreadable(text) => Self::Broken(format!("state database: {text}")),
        }
    }
}

fn sql_failure(error: &rusqlite::Error) -> PortError {
    let passing = matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::OutOfMemory
                | ErrorCode::SystemIoFailure
        )
    );
    let text = format!("state database: {error}");
    if passing { PortError::Unavailable(text) } else { PortError::Broken(text) }
}

type Hook = Box<dyn FnOnce()>;
/// Sends the answer to the caller, given the result of the commit.
type Reply = Box<dyn FnOnce(&Result<(), PortError>)>;
/// Runs in the thread, or receives the error if no transaction could be begun.
type Job = Box<dyn FnOnce(Result<&WorkContext<'_>, &PortError>) -> Reply + Send>;

/// The context of a piece of work: the connection, inside a transaction.
pub(crate) struct WorkContext<'c> {
    connection: &'c Connection,
    hooks: RefCell<Vec<Hook>>,
}

impl Deref for WorkContext<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl WorkContext<'_> {
    /// Runs `hook` after the commit, even if the caller no longer waits for the answer. It does not run if this piece
    /// of work fails.
    pub(crate) fn after_commit(&self, hook: impl FnOnce() + 'static) {
        self.hooks.borrow_mut().push(Box::new(hook));
    }

    /// Runs `work` so that everything it deletes is overwritten on the disk, at the cost of more writes, and schedules
    /// the removal of remaining copies for when the database is idle.
    pub(crate) fn erasing<T>(&self, work: impl FnOnce() -> Result<T, WorkError>) -> Result<T, WorkError> {
        self.pragma_update(None, "secure_delete", "ON")?;
        let outcome = work();
        self.pragma_update(None, "secure_delete", "FAST")?;
        self.prepare_cached("INSERT INTO erased (since) VALUES (1) ON CONFLICT DO NOTHING")?.execute([])?;
        outcome
    }

    fn isolated<T>(&self, work: impl FnOnce(&Self) -> Result<T, WorkError>) -> Result<T, WorkError> {
        self.prepare_cached("SAVEPOINT piece")?.execute([])?;
        let hooks = self.hooks.borrow().len();
        let outcome = work(self);
        // An error like a full disk has already rolled everything back: there is no savepoint then.
        if outcome.is_err() && !self.is_autocommit() {
            self.hooks.borrow_mut().truncate(hooks);
            self.prepare_cached("ROLLBACK TO piece")?.execute([])?;
        }
        if !self.is_autocommit() {
            self.prepare_cached("RELEASE piece")?.execute([])?;
        }
        outcome
    }
}

/// SQL statements that are prepared once and cached.
pub(crate) trait Sql {
    /// Returns the number of changed rows.
    fn run(&self, sql: &str, with: impl Params) -> Result<usize, WorkError>;

    /// Returns every row, converted by `read`.
    fn rows<T>(&self, sql: &str, with: impl Params, read: impl ReadRow<T>) -> Result<Vec<T>, WorkError>;

    /// Returns the only row.
    fn one<T>(&self, sql: &str, with: impl Params, read: impl ReadRow<T>) -> Result<T, WorkError>;

    /// Returns the first row, if there is one.
    fn first<T>(&self, sql: &str, with: impl Params, read: impl ReadRow<T>) -> Result<Option<T>, WorkError>;
}

/// Converts the columns of a row.
pub(crate) trait ReadRow<T>: FnMut(&Row<'_>) -> rusqlite::Result<T> {}

impl<T, F: FnMut(&Row<'_>) -> rusqlite::Result<T>> ReadRow<T> for F {}

impl Sql for Connection {
    fn run(&self, sql: &str, with: impl Params) -> Result<usize, WorkError> {
        Ok(self.prepare_cached(sql)?.execute(with)?)
    }

    fn rows<T>(&self, sql: &str, with: impl Params, read: impl ReadRow<T>) -> Result<Vec<T>, WorkError> {
        Ok(self.prepare_cached(sql)?.query_map(with, read)?.collect::<Result<_, _>>()?)
    }

    fn one<T>(&self, sql: &str, with: impl Params, read: impl ReadRow<T>) -> Result<T, WorkError> {
        Ok(self.prepare_cached(sql)?.query_row(with, read)?)
    }

    fn first<T>(&self, sql: &str, with: impl Params, read: impl ReadRow<T>) -> Result<Option<T>, WorkError> {
        Ok(self.prepare_cached(sql)?.query_row(with, read).optional()?)
    }
}

/// Returns the path of the write-ahead log, where commits go first.
pub(crate) fn log_of(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", database.display()))
}

/// A handle to the thread. Dropping it waits until the queued work is done and the file is closed.
#[derive(Debug)]
pub(crate) struct Database {
    jobs: Option<mpsc::Sender<Job>>,
    /// The write-ahead log.
    log: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl Database {
    /// Starts the thread. It holds `lock` until the connection is closed.
    pub(crate) fn start(connection: Connection, mut lock: File) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let path = PathBuf::from(connection.path().unwrap_or_default());
        let log = log_of(&path);
        let thread = std::thread::Builder::new().name("riffle-state".to_owned()).spawn(move || {
            serve(&connection, &queue);
            scrub(&connection);
            if let Err((_, error)) = connection.close() {
                tracing::error!(%error, "the state database did not close cleanly; nothing is lost");
            } else if let Err(error) = damage::mark_whole(&mut lock, &path) {
                tracing::warn!(%error, "the next start checks for damage, although there is none");
            }
            drop(lock);
        })?;
        Ok(Self { jobs: Some(jobs), log, thread: Some(thread) })
    }

    /// Runs `work` in a transaction and waits for its commit. If the caller stops waiting, the work is done all the
    /// same.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WorkContext<'_>) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, PortError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |place| {
            let outcome = match place {
                Ok(place) => place.isolated(work).map_err(PortError::from),
                Err(error) => Err(error.clone()),
            };
            Box::new(move |commit| {
                let outcome = outcome.and_then(|value| commit.clone().map(|()| value));
                // An error here means that the caller no longer waits.
                drop(reply.send(outcome));
            })
        });
        let ended = || PortError::Broken("the thread of the state database has ended".to_owned());
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(job).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Returns when all earlier commits are on the disk and survive a loss of power. A commit alone survives only the
    /// end of the process.
    pub(crate) async fn sync(&self) -> Result<(), PortError> {
        let log = self.log.clone();
        let synced = elsewhere(move || File::open(log).and_then(|log| log.sync_data())).await?;
        match synced {
            // Without a log there is nothing to sync.
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(PortError::Unavailable(format!("state database: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Returns the rows of one statement, in a transaction as with [`call`](Self::call).
    pub(crate) async fn rows<T: Send + 'static>(
        &self,
        sql: &'static str,
        with: impl Params + Send + 'static,
        read: impl ReadRow<T> + Send + 'static,
    ) -> Result<Vec<T>, PortError> {
        self.call(move |work| work.rows(sql, with, read)).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the state database panicked");
        }
    }
}

fn serve(connection: &Connection, queue: &mpsc::Receiver<Job>) {
    let mut is_scrubbed = false;
    loop {
        let next = if is_scrubbed {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(IDLE)
        };
        match next {
            Ok(first) => {
                let jobs = std::iter::once(first).chain(queue.try_iter().take(MAX_TOGETHER - 1));
                run_together(connection, jobs);
                is_scrubbed = false;
            }
            Err(RecvTimeoutError::Timeout) => {
                scrub(connection);
                is_scrubbed = true;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// If data was erased, rebuilds the whole database without the remaining copies: this takes about a second per 100 MB.
fn scrub(connection: &Connection) {
    let scrubbed = || -> rusqlite::Result<()> {
        if !connection.query_row("SELECT EXISTS (SELECT 1 FROM erased)", [], |row| row.get(0))? {
            return Ok(());
        }
        // While a reader blocks the checkpoint, rebuilding the database would be useless, and would be repeated.
        if is_held_up(connection)? {
            return Ok(());
        }
        // The rebuilt database may be larger than memory.
        connection.pragma_update(None, "temp_store", "FILE")?;
        let outcome = connection.execute_batch("VACUUM");
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        outcome?;
        // Until the log is emptied, it and the file still hold the old data. A reader may block that.
        if !is_held_up(connection)? {
            connection.execute("DELETE FROM erased", [])?;
        }
        Ok(())
    };
    if let Err(error) = scrubbed() {
        tracing::warn!(%error, "the state database may still contain deleted data; tried again later");
    }
}

/// Writes the log into the database and empties it. Returns `true` if a reader blocked that because it still needs the
/// log.
fn is_held_up(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
}

fn run_together(connection: &Connection, jobs: impl Iterator<Item = Job>) {
    let work = WorkContext { connection, hooks: RefCell::default() };
    let begun = execute(connection, "BEGIN");
    let replies: Vec<Reply> = jobs.map(|job| job(begun.as_ref().map(|()| &work))).collect();
    let commit = begun.and_then(|()| execute(connection, "COMMIT"));
    if commit.is_err()
        && !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a transaction of the state database could not be rolled back");
    }
    // Hooks wake waiting tasks: after a failed commit a needless wake-up is harmless.
    for hook in work.hooks.into_inner() {
        hook();
    }
    for reply in replies {
        reply(&commit);
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), PortError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(drop)
        .map_err(|error| sql_failure(&error))
}
