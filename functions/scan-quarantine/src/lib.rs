//! Quarantine queue, one message at a time → read a suspected file once more, alone, or record it as killed.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::ScanFile;
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_scan::Worker;

pub async fn handle(worker: &Worker, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|BatchItem::<ScanFile> { message_id, receive_count, body, .. }| async move {
            // Each delivery of the same message has its own count.
            worker.read_quarantined(&body, format!("{message_id}#{receive_count}"), receive_count).await
        })
        .await
}
