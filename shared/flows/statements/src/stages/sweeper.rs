//! The sweep, which runs each minute: publishes events, sends files to the processor again and gives files up if
//! earlier steps were lost.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use riffle_contracts::EventType;
use riffle_ports::{Changed, Deadline, Failure, FlowState as _, Record};

use crate::stages::s3_event_handler::uploaded;
use crate::state::fail::GivenUp;
use crate::state::file::{FLOW, FileChange, FileRecord, FileState};
use crate::state::ids;
use crate::{Statements, metrics};

/// Outbox events, and records of each state, that one sweep handles. The next sweep, a minute later, handles the rest.
const AT_ONCE: u32 = 200;
/// The longest time that one file takes. The sweep begins no further file with less time left.
const MENDING: Duration = Duration::from_secs(30);

impl Statements {
    /// Publishes outbox events that were left behind, and looks after all files that need it, as far as time allows. A
    /// failure with one file does not keep the sweep from the next ones; the first failure is returned.
    pub async fn sweep(&self, deadline: &Deadline) -> Result<(), Failure> {
        let now = self.clock.now();
        let mut failed = None;

        let pending = self.records.outbox(FLOW, now - time(self.settings.announce_after), AT_ONCE).await?;
        if let Err(failure) = self.announce_all(&pending).await {
            failed = Some(failure);
        }
        let (mut revived, mut given_up) = (0, 0);
        for (state, quiet_for) in [
            (FileState::Deleting, self.settings.announce_after.min(self.settings.revive_after)),
            (FileState::Processing, self.settings.revive_after),
            (FileState::Received, self.settings.give_up_after),
            (FileState::Deleted, self.settings.settle_after),
        ] {
            // Query each state separately, so that thousands of waiting files do not hide those that need attention.
            let before = now - time(quiet_for);
            for record in self.records.open_before(FLOW, state.as_str(), before, AT_ONCE).await? {
                if !deadline.leaves(MENDING) {
                    failed.get_or_insert(Failure::no_time());
                    break;
                }
                match self.look_after(&record, now).await {
                    Ok(Mended::Nothing) => {}
                    Ok(Mended::Revived) => revived += 1,
                    Ok(Mended::GivenUp) => given_up += 1,
                    Err(failure) => {
                        tracing::warn!(processing_id = record.subject.id, %failure, "the sweep failed on a file");
                        failed.get_or_insert(failure);
                    }
                }
            }
        }
        metrics::swept(pending.len() as u64, revived, given_up);
        failed.map_or(Ok(()), Err)
    }

    async fn look_after(&self, record: &Record, now: DateTime<Utc>) -> Result<Mended, Failure> {
        let file = &FileRecord::from_record(record)?;
        let held = file.is_leased(now);
        match file.state {
            FileState::Deleting if !held => {
                self.delete_all(&file.tenant, &file.id).await?;
                Ok(Mended::Revived)
            }
            FileState::Received => {
                self.abandon(file, "it has not been processed for hours: see the failed items").await
            }
            FileState::Processing if !held && file.attempts >= self.settings.attempts => {
                self.abandon(file, "processing it crashed the program repeatedly").await
            }
            FileState::Processing if !held => self.revive(file, now).await,
            FileState::Deleted => {
                self.settle(file).await?;
                Ok(Mended::Nothing)
            }
            _ => Ok(Mended::Nothing),
        }
    }

    async fn abandon(&self, file: &FileRecord, why: &str) -> Result<Mended, Failure> {
        let about = ids::event_id(&file.id, EventType::FileUploaded, &[]);
        match self.give_up(file, &about, why).await? {
            GivenUp::Marked => Ok(Mended::GivenUp),
            // Another process has changed the file meanwhile.
            GivenUp::Done | GivenUp::Changed(_) => Ok(Mended::Nothing),
        }
    }

    /// Sends a file to the processor again. Its message may be a dead letter, or a worker may have acknowledged it
    /// because another worker held the lease.
    async fn revive(&self, file: &FileRecord, now: DateTime<Utc>) -> Result<Mended, Failure> {
        let Some(event) = uploaded(file) else { return Ok(Mended::Nothing) };
        self.send_direct(&event, false).await?;
        // This changes `changed_at`, so that the sweep leaves the file alone until it has been quiet for as long again.
        let note = FileChange::Note { findings: file.findings.clone() };
        match self.change_seen(file, note, now, &[]).await? {
            Changed::Applied(_) => Ok(Mended::Revived),
            Changed::Refused(..) | Changed::Superseded(_) | Changed::Missing => Ok(Mended::Nothing),
        }
    }
}

enum Mended {
    Nothing,
    Revived,
    GivenUp,
}

fn time(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).expect("settings are hours at most")
}
