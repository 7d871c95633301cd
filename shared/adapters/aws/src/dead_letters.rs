//! The dead letters of all flows: several queues, each with a dead-letter queue of its own.
//!
//! SQS can only receive from a queue, not list it, and a receive that hides nothing may return the same few dead
//! letters repeatedly. So dead letters are listed without hiding any if that shows as many as the queue counts.
//! Otherwise the dead letters are hidden for [`LIST_HIDE_SECONDS`] seconds each, and the answer says whether some may be
//! missing. Dead letters being redriven are hidden meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use chrono::DateTime;
use futures::future::try_join_all;
use riffle_ports::{DeadLetter, DeadLetterStore, Meter, PortError, Usage};
use riffle_topology::DeadLetterQueue;

use crate::error::failure;
use crate::visibility::SqsVisibility;

/// Messages of one request.
const BATCH: i32 = 10;
/// Seconds for which a dead letter to be redriven is hidden: long enough to find it among all.
const REDRIVE_HIDE_SECONDS: i32 = 120;
/// Seconds for which a listed dead letter is hidden, where only hiding reveals further dead letters.
const LIST_HIDE_SECONDS: i32 = 2;
/// Receives without a new dead letter after which the queue counts as read: a message may be on its way.
const TRIES: u32 = 2;
/// Seconds that a receive waits: only long polling queries all servers of a queue.
const WAIT: i32 = 1;

/// A dead-letter queue and the queue it belongs to.
#[derive(Debug, Clone)]
pub struct DeadLetterPlace {
    pub dead_letters: DeadLetterQueue,
    /// The address of the dead-letter queue.
    pub url: String,
    /// The address of the queue where the messages failed; `None` if they did not come from a queue.
    pub queue: Option<String>,
}

#[derive(Debug, Clone)]
pub struct SqsDeadLetters {
    client: Client,
    places: Vec<DeadLetterPlace>,
    visibility: SqsVisibility,
    meter: Arc<Meter>,
}

/// A dead letter that this process has received.
struct ReceivedDeadLetter {
    dead_letter: DeadLetter,
    receipt: String,
    group: Option<String>,
}

impl SqsDeadLetters {
    pub fn new(client: Client, places: Vec<DeadLetterPlace>, meter: Arc<Meter>) -> Self {
        let visibility = SqsVisibility::new(client.clone(), Arc::clone(&meter));
        Self { client, places, visibility, meter }
    }

    fn note(&self) {
        self.meter.note(Usage { queue_requests: 1, ..Usage::default() });
    }

    /// Returns dead letters of one place, at most a few more than `limit`, and whether there may be others.
    async fn look(
        &self,
        place: &DeadLetterPlace,
        limit: usize,
    ) -> Result<(BTreeMap<String, ReceivedDeadLetter>, bool), PortError> {
        let mut seen = BTreeMap::new();
        let few = BATCH.unsigned_abs() as usize;
        self.take(place, 0, &mut seen, |seen| seen.len() >= few.min(limit + 1)).await?;
        let count = self.count(place).await?;
        if seen.len() < count.min(limit + 1) {
            self.take(place, LIST_HIDE_SECONDS, &mut seen, |seen| seen.len() > limit).await?;
        }
        let more = seen.len() < count;
        Ok((seen, more))
    }

    /// Returns the approximate number of dead letters in the queue, including those received by other processes.
    async fn count(&self, place: &DeadLetterPlace) -> Result<usize, PortError> {
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let ask = self.client.get_queue_attributes().queue_url(&place.url);
        let sent = ask.set_attribute_names(Some(counts.to_vec())).send().await;
        self.note();
        let output = sent.map_err(|error| failure("GetQueueAttributes", &place.url, &error))?;
        let of = |name| output.attributes()?.get(name)?.parse::<usize>().ok();
        Ok(counts.iter().filter_map(of).sum())
    }

    /// Receives dead letters of one place and hides them for `hidden` seconds, until no new ones arrive or `enough`
    /// returns true.
    async fn take(
        &self,
        place: &DeadLetterPlace,
        hidden: i32,
        held: &mut BTreeMap<String, ReceivedDeadLetter>,
        enough: impl Fn(&BTreeMap<String, ReceivedDeadLetter>) -> bool,
    ) -> Result<(), PortError> {
        let mut nothing_new = 0;
        while !enough(held) && nothing_new < TRIES {
            let receive = self.client.receive_message().queue_url(&place.url);
            let sent = receive
                .max_number_of_messages(BATCH)
                .visibility_timeout(hidden)
                .wait_time_seconds(WAIT)
                .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
                .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
                .send()
                .await;
            self.note();
            let output = sent.map_err(|error| failure("ReceiveMessage", &place.url, &error))?;
            let before = held.len();
            for message in output.messages.unwrap_or_default() {
                let one = read(place, message)?;
                held.insert(one.dead_letter.id.clone(), one);
            }
            nothing_new = if held.len() == before { nothing_new + 1 } else { 0 };
        }
        Ok(())
    }

