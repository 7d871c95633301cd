//! Finish queue → verify that a session is full, publish its report, complete it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::FinishJob;
use riffle_runtime::{Batch, Event};
use riffle_scan::Scan;

pub async fn handle(scan: &Scan, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<FinishJob>::decode(event.payload);
    for item in batch.take() {
        batch.settle(&item.message_id, scan.finish(item.body).await);
    }
    batch.answer()
}
