//! Dispatch queue → list the session's source, seal it, send its files to the work queue.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::DispatchJob;
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_scan::Dispatcher;

pub async fn handle(dispatcher: &Dispatcher, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event.each(|item: BatchItem<DispatchJob>| dispatcher.run(item.body)).await
}
