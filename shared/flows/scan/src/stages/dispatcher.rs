//! Turns a source into messages: lists it, seals the manifest, announces the start and hands the files out.
//!
//! Any number of dispatchers may work on one session. Each lists into a manifest of its own; the first to seal wins,
//! and all continue with the sealed one. Once a session has been given a new token, workers may have acknowledged
//! earlier messages without reading the files (see `state::access_token`), so each dispatcher hands those files out
//! again.

use std::collections::BTreeMap;
use std::sync::Arc;

use riffle_contracts::{DispatchJob, ErrorCode, ScanFile};
use riffle_ports::{
    Failure, FileSource, Sealed, Session, SessionId, SourceError, State, Transition, TransitionResult,
};

use riffle_topology::scan as queues;

use crate::scan::no_session;
use crate::state::manifest;
use crate::state::request::Request;
use crate::{Scan, announce};

/// Files handed out between two moves of the cursor.
const STEP: u32 = 1_000;

impl Scan {
    /// Returns the chunks that are not known to be full, each with its indices below `upto` (possibly none) that are
    /// not marked done. A stored but unmarked result is among them: reading the file again marks it.
    pub(crate) async fn missing(
        &self,
        session: &Session,
        sealed: &Sealed,
        upto: u32,
    ) -> Result<BTreeMap<u32, Vec<u32>>, Failure> {
        let mut missing = BTreeMap::new();
        for chunk in sealed.chunks_without(&session.chunks_done) {
            let indices = sealed.indices(chunk);
            if indices.start >= upto {
                break;
            }
            let done = self.ports.ledger.done(&session.id, chunk).await?;
            let left = indices.filter(|index| *index < upto && !done.contains(index));
            missing.insert(chunk, left.collect());
        }
        Ok(missing)
    }

    /// Sends one work message per file.
    pub(crate) async fn send_files(
        &self,
        id: &SessionId,
        indices: impl IntoIterator<Item = u32>,
    ) -> Result<(), Failure> {
        let files = indices.into_iter().map(|index| ScanFile { session_id: id.0.clone(), index });
        self.send(queues::WORK, id, files).await
    }
}

#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Dispatcher {
    pub scan: Scan,
    pub source: Arc<dyn FileSource>,
}

impl Dispatcher {
    pub async fn run(&self, job: DispatchJob) -> Result<(), Failure> {
        let id = SessionId(job.session_id);
        let session = self.scan.named(&id).await?;
        let session = match session.state {
            State::Listing | State::Dispatching if self.scan.ports.clock.now() >= session.deadline => {
                let reason = "not all files could be listed and handed out in time: scan fewer at once";
                self.change(&id, Transition::Fail { reason: reason.to_owned() }).await?
            }
            State::Deleting => return self.scan.erase(&session).await,
            // The action that stores a new token calls the dispatcher again.
            _ if session.is_paused() => return Ok(()),
            State::Listing => match self.list(&session).await? {
                Some(session) => session,
                None => return self.scan.pause(&session).await,
            },
            _ => session,
        };
        match (session.state, &session.sealed) {
            (State::Dispatching, Some(sealed)) => self.hand_out(&session, sealed).await,
            // An earlier run may have ended between its last change and the call that follows it.
            (State::Running, _) if session.is_full() => self.scan.call_finisher(&session).await,
            (State::Running, Some(sealed)) if session.renewals > 0 => {
                let missing = self.scan.missing(&session, sealed, sealed.total).await?;
                self.scan.send_files(&session.id, missing.into_values().flatten()).await?;
                let going_on = announce::going_on(&session, sealed.total);
                self.scan.audience(&id).await.send(going_on).await;
                Ok(())
            }
            // The run that made it fail may have ended before announcing that; its message is redelivered.
            (State::Failed, _) => self.failed(&session).await,
            _ => Ok(()),
        }
    }

