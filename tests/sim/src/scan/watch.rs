//! The checks after each step: changes of the ledger are checked, and interesting events are counted.

use riffle_contracts::{Frame, FrameBody, SessionState};
use riffle_ports::{SessionId, Source, State};
use riffle_scan::Request;
use riffle_testkit::memory::{LedgerChange, QueuePlace};
use riffle_topology::scan::FINISH;

use super::client::Earlier;
use super::google::folder_id;
use super::stores::folder;
use super::world::World;
use crate::Violation;

impl World {
    pub fn watch(&mut self) -> Result<(), Violation> {
        let (changes, checked) = self.stores.ledger.inspect(|data| {
            let changes = data.take_changes();
            let checked = changes.iter().try_for_each(|change| self.checker.check(data, change));
            (changes, checked)
        });
        for change in &changes {
            self.count(change);
            if let LedgerChange::Attempted { id, index } = change {
                self.attempted.insert((id.clone(), *index));
            }
        }
        checked?;
        changes.iter().try_for_each(|change| self.watch_pauses(change))?;
        let pushed = self.stores.notifier.take();
        self.wire.extend(pushed);
        if !changes.is_empty() {
            self.glance();
            self.gossip(&changes);
        }
        self.patience()
    }

    /// Counts interesting events of sessions that wait for a token, and checks that no sweep has to continue a paused
    /// session if nothing went wrong.
    fn watch_pauses(&mut self, change: &LedgerChange) -> Result<(), Violation> {
        let (LedgerChange::Moved { id, by, from, .. } | LedgerChange::Refused { id, by, state: from }) =
            change
        else {
            return Ok(());
        };
        let session = self.stores.ledger.inspect(|data| data.sessions.get(id).cloned());
        let is_paused = session.as_ref().is_some_and(riffle_ports::Session::is_paused);
        let event = match (change, *by, *from) {
            (LedgerChange::Moved { .. }, "pause", State::Listing) => "a session pauses while LISTING",
            (LedgerChange::Moved { .. }, "pause", State::Dispatching) => "a session pauses while DISPATCHING",
            (LedgerChange::Moved { .. }, "pause", _) => "a session pauses while RUNNING",
            (LedgerChange::Refused { .. }, "pause", State::Cancelled | State::Complete | State::Failed) => {
                "a pause comes after the end"
            }
            (LedgerChange::Refused { .. }, "pause", _) if is_paused => "a session is paused already",
            (LedgerChange::Refused { .. }, "pause", _) => "a pause arrives after a new token",
            (LedgerChange::Moved { .. }, "unpause", _) => "a session is given a new token",
            (LedgerChange::Refused { .. }, "unpause", _) => "a new token arrives too late",
            (LedgerChange::Moved { .. }, "sweep", _) if is_paused => "users are reminded of a paused session",
            (LedgerChange::Moved { .. }, "lease", _) => {
                let puts = self.stores.tokens.peek(id).1;
                self.kept.entry(id.clone()).or_insert(puts);
                return Ok(());
            }
            (LedgerChange::Moved { .. }, "sweep", _) if self.mends_itself() => {
                let what = "without faults, a sweep had to hand out the files of a paused session again";
                return Err(Violation::new(11, what));
            }
            _ => return Ok(()),
        };
        self.control.sometimes(event);
        Ok(())
    }

    /// Returns whether nothing goes wrong except that tokens expire.
    fn mends_itself(&self) -> bool {
        let mut files = self.scenario.folders.iter().flatten();
        self.scenario.drive.is_some()
            && self.scenario.conditions.plan == riffle_testkit::simulator::FaultPlan::Quiet
            && !files.any(|nature| *nature == super::search::FileNature::Killer)
    }

    /// Checks that sessions end within the time allowed after the faults have stopped.
    fn patience(&self) -> Result<(), Violation> {
        let Some(calm) = self.platform.calm_since else {
            return Ok(());
        };
        let now = self.now();
        let patience = self.scenario.patience();
        if now - calm <= patience {
            return Ok(());
        }
        let late = self.stores.ledger.inspect(|data| {
            let mut sessions = data.sessions.values();
            sessions.find(|session| !session.state.is_terminal() && now - session.created_at > patience).map(
                |session| {
                    format!("{:?}, {} done of {:?}", session.state, session.counts.processed, session.sealed)
                },
            )
        });
        match late {
            None => Ok(()),
            Some(what) => Err(Violation::new(6, format!("a session is still {what}"))),
        }
    }

