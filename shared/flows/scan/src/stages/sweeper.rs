//! Repairs the effects of lost messages: each minute it looks at every open session again.

use std::collections::{BTreeMap, BTreeSet};

use riffle_ports::{
    Counts, Deadline, Failure, PortError, Sealed, Session, SessionId, State, Transition, TransitionResult,
    Usage,
};

use crate::state::record::ReadFile;
use crate::state::result::{FailureCode, FileResult};
use crate::{Scan, metrics};

impl Scan {
    /// Looks at every open session, as far as time allows. A failure in one session does not stop the others.
    pub async fn sweep(&self, deadline: &Deadline) -> Result<(), Failure> {
        let mut failed = Ok(());
        let (mut open, mut past_deadline) = (0, 0);
        for id in self.ports.ledger.open_sessions().await? {
            if !deadline.leaves(self.settings.mending) {
                tracing::warn!(looked_at = open, "no time is left for the other open sessions");
                failed = Err(Failure::no_time());
                break;
            }
            match self.sweep_session(&id).await {
                Ok(late) => {
                    open += 1;
                    past_deadline += u64::from(late);
                }
                Err(failure) => {
                    tracing::warn!(session = %id, %failure, "sweep failed");
                    failed = Err(failure);
                }
            }
        }
        metrics::open_sessions(open, past_deadline);
        failed
    }

    /// Calls the dispatcher for each session that still has to be dispatched but whose message is lost: if the process
    /// is killed often enough while dispatching, the message becomes a dead letter. For platforms that can find out,
    /// through `is_named`, whether such a message remains; the sweep has to wait to be sure. Call it before any session
    /// can be started: a newly created session has no message yet.
    ///
    /// # Errors
    /// The ledger or the queue cannot be reached. Some sessions may have been handled by then; repeating the call is
    /// harmless.
    pub async fn revive(
        &self,
        is_named: impl AsyncFn(&SessionId) -> Result<bool, PortError>,
    ) -> Result<(), Failure> {
        for id in self.ports.ledger.open_sessions().await? {
            let session = self.ports.ledger.session(&id).await?;
            if session.is_some_and(|session| session.is_with_dispatcher()) && !is_named(&id).await? {
                self.call_dispatcher(&id).await?;
            }
        }
        Ok(())
    }

    /// Sweeps one session. Returns whether it is open past its deadline.
    async fn sweep_session(&self, id: &SessionId) -> Result<bool, Failure> {
        // The index of open sessions may be stale, so the session is read again.
        let Some(session) = self.ports.ledger.session(id).await? else {
            return Ok(false);
        };
        let late = self.ports.clock.now() >= session.deadline;
        self.mend(&session, late).await?;
        Ok(late && !session.state.is_terminal())
    }

    async fn mend(&self, session: &Session, late: bool) -> Result<(), Failure> {
        let (id, now) = (&session.id, self.ports.clock.now());
        match (session.state, &session.sealed) {
            (State::Listing | State::Dispatching, _) => {
                // Past the deadline the dispatcher makes the session fail; its message is redelivered until that has
                // been announced.
                if late {
                    self.call_dispatcher(id).await
                } else if session.is_paused() {
                    self.remind(session).await
                } else if self.claim_resend(session).await? {
                    self.call_dispatcher(id).await
                } else {
                    Ok(())
                }
            }
            // Late work may have left more to remove, and an earlier dispatcher may have ended half-way.
            (State::Deleting, _) => {
                if self.claim_resend(session).await? {
                    self.call_dispatcher(id).await
                } else {
                    Ok(())
                }
            }
            (State::Running, Some(sealed)) => self.sweep_running(session, sealed, late).await,
            (State::Finalizing, _) if session.lease.as_ref().is_none_or(|lease| lease.until <= now) => {
                self.call_finisher(session).await
            }
            _ => Ok(()),
        }
    }

    async fn sweep_running(&self, session: &Session, sealed: &Sealed, late: bool) -> Result<(), Failure> {
        let mut missing = self.missing(session, sealed, sealed.total).await?;
        let full: BTreeSet<u32> =
            missing.extract_if(.., |_, left| left.is_empty()).map(|(chunk, _)| chunk).collect();
        if !full.is_empty() {
            let (counts, usage) = (Counts::default(), Usage::default());
            self.ports.ledger.add_progress(&session.id, &full, counts, usage).await?;
        }
        if missing.is_empty() {
            return self.call_finisher(session).await;
        }
        if late {
            return self.time_out(session, sealed, &missing).await;
        }
        if session.is_paused() {
            return self.remind(session).await;
        }
        if self.claim_resend(session).await? {
            self.send_files(&session.id, missing.into_values().flatten()).await?;
        }
        Ok(())
    }

    /// Announces again that a paused session needs a token, as seldom as work is sent again: the process that paused it
    /// may have ended before announcing it. The session waits for its users until the deadline.
    async fn remind(&self, session: &Session) -> Result<(), Failure> {
        let now = self.ports.clock.now();
        let not_since = now - self.settings.stall;
        if session.paused.as_ref().is_none_or(|paused| paused.at >= not_since) {
            return Ok(());
        }
        let claim = Transition::Sweep { now, not_since };
        match self.ports.ledger.transition(&session.id, claim).await? {
            TransitionResult::Applied(session) if session.is_paused() => {
                self.announce_paused(&session.id).await;
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns whether this sweep may send work again: nothing has moved for [`crate::ScanSettings::stall`], and no
    /// sweep has sent work again in that time.
    async fn claim_resend(&self, session: &Session) -> Result<bool, Failure> {
        let now = self.ports.clock.now();
        let not_since = now - self.settings.stall;
        if session.progress_at >= not_since {
            return Ok(false);
        }
        let claim = Transition::Sweep { now, not_since };
        Ok(matches!(self.ports.ledger.transition(&session.id, claim).await?, TransitionResult::Applied(_)))
    }

    async fn time_out(
        &self,
        session: &Session,
        sealed: &Sealed,
        missing: &BTreeMap<u32, Vec<u32>>,
    ) -> Result<(), Failure> {
        let work = self.work(session.clone(), sealed.clone()).await?;
        let audience = self.audience(&session.id).await;
        let result = FileResult::failed(FailureCode::Timeout, "not read before the scan's deadline");
        for indices in missing.values() {
            let mut late = Vec::with_capacity(indices.len());
            for index in indices {
                let entry = self.manifest.entry(&session.id, sealed, *index).await?;
                late.push(ReadFile { index: *index, entry, result: result.clone() });
            }
            let stored = self.record(&work, &audience, &late).await?;
            self.mark(&session.id, sealed, &stored).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