    /// Lists the source and seals the session with the listing. Returns the session as it is then, whichever dispatcher
    /// sealed it, or `None` if the listing needs a new token.
    async fn list(&self, session: &Session) -> Result<Option<Session>, Failure> {
        let request = Request::decode(&session.request)?;
        let ports = &self.scan.ports;
        let written = match &request.retry_of {
            None => self.write_manifest(session, &request).await,
            Some(earlier) => self.write_retry(session, &request, earlier).await,
        };
        let transition = match written {
            Ok(sealed) => Transition::Seal { sealed, now: ports.clock.now() },
            Err(SourceError::Refused(reason)) => Transition::Fail { reason },
            Err(SourceError::TokenExpired) => return Ok(None),
            Err(SourceError::Port(error)) => return Err(error.into()),
        };
        self.change(&session.id, transition).await.map(Some)
    }

    /// Applies `transition` and returns the session, unchanged if the transition was refused.
    async fn change(&self, id: &SessionId, transition: Transition) -> Result<Session, Failure> {
        match self.scan.ports.ledger.transition(id, transition).await? {
            TransitionResult::Applied(session) | TransitionResult::Refused(session) => Ok(session),
            TransitionResult::NoSession => Err(no_session(id)),
        }
    }

    async fn write_manifest(&self, session: &Session, request: &Request) -> Result<Sealed, SourceError> {
        let ports = &self.scan.ports;
        let mut pages = self.source.list(&request.source).await?;
        let mut writer = manifest::ManifestWriter::new(
            &*ports.objects,
            &session.id,
            ports.ids.fresh(),
            self.scan.settings.chunk_size,
        );
        while let Some(entries) = pages.next().await? {
            writer.add(entries).await?;
        }
        Ok(writer.finish().await?)
    }

    /// Sends the files that have not been sent yet. Stops if the session has moved on or is paused.
    async fn hand_out(&self, session: &Session, sealed: &Sealed) -> Result<(), Failure> {
        let ports = &self.scan.ports;
        let id = &session.id;
        let retry = self.retry(session, sealed).await?;
        let again = retry.as_ref().map(|retry| retry.again.len());
        self.scan.audience(id).await.send(announce::started(session, sealed.total, again)).await;
        if session.renewals > 0 {
            let missing = self.scan.missing(session, sealed, session.dispatched).await?;
            self.scan.send_files(id, missing.into_values().flatten()).await?;
        }
        let mut next = session.dispatched;
        while next < sealed.total {
            let upto = sealed.total.min(next + STEP);
            match &retry {
                None => self.scan.send_files(id, next..upto).await?,
                Some(retry) => {
                    if !self.carry_over(session, sealed, retry, next..upto).await? {
                        let reason = crate::state::retry::GONE.to_owned();
                        let failed = self.change(id, Transition::Fail { reason }).await?;
                        if failed.state == State::Failed {
                            self.failed(&failed).await?;
                        }
                        return Ok(());
                    }
                    self.scan.send_files(id, retry.again.range(next..upto).copied()).await?;
                }
            }
            let moved = Transition::Dispatched { upto, now: ports.clock.now() };
            match ports.ledger.transition(id, moved).await? {
                TransitionResult::Applied(session) if !session.is_paused() => {}
                outcome => return self.moved_on(outcome).await,
            }
            next = upto;
        }
        self.scan.account(id).await?;
        let run = Transition::Run { now: ports.clock.now() };
        match ports.ledger.transition(id, run).await? {
            // Workers may have finished already, and a finisher called before this transition did nothing. An empty
            // source is full from the start.
            TransitionResult::Applied(session) | TransitionResult::Refused(session)
                if session.state == State::Running && session.is_full() =>
            {
                self.scan.call_finisher(&session).await
            }
            outcome => self.moved_on(outcome).await,
        }
    }

    /// Ends a run whose session has moved on without it. If the session failed, this run announces the failure: the run
    /// that made it fail may have ended before doing so, and its redelivered message may be the one acknowledged here.
    async fn moved_on(&self, outcome: TransitionResult) -> Result<(), Failure> {
        match outcome {
            TransitionResult::Applied(session) | TransitionResult::Refused(session)
                if session.state == State::Failed =>
            {
                self.failed(&session).await
            }
            _ => Ok(()),
        }
    }

    async fn failed(&self, session: &Session) -> Result<(), Failure> {
        self.scan.forget_token(session).await?;
        let reason = session.reason.clone().unwrap_or_default();
        self.scan.audience(&session.id).await.send(announce::error(ErrorCode::ScanFailed, reason)).await;
        self.scan.notify(session).await
    }
}
