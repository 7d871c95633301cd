//! The books of a scan in `SQLite`.
//!
//! A session is read, changed by [`Session::apply`] and written inside one transaction of the one thread,
//! so the rules are nowhere repeated.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    Attempt, Body, ChunkDone, Counts, ListedAt, Outcome, PortError, ScanLedger, Session, SessionId,
    StoredResult, Transition, Usage,
};
use rusqlite::{OptionalExtension, Row, params};

use crate::database::{Database, Work, WorkError};
use crate::probe::{self, Sums};
use crate::{index_set, listing};

/// The ledger in the state folder. Results, sets and attempts may be stored for sessions that do not exist.
#[derive(Debug, Clone)]
pub struct LocalLedger {
    database: Arc<Database>,
}

impl LocalLedger {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

impl LocalLedger {
    /// Not of the port: a person asks for it, no flow.
    pub(crate) async fn sums(&self) -> Result<Sums, PortError> {
        self.database
            .call(|work| {
                let mut rows = work.prepare_cached("SELECT fields FROM sessions")?;
                probe::sum(rows.query_map([], |row| row.get(0))?.map(|row| Ok(row?)))
            })
            .await
    }
}

#[async_trait]
impl ScanLedger for LocalLedger {
    async fn create(&self, mut session: Session) -> Result<Option<Session>, PortError> {
        self.database
            .call(move |work| {
                if let Some(stored) = load(work, &session.id)? {
                    return Ok(Some(stored));
                }
                work.prepare_cached("INSERT INTO requests (session, request) VALUES (?1, ?2)")?
                    .execute(params![session.id.0, session.request])?;
                listing::add(work, &session)?;
                save(work, &mut session)?;
                Ok(None)
            })
            .await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        let id = id.clone();
        self.database.call(move |work| load(work, &id)).await
    }

    async fn transition(&self, id: &SessionId, transition: Transition) -> Result<Outcome, PortError> {
        let id = id.clone();
        self.database
            .call(move |work| {
                let Some(mut session) = load(work, &id)? else {
                    return Ok(Outcome::NoSession);
                };
                if session.apply(&transition).is_err() {
                    return Ok(Outcome::Refused(session));
                }
                match transition {
                    Transition::Delete { .. } => work.erasing(|| {
                        forget_request(work, &session)?;
                        save(work, &mut session)
                    })?,
                    Transition::Deleted { now } => {
                        forget_sessions(work, now - Session::REMEMBERED)?;
                        save(work, &mut session)?;
                    }
                    _ => save(work, &mut session)?,
                }
                Ok(Outcome::Applied(session))
            })
            .await
    }

    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        result: StoredResult,
    ) -> Result<StoredResult, PortError> {
        let stored = self.put_results(id, vec![(chunk, index, result)]).await?;
        stored.into_iter().next().ok_or_else(|| PortError::Broken("a result was not stored".to_owned()))
    }

    async fn put_results(
        &self,
        id: &SessionId,
        results: Vec<(u32, u32, StoredResult)>,
    ) -> Result<Vec<StoredResult>, PortError> {
        for (_, _, result) in &results {
            result.body.check()?;
        }
        let id = id.clone();
        self.database
            .call(move |work| {
                results
                    .into_iter()
                    .map(|(chunk, index, result)| put_result(work, &id, chunk, index, result))
                    .collect()
            })
            .await
    }

    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError> {
        let id = id.clone();
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "SELECT number, failed, matches, bytes, pages, is_object, body FROM results \
                     WHERE session = ?1 AND chunk = ?2 ORDER BY number",
                )?
                .query_map(params![id.0, chunk], numbered_result)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError> {
        let (id, indices) = (id.clone(), indices.clone());
        self.database
            .call(move |work| {
                let mut set = load_done(work, &id, chunk)?;
                let new: BTreeSet<u32> = indices.difference(&set).copied().collect();
                if !new.is_empty() {
                    set.extend(&new);
                    work.prepare_cached(
                        "INSERT INTO done (session, chunk, numbers) VALUES (?1, ?2, ?3) \
                         ON CONFLICT DO UPDATE SET numbers = excluded.numbers",
                    )?
                    .execute(params![id.0, chunk, index_set::encode(&set)])?;
                }
                let len = u32::try_from(set.len())
                    .map_err(|_| WorkError::Unreadable("a set has too many numbers".to_owned()))?;
                Ok(ChunkDone { new, len })
            })
            .await
    }

