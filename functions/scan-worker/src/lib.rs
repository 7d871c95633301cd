//! Work queue → read files, store, announce and mark what they hold.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::ScanFile;
use riffle_runtime::{Batch, Event};
use riffle_scan::Worker;

pub async fn handle(worker: &Worker, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<ScanFile>::decode(event.payload);
    let (ids, files): (Vec<String>, Vec<ScanFile>) =
        batch.take().into_iter().map(|item| (item.message_id, item.body)).unzip();
    for (position, failure) in worker.run(&files).await {
        batch.settle(&ids[position], Err(failure));
    }
    batch.answer()
}
