//! Faulty ledgers.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::SubsecRound;
use riffle_ports::{
    Attempt, ChunkDone, Counts, ListedAt, PortError, ScanLedger, Session, SessionId, State, StoredResult,
    Transition, TransitionResult, Usage,
};

use super::{assert_noticed, give_way};
use crate::memory::{MemoryLedger, SeededIds};

macro_rules! faults {
    ($($fault:ident,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum LedgerFault {
            Sound,
            $($fault,)*
        }

        use LedgerFault::*;

        const ALL: &[LedgerFault] = &[$($fault,)*];
    };
}

faults! {
    CreateReplaces,
    CreateSaysItWasFree,
    CreateIsTwoSteps,
    LongRequestsAreCut,
    TimesLoseNanoseconds,
    UnknownSessionIsRefused,
    TransitionIsTwoSteps,
    RefusedShowsWhatWasAsked,
    AppliedShowsWhatWas,
    AppliedIsNotStored,
    TimesCompareAsText,
    LeaseIsNeverFree,
    LeaseIsAlwaysFree,
    FreezeReplaces,
    CursorFalls,
    CompleteKeepsCounts,
    AnyoneCompletes,
    CancelInFinalizing,
    PauseOfOldToken,
    PauseIsTakenOver,
    PauseInFinalizing,
    UnpauseNeedsPause,
    UnpauseIsNotCounted,
    TerminalStaysOpen,
    OpenListForgetsMoved,
    SecondResultReplaces,
    SecondResultReturnsItself,
    PutResultIsTwoSteps,
    ResultsDescend,
    ResultsOrderAsText,
    ResultsOfAllChunks,
    ResultsLoseSizes,
    AllIsNew,
    NothingIsNew,
    LenCountsWhatWasAsked,
    AddDoneIsTwoSteps,
    SetIsReplaced,
    SetsOfSessionsMix,
    ProgressAfterTheEnd,
    ProgressLosesChunks,
    ProgressReplacesCounts,
    ProgressReturnsWhatWas,
    ProgressIsTwoSteps,
    ProgressOfUnknownIsNothingElse,
    AttemptReplaces,
    AttemptReturnsItself,
    AttemptsOfFilesMix,
    AttemptIsKept,
    AttemptOfAnotherIsForgotten,
    ListOfAllTenants,
    ListStartsAnew,
    ListHasNoLimit,
    ListForgetsEnded,
    ListOfOneMomentIsOne,
    ListShowsWhatWasCreated,
    ListAscends,
    ListShowsDeleted,
    DeletingIsNotOpen,
    DeleteKeepsRequest,
    DeleteOfOpen,
    EraseKeepsResults,
    EraseKeepsSets,
    EraseKeepsAttempts,
    EraseOfAllSessions,
}

struct FaultyLedger {
    inner: MemoryLedger,
    fault: LedgerFault,
}

impl FaultyLedger {
    fn new(fault: LedgerFault) -> Self {
        Self { inner: MemoryLedger::new(), fault }
    }

    fn is(&self, fault: LedgerFault) -> bool {
        self.fault == fault
    }

    fn stored(&self, id: &SessionId) -> Option<Session> {
        self.inner.inspect(|data| data.sessions.get(id).cloned())
    }

    fn store(&self, session: Session) {
        self.inner.inspect(|data| data.sessions.insert(session.id.clone(), session));
    }

    /// Like [`Session::apply`], except for the fault.
    fn apply(&self, session: &mut Session, transition: &Transition) -> bool {
        let before = session.clone();
        let terminal = session.state.is_terminal();
        match transition {
            Transition::Progress { now, not_since } if self.is(TimesCompareAsText) => {
                // A zero fraction is omitted, and "Z" sorts after ".".
                let text =
                    |time: &chrono::DateTime<chrono::Utc>| serde_json::to_string(time).unwrap_or_default();
                if terminal || text(&session.progress_at) >= text(not_since) {
                    return false;
                }
                session.progress_at = *now;
                return true;
            }
            Transition::Lease { .. } if self.is(LeaseIsNeverFree) && session.state == State::Finalizing => {
                return false;
            }
            Transition::Lease { lease, .. }
                if self.is(LeaseIsAlwaysFree) && session.state == State::Finalizing =>
            {
                session.lease = Some(lease.clone());
                return true;
            }
            Transition::Complete { token, .. } if self.is(AnyoneCompletes) => {
                if let Some(lease) = &mut session.lease {
                    lease.token.clone_from(token);
                }
            }
            Transition::Cancel if self.is(CancelInFinalizing) && session.state == State::Finalizing => {
                session.state = State::Cancelled;
                return true;
            }
            Transition::Pause { paused, .. } => {
                let late = session.state == State::Finalizing && session.paused.is_none();
                let pauses = (self.is(PauseOfOldToken) && session.reads() && session.paused.is_none())
                    || (self.is(PauseIsTakenOver) && session.is_paused())
                    || (self.is(PauseInFinalizing) && late);
                if pauses {
                    session.paused = Some(paused.clone());
                    return true;
                }
            }
            Transition::Unpause { .. } if self.is(UnpauseNeedsPause) && session.paused.is_none() => {
                return false;
            }
            Transition::Delete { .. } if self.is(DeleteOfOpen) && !terminal => {
                session.state = State::Deleting;
                return true;
            }
            _ => {}
        }
        if session.apply(transition).is_err() {
            *session = before;
            return false;
        }
        match transition {
            Transition::Freeze { frozen, .. } if self.is(FreezeReplaces) => {
                session.frozen = Some(frozen.clone());
            }
            Transition::Dispatched { upto, .. } if self.is(CursorFalls) => session.dispatched = *upto,
            Transition::Unpause { .. } if self.is(UnpauseIsNotCounted) => session.renewals = before.renewals,
            Transition::Delete { .. } if self.is(DeleteKeepsRequest) => session.request = before.request,
            Transition::Complete { .. } if self.is(CompleteKeepsCounts) => session.counts = before.counts,
            _ => {}
        }
        true
    }
}

#[async_trait]
impl ScanLedger for FaultyLedger {
    async fn create(&self, mut session: Session) -> Result<Option<Session>, PortError> {
        if self.is(LongRequestsAreCut) && session.request.len() > 32_768 {
            session.request.clear();
        }
        if self.is(TimesLoseNanoseconds) {
            session.created_at = session.created_at.trunc_subsecs(3);
        }
        match self.fault {
            CreateReplaces => {
                let taken = self.stored(&session.id);
                self.store(session);
                Ok(taken)
            }
            CreateSaysItWasFree => self.inner.create(session).await.map(|_| None),
            CreateIsTwoSteps => {
                let taken = self.stored(&session.id);
                give_way().await;
                if taken.is_none() {
                    self.store(session);
                }
                Ok(taken)
            }
            _ => self.inner.create(session).await,
        }
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        self.inner.session(id).await
    }

    async fn transition(
        &self,
        id: &SessionId,
        transition: Transition,
    ) -> Result<TransitionResult, PortError> {
        let Some(mut session) = self.stored(id) else {
            if self.is(UnknownSessionIsRefused) {
                let times = (super::super::at(1), super::super::at(2));
                let empty = Session::new(id.clone(), String::new(), String::new(), times.0, times.1);
                return Ok(TransitionResult::Refused(empty));
            }
            return Ok(TransitionResult::NoSession);
        };
        let before = session.clone();
        if self.is(TransitionIsTwoSteps) {
            give_way().await;
        }
        if !self.apply(&mut session, &transition) {
            if self.is(RefusedShowsWhatWasAsked)
                && let Transition::Run { now } = transition
            {
                session.progress_at = now;
            }
            return Ok(TransitionResult::Refused(session));
        }
        if !self.is(AppliedIsNotStored) {
            self.store(session.clone());
        }
        Ok(TransitionResult::Applied(if self.is(AppliedShowsWhatWas) { before } else { session }))
    }

    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        mut result: StoredResult,
    ) -> Result<StoredResult, PortError> {
        if self.is(ResultsLoseSizes) {
            result.bytes = result.bytes.min(u64::from(u32::MAX));
        }
        let key = (id.clone(), chunk);
        match self.fault {
            SecondResultReplaces => {
                let store = |data: &mut crate::memory::LedgerData| {
                    data.results.entry(key).or_default().insert(index, result.clone());
                };
                self.inner.inspect(store);
                Ok(result)
            }
            SecondResultReturnsItself => {
                self.inner.put_result(id, chunk, index, result.clone()).await.map(|_| result)
            }
            PutResultIsTwoSteps => {
                let first =
                    |data: &mut crate::memory::LedgerData| data.results.get(&key)?.get(&index).cloned();
                let stored = self.inner.inspect(first);
                give_way().await;
                let key = (id.clone(), chunk);
                if let Some(stored) = stored {
                    return Ok(stored);
                }
                self.inner.inspect(|data| data.results.entry(key).or_default().insert(index, result.clone()));
                Ok(result)
            }
            _ => self.inner.put_result(id, chunk, index, result).await,
        }
    }

    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError> {
        let mut results = self.inner.results(id, chunk).await?;
        match self.fault {
            ResultsDescend => results.reverse(),
            ResultsOrderAsText => results.sort_by_key(|(index, _)| index.to_string()),
            ResultsOfAllChunks => {
                results = self.inner.inspect(|data| {
                    let all = data.results_of(id);
                    all.map(|(index, result)| (index, result.clone())).collect()
                });
            }
            _ => {}
        }
        Ok(results)
    }

    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError> {
        let shared = SessionId("shared".to_owned());
        let id = if self.is(SetsOfSessionsMix) { &shared } else { id };
        if self.is(AddDoneIsTwoSteps) {
            let before = self.inner.done(id, chunk).await?;
            give_way().await;
            let added = self.inner.add_done(id, chunk, indices).await?;
            let new = indices.difference(&before).copied().collect();
            return Ok(ChunkDone { new, ..added });
        }
        if self.is(SetIsReplaced) {
            self.inner.inspect(|data| data.done.remove(&(id.clone(), chunk)));
        }
        let mut added = self.inner.add_done(id, chunk, indices).await?;
        match self.fault {
            AllIsNew => added.new.clone_from(indices),
            NothingIsNew => added.new.clear(),
            LenCountsWhatWasAsked => added.len = u32::try_from(indices.len()).unwrap_or(u32::MAX),
            _ => {}
        }
        Ok(added)
    }

    async fn done(&self, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, PortError> {
        let shared = SessionId("shared".to_owned());
        let id = if self.is(SetsOfSessionsMix) { &shared } else { id };
        self.inner.done(id, chunk).await
    }

    async fn add_progress(
        &self,
        id: &SessionId,
        full_chunks: &BTreeSet<u32>,
        counts: Counts,
        usage: Usage,
    ) -> Result<Option<Session>, PortError> {
        let Some(mut session) = self.stored(id) else {
            if self.is(ProgressOfUnknownIsNothingElse) {
                let times = (super::super::at(1), super::super::at(2));
                let made = Session::new(id.clone(), String::new(), String::new(), times.0, times.1);
                self.store(made);
            }
            return Ok(None);
        };
        match self.fault {
            ProgressAfterTheEnd if session.state.is_terminal() => {
                session.counts.processed += counts.processed;
                self.store(session.clone());
                Ok(Some(session))
            }
            ProgressLosesChunks => self.inner.add_progress(id, &BTreeSet::new(), counts, usage).await,
            ProgressReplacesCounts if !session.state.is_terminal() => {
                session.counts = counts;
                session.chunks_done.extend(full_chunks);
                self.store(session.clone());
                Ok(Some(session))
            }
            ProgressReturnsWhatWas => {
                self.inner.add_progress(id, full_chunks, counts, usage).await?;
                Ok(Some(session))
            }
            ProgressIsTwoSteps if !session.state.is_terminal() => {
                give_way().await;
                session.counts.processed += counts.processed;
                session.counts.failed += counts.failed;
                session.counts.matches += counts.matches;
                session.chunks_done.extend(full_chunks);
                self.store(session.clone());
                Ok(Some(session))
            }
            _ => self.inner.add_progress(id, full_chunks, counts, usage).await,
        }
    }

    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError> {
        let index = if self.is(AttemptsOfFilesMix) { 0 } else { index };
        match self.fault {
            AttemptReplaces => {
                let key = (id.clone(), index);
                self.inner.inspect(|data| data.attempts.insert(key, attempt.clone()));
                Ok(attempt)
            }
            AttemptReturnsItself => {
                self.inner.record_attempt(id, index, attempt.clone()).await.map(|_| attempt)
            }
            _ => self.inner.record_attempt(id, index, attempt).await,
        }
    }

    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError> {
        match self.fault {
            AttemptIsKept => Ok(()),
            AttemptOfAnotherIsForgotten => {
                self.inner.inspect(|data| data.attempts.remove(&(id.clone(), index)));
                Ok(())
            }
            _ => self.inner.forget_attempt(id, index, receipt).await,
        }
    }

    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError> {
        let keys = |(of, chunk): &(SessionId, u32)| of == id && *chunk < chunks;
        self.inner.inspect(|data| {
            let all = self.is(EraseOfAllSessions);
            if !self.is(EraseKeepsResults) {
                data.results.retain(|key, _| !all && !keys(key));
            }
            if !self.is(EraseKeepsSets) {
                data.done.retain(|key, _| !keys(key));
            }
            if !self.is(EraseKeepsAttempts) {
                data.attempts.retain(|(of, _), _| of != id);
            }
        });
        Ok(())
    }

    async fn sessions(
        &self,
        tenant: &str,
        after: Option<&ListedAt>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError> {
        let mut sessions = match self.fault {
            ListOfAllTenants => self.inner.inspect(|data| data.sessions.values().cloned().collect()),
            ListShowsDeleted => {
                let of_tenant = |session: &&Session| session.tenant == tenant;
                let all = |data: &mut crate::memory::LedgerData| {
                    data.sessions.values().filter(of_tenant).cloned().collect::<Vec<_>>()
                };
                let mut listed = self.inner.sessions(tenant, after, limit).await?;
                listed.extend(self.inner.inspect(all).into_iter().filter(|it| it.state.is_gone()));
                listed
            }
            ListStartsAnew => self.inner.sessions(tenant, None, limit).await?,
            ListHasNoLimit => self.inner.sessions(tenant, after, u32::MAX).await?,
            ListForgetsEnded => {
                let mut listed = self.inner.sessions(tenant, after, limit).await?;
                listed.retain(|session| !session.state.is_terminal());
                listed
            }
            ListOfOneMomentIsOne => {
                let mut listed = self.inner.sessions(tenant, after, limit).await?;
                listed.retain(|session| after.is_none_or(|after| session.created_at < after.created_at));
                listed
            }
            ListShowsWhatWasCreated => {
                let mut listed = self.inner.sessions(tenant, after, limit).await?;
                for session in &mut listed {
                    session.state = State::Listing;
                }
                listed
            }
            _ => self.inner.sessions(tenant, after, limit).await?,
        };
        if self.is(ListAscends) {
            sessions.reverse();
        }
        Ok(sessions)
    }

    async fn open_sessions(&self) -> Result<Vec<SessionId>, PortError> {
        match self.fault {
            TerminalStaysOpen => Ok(self.inner.inspect(|data| data.sessions.keys().cloned().collect())),
            DeletingIsNotOpen => Ok(self.inner.inspect(|data| {
                let open = data.sessions.values().filter(|session| !session.state.is_terminal());
                open.map(|session| session.id.clone()).collect()
            })),
            OpenListForgetsMoved => Ok(self.inner.inspect(|data| {
                let new = data.sessions.values().filter(|session| session.state == State::Listing);
                new.map(|session| session.id.clone()).collect()
            })),
            _ => self.inner.open_sessions().await,
        }
    }
}

#[test]
fn every_faulty_ledger_is_noticed() {
    super::run(super::super::scan_ledger(&FaultyLedger::new(Sound), &SeededIds::new(1)));
    for &fault in ALL {
        let ledger = FaultyLedger::new(fault);
        assert_noticed(fault, super::super::scan_ledger(&ledger, &SeededIds::new(1)));
    }
}
