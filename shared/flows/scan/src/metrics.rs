//! Metrics for operators, as events of one target: a subscriber turns their fields into metrics. On AWS these are
//! CloudWatch metrics of the same names; docs/runbook.md says what to do about each.

use riffle_ports::{Counts, Session};

/// Every event of this target is a set of metrics: its numeric fields.
pub const TARGET: &str = "riffle::metrics";

/// Counts the files that this batch marked for the first time.
pub(crate) fn files(counts: &Counts, bytes: u64) {
    if counts.processed > 0 {
        tracing::info!(
            target: TARGET,
            FilesProcessed = counts.processed,
            FilesFailed = counts.failed,
            Matches = counts.matches,
            BytesRead = bytes,
        );
    }
}

pub(crate) fn complete(session: &Session) {
    let milliseconds = u64::try_from(session.took().num_milliseconds()).unwrap_or_default();
    tracing::info!(target: TARGET, SessionsCompleted = 1_u64, SessionMilliseconds = milliseconds);
}

/// Called by each sweep, also with 0: a metric that is not reported cannot be watched.
pub(crate) fn open_sessions(open: u64, past_deadline: u64) {
    tracing::info!(target: TARGET, SessionsOpen = open, SessionsPastDeadline = past_deadline);
}

pub(crate) fn push_failed() {
    tracing::info!(target: TARGET, PushFailures = 1_u64);
}
