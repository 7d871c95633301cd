//! The audit consumer: every event, once, for as long as its file is there.

use riffle_contracts::{Event, EventType};
use riffle_ports::{AuditEntry, Failure, FileId, FileState};

use crate::Ingest;
use crate::deletion::outlives;
use crate::ids::event_id;

impl Ingest {
    pub async fn note_event(&self, event: &Event) -> Result<(), Failure> {
        let tenant = event.data.tenant();
        let id = FileId(event.processing_id.clone());
        self.audit.append(entry(event)).await?;
        if outlives(event) {
            return Ok(());
        }
        // In this order: whoever deletes first says so, then forgets. What came late is forgotten here.
        let file = self.files.file(tenant, &id).await?;
        if file.is_some_and(|file| matches!(file.state, FileState::Deleting | FileState::Deleted)) {
            let deleted = event_id(&id, EventType::FileDeleted, &[]);
            self.audit.forget(tenant, &id, &[deleted]).await?;
        }
        Ok(())
    }
}

pub(crate) fn entry(event: &Event) -> AuditEntry {
    AuditEntry {
        tenant: event.data.tenant().to_owned(),
        file: FileId(event.processing_id.clone()),
        event_id: event.event_id.clone(),
        event_type: event.event_type().as_str().to_owned(),
        at: event.timestamp,
        event: serde_json::to_string(event).expect("events are plain data"),
    }
}
