//! Queue of processed files → their transactions get their categories.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_ingest::{Delivery, Ingest};
use riffle_runtime::{Event, Item};
use riffle_topology::statements::CATEGORIZER;

pub async fn handle(ingest: &Ingest, event: Event<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|item: Item<BusEvent>| async move {
            let delivery = Delivery::of(&item.body, item.receive_count);
            let outcome = ingest.categorize(&item.body.detail, delivery).await;
            ingest.consumed(CATEGORIZER, &item.body.detail, delivery, outcome).await
        })
        .await
}
