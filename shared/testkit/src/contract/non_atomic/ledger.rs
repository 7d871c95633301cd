//! Ledgers whose changes are a read and a write.

use std::collections::BTreeSet;

use async_trait::async_trait;
use riffle_ports::{
    Attempt, ChunkDone, Counts, ListedAt, PortError, ScanLedger, Session, SessionId, StoredResult,
    Transition, TransitionResult, Usage,
};

use super::super::scan_ledger;
use super::{assert_noticed, give_way, run};
use crate::memory::{MemoryLedger, SeededIds};

/// The operation that is not atomic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LedgerFault {
    Nothing,
    Create,
    Transition,
    PutResult,
    AddDone,
    AddProgress,
}

struct FaultyLedger {
    inner: MemoryLedger,
    fault: LedgerFault,
}

impl FaultyLedger {
    fn new(fault: LedgerFault) -> Self {
        Self { inner: MemoryLedger::new(), fault }
    }

    fn stored(&self, id: &SessionId) -> Option<Session> {
        self.inner.inspect(|books| books.sessions.get(id).cloned())
    }

    fn store(&self, session: Session) {
        self.inner.inspect(|books| books.sessions.insert(session.id.clone(), session));
    }
}

#[async_trait]
impl ScanLedger for FaultyLedger {
    async fn create(&self, session: Session) -> Result<Option<Session>, PortError> {
        if self.fault != LedgerFault::Create {
            return self.inner.create(session).await;
        }
        let taken = self.stored(&session.id);
        give_way().await;
        if taken.is_none() {
            self.store(session);
        }
        Ok(taken)
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        self.inner.session(id).await
    }

    async fn transition(
        &self,
        id: &SessionId,
        transition: Transition,
    ) -> Result<TransitionResult, PortError> {
        if self.fault != LedgerFault::Transition {
            return self.inner.transition(id, transition).await;
        }
        let Some(mut session) = self.stored(id) else {
            return Ok(TransitionResult::NoSession);
        };
        give_way().await;
        let before = session.clone();
        if session.apply(&transition).is_err() {
            return Ok(TransitionResult::Refused(before));
        }
        self.store(session.clone());
        Ok(TransitionResult::Applied(session))
    }

    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        result: StoredResult,
    ) -> Result<StoredResult, PortError> {
        if self.fault != LedgerFault::PutResult {
            return self.inner.put_result(id, chunk, index, result).await;
        }
        let key = (id.clone(), chunk);
        let stored = self.inner.inspect(|books| books.results.get(&key)?.get(&index).cloned());
        give_way().await;
        if let Some(stored) = stored {
            return Ok(stored);
        }
        self.inner.inspect(|books| books.results.entry(key).or_default().insert(index, result.clone()));
        Ok(result)
    }

    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError> {
        self.inner.results(id, chunk).await
    }

    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError> {
        if self.fault != LedgerFault::AddDone {
            return self.inner.add_done(id, chunk, indices).await;
        }
        let before = self.inner.done(id, chunk).await?;
        give_way().await;
        let added = self.inner.add_done(id, chunk, indices).await?;
        Ok(ChunkDone { new: indices.difference(&before).copied().collect(), ..added })
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
        let stored = self.stored(id).filter(|session| !session.state.is_terminal());
        let Some(mut session) = stored.filter(|_| self.fault == LedgerFault::AddProgress) else {
            return self.inner.add_progress(id, full_chunks, counts, usage).await;
        };
        give_way().await;
        session.counts.processed += counts.processed;
        session.counts.failed += counts.failed;
        session.counts.matches += counts.matches;
        session.chunks_done.extend(full_chunks);
        self.store(session.clone());
        Ok(Some(session))
    }

    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError> {
        self.inner.record_attempt(id, index, attempt).await
    }

    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError> {
        self.inner.forget_attempt(id, index, receipt).await
    }

    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError> {
        self.inner.erase(id, chunks).await
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

#[test]
fn every_ledger_that_is_not_atomic_is_noticed() {
    run(scan_ledger(&FaultyLedger::new(LedgerFault::Nothing), &SeededIds::new(1)));
    for fault in [
        LedgerFault::Create,
        LedgerFault::Transition,
        LedgerFault::PutResult,
        LedgerFault::AddDone,
        LedgerFault::AddProgress,
    ] {
        assert_noticed(fault, scan_ledger(&FaultyLedger::new(fault), &SeededIds::new(1)));
    }
}