    async fn done(&self, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, PortError> {
        let id = id.clone();
        self.database.call(move |work| load_done(work, &id, chunk)).await
    }

    async fn add_progress(
        &self,
        id: &SessionId,
        full_chunks: &BTreeSet<u32>,
        counts: Counts,
        usage: Usage,
    ) -> Result<Option<Session>, PortError> {
        let (id, full_chunks) = (id.clone(), full_chunks.clone());
        self.database
            .call(move |work| {
                let Some(mut session) = load(work, &id)? else {
                    return Ok(None);
                };
                if !session.state.is_terminal() {
                    session.chunks_done.extend(full_chunks);
                    session.counts.processed += counts.processed;
                    session.counts.failed += counts.failed;
                    session.counts.matches += counts.matches;
                    session.usage += usage;
                    save(work, &mut session)?;
                }
                Ok(Some(session))
            })
            .await
    }

    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError> {
        let id = id.clone();
        self.database
            .call(move |work| {
                let first = work
                    .prepare_cached(
                        "INSERT INTO attempts (session, number, receipt, at) VALUES (?1, ?2, ?3, ?4) \
                         ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![id.0, index, attempt.receipt, attempt.at.to_rfc3339()])?;
                if first == 1 {
                    return Ok(attempt);
                }
                let (receipt, at): (String, String) = work
                    .prepare_cached("SELECT receipt, at FROM attempts WHERE session = ?1 AND number = ?2")?
                    .query_row(params![id.0, index], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let at = DateTime::parse_from_rfc3339(&at)
                    .map_err(|error| WorkError::Unreadable(format!("time of an attempt: {error}")))?;
                Ok(Attempt { receipt, at: at.to_utc() })
            })
            .await
    }

    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError> {
        let (id, receipt) = (id.clone(), receipt.to_owned());
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "DELETE FROM attempts WHERE session = ?1 AND number = ?2 AND receipt = ?3",
                )?
                .execute(params![id.0, index, receipt])?;
                Ok(())
            })
            .await
    }

    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError> {
        let id = id.clone();
        self.database
            .call(move |work| {
                work.erasing(|| {
                    for table in ["results", "done"] {
                        let sql = format!("DELETE FROM {table} WHERE session = ?1 AND chunk < ?2");
                        work.prepare_cached(&sql)?.execute(params![id.0, chunks])?;
                    }
                    work.prepare_cached("DELETE FROM attempts WHERE session = ?1")?.execute([&id.0])?;
                    Ok(())
                })
            })
            .await
    }

