//! Each minute → look at every open session and mend what lost messages left behind.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use riffle_ports::Failure;
use riffle_runtime::Event;
use serde_json::Value;

pub use riffle_scan::Scan as Deps;

pub async fn handle(deps: &Deps, _event: Event<EventBridgeEvent<Value>>) -> Result<(), Failure> {
    deps.sweep().await
}
