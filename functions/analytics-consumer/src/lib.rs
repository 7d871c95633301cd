//! Queue of what changed transactions → sums by month, derived from the set.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::{BusEvent, Consumer};
use riffle_ingest::Delivery;
use riffle_runtime::{Batch, Event};

pub use riffle_ingest::Ingest as Deps;

pub async fn handle(deps: &Deps, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent>::decode(event.payload);
    for item in batch.take() {
        let BusEvent { detail, replay_name, .. } = item.body;
        let delivery = Delivery { receives: item.receive_count, replayed: replay_name.is_some() };
        let outcome = deps.derive_figures(&detail).await;
        if let Err(failure) = &outcome {
            deps.not_consumed(Consumer::Analytics.as_str(), &detail, delivery, failure).await;
        }
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}
