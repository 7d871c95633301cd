//! The audit consumer: every event, once, for as long as its file is there.

use riffle_contracts::{Event, EventType};
use riffle_ports::{AuditEntry, Failure, FileId, Subject};

use crate::Statements;
use crate::deletion::outlives;
use crate::state::file::FLOW;
use crate::state::ids::event_id;

impl Statements {
    pub async fn note_event(&self, event: &Event) -> Result<(), Failure> {
        let tenant = event.data.tenant();
        let id = FileId(event.processing_id.clone());
        if outlives(event) {
            self.audit.append(entry(event)).await?;
            // Of who came late, and did not live to take it back.
            return self.forget(tenant, &id).await;
        }
        // Asked on both sides: before, so that nothing is added of what is going; after, since whoever deletes says
        // so first and forgets then, and what was added in between is forgotten here.
        if !self.is_going(tenant, &id).await? {
            self.audit.append(entry(event)).await?;
            if !self.is_going(tenant, &id).await? {
                return Ok(());
            }
        }
        self.forget(tenant, &id).await
    }

    async fn is_going(&self, tenant: &str, id: &FileId) -> Result<bool, Failure> {
        Ok(self.file(tenant, id).await?.is_some_and(|file| file.is_going()))
    }

    /// All of a file but that it was deleted.
    pub(crate) async fn forget(&self, tenant: &str, id: &FileId) -> Result<(), Failure> {
        let deleted = event_id(id, EventType::FileDeleted, &[]);
        Ok(self.audit.forget(tenant, &id.subject(), &[deleted]).await?)
    }
}

pub(crate) fn entry(event: &Event) -> AuditEntry {
    AuditEntry {
        tenant: event.data.tenant().to_owned(),
        subject: Subject::new(FLOW, event.processing_id.as_str()),
        event_id: event.event_id.clone(),
        event_type: event.event_type().as_str().to_owned(),
        at: event.timestamp,
        event: serde_json::to_string(event).expect("events are plain data"),
    }
}
