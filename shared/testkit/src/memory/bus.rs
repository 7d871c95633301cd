//! The event bus in memory: it archives every published event and sends it to each consumer whose rule matches.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_contracts::{BusEvent, EVENT_SOURCE};
use riffle_ports::{Clock, EventPublisher, Message, Outgoing, PortError, WorkQueue};
use riffle_topology::Consumed;
use serde_json::{Value, json};

use super::{MemoryQueue, lock};

/// An [`EventPublisher`] that sends to the queues of the consumers, together with its archive.
///
/// Nothing can be removed from the archive, which is the stricter case for the code under test.
pub struct MemoryBus {
    clock: Arc<dyn Clock>,
    queue: Arc<MemoryQueue>,
    archive: Mutex<Vec<Archived>>,
}

/// A published event. Like the rules of a bus, it exposes only the flow and the type of an event.
#[derive(Clone)]
struct Archived {
    flow: String,
    event_type: String,
    group: String,
    time: DateTime<Utc>,
    /// The body that consumers receive.
    body: String,
    /// The event in the form that the statements flow reads, if it is an event of that flow.
    event: Option<BusEvent>,
}

impl std::fmt::Debug for MemoryBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryBus").finish_non_exhaustive()
    }
}

impl MemoryBus {
    pub fn new(clock: Arc<dyn Clock>, queue: Arc<MemoryQueue>) -> Self {
        Self { clock, queue, archive: Mutex::default() }
    }

    /// Returns all published events of the statements flow, oldest first.
    pub fn archive(&self) -> Vec<BusEvent> {
        self.published_since(0)
    }

    /// Returns the events of the statements flow published after the first `seen` events of any flow.
    pub fn published_since(&self, seen: usize) -> Vec<BusEvent> {
        let archive = lock(&self.archive);
        let since = archive.get(seen..).unwrap_or_default();
        since.iter().filter_map(|archived| archived.event.clone()).collect()
    }

    /// Returns the number of events published so far, of all flows.
    pub fn published(&self) -> usize {
        lock(&self.archive).len()
    }

    /// Delivers the `nth` event once more, as at-least-once delivery allows.
    pub async fn repeat(&self, nth: usize) -> Result<(), PortError> {
        let Some(event) = lock(&self.archive).get(nth).cloned() else { return Ok(()) };
        self.deliver_to_all(&event).await
    }

    /// Sends the archived events from `from` up to but not including `to` that `consumer` listens to, to that consumer
    /// only, marked with the replay name `name`. Returns their number.
    pub async fn replay(
        &self,
        name: &str,
        consumer: &Consumed,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<usize, PortError> {
        let fits = |event: &&Archived| {
            from <= event.time && event.time < to && consumer.listens_to(&event.flow, &event.event_type)
        };
        let archived: Vec<Archived> = lock(&self.archive).iter().filter(fits).cloned().collect();
        for event in &archived {
            let mut body: Value = serde_json::from_str(&event.body).map_err(broken)?;
            body["replay-name"] = name.into();
            self.deliver(consumer, event, body.to_string()).await?;
        }
        Ok(archived.len())
    }

    async fn deliver_to_all(&self, event: &Archived) -> Result<(), PortError> {
        for consumer in self.queue.topology().listeners(&event.flow, &event.event_type) {
            self.deliver(&consumer, event, event.body.clone()).await?;
        }
        Ok(())
    }

    async fn deliver(&self, consumer: &Consumed, event: &Archived, body: String) -> Result<(), PortError> {
        let message = Message { group: event.group.clone(), body };
        self.queue.send(consumer.queue.name, &[message]).await.map(drop)
    }

    fn archived(&self, outgoing: &Outgoing) -> Result<Archived, PortError> {
        let detail: Value = serde_json::from_str(&outgoing.detail).map_err(broken)?;
        let flow = detail["flow"].as_str().unwrap_or_default().to_owned();
        let time = self.clock.now();
        let body = json!({
            "id": format!("bus-{}", self.published()),
            "detail-type": outgoing.event_type,
            "source": EVENT_SOURCE,
            "time": time,
            "detail": detail,
        })
        .to_string();
        Ok(Archived {
            flow,
            event_type: outgoing.event_type.clone(),
            group: outgoing.subject.id.clone(),
            time,
            event: serde_json::from_str(&body).ok(),
            body,
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err passes the error by value")]
fn broken(error: serde_json::Error) -> PortError {
    PortError::Broken(format!("no event: {error}"))
}

#[async_trait]
impl EventPublisher for MemoryBus {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        for outgoing in events {
            let event = self.archived(outgoing)?;
            lock(&self.archive).push(event.clone());
            self.deliver_to_all(&event).await?;
        }
        Ok(Vec::new())
    }
}
