// page: receiver-function
//! Queue of the bucket's notifications → records and their events.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BucketNotification;
use riffle_ports::Failure;
use riffle_runtime::{Batch, FunctionEvent};

use crate::flow::{Notes, object};

pub async fn handle(notes: &Notes, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BucketNotification>::decode(event.payload);
    for item in batch.take() {
        let outcome = receive_all(notes, item.body).await;
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}

/// A message may name several objects: if one fails, the others are still received.
async fn receive_all(notes: &Notes, notification: BucketNotification) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for record in notification.records.into_iter().filter(|one| one.event_name.contains("ObjectCreated")) {
        outcome = outcome.and(notes.receive(object(record.s3)?).await);
    }
    outcome
}
// page: end
