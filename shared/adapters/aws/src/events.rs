//! The event bus, on the publisher's side.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use futures::{StreamExt as _, TryStreamExt as _};
use riffle_ports::{EventPublisher, Outgoing, PortError};

use crate::error::{failure, passes};

/// Events of one request.
const BATCH: usize = 10;
/// Bytes of one request, counted as in "Calculating Amazon EventBridge `PutEvents` event entry size" in the user guide.
/// EventBridge now accepts four times as much; an emulator may not.
const BATCH_BYTES: usize = 256 * 1024;
/// The bytes that an entry's time counts.
const TIME_BYTES: usize = 14;
/// Concurrent requests of one call.
const AT_ONCE: usize = 4;
/// Tries of single refused entries: the SDK repeats failed requests, but not the refused entries of an accepted
/// request.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Publishes on one bus, as one source.
#[derive(Debug, Clone)]
pub struct EventBridgePublisher {
    client: Client,
    bus: String,
    source: &'static str,
}

impl EventBridgePublisher {
    pub(crate) fn new(client: Client, bus: String, source: &'static str) -> Self {
        Self { client, bus, source }
    }

    fn entry(&self, event: &Outgoing) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(self.source)
            .detail_type(&event.event_type)
            .time(DateTime::from_millis(event.at.timestamp_millis()))
            .detail(&event.detail)
            .build()
    }

    fn size(&self, event: &Outgoing) -> usize {
        TIME_BYTES + self.source.len() + event.event_type.len() + event.detail.len()
    }

    /// Publishes the events from position `first` on, and returns the positions of those that were not accepted.
    async fn put(&self, first: usize, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        let mut waiting: Vec<usize> = (0..events.len()).collect();
        let mut refused = Vec::new();
        for round in 0..TRIES {
            if round > 0 {
                tokio::time::sleep(wait(round)).await;
            }
            let entries = waiting.iter().filter_map(|at| events.get(*at)).map(|event| self.entry(event));
            let sent = self.client.put_events().set_entries(Some(entries.collect())).send().await;
            let output = sent.map_err(|error| failure("PutEvents", &self.bus, &error))?;
            let answers = output.entries();
            if answers.len() != waiting.len() {
                return Err(PortError::Broken(format!(
                    "PutEvents on {}: not an answer to each entry",
                    self.bus
                )));
            }
            let mut again = Vec::new();
            for (at, answer) in waiting.iter().zip(answers) {
                match answer.error_code() {
                    None => {}
                    Some(code) if passes(code) => again.push(*at),
                    Some(code) => {
                        tracing::warn!(code, "an event was not accepted");
                        refused.push(first + at);
                    }
                }
            }
            waiting = again;
            if waiting.is_empty() {
                break;
            }
        }
        if !waiting.is_empty() {
            tracing::warn!(events = waiting.len(), "events were not accepted in time");
        }
        refused.extend(waiting.into_iter().map(|at| first + at));
        Ok(refused)
    }

    /// Divides events into requests. An event that is too large for any goes alone, and is refused.
    fn batches(&self, events: &[Outgoing]) -> Vec<Range<usize>> {
        let (mut batches, mut first, mut bytes) = (Vec::new(), 0, 0);
        for (at, event) in events.iter().enumerate() {
            let size = self.size(event);
            if at > first && (at - first == BATCH || bytes + size > BATCH_BYTES) {
                batches.push(first..at);
                (first, bytes) = (at, 0);
            }
            bytes += size;
        }
        if first < events.len() {
            batches.push(first..events.len());
        }
        batches
    }
}

/// Returns a random part of 100, 200, 400 … ms, as the SDK waits.
fn wait(round: u32) -> Duration {
    let most = FIRST_WAIT * 2_u32.pow(round.saturating_sub(1));
    // The randomness is that with which the standard library seeds its hash tables.
    let chance = RandomState::new().hash_one(round) % 1_000;
    most * u32::try_from(chance).unwrap_or_default() / 1_000
}

#[async_trait]
impl EventPublisher for EventBridgePublisher {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        let puts = self.batches(events).into_iter().map(|batch| self.put(batch.start, &events[batch]));
        let refused: Vec<Vec<usize>> = futures::stream::iter(puts).buffered(AT_ONCE).try_collect().await?;
        let mut refused = refused.concat();
        refused.sort_unstable();
        Ok(refused)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_eventbridge::config::{BehaviorVersion, Config};

    use super::*;

    fn of_sizes(sizes: &[usize]) -> Vec<Outgoing> {
        let event = |size: &usize| Outgoing {
            event_id: String::new(),
            event_type: "t".to_owned(),
            tenant: String::new(),
            subject: riffle_ports::Subject::new("", ""),
            at: chrono::DateTime::UNIX_EPOCH,
            detail: "x".repeat(*size),
        };
        sizes.iter().map(event).collect()
    }

    #[test]
    fn requests_are_full_in_number_or_size() {
        let config = Config::builder().behavior_version(BehaviorVersion::latest()).build();
        let bus = EventBridgePublisher::new(Client::from_conf(config), "bus".to_owned(), "s");
        let batches = |sizes: &[usize]| bus.batches(&of_sizes(sizes));
        assert_eq!(batches(&[]), []);
        assert_eq!(batches(&[1; 23]), [0..10, 10..20, 20..23]);
        let largest = Outgoing::MAX_DETAIL;
        assert_eq!(batches(&[largest, largest, 1]), [0..1, 1..3]);
        // 16 bytes of each entry are not of its detail.
        assert_eq!(batches(&[BATCH_BYTES - 32 - 1, 1, 1]), [0..2, 2..3]);
        assert_eq!(batches(&[2 * BATCH_BYTES, 1]), [0..1, 1..2]);
    }

    #[test]
    fn waits_grow_and_differ() {
        assert!((1..100).all(|_| wait(1) < FIRST_WAIT && wait(4) < FIRST_WAIT * 8));
        let different: std::collections::BTreeSet<Duration> = (0..100).map(|_| wait(5)).collect();
        assert!(different.len() > 10, "{different:?}");
    }
}
