//! The scan ledger in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use riffle_ports::{
    Attempt, ChunkDone, Counts, ListedAt, PortError, ScanLedger, Session, SessionId, State, StoredResult,
    Transition, TransitionResult, Usage,
};

use super::lock;

/// The content of the ledger. Plain data, so that checkers can read it and known-bad ledgers can write what no ledger
/// should.
#[derive(Debug, Default)]
pub struct LedgerData {
    pub sessions: BTreeMap<SessionId, Session>,
    /// Results by session and chunk, then by index.
    pub results: BTreeMap<(SessionId, u32), BTreeMap<u32, StoredResult>>,
    pub done: BTreeMap<(SessionId, u32), BTreeSet<u32>>,
    pub attempts: BTreeMap<(SessionId, u32), Attempt>,
    /// The changes since a checker last took them, oldest first.
    changes: Vec<LedgerChange>,
}

/// A change of the data, or a requested change that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerChange {
    Created(SessionId),
    /// A session was to be created under an id that is taken.
    Taken(SessionId),
    /// A transition was applied. Its two states may be equal.
    Moved {
        id: SessionId,
        by: &'static str,
        from: State,
        to: State,
    },
    Refused {
        id: SessionId,
        by: &'static str,
        state: State,
    },
    /// Counts or full chunks were added.
    Progressed(SessionId),
    /// A result was written. A known-bad ledger may overwrite an existing one.
    Result {
        id: SessionId,
        chunk: u32,
        index: u32,
    },
    /// A result was to be stored where one exists; the existing one was kept.
    Kept {
        id: SessionId,
        index: u32,
    },
    /// Indices were added to a chunk's set. `new` is the number of those it did not hold yet.
    Done {
        id: SessionId,
        chunk: u32,
        new: usize,
    },
    /// Results, sets and attempts were removed.
    Erased(SessionId),
    /// An attempt was to be recorded where one exists.
    Attempted {
        id: SessionId,
        index: u32,
    },
}

/// Returns a transition's name, as checkers and traces show it.
pub fn name_of(transition: &Transition) -> &'static str {
    call_of(transition).trim_start_matches("ledger.")
}

/// Returns the name of the call that makes a transition. Each transition has a call of its own, so that faults can be
/// injected and counted per transition.
pub(crate) const fn call_of(transition: &Transition) -> &'static str {
    match transition {
        Transition::Seal { .. } => "ledger.seal",
        Transition::Dispatched { .. } => "ledger.dispatched",
        Transition::Run { .. } => "ledger.run",
        Transition::Lease { .. } => "ledger.lease",
        Transition::Freeze { .. } => "ledger.freeze",
        Transition::Complete { .. } => "ledger.complete",
        Transition::Fail { .. } => "ledger.fail",
        Transition::Cancel => "ledger.cancel",
        Transition::Progress { .. } => "ledger.progress",
        Transition::Sweep { .. } => "ledger.sweep",
        Transition::Pause { .. } => "ledger.pause",
        Transition::Unpause { .. } => "ledger.unpause",
        Transition::Delete { .. } => "ledger.delete",
        Transition::Deleted { .. } => "ledger.deleted",
    }
}

impl LedgerData {
    /// Notes a change for the checkers. Every method that writes calls it, also in known-bad ledgers.
    pub fn note(&mut self, change: LedgerChange) {
        self.changes.push(change);
    }

    /// Returns the changes noted so far and removes them.
    pub fn take_changes(&mut self) -> Vec<LedgerChange> {
        std::mem::take(&mut self.changes)
    }

    /// Returns the results of one session in the order of their indices.
    pub fn results_of(&self, id: &SessionId) -> impl Iterator<Item = (u32, &StoredResult)> {
        self.results
            .range((id.clone(), 0)..=(id.clone(), u32::MAX))
            .flat_map(|(_, chunk)| chunk.iter().map(|(index, result)| (*index, result)))
    }
}

/// A [`ScanLedger`] in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    data: Mutex<LedgerData>,
}

impl MemoryLedger {
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a test access to the data, to read or to manipulate them.
    pub fn inspect<T>(&self, look: impl FnOnce(&mut LedgerData) -> T) -> T {
        look(&mut lock(&self.data))
    }
}

#[async_trait]
impl ScanLedger for MemoryLedger {
    async fn create(&self, session: Session) -> Result<Option<Session>, PortError> {
        self.inspect(|data| {
            if let Some(taken) = data.sessions.get(&session.id).cloned() {
                data.note(LedgerChange::Taken(session.id));
                return Ok(Some(taken));
            }
            data.note(LedgerChange::Created(session.id.clone()));
            data.sessions.insert(session.id.clone(), session);
            Ok(None)
        })
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        Ok(self.inspect(|data| data.sessions.get(id).cloned()))
    }

