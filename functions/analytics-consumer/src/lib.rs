//! Queue of events that changed transactions → monthly sums, derived from the stored transactions.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_statements::{DeliveryInfo, Statements};
use riffle_topology::statements::ANALYTICS;

pub async fn handle(statements: &Statements, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: BatchItem<BusEvent>| async move {
            let delivery = DeliveryInfo::of(&item.body, item.receive_count);
            let outcome = statements.derive_figures(&item.body.detail, item.sent_before).await;
            statements.consumed(ANALYTICS, &item.body.detail, delivery, outcome).await
        })
        .await
}
