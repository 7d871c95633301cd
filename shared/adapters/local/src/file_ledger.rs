//! The books of uploaded statements in `SQLite`.
//!
//! A file is read, changed by [`File::apply`] and written with what it announces inside one transaction of the one
//! thread, so the rules are nowhere repeated.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    Changed, File, FileChange, FileId, FileLedger, FileListedAt, FileState, Outgoing, PortError,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::database::{Database, WorkError};
use crate::listing::{read_time, sortable};

/// The files in the state folder.
#[derive(Debug, Clone)]
pub struct LocalFiles {
    database: Arc<Database>,
}

impl LocalFiles {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl FileLedger for LocalFiles {
    async fn create(&self, file: File) -> Result<Option<File>, PortError> {
        self.database
            .call(move |work| {
                if let Some((_, stored)) = load(work, &file.tenant, &file.id)? {
                    return Ok(Some(stored));
                }
                work.prepare_cached(
                    "INSERT INTO files (tenant, id, open, received_at, changed_at, fields) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    file.tenant,
                    file.id.0,
                    file.is_open(),
                    sortable(file.received_at),
                    sortable(file.changed_at),
                    fields(&file)?
                ])?;
                Ok(None)
            })
            .await
    }

    async fn file(&self, tenant: &str, id: &FileId) -> Result<Option<File>, PortError> {
        let (tenant, id) = (tenant.to_owned(), id.clone());
        self.database.call(move |work| Ok(load(work, &tenant, &id)?.map(|(_, file)| file))).await
    }

    async fn change(
        &self,
        tenant: &str,
        id: &FileId,
        change: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed, PortError> {
        let (tenant, id, announce) = (tenant.to_owned(), id.clone(), announce.to_vec());
        self.database
            .call(move |work| {
                let Some((number, file)) = load(work, &tenant, &id)? else {
                    return Ok(Changed::NoFile);
                };
                let next = match file.apply(&change, now) {
                    Ok(next) => next,
                    Err(why) => return Ok(Changed::Refused(file, why)),
                };
                work.prepare_cached(
                    "UPDATE files SET open = ?2, changed_at = ?3, fields = ?4 WHERE number = ?1",
                )?
                .execute(params![
                    number,
                    next.is_open(),
                    sortable(next.changed_at),
                    fields(&next)?
                ])?;
                for event in &announce {
                    put_out(work, event, now)?;
                }
                Ok(Changed::Applied(next))
            })
            .await
    }

    async fn files(
        &self,
        tenant: &str,
        after: Option<&FileListedAt>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        // What sorts behind every time.
        let (received_at, id) = after.map_or_else(
            || ("~".to_owned(), String::new()),
            |after| (sortable(after.received_at), after.id.0.clone()),
        );
        let tenant = tenant.to_owned();
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "SELECT fields FROM files WHERE tenant = ?1 AND (received_at, id) < (?2, ?3) \
                     ORDER BY received_at DESC, id DESC LIMIT ?4",
                )?
                .query_map(params![tenant, received_at, id, limit], |row| row.get::<_, String>(0))?
                .map(|fields| parse(&fields?))
                .collect()
            })
            .await
    }

    async fn unfinished(
        &self,
        state: FileState,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        self.database
            .call(move |work| {
                let mut select = work.prepare_cached(
                    "SELECT fields FROM files WHERE open AND changed_at < ?1 ORDER BY changed_at",
                )?;
                let old = select.query_map([sortable(before)], |row| row.get::<_, String>(0))?;
                let old = old.map(|fields| parse(&fields?));
                let of_state = old.filter(|file| file.as_ref().map_or(true, |file| file.state == state));
                of_state.take(limit as usize).collect()
            })
            .await
    }

    async fn outbox_of(&self, tenant: &str, id: &FileId) -> Result<Vec<Outgoing>, PortError> {
        let (tenant, id) = (tenant.to_owned(), id.clone());
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "SELECT tenant, file, event_id, event_type, at, detail FROM outbox \
                     WHERE tenant = ?1 AND file = ?2 ORDER BY at, event_id",
                )?
                .query_map(params![tenant, id.0], read_outgoing)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn outbox(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError> {
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "SELECT tenant, file, event_id, event_type, at, detail FROM outbox \
                     WHERE since < ?1 ORDER BY since LIMIT ?2",
                )?
                .query_map(params![sortable(before), limit], read_outgoing)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        let keys: Vec<[String; 3]> = events
            .iter()
            .map(|event| [event.tenant.clone(), event.file.0.clone(), event.event_id.clone()])
            .collect();
        self.database
            .call(move |work| {
                let mut strike = work
                    .prepare_cached("DELETE FROM outbox WHERE tenant = ?1 AND file = ?2 AND event_id = ?3")?;
                for key in &keys {
                    strike.execute(params![key[0], key[1], key[2]])?;
                }
                Ok(())
            })
            .await
    }
}

/// A file with the number by which transactions name it.
pub(crate) fn load(
    connection: &Connection,
    tenant: &str,
    id: &FileId,
) -> Result<Option<(u32, File)>, WorkError> {
    let found: Option<(u32, String)> = connection
        .prepare_cached("SELECT number, fields FROM files WHERE tenant = ?1 AND id = ?2")?
        .query_row(params![tenant, id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.map(|(number, fields)| Ok((number, parse(&fields)?))).transpose()
}

fn put_out(connection: &Connection, event: &Outgoing, now: DateTime<Utc>) -> Result<(), WorkError> {
    connection
        .prepare_cached(
            "INSERT INTO outbox (tenant, file, event_id, event_type, at, since, detail) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            event.tenant,
            event.file.0,
            event.event_id,
            event.event_type,
            sortable(event.at),
            sortable(now),
            event.detail
        ])?;
    Ok(())
}

/// Columns: tenant, file, `event_id`, `event_type`, at, detail.
pub(crate) fn read_outgoing(row: &Row<'_>) -> rusqlite::Result<Outgoing> {
    Ok(Outgoing {
        tenant: row.get(0)?,
        file: FileId(row.get(1)?),
        event_id: row.get(2)?,
        event_type: row.get(3)?,
        at: read_time(row, 4)?,
        detail: row.get(5)?,
    })
}

fn fields(file: &File) -> Result<String, WorkError> {
    serde_json::to_string(file).map_err(|error| WorkError::Unreadable(format!("a file: {error}")))
}

fn parse(fields: &str) -> Result<File, WorkError> {
    serde_json::from_str(fields).map_err(|error| WorkError::Unreadable(format!("a file: {error}")))
}