    async fn transition(
        &self,
        id: &SessionId,
        transition: Transition,
    ) -> Result<TransitionResult, PortError> {
        self.inspect(|data| {
            let Some(session) = data.sessions.get_mut(id) else {
                return Ok(TransitionResult::NoSession);
            };
            let from = session.state;
            let by = name_of(&transition);
            let applied = session.apply(&transition);
            let after = session.clone();
            if applied.is_err() {
                data.note(LedgerChange::Refused { id: id.clone(), by, state: from });
                return Ok(TransitionResult::Refused(after));
            }
            data.note(LedgerChange::Moved { id: id.clone(), by, from, to: after.state });
            Ok(TransitionResult::Applied(after))
        })
    }

    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        result: StoredResult,
    ) -> Result<StoredResult, PortError> {
        self.inspect(|data| {
            result.body.check()?;
            let results = data.results.entry((id.clone(), chunk)).or_default();
            if let Some(stored) = results.get(&index).cloned() {
                data.note(LedgerChange::Kept { id: id.clone(), index });
                return Ok(stored);
            }
            results.insert(index, result.clone());
            data.note(LedgerChange::Result { id: id.clone(), chunk, index });
            Ok(result)
        })
    }

    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError> {
        self.inspect(|data| {
            let results = data.results.get(&(id.clone(), chunk));
            Ok(results.into_iter().flatten().map(|(index, result)| (*index, result.clone())).collect())
        })
    }

    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError> {
        self.inspect(|data| {
            let done = data.done.entry((id.clone(), chunk)).or_default();
            let new: BTreeSet<u32> = indices.difference(done).copied().collect();
            done.extend(&new);
            let len = u32::try_from(done.len()).unwrap_or(u32::MAX);
            data.note(LedgerChange::Done { id: id.clone(), chunk, new: new.len() });
            Ok(ChunkDone { new, len })
        })
    }

    async fn done(&self, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, PortError> {
        Ok(self.inspect(|data| data.done.get(&(id.clone(), chunk)).cloned().unwrap_or_default()))
    }

    async fn add_progress(
        &self,
        id: &SessionId,
        full_chunks: &BTreeSet<u32>,
        counts: Counts,
        usage: Usage,
    ) -> Result<Option<Session>, PortError> {
        self.inspect(|data| {
            let Some(session) = data.sessions.get_mut(id) else {
                return Ok(None);
            };
            if session.state.is_terminal() {
                return Ok(Some(session.clone()));
            }
            session.chunks_done.extend(full_chunks);
            session.counts.processed += counts.processed;
            session.counts.failed += counts.failed;
            session.counts.matches += counts.matches;
            session.usage += usage;
            let after = session.clone();
            data.note(LedgerChange::Progressed(id.clone()));
            Ok(Some(after))
        })
    }

    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError> {
        self.inspect(|data| {
            if let Some(remembered) = data.attempts.get(&(id.clone(), index)).cloned() {
                data.note(LedgerChange::Attempted { id: id.clone(), index });
                return Ok(remembered);
            }
            data.attempts.insert((id.clone(), index), attempt.clone());
            Ok(attempt)
        })
    }

    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError> {
        self.inspect(|data| {
            let key = (id.clone(), index);
            if data.attempts.get(&key).is_some_and(|attempt| attempt.receipt == receipt) {
                data.attempts.remove(&key);
            }
            Ok(())
        })
    }

    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError> {
        self.inspect(|data| {
            data.results.retain(|(of, chunk), _| of != id || *chunk >= chunks);
            data.done.retain(|(of, chunk), _| of != id || *chunk >= chunks);
            data.attempts.retain(|(of, _), _| of != id);
            data.note(LedgerChange::Erased(id.clone()));
            Ok(())
        })
    }

    async fn sessions(
        &self,
        tenant: &str,
        after: Option<&ListedAt>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError> {
        self.inspect(|data| {
            let mut sessions: Vec<Session> = data
                .sessions
                .values()
                .filter(|session| session.tenant == tenant && !session.state.is_gone())
                .filter(|session| after.is_none_or(|after| ListedAt::from(*session) < *after))
                .cloned()
                .collect();
            sessions.sort_by_key(|session| Reverse(ListedAt::from(session)));
            sessions.truncate(limit as usize);
            Ok(sessions)
        })
    }

    async fn open_sessions(&self) -> Result<Vec<SessionId>, PortError> {
        self.inspect(|data| {
            Ok(data
                .sessions
                .values()
                .filter(|session| session.state.is_open())
                .map(|session| session.id.clone())
                .collect())
        })
    }
}
