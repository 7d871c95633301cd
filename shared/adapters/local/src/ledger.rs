//! The ledger of a scan in `SQLite`.
//!
//! A session is read, changed by [`Session::apply`] and written inside one transaction of the single database thread,
//! so the rules are not repeated here.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    Attempt, ChunkDone, Counts, ListedAt, PortError, ScanLedger, Session, SessionId, StoredResult,
    Transition, TransitionResult, Usage,
};
use rusqlite::Row;

use crate::database::{Database, Sql as _, WorkContext, WorkError};
use crate::index_set;
use crate::listing::{self, read_json, read_time, sortable};
use crate::probe::{self, SessionSums};

/// The ledger in the state folder. It accepts results, sets and attempts of sessions that do not exist.
#[derive(Debug, Clone)]
pub struct LocalLedger {
    pub(crate) database: Arc<Database>,
}

impl LocalLedger {
    /// Sums all sessions. Not part of the port: people query it, not flows.
    pub(crate) async fn sums(&self) -> Result<SessionSums, PortError> {
        let sessions = self.database.rows("SELECT fields FROM sessions", [], |row| read_json(row, 0)).await?;
        Ok(probe::sum(&sessions))
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
                let sql = "INSERT INTO requests (session, request) VALUES (?1, ?2)";
                work.run(sql, (&session.id.0, &session.request))?;
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

    async fn transition(
        &self,
        id: &SessionId,
        transition: Transition,
    ) -> Result<TransitionResult, PortError> {
        let id = id.clone();
        self.database
            .call(move |work| {
                let Some(mut session) = load(work, &id)? else {
                    return Ok(TransitionResult::NoSession);
                };
                if session.apply(&transition).is_err() {
                    return Ok(TransitionResult::Refused(session));
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
                Ok(TransitionResult::Applied(session))
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
        let sql = "SELECT number, result FROM results WHERE session = ?1 AND chunk = ?2 ORDER BY number";
        self.database.rows(sql, (id.0.clone(), chunk), |row| Ok((row.get(0)?, read_json(row, 1)?))).await
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
                    let sql = "INSERT INTO done (session, chunk, numbers) VALUES (?1, ?2, ?3) \
                         ON CONFLICT DO UPDATE SET numbers = ?3";
                    work.run(sql, (&id.0, chunk, index_set::encode(&set)))?;
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
                let first = work.run(
                    "INSERT INTO attempts (session, number, receipt, at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT DO NOTHING",
                    (&id.0, index, &attempt.receipt, sortable(attempt.at)),
                )?;
                if first == 1 {
                    return Ok(attempt);
                }
                let sql = "SELECT receipt, at FROM attempts WHERE session = ?1 AND number = ?2";
                let read = |row: &Row<'_>| Ok(Attempt { receipt: row.get(0)?, at: read_time(row, 1)? });
                work.one(sql, (&id.0, index), read)
            })
            .await
    }

    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError> {
        let (id, receipt) = (id.clone(), receipt.to_owned());
        self.database
            .call(move |work| {
                let sql = "DELETE FROM attempts WHERE session = ?1 AND number = ?2 AND receipt = ?3";
                work.run(sql, (&id.0, index, &receipt)).map(drop)
            })
            .await
    }

    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError> {
        let id = id.clone();
        self.database
            .call(move |work| {
                work.erasing(|| {
                    work.run("DELETE FROM results WHERE session = ?1 AND chunk < ?2", (&id.0, chunks))?;
                    work.run("DELETE FROM done WHERE session = ?1 AND chunk < ?2", (&id.0, chunks))?;
                    work.run("DELETE FROM attempts WHERE session = ?1", [&id.0]).map(drop)
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
        let sql = "SELECT id FROM sessions WHERE open ORDER BY id";
        self.database.rows(sql, [], |row| row.get(0).map(SessionId)).await
    }
}

fn load(work: &WorkContext<'_>, id: &SessionId) -> Result<Option<Session>, WorkError> {
    let sql = "SELECT fields, chunks_done, request FROM sessions JOIN requests ON session = id WHERE id = ?1";
    let read = |row: &Row<'_>| Ok((read_json(row, 0)?, row.get(1)?, row.get(2)?));
    let Some((session, chunks_done, request)) = work.first(sql, [&id.0], read)? else { return Ok(None) };
    let chunks_done: Vec<u8> = chunks_done;
    let chunks_done = index_set::decode(&chunks_done)
        .ok_or_else(|| WorkError::Unreadable(format!("session {id}: set of full chunks")))?;
    Ok(Some(Session { request, chunks_done, ..session }))
}

/// Replaces the request with what remains of it, and removes the session from the list.
fn forget_request(work: &WorkContext<'_>, session: &Session) -> Result<(), WorkError> {
    let sql = "UPDATE requests SET request = ?2 WHERE session = ?1";
    work.run(sql, (&session.id.0, &session.request))?;
    listing::remove(work, session)
}

/// Removes the rows of sessions that were deleted before `before`.
fn forget_sessions(work: &WorkContext<'_>, before: DateTime<Utc>) -> Result<(), WorkError> {
    let sql = "SELECT fields FROM sessions WHERE NOT open AND json_extract(fields, '$.state') = 'DELETED'";
    let deleted: Vec<Session> = work.rows(sql, [], |row| read_json(row, 0))?;
    for old in deleted.iter().filter(|session| session.progress_at < before) {
        work.run("DELETE FROM requests WHERE session = ?1", [&old.id.0])?;
        work.run("DELETE FROM sessions WHERE id = ?1", [&old.id.0])?;
    }
    Ok(())
}

/// Writes everything except the request.
fn save(work: &WorkContext<'_>, session: &mut Session) -> Result<(), WorkError> {
    let request = std::mem::take(&mut session.request);
    let chunks_done = std::mem::take(&mut session.chunks_done);
    let fields = serde_json::to_string(session);
    let fields = fields.map_err(|error| WorkError::Unreadable(format!("session {}: {error}", session.id)))?;
    work.run(
        "INSERT INTO sessions (id, open, fields, chunks_done) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO UPDATE SET open = ?2, fields = ?3, chunks_done = ?4",
        (&session.id.0, session.state.is_open(), fields, index_set::encode(&chunks_done)),
    )?;
    session.request = request;
    session.chunks_done = chunks_done;
    Ok(())
}

fn load_done(work: &WorkContext<'_>, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, WorkError> {
    let sql = "SELECT numbers FROM done WHERE session = ?1 AND chunk = ?2";
    let bytes: Option<Vec<u8>> = work.first(sql, (&id.0, chunk), |row| row.get(0))?;
    index_set::decode(&bytes.unwrap_or_default())
        .ok_or_else(|| WorkError::Unreadable(format!("session {id}, chunk {chunk}: set of done files")))
}

/// Stores `result` unless one exists, and returns the stored one.
fn put_result(
    work: &WorkContext<'_>,
    id: &SessionId,
    chunk: u32,
    index: u32,
    result: StoredResult,
) -> Result<StoredResult, WorkError> {
    let json = serde_json::to_string(&result)
        .map_err(|error| WorkError::Unreadable(format!("a result of session {id}: {error}")))?;
    let stored = work.run(
        "INSERT INTO results (session, chunk, number, result) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        (&id.0, chunk, index, json),
    )?;
    if stored == 1 {
        return Ok(result);
    }
    let sql = "SELECT result FROM results WHERE session = ?1 AND chunk = ?2 AND number = ?3";
    work.one(sql, (&id.0, chunk, index), |row| read_json(row, 0))
}
