//! Reads files: turns a batch of messages into stored, announced and marked results.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use riffle_contracts::ScanFile;
use riffle_ports::{Deadline, Entry, Failure, FileSource, PortError, ReadError, SessionId, StoredResult};

use crate::Scan;
use crate::announce::Audience;
use crate::search::{FileSearch, SearchRequest, Searched};
use crate::state::record::{ReadFile, SessionWork};
use crate::state::result::FileResult;

#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Worker {
    pub scan: Scan,
    pub source: Arc<dyn FileSource>,
    pub search: Arc<dyn FileSearch>,
}

/// A message of the work queue.
#[derive(Debug, Clone)]
pub struct FileMessage {
    pub file: ScanFile,
    /// Whether the message was delivered before: the file may have been read already.
    pub again: bool,
}

impl Worker {
    /// Processes a batch. Returns the positions of the messages that failed, each with the reason.
    pub async fn run(&self, batch: &[FileMessage], deadline: &Deadline) -> Vec<(usize, Failure)> {
        let mut sessions: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (position, message) in batch.iter().enumerate() {
            sessions.entry(&message.file.session_id).or_default().push(position);
        }
        let mut failed = Vec::new();
        for (id, positions) in sessions {
            let messages = positions.iter().map(|position| &batch[*position]);
            let indices: BTreeSet<u32> = messages.clone().map(|message| message.file.index).collect();
            let again = messages.filter(|message| message.again).map(|message| message.file.index).collect();
            let failures = match self.files(&SessionId(id.to_owned()), &indices, &again, deadline).await {
                Ok(failures) => failures,
                Err(failure) => indices.iter().map(|index| (*index, failure.clone())).collect(),
            };
            for position in positions {
                if let Some(failure) = failures.get(&batch[position].file.index) {
                    failed.push((position, failure.clone()));
                }
            }
        }
        failed
    }

    /// Reads files of one session and returns those that failed; the others are done. Files in `again` may have a
    /// stored result; those are not read a second time.
    async fn files(
        &self,
        id: &SessionId,
        indices: &BTreeSet<u32>,
        again: &BTreeSet<u32>,
        deadline: &Deadline,
    ) -> Result<BTreeMap<u32, Failure>, Failure> {
        let Some(work) = self.open(id).await? else {
            return Ok(BTreeMap::new());
        };
        let audience = self.scan.audience(id).await;
        let mut stored = self.scan.recorded(&work, &audience, again).await?;
        let mut failures = BTreeMap::new();
        // Files whose text is cached take no time: their results are stored in one trip.
        let (mut known, mut unknown) = (Vec::new(), VecDeque::new());
        // Redelivered files come first: they have fewer deliveries left.
        let in_order = again.iter().chain(indices.difference(again));
        for index in in_order.filter(|index| !stored.contains_key(index)).collect::<Vec<_>>() {
            match self.recall(&work, *index).await {
                Ok((entry, wanted, None)) => unknown.push_back((*index, entry, wanted)),
                Ok((entry, _, Some(searched))) => {
                    known.push(ReadFile { index: *index, entry, result: FileResult::read(searched) });
                }
                Err(failure) => {
                    failures.insert(*index, failure);
                }
            }
        }
        if !known.is_empty() {
            match self.scan.record(&work, &audience, &known).await {
                Ok(recorded) => stored.extend(recorded),
                Err(error) => {
                    let failure = Failure::from(error);
                    failures.extend(known.iter().map(|read| (read.index, failure.clone())));
                }
            }
        }
        // The next files are fetched while one is parsed.
        let mut reading = FuturesUnordered::new();
        let mut held = 0;
        let mut unread = BTreeSet::new();
        loop {
            if !deadline.leaves(self.scan.settings.reading) {
                failures.extend(unknown.drain(..).map(|(index, ..)| (index, Failure::no_time())));
            }
            while reading.len() < self.scan.settings.files_at_once
                && let Some(next) = unknown.pop_front_if(|(_, entry, _)| {
                    reading.is_empty() || held + entry.size <= self.scan.settings.bytes_at_once
                })
            {
                let (work, audience, size) = (&work, &audience, next.1.size);
                held += size;
                reading.push(async move { (next.0, size, self.read(work, audience, next).await) });
            }
            let Some((index, size, read)) = reading.next().await else { break };
            held -= size;
            match read {
                Ok(recorded) => stored.extend(recorded),
                Err(NotRead::Failed(failure)) => {
                    failures.insert(index, failure);
                }
                // The other files cannot be read without a token either.
                Err(NotRead::TokenExpired) => {
                    unread.insert(index);
                    unread.extend(unknown.drain(..).map(|(index, ..)| index));
                }
            }
        }
        drop(reading);
        if !stored.is_empty()
            && let Err(failure) = self.scan.mark(id, &work.sealed, &stored).await
        {
            failures.extend(stored.into_keys().map(|index| (index, failure.clone())));
        }
        if !unread.is_empty()
            && let Err(failure) = self.scan.pause(&work.session).await
        {
            failures.extend(unread.into_iter().map(|index| (index, failure.clone())));
        }
        Ok(failures)
    }

