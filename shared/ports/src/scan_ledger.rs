//! The ledger of a scan: one item per session, one result per file, one set of numbers per chunk.
//!
//! Sets decide, counters are for display. Adding a number to a set twice has the effect of adding it once, so any
//! process may repeat any step at any time. Every method acts on one item (or, for the sweep, reads an index), so that
//! a table with single-item atomicity can store the ledger.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Counts, PortError, Session, SessionId, Transition, Usage};

/// The result of one file as the ledger stores it. Never changes once stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResult {
    pub failed: bool,
    pub matches: u32,
    /// Size of the file that was read, 0 if none was.
    pub bytes: u64,
    /// Pages or sheets that were read.
    pub pages: u32,
    /// JSON that only the flow reads, or its key in the object store.
    pub body: ResultBody,
}

/// The place of a result's details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultBody {
    /// JSON of at most [`ResultBody::MAX_INLINE`] bytes. Ledgers that are billed by size store it compressed.
    Inline(String),
    /// A key in the object store.
    Object(String),
}

impl ResultBody {
    /// Bytes of inline JSON, at most. On AWS putting an object costs as much as eight write units, and JSON shrinks to
    /// a third: up to about 24 KB the table is cheaper. The limit is lower, for JSON that shrinks less.
    pub const MAX_INLINE: usize = 16 * 1024;

    /// Checks that the body is small enough to be stored.
    ///
    /// # Errors
    /// [`PortError::Broken`] if inline JSON is larger than [`ResultBody::MAX_INLINE`].
    pub fn check(&self) -> Result<(), PortError> {
        match self {
            Self::Inline(json) if json.len() > Self::MAX_INLINE => {
                let (len, max) = (json.len(), Self::MAX_INLINE);
                Err(PortError::Broken(format!(
                    "a result of {len} bytes; the limit for an inline result is {max}"
                )))
            }
            _ => Ok(()),
        }
    }
}

/// A chunk's set after adding to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkDone {
    /// The added indices that were not in the set before.
    pub new: BTreeSet<u32>,
    /// The number of indices in the set now.
    pub len: u32,
}

/// The result of a conditional change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransitionResult {
    /// The session after the change.
    Applied(Session),
    /// The session as it is: the condition did not hold.
    Refused(Session),
    NoSession,
}

/// The only attempt at a quarantined file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The message and its delivery: `MESSAGE#DELIVERY`.
    pub receipt: String,
    pub at: DateTime<Utc>,
}

impl Attempt {
    /// Returns whether both are deliveries of one message.
    pub fn is_of_message(&self, other: &Self) -> bool {
        self.message() == other.message()
    }

    fn message(&self) -> Option<&str> {
        self.receipt.rsplit_once('#').map(|(message, _)| message)
    }
}

/// The position of a session in the list of its tenant's sessions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedAt {
    pub created_at: DateTime<Utc>,
    pub id: SessionId,
}

impl From<&Session> for ListedAt {
    fn from(session: &Session) -> Self {
        Self { created_at: session.created_at, id: session.id.clone() }
    }
}

/// A store of the state of scans. All reads are strongly consistent unless they say otherwise. Methods that act on one
/// item read no other: results and sets are stored even for sessions that do not exist.
#[async_trait]
pub trait ScanLedger: Send + Sync {
    /// Stores `session` unless its id is taken, and lists it among the open ones. Returns the session that already has
    /// the id, or `None` if the id was free.
    async fn create(&self, session: Session) -> Result<Option<Session>, PortError>;

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError>;

    /// Applies `transition` atomically, as [`Session::apply`] defines it. A session that is not
    /// [open](crate::State::is_open) leaves the list of open sessions, and one that is [gone](crate::State::is_gone)
    /// leaves its tenant's list.
    async fn transition(&self, id: &SessionId, transition: Transition)
    -> Result<TransitionResult, PortError>;

    /// Stores the result of one file unless it has one. Returns the stored result: the caller must publish and count
    /// that one, not its own.
    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        result: StoredResult,
    ) -> Result<StoredResult, PortError>;

    /// Does the same as [`put_result`](Self::put_result) for several files, given as chunk, index and result. Returns
    /// the stored results in the same order. After a failure any of them may be stored. For adapters that can do it in
    /// one call.
    async fn put_results(
        &self,
        id: &SessionId,
        results: Vec<(u32, u32, StoredResult)>,
    ) -> Result<Vec<StoredResult>, PortError> {
        let mut stored = Vec::with_capacity(results.len());
        for (chunk, index, result) in results {
            stored.push(self.put_result(id, chunk, index, result).await?);
        }
        Ok(stored)
    }

    /// Returns the results of one chunk, by ascending index.
    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError>;

    /// Adds `indices` to the chunk's set.
    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError>;

    /// Returns the chunk's set. It is empty if nothing was ever added.
    async fn done(&self, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, PortError>;

    /// Adds to the session's set of full chunks, to its displayed counts and to its usage. Returns the session after
    /// it, or `None` if there is no such session. Changes nothing in a terminal state, whose counts are final.
    async fn add_progress(
        &self,
        id: &SessionId,
        full_chunks: &BTreeSet<u32>,
        counts: Counts,
        usage: Usage,
    ) -> Result<Option<Session>, PortError>;

    /// Stores that a file is about to be opened alone, unless an attempt is stored already. Returns the stored attempt,
    /// which is the caller's own if it was the first.
    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError>;

    /// Removes the attempt of this receipt: it ended without killing a process. An attempt of another receipt stays; a
    /// missing one is not an error.
    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError>;

    /// Removes the results, sets and attempts of a session with this number of chunks. Data that is stored for it
    /// meanwhile or later may stay.
    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError>;

    /// Returns sessions of `tenant` that are not gone, newest first (descending by id for equal times), at most
    /// `limit`. With `after`, those that follow that position, whether a session is there or not. Fewer than `limit`
    /// means that there are no more. Eventually consistent.
    async fn sessions(
        &self,
        tenant: &str,
        after: Option<&ListedAt>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError>;

    /// Returns the open sessions. Eventually consistent: the caller must read each one again before acting on it.
    async fn open_sessions(&self) -> Result<Vec<SessionId>, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_of_a_message_are_known_by_its_id() {
        let attempt = |receipt: &str| Attempt { receipt: receipt.to_owned(), at: DateTime::UNIX_EPOCH };
        assert!(attempt("m#1").is_of_message(&attempt("m#2")));
        assert!(attempt("a#m#1").is_of_message(&attempt("a#m#2")), "an id may contain the separator");
        assert!(!attempt("m#1").is_of_message(&attempt("n#1")));
    }
}
