//! Checks of the state database before it is used.
//!
//! A killed process leaves it whole. A failing disk, an incomplete copy or a manual clean-up may not: data missing from
//! a damaged database must not look as if it had never existed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags};

use crate::database::log_of;
use crate::object_path::collect;

/// The tables, and the words for their rows in messages.
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

/// Returns the actual and the expected size of a database in bytes if the file is shorter than its header states.
/// <https://www.sqlite.org/fileformat.html#the_database_header>
///
/// Not checked if there is a write-ahead log: a checkpoint interrupted by a crash or a full disk leaves a first page
/// that counts pages which are only in the log.
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
    // Only if these numbers agree is the page count of the header valid.
    let says = number(24) == number(92);
    let wanted = u64::from(number(28)) * page;
    Ok((says && size < wanted).then_some((size, wanted)))
}

/// Records in the lock file that the database was closed cleanly, with its size and modification time.
pub(crate) fn mark_whole(lock: &mut File, path: &Path) -> io::Result<()> {
    let mark = mark_of(path)?;
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{mark}")
}

/// Returns whether the lock file records that this database was closed cleanly. Changing or copying the database
/// changes its modification time.
pub(crate) fn is_marked_whole(lock: &str, path: &Path) -> bool {
    mark_of(path).is_ok_and(|mark| lock.trim_end() == mark)
}

fn mark_of(path: &Path) -> io::Result<String> {
    let file = fs::metadata(path)?;
    Ok(format!("whole {} {}.{:09}", file.len(), file.mtime(), file.mtime_nsec()))
}

/// Returns the faults found in the pages of a database, without changing it; `None` if there are none.
pub(crate) fn check(path: &Path) -> rusqlite::Result<Option<String>> {
    // A crash interrupted a transaction: SQLite rolls it back when the database is opened.
    let journal = PathBuf::from(format!("{}-journal", path.display()));
    if fs::metadata(journal).is_ok_and(|journal| journal.len() > 0) {
        return Ok(None);
    }
    let connection = open(path)?;
    // The first few findings are enough.
    let mut check = connection.prepare("PRAGMA quick_check(3)")?;
    let found = check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    Ok((found != ["ok"]).then(|| found.join("; ").replace('\n', " ")))
}

/// Returns whether the log holds commits that are not in the file yet.
fn is_logged(path: &Path) -> bool {
    fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0)
}

/// Describes what is still readable of a damaged database, and what is lost.
pub(crate) fn rest(path: &Path) -> String {
    // Without this, SQLite reads nothing of a database that is too short.
    let lenient = |connection: &Connection| connection.pragma_update(None, "writable_schema", true);
    let Some(connection) = open(path).ok().filter(|connection| lenient(connection).is_ok()) else {
        return "none of it can be read".to_owned();
    };
    let (mut left, mut lost) = (Vec::new(), Vec::new());
    for (table, what) in TABLES {
        // Reads the whole rows, not an index of them.
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
        (true, _) => "none of it can be read".to_owned(),
        (_, true) => format!("still readable: {}", left.join(", ")),
        _ => format!("lost, wholly or in part: {}; still readable: {}", lost.join(", "), left.join(", ")),
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // If the log is empty, open the file as immutable, so that SQLite does not even create the shared-memory file next
    // to it.
    let logged = is_logged(path);
    let path = utf8_percent_encode(&path.to_string_lossy(), NON_ALPHANUMERIC).to_string();
    let uri =
        format!("file:{}{}", path.replace("%2F", "/"), if logged { "?mode=ro" } else { "?immutable=1" });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags)
}

/// Reports objects and uploaded files that a missing or empty database must have known.
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
        "the state database was missing or empty, and a new one was created: earlier scans, statements and \
         transactions are lost. {objects} stored objects and {uploads} uploaded files are left in {}; \
         uploaded statements among them are read again, without their names",
        dir.display()
    )))
}

/// Returns whether there is a database that is not empty.
pub(crate) fn is_there(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len() > 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