    fn count(&self, change: &LedgerChange) {
        let event = match change {
            LedgerChange::Taken(_) => "a session id is reused",
            LedgerChange::Moved { by: "lease", from: State::Finalizing, .. } => "a lease is taken over",
            LedgerChange::Moved { by: "sweep", .. } => "a sweep sends work again",
            LedgerChange::Moved { by: "cancel", .. } => "a session is cancelled",
            LedgerChange::Moved { by: "fail", .. } => "a session fails",
            LedgerChange::Refused { by: "cancel", state: State::Finalizing, .. } => {
                "a cancel arrives while finalizing"
            }
            LedgerChange::Refused { by: "cancel", state: State::Complete, .. } => {
                "a cancel arrives after the end"
            }
            LedgerChange::Refused { by: "seal", .. } => "a second dispatcher finds the session sealed",
            LedgerChange::Refused { by: "lease", state: State::Finalizing, .. } => {
                "a finisher finds the lease held"
            }
            LedgerChange::Refused { by: "lease", state: State::Dispatching, .. } => {
                "a finisher runs too early"
            }
            LedgerChange::Refused { by: "lease", state: State::Complete, .. } => {
                "a finisher runs after the end"
            }
            LedgerChange::Refused { by: "lease", state: State::Cancelled, .. } => {
                "a finisher finds the session cancelled"
            }
            LedgerChange::Refused { by: "complete", state: State::Complete, .. } => {
                "COMPLETE is set a second time"
            }
            LedgerChange::Refused { by: "complete", state: State::Finalizing, .. } => {
                "a finisher has lost its lease"
            }
            LedgerChange::Refused { by: "progress", .. } => "a progress frame is claimed by another",
            LedgerChange::Kept { .. } => "a result is put a second time",
            LedgerChange::Attempted { .. } => "a quarantined file had its attempt",
            LedgerChange::Done { new: 0, .. } => "an index is marked a second time",
            LedgerChange::Done { id, chunk, .. } if self.redelivered && self.closes(id, *chunk) => {
                "a chunk is closed by a redelivery"
            }
            _ => return,
        };
        self.control.sometimes(event);
    }

    fn closes(&self, id: &SessionId, chunk: u32) -> bool {
        self.stores.ledger.inspect(|data| {
            let size = data
                .sessions
                .get(id)
                .and_then(|session| session.sealed.as_ref())
                .map(|sealed| sealed.indices(chunk).len());
            let done = data.done.get(&(id.clone(), chunk)).map(std::collections::BTreeSet::len);
            size == done
        })
    }

    /// Gives prying clients the id of a session as soon as it exists, and lets late clients join when it is about to
    /// end.
    fn gossip(&mut self, changes: &[LedgerChange]) {
        let now = self.now();
        for change in changes {
            if let LedgerChange::Moved { by: "lease" | "freeze" | "fail", .. } = change {
                let may = self.control.draw(|rng| rng.chance(5_000));
                for client in self.clients.iter_mut().filter(|_| may) {
                    client.join(now);
                    client.hurry();
                }
            }
            if let LedgerChange::Created(id) | LedgerChange::Moved { id, .. } = change {
                self.reveal(id, change);
            }
            if let LedgerChange::Created(id) = change {
                let curious = self.clients.iter_mut().filter(|client| client.plan.pries);
                curious.for_each(|client| client.point_at(id.as_ref()));
            }
        }
    }

    /// Gives clients that retry the id of the first folder's session when it has ended, or sometimes too early.
    fn reveal(&mut self, id: &SessionId, change: &LedgerChange) {
        let earlier = match change {
            LedgerChange::Created(_) => Earlier::Open,
            LedgerChange::Moved { from, to, .. } if from != to && to.is_terminal() => match to {
                State::Complete => Earlier::Complete,
                _ => Earlier::Ended,
            },
            _ => return,
        };
        let retriers = self.clients.iter().any(|client| client.plan.retries);
        let request = self.stores.ledger.inspect(|data| data.sessions.get(id).map(|it| it.request.clone()));
        let request = request.and_then(|request| Request::decode(&request).ok());
        let is_first = request.is_some_and(|request| {
            let first = match request.source {
                Source::Folders(folders) => folders == [folder(0)],
                Source::Drive { folder, .. } => folder == folder_id(0),
                _ => false,
            };
            request.retry_of.is_none() && first
        });
        if !retriers || !is_first || (earlier == Earlier::Open && self.control.draw(|rng| rng.chance(7_000)))
        {
            return;
        }
        if earlier == Earlier::Complete {
            self.mend();
        }
        let is_drive = self.scenario.drive.is_some();
        for client in self.clients.iter_mut().filter(|client| client.plan.retries) {
            client.retry(id.as_ref(), earlier);
            if is_drive {
                client.borrow_token(self.stores.google.issue());
            }
        }
    }

    /// Counts events visible in the queues and not in the ledger.
    fn glance(&self) {
        if self.stores.queue.len(QueuePlace::of(FINISH)) > 1 {
            self.control.sometimes("finish is enqueued twice");
        }
    }

    /// Counts a frame by its kind.
    pub fn count_frame(&self, frame: &Frame) {
        let event = match &frame.body {
            FrameBody::Started { .. } => "STARTED",
            FrameBody::Progress { .. } => "PROGRESS",
            FrameBody::Complete { .. } => "COMPLETE",
            FrameBody::Cancelled { .. } => "CANCELLED",
            FrameBody::FileFailed { .. } => "FILE_FAILED",
            FrameBody::Snapshot { cursor: Some(_), .. } => "a SNAPSHOT of several pages",
            FrameBody::Snapshot { state, .. } => match state {
                SessionState::Listing => "a SNAPSHOT while LISTING",
                SessionState::Dispatching => "a SNAPSHOT while DISPATCHING",
                SessionState::Running => "a SNAPSHOT while RUNNING",
                SessionState::Finalizing => "a SNAPSHOT while FINALIZING",
                SessionState::Complete => "a SNAPSHOT when COMPLETE",
                SessionState::Failed => "a SNAPSHOT when FAILED",
                SessionState::Cancelled => "a SNAPSHOT when CANCELLED",
            },
            _ => return,
        };
        self.control.sometimes(event);
    }
}
