// page: flow
//! Notes: their records, and the work of the stages.

mod events;
mod stages;
mod state;

use std::sync::Arc;

use riffle_ports::{Clock, EventPublisher, Failure, FlowState as _, Inbox, Outgoing, RecordStore};

pub use events::NoteEvent;
pub use stages::note_receiver::{note_id, object};
pub use state::{NotChanged, Note, NoteChange, NoteState, subject};

/// The flow with its ports.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Notes {
    pub records: Arc<dyn RecordStore>,
    pub events: Arc<dyn EventPublisher>,
    pub inbox: Arc<dyn Inbox>,
    pub clock: Arc<dyn Clock>,
}

impl Notes {
    /// Returns a note; `None` if the tenant has no such note.
    pub async fn note(&self, tenant: &str, id: &str) -> Result<Option<Note>, Failure> {
        let record = self.records.get(tenant, &subject(id)).await?;
        Ok(record.as_ref().map(Note::from_record).transpose()?)
    }

    /// Publishes events of the outbox, and removes those that the bus accepted. The sweep publishes the others.
    async fn announce(&self, pending: &[Outgoing]) -> Result<(), Failure> {
        if pending.is_empty() {
            return Ok(());
        }
        let refused = self.events.publish(pending).await?;
        let accepted = pending.iter().enumerate().filter(|(nth, _)| !refused.contains(nth));
        let accepted: Vec<Outgoing> = accepted.map(|(_, event)| event.clone()).collect();
        self.records.announced(&accepted).await?;
        if refused.is_empty() {
            return Ok(());
        }
        Err(Failure::Retry(format!("the bus did not accept {} events", refused.len())))
    }
}
// page: end
