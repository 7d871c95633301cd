// page: sweeper-function
//! Each minute → lost events and notes are handled again.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use riffle_ports::Failure;
use riffle_runtime::FunctionEvent;
use serde_json::Value;

use crate::flow::Notes;

pub async fn handle(notes: &Notes, _event: FunctionEvent<EventBridgeEvent<Value>>) -> Result<(), Failure> {
    notes.sweep().await
}
// page: end
