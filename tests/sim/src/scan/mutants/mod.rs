//! Known-bad protocols. Each lacks one guarantee on which the real protocol relies; the simulator must catch each.
//!
//! A mutant is a port or a wiring without its guarantee, around the same real handlers: a handler gets the answers that
//! it would get under the bad protocol.

mod ledger;
mod others;

use std::sync::Arc;

use riffle_ports::{ConnectionRegistry, FileSource, ObjectStore, ScanLedger, TokenVault, WorkQueue};
use riffle_testkit::memory::{
    MemoryConnections, MemoryFiles, MemoryLedger, MemoryObjects, MemoryQueue, MemoryTokens,
};
use riffle_testkit::simulator::Control;

/// A known-bad protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScanMutant {
    /// `done` is a number that each delivery increments.
    CounterInsteadOfSet,
    /// A worker that finds a result already stored leaves the index unmarked.
    PutThenAdd,
    /// Any worker may finish at any time.
    NoLease,
    /// Lost messages are not detected, because no sweep runs.
    NoSweep,
    /// The last stored result wins.
    ResultsOverwrite,
    /// A worker announces and counts its own result, even if another one is stored.
    OwnResultAnnounced,
    /// The last listing wins.
    UnconditionalSeal,
    /// COMPLETE is set without a check of the caller's token.
    CompleteWithoutToken,
    /// A cancel is granted in any state.
    CancelUnconditional,
    /// Each finisher writes the report, with its own duration.
    ReportOverwritten,
    /// Quarantine records no attempts.
    NoAttemptRecord,
    /// Each `start_scan` creates a new session.
    RandomSessionId,
    /// A batch is acknowledged regardless of its answer.
    AckOnError,
    /// Every worker announces progress without claiming the interval.
    ProgressUnclaimed,
    /// Sessions are read with eventual consistency.
    StaleSessionRead,
    /// A chunk counts as full one result early.
    ChunkClosedEarly,
    /// `resume` returns a snapshot but does not subscribe.
    ResumeWithoutSubscribe,
    /// At completion, the counts that were added up are kept instead of being recomputed from the results.
    CountsTrusted,
    /// A retry marks kept results as done before they are stored.
    CarriedLate,
    /// A retry keeps no results.
    RetryReadsAll,
    /// A retry reads the file versions of the first listing.
    RetryPinsOldVersions,
    /// A worker that finds the token expired lets its messages be redelivered, as for an unavailable service.
    RetryOnExpiredToken,
    /// A file whose token has expired counts as failed.
    ExpiredTokenFailsFile,
    /// A new token is stored, but the session stays paused.
    RenewWithoutUnpause,
    /// A new token is stored, but acknowledged files are not dispatched again.
    RenewWithoutRedispatch,
    /// Tokens are never deleted.
    TokenKept,
}

impl ScanMutant {
    pub const ALL: [Self; 26] = [
        Self::CounterInsteadOfSet,
        Self::PutThenAdd,
        Self::NoLease,
        Self::NoSweep,
        Self::ResultsOverwrite,
        Self::OwnResultAnnounced,
        Self::UnconditionalSeal,
        Self::CompleteWithoutToken,
        Self::CancelUnconditional,
        Self::ReportOverwritten,
        Self::NoAttemptRecord,
        Self::RandomSessionId,
        Self::AckOnError,
        Self::ProgressUnclaimed,
        Self::StaleSessionRead,
        Self::ChunkClosedEarly,
        Self::ResumeWithoutSubscribe,
        Self::CountsTrusted,
        Self::CarriedLate,
        Self::RetryReadsAll,
        Self::RetryPinsOldVersions,
        Self::RetryOnExpiredToken,
        Self::ExpiredTokenFailsFile,
        Self::RenewWithoutUnpause,
        Self::RenewWithoutRedispatch,
        Self::TokenKept,
    ];

