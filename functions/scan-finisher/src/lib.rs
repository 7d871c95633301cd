//! Finish queue → verify that a session is complete, publish its report, complete it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::FinishJob;
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_scan::Scan;

pub async fn handle(scan: &Scan, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event.each(|item: BatchItem<FinishJob>| scan.finish(item.body)).await
}
