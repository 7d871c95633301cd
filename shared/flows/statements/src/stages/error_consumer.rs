//! Permanent failures: published on the last delivery, kept on the file's record, and counted as a metric.

use riffle_contracts::{BusEvent, ErrorOccurred, Event, EventData, EventType};
use riffle_ports::{Changed, Failure, FileId};
use riffle_topology::MAX_RECEIVES;

use crate::state::file::FileChange;
use crate::state::file_details::{StageFailure, short};
use crate::state::outbox::{event, outgoing};
use crate::{Statements, TRIES, contended, metrics};

/// The circumstances of a message's delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryInfo {
    /// How often the queue has delivered the message, this time included.
    pub receives: u32,
    /// The message comes from the archive: a consumer that receives it publishes nothing.
    pub replayed: bool,
}

impl DeliveryInfo {
    /// Returns the delivery of an event that came over the bus.
    pub const fn of(event: &BusEvent, receives: u32) -> Self {
        Self { receives, replayed: event.replay_name.is_some() }
    }

    /// Returns whether the message becomes a dead letter if it fails now. All queues of this flow have the same limit.
    pub const fn is_last(self) -> bool {
        self.receives >= MAX_RECEIVES
    }
}

impl Statements {
    /// Returns the `outcome` of a consumer for the event `about` unchanged. If it is a failure and there is no further
    /// delivery, publishes the failure. Publishes none for a replayed event, and none for an event that itself reports
    /// a failure, since that would fail too.
    pub async fn consumed(
        &self,
        stage: &str,
        about: &Event,
        delivery: DeliveryInfo,
        outcome: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let is_about_a_failure = about.event_type() == EventType::ErrorOccurred;
        if let Err(failure) = &outcome
            && delivery.is_last()
            && !(delivery.replayed || is_about_a_failure)
        {
            let file = FileId(about.processing_id.clone());
            self.publish_failure(about.data.tenant(), &file, stage, &about.event_id, failure).await;
        }
        outcome
    }

    /// Publishes a permanent failure. The message becomes a dead letter and raises an alarm whether this succeeds or
    /// not.
    pub(crate) async fn publish_failure(
        &self,
        tenant: &str,
        file: &FileId,
        stage: &str,
        about: &str,
        failure: &Failure,
    ) {
        let error_event = self.error_event(tenant, file, stage, about, &failure.to_string());
        if let Err(error) = self.publish(&[outgoing(&error_event)]).await {
            tracing::error!(stage, %error, "could not publish a permanent failure; its message is a dead \
                                            letter");
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

    /// Stores the failure on the file's record, once for each event. This is the error consumer.
    pub async fn note_failure(&self, error_event: &Event) -> Result<(), Failure> {
        let EventData::ErrorOccurred(error) = &error_event.data else {
            return Err(Failure::Reject(format!(
                "{} events are not errors",
                error_event.event_type().as_str()
            )));
        };
        metrics::failed();
        tracing::error!(
            processing_id = error_event.processing_id,
            stage = error.stage,
            reason = error.reason,
            "failed permanently"
        );
        let id = FileId(error_event.processing_id.clone());
        let Some(mut file) = self.file(&error.tenant, &id).await? else { return Ok(()) };
        for _ in 0..TRIES {
            let mut findings = file.findings.clone();
            let failed = StageFailure {
                event_id: error_event.event_id.clone(),
                stage: error.stage.clone(),
                reason: error.reason.clone(),
                at: error_event.timestamp,
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

#[cfg(test)]
mod tests {
    use riffle_topology::{MAX_RECEIVES, RIFFLE, statements};

    #[test]
    fn all_queues_of_the_flow_have_the_limit_that_failures_are_published_at() {
        let queues = RIFFLE.consumed().filter(|consumed| consumed.flow.name == statements::NAME);
        let limits: Vec<u32> = queues.map(|consumed| consumed.queue.max_receives).collect();
        assert!(!limits.is_empty() && limits.iter().all(|limit| *limit == MAX_RECEIVES), "{limits:?}");
    }
}