    /// Returns the mutant's name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CounterInsteadOfSet => "counter-instead-of-set",
            Self::PutThenAdd => "put-then-add",
            Self::NoLease => "no-lease",
            Self::NoSweep => "no-sweep",
            Self::ResultsOverwrite => "results-overwrite",
            Self::OwnResultAnnounced => "own-result-announced",
            Self::UnconditionalSeal => "unconditional-seal",
            Self::CompleteWithoutToken => "complete-without-token",
            Self::CancelUnconditional => "cancel-unconditional",
            Self::ReportOverwritten => "report-overwritten",
            Self::NoAttemptRecord => "no-attempt-record",
            Self::RandomSessionId => "random-session-id",
            Self::AckOnError => "ack-on-error",
            Self::ProgressUnclaimed => "progress-unclaimed",
            Self::StaleSessionRead => "stale-session-read",
            Self::ChunkClosedEarly => "chunk-closed-early",
            Self::ResumeWithoutSubscribe => "resume-without-subscribe",
            Self::CountsTrusted => "counts-trusted",
            Self::CarriedLate => "carried-late",
            Self::RetryReadsAll => "retry-reads-all",
            Self::RetryPinsOldVersions => "retry-pins-old-versions",
            Self::RetryOnExpiredToken => "retry-on-expired-token",
            Self::ExpiredTokenFailsFile => "expired-token-fails-file",
            Self::RenewWithoutUnpause => "renew-without-unpause",
            Self::RenewWithoutRedispatch => "renew-without-redispatch",
            Self::TokenKept => "token-kept",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mutant| mutant.name() == name)
    }
}

/// Returns the ledger for the handlers.
pub(crate) fn ledger(
    mutant: Option<ScanMutant>,
    ledger: &Arc<MemoryLedger>,
    control: &Arc<Control>,
) -> Arc<dyn ScanLedger> {
    match mutant {
        Some(mutant) => Arc::new(ledger::MutantLedger::new(mutant, Arc::clone(ledger), Arc::clone(control))),
        None => Arc::<MemoryLedger>::clone(ledger),
    }
}

/// Returns the object store for the handlers.
pub(crate) fn objects(mutant: Option<ScanMutant>, objects: &Arc<MemoryObjects>) -> Arc<dyn ObjectStore> {
    match mutant {
        Some(ScanMutant::ReportOverwritten) => Arc::new(others::OverwritingObjects(Arc::clone(objects))),
        _ => Arc::<MemoryObjects>::clone(objects),
    }
}

/// Returns the connection registry for the handlers.
pub(crate) fn connections(
    mutant: Option<ScanMutant>,
    connections: &Arc<MemoryConnections>,
) -> Arc<dyn ConnectionRegistry> {
    match mutant {
        Some(ScanMutant::ResumeWithoutSubscribe) => {
            Arc::new(others::ForgetfulConnections::new(Arc::clone(connections)))
        }
        _ => Arc::<MemoryConnections>::clone(connections),
    }
}

/// Returns the queues for the handlers.
pub(crate) fn queue(
    mutant: Option<ScanMutant>,
    queue: &Arc<MemoryQueue>,
    ledger: &Arc<MemoryLedger>,
) -> Arc<dyn WorkQueue> {
    match mutant {
        Some(ScanMutant::RenewWithoutRedispatch) => {
            Arc::new(others::FirstJobsOnly { queue: Arc::clone(queue), ledger: Arc::clone(ledger) })
        }
        _ => Arc::<MemoryQueue>::clone(queue),
    }
}

/// Returns the token vault for the handlers.
pub(crate) fn tokens(mutant: Option<ScanMutant>, tokens: &Arc<MemoryTokens>) -> Arc<dyn TokenVault> {
    match mutant {
        Some(ScanMutant::TokenKept) => Arc::new(others::TokensNeverRemoved(Arc::clone(tokens))),
        _ => Arc::<MemoryTokens>::clone(tokens),
    }
}

/// Returns the file source for the handlers.
pub(crate) fn files(mutant: Option<ScanMutant>, files: &Arc<MemoryFiles>) -> Arc<dyn FileSource> {
    match mutant {
        Some(ScanMutant::RetryPinsOldVersions) => Arc::new(others::UnmendedFiles(Arc::clone(files))),
        _ => Arc::<MemoryFiles>::clone(files),
    }
}
