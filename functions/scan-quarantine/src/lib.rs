//! Quarantine queue, one message at a time → give a suspected file one chance alone, or record it as killed.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::ScanFile;
use riffle_runtime::{Event, Item};
use riffle_scan::Worker;

pub async fn handle(worker: &Worker, event: Event<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|Item::<ScanFile> { message_id, receive_count, body, .. }| async move {
            // Another delivery of the same message has another count.
            worker.quarantined(&body, format!("{message_id}#{receive_count}"), receive_count).await
        })
        .await
}
