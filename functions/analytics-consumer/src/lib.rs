//! Queue of events that changed transactions → monthly sums, derived from the stored transactions.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_runtime::{Event, Item};
use riffle_statements::{Delivery, Statements};
use riffle_topology::statements::ANALYTICS;

pub async fn handle(statements: &Statements, event: Event<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: Item<BusEvent>| async move {
            let delivery = Delivery::of(&item.body, item.receive_count);
            let outcome = statements.derive_figures(&item.body.detail, item.sent_before).await;
            statements.consumed(ANALYTICS, &item.body.detail, delivery, outcome).await
        })
        .await
}
