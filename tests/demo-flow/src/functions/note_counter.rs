// page: counter-function
//! Queue of received notes → their word counts.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::BusEvent;
use riffle_runtime::{Batch, FunctionEvent};

use crate::flow::{NoteEvent, Notes};
use crate::topology::COUNT_RECEIVES;

pub async fn handle(notes: &Notes, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent<NoteEvent>>::decode(event.payload);
    for item in batch.take() {
        let NoteEvent::Received { tenant } = &item.body.detail.data;
        let last = item.receive_count >= COUNT_RECEIVES;
        let outcome = notes.count(tenant, &item.body.detail.processing_id, last).await;
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}
// page: end
