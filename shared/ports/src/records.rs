//! The record store: one record for each piece of work that goes through states, in any flow, and the events about it
//! that are still to be published.
//!
//! A flow's rules are a pure function, [`FlowState::apply`]. [`change`], [`change_from`] and [`change_seen`] are the
//! only way in which a flow writes a record: they apply the rules to the record that was read, and replace it if it has
//! not been replaced since.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Lease, Outgoing, PortError, Subject};

/// Attempts of [`change_from`], of which each but the last may lose to another worker.
const TRIES: u32 = 16;

/// A piece of work as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub subject: Subject,
    pub tenant: String,
    /// 1 when the record is created, increased by one with each replacement.
    pub revision: u64,
    /// The flow's own name of the state, in lower snake case.
    pub state: String,
    /// Whether something is still to be done, so that the sweep has to find it.
    pub open: bool,
    /// Never changes: lists are sorted by it.
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    /// The lease of the worker that holds it.
    pub lease: Option<Lease>,
    /// How often work on it was begun.
    pub attempts: u32,
    /// JSON that only the flow reads. A record and the events stored with it take about 300 KB at most when compressed.
    pub body: String,
    /// The tenant's lists of this flow that contain the record, each once. At most [`Record::MAX_LISTS`].
    pub listed_by: Vec<String>,
    /// The store removes the record some time after this.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Record {
    pub const MAX_LISTS: usize = 8;

    /// Whether the record is in `state` and a worker holds it under `token`.
    pub fn is_held(&self, state: &str, token: &str) -> bool {
        self.state == state && self.lease.as_ref().is_some_and(|lease| lease.token == token)
    }

    /// Checks that this record may replace `seen`. Every adapter calls it before it stores anything.
    ///
    /// # Errors
    /// [`PortError::Broken`] if it is another piece of work, or not the next revision, or its lists are invalid.
    pub fn check_follows(&self, seen: &Self) -> Result<(), PortError> {
        let same = self.subject == seen.subject && self.tenant == seen.tenant;
        if same && self.created_at == seen.created_at && self.revision == seen.revision + 1 {
            return self.check_lists();
        }
        let Self { subject, revision, .. } = self;
        Err(PortError::Broken(format!("revision {revision} of {subject} does not follow {}", seen.revision)))
    }

    /// Checks that this record may be created. Every adapter calls it before it stores anything.
    ///
    /// # Errors
    /// [`PortError::Broken`] if it is not a first revision, or its lists are invalid.
    pub fn check_is_first(&self) -> Result<(), PortError> {
        if self.revision == 1 {
            return self.check_lists();
        }
        let Self { subject, revision, .. } = self;
        Err(PortError::Broken(format!("{subject} cannot be created as revision {revision}")))
    }

    fn check_lists(&self) -> Result<(), PortError> {
        let lists = &self.listed_by;
        let is_repeated = |(nth, list)| lists[..nth].contains(list);
        if lists.len() <= Self::MAX_LISTS && !lists.iter().enumerate().any(is_repeated) {
            return Ok(());
        }
        Err(PortError::Broken(format!("{} cannot be in the lists {lists:?}", self.subject)))
    }
}

/// The position of a record in a list: newest first means descending by this.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordCursor {
    pub created_at: DateTime<Utc>,
    pub id: String,
}

impl From<&Record> for RecordCursor {
    fn from(record: &Record) -> Self {
        Self { created_at: record.created_at, id: record.subject.id.clone() }
    }
}

/// The result of a replacement.
#[expect(clippy::large_enum_variant, reason = "a result that callers inspect and drop")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// The new record and its events are stored.
    Done,
    /// Nothing was stored. The record as it is: its revision is not that of the record that was read.
    Conflict(Record),
    /// Nothing was stored. There is no such record.
    Missing,
}

