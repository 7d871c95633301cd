//! Queue of processed files → assign categories to their transactions.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_runtime::{Event, Item};
use riffle_statements::{Delivery, Statements};
use riffle_topology::statements::CATEGORIZER;

pub async fn handle(statements: &Statements, event: Event<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: Item<BusEvent>| async move {
            let delivery = Delivery::of(&item.body, item.receive_count);
            let outcome = statements.categorize(&item.body.detail, delivery).await;
            statements.consumed(CATEGORIZER, &item.body.detail, delivery, outcome).await
        })
        .await
}
