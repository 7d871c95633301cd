//! A cache of texts between scans: a separate database next to the state, which may be deleted at any time.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use riffle_ports::{Clock, PortError, TextCache, TextKey};
use rusqlite::{Connection, Row};

use crate::database::{Sql as _, WorkError};

/// The default size limit of the texts in bytes: 2 GiB.
pub const TEXTS_LIMIT: u64 = 2 << 30;

/// Eviction reduces the texts to this percentage of the limit, so that not every new text causes an eviction.
const KEEP_PERCENT: u64 = 90;
/// The most texts waiting for the disk; further callers wait.
const WAITING: usize = 8;
/// The most waiting writes added to the first one in a transaction.
const GROUP: usize = 64;
/// The time of a text's last use is exact to about a day: recording each use would be a write for each read.
const DAY: i64 = 86_400;
/// Another layout gets another file name.
pub(crate) const FILE: &str = "texts-1.sqlite";

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS texts (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        used INTEGER NOT NULL,
        text BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS texts_by_use ON texts (used);
    CREATE TABLE IF NOT EXISTS places (
        place BLOB PRIMARY KEY,
        text INTEGER NOT NULL REFERENCES texts (id) ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS places_by_text ON places (text);
";

/// A [`TextCache`] in one `SQLite` file.
///
/// Texts are written in the background; texts not yet written when the process is killed are read again from their
/// files. A damaged cache file is deleted.
#[expect(missing_debug_implementations, reason = "the clock is a trait object")]
pub struct LocalTexts {
    reading: Mutex<Connection>,
    writing: Option<SyncSender<Write>>,
    writer: Option<JoinHandle<()>>,
    clock: Arc<dyn Clock>,
}

enum Write {
    Text(TextKey, Vec<u8>, i64),
    Place(TextKey, TextKey),
    Used(i64, i64),
}

impl LocalTexts {
    /// Opens the cache in the existing folder `dir`, with a limit of `limit` bytes of packed text.
    pub fn open(dir: &Path, limit: u64, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let path = dir.join(FILE);
        let (reading, writing) = match Self::connect(&path) {
            Ok(both) => both,
            Err(error) => {
                tracing::warn!(%error, "the text cache is damaged and is recreated");
                for companion in ["", "-wal", "-shm"] {
                    let file = dir.join(format!("{FILE}{companion}"));
                    fs::remove_file(file).or_else(|error| {
                        if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
                    })?;
                }
                Self::connect(&path).map_err(io::Error::other)?
            }
        };
        let (sender, receiver) = sync_channel(WAITING);
        let writer = std::thread::Builder::new()
            .name("riffle-texts".to_owned())
            .spawn(move || TextWriter { connection: writing, limit, size: None }.run(&receiver))?;
        Ok(Self { reading: Mutex::new(reading), writing: Some(sender), writer: Some(writer), clock })
    }

    fn connect(path: &Path) -> rusqlite::Result<(Connection, Connection)> {
        crate::store::private_file(path)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let open = || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(Duration::from_secs(5))?;
            // Texts take some 50 KB each. The file is not memory-mapped, because that would count as memory of this
            // process.
            connection.pragma_update(None, "page_size", 32_768)?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            // A power cut loses the last texts at most; their files are read again.
            connection.pragma_update(None, "synchronous", "normal")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            Ok::<_, rusqlite::Error>(connection)
        };
        let writing = open()?;
        writing.execute_batch(SCHEMA)?;
        Ok((open()?, writing))
    }

    fn read(&self, query: &str, key: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        // No code that holds the lock can panic half-way, so the value behind a poisoned lock is consistent.
        let connection = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?));
        let row = connection.first(query, [key.0], read);
        let unreadable = |error: WorkError| PortError::Unavailable(format!("the text cache: {error}"));
        let Some((id, used, text)) = row.map_err(unreadable)? else { return Ok(None) };
        let now = self.now();
        if used < now - DAY {
            self.write(Write::Used(id, now))?;
        }
        Ok(Some(text))
    }

    fn write(&self, write: Write) -> Result<(), PortError> {
        let gone = || PortError::Unavailable("the text cache is closed".to_owned());
        self.writing.as_ref().ok_or_else(gone)?.send(write).map_err(|_| gone())
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }
}

impl TextCache for LocalTexts {
    fn get(&self, key: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        self.read("SELECT id, used, text FROM texts WHERE key = ?1", key)
    }

    fn find(&self, place: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        self.read(
            "SELECT texts.id, used, texts.text FROM places JOIN texts ON texts.id = places.text
             WHERE place = ?1",
            place,
        )
    }

    fn put(&self, key: TextKey, text: Vec<u8>) -> Result<(), PortError> {
        self.write(Write::Text(key, text, self.now()))
    }

    fn link(&self, place: TextKey, key: TextKey) -> Result<(), PortError> {
        self.write(Write::Place(place, key))
    }
}

impl Drop for LocalTexts {
    fn drop(&mut self) {
        self.writing = None;
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            tracing::warn!("the text cache's thread panicked");
        }
    }
}

/// The thread that writes.
struct TextWriter {
    connection: Connection,
    limit: u64,
    /// The size of all texts in bytes, once it has been queried.
    size: Option<u64>,
}

impl TextWriter {
    fn run(mut self, writes: &Receiver<Write>) {
        while let Ok(first) = writes.recv() {
            let group: Vec<Write> = std::iter::once(first).chain(writes.try_iter().take(GROUP)).collect();
            if let Err(error) = self.group(group) {
                // Query the size again, because it is unknown how much of the group was written.
                self.size = None;
                tracing::warn!(%error, "texts were not kept: their files are read again");
            }
        }
    }

    fn group(&mut self, group: Vec<Write>) -> Result<(), WorkError> {
        let mut size = match self.size {
            Some(size) => size,
            None => self.connection.one("SELECT coalesce(sum(size), 0) FROM texts", [], |row| row.get(0))?,
        };
        let transaction = self.connection.transaction()?;
        for write in group {
            match write {
                Write::Text(key, text, now) => {
                    let length = text.len() as u64;
                    let new = transaction.run(
                        "INSERT OR IGNORE INTO texts (key, size, used, text) VALUES (?1, ?2, ?3, ?4)",
                        (key.0, length, now, text),
                    )?;
                    size += if new > 0 { length } else { 0 };
                }
                Write::Place(place, key) => {
                    transaction.run(
                        "INSERT OR REPLACE INTO places (place, text) SELECT ?1, id FROM texts WHERE key = ?2",
                        [place.0, key.0],
                    )?;
                }
                Write::Used(id, now) => {
                    transaction.run("UPDATE texts SET used = ?2 WHERE id = ?1", [id, now])?;
                }
            }
        }
        if size > self.limit {
            size = evict(&transaction, size, self.limit / 100 * KEEP_PERCENT)?;
        }
        transaction.commit()?;
        self.size = Some(size);
        Ok(())
    }
}

/// Removes the least recently used texts until at most `keep` bytes are left; returns the remaining size.
fn evict(connection: &Connection, mut size: u64, keep: u64) -> Result<u64, WorkError> {
    let oldest = "SELECT id, size FROM texts ORDER BY used, id LIMIT 100";
    while size > keep {
        let texts: Vec<(i64, u64)> = connection.rows(oldest, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if texts.is_empty() {
            return Ok(0);
        }
        for (id, length) in texts {
            if size <= keep {
                break;
            }
            connection.run("DELETE FROM texts WHERE id = ?1", [id])?;
            size = size.saturating_sub(length);
        }
    }
    Ok(size)
}
