//! Publishing of events: each is stored with the change it reports, then published, then removed from the outbox.

use chrono::{DateTime, Utc};
use riffle_contracts::{EVENT_VERSION, Event, EventData, EventType, FlowOf};
use riffle_ports::{Failure, FileId, Outgoing, Subject};

use crate::state::file::{FLOW, FileRecord};
use crate::state::ids::event_id;
use crate::{Statements, metrics};

/// Returns an event of `file` with a deterministic id.
pub(crate) fn event(file: &FileId, at: DateTime<Utc>, data: EventData, about: &[&str]) -> Event {
    Event {
        event_id: event_id(file, data.event_type(), about),
        version: EVENT_VERSION,
        flow: FlowOf::default(),
        timestamp: at,
        processing_id: file.0.clone(),
        correlation_id: event_id(file, EventType::FileUploaded, &[]),
        data,
    }
}

pub(crate) fn outgoing(event: &Event) -> Outgoing {
    Outgoing {
        event_id: event.event_id.clone(),
        event_type: event.event_type().as_str().to_owned(),
        tenant: event.data.tenant().to_owned(),
        subject: Subject::new(FLOW, event.processing_id.as_str()),
        at: event.timestamp,
        detail: serde_json::to_string(event).expect("events are plain data"),
    }
}

impl Statements {
    /// Publishes all of `events` without the outbox.
    pub(crate) async fn publish(&self, events: &[Outgoing]) -> Result<(), Failure> {
        if events.is_empty() {
            return Ok(());
        }
        let begun = self.clock.now();
        let refused = self.events.publish(events).await?;
        let accepted = events.len() - refused.len();
        metrics::published(accepted as u64, milliseconds(self.clock.now() - begun));
        match refused.first() {
            None => Ok(()),
            Some(first) => Err(Failure::Retry(format!(
                "the bus did not accept {} of {} events, the first of them {}",
                refused.len(),
                events.len(),
                events[*first].event_type
            ))),
        }
    }

    /// Publishes the events of `file` that are in the outbox. Events that cannot be published now stay there for the
    /// sweep.
    pub(crate) async fn announce(&self, file: &FileRecord) -> Result<(), Failure> {
        let pending = self.records.outbox_of(&file.tenant, &file.id.subject()).await?;
        self.announce_all(&pending).await
    }

    /// Publishes these events of the outbox and removes them from it.
    pub(crate) async fn announce_all(&self, pending: &[Outgoing]) -> Result<(), Failure> {
        if pending.is_empty() {
            return Ok(());
        }
        let begun = self.clock.now();
        let refused = self.events.publish(pending).await?;
        let accepted: Vec<Outgoing> = pending
            .iter()
            .enumerate()
            .filter(|(position, _)| !refused.contains(position))
            .map(|(_, event)| event.clone())
            .collect();
        metrics::published(accepted.len() as u64, milliseconds(self.clock.now() - begun));
        self.records.announced(&accepted).await?;
        if refused.is_empty() {
            return Ok(());
        }
        Err(Failure::Retry(format!(
            "the bus did not accept {} events; they stay in the outbox",
            refused.len()
        )))
    }
}

pub(crate) fn milliseconds(time: chrono::TimeDelta) -> u64 {
    u64::try_from(time.num_milliseconds()).unwrap_or_default()
}