    /// Returns the session with what its files are read with, or `None` if there is nothing to do: a terminal or
    /// finalizing session needs no work, and a paused one can do none. Messages acknowledged during a pause are sent
    /// again once there is a new token.
    pub(crate) async fn open(&self, id: &SessionId) -> Result<Option<SessionWork>, Failure> {
        let session = self.scan.named(id).await?;
        if !session.reads() || session.is_paused() {
            return Ok(None);
        }
        let Some(sealed) = session.sealed.clone() else {
            return Err(Failure::Retry(format!("session {id} is not sealed yet")));
        };
        Ok(Some(self.scan.work(session, sealed).await?))
    }

    /// Reads and records one file.
    pub(crate) async fn file(
        &self,
        work: &SessionWork,
        audience: &Audience<'_>,
        index: u32,
    ) -> Result<BTreeMap<u32, StoredResult>, NotRead> {
        let (entry, wanted, known) = self.recall(work, index).await?;
        let Some(searched) = known else {
            return self.read(work, audience, (index, entry, wanted)).await;
        };
        let read = ReadFile { index, entry, result: FileResult::read(searched) };
        Ok(self.scan.record(work, audience, &[read]).await?)
    }

    /// Looks a file up before it is opened: its entry, what to search for and, if its text is cached, the search's
    /// result.
    async fn recall(
        &self,
        work: &SessionWork,
        index: u32,
    ) -> Result<(Entry, SearchRequest, Option<Searched>), Failure> {
        if index >= work.sealed.total {
            return Err(Failure::Reject(format!("session {} has no file {index}", work.session.id)));
        }
        let entry = self.scan.manifest.entry(&work.session.id, &work.sealed, index).await?;
        let wanted = SearchRequest {
            name: entry.name.clone(),
            tenant: work.session.tenant.clone(),
            identity: self.source.identity(&work.request.source, &entry),
            version: entry.version.clone(),
            options: work.request.options,
            codes: Arc::clone(&work.codes.matcher),
        };
        let known = self.search.recall(&wanted).await;
        Ok((entry, wanted, known))
    }

    /// Opens a file, searches it and records the result.
    async fn read(
        &self,
        work: &SessionWork,
        audience: &Audience<'_>,
        (index, entry, wanted): (u32, Entry, SearchRequest),
    ) -> Result<BTreeMap<u32, StoredResult>, NotRead> {
        let searched = match self.source.open(&work.request.source, &entry).await {
            Ok(opened) => self.search.search(&wanted, opened).await,
            Err(error) => Err(error),
        };
        let result = match searched {
            Ok(searched) => FileResult::read(searched),
            Err(ReadError::TokenExpired) => return Err(NotRead::TokenExpired),
            Err(error) => FileResult::unavailable(&error)?,
        };
        Ok(self.scan.record(work, audience, &[ReadFile { index, entry, result }]).await?)
    }
}

/// The reason a file was not read.
pub(crate) enum NotRead {
    Failed(Failure),
    /// The access token has expired: the session must be paused.
    TokenExpired,
}

impl From<Failure> for NotRead {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<PortError> for NotRead {
    fn from(error: PortError) -> Self {
        Self::Failed(error.into())
    }
}
