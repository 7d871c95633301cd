//! Buses and queues without one of their guarantees.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_contracts::{Event, EventType};
use riffle_ports::{EventPublisher, Message, Outgoing, PortError, WorkQueue};
use riffle_testkit::memory::MemoryBus;
use riffle_testkit::simulator::Control;
use riffle_topology::statements::FIGURES;

use super::StatementsMutant;
use super::mutant_stores::MutantStores;

/// A bus that behaves as in a bad protocol.
pub(super) struct MutantBus {
    pub mutant: StatementsMutant,
    pub mutant_stores: Arc<MutantStores>,
    pub bus: Arc<MemoryBus>,
    pub control: Arc<Control>,
}

/// Returns the same event with another id.
pub(super) fn renamed(event: &Outgoing, id: String) -> Outgoing {
    let mut event = event.clone();
    if let Ok(mut detail) = serde_json::from_str::<Event>(&event.detail) {
        detail.event_id.clone_from(&id);
        event.detail = serde_json::to_string(&detail).expect("events are plain data");
    }
    Outgoing { event_id: id, ..event }
}

#[async_trait]
impl EventPublisher for MutantBus {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        if self.mutant == StatementsMutant::RandomEventIds {
            let rename = |event: &Outgoing| {
                renamed(event, self.control.draw(|rng| format!("{:016x}{:016x}", rng.next(), rng.next())))
            };
            let events: Vec<Outgoing> = events.iter().map(rename).collect();
            return self.bus.publish(&events).await;
        }
        let refused = self.bus.publish(events).await?;
        let categorized = EventType::TransactionsCategorized.as_str();
        if self.mutant == StatementsMutant::CategoriesAfterTelling
            && events.iter().any(|event| event.event_type == categorized)
        {
            self.mutant_stores.write_held_categories().await?;
        }
        Ok(refused)
    }
}

/// A bus whose refusals are ignored.
pub(super) struct Trusting(pub Arc<dyn EventPublisher>);

#[async_trait]
impl EventPublisher for Trusting {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        self.0.publish(events).await.map(|_| Vec::new())
    }
}

/// Queues that drop requests for figures sent without the bus.
pub(super) struct WithoutFigures(pub Arc<dyn WorkQueue>);

#[async_trait]
impl WorkQueue for WithoutFigures {
    async fn send(&self, queue: &str, messages: &[Message]) -> Result<Vec<usize>, PortError> {
        if queue == FIGURES { Ok(Vec::new()) } else { self.0.send(queue, messages).await }
    }
}
