//! The checks after each step: changes of the books are checked, and interesting events are counted.

use riffle_contracts::{Frame, FrameBody, SessionState};
use riffle_ports::{SessionId, Source, State};
use riffle_scan::Request;
use riffle_testkit::memory::{Change, Place};
use riffle_topology::scan::FINISH;

use super::client::Earlier;
use super::google::folder_id;
use super::stores::folder;
use super::world::World;
use crate::Violation;

impl World {
    pub fn watch(&mut self) -> Result<(), Violation> {
        let (changes, checked) = self.stores.ledger.inspect(|books| {
            let changes = books.take_changes();
            let checked = changes.iter().try_for_each(|change| self.checker.check(books, change));
            (changes, checked)
        });
        for change in &changes {
            self.count(change);
            if let Change::Attempted { id, index } = change {
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
    fn watch_pauses(&mut self, change: &Change) -> Result<(), Violation> {
        let (Change::Moved { id, by, from, .. } | Change::Refused { id, by, state: from }) = change else {
            return Ok(());
        };
        let session = self.stores.ledger.inspect(|books| books.sessions.get(id).cloned());
        let is_paused = session.as_ref().is_some_and(riffle_ports::Session::is_paused);
        let event = match (change, *by, *from) {
            (Change::Moved { .. }, "pause", State::Listing) => "a session pauses while LISTING",
            (Change::Moved { .. }, "pause", State::Dispatching) => "a session pauses while DISPATCHING",
            (Change::Moved { .. }, "pause", _) => "a session pauses while RUNNING",
            (Change::Refused { .. }, "pause", State::Cancelled | State::Complete | State::Failed) => {
                "a pause comes after the end"
            }
            (Change::Refused { .. }, "pause", _) if is_paused => "a session is paused already",
            (Change::Refused { .. }, "pause", _) => "a pause arrives after a new token",
            (Change::Moved { .. }, "unpause", _) => "a session is given a new token",
            (Change::Refused { .. }, "unpause", _) => "a new token arrives too late",
            (Change::Moved { .. }, "sweep", _) if is_paused => "users are reminded of a paused session",
            (Change::Moved { .. }, "lease", _) => {
                let puts = self.stores.tokens.peek(id).1;
                self.kept.entry(id.clone()).or_insert(puts);
                return Ok(());
            }
            (Change::Moved { .. }, "sweep", _) if self.mends_itself() => {
                let what = "nothing went wrong, and a sweep had to hand out again what a paused session left";
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
            && self.scenario.conditions.plan == riffle_testkit::simulator::Plan::Quiet
            && !files.any(|nature| *nature == super::search::Nature::Killer)
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
        let late = self.stores.ledger.inspect(|books| {
            let mut sessions = books.sessions.values();
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

    fn count(&self, change: &Change) {
        let event = match change {
            Change::Taken(_) => "a session id is reused",
            Change::Moved { by: "lease", from: State::Finalizing, .. } => "a lease is taken over",
            Change::Moved { by: "sweep", .. } => "a sweep sends work again",
            Change::Moved { by: "cancel", .. } => "a session is cancelled",
            Change::Moved { by: "fail", .. } => "a session fails",
            Change::Refused { by: "cancel", state: State::Finalizing, .. } => {
                "a cancel arrives while finalizing"
            }
            Change::Refused { by: "cancel", state: State::Complete, .. } => "a cancel arrives after the end",
            Change::Refused { by: "seal", .. } => "a second dispatcher finds the session sealed",
            Change::Refused { by: "lease", state: State::Finalizing, .. } => {
                "a finisher finds the lease held"
            }
            Change::Refused { by: "lease", state: State::Dispatching, .. } => "a finisher runs too early",
            Change::Refused { by: "lease", state: State::Complete, .. } => "a finisher runs after the end",
            Change::Refused { by: "lease", state: State::Cancelled, .. } => {
                "a finisher finds the session cancelled"
            }
            Change::Refused { by: "complete", state: State::Complete, .. } => "COMPLETE is set a second time",
            Change::Refused { by: "complete", state: State::Finalizing, .. } => {
                "a finisher has lost its lease"
            }
            Change::Refused { by: "progress", .. } => "a progress frame is claimed by another",
            Change::Kept { .. } => "a result is put a second time",
            Change::Attempted { .. } => "a quarantined file had its attempt",
            Change::Done { new: 0, .. } => "an index is marked a second time",
            Change::Done { id, chunk, .. } if self.redelivered && self.closes(id, *chunk) => {
                "a chunk is closed by a redelivery"
            }
            _ => return,
        };
        self.control.sometimes(event);
    }

    fn closes(&self, id: &SessionId, chunk: u32) -> bool {
        self.stores.ledger.inspect(|books| {
            let size = books
                .sessions
                .get(id)
                .and_then(|session| session.sealed.as_ref())
                .map(|sealed| sealed.indices(chunk).len());
            let done = books.done.get(&(id.clone(), chunk)).map(std::collections::BTreeSet::len);
            size == done
        })
    }

    /// Gives prying clients the id of a session as soon as it exists, and lets late clients join when it is about to
    /// end.
    fn gossip(&mut self, changes: &[Change]) {
        let now = self.now();
        for change in changes {
            if let Change::Moved { by: "lease" | "freeze" | "fail", .. } = change {
                let may = self.control.draw(|rng| rng.chance(5_000));
                for client in self.clients.iter_mut().filter(|_| may) {
                    client.join(now);
                    client.hurry();
                }
            }
            if let Change::Created(id) | Change::Moved { id, .. } = change {
                self.tell_of(id, change);
            }
            if let Change::Created(id) = change {
                let curious = self.clients.iter_mut().filter(|client| client.plan.pries);
                curious.for_each(|client| client.point_at(id.as_ref()));
            }
        }
    }

    /// Gives clients that retry the id of the first folder's session when it has ended, or sometimes too early.
    fn tell_of(&mut self, id: &SessionId, change: &Change) {
        let earlier = match change {
            Change::Created(_) => Earlier::Open,
            Change::Moved { from, to, .. } if from != to && to.is_terminal() => match to {
                State::Complete => Earlier::Complete,
                _ => Earlier::Ended,
            },
            _ => return,
        };
        let retriers = self.clients.iter().any(|client| client.plan.retries);
        let request = self.stores.ledger.inspect(|books| books.sessions.get(id).map(|it| it.request.clone()));
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

    /// Counts events visible in the queues and not in the books.
    fn glance(&self) {
        if self.stores.queue.len(Place::of(FINISH)) > 1 {
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
