//! Records of work and their outbox, for all flows: a row each.
//!
//! A write is made inside one transaction of the one thread, so that a record, its places in lists and what it
//! announces are stored together.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    FileId, Lease, Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use crate::database::{Database, Work, WorkError};
use crate::listing::{read_time, sortable};

/// As [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT records.flow, records.tenant, records.id, revision, state, open, records.created_at, changed_at, \
             token, leased_until, attempts, body, listed_by, expires_at FROM records ",
            $rest
        )
    };
}

/// The records in the state folder.
#[derive(Debug, Clone)]
pub struct LocalRecords {
    database: Arc<Database>,
}

impl LocalRecords {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
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
                write(
                    work,
                    "INSERT INTO records (flow, tenant, id, revision, state, open, created_at, changed_at, token, \
                     leased_until, attempts, body, listed_by, expires_at) \
                     VALUES (:flow, :tenant, :id, :revision, :state, :open, :created_at, :changed_at, :token, \
                     :leased_until, :attempts, :body, :listed_by, :expires_at)",
                    &record,
                )?;
                enter_lists(work, &record)?;
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
                let replaced = write(
                    work,
                    "UPDATE records SET revision = :revision, state = :state, open = :open, created_at = :created_at, \
                     changed_at = :changed_at, token = :token, leased_until = :leased_until, \
                     attempts = :attempts, body = :body, listed_by = :listed_by, expires_at = :expires_at \
                     WHERE flow = :flow AND tenant = :tenant AND id = :id AND revision = :revision - 1",
                    &next,
                )?;
                if replaced == 0 {
                    let current = load(work, &next.tenant, &next.subject)?;
                    return Ok(current.map_or(Replaced::Missing, Replaced::Conflict));
                }
                if moves {
                    let number = number(work, &next.tenant, &next.subject)?;
                    work.prepare_cached("DELETE FROM record_lists WHERE number = ?1")?.execute([number])?;
                    enter_lists(work, &next)?;
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
        // What sorts behind every time.
        let (created_at, id) = after.map_or_else(
            || ("~".to_owned(), String::new()),
            |after| (sortable(after.created_at), after.id.clone()),
        );
        let (flow, tenant, list) = (flow.to_owned(), tenant.to_owned(), list.to_owned());
        self.database
            .call(move |work| {
                work.prepare_cached(select!(
                    "JOIN record_lists USING (number) WHERE record_lists.flow = ?1 \
                     AND record_lists.tenant = ?2 AND list = ?3 \
                     AND (record_lists.created_at, record_lists.id) < (?4, ?5) \
                     ORDER BY record_lists.created_at DESC, record_lists.id DESC LIMIT ?6"
                ))?
                .query_map(params![flow, tenant, list, created_at, id, limit], read)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        let (flow, state) = (flow.to_owned(), state.to_owned());
        self.database
            .call(move |work| {
                work.prepare_cached(select!(
                    "WHERE open AND flow = ?1 AND state = ?2 AND changed_at < ?3 ORDER BY changed_at LIMIT ?4"
                ))?
                .query_map(params![flow, state, sortable(before), limit], read)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        let (tenant, subject) = (tenant.to_owned(), subject.clone());
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "SELECT flow, tenant, id, event_id, event_type, at, detail FROM outbox \
                     WHERE flow = ?1 AND tenant = ?2 AND id = ?3 ORDER BY at, event_id",
                )?
                .query_map(params![subject.flow, tenant, subject.id], read_outgoing)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        let flow = flow.to_owned();
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "SELECT flow, tenant, id, event_id, event_type, at, detail FROM outbox \
                     WHERE flow = ?1 AND since < ?2 ORDER BY since LIMIT ?3",
                )?
                .query_map(params![flow, sortable(before), limit], read_outgoing)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        let events = events.to_vec();
        self.database
            .call(move |work| {
                let mut strike = work.prepare_cached(
                    "DELETE FROM outbox WHERE flow = ?1 AND tenant = ?2 AND id = ?3 AND event_id = ?4",
                )?;
                for Outgoing { subject, tenant, event_id, .. } in &events {
                    strike.execute(params![subject.flow, tenant, subject.id, event_id])?;
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
    let found = connection
        .prepare_cached(select!("WHERE flow = ?1 AND tenant = ?2 AND id = ?3"))?
        .query_row(params![subject.flow, tenant, subject.id], read)
        .optional()?;
    Ok(found)
}

/// A record's number: transactions name the record of their file by it.
pub(crate) fn number(work: &Work<'_>, tenant: &str, subject: &Subject) -> Result<Option<u32>, WorkError> {
    let number = work
        .prepare_cached("SELECT number FROM records WHERE flow = ?1 AND tenant = ?2 AND id = ?3")?
        .query_row(params![subject.flow, tenant, subject.id], |row| row.get(0))
        .optional()?;
    Ok(number)
}

/// The number by which transactions name a file that is being processed under `token`.
pub(crate) fn held_file(
    work: &Work<'_>,
    tenant: &str,
    file: &FileId,
    token: &str,
) -> Result<Option<u32>, WorkError> {
    let number = work
        .prepare_cached(
            "SELECT number FROM records \
             WHERE flow = ?1 AND tenant = ?2 AND id = ?3 AND state = ?4 AND token = ?5",
        )?
        .query_row(params![FileId::FLOW, tenant, file.0, FileId::PROCESSING, token], |row| row.get(0))
        .optional()?;
    Ok(number)
}

/// How many rows it was.
fn write(work: &Work<'_>, sql: &str, record: &Record) -> Result<usize, WorkError> {
    let rows = work.prepare_cached(sql)?.execute(named_params! {
        ":flow": record.subject.flow,
        ":tenant": record.tenant,
        ":id": record.subject.id,
        ":revision": record.revision,
        ":state": record.state,
        ":open": record.open,
        ":created_at": sortable(record.created_at),
        ":changed_at": sortable(record.changed_at),
        ":token": record.lease.as_ref().map(|lease| &lease.token),
        ":leased_until": record.lease.as_ref().map(|lease| sortable(lease.until)),
        ":attempts": record.attempts,
        ":body": record.body,
        ":listed_by": lists(record)?,
        ":expires_at": record.expires_at.map(sortable),
    })?;
    Ok(rows)
}

fn lists(record: &Record) -> Result<String, WorkError> {
    serde_json::to_string(&record.listed_by)
        .map_err(|error| WorkError::Unreadable(format!("lists of {}: {error}", record.subject)))
}

fn enter_lists(work: &Work<'_>, record: &Record) -> Result<(), WorkError> {
    let Record { subject, tenant, .. } = record;
    let number = number(work, tenant, subject)?;
    let mut enter = work.prepare_cached(
        "INSERT INTO record_lists (flow, tenant, list, created_at, id, number) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for list in &record.listed_by {
        enter.execute(params![
            subject.flow,
            tenant,
            list,
            sortable(record.created_at),
            subject.id,
            number
        ])?;
    }
    Ok(())
}

fn remove_expired(work: &Work<'_>, now: DateTime<Utc>) -> Result<(), WorkError> {
    let expired: Vec<u32> = work
        .prepare_cached("SELECT number FROM records WHERE expires_at < ?1")?
        .query_map([sortable(now)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if expired.is_empty() {
        return Ok(());
    }
    work.erasing(|| {
        for number in expired {
            work.prepare_cached("DELETE FROM record_lists WHERE number = ?1")?.execute([number])?;
            work.prepare_cached("DELETE FROM records WHERE number = ?1")?.execute([number])?;
        }
        Ok(())
    })
}

fn put_out(work: &Work<'_>, record: &Record, announce: &[Outgoing]) -> Result<(), WorkError> {
    let mut put = work.prepare_cached(
        "INSERT INTO outbox (flow, tenant, id, event_id, event_type, at, since, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    )?;
    for event in announce {
        put.execute(params![
            event.subject.flow,
            event.tenant,
            event.subject.id,
            event.event_id,
            event.event_type,
            sortable(event.at),
            sortable(record.changed_at),
            event.detail
        ])?;
    }
    Ok(())
}

/// Columns: flow, tenant, id, `event_id`, `event_type`, at, detail.
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

fn read(row: &Row<'_>) -> rusqlite::Result<Record> {
    let lease = |token| Ok::<_, rusqlite::Error>(Lease { token, until: read_time(row, 9)? });
    let listed_by = row.get_ref(12)?.as_str()?;
    let listed_by = serde_json::from_str(listed_by).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(12, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(Record {
        subject: Subject { flow: row.get(0)?, id: row.get(2)? },
        tenant: row.get(1)?,
        revision: row.get(3)?,
        state: row.get(4)?,
        open: row.get(5)?,
        created_at: read_time(row, 6)?,
        changed_at: read_time(row, 7)?,
        lease: row.get::<_, Option<String>>(8)?.map(lease).transpose()?,
        attempts: row.get(10)?,
        body: row.get(11)?,
        listed_by,
        expires_at: row.get_ref(13)?.as_str_or_null()?.is_some().then(|| read_time(row, 13)).transpose()?,
    })
}
