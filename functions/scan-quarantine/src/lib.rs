//! Quarantine queue, one message at a time → give a suspected file one chance alone, or record it as killed.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::ScanFile;
use riffle_runtime::{Batch, Event};
use riffle_scan::Worker;

pub async fn handle(worker: &Worker, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<ScanFile>::decode(event.payload);
    for item in batch.take() {
        // Another delivery of the same message has another count.
        let receipt = format!("{}#{}", item.message_id, item.receive_count);
        batch.settle(&item.message_id, worker.quarantined(&item.body, receipt, item.receive_count).await);
    }
    batch.answer()
}
