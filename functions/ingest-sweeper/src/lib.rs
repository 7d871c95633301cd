//! Each minute → announce, hand out again or give up what was lost on the way.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use riffle_ports::Failure;
use riffle_runtime::Event;
use serde_json::Value;

pub use riffle_ingest::Ingest as Deps;

pub async fn handle(deps: &Deps, _event: Event<EventBridgeEvent<Value>>) -> Result<(), Failure> {
    deps.sweep().await
}
