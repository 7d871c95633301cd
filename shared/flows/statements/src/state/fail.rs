//! Files that failed too often, or that nobody dealt with: marked, with what must be summed up again.

use riffle_contracts::{AccountPeriod, Event, EventData, TransactionsCategorized};
use riffle_ports::{Changed, Failure, FileId};
use riffle_topology::statements::PROCESSOR;

use crate::state::file::{File, FileChange, FileState};
use crate::state::file_details::{FileDetails, short, widen};
use crate::state::outbox::{event, outgoing};
use crate::{Statements, TRIES, contended};

/// What became of giving up a file.
pub(crate) enum GivenUp {
    Marked,
    /// There was nothing to give up: it is done, or gone.
    Done,
    /// It was changed since it was looked at, and nothing was done.
    Changed(Box<File>),
}

impl Statements {
    /// The last delivery failed: says so on the record and to whoever listens, in one. `false`: nothing is lost with
    /// it, since the file is done by another.
    pub(crate) async fn fail(&self, event: &Event, failure: &Failure) -> Result<bool, Failure> {
        let tenant = event.data.tenant();
        let id = FileId(event.processing_id.clone());
        let Some(mut file) = self.file(tenant, &id).await? else {
            self.tell_failure(tenant, &id, PROCESSOR, &event.event_id, failure).await;
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

    /// Marks `file` as failed and announces it. One that is done or gone stays so.
    pub(crate) async fn give_up(&self, file: &File, about: &str, reason: &str) -> Result<GivenUp, Failure> {
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
        let told = self.error_event(&file.tenant, &file.id, PROCESSOR, about, reason);
        let mut announce = vec![outgoing(&told)];
        let touched = self.touched_by(&file).await?;
        announce.extend(self.derive_again(&file, &touched, "failed").as_ref().map(outgoing));
        let findings = FileDetails { reason: Some(short(reason)), touched, ..file.findings.clone() };
        match self.change_seen(&file, FileChange::Fail { findings }, self.clock.now(), &announce).await? {
            Changed::Applied(file) => self.announce(&file).await.map(|()| GivenUp::Marked),
            Changed::Superseded(changed) => Ok(GivenUp::Changed(Box::new(changed))),
            Changed::Refused(..) | Changed::Missing => Ok(GivenUp::Done),
        }
    }

    /// Where the transactions of `file` are, if it has any.
    pub(crate) async fn touched_by(&self, file: &File) -> Result<Vec<AccountPeriod>, Failure> {
        let mut touched = file.findings.periods();
        // Each was announced on the record before it was written.
        for part in 0..file.parts {
            for key in self.part(&file.tenant, &file.id, part).await?.unwrap_or_default() {
                widen(&mut touched, &key.account, key.date, key.date);
            }
        }
        Ok(touched)
    }

    /// What tells that the figures of a file which is not done are to be derived again: somebody may have summed up
    /// what was stored of it. Where that is, is to be on its record.
    pub(crate) fn derive_again(&self, file: &File, touched: &[AccountPeriod], why: &str) -> Option<Event> {
        if touched.is_empty() {
            return None;
        }
        let data = TransactionsCategorized { tenant: file.tenant.clone(), accounts: Vec::new() };
        let attempt = file.attempts.to_string();
        let data = EventData::TransactionsCategorized(data);
        Some(event(&file.id, self.clock.now(), data, &[why, &attempt]))
    }
}
