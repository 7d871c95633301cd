//! Queue of what changed transactions → sums by month, derived from the set.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_ingest::{Delivery, Ingest};
use riffle_runtime::{Event, Item};
use riffle_topology::statements::ANALYTICS;

pub async fn handle(ingest: &Ingest, event: Event<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: Item<BusEvent>| async move {
            let delivery = Delivery::of(&item.body, item.receive_count);
            let outcome = ingest.derive_figures(&item.body.detail, item.sent_before).await;
            ingest.consumed(ANALYTICS, &item.body.detail, delivery, outcome).await
        })
        .await
}
