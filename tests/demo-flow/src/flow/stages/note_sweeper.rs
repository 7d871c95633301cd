// page: sweeper
//! Publishes unpublished events and announces notes again that have waited too long. Runs each minute.

use chrono::{DateTime, TimeDelta, Utc};
use riffle_ports::{Changed, Failure, FlowState as _, Record, change_seen};

use crate::flow::{Note, NoteChange, NoteState, Notes};
use crate::topology::NAME;

/// Most events, and most notes, in one run. The next run handles the next ones.
const AT_ONCE: u32 = 200;
/// The function that stored a younger event is still about to publish it.
const ANNOUNCE_AFTER: TimeDelta = TimeDelta::minutes(1);
/// The event of a note that has waited this long is lost.
const REVIVE_AFTER: TimeDelta = TimeDelta::minutes(30);
/// A note that was announced again this often crashes the process each time it is counted.
const MAX_REVIVALS: u32 = 10;

impl Notes {
    /// Continues after a failure with one note, and returns the first failure at the end.
    pub async fn sweep(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        let pending = self.records.outbox(NAME, now - ANNOUNCE_AFTER, AT_ONCE).await?;
        let mut outcome = self.announce(&pending).await;
        let (state, before) = (NoteState::Received.as_str(), now - REVIVE_AFTER);
        for record in self.records.open_before(NAME, state, before, AT_ONCE).await? {
            outcome = outcome.and(self.revive(&record, now).await);
        }
        outcome
    }

    async fn revive(&self, record: &Record, now: DateTime<Utc>) -> Result<(), Failure> {
        let note = Note::from_record(record)?;
        if note.body.revived == MAX_REVIVALS {
            let reason = "it was announced repeatedly and never counted".to_owned();
            return self.change(&note.tenant, &note.id, NoteChange::Fail { reason }).await;
        }
        let event = note.received(now);
        let revived =
            change_seen(&*self.records, &note, &NoteChange::Revive, now, std::slice::from_ref(&event));
        match revived.await? {
            Changed::Applied(_) => self.announce(&[event]).await,
            // It has changed since it was read.
            Changed::Refused(..) | Changed::Superseded(_) | Changed::Missing => Ok(()),
        }
    }
}
// page: end
