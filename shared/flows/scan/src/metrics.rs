//! What operators watch, as events of one target: a subscriber makes metrics of their fields. On AWS these are
//! CloudWatch metrics by the same names; docs/runbook.md says what to do about each.

use riffle_ports::{Counts, Session};

/// Every event of this target is a set of metrics: its numeric fields.
pub const TARGET: &str = "riffle::metrics";

/// Files that were marked by this batch for the first time.
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

/// Told by each sweep, 0 included: what is not told cannot be watched.
pub(crate) fn open_sessions(open: u64, past_deadline: u64) {
    tracing::info!(target: TARGET, SessionsOpen = open, SessionsPastDeadline = past_deadline);
}

pub(crate) fn push_failed() {
    tracing::info!(target: TARGET, PushFailures = 1_u64);
}
