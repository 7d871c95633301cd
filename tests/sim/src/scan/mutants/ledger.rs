//! Ledgers that lack a guarantee.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use riffle_ports::{
    Attempt, ChunkDone, Counts, ListedAt, PortError, ScanLedger, Session, SessionId, State, StoredResult,
    Transition, TransitionResult, Usage,
};
use riffle_scan::Request;
use riffle_testkit::memory::{LedgerChange, MemoryLedger, name_of};
use riffle_testkit::simulator::Control;

use super::ScanMutant;

/// A ledger that behaves as in a bad protocol.
pub(super) struct MutantLedger {
    mutant: ScanMutant,
    inner: Arc<MemoryLedger>,
    control: Arc<Control>,
    notes: Mutex<MutantLedgerData>,
}

/// The data that a bad protocol keeps in addition to the ledger.
#[derive(Default)]
struct MutantLedgerData {
    counters: BTreeMap<(SessionId, u32), u32>,
    /// Indices whose result was already stored by another worker and which are therefore left unmarked.
    left: BTreeSet<(SessionId, u32)>,
    /// Results to be stored later.
    held: Vec<DelayedResult>,
    /// Earlier versions of sessions.
    versions: BTreeMap<SessionId, Vec<Session>>,
}

/// A result, with its session, chunk and index.
type DelayedResult = (SessionId, u32, u32, StoredResult);

impl MutantLedger {
    pub(super) fn new(mutant: ScanMutant, inner: Arc<MemoryLedger>, control: Arc<Control>) -> Self {
        Self { mutant, inner, control, notes: Mutex::default() }
    }

