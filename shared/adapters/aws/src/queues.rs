//! Queues: standard ones, where the group of a message only shares consumers fairly ("fair queues").

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures::{StreamExt as _, TryStreamExt as _};
use riffle_ports::{Message, Meter, PortError, Usage, WorkQueue};

use crate::error::failure;

/// Messages of one request.
const BATCH: usize = 10;
/// Bytes of one request. SQS accepts four times as much and bills each 64 KB; emulators may accept no more than this.
const BATCH_BYTES: usize = 256 * 1024;
/// The size that is billed as one request.
const BILLED_BYTES: usize = 64 * 1024;
/// Concurrent requests of one call.
const AT_ONCE: usize = 8;

/// The queues this process sends to.
#[derive(Debug, Clone)]
pub struct SqsQueues {
    client: Client,
    /// Addresses by queue name.
    urls: BTreeMap<String, String>,
    meter: Arc<Meter>,
}

impl SqsQueues {
    pub(crate) fn new(client: Client, urls: BTreeMap<String, String>, meter: Arc<Meter>) -> Self {
        Self { client, urls, meter }
    }

    /// Sends the messages from position `first` on, and returns the positions of those that were not accepted.
    async fn send_batch(
        &self,
        url: &str,
        first: usize,
        messages: &[Message],
    ) -> Result<Vec<usize>, PortError> {
        let entries = messages.iter().enumerate().map(|(at, message)| {
            SendMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .message_body(&message.body)
                .message_group_id(&message.group)
                .build()
                .map_err(|_| PortError::Broken("a message without a body".to_owned()))
        });
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        let sent = self.client.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await;
        let output = sent.map_err(|error| failure("SendMessageBatch", url, &error))?;
        let bytes: usize = messages.iter().map(|message| message.body.len()).sum();
        let requests = bytes.div_ceil(BILLED_BYTES).max(1) as u64;
        self.meter.note(Usage { queue_requests: requests, ..Usage::default() });
        let mut refused = Vec::new();
        for failed in output.failed() {
            tracing::warn!(code = failed.code(), ours = failed.sender_fault(), "a message was not accepted");
            let at = failed.id().parse::<usize>().ok().filter(|at| *at < messages.len());
            refused.push(first + at.ok_or_else(|| PortError::Broken("an answer to no message".to_owned()))?);
        }
        Ok(refused)
    }
}

#[async_trait]
impl WorkQueue for SqsQueues {
    async fn send(&self, queue: &str, messages: &[Message]) -> Result<Vec<usize>, PortError> {
        let url = self.urls.get(queue);
        let url = url.ok_or_else(|| PortError::Broken(format!("no address of the queue {queue} is set")))?;
        let sends =
            batches(messages).into_iter().map(|batch| self.send_batch(url, batch.start, &messages[batch]));
        let refused: Vec<Vec<usize>> = futures::stream::iter(sends).buffered(AT_ONCE).try_collect().await?;
        let mut refused = refused.concat();
        refused.sort_unstable();
        Ok(refused)
    }
}

/// Divides messages into requests. A message that is too large for any goes alone, and the queue refuses it.
fn batches(messages: &[Message]) -> Vec<std::ops::Range<usize>> {
    let (mut batches, mut first, mut bytes) = (Vec::new(), 0, 0);
    for (at, message) in messages.iter().enumerate() {
        let len = message.body.len();
        if at > first && (at - first == BATCH || bytes + len > BATCH_BYTES) {
            batches.push(first..at);
            (first, bytes) = (at, 0);
        }
        bytes += len;
    }
    if first < messages.len() {
        batches.push(first..messages.len());
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_sizes(sizes: impl IntoIterator<Item = usize>) -> Vec<Message> {
        let message = |size| Message { group: "g".to_owned(), body: "x".repeat(size) };
        sizes.into_iter().map(message).collect()
    }

    #[test]
    fn requests_are_full_in_number_or_size() {
        assert_eq!(batches(&of_sizes([])), []);
        assert_eq!(batches(&of_sizes([1; 11])), [0..10, 10..11]);
        assert_eq!(batches(&of_sizes([1; 23])), [0..10, 10..20, 20..23]);
        assert_eq!(batches(&of_sizes([100_000, 100_000, 100_000, 1])), [0..2, 2..4]);
        assert_eq!(batches(&of_sizes([BATCH_BYTES, 1])), [0..1, 1..2]);
        assert_eq!(batches(&of_sizes([1, BATCH_BYTES - 1, 1])), [0..2, 2..3]);
        assert_eq!(batches(&of_sizes([1, 2 * BATCH_BYTES, 1])), [0..1, 1..2, 2..3]);
    }
}
