//! A schedule → start its scan, once for each due time.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use riffle_contracts::ScheduledScan;
use riffle_ports::Failure;
use riffle_runtime::FunctionEvent;
use riffle_scan::Scan;

/// # Errors
/// [`Failure::Reject`] says what is wrong with the schedule: a person must correct it.
pub async fn handle(
    scan: &Scan,
    event: FunctionEvent<EventBridgeEvent<ScheduledScan>>,
) -> Result<(), Failure> {
    scan.start_scheduled(event.payload.detail).await
}