    /// Makes these dead letters visible to others again.
    async fn make_visible<'a>(
        &self,
        place: &DeadLetterPlace,
        held: impl Iterator<Item = &'a ReceivedDeadLetter>,
    ) -> Result<(), PortError> {
        self.visibility.show_again(&place.url, held.map(|held| (&*held.receipt, Duration::ZERO))).await
    }

    /// Sends the dead letter to the queue where it failed, then deletes it: it may be delivered twice, but is never
    /// lost.
    async fn redrive_one(
        &self,
        place: &DeadLetterPlace,
        queue: &str,
        held: &ReceivedDeadLetter,
    ) -> Result<(), PortError> {
        let message = self.client.send_message().queue_url(queue).message_body(&held.dead_letter.body);
        let sent = message.set_message_group_id(held.group.clone()).send().await;
        self.note();
        sent.map_err(|error| failure("SendMessage", queue, &error))?;
        let dead_letter = self.client.delete_message().queue_url(&place.url);
        let gone = dead_letter.receipt_handle(&held.receipt).send().await;
        self.note();
        gone.map(drop).map_err(|error| failure("DeleteMessage", &place.url, &error))
    }

    async fn redrive_from(
        &self,
        place: &DeadLetterPlace,
        queue: &str,
        wanted: &BTreeSet<&str>,
    ) -> Result<u64, PortError> {
        let mut held = BTreeMap::new();
        self.take(place, REDRIVE_HIDE_SECONDS, &mut held, |held| {
            wanted.iter().all(|id| held.contains_key(*id))
        })
        .await?;
        let (chosen, others): (Vec<&ReceivedDeadLetter>, Vec<&ReceivedDeadLetter>) =
            held.values().partition(|held| wanted.contains(held.dead_letter.id.as_str()));
        let mut count = 0;
        let mut outcome = Ok(());
        for held in &chosen {
            outcome = self.redrive_one(place, queue, held).await;
            if outcome.is_err() {
                break;
            }
            count += 1;
        }
        self.make_visible(place, others.into_iter().chain(chosen.into_iter().skip(count))).await?;
        outcome.map(|()| count as u64)
    }
}

fn read(place: &DeadLetterPlace, message: Message) -> Result<ReceivedDeadLetter, PortError> {
    let lacks = || PortError::Broken(format!("ReceiveMessage on {}: a message is incomplete", place.url));
    let attributes = message.attributes.unwrap_or_default();
    let sent_at = attributes.get(&MessageSystemAttributeName::SentTimestamp);
    let sent_at = sent_at.and_then(|digits| DateTime::from_timestamp_millis(digits.parse().ok()?));
    Ok(ReceivedDeadLetter {
        dead_letter: DeadLetter {
            id: message.message_id.ok_or_else(lacks)?,
            flow: place.dead_letters.flow.to_owned(),
            function: place.dead_letters.function.to_owned(),
            queue: place.dead_letters.queue.map(str::to_owned),
            sent_at: sent_at.ok_or_else(lacks)?,
            body: message.body.ok_or_else(lacks)?,
        },
        receipt: message.receipt_handle.ok_or_else(lacks)?,
        group: attributes.get(&MessageSystemAttributeName::MessageGroupId).cloned(),
    })
}

#[async_trait]
impl DeadLetterStore for SqsDeadLetters {
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
        let limit = limit as usize;
        let places =
            self.places.iter().filter(|place| flow.is_none_or(|flow| flow == place.dead_letters.flow));
        let looked = try_join_all(places.map(|place| self.look(place, limit))).await?;
        let left_out = looked.iter().any(|(_, more)| *more);
        let held = looked.into_iter().flat_map(|(held, _)| held.into_values());
        let mut dead_letters: Vec<DeadLetter> = held.map(|held| held.dead_letter).collect();
        dead_letters.sort_by(|one, two| (one.sent_at, &one.id).cmp(&(two.sent_at, &two.id)));
        let more = left_out || dead_letters.len() > limit;
        dead_letters.truncate(limit);
        Ok((dead_letters, more))
    }

    async fn redrive(&self, dead_letters: &[DeadLetter]) -> Result<u64, PortError> {
        let mut count = 0;
        for place in &self.places {
            let Some(queue) = &place.queue else { continue };
            let own =
                dead_letters.iter().filter(|dead_letter| dead_letter.function == place.dead_letters.function);
            let wanted: BTreeSet<&str> = own.map(|dead_letter| dead_letter.id.as_str()).collect();
            if !wanted.is_empty() {
                count += self.redrive_from(place, queue, &wanted).await?;
            }
        }
        Ok(count)
    }
}
