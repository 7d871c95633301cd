//! The list of a tenant's sessions, newest first: a separate index, as the table on AWS has.

use chrono::{DateTime, SecondsFormat, Utc};
use riffle_ports::{ListedAt, Session, SessionId};
use rusqlite::{Row, params};
use serde::de::DeserializeOwned;

use crate::database::{Sql as _, WorkContext, WorkError};

/// Returns a time as text that sorts as times do.
pub(crate) fn sortable(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// Reads a time written by [`sortable`].
pub(crate) fn read_time(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(row.get_ref(column)?.as_str()?);
    time.map(|time| time.to_utc()).map_err(|error| unreadable(column, error))
}

/// Reads a JSON column.
pub(crate) fn read_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| unreadable(column, error))
}

pub(crate) fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}

/// Lists a session that was just created.
pub(crate) fn add(work: &WorkContext<'_>, session: &Session) -> Result<(), WorkError> {
    let listed = params![session.tenant, sortable(session.created_at), session.id.0];
    work.run("INSERT INTO listing (tenant, created_at, session) VALUES (?1, ?2, ?3)", listed).map(drop)
}

/// Removes a session from the list.
pub(crate) fn remove(work: &WorkContext<'_>, session: &Session) -> Result<(), WorkError> {
    let listed = params![session.tenant, sortable(session.created_at), session.id.0];
    work.run("DELETE FROM listing WHERE tenant = ?1 AND created_at = ?2 AND session = ?3", listed).map(drop)
}

/// Returns the ids that follow `after`.
pub(crate) fn page(
    work: &WorkContext<'_>,
    tenant: &str,
    after: Option<&ListedAt>,
    limit: u32,
) -> Result<Vec<SessionId>, WorkError> {
    // Sorts after every time.
    let (created_at, id) =
        after.map_or_else(|| ("~".to_owned(), ""), |after| (sortable(after.created_at), after.id.as_ref()));
    work.rows(
        "SELECT session FROM listing WHERE tenant = ?1 AND (created_at, session) < (?2, ?3) \
         ORDER BY created_at DESC, session DESC LIMIT ?4",
        params![tenant, created_at, id, limit],
        |row| row.get(0).map(SessionId),
    )
}
