//! The right to deletion: one call removes a file and everything derived from it alone.

use riffle_contracts::{DeletionRequested, Event, EventData, EventType, FileDeleted};
use riffle_ports::{Changed, Failure, FileId};

use crate::state::file::{FileChange, FileRecord, FileState};
use crate::state::file_details::FileDetails;
use crate::state::keys;
use crate::state::outbox::{event, outgoing};
use crate::{Statements, TRIES, contended};

impl Statements {
    /// Requests the deletion. From then on nothing new of the file is stored. Returns `false` if the tenant has no such
    /// file.
    pub async fn request_deletion(&self, tenant: &str, id: &FileId) -> Result<bool, Failure> {
        let now = self.clock.now();
        let data = EventData::DeletionRequested(DeletionRequested { tenant: tenant.to_owned() });
        let deletion_event = event(id, now, data, &[]);
        match self.change(tenant, id, FileChange::Delete, now, &[outgoing(&deletion_event)]).await? {
            Changed::Applied(file) => {
                // The request is stored; the sweep publishes the event if it cannot be published now.
                if let Err(failure) = self.announce(&file).await {
                    tracing::warn!(processing_id = id.0, %failure, "the event will be published later");
                }
                Ok(true)
            }
            Changed::Refused(..) | Changed::Superseded(_) => Ok(true),
            Changed::Missing => Ok(false),
        }
    }

    /// Deletes the file, as far as possible now. While a worker may still be writing, the sweep tries again later.
    pub(crate) async fn delete_all(&self, tenant: &str, id: &FileId) -> Result<(), Failure> {
        let Some(file) = self.file(tenant, id).await? else { return Ok(()) };
        match file.state {
            FileState::Deleting => {}
            FileState::Deleted => return self.announce(&file).await,
            _ => return Err(Failure::Reject(format!("the deletion of file {id} was not requested"))),
        }
        let Some(mut file) = self.note_touched(file).await? else { return Ok(()) };
        for part in 0..file.parts {
            let Some(keys) = self.part(tenant, id, part).await? else { continue };
            for batch in keys.chunks(self.transactions.batch().max(1)) {
                self.transactions.remove(tenant, id, batch).await?;
            }
        }
        // Remove the parts last: they name the rows to remove.
        self.remove_parts(&file).await?;
        if let Some(object) = &file.object {
            self.inbox.delete(object).await?;
        }
        self.remove_entries(tenant, id).await?;

        let mut asked = None;
        for _ in 0..TRIES {
            // The record will no longer state the accounts and days. Another process that removed the parts before this
            // one read them has noted them on the record, perhaps after this one read it.
            let touched = &file.findings.touched;
            if asked.as_ref() != Some(touched) {
                self.ask_for_figures(tenant, id, touched.clone(), "deleted").await?;
                asked = Some(touched.clone());
            }
            let now = self.clock.now();
            let deleted = FileDeleted { tenant: tenant.to_owned(), accounts: Vec::new() };
            let deletion_event = event(id, now, EventData::FileDeleted(deleted), &[]);
            match self.change_seen(&file, FileChange::Deleted, now, &[outgoing(&deletion_event)]).await? {
                Changed::Applied(file) => {
                    if let Err(failure) = self.announce(&file).await {
                        tracing::warn!(processing_id = id.0, %failure, "the event will be published later");
                    }
                    return Ok(());
                }
                Changed::Superseded(changed) => file = changed,
                // The last worker may still be running: the sweep tries again when the lease has ended.
                Changed::Refused(..) | Changed::Missing => return Ok(()),
            }
        }
        Err(contended())
    }

    /// Removes the parts left by a worker that held the file when it was deleted and crashed before removing them.
    pub(crate) async fn settle(&self, file: &FileRecord) -> Result<(), Failure> {
        self.remove_parts(file).await?;
        // A refusal means that another sweep was faster.
        self.change_from(file, FileChange::Settled, self.clock.now()).await?;
        Ok(())
    }

    /// Removes the lists of the file's transaction keys. A missing one is not an error.
    pub(crate) async fn remove_parts(&self, file: &FileRecord) -> Result<(), Failure> {
        for part in 0..file.parts {
            self.objects.delete(&keys::part(&file.tenant, &file.id, part)).await?;
        }
        Ok(())
    }

    /// Records which days of which accounts the deletion affects, before removing the parts that name them. `None`: the
    /// file is gone.
    async fn note_touched(&self, mut file: FileRecord) -> Result<Option<FileRecord>, Failure> {
        for _ in 0..TRIES {
            if file.state != FileState::Deleting {
                return Ok(None);
            }
            let touched = self.touched_by(&file).await?;
            if touched == file.findings.touched {
                return Ok(Some(file));
            }
            let note = FileChange::Note { findings: FileDetails { touched, ..file.findings.clone() } };
            match self.change_seen(&file, note, self.clock.now(), &[]).await? {
                Changed::Applied(file) => return Ok(Some(file)),
                Changed::Refused(changed, _) | Changed::Superseded(changed) => file = changed,
                Changed::Missing => return Ok(None),
            }
        }
        Err(contended())
    }
}

/// Returns whether an event stays in the audit trail after its file is deleted: only that of the deletion does.
pub(crate) fn outlives(event: &Event) -> bool {
    event.event_type() == EventType::FileDeleted
}
