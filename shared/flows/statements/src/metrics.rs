//! The metrics for operators, as events of one target: a subscriber turns their numeric fields into metrics.

/// Shared with the other flows.
const TARGET: &str = "riffle::metrics";

pub(crate) fn received(skipped: bool) {
    if skipped {
        tracing::info!(target: TARGET, UploadsSkipped = 1_u64);
    } else {
        tracing::info!(target: TARGET, UploadsReceived = 1_u64);
    }
}

pub(crate) fn processed(rows: u64, new: u64, duplicates: u64, bytes: u64, milliseconds: u64) {
    tracing::info!(
        target: TARGET,
        StatementsProcessed = 1_u64,
        Transactions = rows,
        TransactionsNew = new,
        TransactionsKnown = duplicates,
        StatementBytes = bytes,
        ProcessingMilliseconds = milliseconds,
    );
}

pub(crate) fn rejected() {
    tracing::info!(target: TARGET, StatementsRejected = 1_u64);
}

pub(crate) fn failed() {
    tracing::info!(target: TARGET, FailuresForGood = 1_u64);
}

pub(crate) fn published(events: u64, milliseconds: u64) {
    tracing::info!(target: TARGET, EventsPublished = events, PublishMilliseconds = milliseconds);
}

pub(crate) fn differences(count: u64) {
    tracing::info!(target: TARGET, ShadowDifferences = count);
}

/// Reports the result of each sweep, zeros included: an alarm cannot watch a metric without data.
pub(crate) fn swept(announced: u64, revived: u64, given_up: u64) {
    tracing::info!(target: TARGET, OutboxSwept = announced, FilesRevived = revived, FilesGivenUp = given_up);
}
