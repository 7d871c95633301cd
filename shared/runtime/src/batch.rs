//! Batches of queue messages: the loop decodes and processes messages one by one, and returns those that failed.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use riffle_ports::Failure;

use crate::FunctionEvent;

/// The minimum time left of an invocation to start another message: longer than any message of a batch takes.
const FOR_ONE_MORE: Duration = Duration::from_secs(30);

/// A decoded message.
#[derive(Debug, Clone)]
pub struct BatchItem<T> {
    pub message_id: String,
    /// How often the queue has delivered the message, this delivery included.
    pub receive_count: u32,
    /// An upper bound of the time at which it was sent, by the clock of its queue. `None` if the queue gives no time.
    pub sent_before: Option<DateTime<Utc>>,
    pub body: T,
}

impl FunctionEvent<SqsEvent> {
    /// Calls `work` for one message after the other. The response lists the messages that failed, and those that were
    /// not started because too little time was left.
    ///
    /// ```
    /// # use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
    /// use riffle_runtime::{BatchItem, Failure, FunctionEvent};
    ///
    /// # fn message(id: &str, body: &str) -> SqsMessage {
    /// #     let mut message = SqsMessage::default();
    /// #     (message.message_id, message.body) = (Some(id.to_owned()), Some(body.to_owned()));
    /// #     message
    /// # }
    /// # let mut batch = SqsEvent::default();
    /// # batch.records = vec![message("a", "1"), message("b", "no number"), message("c", "3")];
    /// // Three messages with the bodies `1`, `no number` and `3`.
    /// let work = |item: BatchItem<u32>| async move {
    ///     if item.body == 3 { Err(Failure::Retry("not yet".to_owned())) } else { Ok(()) }
    /// };
    /// let response = futures::executor::block_on(FunctionEvent::new(batch, "request").each(work));
    /// let failed: Vec<_> = response.batch_item_failures.iter().map(|failed| &*failed.item_identifier).collect();
    /// assert_eq!(failed, ["b", "c"]);
    /// ```
    pub async fn each<T: DeserializeOwned, F: Future<Output = Result<(), Failure>>>(
        self,
        work: impl Fn(BatchItem<T>) -> F,
    ) -> SqsBatchResponse {
        let mut batch = Batch::decode(self.payload);
        let mut items = batch.take();
        // The messages with the most deliveries first: they have the fewest attempts left.
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

/// The messages of a batch that could be decoded, and the ids of those that have failed so far.
#[derive(Debug)]
pub struct Batch<T> {
    items: Vec<BatchItem<T>>,
    failed: BTreeSet<String>,
}

impl<T: DeserializeOwned> Batch<T> {
    /// Decodes a batch. A message that cannot be decoded fails at once: it must not vanish, so the queue moves it to
    /// the dead letters.
    pub fn decode(event: SqsEvent) -> Self {
        let mut batch = Self { items: Vec::with_capacity(event.records.len()), failed: BTreeSet::new() };
        for message in event.records {
            let message_id = message.message_id.clone().unwrap_or_default();
            let (receive_count, sent_before) = (receive_count(&message), sent_before(&message));
            match serde_json::from_str(message.body.as_deref().unwrap_or_default()) {
                Ok(body) => batch.items.push(BatchItem { message_id, receive_count, sent_before, body }),
                Err(error) => {
                    // The body may contain personal data: it stays in the queue and out of the log.
                    tracing::error!(message_id, %error, "message cannot be decoded");
                    batch.failed.insert(message_id);
                }
            }
        }
        batch
    }

    /// Returns the decoded messages on the first call, and nothing on later calls.
    pub fn take(&mut self) -> Vec<BatchItem<T>> {
        std::mem::take(&mut self.items)
    }

    /// Records the outcome of a message. Messages without a recorded outcome count as done.
    pub fn settle(&mut self, message_id: &str, outcome: Result<(), Failure>) {
        if let Err(failure) = outcome {
            let rejected = matches!(failure, Failure::Reject(_));
            tracing::warn!(message_id, %failure, rejected, "message failed");
            self.failed.insert(message_id.to_owned());
        }
    }

    /// Returns the response to the queue.
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

/// Returns how often the queue has delivered a message, this delivery included.
pub fn receive_count(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// The queue's timestamp is truncated to milliseconds, so the message was sent before the next millisecond.
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

    /// A clock that the test sets.
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
        let event = FunctionEvent::new(queue_event("q", messages), "r").until(deadline);
        let clock = &clock;
        let answer = block_on(event.each(|_: BatchItem<u32>| async move {
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
