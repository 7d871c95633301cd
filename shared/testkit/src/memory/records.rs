//! Records of all flows and their outbox, in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject};

use super::lock;

/// A tenant and the subject of one of its records.
pub type RecordKey = (String, Subject);

/// An event waiting in the outbox to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEvent {
    pub event: Outgoing,
    pub since: DateTime<Utc>,
}

/// The stored records and events. Plain data, so that checkers can read it and known-bad protocols can write what none
/// should.
#[derive(Debug, Default)]
pub struct RecordsData {
    pub records: BTreeMap<RecordKey, Record>,
    /// Waiting events by event id.
    pub outbox: BTreeMap<String, OutboxEvent>,
    notes: Vec<RecordsChange>,
}

/// A write, or a requested write that was refused.
#[expect(clippy::large_enum_variant, reason = "used in tests only")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordsChange {
    Created(RecordKey),
    /// A record was to be created under an id that is taken.
    Taken(RecordKey),
    /// A record was replaced.
    Replaced {
        seen: Record,
        next: Record,
        /// The ids of the events stored in the outbox with it.
        announce: Vec<String>,
    },
    /// A record was to be replaced, but it is no longer at the revision that the caller had seen.
    Conflict(RecordKey),
    /// Events were removed from the outbox. `there` is the number of the named events that were in it.
    Announced {
        events: Vec<String>,
        there: usize,
    },
}

impl RecordsData {
    /// Notes a write for the checkers. Every method that writes calls it, also in known-bad protocols.
    pub fn note(&mut self, note: RecordsChange) {
        self.notes.push(note);
    }

    /// Returns the notes so far and removes them.
    pub fn take_notes(&mut self) -> Vec<RecordsChange> {
        std::mem::take(&mut self.notes)
    }

    /// Replaces the stored record with `next` without a check, and stores the events to announce.
    pub fn put(&mut self, seen: &Record, next: Record, announce: &[Outgoing]) {
        self.announce(announce, next.changed_at);
        let announce = announce.iter().map(|event| event.event_id.clone()).collect();
        self.note(RecordsChange::Replaced { seen: seen.clone(), next: next.clone(), announce });
        self.records.insert(key_of(&next), next);
    }

    fn announce(&mut self, announce: &[Outgoing], since: DateTime<Utc>) {
        for event in announce {
            self.outbox.insert(event.event_id.clone(), OutboxEvent { event: event.clone(), since });
        }
    }
}

fn key_of(record: &Record) -> RecordKey {
    (record.tenant.clone(), record.subject.clone())
}

/// A [`RecordStore`] in memory.
///
/// A flow gives its records rules of its own; the store keeps what the rules allow, once:
///
/// ```
/// # use chrono::{DateTime, Utc};
/// # use futures::executor::block_on;
/// use riffle_ports::{Changed, FlowState, PortError, Record, RecordStore, Subject, change};
/// use riffle_testkit::memory::MemoryRecords;
///
/// /// A job that can be finished once.
/// #[derive(Debug, Clone, PartialEq)]
/// struct Job(Record);
///
/// impl FlowState for Job {
///     type Change = ();
///     type Refused = &'static str;
///
///     fn from_record(record: &Record) -> Result<Self, PortError> {
///         Ok(Self(record.clone()))
///     }
///
///     fn to_record(&self) -> Record {
///         self.0.clone()
///     }
///
///     fn apply(&self, (): &(), now: DateTime<Utc>) -> Result<Self, &'static str> {
///         let (revision, state) = (self.0.revision + 1, "finished".to_owned());
///         let next = Record { revision, state, open: false, changed_at: now, ..self.0.clone() };
///         if self.0.open { Ok(Self(next)) } else { Err("it is finished") }
///     }
/// }
///
/// # let now = DateTime::<Utc>::UNIX_EPOCH;
/// # let (tenant, state, body, listed_by) = ("acme".to_owned(), "open".to_owned(), String::new(), Vec::new());
/// # let record = Record { subject: Subject::new("jobs", "1"), tenant, revision: 1, state, open: true, created_at: now,
/// #     changed_at: now, lease: None, attempts: 0, body, listed_by, expires_at: None };
/// let (store, job) = (MemoryRecords::default(), record.subject.clone());
/// block_on(async {
///     store.create(record, &[]).await?;
///     let finished = change::<Job>(&store, "acme", &job, &(), now, &[]).await?;
///     assert!(matches!(finished, Changed::Applied(_)));
///     let again = change::<Job>(&store, "acme", &job, &(), now, &[]).await?;
///     assert!(matches!(again, Changed::Refused(_, "it is finished")));
///     let foreign = change::<Job>(&store, "other", &job, &(), now, &[]).await?;
///     assert!(matches!(foreign, Changed::Missing));
///     # Ok::<(), PortError>(())
/// })
/// # .expect("memory does not fail");
/// ```
#[derive(Debug, Default)]
pub struct MemoryRecords {
    data: Mutex<RecordsData>,
}

