//! Queue of uploaded files, from the bus or around it → transactions, stored and announced; or all of it removed.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::{BusEvent, DirectFile};
use riffle_ingest::{Delivery, Processor};
use riffle_runtime::{Batch, Event};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Bus(Box<BusEvent>),
    Direct(Box<DirectFile>),
}

pub async fn handle(processor: &Processor, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<Message>::decode(event.payload);
    for item in batch.take() {
        let receives = item.receive_count;
        let outcome = match &item.body {
            Message::Bus(event) => {
                let delivery = Delivery { receives, replayed: event.replay_name.is_some() };
                processor.run(&event.detail, delivery).await
            }
            Message::Direct(direct) if direct.shadow => processor.shadow(&direct.event).await,
            Message::Direct(direct) => {
                processor.run(&direct.event, Delivery { receives, replayed: false }).await
            }
        };
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}
