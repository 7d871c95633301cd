//! The visibility timeout of received messages.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;
use riffle_ports::{Meter, PortError, Usage};

use crate::error::failure;

/// Messages of one request.
const BATCH: usize = 10;

/// Changes the visibility timeout of messages of any queue.
#[derive(Debug, Clone)]
pub struct SqsVisibility {
    client: Client,
    meter: Arc<Meter>,
}

impl SqsVisibility {
    pub(crate) fn new(client: Client, meter: Arc<Meter>) -> Self {
        Self { client, meter }
    }

    /// Makes the messages of these receipts visible again after the given durations, in whole seconds. A message for
    /// which the change fails becomes visible after its queue's own timeout.
    pub async fn show_again(
        &self,
        queue_url: &str,
        receipts: impl IntoIterator<Item = (&str, Duration)>,
    ) -> Result<(), PortError> {
        let entries = receipts.into_iter().enumerate().map(|(at, (receipt, after))| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(at.to_string())
                .receipt_handle(receipt)
                .visibility_timeout(i32::try_from(after.as_secs()).unwrap_or(i32::MAX))
                .build()
                .map_err(|_| PortError::Broken("a message without a receipt".to_owned()))
        });
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        for entries in entries.chunks(BATCH) {
            let change = self.client.change_message_visibility_batch().queue_url(queue_url);
            let sent = change.set_entries(Some(entries.to_vec())).send().await;
            self.meter.note(Usage { queue_requests: 1, ..Usage::default() });
            sent.map_err(|error| failure("ChangeMessageVisibility", queue_url, &error))?;
        }
        Ok(())
    }
}
