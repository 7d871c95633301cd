//! The record store as handlers see it in a simulated run, for all flows.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject};

use super::control::Control;
use super::faults::Fault;
use super::faulty::{Faulty, reads, writes};

/// What a flow calls a replacement of a record, such as `records.begin`. Each is a kind of call of its own, so that a
/// fault at one can be told from one at another.
pub type NameReplacement = fn(seen: &Record, next: &Record, announce: &[Outgoing]) -> &'static str;

/// A [`RecordStore`] with a judge in front of it.
#[derive(Debug)]
pub struct FaultyRecords {
    faulty: Faulty<dyn RecordStore>,
    name: NameReplacement,
}

impl FaultyRecords {
    pub fn new(inner: Arc<dyn RecordStore>, control: Arc<Control>, name: NameReplacement) -> Self {
        Self { faulty: Faulty::new(inner, control), name }
    }

    /// An index that lags does not show what is new. It lags as often as calls are throttled: both are the store
    /// under load.
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
        let told = ids_of(announce);
        let detail = || format!("{subject} {revision} {state} {lease:?} {body}, to announce: {told}");
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
