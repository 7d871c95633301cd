//! Finish queue → verify that a session is full, publish its report, complete it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::FinishJob;
use riffle_runtime::{Batch, Event};

pub use riffle_scan::Scan as Deps;

pub async fn handle(deps: &Deps, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<FinishJob>::decode(event.payload);
    for item in batch.take() {
        batch.settle(&item.message_id, deps.finish(item.body).await);
    }
    batch.answer()
}
