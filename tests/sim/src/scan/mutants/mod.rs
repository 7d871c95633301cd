//! Known-bad protocols. Each lacks one guarantee that the real one stands on; the simulator must catch each.
//!
//! A mutant is a port that lacks its guarantee, or a wiring that does, around the same real handlers: what a
//! handler is told is what it would be told if its protocol were the bad one.

mod ledger;
mod others;

use std::sync::Arc;

use riffle_ports::{ConnectionRegistry, FileSource, ObjectStore, ScanLedger, TokenVault, WorkQueue};
use riffle_testkit::memory::{
    MemoryConnections, MemoryFiles, MemoryLedger, MemoryObjects, MemoryQueue, MemoryTokens,
};
use riffle_testkit::simulator::Control;

/// One known-bad protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// `done` is a number: each delivery counts.
    CounterInsteadOfSet,
    /// Whoever finds a result stored leaves the index unmarked.
    PutThenAdd,
    /// Anyone may finish at any time.
    NoLease,
    /// Nobody looks after lost messages.
    NoSweep,
    /// The last result counts.
    ResultsOverwrite,
    /// A worker announces and counts what it found itself.
    OwnResultAnnounced,
    /// The last listing counts.
    UnconditionalSeal,
    /// COMPLETE is set whoever asks.
    CompleteWithoutToken,
    /// A cancel is granted in any state.
    CancelUnconditional,
    /// Each finisher writes the report, with a duration of its own.
    ReportOverwritten,
    /// Quarantine remembers no attempts.
    NoAttemptRecord,
    /// Each `start_scan` is a new session.
    RandomSessionId,
    /// A batch is acknowledged whatever its answer says.
    AckOnError,
    /// Every worker shows progress as often as it likes.
    ProgressUnclaimed,
    /// Sessions are read eventually consistently.
    StaleSessionRead,
    /// A chunk counts as full one result early.
    ChunkClosedEarly,
    /// `resume` answers and does not listen.
    ResumeWithoutSubscribe,
    /// Counts are added where they should be overwritten from the sets.
    CountsTrusted,
    /// A retry marks what it keeps before that is stored.
    CarriedLate,
    /// A retry keeps nothing.
    RetryReadsAll,
    /// A retry reads the versions that were listed at first.
    RetryPinsOldVersions,
    /// Whoever finds the token expired has its messages come back, as when the world fails.
    RetryOnExpiredToken,
    /// A file whose token has expired has failed.
    ExpiredTokenFailsFile,
    /// A new token is kept, and nobody goes on with it.
    RenewWithoutUnpause,
    /// A new token is kept, and what was acknowledged is not handed out again.
    RenewWithoutRedispatch,
    /// Tokens stay where they are.
    TokenKept,
}

impl Mutant {
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

    /// As it is named on the command line.
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

/// The ledger as handlers get it.
pub(crate) fn ledger(
    mutant: Option<Mutant>,
    ledger: &Arc<MemoryLedger>,
    control: &Arc<Control>,
) -> Arc<dyn ScanLedger> {
    match mutant {
        Some(mutant) => Arc::new(ledger::CookedLedger::new(mutant, Arc::clone(ledger), Arc::clone(control))),
        None => Arc::<MemoryLedger>::clone(ledger),
    }
}

/// The object store as handlers get it.
pub(crate) fn objects(mutant: Option<Mutant>, objects: &Arc<MemoryObjects>) -> Arc<dyn ObjectStore> {
    match mutant {
        Some(Mutant::ReportOverwritten) => Arc::new(others::OverwritingObjects(Arc::clone(objects))),
        _ => Arc::<MemoryObjects>::clone(objects),
    }
}

/// The registry as handlers get it.
pub(crate) fn connections(
    mutant: Option<Mutant>,
    connections: &Arc<MemoryConnections>,
) -> Arc<dyn ConnectionRegistry> {
    match mutant {
        Some(Mutant::ResumeWithoutSubscribe) => {
            Arc::new(others::ForgetfulConnections::new(Arc::clone(connections)))
        }
        _ => Arc::<MemoryConnections>::clone(connections),
    }
}

/// The queues as handlers get them.
pub(crate) fn queue(
    mutant: Option<Mutant>,
    queue: &Arc<MemoryQueue>,
    ledger: &Arc<MemoryLedger>,
) -> Arc<dyn WorkQueue> {
    match mutant {
        Some(Mutant::RenewWithoutRedispatch) => {
            Arc::new(others::FirstJobsOnly { queue: Arc::clone(queue), ledger: Arc::clone(ledger) })
        }
        _ => Arc::<MemoryQueue>::clone(queue),
    }
}

/// The vault as handlers get it.
pub(crate) fn tokens(mutant: Option<Mutant>, tokens: &Arc<MemoryTokens>) -> Arc<dyn TokenVault> {
    match mutant {
        Some(Mutant::TokenKept) => Arc::new(others::KeptTokens(Arc::clone(tokens))),
        _ => Arc::<MemoryTokens>::clone(tokens),
    }
}

/// The files as handlers get them.
pub(crate) fn files(mutant: Option<Mutant>, files: &Arc<MemoryFiles>) -> Arc<dyn FileSource> {
    match mutant {
        Some(Mutant::RetryPinsOldVersions) => Arc::new(others::UnmendedFiles(Arc::clone(files))),
        _ => Arc::<MemoryFiles>::clone(files),
    }
}
