//! Queue of the bucket's notifications → record a new file and announce it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BucketNotification;
use riffle_ports::Failure;
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_statements::{DeliveryInfo, Notification, Statements, object};

pub async fn handle(statements: &Statements, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: BatchItem<BucketNotification>| {
            let delivery = DeliveryInfo { receives: item.receive_count, replayed: false };
            receive(statements, item.body, delivery)
        })
        .await
}

/// Handles one message, which may name several objects; after one fails, the others are still handled. A test event
/// names none.
async fn receive(
    statements: &Statements,
    message: BucketNotification,
    delivery: DeliveryInfo,
) -> Result<(), Failure> {
    let mut failed = None;
    for record in message.records {
        // Removed objects need no work.
        if !record.event_name.contains("ObjectCreated") {
            continue;
        }
        let size = record.s3.object.size;
        let notification = Notification { object: object(record.s3)?, size };
        if let Err(failure) = statements.received(&notification).await {
            statements.not_received(&notification, delivery, &failure).await;
            failed.get_or_insert(failure);
        }
    }
    failed.map_or(Ok(()), Err)
}
