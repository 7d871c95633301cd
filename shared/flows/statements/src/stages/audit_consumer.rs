//! The audit consumer: stores every event once, for as long as its file exists.

use riffle_contracts::{Event, EventType};
use riffle_ports::{AuditEntry, Failure, FileId, Subject};

use crate::Statements;
use crate::deletion::outlives;
use crate::state::file::FLOW;
use crate::state::ids::event_id;

impl Statements {
    pub async fn store_event(&self, event: &Event) -> Result<(), Failure> {
        let tenant = event.data.tenant();
        let id = FileId(event.processing_id.clone());
        if outlives(event) {
            self.audit.append(entry(event)).await?;
            // Another consumer may have added an entry after the deletion and crashed; remove that too.
            return self.remove_entries(tenant, &id).await;
        }
        // Check before and after. Before, so that nothing is added to a file that is being deleted. After, because a
        // deletion changes the file's state first and removes its entries later: an entry added in between is removed
        // here.
        if !self.is_being_deleted(tenant, &id).await? {
            self.audit.append(entry(event)).await?;
            if !self.is_being_deleted(tenant, &id).await? {
                return Ok(());
            }
        }
        self.remove_entries(tenant, &id).await
    }

    async fn is_being_deleted(&self, tenant: &str, id: &FileId) -> Result<bool, Failure> {
        Ok(self.file(tenant, id).await?.is_some_and(|file| file.is_going()))
    }

    /// Removes all entries of a file except that of its deletion.
    pub(crate) async fn remove_entries(&self, tenant: &str, id: &FileId) -> Result<(), Failure> {
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
