//! Queue of what changed transactions → sums by month, derived from the set.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_ingest::{Delivery, Ingest};
use riffle_runtime::{Batch, Event};
use riffle_topology::statements::ANALYTICS;

pub async fn handle(ingest: &Ingest, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent>::decode(event.payload);
    for item in batch.take() {
        let BusEvent { detail, replay_name, .. } = item.body;
        let delivery = Delivery { receives: item.receive_count, replayed: replay_name.is_some() };
        let outcome = ingest.derive_figures(&detail, item.sent_before).await;
        if let Err(failure) = &outcome {
            ingest.not_consumed(ANALYTICS, &detail, delivery, failure).await;
        }
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}
