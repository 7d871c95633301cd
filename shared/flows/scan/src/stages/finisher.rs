//! Closes a session: verifies the results, freezes the receipt, publishes the report once and completes.

use chrono::{DateTime, Utc};
use riffle_contracts::{FinishJob, Receipt};
use riffle_ports::{
    Counts, Failure, Frozen, Lease, PortError, Sealed, Session, SessionId, State, Transition,
    TransitionResult, Usage,
};

use crate::report::build_report;
use crate::state::request::{Request, keys};
use crate::{Scan, announce, metrics, prices};

/// Sums over all results.
pub(crate) struct SessionTotals {
    pub counts: Counts,
    pub bytes: u64,
    pub pages: u64,
}

impl Scan {
    pub async fn finish(&self, job: FinishJob) -> Result<(), Failure> {
        let id = SessionId(job.session_id);
        let session = self.named(&id).await?;
        match session.state {
            // An earlier run may have ended before announcing it.
            State::Complete => self.announce_complete(&session).await?,
            State::Running | State::Finalizing => Box::pin(self.close(&session)).await?,
            // In DISPATCHING the dispatcher calls the finisher again once it has handed every file out.
            State::Listing
            | State::Dispatching
            | State::Failed
            | State::Cancelled
            | State::Deleting
            | State::Deleted => {}
        }
        Ok(())
    }

    async fn close(&self, session: &Session) -> Result<(), Failure> {
        let Some(sealed) = &session.sealed else {
            return Err(Failure::Reject(format!("session {} runs without a manifest", session.id)));
        };
        if !session.is_full() {
            return Ok(());
        }
        let ports = &self.ports;
        let token = ports.ids.fresh();
        let now = ports.clock.now();
        let lease = Lease { token: token.clone(), until: now + self.settings.lease };
        let lease = Transition::Lease { lease, now };
        let session = match ports.ledger.transition(&session.id, lease).await? {
            TransitionResult::Applied(session) => session,
            other => return self.given_way(other).await,
        };
        let Some(totals) = self.verify(&session.id, sealed).await? else {
            let why = format!("session {} counts as full but lacks results", session.id);
            return Err(Failure::Reject(why));
        };
        let receipt = self.receipt(&session, &totals, now);
        let receipt = serde_json::to_string(&receipt).expect("a receipt is plain data");
        let frozen = Frozen { finished_at: now, receipt };
        let freeze = Transition::Freeze { token: token.clone(), frozen };
        let session = match ports.ledger.transition(&session.id, freeze).await? {
            TransitionResult::Applied(session) => session,
            other => return self.given_way(other).await,
        };
        let request = Request::decode(&session.request)?;
        let report = Box::pin(build_report::report(self, &session, sealed, &request)).await?;
        let key = keys::report(&session.id);
        // An existing report was published by an earlier run, with the same bytes.
        ports.objects.put_if_absent(&key, report).await?;
        // No file is read any more. The token is removed before COMPLETE, so that none is left even if this run ends
        // right after it.
        self.forget_token(&session).await?;
        let complete = Transition::Complete { token, counts: totals.counts, report: key };
        match ports.ledger.transition(&session.id, complete).await? {
            TransitionResult::Applied(session) => {
                metrics::complete(&session);
                self.announce_complete(&session).await
            }
            // Another finisher was faster, or the answer to an earlier try of this transition was lost.
            other => self.given_way(other).await,
        }
    }

    /// Handles a refused transition: another process is closing the session or has ended it.
    async fn given_way(&self, outcome: TransitionResult) -> Result<(), Failure> {
        match outcome {
            TransitionResult::Applied(session) | TransitionResult::Refused(session) => match session.state {
                State::Complete => self.announce_complete(&session).await?,
                // The lease holder may complete the session and end before announcing it: this message must be
                // redelivered until the announcement has been made.
                State::Finalizing => {
                    return Err(Failure::Retry(format!("session {} is being finished", session.id)));
                }
                _ => {}
            },
            TransitionResult::NoSession => {}
        }
        Ok(())
    }

    async fn announce_complete(&self, session: &Session) -> Result<(), Failure> {
        self.audience(&session.id).await.send(announce::complete(self, session)).await;
        self.notify(session).await
    }

    /// Sums all results. Returns `None` unless each index has one and is marked done.
    async fn verify(&self, id: &SessionId, sealed: &Sealed) -> Result<Option<SessionTotals>, PortError> {
        let mut totals = SessionTotals { counts: Counts::default(), bytes: 0, pages: 0 };
        for chunk in 0..sealed.chunks() {
            let results = self.ports.ledger.results(id, chunk).await?;
            let done = self.ports.ledger.done(id, chunk).await?;
            let indices = sealed.indices(chunk);
            if !results.iter().map(|(index, _)| *index).eq(indices.clone()) || !done.into_iter().eq(indices) {
                return Ok(None);
            }
            for (_, result) in results {
                totals.counts.processed += 1;
                totals.counts.failed += u64::from(result.failed);
                totals.counts.matches += u64::from(result.matches);
                totals.bytes += result.bytes;
                totals.pages += u64::from(result.pages);
            }
        }
        Ok(Some(totals))
    }

    fn receipt(&self, session: &Session, totals: &SessionTotals, now: DateTime<Utc>) -> Receipt {
        let started = session.began_at();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of one scan stay far below 2^52")]
        let duration_seconds = (now - started).num_milliseconds() as f64 / 1000.0;
        let mut usage = session.usage;
        usage += self.ports.meter.take(now);
        let paid = usage != Usage::default();
        Receipt {
            duration_seconds,
            files: totals.counts.processed,
            bytes: totals.bytes,
            pages: totals.pages,
            used: paid.then(|| prices::used(&usage)),
            cost: paid.then(|| self.settings.prices.cost(&usage)),
        }
    }
}
