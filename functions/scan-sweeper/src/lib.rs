//! Each minute → check every open session and repair the effects of lost messages.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use riffle_ports::Failure;
use riffle_runtime::FunctionEvent;
use riffle_scan::Scan;
use serde_json::Value;

pub async fn handle(scan: &Scan, event: FunctionEvent<EventBridgeEvent<Value>>) -> Result<(), Failure> {
    scan.sweep(&event.deadline).await
}
