//! Queue of all events → the audit trail.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_statements::{DeliveryInfo, Statements};
use riffle_topology::statements::AUDITOR;

pub async fn handle(statements: &Statements, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: BatchItem<BusEvent>| async move {
            let delivery = DeliveryInfo::of(&item.body, item.receive_count);
            let outcome = statements.store_event(&item.body.detail).await;
            statements.consumed(AUDITOR, &item.body.detail, delivery, outcome).await
        })
        .await
}
