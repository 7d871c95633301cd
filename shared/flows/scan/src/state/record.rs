//! Recording results: stores, announces, marks and counts them, and calls the finisher once all are complete.
//!
//! Any process may repeat any step at any time. The order matters: a result is stored before its index is marked done,
//! a chunk is full before it is marked, and the finisher is called after that. So every mark is true, and repeating the
//! remaining steps completes the work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use riffle_contracts::{FailedFile, FinishJob, FrameBody};
use riffle_ports::{
    Counts, Entry, Failure, PortError, Sealed, Session, StoredResult, Transition, TransitionResult, Usage,
};
use riffle_topology::scan as queues;

use crate::announce::{self, Audience};
use crate::scan::SessionCodes;
use crate::state::request::Request;
use crate::state::result::FileResult;
use crate::{Scan, metrics};

/// A session with files to read, and what they are read with.
pub(crate) struct SessionWork {
    pub session: Session,
    pub sealed: Sealed,
    pub request: Request,
    pub codes: Arc<SessionCodes>,
}

/// A file of the manifest and the result of reading it.
pub(crate) struct ReadFile {
    pub index: u32,
    pub entry: Entry,
    pub result: FileResult,
}

impl Scan {
    pub(crate) async fn work(&self, session: Session, sealed: Sealed) -> Result<SessionWork, PortError> {
        let request = Request::decode(&session.request)?;
        let codes = self.codes(&session, &request).await?;
        Ok(SessionWork { session, sealed, request, codes })
    }

    /// Stores the results of files and announces the stored ones: another worker's result, if that came first.
    pub(crate) async fn record(
        &self,
        work: &SessionWork,
        audience: &Audience<'_>,
        read: &[ReadFile],
    ) -> Result<BTreeMap<u32, StoredResult>, PortError> {
        let id = &work.session.id;
        let mut own = Vec::with_capacity(read.len());
        for ReadFile { index, result, .. } in read {
            let stored = result.store(&*self.ports.objects, id, *index).await?;
            own.push((work.sealed.chunk_of(*index), *index, stored));
        }
        let stored = self.ports.ledger.put_results(id, own.clone()).await?;
        if !audience.is_empty() {
            let mut frames = Vec::new();
            for ((read, (_, _, own)), stored) in read.iter().zip(&own).zip(&stored) {
                if stored == own {
                    self.announce(work, (read.index, &read.entry), &read.result, &mut frames);
                } else {
                    let theirs = FileResult::load(&*self.ports.objects, stored).await?;
                    self.announce(work, (read.index, &read.entry), &theirs, &mut frames);
                }
            }
            audience.send_all(frames).await;
        }
        Ok(read.iter().map(|read| read.index).zip(stored).collect())
    }

    /// Returns the stored results of these files and announces them again: the worker that stored them may have ended
    /// before announcing them.
    pub(crate) async fn recorded(
        &self,
        work: &SessionWork,
        audience: &Audience<'_>,
        indices: &BTreeSet<u32>,
    ) -> Result<BTreeMap<u32, StoredResult>, PortError> {
        let id = &work.session.id;
        let chunks: BTreeSet<u32> = indices.iter().map(|index| work.sealed.chunk_of(*index)).collect();
        let mut stored = BTreeMap::new();
        for chunk in chunks {
            let results = self.ports.ledger.results(id, chunk).await?;
            stored.extend(results.into_iter().filter(|(index, _)| indices.contains(index)));
        }
        if !audience.is_empty() {
            let mut frames = Vec::new();
            for (index, stored) in &stored {
                let entry = self.manifest.entry(id, &work.sealed, *index).await?;
                let result = FileResult::load(&*self.ports.objects, stored).await?;
                self.announce(work, (*index, &entry), &result, &mut frames);
            }
            audience.send_all(frames).await;
        }
        Ok(stored)
    }

    /// Adds to `frames` what clients are shown of a file.
    fn announce(
        &self,
        work: &SessionWork,
        (index, entry): (u32, &Entry),
        result: &FileResult,
        frames: &mut Vec<FrameBody>,
    ) {
        if let Some(failure) = &result.failure {
            let data = FailedFile { file_name: entry.name.clone(), reason: failure.reason.clone() };
            frames.push(FrameBody::FileFailed { file: index, data });
        }
        for (ordinal, found) in result.matches.iter().enumerate() {
            let data = announce::found(self, work, (index, entry), (result.codes, found));
            frames.push(FrameBody::MatchFound { match_id: announce::match_id(index, ordinal), data });
        }
    }

    /// Marks stored results as done, counts the newly marked ones, and calls the finisher if they were the last.
    /// Repeating it changes nothing but the time of the next progress frame.
    pub(crate) async fn mark(
        &self,
        id: &riffle_ports::SessionId,
        sealed: &Sealed,
        stored: &BTreeMap<u32, StoredResult>,
    ) -> Result<(), Failure> {
        let mut by_chunk: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for index in stored.keys() {
            by_chunk.entry(sealed.chunk_of(*index)).or_default().insert(*index);
        }
        let mut counts = Counts::default();
        let mut bytes = 0;
        let mut full = BTreeSet::new();
        for (chunk, indices) in by_chunk {
            let done = self.ports.ledger.add_done(id, chunk, &indices).await?;
            for result in done.new.iter().filter_map(|index| stored.get(index)) {
                counts.processed += 1;
                counts.failed += u64::from(result.failed);
                counts.matches += u64::from(result.matches);
                bytes += result.bytes;
            }
            if done.len as usize == sealed.indices(chunk).len() {
                full.insert(chunk);
            }
        }
        metrics::files(&counts, bytes);
        let usage = self.ports.meter.take(self.ports.clock.now());
        let Some(session) = self.ports.ledger.add_progress(id, &full, counts, usage).await? else {
            return Err(Failure::Reject(format!("session {id} no longer exists")));
        };
        if session.state.is_terminal() {
            return Ok(());
        }
        if session.is_full() {
            return self.call_finisher(&session).await;
        }
        self.show_progress(&session, sealed.total).await;
        Ok(())
    }

    /// Adds the usage of this process to the session's account.
    pub(crate) async fn account(&self, id: &riffle_ports::SessionId) -> Result<(), Failure> {
        let usage = self.ports.meter.take(self.ports.clock.now());
        if usage != Usage::default() {
            self.ports.ledger.add_progress(id, &BTreeSet::new(), Counts::default(), usage).await?;
        }
        Ok(())
    }

    pub(crate) async fn call_finisher(&self, session: &Session) -> Result<(), Failure> {
        self.send(queues::FINISH, &session.id, [FinishJob { session_id: session.id.0.clone() }]).await
    }

    /// Announces how far the session is, unless another process did so just now.
    async fn show_progress(&self, session: &Session, total: u32) {
        let now = self.ports.clock.now();
        let not_since = now - self.settings.progress_every;
        if session.progress_at >= not_since {
            return;
        }
        match self.ports.ledger.transition(&session.id, Transition::Progress { now, not_since }).await {
            Ok(TransitionResult::Applied(session)) => {
                self.audience(&session.id)
                    .await
                    .send_as_of(now, announce::progress(&session, total, now))
                    .await;
            }
            Ok(TransitionResult::Refused(_) | TransitionResult::NoSession) => {}
            Err(error) => tracing::warn!(session = %session.id, %error, "progress was not shown"),
        }
    }
}
