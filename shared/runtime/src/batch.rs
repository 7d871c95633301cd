//! A batch of queue messages: decoded and worked on one by one, answered with the ones that failed.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use riffle_ports::Failure;

use crate::Event;

/// What is left of an invocation when one more message is begun, at least: more than any of a batch takes.
const FOR_ONE_MORE: Duration = Duration::from_secs(30);

/// A decoded message.
#[derive(Debug, Clone)]
pub struct Item<T> {
    pub message_id: String,
    /// How often the queue has handed it out, this time included.
    pub receive_count: u32,
    /// It was sent before this, by the clock of its queue. `None`: the queue does not say.
    pub sent_before: Option<DateTime<Utc>>,
    pub body: T,
}

impl Event<SqsEvent> {
    /// Does `work` for one message after the other. The answer names those for which it failed, and gives back those
    /// for which no time is left.
    pub async fn each<T: DeserializeOwned, F: Future<Output = Result<(), Failure>>>(
        self,
        work: impl Fn(Item<T>) -> F,
    ) -> SqsBatchResponse {
        let mut batch = Batch::decode(self.payload);
        let mut items = batch.take();
        // What came back most often first: it has the fewest chances left.
        items.sort_by_key(|item| Reverse(item.receive_count));
        for (nth, item) in items.into_iter().enumerate() {
            let message_id = item.message_id.clone();
            let outcome = if nth == 0 || self.deadline.leaves(FOR_ONE_MORE) {
                work(item).await
            } else {
                Err(Failure::no_time())
            };
            batch.settle(&message_id, outcome);
        }
        batch.answer()
    }
}

/// The messages of a batch that could be decoded, and those that have failed so far.
#[derive(Debug)]
pub struct Batch<T> {
    items: Vec<Item<T>>,
    failed: BTreeSet<String>,
}

impl<T: DeserializeOwned> Batch<T> {
    /// What cannot be decoded fails at once, so that the queue takes it to the dead letters: it must not
    /// vanish.
    pub fn decode(event: SqsEvent) -> Self {
        let mut batch = Self { items: Vec::with_capacity(event.records.len()), failed: BTreeSet::new() };
        for message in event.records {
            let message_id = message.message_id.clone().unwrap_or_default();
            let (receive_count, sent_before) = (receive_count(&message), sent_before(&message));
            match serde_json::from_str(message.body.as_deref().unwrap_or_default()) {
                Ok(body) => batch.items.push(Item { message_id, receive_count, sent_before, body }),
                Err(error) => {
                    // The body itself may hold personal data: it stays in the queue, not in the log.
                    tracing::error!(message_id, %error, "message cannot be decoded");
                    batch.failed.insert(message_id);
                }
            }
        }
        batch
    }

    /// The decoded messages, once.
    pub fn take(&mut self) -> Vec<Item<T>> {
        std::mem::take(&mut self.items)
    }

    /// Says how a message ended. Messages nobody speaks of are done.
    pub fn settle(&mut self, message_id: &str, outcome: Result<(), Failure>) {
        if let Err(failure) = outcome {
            tracing::warn!(message_id, %failure, "message failed");
            self.failed.insert(message_id.to_owned());
        }
    }

    /// What the queue is told.
    pub fn answer(self) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = self
            .failed
            .into_iter()
            .map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            })
            .collect();
        response
    }
}

/// How often its queue has handed out a message, this time included.
pub fn receive_count(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// A queue counts whole milliseconds: it was sent before the next one.
fn sent_before(message: &SqsMessage) -> Option<DateTime<Utc>> {
    let sent: i64 = message.attributes.get("SentTimestamp")?.parse().ok()?;
    DateTime::from_timestamp_millis(sent.checked_add(1)?)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use chrono::TimeDelta;
    use futures::executor::block_on;
    use riffle_ports::{Clock, Deadline};

    use super::*;
    use crate::queue_event;

    /// A clock that is set by hand.
    #[derive(Debug)]
    struct Hands(Mutex<DateTime<Utc>>);

    impl Clock for Hands {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().expect("one thread")
        }
    }

    #[test]
    fn a_batch_ends_before_its_invocation() {
        let clock = Arc::new(Hands(Mutex::new(DateTime::UNIX_EPOCH)));
        let deadline = Deadline::new(clock.clone(), DateTime::UNIX_EPOCH + TimeDelta::seconds(60));
        let sent = DateTime::UNIX_EPOCH;
        let messages = ["a", "b", "c", "d"].map(|id| (id, 1, sent, "7"));
        let event = Event::new(queue_event("q", messages), "r").until(deadline);
        let clock = &clock;
        let answer = block_on(event.each(|_: Item<u32>| async move {
            *clock.0.lock().expect("one thread") += TimeDelta::seconds(20);
            Ok(())
        }));
        let given_back: Vec<_> =
            answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        assert_eq!(given_back, ["c", "d"], "after two, 20 s are left");
    }

    #[test]
    fn what_cannot_be_decoded_fails_and_the_rest_goes_on() {
        let sent = DateTime::from_timestamp_micros(1_700_000_000_000_001).expect("a time");
        let event = queue_event("q", [("a", 1, sent, "{"), ("b", 2, sent, "7"), ("c", 1, sent, "8")]);
        let mut batch = Batch::<u32>::decode(event);
        let items = batch.take();
        assert_eq!(
            items.iter().map(|item| (item.body, item.receive_count)).collect::<Vec<_>>(),
            [(7, 2), (8, 1)]
        );
        let next = DateTime::from_timestamp_millis(1_700_000_000_001);
        assert!(items.iter().all(|item| item.sent_before == next), "the next millisecond");
        batch.settle("b", Ok(()));
        batch.settle("c", Err(Failure::Retry("no".into())));
        batch.settle("c", Err(Failure::Reject("again".into())));
        let failed: Vec<_> =
            batch.answer().batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        assert_eq!(failed, ["a", "c"]);
    }
}
