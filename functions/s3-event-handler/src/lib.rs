//! Queue of the bucket's notifications → note that a file has come, and tell.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BucketNotification;
use riffle_ingest::{Delivery, Notification};
use riffle_ports::{Failure, ObjectRef};
use riffle_runtime::{Batch, Event};

pub use riffle_ingest::Ingest as Deps;

pub async fn handle(deps: &Deps, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BucketNotification>::decode(event.payload);
    for item in batch.take() {
        let delivery = Delivery { receives: item.receive_count, replayed: false };
        let outcome = receive(deps, item.body, delivery).await;
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}

/// One message may tell of several objects; one that fails is no reason not to look at the next. A test event tells
/// of none.
async fn receive(deps: &Deps, told: BucketNotification, delivery: Delivery) -> Result<(), Failure> {
    let mut failed = None;
    for record in told.records {
        // Of what is removed nothing is made.
        if !record.event_name.contains("ObjectCreated") {
            continue;
        }
        let key = record.s3.object.decoded_key().map_err(|error| Failure::Reject(error.to_string()))?;
        let notification = Notification {
            object: ObjectRef {
                bucket: record.s3.bucket.name,
                key,
                version: record.s3.object.version,
                // S3 writes it without quotes here and with them elsewhere.
                etag: record.s3.object.etag.trim_matches('"').to_owned(),
            },
            size: record.s3.object.size,
        };
        if let Err(failure) = deps.received(&notification).await {
            deps.not_received(&notification, delivery, &failure).await;
            failed.get_or_insert(failure);
        }
    }
    failed.map_or(Ok(()), Err)
}
