//! Queue of failures → noted on the file they are about, and counted for the alarm.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_ingest::Ingest;
use riffle_runtime::{Batch, Event};

/// What fails here is a dead letter and no further failure: telling it would come back here.
pub async fn handle(ingest: &Ingest, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent>::decode(event.payload);
    for item in batch.take() {
        let outcome = ingest.note_failure(&item.body.detail).await;
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}
