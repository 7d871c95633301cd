//! Dispatch queue → list the session's source, seal it, send its files to the work queue.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::DispatchJob;
use riffle_runtime::{Event, Item};
use riffle_scan::Dispatcher;

pub async fn handle(dispatcher: &Dispatcher, event: Event<SqsEvent>) -> SqsBatchResponse {
    event.each(|item: Item<DispatchJob>| dispatcher.run(item.body)).await
}
