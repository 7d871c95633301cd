//! The checks of the ledger after every single change.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use riffle_contracts::{Frame, FrameBody};
use riffle_ports::{Sealed, Session, SessionId, State, StoredResult};
use riffle_testkit::memory::{LedgerChange, LedgerData};

use crate::Violation;

/// The checker of the ledger of one run.
#[derive(Debug, Default)]
pub struct LedgerChecker {
    results: BTreeMap<(SessionId, u32), StoredResult>,
    sealed: BTreeMap<SessionId, Sealed>,
    completed: BTreeMap<SessionId, u32>,
    processed: BTreeMap<SessionId, u64>,
    moved_at: BTreeMap<SessionId, DateTime<Utc>>,
    /// The times at which progress was claimed, by the clock of the claiming worker.
    claims: BTreeSet<(SessionId, DateTime<Utc>)>,
    /// The minimum time between two PROGRESS frames.
    progress_every: TimeDelta,
}

impl LedgerChecker {
    pub fn new(progress_every: TimeDelta) -> Self {
        Self { progress_every, ..Self::default() }
    }

    /// Checks one change. The books may have changed further since.
    pub fn check(&mut self, data: &LedgerData, change: &LedgerChange) -> Result<(), Violation> {
        match change {
            LedgerChange::Moved { id, from, to, by } => {
                self.claimed(data, id, by)?;
                self.moved(data, id, *from, *to)
            }
            LedgerChange::Progressed(id) => self.progressed(data, id),
            LedgerChange::Result { id, chunk, index } => self.result(data, id, *chunk, *index),
            LedgerChange::Done { id, chunk, .. } => done(data, id, *chunk),
            LedgerChange::Created(_)
            | LedgerChange::Taken(_)
            | LedgerChange::Refused { .. }
            | LedgerChange::Kept { .. }
            | LedgerChange::Erased(_)
            | LedgerChange::Attempted { .. } => Ok(()),
        }
    }

    fn moved(&mut self, data: &LedgerData, id: &SessionId, from: State, to: State) -> Result<(), Violation> {
        if from.is_terminal() && (to != from || to == State::Complete) {
            let invariant = if to == State::Complete { 2 } else { 0 };
            return Err(Violation::new(
                invariant,
                format!("the terminal state {from:?} was left for {to:?}"),
            ));
        }
        if rank(to) < rank(from) {
            return Err(Violation::new(0, format!("the state went back from {from:?} to {to:?}")));
        }
        let Some(session) = data.sessions.get(id) else {
            return Ok(());
        };
        if let Some(sealed) = &session.sealed {
            let first = self.sealed.entry(id.clone()).or_insert_with(|| sealed.clone());
            if first != sealed {
                return Err(Violation::new(0, "a sealed manifest was replaced"));
            }
        }
        if to == State::Complete {
            let times = self.completed.entry(id.clone()).or_default();
            *times += 1;
            if *times > 1 {
                return Err(Violation::new(2, "a second COMPLETE transition"));
            }
            complete(data, session)?;
        } else {
            self.shown(session)?;
        }
        Ok(())
    }

    /// Checks that PROGRESS frames are far enough apart for clients.
    fn claimed(&mut self, data: &LedgerData, id: &SessionId, by: &str) -> Result<(), Violation> {
        let Some(session) = data.sessions.get(id) else {
            return Ok(());
        };
        let at = session.progress_at;
        let before = self.moved_at.insert(id.clone(), at).unwrap_or(session.created_at);
        if by == "progress" && at - before < self.progress_every {
            return Err(Violation::new(1, format!("PROGRESS is shown twice within {}", at - before)));
        }
        if by == "progress" {
            self.claims.insert((id.clone(), at));
        }
        Ok(())
    }