impl MemoryRecords {
    /// Gives a test access to the data, to read or to manipulate them.
    pub fn inspect<T>(&self, look: impl FnOnce(&mut RecordsData) -> T) -> T {
        look(&mut lock(&self.data))
    }
}

#[async_trait]
impl RecordStore for MemoryRecords {
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError> {
        record.check_is_first()?;
        self.inspect(|data| {
            data.records.retain(|_, old| old.expires_at.is_none_or(|time| time >= record.created_at));
            let key = key_of(&record);
            if let Some(taken) = data.records.get(&key).cloned() {
                data.note(RecordsChange::Taken(key));
                return Ok(Some(taken));
            }
            data.note(RecordsChange::Created(key.clone()));
            data.announce(announce, record.changed_at);
            data.records.insert(key, record);
            Ok(None)
        })
    }

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        Ok(self.inspect(|data| data.records.get(&(tenant.to_owned(), subject.clone())).cloned()))
    }

    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError> {
        next.check_follows(seen)?;
        self.inspect(|data| {
            let key = key_of(&next);
            match data.records.get(&key).cloned() {
                None => Ok(Replaced::Missing),
                Some(current) if current.revision == seen.revision => {
                    data.put(&current, next, announce);
                    Ok(Replaced::Done)
                }
                Some(current) => {
                    data.note(RecordsChange::Conflict(key));
                    Ok(Replaced::Conflict(current))
                }
            }
        })
    }

    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        self.inspect(|data| {
            let is_listed = |record: &&Record| {
                record.tenant == tenant
                    && record.subject.flow == flow
                    && record.listed_by.iter().any(|of| of == list)
                    && after.is_none_or(|after| RecordCursor::from(*record) < *after)
            };
            let mut listed: Vec<Record> = data.records.values().filter(is_listed).cloned().collect();
            listed.sort_by_key(|record| Reverse(RecordCursor::from(record)));
            listed.truncate(limit as usize);
            Ok(listed)
        })
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        self.inspect(|data| {
            let is_old = |record: &&Record| {
                record.open
                    && record.subject.flow == flow
                    && record.state == state
                    && record.changed_at < before
            };
            Ok(data.records.values().filter(is_old).take(limit as usize).cloned().collect())
        })
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        self.inspect(|data| {
            let waiting = data.outbox.values().map(|waiting| &waiting.event);
            Ok(waiting.filter(|event| event.tenant == tenant && event.subject == *subject).cloned().collect())
        })
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        self.inspect(|data| {
            let old = data.outbox.values().filter(|waiting| waiting.since < before);
            let old = old.map(|waiting| &waiting.event).filter(|event| event.subject.flow == flow);
            Ok(old.take(limit as usize).cloned().collect())
        })
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        self.inspect(|data| {
            let there = events.iter().filter(|event| data.outbox.remove(&event.event_id).is_some()).count();
            let events = events.iter().map(|event| event.event_id.clone()).collect();
            data.note(RecordsChange::Announced { events, there });
            Ok(())
        })
    }
}
