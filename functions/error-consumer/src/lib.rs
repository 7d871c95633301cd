//! Queue of failures → noted on the file they are about, and counted for the alarm.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_runtime::{Event, Item};
use riffle_statements::Statements;

/// What fails here is a dead letter and no further failure: telling it would come back here.
pub async fn handle(statements: &Statements, event: Event<SqsEvent>) -> SqsBatchResponse {
    event.each(|item: Item<BusEvent>| async move { statements.note_failure(&item.body.detail).await }).await
}
