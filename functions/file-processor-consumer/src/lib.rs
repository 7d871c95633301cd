//! Queue of uploaded files, from the bus or direct → store and announce their transactions; or remove a file with
//! everything derived from it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::{BusEvent, DirectFile};
use riffle_runtime::{BatchItem, FunctionEvent};
use riffle_statements::{DeliveryInfo, Processor};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(untagged)]
enum ProcessorMessage {
    Bus(Box<BusEvent>),
    Direct(Box<DirectFile>),
}

pub async fn handle(processor: &Processor, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    event
        .each(|BatchItem::<ProcessorMessage> { body, receive_count: receives, .. }| async move {
            match body {
                ProcessorMessage::Bus(event) => {
                    processor.run(&event.detail, DeliveryInfo::of(&event, receives)).await
                }
                ProcessorMessage::Direct(direct) if direct.shadow => processor.shadow(&direct.event).await,
                ProcessorMessage::Direct(direct) => {
                    processor.run(&direct.event, DeliveryInfo { receives, replayed: false }).await
                }
            }
        })
        .await
}
