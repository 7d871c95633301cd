//! The right to deletion: one call removes a scan and everything that belongs to it alone.
//!
//! The request marks the session: for its users it is gone, and no process works on it any more. The rest of the record
//! then names nothing of theirs but the tenant. The dispatcher removes everything else. Work begun earlier may still
//! write, so the sweep calls the dispatcher again until no such work can be left, and only then is the session DELETED.
//! That record is kept for a while, so that a late message or a repeated request finds it and leaves nothing behind.
//!
//! Files are where users keep them, or in an upload. An upload is removed with the last scan that used it: each scan
//! records its use before its session is created ([`Scan::use_upload`]). So if a deletion and a new scan come at the
//! same time, either the deletion sees the recorded use, or the new scan sees that the upload is gone.

use bytes::Bytes;
use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt, stream};
use riffle_ports::{Failure, PortError, Session, SessionId, Source, State, Transition, TransitionResult};

use crate::Scan;
use crate::state::request::{Request, keys};

/// Longer than work begun earlier can last: an invocation ends after 15 minutes, an upload address after an hour.
const SETTLED: TimeDelta = TimeDelta::hours(2);
/// Objects deleted concurrently.
const AT_ONCE: usize = 16;

/// The reason a scan is not deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeletionError {
    /// It does not exist, or it is another tenant's.
    #[error("this scan does not exist")]
    NotFound,
    #[error("the scan is still running: cancel it first, or wait until it has ended")]
    Running,
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("{0}")]
    Failed(#[from] Failure),
}

impl Scan {
    /// Requests the deletion: from here on the session is no longer shown. Repeating it is harmless.
    pub async fn delete(&self, tenant: &str, id: &SessionId) -> Result<(), DeletionError> {
        let session = self.mark_deleted(tenant, id).await?;
        // The request is recorded: if the dispatcher cannot be called now, the sweep calls it.
        if session.state == State::Deleting
            && let Err(failure) = self.call_dispatcher(id).await
        {
            tracing::warn!(session = %id, %failure, "the deletion waits for the sweeper");
        }
        Ok(())
    }

    /// Requests the deletion and carries it out, on platforms where no other process would do so before long.
    pub async fn delete_at_once(&self, tenant: &str, id: &SessionId) -> Result<(), DeletionError> {
        let session = self.mark_deleted(tenant, id).await?;
        Ok(self.erase(&session).await?)
    }

    async fn mark_deleted(&self, tenant: &str, id: &SessionId) -> Result<Session, DeletionError> {
        let ledger = &self.ports.ledger;
        let session = ledger.session(id).await?.filter(|session| session.tenant == tenant);
        let session = session.ok_or(DeletionError::NotFound)?;
        if session.state.is_gone() {
            return Ok(session);
        }
        let request = Request::decode(&session.request)?.remains().encode();
        let delete = Transition::Delete { request, now: self.ports.clock.now() };
        match ledger.transition(id, delete).await? {
            TransitionResult::Applied(session) => Ok(session),
            // Another call was faster, or the answer to an earlier try of this transition was lost.
            TransitionResult::Refused(session) if session.state.is_gone() => Ok(session),
            TransitionResult::Refused(_) => Err(DeletionError::Running),
            TransitionResult::NoSession => Err(DeletionError::NotFound),
        }
    }

    /// Removes everything stored of a session that is to be deleted. Does so on each call, because more may have been
    /// stored since.
    pub(crate) async fn erase(&self, session: &Session) -> Result<(), Failure> {
        if session.state != State::Deleting {
            return Ok(());
        }
        let (id, ports) = (&session.id, &self.ports);
        // Taken before anything is listed: objects stored while this runs are left to the next run.
        let now = ports.clock.now();
        let is_settled = now - session.progress_at >= SETTLED;
        if let Some(vault) = &self.tokens {
            vault.delete(&session.tenant, id).await?;
        }
        ports.ledger.erase(id, session.sealed.as_ref().map_or(0, riffle_ports::Sealed::chunks)).await?;
        for folder in keys::folders(id) {
            self.remove_below(&folder).await?;
        }
        ports.objects.delete(&keys::report(id)).await?;
        if let Source::Upload(upload) = &Request::decode(&session.request)?.source {
            self.release_upload(session, upload, is_settled).await?;
        }
        if is_settled {
            // If refused, another dispatcher was faster.
            ports.ledger.transition(id, Transition::Deleted { now }).await?;
        }
        Ok(())
    }

    /// Records that a session is about to use an upload. The caller must check after it that the upload was not removed
    /// meanwhile.
    pub(crate) async fn use_upload(&self, id: &SessionId, upload: &str) -> Result<(), PortError> {
        self.ports.objects.put(&keys::upload_use(upload, id), Bytes::from_static(b"{}")).await
    }

    /// Removes an upload, if this was the last session to use it.
    async fn release_upload(
        &self,
        session: &Session,
        upload: &str,
        is_settled: bool,
    ) -> Result<(), PortError> {
        let objects = &self.ports.objects;
        objects.delete(&keys::upload_use(upload, &session.id)).await?;
        if self.is_used(upload, is_settled).await? {
            return Ok(());
        }
        // From here on no new session can use it; a session admitted before this has recorded its use by now.
        objects.delete(&keys::upload(&session.tenant, upload)).await?;
        if self.is_used(upload, is_settled).await? {
            return Ok(());
        }
        let Some(storage) = &self.uploads else {
            return Err(PortError::Broken("uploaded files cannot be deleted here".to_owned()));
        };
        let folder = keys::upload_folder(upload);
        storage.remove(&folder).await?;
        self.remove_below(&folder).await
    }

    /// Returns whether a session uses the upload or may be about to. A recorded use whose session was never created
    /// stops counting once the deletion is settled.
    async fn is_used(&self, upload: &str, is_settled: bool) -> Result<bool, PortError> {
        for note in self.ports.objects.list(&keys::upload_uses(upload)).await? {
            let id = note.rsplit('/').next().unwrap_or_default();
            let used = match self.ports.ledger.session(&SessionId(id.to_owned())).await? {
                Some(session) => !session.state.is_gone(),
                None => !is_settled,
            };
            if used {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn remove_below(&self, folder: &str) -> Result<(), PortError> {
        let objects = &self.ports.objects;
        let keys = objects.list(folder).await?;
        let deleted = keys.into_iter().map(|key| async move { objects.delete(&key).await });
        stream::iter(deleted).buffer_unordered(AT_ONCE).try_collect().await
    }
}

#[cfg(test)]
mod tests;
