//! A schedule → start the scan it names, once for each time it is due.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use riffle_contracts::ScheduledScan;
use riffle_ports::Failure;
use riffle_runtime::Event;

pub use riffle_scan::Scan as Deps;

/// # Errors
/// [`Failure::Reject`] says what is wrong with the schedule: someone must mend it.
pub async fn handle(deps: &Deps, event: Event<EventBridgeEvent<ScheduledScan>>) -> Result<(), Failure> {
    deps.start_scheduled(event.payload.detail).await
}
