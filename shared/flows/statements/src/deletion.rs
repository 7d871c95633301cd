//! The right to deletion: a file and all that came of it alone is removed, by one call.

use riffle_contracts::{DeletionRequested, Event, EventData, EventType, FileDeleted};
use riffle_ports::{Changed, Failure, FileId};

use crate::state::file::{File, FileChange, FileState};
use crate::state::file_details::FileDetails;
use crate::state::keys;
use crate::state::outbox::{event, outgoing};
use crate::{Statements, TRIES, contended};

impl Statements {
    /// Asks for it: from here on nothing of the file can come to be. `false`: the tenant has no such file.
    pub async fn request_deletion(&self, tenant: &str, id: &FileId) -> Result<bool, Failure> {
        let now = self.clock.now();
        let data = EventData::DeletionRequested(DeletionRequested { tenant: tenant.to_owned() });
        let told = event(id, now, data, &[]);
        match self.change(tenant, id, FileChange::Delete, now, &[outgoing(&told)]).await? {
            Changed::Applied(file) => {
                // It is asked for; what cannot be told now the sweep tells.
                if let Err(failure) = self.announce(&file).await {
                    tracing::warn!(processing_id = id.0, %failure, "announced later");
                }
                Ok(true)
            }
            Changed::Refused(..) | Changed::Superseded(_) => Ok(true),
            Changed::Missing => Ok(false),
        }
    }

    /// Does it, as far as can be done now: while somebody may still be writing, the sweep comes again.
    pub(crate) async fn delete_all(&self, tenant: &str, id: &FileId) -> Result<(), Failure> {
        let Some(file) = self.file(tenant, id).await? else { return Ok(()) };
        match file.state {
            FileState::Deleting => {}
            FileState::Deleted => return self.announce(&file).await,
            _ => return Err(Failure::Reject(format!("nobody asked for the deletion of file {id}"))),
        }
        let Some(mut file) = self.note_touched(file).await? else { return Ok(()) };
        for part in 0..file.parts {
            let Some(keys) = self.part(tenant, id, part).await? else { continue };
            for batch in keys.chunks(self.transactions.batch().max(1)) {
                self.transactions.remove(tenant, id, batch).await?;
            }
        }
        // Only now: they say what is to be removed.
        self.remove_parts(&file).await?;
        if let Some(object) = &file.object {
            self.inbox.delete(object).await?;
        }
        self.forget(tenant, id).await?;

        let mut asked = None;
        for _ in 0..TRIES {
            // The record forgets where they were. Who removed the parts before they were looked for here has noted it,
            // maybe after the record was read here.
            let touched = &file.findings.touched;
            if asked.as_ref() != Some(touched) {
                self.ask_for_figures(tenant, id, touched.clone(), "deleted").await?;
                asked = Some(touched.clone());
            }
            let now = self.clock.now();
            let deleted = FileDeleted { tenant: tenant.to_owned(), accounts: Vec::new() };
            let told = event(id, now, EventData::FileDeleted(deleted), &[]);
            match self.change_seen(&file, FileChange::Deleted, now, &[outgoing(&told)]).await? {
                Changed::Applied(file) => {
                    if let Err(failure) = self.announce(&file).await {
                        tracing::warn!(processing_id = id.0, %failure, "announced later");
                    }
                    return Ok(());
                }
                Changed::Superseded(changed) => file = changed,
                // Its last worker may still live: the sweep comes again when the lease has ended.
                Changed::Refused(..) | Changed::Missing => return Ok(()),
            }
        }
        Err(contended())
    }

    /// Removes what was left behind by somebody who was at work on it when it went, and did not live to do so.
    pub(crate) async fn settle(&self, file: &File) -> Result<(), Failure> {
        self.remove_parts(file).await?;
        // Refused: another sweep was faster.
        self.change_from(file, FileChange::Settled, self.clock.now()).await?;
        Ok(())
    }

    /// Which transactions a file shows is forgotten. What is gone already is no error.
    pub(crate) async fn remove_parts(&self, file: &File) -> Result<(), Failure> {
        for part in 0..file.parts {
            self.objects.delete(&keys::part(&file.tenant, &file.id, part)).await?;
        }
        Ok(())
    }

    /// Writes on the record which days of which accounts will have changed, before what tells them is removed.
    /// `None`: it is gone.
    async fn note_touched(&self, mut file: File) -> Result<Option<File>, Failure> {
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

/// Whether an event tells of a file that may leave nothing behind but that it was deleted.
pub(crate) fn outlives(event: &Event) -> bool {
    event.event_type() == EventType::FileDeleted
}
