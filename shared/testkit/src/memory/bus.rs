//! The event bus, in memory: it keeps what it was told, and tells every consumer whose rule fits.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_contracts::{BusEvent, Consumer, EVENT_SOURCE, Event, EventType};
use riffle_ports::{Clock, EventPublisher, Message, Outgoing, PortError, WorkQueue};

use super::{MemoryQueue, Stage, lock};

/// An [`EventPublisher`] that leads to the queues of the consumers, and its archive.
///
/// The archive is one from which nothing can be removed: the harder kind.
pub struct MemoryBus {
    clock: Arc<dyn Clock>,
    queue: Arc<MemoryQueue>,
    archive: Mutex<Vec<BusEvent>>,
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

    /// All that was ever published, oldest first.
    pub fn archive(&self) -> Vec<BusEvent> {
        lock(&self.archive).clone()
    }

    /// What was published after the first `seen`.
    pub fn published_since(&self, seen: usize) -> Vec<BusEvent> {
        lock(&self.archive).get(seen..).unwrap_or_default().to_vec()
    }

    /// How much was ever published.
    pub fn published(&self) -> usize {
        lock(&self.archive).len()
    }

    /// The bus tells of the `nth` event once more, as at-least-once delivery allows.
    pub async fn repeat(&self, nth: usize) -> Result<(), PortError> {
        let Some(event) = lock(&self.archive).get(nth).cloned() else { return Ok(()) };
        self.tell_all(&event).await
    }

    /// Sends what was published from `from` up to but not including `to` to one consumer again, marked with `name`:
    /// the events of `types` that it listens to. How many it were.
    pub async fn replay(
        &self,
        name: &str,
        consumer: Consumer,
        types: &[EventType],
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<usize, PortError> {
        let fits = |event: &&BusEvent| {
            let kind = event.detail.event_type();
            from <= event.time && event.time < to && types.contains(&kind) && listens(consumer, kind)
        };
        let archived: Vec<BusEvent> = lock(&self.archive).iter().filter(fits).cloned().collect();
        for mut event in archived.iter().cloned() {
            event.replay_name = Some(name.to_owned());
            self.tell(consumer, &event).await?;
        }
        Ok(archived.len())
    }

    async fn tell_all(&self, event: &BusEvent) -> Result<(), PortError> {
        let kind = event.detail.event_type();
        for consumer in Consumer::ALL.into_iter().filter(|consumer| listens(*consumer, kind)) {
            self.tell(consumer, event).await?;
        }
        Ok(())
    }

    async fn tell(&self, consumer: Consumer, event: &BusEvent) -> Result<(), PortError> {
        let body = serde_json::to_string(event).map_err(|error| PortError::Broken(error.to_string()))?;
        let message = Message { group: event.detail.processing_id.clone(), body };
        self.queue.send(Stage::Consumer(consumer).queue(), &[message]).await.map(drop)
    }
}

fn listens(consumer: Consumer, kind: EventType) -> bool {
    consumer.listens_to().contains(&kind)
}

#[async_trait]
impl EventPublisher for MemoryBus {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        for outgoing in events {
            let detail: Event = serde_json::from_str(&outgoing.detail)
                .map_err(|error| PortError::Broken(format!("{} is no event: {error}", outgoing.event_id)))?;
            let event = BusEvent {
                id: format!("bus-{}", lock(&self.archive).len()),
                detail_type: outgoing.event_type.clone(),
                source: EVENT_SOURCE.to_owned(),
                time: self.clock.now(),
                replay_name: None,
                detail,
            };
            lock(&self.archive).push(event.clone());
            self.tell_all(&event).await?;
        }
        Ok(Vec::new())
    }
}
