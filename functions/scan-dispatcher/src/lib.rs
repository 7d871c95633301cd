//! Dispatch queue → list the session's source, seal it, send its files to the work queue.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::DispatchJob;
use riffle_runtime::{Batch, Event};
use riffle_scan::Dispatcher;

pub async fn handle(dispatcher: &Dispatcher, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<DispatchJob>::decode(event.payload);
    for item in batch.take() {
        batch.settle(&item.message_id, dispatcher.run(item.body).await);
    }
    batch.answer()
}
