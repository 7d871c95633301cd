//! Record stores that write a record and its events apart, or in two steps.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject};

use super::super::record_store;
use super::{assert_noticed, give_way, run};
use crate::memory::{MemoryRecords, OutboxEvent, SeededIds};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordFault {
    None,
    CreateIsTwoSteps,
    /// The outbox is written even if the record exists already.
    EventsBeforeCreation,
    ReplaceIsTwoSteps,
    /// The outbox is written even if the record has changed meanwhile.
    EventsBeforeReplacement,
}

struct FaultyRecords {
    inner: MemoryRecords,
    fault: RecordFault,
}

impl FaultyRecords {
    fn new(fault: RecordFault) -> Self {
        Self { inner: MemoryRecords::default(), fault }
    }

    fn insert(&self, record: Record) {
        let key = (record.tenant.clone(), record.subject.clone());
        self.inner.inspect(|books| books.records.insert(key, record));
    }

    fn insert_events(&self, announce: &[Outgoing], since: DateTime<Utc>) {
        self.inner.inspect(|books| {
            for event in announce {
                books.outbox.insert(event.event_id.clone(), OutboxEvent { event: event.clone(), since });
            }
        });
    }
}

#[async_trait]
impl RecordStore for FaultyRecords {
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError> {
        if self.fault == RecordFault::CreateIsTwoSteps {
            let taken = self.inner.get(&record.tenant, &record.subject).await?;
            give_way().await;
            if taken.is_some() {
                return Ok(taken);
            }
            self.insert_events(announce, record.changed_at);
            self.insert(record);
            return Ok(None);
        }
        if self.fault == RecordFault::EventsBeforeCreation {
            self.insert_events(announce, record.changed_at);
        }
        self.inner.create(record, announce).await
    }

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        self.inner.get(tenant, subject).await
    }

    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError> {
        if self.fault == RecordFault::ReplaceIsTwoSteps {
            let current = self.inner.get(&next.tenant, &next.subject).await?;
            give_way().await;
            if current.is_some_and(|current| current.revision == seen.revision) {
                self.insert_events(announce, next.changed_at);
                self.insert(next);
                return Ok(Replaced::Done);
            }
        }
        if self.fault == RecordFault::EventsBeforeReplacement {
            self.insert_events(announce, next.changed_at);
        }
        self.inner.replace(seen, next, announce).await
    }

    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        self.inner.list(flow, tenant, list, after, limit).await
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        self.inner.open_before(flow, state, before, limit).await
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        self.inner.outbox_of(tenant, subject).await
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        self.inner.outbox(flow, before, limit).await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        self.inner.announced(events).await
    }
}

#[test]
fn every_record_store_that_is_not_atomic_is_noticed() {
    run(record_store(&FaultyRecords::new(RecordFault::None), &SeededIds::new(1)));
    for fault in [
        RecordFault::CreateIsTwoSteps,
        RecordFault::EventsBeforeCreation,
        RecordFault::ReplaceIsTwoSteps,
        RecordFault::EventsBeforeReplacement,
    ] {
        assert_noticed(fault, record_store(&FaultyRecords::new(fault), &SeededIds::new(1)));
    }
}