    /// Checks that a PROGRESS frame has the time of its counts, however late it is sent.
    pub fn dated(&self, frame: &Frame) -> Result<(), Violation> {
        let FrameBody::Progress { .. } = frame.body else { return Ok(()) };
        let session = SessionId(frame.session_id.clone().unwrap_or_default());
        if self.claims.contains(&(session, frame.at)) {
            return Ok(());
        }
        Err(Violation::new(1, format!("PROGRESS was sent at {} without a claim", frame.at)))
    }

    fn progressed(&mut self, data: &LedgerData, id: &SessionId) -> Result<(), Violation> {
        let Some(session) = data.sessions.get(id) else {
            return Ok(());
        };
        self.shown(session)?;
        let Some(sealed) = &session.sealed else {
            return Err(Violation::new(1, "progress before the manifest is sealed"));
        };
        for chunk in &session.chunks_done {
            let done = data.done.get(&(id.clone(), *chunk));
            let size = sealed.indices(*chunk).len();
            if *chunk >= sealed.chunks() || done.is_none_or(|done| done.len() != size) {
                return Err(Violation::new(1, format!("chunk {chunk} counts as full and is not")));
            }
        }
        Ok(())
    }

    fn shown(&mut self, session: &Session) -> Result<(), Violation> {
        let shown = self.processed.entry(session.id.clone()).or_default();
        if session.counts.processed < *shown {
            return Err(Violation::new(1, "the shown progress fell"));
        }
        *shown = session.counts.processed;
        Ok(())
    }

    fn result(&mut self, data: &LedgerData, id: &SessionId, chunk: u32, index: u32) -> Result<(), Violation> {
        let sealed = data.sessions.get(id).and_then(|session| session.sealed.as_ref());
        if sealed.is_none_or(|sealed| index >= sealed.total || sealed.chunk_of(index) != chunk) {
            return Err(Violation::new(
                1,
                format!("a result of file {index}, which the manifest does not hold"),
            ));
        }
        let Some(stored) = data.results.get(&(id.clone(), chunk)).and_then(|chunk| chunk.get(&index)) else {
            return Err(Violation::new(4, format!("the result of file {index} was removed")));
        };
        let first = self.results.entry((id.clone(), index)).or_insert_with(|| stored.clone());
        if first == stored {
            Ok(())
        } else {
            Err(Violation::new(4, format!("the result of file {index} changed")))
        }
    }
}

fn done(data: &LedgerData, id: &SessionId, chunk: u32) -> Result<(), Violation> {
    let key = (id.clone(), chunk);
    let results = data.results.get(&key);
    let unstored = data
        .done
        .get(&key)
        .into_iter()
        .flatten()
        .find(|index| !results.is_some_and(|results| results.contains_key(index)));
    match unstored {
        None => Ok(()),
        Some(index) => Err(Violation::new(1, format!("file {index} is done without a result"))),
    }
}

fn complete(data: &LedgerData, session: &Session) -> Result<(), Violation> {
    let Some(sealed) = &session.sealed else {
        return Err(Violation::new(3, "complete without a manifest"));
    };
    let results: Vec<(u32, &StoredResult)> = data.results_of(&session.id).collect();
    if !results.iter().map(|(index, _)| *index).eq(0..sealed.total) {
        let what = format!("complete with {} results of {} files", results.len(), sealed.total);
        return Err(Violation::new(3, what));
    }
    let failed = results.iter().filter(|(_, result)| result.failed).count() as u64;
    let matches: u64 = results.iter().map(|(_, result)| u64::from(result.matches)).sum();
    let counts = session.counts;
    if (counts.processed, counts.failed, counts.matches) != (u64::from(sealed.total), failed, matches) {
        return Err(Violation::new(
            3,
            format!("a complete session has counts {counts:?}, which differ from its results"),
        ));
    }
    Ok(())
}

fn rank(state: State) -> u8 {
    match state {
        State::Listing => 0,
        State::Dispatching => 1,
        State::Running => 2,
        State::Finalizing => 3,
        State::Complete | State::Failed | State::Cancelled => 4,
        State::Deleting => 5,
        State::Deleted => 6,
    }
}
