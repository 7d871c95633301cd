//! Records of work and their outbox, for all flows: a row each, with the record as JSON plus the columns that queries
//! use.
//!
//! Each write is inside one transaction of the single database thread, so that a record, its list entries and its
//! events are stored together.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{FileId, Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject};
use rusqlite::{Connection, Row, params};

use crate::database::{Database, Sql as _, WorkContext, WorkError};
use crate::listing::{read_json, read_time, sortable};

/// The records in the state folder.
#[derive(Debug, Clone)]
pub struct LocalRecords {
    pub(crate) database: Arc<Database>,
}

#[async_trait]
impl RecordStore for LocalRecords {
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError> {
        record.check_is_first()?;
        let announce = announce.to_vec();
        self.database
            .call(move |work| {
                remove_expired(work, record.created_at)?;
                if let Some(stored) = load(work, &record.tenant, &record.subject)? {
                    return Ok(Some(stored));
                }
                let number = write(work, &record)?;
                enter_lists(work, &record, number)?;
                put_out(work, &record, &announce)?;
                Ok(None)
            })
            .await
    }

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        let (tenant, subject) = (tenant.to_owned(), subject.clone());
        self.database.call(move |work| load(work, &tenant, &subject)).await
    }

    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError> {
        next.check_follows(seen)?;
        let (moves, announce) = (next.listed_by != seen.listed_by, announce.to_vec());
        self.database
            .call(move |work| {
                match load(work, &next.tenant, &next.subject)? {
                    None => return Ok(Replaced::Missing),
                    Some(current) if current.revision + 1 != next.revision => {
                        return Ok(Replaced::Conflict(current));
                    }
                    Some(_) => {}
                }
                let number = write(work, &next)?;
                if moves {
                    work.run("DELETE FROM record_lists WHERE number = ?1", [number])?;
                    enter_lists(work, &next, number)?;
                }
                put_out(work, &next, &announce)?;
                Ok(Replaced::Done)
            })
            .await
    }

    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        // Sorts after every time.
        let (created_at, id) = after.map_or_else(
            || ("~".to_owned(), String::new()),
            |after| (sortable(after.created_at), after.id.clone()),
        );
        let sql = "SELECT record FROM records JOIN record_lists USING (number) \
             WHERE record_lists.flow = ?1 AND record_lists.tenant = ?2 AND list = ?3 \
             AND (created_at, record_lists.id) < (?4, ?5) \
             ORDER BY created_at DESC, record_lists.id DESC LIMIT ?6";
        let with = (flow.to_owned(), tenant.to_owned(), list.to_owned(), created_at, id, limit);
        self.database.rows(sql, with, |row| read_json(row, 0)).await
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        let sql = "SELECT record FROM records \
             WHERE open AND flow = ?1 AND state = ?2 AND changed_at < ?3 ORDER BY changed_at LIMIT ?4";
        let with = (flow.to_owned(), state.to_owned(), sortable(before), limit);
        self.database.rows(sql, with, |row| read_json(row, 0)).await
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        let sql = "SELECT flow, tenant, id, event_id, event_type, at, detail FROM outbox \
             WHERE flow = ?1 AND tenant = ?2 AND id = ?3 ORDER BY at, event_id";
        let with = (subject.flow.clone(), tenant.to_owned(), subject.id.clone());
        self.database.rows(sql, with, read_outgoing).await
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        let sql = "SELECT flow, tenant, id, event_id, event_type, at, detail FROM outbox \
             WHERE flow = ?1 AND since < ?2 ORDER BY since LIMIT ?3";
        self.database.rows(sql, (flow.to_owned(), sortable(before), limit), read_outgoing).await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        let events = events.to_vec();
        self.database
            .call(move |work| {
                let sql = "DELETE FROM outbox WHERE flow = ?1 AND tenant = ?2 AND id = ?3 AND event_id = ?4";
                for Outgoing { subject, tenant, event_id, .. } in &events {
                    work.run(sql, (&subject.flow, tenant, &subject.id, event_id))?;
                }
                Ok(())
            })
            .await
    }
}

