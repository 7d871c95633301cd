//! The record store of all flows, as handlers see it in a simulated run.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject};

use super::control::Control;
use super::faults::Fault;
use super::faulty::{Faulty, reads, writes};

/// The flow's name for a replacement of a record, such as `records.begin`. Each name is a kind of call of its own, so
/// that faults can be injected and counted per kind.
pub type NameReplacement = fn(seen: &Record, next: &Record, announce: &[Outgoing]) -> &'static str;

/// A [`RecordStore`] whose calls the [`Control`] schedules and may fail.
#[derive(Debug)]
pub struct FaultyRecords {
    faulty: Faulty<dyn RecordStore>,
    name: NameReplacement,
}

impl FaultyRecords {
    pub fn new(inner: Arc<dyn RecordStore>, control: Arc<Control>, name: NameReplacement) -> Self {
        Self { faulty: Faulty::new(inner, control), name }
    }

    /// Returns the entries that a lagging index shows: the last ones may be missing. The index lags as often as calls
    /// are throttled, because both mean that the store is under load.
    fn lagging<T>(&self, fault: Option<Fault>, mut fresh: Vec<T>) -> Vec<T> {
        if fault == Some(Fault::Throttled) && !fresh.is_empty() {
            let left = self.faulty.control.draw(|rng| rng.below(fresh.len()));
            self.faulty.control.sometimes("a sweep reads an index that lags");
            fresh.truncate(left);
        }
        fresh
    }
}

pub(super) fn ids_of(events: &[Outgoing]) -> String {
    let named = events.iter().map(|event| format!("{} {}", event.event_type, event.event_id));
    named.collect::<Vec<_>>().join(", ")
}

#[async_trait]
impl RecordStore for FaultyRecords {
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError> {
        let Faulty { control, inner, .. } = &self.faulty;
        let detail = || format!("{}, to announce: {}", record.subject, ids_of(announce));
        let effect = || inner.create(record.clone(), announce);
        control.call(writes("records.create"), detail, effect).await
    }

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        let Faulty { control, inner, .. } = &self.faulty;
        let point = reads("records.get");
        let fault = control.arrive(point, || subject.to_string()).await;
        control.perform(point, fault, || inner.get(tenant, subject)).await
    }

    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError> {
        let Faulty { control, inner, .. } = &self.faulty;
        let Record { subject, revision, state, lease, body, .. } = &next;
        let ids = ids_of(announce);
        let detail = || format!("{subject} {revision} {state} {lease:?} {body}, to announce: {ids}");
        let point = writes((self.name)(seen, &next, announce));
        control.call(point, detail, || inner.replace(seen, next.clone(), announce)).await
    }

    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        let Faulty { control, inner, .. } = &self.faulty;
        let point = reads("records.list");
        let fault = control.arrive(point, || format!("{flow} {list}")).await;
        control.perform(point, fault, || inner.list(flow, tenant, list, after, limit)).await
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        let Faulty { control, inner, .. } = &self.faulty;
        let point = reads("records.open_before");
        let fault = control.arrive(point, || format!("{flow} {state} {before}")).await;
        let fresh = control.perform(point, fault, || inner.open_before(flow, state, before, limit)).await?;
        Ok(self.lagging(fault, fresh))
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        let Faulty { control, inner, .. } = &self.faulty;
        let point = reads("records.outbox_of");
        let fault = control.arrive(point, || subject.to_string()).await;
        control.perform(point, fault, || inner.outbox_of(tenant, subject)).await
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        let Faulty { control, inner, .. } = &self.faulty;
        let point = reads("records.outbox");
        let fault = control.arrive(point, || format!("{flow} {before}")).await;
        let fresh = control.perform(point, fault, || inner.outbox(flow, before, limit)).await?;
        Ok(self.lagging(fault, fresh))
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        let Faulty { control, inner, .. } = &self.faulty;
        control.call(writes("records.announced"), || ids_of(events), || inner.announced(events)).await
    }
}
