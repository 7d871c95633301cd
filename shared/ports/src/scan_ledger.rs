//! The books of a scan: one item per session, one result per file, one number set per chunk.
//!
//! Sets decide, counters show. Adding a number to a set twice is adding it once, so every step may be
//! repeated at any time by anyone. Every method acts on one item (or, for the sweep, reads an index), so
//! that a table with single-item atomicity can hold it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Counts, PortError, Session, SessionId, Transition, Usage};

/// One file's result as the ledger keeps it. Never changes once stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResult {
    pub failed: bool,
    pub matches: u32,
    /// Size of the file that was read, 0 if none was.
    pub bytes: u64,
    /// Pages or sheets that were read.
    pub pages: u32,
    /// JSON of the flow's own making, or what leads to it in the object store.
    pub body: Body,
}

/// Where the details of a result are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// At most [`Body::MAX_INLINE`] bytes. Ledgers that are billed by size keep it compressed.
    Inline(String),
    /// A key in the object store.
    Object(String),
}

impl Body {
    /// What may stand inline, in bytes. On AWS an object costs eight write units to put, and JSON shrinks to a
    /// third: up to about 24 KB it is cheaper in the table. Below that, for those that shrink less.
    pub const MAX_INLINE: usize = 16 * 1024;

    /// A body beyond it is no ledger's.
    pub fn check(&self) -> Result<(), PortError> {
        match self {
            Self::Inline(json) if json.len() > Self::MAX_INLINE => {
                let (len, max) = (json.len(), Self::MAX_INLINE);
                Err(PortError::Broken(format!("a result of {len} bytes; at most {max} stand inline")))
            }
            _ => Ok(()),
        }
    }
}

/// A chunk's set after adding to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkDone {
    /// Those of the added indices that were not in it before.
    pub new: BTreeSet<u32>,
    /// How many indices it holds now.
    pub len: u32,
}

/// What became of a conditional change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The session after the change.
    Applied(Session),
    /// The session as it is: the condition did not hold.
    Refused(Session),
    NoSession,
}

/// A quarantined file's one chance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which delivery of which message it was: `MESSAGE#DELIVERY`.
    pub receipt: String,
    pub at: DateTime<Utc>,
}

impl Attempt {
    /// Whether both are deliveries of one message.
    pub fn is_of_message(&self, other: &Self) -> bool {
        self.message() == other.message()
    }

    fn message(&self) -> Option<&str> {
        self.receipt.rsplit_once('#').map(|(message, _)| message)
    }
}

/// Where a session stands in the list of its tenant's.
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

/// All reads are strongly consistent unless they say otherwise. Methods that touch one item look at no other:
/// results and sets are taken for sessions nobody created, too.
#[async_trait]
pub trait ScanLedger: Send + Sync {
    /// Stores `session` unless its id is taken, and lists it among the open ones. Returns the session that
    /// has the id already, `None` if it was free.
    async fn create(&self, session: Session) -> Result<Option<Session>, PortError>;

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError>;

    /// Applies `transition` atomically, as [`Session::apply`] says. What is not [open](crate::State::is_open) leaves
    /// the open list, and what is [gone](crate::State::is_gone) its tenant's.
    async fn transition(&self, id: &SessionId, transition: Transition) -> Result<Outcome, PortError>;

    /// Stores the result of one file unless it has one. Returns the stored one: that, never one's own, is
    /// announced and counted.
    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        result: StoredResult,
    ) -> Result<StoredResult, PortError>;

    /// [`put_result`](Self::put_result) for several files, given as chunk, index and result: the stored ones in
    /// the same order. Where it fails, any of them may be stored. For adapters that can do it in one trip.
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

    /// The results of one chunk, by ascending index.
    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError>;

    /// Adds `indices` to the chunk's set.
    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError>;

    /// The chunk's set. One that was never added to is empty.
    async fn done(&self, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, PortError>;

    /// Adds to the session's set of full chunks, to the counts that are shown and to what was used; returns the
    /// session after it, `None` if there is no such session. Done in every state but the terminal ones, whose
    /// counts are final.
    async fn add_progress(
        &self,
        id: &SessionId,
        full_chunks: &BTreeSet<u32>,
        counts: Counts,
        usage: Usage,
    ) -> Result<Option<Session>, PortError>;

    /// Remembers that a file is about to be opened alone, unless an attempt is remembered already. Returns
    /// the remembered one: one's own if this was the first.
    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError>;

    /// Forgets the attempt of this receipt: it ended without killing anything. Another's, or none, is no error
    /// and stays.
    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError>;

    /// Removes the results, sets and attempts of a session of so many chunks. What is stored for it meanwhile or later
    /// may stay.
    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError>;

    /// Sessions of `tenant` that are not gone, the last created first (of one moment, by descending id), at most `limit` of them.
    /// With `after`, those that follow it in this order, whether it exists or not. Fewer than `limit`: there are
    /// no more. Eventually consistent.
    async fn sessions(
        &self,
        tenant: &str,
        after: Option<&ListedAt>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError>;

    /// Open sessions. Eventually consistent: read each again before acting on it.
    async fn open_sessions(&self) -> Result<Vec<SessionId>, PortError>;
}