pub(crate) fn load(
    connection: &Connection,
    tenant: &str,
    subject: &Subject,
) -> Result<Option<Record>, WorkError> {
    let sql = "SELECT record FROM records WHERE flow = ?1 AND tenant = ?2 AND id = ?3";
    connection.first(sql, (&subject.flow, tenant, &subject.id), |row| read_json(row, 0))
}

/// Returns a record's number, by which transactions refer to the record of their file.
pub(crate) fn number(
    work: &WorkContext<'_>,
    tenant: &str,
    subject: &Subject,
) -> Result<Option<u32>, WorkError> {
    let sql = "SELECT number FROM records WHERE flow = ?1 AND tenant = ?2 AND id = ?3";
    work.first(sql, (&subject.flow, tenant, &subject.id), |row| row.get(0))
}

/// Returns the number by which transactions refer to a file, if it is being processed under `token`.
pub(crate) fn held_file(
    work: &WorkContext<'_>,
    tenant: &str,
    file: &FileId,
    token: &str,
) -> Result<Option<u32>, WorkError> {
    let sql = "SELECT number FROM records \
         WHERE flow = ?1 AND tenant = ?2 AND id = ?3 AND state = ?4 AND token = ?5";
    work.first(sql, (FileId::FLOW, tenant, &file.0, FileId::PROCESSING, token), |row| row.get(0))
}

/// Stores a record, replacing any existing one, and returns its number.
fn write(work: &WorkContext<'_>, record: &Record) -> Result<u32, WorkError> {
    let Record { subject, tenant, state, open, changed_at, .. } = record;
    let token = record.lease.as_ref().map(|lease| &lease.token);
    let expires_at = record.expires_at.map(sortable);
    let json = serde_json::to_string(record)
        .map_err(|error| WorkError::Unreadable(format!("{subject}: {error}")))?;
    work.one(
        "INSERT INTO records (flow, tenant, id, state, open, changed_at, token, expires_at, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (flow, tenant, id) DO UPDATE SET \
         state = ?4, open = ?5, changed_at = ?6, token = ?7, expires_at = ?8, record = ?9 RETURNING number",
        params![
            subject.flow,
            tenant,
            subject.id,
            state,
            open,
            sortable(*changed_at),
            token,
            expires_at,
            json
        ],
        |row| row.get(0),
    )
}

fn enter_lists(work: &WorkContext<'_>, record: &Record, number: u32) -> Result<(), WorkError> {
    let Record { subject, tenant, .. } = record;
    for list in &record.listed_by {
        work.run(
            "INSERT INTO record_lists (flow, tenant, list, created_at, id, number) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (&subject.flow, tenant, list, sortable(record.created_at), &subject.id, number),
        )?;
    }
    Ok(())
}

fn remove_expired(work: &WorkContext<'_>, now: DateTime<Utc>) -> Result<(), WorkError> {
    let sql = "SELECT number FROM records WHERE expires_at < ?1";
    let expired: Vec<u32> = work.rows(sql, [sortable(now)], |row| row.get(0))?;
    if expired.is_empty() {
        return Ok(());
    }
    work.erasing(|| {
        for number in expired {
            work.run("DELETE FROM record_lists WHERE number = ?1", [number])?;
            work.run("DELETE FROM records WHERE number = ?1", [number])?;
        }
        Ok(())
    })
}

fn put_out(work: &WorkContext<'_>, record: &Record, announce: &[Outgoing]) -> Result<(), WorkError> {
    let since = sortable(record.changed_at);
    for Outgoing { subject, tenant, event_id, event_type, at, detail } in announce {
        work.run(
            "INSERT INTO outbox (flow, tenant, id, event_id, event_type, at, since, detail) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            (&subject.flow, tenant, &subject.id, event_id, event_type, sortable(*at), &since, detail),
        )?;
    }
    Ok(())
}

/// Reads the columns flow, tenant, id, `event_id`, `event_type`, at, detail.
pub(crate) fn read_outgoing(row: &Row<'_>) -> rusqlite::Result<Outgoing> {
    Ok(Outgoing {
        subject: Subject { flow: row.get(0)?, id: row.get(2)? },
        tenant: row.get(1)?,
        event_id: row.get(3)?,
        event_type: row.get(4)?,
        at: read_time(row, 5)?,
        detail: row.get(6)?,
    })
}
