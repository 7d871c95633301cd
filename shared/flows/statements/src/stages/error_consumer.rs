//! What fails for good: told on the last delivery, kept on the file's record, and watched.

use riffle_contracts::{BusEvent, ErrorOccurred, Event, EventData, EventType};
use riffle_ports::{Changed, Failure, FileId};
use riffle_topology::MAX_RECEIVES;

use crate::state::file::FileChange;
use crate::state::file_details::{Failed, short};
use crate::state::outbox::{event, outgoing};
use crate::{Statements, TRIES, contended, metrics};

/// How a message came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How often it was handed out, this time included.
    pub receives: u32,
    /// It comes out of the archive: whoever it is replayed to announces nothing.
    pub replayed: bool,
}

impl Delivery {
    /// Of an event on the bus.
    pub const fn of(event: &BusEvent, receives: u32) -> Self {
        Self { receives, replayed: event.replay_name.is_some() }
    }

    /// If it fails now, it is a dead letter.
    pub const fn is_last(self) -> bool {
        self.receives >= MAX_RECEIVES
    }
}

impl Statements {
    /// How a consumer ended with `about`, unchanged: tells of a failure if there is no further delivery. Of what tells
    /// of a failure itself no other tells: it would fail as well.
    pub async fn consumed(
        &self,
        stage: &str,
        about: &Event,
        delivery: Delivery,
        outcome: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let tells_of_one = about.event_type() == EventType::ErrorOccurred;
        if let Err(failure) = &outcome
            && delivery.is_last()
            && !(delivery.replayed || tells_of_one)
        {
            let file = FileId(about.processing_id.clone());
            self.tell_failure(about.data.tenant(), &file, stage, &about.event_id, failure).await;
        }
        outcome
    }

    /// The message becomes a dead letter whether this works or not, and an alarm with it.
    pub(crate) async fn tell_failure(
        &self,
        tenant: &str,
        file: &FileId,
        stage: &str,
        about: &str,
        failure: &Failure,
    ) {
        let told = self.error_event(tenant, file, stage, about, &failure.to_string());
        if let Err(error) = self.publish(&[outgoing(&told)]).await {
            tracing::error!(stage, %error, "a failure for good could not be told; its message is a dead letter");
        }
    }

    pub(crate) fn error_event(
        &self,
        tenant: &str,
        file: &FileId,
        stage: &str,
        about: &str,
        reason: &str,
    ) -> Event {
        let data = EventData::ErrorOccurred(ErrorOccurred {
            tenant: tenant.to_owned(),
            stage: stage.to_owned(),
            event_id: about.to_owned(),
            reason: short(reason),
        });
        event(file, self.clock.now(), data, &[stage, about])
    }

    /// The error consumer: notes the failure on the file's record, once.
    pub async fn note_failure(&self, told: &Event) -> Result<(), Failure> {
        let EventData::ErrorOccurred(error) = &told.data else {
            return Err(Failure::Reject(format!("a {} is no error", told.event_type().as_str())));
        };
        metrics::failed();
        tracing::error!(
            processing_id = told.processing_id,
            stage = error.stage,
            reason = error.reason,
            "failed for good"
        );
        let id = FileId(told.processing_id.clone());
        let Some(mut file) = self.file(&error.tenant, &id).await? else { return Ok(()) };
        for _ in 0..TRIES {
            let mut findings = file.findings.clone();
            let failed = Failed {
                event_id: told.event_id.clone(),
                stage: error.stage.clone(),
                reason: error.reason.clone(),
                at: told.timestamp,
            };
            if !findings.note_failure(failed) {
                return Ok(());
            }
            match self.change_seen(&file, FileChange::Note { findings }, self.clock.now(), &[]).await? {
                Changed::Applied(_) | Changed::Missing | Changed::Refused(..) => return Ok(()),
                Changed::Superseded(changed) => file = changed,
            }
        }
        Err(contended())
    }
}
