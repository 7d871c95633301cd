//! Queue of failure events → note each failure on its file, and count it for the alarm.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_statements::Statements;

/// A message that fails here becomes a dead letter without a further failure event, which would come back to this
/// queue.
pub async fn handle(statements: &Statements, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: BatchItem<BusEvent>| async move { statements.note_failure(&item.body.detail).await })
        .await
}
