//! What is wrong with the state database before it is used.
//!
//! A process that is killed leaves it whole. A disk that fails, a copy that was broken off, or a hand that cleans up may
//! not: what such a database no longer holds must not look as if it had never been.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags};

use crate::database::log_of;
use crate::object_path::collect;

/// What the tables hold, as people call it.
const TABLES: [(&str, &str); 9] = [
    ("sessions", "scans"),
    ("results", "results of scans"),
    ("messages", "queued messages"),
    ("records", "statement files"),
    ("outbox", "announcements"),
    ("transactions", "transactions"),
    ("figures", "figures of months"),
    ("audit", "events of the audit trail"),
    ("inbox", "uploaded statements"),
];

/// Whether the file is shorter than it says of itself, in bytes: how long it is, and how long it was.
/// <https://www.sqlite.org/fileformat.html#the_database_header>
///
/// Not checked if there is a write-ahead log: a checkpoint that was interrupted by a crash or a full disk leaves a first
/// page that counts pages which are only in the log.
pub(crate) fn cut_short(path: &Path) -> io::Result<Option<(u64, u64)>> {
    if is_logged(path) {
        return Ok(None);
    }
    let mut header = [0; 100];
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    match file.read_exact(&mut header) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        page => u64::from(page),
    };
    // Only then does it say how many pages there are.
    let says = number(24) == number(92);
    let wanted = u64::from(number(28)) * page;
    Ok((says && size < wanted).then_some((size, wanted)))
}

/// Notes in the lock that the database was closed whole, and which one it was.
pub(crate) fn mark_whole(lock: &mut File, path: &Path) -> io::Result<()> {
    let mark = mark_of(path)?;
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{mark}")
}

/// Whether the lock records that this database was closed cleanly. Changing or copying the file changes its modification
/// time.
pub(crate) fn is_marked_whole(lock: &str, path: &Path) -> bool {
    mark_of(path).is_ok_and(|mark| lock.trim_end() == mark)
}

fn mark_of(path: &Path) -> io::Result<String> {
    let file = fs::metadata(path)?;
    Ok(format!("whole {} {}.{:09}", file.len(), file.mtime(), file.mtime_nsec()))
}

/// What is wrong with the pages of a database, which is not changed by it; `None`: nothing.
pub(crate) fn check(path: &Path) -> rusqlite::Result<Option<String>> {
    // A transaction was interrupted by a crash: SQLite rolls it back when the database is opened.
    let journal = PathBuf::from(format!("{}-journal", path.display()));
    if fs::metadata(journal).is_ok_and(|journal| journal.len() > 0) {
        return Ok(None);
    }
    let connection = open(path)?;
    // The first few findings will do.
    let mut check = connection.prepare("PRAGMA quick_check(3)")?;
    let found = check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    Ok((found != ["ok"]).then(|| found.join("; ").replace('\n', " ")))
}

/// Whether something was committed that is not in the file yet.
fn is_logged(path: &Path) -> bool {
    fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0)
}

/// What a damaged database can still tell of, and what not.
pub(crate) fn rest(path: &Path) -> String {
    // Without it nothing is read of a database that is too short.
    let lenient = |connection: &Connection| connection.pragma_update(None, "writable_schema", true);
    let Some(connection) = open(path).ok().filter(|connection| lenient(connection).is_ok()) else {
        return "nothing of it can be read".to_owned();
    };
    let (mut left, mut lost) = (Vec::new(), Vec::new());
    for (table, what) in TABLES {
        // All of the row, not an index of it.
        let read = connection.prepare(&format!("SELECT * FROM {table} NOT INDEXED")).and_then(|mut all| {
            let mut rows = all.query([])?;
            let mut count = 0_u64;
            while rows.next()?.is_some() {
                count += 1;
            }
            Ok(count)
        });
        match read {
            Ok(count) => left.push(format!("{count} {what}")),
            Err(_) => lost.push(what),
        }
    }
    match (left.is_empty(), lost.is_empty()) {
        (true, _) => "nothing of it can be read".to_owned(),
        (_, true) => format!("still readable: {}", left.join(", ")),
        _ => format!("lost, wholly or in part: {}; still readable: {}", lost.join(", "), left.join(", ")),
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // Where nothing waits in the log, not even the file for readers is made beside it.
    let logged = is_logged(path);
    let path = utf8_percent_encode(&path.to_string_lossy(), NON_ALPHANUMERIC).to_string();
    let uri =
        format!("file:{}{}", path.replace("%2F", "/"), if logged { "?mode=ro" } else { "?immutable=1" });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags)
}

/// What a database that is not there, or empty, must have known of: objects and uploaded files beside it.
pub(crate) fn orphans(dir: &Path) -> io::Result<Option<String>> {
    let mut counts = Vec::new();
    for folder in [dir.join("objects"), dir.join("uploads").join("files")] {
        let mut keys = Vec::new();
        collect(&folder, "", &mut keys)?;
        counts.push(keys.len());
    }
    let [objects, uploads] = counts[..] else { return Ok(None) };
    if objects + uploads == 0 {
        return Ok(None);
    }
    Ok(Some(format!(
        "the state database was missing or empty, and a new one was made: scans, statements and transactions of before \
         are lost. Left of them are {objects} stored objects and {uploads} uploaded files in {}; uploaded statements \
         among them are read again, without their names",
        dir.display()
    )))
}

/// Whether there is a database with something in it.
pub(crate) fn is_there(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len() > 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
