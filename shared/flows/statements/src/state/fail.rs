//! Files that failed too often or were never processed: marks them as failed and has the affected figures derived
//! again.

use riffle_contracts::{AccountPeriod, Event, EventData, TransactionsCategorized};
use riffle_ports::{Changed, Failure, FileId};
use riffle_topology::statements::PROCESSOR;

use crate::state::file::{FileChange, FileRecord, FileState};
use crate::state::file_details::{FileDetails, short, widen};
use crate::state::outbox::{event, outgoing};
use crate::{Statements, TRIES, contended};

/// The result of giving up a file.
pub(crate) enum GivenUp {
    Marked,
    /// There was nothing to give up: the file is done or gone.
    Done,
    /// The file has changed since it was read, and nothing was done.
    Changed(Box<FileRecord>),
}

impl Statements {
    /// Handles the failure of a last delivery: marks the file as failed and stores the event, both in one write.
    /// Returns `false` if the failure loses nothing, because another worker has finished the file or it is gone.
    pub(crate) async fn fail(&self, event: &Event, failure: &Failure) -> Result<bool, Failure> {
        let tenant = event.data.tenant();
        let id = FileId(event.processing_id.clone());
        let Some(mut file) = self.file(tenant, &id).await? else {
            self.publish_failure(tenant, &id, PROCESSOR, &event.event_id, failure).await;
            return Ok(true);
        };
        let reason = failure.to_string();
        for _ in 0..TRIES {
            match self.give_up(&file, &event.event_id, &reason).await? {
                GivenUp::Marked => return Ok(true),
                GivenUp::Done => return Ok(false),
                GivenUp::Changed(changed) => file = *changed,
            }
        }
        Err(contended())
    }

    /// Marks `file` as failed and publishes it. A file that is done or gone stays so.
    pub(crate) async fn give_up(
        &self,
        file: &FileRecord,
        about: &str,
        reason: &str,
    ) -> Result<GivenUp, Failure> {
        let mut file = file.clone();
        // Release the lease first, so that the old worker can store nothing more.
        if file.state == FileState::Processing
            && let Some(lease) = &file.lease
        {
            let release = FileChange::Release { token: lease.token.clone() };
            match self.change_from(&file, release, self.clock.now()).await? {
                Changed::Applied(released) => file = released,
                Changed::Refused(changed, _) | Changed::Superseded(changed) => {
                    return Ok(GivenUp::Changed(Box::new(changed)));
                }
                Changed::Missing => return Ok(GivenUp::Done),
            }
        }
        let error_event = self.error_event(&file.tenant, &file.id, PROCESSOR, about, reason);
        let mut announce = vec![outgoing(&error_event)];
        let touched = self.touched_by(&file).await?;
        announce.extend(self.derive_again(&file, &touched, "failed").as_ref().map(outgoing));
        let findings = FileDetails { reason: Some(short(reason)), touched, ..file.findings.clone() };
        match self.change_seen(&file, FileChange::Fail { findings }, self.clock.now(), &announce).await? {
            Changed::Applied(file) => self.announce(&file).await.map(|()| GivenUp::Marked),
            Changed::Superseded(changed) => Ok(GivenUp::Changed(Box::new(changed))),
            Changed::Refused(..) | Changed::Missing => Ok(GivenUp::Done),
        }
    }

    /// Returns the accounts and periods of the transactions of `file`.
    pub(crate) async fn touched_by(&self, file: &FileRecord) -> Result<Vec<AccountPeriod>, Failure> {
        let mut touched = file.findings.periods();
        // The record counts each part before the part is written.
        for part in 0..file.parts {
            for key in self.part(&file.tenant, &file.id, part).await?.unwrap_or_default() {
                widen(&mut touched, &key.account, key.date, key.date);
            }
        }
        Ok(touched)
    }

    /// Returns an event that has figures derived again for a file that ended without a result, since they may include
    /// rows of it. The event names no accounts: the caller must store `touched` on the file's record.
    pub(crate) fn derive_again(
        &self,
        file: &FileRecord,
        touched: &[AccountPeriod],
        why: &str,
    ) -> Option<Event> {
        if touched.is_empty() {
            return None;
        }
        let data = TransactionsCategorized { tenant: file.tenant.clone(), accounts: Vec::new() };
        let attempt = file.attempts.to_string();
        let data = EventData::TransactionsCategorized(data);
        Some(event(&file.id, self.clock.now(), data, &[why, &attempt]))
    }
}
