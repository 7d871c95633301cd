//! Uploaded statements as database rows.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use crate::database::{Sql as _, WorkError};
use crate::listing::{read_time, sortable};

/// An upload that is expected or has arrived.
#[derive(Debug)]
pub(crate) struct InboxRow {
    pub(crate) name: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) origin: Option<Vec<u8>>,
    pub(crate) stamp: Option<String>,
    pub(crate) digest: Option<Vec<u8>>,
    pub(crate) announced_at: DateTime<Utc>,
    /// `None` if no file has arrived.
    pub(crate) etag: Option<String>,
}

/// Selects the columns that [`read`] expects.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT key, name, account, origin, stamp, digest, announced_at, etag FROM inbox WHERE ",
            $rest
        )
    };
}

pub(crate) fn expect(connection: &Connection, key: &str, row: &InboxRow) -> Result<(), WorkError> {
    let InboxRow { name, account, origin, stamp, digest, announced_at, etag: _ } = row;
    connection.run(
        "INSERT OR REPLACE INTO inbox (key, name, account, origin, stamp, digest, announced_at, pending) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
        (key, name, account, origin, stamp, digest, sortable(*announced_at)),
    )?;
    Ok(())
}

/// Marks a known upload as expected, for the first time or again. Returns whether it is known; otherwise it may not
/// arrive.
pub(crate) fn expect_again(
    connection: &Connection,
    key: &str,
    now: DateTime<Utc>,
) -> Result<bool, WorkError> {
    let sql = "UPDATE inbox SET pending = 1, announced_at = ?2 WHERE key = ?1";
    Ok(connection.run(sql, (key, sortable(now)))? == 1)
}

pub(crate) fn arrived(connection: &Connection, key: &str, etag: &str) -> Result<(), WorkError> {
    connection.run("UPDATE inbox SET pending = 0, etag = ?2 WHERE key = ?1", [key, etag]).map(drop)
}

/// Returns whether this upload is the last one under its key, and no other is expected.
pub(crate) fn is_settled(connection: &Connection, key: &str, etag: &str) -> Result<bool, WorkError> {
    let sql = "SELECT 1 FROM inbox WHERE key = ?1 AND etag = ?2 AND NOT pending";
    Ok(connection.first(sql, [key, etag], |_| Ok(()))?.is_some())
}

/// If this content of this file was deposited before, records its new modification time. Returns whether it was.
pub(crate) fn renew(connection: &Connection, row: &InboxRow) -> Result<bool, WorkError> {
    let sql = "UPDATE inbox SET stamp = ?3 WHERE origin = ?1 AND digest = ?2";
    Ok(connection.run(sql, (&row.origin, &row.digest, &row.stamp))? > 0)
}

pub(crate) fn get(connection: &Connection, key: &str) -> Result<Option<InboxRow>, WorkError> {
    Ok(connection.first(select!("key = ?1"), [key], read)?.map(|(_, row)| row))
}

/// Returns the newest upload of this origin with this stamp.
pub(crate) fn of_origin(
    connection: &Connection,
    origin: &[u8],
    stamp: &str,
) -> Result<Option<(String, InboxRow)>, WorkError> {
    let sql = select!("origin = ?1 AND stamp = ?2 ORDER BY announced_at DESC LIMIT 1");
    connection.first(sql, (origin, stamp), read)
}

/// Returns the uploads that may have arrived without a notification.
pub(crate) fn pending(connection: &Connection) -> Result<Vec<(String, InboxRow)>, WorkError> {
    connection.rows(select!("pending ORDER BY announced_at"), [], read)
}

/// Removes an upload that is still expected, unless it was announced again.
pub(crate) fn remove(connection: &Connection, key: &str, seen: &InboxRow) -> Result<(), WorkError> {
    let sql = "DELETE FROM inbox WHERE key = ?1 AND pending AND announced_at = ?2";
    connection.run(sql, (key, sortable(seen.announced_at))).map(drop)
}

/// Keeps a file of this machine as a row without names, so that it is not deposited again.
pub(crate) fn forget(connection: &Connection, key: &str) -> Result<(), WorkError> {
    connection.run("DELETE FROM inbox WHERE key = ?1 AND origin IS NULL", [key])?;
    let sql = "UPDATE inbox SET name = NULL, account = NULL, etag = NULL, pending = 0 WHERE key = ?1";
    connection.run(sql, [key]).map(drop)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<(String, InboxRow)> {
    let known = InboxRow {
        name: row.get(1)?,
        account: row.get(2)?,
        origin: row.get(3)?,
        stamp: row.get(4)?,
        digest: row.get(5)?,
        announced_at: read_time(row, 6)?,
        etag: row.get(7)?,
    };
    Ok((row.get(0)?, known))
}
