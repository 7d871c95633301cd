//! The record store: one record for each piece of work that goes through states, whatever the flow, and the events
//! that are still to be published about it.
//!
//! A flow's rules are a pure function, [`FlowState::apply`]. [`change`], [`change_from`] and [`change_seen`] are the
//! only way in which a flow writes a record: they apply the rules to what was read and replace it if nobody else has
//! replaced it since.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Lease, Outgoing, PortError, Subject};

/// How often [`change_from`] starts over because another worker was faster.
const TRIES: u32 = 16;

/// A piece of work as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub subject: Subject,
    pub tenant: String,
    /// 1 when it is created, one more with each replacement.
    pub revision: u64,
    /// The flow's own word, in lower snake case.
    pub state: String,
    /// Whether something is still to be done, so that the sweep has to find it.
    pub open: bool,
    /// Never changes: lists are sorted by it.
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    /// The worker that has it.
    pub lease: Option<Lease>,
    /// How often work on it was begun.
    pub attempts: u32,
    /// JSON that only the flow reads. With what it announces, a record is at most some 300 KB when compressed.
    pub body: String,
    /// The tenant's lists of this flow in which it stands, each once. At most [`Record::MAX_LISTS`].
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

    /// Checks that this may take the place of `seen`; every adapter asks before it stores anything.
    ///
    /// # Errors
    /// [`PortError::Broken`] if it is another piece of work, or not the next revision.
    pub fn check_follows(&self, seen: &Self) -> Result<(), PortError> {
        let same = self.subject == seen.subject && self.tenant == seen.tenant;
        if same && self.created_at == seen.created_at && self.revision == seen.revision + 1 {
            return self.check_lists();
        }
        let Self { subject, revision, .. } = self;
        Err(PortError::Broken(format!("revision {revision} of {subject} does not follow {}", seen.revision)))
    }

    /// Checks that this may be created; every adapter asks before it stores anything.
    ///
    /// # Errors
    /// [`PortError::Broken`] if it is not a first revision.
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
        Err(PortError::Broken(format!("{} cannot stand in the lists {lists:?}", self.subject)))
    }
}

/// Where a record stands in a list: newest first means descending by this.
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

/// What became of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// The new record and what it announces are stored.
    Done,
    /// Nothing was stored. The record as it is: its revision is not the one that was seen.
    Conflict(Record),
    /// Nothing was stored. There is no such record.
    Missing,
}

/// All reads are strongly consistent unless they say otherwise. A record is its tenant's: under another tenant's name
/// it is not there.
///
/// Each write is one transaction: the record, its places in lists and what it announces are stored together or not at
/// all. What is announced lies in the outbox from `changed_at` on until it is [`announced`](Self::announced).
/// An event lies there once, however often it is announced.
///
/// Where the answer to a write is lost and the adapter asks again, it may find its own effect and report it as
/// somebody else's, unless the write announces something. [`change_from`] recognizes that.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Stores `record`, which is of revision 1, unless its id is taken. Returns the record that has the id already,
    /// `None` if the id was free.
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError>;

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError>;

    /// Puts `next` in the place of `seen` if the stored revision is still that of `seen`. `next` is of the same
    /// subject, tenant and `created_at`, and of the next revision.
    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError>;

    /// A page of one of the tenant's lists, newest first, those after `after`. Fewer than `limit` only at its end. May
    /// lag by seconds; a record that it shows is shown as it is stored.
    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError>;

    /// Records of every tenant that are open, in `state`, and were last changed before `before`: thousands in one
    /// state hide none in another. At most `limit`, any of them; may lag by seconds.
    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError>;

    /// The events about one subject that lie in the outbox.
    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError>;

    /// The flow's events that have lain in the outbox since before `before`. At most `limit`, any of them; may lag by
    /// seconds.
    async fn outbox(&self, flow: &str, before: DateTime<Utc>, limit: u32)
    -> Result<Vec<Outgoing>, PortError>;

    /// These have been published and leave the outbox. One that is not there any more is no error.
    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError>;
}

/// What a flow makes of its records.
pub trait FlowState: Clone + PartialEq + Send + Sync {
    /// What may happen to it. All of it may be asked for twice.
    type Change: Sync;
    /// Why a change is not made.
    type Refused: Debug + Clone + PartialEq + Send;

    /// # Errors
    /// [`PortError::Broken`] if this is no record of the flow.
    fn from_record(record: &Record) -> Result<Self, PortError>;

    fn to_record(&self) -> Record;

    /// The state after `change` at `now`, of the next revision: the one place that says what may happen when.
    ///
    /// # Errors
    /// It may not happen.
    fn apply(&self, change: &Self::Change, now: DateTime<Utc>) -> Result<Self, Self::Refused>;
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed<S: FlowState> {
    /// The state after it.
    Applied(S),
    /// The state as it is, and why the rules do not allow the change.
    Refused(S, S::Refused),
    /// The state as it is: it is not the one that was seen. Only of [`change_seen`].
    Superseded(S),
    Missing,
}

/// Applies `change` to the record as it is by now, and stores it together with `announce`.
///
/// # Errors
/// As of the store; [`PortError::Unavailable`] also if others change the record all the time.
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

/// As [`change`], for who has read the record before: it is read again only if it has been replaced since. A refusal
/// may be of the state that was seen.
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
            Err(PortError::Unavailable(format!("{subject}: others change it all the time")))
        }
        outcome => Ok(outcome),
    }
}

/// Applies `change` to `seen` and to nothing else: for a change that follows from what was seen.
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
        // Its own effect, where the answer was lost. An adapter recognizes a write that announces something: what
        // looks like it is somebody else's.
        Replaced::Conflict(current) if announce.is_empty() && current == record => Ok(Changed::Applied(next)),
        Replaced::Conflict(current) => Ok(Changed::Superseded(S::from_record(&current)?)),
        Replaced::Missing => Ok(Changed::Missing),
    }
}
