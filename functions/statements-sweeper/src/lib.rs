//! Each minute → announce, redeliver or give up files whose messages were lost.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use riffle_ports::Failure;
use riffle_runtime::FunctionEvent;
use riffle_statements::Statements;
use serde_json::Value;

pub async fn handle(
    statements: &Statements,
    event: FunctionEvent<EventBridgeEvent<Value>>,
) -> Result<(), Failure> {
    statements.sweep(&event.deadline).await
}
