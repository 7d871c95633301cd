//! Queue of uploaded files, from the bus or direct → store and announce their transactions; or remove a file with
//! everything derived from it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::{BusEvent, DirectFile};
use riffle_runtime::{Event, Item};
use riffle_statements::{Delivery, Processor};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Bus(Box<BusEvent>),
    Direct(Box<DirectFile>),
}

pub async fn handle(processor: &Processor, event: Event<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|Item::<Message> { body, receive_count: receives, .. }| async move {
            match body {
                Message::Bus(event) => processor.run(&event.detail, Delivery::of(&event, receives)).await,
                Message::Direct(direct) if direct.shadow => processor.shadow(&direct.event).await,
                Message::Direct(direct) => {
                    processor.run(&direct.event, Delivery { receives, replayed: false }).await
                }
            }
        })
        .await
}
