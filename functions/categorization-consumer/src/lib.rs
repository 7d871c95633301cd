//! Queue of processed files → assign categories to their transactions.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_statements::{DeliveryInfo, Statements};
use riffle_topology::statements::CATEGORIZER;

pub async fn handle(statements: &Statements, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: BatchItem<BusEvent>| async move {
            let delivery = DeliveryInfo::of(&item.body, item.receive_count);
            let outcome = statements.categorize(&item.body.detail, delivery).await;
            statements.consumed(CATEGORIZER, &item.body.detail, delivery, outcome).await
        })
        .await
}