    fn notes<T>(&self, look: impl FnOnce(&mut MutantLedgerData) -> T) -> T {
        look(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes a session in any state.
    fn force(
        &self,
        id: &SessionId,
        transition: &Transition,
        change: impl FnOnce(&mut Session),
    ) -> TransitionResult {
        self.inner.inspect(|data| {
            let Some(session) = data.sessions.get_mut(id) else {
                return TransitionResult::NoSession;
            };
            let from = session.state;
            change(session);
            let after = session.clone();
            data.note(LedgerChange::Moved { id: id.clone(), by: name_of(transition), from, to: after.state });
            TransitionResult::Applied(after)
        })
    }

    /// Does what the bad protocol does instead of `transition`. Returns `None` if the protocol does not differ there.
    fn cook(&self, id: &SessionId, transition: &Transition) -> Option<TransitionResult> {
        let outcome = match (self.mutant, transition) {
            (ScanMutant::NoLease, Transition::Lease { lease, .. }) => self.force(id, transition, |session| {
                session.lease = Some(lease.clone());
                if session.state == State::Running {
                    session.state = State::Finalizing;
                }
            }),
            (ScanMutant::NoLease, Transition::Freeze { frozen, .. }) => {
                self.force(id, transition, |session| {
                    session.frozen.get_or_insert_with(|| frozen.clone());
                })
            }
            (ScanMutant::ReportOverwritten, Transition::Freeze { frozen, .. }) => {
                self.force(id, transition, |session| session.frozen = Some(frozen.clone()))
            }
            (
                ScanMutant::NoLease | ScanMutant::CompleteWithoutToken,
                Transition::Complete { counts, report, .. },
            ) => self.force(id, transition, |session| {
                session.counts = *counts;
                session.report = Some(report.clone());
                session.state = State::Complete;
            }),
            (ScanMutant::CountsTrusted, Transition::Complete { token, report, .. }) => {
                let trusted = self.inner.inspect(|data| data.sessions.get(id).map(|session| session.counts));
                let transition = Transition::Complete {
                    token: token.clone(),
                    counts: trusted.unwrap_or_default(),
                    report: report.clone(),
                };
                return Some(self.plain(id, &transition));
            }
            (ScanMutant::UnconditionalSeal, Transition::Seal { sealed, now }) => {
                self.force(id, transition, |session| {
                    session.sealed = Some(sealed.clone());
                    session.started_at = Some(*now);
                    session.progress_at = *now;
                    if session.state == State::Listing {
                        session.state = State::Dispatching;
                    }
                })
            }
            (ScanMutant::CancelUnconditional, Transition::Cancel) => {
                self.force(id, transition, |session| session.state = State::Cancelled)
            }
            (ScanMutant::ProgressUnclaimed, Transition::Progress { now, .. }) => {
                self.force(id, transition, |session| session.progress_at = *now)
            }
            (ScanMutant::RenewWithoutUnpause, Transition::Unpause { .. }) => {
                self.force(id, transition, |_| ())
            }
            _ => return None,
        };
        Some(outcome)
    }

    fn plain(&self, id: &SessionId, transition: &Transition) -> TransitionResult {
        self.inner.inspect(|data| {
            let Some(session) = data.sessions.get_mut(id) else {
                return TransitionResult::NoSession;
            };
            let from = session.state;
            let applied = session.apply(transition);
            let after = session.clone();
            if applied.is_err() {
                return TransitionResult::Refused(after);
            }
            data.note(LedgerChange::Moved { id: id.clone(), by: name_of(transition), from, to: after.state });
            TransitionResult::Applied(after)
        })
    }

    /// Returns whether a retry keeps the result of this file.
    fn is_kept(&self, id: &SessionId, chunk: u32, index: u32) -> bool {
        self.inner.inspect(|data| {
            let request = data.sessions.get(id).and_then(|session| Request::decode(&session.request).ok());
            let earlier = request.and_then(|request| request.retry_of);
            let results = earlier.and_then(|earlier| data.results.get(&(earlier, chunk)));
            results.and_then(|results| results.get(&index)).is_some_and(|result| !result.failed)
        })
    }

    /// Stores the results held back for `id`.
    async fn let_go(&self, id: &SessionId) -> Result<(), PortError> {
        let held = self.notes(|notes| notes.held.extract_if(.., |(of, ..)| of == id).collect::<Vec<_>>());
        for (id, chunk, index, result) in held {
            self.inner.put_result(&id, chunk, index, result).await?;
        }
        Ok(())
    }

    fn remember_version(&self, id: &SessionId) {
        if self.mutant == ScanMutant::StaleSessionRead
            && let Some(session) = self.inner.inspect(|data| data.sessions.get(id).cloned())
        {
            self.notes(|notes| notes.versions.entry(id.clone()).or_default().push(session));
        }
    }
}

#[async_trait]
impl ScanLedger for MutantLedger {
    async fn create(&self, session: Session) -> Result<Option<Session>, PortError> {
        self.inner.create(session).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        let fresh = self.inner.session(id).await?;
        if self.mutant == ScanMutant::StaleSessionRead && self.control.draw(|rng| rng.chance(3_000)) {
            let former = self.notes(|notes| notes.versions.get(id).and_then(|former| former.last().cloned()));
            return Ok(former.or(fresh));
        }
        Ok(fresh)
    }

    async fn transition(
        &self,
        id: &SessionId,
        transition: Transition,
    ) -> Result<TransitionResult, PortError> {
        self.remember_version(id);
        self.let_go(id).await?;
        match self.cook(id, &transition) {
            Some(outcome) => Ok(outcome),
            None => self.inner.transition(id, transition).await,
        }
    }

    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError> {
        self.inner.erase(id, chunks).await
    }

    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        result: StoredResult,
    ) -> Result<StoredResult, PortError> {
        if self.mutant == ScanMutant::ResultsOverwrite {
            return self.inner.inspect(|data| {
                let results = data.results.entry((id.clone(), chunk)).or_default();
                results.insert(index, result.clone());
                data.note(LedgerChange::Result { id: id.clone(), chunk, index });
                Ok(result)
            });
        }
        if self.mutant == ScanMutant::CarriedLate && self.is_kept(id, chunk, index) {
            self.notes(|notes| notes.held.push((id.clone(), chunk, index, result.clone())));
            return Ok(result);
        }
        let taken = self.inner.inspect(|data| {
            let results = data.results.get(&(id.clone(), chunk));
            results.is_some_and(|results| results.contains_key(&index))
        });
        self.notes(|notes| {
            if taken {
                notes.left.insert((id.clone(), index));
            } else {
                notes.left.remove(&(id.clone(), index));
            }
        });
        let stored = self.inner.put_result(id, chunk, index, result.clone()).await?;
        Ok(if self.mutant == ScanMutant::OwnResultAnnounced { result } else { stored })
    }

    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError> {
        let mut results = self.inner.results(id, chunk).await?;
        let complete =
            || self.inner.inspect(|data| data.sessions.get(id).is_some_and(|it| it.state == State::Complete));
        if self.mutant == ScanMutant::RetryReadsAll && complete() {
            for (_, result) in &mut results {
                result.failed = true;
            }
        }
        Ok(results)
    }

    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError> {
        match self.mutant {
            ScanMutant::CounterInsteadOfSet => {
                self.inner.add_done(id, chunk, indices).await?;
                let len = self.notes(|notes| {
                    let counter = notes.counters.entry((id.clone(), chunk)).or_default();
                    *counter += u32::try_from(indices.len()).unwrap_or(0);
                    *counter
                });
                Ok(ChunkDone { new: indices.clone(), len })
            }
            ScanMutant::PutThenAdd => {
                let own: BTreeSet<u32> = self.notes(|notes| {
                    let own = |index: &&u32| !notes.left.contains(&(id.clone(), **index));
                    indices.iter().filter(own).copied().collect()
                });
                self.inner.add_done(id, chunk, &own).await
            }
            ScanMutant::ChunkClosedEarly => {
                let done = self.inner.add_done(id, chunk, indices).await?;
                Ok(ChunkDone { len: done.len + 1, ..done })
            }
            _ => self.inner.add_done(id, chunk, indices).await,
        }
    }

    async fn done(&self, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, PortError> {
        self.inner.done(id, chunk).await
    }

    async fn add_progress(
        &self,
        id: &SessionId,
        full_chunks: &BTreeSet<u32>,
        counts: Counts,
        usage: Usage,
    ) -> Result<Option<Session>, PortError> {
        self.remember_version(id);
        self.inner.add_progress(id, full_chunks, counts, usage).await
    }

    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError> {
        if self.mutant == ScanMutant::NoAttemptRecord {
            return Ok(attempt);
        }
        self.inner.record_attempt(id, index, attempt).await
    }

    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError> {
        self.inner.forget_attempt(id, index, receipt).await
    }

    async fn sessions(
        &self,
        tenant: &str,
        after: Option<&ListedAt>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError> {
        self.inner.sessions(tenant, after, limit).await
    }

    async fn open_sessions(&self) -> Result<Vec<SessionId>, PortError> {
        self.inner.open_sessions().await
    }
}
