//! Work queue → read files, then store, announce and mark their results.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::ScanFile;
use riffle_runtime::{Batch, FunctionEvent};
use riffle_scan::{FileMessage, Worker};

pub async fn handle(worker: &Worker, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<ScanFile>::decode(event.payload);
    let (ids, files): (Vec<String>, Vec<FileMessage>) = batch
        .take()
        .into_iter()
        .map(|item| (item.message_id, FileMessage { file: item.body, again: item.receive_count > 1 }))
        .unzip();
    for (position, failure) in worker.run(&files, &event.deadline).await {
        batch.settle(&ids[position], Err(failure));
    }
    batch.answer()
}
