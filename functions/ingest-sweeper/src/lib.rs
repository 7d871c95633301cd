//! Each minute → announce, hand out again or give up what was lost on the way.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use riffle_ingest::Ingest;
use riffle_ports::Failure;
use riffle_runtime::Event;
use serde_json::Value;

pub async fn handle(ingest: &Ingest, event: Event<EventBridgeEvent<Value>>) -> Result<(), Failure> {
    ingest.sweep(&event.deadline).await
}