    async fn sessions(
        &self,
        tenant: &str,
        after: Option<&ListedAt>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError> {
        let (tenant, after) = (tenant.to_owned(), after.cloned());
        self.database
            .call(move |work| {
                let ids = listing::page(work, &tenant, after.as_ref(), limit)?;
                let mut sessions = Vec::with_capacity(ids.len());
                for id in ids {
                    sessions.extend(load(work, &id)?);
                }
                Ok(sessions)
            })
            .await
    }

    async fn open_sessions(&self) -> Result<Vec<SessionId>, PortError> {
        self.database
            .call(|work| {
                work.prepare_cached("SELECT id FROM sessions WHERE open ORDER BY id")?
                    .query_map([], |row| row.get(0).map(SessionId))?
                    .map(|row| Ok(row?))
                    .collect()
            })
            .await
    }
}

fn load(work: &Work<'_>, id: &SessionId) -> Result<Option<Session>, WorkError> {
    let row: Option<(String, Vec<u8>, String)> = work
        .prepare_cached(
            "SELECT fields, chunks_done, request FROM sessions JOIN requests ON session = id WHERE id = ?1",
        )?
        .query_row([&id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((fields, chunks_done, request)) = row else {
        return Ok(None);
    };
    let mut session: Session = serde_json::from_str(&fields)
        .map_err(|error| WorkError::Unreadable(format!("session {id}: {error}")))?;
    session.request = request;
    session.chunks_done = index_set::decode(&chunks_done)
        .ok_or_else(|| WorkError::Unreadable(format!("session {id}: set of full chunks")))?;
    Ok(Some(session))
}

/// What was asked for is replaced by what is left of it, and nobody finds the session in a list.
fn forget_request(work: &Work<'_>, session: &Session) -> Result<(), WorkError> {
    work.prepare_cached("UPDATE requests SET request = ?2 WHERE session = ?1")?
        .execute(params![session.id.0, session.request])?;
    listing::remove(work, session)
}

/// Forgets that there were sessions that were deleted before `before`.
fn forget_sessions(work: &Work<'_>, before: DateTime<Utc>) -> Result<(), WorkError> {
    let mut old = Vec::new();
    let mut deleted = work.prepare_cached(
        "SELECT id, fields FROM sessions WHERE NOT open AND json_extract(fields, '$.state') = 'DELETED'",
    )?;
    for row in deleted.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))? {
        let (id, fields) = row?;
        let session: Session = serde_json::from_str(&fields)
            .map_err(|error| WorkError::Unreadable(format!("session {id}: {error}")))?;
        if session.progress_at < before {
            old.push(id);
        }
    }
    for id in old {
        work.prepare_cached("DELETE FROM requests WHERE session = ?1")?.execute([&id])?;
        work.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([&id])?;
    }
    Ok(())
}

/// Writes all but the request.
fn save(work: &Work<'_>, session: &mut Session) -> Result<(), WorkError> {
    let request = std::mem::take(&mut session.request);
    let chunks_done = std::mem::take(&mut session.chunks_done);
    let fields = serde_json::to_string(session);
    let fields = fields.map_err(|error| WorkError::Unreadable(format!("session {}: {error}", session.id)))?;
    work.prepare_cached(
        "INSERT INTO sessions (id, open, fields, chunks_done) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE \
         SET open = excluded.open, fields = excluded.fields, chunks_done = excluded.chunks_done",
    )?
    .execute(params![session.id.0, session.state.is_open(), fields, index_set::encode(&chunks_done)])?;
    session.request = request;
    session.chunks_done = chunks_done;
    Ok(())
}

fn load_done(work: &Work<'_>, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, WorkError> {
    let bytes: Option<Vec<u8>> = work
        .prepare_cached("SELECT numbers FROM done WHERE session = ?1 AND chunk = ?2")?
        .query_row(params![id.0, chunk], |row| row.get(0))
        .optional()?;
    index_set::decode(&bytes.unwrap_or_default())
        .ok_or_else(|| WorkError::Unreadable(format!("session {id}, chunk {chunk}: set of done files")))
}

fn numbered_result(row: &Row<'_>) -> rusqlite::Result<(u32, StoredResult)> {
    let body = row.get(6)?;
    let result = StoredResult {
        failed: row.get(1)?,
        matches: row.get(2)?,
        bytes: row.get(3)?,
        pages: row.get(4)?,
        body: if row.get(5)? { Body::Object(body) } else { Body::Inline(body) },
    };
    Ok((row.get(0)?, result))
}

/// Stores `result` unless there is one; the stored one.
fn put_result(
    work: &Work<'_>,
    id: &SessionId,
    chunk: u32,
    index: u32,
    result: StoredResult,
) -> Result<StoredResult, WorkError> {
    let (is_object, body) = match &result.body {
        Body::Inline(json) => (false, json),
        Body::Object(key) => (true, key),
    };
    let stored = work
        .prepare_cached(
            "INSERT INTO results (session, chunk, number, failed, matches, bytes, pages, is_object, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            id.0,
            chunk,
            index,
            result.failed,
            result.matches,
            result.bytes,
            result.pages,
            is_object,
            body
        ])?;
    if stored == 1 {
        return Ok(result);
    }
    let (_, first) = work
        .prepare_cached(
            "SELECT number, failed, matches, bytes, pages, is_object, body FROM results \
             WHERE session = ?1 AND chunk = ?2 AND number = ?3",
        )?
        .query_row(params![id.0, chunk, index], numbered_result)?;
    Ok(first)
}