/// A store of records. All reads are strongly consistent unless they say otherwise. A record belongs to its tenant: it
/// cannot be found under another tenant's name.
///
/// Each write is one transaction: the record, its entries in lists and its events are stored together or not at all.
/// The events are in the outbox from `changed_at` on until they are [`announced`](Self::announced). An event is in the
/// outbox once, however often it is stored.
///
/// If the response to a write is lost and the adapter retries, it may find the effect of its own write and report it as
/// that of another worker, unless the write stores an event. [`change_seen`] recognises this.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Stores `record`, whose revision is 1, unless its id is taken. Returns the record that already has the id, or
    /// `None` if the id was free.
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError>;

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError>;

    /// Replaces `seen` with `next` if the stored revision is still that of `seen`. `next` has the same subject, tenant
    /// and `created_at`, and the next revision.
    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError>;

    /// Returns a page of one of the tenant's lists, newest first, after the position `after`. It has fewer than `limit`
    /// records only at the end of the list. The list may lag by seconds; the records in it are returned as they are
    /// stored.
    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError>;

    /// Returns records of every tenant that are open, in `state`, and were last changed before `before`. Thousands in
    /// one state do not hide those in another. At most `limit`, chosen arbitrarily; may lag by seconds.
    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError>;

    /// Returns the events about one subject that are in the outbox.
    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError>;

    /// Returns the flow's events that have been in the outbox since before `before`. At most `limit`, chosen
    /// arbitrarily; may lag by seconds.
    async fn outbox(&self, flow: &str, before: DateTime<Utc>, limit: u32)
    -> Result<Vec<Outgoing>, PortError>;

    /// Removes published events from the outbox. A missing one is not an error.
    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError>;
}

/// A flow's view of its records, with the rules for their changes.
pub trait FlowState: Clone + PartialEq + Send + Sync {
    /// A change of the state. Each may be requested twice.
    type Change: Sync;
    /// Why a change is not allowed.
    type Refused: Debug + Clone + PartialEq + Send;

    /// Reads the state from a record.
    ///
    /// # Errors
    /// [`PortError::Broken`] if this is not a record of the flow.
    fn from_record(record: &Record) -> Result<Self, PortError>;

    fn to_record(&self) -> Record;

    /// Returns the state after `change` at `now`, with the next revision. The only place that defines which change is
    /// allowed when.
    ///
    /// # Errors
    /// The change is not allowed.
    fn apply(&self, change: &Self::Change, now: DateTime<Utc>) -> Result<Self, Self::Refused>;
}

/// The result of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed<S: FlowState> {
    /// The state after it.
    Applied(S),
    /// The state as it is, and why the rules do not allow the change.
    Refused(S, S::Refused),
    /// The state as it is now, which is not the one that was read. Returned by [`change_seen`] only.
    Superseded(S),
    Missing,
}

/// Applies `change` to the record as it is stored now, and stores it together with the events `announce`.
///
/// # Errors
/// As of the store; [`PortError::Unavailable`] also if other workers keep changing the record.
pub async fn change<S: FlowState>(
    store: &dyn RecordStore,
    tenant: &str,
    subject: &Subject,
    change: &S::Change,
    now: DateTime<Utc>,
    announce: &[Outgoing],
) -> Result<Changed<S>, PortError> {
    match store.get(tenant, subject).await? {
        Some(record) => change_from(store, &S::from_record(&record)?, change, now, announce).await,
        None => Ok(Changed::Missing),
    }
}

/// Applies a change like [`change`], for a caller that has read the record already: reads it again only if it has been
/// replaced since. A refusal may be about the state that the caller read.
///
/// # Errors
/// As [`change`].
pub async fn change_from<S: FlowState>(
    store: &dyn RecordStore,
    seen: &S,
    change: &S::Change,
    now: DateTime<Utc>,
    announce: &[Outgoing],
) -> Result<Changed<S>, PortError> {
    let mut outcome = change_seen(store, seen, change, now, announce).await?;
    for _ in 1..TRIES {
        let Changed::Superseded(current) = outcome else { return Ok(outcome) };
        outcome = change_seen(store, &current, change, now, announce).await?;
    }
    match outcome {
        Changed::Superseded(state) => {
            let subject = state.to_record().subject;
            Err(PortError::Unavailable(format!("{subject}: other processes keep changing it")))
        }
        outcome => Ok(outcome),
    }
}

/// Applies `change` to `seen` only: for a change that follows from the state that was read.
///
/// # Errors
/// As of the store.
pub async fn change_seen<S: FlowState>(
    store: &dyn RecordStore,
    seen: &S,
    change: &S::Change,
    now: DateTime<Utc>,
    announce: &[Outgoing],
) -> Result<Changed<S>, PortError> {
    let next = match seen.apply(change, now) {
        Ok(next) => next,
        Err(why) => return Ok(Changed::Refused(seen.clone(), why)),
    };
    let record = next.to_record();
    match store.replace(&seen.to_record(), record.clone(), announce).await? {
        Replaced::Done => Ok(Changed::Applied(next)),
        // This is the write's own effect after a lost response. An adapter recognises the retry of a write that stores
        // events, so a record that looks like it then comes from another worker.
        Replaced::Conflict(current) if announce.is_empty() && current == record => Ok(Changed::Applied(next)),
        Replaced::Conflict(current) => Ok(Changed::Superseded(S::from_record(&current)?)),
        Replaced::Missing => Ok(Changed::Missing),
    }
}
